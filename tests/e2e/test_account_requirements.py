# SPDX-License-Identifier: Apache-2.0
"""What an account requires of its connections (REQUIRE SSL, X509) the server asks of Weir's link, which has
it. Of a guest's own connection it is asked before the password is of use to anybody, and also where the
account cannot be read."""

import threading
import time

import pytest

import wire

ER_ACCESS_DENIED, ER_USER_LIMIT, ER_MUST_CHANGE = 1045, 1226, 1820
KNOWS_EXPIRED = wire.BASIC | 1 << 22  # CLIENT_CAN_HANDLE_EXPIRED_PASSWORDS


@pytest.fixture
def account(tls_server):
    """account(clauses) makes it; the password is secret."""
    with tls_server.root() as root:
        def make(clauses):
            root.query("DROP USER IF EXISTS wants@'%'")
            root.query("FLUSH USER_RESOURCES")
            root.query(f"CREATE USER wants@'%' IDENTIFIED BY 'secret' {clauses}")

        make.root = root
        yield make
        root.query("DROP USER wants@'%'")


@pytest.fixture
def serving(tls_server, weir):
    """Weirs whose links have TLS, and that learn what guests log in with."""
    def make(**more):
        return weir(of=tls_server, users={"app": "secret"}, unknown_users="serve", server_auth_user="app",
                    server_host="localhost", server_ssl_mode="required", failed_connections_threshold=0, **more)

    return make


def met(one, **more):
    try:
        with wire.connect(one.address, "wants", **more) as c:
            c.query("SELECT 1")
            return "in"
    except wire.ServerError as error:
        return error.code


def test_no_moment_between_the_password_and_what_the_account_requires(account, serving):
    """The account is read on a link that is slow to answer; others come meanwhile."""
    account("REQUIRE SSL")
    account.root.query("SET GLOBAL init_connect = 'DO SLEEP(1)'")
    found = []
    try:
        one = serving()
        threads = [threading.Thread(target=lambda: found.append(met(one))) for _ in range(12)]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join()
    finally:
        account.root.query("SET GLOBAL init_connect = ''")
    assert found == [ER_ACCESS_DENIED] * len(threads)
    assert met(one, tls=wire.unverified_tls()) == "in"


def test_an_account_that_has_no_query_left_to_be_read_with(account, serving):
    found = set()
    for limit in range(1, 8):
        account(f"REQUIRE SSL WITH MAX_QUERIES_PER_HOUR {limit}")
        one = serving()
        found.add(met(one))
        one.stop()
    assert found == {ER_ACCESS_DENIED, ER_USER_LIMIT}


def test_what_cannot_be_read_is_as_good_as_the_link(account, serving):
    """The third query of a link is the one that reads the account; who has TLS himself is let in."""
    account("WITH MAX_QUERIES_PER_HOUR 3")
    one = serving()
    with wire.connect(one.address, "wants", tls=wire.unverified_tls()):
        one.wait_log("what its account requires of connections could not be read")


@pytest.mark.parametrize("clause", ["SSL", "X509"])
def test_nor_can_it_be_read_before_an_expired_password_is_changed(account, serving, authority, clause):
    certificate, key = authority.sign("weir-itself", "weir-itself")
    more = {"server_ssl_cert": certificate, "server_ssl_key": key} if clause == "X509" else {}
    one = serving(ssl_cert=certificate, ssl_key=key, ssl_ca=authority.certificate, **more)
    account(f"REQUIRE {clause} PASSWORD EXPIRE")
    if not wire.MYSQL:
        account.root.query("SET GLOBAL disconnect_on_expired_password = OFF")
    ways = [{}] if clause == "SSL" else [{}, {"tls": authority.trusting(), "host": "localhost"}]
    for _ in range(3):
        for way in ways:
            with pytest.raises(wire.ServerError) as refused:
                wire.connect(one.address, "wants", capabilities=KNOWS_EXPIRED, **way)
            assert refused.value.code in (ER_MUST_CHANGE, ER_ACCESS_DENIED)
    if clause == "X509":
        return
    with wire.connect(one.address, "wants", capabilities=KNOWS_EXPIRED, tls=authority.trusting(), host="localhost"):
        with pytest.raises(wire.ServerError):  # nor in the wake of who may come
            wire.connect(one.address, "wants", capabilities=KNOWS_EXPIRED)
