#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev up [--max-connections N] [--port N] [SETTING=VALUE...]
# Starts a private MariaDB with a small max_connections (default 30) and Weir in front of it, says
# how to connect, shows Weir's log, and stops both at Ctrl-C. The data stays for the next time, in
# ${XDG_STATE_HOME:-~/.local/state}/weir/up. SETTING=VALUE goes into [weir]: ./dev up workers=1
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/servers.sh

max_connections=30 port=6033 settings=()
while [ $# -gt 0 ]; do
    case $1 in
    --max-connections) max_connections=${2:?"--max-connections needs a number"} && shift ;;
    --port) port=${2:?"--port needs a number"} && shift ;;
    [a-z]*=*) settings+=("$1") ;;
    *) die "./dev up does not know $1; see ./dev up --help" ;;
    esac
    shift
done
[[ $max_connections =~ ^[0-9]+$ && $max_connections -ge 10 && $port =~ ^[0-9]+$ ]] ||
    die "max_connections is a number of at least 10 (the server's own minimum), port a number"

stop_servers_at_exit
state_directory up
build_weir
echo "Starting MariaDB and Weir ..."
server_start "$max_connections"
files=("slow_query_log_file = $STATE/weir-slow.log")
# The kernel allows 107 bytes for the name of a socket; otherwise the console is where it usually is.
[ ${#STATE} -gt 90 ] || files+=("console_socket = $STATE/console.sock")
WEIR_LINKS=$max_connections weir_start "$port" "pool_max_size = $max_connections" "drain_timeout = 2" \
    "${files[@]}" ${settings[@]+"${settings[@]}"}

cat <<EOF

Weir is on 127.0.0.1:$WEIR_PORT. Behind it is a private MariaDB $SERVER_VERSION with
max_connections = $max_connections. User, password and database are all "$SERVER_USER".

  mariadb   mariadb -h 127.0.0.1 -P $WEIR_PORT -u app -papp app
  PHP       new PDO('mysql:host=127.0.0.1;port=$WEIR_PORT;dbname=app', 'app', 'app')
  Python    pymysql.connect(host='127.0.0.1', port=$WEIR_PORT,
                            user='app', password='app', database='app')
  Node      mysql.createPool('mysql://app:app@127.0.0.1:$WEIR_PORT/app')
  Java      jdbc:mariadb://127.0.0.1:$WEIR_PORT/app?user=app&password=app

What to try
  A hundred clients at once, straight at the server: ERROR 1040
    for i in {1..100}; do
      mariadb -h127.0.0.1 -P$SERVER_PORT -uapp -papp -e 'DO SLEEP(.5)' & done; wait
  The same through Weir: they share the server's connections
    for i in {1..100}; do
      mariadb -h127.0.0.1 -P$WEIR_PORT -uapp -papp -e 'DO SLEEP(.5)' & done; wait
  What the server sees: never more than $max_connections connections
    mariadb -h127.0.0.1 -P$WEIR_PORT -uapp -papp -e 'SHOW PROCESSLIST'
  What Weir says about itself: its console
    $WEIR ctl --config=$STATE/weir.cnf SHOW PROCESSLIST

Settings, data and logs: $STATE
Weir's log follows. Ctrl-C stops both; the data stays.

EOF
trap 'echo; echo "Stopping Weir and MariaDB ..."; exit 130' INT
tail -n +1 -F "$STATE/weir.log" 2>/dev/null &
STARTED+=($!)
# Either of the two may end by itself.
wait -n "$SERVER_PID" "$WEIR_PID" || true
kill -0 "$WEIR_PID" 2>/dev/null || die "Weir ended by itself: see above"
tail -n 5 "$STATE/mariadb.log" >&2
die "MariaDB ended by itself; all it said is in $STATE/mariadb.log"
