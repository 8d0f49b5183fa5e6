# A Docker engine of our own, in namespaces of its own: network, mounts and processes. Its bridges, firewall rules, ip_forward and mounts
# are never the host's, so that there is nothing to put back; all of it ends with its first process, which ends with this script.

engine_pid=

# engine_start DIR: DIR is its only place on the disk.
engine_start() {
  local dir=$1
  mkdir -p "$dir/data" "$dir/run"
  echo '{}' > "$dir/daemon.json"
  # Outside the terminal's process group: Ctrl-C is for us, and we still need the engine to clean up.
  setpriv --pdeathsig KILL setsid unshare --mount --net --pid --fork --mount-proc --kill-child=KILL \
    sh -c "$engine_inside" engine "$dir" > "$dir/log" 2>&1 &
  engine_pid=$!
  export DOCKER_HOST="unix://$dir/docker.sock"
  until_true 30 engine_answers || { tail -n 20 "$dir/log"; return 1; }
}

# What Docker and containerd write outside the folders they are given goes into memory: /run/docker, /run/containerd, /opt/containerd,
# /etc/docker/key.json. tini is there for containers' orphans; Docker's package depends on it.
engine_inside='
set -e
for folder in /run /opt /etc/docker; do [ ! -d $folder ] || mount -t tmpfs -o mode=755 tmpfs $folder; done
ip link set lo up
exec tini -- /usr/sbin/dockerd --config-file="$1/daemon.json" --data-root="$1/data" --exec-root="$1/run" \
  --host="unix://$1/docker.sock" --pidfile="$1/dockerd.pid" --exec-opt native.cgroupdriver=cgroupfs'

engine_answers() {
  kill -0 "$engine_pid" || return
  "$docker" version --format '{{.Server.Version}}'
}

# Asks, then insists. Control groups are the one thing of containers that no namespace takes along.
engine_stop() {
  [ -n "$engine_pid" ] || return 0
  local inner end=$((SECONDS + 20))
  ! inner=$(pgrep -P "$engine_pid") || kill -TERM "$inner"
  while kill -0 "$engine_pid" 2> /dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 0.2; done
  kill -KILL "$engine_pid" 2> /dev/null || true
  wait "$engine_pid" 2> /dev/null || true
  engine_pid=
}

# Those that Docker made: empty when its containers are gone.
remove_control_groups() {
  local group
  for group in /sys/fs/cgroup/docker /sys/fs/cgroup/*/docker; do
    [ ! -d "$group" ] || printf '%s\n' "$host_before" | grep -qxF "$group" || find "$group" -depth -type d -exec rmdir {} \;
  done
}
