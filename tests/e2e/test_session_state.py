# SPDX-License-Identifier: Apache-2.0
"""Two clients share one link, and each finds its session as it left it: every scenario is run direct
and alone, then through Weir with an adversary who takes the link between every two statements. The
replies must be the same bytes. Where the session cannot be carried over, the adversary must wait."""

import random
import struct
import time

import pytest

import adversary
import mysql_scenarios
import processes
import wire
from scenario import Other, Scenario, carried, pinned
from wire import BASIC, COM_INIT_DB, COM_RESET_CONNECTION, COM_STMT_EXECUTE, COM_STMT_PREPARE

PATIENCE_S = 15  # for an adversary who must get the link
PINNED_S = 0.04  # for one who must not

TABLES = [
    "CREATE OR REPLACE TABLE test.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, s VARCHAR(100))",
    "INSERT INTO test.t (v, s) VALUES (1,'one'),(2,'two'),(3,'three')",
    "CREATE OR REPLACE TABLE test.c (id INT PRIMARY KEY AUTO_INCREMENT, p INT)",
    "CREATE OR REPLACE TABLE test.m (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE=MyISAM",
    "INSERT INTO test.m (v) VALUES (1),(2)",
]
ROUTINES = [
    "CREATE DATABASE IF NOT EXISTS other",
    "CREATE OR REPLACE TABLE other.t (o INT)",
    "CREATE OR REPLACE PROCEDURE test.p_out(OUT o INT) SET o=7",
    "CREATE OR REPLACE PROCEDURE test.p_into() SELECT 5 INTO @v",
    "CREATE OR REPLACE FUNCTION test.f_set() RETURNS INT BEGIN SET @v=9; RETURN 1; END",
    "CREATE OR REPLACE PROCEDURE test.p_variable() SET SESSION sort_buffer_size=400000",
    "CREATE OR REPLACE PROCEDURE test.p_error() BEGIN SET @v=11; SET SESSION sort_buffer_size=500000; "
    "SIGNAL SQLSTATE '45000'; END",
    "CREATE OR REPLACE PROCEDURE test.p_temporary() CREATE TEMPORARY TABLE test.pt SELECT 4 AS a",
    "CREATE OR REPLACE PROCEDURE test.p_temporary_error() BEGIN "
    "CREATE TEMPORARY TABLE test.pt (a INT); SIGNAL SQLSTATE '45000'; END",
    "CREATE OR REPLACE PROCEDURE test.p_insert() INSERT INTO test.t (v) VALUES (70)",
    "CREATE OR REPLACE PROCEDURE test.p_begin() START TRANSACTION",
    "CREATE OR REPLACE PROCEDURE test.p_begin_error() BEGIN START TRANSACTION; "
    "SIGNAL SQLSTATE '45000'; END",
    "CREATE OR REPLACE PROCEDURE test.p_lock() DO GET_LOCK('k', 0)",
    "CREATE OR REPLACE VIEW test.v_lock AS SELECT GET_LOCK('k', 0) AS got",
    "CREATE OR REPLACE TABLE test.triggered (a INT)",
    "CREATE OR REPLACE TRIGGER test.sets BEFORE INSERT ON test.triggered FOR EACH ROW SET @v=NEW.a",
]


MARIADB_ROUTINES = ["CREATE OR REPLACE SEQUENCE test.sq"]


def prepare(sql):
    def step(w):
        raw = w.command(bytes([COM_STMT_PREPARE]) + sql.encode())
        return raw if w.error else raw[:5] + raw[9:]
    return step


def execute(**arguments):
    return lambda w: w.command(w.execute_packet(**arguments))


def set_and_reset(w):
    return w.command(b"\x03SET @a=1") + w.command(bytes([COM_RESET_CONNECTION]))


LONG = b"\x08\x00"


def long_values(*values):
    return {"parameters": len(values), "types": LONG * len(values),
            "values": b"".join(struct.pack("<q", v) for v in values)}


