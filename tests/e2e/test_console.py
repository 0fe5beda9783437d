# SPDX-License-Identifier: Apache-2.0
"""The console: logins, statements of clients and drivers, settings, KILL, weir ctl."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import time

import pymysql
import pytest

import console
import processes
import wire


@pytest.fixture(scope="module")
def one(module_weir):
    """A Weir whose console has a port too. Tests leave its settings as they were."""
    return module_weir(console_port=processes.free_port(),
                       console_password=f'"{console.PASSWORD}"')


@pytest.fixture
def con(one):
    with console.connect(one) as connection:
        yield connection


def mysql9_client():
    return processes.MySQL9.why_not(make=False) is None


# --- logins ---

def test_without_a_password_there_is_no_port(weir):
    one = weir(console_port=processes.free_port())
    assert one.log().count("console_password is not set") == 1
    with pytest.raises(ConnectionRefusedError):
        wire.Wire(console.port_of(one))
    with console.connect(one) as c:
        assert c.query("SELECT 1") == [[b"1"]]


@pytest.mark.parametrize("user,password", [("weir", "wrong"), ("weir", ""), ("root", console.PASSWORD),
                                           ("", ""), ("weir", "x" * 200)])
def test_the_port_wants_the_password(one, user, password):
    with pytest.raises(wire.ServerError) as caught:
        wire.connect(console.port_of(one), user, password)
    assert caught.value.code == 1045 and caught.value.state == "28000"


@pytest.mark.parametrize("method", [b"mysql_native_password", b"caching_sha2_password"])
def test_the_right_password_opens_the_port(one, method):
    with wire.connect(console.port_of(one), "weir", console.PASSWORD, method=method) as c:
        assert c.query("SELECT USER()") == [[b"weir@127.0.0.1"]]


def test_the_socket_trusts_root_and_the_account_of_weir(con):
    assert con.query("SELECT 1") == [[b"1"]]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs other accounts")
def test_the_socket_wants_the_password_of_others(weir):
    one = weir(console_socket_mode="0777", console_password="secret")
    os.chmod(one.directory, 0o755)
    if os.stat(os.path.dirname(one.directory)).st_mode & 1 == 0:
        pytest.skip("other accounts cannot reach the folder of the tests")

    def as_nobody(*options):
        return subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "mariadb", "--no-defaults",
                               "-S", console.socket_of(one), *options, "-e", "SELECT 1"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert b"1045" in as_nobody("-uroot").stderr
    assert b"1045" in as_nobody("-uweir", "-pwrong").stderr
    assert as_nobody("-uweir", "-psecret").returncode == 0


def test_a_hash_will_do_as_password(weir):
    one = weir(console_port=processes.free_port(),
               console_password='"*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"')
    with wire.connect(console.port_of(one), "weir", "secret") as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_clients_do_not_count_and_are_bounded(weir):
    one = weir(max_connections=1)
    with one.connect():
        open_ones = [console.connect(one) for _ in range(64)]
        assert open_ones[-1].value("SHOW STATUS LIKE 'Threads_connected'") == "Threads_connected"
        assert open_ones[-1].query("SHOW STATUS LIKE 'Threads_connected'")[0][1] == b"1"
        with pytest.raises((wire.Closed, OSError)):
            console.connect(one)
        for c in open_ones:
            c.close()
    processes.wait_until(lambda: b"1" in console.ctl(one, "SELECT", "1").stdout, 10, "a free place")


# --- what clients say when they connect ---

CHATTER = """SELECT @@version_comment LIMIT 1
SELECT DATABASE()
SELECT DATABASE(), USER() LIMIT 1
SELECT @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database LIMIT 1
SHOW DATABASES
SHOW TABLES
SHOW FULL TABLES FROM `weir`
SHOW FULL COLUMNS FROM `weir`.`pools`
SET NAMES utf8mb4
SET NAMES 'utf8mb4' COLLATE 'utf8mb4_unicode_ci'
SET CHARACTER SET utf8
SET AUTOCOMMIT = 0
SET autocommit=1
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SET SESSION sql_mode='STRICT_TRANS_TABLES', character_set_results = NULL
SET @@session.autocommit = ON
SET character_set_results = NULL
SET sql_safe_updates=1, sql_select_limit=1000, max_execution_time=2000
SELECT VERSION()
SELECT CONNECTION_ID()
SELECT @@session.transaction_isolation
SELECT @@session.tx_read_only
SELECT @@max_allowed_packet, @@system_time_zone, @@time_zone, @@sql_mode
/* mysql-connector-j-9.1.0 */SELECT @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@collation_server AS collation_server, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@wait_timeout AS wait_timeout
/*!40101 SET NAMES utf8 */
SHOW VARIABLES WHERE Variable_name = 'sql_mode' OR Variable_name LIKE 'lower_case_%'
SHOW SESSION VARIABLES LIKE 'lower_case_table_names'
SHOW WARNINGS
SELECT 1 FROM DUAL
BEGIN
COMMIT
START TRANSACTION
ROLLBACK
USE weir
SHOW ENGINES
SHOW PLUGINS
SHOW CHARSET
SHOW CHARACTER SET LIKE 'utf8%'
SHOW COLLATION WHERE Charset = 'utf8mb4'
SHOW TABLE STATUS
SHOW GRANTS
SHOW COUNT(*) WARNINGS
SELECT NOW()""".splitlines()


@pytest.mark.parametrize("statement", CHATTER)
def test_statements_of_clients_and_drivers(con, statement):
    con.query(statement)


@pytest.mark.parametrize("capabilities", [wire.BASIC, wire.BASIC | wire.DEPRECATE_EOF])
def test_every_form_of_a_result_set(one, capabilities):
    with console.connect(one, capabilities=capabilities) as c:
        assert c.query("SELECT 1, 'two', NULL, 0.5") == [[b"1", b"two", None, b"0.5"]]
        assert c.query("SELECT 1 WHERE 0") == []
        assert c.query("USE weir") == []
        c.command(bytes([wire.COM_FIELD_LIST]) + b"pools\0")
        assert c.row_count > 10 and c.error is None


def test_commands_of_the_protocol(con):
    con.command(bytes([wire.COM_PING]))
    assert con.error is None
    con.command(bytes([wire.COM_INIT_DB]) + b"information_schema")
    assert con.error is None and con.value("SELECT DATABASE()") == "information_schema"
    con.command(bytes([wire.COM_INIT_DB]) + b"nowhere")
    assert con.error.code == 1049
    assert b"Uptime" in con.command(bytes([wire.COM_STATISTICS]))
    con.command(bytes([wire.COM_PROCESS_INFO]))
    assert con.error is None and con.row_count >= 1
    con.command(bytes([wire.COM_STMT_PREPARE]) + b"SELECT 1")
    assert con.error.code == 1295
    con.command(bytes([wire.COM_RESET_CONNECTION]))
    assert con.error is None
    con.command(bytes([0x1d]))
    assert con.error.code == 1047
    assert con.query("SELECT 1") == [[b"1"]]


def test_pymysql(one):
    connection = pymysql.connect(unix_socket=console.socket_of(one), user="root", autocommit=False)
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SHOW VARIABLES LIKE %s", ("max_connections",))
        assert cursor.fetchall() == [{"Variable_name": "max_connections", "Value": "10000"}]
        cursor.execute("SELECT name, 1 AS one, 1.5 AS half FROM weir.servers")
        assert cursor.fetchall() == [{"name": "main", "one": 1, "half": 1.5}]
    connection.commit()
    connection.close()


def test_the_mariadb_command_line_with_a_table_and_status(one):
    port = console.port_of(one)
    said = console.mariadb(one, "SELECT 'ü' AS x; \\s", "-t", "-uweir", f"-p{console.PASSWORD}", "weir",
                           address=port)
    assert "| ü " in said and "Current database:\tweir" in said and "Weir" in said
    # -A is not given: it asks for the names of all tables and columns
    done = subprocess.run(["mariadb", "--no-defaults", "-S", console.socket_of(one), "weir"],
                          input=b"SELECT 7*6;\nUSE information_schema\nSELECT 7*7;\n",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    assert b"42" in done.stdout and b"49" in done.stdout, done.stderr


@pytest.mark.skipif(not mysql9_client(), reason="there is no client of MySQL 9")
def test_the_command_line_of_mysql_9(one, tmp_path):
    host, port = console.port_of(one)
    done = subprocess.run([processes.MySQL9.SCRIPT, "client", str(tmp_path), f"-h{host}", f"-P{port}",
                           "-uweir", f"-p{console.PASSWORD}", "-t", "weir",
                           "-e", "SHOW VARIABLES LIKE 'max_connections'; SELECT DATABASE()"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert b"max_connections | 10000" in done.stdout


# --- settings ---

def test_set_global_and_back(con):
    assert con.query("SHOW GLOBAL VARIABLES LIKE 'pool\\_max\\_size'") == [[b"pool_max_size", b"20"]]
    con.query("SET GLOBAL pool_max_size = 7, @@global.pool_idle_timeout = '2m'")
    assert con.query("SELECT @@pool_max_size, @@global.pool_idle_timeout") == [[b"7", b"120"]]
    con.query("SET GLOBAL pool_max_size := DEFAULT, GLOBAL pool_idle_timeout = DEFAULT")
    assert con.query("SELECT @@pool_max_size, @@pool_idle_timeout") == [[b"20", b"300"]]


# What is set of (pool_max_size, pool_idle_timeout) for all, and of wait_timeout for the session. The
# servers do the same: tried with MariaDB 10.11 and MySQL 9.
@pytest.mark.parametrize("statement,expected", [
    ("SET GLOBAL pool_max_size = 7, pool_idle_timeout = 8", (7, 8, 28800)),
    ("SET PERSIST pool_max_size = 7, pool_idle_timeout = 8", (7, 8, 28800)),
    ("SET @@GLOBAL.pool_max_size = 7, pool_idle_timeout = 8", 1229),
    ("SET SESSION wait_timeout = 9, @@GLOBAL.pool_max_size = 7, GLOBAL pool_idle_timeout = 8", (7, 8, 9)),
    ("SET GLOBAL pool_max_size = 7, SESSION sql_mode = 'ANSI', pool_idle_timeout = 8", 1229),
    ("SET GLOBAL pool_max_size = 7, @@wait_timeout = 9, pool_idle_timeout = 8", (7, 8, 9)),
    ("SET GLOBAL pool_max_size = 7, @pool_idle_timeout = 8", 1064),
    ("SET SESSION wait_timeout = 9, pool_max_size = 7", 1229),
    ("SET SESSION wait_timeout = 9, GLOBAL pool_size = 30", 1231),
])
def test_a_scope_counts_for_what_follows(con, statement, expected):
    if isinstance(expected, int):
        assert console.error_of(con, statement).code == expected
        expected = (20, 300, 28800)
    else:
        con.query(statement)
    row = con.query("SELECT @@pool_max_size, @@pool_idle_timeout, @@SESSION.wait_timeout")[0]
    con.query("RESET PERSIST")
    con.query("SET GLOBAL pool_max_size = DEFAULT, pool_idle_timeout = DEFAULT")
    assert tuple(map(int, row)) == expected


def test_settings_of_sections(con):
    con.query("SET GLOBAL server.main.max_connections = 33")
    assert con.value("SELECT @@server.main.max_connections") == "33"
    assert con.query("SELECT value, section FROM weir.settings WHERE name = "
                     "'server.main.max_connections'") == [[b"33", b"[server main]"]]
    con.query("SET GLOBAL server.main.max_connections = DEFAULT")


@pytest.mark.parametrize("statement,code,word", [
    ("SET GLOBAL max_conections = 5", 1193, "did you mean 'max_connections'"),
    ("SET GLOBAL frobnicate = 5", 1193, "SHOW VARIABLES"),
    ("SET frobnicate = 5", 1193, "SHOW VARIABLES"),
    ("SELECT @@frobnicate", 1193, "SHOW VARIABLES"),
    ("SELECT @@max_conections", 1193, "did you mean 'max_connections'"),
    ("SET GLOBAL server.nowhere.max_connections = 5", 1231, "there is no section [server nowhere]; SHOW SETTINGS LIKE"),
    ("SET PERSIST_ONLY listener.a.b.port = 5", 1231, "there is no section [listener a.b]; SHOW SETTINGS LIKE"),
    ("SET GLOBAL server.main.frobnicate = 5", 1193, "SHOW SETTINGS"),
    ("SET GLOBAL max_connections = 0", 1231, "1 to 1000000"),
    (f"SET GLOBAL console_password = '{'x' * 256}'", 1231, "console_password is longer than 255 bytes"),
    ("SET GLOBAL max_connections = -1", 1231, "1 to 1000000"),
    ("SET GLOBAL max_connections = 'many'", 1232, "1 to 1000000"),
    ("SET GLOBAL max_connections = many", 1231, "whole number"),
    ("SET GLOBAL pool_mode = 'sometimes'", 1231, "transaction or session"),
    ("SET GLOBAL port = 1", 1238, "PERSIST_ONLY"),
    ("SET GLOBAL version = 'x'", 1238, ""),
    ("SET GLOBAL sql_mode = 'ANSI'", 1228, "SET GLOBAL"),
    ("SET SESSION version_comment = 'x'", 1238, ""),
    ("SET max_connections = 5", 1229, "SET GLOBAL"),
    ("SET GLOBAL pool_size = 30", 1231, "above pool_max_size"),
    ("SET GLOBAL max_connections = 0, pool_max_size = 9", 1231, "'max_connections' can't be set"),
    ("SET GLOBAL max_connections", 1064, "name = value"),
    ("SET GLOBAL max_connections = ", 1064, "name = value"),
    ("SET GLOBAL max_connections = 5 6", 1064, "name = value"),
    ("SET @mine = 5", 1235, "user variables"),
    ("SHOW FROB", 1064, "HELP SHOW"),
    ("FROB", 1064, "HELP"),
    ("SELECT * FROM weir.frobs", 1146, "SHOW TABLES"),
    ("SELECT frob FROM weir.pools", 1054, "frob"),
    ("SELECT frob()", 1305, "frob"),
    ("SELECT 1; SELECT 2", 1064, ""),
    ("", 1065, "empty"),
    ("DESCRIBE frobs", 1146, "SHOW TABLES"),
    ("USE nowhere", 1049, "weir"),
    ("SHOW VARIABLES LIKE max_connections", 1064, "LIKE 'pattern'"),
    ("SHOW POOLS FROB", 1064, "WHERE condition"),
    ("KILL 1", 1094, "SHOW PROCESSLIST"),
    ("KILL x", 1064, "id"),
    ("KILL 2147483649999", 1094, "2147483649999"),
])
def test_errors_have_mysqls_numbers_and_a_remedy(con, statement, code, word):
    error = console.error_of(con, statement)
    assert error.code == code and word in error.text, error
    assert con.query("SELECT @@max_connections, @@pool_size") == [[b"10000", b"0"]]


def test_all_or_nothing(con):
    error = console.error_of(con, "SET GLOBAL pool_max_size = 5, GLOBAL max_connections = 0")
    assert error.code == 1231
    assert con.query("SELECT @@pool_max_size, @@max_connections") == [[b"20", b"10000"]]


def test_secrets_are_shown_nowhere(one, con):
    secret = "hunter-2-unseen"
    con.query(f"SET GLOBAL user.app.password = '{secret}'")
    con.query("SET GLOBAL user.app.password = 'secret'")
    console.error_of(con, f"SET GLOBAL user.app.password = '{secret}', max_connections = 0")
    assert con.query("SHOW SETTINGS LIKE 'user.app.password'")[0][2] == b"********"
    assert b"hunter" not in con.command(wire.q("SELECT * FROM information_schema.processlist"))
    assert "hunter" not in one.log()
    assert "SET GLOBAL user.app.password = ********" in one.log()


def test_what_set_persist_keeps(weir):
    one = weir()
    kept = one.config + ".persist"
    with console.connect(one) as c:
        c.query("SET PERSIST max_connections = 77, PERSIST server.main.max_connections = 9")
        c.query("SET @@persist.wait_timeout = 99")
        assert c.query("SELECT @@max_connections, @@wait_timeout") == [[b"77", b"99"]]
        c.query("SET GLOBAL max_connections = 78")
        c.query("RELOAD")
        assert c.value("SELECT @@max_connections") == "77"
        port = processes.free_port()
        c.query(f"SET PERSIST_ONLY port = {port}")
        assert c.value("SELECT @@port") == str(one.settings["port"])
    assert os.stat(kept).st_mode & 0o777 == 0o600
    one.stop()
    after = len(one.log())
    one.settings["port"] = port
    one.start()
    one.wait_log("ready for clients", after=after)
    with one.connect(), console.connect(one) as c:
        assert c.query("SELECT @@max_connections, @@server.main.max_connections, @@port") == \
            [[b"77", b"9", str(port).encode()]]
        c.query("RESET PERSIST max_connections")
        c.query("RELOAD")
        assert c.query("SELECT @@max_connections, @@wait_timeout") == [[b"10000", b"99"]]
        c.query("RESET PERSIST")
        assert not os.path.exists(kept)
        c.query("RESET PERSIST")
        assert console.error_of(c, "RESET PERSIST frob").code == 1193


def test_reload_says_what_is_wrong(weir):
    one = weir()
    with console.connect(one) as c:
        c.query("SET GLOBAL pool_max_size = 5")
        one.configure(max_connections="none")
        error = console.error_of(c, "RELOAD")
        assert "max_connections" in error.text
        assert c.value("SELECT @@pool_max_size") == "5"
        one.configure(max_connections=66, workers=3)
        c.query("RELOAD")
        assert c.query("SELECT @@max_connections, @@pool_max_size") == [[b"66", b"20"]]
        assert any(b"needs a restart" in row[2] for row in c.query("SHOW WARNINGS"))


def test_a_session_of_its_own(con, one):
    con.query("SET SESSION wait_timeout = 3, sql_mode = 'ANSI'")
    assert con.query("SELECT @@wait_timeout, @@global.wait_timeout, @@sql_mode") == \
        [[b"3", b"28800", b"ANSI"]]
    with console.connect(one) as other:
        assert other.query("SELECT @@wait_timeout, @@sql_mode") == [[b"28800", b""]]
    assert con.at_end()


# --- KILL ---

def test_kill_connection_of_a_sleeping_client(one, con):
    client = one.connect(schema="test")
    client.query("SELECT 1")
    con.query(f"KILL {client.greeting.thread_id}")
    with pytest.raises((wire.Closed, wire.ServerError, OSError)):
        client.query("SELECT 1")
    processes.wait_until(lambda: client.greeting.thread_id not in console.processlist(con), 10, "KILL")
    processes.wait_until(lambda: f"KILL CONNECTION {client.greeting.thread_id}" in one.log(), 20,
                         "the line in the log")
    assert console.error_of(con, f"KILL {client.greeting.thread_id}").code == 1094


def test_kill_query_ends_the_statement_alone(one, con, server):
    with one.connect(schema="test") as client:
        server.run(client, "SELECT SLEEP(60)")
        assert console.processlist(con, "INFO LIKE 'SELECT SLEEP(60)%'")
        con.query(f"KILL QUERY {client.greeting.thread_id}")
        started = time.monotonic()
        client.read_reply(wire.COM_QUERY)
        assert time.monotonic() - started < 50
        assert client.error is not None or client.rows
        assert client.query("SELECT 2") == [[b"2"]]


def test_kill_connection_ends_a_running_statement_too(one, con, server):
    with one.connect(schema="test") as client:
        server.run(client, "SELECT SLEEP(61)")
        assert console.processlist(con, "INFO LIKE 'SELECT SLEEP(61)%'")
        con.command(bytes([wire.COM_PROCESS_KILL]) + struct.pack("<I", client.greeting.thread_id))
        assert con.error is None
        with pytest.raises((wire.Closed, wire.ServerError, OSError)):
            client.read_packet()
            client.read_packet()
    processes.wait_until(lambda: not server.is_running("SLEEP(61)"), 20, "the end of the statement on the server")


def test_kill_of_console_clients(one, con):
    with console.connect(one) as other:
        con.query(f"KILL {other.greeting.thread_id}")
        assert other.at_end()
    error = console.error_of(con, f"KILL {con.greeting.thread_id}")
    assert error.code == 1317
    assert con.at_end()


# --- PAUSE, RESUME, DRAIN ---

@pytest.mark.parametrize("which", ["", "ALL", "main", "`app`", "SERVER main", "USER 'app'", "SERVER main USER app",
                                   "main USER app", "ALL USER app"])
def test_pause_and_resume(one, con, which):
    with one.connect(schema="test") as holder, one.connect(schema="test") as other:
        holder.query("BEGIN")
        holder.query("SELECT 1")
        con.query(f"PAUSE {which}")
        try:
            assert holder.query("SELECT 2") == [[b"2"]], "a transaction goes on"
            other.send(wire.q("SELECT 3"))
            processes.wait_until(lambda: con.query("SELECT id FROM weir.clients WHERE waiting"), 20,
                                 "a client that waits")
            holder.query("COMMIT")
            assert not other.readable(0.2)
            assert con.query("SELECT DISTINCT paused FROM weir.pools WHERE user = 'app'") == [[b"1"]]
        finally:
            con.query(f"RESUME {which}")
        assert con.query("SELECT DISTINCT paused FROM weir.pools") == [[b"0"]]
        other.read_reply(wire.COM_QUERY)
        assert other.error is None and wire.text_row(other.rows[0]) == [b"3"]


def test_drain_replaces_links(one, con):
    with one.connect(schema="test") as client:
        def thread():
            return con.value(f"SELECT server_thread FROM weir.clients WHERE id = {client.greeting.thread_id}")
        client.query("BEGIN")
        client.query("SELECT 1")
        before = thread()
        said = console.ctl(one, "DRAIN", "USER", "app").stdout.decode()
        assert "DRAIN: 1 pool. Paused: 0 of 1. Links that clients hold: 1" in said
        client.query("SELECT 2")
        assert thread() == before, "a transaction keeps its link"
        client.query("ROLLBACK")
        processes.wait_until(
            lambda: not con.query(f"SELECT id FROM weir.links WHERE server_thread = {before}"), 20,
            "the end of the old link")
        assert client.query("SELECT 1") == [[b"1"]]


@pytest.mark.parametrize("statement,code", [("PAUSE nowhere", 1105), ("DRAIN SERVER", 1064),
                                            ("RESUME USER nobody", 1105), ("PAUSE main x", 1064),
                                            ("PAUSE nowhere USER app", 1105), ("PAUSE ALL main", 1064)])
def test_orders_about_nothing(con, statement, code):
    assert console.error_of(con, statement).code == code


# --- weir ctl ---

def test_ctl(one):
    done = console.ctl(one, "SHOW", "VARIABLES", "LIKE", "'max_connections'")
    assert done.returncode == 0 and done.stdout.decode() == (
        "+-----------------+-------+\n"
        "| Variable_name   | Value |\n"
        "+-----------------+-------+\n"
        "| max_connections | 10000 |\n"
        "+-----------------+-------+\n")
    done = console.ctl(one, "SELECT 1 AS n, NULL AS x, 'ü' AS y")
    assert done.stdout.decode().splitlines()[1:4:2] == ["| n | x    | y |", "| 1 | NULL | ü |"]
    done = console.ctl(one, "SET GLOBAL frob = 1")
    assert done.returncode == 1 and done.stderr.startswith(b"ERROR 1193 (HY000): Unknown system variable")
    assert done.stdout == b""
    assert console.ctl(one, "SELECT 1 WHERE 0").stdout == b""
    done = console.ctl(one, "SELECT 1 AS n, 'ü' AS name, NULL AS x\\G")
    assert done.stdout.decode().splitlines()[1:] == ["   n: 1", "name: ü", "   x: NULL"], done
    assert console.ctl(one, "SELECT 1;").returncode == 0
    assert console.ctl(one, "BEGIN").returncode == 0
    assert console.ctl(one).returncode == 2


def test_ctl_without_a_weir(tmp_path):
    done = subprocess.run([processes.binary(), "ctl", f"--socket={tmp_path}/none", "SELECT", "1"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1 and b"cannot connect" in done.stderr


def test_help_names_every_command(con):
    rows = con.query("HELP")
    assert len(rows) > 30
    for form in ("HELP KILL", "help 'kill'"):
        name, meaning, example = con.query(form)[0]
        assert name == b"KILL" and b"SHOW PROCESSLIST" in meaning and example.endswith(b"id\n")
    assert len(con.query("HELP processlist")) == 2
    assert con.query("HELP SET")[0][0] == b"SET"
    assert con.query("HELP frob") == []


def test_help_on_the_command_line(one, con):
    """mariadb (mysql too) writes the parts as they are, with no end of line of its own."""
    names = [row[0].decode().split("[")[0].split("|")[0].strip() for row in con.query("SHOW COMMANDS")]
    done = subprocess.run(["mariadb", "--no-defaults", "-S", console.socket_of(one), "weir"],
                          input="".join(f"help {name}\n" for name in names).encode(), capture_output=True,
                          timeout=60, check=True)
    out = done.stdout.decode()
    assert out.count("\nExamples:\n") == out.count("Examples:") > 20
    assert "\nExamples:\nKILL [CONNECTION|QUERY] id\n\n" in out
    assert "Name: 'PAUSE'\nDescription:\nNo link" in out
    assert console.ctl(one, "HELP", "KILL").stdout.decode().splitlines()[3].startswith("| KILL | Ends a client")
    assert len(console.ctl(one, "HELP", "KILL").stdout.decode().splitlines()) == 5


def test_shutdown(weir):
    one = weir()
    assert console.ctl(one, "SHUTDOWN").returncode == 0
    processes.wait_until(lambda: one.process.poll() is not None, 20, "the end")
    assert one.process.returncode == 0 and "SHUTDOWN" in one.log()


# --- bad clients ---

def test_who_speaks_nonsense_harms_nobody(one, con):
    address = console.socket_of(one)
    for data in (b"", b"\0" * 64, b"\xff" * 64, b"GET / HTTP/1.1\r\n\r\n", b"\x01\0\0\x01\x0a",
                 b"\x20\0\0\x01" + b"\xff" * 32, b"\xff\xff\xff\x01"):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(address)
            s.sendall(data)
    with console.connect(one) as c:
        for payload in (b"", b"\x03", b"\x03\0", b"\x03'", b"\x03/*", b"\x03\xff\xff", b"\x04", b"\x0c",
                        b"\x16", b"\x03SELECT 'a\0b'", b"\x02", b"\x1b", b"\x11", b"\xff"):
            c.command(payload)
        assert c.query("SELECT 1") == [[b"1"]]
    assert con.query("SELECT 1") == [[b"1"]]


def test_a_statement_that_is_too_long(one):
    with console.connect(one) as c, pytest.raises((wire.Closed, wire.ServerError, OSError)):
        c.query("SELECT '" + "x" * (1 << 20) + "'")
    with console.connect(one) as c:
        assert c.query("SELECT '" + "x" * 500000 + "'") == [[b"x" * 500000]]


def test_pipelined_statements_are_answered_in_order(con):
    con.send_bytes(b"".join(wire.frames(wire.q(f"SELECT {i}, COUNT(*) FROM weir.clients"))
                            for i in range(50)))
    for i in range(50):
        con.read_reply(wire.COM_QUERY)
        assert wire.text_row(con.rows[0])[0] == str(i).encode()


def test_a_client_that_does_not_read_stops_nobody(one, con):
    with console.connect(one) as slow:
        for _ in range(20):
            slow.send(wire.q("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 100000) "
                             "SELECT n, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' FROM t"))
        assert con.query("SELECT 1") == [[b"1"]]


def test_the_console_answers_while_weir_drains(weir):
    one = weir(drain_timeout=20)
    with one.connect(schema="test") as client:
        client.query("BEGIN")
        client.query("SELECT 1")
        one.send_signal(signal.SIGTERM)
        one.wait_log("stopping")
        with console.connect(one) as c:
            assert console.processlist(c, "USER = 'app'")[client.greeting.thread_id][1] == "in transaction"
        client.query("COMMIT")
    processes.wait_until(lambda: one.process.poll() is not None, 30, "the end")
