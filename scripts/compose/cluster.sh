# The cluster of the compose file in a copy of the project, and what scripts/test-compose asks of it.
# Uses $root, $work, $docker, $engine of the script; the copy is $work/project, files to move are in its folder "files".

compose_command=(docker-compose)
leader=
nodes=(tracker-1 tracker-2 tracker-3 seeder-1 seeder-2 seeder-3)
base_made=no
export COMPOSE_PROJECT_NAME="offshoretest$$" OFFSHORE_TAG="test-$$"
# docker-compose 1.29 would call the client for builds, which needs a plugin that Debian does not have.
export COMPOSE_DOCKER_CLI_BUILD=0 DOCKER_BUILDKIT=0

# As a person would type it: in the project's folder, without -f.
compose() { (cd "$work/project" && exec timeout --foreground 300 "${compose_command[@]}" "$@"); }

# Built there, so that dist/ is newer than the sources beside it, whoever works in the project meanwhile. Packages are shared.
copy_project() {
  mkdir "$work/project"
  tar -C "$root" -c .dockerignore .env Dockerfile cluster.compose.yml package.json package-lock.json build.mjs src scripts | tar -C "$work/project" -x
  ln -s "$root/node_modules" "$work/project/node_modules"
  OFFSHORE_REVISION=${OFFSHORE_REVISION:-$(git -C "$root" rev-parse --short=10 HEAD || echo unknown)} node "$work/project/scripts/prepare.mjs"
}

# An engine that has it keeps its own; one made here is taken away again.
base_image() {
  local tag
  tag=$(sed -n 's/^FROM \([^ ]*\) AS build$/\1/p' "$root/Dockerfile")
  "$docker" image inspect "$tag" > /dev/null 2>&1 && return
  base_made=$tag
  DOCKER=$docker "$root/scripts/compose/base-image" "$tag"
}

# Of a service, also when it has ended. The client answers ten times faster than docker-compose.
container() {
  "$docker" ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --filter "label=com.docker.compose.service=$1"
}

inspect() { "$docker" inspect --format "$2" "$(container "$1")"; }

# By the health checks of the compose file.
all_are_healthy() {
  local node state bad=0
  for node in "${nodes[@]}"; do
    state=$(inspect "$node" '{{if .State.Running}}{{.State.Health.Status}}{{else}}{{.State.Status}} {{.State.ExitCode}}{{end}}' 2>&1) || true
    [ "$state" = healthy ] || { echo "$node is $state"; last_words "$node"; bad=1; }
  done
  return $bad
}

last_words() {
  inspect "$1" '{{with .State.Health}}{{range .Log}}{{.Output}}{{end}}{{end}}' 2>&1 | tail -n 1
  "$docker" logs --tail 3 "$(container "$1")" 2>&1
}

addresses_are_right() {
  local k bad=0
  for k in 1 2 3; do
    [ "$(address "tracker-$k")" = "11.56.1.2$k" ] || { echo "tracker-$k has $(address "tracker-$k")"; bad=1; }
    [ "$(address "seeder-$k")" = "11.56.1.4$k" ] || { echo "seeder-$k has $(address "seeder-$k")"; bad=1; }
  done
  return $bad
}

address() { inspect "$1" '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'; }

nobody_is_root() {
  local node uids bad=0
  for node in "${nodes[@]}"; do
    uids=$("$docker" top "$(container "$node")" -eo uid,pid,comm | awk 'NR > 1 { print $1 }' | sort -u)
    [ "$uids" = 1000 ] || { echo "$node runs as $uids"; bad=1; }
  done
  return $bad
}

data_is_in_disks() {
  local node folder others bad=0
  for node in "${nodes[@]}"; do
    folder=$work/project/.disks/$node
    [ -n "$(ls -A "$folder")" ] || { echo "$folder is empty"; bad=1; }
    others=$(find "$folder" ! -user 1000)
    [ -z "$others" ] || { echo "not owned by uid 1000: $others"; bad=1; }
    [ "$(inspect "$node" '{{.HostConfig.ReadonlyRootfs}}')" = true ] || { echo "$node may write elsewhere"; bad=1; }
  done
  return $bad
}

