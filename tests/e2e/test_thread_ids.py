# SPDX-License-Identifier: Apache-2.0
"""Who looks for a client in the server's lists of threads, by the id that SELECT CONNECTION_ID() has told
it, finds the client's link there."""

import pytest

import wire

SETTINGS = {"pool_max_size": 8, "workers": 3}
CLIENTS = 6


@pytest.fixture(scope="module")
def one(module_weir):
    return module_weir(**SETTINGS)


def id_of(client):
    return int(client.value("SELECT CONNECTION_ID()"))


def held(one):
    """A client with a link of its own, whatever else is switched, and its thread id on the server."""
    client = one.connect(schema="test")
    client.query("BEGIN")
    link = int(client.value("SELECT CONNECTION_ID()+0"))
    assert link != client.greeting.thread_id
    return client, link


LISTS = [
    "SELECT id FROM information_schema.processlist WHERE id={}",
    "select /* {0} */ `ID` from information_schema . processlist where '{0}'<>'' and (id)=({0})",
    pytest.param("SELECT processlist_id FROM performance_schema.threads WHERE processlist_id = {}",
                 marks=pytest.mark.mysql),
    "USE information_schema; SELECT p.id FROM processlist p WHERE p.id IN (1, {})",
]


@pytest.mark.parametrize("sql", LISTS)
def test_a_client_is_found_by_its_id(one, sql):
    clients = [held(one) for _ in range(CLIENTS)]  # on all workers
    try:
        for asker, _ in clients[:3]:
            for client, link in clients:
                asker.query(sql.format(id_of(client)))
                assert asker.rows == [wire.lenenc_encode(len(str(link))) + str(link).encode()]
    finally:
        for client, _ in clients:
            client.close()


def test_several_at_once_and_those_that_are_gone(one):
    clients = [held(one) for _ in range(CLIENTS)]
    ids = [id_of(client) for client, _ in clients]
    links = {link for _, link in clients}
    with one.connect() as gone:
        ids.append(id_of(gone))
    count = "SELECT COUNT(*) FROM information_schema.processlist WHERE id IN ({})"
    asker = clients[0][0]
    assert asker.value(count.format(", ".join(str(number) for number in ids))) == str(len(links))
    assert asker.value(count.format(ids[-1])) == "0"
    assert asker.value(count.format(2147483647 + (200 << 24))) == "0"
    for client, _ in clients:
        client.close()


def test_elsewhere_a_number_is_a_number(one):
    with one.connect(schema="test") as client:
        number = client.greeting.thread_id
        client.query("CREATE OR REPLACE TABLE threads_of (processlist BIGINT)")
        client.query(f"INSERT INTO threads_of VALUES ({number})")
        assert client.value("SELECT processlist FROM threads_of") == str(number)
        assert client.value(f"SELECT '{number}' FROM information_schema.processlist LIMIT 1") == str(number)
        client.query("DROP TABLE threads_of")


def test_a_client_that_leaves_while_others_are_asked(one):
    clients = [held(one) for _ in range(CLIENTS)]
    ids = ", ".join(str(id_of(client)) for client, _ in clients)
    sql = wire.q(f"SELECT SLEEP(0), COUNT(*) FROM information_schema.processlist WHERE id IN ({ids})")
    for client, _ in clients:
        client.send(sql)
        client.close()
    with one.connect() as client:
        assert client.query("SELECT 1") == [[b"1"]]
