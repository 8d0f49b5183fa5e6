# What a Docker engine changes on its host, as text: compared before and after, so that "as it was" is a check and not a hope.

host_state() {
  local path
  echo "# links and routes"
  ip -o link | grep -oE 'docker[^:@]*|br-[0-9a-f]+|veth[^:@]*' | sort
  ip route | grep -E '^(11\.56\.|172\.)' | sort
  echo "# firewall"
  # Counters move by themselves, and the first line says the time.
  for path in iptables-save ip6tables-save; do [ ! -x "/usr/sbin/$path" ] || "/usr/sbin/$path" 2> /dev/null | grep -v '^#' | sed 's/\[[0-9:]*\]//'; done
  echo "# kernel"
  for path in net/ipv4/ip_forward net/ipv6/conf/all/forwarding net/ipv4/conf/all/route_localnet; do echo "$path $(cat "/proc/sys/$path" 2> /dev/null)"; done
  echo "# mounts, namespaces, control groups"
  grep -E 'docker|containerd|offshore-compose' /proc/mounts | cut -d ' ' -f 1-3
  find /sys/fs/cgroup -maxdepth 2 -type d -name docker 2> /dev/null | sort
  echo "# files and processes"
  for path in /run/docker /run/docker.sock /run/containerd /opt/containerd /etc/docker/key.json /var/lib/docker /var/lib/containerd /usr/sbin/policy-rc.d; do [ ! -e "$path" ] || echo "$path"; done
  ps -eo comm= | grep -E '^(dockerd|containerd|containerd-shim.*|docker-proxy|docker-init)$' | sort | uniq -c
  # That a search found nothing is no failure.
  return 0
}
