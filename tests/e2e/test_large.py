# SPDX-License-Identifier: Apache-2.0
"""Results and requests of any size pass in constant memory, and whoever is slow is slow alone."""

import concurrent.futures
import hashlib
import threading
import time

import pytest

import console
import lazy_server
import processes
import wire

GIB = 1 << 30
SIZE = (256 << 20) if processes.ASAN else GIB
ROWS = "SELECT REPEAT('x', 1048576) FROM seq_1_to_2000 WHERE seq <= "
GROWTH_KIB = 16 * 1024
FRAME_MAX = wire.FRAME_MAX


def drain(connection, size):
    """Reads at least so many bytes without looking at them; the last ones."""
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    got = 0
    while got < size:
        n = connection.socket.recv_into(view)
        assert n > 0, f"closed after {got} bytes"
        got += n
    return got


def peak_kib(one, stop, out):
    while not stop.is_set():
        out.append(one.rss_kib())
        time.sleep(0.02)


@pytest.mark.parametrize("capabilities", [wire.BASIC, wire.BASIC | wire.DEPRECATE_EOF],
                         ids=["plain", "no_eof"])
def test_a_huge_result_in_constant_memory(server, weir, capabilities):
    del server
    one = weir()
    size = SIZE if capabilities & wire.DEPRECATE_EOF else SIZE // 4
    with one.connect(schema="test", capabilities=capabilities) as c:
        c.query("SELECT REPEAT('x', 100000)")
        before = one.rss_kib()
        rss, stop = [before], threading.Event()
        watcher = threading.Thread(target=peak_kib, args=(one, stop, rss))
        watcher.start()
        rows = size // (1 << 20) + 1
        c.send(b"\x03" + ROWS.encode() + b"%d" % rows)
        drain(c, size)
        stop.set()
        watcher.join()
        growth = max(rss) - before
    if not processes.ASAN:  # its allocator keeps what was freed
        assert growth < GROWTH_KIB, f"{growth} KiB"


def test_a_slow_reader_stalls_itself_alone(weir):
    one = weir()
    with one.connect(schema="test") as slow, one.connect(schema="test") as quick:
        before = one.rss_kib()
        slow.send(b"\x03SELECT REPEAT('x', 1000000) FROM seq_1_to_1000")
        time.sleep(0.3)
        for _ in range(200):  # or would wait for the slow one, who reads nothing
            assert quick.query("SELECT 1") == [[b"1"]]
        assert one.rss_kib() - before < GROWTH_KIB or processes.ASAN
        slow.keep = False
        assert len(slow.read_packet()) < 100
        for _ in range(20):
            slow.read_frame()


def test_a_client_that_leaves_in_mid_result_frees_its_link(weir):
    one = weir(pool_max_size=1, pool_wait_timeout="60s")
    with one.connect(schema="test") as slow:
        slow.send(b"\x03SELECT REPEAT('x', 1000000) FROM seq_1_to_10000")
        slow.read_frame()
    with one.connect() as c:
        assert c.query("SELECT 1") == [[b"1"]]


def digests(address, capabilities, steps, files=None):
    """A digest of each reply; nothing of the size of the replies is kept."""
    out = []
    with wire.connect(address, schema="test", capabilities=capabilities, timeout=60) as c:
        c.local_files = files or {}
        for step in steps:
            raw = c.command(step)
            out.append((len(raw), hashlib.sha256(raw).hexdigest(), c.error and c.error.text))
    return out


@pytest.mark.parametrize("size", [FRAME_MAX - 1, FRAME_MAX, FRAME_MAX + 1])
def test_rows_around_16_MiB(server, weir, size):
    """A text row is its value and 4 bytes of length."""
    one = weir()
    row = b"\x03SELECT REPEAT('x', %d)" % (size - 4)
    steps = [row]
    capabilities = wire.BASIC
    if size != FRAME_MAX:  # else the EOF after the column definitions cannot say MORE_RESULTS yet
        steps.append(b"\x03SELECT 1; SELECT REPEAT('y', %d), 2; SELECT 3" % (size - 6))
        capabilities |= wire.DEPRECATE_EOF
    assert digests(server.address, capabilities, steps) == digests(one.address, capabilities, steps)


