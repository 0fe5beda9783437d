# SPDX-License-Identifier: Apache-2.0
"""Binary prepared statements on a shared link: every scenario direct and alone, then through Weir with
an adversary who takes the link between every two commands; the replies must be the same bytes, ids
included. Then what only exists with a pooler in between: room, sharing, many clients on few links."""

import struct
import time

import pytest

import adversary
import mysql_statements
import processes
import wire
from conftest import _factory
from statement_steps import (BLOB, DOUBLE, LAST, LONG, LONGLONG, STRING, both, bulk, change_user, close, execute,
                             execute_packet, fetch, long_data, pipelined, prepare, reset)
from test_session_state import (KINDS, PATIENCE_S, PINNED_S, ROUTINES, TABLES, Other, Scenario, carried,
                                compare, parameters, pinned, run)
from wire import (COM_PING, COM_QUERY, COM_RESET_CONNECTION, COM_STMT_CLOSE, COM_STMT_EXECUTE,
                  COM_STMT_FETCH, COM_STMT_PREPARE, COM_STMT_SEND_LONG_DATA)

MANY = "SELECT " + "+".join(["?"] * 300)
CROWD = "SELECT COALESCE(" + ",".join(["?"] * 9000) + ")"
BY_ID = "SELECT * FROM t WHERE id=?"
ALL = "SELECT * FROM t ORDER BY id"
BIG = "INSERT INTO big VALUES (?, ?)"

# Direct, the EOF of a result that changed the session says so even to clients who cannot be told what
# has changed.
NO_FLAG = ("modern",)

