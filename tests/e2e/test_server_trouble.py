# SPDX-License-Identifier: Apache-2.0
"""The server is down, refuses, dies, or ends single connections; and KILL in all its forms."""

import os
import pty
import select
import signal
import subprocess
import threading
import time

import pytest

import processes
import wire


def start_later(server, seconds):
    thread = threading.Thread(target=lambda: (time.sleep(seconds), server.start()))
    thread.start()
    return thread


def error_of(connection, sql):
    with pytest.raises((wire.ServerError, wire.Closed)) as error:
        connection.query(sql)
    return error.value


def test_a_server_that_is_down_at_the_start_is_waited_for(own_server, weir):
    own_server.stop(signal.SIGKILL)
    thread = None
    try:
        one = weir(own_server, pool_wait_timeout="60s")
        with one.connect(timeout=60) as early:
            early.send(b"\x03SELECT 1")
            thread = start_later(own_server, 0.3)
            early.read_reply(wire.COM_QUERY)
            assert early.error is None
    finally:
        if thread:
            thread.join()
        else:
            own_server.start()


def test_a_server_that_stays_down_is_named_in_the_error(weir):
    port = processes.free_port()
    one = weir(server_port=port, pool_wait_timeout="500ms")
    with one.connect() as c:
        error = error_of(c, "SELECT 1")
        assert error.code == 1040
        for words in ("Too many connections", "main", "127.0.0.1", "Connection refused", "Is the server up?"):
            assert words in error.text, error.text
        assert error_of(c, "SELECT 2").code == 1040, "the client stays connected"
    with pytest.raises(wire.ServerError) as login:
        one.connect(schema="test")
    assert login.value.code == 1040


def test_idle_clients_survive_a_restart(own_server, weir):
    one = weir(own_server, pool_wait_timeout="60s")
    clients = [one.connect(timeout=60) for _ in range(5)]
    for c in clients:
        c.query("SET NAMES latin1")
    own_server.restart()
    for c in clients:
        assert c.query("SELECT 1, @@character_set_client") == [[b"1", b"latin1"]]
        c.quit()


def test_a_client_in_a_transaction_hears_of_a_restart(own_server, weir):
    one = weir(own_server)
    with one.connect() as busy, one.connect() as idle:
        busy.query("BEGIN")
        idle.query("SELECT 1")
        own_server.restart()
        with pytest.raises((wire.ServerError, wire.Closed, ConnectionError)):
            busy.query("INSERT INTO nosuch VALUES (1)")
        assert idle.query("SELECT 2") == [[b"2"]]


def test_a_query_that_loses_its_server_ends_as_it_does_directly(own_server, weir):
    """With the end of the stream: an ERR with 2013 is a malformed packet to libmariadb."""
    one = weir(own_server)
    with one.connect() as busy, one.connect() as idle:
        own_server.run(busy, "SELECT SLEEP(30)")
        own_server.restart()
        assert busy.at_end()
        one.wait_log("may or may not have been executed")
        assert idle.query("SELECT 1") == [[b"1"]]


def test_a_result_that_breaks_off_never_looks_whole(own_server, weir):
    one = weir(own_server)
    with one.connect(schema="test") as busy:
        busy.send(b"\x03SELECT REPEAT('x', 10000) FROM seq_1_to_100000")
        busy.keep = False
        for _ in range(100):
            busy.read_frame()
        own_server.restart()
        with pytest.raises((wire.Closed, AssertionError, OSError)):
            while True:
                assert busy.read_packet()[:1] != b"\xff"


def test_a_server_with_less_room_serves_all_with_fewer_links(own_server, weir):
    """The server's own max_connections is below Weir's ceiling: 1040 is back-pressure."""
    own_server.query("SET GLOBAL max_connections=10")
    own_server.query("CREATE OR REPLACE USER plain@'%' IDENTIFIED BY 'p'")
    own_server.query("FLUSH STATUS")
    try:
        one = weir(own_server, start=False, server_max_connections=50, pool_max_size=50,
                   server_max_opening=30)
        one.users = {"plain": "p"}
        one.configure()
        one.start()
        clients = [one.connect(user="plain", password="p") for _ in range(40)]
        for _ in range(3):
            for c in clients:
                c.send(b"\x03SELECT SLEEP(0.01)")
            for c in clients:
                c.read_reply(wire.COM_QUERY)
                assert c.error is None
        for c in clients:
            c.quit()
        assert len(one.links("plain")) <= 10
    finally:
        own_server.query("SET GLOBAL max_connections=20")


