# SPDX-License-Identifier: Apache-2.0
"""Cursors of prepared statements, direct and through Weir: what shows in the framing."""

import pytest

import wire

CURSOR = 1


@pytest.mark.parametrize("flags", [0, CURSOR])
@pytest.mark.parametrize("capabilities", [wire.BASIC, wire.BASIC | wire.DEPRECATE_EOF])
@pytest.mark.parametrize("sql", [
    "SELECT 1 < (SELECT seq FROM seq_1_to_2)",  # fails when it is executed
    "SELECT seq FROM seq_1_to_3", "SELECT seq FROM seq_1_to_3 WHERE seq > 5",
    pytest.param("BEGIN NOT ATOMIC FOR r IN (SELECT seq FROM seq_1_to_2) DO SELECT r.seq AS s; END FOR; END",
                 marks=pytest.mark.mariadb)])
def test_an_execution(server, weir, flags, capabilities, sql):
    one = weir()
    seen = []
    for address in (server.address, one.address):
        with wire.connect(address, schema="test", capabilities=capabilities) as c:
            c.prepare(sql)
            assert c.error is None
            c.send(c.execute_packet(flags=flags))
            c.take()
            while c.at < len(c.buffer) or c.readable_now(0.3):
                c.read_frame()
            seen.append(wire.normal(c.take(), early_flags=True))
    assert seen[0] == seen[1]


def rows_of(c, flags):
    """How many rows come with the execution, or with the fetch behind it."""
    c.command(c.execute_packet(flags=flags))
    assert c.error is None, c.error
    if c.status & wire.CURSOR_EXISTS:
        assert c.row_count == 0
        c.command(bytes([wire.COM_STMT_FETCH]) + c.statement.to_bytes(4, "little") + b"\7\0\0\0")
    return c.row_count


@pytest.mark.parametrize("capabilities", [wire.BASIC, wire.BASIC | wire.DEPRECATE_EOF])
def test_who_asks_for_a_cursor_asks_for_himself(weir, capabilities):
    """On MySQL a statement that was first executed with a cursor opens one for ever: others who
    execute the same text must not get that."""
    one = weir(pool_max_size=1)
    with one.connect(schema="test", capabilities=capabilities) as a, \
            one.connect(schema="test", capabilities=capabilities) as b:
        for c in (a, b):
            c.prepare("SELECT seq FROM seq_1_to_3")
        for _ in range(2):
            assert rows_of(a, CURSOR) == 3
            assert rows_of(b, 0) == 3
        assert rows_of(b, CURSOR) == 3
        assert rows_of(b, 0) == 3
