# SPDX-License-Identifier: Apache-2.0
"""Logins of attackers and of the unlucky: the same error as direct, no way in, and nobody else notices.
What garbage does is in test_malformed.py, TLS in test_tls.py, hostile servers in test_hostile_server.py."""

import contextlib
import random
import re
import struct
import threading
import time

import pytest

import console
import passwords
import processes
import wire

PASSWORD = "canary-Passw0rd"
ACCOUNTS = {"h_good": "", "h_expired": " PASSWORD EXPIRE", "h_locked": " ACCOUNT LOCK", "h_gone": "",
            "h_changed": ""}
UNKNOWN = "h_nobody"
SANDBOX = wire.BASIC | 1 << 22  # a client that can handle an expired password


@pytest.fixture(scope="module")
def accounts(server):
    with server.root() as root:
        for name, more in ACCOUNTS.items():
            root.query(f"CREATE USER {name}@'%' IDENTIFIED BY '{PASSWORD}'{more}")
        root.query("GRANT SELECT ON test.* TO h_good@'%'")
    yield {"app": "secret", **dict.fromkeys(ACCOUNTS, PASSWORD)}
    with server.root() as root:
        for name in ACCOUNTS:
            root.query(f"DROP USER IF EXISTS {name}@'%'")


@pytest.fixture(scope="module", params=["listed", "guests"])
def one(request, module_weir, accounts):
    """Its users are in its file, or all of them are guests."""
    return module_weir(users=accounts if request.param == "listed" else {}, connect_timeout=8,
                       failed_connections_threshold=0)


@pytest.fixture(autouse=True)
def nobody_else_notices(request):
    if "one" not in request.fixturenames:
        yield
        return
    one = request.getfixturevalue("one")
    witness = one.connect(schema="test")
    yield
    assert witness.query("SELECT CURRENT_USER(), 6*7") == [[b"app@%", b"42"]]
    witness.close()


def verdict(address, user, password, **more):
    """"in", or the server's words, or how the connection ended."""
    try:
        wire.connect(address, user=user, password=password, **more).close()
        return "in"
    except wire.ServerError as error:
        return error.code, error.state, error.text
    except (wire.Closed, ConnectionError):
        return "closed"


def both(server, one, *arguments, **more):
    return [verdict(address, *arguments, **more) for address in (server.address, one.address)]


# --- the same words as direct ---

@pytest.mark.parametrize("user", ["h_good", "h_locked", UNKNOWN, "", "H_GOOD", "h_good ", "x" * 33, "x" * 128])
@pytest.mark.parametrize("password", [PASSWORD, "wrong", "", PASSWORD + "x", PASSWORD[:-1]])
def test_refusals_are_those_of_the_server(server, one, user, password):
    if wire.MYSQL and password == PASSWORD and user == "h_good":
        verdict(server.address, user, password)
    direct, through = both(server, one, user, password)
    assert direct == through
    assert (direct == "in") == (user == "h_good" and password == PASSWORD)


@pytest.mark.parametrize("schema", ["nosuch", "mysql", "x" * 65])
def test_a_schema_that_may_not_be_used(server, one, schema):
    direct, through = both(server, one, "h_good", PASSWORD, schema=schema)
    assert direct == through and direct != "in"
    direct, through = both(server, one, "h_good", "wrong", schema=schema)
    assert direct == through and direct[0] == 1045


@pytest.mark.parametrize("capabilities", [wire.BASIC, SANDBOX])
def test_an_expired_password(server, one, capabilities):
    """A server lets some clients in to set a new one, and nothing else. A wrong one is wrong."""
    def met(address):
        try:
            with wire.connect(address, user="h_expired", password=PASSWORD, capabilities=capabilities) as c:
                c.query("SELECT 1")
                return "in"
        except wire.ServerError as error:
            return error.code, error.state, error.text
    direct = met(server.address)
    assert direct[0] in (1820, 1862)
    assert met(one.address) == direct
    assert len(set(both(server, one, "h_expired", "wrong", capabilities=capabilities))) == 1


