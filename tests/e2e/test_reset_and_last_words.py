# SPDX-License-Identifier: Apache-2.0
"""What must not outlive its statement, its session or its link."""

import time

import pytest

import fake_server
import wire


@pytest.fixture
def fake():
    one = fake_server.FakeServer()
    yield one
    one.destroy()


@pytest.fixture
def root(server):
    with server.root(schema="test") as one:
        yield one


def test_last_words_of_a_server_reach_nobody_else(weir, fake):
    one = weir(of=fake, pool_max_size=1, workers=1)
    with wire.connect(one.address) as c, wire.connect(one.address) as d:
        c.query("SET x = 'LAST WORDS'")
        for _ in range(3):
            for client in (d, c):
                client.query("DO 1")
                assert client.error is None
    assert one.counters()["Weir_links_closed"] >= 1


def test_last_words_and_a_client_that_leaves(weir, fake):
    one = weir(of=fake, pool_max_size=1, workers=1)
    for _ in range(3):
        with wire.connect(one.address) as c:
            c.query("SET x = 'LAST WORDS'")
            c.quit()
    with wire.connect(one.address) as c:
        c.query("DO 1")


@pytest.mark.unswitched("other requests than these are on the wire")
def test_a_session_and_its_request_travel_together(weir, fake):
    """The server answers the SET NAMES of the restore only when it has the request behind it."""
    fake.holds_back = b"SET NAMES latin1"
    one = weir(of=fake, pool_max_size=1, workers=1)
    with wire.connect(one.address, collation=8) as c:
        for _ in range(3):
            c.query("DO 1")
            assert c.error is None
    names = b"\x03SET NAMES latin1 COLLATE latin1_swedish_ci"
    assert [names, b"\x03DO 1", b"\x03DO 1", b"\x03DO 1"] in [asked[-4:] for asked in fake.connections]


@pytest.mark.unswitched("what is restored behind the schema is not held back")
def test_a_session_that_names_a_schema_waits_for_it(weir, fake):
    """A schema may be gone: what comes behind COM_INIT_DB must not run without it."""
    one = weir(of=fake, pool_max_size=1, workers=1)
    with wire.connect(one.address, schema="other") as c, \
            wire.connect(one.address, schema="test") as d:
        d.socket.settimeout(0.5)
        c.query("DO 1")
        fake.holds_back = b"\x02test"
        with pytest.raises(OSError):
            d.query("DO 2")
    assert b"\x03DO 2" not in fake.statements


def test_a_reset_link_has_the_character_set_of_its_schema(weir, server):
    server.query("CREATE OR REPLACE DATABASE odd CHARACTER SET cp1250")
    one = weir(pool_max_size=1)
    with wire.connect(one.address, schema="odd") as c, \
            wire.connect(one.address, schema="odd") as d:
        assert c.value("SELECT @@character_set_database") == "cp1250"
        d.query("SET SESSION max_sort_length = 99")
        assert c.value("SELECT @@character_set_database") == "cp1250"


def test_a_reset_session_remembers_nothing(weir, root):
    root.query("CREATE OR REPLACE TABLE test.numbered (id INT PRIMARY KEY AUTO_INCREMENT, v INT)")
    one = weir(pool_max_size=1)
    with wire.connect(one.address, schema="test") as c:
        c.query("INSERT INTO numbered (v) VALUES (1)")
        assert c.value("SELECT LAST_INSERT_ID()") not in (0, "0", b"0")
        c.query("SELECT CAST('x' AS SIGNED)")
        c.command(bytes([wire.COM_RESET_CONNECTION]))
        assert c.query("SHOW WARNINGS") == []
        assert int(c.value("SELECT LAST_INSERT_ID()")) == 0


def test_a_call_after_many_rows_needs_no_right_to_create_tables(weir, root):
    root.query("CREATE OR REPLACE TABLE test.many (v INT)")
    root.query("INSERT INTO test.many VALUES (1), (2), (3)")
    root.query("CREATE OR REPLACE PROCEDURE test.nothing() SELECT 5")
    root.query("CREATE OR REPLACE USER few@'%' IDENTIFIED BY 'secret'")
    root.query("GRANT SELECT, UPDATE, EXECUTE ON test.* TO few@'%'")
    one = weir(pool_max_size=1, users={"few": "secret"})
    with wire.connect(one.address, user="few") as c, wire.connect(one.address, user="few") as d:
        c.query("UPDATE test.many SET v = v + 1")
        d.query("DO 1")
        assert int(c.value("SELECT ROW_COUNT()")) == 3
        assert int(c.value("SELECT ROW_COUNT()")) == -1
        d.query("DO 1")
        assert int(c.value("SELECT ROW_COUNT()")) == -1
        c.query("UPDATE test.many SET v = v + 1")
        d.query("DO 1")
        assert c.query("CALL test.nothing()")[0][0] in (5, "5", b"5")


def test_a_file_is_asked_for_behind_a_result_that_a_slow_client_reads(weir, root):
    root.query("CREATE OR REPLACE TABLE test.filled (v INT)")
    one = weir(pool_max_size=1)
    for size in (3_000_000, 4_171_737, 4_174_737):
        with wire.connect(one.address, schema="test",
                          capabilities=wire.BASIC | wire.LOCAL_FILES) as c:
            c.local_files = {"/x": b"77\n"}
            c.send(bytes([wire.COM_QUERY]) + b"SELECT REPEAT('x',%d); "
                   b"LOAD DATA LOCAL INFILE '/x' INTO TABLE filled" % size)
            time.sleep(0.12)
            c.read_reply(wire.COM_QUERY)
            assert c.error is None
    assert int(root.value("SELECT COUNT(*) FROM test.filled")) == 3


def test_trackers_are_shown_without_a_pin(server, weir):
    """Wherever a client looks, session_track_… are as at its login, and it does not keep its link."""
    questions = ["SELECT @@session_track_state_change, @@session_track_transaction_info",
                 "SHOW SESSION VARIABLES LIKE 'session_track%'", "SHOW VARIABLES WHERE Variable_name LIKE 'session_t%'"]
    with wire.connect(server.address, schema="test") as direct:
        theirs = [direct.query(sql) for sql in questions]
    one = weir(pool_max_size=1, pool_wait_timeout="20s")
    with one.connect(schema="test") as a, one.connect(schema="test") as b:
        for sql, rows in zip(questions, theirs):
            assert a.query(sql) == rows, sql
            assert b.value("SELECT 7") == "7"
    assert one.counters()["Weir_pins"] == 0
