# SPDX-License-Identifier: Apache-2.0
"""A pin ends when its state ends. A client and an adversary share one link: while the client has state
that belongs to the link, the adversary must not get it; when that state has ended, he must get it at
once, although the client is still there. Every reply is the same as without Weir."""

import pytest

import adversary
import wire
from wire import BASIC, COM_RESET_CONNECTION

PATIENCE_S = 15
PINNED_S = 0.04
CAPABILITIES = {"plain": BASIC, "modern": BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF}
WORKS = {"plain": adversary.TRANSACTION, "modern": adversary.DIRT}

TABLES = [
    "CREATE OR REPLACE TABLE test.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, s VARCHAR(100))",
    "INSERT INTO test.t (v, s) VALUES (1,'one'),(2,'two'),(3,'three')",
]
ONCE = [
    "CREATE DATABASE IF NOT EXISTS other",
    "CREATE ROLE IF NOT EXISTS reader", "CREATE ROLE IF NOT EXISTS writer",
    "GRANT reader TO app@'%'", "GRANT writer TO app@'%'",
]


ISOLATION = "transaction_isolation" if wire.MYSQL else "tx_isolation"


class Step:
    def __init__(self, sql, held):
        self.sql = sql
        self.held = held


def held(sql):
    """After it, the link is the client's."""
    return Step(sql, True)


def free(sql):
    """After it, the link is anybody's."""
    return Step(sql, False)


def any_of(sql):
    """After it, it may be either."""
    return Step(sql, None)