SCENARIOS = {
    # --- user variables ---
    "variable": carried("SET @a=1", "SELECT @a", "SET @a=@a+1", "SELECT @a, @nosuch"),
    "variable_assigned": carried("SELECT @a:=5", "SELECT @a"),
    "variable_into": carried("SELECT 7 INTO @b", "SELECT @b"),
    "variable_in_where": carried("UPDATE t SET v=v WHERE id=-1 AND (@z:=3)", "SELECT @z"),
    "variable_kinds": carried("SET @d=1.50,@f=1e3,@u=18446744073709551615,@n=NULL,@bin=x'00ff',"
                             "@l=_latin1'x' COLLATE latin1_bin", "SELECT @d,@f,@u,@n,@bin,@l"),
    "variable_out_parameter": carried("CALL p_out(@o)", "SELECT @o"),
    "variable_in_procedure": pinned("CALL p_into()", "SELECT @v"),
    "variable_in_function": pinned("SELECT f_set()", "SELECT @v"),
    "variable_in_trigger": pinned("INSERT INTO triggered VALUES (100)", "SELECT @v"),
    "variable_of_load_data": carried("LOAD DATA LOCAL INFILE 'rows' INTO TABLE t (@c) SET v=@c",
                                    "SELECT @c", files={"rows": b"5\n6\n"}),
    "variable_of_diagnostics": carried("SELECT 1", "GET DIAGNOSTICS @n=NUMBER", "SELECT @n"),
    "variable_running_total": carried("SET @r=0", "SELECT @r:=@r+v FROM t", "SELECT @r"),
    "variable_of_1_MiB": pinned("SET @l=REPEAT('x', 1048576)", "SELECT SHA2(@l, 256)"),
    # --- system variables ---
    "sql_mode": carried("SET sql_mode='ANSI_QUOTES'", "SELECT 'a' \"b\"", "SELECT \"id\" FROM t",
                        "SET sql_mode=''", "SELECT \"id\" FROM t", "SELECT @@sql_mode"),
    "set_names": carried("SET NAMES latin1", b"\x03SELECT HEX('\xc3\xa9'), @@character_set_client",
                         "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
                         "SELECT 'a'='A', @@collation_connection", "SET NAMES DEFAULT",
                         "SELECT @@collation_connection, @@character_set_results"),
    "set_character_set": carried("SET CHARACTER SET latin1",
                                 "SELECT @@character_set_client, @@collation_connection"),
    "collation_alone": carried("SET collation_connection=utf8mb4_bin", "SELECT 'a'='A'",
                               "SELECT @@collation_connection, @@character_set_connection"),
    "character_set_results_null": carried("SET character_set_results=NULL",
                                          "SELECT @@character_set_results", "SELECT 'x'"),
    "timestamp": carried("SET timestamp=1000", "SELECT UNIX_TIMESTAMP(NOW())",
                        "SET timestamp=DEFAULT", "SELECT ABS(UNIX_TIMESTAMP(NOW()) - "
                        "UNIX_TIMESTAMP(SYSDATE())) < 2"),
    "time_zone": carried("SET time_zone='+05:00'", "SELECT TIMEDIFF(NOW(),UTC_TIMESTAMP())",
                         "SELECT FROM_UNIXTIME(0)", "SET time_zone=SYSTEM", "SELECT @@time_zone"),
    "many_variables": Scenario(
        "SET SESSION group_concat_max_len=8, max_heap_table_size=1048576, lc_time_names='de_DE', "
        "div_precision_increment=2", "SELECT GROUP_CONCAT(s), 1/3 FROM t",
        "SELECT MONTHNAME('2020-01-01')", "SELECT @@max_heap_table_size",
        "SET SESSION group_concat_max_len=DEFAULT", "SELECT GROUP_CONCAT(s) FROM t"),
    "text_like_a_number": carried("SET SESSION tx_isolation='READ-COMMITTED'", "SELECT @@tx_isolation",
                                  "SET optimizer_switch='index_merge=off'",
                                  "SELECT @@optimizer_switch LIKE '%index_merge=off%'",
                                  "SET default_storage_engine=MyISAM",
                                  "SELECT @@default_storage_engine"),
    "sql_select_limit": carried("SET @@sql_select_limit=1", "SELECT * FROM t"),
    "set_statement": Scenario("SET STATEMENT sort_buffer_size=400000 FOR SELECT 1",
                              "SELECT @@sort_buffer_size", "SELECT 2", "SELECT @@sort_buffer_size"),
    "foreign_keys_off": carried("SET foreign_key_checks=0", "SELECT @@foreign_key_checks",
                                "SET foreign_key_checks=1", "SELECT @@foreign_key_checks"),
    "safe_updates": Scenario("SET sql_safe_updates=1", "UPDATE t SET v=1", "SELECT @@sql_safe_updates"),
    "set_fails_whole": Scenario("SET sort_buffer_size=400000, nosuch=2", "SELECT @@sort_buffer_size"),
    "set_fails_half": Scenario("SET sort_buffer_size=400000, sql_mode='nosuch'",
                               "SELECT @@sort_buffer_size, @@sql_mode"),
    "variable_set_in_procedure": Scenario("CALL p_variable()", "SELECT @@sort_buffer_size"),
    "state_before_error": Scenario("CALL p_error()", "SELECT @@sort_buffer_size, @v"),
    "global_does_not_change_session": carried(
        "SELECT @@div_precision_increment", Other("SET GLOBAL div_precision_increment=9"),
        "SELECT @@div_precision_increment", Other("SET GLOBAL div_precision_increment=4")),
    "auto_is_null": pinned("SET sql_auto_is_null=1", "INSERT INTO t (v) VALUES (5)",
                           "SELECT * FROM t WHERE id IS NULL"),
    "rand_seed": pinned("SET rand_seed1=5,rand_seed2=7", "SELECT RAND()", "SELECT RAND()"),
    "oracle_mode": carried("SET sql_mode=ORACLE", "SELECT 'a'||'b'", "SET sql_mode=DEFAULT",
                           "SELECT 1||0"),
    "gbk": Scenario("SET NAMES gbk", b"\x03SELECT HEX('\xbf\\'')", b"\x03SELECT '\xbf\\', 1"),
    "session_trackers": Scenario("SET session_track_system_variables='sql_mode'",
                                 "SELECT @@session_track_system_variables", clients=("plain",)),
    # --- transactions ---
    "transaction": pinned("BEGIN", "INSERT INTO t (v) VALUES (5)", "SELECT COUNT(*) FROM t", "COMMIT",
                          "SELECT COUNT(*) FROM t"),
    "transaction_rollback": pinned("START TRANSACTION", "DELETE FROM t", "ROLLBACK",
                                   "SELECT COUNT(*) FROM t"),
    "between_transactions": carried("SELECT 1", "BEGIN; UPDATE t SET v=v+1 WHERE id=1; COMMIT",
                                    "SELECT v FROM t WHERE id=1"),
    "autocommit_off": pinned("SET autocommit=0", "SELECT v FROM t", Other("UPDATE test.t SET v=50"),
                             "SELECT v FROM t", "COMMIT", "SELECT v FROM t", "COMMIT",
                             "SELECT @@autocommit"),
    "autocommit_off_unused": carried("SET autocommit=0", "SELECT 1", "SELECT @@autocommit",
                                     "SET autocommit=1", "SELECT @@autocommit"),
    "one_shot_read_only": pinned("SET TRANSACTION READ ONLY", "BEGIN", "INSERT INTO t (v) VALUES (1)",
                                 "COMMIT"),
    "one_shot_isolation": pinned("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN",
                                 "SELECT COUNT(*) FROM t", "COMMIT"),
    "session_isolation": Scenario("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
                                 "SELECT @@tx_isolation", "SET SESSION TRANSACTION READ ONLY",
                                 "INSERT INTO t (v) VALUES (1)",
                                 "SET SESSION TRANSACTION READ WRITE", "SELECT @@tx_read_only"),
    "savepoints": pinned("BEGIN", "SAVEPOINT a", "INSERT INTO t (v) VALUES (9)", "ROLLBACK TO a",
                         "RELEASE SAVEPOINT a", "COMMIT", "SELECT COUNT(*) FROM t"),
    "commit_and_chain": pinned("BEGIN", "COMMIT AND CHAIN", "INSERT INTO t (v) VALUES (4)", "ROLLBACK",
                               "SELECT COUNT(*) FROM t"),
    "completion_type": pinned("SET completion_type=CHAIN", "BEGIN", "COMMIT",
                              "INSERT INTO t (v) VALUES (4)", "ROLLBACK", "SELECT COUNT(*) FROM t"),
    "ddl_commits": pinned("BEGIN", "INSERT INTO t (v) VALUES (4)", "CREATE OR REPLACE TABLE dd (a INT)",
                          "ROLLBACK", "SELECT COUNT(*) FROM t"),
    "xa": pinned("XA START 'x1'", "INSERT INTO t (v) VALUES (4)", "XA END 'x1'", "XA PREPARE 'x1'",
                 "XA COMMIT 'x1'", "SELECT COUNT(*) FROM t"),
    "begin_in_procedure": pinned("CALL p_begin()", "INSERT INTO t (v) VALUES (4)", "ROLLBACK",
                                 "SELECT COUNT(*) FROM t"),
    "begin_in_failing_procedure": pinned("CALL p_begin_error()", "INSERT INTO t (v) VALUES (4)",
                                         "ROLLBACK", "SELECT COUNT(*) FROM t"),
    "begin_then_error": pinned("BEGIN; nonsense; SELECT 2", "INSERT INTO t (v) VALUES (4)",
                               "ROLLBACK", "SELECT COUNT(*) FROM t"),
    "error_in_transaction": pinned("BEGIN", "INSERT INTO t (v) VALUES (4)", "nonsense",
                                   "INSERT INTO t (id) VALUES (1)", "COMMIT",
                                   "SELECT COUNT(*) FROM t"),
    "snapshot": pinned("START TRANSACTION WITH CONSISTENT SNAPSHOT", Other("UPDATE test.t SET v=77"),
                       "SELECT v FROM t", "COMMIT", "SELECT v FROM t"),
    "savepoint_outside": Scenario("SAVEPOINT a", "ROLLBACK TO a", "SELECT 1"),
    "skip_locked": carried("SELECT * FROM t WHERE id=1 FOR UPDATE SKIP LOCKED", "SELECT 1"),
    "lock_wait_timeout": pinned("SET innodb_lock_wait_timeout=1", "BEGIN",
                                "INSERT INTO t (v) VALUES (4)", Other("BEGIN"),
                                Other("UPDATE test.t SET v=5 WHERE id=1"),
                                "UPDATE t SET v=6 WHERE id=1", Other("ROLLBACK"), "COMMIT",
                                "SELECT COUNT(*) FROM t"),
    # --- temporary tables, locks, handlers ---
    "temporary_table": pinned("CREATE TEMPORARY TABLE tmp (a INT)", "INSERT INTO tmp VALUES (1)",
                              "SELECT * FROM tmp", "DROP TEMPORARY TABLE tmp", "SELECT * FROM tmp"),
    "temporary_table_select": pinned("CREATE TEMPORARY TABLE tmp SELECT 1 AS a", "SELECT * FROM tmp"),
    "temporary_table_in_comment": pinned("CREATE /*!32302 TEMPORARY */ TABLE tmp (a INT)",
                                         "SELECT * FROM tmp"),
    "temporary_table_shadows": pinned("CREATE TEMPORARY TABLE t SELECT 99 AS only_mine",
                                      "SELECT * FROM t"),
    "temporary_table_in_procedure": pinned("CALL p_temporary()", "SELECT * FROM pt"),
    "temporary_table_in_failing_procedure": pinned("CALL p_temporary_error()", "SELECT * FROM pt"),
    "temporary_sequence": pinned("CREATE TEMPORARY SEQUENCE ts", "SELECT NEXTVAL(ts)",
                                 "SELECT LASTVAL(ts)"),
    "lastval": pinned("SELECT NEXTVAL(sq) > 0", "SELECT LASTVAL(sq) > 0"),
    "lock_tables": pinned("LOCK TABLES t READ", "INSERT INTO t (v) VALUES (1)", "SELECT * FROM c",
                          "UNLOCK TABLES", "SELECT COUNT(*) FROM c"),
    "get_lock": pinned("SELECT GET_LOCK('mine', 0)", "SELECT IS_USED_LOCK('mine')=CONNECTION_ID()",
                       "SELECT RELEASE_LOCK('mine')"),
    "get_lock_in_view": pinned("SELECT * FROM v_lock", "SELECT IS_USED_LOCK('k')=CONNECTION_ID()",
                                 "SELECT RELEASE_LOCK('k')"),
    "get_lock_in_procedure": pinned("CALL p_lock()", "SELECT IS_USED_LOCK('k')=CONNECTION_ID()",
                                    "SELECT RELEASE_ALL_LOCKS()"),
    "get_lock_by_do": pinned("DO GET_LOCK('mine', 0)", "SELECT RELEASE_LOCK('mine')"),
    "handler": pinned("HANDLER t OPEN", "HANDLER t READ FIRST", "HANDLER t READ NEXT",
                      "HANDLER t CLOSE"),
    "flush_tables_with_read_lock": pinned("FLUSH TABLES c WITH READ LOCK",
                                          "INSERT INTO c (p) VALUES (1)", "UNLOCK TABLES"),
    "backup_lock": pinned("BACKUP LOCK test.c", "SELECT 1", "BACKUP UNLOCK"),
    # --- residue ---
    "last_insert_id": carried("INSERT INTO t (v) VALUES (5)", "SELECT LAST_INSERT_ID()",
                              "SELECT @@identity", "INSERT INTO c (p) VALUES (LAST_INSERT_ID())",
                              "SELECT p FROM c", "SELECT LAST_INSERT_ID()"),
    "last_insert_id_several": Scenario("INSERT INTO t (v) VALUES (5),(6),(7)",
                                       "SELECT LAST_INSERT_ID()", "SELECT ROW_COUNT()"),
    "last_insert_id_explicit": carried("INSERT INTO t (v) VALUES (5)",
                                       "INSERT INTO t (id, v) VALUES (500, 1)",
                                       "SELECT LAST_INSERT_ID()"),
    "last_insert_id_of_call": Scenario("INSERT INTO t (v) VALUES (5)", "CALL p_insert()",
                                       "SELECT LAST_INSERT_ID()"),
    "last_insert_id_set": Scenario("SELECT LAST_INSERT_ID(55)", "SELECT LAST_INSERT_ID()",
                                   "UPDATE t SET v=LAST_INSERT_ID(v+1) WHERE id=1",
                                   "SELECT LAST_INSERT_ID()"),
    "insert_id": pinned("SET insert_id=777", "INSERT INTO t (v) VALUES (5)", "SELECT MAX(id) FROM t"),
    "row_count": Scenario("UPDATE t SET v=9", "SELECT ROW_COUNT()", "SELECT ROW_COUNT()",
                          "DELETE FROM t WHERE id=1", "SELECT ROW_COUNT()", "DO 1",
                          "SELECT ROW_COUNT()", "nonsense", "SELECT ROW_COUNT()"),
    "found_rows": Scenario("SELECT * FROM t", "SELECT FOUND_ROWS()", "SELECT FOUND_ROWS()",
                           "SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1", "SELECT FOUND_ROWS()",
                           "SELECT * FROM t LIMIT 0", "SELECT FOUND_ROWS()", "SHOW TABLES",
                           "SELECT FOUND_ROWS()",
                           "SELECT 1 UNION SELECT 2", "SELECT FOUND_ROWS()"),
    "found_rows_with_an_offset": Scenario("SELECT * FROM t LIMIT 1,1", "SELECT FOUND_ROWS()",
                                          "SELECT * FROM t ORDER BY id LIMIT 1 OFFSET 2", "SELECT FOUND_ROWS()",
                                          "SELECT * FROM t LIMIT 90,1", "SELECT FOUND_ROWS()"),
    "warnings": Scenario("SELECT CAST('abc' AS SIGNED)", "SHOW WARNINGS", "SHOW COUNT(*) WARNINGS",
                         "SELECT @@warning_count"),
    "warnings_kept": Scenario("SELECT CAST('abc' AS SIGNED)", "SELECT 1", "SHOW WARNINGS",
                              "SELECT COUNT(*) FROM t", "SHOW WARNINGS"),
    "errors": Scenario("nonsense", "SHOW ERRORS LIMIT 0,1", "SHOW WARNINGS", "SELECT * FROM nosuch",
                       "SELECT @@error_count", "SHOW COUNT(*) ERRORS"),
    "explain_note": Scenario("EXPLAIN EXTENDED SELECT * FROM t", "SHOW WARNINGS"),
    "insert_ignore": Scenario("SET sql_mode=''", "INSERT IGNORE INTO t (id,v) VALUES (1,1),(2,2),(3,'x')",
                              "SHOW WARNINGS"),
    "max_error_count": pinned("SET max_error_count=2", "SELECT CAST('a' AS SIGNED),CAST('b' AS SIGNED),"
                              "CAST('c' AS SIGNED)", "SHOW WARNINGS"),
    "get_diagnostics": Scenario("SELECT CAST('abc' AS SIGNED)",
                                "GET DIAGNOSTICS CONDITION 1 @m=MESSAGE_TEXT", "SELECT @m"),
    # --- prepared statements ---
    "text_prepare": carried("PREPARE s FROM 'SELECT 1+1'", "EXECUTE s", "DEALLOCATE PREPARE s",
                           "EXECUTE s"),
    "text_prepare_using": carried("SET @a=3", "PREPARE s FROM 'SELECT ?'", "EXECUTE s USING @a"),
    "text_prepare_error_drops": carried("PREPARE s FROM 'SELECT 1'", "PREPARE s FROM 'nonsense'",
                                       "EXECUTE s"),
    "text_prepare_from_variable": carried("SET @q='SELECT 42'", "PREPARE s FROM @q", "EXECUTE s"),
    "execute_immediate": carried("EXECUTE IMMEDIATE 'SET @a=5'", "SELECT @a"),
    "binary_prepare": carried(prepare("SELECT ?+1"), execute(**long_values(4)),
                             execute(parameters=1, values=struct.pack("<q", 9)), "SELECT 1"),
    "binary_prepare_sets_variable": carried(prepare("SET @x=8"), execute(), "SELECT @x"),
    # --- other ---
    "use": Scenario("USE other", "SELECT * FROM t", "SELECT DATABASE()", bytes([COM_INIT_DB]) + b"test",
                   "SELECT COUNT(*) FROM t", "USE nosuch", "SELECT DATABASE()"),
    "no_schema": Scenario("SELECT DATABASE()", "SELECT * FROM t", "USE test", "SELECT COUNT(*) FROM t",
                         schema=None),
    "schema_dropped": Scenario("CREATE DATABASE gone", "USE gone", "SELECT DATABASE()",
                               "DROP DATABASE gone", "SELECT DATABASE()", "SELECT * FROM t"),
    "schema_gone_then_another": Scenario(
        "CREATE DATABASE gone", "USE gone", Other("DROP DATABASE gone"), "USE test",
        "SELECT DATABASE(), COUNT(*) FROM t", "CREATE DATABASE gone", "USE gone",
        Other("DROP DATABASE gone"), bytes([COM_INIT_DB]) + b"test", "SELECT COUNT(*) FROM t"),
    "role": carried("SET ROLE NONE", "SELECT CURRENT_ROLE()"),
    "profiling": pinned("SET profiling=1", "SELECT 1", "SELECT COUNT(*) FROM "
                        "information_schema.profiling WHERE query_id=1 AND seq=2", "SET profiling=0"),
    "profiles_are_its_own": pinned(
        "SELECT id FROM t", "SET profiling=1", "SHOW VARIABLES LIKE 'profiling'", "SELECT FOUND_ROWS()",
        "SELECT COUNT(DISTINCT query_id) FROM information_schema.profiling", "SET profiling=0"),
    "flush_status": pinned("FLUSH STATUS", "SELECT 1", "SHOW SESSION STATUS LIKE 'Com_select'"),
    "multi_set": pinned("SELECT 1; SET @a=2; SELECT @a; nonsense; SELECT 3", "SELECT @a"),
    "set_option": Scenario(b"\x1b\x01\x00", "SELECT 1; SELECT 2", b"\x1b\x00\x00",
                          "SELECT 1; SELECT 2"),
    "reset": Scenario("SET @a=1, sql_mode='ANSI', time_zone='+01:00'", "USE other",
                      bytes([COM_RESET_CONNECTION]), "SELECT @a, @@sql_mode, @@time_zone",
                      "SELECT DATABASE()", "SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()"),
    "reset_frees": carried(set_and_reset, "SELECT 1", "SELECT 2"),
    "temporary_status_flags": carried("SELECT 1", "SET sql_mode='NO_BACKSLASH_ESCAPES'",
                                      "SELECT '\\'", "SELECT 'a\\'"),
    "compound": Scenario("BEGIN NOT ATOMIC DECLARE x INT; SET x=1; SELECT x; END", "SELECT 1"),
    "kill_unknown": Scenario("KILL 2147483000", "SELECT 1"),
    "row_count_and_found_rows": Scenario("SELECT id FROM t", "UPDATE t SET v=77 WHERE id=1",
                                         "SELECT ROW_COUNT(), FOUND_ROWS()"),
    "row_count_leaves_nothing": Scenario("UPDATE t SET v=78 WHERE id=1", "SELECT ROW_COUNT()",
                                         "SELECT variable_name FROM "
                                         "information_schema.user_variables"),
    "warning_before_create": Scenario("SELECT CAST('abc' AS SIGNED)",
                                      "CREATE TEMPORARY TABLE fresh SELECT 99 AS x", "SHOW WARNINGS"),
    "warning_before_drop": Scenario("CREATE TABLE dropped (a INT)", "SELECT CAST('abc' AS SIGNED)",
                                    "DROP TABLE dropped", "SHOW WARNINGS"),
    "warning_before_show": Scenario("SELECT CAST('abc' AS SIGNED)", "SHOW TABLES LIKE 'none'",
                                    "SELECT @@warning_count"),
    "warning_before_nothing": Scenario("SELECT CAST('abc' AS SIGNED)", "DO 1", "SHOW WARNINGS"),
    "warning_then_row_count": Scenario("UPDATE t SET v=CAST('7x' AS SIGNED) WHERE id=1",
                                       "SELECT ROW_COUNT()", "SHOW WARNINGS"),
    "warning_in_the_middle": Scenario("SELECT CAST('abc' AS SIGNED); SELECT 2", "SHOW WARNINGS",
                                      "SELECT CAST('abc' AS SIGNED); SELECT v FROM t",
                                      "SHOW WARNINGS"),
    "savepoint_before_its_transaction": pinned("SET autocommit=0", "SAVEPOINT y", "ROLLBACK TO y",
                                               "COMMIT", "ROLLBACK TO y", "SET autocommit=1"),
    "found_rows_after_an_empty_aggregate": Scenario(
        "SELECT id FROM t", "SELECT MAX(id) FROM t WHERE id=-1", "SELECT FOUND_ROWS()"),
    "found_rows_after_an_aggregate": Scenario("SELECT id FROM t", "SELECT COUNT(*) FROM t",
                                              "SELECT FOUND_ROWS()"),
    "found_rows_after_a_failure": Scenario(
        "SELECT id FROM t", "SET STATEMENT max_statement_time=0.01 FOR SELECT SLEEP(1)",
        "SELECT FOUND_ROWS()"),
    "found_rows_after_a_mistake": Scenario("SELECT id FROM t", "SELECT nosuch FROM t",
                                           "SELECT FOUND_ROWS()"),
    "load_data_and_ids": Scenario("LOAD DATA LOCAL INFILE 'rows' INTO TABLE t (v)",
                                  "SELECT LAST_INSERT_ID(), ROW_COUNT()", files={"rows": b"5\n6\n"}),
    "collation_database_ends_with_use": Scenario(
        "SET collation_database=latin1_bin", "SELECT @@character_set_database", "USE other",
        "SELECT @@character_set_database, @@collation_database"),
    "counts_and_ids": Scenario("SELECT DATABASE()",
                               "SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()"),
    "plain_statements": carried("SELECT 1", "SELECT COUNT(*) FROM t", "UPDATE t SET v=2 WHERE id=1",
                                "SHOW TABLES", "SELECT s FROM t ORDER BY id", "SHOW CREATE TABLE c",
                                "DELETE FROM t WHERE id=2", "SELECT 1"),
}
FAMILY = processes.server_family()
if FAMILY == "mysql":
    mysql_scenarios.adapt(SCENARIOS)
