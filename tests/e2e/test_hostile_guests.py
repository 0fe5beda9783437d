# SPDX-License-Identifier: Apache-2.0
"""Users that only the server knows, and a server (or who stands in its place) or a client that means harm:
no password goes where its client would not have sent it, nobody is taken for somebody else, and strangers
are told nothing."""

import contextlib
import threading

import pytest

import hostile_server
import wire
from hostile_server import OK, more, packet, switch
from processes import wait_until

PASSWORD = "canary-Passw0rd"
GSSAPI = b"auth_gssapi_client"
SHA2 = b"caching_sha2_password"


@pytest.fixture
def hostile(weir):
    servers = []

    def make(*login, **settings):
        servers.append(hostile_server.HostileServer(*login))
        return servers[-1], weir(of=servers[-1], users={}, failed_connections_threshold=0, **settings)

    yield make
    for server in servers:
        server.destroy()


def begin(one, tls=True, method=b"no_such_method", behind=b""):
    """A login that names no method which has a challenge yet."""
    c = wire.Wire(one.address)
    c.read_greeting()
    capabilities = wire.BASIC
    if tls:
        capabilities |= wire.SSL
        c.start_tls(wire.unverified_tls(), capabilities)
    packet_ = c.login_packet("guest", "", capabilities=capabilities, method=method)
    c.send_bytes(wire.frames(packet_, 2 if tls else 1) + behind)
    return c


def says_password(c):
    """As clients do that are asked by these methods; what they are told then."""
    said = []
    with contextlib.suppress(wire.Closed, ConnectionError):
        while True:
            payload = c.read_packet()
            said.append(payload)
            if payload[:1] in (b"\0", b"\xff"):
                return said
            c.send(PASSWORD.encode() + b"\0", c.sequence + 1)
    return said


OPEN_METHODS = ["dialog", "mysql_clear_password", "authentication_openid_connect_client", "some_new_method",
                "mysql_old_password"]


@pytest.mark.parametrize("method", OPEN_METHODS)
def test_what_is_said_over_tls_goes_to_no_open_link(hostile, method):
    """The client speaks TLS to Weir, the link is in clear."""
    server, one = hostile(switch(2, method.encode()), packet(4, b"\xff\x15\x04#28000denied"))
    with begin(one) as c:
        said = says_password(c)
    assert said[-1][:1] == b"\xff" and len(said) == 1, said
    assert b"canary" not in server.heard


@pytest.mark.parametrize("method", [b"sha256_password", b"caching_sha2_password", b"mysql_clear_password"])
@pytest.mark.parametrize("size", [33, 40, 200])
def test_nor_where_the_challenge_is_longer_than_any(hostile, method, size):
    """Weir asks for the password itself, so that it is said to Weir alone; it does so whatever comes."""
    server, one = hostile(switch(2, method, b"s" * size), packet(4, b"\xff\x15\x04#28000denied"))
    with begin(one) as c:
        said = says_password(c)
    assert said[-1][:1] == b"\xff" and len(said) == 1, said
    assert b"canary" not in server.heard


@pytest.mark.parametrize("method", [SHA2, b"sha256_password", b"mysql_clear_password", GSSAPI])
def test_nor_where_the_server_goes_on_with_what_it_has_not_begun(hostile, method):
    """A client takes that for a word of the method that it has named."""
    server, one = hostile(more(2, b"\4"), more(4, b"\4"), packet(6, b"\xff\x15\x04#28000denied"))
    with begin(one, method=method) as c:
        said = says_password(c)
    assert said[-1][:1] == b"\xff" and len(said) == 1, said
    assert b"canary" not in server.heard


OUT_OF_TURN = [
    switch(2, SHA2) + more(4, b"\4"), switch(2, SHA2) + more(3, b"\4") + more(5, b"\4"),
    switch(2, SHA2) + switch(4, GSSAPI), switch(2, SHA2) + switch(4, b"sha256_password"),
    switch(2, b"sha256_password") + more(4, b"say it") + more(6, b"again"),
    switch(2, SHA2) + packet(4, b"\0\0\0\2\0\0\0"),
    switch(2, b"sha256_password") + packet(4, b"\0\0\0\2\0\0\0"),
]


@pytest.mark.parametrize("words", OUT_OF_TURN)
@pytest.mark.parametrize("tls", [True, False])
def test_a_server_that_speaks_out_of_turn(hostile, words, tls):
    """It neither hears what the client says to Weir, nor lets in who has said nothing."""
    server, one = hostile(words, OK, OK)
    with begin(one, tls) as c:
        said = says_password(c)
    assert said[-1:] == [] or said[-1][:1] != b"\0", said
    assert b"canary" not in server.heard
    wait_until(lambda: one.counters()["Weir_links"] == 0, 10, "the end of the link")


def test_a_name_whose_logins_told_nothing_and_that_is_somebody_elses_now(hostile):
    """First a method of which nothing can be learnt, then, for another account, a password."""
    ways = [(switch(2, GSSAPI), OK), (switch(2, SHA2), OK)]
    turn = iter(ways)
    current = threading.local()

    def first(said):
        if b"guest" not in said:
            raise ConnectionError
        current.way = next(turn, ways[-1])
        return current.way[0]

    server, one = hostile(first, lambda _said: current.way[1])
    del server
    with begin(one) as old:
        assert old.read_packet().startswith(b"\xfe" + GSSAPI)
        old.send(b"a token", old.sequence + 1)
        assert old.read_packet()[:1] == b"\0"
        with begin(one) as new:
            assert new.read_packet().startswith(b"\xfe" + SHA2)
            new.send(wire.answer_to(SHA2, PASSWORD, b"x" * 20), new.sequence + 1)
            assert new.read_packet() == b"\x01\x04"
            new.send(PASSWORD.encode() + b"\0", new.sequence + 1)
            assert new.read_packet()[:1] == b"\0"
            new.command(wire.q("SELECT 1"))
            with pytest.raises(wire.ServerError) as away:
                old.query("SELECT 1")
            assert away.value.code == 1927


def test_strangers_are_told_nothing_about_servers(weir, server):
    """Neither where they are nor what is the matter with them; the log is."""
    one = weir(of=server, users={}, connect_timeout=2, server_host="127.0.0.1", server_port=1)
    with pytest.raises(wire.ServerError) as refused:
        one.connect(user="guest", password="x")
    assert refused.value.code == 1040
    for secret in ("127.0.0.1", "main", "refused"):
        assert secret not in refused.value.text
    wait_until(lambda: "Connection refused" in one.log(), 10, "the reason in the log")


def test_requests_behind_a_login_wait_for_its_end(weir, server):
    """They are answered to who is let in, and not at all otherwise."""
    del server
    for users in ({}, {"app": "secret"}):
        one = weir(users=users)
        for password in ("wrong", "secret"):
            c = wire.Wire(one.address)
            c.read_greeting()
            login = wire.frames(c.login_packet("app", password, method=wire.METHOD), 1)
            c.send_bytes(login + wire.frames(wire.q("SELECT 'MARK'")))
            with c, contextlib.suppress(wire.Closed, ConnectionError, wire.ServerError):
                c.finish_login(password)
                while b"MARK" not in c.taken:
                    c.read_packet()
            answered = b"MARK" in c.take()
            assert password == "secret" or not answered, (users, password)
            # A method that is not asked for at once ends what comes too early.
            assert answered or password == "wrong" or not users or wire.MYSQL, (users, password)
