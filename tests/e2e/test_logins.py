# SPDX-License-Identifier: Apache-2.0
"""What a login finds: accounts, privileges and global variables as they are at that moment, whatever
links were opened before."""


import pytest

import processes
import wire


@pytest.fixture
def one(server, weir):
    root = server.root()
    root.query("CREATE OR REPLACE USER passer@'%' IDENTIFIED BY 'p'")
    yield weir(users={"app": "secret", "passer": "p", "nobody": "n"})
    root.query("DROP USER IF EXISTS passer@'%'")
    root.query("SET GLOBAL sort_buffer_size=DEFAULT")
    root.close()


def passer(weir):
    return wire.connect(weir.address, user="passer", password="p")


def test_a_privilege_is_there_at_the_next_login(one):
    with one.connect() as app, passer(one) as before:
        with pytest.raises(wire.ServerError) as refused:
            before.query("SELECT COUNT(*) FROM mysql.db")
        assert refused.value.code == 1142
        before.quit()
        app.query("GRANT SELECT ON *.* TO passer@'%'")
        with passer(one) as after:
            assert after.query("SELECT COUNT(*) >= 0 FROM mysql.db") == [[b"1"]]
            after.quit()
        app.query("REVOKE SELECT ON *.* FROM passer@'%'")
        with passer(one) as after, pytest.raises(wire.ServerError):
            after.query("SELECT COUNT(*) FROM mysql.db")


def test_an_account_that_is_gone_cannot_log_in(one):
    with one.connect() as app, passer(one) as before:
        before.query("SELECT 1")
        app.query("DROP USER passer@'%'")
        with pytest.raises(wire.ServerError) as refused:
            passer(one)
        assert refused.value.code == 1045
        app.query("CREATE USER passer@'%' IDENTIFIED BY 'p'")
        with passer(one) as again:
            assert again.query("SELECT 1") == [[b"1"]]


def test_who_is_unknown_to_the_server_hears_it_at_the_login(one):
    with pytest.raises(wire.ServerError) as refused:
        wire.connect(one.address, user="nobody", password="n")
    assert refused.value.code == 1045


def test_a_global_variable_is_there_at_the_next_login(one):
    with one.connect() as old, one.connect() as app:
        app.query("SELECT 1")
        was = old.value("SELECT @@sort_buffer_size")
        app.query("SET GLOBAL sort_buffer_size=300032")
        with one.connect() as new:
            assert new.value("SELECT @@sort_buffer_size") == "300032"
        if not processes.switching():  # docs/differences.md
            assert old.value("SELECT @@sort_buffer_size") == was


def test_the_wait_timeout_of_a_session_ends_it(server, one):
    """As on a server, which closes without a word (MariaDB) or behind an error (MySQL)."""
    words = []
    for address in (server.address, one.address):
        with wire.connect(address) as brief, wire.connect(address) as patient:
            brief.query("SET SESSION wait_timeout=1")
            patient.query("SET SESSION wait_timeout=100")
            words.append(brief.read_frame() if wire.MYSQL else b"")
            assert brief.at_end()
            assert patient.query("SELECT 1") == [[b"1"]]
    assert words[0] == words[1]


def test_a_reset_session_finds_the_new_global_variable(one):
    with one.connect() as old, one.connect() as app:
        old.query("SELECT 1")
        app.query("SET GLOBAL sort_buffer_size=300032")
        old.command(bytes([wire.COM_RESET_CONNECTION]))
        assert old.value("SELECT @@sort_buffer_size") == "300032"
