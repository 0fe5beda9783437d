# SPDX-License-Identifier: Apache-2.0
"""Rules about who may come in cannot be evaded: by another spelling of a name, by the name that a client
gives its own end of a Unix socket, by holding the console's places."""

import os
import socket
import threading
import time

import pytest

import processes
import wire

ER_ACCESS_DENIED = 1045
LONG = "n_" + "a" * 30  # as long as a name may be on MySQL


@pytest.fixture(scope="module")
def accounts(server):
    with server.root() as root:
        for name in ("n_secret", LONG):
            root.query(f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
    yield
    with server.root() as root:
        for name in ("n_secret", LONG):
            root.query(f"DROP USER {name}@'%'")


def verdict(address, user, change=False):
    """Who the server says that it is, or the number of the error."""
    try:
        if change:
            with wire.connect(address) as c:
                c.change_user(user, "secret")
                return c.value("SELECT CURRENT_USER()")
        with wire.connect(address, user, "secret") as c:
            return c.value("SELECT CURRENT_USER()")
    except wire.ServerError as error:
        return error.code


def verdict_over_tls(address, user, password):
    try:
        wire.connect(address, user, password, tls=wire.unverified_tls(), method=b"caching_sha2_password").close()
        return "in"
    except wire.ServerError as error:
        return error.code


SPELLINGS = ["n_secret", "'n_secret'", "''n_secret''", '"n_secret"', "`n_secret`", "n_secret ", " n_secret",
             "'n_secret", LONG, LONG + "b", "'" + LONG + "'", "'" + LONG + "b'", "'" + LONG[:-1] + "'b"]


@pytest.mark.parametrize("change", [False, True])
def test_a_name_in_another_spelling_is_as_direct(server, weir, accounts, change):
    """Servers take quotes off a name, at a login."""
    one = weir(users={}, failed_connections_threshold=0)
    listed = weir(users={"app": "secret", "n_secret": "secret", LONG: "secret"}, failed_connections_threshold=0)
    for name in SPELLINGS[:4] if change else SPELLINGS:  # a change that fails takes a second
        direct = verdict(server.address, name, change)
        assert verdict(one.address, name, change) == direct, name
        assert verdict(listed.address, name, change) == direct, name


@pytest.mark.parametrize("change", [False, True])
def test_a_rule_about_a_name_holds_for_all_its_spellings(weir, accounts, change):
    one = weir(users={}, failed_connections_threshold=0, deny_users=f"n_secret, {LONG}")
    for name in SPELLINGS:
        assert verdict(one.address, name, change) == ER_ACCESS_DENIED, name


@pytest.mark.parametrize("name", ["10.0.0.1:77", "[2001:db8::1]:77", "x", "a\n2099-01-01 error: forged"])
def test_the_name_of_a_clients_end_says_nothing(weir, tmp_path, monkeypatch, name):
    """It is no address: neither in errors, nor for rules, nor for the delay of who guesses."""
    path = str(tmp_path / "weir.sock")
    one = weir(socket=path, allow_networks="10.0.0.0/8, 2001:db8::/32, 127.0.0.1",
               proxy_protocol_networks="10.0.0.1, 2001:db8::1")
    monkeypatch.chdir(tmp_path)
    with wire.Wire(path, end=name) as c, pytest.raises(wire.ServerError) as refused:
        c.read_greeting()
    assert refused.value.text.startswith("Host 'localhost' is not allowed")
    os.unlink(name)
    one.configure(allow_networks="localhost")
    one.reload()
    with wire.Wire(path, end=name) as c:
        c.read_greeting()
        with pytest.raises(wire.ServerError) as refused:
            c.login(password="wrong")
        assert refused.value.text == "Access denied for user 'app'@'localhost' (using password: YES)"
    os.unlink(name)
    with wire.Wire(path, end=name) as c:  # it is no load balancer either
        c.send_bytes(b"PROXY TCP4 127.0.0.1 127.0.0.1 5 6\r\n")
        c.read_greeting()
        assert c.read_packet().endswith(b"Proxy header is not accepted from localhost")
    assert "forged" not in one.log()


def test_checks_that_take_long_leave_time_for_others(weir):
    """Whoever can connect can have a password checked against a hash that is slow by design, on the thread
    that serves others: they still get most of its time, and who knows the password comes in."""
    salted = "0x" + b"$A$005$01234567890123456789".hex() + b"a".hex() * 43
    one = weir(users={"app": "secret", "n_slow": salted}, failed_connections_threshold=0, workers=1)
    tried, until = [0], time.monotonic() + 4

    def guess():
        while time.monotonic() < until:
            assert verdict_over_tls(one.address, "n_slow", "x" * 250) == ER_ACCESS_DENIED
            tried[0] += 1

    guessers = [threading.Thread(target=guess) for _ in range(6)]
    with one.connect() as c:
        for g in guessers:
            g.start()
        asked = 0
        while time.monotonic() < until:
            assert c.query("SELECT 1") == [[b"1"]]
            asked += 1
        for g in guessers:
            g.join()
    assert tried[0] > 0 and asked > tried[0]


# --- the console ---

def test_strangers_do_not_keep_others_from_the_console(weir):
    """All of its places taken by connections that never log in: who may come by its socket comes."""
    one = weir(console_port=processes.free_port(), console_password="secret")
    strangers = [socket.create_connection(("127.0.0.1", one.settings["console_port"])) for _ in range(80)]
    try:
        for s in strangers:
            s.settimeout(20)
            s.recv(1)
        with wire.connect(one.settings["console_socket"]) as c:
            assert c.query("SELECT 1") == [[b"1"]]
    finally:
        for s in strangers:
            s.close()


def test_a_login_at_the_console_that_trickles_in_ends(weir):
    """A byte now and then prolongs nothing."""
    one = weir(console_port=processes.free_port(), console_password="secret")
    with socket.create_connection(("127.0.0.1", one.settings["console_port"])) as s:
        s.settimeout(1)
        s.recv(1000)
        begun = time.monotonic()
        with pytest.raises(OSError):
            for byte in b"\xff\xff\0\1" + bytes(200):
                s.sendall(bytes([byte]))
                try:
                    if s.recv(1) == b"":
                        raise ConnectionError
                except TimeoutError:
                    pass
                assert time.monotonic() - begun < 60
            pytest.fail("it may go on for ever")


def console_verdict(one, password, user="weir"):
    try:
        with wire.connect(("127.0.0.1", one.settings["console_port"]), user, password) as c:
            return c.query("SELECT 1")
    except wire.ServerError as error:
        return error.code


def test_who_guesses_at_the_console_must_wait(weir):
    """With a right password as well, which ends it; and at Weir's own port nobody waits for that."""
    one = weir(console_port=processes.free_port(), console_password="secret", failed_connections_threshold=3,
               min_connection_delay=700, max_connection_delay=700)
    for user in ("weir", "nobody"):
        for _ in range(3):
            assert console_verdict(one, "wrong", user) == ER_ACCESS_DENIED
        begun = time.monotonic()
        assert console_verdict(one, "wrong", user) == ER_ACCESS_DENIED
        assert time.monotonic() - begun >= 0.7
    begun = time.monotonic()
    assert console_verdict(one, "secret") == [[b"1"]]
    assert time.monotonic() - begun >= 0.7
    assert one.counters()["Connection_control_delay_generated"] == 0
