# SPDX-License-Identifier: Apache-2.0
# Debian packages: which each part of ./dev needs, and installing those that are missing.
# Source this file; then: need_packages "to run the demo" sysbench mariadb-client

PACKAGES_BUILD="gcc libc6-dev cmake ninja-build libssl-dev libsodium-dev libinih-dev libsqlite3-dev zlib1g-dev libzstd-dev liburing-dev"
PACKAGES_CLANG="clang libclang-rt-14-dev"
PACKAGES_SERVER="mariadb-server-core mariadb-client"
PACKAGES_TEST="libcmocka-dev python3 python3-pytest python3-pymysql valgrind sysbench haproxy $PACKAGES_SERVER"
PACKAGES_LINT="python3 clang clang-format clang-tidy cppcheck"

missing_packages() {
    local installed package
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii  *//p')
    for package in $(printf '%s\n' "$@" | sort -u); do
        grep -qxF "$package" <<<"$installed" || echo "$package"
    done
}

# need_packages WHY PACKAGE...: returns when all are there, ends the script when that is impossible.
need_packages() {
    local why=$1 missing log
    shift
    [ -z "${WEIR_NO_INSTALL:-}" ] || return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "error: this is not Debian: install the equivalents of: $*" >&2
        echo "       then say WEIR_NO_INSTALL=1 to go on without asking for packages" >&2
        exit 1
    fi
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "error: needed $why, and there is no sudo. As root: apt-get install $missing" >&2
        exit 1
    fi
    echo "Installing Debian packages $why: $missing" >&2
    log=$(mktemp)
    # Package lists may be missing (a fresh container) or old: then they are fetched, once.
    # shellcheck disable=SC2086  # words on purpose
    if ! { apt_get install $missing || { apt_get update && apt_get install $missing; }; } >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        echo "error: apt-get could not install: $missing" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

apt_get() {
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends "$@" </dev/null
}
