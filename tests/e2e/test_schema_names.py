# SPDX-License-Identifier: Apache-2.0
"""Schemas with names beyond ASCII: a session finds its own again on any link, whatever its character
set is then."""

import pytest

import wire

E_ACUTE = "weir_\u00e9"
SUN = "weir_\u65e5"


@pytest.fixture
def named(server):
    with server.root(collation=45) as root:
        for name in (E_ACUTE, SUN):
            root.query(f"CREATE DATABASE IF NOT EXISTS `{name}`")
        yield server
        for name in (E_ACUTE, SUN):
            root.query(f"DROP DATABASE `{name}`")


def schema_of(c):
    return bytes.fromhex(c.value("SELECT HEX(CONVERT(DATABASE() USING utf8mb4))")).decode()


def test_a_schema_is_found_again_in_every_character_set(named, weir):
    one = weir(pool_max_size=1)
    sessions = []
    for before, name, after in (
            ("utf8mb4", E_ACUTE.encode(), None), ("latin1", E_ACUTE.encode("latin-1"), None),
            ("utf8mb4", SUN.encode(), "latin1"), ("latin1", b"test", "utf8mb4")):
        c = one.connect()
        c.query(f"SET NAMES {before}")
        c.query(b"USE `" + name + b"`")
        if after:
            c.query(f"SET NAMES {after}")
        sessions.append((c, name.decode("latin-1" if before == "latin1" else "utf-8"), after or before))
    for _ in range(3):
        for c, name, charset in sessions:
            assert schema_of(c) == name
            assert c.value("SELECT @@character_set_client") == charset
    for c, _, _ in sessions:
        c.quit()


@pytest.mark.parametrize("collation,name", [(45, E_ACUTE.encode()), (8, E_ACUTE.encode("latin-1")),
                                            (13, SUN.encode("shift-jis"))])
def test_a_schema_named_at_the_login(named, weir, collation, name):
    one = weir(pool_max_size=1)
    with wire.Wire(one.address) as c, one.connect(schema="test") as other:
        c.read_greeting()
        c.send(c.login_packet("app", "secret", "PLACE", collation=collation).replace(b"PLACE", name), 1)
        c.finish_login("secret")
        wanted = SUN if collation == 13 else E_ACUTE
        for _ in range(2):
            assert schema_of(c) == wanted
            assert other.value("SELECT DATABASE()") == "test"
