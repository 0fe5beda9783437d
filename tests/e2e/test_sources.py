# SPDX-License-Identifier: Apache-2.0
"""Where passwords come from: the users file, and users that are written down nowhere but on the
server, who log in by a relay, by learning, or by a hash that auth_user reads."""

import hashlib
import os
import shutil
import subprocess

import pytest

import console
import processes
import wire
from guest_logins import links_of, login, refused

MYSQL = wire.MYSQL
# How somebody logs in whom nobody knows: MySQL's accounts have caching_sha2_password.
FIRST_WAY = "learning" if MYSQL else "relay"


@pytest.fixture
def root(server):
    with server.root() as one:
        one.query("DROP USER IF EXISTS guest@'%', other@'%'")
        one.query("CREATE USER guest@'%' IDENTIFIED BY 'g1'")
        one.query("GRANT ALL ON test.* TO guest@'%'")
        one.query("CREATE USER other@'%' IDENTIFIED BY 'o1'")
        yield one
    with server.root() as one:
        one.query("DROP USER IF EXISTS guest@'%', other@'%'")


def user_row(weir, user="guest"):
    """(source, login, learnt) in SHOW USERS."""
    with console.connect(weir) as c:
        rows = c.query(f"SELECT source, login, learnt FROM weir.users WHERE name='{user}'")
    return tuple(x.decode() if x is not None else None for x in rows[0]) if rows else None


def end_links(weir, root, user="guest"):
    """The server ends all links of a user. Weir need not have noticed yet."""
    threads = processes.wait_until(lambda: links_of(weir, user), 10, "a link")
    for thread in threads:
        try:
            root.query(f"KILL {thread}")
        except wire.ServerError as error:
            assert error.code == 1094  # it has ended by itself

    def left():
        rows = root.query(f"SELECT id FROM information_schema.processlist WHERE user='{user}'")
        return set(threads) & {int(row[0]) for row in rows}
    processes.wait_until(lambda: not left(), 10, "their end")


# --- who may come ---

def test_a_user_that_is_configured_nowhere(root, weir):
    one = weir(users={})
    with login(one, schema="test") as c:
        assert c.value("SELECT CURRENT_USER()") == "guest@%"
        assert c.value("SELECT DATABASE()") == "test"
        assert user_row(one) == ("server", FIRST_WAY, "1")
        with console.connect(one) as k:
            assert k.query("SELECT login FROM weir.clients WHERE user='guest'") == [[FIRST_WAY.encode()]]


def test_wrong_passwords_and_unknown_names_are_refused(root, weir):
    one = weir(users={})
    for user, password in (("guest", "wrong"), ("nobody", "g1"), ("guest", "")):
        assert refused(one, user, password).code == 1045
    with login(one):
        for user, password in (("guest", "wrong"), ("nobody", "g1"), ("other", "g1")):
            error = refused(one, user, password)
            assert error.code == 1045 and f"'{user}'@'127.0.0.1'" in error.text
    assert user_row(one, "nobody") is None


def test_where_somebody_is_configured_nobody_else_may_come(root, weir):
    one = weir()
    assert refused(one).code == 1045
    one.configure(unknown_users="serve")
    one.reload()
    with login(one) as c:
        assert c.value("SELECT 1") == "1"
    one.configure(unknown_users="refuse")
    one.reload()
    assert refused(one).code == 1045


def test_limits_of_a_guest(root, weir):
    """A section without a password says something about whom the server knows: nobody is locked out."""
    one = weir(users={})
    limit = "user.guest.max_user_connections"
    with login(one) as c, console.connect(one) as k:
        k.query(f"SET PERSIST {limit} = 1")
        for _ in range(2):  # by SET, and as the file has it
            error = refused(one)
            assert error.code == 1226 and "max_user_connections" in error.text
            with login(one, "other", "o1") as other:
                assert other.value("SELECT 1") == "1"
            assert c.value("SELECT 1") == "1"
            k.query("RELOAD")
        assert user_row(one)[0] == "server"
        k.query(f"RESET PERSIST {limit}")
        k.query("RELOAD")
        with login(one) as again:
            assert again.value("SELECT 1") == "1"
        k.query("SET GLOBAL user.guest.idle_transaction_timeout = '200ms'")
    with login(one) as c:
        c.query("BEGIN")
        one.wait_log("idle inside a transaction")