KINDS = {"plain": (BASIC, adversary.TRANSACTION),
         "modern": (BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF, adversary.DIRT)}


@pytest.fixture(scope="module")
def root(server):
    with server.root(schema="test") as one:
        adversary.set_up(one)
        for statement in TABLES + ROUTINES + (MARIADB_ROUTINES if FAMILY == "mariadb" else []):
            one.query(statement)
        yield one


@pytest.fixture(scope="module")
def one_link(module_weir):
    return module_weir(pool_max_size=1, server_max_connections=1, pool_wait_timeout="20s")


@pytest.fixture(scope="module")
def session_mode(module_weir):
    return module_weir(pool_max_size=2, server_max_connections=3, pool_mode="session")


def run(address, scenario, capabilities, root, other, enemy=None, between=lambda: None):
    """The raw replies; between() is called after every statement but the last."""
    for statement in TABLES:
        root.query(statement)
    replies = []
    with wire.connect(address, schema=scenario.schema, capabilities=capabilities) as w:
        w.local_files = scenario.files
        w.while_waiting = enemy.go_on if enemy else None
        between()
        for number, step in enumerate(scenario.steps):
            if isinstance(step, Other):
                other.query(step)
                continue
            if isinstance(step, str):
                step = bytes([wire.COM_QUERY]) + step.encode()
            replies.append(step(w) if callable(step) else w.command(step))
            if number < len(scenario.steps) - 1:
                between()
        w.quit()
    other.query("ROLLBACK")
    return replies