def change_verdict(address, payload, password="wrong"):
    with wire.connect(address) as c:
        try:
            c.send(payload)
            c.finish_login(password)
            return "in", c.value("SELECT CURRENT_USER()")
        except wire.ServerError as error:
            return error.code, error.state
        except (wire.Closed, ConnectionError):
            return "closed", None


CHANGE = b"\x11h_good\0\0test\0\x2d\0no_such_method\0\0"


@pytest.mark.parametrize("payload", [CHANGE, CHANGE.replace(b"h_good", b"h_nobody"),
                                     CHANGE.replace(b"h_good", b"h_locked"), CHANGE[:7], CHANGE[:12],
                                     CHANGE[:15], CHANGE[:20]])
def test_a_change_of_user_that_fails(server, one, payload):
    assert change_verdict(server.address, payload) == change_verdict(one.address, payload)


def test_after_a_change_of_user_that_fails_nobody_is_the_new_user(one):
    """MySQL ends the connection; on MariaDB it is the old user's."""
    for password in ("wrong", ""):
        with one.connect() as c:
            with pytest.raises(wire.ServerError):
                c.change_user("h_good", password)
            if wire.MYSQL:
                with contextlib.suppress(wire.Closed, OSError):
                    c.send(wire.q("SELECT CURRENT_USER()"))
                    pytest.fail(repr(c.read_packet()))
            else:
                assert c.query("SELECT CURRENT_USER()") == [[b"app@%"]]


def raw_verdict(address, make, sequence=1):
    c = wire.Wire(address)
    try:
        c.read_greeting()
        c.send_bytes(wire.frames(make(c.login_packet("app", "secret", "test")), sequence))
        return c.finish_login("secret")[:1]
    except wire.ServerError as error:
        return error.code, error.state
    except (wire.Closed, ConnectionError):
        return "closed"
    finally:
        c.close()


def test_login_packets_that_end_too_early(server, one):
    """Well framed, but the packet ends at each of its bytes. (Weir does without the attributes.)"""
    size = []
    raw_verdict(server.address, lambda packet: size.append(packet.index(b"password\0") + 8) or packet)
    for cut in range(size[0]):
        direct, through = (raw_verdict(a, lambda p: p[:cut]) for a in (server.address, one.address))
        assert direct == through, cut


@pytest.mark.parametrize("sequence", [0, 2, 255])
def test_login_packets_out_of_order(server, one, sequence):
    direct, through = (raw_verdict(a, bytes, sequence) for a in (server.address, one.address))
    assert direct == through == (1156, "08S01")


# --- proofs of others ---

def test_scrambles_are_never_the_same(one):
    seen = set()
    for _ in range(100):
        with wire.Wire(one.address) as c:
            scramble = c.read_greeting().scramble
        assert len(scramble) == 20 and b"\0" not in scramble
        seen.add(scramble)
    assert len(seen) == 100


def test_a_login_that_was_recorded_opens_nothing(one):
    """Neither the packet nor the proof in it, in the login or in a change of user."""
    with wire.Wire(one.address) as c:
        c.read_greeting()
        packet = c.login_packet("h_good", PASSWORD)
        proof = passwords.answer_to(c.method, PASSWORD, c.scramble)
        c.send(packet, 1)
        assert c.finish_login(PASSWORD)[:1] == b"\0"
    assert proof in packet
    for _ in range(3):
        with wire.Wire(one.address) as c, pytest.raises((wire.ServerError, wire.Closed)) as refused:
            c.scramble = c.read_greeting().scramble
            c.send(packet, 1)
            c.finish_login("")
        assert getattr(refused.value, "code", 1045) == 1045
    with one.connect() as c, pytest.raises((wire.ServerError, wire.Closed)):
        c.send(b"\x11h_good\0" + bytes([len(proof)]) + proof + b"\0\x2d\0" + c.method + b"\0\0")
        payload = c.read_packet()
        if payload[:1] == b"\xfe":  # another scramble
            c.send(proof, c.sequence + 1)
            payload = c.read_packet()
        assert payload[:1] in (b"\xff", b"\x01") and payload != b"\x01\x03"
        raise wire.Closed


