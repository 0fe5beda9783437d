# SPDX-License-Identifier: Apache-2.0
"""Accounts that a server refuses for another reason than the password, and what Weir's own failures do
to the server: the same error as direct, and never a blocked host."""

import socket

import pytest

import console
import login_cells
import processes
import wire
from auth_dialog import ED25519, NATIVE, Login, log_in

# Of "secret": see test_auth_methods.py.
ED25519_KEY = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"


@pytest.fixture
def account(server):
    with server.root() as root:
        root.query("CREATE OR REPLACE USER stated@'%' IDENTIFIED BY 'secret'")
        try:
            yield root
        finally:
            root.query("DROP USER IF EXISTS stated@'%'")


def code_of(address):
    """Of the login, or of its first query; 0 none."""
    try:
        with wire.connect(address, user="stated") as c:
            c.query("SELECT 1")
            return 0
    except wire.ServerError as error:
        return error.code


def test_a_locked_account_hears_so(account, server, weir):
    one = weir(users={"stated": "secret"})
    assert code_of(one.address) == 0
    account.query("ALTER USER stated@'%' ACCOUNT LOCK")
    direct = code_of(server.address)
    assert direct == (3118 if wire.MYSQL else 4151)
    fresh = weir(users={"stated": "secret"})
    assert code_of(fresh.address) == direct
    account.query("ALTER USER stated@'%' ACCOUNT UNLOCK")
    assert code_of(server.address) == 0


# -------- expired passwords --------

KNOWS_EXPIRED = wire.BASIC | 1 << 22  # CLIENT_CAN_HANDLE_EXPIRED_PASSWORDS
NEW = "ALTER USER USER() IDENTIFIED BY 'renewed'" if wire.MYSQL else "SET PASSWORD = PASSWORD('renewed')"
# What a session may ask before and after.
ASKED = ("SELECT 1", "SELECT CONNECTION_ID() > 0", "SELECT @@session.sql_mode = ''", "USE test", "BEGIN", "DO 1",
         "SHOW WARNINGS", "SELECT DATABASE()", "ALTER USER nobody@nowhere IDENTIFIED BY 'x'")
LATER = ("SELECT DATABASE()", "SELECT 1", "SELECT CURRENT_USER()", "SET @a = 5", "SELECT @a", "SELECT @@character_set_client",
         "CREATE TEMPORARY TABLE test.t (a INT)", "INSERT INTO test.t VALUES (7)", "SELECT a FROM test.t")


def outcome(connection, sql):
    """Rows, or the error as the server words it."""
    try:
        return connection.query(sql)
    except wire.ServerError as error:
        return (error.code, error.text)


def life_of_an_expired_password(root, address, schema, capabilities, **more):
    """What a client meets from its login on, until it has changed the password, and after that."""
    root.query("CREATE OR REPLACE USER stated@'%' IDENTIFIED BY 'secret'")
    root.query("GRANT ALL ON test.* TO stated@'%'")
    root.query("ALTER USER stated@'%' PASSWORD EXPIRE")
    try:
        one = wire.connect(address, "stated", "secret", schema, capabilities, **more)
    except wire.ServerError as error:
        return [(error.code, error.text)]
    with one:
        heard = [outcome(one, sql) for sql in ASKED]
        one.command(b"\x0e")
        heard.append("ping")
        heard.append(outcome(one, NEW))
        return heard + [outcome(one, sql) for sql in LATER]


