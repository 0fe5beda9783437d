# SPDX-License-Identifier: Apache-2.0
"""Status variables: they say what is, while it is."""

import socket

import pytest

import processes
import wire


def status(one):
    return one.counters()


def becomes(one, what, **wanted):
    """Waits until the variables have these values; they follow what they count within a moment."""
    def holds():
        n = status(one)
        return n if all(n[name] == value for name, value in wanted.items()) else None
    return processes.wait_until(holds, 15, what)


def sockets_of_clients(port):
    """What the kernel shows of them: sockets of Weir's side that are connected."""
    local = f":{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return sum(1 for row in rows if row[1].endswith(local) and row[3] == "01")


def agree(one):
    """Threads_connected and the kernel, when they say the same."""
    kernel = sockets_of_clients(one.address[1])
    return (kernel,) if status(one)["Threads_connected"] == kernel else None


def test_threads_connected_are_the_sockets_that_the_kernel_shows(weir):
    one = weir(pool_max_size=3, max_connections=30)
    assert status(one)["Threads_connected"] == 0
    clients = [one.connect() for _ in range(20)]
    mute = [socket.create_connection(one.address) for _ in range(4)]
    processes.wait_until(lambda: agree(one) == (24,), 15, "24 clients, four of them without a login")
    for c in clients[:5]:
        c.quit()
    for c in clients[5:10]:
        c.close()
    mute.pop().close()
    with pytest.raises(wire.ServerError):
        one.connect(password="wrong")
    processes.wait_until(lambda: agree(one) == (13,), 15, "13 clients are left")
    # Beyond max_connections: they come, are told, and go.
    for _ in range(40):
        try:
            clients.append(one.connect())
        except wire.ServerError:
            pass
    processes.wait_until(lambda: agree(one) is not None, 15, "those that were refused are gone")
    assert status(one)["Connection_errors_max_connections"] > 0
    for c in clients + mute:
        c.close()
    processes.wait_until(lambda: agree(one) == (0,), 15, "nobody is left")


def test_threads_running_and_waiting(weir):
    one = weir(pool_max_size=1)
    with one.connect() as busy, one.connect() as late:
        becomes(one, "two idle clients", Threads_connected=2, Threads_running=0, Weir_clients_waiting=0)
        busy.send(b"\x03SELECT SLEEP(60)")
        becomes(one, "a running statement", Threads_running=1)
        late.send(b"\x03SELECT 1")
        becomes(one, "a waiting client", Threads_running=2, Weir_clients_waiting=1, Weir_waiters=1)
        busy.close()
        late.read_reply(wire.COM_QUERY)
        n = becomes(one, "rest", Threads_running=0, Weir_clients_waiting=0, Weir_waiters=0)
        waits = sum(n[f"Weir_waits_{c}"] for c in ("up_to_1ms", "up_to_10ms", "up_to_100ms", "up_to_1s",
                                                    "up_to_10s", "longer"))
        assert waits == n["Weir_waits"] >= 1
        assert n["Weir_waited_usec"] > 0
        assert n["Weir_waiters_max"] == 1


def test_pins_by_reason(weir):
    one = weir(pool_max_size=2)
    with one.connect(schema="test") as c:
        c.query("CREATE TEMPORARY TABLE pinned (a INT)")
        becomes(one, "a pin", Weir_pinned_temporary_table=1, Weir_pins_temporary_table=1,
                Weir_clients_pinned=1, Weir_links_firm=1)
        c.query("DROP TEMPORARY TABLE pinned")
        becomes(one, "no pin", Weir_pinned_temporary_table=0, Weir_clients_pinned=0, Weir_links_firm=0)
        c.query("SELECT GET_LOCK('pinned', 0)")
        becomes(one, "another pin", Weir_pinned_named_lock=1, Weir_clients_pinned=1)
    becomes(one, "the end of the client", Weir_pinned_named_lock=0, Weir_clients_pinned=0,
            Weir_pins_named_lock=1, Weir_pins_temporary_table=1)


def test_bytes_are_counted_while_a_client_is_there(weir):
    one = weir()
    with one.connect() as c:
        before = status(one)
        c.query("SELECT REPEAT('x', 1000000)")
        after = status(one)
        assert after["Bytes_sent"] - before["Bytes_sent"] > 1000000
        assert 20 < after["Bytes_received"] - before["Bytes_received"] < 100


