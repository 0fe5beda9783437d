#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev bench [--quick | --full | --ci] [--only speed,idle,churn,fairness,scale]
#             [--workloads point,prepared,range,large,write,connect] [--clients 1,64,512,1000]
#             [--engines epoll,io_uring] [--seconds N] [--rounds N] [--links N] [--workers N]
#             [--idle N] [--churn SECONDS] [--proxysql PROGRAM] [--mysqlrouter PROGRAM]
#             [--write-baseline] [--output FILE]
# Straight at a private MariaDB, through HAProxy (mode tcp), through Weir on each engine, and through
# others whose program is named, side by side in interleaved rounds: prints medians and their spread,
# and writes every single measurement to build/bench.json.
#   speed        queries per second, latency, CPU of the proxy and of the server by statement
#   idle         memory of idle clients (plain, TLS) and links; what 10,000 of them do to others
#   churn        memory while clients come and go
#   fairness     many more clients than links; beside a client that streams; beside many logins
#   scale        one worker and two, before a server that answers at once
# A plain run takes about ten minutes: 3 rounds of 3 s, point selects with 1, 64, 512 and 1,000
# clients and the other workloads with 64.
#   --quick      one round of 1 s with 1 and 64 clients, 1,000 idle ones
#   --full       every workload with every number of clients
#   --ci         half a minute, for a look at the ratios; what ./dev test bench runs
#   --links      Weir's connections to the server at most (20)
#   --workers    threads of Weir and of the others (one per core)
#   --write-baseline   the ratios of this run go to tests/bench/baseline.json
# docs/performance.md says how to read the result.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${WEIR_BINARY:-}" ]; then
    bash tools/dev/build.sh --quiet weir stand_in
    export WEIR_BINARY=$PWD/build/release/weir
fi
mkdir -p build
exec /usr/bin/python3 -B tests/bench/bench.py "$@"