def test_rules_and_server_of_a_guest(root, weir):
    one = weir(users={}, start=False)
    one.sections["server second"] = {"host": one.server.address[0], "port": one.server.address[1]}
    one.sections["user guest"] = {"server": "second", "require_secure_transport": "on"}
    one.configure()
    one.start()
    assert "are not served" not in one.log()
    with login(one) as c, login(one, "other", "o1"):
        assert c.value("SELECT 1") == "1"
        with console.connect(one) as k:
            assert k.query("SELECT name, server FROM weir.users WHERE source = 'server' ORDER BY 1") == \
                [[b"guest", b"second"], [b"other", b"main"]]
            assert k.value("SELECT server FROM weir.pools WHERE user = 'guest'") == "second"
        error = pytest.raises(wire.ServerError, wire.connect, one.address, "guest", "g1").value
        assert error.code == 1045
    one.wait_log("require_secure_transport of [user guest]")


def test_a_schema_that_is_not_there(root, weir):
    one = weir(users={})
    direct = pytest.raises(wire.ServerError, wire.connect, one.server.address, "guest", "g1", "absent")
    assert refused(one, schema="absent").code == direct.value.code


def test_locked_accounts_are_refused_as_the_server_does(root, weir):
    one = weir(users={})
    root.query("ALTER USER guest@'%' ACCOUNT LOCK")
    direct = pytest.raises(wire.ServerError, wire.connect, one.server.address, "guest", "g1")
    through = refused(one)
    assert (through.code, through.text) == (direct.value.code, direct.value.text)


def test_no_more_unknown_users_than_allowed(root, weir):
    one = weir(users={}, max_unknown_users=1)
    with login(one):
        error = refused(one, "other", "o1")
        assert error.code == 1040 and "max_unknown_users" in error.text
        with login(one) as again:
            assert again.value("SELECT 1") == "1"


@pytest.mark.mysql  # the MariaDB of these tests has no TLS; test_login_matrix.py has another
def test_accounts_that_require_tls(root, weir):
    """Of the client, not only of Weir; and of one whose password is known already, too."""
    one = weir(users={}, password_cache_time=3600)
    root.query("ALTER USER guest@'%' REQUIRE SSL")
    for _ in range(2):
        with pytest.raises(wire.ServerError) as error:
            wire.connect(one.address, "guest", "g1")
        assert error.value.code == 1045
        with login(one) as c:
            assert c.value("SELECT 1") == "1"
    assert user_row(one)[1] == "cache"


# --- links ---

def test_clients_of_one_user_share_its_links(root, weir):
    one = weir(users={}, pool_max_size=1)
    with login(one) as a, login(one) as b:
        for c in (a, b, a, b):
            assert c.value("SELECT CURRENT_USER()") == "guest@%"
        assert len(links_of(one)) == 1


def test_a_password_that_is_known_opens_links_at_any_time(root, weir):
    """MySQL: learnt. MariaDB: from a hash."""
    root.query("CREATE USER IF NOT EXISTS reader@'%' IDENTIFIED BY 'r'")
    root.query("GRANT SELECT ON mysql.* TO reader@'%'")
    one = weir(users={"reader": "r"}, server_auth_user="reader")
    with login(one) as c:
        assert c.value("SELECT 1") == "1"
        assert user_row(one) == ("server", "learning" if MYSQL else "auth_user", "1")
        end_links(one, root)
        assert c.value("SELECT 1") == "1"
        with login(one, password="g1") as again:
            assert again.value("SELECT 1") == "1"
            assert user_row(one)[1] == "cache"
        assert refused(one, password="g2").code == 1045
        root.query("ALTER USER guest@'%' IDENTIFIED BY 'g2'")
        with login(one, password="g2") as changed:
            assert changed.value("SELECT 1") == "1"
    root.query("DROP USER reader@'%'")