SCENARIOS = {
    "twice": carried(prepare(BY_ID), execute(BY_ID, 1), execute(BY_ID, 2, told=False),
                     execute(BY_ID, 3, told=False), "SELECT 1", execute(BY_ID, 1)),
    "no_parameters": carried(*both("SELECT COUNT(*) FROM t"), execute("SELECT COUNT(*) FROM t")),
    "types_change": carried(prepare("SELECT ?, ?"), execute("SELECT ?, ?", 1, "a"),
                            execute("SELECT ?, ?", "b", 2), execute("SELECT ?, ?", "c", 3, told=False),
                            execute("SELECT ?, ?", None, 4), execute("SELECT ?, ?", 1.5, "x", types=[DOUBLE, BLOB]),
                            execute("SELECT ?, ?", 2.5, "y", types=[DOUBLE, BLOB], told=False)),
    "types_never_told": Scenario(prepare("SELECT ?"), execute("SELECT ?", 1, told=False),
                                 execute("SELECT ?", 1), execute("SELECT ?", 2, told=False)),
    "same_text_twice": carried(prepare("SELECT ?"), prepare("SELECT ?"), execute(1, 1), execute(2, "a"),
                               execute(1, 2, told=False), execute(2, "b", told=False), close(1),
                               execute(2, "c", told=False), execute(1, 5)),
    "several": carried(*both("SELECT 1"), *both("SELECT 2"), *both("SELECT 3"), execute("SELECT 1"),
                       close("SELECT 2"), execute("SELECT 3"), execute("SELECT 2"), *both("SELECT 4")),
    "ids": Scenario(prepare("SELECT 1"), prepare("nonsense"), prepare("SELECT 2"), close(1),
                    prepare("SELECT 3"), "PREPARE s FROM 'SELECT 1'", prepare("SELECT 4"), "EXECUTE s",
                    prepare("SELECT 5"), bytes([COM_RESET_CONNECTION]), prepare("SELECT 6"), change_user,
                    prepare("SELECT 7")),
    "unknown": carried(execute(7), reset(7), fetch(7, 1), close(7), long_data(7, 0, b"x"), execute(0),
                       execute(LAST), "SELECT 1", reset(LAST), fetch(LAST, 2)),
    "unknown_leaves_an_error": carried(execute(7), "SHOW WARNINGS", "SELECT ROW_COUNT()", reset(8),
                                       "SELECT ROW_COUNT(), @@error_count", "SHOW ERRORS"),
    "malformed": carried(bytes([COM_STMT_EXECUTE, 1, 0]), prepare("SELECT ?"),
                         lambda w: w.command(struct.pack("<BIBI", COM_STMT_EXECUTE, 1, 0, 1)),
                         execute("SELECT ?", 1), "SELECT 1"),
    "closed": carried(*both("SELECT 1"), close("SELECT 1"), execute("SELECT 1"), close("SELECT 1"),
                      "SELECT 1"),
    "last": carried(prepare("SELECT 1"), execute(LAST), prepare("SELECT 2"), execute(LAST), execute(1),
                    execute(LAST), reset(LAST), prepare("nonsense"), execute(LAST), execute(1), prepare("SELECT 3"),
                    close(4), execute(LAST), prepare("SELECT 4"), close(LAST), execute(LAST), execute(1)),
    "last_pipelined": carried(
        pipelined(bytes([COM_STMT_PREPARE]) + b"SELECT ?", execute_packet(LAST, [5])),
        pipelined(bytes([COM_STMT_PREPARE]) + b"nonsense", execute_packet(LAST, [5])),
        pipelined(bytes([COM_STMT_PREPARE]) + b"SELECT 7", execute_packet(LAST),
                  struct.pack("<BI", COM_STMT_CLOSE, LAST), bytes([COM_PING]))),
    "reset_connection": Scenario(*both("SELECT 1"), bytes([COM_RESET_CONNECTION]), execute("SELECT 1"),
                                 *both("SELECT 1"), execute(1), change_user, execute(2),
                                 *both("SELECT 1")),
    "reset": carried(*both("SELECT ?", 1), reset("SELECT ?"), execute("SELECT ?", 2, told=False),
                     "SELECT ROW_COUNT()", reset("SELECT ?"), "SELECT ROW_COUNT()"),
    "parameters_300": carried(prepare(MANY), execute(MANY, *range(300)),
                              execute(MANY, *range(300), told=False)),
    "parameters_9000": carried(prepare(CROWD), execute(CROWD, *range(9000)),
                               execute(CROWD, None, *range(8999), told=False)),
    # --- data in pieces ---
    "long_data": pinned(prepare("SELECT SHA2(?, 256), ?"), long_data(1, 0, b"abc" * 1000), long_data(1, 0, b"def"),
                        long_data(1, 0, b""), execute(1, "", 5, long=[0]),
                        execute(1, "own", 6), execute(1, "own", 7, told=False)),
    "long_data_ends": carried(pipelined(bytes([COM_STMT_PREPARE]) + b"SELECT LENGTH(?)",
                                        struct.pack("<BIH", COM_STMT_SEND_LONG_DATA, 1, 0) + b"x" * 70000,
                                        struct.pack("<BIH", COM_STMT_SEND_LONG_DATA, 1, 0) + b"x" * 7,
                                        execute_packet(1, [""], long=[0])), "SELECT 1",
                              execute(1, "abc", told=False)),
    "long_data_reset": Scenario(prepare("SELECT ?"), long_data(1, 0, b"abc"), reset(1),
                                execute(1, "own"), "SELECT 1"),
    "long_data_closed": Scenario(prepare("SELECT ?"), prepare("SELECT ?"), long_data(1, 0, b"abc"), close(1),
                                 execute(2, "own"), "SELECT 1"),
    "long_data_bad_parameter": pinned(prepare("SELECT ?"), long_data(1, 9, b"abc"), execute(1, "own"),
                                      reset(1), execute(1, "own")),
    "long_data_of_16_MiB": pinned(
        prepare("SELECT LENGTH(?), SHA2(?, 256)"), long_data(1, 0, b"a" * (wire.FRAME_MAX + 10)),
        long_data(1, 1, b"b"), execute(1, "", "", long=[0, 1]), "SELECT 1"),
    # --- cursors ---
    "cursor": pinned(prepare(ALL), execute(ALL, flags=1), fetch(ALL, 1), fetch(ALL, 1), fetch(ALL, 5),
                     fetch(ALL, 1), execute(ALL), fetch(ALL, 1), "SELECT 1"),
    "cursor_ends": carried(pipelined(bytes([COM_STMT_PREPARE]) + ALL.encode(), execute_packet(1, flags=1),
                                     struct.pack("<BII", COM_STMT_FETCH, 1, 100)), "SELECT 1", execute(1),
                           fetch(1, 1), "SHOW WARNINGS"),
    "cursor_reset": Scenario(prepare(ALL), execute(ALL, flags=1), fetch(ALL, 1), reset(ALL), fetch(ALL, 1),
                             "SELECT 1", execute(ALL)),
    "cursor_closed": Scenario(prepare(ALL), prepare(ALL), execute(1, flags=1), fetch(1, 1), close(1),
                              "SELECT 1", execute(2)),
    "cursor_and_another": pinned(prepare(ALL), prepare(ALL), execute(1, flags=1), execute(2), fetch(1, 1),
                                 execute(2, flags=1), fetch(2, 2), fetch(1, 10), fetch(2, 10), "SELECT 1"),
    "cursor_of_nothing": Scenario(prepare("DO 1"), execute("DO 1", flags=1), "SELECT 1",
                                  *both("SELECT * FROM t WHERE id<0", flags=1),
                                  fetch("SELECT * FROM t WHERE id<0", 1), "SELECT 1"),
    "cursor_and_residue": pinned(prepare(ALL), "UPDATE t SET v=7", execute(ALL, flags=1),
                                 "SELECT ROW_COUNT(), FOUND_ROWS()", "UPDATE t SET v=8", fetch(ALL, 1),
                                 "SELECT ROW_COUNT(), FOUND_ROWS()", fetch(ALL, 100),
                                 "SELECT ROW_COUNT(), FOUND_ROWS()"),
    # --- bulk ---
    "bulk": carried(prepare("INSERT INTO t (v, s) VALUES (?, ?)"),
                    bulk(1, [LONGLONG, STRING], [(4, "four"), (None, "none"), (..., ...), (5, None)]),
                    "SELECT * FROM t", bulk(1, [LONGLONG, STRING], [(6, "six")], told=False),
                    "SELECT * FROM t", "SELECT LAST_INSERT_ID(), ROW_COUNT()"),
    "bulk_unknown": carried(bulk(7, [LONG], [(1,)]), "SELECT 1"),
    # --- the meaning that a text has when it is prepared ---
    "sql_mode_of_the_prepare": carried(
        "SET sql_mode='ANSI_QUOTES'", *both("SELECT \"id\" FROM t"), "SET sql_mode=''",
        execute("SELECT \"id\" FROM t"), "SELECT @@sql_mode", *both("SELECT \"id\" FROM t"),
        execute(1), execute(2), "SET sql_mode='PIPES_AS_CONCAT'", execute(1), "SELECT 'a'||'b', @@sql_mode"),
    "schema_of_the_prepare": carried(
        *both("SELECT DATABASE(), COUNT(*) FROM t"), "USE other", execute(1), "SELECT DATABASE()",
        *both("SELECT DATABASE(), COUNT(*) FROM t"), "USE test", execute(1), execute(2),
        "SELECT DATABASE()", clients=NO_FLAG),
    "no_schema_at_the_prepare": Scenario(
        *both("SELECT DATABASE()"), "USE test", execute(1), *both("SELECT DATABASE()"), execute(1),
        execute(2), "SELECT DATABASE()", schema=None, clients=NO_FLAG),
    "charset_of_the_prepare": carried(
        "SET NAMES latin1", lambda w: w.command(b"\x16SELECT HEX(CONVERT('\xe9' USING utf8mb4))"), execute(1),
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin", execute(1), prepare("SELECT 'a'='A'"), execute(2),
        "SET NAMES utf8mb4", execute(2), "SELECT 'a'='A'", execute(1)),
    "division_of_the_prepare": carried(*both("SELECT 1/3, WEEK('2008-02-20')"),
                                       "SET div_precision_increment=9, default_week_format=3", execute(1),
                                       *both("SELECT 1/3, WEEK('2008-02-20')"), "SELECT 1/3"),
    # --- what the server does to it meanwhile ---
    "altered": carried(prepare(ALL), execute(ALL), Other("ALTER TABLE t ADD COLUMN z INT"), execute(ALL),
                       execute(ALL), Other("ALTER TABLE t DROP COLUMN z, DROP COLUMN s"), execute(ALL),
                       "SELECT 1", execute(ALL)),
    "altered_but_not_its_columns": carried(prepare(BY_ID), execute(BY_ID, 1),
                                           Other("ALTER TABLE t MODIFY v BIGINT"),
                                           execute(BY_ID, 2, told=False), execute(BY_ID, 2, told=False)),
    "dropped": Scenario(prepare("SELECT * FROM d"), Other("DROP TABLE d"), execute(1), "SHOW WARNINGS",
                        Other("CREATE TABLE d (a INT, b INT)"), execute(1), execute(1), "SELECT 1"),
    # --- what it does to the session ---
    "set_user_variable": carried(*both("SET @a=?", 5), "SELECT @a", execute(1, "x"), "SELECT @a"),
    "set_sql_mode": carried(*both("SET sql_mode='ANSI_QUOTES'"), "SELECT \"id\" FROM t", "SELECT @@sql_mode"),
    "set_names": carried(*both("SET NAMES latin1 COLLATE latin1_german2_ci"),
                         "SELECT @@character_set_client, @@collation_connection", "SELECT 'a'"),
    "set_parameter": carried(*both("SET group_concat_max_len=?", 44), "SELECT @@group_concat_max_len"),
    "transaction": pinned(*both("START TRANSACTION"), *both("INSERT INTO t (v) VALUES (?)", 50),
                          *both("SELECT COUNT(*) FROM t"), *both("ROLLBACK"), execute(3), execute(2, 51),
                          "SELECT COUNT(*) FROM t"),
    "in_transaction": pinned(prepare(BY_ID), prepare("UPDATE t SET v=? WHERE id=1"), "BEGIN", execute(1, 1),
                             execute(2, 77), "SET sql_mode='ANSI_QUOTES'", execute(1, 1, told=False),
                             "USE other", execute(1, 1), execute(2, 78), "ROLLBACK", execute(1, 1),
                             "SELECT DATABASE(), @@sql_mode", clients=NO_FLAG),
    "call": carried(prepare("CALL p_out(?)"), execute(1, None, types=[LONGLONG]),
                   execute(1, None, types=[LONGLONG], told=False), "SELECT 1"),
    "call_with_results": Scenario(*both("CALL p_rows()"), execute(1), *both("CALL p_insert()"),
                                  "SELECT LAST_INSERT_ID() > 0"),
    "temporary_table": pinned(*both("CREATE TEMPORARY TABLE tt (a INT)"), *both("INSERT INTO tt VALUES (?)", 5),
                              *both("SELECT * FROM tt"), execute(3)),
    "temporary_shadow": pinned(*both(ALL), "CREATE TEMPORARY TABLE t (a INT)", execute(1), *both(ALL),
                               execute(1), "DROP TEMPORARY TABLE t", execute(1), execute(2)),
    "named_lock": pinned(*both("SELECT GET_LOCK('ps', 0)"), "SELECT IS_USED_LOCK('ps')=CONNECTION_ID()"),
    # --- what it leaves to be asked ---
    "last_insert_id": carried(*both("INSERT INTO t (v) VALUES (?)", 5), "SELECT LAST_INSERT_ID()",
                              execute(1, 6, told=False), *both("SELECT LAST_INSERT_ID()"), "SELECT 1",
                              execute(2)),
    "row_count": Scenario(*both("UPDATE t SET v=v+?", 1), "SELECT ROW_COUNT()", execute(1, 1, told=False),
                          *both("SELECT ROW_COUNT()"), execute(1, 2), close(1), "SELECT ROW_COUNT()"),
    "row_count_is_left": Scenario("UPDATE t SET v=v+1", prepare("SELECT ROW_COUNT()"), execute(1),
                                  "UPDATE t SET v=v+1", prepare("nonsense"), "SELECT ROW_COUNT()"),
    "found_rows": carried(*both(ALL), "SELECT FOUND_ROWS()", execute(1), *both("SELECT FOUND_ROWS()"),
                          *both("SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1"), execute(2)),
    "warnings": Scenario(*both("SELECT CAST('abc' AS SIGNED)"), "SHOW WARNINGS", execute(1),
                         *both("SHOW WARNINGS"), execute(1), *both("SELECT @@warning_count"),
                         execute(2)),
    "errors": Scenario(prepare("INSERT INTO t (id) VALUES (?)"), execute(1, 1), "SHOW ERRORS",
                       execute(1, 2, told=False), prepare("SHOW ERRORS"), execute(2), prepare("bad"),
                       "SHOW WARNINGS"),
    # --- sizes ---
    "large_values": carried(prepare(BIG), execute(BIG, 1, b"x" * 20000), execute(BIG, 2, b"y" * 100000, told=False),
                            "SELECT id, LENGTH(b), SHA2(b, 256) FROM big"),
    "values_of_16_MiB": Scenario(prepare(BIG), execute(BIG, 1, b"x" * (wire.FRAME_MAX + 5)),
                                 execute(BIG, 2, b"y" * (wire.FRAME_MAX - 40), told=False),
                                 execute(BIG, 3, b"z" * (2 * wire.FRAME_MAX), told=False),
                                 "SELECT id, LENGTH(b), SHA2(b, 256) FROM big"),
    "long_text": Scenario(*both("SELECT LENGTH('" + "x" * 100000 + "')"), "SELECT 1", execute(1)),
    "text_of_2_MiB": pinned(prepare("SELECT LENGTH('" + "x" * (2 << 20) + "'), ?"), execute(1, 1),
                            execute(1, 2, told=False), "SELECT 1", close(1), "SELECT 1"),
    "kill": carried(*both("KILL ?", 12345678), *both("KILL QUERY 12345678"), "SELECT 1"),
}

