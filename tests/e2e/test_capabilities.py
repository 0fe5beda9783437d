# SPDX-License-Identifier: Apache-2.0
"""What clients and Weir agree on, and what follows from it: byte for byte as direct, while the link is
shared with, and soiled by, others that agreed on something else."""

import struct

import pytest

import processes
import wire
from wire import BASIC, com, q

IGNORE_SPACE = 1 << 8
NO_FILES = BASIC & ~wire.LOCAL_FILES
MODERN = wire.SESSION_TRACK | wire.DEPRECATE_EOF

CLIENTS = {
    "basic": BASIC,
    "ignore_space": BASIC | IGNORE_SPACE,
    "interactive": BASIC | wire.INTERACTIVE,
    "both": BASIC | IGNORE_SPACE | wire.INTERACTIVE | MODERN,
    "no_files": NO_FILES,
    "no_files_modern": NO_FILES | MODERN,
    "no_results": BASIC & ~(wire.MULTI_STATEMENTS | wire.MULTI_RESULTS | wire.PS_MULTI_RESULTS),
    "found_rows": BASIC | wire.FOUND_ROWS,
}

SHOWN = q("SELECT @@sql_mode, @@wait_timeout, @@interactive_timeout, @@collation_connection, "
          "@@character_set_client, @@character_set_results")
LOAD = "LOAD DATA LOCAL INFILE 'some.file' INTO TABLE {}"


@pytest.fixture(scope="module", params=["", "STRICT_ALL_TABLES,ANSI_QUOTES"])
def odd_server(request, own_server):
    """One whose interactive sessions wait longer, with this sql_mode; and the table t in it."""
    own_server.query("SET GLOBAL interactive_timeout=12345")
    own_server.query(f"SET GLOBAL sql_mode='{request.param}'")
    own_server.query("CREATE OR REPLACE TABLE test.t (id INT PRIMARY KEY)")
    own_server.query("INSERT INTO test.t VALUES (1), (2)")
    own_server.query("CREATE OR REPLACE PROCEDURE test.p() SELECT 1")
    return own_server


@pytest.fixture(scope="module", params=["restful", "switching"])
def one(request, odd_server):
    """The same for all tests with the same sql_mode."""
    started = processes.Weir(odd_server, debug_link_switching=int(request.param == "switching"),
                             pool_max_size=2, server_max_connections=8)
    try:
        yield started.start()
        started.stop()
    finally:
        started.destroy()


def same(odd_server, one, capabilities, steps, **login):
    """Runs the steps on both; functions take the connection, bytes are commands."""
    connections = [wire.connect(address, schema="test", capabilities=capabilities, **login)
                   for address in (odd_server.address, one.address)]
    with connections[0] as direct, connections[1] as through:
        for number, step in enumerate(steps):
            replies = []
            for w in (direct, through):
                try:
                    replies.append(step(w) if callable(step) else w.command(step))
                except wire.Closed:
                    replies.append(b"closed")
            if wire.normal(replies[0]) != wire.normal(replies[1]):
                pytest.fail(f"step {number} {step!r}: {wire.describe_difference(*replies)}", pytrace=False)
            if b"closed" in replies:
                return


def changed_user(w):
    w.take()
    w.change_user("app", "secret", "test")
    raw = w.take()
    return raw[:27] + raw[48:] if raw[4:5] == b"\xfe" else raw


@pytest.mark.parametrize("client", CLIENTS)
def test_effects_of_the_login(odd_server, one, client):
    steps = [SHOWN, q("SELECT COUNT (*) FROM t"), q("SELECT id FROM t WHERE id > 0"), SHOWN,
             com(wire.COM_RESET_CONNECTION), SHOWN, changed_user, SHOWN, q("SET sql_mode='ANSI'"), SHOWN,
             q("SET wait_timeout=77"), SHOWN, q("SET sql_mode=DEFAULT, wait_timeout=DEFAULT"), SHOWN,
             com(wire.COM_RESET_CONNECTION), SHOWN, q("CALL p()"), q("UPDATE t SET id=id"), SHOWN]
    same(odd_server, one, CLIENTS[client], steps)


@pytest.mark.parametrize("collation", [0, 8, 33, 45, 63, 192, 224, 255])
def test_collation_of_the_login(odd_server, one, collation):
    steps = [SHOWN, com(wire.COM_RESET_CONNECTION), SHOWN]
    # After a reset of a login that named no collation that it knows, MariaDB has whatever the thread
    # had for the client before.
    same(odd_server, one, BASIC, steps[:1] if collation in (0, 255) else steps, collation=collation)


def binary(sql):
    def step(w):
        raw = w.prepare(sql)
        return raw if w.error else raw[:5] + raw[9:] + w.command(w.execute_packet())
    step.__qualname__ = sql
    return step


