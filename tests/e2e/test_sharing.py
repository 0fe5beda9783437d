# SPDX-License-Identifier: Apache-2.0
"""How many links do clients need who speak as frameworks speak? 200 of them, one in twenty at work at a
time: as many links as there are requests and transactions in flight, and no pins."""

import os
import random
import shutil
import subprocess
import sys
import time

import pytest

import wire
from chatter import STACKS, Client

DRIVERS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "drivers"))
JAR = "/usr/share/java/mariadb-java-client.jar"
CLIENTS = 200
AT_WORK = CLIENTS // 20
ROUNDS = 40
# What a request may hold its link for beside its transaction; it has ended when the request has.
MAY_PIN = {"cursor", "named_lock"}


def all_at_once(clients):
    """Each client's next command; what they do is in flight together."""
    busy = [client for client in clients if client.todo]
    for client in busy:
        client.begin()
    for client in busy:
        client.end()
    return len(busy)


@pytest.fixture
def tables(server):
    with server.root(schema="test") as root:
        root.query("CREATE OR REPLACE TABLE shared (id INT PRIMARY KEY, name VARCHAR(20), hits INT)")
        root.query("CREATE OR REPLACE TABLE visits (id INT PRIMARY KEY AUTO_INCREMENT, who INT)")
        root.query(f"INSERT INTO shared SELECT seq, CONCAT('n', seq), 0 FROM seq_1_to_{CLIENTS}")
        yield root


def pins(one, kind):
    """What began pins (kind: "pins") or pins now ("pinned"), by its name."""
    prefix = f"Weir_{kind}_"
    return {name[len(prefix):] for name, value in one.counters().items() if name.startswith(prefix) and value}


@pytest.mark.parametrize("name", [*STACKS, "all"])
def test_links_are_as_many_as_transactions(server, weir, tables, name):
    """With room for no more links than there are clients at work nobody waits for somebody who is not,
    and nothing pins a client that is done."""
    rng = random.Random(7)
    one = weir(pool_max_size=AT_WORK, server_max_connections=AT_WORK + 1, pool_wait_timeout="30s",
               log_level="note")
    stacks = list(STACKS.values()) if name == "all" else [STACKS[name]]
    clients = [Client(n, one.address, stacks[n % len(stacks)]) for n in range(CLIENTS)]
    for at in range(0, CLIENTS, AT_WORK):
        arriving = clients[at:at + AT_WORK]
        for client in arriving:
            client.work(client.connecting)
        while all_at_once(arriving):
            pass
    firm = 0
    for number in range(ROUNDS if name == "all" else ROUNDS // 4):
        working = rng.sample(clients, AT_WORK)
        for client in working:
            client.work(client.request)
        while all_at_once(working):
            firm = max(firm, sum(client.in_flight for client in working))
            assert len(one.links()) <= AT_WORK
        assert number % 5 or not pins(one, "pinned"), "clients that are done hold links"
    counters = one.counters()
    print(f"{name}: {CLIENTS} clients, {AT_WORK} at work, at most {firm} transactions, "
          f"{counters['Weir_links']} links, {counters['Weir_pins']} pins, "
          f"{counters['Weir_link_handovers']} handovers of {counters['Questions']} requests")
    assert int(tables.value("SELECT COUNT(*) FROM visits")) > 0
    assert not any(client.in_flight for client in clients)
    assert pins(one, "pins") <= MAY_PIN and not pins(one, "pinned"), counters
    for client in clients:
        client.wire.quit()


def drivers():
    yield "pymysql", [sys.executable, "-B", os.path.join(DRIVERS, "share_pymysql.py")]
    yield "php", ["php", os.path.join(DRIVERS, "share_php.php")]
    yield "jdbc", ["java", "-cp", JAR, os.path.join(DRIVERS, "ShareJdbc.java")]


@pytest.mark.parametrize("name,command", drivers())
def test_twenty_connections_of_a_driver_share_one_link(server, weir, tables, name, command):
    if shutil.which(command[0]) is None or (name == "jdbc" and not os.path.exists(JAR)):
        pytest.skip(f"{name} is not on this machine")
    if name == "pymysql":
        pytest.importorskip("pymysql", reason="there is no PyMySQL on this machine")
    one = weir(pool_max_size=1, server_max_connections=2, pool_wait_timeout="30s", log_level="note")
    done = subprocess.run([*command, str(one.settings["port"])], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    words = done.stdout.decode("utf-8", "replace")
    if name == "jdbc" and "compiler" in words:
        pytest.skip("this java cannot run a source file (it has no compiler)")
    assert done.returncode == 0 and words.strip().endswith("ok"), words[-2000:]
    assert int(tables.value("SELECT COUNT(*) FROM visits")) == 100
    counters = one.counters()
    assert counters["Weir_pins"] == 0 and len(one.links()) <= 1, counters


def test_idle_clients_do_not_make_the_pool_grow(weir, server):
    """A client that has been idle for pool_steal_after lends its link before a new one is opened."""
    one = weir(pool_max_size=50)
    clients = []
    try:
        for _ in range(40):
            clients.append(wire.connect(one.address, schema="test"))
            clients[-1].query("SELECT 1")
            time.sleep(0.01)
        assert len(one.links()) <= 3
    finally:
        for client in clients:
            client.close()
