#!/bin/sh
# The main job on real input, as a user does it: each line that begins with "$" is a process of its own.
# Everything happens in a folder that is removed at the end; a daemon of yours is not touched.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/examples/demo" || exit 1

home=$(mktemp -d /tmp/vmsys-demo.XXXXXX) || exit 1
export XDG_RUNTIME_DIR="$home" XDG_STATE_HOME="$home" XDG_CACHE_HOME="$home" XDG_CONFIG_HOME="$home" NO_COLOR=1
unset VMSYS_SOCKET VMSYS_NO_START VMSYS_STATE_DIR VMSYS_CACHE_DIR VMSYS_LOG_LEVEL VMSYS_LOG_FORMAT

vmsys() {
  node "$root/bin/vmsys.js" "$@"
}

clean_up() {
  vmsys system shutdown >/dev/null 2>&1
  # It answers before it ends; its record goes last.
  tries=0
  while [ -e "$home/vmsys/daemon.json" ] && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# run STATUS COMMAND: shows the command and runs it; another exit status ends the demo.
run() {
  expected=$1
  printf '$ %s\n' "$2"
  eval "$2" 2>&1
  status=$?
  if [ "$status" -ne "$expected" ]; then
    printf 'demo: expected exit status %s, got %s\n' "$expected" "$status" >&2
    exit 1
  fi
  [ "$status" -eq 0 ] || printf '(exit status %s)\n' "$status"
}

say() {
  printf '\n# %s\n' "$1"
}

say 'A template says what its sessions may do, and which files they start with.'
run 0 'vmsys template create --name shop --limits.wall-ms 1000 --limits.mem-mb 64 --startup setup.js | grep -E "(wallMs|memMb|path)"'
run 0 'vmsys session create --template shop --name shop | grep -E "^(id|worktree|status)"'

say 'A script, with the text of a log as its argument.'
run 0 'vmsys exec run-file shop report.js "$(cat access.log)"'

say 'Each process finds the variables of the ones before.'
run 0 "vmsys exec repl shop 'const slow = requests.filter(({ ms }) => ms > 1000); slow.length'"
run 0 "vmsys exec repl shop 'let sum = 0; for (const { bytes } of requests) sum += bytes; sum'"

say 'A loop without an end is stopped; the session lives on.'
run 124 "vmsys exec repl shop 'for (;;) sum++'"
run 0 "vmsys exec repl shop 'slow.map(({ path }) => path)'"

say 'Asleep, a session is data on the disk. It outlives the daemon, which the next command starts again.'
run 0 'vmsys session hibernate shop | grep residency'
run 0 'vmsys system shutdown'
run 0 "vmsys exec repl shop 'clients.top(2)'"

say 'All of it was recorded.'
run 0 'vmsys exec list shop --status timeout'