def words_to(address, user, password, method):
    """The packets of a refused login, without what is random and without the name."""
    c = wire.Wire(address)
    with c, contextlib.suppress(wire.ServerError, wire.Closed, ConnectionError):
        c.read_greeting()
        c.take()
        c.send(c.login_packet(user, password, method=method), 1)
        c.finish_login(password)
    said = []
    for sequence, payload in wire.split_packets(c.take()):
        if payload[:1] == b"\xfe":
            payload = payload[:payload.index(b"\0")]
        elif payload.startswith(b"\x01-----BEGIN"):
            payload = b"key"
        said.append((sequence, payload.replace(user.encode(), b"USER")))
    return said


@pytest.mark.parametrize("method", [passwords.METHOD, passwords.SHA2, b"client_ed25519"])
def test_nobody_learns_which_users_there_are(one, method):
    known = words_to(one.address, "h_good", "wrong", method)
    unknown = words_to(one.address, UNKNOWN, "wrong", method)
    assert known[-1][1][:3] == unknown[-1][1][:3] == b"\xff\x15\x04"
    if one.users:  # of guests the server decides, and MySQL asks unknown ones for any of its methods
        assert known == unknown


@pytest.mark.mariadb  # in a container of its own a MySQL has another name for this machine
def test_nor_by_the_name_of_their_host(weir):
    """The server names Weir's host, and so Weir does: of whomever it speaks."""
    names = processes.new_server("--skip-name-resolve=0", name="names")
    try:
        names.start().prepare()
        one = weir(of=names, failed_connections_threshold=0)
        one.connect().close()
        direct = verdict(names.address, "app", "wrong")
        assert "'app'@'localhost'" in direct[2]
        for user in ("app", UNKNOWN):
            assert verdict(one.address, user, "wrong")[2] == direct[2].replace("app", user)
    finally:
        names.destroy()


# --- packets of the wrong size in the middle ---

def test_proofs_of_every_size(one):
    rng = random.Random(7)
    for size in (0, 1, 2, 19, 20, 21, 31, 32, 33, 64, 255, 256, 257, 1024, 4096, 65535, 70000):
        with one.connect() as c, contextlib.suppress(wire.Closed, OSError):
            c.send(b"\x11h_good\0\0\0\x2d\0no_such_method\0\0")
            assert c.read_packet()[:1] == b"\xfe"
            c.send(rng.randbytes(size), c.sequence + 1)
            payload = c.read_packet()
            while payload[:1] == b"\x01":
                c.send(rng.randbytes(size), c.sequence + 1)
                payload = c.read_packet()
            assert payload[:1] == b"\xff"


def test_proofs_out_of_order_cut_and_never_sent(one):
    for answer in (b"\x14\0\0\x02" + b"x" * 20, b"\x14\0\0\xff" + b"x" * 20, b"\x14\0\0\x04" + b"x" * 7,
                   b"\xff\xff\xff\x04" + b"x" * 1000, b"", b"\x14"):
        with one.connect() as c, contextlib.suppress(wire.Closed, OSError, wire.ServerError):
            c.send(b"\x11h_good\0\0\0\x2d\0no_such_method\0\0")
            c.read_packet()
            c.send_bytes(answer)
            if len(answer) >= 24:
                assert c.read_packet()[:1] == b"\xff"


# --- accounts that change under way ---

