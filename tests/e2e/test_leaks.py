# SPDX-License-Identifier: Apache-2.0
"""Clients that hold a link and do nothing with it: reported once, and treated as leak_action says."""

import pytest

import wire
from processes import wait_until

ER_LOCK_DEADLOCK = 1213


@pytest.fixture(scope="module", autouse=True)
def table(server):
    server.query("CREATE OR REPLACE TABLE test.leaks (id INT PRIMARY KEY) ENGINE=InnoDB")
    yield
    server.query("DROP TABLE test.leaks")


def console(one):
    return wire.connect(one.directory + "/console.sock", user="root", password="")


def rows_there(server):
    return int(server.query("SELECT COUNT(*) FROM test.leaks")[0][0])


def leaks(one):
    """SHOW LEAKS as dictionaries."""
    names = ("client", "why", "statement", "earlier", "action", "state", "program_name", "pid")
    with console(one) as c:
        rows = c.query("SELECT " + ", ".join(names) + " FROM weir.leaks ORDER BY client")
    return [dict(zip(names, (None if v is None else v.decode() for v in row))) for row in rows]


def leaks_when(one, condition):
    return wait_until(lambda: (rows := leaks(one)) and condition(rows) and rows, 20, "a leak")


def test_a_forgotten_transaction_is_reported_once(weir):
    one = weir(leak_threshold=2)
    attributes = ((b"program_name", b"billing"), (b"_pid", b"4711"))
    idle = one.connect(schema="test")
    idle.query("SELECT 1")
    c = one.connect(schema="test", capabilities=wire.BASIC, attributes=attributes)
    c.query("BEGIN")
    c.query("SELECT SHA2('hidden', 256)")
    c.query("INSERT INTO leaks VALUES (1)")
    found = leaks_when(one, lambda rows: rows[0]["state"] == "holds the link")
    assert len(found) == 1
    assert found[0]["why"] == "in transaction" and found[0]["action"] == "reported"
    assert found[0]["statement"] == "INSERT INTO leaks VALUES (1)"
    assert found[0]["earlier"].startswith("SELECT SHA2(") and "; BEGIN" in found[0]["earlier"]
    assert "hidden" not in found[0]["earlier"]
    assert (found[0]["program_name"], found[0]["pid"]) == ("billing", "4711")
    log = one.wait_log("has held thread")
    assert "program 'billing', pid 4711" in log and "INSERT INTO leaks" in log
    assert one.counters()["Weir_leaks"] == 1
    c.query("ROLLBACK")
    leaks_when(one, lambda rows: rows[0]["state"] == "released it")
    assert one.log().count("has held thread") == 1
    c.close()
    idle.close()


def test_a_pin_is_named(weir):
    one = weir(leak_threshold=2, leak_action="rollback")
    c = one.connect(schema="test")
    c.query("CREATE TEMPORARY TABLE kept (a INT)")
    found = leaks_when(one, lambda rows: True)
    assert "TEMPORARY_TABLE" in found[0]["why"]
    assert found[0]["action"] == "reported"  # a rollback would not free it
    assert c.query("SELECT COUNT(*) FROM kept") == [[b"0"]]
    c.close()
    leaks_when(one, lambda rows: rows[0]["state"] == "left")


def test_rollback_frees_the_link_and_says_so(weir, server):
    one = weir(leak_threshold=2, leak_action="rollback", pool_max_size=1, server_max_connections=2)
    c = one.connect(schema="test")
    c.query("SET @kept = 7, time_zone = '+03:00'")
    c.query("BEGIN")
    c.query("INSERT INTO leaks VALUES (2)")
    other = one.connect(schema="test")
    assert other.query("SELECT @@time_zone") != [[b"+03:00"]]  # waits until the link is free
    assert other.query("SELECT COUNT(*) FROM leaks") == [[b"0"]]
    assert leaks_when(one, lambda rows: rows[0]["state"] == "released it")[0]["action"] == "rolled back"
    c.command(b"\x0e")  # COM_PING says nothing
    assert c.error is None
    c.command(wire.q("INSERT INTO leaks VALUES (3)"))
    assert c.error.code == ER_LOCK_DEADLOCK
    assert "leak_threshold" in str(c.error)
    assert rows_there(server) == 0
    assert c.query("SELECT @kept, @@time_zone") == [[b"7", b"+03:00"]]
    c.query("INSERT INTO leaks VALUES (3)")
    assert other.query("SELECT id FROM leaks") == [[b"3"]]
    c.query("DELETE FROM leaks")
    c.close()
    other.close()


