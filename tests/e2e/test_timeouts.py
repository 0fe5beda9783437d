# SPDX-License-Identifier: Apache-2.0
"""What may take how long: idle clients, open transactions, statements, clients that stop in the middle.
Every limit is short and every wait for it long, so that a slow machine changes nothing."""

import time

import processes
import pytest
import wire

OWN_WORDS = {"wait_timeout": "because of inactivity. See wait_timeout and interactive_timeout",
             "idle_transaction_timeout": "its transaction was idle. See idle_transaction_timeout",
             "max_transaction_time": "was open for too long. See max_transaction_time"}


def cut_off(client, family, why):
    """The client is disconnected, in the words that its server has for it: MySQL says 4031 unasked,
    MariaDB nothing."""
    if family == "mysql":
        frame = client.read_frame()
        assert frame[3] == 0 and frame[4:] .startswith(b"\xff\xbf\x0f#HY000")
        assert OWN_WORDS[why] in frame[13:].decode()
    assert client.at_end()


def closes(one, name):
    return one.counters()[f"Weir_closes_{name}"]


def test_an_idle_client_hears_what_the_server_would_say(server, weir, family):
    one = weir(wait_timeout=1)
    seen = []
    for address in (server.address, one.address):
        with wire.connect(address) as c:
            if address == server.address:
                c.query("SET wait_timeout=1")
            c.take()
            if family == "mysql":
                c.read_frame()
            assert c.at_end()
            seen.append(c.take())
    assert seen[0] == seen[1]
    processes.wait_until(lambda: closes(one, "client_idle") == 1, 10, "the count of it")


def test_a_sessions_own_wait_timeout_counts(server, weir, family):
    del server
    one = weir(wait_timeout=1000)
    with one.connect() as own, one.connect() as other:
        own.query("SET SESSION interactive_timeout=1")  # which counts at logins only
        own.query("SET SESSION wait_timeout=2")
        other.query("SELECT 1")
        cut_off(own, family, "wait_timeout")
        assert other.value("SELECT @@wait_timeout") == "28800", "it went with its client"
    processes.wait_until(lambda: closes(one, "client_idle") == 1, 10, "the count of it")


def test_a_pinned_client_with_a_short_wait_timeout_is_cut_off_for_it(server, weir, family):
    """The server's clock runs as well, on the link: whichever is first, the client is told the same."""
    del server
    one = weir(wait_timeout=1000)
    with one.connect() as own:
        own.query("SET SESSION wait_timeout=2")
        own.query("BEGIN")
        own.query("SELECT 1")
        cut_off(own, family, "wait_timeout")
    processes.wait_until(lambda: closes(one, "client_idle") == 1, 10, "the count of it")


def test_idle_transactions_end_and_are_rolled_back(server, weir, family):
    server.query("CREATE OR REPLACE TABLE test.idle2 (a INT) ENGINE=InnoDB" if family == "mariadb"
                 else "CREATE TABLE IF NOT EXISTS test.idle2 (a INT)")
    one = weir(idle_transaction_timeout="1500ms", pool_max_size=1)
    with one.connect(schema="test") as holder, one.connect(schema="test") as idle:
        idle.query("SELECT 1")
        holder.query("BEGIN")
        holder.query("INSERT INTO idle2 VALUES (1)")
        idle.send(b"\x03SELECT COUNT(*) FROM idle2")
        cut_off(holder, family, "idle_transaction_timeout")
        idle.read_reply(wire.COM_QUERY)
        assert idle.rows == [b"\x010"]
        assert not idle.at_end(2), "outside a transaction nothing runs"
    processes.wait_until(lambda: closes(one, "transaction_idle") == 1, 10, "the count of it")


def test_a_user_may_have_a_limit_of_its_own(server, weir, family):
    del server
    one = weir(start=False)
    one.sections["user app"] = {"idle_transaction_timeout": "1500ms"}
    one.configure()
    one.start()
    with one.connect() as c:
        c.query("BEGIN")
        c.query("SELECT 1")
        cut_off(c, family, "idle_transaction_timeout")


def test_long_transactions_end_between_statements(server, weir, family):
    del server
    one = weir(max_transaction_time=1)
    with one.connect() as c:
        c.query("BEGIN")
        with pytest.raises((wire.Closed, OSError)):
            while True:  # never idle for long
                try:
                    c.query("SELECT SLEEP(0.05)")
                except wire.ServerError as e:
                    assert e.code in (1317, 4031)
    processes.wait_until(lambda: closes(one, "transaction_long") == 1, 10, "the end of the transaction")
    del family


def test_long_transactions_end_in_a_statement(server, weir, family):
    server.query("CREATE OR REPLACE TABLE test.long2 (a INT) ENGINE=InnoDB" if family == "mariadb"
                 else "CREATE TABLE IF NOT EXISTS test.long2 (a INT)")
    one = weir(max_transaction_time=3)
    with one.connect(schema="test") as c:
        c.query("BEGIN")
        c.query("INSERT INTO long2 VALUES (1)")
        c.send(b"\x03SELECT SLEEP(60)")
        c.read_reply(wire.COM_QUERY)  # the KILL ends it, as an error or as the row 1
        processes.wait_until(lambda: closes(one, "transaction_long") == 1, 15, "the end of the client")
    processes.wait_until(lambda: server.query("SELECT COUNT(*) FROM test.long2") == [[b"0"]], 10, "the rollback")


