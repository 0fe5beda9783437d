#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/bench/acceptance.sh [SECONDS]: three proofs under load, in about a minute and a half.
#   1. Fixed work: four sysbench clients, each with its own seed and its own database, do the same
#      500 oltp_read_write transactions straight at the server and through Weir, there while 40
#      others keep stealing the links from them. CHECKSUM TABLE must agree.
#   2. 500 plain sysbench threads of oltp_read_write for SECONDS (20) through Weir to a server with
#      max_connections=20: no error, and never more connections than that.
#   3. 200 threads with prepared statements of the binary protocol (sysbench's default), the same way.
# Prints what was measured; exit status 0 only if all hold.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/servers.sh

seconds=${1:-20} limit=20 seeds=(1 2 3 4) failed=0
[[ $seconds =~ ^[0-9]+$ ]] || die "usage: tests/bench/acceptance.sh [SECONDS]"

# sysbench_options PORT DATABASE [PS_MODE]: plain sysbench, text protocol unless told. Sets OPTIONS.
sysbench_options() {
    OPTIONS=(oltp_read_write --db-driver=mysql --mysql-host=127.0.0.1 --mysql-port="$1"
        --mysql-user="$SERVER_USER" --mysql-password="$SERVER_PASSWORD" --mysql-db="$2"
        --db-ps-mode="${3-disable}" --percentile=99)
}

# fixed_work PORT: all seeds at once, each on a copy of the same rows (what sysbench's prepare
# inserts does not follow from the seed). Prints the checksums.
fixed_work() {
    local seed pids=()
    for seed in "${seeds[@]}"; do
        server_sql "DROP DATABASE IF EXISTS app_$seed; CREATE DATABASE app_$seed;
                    GRANT ALL ON app_$seed.* TO $SERVER_USER@'%';
                    CREATE TABLE app_$seed.sbtest1 LIKE app.base;
                    INSERT INTO app_$seed.sbtest1 SELECT * FROM app.base"
    done
    for seed in "${seeds[@]}"; do
        sysbench_options "$1" "app_$seed"
        sysbench "${OPTIONS[@]}" --rand-seed="$seed" --table-size=5000 --threads=1 --events=500 \
            --time=0 run >"$STATE/fixed-$seed.log" &
        pids+=($!)
    done
    wait "${pids[@]}"
    for seed in "${seeds[@]}"; do
        server_sql "CHECKSUM TABLE app_$seed.sbtest1"
    done
}

# opened_links: how many connections the server has accepted so far.
opened_links() { server_sql "SHOW GLOBAL STATUS LIKE 'Connections'" | cut -f2; }

stop_servers_at_exit
state_directory acceptance
build_weir
server_start "$limit" --innodb-flush-log-at-trx-commit=2
client "$SERVER_PORT" --database=app --execute='DROP TABLE IF EXISTS sbtest1, sbtest2, sbtest3, sbtest4'
sysbench_options "$SERVER_PORT" app
sysbench "${OPTIONS[@]}" --tables=4 --table-size=25000 prepare >"$STATE/prepare.log"
server_sql 'CREATE OR REPLACE TABLE app.base LIKE app.sbtest1;
            INSERT INTO app.base SELECT * FROM app.sbtest1 WHERE id <= 5000'

direct=$(fixed_work "$SERVER_PORT")
WEIR_LINKS=$limit weir_start 6033 "pool_max_size = $limit"
sysbench_options "$WEIR_PORT" app
start_process "$STATE/noise.log" sysbench "${OPTIONS[@]}" --tables=4 --table-size=25000 --threads=40 \
    --time=600 run
noise=$PID
through=$(fixed_work "$WEIR_PORT")
kill -0 "$noise" || { echo "FAILED: the other clients met errors"; failed=1; }
stop_process "$noise"
echo "checksums, straight at the server:"
echo "$direct"
echo "checksums, through Weir under contention:"
echo "$through"
[ "$direct" = "$through" ] || { echo "FAILED: they differ"; failed=1; }

# crowd THREADS PROTOCOL: that many at once, all transactions of which must succeed.
crowd() {
    local used opened before
    server_sql 'FLUSH STATUS'
    before=$(opened_links)
    sysbench "${OPTIONS[@]}" --tables=4 --table-size=25000 --threads="$1" --time="$seconds" run \
        >"$STATE/$1.log" 2>&1 || { echo "FAILED: sysbench ended with $?"; failed=1; }
    used=$(client "$WEIR_PORT" --execute="SHOW GLOBAL STATUS LIKE 'Max_used_connections'" | cut -f2)
    opened=$(($(opened_links) - before))
    echo "$1 threads of oltp_read_write, $2, for $seconds s through Weir:"
    grep -E 'queries:|transactions:|ignored errors:|reconnects:|99th' "$STATE/$1.log" || true
    echo "    Max_used_connections:                $used of $limit; $opened connections opened meanwhile"
    if grep FATAL "$STATE/$1.log" | sort | uniq -c; then failed=1; fi
    [ "$used" -le "$limit" ] || { echo "FAILED: too many connections"; failed=1; }
}

crowd 500 "text protocol"
sysbench_options "$WEIR_PORT" app auto
crowd 200 "prepared statements"
grep -E 'warning|error' "$STATE/weir.log" | tail -n 20 || true
exit $failed