def test_an_account_that_may_not_read_hashes(root, weir):
    one = weir(users={"other": "o1"}, server_auth_user="other")
    with login(one) as c:
        assert c.value("SELECT 1") == "1"
    assert user_row(one)[1] == FIRST_WAY
    assert "hashes of server 'main' could not be read" in one.log()


# --- what changes on the server ---

def test_a_changed_password_counts_at_once(root, weir):
    one = weir(users={}, password_cache_time=0)
    with login(one) as c:
        c.query("SELECT 1")
    root.query("ALTER USER guest@'%' IDENTIFIED BY 'g2'")
    assert refused(one, password="g1").code == 1045
    with login(one, password="g2") as c:
        assert c.value("SELECT 1") == "1"


def test_a_new_password_is_accepted_while_the_old_one_is_remembered(root, weir):
    one = weir(users={}, password_cache_time=3600)
    with login(one):
        root.query("ALTER USER guest@'%' IDENTIFIED BY 'g2'")
        with login(one, password="g2") as c:
            assert c.value("SELECT 1") == "1"
        assert refused(one, password="g1").code == 1045


@pytest.mark.mysql
def test_two_valid_passwords(root, weir):
    one = weir(users={}, password_cache_time=3600)
    with login(one):
        pass
    root.query("ALTER USER guest@'%' IDENTIFIED BY 'g2' RETAIN CURRENT PASSWORD")
    for password in ("g2", "g1", "g2", "g1"):
        with login(one, password=password) as c:
            assert c.value("SELECT 1") == "1"
    assert user_row(one) == ("server", "cache", "2")
    root.query("ALTER USER guest@'%' DISCARD OLD PASSWORD")
    one.configure(password_cache_time=0)
    one.reload()
    assert refused(one, password="g1").code == 1045
    with login(one, password="g2") as c:
        assert c.value("SELECT 1") == "1"


def test_a_user_that_is_dropped_cannot_come_back(root, weir):
    one = weir(users={}, password_cache_time=0)
    with login(one) as c:
        c.query("SELECT 1")
    processes.wait_until(lambda: links_of(one), 10, "a link at rest")
    root.query("DROP USER guest@'%'")
    assert refused(one).code == 1045


# --- nobody gets a link of somebody else ---

def test_a_name_that_is_given_to_somebody_else(root, weir):
    """The account is dropped and made anew, with another password and fewer rights. Neither gets
    the link of the other: not the new one those of before, not the old one those of now."""
    root.query("CREATE TABLE IF NOT EXISTS test.of_the_first (i INT)")
    one = weir(users={}, password_cache_time=3600)
    with login(one) as idle, login(one) as old:
        for c in (idle, old):
            assert c.query("SELECT * FROM test.of_the_first") == []
        root.query("DROP USER guest@'%'")
        root.query("CREATE USER guest@'%' IDENTIFIED BY 'new'")
        with login(one, password="new") as new:
            for _ in range(4):
                with pytest.raises(wire.ServerError) as denied:
                    new.query("SELECT * FROM test.of_the_first")
                assert denied.value.code in (1142, 1044)
        for c in (idle, old):
            with pytest.raises((wire.ServerError, wire.Closed)):
                c.query("SELECT 1")
                c.query("SELECT 1")
    root.query("DROP TABLE test.of_the_first")


def test_no_way_to_a_link_of_another_user(root, weir):
    """Links of both are at rest; whatever a client says, it gets none but those of the name that it
    has proved."""
    one = weir(users={}, password_cache_time=3600)
    for user, password in (("guest", "g1"), ("other", "o1")):
        with login(one, user, password) as c:
            assert c.value("SELECT CURRENT_USER()") == f"{user}@%"
    processes.wait_until(lambda: links_of(one) and links_of(one, "other"), 10, "links at rest")
    for user, password in (("other", "g1"), ("guest", "o1"), ("guest ", "o1"), ("'guest'", "o1"),
                           ("GUEST", "g1"), ("guest\\", "g1"), ("gu", "g1"), ("", "g1")):
        assert refused(one, user, password).code == 1045, user
    with login(one, "'guest'") as quoted:  # as servers read it
        assert quoted.value("SELECT CURRENT_USER()") == "guest@%"
    with login(one) as c:
        with pytest.raises(wire.ServerError) as wrong:
            c.change_user("other", "g1")
        assert wrong.value.code == 1045
    with login(one) as c:
        assert c.change_user("other", "o1")[0] == 0
        assert c.value("SELECT CURRENT_USER()") == "other@%"
        assert c.change_user("guest", "g1")[0] == 0
        assert c.value("SELECT CURRENT_USER()") == "guest@%"


