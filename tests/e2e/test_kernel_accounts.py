# SPDX-License-Identifier: Apache-2.0
"""Accounts that a server lets in because of who is at the other end of its Unix socket, as MariaDB's own root.
Behind Weir that is always Weir, which has to know by itself that the client has proved something."""

import os
import pwd
import time

import pytest

import console
import processes
import wire
from auth_dialog import NATIVE, SHA2, Login

ME = pwd.getpwuid(os.geteuid()).pw_name
ACCOUNTS = {"alone": "WITH auth_socket"} if wire.MYSQL else {
    "alone": "VIA unix_socket",
    "native": "VIA mysql_native_password USING PASSWORD('right') OR unix_socket",
    "after": "VIA unix_socket OR mysql_native_password USING PASSWORD('right')",
    "invalid": "VIA mysql_native_password USING 'invalid' OR unix_socket",
    "ed25519": "VIA ed25519 USING PASSWORD('right') OR unix_socket",
    "both": "VIA ed25519 USING PASSWORD('other') OR mysql_native_password USING PASSWORD('right') OR unix_socket",
}
WITH_PASSWORD = {"native", "ed25519", "both"}  # of "after" the server asks for nothing


@pytest.fixture(scope="module")
def server():
    one = processes.new_server(name="kernel")
    try:
        one.start().prepare()
        with one.root() as root:
            root.query("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'" if wire.MYSQL
                       else "INSTALL SONAME 'auth_ed25519'")
            root.query(f"CREATE USER IF NOT EXISTS {ME}@localhost")
            root.query("CREATE USER admin@'%' IDENTIFIED BY 'a1'")
            root.query("GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION")
        yield one
    finally:
        one.destroy()


def admin(server):
    return wire.connect(server.socket, "admin", "a1")


def identify(server, how):
    """The account of the operating system's user who runs this, and Weir."""
    with admin(server) as one:
        one.query(f"ALTER USER {ME}@localhost IDENTIFIED {how}")


@pytest.fixture
def by_socket(server, weir):
    """As one on the same machine reaches it."""
    return weir(of=server, users={}, failed_connections_threshold=0, server_socket=server.socket, server_host=None,
                server_port=None)


def comes(address, password):
    """CURRENT_USER(), or the number of the error."""
    with Login(address) as login:
        login.begin(ME, SHA2 if wire.MYSQL else NATIVE, password)
        last = login.go_on(password)
        if last[:1] == b"\xff":
            return wire.ServerError(last).code
        return login.wire.value("SELECT CURRENT_USER()")


IN = f"{ME}@localhost"


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_kernel_speaks_for_nobody_else(server, by_socket, name):
    """Wrong before right, and after it, when Weir has learnt what is right."""
    identify(server, ACCOUNTS[name])
    assert comes(server.socket, "wrong") == comes(server.socket, "") == IN, "the account is another one"
    for _ in range(2):
        for password in ("wrong", "", "invalid", ME):
            assert comes(by_socket.address, password) == 1045, password
        assert comes(by_socket.address, "right") == (IN if name in WITH_PASSWORD else 1045)


@pytest.mark.mariadb
def test_while_one_is_in_others_of_the_name_come_with_a_wrong_password(server, by_socket):
    identify(server, ACCOUNTS["native"])
    with Login(by_socket.address) as login:
        login.begin(ME, NATIVE, "right")
        assert login.go_on("right")[:1] == b"\0"
        for password in ("wrong", "right", "wrong"):
            assert comes(by_socket.address, password) == (IN if password == "right" else 1045)
        assert login.wire.value("SELECT CURRENT_USER()") == IN


@pytest.mark.mariadb
@pytest.mark.parametrize("name", ["native", "ed25519", "both"])
def test_the_password_of_before_is_wrong_although_the_kernel_would_let_it_in(server, by_socket, name):
    identify(server, ACCOUNTS[name])
    assert comes(by_socket.address, "right") == IN
    identify(server, ACCOUNTS[name].replace("right", "new"))
    assert comes(by_socket.address, "new") == IN
    for _ in range(2):
        assert comes(by_socket.address, "right") == 1045
        assert comes(by_socket.address, "new") == IN


@pytest.mark.mariadb
def test_nobody_is_let_in_to_change_a_password_that_he_may_not_know(server, by_socket):
    """What kind of account it is cannot be read before the password is changed."""
    identify(server, ACCOUNTS["native"])
    with admin(server) as one:
        one.query("SET GLOBAL disconnect_on_expired_password = OFF")
        one.query(f"ALTER USER {ME}@localhost PASSWORD EXPIRE")
        with pytest.raises(wire.ServerError) as inside:
            comes(server.socket, "right")
        assert inside.value.code == 1820, "the server does not let it in"
        assert [comes(by_socket.address, password) for password in ("wrong", "right")] == [1045, 1820]
        one.query(f"DROP USER {ME}@localhost")
        one.query(f"CREATE USER {ME}@localhost IDENTIFIED VIA unix_socket")


@pytest.mark.mariadb
@pytest.mark.parametrize("way", ["port", "socket"])
def test_who_guesses_is_delayed(server, weir, way):
    """The server has another number for what is refused by a method that knows of no passwords."""
    with admin(server) as one:
        one.query("CREATE OR REPLACE USER guessed@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('right') "
                  "OR unix_socket")
        one.query("CREATE OR REPLACE USER guessed@'127.0.0.1' IDENTIFIED VIA mysql_native_password "
                  "USING PASSWORD('right') OR unix_socket")
    more = {} if way == "port" else {"server_socket": server.socket, "server_host": None, "server_port": None}
    weir = weir(of=server, users={}, failed_connections_threshold=2, min_connection_delay="1000ms", **more)

    def met(address, password):
        began = time.monotonic()
        with pytest.raises(wire.ServerError) as refused:
            wire.connect(address, "guessed", password)
        return refused.value.code, refused.value.text.split("@")[0], time.monotonic() - began > 0.9

    words = met(server.address, "wrong")[:2]
    assert words == (1698, "Access denied for user 'guessed'")
    assert [met(weir.address, "wrong") for _ in range(4)] == [(*words, late) for late in (False, False, True, True)]
    assert weir.counters()["Access_denied_errors"] == 4
    began = time.monotonic()
    wire.connect(weir.address, "guessed", "right").close()
    assert time.monotonic() - began > 0.9, "the right one tells itself by being quick"


@pytest.mark.mariadb
def test_a_password_that_is_refused_in_those_words_is_forgotten(server, weir):
    """Who is in with it may have another link no more than with any other that has been refused."""
    with admin(server) as one:
        account = "guessed@'127.0.0.1' IDENTIFIED VIA mysql_native_password USING PASSWORD('{}') OR unix_socket"
        one.query("CREATE OR REPLACE USER " + account.format("right"))
        weir = weir(of=server, users={}, failed_connections_threshold=0, password_cache_time=0)
        with wire.connect(weir.address, "guessed", "right") as inside:
            inside.query("SELECT 1")
            one.query("ALTER USER " + account.format("new"))
            with pytest.raises(wire.ServerError):
                wire.connect(weir.address, "guessed", "right")
            with pytest.raises((wire.ServerError, wire.Closed)) as refused:
                for _ in range(2):
                    inside.query("SELECT 1")
            assert refused.value.code == 1927


def test_links_of_who_was_refused_do_not_stay(server, by_socket):
    identify(server, ACCOUNTS["alone"])
    assert comes(by_socket.address, "wrong") == 1045
    with console.connect(by_socket) as c:
        assert c.query(f"SELECT 1 FROM weir.links WHERE user = '{ME}' AND COALESCE(purpose,'') = ''") == []
