#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev bench [--quick] [--threads 1,64,512] [--seconds N] [--rounds N] [--links N] [--workers N]
#             [--idle N] [--only speed|idle] [--perf] [--output FILE]
# Point selects (sysbench, text protocol) straight at a private MariaDB, through HAProxy (mode tcp)
# and through Weir, in interleaved rounds: queries per second, 99th percentile, CPU of the proxy per
# query, server connections. Then the memory of an idle client in each proxy. Prints medians with
# their spread and writes every single measurement to build/bench.json.
#   --quick      one round of 3 s, threads 1 and 64, 1000 idle clients (default: 5 rounds of 5 s
#                with 1, 64 and 512 threads, 5000 idle clients; about five minutes)
#   --links      Weir's connections to the server at most (default 20)
#   --workers    threads of Weir and of HAProxy (default: one per core)
#   --perf       also says where Weir's CPU goes at the second number of threads (needs perf)
# docs/performance.md says how to read the result.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/servers.sh

threads=1,64,512 seconds=5 rounds=5 links=20 workers=$(nproc) idle=5000 only="" output=build/bench.json
perf=()
while [ $# -gt 0 ]; do
    case $1 in
    --quick) threads=1,64 seconds=3 rounds=1 idle=1000 ;;
    --perf) perf=(--perf) ;;
    --threads | --seconds | --rounds | --links | --workers | --idle | --only | --output)
        [ -n "${2-}" ] || die "$1 needs a value; see ./dev bench --help"
        declare "${1#--}=$2"
        shift
        ;;
    *) die "./dev bench does not know $1; see ./dev bench --help" ;;
    esac
    shift
done
for number in ${threads//,/ } "$seconds" "$rounds" "$links" "$workers" "$idle"; do
    [[ $number =~ ^[1-9][0-9]*$ ]] || die "'$number' is no number of at least 1"
done
[[ $only =~ ^(|speed|idle)$ ]] || die "--only takes speed or idle"
most_threads=$(printf '%s\n' ${threads//,/ } | sort -n | tail -1)

# HAProxy needs two descriptors for each of so many clients, and refuses to start without.
clients=$(((most_threads > idle ? most_threads : idle) + 200))

# haproxy_start: plain TCP, as many threads as Weir. Sets HAPROXY_PID, HAPROXY_PORT.
haproxy_start() {
    HAPROXY_PORT=$(free_port 6133)
    cat >"$STATE/haproxy.cfg" <<EOF
global
    nbthread $workers
    maxconn $clients
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
    maxconn $clients
listen mariadb
    bind 127.0.0.1:$HAPROXY_PORT
    server private 127.0.0.1:$SERVER_PORT
EOF
    start_process "$STATE/haproxy.log" haproxy -db -f "$STATE/haproxy.cfg"
    HAPROXY_PID=$PID
    wait_until_ready HAProxy "$HAPROXY_PID" "$HAPROXY_PORT" "$STATE/haproxy.log"
}

# start_all MAX_CONNECTIONS [OPTION OF THE SERVER...]
start_all() {
    server_start "$@" --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=2
    haproxy_start
    WEIR_LINKS=$((links + 1)) weir_start 6033 "pool_max_size = $links" "workers = $workers"
    where=(--server-port "$SERVER_PORT" --haproxy-port "$HAPROXY_PORT" --haproxy-pid "$HAPROXY_PID"
        --weir-port "$WEIR_PORT" --weir-pid "$WEIR_PID" --socket "$SERVER_SOCKET" --admin "$(id -un)"
        --server-version "$SERVER_VERSION" --output "$output")
}

stop_servers_at_exit
state_directory bench
build_weir
mkdir -p "$(dirname "$output")"
rm -f "$output"
if [ "$only" != idle ]; then
    start_all $((most_threads + 50))
    /usr/bin/python3 -B tests/bench/bench.py speed "${where[@]}" --threads "$threads" \
        --seconds "$seconds" --rounds "$rounds" --workers "$workers" --links "$links" "${perf[@]}"
    stop_servers
fi
if [ "$only" != speed ]; then
    # HAProxy needs as many server connections as it has clients: not a thread for each, please.
    start_all $((idle + links + 200)) --thread-handling=pool-of-threads
    /usr/bin/python3 -B tests/bench/bench.py idle "${where[@]}" --clients "$idle"
fi
echo "every measurement: $output"
