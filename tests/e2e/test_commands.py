# SPDX-License-Identifier: Apache-2.0
"""Every command byte, with payloads that are empty, cut or nonsense: the reply through Weir is, byte
for byte, that of the server, and so is whether the connection survives."""

import re
import struct

import pytest

import processes
import wire
from wire import BASIC, com, q

PAYLOADS = [b"", b"\0", b"\1", b"\2\0", b"\0\0\0", b"\1\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0\0",
            b"\1\0\0\0\0\1\0\0\0", b"\xff\xff\xff\xff\0\1\0\0\0", b"\0" * 12, b"test", b"t\0", b"t\0%",
            b"nothing\0%", b"\xff" * 13, b"SELECT 1"]

SHUTDOWN, CHANGE_USER = wire.COM_SHUTDOWN, wire.COM_CHANGE_USER
# These end the server, log in anew, or send a binary log for ever: below, each on its own.
APART = {SHUTDOWN, CHANGE_USER, wire.COM_BINLOG_DUMP, wire.COM_BINLOG_DUMP_GTID,
         wire.COM_PROCESS_INFO}
if wire.MYSQL:  # COM_SUBSCRIBE_GROUP_REPLICATION_STREAM (docs/differences.md)
    APART = APART - {SHUTDOWN, wire.COM_PROCESS_INFO} | {0x21}

CLIENTS = {"plain": BASIC, "modern": BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF,
           "single": BASIC & ~wire.MULTI_STATEMENTS}


# What the session remembers of the command, and a word by which to know the end.
SENTINEL = [q("SHOW WARNINGS"), q("SELECT ROW_COUNT() AS r, @@warning_count AS w, 'sentinel' AS s")]


def mask(command, raw):
    """The server's counters go on; statement ids are the link's."""
    if command == wire.COM_STATISTICS:
        return re.sub(rb"[0-9.]+", b"?", raw)
    if command == wire.COM_STMT_PREPARE and raw[4:5] == b"\0":
        return raw[:5] + raw[9:]
    if command == CHANGE_USER and raw[4:5] == b"\xfe":
        return raw[:27] + raw[48:]  # without the scramble
    return raw


class Prober:
    """Sends a command with a sentinel behind it, and takes everything up to the sentinel's end."""

    def __init__(self, address, capabilities):
        self.address = address
        self.capabilities = capabilities
        self.wire = None

    def ask(self, payload):
        if self.wire is None:
            self.wire = wire.connect(self.address, schema="test", capabilities=self.capabilities)
        w = self.wire
        w.take()
        try:
            w.send_bytes(b"".join(wire.frames(p) for p in (payload, *SENTINEL)))
            while b"\x08sentinel" not in w.taken or not w.taken.endswith(self.end()):
                w.read_frame()
        except (wire.Closed, ConnectionError):
            w.close()
            self.wire = None
            return w.take() + b"closed"
        return w.take()

    def end(self):
        return b"\xfe\0\0\2\0\0\0" if self.wire.deprecate_eof else b"\xfe\0\0\2\0"

    def close(self):
        if self.wire is not None:
            self.wire.close()


@pytest.fixture(scope="module")
def through(module_weir, server):
    with server.root(schema="test") as root:
        root.query("CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v VARCHAR(10) DEFAULT 'x')")
    return module_weir()


def reads_what_was_before(command):
    """Of an id that is cut, a MariaDB finds the rest behind the packet. A direct client knows what it
    has sent there before; what Weir, or the compressing, has is another thing."""
    return processes.link_compression() and command in (
        wire.COM_PROCESS_KILL, wire.COM_STMT_FETCH, wire.COM_STMT_RESET)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("first", range(0, 256, 16))