DISABLED = 3948 if wire.MYSQL else 4166
AFTER = [q("SHOW WARNINGS"), q("SELECT ROW_COUNT()"), q("SELECT COUNT(*) FROM t")]


@pytest.mark.parametrize("client", ["basic", "no_files", "no_files_modern"])
@pytest.mark.parametrize("steps", [
    [q(LOAD.format("t"))], [q(LOAD.format("nothing"))], [q(LOAD.format("t") + " nonsense")],
    [q("LOAD XML LOCAL INFILE 'x' INTO TABLE t")], [q("LOAD DATA INFILE '/nothing' INTO TABLE t")],
    [q("/* x */ load data low_priority local infile 'x' into table t")],
    [q("LOAD DATA /*!40000 LOCAL */ INFILE 'x' INTO TABLE t")],
    [q("SET STATEMENT max_statement_time=9 FOR " + LOAD.format("t"))],
    [q("BEGIN"), q(LOAD.format("t")), q("COMMIT")],
    [q("SET autocommit=0"), q(LOAD.format("t")), q("ROLLBACK")],
    [q("CREATE TEMPORARY TABLE mine (id INT)"), q(LOAD.format("t")), q("SELECT * FROM mine")],
    [q("PREPARE s FROM \"" + LOAD.format("t") + '"')],
    [q("SET @s=0x" + LOAD.format("t").encode().hex()), q("PREPARE s FROM @s"), q("EXECUTE s"), *AFTER,
     q("EXECUTE s")],
    [q("SET @s=0x" + LOAD.format("t").encode().hex()), q("EXECUTE IMMEDIATE @s")],
    [binary(LOAD.format("t"))], [binary(LOAD.format("nothing"))],
    [q(LOAD.format("t")), q("SELECT 1"), q(LOAD.format("t"))],
], ids=lambda steps: " ".join(getattr(s, "__qualname__", repr(s)) for s in steps)[:60])
def test_local_files(odd_server, one, client, steps):
    """A client that did not agree to it hears the server's error, and nothing happens."""
    same(odd_server, one, CLIENTS[client], [*steps, *AFTER])


@pytest.mark.parametrize("text", [
    "SELECT 1; {load}; INSERT INTO t VALUES (77)",
    pytest.param("SELECT 1; EXECUTE s; INSERT INTO t VALUES (77)", marks=pytest.mark.mariadb),
    pytest.param("EXECUTE s; INSERT INTO t VALUES (77)", marks=pytest.mark.mariadb)])
def test_local_files_among_other_statements(odd_server, one, text):
    """What stands behind the refused statement does not run."""
    with one.connect(schema="test", capabilities=NO_FILES) as w:
        if not wire.MYSQL:  # which prepares no LOAD DATA
            w.query("SET @s=0x" + LOAD.format("t").encode().hex())
            w.query("PREPARE s FROM @s")
        w.command(q(text.format(load=LOAD.format("t"))))
        assert w.error.code == DISABLED
    assert odd_server.query("SELECT COUNT(*) FROM test.t") == [[b"2"]]
    with one.connect(schema="test") as w:
        assert w.query("SELECT 1") == [[b"1"]]


def test_those_who_agreed_still_may(odd_server, one):
    """Both kinds of clients on one server, turn and turn about."""
    with one.connect(schema="test") as rich, one.connect(schema="test", capabilities=NO_FILES) as poor:
        rich.query("CREATE OR REPLACE TABLE loaded (id INT)")
        rich.local_files["some.file"] = b"1\n2\n3\n"
        for n in range(1, 4):
            poor.command(q(LOAD.format("loaded")))
            assert poor.error.code == DISABLED
            rich.query(LOAD.format("loaded"))
            assert poor.query("SELECT COUNT(*) FROM loaded") == [[b"%d" % (3 * n)]]
        rich.query("DROP TABLE loaded")


def test_clients_that_differ_share_links(odd_server, weir):
    """IGNORE_SPACE, INTERACTIVE and LOCAL_FILES are no reason for another link."""
    one = weir(of=odd_server, pool_max_size=1, server_max_connections=3)
    clients = [one.connect(capabilities=CLIENTS[name]) for name in
               ("basic", "ignore_space", "interactive", "no_files")]
    for _ in range(3):
        for w in clients:
            w.query("SELECT 1")
    assert len(one.links()) == 1
    for w in clients:
        w.close()


def test_bulk_needs_the_capability(odd_server, one):
    """COM_STMT_BULK_EXECUTE without MARIADB_STMT_BULK: 1295, as the server says it."""
    def bulk(w):
        w.prepare("DO ?")
        return w.command(struct.pack("<BIH", wire.COM_STMT_BULK_EXECUTE, w.statement, 128) + b"\x08\0\0"
                         + struct.pack("<q", 5))
    for capabilities in (BASIC, (BASIC & ~wire.LONG_PASSWORD) | wire.MARIADB_STMT_BULK):
        same(odd_server, one, capabilities, [bulk, *AFTER])