# A pseudo-terminal, as a person has one: what is typed comes back with prompts around it.
shell_opens() {
  local output
  output=$( (sleep 4; printf 'pwd\r'; sleep 1; printf 'exit\r'; sleep 1) | compose_on_terminal run --rm shell) || { echo "exit code $?: $output"; return 1; }
  case $output in *'$ '*) ;; *) echo "no prompt: $output"; return 1 ;; esac
}

compose_on_terminal() {
  (cd "$work/project" && exec timeout --foreground 60 script -qec "${compose_command[*]} $*" /dev/null)
}

# One shell command, without a terminal.
offshore() { compose run --rm -T shell "$@" < /dev/null; }

# Sets $leader.
find_leader() {
  local status
  status=$(offshore status --json) || echo "status ends with $?"
  leader=$(printf '%s' "$status" | node -e 'console.log(JSON.parse(require("node:fs").readFileSync(0, "utf8")).leader)') || { echo "$status"; return 1; }
  case $leader in tracker-[123]) ;; *) echo "$status"; return 1 ;; esac
}

# As a crash would end it; it must not come back by itself.
kill_node() {
  compose kill -s SIGKILL "$1"
  [ "$(inspect "$1" '{{.State.Status}} {{.State.ExitCode}}')" = 'exited 137' ] || { inspect "$1" '{{json .State}}'; return 1; }
}

# Exit code 0: every node is up and no data is below its storage class.
all_is_well() { offshore status; }

# A part of the project's own tree, names that quoting gets wrong, and bytes that do not compress, in one and in many chunks.
make_files() {
  local files=$work/project/files
  mkdir -p "$files/odd names"
  cp -r "$root/src/shell" "$root/scripts" "$files/"
  : > "$files/empty"
  printf 'x' > "$files/odd names/ä b'\"\$*?.txt"
  printf 'y' > "$files/odd names/-r"
  head -c $((1024 * 1024)) /dev/urandom > "$files/a-mebibyte"
  head -c $((40 * 1024 * 1024 + 7)) /dev/urandom > "$files/large"
}

put_all() { offshore put -r files "/$1"; }

# compare_all NAME…: gets each uploaded tree and compares names and hashes with what was put.
compare_all() {
  local got=$work/project/got name wanted
  rm -rf "$got"
  mkdir "$got"
  wanted=$(hashes "$work/project/files")
  offshore get -r "${@/#//}" got
  for name in "$@"; do
    diff <(printf '%s\n' "$wanted") <(hashes "$got/$name") > "$work/diff" || { echo "/$name differs:"; head -n 20 "$work/diff"; return 1; }
  done
  rm -rf "$got"
}

hashes() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }

stops_cleanly() {
  local node code bad=0
  compose stop
  for node in "${nodes[@]}"; do
    code=$(inspect "$node" '{{.State.ExitCode}}')
    [ "$code" = 0 ] || { echo "$node ended with $code: $(last_words "$node")"; bad=1; }
  done
  return $bad
}

goes_down() {
  collect_logs
  compose down
  [ -z "$("$docker" ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")" ] || { echo 'containers are left'; return 1; }
  [ -z "$("$docker" network ls -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")" ] || { echo 'the network is left'; return 1; }
}

# In an engine that is not ours.
cluster_remove() {
  compose down --remove-orphans > /dev/null 2>&1
  "$docker" image rm "offshore:$OFFSHORE_TAG" > /dev/null 2>&1
  # The stage that built it has no tag, only the label that the Dockerfile gives it.
  "$docker" image prune -f --filter label=offshore.stage=build > /dev/null 2>&1
  [ "$base_made" = no ] || "$docker" image rm "$base_made" > /dev/null 2>&1
}

# What the nodes of now said, added to what those before them did.
collect_logs() { compose logs --no-color >> "$work/nodes.log" 2>&1; }

# After a failure: logs of nodes and engine, in a folder that stays.
keep_logs() {
  local logs="${TMPDIR:-/tmp}/offshore-compose-logs.$$"
  mkdir -p "$logs"
  "$docker" version > /dev/null 2>&1 && collect_logs
  cp "$work/nodes.log" "$work/engine/log" "$logs" 2> /dev/null
  say "   logs: $logs"
}
