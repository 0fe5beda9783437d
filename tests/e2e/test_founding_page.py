# SPDX-License-Identifier: Apache-2.0
"""The page about ERROR 1040 from which Weir began tells an operator what to type. Its statements, word
for word and comment for comment, typed into the console with the mariadb command line; and what each
has done."""

import os
import re
import subprocess
import time

import pytest

import console
import processes
import wire

# The SQL blocks of the page, unchanged.
INCREASE = """   -- Check current max_connections value
   SHOW VARIABLES LIKE 'max_connections';

   -- Increase max_connections temporarily
   SET GLOBAL max_connections = 500;

   -- For permanent changes, modify my.cnf/my.ini:
   # max_connections = 500
"""
TERMINATE = """   -- Show current connections and their state
   SHOW PROCESSLIST;

   -- Kill long-running or sleeping connections
   KILL CONNECTION connection_id;
"""
TIMEOUTS = """   -- Reduce timeout values
   SET GLOBAL wait_timeout = 300;         -- Close inactive connections after 5 minutes
   SET GLOBAL interactive_timeout = 300;   -- Close inactive client connections after 5 minutes
"""
MONITOR = """   -- Check current connection count
   SHOW STATUS LIKE 'Threads_connected';
"""
SLOW = """   -- Enable slow query log
   SET GLOBAL slow_query_log = 'ON';
   SET GLOBAL long_query_time = 1;
"""
# Its example of a pool's settings, and what it says to write into my.cnf.
POOL = """   # Example pool settings:
   pool_size = 10           # Base connections
   pool_max_size = 20       # Maximum connections
   pool_idle_timeout = 300  # Seconds before idle connection is closed
"""
PERMANENT = "max_connections = 500"


