# SPDX-License-Identifier: Apache-2.0
"""Who holds what: the console's tables about clients and links, as the clients make them."""

import os
import threading

import pytest

import processes
import wire

ATTRIBUTES = ((b"_client_name", b"a driver"), (b"_client_version", b"3.1"), (b"_pid", b"4711"),
              (b"program_name", b"the nightly job"), (b"_os", b"Linux"))


@pytest.fixture
def sight(weir):
    """sight(**settings): a Weir, and a function that asks its console."""
    consoles = []

    def start(**settings):
        one = weir(**settings)
        console = wire.connect(os.path.join(one.directory, "console.sock"), "root", "")
        consoles.append(console)

        def ask(sql):
            return [tuple(cell if cell is None else cell.decode() for cell in row)
                    for row in console.query(sql)]
        return one, ask
    yield start
    for console in consoles:
        console.close()


def identity(client):
    return client.greeting.thread_id


def row(ask, client, columns):
    rows = ask(f"SELECT {columns} FROM information_schema.processlist WHERE id = {identity(client)}")
    return rows[0] if rows else None


def becomes(ask, client, columns, *wanted):
    return processes.wait_until(lambda: row(ask, client, columns) == wanted, 15, f"{columns} = {wanted}")


@pytest.mark.unswitched("no link stays with its client")
def test_a_client_in_a_transaction(sight, server):
    one, ask = sight(pool_max_size=1)
    with one.connect(schema="test", attributes=ATTRIBUTES) as c:
        becomes(ask, c, "user, db, command, state, info, last_statement", "app", "test", "Sleep", "", None, None)
        assert row(ask, c, "program_name, pid, client_version") == ("the nightly job", "4711", "a driver 3.1")
        assert ask(f"SELECT os, client_name FROM weir.clients WHERE id = {identity(c)}") == [("Linux", "a driver")]
        host, port = c.socket.getsockname()[:2]
        assert row(ask, c, "host") == (f"{host}:{port}",)
        c.query("BEGIN")
        c.query("SELECT 1 FROM DUAL")
        becomes(ask, c, "command, state, in_transaction, last_statement", "Sleep", "in transaction", "1",
                "SELECT 1 FROM DUAL")
        thread, = row(ask, c, "server_thread")
        threads = server.query("SELECT id FROM information_schema.processlist WHERE user = 'app'")
        assert [thread.encode()] in threads
        link, = ask(f"SELECT server_thread, firm, in_transaction, state FROM weir.links "
                    f"WHERE client = {identity(c)}")
        assert link == (thread, "1", "1", "leased to a client")
        assert ask("SELECT opened_for FROM weir.links WHERE firm") == [(f"{host}:{port}",)]
        c.query("COMMIT")
        becomes(ask, c, "state, in_transaction", "", "0")
        assert ask(f"SELECT firm, state FROM weir.links WHERE client = {identity(c)}") == [("0", "leased softly")]


def test_what_runs_and_what_waits(sight):
    one, ask = sight(pool_max_size=1)
    with one.connect() as busy, one.connect() as late:
        busy.send(b"\x03SELECT SLEEP(60) -- \xc3\xa9 " + b"x" * 3000)
        becomes(ask, busy, "command, state", "Query", "executing")
        info, = row(ask, busy, "info")
        assert info.startswith("SELECT SLEEP(60) -- é xxx") and len(info.encode()) == 1024
        shown = ask("SHOW PROCESSLIST")
        assert len(next(r for r in shown if r[0] == str(identity(busy)))[7]) == 100
        late.send(b"\x03SELECT 'late'")
        becomes(ask, late, "command, state, info", "Query", "waiting for a link", "SELECT 'late'")
        assert ask("SELECT waiting FROM weir.pools") == [("1",)]
        assert int(float(row(ask, busy, "link_time_ms")[0])) > 0
        busy.close()
        late.read_reply(wire.COM_QUERY)
        becomes(ask, late, "command, info", "Sleep", None)


@pytest.mark.unswitched("no link stays with its client")
def test_prepared_statements_show_their_text(sight):
    one, ask = sight(pool_max_size=1)
    with one.connect() as c:
        c.prepare("SELECT SLEEP(60)")
        becomes(ask, c, "command, last_statement", "Sleep", "SELECT SLEEP(60)")
        assert ask(f"SELECT statements FROM weir.clients WHERE id = {identity(c)}") == [("1",)]
        c.send(c.execute_packet())
        becomes(ask, c, "command, info", "Execute", "SELECT SLEEP(60)")
        c.close()


def test_pins_have_names(sight):
    one, ask = sight(pool_max_size=1)
    with one.connect(schema="test") as c:
        c.query("CREATE TEMPORARY TABLE sight (a INT)")
        c.query("SELECT GET_LOCK('sight', 0)")
        becomes(ask, c, "state, pins", "pinned by TEMPORARY_TABLE,NAMED_LOCK", "TEMPORARY_TABLE,NAMED_LOCK")
        assert ask("SELECT pin FROM weir.pins ORDER BY pin") == [("NAMED_LOCK",), ("TEMPORARY_TABLE",)]
        c.query("BEGIN")
        becomes(ask, c, "state", "in transaction, pinned by TEMPORARY_TABLE,NAMED_LOCK")