def compare(scenario, direct, weir):
    steps = [step for step in scenario.steps if not isinstance(step, Other)]
    for step, theirs, ours in zip(steps, direct, weir):
        if theirs != ours and wire.normal(theirs, True) != wire.normal(ours, True):
            pytest.fail(f"{step!r}: {wire.describe_difference(theirs, ours)}", pytrace=False)


def parameters(scenarios):
    for name, scenario in scenarios.items():
        for client in scenario.clients:
            strict = not processes.switching()  # then links are reset at other moments
            marks = [pytest.mark.xfail(strict=strict, reason=scenario.known)] if scenario.known else []
            yield pytest.param(name, client, marks=marks, id=f"{name}-{client}")


@pytest.mark.parametrize("name,client", parameters(SCENARIOS))
def test_shared_link(server, one_link, root, direct, name, client):
    scenario = SCENARIOS[name]
    if name == "global_does_not_change_session" and processes.switching():
        pytest.skip("the change goes past Weir, and links are reset (docs/differences.md)")
    capabilities, work = KINDS[client]
    theirs = run(server.address, scenario, capabilities, root, direct)
    enemy = adversary.Adversary(one_link.address, capabilities, work)
    patience = PATIENCE_S if scenario.shared else PINNED_S

    def between():
        enemy.take_the_link(0.005 if enemy.blocked else patience)

    ours = run(one_link.address, scenario, capabilities, root, direct, enemy, between)
    blocked = enemy.blocked
    enemy.finish()
    compare(scenario, theirs, ours)
    assert not (scenario.shared and blocked), "the other client had to wait for nothing"
    assert blocked or not scenario.pinned, "the other client got a link that was not free"


