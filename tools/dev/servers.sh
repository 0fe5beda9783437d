# SPDX-License-Identifier: Apache-2.0
# Private servers for ./dev up, demo and bench: a MariaDB and a Weir of our own, on free ports of
# 127.0.0.1, as root or as anybody. Source this file, call stop_servers_at_exit first.

PATH=$PATH:/usr/sbin:/sbin
SERVER_USER=app     # the account that clients use, and its database
SERVER_PASSWORD=app # on 127.0.0.1; may watch the server, and change that database alone
WEIR=${WEIR_BINARY:-build/release/weir}
STARTED=() # process ids, in the order in which they were started

die() {
    echo "error: $*" >&2
    exit 1
}

# Ends everything that was started, the last one first, however the script ends.
stop_servers_at_exit() {
    # Clients by the thousand need descriptors by the thousand; more than this only costs memory.
    local hard
    hard=$(ulimit -Hn)
    [ "$hard" != unlimited ] && [ "$hard" -lt 65536 ] || hard=65536
    ulimit -Sn "$hard" 2>/dev/null || true
    trap stop_servers EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

stop_servers() {
    trap '' INT TERM HUP
    local i
    for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do
        stop_process "${STARTED[i]}"
    done
    STARTED=()
}

stop_process() {
    local pid=$1 tenths
    kill -TERM "$pid" 2>/dev/null || true
    for ((tenths = 0; tenths < 300; tenths++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# start_process LOG COMMAND...: sets PID. A session of its own keeps Ctrl-C away from it, so that
# things stop in order; and it ends when this script is killed without a chance to clean up.
start_process() {
    local log=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" >"$log" 2>&1 </dev/null 9>&- &
    PID=$!
    STARTED+=("$PID")
}

# state_directory NAME: a directory of ours that nobody else can read, locked for as long as the
# script runs: two of a kind would spoil each other's data. Sets STATE.
state_directory() {
    STATE=${XDG_STATE_HOME:-$HOME/.local/state}/weir/$1
    (umask 077 && mkdir -p "$STATE") || die "cannot make $STATE"
    chmod 700 "$STATE"
    exec 9>"$STATE/lock"
    flock -n 9 || die "another ./dev $1 is running, with its data in $STATE"
}

# free_port WANTED: that port, or the next one on which nobody listens.
free_port() {
    local port=$1
    while awk -v port="$(printf ':%04X' "$port")" \
        '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
        port=$((port + 1))
    done
    echo "$port"
}

# server_make: a data directory in $STATE, unless there is one. Root logs in through the Unix socket
# and only as the system's account that owns it: no password lies open on a port.
server_make() {
    [ ! -d "$STATE/data" ] || return 0
    rm -rf "$STATE/data.new"
    if ! mariadb-install-db --no-defaults --force --datadir="$STATE/data.new" --skip-test-db \
        --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
        --innodb-log-file-size=32M --user="$(id -un)" >"$STATE/install.log" 2>&1; then
        tail -n 20 "$STATE/install.log" >&2
        die "mariadb-install-db failed; all it said is in $STATE/install.log"
    fi
    mv "$STATE/data.new" "$STATE/data"
}

# server_start MAX_CONNECTIONS [OPTION...]: a MariaDB on $STATE/data that is ready for clients. Sets
# SERVER_PID, SERVER_PORT, SERVER_SOCKET, SERVER_VERSION.
server_start() {
    local max_connections=$1
    shift
    server_make
    SERVER_PORT=$(free_port 13306)
    SERVER_SOCKET=$STATE/mariadb.sock
    # The kernel allows 107 bytes; a home directory may be longer than that.
    [ ${#SERVER_SOCKET} -lt 100 ] || SERVER_SOCKET=$(mktemp -u "/tmp/weir-XXXXXX.sock")
    cat >"$STATE/accounts.sql" <<EOF
CREATE DATABASE IF NOT EXISTS $SERVER_USER;
CREATE USER IF NOT EXISTS $SERVER_USER@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('$SERVER_PASSWORD');
GRANT ALL ON $SERVER_USER.* TO $SERVER_USER@'%';
GRANT PROCESS, RELOAD ON *.* TO $SERVER_USER@'%';
EOF
    start_process "$STATE/mariadb.log" mariadbd --no-defaults --user="$(id -un)" \
        --datadir="$STATE/data" --init-file="$STATE/accounts.sql" --pid-file="$STATE/mariadb.pid" \
        --socket="$SERVER_SOCKET" --bind-address=127.0.0.1 --port="$SERVER_PORT" \
        --skip-name-resolve --innodb-log-file-size=32M --max-connections="$max_connections" "$@"
    SERVER_PID=$PID
    wait_until_ready MariaDB "$SERVER_PID" "$SERVER_PORT" "$STATE/mariadb.log"
    SERVER_VERSION=$(server_sql 'SELECT @@version')
    SERVER_VERSION=${SERVER_VERSION%%-*}
}

# server_sql STATEMENTS: as the administrator, whose connection is beyond max_connections.
server_sql() {
    mariadb --no-defaults --socket="$SERVER_SOCKET" --user="$(id -un)" --batch --skip-column-names \
        --execute="$1"
}

# weir_start WANTED_PORT [SETTING...]: Weir before the server, settings as lines of [weir] or of
# other sections. Sets WEIR_PID, WEIR_PORT. WEIR_LOG=path makes it write elsewhere.
weir_start() {
    WEIR_PORT=$(free_port "$1")
    shift
    (umask 077 && cat >"$STATE/weir.cnf") <<EOF
# Written by ./dev at every start: changes are lost.
[weir]
port = $WEIR_PORT
$(printf '%s\n' "$@")

[server private]
host = 127.0.0.1
port = $SERVER_PORT
max_connections = $WEIR_LINKS

[user $SERVER_USER]
password = $SERVER_PASSWORD
EOF
    start_process "${WEIR_LOG:-$STATE/weir.log}" "$WEIR" --config="$STATE/weir.cnf"
    WEIR_PID=$PID
    wait_until_ready Weir "$WEIR_PID" "$WEIR_PORT" "${WEIR_LOG:-$STATE/weir.log}"
}

# wait_until_ready NAME PID PORT LOG: returns when a client has logged in and been answered.
wait_until_ready() {
    local name=$1 pid=$2 port=$3 log=$4 tenths said=""
    for ((tenths = 0; tenths < 600; tenths++)); do
        if ! kill -0 "$pid" 2>/dev/null; then
            { grep -iE 'error|abort|alert' "$log" || tail -n 8 "$log"; } 2>/dev/null | tail -n 8 >&2 || true
            die "$name did not start; all it said is in $log"
        fi
        if said=$(client "$port" --connect-timeout=5 --execute='DO 1' 2>&1); then
            return 0
        fi
        sleep 0.1
    done
    tail -n 8 "$log" >&2
    die "$name does not answer on port $port after a minute: $said"
}

# client PORT [OPTION...]: the mariadb command line as the clients' account.
client() {
    local port=$1
    shift
    MYSQL_PWD=$SERVER_PASSWORD mariadb --no-defaults --host=127.0.0.1 --port="$port" \
        --user="$SERVER_USER" --batch --skip-column-names "$@" </dev/null
}

# build_weir: the release build, unless WEIR_BINARY names another one.
build_weir() {
    [ -n "${WEIR_BINARY:-}" ] || bash tools/dev/build.sh --quiet
    [ -x "$WEIR" ] || die "there is no $WEIR"
}
