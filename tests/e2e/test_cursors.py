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
    "BEGIN NOT ATOMIC FOR r IN (SELECT seq FROM seq_1_to_2) DO SELECT r.seq AS s; END FOR; END"])
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
