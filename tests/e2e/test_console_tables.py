# SPDX-License-Identifier: Apache-2.0
"""The console's tables, and the SQL that reads them."""

import pytest

import console


@pytest.fixture(scope="module")
def one(module_weir):
    return module_weir()


@pytest.fixture
def con(one):
    with console.connect(one) as connection:
        yield connection


def test_every_table_and_every_show_can_be_read(one, con):
    tables = con.query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.tables")
    assert len(tables) > 12
    with one.connect(schema="test") as client:
        client.query("BEGIN")
        client.query("SELECT 1")
        for schema, table in tables:
            con.query(f"SELECT * FROM {schema.decode()}.{table.decode()}")
        for row in con.query("SELECT command FROM weir.commands WHERE command LIKE 'SHOW%' AND "
                             "command NOT LIKE '%COLUMNS%'"):
            words = row[0].decode().replace("[GLOBAL|SESSION|LOCAL]", "GLOBAL").replace("[FULL] ", "")
            con.query(words.split("|")[0])
        client.query("ROLLBACK")


def test_sql_over_the_tables(one, con):
    with one.connect(schema="test") as a, one.connect(schema="test") as b:
        a.query("BEGIN")
        a.query("SELECT 1")
        b.query("CREATE TEMPORARY TABLE console_pin (a INT)")
        rows = con.query("SELECT user, COUNT(*) AS n, SUM(in_transaction), SUM(firm) FROM weir.clients "
                         "WHERE user = 'APP' GROUP BY user ORDER BY n DESC LIMIT 3")
        assert rows == [[b"app", b"2", b"1", b"2"]]
        rows = con.query("SELECT p.pin FROM weir.pins p JOIN weir.clients c ON c.id = p.client "
                         f"WHERE c.id = {b.greeting.thread_id}")
        assert rows == [[b"TEMPORARY_TABLE"]]
        states = console.processlist(con, "USER = 'app'")
        assert states[a.greeting.thread_id] == ("Sleep", "in transaction")
        assert "TEMPORARY_TABLE" in states[b.greeting.thread_id][1]
        links = con.query(f"SELECT client FROM weir.links WHERE client = {a.greeting.thread_id}")
        assert len(links) == 1
        a.query("ROLLBACK")
        b.query("DROP TEMPORARY TABLE console_pin")


def test_monitoring_finds_the_tables_that_servers_have(con):
    shown = [row[0] for row in con.query("SHOW GLOBAL STATUS")]
    limit = con.query("SHOW GLOBAL VARIABLES LIKE 'max_connections'")
    for schema in ("information_schema", "performance_schema"):
        rows = con.query(f"SELECT VARIABLE_NAME, VARIABLE_VALUE FROM {schema}.global_status")
        assert [row[0] for row in rows] == shown
        assert con.query(f"SELECT variable_value > 0 FROM {schema}.global_status "
                         "WHERE variable_name = 'connections'") == [[b"1"]]
        assert con.query(f"SELECT * FROM {schema}.GLOBAL_VARIABLES "
                         "WHERE variable_name = 'max_connections' AND variable_value >= 1") == limit
        con.query(f"USE {schema}")
        assert [b"global_status"] in con.query("SHOW TABLES")


def test_values_compare_as_the_numbers_that_they_are(con):
    rows = con.query("SHOW VARIABLES WHERE Variable_name LIKE 'pool\\_max\\_%' AND Value > 100")
    assert rows == [[b"pool_max_waiters", b"10000"]]
    assert con.query("SHOW VARIABLES WHERE Variable_name = 'pool_max_size' AND Value = '20'") == [
        [b"pool_max_size", b"20"]]
    assert con.query("SHOW STATUS WHERE Variable_name = 'Uptime' AND Value > 1000000") == []


@pytest.mark.parametrize("text,count,part", [
    ("10.0.0.7:4242", 1, "10.0.0.7"), ("a:b:c", 2, "a:b"), ("a:b:c", 9, "a:b:c"), ("a:b:c", -1, "c"),
    ("a:b:c", -2, "b:c"), ("a:b:c", -9, "a:b:c"), ("a:b", 0, ""), ("", 1, ""), (":b", 1, ""), ("b:", -1, "")])
def test_substring_index(con, text, count, part):
    """What nearly every article about 1040 types: SUBSTRING_INDEX(host, ':', 1)."""
    assert con.value(f"SELECT SUBSTRING_INDEX('{text}', ':', {count})") == part


@pytest.mark.parametrize("statement,code", [
    ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t", 3024),
    ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 20000) "
     "SELECT hex(zeroblob(1000)) FROM t", 1104),
    ("SELECT randomblob(1000000000)", 1064),
    ("SELECT * FROM pragma_table_list", 1064),
    ("SELECT load_extension('x')", 1064),
    ("SELECT * FROM sqlite_master", 1064),
    ("SELECT * FROM weir.sqlite_schema", 1064),
])
def test_what_select_may_not(con, statement, code):
    error = console.error_of(con, statement)
    assert error.code == code, error
    assert con.query("SELECT 1") == [[b"1"]]