def type_in(one, text, *options, check=True):
    """As a person would: into the standard input of the mariadb command line."""
    done = subprocess.run(["mariadb", "--no-defaults", "-S", console.socket_of(one), *options],
                          input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    if check:
        assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def client(one, *options, sql="SELECT 1"):
    """The mariadb command line as an application: its exit status and what it complains."""
    done = subprocess.run(["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{one.settings['port']}",
                           "-uapp", "-psecret", "--connect-timeout=20", *options, "-e", sql],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    return done.returncode, done.stderr.decode()


def take_reserve(one):
    """A connection that was greeted and says nothing; None when there is no room for it."""
    reserve = wire.Wire(one.address)
    try:
        reserve.read_greeting()
        return reserve
    except wire.ServerError:
        reserve.close()
        return None


def value(one, variable):
    return type_in(one, f"SELECT @@{variable}", "-N").strip()


def connected(one):
    return int(type_in(one, MONITOR, "-N").split()[1])


def test_check_and_increase_max_connections(weir):
    one = weir()
    assert type_in(one, INCREASE, "-t") == (
        "+-----------------+-------+\n"
        "| Variable_name   | Value |\n"
        "+-----------------+-------+\n"
        "| max_connections | 10000 |\n"
        "+-----------------+-------+\n")
    assert value(one, "max_connections") == "500"


def test_the_sixth_of_five_gets_error_1040(weir):
    one = weir()
    type_in(one, INCREASE.replace("500", "5"))
    five = [one.connect(schema="test") for _ in range(5)]
    assert all(c.query("SELECT 1") == [[b"1"]] for c in five)
    assert connected(one) == 5
    status, said = client(one)
    assert status != 0
    assert re.search(r"^ERROR 1040 \(08004\): Too many connections$", said, re.MULTILINE), said
    # … as a server does it: one more is let in to be refused; beyond it, the page's own words.
    with processes.wait_until(lambda: take_reserve(one), 20, "the end of the refused client"):
        status, said = client(one, "--skip-ssl")
        assert status != 0
        assert re.search(r"^ERROR 1040 \(HY000\): Too many connections$", said, re.MULTILINE), said
    assert all(c.query("SELECT 1") == [[b"1"]] for c in five), "nobody who was in is thrown out"
    type_in(one, INCREASE)
    assert client(one)[0] == 0, "and with 500 there is room again"
    for c in five:
        c.close()


def test_show_the_connections_and_kill_a_sleeping_one(weir):
    one = weir()
    busy, sleeping = one.connect(schema="test"), one.connect(schema="test")
    busy.send(wire.q("SELECT SLEEP(30)"))
    sleeping.query("SELECT 1")

    def rows():
        shown = type_in(one, TERMINATE.split("-- Kill")[0])
        lines = [line.split("\t") for line in shown.splitlines()]
        assert lines[0] == ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"]
        return [dict(zip(lines[0], line)) for line in lines[1:]]
    processes.wait_until(lambda: any(row["Info"] == "SELECT SLEEP(30)" for row in rows()), 20,
                         "the statement in the list")
    asleep = [row for row in rows() if row["Command"] == "Sleep" and row["User"] == "app"]
    assert len(asleep) == 1 and asleep[0]["db"] == "test"
    assert int(asleep[0]["Id"]) == sleeping.greeting.thread_id
    type_in(one, TERMINATE.replace("connection_id", asleep[0]["Id"]))
    with pytest.raises((wire.Closed, wire.ServerError, OSError)):
        sleeping.query("SELECT 1")
    ids = [int(row["Id"]) for row in rows()]
    assert sleeping.greeting.thread_id not in ids and busy.greeting.thread_id in ids
    type_in(one, TERMINATE.replace("connection_id", str(busy.greeting.thread_id)))
    busy.close()
    sleeping.close()


def test_the_page_says_connection_id_and_that_is_no_number(weir):
    one = weir()
    done = subprocess.run(["mariadb", "--no-defaults", "-S", console.socket_of(one)],
                          input=TERMINATE.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    assert done.returncode != 0
    assert b"ERROR 1064" in done.stderr and b"KILL [CONNECTION|QUERY] id" in done.stderr


def test_timeouts_close_who_is_idle(weir):
    one = weir()
    type_in(one, TIMEOUTS)
    assert value(one, "global.wait_timeout") == "300"
    assert value(one, "global.interactive_timeout") == "300"
    type_in(one, TIMEOUTS.replace("wait_timeout = 300", "wait_timeout = 2"))
    with one.connect() as idle:
        assert idle.query("SELECT 1") == [[b"1"]]
        started = time.monotonic()
        with pytest.raises((wire.Closed, OSError)):
            while True:
                idle.read_packet()
        assert time.monotonic() - started > 1.5
    interactive = one.connect(capabilities=wire.BASIC | wire.INTERACTIVE)
    time.sleep(2.5)
    assert interactive.query("SELECT 1") == [[b"1"]], "it has interactive_timeout"
    interactive.close()


def test_the_connection_count(weir):
    one = weir()
    assert connected(one) == 0
    three = [one.connect() for _ in range(3)]
    assert connected(one) == 3, "clients of Weir, and not those of the console"
    for c in three:
        c.quit()
    processes.wait_until(lambda: connected(one) == 0, 20, "their end")


def test_the_slow_query_log(weir):
    one = weir(start=False)
    path = os.path.join(one.directory, "slow.log")
    one.start()
    if not type_in(one, "SHOW VARIABLES LIKE 'slow_query_log'", "-N"):
        pytest.skip("there is no slow query log yet")
    type_in(one, f"SET GLOBAL slow_query_log_file = '{path}'")
    type_in(one, SLOW)
    assert value(one, "slow_query_log") == "1" and value(one, "long_query_time") == "1"
    with one.connect(schema="test") as c:
        c.query("SELECT 'quick'")
        c.query("SELECT SLEEP(1.2)")

    def logged():
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return text if "SLEEP(1.2)" in text else None
    text = processes.wait_until(logged, 20, "the slow query in the log")
    assert "quick" not in text and "# Query_time: 1." in text


def test_the_pool_settings_of_the_page_are_settings_of_weir(weir):
    one = weir(start=False)
    with open(one.config, encoding="utf-8") as file:
        text = file.read()
    with open(one.config, "w", encoding="utf-8") as file:
        file.write(text.replace("[weir]\n", "[weir]\n" + POOL + PERMANENT + "\n", 1))
    one.start()
    assert [value(one, name) for name in ("pool_size", "pool_max_size", "pool_idle_timeout",
                                          "max_connections")] == ["10", "20", "300", "500"]


def test_every_statement_of_the_guide_is_understood(weir):
    """docs/error-1040.md: nobody should meet a mistake of ours at 3 a.m."""
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "docs", "error-1040.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```sql\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    one = weir()
    with one.connect(schema="test") as client:
        client.query("BEGIN")
        client.query("SELECT 1")
        for block in blocks:
            type_in(one, block.replace("2147483650", str(client.greeting.thread_id)), "-t")
