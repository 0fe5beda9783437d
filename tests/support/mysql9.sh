#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real MySQL 9 on a Debian that does not package it: a folder with Debian unstable and its
# mysql-server, made once and kept, and private instances that run inside it.
#
#   mysql9.sh path                              the folder, when it is there (else status 1)
#   mysql9.sh make                              makes it when it is missing (two minutes, network, root)
#   mysql9.sh initialize DIRECTORY              a data directory in DIRECTORY/data, root without password
#   mysql9.sh serve DIRECTORY [option...]       becomes mysqld: DIRECTORY/data, DIRECTORY/s.sock
#   mysql9.sh client DIRECTORY [argument...]    becomes the mysql command line of version 9
#
# The folder is $WEIR_MYSQL9 or ${XDG_CACHE_HOME:-~/.cache}/weir/mysql9. When something cannot be had, one
# line says what and the status is 77. What is mounted for an instance is mounted in a namespace of its
# own: it goes when the instance goes, whatever ends it.
set -euo pipefail

folder=${WEIR_MYSQL9:-${XDG_CACHE_HOME:-$HOME/.cache}/weir/mysql9}
# The instance's directory, inside the folder.
inside=/instance
me=$(readlink -f "$0")

cannot() {
    echo "MySQL 9 cannot be had: $*" >&2
    exit 77
}

is_made() {
    [ -e "$folder/.made" ]
}

# Where this machine gets its packages from, in the old and the new format of apt's sources.
mirror() {
    awk '/^URIs:/ {print $2; exit}
         /^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null
}

# Runs in a mount namespace of its own, with the new folder in $folder.
install_into_folder() {
    local log=$folder.log
    debootstrap --variant=minbase sid "$folder" "$(mirror)" >"$log" 2>&1 ||
        cannot "debootstrap failed: $(tail -n 1 "$log")"
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d" # nothing starts by itself
    chmod +x "$folder/usr/sbin/policy-rc.d"
    mount --bind /proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    chroot "$folder" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        mysql-server-core mysql-client-core >>"$log" 2>&1 </dev/null ||
        cannot "apt-get failed: $(tail -n 1 "$log")"
    chroot "$folder" apt-get clean
    rm -rf "$folder/var/lib/apt/lists"
    chroot "$folder" mysqld --version >>"$log" 2>&1 || cannot "its mysqld does not run, see $log"
    mkdir -p "$folder$inside"
    rm -f "$log"
}

make_folder() {
    if is_made; then
        return
    fi
    [ "$(id -u)" = 0 ] || cannot "making its folder $folder needs root"
    command -v debootstrap >/dev/null || cannot "the package debootstrap is not installed"
    unshare --mount true 2>/dev/null || cannot "mount namespaces are not allowed here"
    [ -n "$(mirror)" ] || cannot "apt's sources name no mirror"
    mkdir -p "$(dirname "$folder")"
    exec 9>"$folder.lock"
    flock 9
    if is_made; then
        return
    fi
    echo "Making $folder (Debian unstable with MySQL 9), once" >&2
    rm -rf --one-file-system "$folder.new" "$folder"
    WEIR_MYSQL9=$folder.new unshare --mount "$me" install-here
    touch "$folder.new/.made"
    mv "$folder.new" "$folder"
}

# Becomes a program of the folder that sees $1 as $inside. For a namespace of its own.
enter() {
    local directory=$1
    shift
    mount --bind /proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    mount --bind "$directory" "$folder$inside"
    exec chroot "$folder" "$@"
}

in_folder() {
    is_made || cannot "there is no $folder (make it with: tests/support/mysql9.sh make)"
    [ "$(id -u)" = 0 ] || cannot "entering its folder needs root"
    unshare --mount true 2>/dev/null || cannot "mount namespaces are not allowed here"
    exec unshare --mount "$me" enter "$@"
}

command=${1-}
[ $# -eq 0 ] || shift
case $command in
path)
    is_made || exit 1
    echo "$folder"
    ;;
make)
    make_folder
    echo "$folder"
    ;;
install-here) install_into_folder ;;
enter) enter "$@" ;;
initialize)
    directory=$1
    shift
    in_folder "$directory" mysqld --no-defaults --initialize-insecure --user=root \
        --datadir="$inside/data" --log-error-verbosity=1 "$@"
    ;;
serve)
    directory=$1
    shift
    in_folder "$directory" mysqld --no-defaults --user=root --datadir="$inside/data" \
        --socket="$inside/s.sock" --pid-file="$inside/pid" --mysqlx=OFF --secure-file-priv= \
        --log-error-verbosity=1 "$@"
    ;;
client)
    directory=$1
    shift
    in_folder "$directory" mysql --no-defaults "$@"
    ;;
*)
    sed -n '3,15s/^# \{0,1\}//p' "$me"
    exit 2
    ;;
esac
