# SPDX-License-Identifier: Apache-2.0
"""MariaDB's query cache: Weir's trackers must not turn it off."""

import pytest

import adversary
import wire

pytestmark = pytest.mark.mariadb  # MySQL has none since 8.0


@pytest.fixture
def cached(server, weir):
    with server.root() as root:
        root.query("CREATE OR REPLACE TABLE test.cached (id INT) ENGINE=InnoDB")
        root.query("INSERT INTO test.cached VALUES (1), (2)")
        root.query("SET GLOBAL query_cache_size=1048576, GLOBAL query_cache_type=1")
        yield weir(pool_max_size=1)
        root.query("SET GLOBAL query_cache_type=DEFAULT, GLOBAL query_cache_size=DEFAULT")
        root.query("DROP TABLE test.cached")
        root.query("DROP DATABASE IF EXISTS adversary")


def hits(c):
    return int(c.query("SHOW GLOBAL STATUS LIKE 'Qcache_hits'")[0][1])


def test_a_repeated_query_is_served_from_the_cache(cached):
    with cached.connect(schema="test") as c:
        before = hits(c)
        for _ in range(3):
            assert c.query("SELECT COUNT(*) FROM cached") == [[b"2"]]
        assert hits(c) == before + 2


def test_a_session_that_turns_it_on_has_it(server, cached):
    with server.root() as root:
        root.query("SET GLOBAL query_cache_type=0")
        with cached.connect(schema="test") as c:
            c.query("SELECT COUNT(*) FROM cached")
            root.query("SET GLOBAL query_cache_type=1")
            c.query("SET SESSION query_cache_type=1")
            before = hits(c)
            for _ in range(3):
                c.query("SELECT COUNT(*) FROM cached")
            assert hits(c) == before + 2


def test_a_session_that_has_it_on_goes_on_when_it_is_turned_off_for_everybody(server, cached):
    with server.root() as root:
        adversary.set_up(root)
        with cached.connect(schema="test") as c, server.connect(schema="test") as direct:
            other = adversary.Adversary(cached.address, wire.BASIC, adversary.TRANSACTION)
            for x in (c, direct):
                x.query("SET query_cache_type=DEMAND")
            root.query("SET GLOBAL query_cache_type=0")
            for sql in ("SELECT @@query_cache_type", "SELECT 1", "SET SESSION query_cache_type=0"):
                assert not other.take_the_link(0.1)
                assert (sql, c.query(sql)) == (sql, direct.query(sql))
            assert other.take_the_link(adversary.SERVED_S)  # off is nothing to keep a link for
            assert c.query("SELECT @@query_cache_type") == [[b"OFF"]]
            other.finish()


@pytest.mark.parametrize("steps", [
    ["SET TRANSACTION READ ONLY", "INSERT INTO cached VALUES (3)"],
    ["LOCK TABLES cached READ", "INSERT INTO cached VALUES (3)", "UNLOCK TABLES"],
    ["BEGIN", "DELETE FROM cached", "ROLLBACK", "SELECT COUNT(*) FROM cached"],
    ["SET autocommit=0", "DELETE FROM cached", "SELECT COUNT(*) FROM cached", "ROLLBACK"]])
def test_what_the_tracker_does_not_tell_then_is_known_all_the_same(server, cached, steps):
    with server.root() as root:
        root.query("DROP DATABASE IF EXISTS adversary")
        adversary.set_up(root)
    raw = []
    for address in (server.address, cached.address):
        with wire.connect(address, schema="test") as c:
            other = None
            if address == cached.address:
                other = adversary.Adversary(address, wire.BASIC, adversary.TRANSACTION)
            for sql in steps:
                raw.append(wire.normal(c.command(b"\x03" + sql.encode())))
                if other:
                    other.take_the_link(0.1)
            if other:
                other.wire.close()
    assert raw[:len(steps)] == raw[len(steps):]