def test_an_answer_is_good_for_one_challenge_only(root, weir):
    one = weir(users={})
    with wire.Wire(one.address) as first:
        first.read_greeting()
        kept = first.login_packet("guest", "g1")
        first.send(kept, 1)
        if not MYSQL:
            assert first.finish_login("g1")[0] == 0
    with wire.Wire(one.address) as second:
        second.read_greeting()
        second.send(kept, 1)
        answer = second.read_packet()
        if answer[:1] == b"\xfe":  # it is asked anew, for a challenge of its own
            second.send(b"x" * 20, second.sequence + 1)
            answer = second.read_packet()
        assert answer[:1] == b"\xff" or answer == b"\x01\x04"


def test_whoever_leaves_in_the_middle_leaves_nothing_behind(root, weir):
    one = weir(users={}, connect_timeout=30)
    for _ in range(5):
        with wire.Wire(one.address) as c:
            c.read_greeting()
            c.send(c.login_packet("guest", "wrong"), 1)
            c.read_packet()  # the server asks
    with login(one) as c:
        assert c.value("SELECT CURRENT_USER()") == "guest@%"
    processes.wait_until(lambda: len(links_of(one)) <= 1, 10, "the end of their links")


def test_whoever_says_nothing_holds_up_nobody(root, weir):
    one = weir(users={"app": "secret"}, unknown_users="serve", server_max_opening=2, connect_timeout=60)
    mute = [wire.Wire(one.address) for _ in range(4)]
    for c in mute:
        c.read_greeting()
        c.send(c.login_packet("guest", "wrong"), 1)
        c.read_packet()
    with one.connect() as known, one.connect() as more:
        assert known.value("SELECT 1") == more.value("SELECT 1") == "1"
    with login(one) as c:
        assert c.value("SELECT 1") == "1"
    for c in mute:
        c.close()


# --- other methods ---