def test_a_user_with_few_connections_is_served_by_few(own_server, weir):
    own_server.query("CREATE OR REPLACE USER few@'%' IDENTIFIED BY 'f' WITH MAX_USER_CONNECTIONS 2")
    one = weir(own_server, start=False, pool_max_size=10)
    one.users = {"few": "f"}
    one.configure()
    one.start()
    clients = [one.connect(user="few", password="f") for _ in range(12)]
    for _ in range(2):
        for c in clients:
            c.send(b"\x03SELECT SLEEP(0.01)")
        for c in clients:
            c.read_reply(wire.COM_QUERY)
            assert c.error is None
    for c in clients:
        c.quit()


def test_a_full_server_is_explained(own_server, weir):
    own_server.query("CREATE OR REPLACE USER few@'%' IDENTIFIED BY 'f' WITH MAX_USER_CONNECTIONS 1")
    one = weir(own_server, start=False)
    one.users = {"few": "f"}
    one.configure()
    one.start()
    with one.connect(user="few", password="f") as a, one.connect(user="few", password="f") as b:
        a.query("BEGIN")
        one.set_global(pool_wait_timeout="400ms")
        error = error_of(b, "SELECT 1")
        assert error.code == 1040
        assert "max_user_connections" in error.text, error.text
        a.query("COMMIT")
        one.set_global(pool_wait_timeout="30s")
        assert b.query("SELECT 1") == [[b"1"]]


def test_an_account_that_the_server_does_not_know(server, weir):
    """The password is right for Weir and wrong for the server."""
    one = weir(start=False)
    one.users = {"app": "secret", "ghost": "g"}
    one.configure()
    one.start()
    with pytest.raises(wire.ServerError) as error:
        one.connect(user="ghost", password="g", schema="test")
    assert error.value.code == 1045
    with one.connect(schema="test") as fine:
        assert fine.query("SELECT 1") == [[b"1"]]


def thread_of(connection):
    """The server's id of the link (asking pins it)."""
    return int(connection.query("SELECT CONNECTION_ID()+0")[0][0])


def test_an_idle_link_that_is_killed_is_replaced(server, weir):
    one = weir(pool_max_size=1)
    with one.connect() as c:
        c.query("SELECT 1")
        before = set(one.links())
        server.kill_connections()

        def left():
            rows = server.query("SELECT id FROM information_schema.processlist")
            # Nobody looks at a link in the pool before somebody wants it.
            return before & ({int(row[0]) for row in rows} if processes.switching() else set(one.links()))
        processes.wait_until(lambda: not left(), 20, "its end")
        assert c.query("SELECT 2") == [[b"2"]]


def test_a_transaction_whose_link_is_killed_ends_its_client(server, weir):
    one = weir()
    with one.connect() as c, one.connect() as other:
        thread = thread_of(c)
        c.query("BEGIN")
        server.query(f"KILL {thread}")
        with pytest.raises((wire.ServerError, wire.Closed, ConnectionError)):
            c.query("SELECT 1")
        assert other.query("SELECT 2") == [[b"2"]]


def test_kill_query_by_the_id_of_the_greeting(server, weir):
    one = weir()
    with one.connect() as busy, one.connect() as killer:
        server.run(busy, "SELECT SLEEP(20) FROM (SELECT 1 UNION SELECT 2) AS x")
        killer.query(f"KILL QUERY {busy.greeting.thread_id}")
        busy.read_reply(wire.COM_QUERY)
        assert busy.error.code == 1317
        assert busy.query("SELECT 1") == [[b"1"]], "the client stays connected"
        killer.query(f"/* idle now */ KILL QUERY {busy.greeting.thread_id}")
        assert busy.query("SELECT 2") == [[b"2"]]


def test_kill_connection_by_the_id_of_the_greeting(server, weir):
    one = weir()
    with one.connect() as busy, one.connect() as idle, one.connect() as killer:
        server.run(busy, "SELECT SLEEP(20)")
        killer.query(f"KILL {busy.greeting.thread_id}")
        with pytest.raises((wire.Closed, ConnectionError)):
            busy.read_packet()
        killer.query(f"KILL CONNECTION {idle.greeting.thread_id}")
        assert idle.at_end()
        killer.command(bytes([wire.COM_PROCESS_KILL]) + b"\x01\x00\x00\xf0")
        assert killer.error.code == (1047 if wire.MYSQL else 1094)
        assert error_of(killer, "KILL 4000000000").code == 1094
        assert killer.query("SELECT 1") == [[b"1"]]


