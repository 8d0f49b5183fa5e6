# Installs the Debian packages that are missing, without starting their services. Nothing else comes from the network.

install_packages() {
  local missing=()
  [ -x /usr/sbin/dockerd ] || missing+=(docker.io)
  [ -x /usr/sbin/iptables ] || missing+=(iptables)
  command -v pgrep > /dev/null || missing+=(procps)
  command -v docker-compose > /dev/null || missing+=(docker-compose)
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get > /dev/null || { say "${missing[*]} are needed, and there is no apt-get: install them, or give a running engine by --engine"; return 1; }
  say "   installing ${missing[*]}"
  without_services apt_install "${missing[@]}"
}

# The lists may be older than what the mirror still has.
apt_install() {
  local options=(-y -q --no-install-recommends)
  DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" && return
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"
}

# The package of Docker starts its daemon, which changes networks and firewall of the host. policy-rc.d is Debian's way to say no.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  [ ! -e "$policy" ] || { "$@"; return; }
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  undo_policy=$policy
  "$@" || status=$?
  rm -f "$policy"
  undo_policy=
  return "$status"
}
