#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev demo [--clients N] [--max-connections N] [--think MS] [--seconds N]
# Shows ERROR 1040, and then no ERROR 1040: starts a private MariaDB with max_connections=20, sends
# 500 sysbench clients straight at it, then the same 500 through Weir, and compares. Each client is
# a connection of its own that does a transaction of 20 queries (oltp_read_write, text protocol),
# pauses for about a second, as applications do, and does the next; --think 0: no pause.
# Ends with 0 only if clients were refused with 1040 without Weir, none was refused or met an error
# with it, and the server never had more connections than its limit. Leaves the server's data in
# ${XDG_STATE_HOME:-~/.local/state}/weir/demo for the next time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/packages.sh
. tools/dev/servers.sh

clients=500 max_connections=20 think=1000 seconds=10
while [ $# -gt 0 ]; do
    [[ ${2-} =~ ^[0-9]+$ ]] || die "./dev demo does not know $*; see ./dev demo --help"
    case $1 in
    --clients) clients=$2 ;;
    --max-connections) max_connections=$2 ;;
    --think) think=$2 ;;
    --seconds) seconds=$2 ;;
    *) die "./dev demo does not know $1; see ./dev demo --help" ;;
    esac
    shift 2
done
[ "$max_connections" -ge 10 ] || die "MariaDB's smallest max_connections is 10"

# step TEXT COMMAND...: a line that says what is done, and how long it took.
step() {
    local text=$1 start=${EPOCHREALTIME/[.,]/}
    shift
    [ ! -t 1 ] || printf '  %s' "$text"
    "$@"
    local tenths=$(((${EPOCHREALTIME/[.,]/} - start) / 100000))
    [ ! -t 1 ] || printf '\r'
    printf '  %-66s%8s s\n' "$text" "$((tenths / 10)).$((tenths % 10))"
}

# run_clients WHAT PORT SECONDS FILE
run_clients() {
    /usr/bin/python3 -B tests/bench/demo.py run "$STATE/$4" --what "$1" --port "$2" --seconds "$3" \
        --clients "$clients" --think-ms "$think" --limit "$max_connections" \
        --socket "$SERVER_SOCKET" --admin "$(id -un)"
}

stop_servers_at_exit
state_directory demo
need_packages "for ./dev demo" python3
pause="about $think ms of pause,"
[ "$think" -gt 0 ] || pause="no pause,"
echo
echo "  $clients sysbench clients, each with a connection of its own: a transaction of"
echo "  20 queries, $pause the next. Without Weir, then with it."
echo
step "Weir is built" build_weir
step "a MariaDB with max_connections = $max_connections is started" server_start "$max_connections" \
    --innodb-flush-log-at-trx-commit=2
# Half the time is enough to be refused.
run_clients "straight at the server" "$SERVER_PORT" $(((seconds + 1) / 2)) direct.json
WEIR_LINKS=$max_connections
step "Weir is started, with $max_connections server connections at most" \
    weir_start 6033 "pool_max_size = $max_connections"
run_clients "through Weir" "$WEIR_PORT" "$seconds" weir.json
/usr/bin/python3 -B tests/bench/demo.py table "$STATE/direct.json" "$STATE/weir.json"
echo
echo "  Your turn: ./dev up keeps both running for your own client."
echo
