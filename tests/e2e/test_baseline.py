# SPDX-License-Identifier: Apache-2.0
"""Servers that make something of a session at its login: init_connect, and character sets that the
client has not asked for. Clients find through Weir what they would have found direct, also on links
that others have used."""

import pytest

import adversary
import processes
import wire

STATEMENTS = ["SELECT @@character_set_client, @@character_set_connection, @@character_set_results,"
              " @@collation_connection, @@group_concat_max_len", "SELECT 'x' AS y",
              "SET SESSION sort_buffer_size=409600", "SET NAMES cp1250",
              "SELECT @@sort_buffer_size, @@character_set_client, @@group_concat_max_len",
              bytes([wire.COM_INIT_DB]) + b"other",
              "SELECT DATABASE(), @@collation_connection, 'x'"]
SERVERS = {
    "names": ["--init-connect=SET NAMES latin1, @@session.group_concat_max_len=99"],
    "no_charsets": ["--init-connect=SET @@session.group_concat_max_len=99, @ic=1"],
    "handshake": ["--skip-character-set-client-handshake", "--character-set-server=latin2"],
}


@pytest.fixture(scope="module", params=SERVERS, ids=list(SERVERS))
def special(request, server):
    del server  # its template serves this one as well
    one = processes.Server(*SERVERS[request.param], "--max-connections=30", name="special")
    try:
        one.start().prepare()
        one.query("CREATE DATABASE other")
        one.query("CREATE USER plain@'%' IDENTIFIED BY 'secret'")
        one.query("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON *.* TO plain@'%'")
        with one.root() as root:
            adversary.set_up(root)
        yield one
    finally:
        one.destroy()


def replies(address, collation, between):
    with wire.connect(address, user="plain", collation=collation, schema="test") as c:
        out = []
        for step in STATEMENTS:
            between()
            out.append(c.command(step if isinstance(step, bytes) else b"\x03" + step.encode()))
        return out


def compare(theirs, ours):
    for step, direct, through in zip(STATEMENTS, theirs, ours):
        if wire.normal(direct, True) != wire.normal(through, True):
            pytest.fail(f"{step!r}: {wire.describe_difference(direct, through)}", pytrace=False)


@pytest.mark.parametrize("collation", [45, 8, 33])
def test_a_session_is_as_the_server_makes_it(weir, special, collation):
    theirs = replies(special.address, collation, lambda: None)
    one = weir(of=special, users={"plain": "secret"}, pool_max_size=1)
    ours = replies(one.address, collation, lambda: None)
    compare(theirs, ours)


@pytest.mark.parametrize("collation", [45, 8])
def test_and_finds_itself_again_on_a_link_that_another_has_used(weir, special, collation):
    theirs = replies(special.address, collation, lambda: None)
    one = weir(of=special, users={"plain": "secret"}, pool_max_size=1)
    with wire.connect(one.address, user="plain") as other:
        def take():
            other.query("SET SESSION max_sort_length=77")
            other.query("SELECT 1")
        ours = replies(one.address, collation, take)
    compare(theirs, ours)


def test_a_session_keeps_the_global_values_of_its_login(weir, server):
    """SET GLOBAL changes what later sessions find, on whatever link the earlier ones go on."""
    ask = "SELECT @@div_precision_increment, @@sql_mode, @@net_buffer_length"
    one = weir(pool_max_size=1)
    before = server.query("SELECT @@global.div_precision_increment, @@global.sql_mode")[0]
    try:
        with wire.connect(one.address) as c, wire.connect(one.address) as d:
            old = c.query(ask)
            d.query("SET GLOBAL div_precision_increment=9, @@GLOBAL.sql_mode='ANSI', "
                    "GLOBAL net_buffer_length=32768")
            assert d.error is None
            sure = 2 if processes.switching() else 3  # the third follows when the link is reset
            assert d.query(ask)[0][:sure] == old[0][:sure]
            with wire.connect(one.address) as late:
                new = late.query(ask)
                assert (new[0][0], new[0][2]) == (b"9", b"32768")
                assert b"ANSI" in new[0][1]
            assert c.query(ask)[0][:2] == old[0][:2]
            d.query("SET SESSION max_sort_length=99")  # what only a reset takes away
            assert c.query(ask)[0][:2] == old[0][:2]
            c.command(bytes([wire.COM_RESET_CONNECTION]))
            assert c.query(ask)[0][:2] == new[0][:2]
    finally:
        server.query(f"SET GLOBAL div_precision_increment={before[0].decode()}, "
                     f"sql_mode='{before[1].decode()}'")
        server.query("SET GLOBAL net_buffer_length=DEFAULT")