@pytest.mark.parametrize("size", [FRAME_MAX - 1, FRAME_MAX, FRAME_MAX + 1, 2 * FRAME_MAX])
def test_queries_around_16_MiB(server, weir, size):
    one = weir()
    frame = b"\x03SELECT LENGTH('%s'), 'end'"
    query = frame % (b"q" * (size - len(frame) + 2))
    assert len(query) == size
    steps = [query, b"\x03SELECT 1"]
    assert digests(server.address, wire.BASIC, steps) == digests(one.address, wire.BASIC, steps)


def test_a_query_beyond_max_allowed_packet(server, weir):
    """The server says 1153 while it is still being sent to, and closes."""
    server.query("SET GLOBAL max_allowed_packet=1048576")
    try:
        one = weir(pool_max_size=2)
        outcomes = []
        for address in (server.address, one.address):
            with wire.connect(address, schema="test") as c:
                try:
                    c.command(b"\x03SELECT '" + b"x" * (3 << 20) + b"'")
                    outcomes.append(c.error.code)
                except (wire.Closed, OSError):
                    outcomes.append("closed")
        assert outcomes[1] in (1153, 2013, "closed")
        with one.connect() as c:
            assert c.query("SELECT 1") == [[b"1"]]
    finally:
        server.query("SET GLOBAL max_allowed_packet=134217728")


def test_load_data_of_more_than_16_MiB(server, weir):
    one = weir()
    server.query("CREATE OR REPLACE TABLE test.loaded (a INT, b CHAR(60)) ENGINE=MyISAM")
    line = b"%d,%s\n"
    data = b"".join(line % (n, b"z" * 50) for n in range(350000))
    assert len(data) > FRAME_MAX
    for chunks in (data, [data[at:at + 100000] for at in range(0, len(data), 100000)]):
        server.query("TRUNCATE test.loaded")
        with one.connect(schema="test", timeout=60) as c:
            c.local_files = {"f": chunks}
            c.query("LOAD DATA LOCAL INFILE 'f' INTO TABLE loaded FIELDS TERMINATED BY ','")
            rows = c.query("SELECT COUNT(*), SUM(a), MIN(LENGTH(b)) FROM loaded")
            assert rows == [[b"350000", b"%d" % (350000 * 349999 // 2), b"50"]]


def send_file(one, size):
    with one.connect(timeout=60) as c:
        c.send(wire.q("LOAD DATA LOCAL INFILE 'f' INTO TABLE t"))
        assert c.read_packet()[:1] == b"\xfb"
        c.send_bytes(wire.frames(b"z" * size, 2) + wire.frames(b"", 3))
        return c.read_packet()[:1]


def test_the_end_of_a_file_may_have_to_wait(weir):
    """The empty packet behind it is read when the server takes nothing for a while."""
    lazy = lazy_server.LazyServer()
    one = weir(of=lazy, net_read_timeout="5s", pool_max_size=30)

    def taken():
        return max(int(n) for n in console.mariadb(one, "SELECT bytes_sent FROM links", "-N").split())

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        first = pool.submit(send_file, one, 12 << 20)
        room = 0
        while room < 1 << 16 or room != taken():
            room = taken()
            time.sleep(0.2)
        lazy.go_on.set()
        assert first.result() == b"\0"
        lazy.go_on.clear()
        rest = [pool.submit(send_file, one, room + n * 5000) for n in range(-9, 10)]
        processes.wait_until(lambda: sum(b"LOAD" in s for s in lazy.statements) == 20, 20, "links")
        time.sleep(0.5)
        lazy.go_on.set()
        assert all(one_of_them.result() == b"\0" for one_of_them in rest)


def test_long_data_of_a_prepared_statement(weir):
    one = weir()
    with one.connect(schema="test", timeout=60) as c:
        c.prepare("SELECT LENGTH(?), SHA2(?, 256)")
        sha = hashlib.sha256()
        for _ in range(20):
            piece = b"p" * 1000003
            for parameter in (b"\0\0", b"\1\0"):
                c.send(b"\x18" + c.statement.to_bytes(4, "little") + parameter + piece)
            sha.update(piece)
        c.command(c.execute_packet(parameters=2, types=b"\xfc\0\xfc\0"))
        assert c.error is None
        assert sha.hexdigest().encode() in c.rows[0]
