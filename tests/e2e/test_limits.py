# SPDX-License-Identifier: Apache-2.0
"""Who is let in, who waits, who is refused, and in which words."""

import contextlib
import re
import time

import pytest

import processes
import wire


def refused(address, **login):
    """The error of a login that must fail."""
    with pytest.raises(wire.ServerError) as error:
        wire.connect(address, **login)
    return error.value


def test_one_client_too_many_gets_1040_after_its_login(weir):
    one = weir(max_connections=3)
    inside = [one.connect() for _ in range(3)]
    with wire.Wire(one.address) as late:
        late.read_greeting()
        late.take()
        with pytest.raises(wire.ServerError):
            late.login()
        assert late.take().endswith(b"\xff\x10\x04#08004Too many connections")
    # As soon as the reserve is free again, the next one is refused in the same words.
    error = processes.wait_until(lambda: (e := refused(one.address)).state and e, 15, "a free reserve")
    assert (error.code, error.state, error.text) == (1040, "08004", "Too many connections")
    inside.pop().quit()
    processes.wait_until(lambda: _enters(one), 15, "a free place")
    processes.wait_until(lambda: one.counters()["Connection_errors_max_connections"] >= 2, 10, "the count")


def _enters(one):
    try:
        one.connect().quit()
        return True
    except wire.ServerError:
        return False


def greeted(address):
    """A connection that is in its login; None when there is no place for it."""
    one = wire.Wire(address)
    try:
        one.read_greeting()
        return one
    except wire.ServerError:
        one.close()
        return None


def test_bytes_of_both_refusals_are_those_of_a_server(weir, own_server):
    """With all places and the reserve taken, the ERR is the first packet and has no SQLSTATE."""
    own_server.query("CREATE OR REPLACE USER plain@'%' IDENTIFIED BY 'p'")  # SUPER may have the reserve
    one = weir(own_server, start=False, max_connections=20)
    one.users = {"plain": "p"}
    one.configure()
    one.start()
    seen = []
    for address in (own_server.address, one.address):
        inside = own_server.fill(20, "plain", "p", address)
        with processes.wait_until(lambda a=address: greeted(a), 20, "the end of those that were refused") as reserve:
            with wire.Wire(address) as last:
                first = last.read_frame()
                assert last.at_end()
            reserve.take()
            with pytest.raises(wire.ServerError):
                reserve.login("plain", "p")
            seen.append((first, reserve.take(), reserve.at_end()))
        for c in inside:
            c.quit()
    assert seen[0] == seen[1]
    assert seen[1][0] == b"\x17\x00\x00\x00\xff\x10\x04Too many connections"


def test_wrong_password_and_unknown_user_are_worded_by_the_server(server, weir):
    one = weir()
    for login in ({"password": "wrong"}, {"password": ""}, {"user": "nobody"},
                  {"user": "nobody", "password": ""}):
        errors = [refused(address, **login) for address in (server.address, one.address)]
        assert errors[0].payload == errors[1].payload, login
    processes.wait_until(lambda: one.counters()["Access_denied_errors"] >= 3, 10, "the count")


def test_unknown_schema_gets_1049(server, weir):
    one = weir()
    errors = [refused(address, schema="nosuch") for address in (server.address, one.address)]
    assert errors[0].payload == errors[1].payload
    assert errors[1].code == 1049


@pytest.mark.mariadb  # what MySQL 9 stores is no hash that proves anything to it
def test_password_may_be_a_stored_hash(server, weir):
    hashed = server.query("SELECT PASSWORD('secret')")[0][0].decode()
    error = None
    one = weir(start=False)
    one.users = {"app": hashed}
    one.configure()
    one.start()
    try:
        with one.connect() as c:
            assert c.query("SELECT 1") == [[b"1"]]
    except wire.ServerError as e:
        error = e
    # A hash proves who the client is. Weir can log in to the server with it once it has seen one.
    assert error is None, error
    assert refused(one.address, password="wrong").code == 1045


def test_waiting_too_long_says_why(weir):
    one = weir(pool_max_size=1)
    with one.connect() as holder, one.connect() as waiter:
        holder.query("BEGIN")
        one.set_global(pool_wait_timeout="200ms")
        begin = time.monotonic()
        with pytest.raises(wire.ServerError) as error:
            waiter.query("SELECT 1")
        assert 0.15 < time.monotonic() - begin < 25
        assert (error.value.code, error.value.state) == (1040, "08004")
        assert error.value.text.startswith("Too many connections: ")
        for word in ("'app'", "pool_wait_timeout", "pool_max_size=1", "Look for"):
            assert word in error.value.text
        holder.query("COMMIT")
        one.set_global(pool_wait_timeout="30s")
        assert waiter.query("SELECT 1") == [[b"1"]], "the client that waited is served later"


