# SPDX-License-Identifier: Apache-2.0
"""The compressed protocol on both sides of Weir, each on its own: the same bytes as without, requests
in any pieces, frames that are none, who gets it and who must have it."""

import contextlib
import os
import shutil
import struct
import subprocess
import zlib

import pytest

import compression
import console
import processes
import wire
from processes import wait_until

MIB = 1 << 20
ER_WRONG_COMPRESSION = 3922
FULL = wire.BASIC | wire.DEPRECATE_EOF | wire.SESSION_TRACK
LINK_ALGORITHMS = ["uncompressed", "zlib", "zstd"] if wire.MYSQL else ["uncompressed", "zlib"]


def compressed(one, algorithm, **more):
    return one.connect(schema="test", capabilities=FULL, compress=algorithm or False, timeout=240, **more)


@contextlib.contextmanager
def pair(one, server, algorithm):
    """Through Weir compressed, and direct without."""
    with compressed(one, algorithm) as through, \
         wire.connect(server.address, schema="test", capabilities=FULL, timeout=240) as direct:
        assert through.compression == algorithm
        yield through, direct


def query(text):
    return b"\x03" + (text if isinstance(text, bytes) else text.encode())


def link_of(one, client):
    """How the link of a client compresses, who begins a transaction, and so has one for sure."""
    client.query("BEGIN")
    return console.mariadb(one, "SELECT compression FROM links WHERE state LIKE 'leased%'", "-N").split()


STATEMENTS = [
    "SELECT 1", "SELECT REPEAT('x', 49)", "SELECT REPEAT('y', 16383), REPEAT('z', 70000)",
    "SELECT seq FROM seq_1_to_2000", "SELECT 1; SELECT seq FROM seq_1_to_10000; SELECT 3",
    "SELECT no_such_column", "DO 1; SELECT 1; SELECT nothing", "SELECT RANDOM_BYTES(0)",
    "SELECT '" + "q" * 200000 + "'",
]


@pytest.mark.parametrize("links", LINK_ALGORITHMS)
@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_replies_are_the_same(server, weir, algorithm, links):
    one = weir(server_protocol_compression_algorithms=links, server_zstd_compression_level=5)
    with pair(one, server, algorithm) as (through, direct):
        for text in STATEMENTS:
            assert through.command(query(text)) == direct.command(query(text)), text[:60]
        for wanted in (wire.COM_PING, wire.COM_RESET_CONNECTION):
            assert through.command(bytes([wanted])) == direct.command(bytes([wanted]))
        for c in (through, direct):
            c.command(b"\x16SELECT ?, REPEAT('p', 5000)")
        execute = b"\x17" + struct.pack("<IBI", 1, 0, 1) + b"\0\1\xfd\0" + b"\xfc\x10\x27" + b"v" * 10000
        got = [c.command(execute[:1] + struct.pack("<I", c.statement) + execute[5:]) for c in (through, direct)]
        assert got[0] == got[1]
        assert any(plain for _, _, plain in through.socket.frames)
        assert link_of(one, through) == ([links] if links != "uncompressed" else ["NULL"])
        row = console.mariadb(one, "SELECT compression, tls FROM clients", "-N").split()
        assert row == [algorithm, "TLSv1.3" if wire.EVERYWHERE_TLS else "NULL"]
        through.quit()
    counters = one.counters()
    assert counters["Weir_compressed_clients"] == 1
    assert (counters["Weir_compressed_links"] > 0) == (links != "uncompressed")


