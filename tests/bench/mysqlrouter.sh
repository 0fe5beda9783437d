#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A MySQL Router for ./dev bench on a Debian that does not package it: Debian unstable's package, taken
# apart into a folder of its own and run with the libraries of the folder that mysql9.sh makes.
#
#   ./dev bench --mysqlrouter "$(tests/bench/mysqlrouter.sh)"
#
# Made once in ${XDG_CACHE_HOME:-~/.cache}/weir/mysqlrouter; prints the path of the program. When it
# cannot be had, one line says why and the status is 77.
set -euo pipefail

folder=${XDG_CACHE_HOME:-$HOME/.cache}/weir/mysqlrouter

cannot() {
    echo "MySQL Router cannot be had: $*" >&2
    exit 77
}

make_it() {
    local libraries=$1 new=$folder.new
    rm -rf "$new"
    mkdir -p "$new/lists/partial" "$new/archives/partial"
    local apt=(apt-get -o "Dir::State::lists=$new/lists" -o "Dir::Cache=$new"
        -o "Dir::Etc::sourcelist=$libraries/etc/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::status=$libraries/var/lib/dpkg/status" -o Debug::NoLocking=1
        -o APT::Sandbox::User=root)
    { "${apt[@]}" update && "${apt[@]}" -d -y --no-install-recommends install mysql-router; } \
        >"$new/log" 2>&1 || cannot "apt-get failed: $(tail -n 1 "$new/log")"
    dpkg-deb --extract "$new"/archives/mysql-router_*.deb "$new/package" || cannot "the package is broken"
    rm -rf "$new/lists" "$new/archives"
    cat >"$new/mysqlrouter" <<END
#!/bin/sh
r=$folder/package/usr
exec "$libraries/lib64/ld-linux-x86-64.so.2" --library-path \\
    "$libraries/usr/lib/x86_64-linux-gnu:\$r/lib/mysql-router:\$r/lib/mysqlrouter/plugin" \\
    "\$r/bin/mysqlrouter" "\$@"
END
    chmod +x "$new/mysqlrouter"
    ln -s package/usr/lib/mysqlrouter/plugin "$new/plugin"
    rm -rf "$folder"
    mv "$new" "$folder"
}

if [ ! -x "$folder/mysqlrouter" ]; then
    libraries=$("$(dirname "$(readlink -f "$0")")/../support/mysql9.sh" make) || exit 77
    make_it "$libraries"
fi
"$folder/mysqlrouter" --version >&2 || cannot "it does not run"
echo "$folder/mysqlrouter"