def test_too_many_waiters_are_refused_at_once(weir):
    one = weir(pool_max_size=1, pool_max_waiters=2, pool_wait_timeout="60s")
    with one.connect() as holder:
        holder.query("BEGIN")
        clients = [one.connect() for _ in range(3)]
        before = one.counters()["Weir_waits"]
        for c in clients[:2]:
            c.send(b"\x03SELECT 2")
        processes.wait_until(lambda: one.counters()["Weir_waits"] >= before + 2, 5, "waiting")
        begin = time.monotonic()
        with pytest.raises(wire.ServerError) as error:
            clients[2].query("SELECT 3")
        assert time.monotonic() - begin < 30
        assert error.value.code == 1040
        holder.query("COMMIT")
        for c in clients[:2]:
            c.read_reply(wire.COM_QUERY)
            assert c.error is None
        for c in clients:
            c.quit()


def test_waiters_are_served_in_order(weir):
    one = weir(pool_max_size=1)
    with one.connect(schema="test") as holder:
        holder.query("CREATE OR REPLACE TABLE queue (id INT PRIMARY KEY AUTO_INCREMENT, who INT)")
        holder.query("BEGIN")
        before = one.counters()["Weir_waits"]
        clients = []
        for number in range(12):
            c = wire.Wire(one.address)
            c.login()
            c.send(b"\x03INSERT INTO test.queue (who) VALUES (%d)" % number)
            processes.wait_until(lambda n=before + number: one.counters()["Weir_waits"] > n, 5, "waiting")
            clients.append(c)
        holder.query("COMMIT")
        for c in clients:
            c.read_reply(wire.COM_QUERY)
            assert c.error is None
            c.quit()
        order = [int(row[0]) for row in holder.query("SELECT who FROM queue ORDER BY id")]
    assert order == list(range(12))


def test_a_client_that_leaves_while_it_waits_takes_no_link(weir):
    one = weir(pool_max_size=1)
    with one.connect() as holder, one.connect() as second:
        holder.query("BEGIN")
        before = one.counters()["Weir_waits"]
        with one.connect() as gone:
            gone.send(b"\x03SELECT 1")
            processes.wait_until(lambda: one.counters()["Weir_waits"] > before, 5, "waiting")
        second.send(b"\x03SELECT 2")
        time.sleep(0.1)
        holder.query("COMMIT")
        second.read_reply(wire.COM_QUERY)
        assert second.error is None


def is_ended(w, timeout):
    """MySQL says why before it closes an idle connection, and so does Weir in front of one."""
    if wire.MYSQL and w.readable(timeout):
        with contextlib.suppress(wire.Closed):
            assert b"because of inactivity" in w.read_frame()
    return w.at_end(timeout)


def test_idle_clients_are_disconnected(weir):
    one = weir(wait_timeout=1, interactive_timeout=600)
    with one.connect() as idle, one.connect(capabilities=wire.BASIC | wire.INTERACTIVE) as typist:
        begin = time.monotonic()
        assert is_ended(idle, 30)
        assert 0.7 < time.monotonic() - begin
        assert not typist.at_end(0.2)
        one.set_global(interactive_timeout=1)
        with one.connect(capabilities=wire.BASIC | wire.INTERACTIVE) as another:
            assert is_ended(another, 30)
        assert not typist.at_end(0)


def test_a_transaction_that_idles_is_rolled_back(server, weir):
    one = weir(wait_timeout=1, pool_max_size=1)
    server.query("CREATE OR REPLACE TABLE test.idle (a INT)")
    with one.connect(schema="test") as idle:
        idle.query("BEGIN")
        idle.query("INSERT INTO idle VALUES (1)")
        assert is_ended(idle, 30)
    with one.connect(schema="test") as other:
        assert other.query("SELECT * FROM idle") == []


def test_mute_clients_are_disconnected(weir):
    one = weir(connect_timeout=1)
    with wire.Wire(one.address) as mute, wire.Wire(one.address) as half:
        mute.read_greeting()
        half.read_greeting()
        half.send_bytes(b"\x40\x00\x00\x01abc")
        begin = time.monotonic()
        assert mute.at_end()
        assert half.at_end()
        assert 0.5 < time.monotonic() - begin
    processes.wait_until(lambda: one.counters()["Aborted_connects"] == 2, 10, "both are counted")