if wire.MYSQL:
    mysql_statements.adapt(SCENARIOS)


@pytest.fixture(scope="module")
def server(server):
    """MariaDB reuses what it knows of a thread, the counter of statements included: ids of a new
    connection begin with 1 only when it does not."""
    one = processes.new_server("--max-connections=200", "--thread-cache-size=0")
    try:
        yield one.start().prepare()
    finally:
        one.destroy()


@pytest.fixture(scope="module")
def module_weir(request, server):
    yield from _factory(request, server)


@pytest.fixture
def direct(server):
    with wire.connect(server.address, schema="test") as one:
        yield one


@pytest.fixture(scope="module")
def root(server, family):
    with server.root(schema="test") as one:
        adversary.set_up(one)
        for statement in TABLES + ROUTINES:
            if family == "mariadb" or "SEQUENCE" not in statement:
                one.query(statement)
        one.query("CREATE OR REPLACE TABLE other.t (o INT)")
        one.query("CREATE OR REPLACE PROCEDURE test.p_rows() BEGIN SELECT id FROM t LIMIT 2; SELECT 'x'; END")
        yield one


@pytest.fixture(scope="module")
def one_link(module_weir):
    return module_weir(pool_max_size=1, server_max_connections=1, pool_wait_timeout="20s")


@pytest.fixture(scope="module")
def switching(module_weir):
    return module_weir(pool_max_size=2, server_max_connections=3, debug_link_switching="on")