class CommandLine:
    """The mariadb command line, which speaks client_ed25519."""

    def __init__(self, weir, user, password):
        self.process = subprocess.Popen(
            ["mariadb", "--no-defaults", "--skip-reconnect", "--force", "--unbuffered", "-N", "-h",
             "127.0.0.1", "-P", str(weir.settings["port"]), "-u", user, f"-p{password}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def ask(self, sql):
        """The line that it prints: the answer, or the error."""
        try:
            self.process.stdin.write(sql + ";\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = "-"
        while set(line.strip()) == {"-"} or line in ("\n", sql + "\n"):  # errors come with the statement
            line = self.process.stdout.readline()
        return line.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def ed25519(root):
    if shutil.which("mariadb") is None:
        pytest.skip("no mariadb command line")
    root.query("INSTALL SONAME 'auth_ed25519'")
    root.query("CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('e1')")
    root.query("GRANT ALL ON test.* TO ed@'%'")
    root.query("CREATE USER twice@'%' IDENTIFIED VIA ed25519 USING PASSWORD('e1') "
               "OR mysql_native_password USING PASSWORD('n1')")
    yield root
    root.query("DROP USER ed@'%', twice@'%'")
    root.query("UNINSTALL SONAME 'auth_ed25519'")


@pytest.mark.mariadb
def test_a_method_that_weir_only_passes_on(ed25519, weir):
    """client_ed25519; and an account with two methods."""
    one = weir(users={})
    for user, password, answer in (("ed", "e1", "ed@%"), ("ed", "e2", "1045"), ("twice", "e1", "twice@%"),
                                   ("twice", "n1", "twice@%"), ("twice", "x", "1045")):
        with CommandLine(one, user, password) as c:
            assert answer in c.ask("SELECT CURRENT_USER()")
    assert user_row(one, "ed") == ("server", "relay", "0")


@pytest.mark.mariadb
def test_links_of_a_relayed_user_come_with_its_logins_only(ed25519, weir):
    """The client that finds none is told to log in again, and can."""
    one = weir(users={}, pool_idle_timeout=1, pool_spare_timeout=1)
    with CommandLine(one, "ed", "e1") as c, CommandLine(one, "ed", "e1") as d:
        for client in (c, d):
            assert client.ask("SELECT 1") == "1"
        end_links(one, ed25519, "ed")
        said = [client.ask("SELECT 1") for client in (c, d) for _ in range(2)]
        assert "1" not in said
    with CommandLine(one, "ed", "e1") as c:
        assert c.ask("SELECT 1") == "1"


@pytest.mark.mariadb
def test_a_relayed_name_that_is_given_to_somebody_else(ed25519, weir):
    """The public key of the account says that it is another one."""
    one = weir(users={})
    with CommandLine(one, "ed", "e1") as old:
        assert old.ask("SELECT CURRENT_USER()") == "ed@%"
        ed25519.query("DROP USER ed@'%'")
        ed25519.query("CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('e2')")
        with CommandLine(one, "ed", "e2") as new:
            for _ in range(4):
                assert "denied" in new.ask("SHOW TABLES FROM test")
        assert "1927" in old.ask("SELECT 1")


# --- the users file ---

def native_hash(password):
    return "*" + hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()


@pytest.mark.mariadb
def test_users_of_a_file(root, weir):
    one = weir(start=False)
    path = os.path.join(one.directory, "users")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
        out.write(f"# who else\nguest {native_hash('g1')}\n")
    one.configure(users_file=path)
    one.start()
    with wire.connect(one.address, "guest", "g1") as c:
        assert c.value("SELECT CURRENT_USER()") == "guest@%"
    assert user_row(one) == ("users_file", "password", "0")
    assert user_row(one, "app")[0] == "section"
    assert refused(one, "other", "o1").code == 1045
    with open(path, "a", encoding="utf-8") as out:
        out.write(f"other {native_hash('o1')}\n")
    one.reload()
    with wire.connect(one.address, "other", "o1") as c:
        assert c.value("SELECT CURRENT_USER()") == "other@%"
    with open(path, "a", encoding="utf-8") as out:
        out.write("third word\n")
    one.send_signal(1)
    one.wait_log(f"{path}:4: the second word is no hash")
    with wire.connect(one.address, "other", "o1") as c:
        assert c.value("SELECT 1") == "1"


# --- names and passwords that are out of the ordinary ---

@pytest.mark.mariadb
def test_no_password_is_one_that_weir_knows(server, weir):
    """An account without a password: nothing is to be learnt, so Weir can log in for it."""
    with server.root() as one:
        one.query("CREATE OR REPLACE USER bare@'%'")
        weir = weir(users={})
        with weir.connect(user="bare", password="") as victim, \
                weir.connect(user="bare", password="") as killer:
            victim.send(wire.q("SELECT SLEEP(20)"))
            processes.wait_until(lambda: one.query("SELECT 1 FROM information_schema.processlist "
                                                   "WHERE state='User sleep'"), 10, "the statement")
            killer.query(f"KILL QUERY {victim.greeting.thread_id}")
            victim.read_reply(wire.COM_QUERY)
            assert victim.error is None or victim.error.code == 1317
        with pytest.raises(wire.ServerError) as error:
            weir.connect(user="bare", password="x")
        assert error.value.code == 1045
        one.query("DROP USER bare@'%'")


@pytest.mark.parametrize("name", ["\u044e\u0437\u0435\u0440", "a\nb"])
def test_a_name_that_is_not_plain(server, weir, name):
    with server.root() as one:
        one.query(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'x'")
        try:
            weir = weir(users={})
            with login(weir, name, "x", collation=45) as c:
                assert c.query("SELECT CURRENT_USER()") == [[f"{name}@%".encode()]]
            with login(weir, name, "x", collation=33) as c:
                assert c.query("SELECT CURRENT_USER()") == [[f"{name}@%".encode()]]
            assert refused(weir, name, "y", collation=45).code == 1045
        finally:
            one.query(f"DROP USER '{name}'@'%'")