SCENARIOS = {
    # --- temporary tables ---
    "temporary_table": [
        held("CREATE TEMPORARY TABLE a (x INT)"), held("INSERT INTO a VALUES (1),(2)"),
        held("SELECT * FROM a"), free("DROP TEMPORARY TABLE a"), free("SELECT * FROM a"),
        free("SELECT COUNT(*) FROM t")],
    "temporary_tables": [
        held("CREATE TEMPORARY TABLE a (x INT)"), held("CREATE TEMPORARY TABLE IF NOT EXISTS `b` LIKE t"),
        held("create or replace temporary table other.c as select 1 as y"), held("DROP TABLE a"),
        held("SELECT * FROM other.c"), held("DROP TABLE IF EXISTS b, nosuch"), any_of("DROP TABLE other.c"),
        free("SELECT COUNT(*) FROM t")],
    "temporary_table_of_another_schema": [
        held("CREATE TEMPORARY TABLE a (x INT)"), held("USE other"), held("DROP TABLE IF EXISTS a"),
        held("SELECT * FROM test.a"), free("DROP TABLE test.a"), free("SELECT DATABASE()")],
    "temporary_table_made_twice": [
        held("CREATE TEMPORARY TABLE a (x INT)"), held("CREATE TEMPORARY TABLE a (x INT)"),
        held("CREATE TEMPORARY TABLE IF NOT EXISTS a (x INT)"), any_of("DROP TABLE a"),
        free("SELECT COUNT(*) FROM t")],
    "temporary_table_that_failed": [
        any_of("CREATE TEMPORARY TABLE a (x NOSUCH)"), free("SELECT 1"),
        any_of("DROP TEMPORARY TABLE a"), free("SELECT 2")],
    "temporary_table_renamed": [
        held("CREATE TEMPORARY TABLE a (x INT)"), held("ALTER TABLE a RENAME TO b"),
        held("CREATE TEMPORARY TABLE a (y INT)"), held("DROP TABLE a"), held("SELECT * FROM b"),
        held("DROP TABLE b")],
    "temporary_table_in_many_statements": [
        held("CREATE TEMPORARY TABLE a (x INT); SELECT 1"), held("DROP TABLE a")],
    "temporary_table_with_a_comment": [
        held("CREATE /* why */ TEMPORARY TABLE a (x INT) -- not"), free("DROP TABLE /*?*/ a;")],
    "user_variables_in_many_statements": [
        free("SET @x=1; SELECT @x"), free("SELECT @x"), free("SELECT 5 INTO @y; SET @x=@x+1; SELECT @x, @y"),
        free("SELECT @x, @y"), free("SET @x=3; UPDATE t SET v=@x WHERE id=1; SELECT 1"), free("SELECT @x, v FROM t")],
    "variables_in_many_statements": [
        free("SELECT 1; SET time_zone='+05:00'; SELECT 2"), free("SELECT @@time_zone"),
        free("USE other; SET @x=4; SET SESSION group_concat_max_len=99"),
        free("SELECT DATABASE(), @x, @@group_concat_max_len")],
    "other_state_in_many_statements": [
        held("SET @x=4; CREATE TEMPORARY TABLE a (x INT); SELECT 1"), held("SELECT @x"), held("SELECT * FROM a")],
    "counters_of_the_server": [
        free("SHOW STATUS LIKE 'Threads\\_nosuch'"), free("SHOW SESSION STATUS LIKE 'Uptime_nosuch'"),
        held("SHOW STATUS LIKE 'Com_nosuch'")],
    "drop_of_what_never_was": [
        any_of("DROP TEMPORARY TABLE IF EXISTS a"), any_of("SHOW WARNINGS"),
        free("SELECT COUNT(*) FROM t")],
    "temporary_table_in_a_transaction": [
        held("BEGIN"), held("CREATE TEMPORARY TABLE a (x INT)"), held("ROLLBACK"),
        held("SELECT * FROM a"), free("DROP TABLE a")],
    "temporary_table_and_reset": [
        held("CREATE TEMPORARY TABLE a (x INT)"), free(bytes([COM_RESET_CONNECTION])),
        free("SELECT * FROM a")],
    # --- named locks ---
    "lock": [
        held("SELECT GET_LOCK('mine', 0)"), held("SELECT IS_FREE_LOCK('mine')"),
        free("SELECT RELEASE_LOCK('mine')"), free("SELECT IS_FREE_LOCK('mine')")],
    "lock_twice": [
        held("SELECT GET_LOCK('mine', 0) AS got"), held("SELECT GET_LOCK('mine', 1.5) got"),
        held("SELECT RELEASE_LOCK('mine')"), free("DO RELEASE_LOCK('mine')"),
        free("SELECT RELEASE_LOCK('mine')")],
    "locks": [
        held("DO GET_LOCK('a', 0)"), held("SELECT GET_LOCK('b', 3)"), held("SELECT RELEASE_LOCK('a')"),
        held("SELECT RELEASE_LOCK('nosuch')"), free("SELECT RELEASE_ALL_LOCKS()")],
    "locks_that_cannot_be_named": [
        held("SELECT GET_LOCK(CONCAT('a', 'b'), 0)"), held("SELECT RELEASE_LOCK('ab')"),
        held("SELECT GET_LOCK('a', 0) FROM t"), free("DO RELEASE_ALL_LOCKS()")],
    "lock_refused": [
        any_of("SELECT GET_LOCK('taken', 0)"), free("SELECT 1"),
        held("SELECT GET_LOCK('not taken', 0)"), any_of("SELECT RELEASE_ALL_LOCKS()")],
    # --- handlers, locks of tables and backups ---
    "handler": [
        held("HANDLER t OPEN"), held("HANDLER t OPEN AS u"), held("HANDLER t READ FIRST"),
        held("HANDLER t CLOSE"), held("HANDLER u READ NEXT"), free("HANDLER u CLOSE"),
        free("HANDLER u READ NEXT")],
    "lock_tables": [
        held("LOCK TABLES t READ"), held("SELECT COUNT(*) FROM t"), free("UNLOCK TABLES"),
        held("LOCK TABLE t WRITE"), free("COMMIT; UNLOCK TABLES"), held("LOCK TABLES t READ"),
        held("BEGIN"), free("COMMIT")],
    "flush_with_read_lock": [
        held("FLUSH TABLES WITH READ LOCK"), held("SELECT COUNT(*) FROM t"), free("UNLOCK TABLES"),
        held("FLUSH TABLES t FOR EXPORT"), free("UNLOCK TABLES")],
    "backup": [
        held("BACKUP LOCK test.t"), free("BACKUP UNLOCK"), held("BACKUP STAGE START"),
        held("BACKUP STAGE BLOCK_DDL"), free("BACKUP STAGE END")],
    # --- XA ---
    "xa": [
        held("XA START 'x1'"), held("INSERT INTO t (v) VALUES (4)"), held("XA END 'x1'"),
        held("XA PREPARE 'x1'"), free("XA COMMIT 'x1'"), free("SELECT COUNT(*) FROM t"),
        held("XA START 'x2'"), held("XA END 'x2'"), free("XA ROLLBACK 'x2'"), free("XA RECOVER"),
        held("XA START 'x3'"), held("XA END 'x3'"), free("XA COMMIT 'x3' ONE PHASE")],
    # --- for the next transaction only ---
    "next_transaction": [
        free("SET TRANSACTION READ ONLY"), free("SELECT 1"), held("BEGIN"),
        held("INSERT INTO t (v) VALUES (1)"), free("COMMIT"), free("INSERT INTO t (v) VALUES (1)")],
    "next_transaction_isolation": [
        free("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), free("SET TRANSACTION READ ONLY"),
        free("SELECT @@tx_isolation, @@tx_read_only"), held("START TRANSACTION"),
        held("SELECT COUNT(*) FROM t"), held("INSERT INTO t (v) VALUES (1)"), free("ROLLBACK"),
        held("BEGIN"), held("INSERT INTO t (v) VALUES (1)"), free("COMMIT")],
    "next_transaction_used_by_a_statement": [
        free("SET TRANSACTION READ ONLY"), free("SELECT COUNT(*) FROM t"),
        free("INSERT INTO t (v) VALUES (1)")],
    "next_transaction_by_variable": [
        free("SET @@tx_isolation='READ-COMMITTED', @@tx_read_only=1"), free("SELECT @@tx_isolation"),
        any_of("INSERT INTO t (v) VALUES (1)"), any_of("SELECT @@tx_read_only"), any_of("BEGIN"),
        any_of("INSERT INTO t (v) VALUES (1)"), any_of("ROLLBACK")],
    "next_transaction_and_reset": [
        free("SET TRANSACTION READ ONLY"), free(bytes([COM_RESET_CONNECTION])),
        free("INSERT INTO test.t (v) VALUES (1)")],
    # --- roles ---
    "role": [
        free("SET ROLE reader"), free("SELECT CURRENT_ROLE()"), free("SET ROLE `writer`"),
        free("SELECT CURRENT_ROLE()"), free("SET ROLE nosuch"), free("SELECT CURRENT_ROLE()"),
        free("SET ROLE NONE"), free("SELECT CURRENT_ROLE()")],
    "role_survives_a_reset": [
        free("SET ROLE reader"), free(bytes([COM_RESET_CONNECTION])), free("SELECT CURRENT_ROLE()")],
    "default_role": [free("SET DEFAULT ROLE NONE"), free("SELECT CURRENT_ROLE()")],
    # --- variables ---
    "select_limit": [
        free("SET sql_select_limit=1"), free("SELECT * FROM t"), free("SELECT FOUND_ROWS()"),
        free("SELECT 1 UNION SELECT 2"), any_of("SELECT FOUND_ROWS()"), free("SET SQL_SELECT_LIMIT=0"),
        free("SELECT * FROM t"), free("SELECT LAST_INSERT_ID()"), any_of("SHOW WARNINGS"),
        free("SET sql_select_limit=DEFAULT"), free("SELECT * FROM t")],
    "auto_is_null": [
        free("SET sql_auto_is_null=0"), free("SELECT @@sql_auto_is_null"),
        held("SET sql_auto_is_null=1"), held("SELECT * FROM t WHERE id IS NULL"),
        free("SET SESSION sql_auto_is_null=0"), free("SELECT @@sql_auto_is_null")],
    "of_rails": [
        free("SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, @@SESSION.sql_mode = "
             "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), @@SESSION.sql_auto_is_null = 0, "
             "@@SESSION.wait_timeout = 2147483"),
        free("SELECT @@sql_mode, @@collation_connection, @@wait_timeout, @@sql_auto_is_null")],
    "max_error_count": [
        free("SET max_error_count=2"),
        any_of("SELECT CAST('a' AS SIGNED),CAST('b' AS SIGNED),CAST('c' AS SIGNED)"),
        any_of("SHOW WARNINGS"), free("SELECT COUNT(*) FROM t"), free("SET max_error_count=1"),
        any_of("SELECT CAST('a' AS SIGNED),CAST('b' AS SIGNED)"), any_of("SELECT @@warning_count"),
        free("SELECT COUNT(*) FROM t"), any_of("nonsense"), any_of("SHOW WARNINGS")],
    "big_selects": [
        free("SET SQL_BIG_SELECTS=1"), free("SELECT @@sql_big_selects, @@max_join_size"),
        held("SET max_join_size=1000"), held("SELECT @@sql_big_selects, @@max_join_size"),
        free("SET max_join_size=DEFAULT"), free("SELECT @@sql_big_selects, @@max_join_size"),
        held("SET sql_big_selects=0"), free("SET sql_big_selects=1")],
    "completion_type": [
        free("SET completion_type=CHAIN"), held("BEGIN"), held("COMMIT"),
        held("INSERT INTO t (v) VALUES (4)"), held("ROLLBACK"), held("SET completion_type=0"),
        free("COMMIT"), free("SELECT COUNT(*) FROM t")],
    "master_connection": [
        free("SET default_master_connection='x'"), free("SELECT @@default_master_connection"),
        free("SET default_master_connection=''"), free("SELECT @@default_master_connection")],
    "versioning": [
        held("SET system_versioning_asof='2020-01-01 00:00:00'"), held("SELECT @@system_versioning_asof"),
        free("SET system_versioning_asof=DEFAULT"), free("SELECT @@system_versioning_asof")],
    "profiling": [
        free("SHOW PROFILES"), free("SET profiling=0"), held("SET profiling=1"), held("SELECT 1"),
        held("SET profiling=0"), held("SELECT 2"), free(bytes([COM_RESET_CONNECTION])),
        free("SELECT @@profiling")],
    "prepare_from_variable": [
        free("SET @q=CONCAT('SELECT 1 AS `', _utf8mb4 0xc3a9, '`, \"it''s\", \"a\\\\tb\"')"), free("PREPARE s FROM @q"),
        free("SET @q='nonsense'"), free("EXECUTE s"), free("PREPARE s FROM @q"), free("EXECUTE s"),
        free("SET @q='SELECT ? + 1'"), held("BEGIN"), held("PREPARE s FROM @Q"), held("SET @q=5"),
        held("EXECUTE s USING @q"), free("COMMIT"), free("EXECUTE s USING @q"), free("PREPARE t FROM @q"),
        free("EXECUTE s USING @q"), free("SET sql_mode='NO_BACKSLASH_ESCAPES'"),
        free("SET @q='SELECT ''a\\'', @@sql_mode'"), free("PREPARE s FROM @q"), free("SET sql_mode=''"),
        free("EXECUTE s"), free("DEALLOCATE PREPARE s"), free("EXECUTE s"),
        free("SET @q='SET @r=?, div_precision_increment=6'"), free("PREPARE s FROM @q"), free("EXECUTE s USING @q"),
        free("SELECT @r, 1/3, @@div_precision_increment"), free("SET @q=NULL"), free("PREPARE s FROM @q")],
    "prepare_from_long_variable": [
        held("SET @q=CONCAT('SELECT 1', REPEAT(' ', 9000))"), held("PREPARE s FROM @q"), held("EXECUTE s")],
    "execute_immediate_variable": [
        free("SET @q='SELECT ?, 7'"), free("EXECUTE IMMEDIATE @q USING 4"), free("SET @q='SET @r=3'"),
        free("EXECUTE IMMEDIATE @q"), free("SELECT @r")],
    "facts_of_the_link": [
        free("SHOW STATUS LIKE 'Ssl_nosuch'"), free("SHOW SESSION STATUS LIKE 'compression_nosuch'")],
    "log_bin": [
        held("SET sql_log_bin=0"), held("SELECT @@sql_log_bin"), free("SET sql_log_bin=1"),
        free("SELECT @@sql_log_bin")],
    "timestamp": [
        free("SET timestamp=1000.5"), free("SELECT NOW(6), @@timestamp"), free("SET TIMESTAMP=7, time_zone='+00:00'"),
        free("SELECT NOW()"), free("SET timestamp=DEFAULT"), free("SELECT NOW() > '2000-01-01'"),
        free("SELECT NOW() = SYSDATE() OR SLEEP(1) OR NOW() = SYSDATE()"), free("SET timestamp=5"),
        free("SET @@session.timestamp=0"), free("SELECT NOW() > '2000-01-01'")],
    "timestamp_by_expression": [
        held("SET timestamp=UNIX_TIMESTAMP('2001-01-01')"), held("SELECT YEAR(NOW())"),
        free("SET timestamp=DEFAULT"), free("SELECT YEAR(NOW()) > 2001")],
    "last_insert_id": [
        free("SET last_insert_id=77"), free("SELECT LAST_INSERT_ID()"), free("SET @@identity=78"),
        free("SELECT LAST_INSERT_ID(), @@identity"), free("SET @@session.last_insert_id=79"),
        free("SELECT @@last_insert_id")],
    "last_insert_id_after_an_insert": [
        free("INSERT INTO t (v) VALUES (7)"), free("SELECT LAST_INSERT_ID()"),
        free("SET last_insert_id=123"), free("SELECT LAST_INSERT_ID(), @@identity")],
    "own_trackers": [
        free("SET session_track_system_variables='sql_mode,time_zone'"), free("SET sql_mode='ANSI'"),
        free("SET time_zone='+01:00', group_concat_max_len=9"),
        free("SELECT @@session_track_system_variables, @@session_track_schema"), free("USE other"),
        free("SET session_track_schema=0, time_zone='+02:00', div_precision_increment=5"), free("USE test"),
        free("SELECT @@time_zone, @@div_precision_increment, @@session_track_schema"),
        free("SET session_track_system_variables=CONCAT(@@session_track_system_variables, ',autocommit'), "
             "session_track_state_change=1"), free("SET autocommit=0, @x=1"), free("SET NAMES latin1, autocommit=1"),
        free("SELECT @@session_track_system_variables, @@session_track_state_change, @x"),
        any_of("SET session_track_system_variables='*'"), free("SET lc_time_names='de_DE'"),
        free("SET session_track_system_variables=''"), free("SET lc_time_names='fr_FR'"),
        free("SELECT FOUND_ROWS(), @@lc_time_names"), any_of("SET session_track_schema='x'"),
        any_of("SELECT 1"), free("SET session_track_system_variables=DEFAULT, session_track_schema=DEFAULT"),
        free("SET time_zone='+03:00'"), free(bytes([COM_RESET_CONNECTION])),
        free("SET sql_mode='ANSI'"), free("SELECT 1")],
    "own_trackers_in_a_transaction": [
        held("BEGIN"), held("SET session_track_system_variables='sql_mode'"), held("SET sql_mode='ANSI'"),
        held("COMMIT"), held("SET time_zone='+01:00'")],
    "of_mariadb_connector_j": [
        free("set sql_mode=CONCAT(@@sql_mode,',STRICT_TRANS_TABLES'),session_track_system_variables = "
             f"CONCAT(@@global.session_track_system_variables,',{ISOLATION}')"), free("SELECT @@sql_mode"),
        free("set autocommit=0"), held("INSERT INTO t (v) VALUES (1)"), free("COMMIT"), free("set autocommit=1"),
        free("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"), free(f"SELECT @@{ISOLATION}")],
    "of_mariadb_connector_odbc": [
        free(f"SET session_track_schema=1,session_track_system_variables='auto_increment_increment,{ISOLATION}'"),
        free("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"), free("USE other"),
        free(f"SELECT @@{ISOLATION}")],
    "unscoped": [
        free("SET @@div_precision_increment=9"), free("SELECT 1/3, @@div_precision_increment"),
        free("SET @@sql_mode=CONCAT(@@sql_mode, ',ANSI_QUOTES'), @@group_concat_max_len=8"),
        free("SELECT @@sql_mode, GROUP_CONCAT(s) FROM \"t\""), free("SET @@sql_mode=DEFAULT"),
        free("SELECT \"x\", @@sql_mode"), free("SET @@div_precision_increment=DEFAULT"),
        free("SELECT 1/3")],
    "unscoped_mistakes": [
        free("SET @@nosuch=1"), free("SET @@div_precision_increment='x'"),
        any_of("SET @@div_precision_increment=5, @@nosuch=1"), any_of("SELECT 1/3")],
    "unscoped_that_pins": [
        free("SET @@sql_auto_is_null=0"), any_of("SET @@sql_auto_is_null=1"), held("SELECT 1"),
        held("SELECT @@sql_auto_is_null")],
    "unscoped_autocommit": [
        free("SET @@autocommit=0"), free("SELECT @@autocommit"), held("SELECT COUNT(*) FROM t"),
        free("ROLLBACK"), free("SET @@autocommit=1"), free("SELECT @@autocommit")],
    "set_statement": [
        free("SET STATEMENT sort_buffer_size=400000, max_statement_time=5 FOR SELECT @@sort_buffer_size"),
        free("SELECT @@sort_buffer_size, @@max_statement_time"), free("SET time_zone='+01:00'"),
        free("SELECT @@sort_buffer_size, @@max_statement_time, @@time_zone"),
        free("SET sort_buffer_size=300000"), free("SET STATEMENT sort_buffer_size=400000 FOR DO 1"),
        free("SELECT @@sort_buffer_size"), free("SET group_concat_max_len=99"),
        free("SELECT @@sort_buffer_size, @@max_statement_time, @@time_zone, @@group_concat_max_len"),
        any_of("SET STATEMENT sort_buffer_size=400000 FOR SELECT nosuch"), free("SELECT COUNT(*) FROM t"),
        free("SELECT @@sort_buffer_size")],
    "set_names": [
        free("SET NAMES latin1"), free("SELECT @@collation_connection"), free("SET CHARACTER SET utf8mb4"),
        free("SELECT @@character_set_client, @@collation_connection, @@character_set_results"),
        free("SET CHARSET DEFAULT"), free("SELECT @@character_set_client, @@collation_connection"),
        free("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'"), free("SELECT @@collation_connection")],
    # --- residue ---
    "row_count_of_one": [
        any_of("UPDATE t SET v=9 WHERE id=1"), any_of("SELECT ROW_COUNT()"),
        any_of("UPDATE t SET v=10 WHERE id=1"), any_of("SELECT ROW_COUNT()"), free("SELECT 1")],
    "row_count_of_many": [
        any_of("UPDATE t SET v=9"), any_of("SELECT ROW_COUNT()"), any_of("UPDATE t SET v=10"),
        any_of("SELECT ROW_COUNT()"), free("SELECT 1")],
}


# Statements, or ends of state, that MySQL has not or has elsewhere (XA PREPARE lets go of the link).
MARIADB_ONLY = {"execute_immediate_variable", "backup", "xa", "versioning", "master_connection", "set_statement", "temporary_table_renamed",
                "temporary_tables", "next_transaction_isolation", "next_transaction_by_variable",
                "completion_type", "select_limit", "role", "role_survives_a_reset", "default_role"}


def scenarios():
    for name in SCENARIOS:
        yield pytest.param(name, marks=[pytest.mark.mariadb] if name in MARIADB_ONLY else [])


@pytest.fixture(scope="module")
def root(server):
    with server.root(schema="test") as one:
        adversary.set_up(one)
        for statement in ONCE:
            one.query(statement)
        yield one


@pytest.fixture(scope="module")
def one_link(module_weir):
    """The second place is for what Weir reads itself, or it would close the link for that now and then."""
    return module_weir(pool_max_size=1, server_max_connections=2, pool_wait_timeout="20s")


def run(address, steps, capabilities, root, enemy=None, after=lambda step: None):
    for statement in TABLES:
        root.query(statement)
    replies = []
    with wire.connect(address, schema="test", capabilities=capabilities) as w:
        w.while_waiting = enemy.go_on if enemy else None
        for step in steps:
            sql = step.sql if isinstance(step.sql, bytes) else bytes([wire.COM_QUERY]) + step.sql.encode()
            replies.append(w.command(sql))
            after(step)
        w.quit()
    return replies


@pytest.fixture(scope="module")
def taken(server):
    """A named lock that somebody else has."""
    with server.root() as one:
        one.query("SELECT GET_LOCK('taken', 0)")
        yield one


@pytest.mark.parametrize("client", CAPABILITIES)
@pytest.mark.parametrize("name", scenarios())
def test_pin(server, one_link, root, taken, name, client):
    del taken
    steps, capabilities = SCENARIOS[name], CAPABILITIES[client]
    direct = run(server.address, steps, capabilities, root)
    enemy = adversary.Adversary(one_link.address, capabilities, WORKS[client])
    wrong = []

    def after(step):
        got = enemy.take_the_link(PINNED_S if step.held in (True, None) else PATIENCE_S)
        if step.held is True and got:
            wrong.append(f"after {step.sql!r} the link was free")
        if step.held is False and not got:
            wrong.append(f"after {step.sql!r} the link was not free")

    ours = run(one_link.address, steps, capabilities, root, enemy, after)
    enemy.finish()
    for step, theirs, weirs in zip(steps, direct, ours):
        if theirs != weirs and wire.normal(theirs, True) != wire.normal(weirs, True):
            pytest.fail(f"{step.sql!r}: {wire.describe_difference(theirs, weirs)}", pytrace=False)
    assert not wrong, "; ".join(wrong)


IDS = ["SELECT CONNECTION_ID()", "select  connection_id ( ) -- which?", "SELECT CONNECTION_ID() AS `my id` LIMIT 1;",
       "SELECT CONNECTION_ID() pid", "SELECT @@pseudo_thread_id", "SELECT @@session.Pseudo_Thread_Id AS 'x'"]


def id_of(w, sql):
    """The number in the only row, and the reply with its digits masked."""
    raw = w.command(b"\x03" + sql.encode())
    assert w.error is None, w.error
    packets = [payload for _, payload in wire.split_packets(raw)]
    row = [p for p in packets if p == w.rows[0]]
    assert len(w.rows) == 1 and len(row) == 1
    return int(wire.text_row(w.rows[0])[0]), [p if p != w.rows[0] else b"row" for p in packets]


@pytest.mark.parametrize("capabilities", [*CAPABILITIES.values(), BASIC | wire.MARIADB_EXTENDED_METADATA])
def test_connection_id_is_that_of_the_greeting(server, one_link, capabilities):
    with server.connect(schema="test", capabilities=capabilities) as direct, \
            one_link.connect(schema="test", capabilities=capabilities) as w, \
            one_link.connect(capabilities=capabilities) as other:
        for before in ("DO 1", "SET sql_mode='ANSI_QUOTES'", "BEGIN", "COMMIT"):
            for one in (direct, w):
                one.query(before)
            for sql in IDS:
                number, reply = id_of(w, sql)
                assert number == w.greeting.thread_id
                assert reply == id_of(direct, sql)[1]
                for ask in ("SELECT FOUND_ROWS()", "SELECT ROW_COUNT()"):
                    w.query(sql)
                    direct.query(sql)
                    assert w.query(ask) == direct.query(ask)
            if before != "BEGIN":
                assert other.query("SELECT 1") == [[b"1"]], "the link is free"
        with pytest.raises(wire.ServerError):
            w.query(f"KILL QUERY {id_of(w, IDS[0])[0]}")


def test_connection_id_in_other_statements_pins(one_link):
    with one_link.connect(schema="test") as w:
        w.query("SET sql_mode=''")
        assert int(w.value("SELECT CONNECTION_ID()+0")) != w.greeting.thread_id
        before = w.value("SELECT CONNECTION_ID()+0")
        assert w.value("SELECT CONNECTION_ID()+0") == before


def test_profiles_are_not_shown_to_the_next_client(one_link):
    with one_link.connect(schema="test") as w:
        w.query("SET profiling=1")
        w.query("SELECT 'a secret'")
        assert "a secret" in str(w.query("SHOW PROFILES"))
        w.command(bytes([COM_RESET_CONNECTION]))
        assert w.query("SHOW PROFILES") == []
        w.query("SET profiling=1")
        w.query("SELECT 'another'")
    with one_link.connect(schema="test") as w:
        assert w.query("SHOW PROFILES") == []


@pytest.mark.parametrize("steps", [
    ["XA START 'gone'", "INSERT INTO t (v) VALUES (1)"],
    ["XA START 'gone'", "INSERT INTO t (v) VALUES (1)", "XA END 'gone'", "XA PREPARE 'gone'"],
    ["CREATE TEMPORARY TABLE gone (a INT)"], ["SELECT GET_LOCK('gone', 0)"], ["LOCK TABLES t WRITE"],
    ["HANDLER t OPEN"], ["FLUSH TABLES WITH READ LOCK"], ["SET @@div_precision_increment=9"]],
    ids=lambda steps: steps[-1].split(" '")[0].replace(" ", "_"))
def test_a_client_that_leaves_leaves_a_clean_link(one_link, root, steps):
    for statement in TABLES:
        root.query(statement)
    with one_link.connect(schema="test") as stays, one_link.connect(schema="test") as goes:
        stays.query("SELECT 1")
        threads = one_link.links()
        for sql in steps:
            goes.query(sql)
        goes.quit()
        stays.query("SELECT 1")
        assert one_link.links() == threads or steps[0].startswith("XA"), "the link was closed"
        stays.query("INSERT INTO t (v) VALUES (2)")
        assert stays.value("SELECT COUNT(*) FROM t") == "4"
        assert stays.value("SELECT IS_FREE_LOCK('gone')") == "1"
        assert stays.value("SELECT 1/3") == "0.3333"
        with pytest.raises(wire.ServerError):
            stays.query("SELECT * FROM gone")
        if steps[-1].startswith("XA PREPARE"):
            stays.query("XA ROLLBACK 'gone'")