def capabilities_of(name, client):
    capabilities = KINDS[client][0]
    if name.startswith("bulk"):
        capabilities = capabilities & ~wire.LONG_PASSWORD | wire.MARIADB_STMT_BULK
    return capabilities


def set_up(root, name):
    if name == "dropped":
        root.query("CREATE OR REPLACE TABLE test.d (a INT)")
    if name in ("large_values", "values_of_16_MiB"):
        root.query("CREATE OR REPLACE TABLE test.big (id INT, b LONGBLOB)")


@pytest.mark.parametrize("name,client", parameters(SCENARIOS))
def test_shared_link(server, one_link, root, direct, name, client):
    scenario = SCENARIOS[name]
    capabilities = capabilities_of(name, client)
    set_up(root, name)
    theirs = run(server.address, scenario, capabilities, root, direct)
    set_up(root, name)
    enemy = adversary.Adversary(one_link.address, *KINDS[client])
    patience = PATIENCE_S if scenario.shared else PINNED_S

    def between():
        enemy.take_the_link(0.005 if enemy.blocked else patience)

    ours = run(one_link.address, scenario, capabilities, root, direct, enemy, between)
    blocked = enemy.blocked
    enemy.finish()
    compare(scenario, theirs, ours)
    assert not (scenario.shared and blocked), "the other client had to wait for nothing"
    assert blocked or not scenario.pinned, "the other client got a link that was not free"