@pytest.mark.parametrize("algorithm,links", [("zlib", "uncompressed"), (None, "zlib"), ("zstd", "zlib")])
def test_packets_of_16_mib_and_more(server, weir, algorithm, links):
    """Of which each takes several frames, so that a server's own numbers are others."""
    one = weir(server_protocol_compression_algorithms=links)
    with pair(one, server, algorithm) as (through, direct):
        body = b"some row of a table, " * (17 * MIB // 21)
        for size in (16 * MIB - 30, 16 * MIB + 5):
            text = b"SELECT LENGTH('%s')" % body[:size]
            assert through.command(query(text)) == direct.command(query(text)), size
        text = f"SELECT REPEAT('r', {16 * MIB + 10}), 1; SELECT 2"
        assert through.command(query(text)) == direct.command(query(text))
        assert through.command(query("SELECT 1")) == direct.command(query("SELECT 1"))


@pytest.mark.parametrize("links", LINK_ALGORITHMS)
@pytest.mark.parametrize("algorithm", [None, "zlib", "zstd"])
def test_local_files(server, weir, algorithm, links):
    one = weir(server_protocol_compression_algorithms=links)
    with server.root() as root:
        root.query("CREATE OR REPLACE TABLE test.loaded (a INT)")
        root.query("SET GLOBAL local_infile=1")
    rows = [b"".join(b"%d\n" % n for n in range(at, at + 100)) for at in range(0, 30000, 100)]
    with pair(one, server, algorithm) as (through, direct):
        for c in (through, direct):
            c.query("TRUNCATE loaded")
            # More packets than there are numbers, in the middle of others.
            c.local_files["f"] = rows
        text = ("SELECT seq FROM seq_1_to_2000; LOAD DATA LOCAL INFILE 'f' INTO TABLE loaded; "
                "SELECT COUNT(*), SUM(a) FROM loaded")
        direct_reply = direct.command(query(text))
        direct.query("TRUNCATE loaded")
        assert through.command(query(text)) == direct_reply
        through.local_files["f"] = b""
        assert through.query("LOAD DATA LOCAL INFILE 'f' INTO TABLE loaded") == []
        assert through.value("SELECT COUNT(*) FROM loaded") == "30000"


@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_requests_in_any_pieces(weir, algorithm):
    one = weir(server_protocol_compression_algorithms="zlib,uncompressed")
    text = query("SELECT LENGTH('" + "ab" * 1000 + "')")
    packet = wire.frames(text)
    with compressed(one, algorithm) as c:
        below = c.socket.below
        for step in (1, 3, 700):
            frames = b"".join(compression.pack(algorithm, packet[at:at + step], n, always=n % 2 == 0)
                              for n, at in enumerate(range(0, len(packet), step)))
            for at in range(0, len(frames), 997):
                below.sendall(frames[at:at + 997])
            c.socket.next = len(range(0, len(packet), step))
            c.read_reply(wire.COM_QUERY)
            assert c.error is None and c.rows == [b"\x042000"]
        # Two requests at once: each answer has the numbers of its own request.
        below.sendall(compression.pack(algorithm, wire.frames(query("SELECT 1")), 0)
                      + compression.pack(algorithm, wire.frames(query("SELECT 2")), 0))
        for expected in (b"\x011", b"\x012"):
            c.socket.next = 1
            c.read_reply(wire.COM_QUERY)
            assert c.rows == [expected]


def broken_frames(algorithm):
    packet = wire.frames(query("SELECT '" + "x" * 3000 + "'"))
    good = compression.pack(algorithm, packet, 0)
    size = len(good) - 7

    def header(packed, number, plain):
        return packed.to_bytes(3, "little") + bytes([number]) + plain.to_bytes(3, "little")
    bomb = zlib.compress(bytes(0xffffff)) if algorithm == "zlib" else compression.zstd_pack(bytes(0xffffff))
    return {
        "number": header(size, 3, len(packet)) + good[7:],
        "declares_more": header(size, 0, len(packet) + 1) + good[7:],
        "declares_less": header(size, 0, len(packet) - 1) + good[7:],
        "empty": header(0, 0, 0),
        "noise": header(1000, 0, 3000) + os.urandom(1000),
        "bomb": header(len(bomb), 0, 100) + bomb,
        "worthless": header(0xffffff, 0, 1) + os.urandom(2000),
        "behind_the_end": header(size + 4, 0, len(packet)) + good[7:] + b"more",
    }


@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_frames_that_are_none(weir, algorithm):
    one = weir()
    with one.connect() as witness:
        for name, frames in broken_frames(algorithm).items():
            with compressed(one, algorithm) as c:
                c.socket.below.sendall(frames)
                # What came before the mistake may have been answered, by an error or not at all.
                with contextlib.suppress(OSError):
                    c.socket.below.settimeout(20)
                    while c.socket.below.recv(65536):
                        pass
                wait_until(lambda: witness_counts(one) == 1, 20, f"the end of '{name}'")
        assert witness.query("SELECT 1") == [[b"1"]]


def witness_counts(one):
    return int(one.counters()["Threads_connected"])


def test_a_cut_login_or_frame_is_no_leak(weir):
    """Clients that leave in the middle of a frame."""
    one = weir()
    frame = compression.pack("zlib", wire.frames(query("SELECT '" + "x" * 100000 + "'")), 0)
    for size in (1, 6, 7, 8, 100, len(frame) - 1):
        with compressed(one, "zlib") as c:
            c.socket.below.sendall(frame[:size])
    wait_until(lambda: one.counters()["Threads_connected"] == 0, 20, "the end of the clients")


@pytest.mark.parametrize("allowed,refused", [("zlib,zstd", None), ("zstd", "zlib"), ("zlib", "zstd")])
def test_who_must_compress(weir, allowed, refused):
    one = weir(protocol_compression_algorithms=allowed)
    for algorithm in allowed.split(","):
        with compressed(one, algorithm) as c:
            assert c.compression == algorithm
            assert c.query("SELECT 1") == [[b"1"]]
    with pytest.raises(wire.ServerError) as error:
        one.connect(compress=refused or False)
    assert (error.value.code, error.value.state) == (ER_WRONG_COMPRESSION, "HY000")
    assert error.value.text == "Invalid compression algorithm 'uncompressed'."
    one.configure(protocol_compression_algorithms="uncompressed")
    one.reload()
    with one.connect(compress="zlib") as c:
        assert c.compression is None
        assert not c.greeting.capabilities & (wire.COMPRESS | wire.ZSTD)


def is_served(one):
    try:
        with one.connect() as c:
            return c.query("SELECT 1")
    except wire.ServerError:
        return False


@pytest.mark.mariadb
def test_a_link_that_must_compress_and_cannot(weir):
    one = weir(server_protocol_compression_algorithms="zstd")
    with pytest.raises(wire.ServerError) as error:
        with one.connect(schema="test") as c:
            c.query("SELECT 1")
    assert "protocol_compression_algorithms" in error.value.text
    one.configure(server_protocol_compression_algorithms="zstd,zlib")
    one.reload()
    wait_until(lambda: is_served(one), 30, "another attempt")
    with one.connect(schema="test") as c:
        assert c.query("SELECT 1") == [[b"1"]]
        assert link_of(one, c) == ["zlib"]


@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_compression_on_top_of_tls(server, weir, algorithm):
    one = weir(server_protocol_compression_algorithms="zlib")
    with compressed(one, algorithm, tls=wire.unverified_tls()) as c, \
         wire.connect(server.address, schema="test", capabilities=FULL) as direct:
        for text in STATEMENTS:
            assert c.command(query(text)) == direct.command(query(text)), text[:60]
        assert console.mariadb(one, "SELECT compression, tls FROM clients", "-N").split() == \
            [algorithm, "TLSv1.3"]


@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_a_change_of_user_and_last_words(server, weir, algorithm):
    del server
    one = weir()
    with compressed(one, algorithm) as c:
        c.query("SELECT 1")
        assert c.change_user("app", "secret", "test")[:1] == b"\0"
        assert c.query("SELECT DATABASE()") == [[b"test"]]
        with pytest.raises(wire.ServerError):
            compressed(one, algorithm, password="wrong")
        console.mariadb(one, f"KILL {c.greeting.thread_id}")
        assert c.readable(20)
        with contextlib.suppress(wire.Closed):
            c.read_packet()
            assert c.at_end(20)


def test_a_client_that_changes_links(weir):
    """What one client has left in its session travels to links that were packed otherwise."""
    one = weir(server_protocol_compression_algorithms="zlib", pool_max_size=1, debug_link_switching="on")
    with compressed(one, "zlib") as a, one.connect(schema="test") as b:
        for n in range(20):
            a.query(f"SET @a = REPEAT('{n % 10}', 300)")
            b.query(f"SET @a = REPEAT('x', {n})")
            assert a.query("SELECT CRC32(@a) = CRC32(REPEAT(%d, 300))" % (n % 10)) == [[b"1"]]
            assert b.query("SELECT LENGTH(@a)") == [[b"%d" % n]]


@pytest.mark.skipif(shutil.which("mariadb") is None, reason="there is no mariadb client")
def test_the_mariadb_command_line(server, weir, tmp_path):
    one = weir(server_protocol_compression_algorithms="zlib")
    script = tmp_path / "script.sql"
    script.write_text("SELECT seq, REPEAT('x', seq) FROM seq_1_to_600;\nSELECT CRC32('%s');\nSHOW TABLES;\n"
                      % ("long" * 400000))
    out = []
    for port in (server.port, one.settings["port"]):
        with open(script, "rb") as text:
            done = subprocess.run(
                ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", "-uapp", "-psecret", "--compress",
                 "--max-allowed-packet=64M", "test"], stdin=text, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=240, check=False)
        assert done.returncode == 0, done.stderr.decode()
        out.append(done.stdout)
    assert out[0] == out[1]
    assert one.counters()["Weir_compressed_clients"] == 1


