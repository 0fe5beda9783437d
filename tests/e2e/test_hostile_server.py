# SPDX-License-Identifier: Apache-2.0
"""A server, or who stands in its place, that means harm: it learns no password, reads no file of a client,
and Weir goes on for the others."""

import concurrent.futures
import contextlib
import socket
import threading

import pytest

import certificates
import fake_server
import hostile_server
import wire
from hostile_server import OK, more, packet, switch
from processes import wait_until

PASSWORD = "canary-Passw0rd"


@pytest.fixture
def hostile(weir):
    """hostile(what it says…, …) starts one and a Weir in front of it."""
    servers = []

    def make(*login, settings=None, **more_of_it):
        servers.append(hostile_server.HostileServer(*login, **more_of_it))
        one = weir(of=servers[-1], users={"app": PASSWORD}, **{"pool_wait_timeout": 500, **(settings or {})})
        return servers[-1], one

    yield make
    for server in servers:
        server.destroy()


def attempt(one):
    """What a client is told."""
    try:
        with one.connect(password=PASSWORD) as c:
            c.query("SELECT 1")
        return None
    except (wire.ServerError, wire.Closed) as error:
        return error


def attempt_all(weirs):
    """At the same time: most of it is waiting."""
    with concurrent.futures.ThreadPoolExecutor(len(weirs)) as pool:
        return list(pool.map(attempt, weirs))


def assert_learnt_nothing(server):
    heard = bytes(server.heard)
    assert server.connections > 0
    assert b"canary" not in heard and b"Passw0rd" not in heard


ASKS_IN_CLEAR = [
    (switch(2, b"mysql_clear_password", b""), OK),
    (switch(2, b"mysql_clear_password"), OK),
    (switch(2, b"dialog", b"\2Password: \0"), OK),
    (switch(2, b"caching_sha2_password"), more(4, b"\4"), OK),
    (switch(2, b"sha256_password"), OK),
    (switch(2, b"sha256_password"), more(4, b"no key"), OK),
    (switch(2, b"caching_sha2_password"), more(4, b"\4"), more(6, b"-----BEGIN PUBLIC KEY-----\nAA==\n"), OK),
    (packet(2, b"\xfe"), OK),
]


def test_no_password_in_clear_where_others_can_listen(hostile):
    """What goes out is a proof, or the password under the key that the server shows (MySQL's own
    clients would take one): only TLS that verifies helps against who stands in the server's place."""
    servers, weirs = zip(*(hostile(*login) for login in ASKS_IN_CLEAR))
    attempt_all(weirs)
    for server in servers:
        assert_learnt_nothing(server)


def test_over_tls_that_nobody_verified_a_server_is_not_believed_with_verify_ca(hostile, tmp_path):
    """Downgraded: its greeting offers no TLS. Nothing but an error."""
    authority = certificates.Authority(str(tmp_path))
    for mode in ("required", "verify_ca", "verify_identity"):
        server, one = hostile(settings={"server_ssl_mode": mode, "server_ssl_ca": authority.certificate})
        assert attempt(one).code == 2026
        assert bytes(server.heard) == b""


BROKEN_LOGINS = [
    (b"",), (b"\0" * 64,), (packet(2, b""),), (packet(2, b"\xff"),), (packet(2, b"\xfe" * 300),),
    (packet(2, b"\0"),), (b"\xff\xff\xff\2" + b"\0" * 70000,),
    (switch(2, b"mysql_native_password", b""),), (switch(2, b"mysql_native_password", b"x" * 60000),),
    (switch(2, b"x" * 5000),), (more(2, b"\3"), OK), (more(2, b""), OK),
    tuple(switch(2 * n, b"mysql_native_password") for n in range(1, 100)),
    tuple(more(2 * n, b"\4") for n in range(1, 100)), (OK + packet(0, b"\xff\x51\x04#08S01gone"),),
    (OK + OK,), (packet(2, b"\xff\x15\x04#28\0\0\0denied"),), (packet(2, b"\xff\x15\x04#\0\0\0\0\0"),),
]


def test_broken_logins(hostile):
    servers, weirs = zip(*(hostile(*login) for login in BROKEN_LOGINS))
    for login, error, server in zip(BROKEN_LOGINS, attempt_all(weirs), servers):
        assert error is not None, login[0][:100]
        assert_learnt_nothing(server)


BROKEN_GREETINGS = [
    b"", b"\0" * 100, packet(0, b""), packet(0, b"\x09old\0"), packet(0, b"\x0a" + b"v" * 70000),
    b"\xff\xff\xff\0" + b"\x0a" * 100000, fake_server.GREETING[:50], fake_server.GREETING * 2,
    packet(0, b"\xff\x10\x04" + b"x" * 60000), packet(0, fake_server.GREETING[4:][:-30]),
    b"HTTP/1.0 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n",
]


