# SPDX-License-Identifier: Apache-2.0
"""Users whom only the server knows, when they are many, or the server is full: who makes room, who waits,
who is forgotten."""

import threading
import time

import pytest

import console
import processes
import wire
from guest_logins import links_of, login, refused


@pytest.fixture
def root(server):
    with server.root() as one:
        one.query("DROP USER IF EXISTS guest@'%', other@'%'")
        one.query("CREATE USER guest@'%' IDENTIFIED BY 'g1'")
        one.query("CREATE USER other@'%' IDENTIFIED BY 'o1'")
        yield one
    with server.root() as one:
        one.query("DROP USER IF EXISTS guest@'%', other@'%'")


@pytest.fixture
def crowd(server):
    """Accounts that have nothing to do with each other."""
    names = [f"crowd{i}" for i in range(24)]
    with server.root() as one:
        one.query("DROP USER IF EXISTS " + ",".join(f"{n}@'%'" for n in names))
        one.query("CREATE USER " + ",".join(f"{n}@'%' IDENTIFIED BY '{n}'" for n in names))
        yield names
        one.query("DROP USER " + ",".join(f"{n}@'%'" for n in names))


def guests_of(weir):
    with console.connect(weir) as c:
        return {row[0].decode() for row in c.query("SELECT name FROM weir.users WHERE source='server'")}


def test_the_place_of_an_unused_unknown_user_goes_to_another(crowd, weir):
    """More users than max_unknown_users come one after the other; who is there is not disturbed."""
    one = weir(users={}, max_unknown_users=3, pool_spare_timeout="10ms", unknown_user_timeout=0, workers=2)

    def comes(name):
        try:
            with login(one, name, name) as c:
                return c.value("SELECT CURRENT_USER()") == f"{name}@%"
        except wire.ServerError as error:  # the links of those before are still there
            assert error.code == 1040 and "max_unknown_users" in error.text
            return False

    with login(one, crowd[0], crowd[0]) as stays:
        stays.query("SET @mine = 7")
        for name in crowd[1:]:
            processes.wait_until(lambda name=name: comes(name), 20, f"the login of {name}")
            assert len(guests_of(one)) <= 3
        assert stays.value("SELECT @mine") == "7"
        assert crowd[0] in guests_of(one)
        with console.connect(one) as c:
            forgotten = int(c.query("SHOW GLOBAL STATUS LIKE 'Weir_unknown_users_forgotten'")[0][1])
        assert forgotten >= len(crowd) - 3
    processes.wait_until(lambda: comes(crowd[1]), 20, f"the login of {crowd[1]}")
    processes.wait_until(lambda: refused(one, crowd[2], "wrong").code == 1045, 20, "a refusal")


def test_unknown_users_that_nobody_uses_are_forgotten(crowd, weir):
    one = weir(users={}, pool_spare_timeout="10ms", unknown_user_timeout="200ms", workers=2)
    with login(one, crowd[0], crowd[0]) as stays:
        for name in crowd[1:8]:
            with login(one, name, name) as c:
                assert c.value("SELECT 1") == "1"
        processes.wait_until(lambda: guests_of(one) == {crowd[0]}, 30, "the others to be forgotten")
        with console.connect(one) as c:
            assert {row[0] for row in c.query("SELECT DISTINCT user FROM weir.pools")} == {crowd[0].encode()}
        assert stays.value("SELECT 1") == "1"
        with login(one, crowd[3], crowd[3]) as back:
            assert back.value("SELECT CURRENT_USER()") == f"{crowd[3]}@%"
            assert guests_of(one) == {crowd[0], crowd[3]}


def test_unknown_users_come_and_go_on_all_workers(crowd, weir):
    """For the sanitizers: logins, the console's tables and forgetting at the same time."""
    one = weir(users={}, max_unknown_users=6, pool_spare_timeout="10ms", unknown_user_timeout="100ms", workers=3)
    end = time.monotonic() + 4
    wrong = []

    def come(names):
        while time.monotonic() < end:
            for name in names:
                try:
                    with login(one, name, name) as c:
                        if c.value("SELECT CURRENT_USER()") != f"{name}@%":
                            wrong.append(name)
                except wire.ServerError as error:
                    if error.code != 1040:
                        wrong.append(error)

    def look():
        with console.connect(one) as c:
            while time.monotonic() < end:
                for table in ("users", "pools", "links", "clients"):
                    c.query(f"SELECT * FROM weir.{table}")
    threads = [threading.Thread(target=come, args=(crowd[i::3],)) for i in range(3)] + [threading.Thread(target=look)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []
    processes.wait_until(lambda: not guests_of(one), 30, "all of them to be forgotten")


def test_who_finds_the_server_full_in_the_end_waits(root, weir):
    """A server has one connection more than max_connections for those who may always come, so it says
    that it is full only when it knows who is there."""
    one = weir(users={}, password_cache_time=0, pool_spare_timeout="10ms", connect_timeout="60s")
    with login(one):
        pass  # Weir has learnt the password
    processes.wait_until(lambda: not links_of(one), 20, "the end of its link")
    before = root.query("SELECT @@global.max_connections")[0][0].decode()
    root.query("SET GLOBAL max_connections = 10")
    crowd, came = [], []
    try:
        root.close()
        while len(crowd) < 20:
            try:
                crowd.append(wire.connect(one.server.address, "other", "o1"))
            except wire.ServerError as error:
                assert error.code == 1040
                break

        def come():
            with login(one) as c:
                came.append(c.value("SELECT CURRENT_USER()"))
        thread = threading.Thread(target=come)
        thread.start()

        def failures():
            with console.connect(one) as c:
                return int(c.query("SHOW GLOBAL STATUS LIKE 'Weir_link_failures'")[0][1])
        processes.wait_until(lambda: failures() >= 2, 30, "an attempt that fails, and another one")
        assert came == [] and thread.is_alive()
        for c in crowd:
            c.close()
        thread.join(60)
        assert came == ["guest@%"]
    finally:
        for c in crowd:
            c.close()
        with one.server.root() as again:
            again.query(f"SET GLOBAL max_connections = {before}")