def test_a_statement_during_the_rollback_does_not_run_outside_of_the_transaction(weir, server):
    """A rollback of many rows takes a while; what comes meanwhile is told."""
    one = weir(leak_threshold=2, leak_action="rollback")
    c = one.connect(schema="test", timeout=60)
    c.query("BEGIN")
    c.query("INSERT INTO leaks SELECT seq FROM seq_1_to_100000")
    one.wait_log("has held thread", timeout=30)
    c.command(wire.q("INSERT INTO leaks VALUES (200000)"))
    assert c.error is not None and c.error.code == ER_LOCK_DEADLOCK
    assert c.query("SELECT COUNT(*) FROM leaks") == [[b"0"]]
    assert rows_there(server) == 0
    c.close()


def test_kill_disconnects(weir, server):
    one = weir(leak_threshold=2, leak_action="kill")
    c = one.connect(schema="test")
    c.query("BEGIN")
    c.query("INSERT INTO leaks VALUES (4)")
    assert c.at_end()
    one.wait_log("leak_action = kill")
    wait_until(lambda: rows_there(server) == 0, 10, "rollback")
    leaks_when(one, lambda rows: rows[0]["state"] == "left")


def test_off(weir):
    one = weir(leak_threshold=1)
    with console(one) as admin:
        admin.query("SET GLOBAL leak_threshold = 0")
    c = one.connect(schema="test")
    c.query("BEGIN")
    c.query("SELECT * FROM leaks")
    d = one.connect(schema="test")
    d.query("DO SLEEP(2.5)")
    assert leaks(one) == []
    c.close()
    d.close()


def growths(one):
    """Growth without reuse as SHOW LEAKS tells it: program, pid, state, why, remedy."""
    with console(one) as c:
        rows = c.query("SELECT program_name, pid, state, why, remedy FROM weir.leaks "
                       "WHERE kind = 'connections' AND client IS NULL")
    return [[cell.decode() if cell is not None else None for cell in row] for row in rows]


def test_connections_that_are_opened_and_never_used_again_are_a_leak(weir):
    one = weir(growth_window="400ms")
    leaked, pool = [], []

    def come(into, program, pid):
        attributes = ((b"program_name", program), (b"_pid", pid))
        into.append(one.connect(capabilities=wire.BASIC, attributes=attributes))
        into[-1].query("SELECT 1")

    def grow_and_look():
        come(leaked, b"reports", b"4711")
        if len(pool) < 15:  # grows as well, but uses all that it has
            come(pool, b"shop", b"12")
        for c in pool:
            c.query("SELECT 1")
        return growths(one)

    found = wait_until(grow_and_look, 60, "a report", step=0.05)
    assert len(found) == 1, found
    program, pid, state, why, remedy = found[0]
    assert (program, pid, state) == ("reports", "4711", "grows")
    assert "opens connections and does not use them again" in why and "max_connections" in why
    assert "SET GLOBAL user.app.wait_timeout" in remedy
    log = one.wait_log("program 'reports', pid 4711: it opens connections")
    assert "warning app@127.0.0.1" in one.log()[:one.log().index(log)].splitlines()[-1]
    wait_until(lambda: growths(one)[0][2] == "grows no more", 20, "the end of the growth")
    assert one.log().count("does not use them again") == 1
    assert one.counters()["Weir_growths"] == 1
    for c in leaked + pool:
        c.close()
