# SPDX-License-Identifier: Apache-2.0
"""KILL in all its spellings, of clients in every situation, with the ids of Weir's greetings."""

import time

import pytest

import processes
import wire
from wire import com, q


def error_of(w, sql):
    w.command(q(sql))
    return w.error


def is_gone(w):
    try:
        w.read_packet()
    except (wire.Closed, ConnectionError):
        return True
    return False


SPELLINGS = ["KILL QUERY {id}", "KILL QUERY {id:#x}", "KILL QUERY '{id}'", "KILL QUERY {id} + 0",
             "KILL QUERY (SELECT {id})", "KILL HARD QUERY {id}", "KILL SOFT QUERY {id}",  # MariaDB's words
             "kill /* x */ query -- y\n {id};", "KILL QUERY @victim", "KILL QUERY 0{id}",
             "KILL QUERY {id}.0", "/*!40000 KILL QUERY {id} */", "KILL/**/QUERY/**/{id}",
             "KILL QUERY CAST('{id}' AS UNSIGNED)"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_kill_query(server, weir, spelling):
    """Whatever the server takes, Weir takes; the victim stays connected."""
    one = weir()
    outcomes = []
    for address in (server.address, one.address):
        with wire.connect(address) as victim, wire.connect(address) as killer:
            number = victim.greeting.thread_id
            killer.query(f"SET @victim={number}")
            server.run(victim, "SELECT SLEEP(20) FROM (SELECT 1 UNION SELECT 2) AS x")
            error = error_of(killer, spelling.format(id=number))
            row_count = killer.query("SELECT ROW_COUNT(), @@warning_count")
            if error is None:
                victim.read_reply(wire.COM_QUERY)
                assert victim.error.code == 1317
                assert victim.query("SELECT 1") == [[b"1"]]
            outcomes.append((error and error.code, row_count))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("spelling", ["KILL {id}", "KILL CONNECTION {id}", "KILL {id:#x}", "KILL '{id}'",
                                      "KILL CONNECTION {id} + 0",
                                      pytest.param("KILL SOFT {id}", marks=pytest.mark.mariadb),
                                      pytest.param("KILL HARD CONNECTION {id} + 0",
                                                   marks=pytest.mark.mariadb)])
@pytest.mark.parametrize("situation", ["fresh", "idle", "running", "transaction", "pinned", "large"])
def test_kill_connection(weir, server, spelling, situation):
    one = weir()
    with one.connect() as victim, one.connect() as killer:
        if situation == "idle":
            victim.query("SELECT 1")
        elif situation == "transaction":
            victim.query("CREATE OR REPLACE TABLE test.k (id INT)")
            victim.query("BEGIN")
            victim.query("INSERT INTO test.k VALUES (1)")
        elif situation == "pinned":
            victim.query("SELECT GET_LOCK('killed', 0)")
        elif situation == "running":
            server.run(victim, "SELECT SLEEP(20)")
        elif situation == "large":
            victim.send(q("SELECT REPEAT('x', 1000000) FROM seq_1_to_100000"))
            victim.readable(30)
        assert error_of(killer, spelling.format(id=victim.greeting.thread_id)) is None
        if situation == "large":
            with pytest.raises((wire.Closed, ConnectionError)):
                for _ in range(200000):
                    victim.read_frame()
        else:
            assert is_gone(victim)
        assert killer.query("SELECT 1") == [[b"1"]]
        if situation == "pinned":
            processes.wait_until(lambda: server.query("SELECT IS_FREE_LOCK('killed')") == [[b"1"]], 5,
                                 "the release of the lock")
        if situation == "transaction":
            assert server.query("SELECT COUNT(*) FROM test.k") == [[b"0"]]
    assert one.connect().query("SELECT 1") == [[b"1"]]


def test_kill_of_a_waiter(weir):
    one = weir(pool_max_size=1, server_max_connections=2)
    with one.connect() as holder, one.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(q("SELECT 1"))
        processes.wait_until(lambda: one.counters()["Weir_clients_waiting"] == 1, 20, "a waiter")
        assert error_of(holder, f"KILL {waiter.greeting.thread_id} + 0") is None
        assert is_gone(waiter)
        holder.query("COMMIT")
        assert holder.query("SELECT 1") == [[b"1"]]


@pytest.mark.parametrize("number", ["4026531841", "2147483648 + 2000000000", "'3000000000'"])
def test_unknown_ids(weir, number):
    """1094 with the number, and the session remembers it."""
    with weir().connect() as w:
        error = error_of(w, f"KILL {number}")
        value = w.value(f"SELECT {number}").split(".")[0]
        assert (error.code, error.state, error.text) == (1094, "HY000", f"Unknown thread id: {value}")
        error_of(w, f"KILL {number}")
        assert [r[2] for r in w.query("SHOW WARNINGS")] == [f"Unknown thread id: {value}".encode()]


@pytest.mark.parametrize("sql", ["KILL QUERY {id}", "KILL {id}", "KILL QUERY {id} + 0", "KILL {id} + 0",
                                 "KILL QUERY CONNECTION_ID()", "KILL CONNECTION_ID()"])
def test_of_oneself(server, weir, sql):
    seen = []
    for address in (server.address, weir().address):
        with wire.connect(address) as w:
            w.query("SELECT 1")
            error = error_of(w, sql.format(id=w.greeting.thread_id))
            words = (error.code, error.state, error.text)
            seen.append((words, w.at_end() if "QUERY" not in sql else w.query("SHOW WARNINGS")))
    assert seen[0] == seen[1]


def test_two_at_once(weir):
    """Several KILLs of one client in the same moment: each killer gets an answer, nobody else is
    hit."""
    one = weir()
    killers = [one.connect() for _ in range(6)]
    bystander = one.connect()
    try:
        for round_number in range(8):
            victim = one.connect()
            victim.send(q("SELECT SLEEP(20)"))
            time.sleep(0.05)
            for number, killer in enumerate(killers):
                kind = "" if number % 2 == round_number % 2 else "QUERY "
                killer.send(q(f"KILL {kind}{victim.greeting.thread_id}"))
            bystander.send(q("SELECT BENCHMARK(200000, SHA2('x', 224))"))
            for killer in killers:
                killer.read_reply(wire.COM_QUERY)
                assert killer.error is None or killer.error.code == 1094
            bystander.read_reply(wire.COM_QUERY)
            assert bystander.error is None
            try:
                victim.read_reply(wire.COM_QUERY)
                victim.query("SELECT 1")
            except (wire.Closed, ConnectionError):
                pass
            else:
                pytest.fail("the victim lives")
            victim.close()
    finally:
        for w in (*killers, bystander):
            w.close()


@pytest.mark.mariadb  # MySQL 9 does not know the command any more
def test_com_process_kill(server, weir):
    one = weir()
    with one.connect() as victim, one.connect() as killer:
        server.run(victim, "SELECT SLEEP(20)")
        killer.command(com(wire.COM_PROCESS_KILL, victim.greeting.thread_id.to_bytes(4, "little")))
        assert killer.error is None and is_gone(victim)


def test_ids_of_the_server_go_to_the_server(server, weir):
    one = weir()
    with server.connect() as victim, one.connect() as killer:
        assert error_of(killer, f"KILL {victim.greeting.thread_id}") is None
        assert victim.at_end()
        end = time.monotonic() + 30  # the server takes its time to forget a thread that it has killed
        while error_of(killer, f"KILL {victim.greeting.thread_id}") is None:
            assert time.monotonic() < end
        assert killer.error.code == 1094


@pytest.mark.parametrize("privilege", ["SELECT", "PROCESS", "CONNECTION ADMIN", "PROCESS, SUPER"])
@pytest.mark.parametrize("sql", ["KILL {id}", "KILL QUERY {id}", "KILL {id} + 0"])
def test_of_an_idle_client_of_another_user(server, weir, privilege, sql):
    """The server judges, by what the killer's account may do."""
    if wire.MYSQL:
        privilege = privilege.replace("CONNECTION ADMIN", "CONNECTION_ADMIN")
    server.query("DROP USER IF EXISTS killer@'%'")
    server.query("CREATE USER killer@'%' IDENTIFIED BY 'k'")
    server.query(f"GRANT {privilege} ON *.* TO killer@'%'")
    seen = []
    for address in (server.address, weir(users={"app": "secret", "killer": "k"}).address):
        with wire.connect(address) as victim, \
                wire.connect(address, user="killer", password="k", timeout=20) as killer:
            number = victim.greeting.thread_id
            error = error_of(killer, sql.format(id=number))
            gone = error is None and "QUERY" not in sql
            if gone:
                assert is_gone(victim)
            else:
                assert victim.query("SELECT 1") == [[b"1"]]
            told = error and (error.code, error.state, error.text.replace(str(number), "ID"))
            seen.append((told, gone, killer.query("SELECT ROW_COUNT(), @@warning_count")))
    assert seen[0] == seen[1]


def test_a_running_client_of_another_user_keeps_its_number(server, weir):
    """What the server says of its thread is said of the id that the client has asked for."""
    server.query("DROP USER IF EXISTS killer@'%'")
    server.query("CREATE USER killer@'%' IDENTIFIED BY 'k'")
    server.query("GRANT PROCESS ON *.* TO killer@'%'")
    one = weir(users={"app": "secret", "killer": "k"})
    with one.connect() as victim, one.connect(user="killer", password="k") as killer:
        victim.send(q("SELECT SLEEP(20)"))
        time.sleep(0.1)
        error = error_of(killer, f"KILL QUERY {victim.greeting.thread_id}")
        assert error.code == 1095 and str(victim.greeting.thread_id) in error.text
