#!/bin/sh
# A client in the shell, with nothing but socat and jq: one line of JSON out, one line back.
# Usage: shell.sh [SOCKET]. The daemon must be running.
set -eu
if [ -n "${XDG_RUNTIME_DIR:-}" ]; then folder=$XDG_RUNTIME_DIR/vmsys; else folder=/tmp/vmsys-$(id -u); fi
socket=${1:-${VMSYS_SOCKET:-$folder/vmsysd.sock}}

# call METHOD [PARAMS]: prints the result; an error goes to standard error, and the script ends.
call() {
  # -t: socat waits so many seconds for the reply after it has sent the request.
  jq -nc --arg method "$1" --argjson params "${2:-{\}}" \
    '{jsonrpc: "2.0", id: 1, $method, $params}' |
    socat -t 30 - "UNIX-CONNECT:$socket" |
    jq -ce 'if .error then "\(.error.data.code): \(.error.message)\n" | halt_error(1) else .result end'
}

session=$(call session.create '{}' | jq -r .id)
trap 'call session.delete "{\"session\": \"$session\"}" >/dev/null' EXIT

evaluate() {
  call exec.repl "$(jq -nc --arg session "$session" --arg code "$1" '{$session, $code}')"
}

evaluate 'const words = "the quick brown fox".split(" ")' | jq -r .status
evaluate 'words.map((word) => word.length)' | jq -c .result.json
evaluate 'words.nothing.at(0)' | jq -r '.status, .error.message'
