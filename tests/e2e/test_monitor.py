# SPDX-License-Identifier: Apache-2.0
"""The monitor of a server: what it reads, what it warns of, and what it does when it cannot read.
And links that are closed before their server does it."""

import console
import pytest
from processes import new_server, wait_until


@pytest.fixture(scope="module", name="own")
def own_fixture(server):
    del server
    one = new_server("--max-connections=40", "--performance-schema=1", name="monitored")
    try:
        one.start().prepare()
        one.query("CREATE USER plain@'%' IDENTIFIED BY 'secret'")
        one.query("GRANT SELECT ON *.* TO plain@'%'")
        yield one
    finally:
        one.destroy()


@pytest.fixture(name="start")
def start_fixture(own, weir):
    """Starts a Weir whose monitor is quick, with an account that cannot use a server's last place."""
    def start(**settings):
        return weir(of=own, users={"plain": "secret", "app": "secret"}, **{
            "monitor_interval": "200ms", "server_monitor_user": "plain",
            "server_max_connections": 20, **settings})
    yield start
    own.query("SET GLOBAL max_connections=40")
    own.query("SET GLOBAL wait_timeout=28800")


def server_row(weir):
    """SHOW SERVERS, as a dictionary of texts."""
    with console.connect(weir) as c:
        names = [row[0].decode() for row in c.query("SHOW COLUMNS FROM weir.servers")]
        row = c.query("SHOW SERVERS")[0]
    return {name: value.decode() if value is not None else None for name, value in zip(names, row)}


def becomes(weir, column, value, timeout=20):
    return wait_until(lambda: server_row(weir)[column] == value, timeout, f"{column} = {value}")


def threads_of_monitor(server):
    rows = server.query("SELECT id FROM information_schema.processlist WHERE user='plain'")
    return [int(row[0]) for row in rows]


def test_it_shows_what_the_server_says_beside_weirs_own_numbers(own, start):
    weir = start()
    becomes(weir, "monitor", "on")
    becomes(weir, "side_links", "1")  # the probe before it may still be on its way out
    row = server_row(weir)
    asked = dict(own.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections',"
                             "'wait_timeout','max_user_connections','open_files_limit')"))
    for name, value in asked.items():
        assert row[name.decode()] == value.decode()
    assert row["ceiling"] == "18"
    assert int(row["threads_connected"]) >= 1 and int(row["uptime_s"]) >= 0
    assert row["advice"] is None and row["monitor_error"] is None
    with console.connect(weir) as c:
        assert c.query("SELECT state, purpose, user FROM weir.links")[0][1:] == [b"monitor", b"plain"]
    wait_until(lambda: len(threads_of_monitor(own)) == 1, 20, "one connection")


def test_the_account_can_be_named_and_changed_live(own, start):
    weir = start(server_monitor_user="app")
    becomes(weir, "monitor", "on")
    wait_until(lambda: own.threads("app") == 1, 20, "its connection alone")
    with console.connect(weir) as c:
        c.query("SET GLOBAL server.main.monitor_user = 'plain'")
    wait_until(lambda: own.threads("plain") == 1, 20, "a connection of the other account")
    wait_until(lambda: own.threads("app") == 0, 20, "the end of the first")


def test_a_live_change_of_the_server_is_noticed_and_told_once(own, start):
    weir = start(pool_max_size=30, server_max_connections=30)
    becomes(weir, "max_connections", "40")
    with weir.connect() as client:
        client.query("SELECT 1")
        own.query("SET GLOBAL max_connections=25")
        log = weir.wait_log("warning server main: Weir may open 30 links")
        assert "max_connections is 25 now, it was 40" in weir.log()
        assert "SET GLOBAL server.main.max_connections = 2" in log.splitlines()[0]
        advice = server_row(weir)["advice"]
        assert advice.startswith("Weir may open 30 links"), advice
        seen = server_row(weir)["read_s"]
        wait_until(lambda: float(server_row(weir)["read_s"]) < float(seen), 20, "another reading")
        assert weir.log().count("warning server main") == 1
        room = advice[advice.rindex("max_connections = ") + 18:].split(",")[0]
        with console.connect(weir) as c:  # the advice is to be typed as it is
            c.query(f"SET GLOBAL server.main.max_connections = {room}")
        becomes(weir, "advice", None)
        weir.wait_log("links, and the server has room for")


