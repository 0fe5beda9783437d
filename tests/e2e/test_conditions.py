# SPDX-License-Identifier: Apache-2.0
"""Warnings, notes and errors that no SIGNAL can make again (docs/decisions/0011): a client with some of
them does not keep its link, and is told them all the same, byte for byte as the server would."""

import struct

import pytest

import adversary
import test_session_state as sessions
import wire
from scenario import Scenario, carried
from wire import BASIC, COM_PING, COM_STMT_EXECUTE

root = sessions.root  # fixtures
one_link = sessions.one_link

TWO = "SELECT CAST('abc' AS SIGNED), CAST('xyz' AS SIGNED)"
MESSAGE = "GET DIAGNOSTICS CONDITION {} @m=MESSAGE_TEXT, @e=MYSQL_ERRNO, @s=RETURNED_SQLSTATE"
WORDS = "SELECT @m, @e, @s"

ROUTINES = [
    "CREATE OR REPLACE PROCEDURE test.p_counts() BEGIN DECLARE n INT; GET DIAGNOSTICS n=NUMBER; "
    "SELECT n, @@warning_count, @@error_count; END",
    "CREATE OR REPLACE PROCEDURE test.p_handled() BEGIN DECLARE m TEXT; DECLARE EXIT HANDLER FOR SQLEXCEPTION "
    "BEGIN GET DIAGNOSTICS CONDITION 1 m=MESSAGE_TEXT; SELECT m; END; INSERT INTO nosuch VALUES (1); END",
    "CREATE OR REPLACE PROCEDURE test.p_quiet() BEGIN DECLARE x INT; SET x=1; END",
    "CREATE OR REPLACE FUNCTION test.f_quiet() RETURNS INT RETURN 1",
]


def show(w):
    """SHOW WARNINGS as a prepared statement."""
    raw = w.prepare("SHOW WARNINGS")
    return raw[9:] if not w.error else raw


def execute(w):
    return w.command(w.execute_packet()) if w.prepared else b""