def test_kill_of_a_waiter(weir):
    one = weir(pool_max_size=1, server_max_connections=2)
    with one.connect() as holder, one.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(b"\x03SELECT 1")
        processes.wait_until(lambda: one.counters()["Weir_clients_waiting"] == 1, 20, "a waiter")
        holder.query(f"KILL QUERY {waiter.greeting.thread_id}")
        waiter.read_reply(wire.COM_QUERY)
        assert waiter.error.code == 1317
        holder.query("COMMIT")
        assert waiter.query("SELECT 2") == [[b"2"]]


def test_users_may_not_kill_each_other(server, weir):
    server.query("CREATE OR REPLACE USER poor@'%' IDENTIFIED BY 'p'")
    one = weir(start=False)
    one.users = {"app": "secret", "poor": "p"}
    one.configure()
    one.start()
    with one.connect() as victim, one.connect(user="poor", password="p") as killer:
        assert error_of(killer, f"KILL {victim.greeting.thread_id}").code in (1094, 1095)
        assert victim.query("SELECT 1") == [[b"1"]]


def test_a_storm_of_kills_hits_nobody_else(weir):
    """KILL QUERY of a client must never reach the statement that the link runs for the next one."""
    one = weir(pool_max_size=2)
    with one.connect() as victim, one.connect() as killer, one.connect() as bystander:
        end = time.monotonic() + (1.5 if processes.ASAN else 1)
        rounds = 0
        while time.monotonic() < end or rounds <= 20:
            victim.send(b"\x03SELECT 1")
            killer.send(b"\x03KILL QUERY %d" % victim.greeting.thread_id)
            bystander.send(b"\x03SELECT BENCHMARK(1000, 1)")
            for c in (victim, killer, bystander):
                c.read_reply(wire.COM_QUERY)
            assert bystander.error is None and killer.error is None
            rounds += 1


def test_ctrl_c_of_the_mariadb_command_line(server, weir):
    one = weir()
    try:
        master, slave = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine has no terminals: {error}")
    environment = {**os.environ, "TERM": "dumb", "MYSQL_HISTFILE": "/dev/null"}

    def controlling_terminal():
        os.setsid()
        import fcntl
        import termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    client = subprocess.Popen(["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{one.settings['port']}",
                               "-uapp", "-psecret", "--skip-ssl", "test"], stdin=slave, stdout=slave,
                              stderr=slave, env=environment, preexec_fn=controlling_terminal)
    os.close(slave)
    seen = bytearray()

    def read_until(*words):
        end = time.monotonic() + 30
        while not any(word in seen for word in words):
            assert select.select([master], [], [], max(0, end - time.monotonic()))[0], \
                seen.decode("utf-8", "replace")
            try:
                seen.extend(os.read(master, 4096))
            except OSError:
                return

    try:
        read_until(b" [test]>")
        os.write(master, b"SELECT SLEEP(20) FROM (SELECT 1 UNION SELECT 2) x;\n")
        processes.wait_until(lambda: server.is_running("SLEEP(20) FROM (SELECT 1 UNION SELECT 2) x"), 20,
                             "the statement")
        seen.clear()
        os.write(master, b"\x03")
        read_until(b"ERROR 1317")
        read_until(b" [test]>")
        os.write(master, b"SELECT 40+2;\n")
        read_until(b"42")
        os.write(master, b"exit\n")
        assert client.wait(30) == 0
    finally:
        if client.poll() is None:
            client.kill()
            client.wait()
        os.close(master)
    assert one.counters()["Weir_kills"] >= 1


def test_a_client_that_leaves_has_its_statement_ended(server, weir):
    one = weir()
    with one.connect() as c:
        server.run(c, "SELECT SLEEP(25), 'left alone'")
    look = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%left alon_%' " \
           "AND id <> CONNECTION_ID()"
    processes.wait_until(lambda: server.query(look) == [[b"0"]], 10, "the end of the statement", 0.1)