def test_every_byte(server, through, first, client):
    probers = [Prober(address, CLIENTS[client]) for address in (server.address, through.address)]
    wrong = []
    for command in range(first, first + 16):
        if command in APART:
            continue
        for payload in PAYLOADS:
            if len(payload) < 4 and reads_what_was_before(command):
                continue
            direct, ours = [mask(command, p.ask(com(command, payload))) for p in probers]
            if direct != ours:
                wrong.append(f"{command:#04x} {payload!r}: "
                             + wire.describe_difference(direct, ours))
    for p in probers:
        p.close()
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def cut_commands():
    """Valid commands; {id} stands for a prepared statement's."""
    types = b"\x01\x08\0\xfd\0"
    values = struct.pack("<q", 5) + b"\2hi"
    yield wire.COM_STMT_EXECUTE, b"{id}\0\1\0\0\0\0" + types + values, "SELECT ?, ?"
    yield wire.COM_STMT_EXECUTE, b"{id}\1\1\0\0\0\0" + types + values, "SELECT ?, ?"
    yield wire.COM_STMT_EXECUTE, b"{id}\0\1\0\0\0", "SELECT 1"
    yield wire.COM_STMT_FETCH, b"{id}\5\0\0\0", "SELECT 1"
    yield wire.COM_STMT_RESET, b"{id}", "SELECT 1"
    yield wire.COM_STMT_SEND_LONG_DATA, b"{id}\0\0long", "SELECT ?"
    yield wire.COM_STMT_CLOSE, b"{id}", "SELECT 1"
    yield wire.COM_STMT_BULK_EXECUTE, b"{id}\x80\0\x08\0\0" + struct.pack("<q", 5), "DO ?"
    yield wire.COM_FIELD_LIST, b"t\0%", None
    yield wire.COM_INIT_DB, b"test", None
    yield wire.COM_SET_OPTION, b"\1\0", None
    yield wire.COM_PROCESS_KILL, b"\xff\xff\0\0", None
    yield wire.COM_REGISTER_SLAVE, struct.pack("<I", 77) + b"\4host\1u\1p" + b"\0" * 10, None


class Patient(Prober):
    """Prepares its statement before each command."""

    def ask_cut(self, command, payload, size, sql):
        if sql is None:
            return self.ask(com(command, payload[:size]))
        if self.wire is None:
            self.ask(q("DO 0"))
        self.wire.prepare(sql)
        number = self.wire.statement
        raw = self.ask(com(command, payload.replace(b"{id}", struct.pack("<I", number))[:size]))
        # Errors name the id, so their sizes differ too.
        return [re.sub(rb"[^0](?=The statement \()", b"?", data.replace(b"(%d)" % number, b"(?)"))
                for _, data in wire.split_packets(raw)]


@pytest.mark.parametrize("client", [*CLIENTS, "bulk"])
@pytest.mark.parametrize("number", range(len(list(cut_commands()))))
def test_commands_cut_at_every_byte(server, through, number, client):
    command, payload, sql = list(cut_commands())[number]
    capabilities = CLIENTS.get(client, (BASIC & ~wire.LONG_PASSWORD) | wire.MARIADB_STMT_BULK)
    probers = [Patient(address, capabilities) for address in (server.address, through.address)]
    wrong = []
    # Of an id that is cut, the server finds the rest in what it read before.
    first = 0
    if command in (wire.COM_STMT_FETCH, wire.COM_STMT_RESET):
        first = len(b"{id}")
    elif command == wire.COM_PROCESS_KILL and (processes.switching() or processes.link_compression()):
        first = len(payload)
    for size in range(first, len(payload) + 1):
        direct, ours = [p.ask_cut(command, payload, size, sql) for p in probers]
        if direct != ours:
            wrong.append(f"{size} bytes: direct {direct}\n  Weir {ours}")
    for p in probers:
        p.close()
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.mariadb  # MySQL 9 does not know the command any more, as test_every_byte sees
def test_the_list_of_processes(server, through):
    """COM_PROCESS_INFO: the rows are those of the moment, the columns and the end are the server's."""
    seen = []
    for address in (server.address, through.address):
        with wire.connect(address, capabilities=CLIENTS["modern"]) as w:
            packets = wire.split_packets(w.command(com(wire.COM_PROCESS_INFO)))
            seen.append((packets[:9], packets[-1][1]))
            assert w.row_count >= 1
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] == seen[1][1]


@pytest.mark.mariadb  # the same
def test_shutdown(own_server, weir):
    """COM_SHUTDOWN reaches the server; Weir survives it and serves again when the server is back."""
    one = weir(of=own_server)
    with one.connect() as w:
        w.send(com(SHUTDOWN))
        assert w.read_packet()[:1] == b"\xfe", "as the server answers it: an EOF"
    own_server.process.wait(20)
    own_server.process = None
    own_server.start()
    with one.connect() as w:
        assert w.query("SELECT 1") == [[b"1"]]


# -------- pipelined requests --------

