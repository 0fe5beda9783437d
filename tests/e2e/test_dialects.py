# SPDX-License-Identifier: Apache-2.0
"""Rarer capabilities that change requests or replies: query attributes and optional metadata (MySQL),
progress reports (MariaDB). Byte for byte as direct, with links that change under the clients."""

import os
import struct
import subprocess
import time

import pytest

import wire
from wire import BASIC, com, q

MODERN = wire.SESSION_TRACK | wire.DEPRECATE_EOF
STRING, LONG, LONGLONG, TINY, DATETIME = 0xfe, 3, 8, 1, 12
READ_N = "SELECT mysql_query_attribute_string('n')"


@pytest.fixture(params=["restful", "switching"])
def one(request, weir, server):
    started = weir(of=server, debug_link_switching=int(request.param == "switching"))
    return started


def same(server, one, capabilities, steps, **login):
    """Runs the steps on both; functions take the connection, bytes are commands."""
    ends = [wire.connect(address, schema="test", capabilities=capabilities, timeout=30, **login)
            for address in (server.address, one.address)]
    with ends[0] as direct, ends[1] as through:
        assert direct.capabilities == through.capabilities
        for number, step in enumerate(steps):
            replies = []
            for w in (direct, through):
                replies.append(step(w) if callable(step) else w.command(step))
            if wire.normal(replies[0], True) != wire.normal(replies[1], True):
                pytest.fail(f"step {number} {step!r}: {wire.describe_difference(*replies)}", pytrace=False)


# --- query attributes ---

def parameter(kind, name, value):
    """(type and name, value) as they stand in a packet; value None: NULL."""
    if value is not None and kind in (STRING, DATETIME):
        value = wire.lenenc_encode(len(value)) + value
    return bytes([kind, 0]) + wire.lenenc_encode(len(name)) + name, value


