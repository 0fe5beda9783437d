#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev clean: removes what was built; sources and the private servers' data stay.
set -euo pipefail
cd "$(dirname "$0")/../.."
rm -rf build
find tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
rm -rf .pytest_cache