@pytest.mark.parametrize("name", SCENARIOS)
def test_session_mode(server, session_mode, root, direct, name):
    """A link for each client: nothing is ever replayed."""
    scenario = SCENARIOS[name]
    capabilities, work = KINDS["plain"]
    if name == "global_does_not_change_session":
        pytest.skip("speaks of links that change hands")
    theirs = run(server.address, scenario, capabilities, root, direct)
    enemy = adversary.Adversary(session_mode.address, capabilities, work)
    ours = run(session_mode.address, scenario, capabilities, root, direct, enemy,
               lambda: enemy.take_the_link(PATIENCE_S))
    enemy.finish()
    compare(scenario, theirs, ours)


@pytest.mark.parametrize("keeps", ("SELECT 1", "SELECT GET_LOCK('k', 0)"), ids=("soft", "firm"))
@pytest.mark.parametrize("finds", ("SELECT 1 UNION SELECT 2", "SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1"),
                         ids=("union", "calc"))
def test_what_only_the_link_knows_is_read_before_it_changes(server, root, weir, keeps, finds):
    """A definition that calls may ask for anything, so much is made true on the link: what that disturbs
    must be known first. Nobody else wants the link."""
    steps = (keeps, finds, "CREATE PROCEDURE any_q() BEGIN CALL any_r(); END", "SELECT FOUND_ROWS()", finds,
             "DROP PROCEDURE any_q", "SELECT FOUND_ROWS()")
    for sql in TABLES:
        root.query(sql)
    with server.connect(schema="test") as one:
        theirs = [one.query(sql) for sql in steps]
    with weir(pool_max_size=1, pool_wait_timeout="20s").connect(schema="test") as one:
        assert [one.query(sql) for sql in steps] == theirs