def bound(parameters, typed=True):
    """Null bitmap, types, names and values."""
    if not parameters:
        return b""
    nulls = sum(1 << i for i, (_, value) in enumerate(parameters) if value is None)
    packet = nulls.to_bytes((len(parameters) + 7) // 8, "little") + bytes([typed])
    if typed:
        packet += b"".join(kind for kind, _ in parameters)
    return packet + b"".join(value or b"" for _, value in parameters)


def qa(sql, *attributes):
    """A COM_QUERY with attributes."""
    return (bytes([wire.COM_QUERY]) + wire.lenenc_encode(len(attributes)) + b"\x01" + bound(attributes)
            + sql.encode())


def executed(*parameters, typed=True, flags=8, count=None):
    def step(w):
        body = wire.lenenc_encode(len(parameters) if count is None else count) + bound(parameters, typed)
        return w.command(struct.pack("<BIBI", wire.COM_STMT_EXECUTE, w.statement, flags, 1) + body)
    return step


def prepared(sql):
    def step(w):
        raw = w.prepare(sql)
        return raw if w.error else raw[:5] + raw[9:]
    return step


N = parameter(STRING, b"n", b"it's")
OTHERS = [parameter(LONG, b"i", b"\1\2\3\4"), parameter(LONGLONG, b"l", bytes(8)), parameter(TINY, b"t", b"\1"),
          parameter(STRING, b"none", None), parameter(DATETIME, b"d", b"\xe8\x07\x01\x01"),
          parameter(STRING, b"long", b"SELECT GET_LOCK('x',0);" * 20), N]

ATTRIBUTED = [
    [qa(READ_N), qa(READ_N, N), qa(READ_N), qa(READ_N, *OTHERS)],
    [qa("SET @x=7, sql_mode='ANSI'", N), qa("SELECT @x, @@sql_mode"), qa("SELECT @x", *OTHERS)],
    [qa("CREATE TEMPORARY TABLE mine SELECT 1 AS a", N), qa("SELECT * FROM mine"), qa("DROP TEMPORARY TABLE mine", N)],
    [qa("SELECT GET_LOCK(CONCAT('d',CONNECTION_ID()),0)", N),
     qa("SELECT IS_USED_LOCK(CONCAT('d',CONNECTION_ID())) IS NULL", N),
     qa("SELECT RELEASE_LOCK(CONCAT('d',CONNECTION_ID()))")],
    [qa("SELECT 1; SELECT 2", *OTHERS), qa("SELECT ROW_COUNT()"), qa("SELECT 3", N)],
    [qa("SELECT nonsense", N), qa("SHOW WARNINGS"), qa("SHOW WARNINGS", N)],
    [qa("")], [qa("", N)],
    [qa("SELECT LENGTH('" + "x" * 40000 + "')", N)],
    [qa("SELECT LENGTH('" + "x" * (1 << 24) + "')", N)],
    [qa("SET @s='SELECT @y:=5'"), qa("PREPARE s FROM @s", N), qa("EXECUTE s", N), qa("SELECT @y")],
    # malformed: the server says so, and the session stays what it was
    [qa("SET @x=7"), q("SELECT 1"), com(wire.COM_QUERY), com(wire.COM_QUERY, b"\x05"), qa("SELECT @x"),
     com(wire.COM_QUERY, b"\x00\x02SELECT 1"), com(wire.COM_QUERY, b"\x01\x01\x00\x00SELECT 1"), qa("SELECT @x")],
    # larger than what Weir looks at before it sends
    [qa("SET @x=7"), qa("SET @x=8", parameter(STRING, b"n", b"v" * 50000)), qa("SELECT @x"), qa(READ_N)],
    [prepared(READ_N), executed(), executed(N), executed(*OTHERS), executed(), executed(N, typed=False)],
    [prepared("SELECT ?, mysql_query_attribute_string('n')"),
     executed(parameter(STRING, b"", b"a")), executed(parameter(STRING, b"", b"b"), typed=False),
     executed(parameter(LONG, b"", b"\1\0\0\0"), N), executed(parameter(LONG, b"", b"\2\0\0\0"), typed=False),
     executed(parameter(LONG, b"n", b"\1\0\0\0")), executed(parameter(LONG, b"", b"\2\0\0\0"), typed=False, flags=0),
     executed(), executed(parameter(STRING, b"", None), *OTHERS), executed(parameter(STRING, b"", b"z"), typed=False),
     executed(parameter(STRING, b"", b"y"), N, typed=False), executed(parameter(STRING, b"", b"x"), typed=False)],
    [prepared("SELECT LENGTH(?)"), executed(parameter(STRING, b"", b"v" * 40000), N),
     executed(parameter(STRING, b"", b"v" * (1 << 24)), N), executed(parameter(STRING, b"", b"w" * (1 << 24)), typed=False)],
    [prepared("INSERT INTO attributed VALUES (?)"), executed(parameter(LONG, b"", b"\1\0\0\0"), N),
     qa("SELECT LAST_INSERT_ID(), ROW_COUNT()", N)],
]


@pytest.fixture(scope="module")
def attributed(server):
    rows = server.query("SELECT COUNT(*) FROM mysql.component WHERE component_urn LIKE '%query_attributes'")
    if rows == [[b"0"]]:
        server.query("INSTALL COMPONENT 'file://component_query_attributes'")
    server.query("CREATE TABLE IF NOT EXISTS test.attributed (a INT)")
    return server


@pytest.mark.mysql
@pytest.mark.parametrize("modern", [0, MODERN], ids=["old", "modern"])
@pytest.mark.parametrize("steps", ATTRIBUTED, ids=range(len(ATTRIBUTED)))
def test_query_attributes(attributed, one, steps, modern):
    attributed.query("SET GLOBAL max_allowed_packet=1<<26")
    same(attributed, one, BASIC | wire.QUERY_ATTRIBUTES | modern, steps)


@pytest.mark.mysql
def test_a_kill_behind_attributes_is_understood(server, one):
    capabilities = BASIC | wire.QUERY_ATTRIBUTES
    with one.connect(capabilities=capabilities) as w, one.connect(capabilities=capabilities) as victim:
        w.command(qa(f"KILL {victim.greeting.thread_id}", N))
        assert not w.error
        assert victim.at_end()


@pytest.mark.mysql
def test_clients_with_and_without_attributes_side_by_side(attributed, one):
    with one.connect(schema="test", capabilities=BASIC | wire.QUERY_ATTRIBUTES) as w, \
            one.connect(schema="test") as plain:
        for _ in range(3):
            w.command(qa(READ_N, N))
            assert wire.text_row(w.rows[0]) == [b"it's"]
            assert plain.query(READ_N) == [[None]]
            w.command(qa("SET @x=1"))
            plain.query("SET @x=2")
            assert w.query("SELECT @x") == [[b"1"]]
            assert plain.query("SELECT @x") == [[b"2"]]


@pytest.mark.mysql
@pytest.mark.parametrize("one", ["restful"], indirect=True)
def test_the_command_line_client(attributed, one):
    """MySQL's own client puts attributes in front of every query."""
    root = os.environ.get("WEIR_MYSQL9", os.path.expanduser("~/.cache/weir/mysql9"))
    program = os.path.join(root, "usr/bin/mysql")
    if not os.path.exists(program):
        pytest.skip("no mysql 9 client there")
    host, port = one.address
    script = ("SELECT CONNECTION_ID();\nSELECT 'plain';\nSET @x=42;\nSELECT @x;\nquery_attributes n spoken;\n" + READ_N
              + ";\nBEGIN; SELECT 1; COMMIT;\nUSE test\nSELECT DATABASE();\n")
    loader = os.path.join(root, "lib64/ld-linux-x86-64.so.2")
    libraries = os.pathsep.join(os.path.join(root, d) for d in (
        "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/mysql/private"))
    done = subprocess.run([loader, "--library-path", libraries, program, "--no-defaults", "--commands", "-G", "-N", "-h", host, "-P",
                           str(port), "-uapp", "-psecret", "--protocol=tcp", "--get-server-public-key"],
                          input=script, capture_output=True, text=True, timeout=30, check=False)
    said = done.stdout.split()
    assert said[1:] == ["plain", "42", "spoken", "1", "test"], done.stderr
    assert int(said[0]) > 0x7fffffff


# --- optional metadata ---

def bulk_of(w):
    return w.command(w.execute_packet(struct.pack("<BB", LONGLONG, 0), struct.pack("<q", 9), parameters=1))


def with_cursor(w):
    raw = w.command(w.execute_packet(struct.pack("<BB", LONGLONG, 0), struct.pack("<q", 9), flags=1, parameters=1))
    return raw + w.command(struct.pack("<BII", wire.COM_STMT_FETCH, w.statement, 5))


RESULTS = [q("SELECT 1, 'a'"), q("SELECT 1 WHERE FALSE"), q("SELECT 1; SELECT 2, 3; SET @a=1"), q("SHOW WARNINGS"),
           q("SELECT nonsense"), q("SELECT @a, @@resultset_metadata"), prepared("SELECT ?, 2"), bulk_of, bulk_of,
           with_cursor, prepared("SET @b=5"), prepared("nonsense"), q("SELECT ROW_COUNT()")]


@pytest.mark.mysql
@pytest.mark.parametrize("modern", [0, MODERN], ids=["old", "modern"])
@pytest.mark.parametrize("attributes", [0, wire.QUERY_ATTRIBUTES], ids=["", "attributes"])
def test_optional_metadata(server, one, modern, attributes):
    none, full = q("SET resultset_metadata=NONE"), q("SET resultset_metadata=FULL")
    steps = [*RESULTS, none, *RESULTS, full, *RESULTS, none, com(wire.COM_RESET_CONNECTION), *RESULTS]
    if attributes:
        steps = [step[:1] + b"\0\1" + step[1:] if isinstance(step, bytes) and step[0] == wire.COM_QUERY else step
                 for step in steps if step not in (bulk_of, with_cursor)]
    same(server, one, BASIC | wire.OPTIONAL_METADATA | modern | attributes, steps)


@pytest.mark.mysql
@pytest.mark.parametrize("none", [False, True])
@pytest.mark.parametrize("modern", [0, MODERN], ids=["old", "modern"])
def test_the_connection_id_with_optional_metadata(server, one, modern, none):
    """Weir's own answer has the shape of the server's."""
    shapes = []
    for end in (server, one):
        with wire.connect(end.address, capabilities=BASIC | wire.OPTIONAL_METADATA | modern) as w:
            if none:
                w.query("SET resultset_metadata=NONE")
            w.command(q("SELECT CONNECTION_ID()"))
            raw = [(n, len(p) if wire.text_row(w.rows[0])[0] not in p else "row") for n, p in
                   wire.split_packets(w.command(q("SELECT CONNECTION_ID()")))]
            assert len(w.rows) == 1
            shapes.append(raw)
    assert shapes[0] == shapes[1]


# --- progress ---

ALTER = "ALTER TABLE big ADD KEY k (v), ALGORITHM=COPY"
ALTER_TIMEOUT_S = 300
LONG_S = 2  # reports come every second
ROWS_MAX = 4000000


def grow(server):
    assert int(server.query("SELECT COUNT(*) FROM test.big")[0][0]) < ROWS_MAX, "no ALTER takes long here"
    server.query("INSERT INTO test.big SELECT * FROM test.big")


@pytest.fixture(scope="module")
def big(server):
    """With a table that takes a while to alter, however quick or busy the machine is."""
    server.query("CREATE TABLE test.big ENGINE=MyISAM AS "
                 "SELECT seq AS id, REPEAT('x', 200) AS v FROM test.seq_1_to_50000")
    with server.connect(schema="test", timeout=ALTER_TIMEOUT_S) as w:
        while True:
            began = time.monotonic()
            w.query(ALTER)
            took = time.monotonic() - began
            w.query("ALTER TABLE big DROP KEY k")
            if took >= LONG_S:
                return server
            grow(server)


def without_flags(payload):
    """An OK without its status, which says whether the statement was slow."""
    _, at = wire.lenenc(payload, 1)
    _, at = wire.lenenc(payload, at)
    return payload[:at] + payload[at + 2:]


@pytest.mark.mariadb
@pytest.mark.parametrize("one, how, modern", [("restful", "text", MODERN), ("switching", "binary", 0)],
                         indirect=["one"])
def test_progress(big, one, modern, how):
    """How many reports come is a matter of time; their shape and numbering is not."""
    def shapes_of(end):
        capabilities = (BASIC & ~wire.LONG_PASSWORD) | wire.MARIADB_PROGRESS | modern
        with wire.connect(end.address, schema="test", capabilities=capabilities, timeout=ALTER_TIMEOUT_S) as w:
            assert w.capabilities & wire.MARIADB_PROGRESS
            w.query("SET progress_report_time=1")
            w.query("ALTER TABLE big DROP KEY IF EXISTS k")
            if how == "text":
                raw = w.command(q(ALTER))
            else:
                w.prepare(ALTER)
                raw = w.command(w.execute_packet())
            assert not w.error
            packets = wire.split_packets(raw)
            assert [n for n, _ in packets] == list(range(1, len(packets) + 1))
            reports = [p for _, p in packets if p[:3] == b"\xff\xff\xff"]
            assert len(reports) == len(packets) - 1
            w.query("ALTER TABLE big DROP KEY k")
            assert w.query("SELECT 1") == [[b"1"]]
            return {p[:4] + p[5:6] + p[9:] for p in reports}, without_flags(packets[-1][1])

    while True:
        (direct, direct_end), (ours, end) = shapes_of(big), shapes_of(one)
        assert direct_end == end
        if direct & ours:  # else there were too few, or of other stages of the ALTER
            return
        grow(big)


@pytest.mark.mariadb
@pytest.mark.parametrize("one", ["restful"], indirect=True)
def test_who_does_not_ask_gets_no_progress(big, one):
    with one.connect(schema="test", capabilities=(BASIC & ~wire.LONG_PASSWORD) | wire.MARIADB_PROGRESS) as asks:
        asks.query("SET progress_report_time=1")
        with one.connect(schema="test", timeout=ALTER_TIMEOUT_S) as w:
            w.query("SET progress_report_time=1")
            raw = w.command(q(ALTER))
            assert len(wire.split_packets(raw)) == 1
            assert not w.error
            w.query("ALTER TABLE big DROP KEY k")