@pytest.mark.parametrize("name", [name for name, s in SCENARIOS.items() if not s.known])
def test_every_link_is_another(server, switching, root, direct, name):
    scenario = SCENARIOS[name]
    capabilities = capabilities_of(name, "modern")
    set_up(root, name)
    theirs = run(server.address, scenario, capabilities, root, direct)
    set_up(root, name)
    ours = run(switching.address, scenario, capabilities, root, direct)
    compare(scenario, theirs, ours)


# -------- room on the server --------

def prepared_on(server):
    return int(server.query("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")[0][1])


def ask(w, sql, *values, **more):
    """Executes a prepared statement of the wire's; the rows as bytes."""
    w.command(execute_packet(w.known[sql], values, **more))
    if w.error:
        raise w.error
    return w.rows


@pytest.fixture
def small_server(server):
    def allow(count):
        server.query(f"SET GLOBAL max_prepared_stmt_count={count}")
    yield allow
    allow(16382)


@pytest.mark.unswitched("every reset takes what a link has prepared")
def test_a_link_keeps_what_was_used_last(server, weir):
    one = weir(pool_max_size=1, server_max_prepared_statements_per_link=5)
    before = prepared_on(server)
    with one.connect(schema="test") as w:
        texts = [f"SELECT {n}, ?" for n in range(20)]
        for sql in texts:
            prepare(sql)(w)
        assert prepared_on(server) - before <= 6
        for _ in range(2):
            for number, sql in enumerate(texts):
                assert b"%d" % number in ask(w, sql, f"{number}")[0]
        assert prepared_on(server) - before <= 6
        assert one.counters()["Weir_statements_prepared_again"] >= 20
        again = one.counters()["Weir_statements_prepared_again"]
        for _ in range(10):
            ask(w, texts[0], "x")
        assert one.counters()["Weir_statements_prepared_again"] <= again + 1


