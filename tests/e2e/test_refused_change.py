# SPDX-License-Identifier: Apache-2.0
"""A COM_CHANGE_USER that is refused: on MariaDB the client lives on as who it was, three times; MySQL
ends the connection. And what a denial calls the client's host."""

import pytest

import wire
from wire import com, q

STATE = ("SELECT CURRENT_USER(), DATABASE(), @a, @@sql_mode, @@autocommit, @@character_set_client")


@pytest.fixture(scope="module")
def accounts(server):
    with server.root() as root:
        root.query("CREATE OR REPLACE USER one@'%' IDENTIFIED BY 'p1'")
        root.query("CREATE OR REPLACE USER two@'%' IDENTIFIED BY 'p2'")
        root.query("CREATE OR REPLACE USER shut@'%' IDENTIFIED BY 'p3' ACCOUNT LOCK")
        root.query("GRANT ALL ON test.* TO one@'%'")
        yield root
        root.query("DROP USER one@'%', two@'%', shut@'%'")


def change(c, user, password, schema=""):
    """None, or the error."""
    try:
        c.change_user(user, password, schema)
        return None
    except wire.ServerError as error:
        return (error.code, error.state, error.text)


def story(address):
    told = []
    with wire.connect(address, user="one", password="p1", schema="test", timeout=20) as c:
        told.append(c.query(STATE))
        for user, password, schema in [("two", "wrong", ""), ("nobody", "", ""), ("two", "p2", "test"),
                                       ("shut", "p3", ""), ("one", "p1", "test"), ("two", "p2", ""),
                                       ("one", "wrong", ""), ("one", "p1", "")]:
            c.query("SET @a=1, sql_mode='ANSI', autocommit=0")
            told.append(change(c, user, password, schema))
            told.append(c.query("SHOW WARNINGS"))
            told.append(c.query(STATE))
        c.command(com(wire.COM_RESET_CONNECTION))
        told.append(c.query(STATE))
    return told


@pytest.mark.mariadb
@pytest.mark.parametrize("guests", [True, False], ids=["guests", "listed"])
def test_it_lives_on_as_who_it_was(server, accounts, weir, guests):
    del accounts
    users = {} if guests else {"one": "p1", "two": "p2", "shut": "p3"}
    theirs = story(server.address)
    one = weir(users=users)
    with one.connect(user="one", password="p1") as c:
        c.query("SELECT 1")  # a link tells what the server calls Weir's host
    assert story(one.address) == theirs


@pytest.mark.mysql
def test_mysql_ends_the_connection(accounts, weir):
    del accounts
    with weir(users={"one": "p1", "two": "p2"}).connect(user="one", password="p1") as c:
        assert change(c, "two", "wrong")[0] == 1045
        assert c.at_end()


@pytest.mark.mariadb
def test_nothing_is_left_of_a_transaction(server, accounts, weir):
    del accounts
    with server.root() as root:
        root.query("CREATE OR REPLACE TABLE test.refused (id INT) ENGINE=InnoDB")
    with weir(users={"one": "p1"}).connect(user="one", password="p1", schema="test") as c:
        c.query("CREATE TEMPORARY TABLE mine (id INT)")
        c.query("BEGIN")
        c.query("INSERT INTO refused VALUES (1)")
        assert change(c, "one", "wrong")[0] == 1045
        assert c.query("SELECT COUNT(*) FROM refused") == [[b"0"]]
        c.command(q("SELECT * FROM mine"))
        assert c.error.code == 1146
        c.command(com(wire.COM_RESET_CONNECTION))
        assert c.error is None
        assert change(c, "one", "p1", "test") is None


def test_a_denial_names_the_host_as_the_server_does(server, accounts, weir):
    del accounts
    one = weir(users={"one": "p1"})
    with one.connect(user="one", password="p1") as c:
        c.query("SELECT 1")
    told = []
    for address in (server.address, one.address):
        for user, password in (("one", "wrong"), ("nobody", "x"), ("nobody", "")):
            with pytest.raises(wire.ServerError) as error:
                wire.connect(address, user=user, password=password)
            told.append((error.value.code, error.value.state, error.value.text))
    assert told[:3] == told[3:]
