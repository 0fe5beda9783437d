#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev fuzz [seconds] [target]
# Runs each tests/fuzz/fuzz_*.c with libFuzzer, ASan and UBSan for so many seconds (default 60). What
# it learns goes to build/fuzz/corpus/<target>/; the inputs worth keeping are in
# tests/fuzz/corpus/<target>/. An input that fails is left in build/fuzz/failed/<target>-….
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60} wanted=${2:-}
[[ $seconds =~ ^[0-9]+$ ]] || { echo "error: usage: ./dev fuzz [seconds] [target]" >&2; exit 2; }
bash tools/dev/build.sh --fuzz --quiet all

export UBSAN_OPTIONS=print_stacktrace=1
mkdir -p build/fuzz/failed build/fuzz/logs
ran=0 failed=0
for source in tests/fuzz/fuzz_*"$wanted"*.c; do
    [ -f "$source" ] || continue
    target=$(basename "$source" .c)
    ran=$((ran + 1))
    mkdir -p "build/fuzz/corpus/$target"
    corpora=("build/fuzz/corpus/$target")
    [ ! -d "tests/fuzz/corpus/$target" ] || corpora+=("tests/fuzz/corpus/$target")
    log=build/fuzz/logs/$target
    if "build/fuzz/tests/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/failed/$target-" "${corpora[@]}" >"$log" 2>&1; then
        runs=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$log")
        cover=$(awk '{ for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i + 1) } END { print c }' "$log")
        printf '%-28s ok  %s runs, %s branches\n' "$target" "$runs" "${cover:-0}"
    else
        failed=$((failed + 1))
        grep -v '^#[0-9]*\s\(NEW\|REDUCE\|pulse\|INITED\)' "$log" | tail -n 60
        printf '%-28s FAILED\n' "$target"
    fi
done
echo "$ran fuzz targets, $failed failed"
[ "$failed" = 0 ]