def test_clients_share_what_a_link_has_prepared(server, weir):
    one = weir(pool_max_size=2)
    before = prepared_on(server)
    clients = [one.connect(schema="test") for _ in range(30)]
    for w in clients:
        prepare("SELECT ?")(w)
        prepare("SELECT ?, 2")(w)
    for turn in range(5):
        for number, w in enumerate(clients):
            assert b"%d/%d" % (turn, number) in ask(w, "SELECT ?", f"{turn}/{number}")[0]
            ask(w, "SELECT ?, 2", number)
    assert prepared_on(server) - before <= 2 * 2, "one of each text on each link"
    assert len(one.links()) <= 2
    for w in clients:
        w.quit()


def test_types_are_each_clients_own(weir):
    """Two clients with other types for one statement on one link, told once."""
    one = weir(pool_max_size=1)
    with one.connect(schema="test") as a, one.connect(schema="test") as b:
        for w in (a, b):
            prepare("SELECT HEX(?)")(w)
        assert ask(a, "SELECT HEX(?)", 255)[0].endswith(b"FF")
        assert ask(b, "SELECT HEX(?)", "ab")[0].endswith(b"6162")
        for _ in range(3):
            assert ask(a, "SELECT HEX(?)", 254, told=False)[0].endswith(b"FE")
            assert ask(b, "SELECT HEX(?)", "cd", told=False)[0].endswith(b"6364")


@pytest.mark.unswitched("every reset takes what a link has prepared")
def test_sessions_that_differ_do_not_cost_the_statements(weir):
    """What another client has set is given back without a reset, which would lose what is prepared."""
    one = weir(pool_max_size=1)
    with one.connect(schema="test") as a, one.connect(schema="test") as b:
        a.query("SET sql_safe_updates=1, lock_wait_timeout=77, autocommit=0, time_zone='+03:00'")
        b.query("SET innodb_lock_wait_timeout=33, lock_wait_timeout=78")
        for w in (a, b):
            prepare("SELECT @@lock_wait_timeout, @@autocommit")(w)
        before = one.counters()
        for _ in range(10):
            assert ask(a, "SELECT @@lock_wait_timeout, @@autocommit")[0][2:10] == struct.pack("<Q", 77)
            assert ask(b, "SELECT @@lock_wait_timeout, @@autocommit")[0][2:10] == struct.pack("<Q", 78)
        after = one.counters()
        assert after["Weir_resets"] == before["Weir_resets"]
        assert after["Weir_link_handovers"] - before["Weir_link_handovers"] >= 19
        # Once more in either mode: a time zone counts as part of what a text means.
        assert after["Weir_statements_prepared_again"] - before["Weir_statements_prepared_again"] <= 2


def test_1461_makes_room_and_tries_again(server, small_server, weir):
    one = weir(pool_max_size=1, server_max_prepared_statements_per_link=1000)
    with one.connect(schema="test") as w:
        room = prepared_on(server) + 10 if w.query("SELECT 1") else 0  # others' are there, too
        small_server(room)
        texts = [f"SELECT {n}, ?" for n in range(40)]
        for sql in texts:
            prepare(sql)(w)
            assert w.error is None
        for number, sql in enumerate(texts):
            assert b"%d" % number in ask(w, sql, f"{number}")[0]
        assert prepared_on(server) <= room
        small_server(0)
        prepare("SELECT 'no room'")(w)
        assert w.error.code == 1461 and w.error.text.endswith("(current value: 0)")
        w.command(execute_packet(w.known[texts[3]], ["x"]))
        assert w.error.code == 1461
        assert w.query("SELECT 1") == [[b"1"]]
        small_server(prepared_on(server) + 3)
        assert b"x" in ask(w, texts[3], "x")[0]