def test_broken_greetings(hostile):
    _, weirs = zip(*(hostile(greeting=greeting) for greeting in BROKEN_GREETINGS))
    for greeting, error in zip(BROKEN_GREETINGS, attempt_all(weirs)):
        assert error is not None, greeting[:100]


FILE = packet(1, b"\xfb/etc/passwd")
NONE_OFFERED = [b"SELECT 'MARK'", b"INSERT INTO t VALUES ('MARK')", b"SET @a='MARK'",
                b"SELECT 1; SELECT 'MARK'", b"SHOW TABLES LIKE 'MARK'"]
OFFERED = [
    b"LOAD DATA LOCAL INFILE 'MARK' INTO TABLE t",
    b"load data low_priority local infile 'MARK' into table t",
    b"LOAD XML CONCURRENT LOCAL INFILE 'MARK' INTO TABLE t",
    b"/* x */ LOAD DATA LOCAL INFILE 'MARK' INTO TABLE t",
    b"/*!40000 LOAD DATA LOCAL INFILE 'MARK' INTO TABLE t */",
    b"SELECT 1; LOAD DATA LOCAL INFILE 'MARK' INTO TABLE t",
    b"SET STATEMENT max_statement_time=9 FOR LOAD DATA LOCAL INFILE 'MARK' INTO TABLE t",
    b"LOAD DATA/*!LOCAL*/INFILE 'MARK' INTO TABLE t", b"EXECUTE MARK", b"CALL MARK()",
    b"EXECUTE IMMEDIATE 'LOAD DATA LOCAL INFILE \"MARK\" INTO TABLE t'",
    b"BEGIN NOT ATOMIC LOAD DATA LOCAL INFILE 'MARK' INTO TABLE t; END",
]


def test_no_file_of_a_client_that_offered_none(hostile):
    """MySQL's protocol lets a server answer any statement with the wish for a file."""
    _, one = hostile(answer=FILE)
    for statement in NONE_OFFERED:
        with one.connect(password=PASSWORD) as c:
            c.send(wire.q(statement))
            with contextlib.suppress(wire.Closed):
                assert c.read_packet()[:1] == b"\xff", statement
    wait_until(lambda: one.log().count("is no LOAD DATA LOCAL") == len(NONE_OFFERED), 10, "their log lines")


def test_a_file_for_who_offers_it(hostile):
    _, one = hostile(answer=FILE)
    for statement in OFFERED:
        with one.connect(password=PASSWORD) as c:
            c.send(wire.q(statement))
            assert c.read_packet() == b"\xfb/etc/passwd", statement


BROKEN_REPLIES = [
    b"\0" * 4, packet(1, b""), packet(7, b"\0\0\0\2\0\0\0"), packet(1, b"\xfe"), packet(1, b"\xff"),
    packet(1, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"), packet(1, b"\0\xfe" + b"\xff" * 8),
    packet(1, b"\0\0\0\2\x40\0\0\0\xfc\xff\xff"), packet(1, b"\xfd\xff\xff\xff"), packet(1, b"\2") * 2,
    fake_server.OK + fake_server.OK, b"\xff\xff\xff\1" + b"\2" * 100000,
]


def read_what_comes(one):
    """The client gets what could be passed on, an error or the end; another client is served."""
    with one.connect(password=PASSWORD) as c:
        c.socket.settimeout(1)
        c.send(wire.q("SELECT 'MARK'"))
        with contextlib.suppress(wire.Closed, TimeoutError):
            for _ in range(5):
                c.read_frame()
    with one.connect(password=PASSWORD) as other:
        other.command(wire.q("SET @a=1"))
        return other.error


def test_broken_replies(hostile):
    _, weirs = zip(*(hostile(answer=answer, settings={"pool_wait_timeout": "20s"}) for answer in BROKEN_REPLIES))
    with concurrent.futures.ThreadPoolExecutor(len(weirs)) as pool:
        for answer, error in zip(BROKEN_REPLIES, pool.map(read_what_comes, weirs)):
            assert error is None, (answer[:100], error)


class SilentServer:
    """Greets, and says nothing more."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.port = self.address[1]
        self.connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                s = self.listener.accept()[0]
                s.sendall(fake_server.GREETING)
                self.connections.append(s)

    def destroy(self):
        self.listener.close()
        for s in self.connections:
            s.close()


@pytest.mark.parametrize("users", [{"app": PASSWORD}, {}])
def test_a_server_that_falls_silent_in_a_login_does_not_hold_up_the_end(weir, users):
    """And nothing of its links is left behind: the sanitizers look for it, the log would say so."""
    silent = SilentServer()
    try:
        one = weir(of=silent, users=users, connect_timeout="60s", pool_wait_timeout="60s")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            wait_until(lambda: silent.connections, 20, "Weir's look at the greeting")
            client = pool.submit(attempt, one)
            wait_until(lambda: len(silent.connections) > 1, 20, "a link for the client")
            one.stop()
            assert client.result() is not None
        assert "did not end in time" not in one.log()
    finally:
        silent.destroy()