def test_it_waits_when_the_server_is_full_and_nobody_is_harmed(own, start):
    own.query("SET GLOBAL max_connections=10")
    taken = own.fill(10, "plain", "secret")
    try:
        weir = start()
        becomes(weir, "monitor", "waits: the server is full")
        assert "Too many connections" in server_row(weir)["monitor_error"]
        assert weir.log().count("has no place for it") == 1
        assert " error " not in weir.log()
    finally:
        for one in taken:
            one.close()
    becomes(weir, "monitor", "on")
    weir.wait_log("the server lets it in again")


def test_a_few_links_keep_no_place_for_it(own, start):
    weir = start(server_max_connections=5)
    wait_until(lambda: server_row(weir)["threads_connected"], 20, "a reading")
    assert server_row(weir)["ceiling"] == "4"
    wait_until(lambda: server_row(weir)["side_links"] == "0", 20, "the end of its connection")
    assert server_row(weir)["monitor"] == "on"
    before = own.query("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1]
    wait_until(lambda: int(own.query("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1])
               > int(before) + 50, 30, "more readings")


def test_it_is_turned_on_and_off_live(own, start):
    weir = start(monitor_interval=0)
    assert server_row(weir)["monitor"] == "off" and server_row(weir)["ceiling"] == "19"
    with console.connect(weir) as c:
        c.query("SET GLOBAL monitor_interval = 1")
        becomes(weir, "monitor", "on")
        assert server_row(weir)["ceiling"] == "18"
        c.query("SET GLOBAL monitor_interval = 0")
        becomes(weir, "monitor", "off")
        assert server_row(weir)["max_connections"] is None
    wait_until(lambda: own.threads("plain") == 0, 20, "the end of its connection")


def test_one_that_is_killed_comes_back(own, start):
    weir = start()
    becomes(weir, "monitor", "on")
    first = threads_of_monitor(own)[0]
    own.query(f"KILL {first}")

    def another():
        now = threads_of_monitor(own)
        return len(now) == 1 and now[0] != first
    wait_until(another, 20, "another connection of the monitor")
    becomes(weir, "monitor", "on")


def test_a_server_that_comes_back_is_noticed(own, start):
    weir = start()
    becomes(weir, "monitor", "on")
    own.stop()
    becomes(weir, "state", "down")
    weir.wait_log("monitor of main: the server cannot be reached")
    own.start()
    becomes(weir, "state", "up")
    weir.wait_log("the server lets it in again")


def test_several_weirs_are_reckoned_with(own, start):
    one = start(pool_max_size=20)
    becomes(one, "monitor", "on")
    with one.connect() as client:
        client.query("SELECT 1")
        assert server_row(one)["advice"] is None
        other = start()
        becomes(one, "instances", "2")
        becomes(other, "instances", "2")
        wait_until(lambda: int(server_row(other)["other_weirs"]) >= 2, 20, "the links of the first")
        own.query("SET GLOBAL max_connections=30")
        wait_until(lambda: "as may each of 2 Weirs" in (server_row(one)["advice"] or ""), 20,
                   "the advice")
        with console.connect(one) as c:
            c.query("SET GLOBAL server.main.instances = 1")
        becomes(one, "advice", None)


def closes(weir, reason):
    with console.connect(weir) as c:
        return int(c.query(f"SELECT count FROM weir.errors WHERE reason = '{reason}'")[0][0])


def test_links_at_rest_are_closed_before_their_server_does_it(own, start):
    own.query("SET GLOBAL wait_timeout=3")
    weir = start(pool_size=2, pool_spare_timeout=0, monitor_interval=0)
    with weir.connect() as client:
        client.query("SELECT 1")
        wait_until(lambda: closes(weir, "LINK_RESTED") >= 4, 30, "two generations of links")
        client.query("SELECT 1")
        assert closes(weir, "LINK_CLOSED_BY_SERVER") == 0


@pytest.mark.unswitched("the link is reset as soon as it is free")
def test_a_session_with_a_wait_timeout_of_its_own_counts(own, start):
    weir = start(pool_spare_timeout=0, monitor_interval=0)
    with weir.connect() as client:
        client.query("SET SESSION wait_timeout=2")
        client.query("SELECT 1")
    wait_until(lambda: closes(weir, "LINK_RESTED") == 1, 20, "the end of its link")
    assert closes(weir, "LINK_CLOSED_BY_SERVER") == 0
    wait_until(lambda: own.threads("app") == 0, 20, "its end on the server")