@pytest.mark.mysql
@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_the_mysql_command_line(server, weir, algorithm):
    one = weir(server_protocol_compression_algorithms="zstd", server_zstd_compression_level=9)
    text = "SELECT seq, REPEAT('x', seq) FROM seq_1_to_600; SELECT CRC32('%s')" % ("long" * 20000)
    out = []
    for port in (server.port, one.settings["port"]):
        done = subprocess.run(
            [server.SCRIPT, "client", server.directory, "-h127.0.0.1", f"-P{port}", "-uapp", "-psecret",
             f"--compression-algorithms={algorithm}", "--zstd-compression-level=7", "test", "-e", text],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240, check=False)
        assert done.returncode == 0, done.stderr.decode()
        out.append(done.stdout)
    assert out[0] == out[1]
    with one.connect() as c:
        assert c.query("SHOW SESSION STATUS LIKE 'Compression_algorithm'")[0][1] == b"zstd"  # the link's
    assert one.counters()["Weir_compressed_clients"] == 1


@pytest.mark.untls("OpenSSL keeps some 11 kB of a connection")
def test_an_idle_client_holds_no_buffers(weir):
    """Memory for compressing belongs to threads, not to clients."""
    one = weir(workers=1, max_connections=400)

    def open_many(count):
        clients = [compressed(one, "zstd") for _ in range(count)]
        for c in clients:
            c.query("SELECT REPEAT('x', 20000)")
        return clients
    first = open_many(20)
    before = one.rss_kib()
    more = open_many(200)
    growth = one.rss_kib() - before
    for c in first + more:
        c.close()
    if not processes.ASAN:
        assert growth < 200 * 8, f"{growth} KiB for 200 clients"