SCENARIOS = {
    "drop_tables": carried("DROP TABLE IF EXISTS nosuch1, nosuch2", "SHOW WARNINGS", "SHOW WARNINGS",
                           "SHOW COUNT(*) WARNINGS", "SELECT @@warning_count, @@error_count",
                           "SHOW WARNINGS", "SELECT COUNT(*) FROM t", "SHOW WARNINGS"),
    "create_table": carried("CREATE TABLE IF NOT EXISTS t (id INT)", "SHOW WARNINGS", "SELECT ROW_COUNT()",
                            "CREATE TABLE IF NOT EXISTS t (id INT)", bytes([COM_PING]), "SHOW WARNINGS"),
    "database": Scenario("CREATE DATABASE IF NOT EXISTS other", "SHOW WARNINGS LIMIT 1",
                        "DROP DATABASE IF EXISTS nosuch_at_all", "SHOW ERRORS", "SHOW WARNINGS"),
    "routine": carried("DROP PROCEDURE IF EXISTS nosuch", "SHOW WARNINGS", "DROP TRIGGER IF EXISTS nosuch",
                       "SHOW WARNINGS"),
    "limits": carried(TWO, "SHOW WARNINGS LIMIT 1", "SHOW WARNINGS LIMIT 1,1", "SHOW WARNINGS LIMIT 5 OFFSET 1",
                      "show /* which */ warnings limit 0;", "SHOW WARNINGS LIMIT 2,9", "SHOW ERRORS LIMIT 1",
                      "SHOW WARNINGS"),
    "kept": carried(TWO, "SELECT 1", "SHOW WARNINGS", "SET @x=1", "SHOW WARNINGS", "USE test", "DO 1",
                    "SHOW COUNT(*) WARNINGS", "COMMIT", "SHOW WARNINGS",
                    "SELECT (SELECT 1) UNION SELECT 2", "SHOW WARNINGS"),
    "kept_by_code": carried(TWO, "CALL p_quiet()", "SHOW WARNINGS", TWO, "SELECT f_quiet()", "SHOW WARNINGS",
                            TWO, "CALL p_handled()", "SHOW WARNINGS"),
    "counted_by_code": carried(TWO, "CALL p_counts()", "SHOW WARNINGS"),
    "in_transaction": Scenario("BEGIN", TWO, "SHOW WARNINGS", "SELECT 1", "SHOW WARNINGS", "COMMIT",
                               "SHOW WARNINGS"),
    "transaction_with_kept": Scenario("DROP TABLE IF EXISTS nosuch1, nosuch2", "BEGIN", "SELECT 1",
                                      "SHOW WARNINGS", "SELECT * FROM t", "SHOW WARNINGS", "COMMIT"),
    "replaced": carried(TWO, "SELECT CAST('new' AS SIGNED)", "SHOW WARNINGS", TWO, "SELECT * FROM nosuch",
                        "SHOW WARNINGS", TWO, "DROP TABLE IF EXISTS nosuch3", "SHOW WARNINGS"),
    "insert": Scenario("SET sql_mode=''", "INSERT INTO t (v) VALUES ('a'),('b'),('c')", "SHOW WARNINGS LIMIT 2",
                      "SHOW COUNT(*) WARNINGS", "SHOW WARNINGS"),
    "error_behind_warnings": carried("INSERT INTO t (v) VALUES ('1 '),(2),('x')", "SHOW WARNINGS",
                                     "SHOW ERRORS", "SELECT @@error_count, @@warning_count", "SHOW WARNINGS"),
    "explain": carried("EXPLAIN SELECT v FROM t WHERE s='x'", "SHOW WARNINGS", "SELECT 2", "SHOW WARNINGS"),
    "not_ascii": carried("SELECT CAST('é' AS SIGNED)", "SHOW WARNINGS", "SELECT 'é' FROM nosuch_é",
                         "SHOW ERRORS", "SELECT 1", "SHOW WARNINGS"),
    "character_set": carried(TWO, "SET NAMES latin1", "SHOW WARNINGS", "SET NAMES utf8mb4", "SHOW WARNINGS"),
    "get_number": carried(TWO, "GET DIAGNOSTICS @n=NUMBER, @r=ROW_COUNT", "SELECT @n, @r"),
    "get_condition": carried("DROP TABLE IF EXISTS nosuch1, nosuch2", MESSAGE.format(1), "SHOW WARNINGS",
                             WORDS, TWO, MESSAGE.format(2), "SHOW COUNT(*) WARNINGS", WORDS),
    "get_of_one": carried("SELECT CAST('abc' AS SIGNED)", MESSAGE.format(1), "SHOW WARNINGS", WORDS,
                          "SELECT * FROM nosuch", MESSAGE.format(1), "SHOW WARNINGS", WORDS),
    "get_too_many": carried(TWO, MESSAGE.format(3), "SHOW WARNINGS", MESSAGE.format(3), "SHOW WARNINGS",
                            "SHOW COUNT(*) WARNINGS", WORDS),
    "get_nonsense": carried(TWO, "GET DIAGNOSTICS CONDITION 1 @m=NOSUCH_ITEM", "SHOW WARNINGS"),
    "few_errors": Scenario("SET max_error_count=2", TWO, "SHOW WARNINGS", "SELECT 1", "SHOW WARNINGS",
                           "SET max_error_count=1", "SHOW WARNINGS", TWO, "SHOW WARNINGS",
                           "SHOW COUNT(*) WARNINGS"),
    "prepared": Scenario(show, TWO, execute, "SELECT 1", execute, "SHOW WARNINGS"),
    "text_prepared": Scenario("PREPARE s FROM 'SHOW WARNINGS'", TWO, "EXECUTE s", "SHOW WARNINGS",
                              "EXECUTE s"),
    "counts_in_statements": carried(TWO, "SELECT @@warning_count + 1, @@session.error_count",
                                    TWO, "SHOW SESSION VARIABLES LIKE 'warning_count'"),
    "found_rows": carried("SELECT * FROM t", TWO, "SELECT * FROM t", "DROP TABLE IF EXISTS nosuch1, nosuch2",
                          "SHOW WARNINGS", "SELECT FOUND_ROWS()", "SELECT * FROM t", "SHOW COUNT(*) WARNINGS",
                          "SELECT FOUND_ROWS()"),
    "row_count": carried("UPDATE t SET v=v+1 WHERE id=1", "DROP TABLE IF EXISTS nosuch1, nosuch2",
                         "SELECT ROW_COUNT()", TWO, "SHOW WARNINGS", "SELECT ROW_COUNT(), FOUND_ROWS()"),
}


@pytest.fixture(scope="module")
def code(root):
    for statement in ROUTINES:
        root.query(statement)


def parameters():
    return [pytest.param(name, kind, id=f"{name}-{kind}") for name in SCENARIOS for kind in sessions.KINDS]


