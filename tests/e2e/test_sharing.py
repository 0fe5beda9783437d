# SPDX-License-Identifier: Apache-2.0
"""How many links do clients need who speak as frameworks speak? 200 of them, one in twenty at work at a
time: as many links as there are requests and transactions in flight, and no pins."""

import os
import random
import shutil
import struct
import subprocess
import sys
import time

import pytest

import wire
from wire import COM_QUERY, COM_STMT_CLOSE, COM_STMT_EXECUTE, COM_STMT_PREPARE

DRIVERS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "drivers"))
JAR = "/usr/share/java/mariadb-java-client.jar"
CLIENTS = 200
AT_WORK = CLIENTS // 20
ROUNDS = 40
MODES = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"


def prepared(sql, *values):
    """Prepare, execute, close, as PDO and Connector/J do for each query."""
    return ("prepared", sql, values)


# What each stack sends at its connect, and for a request.
DJANGO = ([
    "SET NAMES utf8mb4",
    "SET autocommit=0",
    "SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, "
    "@@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET autocommit=1",
], [
    "SELECT `id`, `name` FROM `shared` WHERE `id` = {id} LIMIT 21",
    "SET autocommit=0",
    "UPDATE `shared` SET `hits` = (`hits` + 1) WHERE `id` = {id}",
    "SAVEPOINT `s139_x1`",
    "INSERT INTO `visits` (`who`) VALUES ({id})",
    "RELEASE SAVEPOINT `s139_x1`",
    "COMMIT",
    "SET autocommit=1",
    "SELECT COUNT(*) AS `__count` FROM `shared`",
])
LARAVEL = ([
    "use `test`;",
    "set names 'utf8mb4' collate 'utf8mb4_unicode_ci'",
    f"set session sql_mode='{MODES}'",
    "set time_zone='+00:00'",
], [
    prepared("select * from `shared` where `id` = ? limit 1", "id"),
    "START TRANSACTION",
    prepared("update `shared` set `hits` = `hits` + 1 where `id` = ?", "id"),
    prepared("insert into `visits` (`who`) values (?)", "id"),
    "COMMIT",
    prepared("select count(*) as aggregate from `shared`"),
])
RAILS = ([
    "SET NAMES utf8mb4",
    "SET @@SESSION.sql_mode = CONCAT(CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), ',NO_AUTO_VALUE_ON_ZERO'), "
    "@@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483",
    "SELECT VERSION()",
    "SHOW FULL FIELDS FROM `shared`",
    # As a migration does; its note must not hold the link.
    "CREATE TABLE IF NOT EXISTS `migrations` (`version` VARCHAR(255) NOT NULL PRIMARY KEY)",
], [
    "SELECT `shared`.* FROM `shared` WHERE `shared`.`id` = {id} LIMIT 1",
    "BEGIN",
    "UPDATE `shared` SET `shared`.`hits` = {id} WHERE `shared`.`id` = {id}",
    "INSERT INTO `visits` (`who`) VALUES ({id})",
    "COMMIT",
    "SELECT 1 AS one FROM `shared` WHERE `shared`.`name` = 'x' LIMIT 1",
])
PREFIX = "transaction_" if wire.MYSQL else "tx_"
CONNECTOR_J = ([
    "/* mysql-connector-j-8.4.0 */SELECT  @@session.auto_increment_increment AS auto_increment_increment, "
    "@@character_set_client AS character_set_client, @@collation_server AS collation_server, "
    "@@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, "
    "@@max_allowed_packet AS max_allowed_packet, @@sql_mode AS sql_mode, "
    "@@system_time_zone AS system_time_zone, @@time_zone AS time_zone, "
    f"@@{PREFIX}isolation AS transaction_isolation, @@wait_timeout AS wait_timeout",
    "SET NAMES utf8mb4",
    "SET character_set_results = NULL",
    "SET autocommit=1",
    f"SET sql_mode='{MODES}'",
], [
    "SET autocommit=0",
    f"select @@session.{PREFIX}read_only",
    prepared("SELECT id, name FROM shared WHERE id = ?", "id"),
    prepared("UPDATE shared SET hits = hits + 1 WHERE id = ?", "id"),
    prepared("INSERT INTO visits (who) VALUES (?)", "id"),
    "commit",
    "SET autocommit=1",
    "SET SESSION TRANSACTION READ ONLY",
    "SELECT COUNT(*) FROM shared",
    "SET SESSION TRANSACTION READ WRITE",
])
STACKS = {"django": DJANGO, "laravel": LARAVEL, "rails": RAILS, "connector_j": CONNECTOR_J}


class Client:
    """Speaks one command at a time; begin() sends it, end() reads the reply."""

    def __init__(self, number, address, stack):
        self.number = number + 1
        self.connecting, self.request = stack
        self.wire = wire.connect(address, schema="test", timeout=60)
        self.todo = []

    def work(self, steps):
        self.todo = [sql for step in steps for sql in self._commands(step)]

    def _commands(self, step):
        if isinstance(step, str):
            return [bytes([COM_QUERY]) + step.replace("{id}", str(self.number)).encode()]
        _, sql, values = step
        return [bytes([COM_STMT_PREPARE]) + sql.encode(), ("execute", len(values)), ("close",)]

    def begin(self):
        command = self.todo.pop(0)
        if command[0] == "execute":
            count = command[1]
            command = self.wire.execute_packet(parameters=count, types=b"\x08\x00" * count,
                                               values=struct.pack("<q", self.number) * count)
        elif command[0] == "close":
            command = struct.pack("<BI", COM_STMT_CLOSE, self.wire.statement)
        self.sent = command[0]
        self.wire.send(command)

    def end(self):
        self.wire.read_reply(self.sent)
        assert self.wire.error is None, self.wire.error
        self.wire.take()

    @property
    def in_flight(self):
        return bool(self.wire.status & wire.IN_TRANSACTION)


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


@pytest.mark.parametrize("name", [*STACKS, "all"])
def test_links_are_as_many_as_transactions(server, weir, tables, name):
    """With room for no more links than there are clients at work nobody waits for somebody who is not,
    and no client is pinned."""
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
    for _ in range(ROUNDS):
        working = rng.sample(clients, AT_WORK)
        for client in working:
            client.work(client.request)
        while all_at_once(working):
            firm = max(firm, sum(client.in_flight for client in working))
            assert len(one.links()) <= AT_WORK
    counters = one.counters()
    print(f"{name}: {CLIENTS} clients, {AT_WORK} at work, at most {firm} transactions, "
          f"{counters['Weir_links']} links, {counters['Weir_pins']} pins, "
          f"{counters['Weir_link_handovers']} handovers of {counters['Questions']} requests")
    assert int(tables.value("SELECT COUNT(*) FROM visits")) == ROUNDS * AT_WORK
    assert not any(client.in_flight for client in clients)
    assert firm > 1 and counters["Weir_pins"] == 0, counters
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