def test_links_never_exceed_the_ceiling(own_server, weir):
    """Two users, several dialects, one ceiling over all."""
    own_server.query("CREATE OR REPLACE USER second@'%' IDENTIFIED BY 'two'")
    processes.wait_until(lambda: own_server.others() == 0, 20, "the end of earlier connections")
    own_server.query("FLUSH STATUS")
    one = weir(own_server, start=False, server_max_connections=4, pool_max_size=4)
    one.users = {"app": "secret", "second": "two"}
    one.configure()
    one.start()
    clients = []
    for number in range(16):
        user, password = (("app", "secret"), ("second", "two"))[number % 2]
        capabilities = wire.BASIC | (wire.FOUND_ROWS if number % 3 else 0)
        clients.append(one.connect(user=user, password=password, capabilities=capabilities))
    for _ in range(5):
        for c in clients:
            c.send(b"\x03SELECT SLEEP(0.002), CURRENT_USER()")
        for number, c in enumerate(clients):
            c.read_reply(wire.COM_QUERY)
            assert c.error is None
            user = wire.text_row(c.rows[0])[1]
            assert user == (b"app@%", b"second@%")[number % 2]
    for c in clients:
        c.quit()
    status = dict(own_server.query("SHOW GLOBAL STATUS LIKE 'Max_used_connections'"))
    assert int(status[b"Max_used_connections"]) <= 4 + 1, "our own connection counts too"
    assert one.counters()["Weir_links"] <= 4


def test_idle_links_are_closed_down_to_pool_size(server, weir):
    one = weir(pool_size=1, pool_idle_timeout=1, pool_max_size=5)
    clients = [one.connect() for _ in range(5)]
    for c in clients:
        c.query("BEGIN")
    assert one.counters()["Weir_links"] >= 5
    for c in clients:
        c.query("COMMIT")
        c.quit()
    processes.wait_until(lambda: one.counters()["Weir_links"] <= 2, 15, "closing idle links", 0.2)
    assert re.search("unused for longer than pool_idle_timeout", one.log())


def sections(weir, of, **settings):
    """A Weir with settings of [user app] and [database test]: those that begin with user_, database_."""
    one = weir(start=False, **{k: v for k, v in settings.items() if not k.startswith(("user_", "database_"))})
    del of
    for kind, header in (("user_", "user app"), ("database_", "database test")):
        own = {k[len(kind):]: v for k, v in settings.items() if k.startswith(kind)}
        if own:
            one.sections[header] = own
    one.configure()
    return one.start()


def test_a_user_has_no_more_clients_than_the_global_limit(server, weir):
    one = sections(weir, server, max_user_connections=2)
    inside = [one.connect() for _ in range(2)]
    error = refused(one.address)
    assert (error.code, error.state) == (1203, "42000")
    assert error.text == "User app already has more than 'max_user_connections' active connections"
    inside.pop().quit()
    processes.wait_until(lambda: _enters(one), 15, "a free place")
    processes.wait_until(lambda: one.counters()["Weir_closes_too_many_of_user"] >= 1, 10, "the count")


def test_a_limit_of_a_user_alone_is_1226_as_on_a_server(own_server, weir):
    own_server.query("CREATE OR REPLACE USER limited@'%' IDENTIFIED BY 'p' WITH MAX_USER_CONNECTIONS 1"
                     if own_server.family == "mariadb" else
                     "CREATE USER limited@'%' IDENTIFIED BY 'p' WITH MAX_USER_CONNECTIONS 1")
    one = weir(own_server, start=False)
    one.users = {"limited": "p"}
    one.sections["user limited"] = {"max_user_connections": 1}
    one.configure(max_user_connections=5)
    one.start()
    seen = []
    for address in (own_server.address, one.address):
        with wire.connect(address, "limited", "p") as inside:
            seen.append(refused(address, user="limited", password="p").payload)
            inside.quit()
        # The next one of the loop must find the server's place free.
        processes.wait_until(lambda: own_server.threads("limited") == 0, 5, "the end of the session")
    assert seen[0] == seen[1]


def test_a_database_has_no_more_clients_than_its_limit(server, weir):
    one = sections(weir, server, database_max_database_connections=1)
    with one.connect(schema="test") as inside, one.connect() as elsewhere:
        error = refused(one.address, schema="test")
        assert (error.code, error.state) == (1226, "42000")
        assert error.text == ("User 'app' has exceeded the 'max_database_connections' resource "
                              "(current value: 1)")
        elsewhere.query("USE test")  # counted is what the login named
        one.sections["database test"]["max_database_connections"] = 2
        one.configure()
        one.reload()
        one.connect(schema="test").quit()
        inside.change_user("app", "secret", "mysql")
        one.sections["database test"]["max_database_connections"] = 1
        one.configure()
        one.reload()
        one.connect(schema="test").quit()