@pytest.mark.parametrize("name,kind", parameters())
def test_same_bytes(server, one_link, root, code, direct, name, kind):
    scenario = SCENARIOS[name]
    capabilities, work = sessions.KINDS[kind]
    theirs = sessions.run(server.address, scenario, capabilities, root, direct)
    enemy = adversary.Adversary(one_link.address, capabilities, work)
    patience = sessions.PATIENCE_S if scenario.shared else sessions.PINNED_S

    def between():
        enemy.take_the_link(0.005 if enemy.blocked else patience)

    ours = sessions.run(one_link.address, scenario, capabilities, root, direct, enemy, between)
    enemy.finish()
    sessions.compare(scenario, theirs, ours)
    if scenario.shared:
        assert enemy.blocked == 0, "the client kept its link"


def test_no_pin(server, weir):
    """One link for two: the one who has notes goes idle, the other one works at once."""
    notes = "DROP TABLE IF EXISTS missing1, missing2"
    with wire.connect(server.address, schema="test") as direct:
        direct.query(notes)
        theirs = [direct.command(wire.q(sql)) for sql in ("SHOW WARNINGS", "SHOW COUNT(*) WARNINGS")]
    one = weir(pool_max_size=1, pool_wait_timeout="20s")
    with one.connect(schema="test") as a, one.connect(schema="test") as b:
        a.query(notes)
        assert b.value("SELECT 7") == "7"
        ours = [a.command(wire.q(sql)) for sql in ("SHOW WARNINGS", "SHOW COUNT(*) WARNINGS")]
        assert b.value("SELECT 8") == "8"
    assert [wire.normal(raw) for raw in ours] == [wire.normal(raw) for raw in theirs]
    assert one.counters()["Weir_pins"] == 0


def test_what_only_a_server_could_tell_is_refused(weir):
    """Several conditions, asked for in the middle of a request: an error, never another's conditions."""
    one = weir(pool_max_size=1, pool_wait_timeout="20s")
    with one.connect(schema="test", capabilities=BASIC | wire.MULTI_STATEMENTS) as a, \
            one.connect(schema="test") as b:
        a.query(TWO)
        b.query("SELECT 1")
        a.command(wire.q("SHOW WARNINGS; SELECT 1"))
        assert a.error.code == 1105 and "sent alone" in a.error.text
        assert a.query("SHOW WARNINGS")[0][1] == b"1105"
        assert a.value("SELECT 5") == "5"
        a.query(TWO)
        b.query("SELECT 1")
        a.query("USE test")  # others stand in there
        a.command(wire.q("SHOW WARNINGS; SELECT 1"))
        assert (a.error is None) == wire.MYSQL
        assert b.value("SELECT 6") == "6"


def test_an_sqlstate_that_no_warning_can_be_given_is_refused(weir):
    """A single warning whose SQLSTATE only an error can have again: all but that is told to anybody."""
    asks = MESSAGE.format(1)
    one = weir(pool_max_size=1, pool_wait_timeout="20s")
    with one.connect(schema="test", capabilities=BASIC | wire.MULTI_STATEMENTS) as a, \
            one.connect(schema="test") as b:
        for sql in (asks + "; SELECT 1", "SHOW WARNINGS; SELECT 1", asks):
            a.query("SELECT 1/0")
            b.query("SELECT 1")
            a.command(wire.q(sql))
            assert (a.error is not None) == (sql == asks + "; SELECT 1")
            assert a.error is None or (a.error.code == 1105 and "sent alone" in a.error.text)
        assert a.query(WORDS)[0][1:] == [b"1365", b"22012"]
    assert one.counters()["Weir_pins"] == 0


def test_code_that_asks_for_conditions_pins(server, weir):
    """Who could be asked by stored code keeps the link as long as it has several conditions."""
    server.query("CREATE DATABASE IF NOT EXISTS asking")
    server.query("CREATE OR REPLACE PROCEDURE asking.p_asks() "
                 "BEGIN DECLARE m TEXT; GET DIAGNOSTICS CONDITION 2 m=MESSAGE_TEXT; SELECT m; END")
    try:
        one = weir(pool_max_size=1, pool_wait_timeout="20s")
        with one.connect(schema="test") as a, one.connect(schema="test") as b:
            a.query(TWO)
            b.send(wire.q("SELECT 1"))
            assert not b.readable(0.2)
            if wire.MYSQL:
                a.query("DO 1")
            else:
                assert "xyz" in a.value("CALL asking.p_asks()")
                a.query("SELECT COUNT(*) FROM information_schema.schemata")
            b.read_reply(wire.COM_QUERY)
            assert b.error is None
    finally:
        server.query("DROP DATABASE asking")
