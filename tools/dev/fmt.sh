#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev fmt [file...]: formats the given C files, or all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# -gt 0 ]; then
    clang-format -i "$@"
else
    find src tests tools -name '*.[ch]' -print0 | xargs -0r clang-format -i
fi