def mixed(count):
    """Requests of every kind, with the value that identifies each reply (None: no such)."""
    kinds = [lambda i: (q(f"SELECT {i}"), b"%d" % i), lambda i: (q(f"SET @a={i}"), None),
             lambda i: (com(wire.COM_PING), None), lambda i: (q("SELECT nothing"), None),
             lambda i: (com(wire.COM_INIT_DB, b"test"), None), lambda i: (com(0xfd), None),
             lambda i: (com(wire.COM_STMT_PREPARE, b"SELECT %d" % i), None),
             lambda i: (com(wire.COM_STATISTICS), None), lambda i: (b"", None),
             lambda i: (com(wire.COM_SET_OPTION, b"\0\0"), None),
             lambda i: (q(f"SELECT @a; SELECT {i}"), b"%d" % i),
             lambda i: (q("SELECT REPEAT('x', 20000)"), b"x" * 20000),
             lambda i: (com(wire.COM_RESET_CONNECTION), None)]
    return [kinds[i % len(kinds)](i) for i in range(count)]


def check_order(w, requests):
    for payload, value in requests:
        w.read_reply(payload[0] if payload else wire.COM_PING)
        if value is not None:
            assert w.error is None and wire.text_row(w.rows[-1]) == [value], payload[:40]


@pytest.mark.parametrize("client", CLIENTS)
def test_pipelined_requests_are_served_in_order(through, client):
    requests = [r for r in mixed(130) if client != "single" or b";" not in r[0]]
    with wire.connect(through.address, schema="test", capabilities=CLIENTS[client]) as w:
        w.send_bytes(b"".join(wire.frames(payload) for payload, _ in requests))
        check_order(w, requests)
        assert w.query("SELECT 1") == [[b"1"]]


def test_pipelined_while_waiting_for_a_link(weir):
    one = weir(pool_max_size=1, server_max_connections=2)
    requests = mixed(60)
    with one.connect(schema="test") as holder, one.connect(schema="test") as waiter:
        holder.query("BEGIN")
        waiter.send_bytes(b"".join(wire.frames(payload) for payload, _ in requests))
        assert not waiter.readable(0.2)
        holder.query("COMMIT")
        check_order(waiter, requests)


@pytest.mark.parametrize("kill", ["KILL", "KILL QUERY"])
def test_a_kill_among_pipelined_requests(server, weir, kill):
    """Each request after the kill is answered in order, those of the client that is killed too."""
    one = weir(pool_max_size=2)
    with one.connect() as victim, one.connect() as killer:
        victim.query("SELECT 1")
        victim.send(q("SELECT SLEEP(20)"))
        # A KILL QUERY that comes before it has nothing to end.
        processes.wait_until(lambda: server.query("SELECT COUNT(*) FROM information_schema.processlist "
                                        "WHERE info = 'SELECT SLEEP(20)'") != [[b"0"]],
                   20, "the statement on the server")
        requests = [(q(f"SELECT {i}"), b"%d" % i) for i in range(100)]
        order = f"{kill} {victim.greeting.thread_id}"
        data = [wire.frames(payload) for payload, _ in requests]
        victim.send_bytes(b"".join(data))
        killer.send_bytes(b"".join(data[:50] + [wire.frames(q(order))] + data[50:]))
        check_order(killer, requests[:50])
        killer.read_reply(wire.COM_QUERY)
        assert killer.error is None
        check_order(killer, requests[50:])
        if kill == "KILL":
            with pytest.raises((wire.Closed, ConnectionError)):
                victim.read_packet()
        else:
            victim.read_reply(wire.COM_QUERY)
            check_order(victim, requests)


def test_a_client_that_kills_itself_among_pipelined_requests(server, weir):
    """KILL of one's own id: the server says so and ends the connection; what follows is lost."""
    own_end = 1317 if wire.MYSQL else 1927
    one = weir()
    for address in (server.address, one.address):
        with wire.connect(address) as w:
            number = w.greeting.thread_id
            w.send_bytes(wire.frames(q("SELECT 1")) + wire.frames(q(f"KILL {number}"))
                         + wire.frames(q("SELECT 2")))
            check_order(w, [(q("SELECT 1"), b"1")])
            w.read_reply(wire.COM_QUERY)
            assert w.error and w.error.code == own_end, address
            assert w.at_end()