@pytest.mark.parametrize("disconnect", [0, 1])
@pytest.mark.parametrize("knows", [False, True])
@pytest.mark.parametrize("how", ["section", "guest"])
def test_an_expired_password_means_what_it_means_on_the_server(account, server, weir, how, knows, disconnect):
    """disconnect_on_expired_password off: everybody is let in to change it. On: who says that it knows
    what to do."""
    setting = "disconnect_on_expired_password"
    if wire.MYSQL:  # it can only be set at the start, and is on
        if not disconnect:
            pytest.skip("MySQL has it on")
    else:
        account.query(f"SET GLOBAL {setting} = {disconnect}")
    capabilities = KNOWS_EXPIRED if knows else wire.BASIC
    try:
        for schema in (None, "test"):
            direct = life_of_an_expired_password(account, server.address, schema, capabilities)
            assert (len(direct) == 1) == bool(disconnect and not knows), direct
            one = weir(users={"stated": "secret"} if how == "section" else {})
            more = {"tls": wire.unverified_tls()} if wire.MYSQL else {}
            assert life_of_an_expired_password(account, one.address, schema, capabilities, **more) == direct
            if how == "section":
                continue
            # The new password is the account's, and the link of before is nobody else's.
            if len(direct) > 1:
                with wire.connect(one.address, "stated", "renewed", **more) as again:
                    assert again.value("SELECT @a") is None
            with pytest.raises(wire.ServerError) as refused:
                wire.connect(one.address, "stated", "wrong", **more)
            assert refused.value.code == 1045
    finally:
        if not wire.MYSQL:
            account.query(f"SET GLOBAL {setting} = 0")


def test_a_password_that_expires_under_way(account, server, weir):
    """Who is in stays in, as direct; who comes is asked for a new one, also where links are open."""
    one = weir(users={"stated": "secret"})
    with wire.connect(one.address, "stated", "secret", capabilities=KNOWS_EXPIRED) as before:
        assert before.value("SELECT 1") == "1"
        before.query("BEGIN")
        account.query("ALTER USER stated@'%' PASSWORD EXPIRE")
        assert before.value("SELECT 2") == "2"
        with wire.connect(one.address, "stated", "secret", capabilities=KNOWS_EXPIRED) as late:
            assert outcome(late, "SELECT 3")[0] == 1820
            assert outcome(late, "SELECT 4")[0] == 1820
            assert outcome(late, NEW) == []
            assert late.value("SELECT 5") == "5"
        before.query("COMMIT")


# -------- two valid passwords --------

def logs_in(one, password, **more):
    try:
        with wire.connect(one.address, "stated", password, **more) as c:
            return c.value("SELECT CURRENT_USER()") == "stated@%"
    except wire.ServerError as error:
        assert error.code == 1045, error
        return False


@pytest.mark.parametrize("where", ["section", "file"])
def test_a_password_is_changed_while_two_are_valid(account, server, weir, tmp_path, where):
    """Before, during and after the change both that Weir was told of let clients in as long as the server
    takes one of them; Weir finds out which by itself."""
    hashes = {p: login_cells.stored_hash(p) for p in ("secret", "fresh")}
    if where == "section":
        one = weir(users={"stated": "secret"}, pool_spare_timeout="10ms", start=False)
        one.sections["user stated"] = {"secondary_password": "fresh"}
        one.configure()
        one.start()
    else:
        users = tmp_path / "users"
        users.write_text("".join(f"stated {h}\n" for h in hashes.values()), encoding="ascii")
        users.chmod(0o600)
        one = weir(users={}, users_file=str(users), pool_spare_timeout="10ms")
    tls = {"tls": wire.unverified_tls()} if wire.MYSQL else {}
    assert logs_in(one, "secret", **tls) and not logs_in(one, "wrong", **tls)
    if wire.MYSQL:
        account.query("ALTER USER stated@'%' IDENTIFIED BY 'fresh' RETAIN CURRENT PASSWORD")
    else:
        account.query("ALTER USER stated@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('fresh') "
                      "OR mysql_native_password USING PASSWORD('secret')")
    for password in ("secret", "fresh", "secret"):
        assert logs_in(one, password, **tls), password
    if wire.MYSQL:
        account.query("ALTER USER stated@'%' DISCARD OLD PASSWORD")
    else:
        account.query("ALTER USER stated@'%' IDENTIFIED BY 'fresh'")
    with console.connect(one) as c:
        c.query("DRAIN USER stated")
    assert logs_in(one, "fresh", **tls)
    for _ in range(3):
        with wire.connect(one.address, "stated", "fresh", **tls) as late:
            assert late.value("SELECT 1") == "1"
    account.query("ALTER USER stated@'%' IDENTIFIED BY 'neither'")
    with console.connect(one) as c:
        c.query("DRAIN USER stated")
    assert not logs_in(one, "fresh", **tls)


# -------- max_connect_errors --------

