#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev build [--asan|--tsan|--debug] [--clang] [--tests] [target...]
# Configures and builds one variant in build/<variant>. Silent but for errors and the last line.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/packages.sh

variant=release type=Release sanitize="" compiler=gcc suffix="" quiet=""
options=() targets=()
for word in "$@"; do
    case $word in
    --release) variant=release ;;
    --debug) variant=debug type=Debug ;;
    --asan) variant=asan sanitize=address ;;
    --tsan) variant=tsan sanitize=thread ;;
    --fuzz) variant=fuzz sanitize=fuzzer compiler=clang options+=(-DWEIR_FUZZ=ON) ;;
    --clang) compiler=clang suffix=-clang ;;
    --tests) options+=(-DWEIR_TESTS=ON) targets+=(all) ;;
    --with-tests) options+=(-DWEIR_TESTS=ON) ;; # the tests' targets exist, none is built unasked
    --quiet) quiet=yes ;;
    -*)
        echo "error: ./dev build does not know $word; it knows --debug --asan --tsan --clang --tests" >&2
        exit 2
        ;;
    *) targets+=("$word") ;;
    esac
done
need=$PACKAGES_BUILD
[ "$compiler" = gcc ] || need="$need $PACKAGES_CLANG"
[[ " ${options[*]-} " != *WEIR_TESTS* ]] || need="$need libcmocka-dev"
# shellcheck disable=SC2086
need_packages "to build Weir" $need

directory=build/$variant$suffix
if [ ${#targets[@]} -eq 0 ]; then
    if compgen -G 'src/main/*.c' >/dev/null && [ "$variant" != fuzz ]; then
        targets=(weir)
    else
        targets=(all)
    fi
fi
options+=(-G Ninja "-DCMAKE_C_COMPILER=$compiler" "-DCMAKE_BUILD_TYPE=$type" "-DWEIR_SANITIZE=$sanitize"
    -DCMAKE_C_FLAGS_RELEASE= -DCMAKE_C_FLAGS_DEBUG=)
command -v ccache >/dev/null && options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)

mkdir -p "$directory"
# One build of a variant at a time: a second one waits.
exec 9>"$directory/.lock"
flock 9
# CMake runs again only when it is asked for an option for the first time (a folder that had tests
# keeps them); ninja itself notices new and removed files.
touch "$directory/.options"
if [ ! -f "$directory/build.ninja" ] || printf '%s\n' "${options[@]}" | grep -vqxFf "$directory/.options"; then
    if ! output=$(cmake -S . -B "$directory" "${options[@]}" 2>&1); then
        echo "$output" >&2
        exit 1
    fi
    printf '%s\n' "${options[@]}" >>"$directory/.options"
fi

# Go on after an error, so that one broken file hides nothing else; leave out the long commands.
if ! output=$(ninja -C "$directory" -k 0 "${targets[@]}" 2>&1); then
    awk '/^FAILED: /     { print "FAILED: " what($0); skip = 1; next }
         skip            { skip = 0; next }
         /^\[[0-9]+\/[0-9]+\] / || /^ninja: / || /^-- / { next }
                         { print }
         function what(line) { sub(/^FAILED: */, "", line); sub(/CMakeFiles\/[^\/]*\.dir\//, "", line); return line }' \
        <<<"${output//"$PWD/"/}" >&2
    echo "error: $directory does not build" >&2
    exit 1
fi
if [ -z "$quiet" ]; then
    if [ -x "$directory/weir" ]; then echo "$directory/weir"; else echo "$directory"; fi
fi
