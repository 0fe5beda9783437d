#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev docs [--check]: writes the generated pages of docs/ again; --check writes nothing and fails
# when a page is not what the tables say. Generators are the executable tools/docs/*.py, and the
# program weir_docs where the build has one; each takes --check.
set -euo pipefail
cd "$(dirname "$0")/../.."

failed=0
for generator in tools/docs/*.py build/release/weir_docs; do
    [ -x "$generator" ] || continue
    if ! "$generator" "$@"; then
        echo "error: $generator $* failed; ./dev docs writes the pages again" >&2
        failed=1
    fi
done
exit $failed