def own_address():
    """One of this machine's that is not loopback: servers let loopback off. None: there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return None
        address = s.getsockname()[0]
    return None if address.startswith("127.") else address


@pytest.fixture(scope="module")
def strict():
    """A server that refuses a host after one interrupted login."""
    if not own_address():
        pytest.skip("this machine has no address but loopback")
    one = processes.new_server("--max-connect-errors=1", "--bind-address=0.0.0.0", "--skip-name-resolve=0",
                               "--host-cache-size=128", "--performance-schema=ON", name="strict")
    try:
        one.start().prepare()
        with one.root() as root:
            root.query("INSTALL SONAME 'auth_ed25519'")
            root.query(f"CREATE USER curved@'%' IDENTIFIED VIA ed25519 USING '{ED25519_KEY}'")
            root.query("CREATE USER hashed@'%' IDENTIFIED BY 'secret'")
        yield one
    finally:
        one.destroy()


def connect_errors(strict):
    with strict.root() as root:
        return root.query("SELECT COALESCE(SUM(SUM_CONNECT_ERRORS), 0) FROM performance_schema.host_cache")


@pytest.mark.mariadb
def test_a_guest_that_leaves_in_its_login_does_not_break_off_that_on_the_server(strict):
    one = processes.Weir(strict, users={}, unknown_users="serve", server_host=own_address())
    try:
        one.start()
        with Login(one.address) as leaves:
            leaves.begin("curved", NATIVE, "secret")
            assert leaves.hear()[:1] == b"\xfe"
        with strict.root() as root:
            processes.wait_until(lambda: root.query(
                "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID()") == [[b"0"]],
                20, "the server knows of no login")
        assert connect_errors(strict) == [[b"0"]]
    finally:
        one.destroy()


@pytest.mark.mariadb
def test_what_weir_cannot_answer_never_breaks_off_a_login(strict):
    users = {"app": "secret", "curved": ED25519_KEY, "hashed": ED25519_KEY, "nobody": "x"}
    one = processes.Weir(strict, users=users, server_host=own_address(), pool_wait_timeout="4s",
                         failed_connections_threshold=0)
    try:
        one.start()
        for user in ("curved", "hashed"):
            last, heard = log_in(one.address, user, "secret", ED25519)
            assert heard[0][:2] == ("switch", ED25519)
            said = wire.ServerError(last)
            assert said.code == 1045 and said.text.startswith("Weir "), said
        assert wire.ServerError(log_in(one.address, "nobody", "x", NATIVE)[0]).code == 1045
        assert log_in(one.address, "app", "secret", NATIVE)[1] == [("ok",)]
        # Somebody else on this machine does what Weir does not.
        with Login((own_address(), strict.port)) as broken_off:
            broken_off.begin("curved", NATIVE, "secret")
            assert broken_off.hear()[:1] == b"\xfe"
        processes.wait_until(lambda: connect_errors(strict) == [[b"1"]], 20, "the server counts it")
        one.stop()
        one.start()
        one.wait_log("is blocked because of many connection errors")
        assert "FLUSH HOSTS" in one.log()
        with pytest.raises(wire.ServerError) as refused:
            wire.connect(one.address).query("SELECT 1")
        assert "is blocked" in refused.value.text and "FLUSH HOSTS" in refused.value.text
    finally:
        one.stop()
        one.destroy()


WORDS = {"short": b"x", "long": b"x" * 21, "empty": b"", "blank": b"\0" * 20}


@pytest.mark.mariadb
@pytest.mark.parametrize("user", ["hashed", "curved", "nobody"])
@pytest.mark.parametrize("word", WORDS)
def test_words_of_the_wrong_size_do_not_block_weirs_host(strict, weir, user, word):
    """What a guest says is passed on to the server, which would count it against whoever said it."""
    with strict.root() as root:
        root.query("FLUSH HOSTS")
    one = weir(of=strict, users={}, server_host=own_address(), failed_connections_threshold=0)
    for _ in range(3):
        with Login(one.address) as login:
            login.begin(user, "no_such_method")
            assert login.hear()[:1] == b"\xfe"
            login.say(WORDS[word])
            assert wire.ServerError(login.hear()).code == 1045
    assert connect_errors(strict) == [[b"0"]]
    with wire.connect(one.address, "hashed") as c:
        assert c.value("SELECT 1") == "1"