@pytest.mark.unswitched("who has given the link back needs one of the account that is there now")
def test_a_user_that_is_dropped_while_its_links_are_pooled(server, one):
    """Those who are in stay in, as direct; nobody gets in any more once Weir has been told, and
    another account of the name is another account."""
    with server.connect(user="h_gone", password=PASSWORD) as direct, \
            one.connect(user="h_gone", password=PASSWORD) as inside, one.connect() as app:
        assert inside.value("SELECT CURRENT_USER()") == "h_gone@%"
        app.query("DROP USER h_gone@'%'")
        assert direct.query("SELECT 1") == inside.query("SELECT 1") == [[b"1"]]
        direct_verdict, through = both(server, one, "h_gone", PASSWORD)
        assert through == direct_verdict and through[0] == 1045
        app.query(f"CREATE USER h_gone@'%' IDENTIFIED BY '{PASSWORD}x'")
        assert both(server, one, "h_gone", PASSWORD)[1][0] == 1045
        app.query(f"CREATE USER h_gone@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
        with one.connect(user="h_gone", password=PASSWORD) as other:
            assert other.value("SELECT CURRENT_USER()") == "h_gone@127.0.0.1"
        app.query("DROP USER h_gone@'127.0.0.1'")
        app.query(f"ALTER USER h_gone@'%' IDENTIFIED BY '{PASSWORD}'")


def test_a_password_that_is_changed_under_way(server, one):
    with one.connect(user="h_changed", password=PASSWORD) as inside, one.connect() as app:
        inside.query("SELECT 1")
        app.query(f"ALTER USER h_changed@'%' IDENTIFIED BY '{PASSWORD}-new'")
        try:
            if not processes.switching():  # then it needs another link
                assert inside.query("SELECT 1") == [[b"1"]]
            assert [v[0] for v in both(server, one, "h_changed", PASSWORD)] == [1045, 1045]
        finally:
            app.query(f"ALTER USER h_changed@'%' IDENTIFIED BY '{PASSWORD}'")
        assert verdict(one.address, "h_changed", PASSWORD) == "in"


@pytest.mark.parametrize("deed, number", [("ALTER USER h_changed@'%' ACCOUNT LOCK", (3118, 4151)),
                                          ("ALTER USER h_changed@'%' IDENTIFIED BY 'other'", (1045,)),
                                          ("DROP USER h_changed@'%'", (1045,)),
                                          ("RENAME USER h_changed@'%' TO h_renamed@'%'", (1045,))])
@pytest.mark.parametrize("who", ["listed", "guests"])
def test_what_is_done_to_an_account_past_weir_counts_soon(server, weir, accounts, who, deed, number):
    """Weir sees no such statement; but the server counts them, and the monitor reads that."""
    guests = {"password_cache_time": 1, "users": {}}
    one = weir(**(guests if who == "guests" else {"users": accounts}), monitor_interval=1)
    if who == "listed":  # guests have no monitor; what was done before its first reading is not noticed
        with console.connect(one) as con:
            processes.wait_until(lambda: con.query("SELECT name FROM weir.servers WHERE monitor='on'"), 20, "a reading")
    with server.root() as root:
        try:
            assert verdict(one.address, "h_changed", PASSWORD) == "in"
            root.query(deed)
            processes.wait_until(lambda: verdict(one.address, "h_changed", PASSWORD)[0] in number, 30, "a refusal")
        finally:
            root.query("DROP USER IF EXISTS h_changed@'%', h_renamed@'%'")
            root.query(f"CREATE USER h_changed@'%' IDENTIFIED BY '{PASSWORD}'")


def test_privileges_that_are_taken_away_past_weir_are_gone_for_who_comes_soon(server, weir, accounts):
    """Those that servers look up once, at the login: a link keeps them."""
    one = weir(users=accounts, monitor_interval=1)
    with server.root() as root:
        def others():
            with one.connect(user="h_good", password=PASSWORD) as c:
                return c.query("SELECT COUNT(DISTINCT user) > 1 FROM information_schema.processlist") == [[b"1"]]

        root.query("GRANT PROCESS ON *.* TO h_good@'%'")
        try:
            processes.wait_until(others, 20, "the privilege")
        finally:
            root.query("REVOKE PROCESS ON *.* FROM h_good@'%'")
        processes.wait_until(lambda: not others(), 20, "its end")


# --- links of others ---

@pytest.mark.parametrize("who", ["listed", "guests"])
def test_no_link_serves_another_user(weir, accounts, who):
    """Two links for three users, who come and go, change, fail to change and cut their logins: whoever
    gets an answer is told that it is himself."""
    one = weir(users=accounts if who == "listed" else {}, server_max_connections=2, pool_max_size=2, pool_wait_timeout=30000,
               failed_connections_threshold=0)
    names = {"app": "secret", "h_good": PASSWORD, "h_changed": PASSWORD}
    wrong, answers = [], [0]

    def check(c, name):
        user, schema = c.query("SELECT CURRENT_USER(), @who")[0]
        answers[0] += 1
        if user != f"{name}@%".encode() or schema not in (None, name.encode()):
            wrong.append((name, user, schema))
        c.query(f"SET @who='{name}'")

    def live(seed):
        rng = random.Random(seed)
        for _ in range(12):
            name = rng.choice(list(names))
            with contextlib.suppress(wire.ServerError, wire.Closed, ConnectionError, TimeoutError):
                with one.connect(user=name, password=names[name], timeout=40) as c:
                    check(c, name)
                    other = rng.choice(list(names))
                    deed = rng.randrange(5)
                    if deed == 0:
                        c.change_user(other, names[other])
                        check(c, other)
                    elif deed == 1:
                        c.send(b"\x11" + other.encode() + b"\0\0\0\x2d\0no_such_method\0\0")
                    elif deed == 2:
                        with contextlib.suppress(wire.ServerError):
                            c.change_user(other, "wrong")
                            wrong.append("let in")
                        check(c, name)  # MariaDB lets it live on as who it was
                    elif deed == 3:
                        c.query("BEGIN")
                        check(c, name)
                    else:
                        check(c, name)

    threads = [threading.Thread(target=live, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and answers[0] > 100
    assert one.counters()["Weir_links"] <= 2


# --- what is written down, and what is used up ---

def test_no_password_is_written_down(weir, accounts, tmp_path):
    """At the most talkative level, with logins that fail and statements that name passwords in every log."""
    slow = str(tmp_path / "slow.log")
    one = weir(users=accounts, log_level="debug", slow_query_log="on", long_query_time=0,
               slow_query_log_file=slow)
    verdict(one.address, "h_good", PASSWORD + "-wrong")
    verdict(one.address, "h_good", PASSWORD, tls=wire.unverified_tls())
    with one.connect() as app:
        for sql in (f"ALTER USER h_changed@'%' IDENTIFIED BY '{PASSWORD}'",
                    f"CREATE USER h_new IDENTIFIED BY '{PASSWORD}'", "DROP USER h_new",
                    f"SET PASSWORD FOR h_changed@'%' = {PASSWORD!r}" if wire.MYSQL else
                    f"SET PASSWORD FOR h_changed@'%' = PASSWORD('{PASSWORD}')"):
            app.query(sql)
        with pytest.raises(wire.ServerError):
            app.change_user("h_good", PASSWORD + "-wrong")
    one.reload()
    one.counters()
    with open(slow, encoding="utf-8") as written:
        assert re.search("ALTER USER", text := one.log() + written.read())
    assert "canary" not in text


STATEMENTS_WITH_PASSWORDS = [
    "PREPARE s FROM 'ALTER USER h_changed@''%'' IDENTIFIED BY ''{}'''", "EXECUTE s", "DEALLOCATE PREPARE s",
    "SET @s = CONCAT('ALTER USER h_changed@''%'' IDENTIFIED BY ', '''{}''')", "PREPARE s FROM @s", "EXECUTE s",
    "/* IDENTIFIED BY '{}' */ SELECT 1", "SELECT 1 -- password: {}", "SELECT 2 # IDENTIFIED BY '{}'",
    "/*!50000 ALTER USER h_changed@'%' IDENTIFIED BY '{}' */", "SELECT '{}' AS password",
    "SELECT 3; ALTER USER h_changed@'%' IDENTIFIED BY '{}'; SELECT 4",
    "ALTER USER h_changed@'%' /* x */ IDENTIFIED\tBY\n\"{}\"",
    "ALTER USER h_changed@'%' IDENTIFIED BY '{}' syntax error here",
    "ALTER USER no_such@'%' IDENTIFIED BY '{}'", "SET PASSWORD FOR no_such@'%' = '{}'", "SELECT '{}' password",
    "CREATE SERVER h_s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', HOST 'h', DATABASE 'd', PASSWORD '{}')",
    "DROP SERVER IF EXISTS h_s", "SELECT AES_ENCRYPT('x', '{}'), SHA2('{}', 256), MD5('{}')",
    "SET @password = '{}'", "SELECT SLEEP(0), @password", "ALTER USER h_changed@'%' IDENTIFIED BY '{}",
]
OF_MARIADB = ["EXECUTE IMMEDIATE 'ALTER USER h_changed@''%'' IDENTIFIED BY ''{}'''",
              "ALTER USER h_changed@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{}')",
              "SET STATEMENT max_statement_time=9 FOR ALTER USER h_changed@'%' IDENTIFIED BY '{}'",
              "BEGIN NOT ATOMIC SET PASSWORD FOR h_changed@'%' = PASSWORD('{}'); END",
              "CHANGE MASTER 'h_x' TO MASTER_HOST='h', MASTER_PASSWORD='{}'", "RESET SLAVE 'h_x' ALL"]
OF_MYSQL = ["ALTER USER h_changed@'%' IDENTIFIED WITH caching_sha2_password BY '{}' REPLACE '{}'",
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='h', SOURCE_PASSWORD='{}' FOR CHANNEL 'h_x'",
            "RESET REPLICA ALL FOR CHANNEL 'h_x'"]


def test_no_password_of_a_statement_is_written_down_however_it_is_sent(weir, accounts, tmp_path):
    """As text, prepared, on other links, in a comment, with a mistake in it: in no log, and in nothing
    that the console shows."""
    slow = str(tmp_path / "slow.log")
    one = weir(users=accounts, log_level="debug", slow_query_log="on", long_query_time=0, digests="all",
               slow_query_log_file=slow, pool_max_size=1, debug_link_switching="on")
    seen = b""
    with one.connect(capabilities=wire.BASIC | wire.MULTI_STATEMENTS) as c, console.connect(one) as asks:
        for sql in STATEMENTS_WITH_PASSWORDS + (OF_MYSQL if wire.MYSQL else OF_MARIADB):
            c.command(wire.q(sql.replace("{}", PASSWORD)))
            for table in ("weir.clients", "information_schema.processlist", "weir.links"):
                seen += b"".join(value or b"" for row in asks.query(f"SELECT * FROM {table}") for value in row)
        c.prepare(f"ALTER USER h_changed@'%' IDENTIFIED BY '{PASSWORD}'")
        c.command(c.execute_packet())
        c.query("BEGIN")
        c.query(f"SELECT '{PASSWORD}' AS passphrase")
        for schema, name in asks.query("SELECT table_schema, table_name FROM information_schema.tables"):
            seen += b"".join(value or b"" for row in asks.query(f"SELECT * FROM {schema.decode()}.{name.decode()}")
                             for value in row)
    one.stop()
    with open(slow, "rb") as written:
        text = written.read()
    assert b"ALTER" in text and b"canary" not in text
    assert b"ALTER" in seen and b"canary" not in seen
    assert "canary" not in one.log()


def test_silent_connections_shut_nobody_out(weir, accounts):
    """As many as may be in their login say nothing; who comes is greeted when their time is over."""
    one = weir(users=accounts, max_logins=20, connect_timeout=5, workers=1)
    silent = [wire.Wire(one.address) for _ in range(20)]
    for c in silent:
        c.read_greeting()
    one.set_global(connect_timeout=60)  # for those who come now
    with one.connect(timeout=60) as late:
        assert late.query("SELECT 1") == [[b"1"]]
    for c in silent:
        c.close()


def test_connections_that_break_off_block_no_host(one):
    """Servers count them against the address, and Weir's would be everybody's."""
    for how in range(150):
        c = wire.Wire(one.address)
        if how % 3:
            c.read_greeting()
        if how % 3 == 2:
            c.send_bytes(struct.pack("<I", 50)[:3] + b"\1half")
        c.close()
    for _ in range(20):
        assert verdict(one.address, "h_good", "wrong")[0] == 1045
    assert verdict(one.address, "h_good", PASSWORD) == "in"
    processes.wait_until(lambda: one.counters()["Threads_connected"] == 1, 10, "their end")
