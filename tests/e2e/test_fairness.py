# SPDX-License-Identifier: Apache-2.0
"""Nobody starves, and nothing grows with time. How long anybody waits is shown by ./dev bench; here the
others go on for as long as it takes, so that whoever is never served would wait for ever."""

import threading

import pytest

import processes
import wire

QUERIES = 50
STORMERS = 8
WARM_LOGINS = 1000
MORE_LOGINS = 6000
GROWTH_KIB = 400  # a leak of a single small object per login would be more

ENDLESS = b"\x03SELECT REPEAT('x', 1048576) FROM test.seq_1_to_1000000000"


class Reader(threading.Thread):
    """Reads what comes on a connection, until it is told to stop."""

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.connection = connection
        self.stopping = False
        self.received = 0
        self.start()

    def run(self):
        room = bytearray(1 << 18)
        with self.connection.socket.dup() as s:
            s.settimeout(60)
            while not self.stopping:
                got = s.recv_into(room)
                if got == 0:
                    return
                self.received += got

    def end(self):
        self.stopping = True
        self.join()
        self.connection.close()


@pytest.mark.mariadb
@pytest.mark.uncompressed("it counts bytes as they come, of which hardly any are left")
@pytest.mark.untls("a second socket reads the first one's bytes")
def test_queries_are_served_beside_endless_results(weir):
    """On one worker: a result is passed on in slices, others have their turn between them."""
    one = weir(workers=1, pool_max_size=6)
    readers = []
    for _ in range(3):
        connection = one.connect()
        connection.send(ENDLESS)
        readers.append(Reader(connection))
    for reader in readers:
        processes.wait_until(lambda reader=reader: reader.received > 1 << 22, 60, "the result")
    before = [reader.received for reader in readers]
    with one.connect(timeout=60) as c:
        for number in range(QUERIES):
            assert c.query(f"SELECT {number}") == [[b"%d" % number]]
    assert all(reader.is_alive() for reader in readers), "the results end on their own only in hours"
    # None of those who stream starves either.
    for reader, there in zip(readers, before):
        processes.wait_until(lambda reader=reader, there=there: reader.received > there + (1 << 22), 60,
                             "more of the result")
    for reader in readers:
        reader.end()


def test_queries_are_served_beside_endless_logins(weir):
    one = weir(workers=1, pool_max_size=4, log_level="note")
    done = threading.Event()
    logins = [0] * STORMERS
    failures = []

    def storm(number):
        try:
            while not done.is_set():
                with one.connect(timeout=60) as c:
                    c.query("DO 1")
                logins[number] += 1
        except (OSError, wire.Closed, wire.ServerError) as error:
            failures.append(error)
    with one.connect(timeout=60) as c:
        threads = [threading.Thread(target=storm, args=(number,)) for number in range(STORMERS)]
        for thread in threads:
            thread.start()
        try:
            for number in range(QUERIES):
                assert c.query(f"SELECT {number}") == [[b"%d" % number]]
            # And the other way round: who works without a pause does not keep others from logging in.
            seen = list(logins)

            def all_were_served():
                c.query("DO 1")
                return all(now > then for now, then in zip(logins, seen)) or failures
            processes.wait_until(all_were_served, 60, "a login of each", step=0)
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert not failures


def test_memory_does_not_grow_with_logins(weir):
    if processes.ASAN:
        pytest.skip("AddressSanitizer keeps freed memory for a while")
    one = weir(pool_max_size=4, log_level="note")

    def come_and_go(times):
        for number in range(times):
            with one.connect() as c:
                c.query(f"SET @a={number}" if number % 4 == 0 else "SELECT 1")
    come_and_go(WARM_LOGINS)
    before = one.rss_kib()
    come_and_go(MORE_LOGINS)
    growth = one.rss_kib() - before
    assert growth < GROWTH_KIB, f"{growth} KiB for {MORE_LOGINS} logins"
