# Stages, checks and their count, for scripts/test-compose. Everything goes to standard error except the totals.
# It owns $passed and $failed. $output_file is the caller's: there the output of a check waits until it is known whether it holds.
# A check never ends the script; a stage that cannot go on does, by `give_up`.

passed=0
failed=0
stage_began=
stage_name=
output_file=

say() { printf '%s\n' "$*" >&2; }

# Ends the stage before it, with the time it took.
stage() {
  stage_end
  stage_name=$1
  stage_began=$(now_ms)
  say "== $stage_name"
}

stage_end() {
  [ -n "$stage_name" ] || return 0
  say "   $stage_name: $(seconds_since "$stage_began")"
  stage_name=
}

# check 'what must hold' COMMAND…: its output is shown only when it fails.
check() { holds "$@" || true; }

# must 'what must hold' COMMAND…: a check without which the rest makes no sense.
must() { holds "$@" || give_up; }

holds() {
  local rule=$1 began
  shift
  began=$(now_ms)
  # By a file and not by $(…), so that what it sets is set here.
  if "$@" > "$output_file" 2>&1; then
    passed=$((passed + 1))
    say "   ok    $rule ($(seconds_since "$began"))"
  else
    failed=$((failed + 1))
    say "   FAIL  $rule ($(seconds_since "$began"))"
    tail -n 40 "$output_file" | cut -c 1-400 | sed 's/^/         /' >&2
    return 1
  fi
}

give_up() {
  say "   the rest needs this: stopping"
  exit 1
}

now_ms() { date +%s%3N; }

seconds_since() {
  local ms=$(($(now_ms) - $1))
  echo "$((ms / 1000)).$((ms % 1000 / 100)) s"
}

# until_true SECONDS COMMAND…: repeats it each second. The last output is what the caller shows.
until_true() {
  local end=$((SECONDS + $1)) output
  shift
  until output=$("$@" 2>&1); do
    if [ "$SECONDS" -ge "$end" ]; then
      printf '%s\n' "$output"
      return 1
    fi
    sleep 1
  done
}