def test_a_share_of_the_servers_room(server, small_server, weir):
    small_server(100)
    one = weir(pool_max_size=5, server_max_connections=15)
    before = prepared_on(server)
    with one.connect(schema="test") as w:
        for number in range(50):
            prepare(f"SELECT {number}")(w)
        assert prepared_on(server) - before <= 100 * 3 // 4 // 15 + 1


def test_a_client_has_a_limit(weir):
    one = weir(max_prepared_statements_per_client=3)
    with one.connect(schema="test") as w:
        for number in range(5):
            prepare(f"SELECT {number}")(w)
            assert (w.error is None) == (number < 3)
        assert w.error.code == 1461 and w.error.text.endswith("(current value: 3)")
        assert w.query("SHOW WARNINGS")[0][1] == b"1461"
        close("SELECT 1")(w)
        prepare("SELECT 7")(w)
        assert w.error is None and w.statement == 6


def test_closing_tells_the_server_only_of_what_is_open(server, weir):
    one = weir(pool_max_size=1)
    server.query("CREATE OR REPLACE TABLE test.cl (a INT)")
    before = prepared_on(server)
    with one.connect(schema="test") as w:
        for _ in range(200):
            prepare("SELECT * FROM cl WHERE a=?")(w)
            ask(w, "SELECT * FROM cl WHERE a=?", 1)
            close("SELECT * FROM cl WHERE a=?")(w)
        assert prepared_on(server) - before <= 2


def test_a_client_that_leaves_with_a_cursor(server, weir):
    server.query("CREATE OR REPLACE TABLE test.cu (a INT)")
    server.query("INSERT INTO test.cu VALUES (1), (2)")
    one = weir(pool_max_size=1)
    for _ in range(3):
        with one.connect(schema="test") as w:
            prepare("SELECT * FROM cu")(w)
            w.command(execute_packet(1, flags=1))
            assert w.status & wire.CURSOR_EXISTS
            long_data_packet = struct.pack("<BIH", COM_STMT_SEND_LONG_DATA, 1, 0) + b"x"
            w.send(long_data_packet)
    with one.connect(schema="test") as w:
        prepare("SELECT * FROM cu")(w)
        assert len(ask(w, "SELECT * FROM cu")) == 2
        assert w.query("SELECT COUNT(*) FROM cu") == [[b"2"]]


@pytest.mark.mariadb
@pytest.mark.parametrize("verb", ["KILL ?", "KILL CONNECTION ?", "KILL QUERY ?"])
def test_kill_by_a_parameter(server, weir, verb):
    one = weir()
    with one.connect(schema="test") as killer, one.connect(schema="test") as victim:
        number = victim.greeting.thread_id
        server.run(victim, "SELECT SLEEP(20)")
        prepare(verb)(killer)
        killer.command(execute_packet(1, [number]))
        assert killer.error is None
        if "QUERY" in verb:
            victim.read_reply(COM_QUERY)
            assert victim.error is not None or victim.rows
            assert victim.query("SELECT 1") == [[b"1"]]
        else:
            with pytest.raises((wire.Closed, ConnectionError)):
                victim.read_reply(COM_QUERY)


def test_ids_of_ten_thousand(weir):
    """The table of a client grows and shrinks."""
    one = weir(pool_max_size=1)
    with one.connect(schema="test") as w:
        w.keep = False
        for start in range(0, 2000, 100):
            packets = [bytes([COM_STMT_PREPARE]) + b"SELECT %d" % n for n in range(start, start + 100)]
            w.send_bytes(b"".join(wire.frames(p) for p in packets))
            for p in packets:
                w.read_reply(p[0])
                assert w.error is None
        assert w.statement == 2000
        for n in (1, 77, 1999, 2000):
            w.command(execute_packet(n))
            assert w.error is None
        for n in range(1, 2001):
            w.send(struct.pack("<BI", COM_STMT_CLOSE, n))
        w.command(execute_packet(77))
        assert w.error.code == 1243