def test_limits_may_be_lowered_below_what_is_there(server, weir):
    del server
    one = weir(max_connections=10, max_user_connections=10)
    inside = [one.connect() for _ in range(4)]
    one.configure(max_connections=2, max_user_connections=3)
    one.reload()
    assert refused(one.address).code == 1040
    for c in inside:
        assert c.value("SELECT 7") == "7"
    one.configure(max_connections=5)
    one.reload()
    assert refused(one.address).code == 1203
    one.configure(max_user_connections=0)
    one.reload()
    one.connect().quit()


def test_change_user_moves_the_count(server, weir):
    server.query("CREATE USER IF NOT EXISTS mover@'%' IDENTIFIED BY 'two'")
    one = weir(start=False, max_user_connections=1)
    one.users = {"app": "secret", "mover": "two"}
    one.configure()
    one.start()
    with one.connect() as c:
        assert refused(one.address).code == 1203
        c.change_user("mover", "two")
        one.connect().quit()
        assert refused(one.address, user="mover", password="two").code == 1203
        c.quit()


def test_logins_beyond_max_logins_wait_for_their_greeting(weir):
    one = weir(max_logins=1, workers=1, connect_timeout=60)
    with wire.Wire(one.address) as mute, wire.Wire(one.address) as second:
        mute.read_greeting()
        assert not second.readable(0.3), "one login at a time"
        mute.close()
        second.login()
        assert second.value("SELECT 1") == "1"
    with wire.Wire(one.address) as mute:
        mute.read_greeting()
        one.configure(connect_timeout=2)  # for those who come now
        one.reload()
        late = wire.Wire(one.address)
        assert late.read_frame().endswith(b"\xff\x10\x04Too many connections")
        assert late.at_end()
        late.close()
    processes.wait_until(lambda: one.counters()["Weir_closes_too_many_logins"], 20, "the count")


def test_fewer_clients_are_let_in_when_files_are_short(server, weir):
    """Not hanging clients, but 1040 in time; and the log says why."""
    one = weir(start=False, workers=1, server_max_connections=50, max_connections=5000)
    limit = 64 + 4 + 50 + 60
    one.start(files=limit)
    assert "60 clients are let in, not 5000" in one.log()
    inside = [one.connect() for _ in range(60)]
    assert refused(one.address).code == 1040
    assert inside[0].value("SELECT 1") == "1"
    for c in inside:
        c.quit()
    del server


def test_pools_of_a_user_may_have_their_own_sizes(server, weir):
    one = sections(weir, server, pool_max_size=1, user_pool_max_size=2, pool_wait_timeout="60s",
                   user_pool_wait_timeout="30s")
    clients = [one.connect() for _ in range(3)]
    for c in clients[:2]:
        c.query("BEGIN")
    one.sections["user app"]["pool_wait_timeout"] = "300ms"
    one.configure()
    one.reload()
    with pytest.raises(wire.ServerError) as error:
        clients[2].query("SELECT 1")
    assert "pool_max_size=2" in error.value.text and "300 ms" in error.value.text
    one.sections["user app"] = {"pool_wait_timeout": "30s"}
    one.sections["server main"] = {"pool_max_size": 3}
    one.configure()
    one.reload()
    assert clients[2].query("SELECT 1") == [[b"1"]]
    for c in clients:
        c.quit()


def test_the_error_of_a_full_pool_names_who_holds_it(weir):
    one = weir(pool_max_size=1)
    with one.connect() as holder, one.connect() as waiter:
        holder.query("BEGIN")
        one.set_global(pool_wait_timeout="300ms")
        with pytest.raises(wire.ServerError) as error:
            waiter.query("SELECT 1")
        text = error.value.text
        assert f"client {holder.greeting.thread_id} from 127.0.0.1:" in text
        assert "SHOW PROCESSLIST" in text and len(text) < 512


def test_the_error_of_a_full_pool_says_who_holds_the_most(weir):
    one = weir(pool_max_size=3)
    holders = []
    for program in (b"batch", b"shop", b"batch"):
        holders.append(one.connect(schema="test", capabilities=wire.BASIC,
                                   attributes=((b"program_name", program), (b"_pid", b"1"))))
        holders[-1].query("BEGIN")
        holders[-1].query("SELECT 1")
    one.set_global(pool_wait_timeout="300ms")
    with one.connect() as c, pytest.raises(wire.ServerError) as refused:
        c.query("SELECT 1")
    text = refused.value.text
    assert (refused.value.code, refused.value.state) == (1040, "08004")
    assert "3 of pool_max_size=3" in text and "others waiting: 0" in text
    assert "The most, 2 of 3, are held by 127.0.0.1 ('batch')" in text
    first = holders[0].greeting.thread_id
    assert f"Longest held by client {first} from 127.0.0.1" in text and f"KILL {first} on" in text
    assert len(text.encode()) < 512, "clients cut longer ones"
    for holder in holders:
        holder.close()