@pytest.mark.unswitched("no link stays with its client")
def test_a_client_without_a_link_keeps_nothing(sight):
    one, ask = sight(pool_max_size=1)
    with one.connect() as a, one.connect() as b:
        a.query("SELECT 'mine'")
        becomes(ask, a, "last_statement, server_thread IS NULL", "SELECT 'mine'", "0")
        b.query("SELECT 'taken'")
        becomes(ask, a, "last_statement, server_thread IS NULL", None, "1")
        assert row(ask, b, "last_statement") == ("SELECT 'taken'",)
        b.quit()
        rest = "SELECT opened_for, state, worker, client, last_client FROM weir.links"
        host, port = a.socket.getsockname()[:2]
        processes.wait_until(
            lambda: ask(rest) == [(f"{host}:{port}", "idle", None, None, str(identity(b)))], 15, "a link at rest")


def test_secrets_are_not_shown(sight):
    one, ask = sight(pool_max_size=1)
    with one.connect() as c:
        c.query("SELECT GET_LOCK('secret', 0)")
        with pytest.raises(wire.ServerError):
            c.query("ALTER USER nobody@nowhere IDENTIFIED BY 'hush'")
        statement = processes.wait_until(lambda: row(ask, c, "last_statement")[0], 15, "the last statement")
        assert "ALTER USER" in statement and "hush" not in statement


def test_a_client_that_has_not_logged_in(sight):
    one, ask = sight()
    with wire.Wire(one.address) as mute:
        mute.read_greeting()
        becomes(ask, mute, "user, command, state", "unauthenticated user", "Connect", "login")


def test_everybody_is_there_while_others_come_and_go(sight):
    one, ask = sight(pool_max_size=2, max_connections=1000, log_level="note")
    clients = [one.connect() for _ in range(500)]
    known = {str(identity(c)) for c in clients}
    over = threading.Event()

    def come_and_go():
        while not over.is_set():
            with one.connect() as c:
                c.query("SELECT 1")
                c.quit()
    others = [threading.Thread(target=come_and_go) for _ in range(2)]
    for thread in others:
        thread.start()
    try:
        for _ in range(30):
            ids = [r[0] for r in ask("SELECT id FROM weir.clients")]
            assert len(ids) == len(set(ids)), "nobody is there twice"
            assert known <= set(ids)
            links = [r[0] for r in ask("SELECT id FROM weir.links")]
            assert len(links) == len(set(links))
    finally:
        over.set()
        for thread in others:
            thread.join()
    for c in clients:
        c.close()
    processes.wait_until(lambda: ask("SELECT COUNT(*) FROM weir.clients") == [("0",)], 15, "nobody is left")


def status(ask):
    return dict(ask("SHOW GLOBAL STATUS"))


def test_flush_status_does_what_a_server_does(sight):
    one, ask = sight()
    with one.connect() as a:
        a.query("SELECT 1")
        for _ in range(3):
            one.connect().close()
        with pytest.raises(wire.ServerError):
            one.connect(password="wrong")
        before = processes.wait_until(
            lambda: next((n for n in [status(ask)] if (n["Threads_connected"], n["Aborted_clients"],
                                                       n["Aborted_connects"]) == ("1", "3", "1")), None),
            15, "one is left, and the end of the others is counted")
        assert int(before["Max_used_connections"]) >= 2
        ask("FLUSH STATUS")
        after = status(ask)
        assert after["Aborted_clients"] == after["Aborted_connects"] == "0"
        assert after["Max_used_connections"] == after["Threads_connected"] == "1"
        assert after["Max_used_connections_time"] >= before["Max_used_connections_time"] > "2020-01-01 00:00:00"
        assert after["Connections"] == before["Connections"] == "5"
        assert after["Questions"] == before["Questions"]
        one.connect().close()
        processes.wait_until(lambda: status(ask)["Aborted_clients"] == "1", 15, "it counts again")


def test_prepared_statements_are_counted(sight):
    one, ask = sight()
    with one.connect() as c:
        c.prepare("SELECT 1")
        c.command(c.execute_packet())
        c.command(c.execute_packet())
        n = status(ask)
        assert n["Com_stmt_prepare"] == "1" and n["Com_stmt_execute"] == "2"


def test_a_client_that_has_not_proved_who_it_is(sight):
    one, ask = sight()
    with wire.Wire(one.address) as half:
        greeting = half.read_greeting()
        other = next(m for m in wire.METHODS if m != greeting.method)
        half.send(half.login_packet("app", "secret", method=other, attributes=ATTRIBUTES), 1)
        half.read_packet()  # asks for the proof
        becomes(ask, half, "user, command, state, program_name", "unauthenticated user", "Connect",
                "authenticating", "the nightly job")