def test_deadlock_frees_the_victim(server, weir):
    """1213 rolls the transaction back: the link is free although only an error said so."""
    server.query("CREATE OR REPLACE TABLE test.d (id INT PRIMARY KEY, v INT)")
    server.query("INSERT INTO test.d VALUES (1, 0), (2, 0)")
    two = weir(pool_max_size=2)
    with two.connect(schema="test") as a, two.connect(schema="test") as b, two.connect() as c:
        for one, row in ((a, 1), (b, 2)):
            one.query("BEGIN")
            one.query(f"UPDATE d SET v=v+1 WHERE id={row}")
        a.send(b"\x03UPDATE d SET v=v+10 WHERE id=2")
        b.send(b"\x03UPDATE d SET v=v+10 WHERE id=1")
        for one in (a, b):
            one.read_reply(wire.COM_QUERY)
        victim, winner = (a, b) if a.error else (b, a)
        assert victim.error.code == 1213 and winner.error is None
        # The diagnostics of the error may hold the link until the victim's next statement.
        assert victim.query("SELECT COUNT(*) FROM d") == [[b"2"]]
        assert c.query("SELECT 1") == [[b"1"]], "the victim's link is free, the winner's is not"
        winner.query("COMMIT")
        assert sorted(victim.query("SELECT v FROM d")) == [[b"1"], [b"10"]], "the winner's work alone"