LONG_SELECT = b"\x03SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq*b.seq=-1"


def test_a_select_is_stopped_and_the_client_keeps_its_link(server, weir, family):
    del server
    one = weir(max_execution_time=700)
    expected = ((1969, "70100", "Query execution was interrupted (max_statement_time exceeded)")
                if family == "mariadb" else
                (3024, "HY000", "Query execution was interrupted, maximum statement execution time exceeded"))
    with one.connect(schema="test") as c:
        c.query("BEGIN")
        thread = c.value("SELECT CONNECTION_ID()+0")
        for _ in range(3):
            c.send(LONG_SELECT)
            c.read_reply(wire.COM_QUERY)
            assert (c.error.code, c.error.state, c.error.text) == expected
            assert c.value("SELECT 5") == "5", "the KILL must not hit what comes next"
            assert c.value("SELECT CONNECTION_ID()+0") == thread
        c.send(LONG_SELECT)
        c.read_reply(wire.COM_QUERY)
        assert [row[1:] for row in c.query("SHOW WARNINGS")] == [
            [str(expected[0]).encode(), expected[2].encode()]]
    processes.wait_until(lambda: one.counters()["Max_execution_time_exceeded"] == 4, 10, "the count of it")


def test_a_prepared_select_is_stopped_too(server, weir, family):
    del server
    one = weir(max_execution_time=700)
    with one.connect(schema="test") as c:
        c.prepare(LONG_SELECT[1:].decode())
        c.send(c.execute_packet())
        c.read_reply(wire.COM_STMT_EXECUTE)
        assert c.error.code == (1969 if family == "mariadb" else 3024)
        assert c.value("SELECT 5") == "5"


def test_statements_that_change_data_are_left_alone(server, weir):
    del server
    one = weir(max_execution_time=600)
    with one.connect(schema="test") as c:
        c.query("DO SLEEP(1.3)")
        assert c.value("SELECT 1") == "1"
    assert one.counters()["Max_execution_time_exceeded"] == 0


@pytest.mark.uncompressed("100 MB of one letter are so few bytes that its socket takes them all")
def test_a_client_that_takes_nothing_loses_its_link(server, weir):
    del server
    one = weir(net_write_timeout=1, pool_max_size=1)
    with one.connect(schema="test") as deaf, one.connect() as other:
        deaf.send(b"\x03SELECT REPEAT('x', 100000) FROM seq_1_to_1000")
        assert deaf.readable(20)
        other.query("SELECT 1")  # as soon as the link is free
        processes.wait_until(lambda: closes(one, "client_deaf") == 1, 20, "the end of the client")


def test_a_client_that_stops_in_a_request_loses_its_link(server, weir):
    del server
    one = weir(net_read_timeout=1, pool_max_size=1)
    with one.connect() as mute, one.connect() as other:
        mute.send_bytes(b"\x00\x00\x10\x00\x03SELECT '" + b"x" * 100000)
        processes.wait_until(lambda: one.counters()["Weir_links_firm"] == 1, 20, "the request on a link")
        other.query("SELECT 1")
        processes.wait_until(lambda: closes(one, "client_mute") == 1, 20, "the end of the client")


def test_a_slow_reader_that_reads_is_left_alone(server, weir):
    del server
    one = weir(net_write_timeout=2)
    with one.connect(schema="test") as slow:
        slow.socket.settimeout(30)
        slow.send(b"\x03SELECT REPEAT('x', 10000) FROM seq_1_to_1000")
        taken = 0
        for _ in range(12):  # longer than the limit, never silent for as long
            taken += len(slow.socket.recv(400000))
            time.sleep(0.2)
        while taken < 10_000_000:
            taken += len(slow.socket.recv(1 << 20))


def test_changes_concern_new_sessions_unless_told_otherwise(server, weir, family):
    del server
    one = weir(wait_timeout=1000)
    with one.connect() as old:
        one.configure(wait_timeout=1)
        one.reload()
        with one.connect() as new:
            cut_off(new, family, "wait_timeout")
        assert old.value("SELECT 1") == "1"
        assert not old.at_end(1.5)
        one.configure(timeouts_apply_to="all")
        one.reload()
        cut_off(old, family, "wait_timeout")


def test_links_are_replaced_before_the_server_closes_them(server, weir):
    """A link whose session has a short wait_timeout is not lent when the server is about to end it."""
    one = weir(pool_spare_timeout=0, pool_max_size=1)
    with one.connect() as short:
        short.query("SET SESSION wait_timeout=3")
        with one.connect() as other:
            other.query("BEGIN")
            other.query("COMMIT")
            short.query("SELECT 1")
            short.quit()
            time.sleep(2.5)
            assert other.value("SELECT 6") == "6"
    del server