@pytest.mark.untls("who closes without having read its tickets resets the connection")
def test_connections_end_by_reason(weir):
    one = weir()
    one.connect().quit()
    with one.connect():
        pass  # without COM_QUIT
    with socket.create_connection(one.address) as mute:
        mute.recv(100)
    n = becomes(one, "the end of all", Threads_connected=0, Weir_closes_quit=1, Weir_closes_client_gone=1,
                Weir_closes_client_gone_in_login=1, Aborted_clients=1, Aborted_connects=1)
    assert n["Connections"] == 3
    assert n["Max_used_connections"] >= 1


@pytest.fixture(scope="module")
def telling_server(server):
    """One that shows the attributes of connections."""
    del server
    one = processes.new_server("--performance-schema=1", name="telling")
    try:
        yield one.start().prepare()
    finally:
        one.destroy()


def attributes(server, user="app"):
    rows = server.query("SELECT a.attr_name, a.attr_value FROM performance_schema.session_connect_attrs a "
                        "JOIN information_schema.processlist p ON a.processlist_id = p.id "
                        f"WHERE p.user = '{user}'")
    return {(name.decode(), value.decode()) for name, value in rows}


@pytest.mark.unswitched("while one link is soiled, another is opened, and not for who gets it then")
def test_what_applications_say_reaches_the_server(telling_server, weir):
    """Under their own names; what the driver says, under Weir's. No more than the server keeps."""
    one = weir(telling_server, pool_max_size=1)
    said = ((b"_client_name", b"libexample"), (b"_client_version", b"1.2"), (b"_os", b"Linux"),
            (b"_weir_instance", b"a lie"), (b"_thread", b"7"), (b"tenant", b"blue"), (b"request", b"r" * 300))
    lost = "SHOW GLOBAL STATUS LIKE 'Performance_schema_session_connect_attrs_lost'"
    before = telling_server.query(lost)
    with one.connect(capabilities=wire.BASIC, attributes=said) as c:
        assert c.query("SELECT 1") == [[b"1"]]
        seen = attributes(telling_server)
        for pair in (("_weir_client_name", "libexample"), ("_weir_client_version", "1.2"),
                     ("_weir_client_os", "Linux"), ("tenant", "blue"), ("_client_name", "weir"),
                     ("request", "r" * 128)):
            assert pair in seen
        names = [name for name, _ in seen]
        assert len(names) == len(set(names)), "each name once"
        assert ("_weir_instance", "a lie") not in seen and "_thread" not in names
        # A link keeps what it was opened with, whoever has it.
        c.quit()
    with one.connect(capabilities=wire.BASIC, attributes=((b"tenant", b"red"),)) as c:
        c.query("SELECT 1")
        assert ("tenant", "blue") in attributes(telling_server)
    assert telling_server.query(lost) == before


def test_64_kib_of_attributes(telling_server, weir):
    """The most that servers take in a login: served, and cut to what the server keeps."""
    one = weir(telling_server, pool_max_size=1)
    many = tuple((b"k%d" % n, b"v" * 200) for n in range(310))
    assert sum(len(k) + len(v) + 3 for k, v in many) < 1 << 16
    lost = "SHOW GLOBAL STATUS LIKE 'Performance_schema_session_connect_attrs_lost'"
    before = telling_server.query(lost)
    with one.connect(capabilities=wire.BASIC, attributes=many) as c:
        assert c.query("SELECT 1") == [[b"1"]]
        seen = attributes(telling_server)
        assert ("k0", "v" * 128) in seen
        assert sum(len(name) + len(value) + 2 for name, value in seen) <= 512
    assert telling_server.query(lost) == before
    # One byte above 64 KiB is refused by servers, too.
    with wire.Wire(one.address) as w:
        w.read_greeting()
        w.send(w.login_packet("app", "secret", attributes=((b"k", b"v" * 300),) * 217), 1)
        with pytest.raises((wire.Closed, wire.ServerError, ConnectionError)):
            raise wire.ServerError(w.read_packet())


@pytest.mark.parametrize("users", [None, {}], ids=["listed", "guest"])
def test_a_link_tells_the_server_for_whom_it_was_opened(telling_server, weir, users):
    one = weir(telling_server, pool_max_size=1, users=users)
    said = ((b"program_name", b"billing"), (b"_pid", b"4711"))
    with one.connect(capabilities=wire.BASIC, attributes=said) as c:
        c.query("SELECT 1")
        seen = attributes(telling_server)
        host, port = c.socket.getsockname()[:2]
        assert ("program_name", "weir") in seen
        assert ("_weir_user", "app") in seen
        assert ("_weir_client_program", "billing") in seen
        assert ("_weir_client_pid", "4711") in seen
        assert ("_weir_client", f"{host}:{port}") in seen
        assert any(name == "_weir_version" for name, _ in seen)
        assert ("_pid", str(one.pid)) in seen