class Citizen:
    """A client with a session of its own that knows at every moment what it must be."""

    ZONES = ("+01:00", "-03:00", "+05:30", "SYSTEM")
    MODES = ("", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_UNSIGNED_SUBTRACTION")
    CHARSETS = ("latin1", "utf8mb3", "utf8mb4")

    def __init__(self, number, address, rng):
        self.rng = rng
        self.wire = wire.connect(address, schema="test", timeout=60)
        self.schema, self.zone, self.mode, self.charset = "test", None, None, None
        self.limit = 1000 + number
        self.last_id = 0
        for sql in (f"SET group_concat_max_len={self.limit}", "SET time_zone='SYSTEM', sql_mode=''",
                    "SET NAMES latin1"):
            self.wire.query(sql)
        self.zone, self.mode, self.charset = "SYSTEM", "", "latin1"
        self.rows = 0
        self.number = number

    def begin(self):
        """Sends the next statement; what will have to be true of its reply is in self.expected."""
        self.expected = None
        action = self.rng.randrange(8)
        if action == 0:
            self.zone = self.rng.choice(self.ZONES)
            sql = f"SET time_zone='{self.zone}'"
        elif action == 1:
            self.mode = self.rng.choice(self.MODES)
            sql = f"SET sql_mode='{self.mode}'"
        elif action == 2:
            self.charset = self.rng.choice(self.CHARSETS)
            sql = f"SET NAMES {self.charset}"
        elif action == 3:
            self.schema = self.rng.choice(("test", "other"))
            sql = f"USE {self.schema}"
        elif action == 4:
            self.rows += 1
            self.last_id = None
            sql = f"INSERT INTO test.city (who) VALUES ({self.number})"
        elif action == 5 and self.last_id is not None:
            self.expected = [b"%d" % self.last_id, b"%d" % self.rows]
            sql = f"SELECT LAST_INSERT_ID(), (SELECT COUNT(*) FROM test.city WHERE who={self.number})"
        elif action == 6:
            self.rows += 2
            self.last_id = None
            sql = (f"BEGIN; INSERT INTO test.city (who) VALUES ({self.number}); "
                   f"INSERT INTO test.city (who) VALUES ({self.number}); COMMIT")
        else:
            self.expected = [x.encode() for x in (self.schema, self.zone, self.mode, self.charset,
                                                  self.charset, str(self.limit))]
            sql = ("SELECT DATABASE(), @@time_zone, @@sql_mode, @@character_set_client, "
                   "@@character_set_connection, @@group_concat_max_len")
        self.wire.send(b"\x03" + sql.encode())

    def end(self):
        self.wire.read_reply(wire.COM_QUERY)
        assert self.wire.error is None, self.wire.error
        if self.expected is not None:
            assert wire.text_row(self.wire.rows[-1]) == self.expected
        if self.last_id is None:
            self.last_id = int(self.wire.value("SELECT LAST_INSERT_ID()"))
            assert self.last_id > 0


@pytest.mark.parametrize("links,seed", [(1, 1), (3, 2)])
def test_a_crowd_of_sessions_on_few_links(root, weir, links, seed):
    root.query("CREATE OR REPLACE TABLE test.city (id INT PRIMARY KEY AUTO_INCREMENT, who INT)")
    one = weir(pool_max_size=links, log_level="note")
    rng = random.Random(seed)
    citizens = [Citizen(n, one.address, rng) for n in range(12)]
    end = time.monotonic() + 2
    rounds = 0
    while time.monotonic() < end or rounds <= 5:
        for citizen in citizens:
            citizen.begin()
        for citizen in citizens:
            citizen.end()
        rounds += 1
    for citizen in citizens:
        citizen.wire.quit()
    n = one.counters()
    assert len(one.links()) <= links and n["Weir_link_handovers"] > rounds
