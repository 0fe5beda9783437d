# SPDX-License-Identifier: Apache-2.0
"""Where passwords come from: users that are written down nowhere but on the server."""

import pytest

import processes
import wire


@pytest.fixture(scope="module")
def accounts(server):
    root = server.root()
    root.query("CREATE USER guest@'%' IDENTIFIED BY 'g1'")
    root.query("GRANT ALL ON test.* TO guest@'%'")
    yield root
    root.query("DROP USER IF EXISTS guest@'%'")
    root.close()


def guest(weir, password="g1", **more):
    return wire.connect(weir.address, user="guest", password=password, tls=wire.unverified_tls(), **more)


def test_a_guest_logs_in(accounts, weir):
    one = weir(users={})
    with guest(one) as c:
        assert c.value("SELECT CURRENT_USER()") == "guest@%"


def test_a_wrong_password_is_refused(accounts, weir):
    one = weir(users={})
    with pytest.raises(wire.ServerError) as refused:
        guest(one, "wrong")
    assert refused.value.code == 1045
