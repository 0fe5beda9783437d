# SPDX-License-Identifier: Apache-2.0
"""The motifs of motifs.py for MySQL: what it has otherwise, and what only it has."""

import re

import wire
from session import LONG_DATA

RENAMED = {"tx_isolation": "transaction_isolation", "tx_read_only": "transaction_read_only",
           "max_statement_time": "max_execution_time"}
OLD_NAME = re.compile("|".join(RENAMED))
OR_REPLACE = re.compile(r"CREATE OR REPLACE TABLE (\S+)")

# Sequences, compound statements and bulk execution are MariaDB's.
ONLY_MARIADB = ("temporary_sequence", "sequence", "compound", "bulk", "set_statement", "profiling")
ONLY_MARIADB_OBSERVERS = ("SELECT @@in_transaction",
                          "SELECT variable_name, variable_value FROM information_schema.user_variables "
                          "ORDER BY 1")

KNOWN = {
    "messages": "errors that Weir raises itself are in English",
    "binary_schema": "the last EOF of a statement that is prepared again in another schema",
    "text_prepare_tables": "the last EOF of a statement that is prepared again in another schema",
}

NOT_SHOWN = ("timestamp", "rand_seed1", "rand_seed2", "pseudo_thread_id", "statement_id",
             "warning_count", "error_count", "identity", "last_insert_id", "session_track_schema",
             "session_track_state_change", "session_track_system_variables",
             "session_track_transaction_info", "port", "report_port", "server_uuid", "build_id", "gtid_executed")
WHOLE_STATE = ("SELECT variable_name, variable_value FROM performance_schema.session_variables WHERE "
               "variable_name NOT IN (" + ",".join(f"'{name}'" for name in NOT_SHOWN)
               + ") ORDER BY variable_name")

OBSERVERS = [
    "SELECT variable_name, variable_value FROM performance_schema.user_variables_by_thread "
    "WHERE thread_id=PS_CURRENT_THREAD_ID() AND variable_name<>'weir_row_count' ORDER BY 1",
    "TABLE c LIMIT 1", "VALUES ROW(1), ROW(2)", "SELECT /*+ SET_VAR(sql_mode='ANSI_QUOTES') */ @@sql_mode",
    "SELECT @@session.transaction_isolation, @@session.transaction_read_only",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x", "SELECT 1 /*!80000 + 1 */ /*!99999 + nonsense */",
    "SELECT JSON_OBJECT('a', @a)", "SHOW VARIABLES LIKE 'character_set_c%'",
    "SELECT @@session_track_gtids, @@resultset_metadata, @@session.sql_require_primary_key",
    ("query with", "SELECT mysql_query_attribute_string('n'), 5", {"n": "one"}),
]

# The types of the first execution go on to count (docs/differences.md).
MANY_TYPES = [("prepare", "f1", "SELECT ?, LENGTH(?), ? IS NULL"), ("execute", "f1", [1, b"\x00\xff", "a"], ""),
              ("execute", "f1", [2, b"y", None], "same types"), ("execute", "f1", [-1, b"x" * 300, "b"], ""),
              ("reset statement", "f1"), ("execute", "f1", [7, b"", "c"], "same types"), ("close", "f1")]

MOTIFS = {
    "binary": [("prepare", "p1", "SELECT ?+1"), ("execute", "p1", [4], ""), ("execute", "p1", [9], "same types"),
               ("execute", "p1", [None], "same types"), ("execute", "p1", [1], "same types")],
    # The unit of max_execution_time is a millisecond.
    "timeouts": ["SET max_execution_time=50000, net_read_timeout=77, wait_timeout=1000",
                 "SELECT @@max_execution_time, @@net_read_timeout, @@wait_timeout"],
    # After a COM_RESET_CONNECTION, an INSERT that a foreign key refuses uses up a number there.
    "checks": ["SET foreign_key_checks=0", "INSERT INTO child (id, parent) VALUES (77, 77)",
               "SET foreign_key_checks=1", "UPDATE child SET parent=78 LIMIT 1",
               "SET sql_safe_updates=1", "UPDATE t SET v=1", "SET sql_safe_updates=0"],
    "sql_mode_more": ["SET sql_mode=CONCAT(@@sql_mode,',PIPES_AS_CONCAT')", "SELECT 'a'||'b'",
                      "SET sql_mode=ANSI", "SELECT 'a'||'b'", "SET sql_mode=''", "SELECT 1||0",
                      "SET sql_mode='HIGH_NOT_PRECEDENCE,REAL_AS_FLOAT'", "SELECT NOT 1 BETWEEN -5 AND 5",
                      "SET sql_mode=TRADITIONAL", "INSERT INTO t (v) VALUES ('x')",
                      "SET sql_mode='TIME_TRUNCATE_FRACTIONAL'", "SELECT @@sql_mode"],
    "hints": ["SELECT /*+ SET_VAR(sort_buffer_size=400000) */ @@sort_buffer_size",
              "SELECT @@sort_buffer_size", "SET @a=/*+ no hint */ 4",
              "SELECT /*+ SET_VAR(sql_mode='ANSI_QUOTES') MAX_EXECUTION_TIME(9999) */ COUNT(*) FROM t",
              "SELECT \"s\", @@sql_mode", "SELECT /*+ SET_VAR(nosuch=1) */ 1", "SHOW WARNINGS",
              "INSERT /*+ SET_VAR(foreign_key_checks=0) */ INTO child (id, parent) VALUES (79, 79)",
              "SELECT @@foreign_key_checks",
              "SELECT /*+ SET_VAR(time_zone='+03:00') */ FROM_UNIXTIME(0)",
              "SELECT FROM_UNIXTIME(0)", "SELECT /*+ BKA(t) */ id FROM t LIMIT 1"],
    "hints_in_transaction": ["BEGIN", "UPDATE /*+ SET_VAR(sql_safe_updates=1) */ c SET p=1",
                             "SELECT @@sql_safe_updates", "ROLLBACK"],
    "transaction_trackers": [
        "SET session_track_transaction_info='CHARACTERISTICS'", "BEGIN", "SELECT COUNT(*) FROM t",
        "INSERT INTO c (p) VALUES (3)", "COMMIT", "SET TRANSACTION READ ONLY", "SELECT COUNT(*) FROM c",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", "COMMIT",
        "SET session_track_transaction_info='STATE'", "SET autocommit=0", "SELECT COUNT(*) FROM c",
        "COMMIT", "SET autocommit=1", "LOCK TABLES c READ", "UNLOCK TABLES",
        "SET session_track_transaction_info=OFF"],
    "tracker_lists": [
        "SET session_track_system_variables='sql_mode,nosuch, time_zone ,autocommit'", "SHOW WARNINGS",
        "SELECT @@session_track_system_variables", "SET sql_mode='', autocommit=1", "SET NAMES latin1",
        "SET session_track_system_variables=''", "SET sql_mode='ANSI'",
        "SET session_track_system_variables=DEFAULT", "SET NAMES utf8mb4",
        "SET session_track_system_variables=NULL", "SET SESSION session_track_gtids=OWN_GTID",
        "INSERT INTO c (p) VALUES (8)", "SET session_track_gtids=OFF", "SET session_track_schema=0",
        ("command", bytes([wire.COM_INIT_DB]) + b"two"), "SET session_track_schema=DEFAULT",
        ("command", bytes([wire.COM_INIT_DB]) + b"one")],
    "isolation_names": ["SET @@transaction_isolation='READ-COMMITTED'", "BEGIN", "SELECT COUNT(*) FROM c",
                        "COMMIT", "SET SESSION transaction_isolation='READ-UNCOMMITTED'",
                        "SELECT @@transaction_isolation", "SET LOCAL transaction_read_only=1",
                        "INSERT INTO c (p) VALUES (1)", "SET @@session.transaction_read_only=0",
                        "SET @@transaction_read_only=1", "BEGIN", "INSERT INTO c (p) VALUES (1)", "COMMIT",
                        "SET SESSION transaction_isolation=DEFAULT"],
    "lock_instance": ["LOCK INSTANCE FOR BACKUP", "SELECT 1", "INSERT INTO c (p) VALUES (2)",
                      "UNLOCK INSTANCE"],
    "resource_group": ["SET RESOURCE GROUP USR_default", "SELECT 1", "SET RESOURCE GROUP nosuch",
                       "SHOW WARNINGS"],
    "persist": ["SET PERSIST_ONLY sort_buffer_size=300000", "SELECT @@sort_buffer_size",
                "SET PERSIST max_points_in_geometry=65536", "RESET PERSIST sort_buffer_size",
                "RESET PERSIST IF EXISTS max_points_in_geometry", "SHOW WARNINGS",
                "SET @@PERSIST_ONLY.max_error_count=1024, @a=1", "SELECT @a",
                "RESET PERSIST IF EXISTS max_error_count"],
    "attributes": [("query with", "SELECT mysql_query_attribute_string('n')", {"n": "one", "m": "two"}),
                   ("query with", "SET @a=mysql_query_attribute_string('n')", {"n": "kept"}), "SELECT @a",
                   ("query with", "SELECT mysql_query_attribute_string('n')", {"other": None}),
                   ("prepare", "q1", "SELECT ?, mysql_query_attribute_string('n')"),
                   ("execute", "q1", [4], "", {"n": "bound"}), ("execute", "q1", [5], ""),
                   ("execute", "q1", [6], "same types"), ("close", "q1")],
    "metadata": ["SET resultset_metadata=NONE", "SELECT id FROM t LIMIT 1", "SET @a=5",
                 "SELECT @a, 'x'", "SET resultset_metadata=FULL", "SELECT id FROM t LIMIT 1"],
    "locks_several": ["SELECT GET_LOCK('a~', 0), GET_LOCK('b~', 0), GET_LOCK('a~', 0)",
                      "SELECT RELEASE_LOCK('a~')", "SELECT IS_USED_LOCK('a~')=CONNECTION_ID()",
                      "SELECT RELEASE_LOCK('a~'), RELEASE_LOCK('b~')", "SELECT GET_LOCK(NULL, 0)",
                      "SELECT GET_LOCK(REPEAT('x', 65), 0)", "SELECT GET_LOCK('a~', -1.5)",
                      "DO RELEASE_ALL_LOCKS()"],
    "locks_seen": ["DO GET_LOCK('seen~', 0)", "SELECT COUNT(*) FROM performance_schema.metadata_locks "
                   "WHERE object_type='USER LEVEL LOCK' AND owner_thread_id=PS_CURRENT_THREAD_ID()",
                   "DO RELEASE_LOCK('seen~')"],
    "xa_detached": ["XA START 'd~'", "INSERT INTO c (p) VALUES (44)", "XA END 'd~'", "XA PREPARE 'd~'",
                    "SELECT COUNT(*) FROM parent", "SET @a=1", "XA COMMIT 'd~'", "SELECT COUNT(*) FROM c"],
    "xa_errors": ["XA END 'e~'", "XA START 'e~'", "BEGIN", "INSERT INTO nosuch VALUES (1)",
                  "XA PREPARE 'e~'", "XA END 'e~'", "SELECT 1", "XA ROLLBACK 'e~'", "XA COMMIT 'nosuch'"],
    "explain": ["EXPLAIN SELECT * FROM t WHERE id=1", "SHOW WARNINGS", "EXPLAIN FORMAT=TRADITIONAL SELECT "
                "id FROM t WHERE id=1", "SHOW WARNINGS",
                "EXPLAIN FORMAT=JSON INTO @a SELECT id FROM t WHERE id=1", "SELECT LENGTH(@a) > 100",
                "SET explain_format=TRADITIONAL", "DESC SELECT id FROM t WHERE id=2", "SHOW COUNT(*) WARNINGS",
                "SET explain_format=DEFAULT"],
    "on_duplicate": ["INSERT INTO t (id, v) VALUES (1, 5) AS new ON DUPLICATE KEY UPDATE v=new.v+1",
                     "SELECT ROW_COUNT(), LAST_INSERT_ID()",
                     "INSERT INTO t (id, v) VALUES (2, 5) ON DUPLICATE KEY UPDATE id=LAST_INSERT_ID(id), "
                     "v=VALUES(v)", "SHOW WARNINGS", "SELECT LAST_INSERT_ID()",
                     "REPLACE INTO parent VALUES (3)", "SELECT ROW_COUNT()"],
    "table_values": ["TABLE t ORDER BY id LIMIT 2", "SELECT FOUND_ROWS(), ROW_COUNT()",
                     "VALUES ROW(1,'a'), ROW(2,'b') ORDER BY 1 DESC", "SELECT FOUND_ROWS()",
                     "INSERT INTO c (p) VALUES ROW(1), ROW(2)", "SELECT ROW_COUNT(), LAST_INSERT_ID()",
                     "INSERT INTO c (p) TABLE parent", "SELECT 1 INTERSECT SELECT 1",
                     "SELECT FOUND_ROWS()", "(SELECT 1) UNION (SELECT 2) LIMIT 1", "SELECT FOUND_ROWS()",
                     "SELECT id INTO @a FROM t ORDER BY id LIMIT 1", "SELECT @a, ROW_COUNT()",
                     "TABLE c ORDER BY id LIMIT 1 INTO @a, @b", "SELECT @a IS NULL"],
    "json": ["SET @a=JSON_ARRAY(1,'x',NULL)", "SELECT @a, CHARSET(@a), JSON_TYPE(@a)",
             "SET @b=CAST('{\"k\": 1}' AS JSON)", "SELECT @b->'$.k', JSON_EXTRACT(@b, '$.k')",
             "SELECT JSON_EXTRACT(@b, '$.k')"],
    "collations": ["SET NAMES utf8mb4 COLLATE utf8mb4_ja_0900_as_cs", "SELECT 'a'='A', COLLATION('a')",
                   "SET NAMES utf8mb4", "SELECT COLLATION('a')", "SET NAMES 'latin1' COLLATE 'latin1_bin'",
                   "SELECT 'a'='A'", "SET character_set_connection=utf8mb4", "SELECT COLLATION('a')",
                   "SET collation_connection=utf8mb4_0900_bin", "SELECT COLLATION('a')", "SET NAMES DEFAULT",
                   "SELECT COLLATION('a'), @@collation_connection"],
    "collation_default": ["SET default_collation_for_utf8mb4=utf8mb4_general_ci", "SET NAMES utf8mb4",
                          "SELECT COLLATION('a'), COLLATION(_utf8mb4'a')",
                          "SET default_collation_for_utf8mb4=DEFAULT", "SET NAMES utf8mb4",
                          "SELECT COLLATION('a'), COLLATION(_utf8mb4'a')"],
    "own_variables": [
        "SET SESSION windowing_use_high_precision=OFF, cte_max_recursion_depth=5",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n+1 FROM r WHERE n<9) SELECT MAX(n) FROM r",
        "SET SESSION information_schema_stats_expiry=0, sql_require_primary_key=ON",
        "CREATE TEMPORARY TABLE keyless (a INT)", "SET SESSION sql_require_primary_key=DEFAULT",
        "SET show_create_table_verbosity=1, sql_generate_invisible_primary_key=1",
        "SELECT @@show_create_table_verbosity, @@sql_generate_invisible_primary_key",
        "SET sql_generate_invisible_primary_key=0, show_create_table_verbosity=0",
        "SET block_encryption_mode='aes-256-cbc', regexp_time_limit=33", "SELECT @@block_encryption_mode",
        "SET SESSION select_into_buffer_size=8192, sort_buffer_size=DEFAULT",
        "SET end_markers_in_json=1, eq_range_index_dive_limit=7", "SELECT @@end_markers_in_json"],
    "time_limits": ["SET max_execution_time=200", "SELECT SLEEP(1)", "SHOW WARNINGS",
                    "SET max_execution_time=DEFAULT", "SELECT /*+ MAX_EXECUTION_TIME(30) */ COUNT(*), "
                    "SLEEP(1) FROM parent"],
    "role_lists": ["SET ROLE ALL", "SELECT CURRENT_ROLE()", "SET ROLE DEFAULT", "SELECT CURRENT_ROLE()",
                   "SET ROLE ALL EXCEPT r2", "SELECT CURRENT_ROLE()", "SET ROLE nosuch",
                   "SET ROLE 'r1'@'%', r2", "SELECT CURRENT_ROLE()", "SET ROLE NONE"],
    "replication": ["SHOW BINARY LOG STATUS", "SHOW REPLICAS", "SHOW REPLICA STATUS", "SHOW MASTER STATUS"],
    "text_prepare_hints": ["PREPARE s FROM 'SELECT /*+ SET_VAR(sort_buffer_size=500000) */ "
                           "@@sort_buffer_size'", "EXECUTE s", "SELECT @@sort_buffer_size", "EXECUTE s",
                           "DEALLOCATE PREPARE s"],
    "text_prepare_show": ["PREPARE s FROM 'SHOW TABLES LIKE ''t%'''", "EXECUTE s", "SELECT FOUND_ROWS()",
                          "PREPARE s FROM 'SELECT CAST(''abc'' AS SIGNED)'", "EXECUTE s", "SHOW WARNINGS",
                          "PREPARE s FROM 'SELECT GET_LOCK(''ps~'', 0)'", "EXECUTE s",
                          "SELECT RELEASE_LOCK('ps~')", "DROP PREPARE s"],
    "binary_more_types": [("prepare", "q2", "SELECT ?, ? + 1, COALESCE(?, 'x'), ? = 'a'"),
                          ("execute", "q2", [1, 2, "c", "a"], ""),
                          ("execute", "q2", [2, 3, "d", "A"], "same types"),
                          ("execute", "q2", [3, 4, "e", None], ""), ("close", "q2")],
    "binary_limit": [("prepare", "q3", "SELECT id FROM t ORDER BY id LIMIT ?, ?"),
                     ("execute", "q3", [1, 1], ""), ("execute", "q3", [0, 2], "same types"),
                     "SELECT FOUND_ROWS()", ("close", "q3")],
    "binary_cte": [("prepare", "q4", "WITH x AS (SELECT ? AS a) SELECT a, a IS NULL FROM x"),
                   ("execute", "q4", ["word"], ""), ("execute", "q4", ["other"], "same types"),
                   ("close", "q4")],
    "binary_show": [("prepare", "q5", "SHOW WARNINGS"), "SELECT CAST('abc' AS SIGNED)",
                    ("execute", "q5", [], ""), ("prepare", "q6", "SHOW VARIABLES LIKE 'sql_mode'"),
                    ("execute", "q6", [], ""), ("close", "q6"), ("close", "q5")],
    "binary_into": [("prepare", "q7", "SELECT ?, ? INTO @a, @b"), ("execute", "q7", [4, "x"], ""),
                    "SELECT @a, @b", ("prepare", "q10", "SELECT LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS()"),
                    "INSERT INTO t (v) VALUES (1)", ("execute", "q10", [], ""), ("close", "q10")],
    "cursor_long": [("prepare", "q8", "SELECT a.seq, ? FROM seq_1_to_10 a, seq_1_to_10 b ORDER BY 1, b.seq"),
                    ("execute", "q8", ["v"], "cursor"), ("fetch", "q8", 50), ("command", bytes([wire.COM_PING])),
                    "SELECT 1", ("fetch", "q8", 50), ("fetch", "q8", 1), ("close", "q8")],
    "cursor_show": [("prepare", "q9", "SHOW TABLES"), ("execute", "q9", [], "cursor"), ("fetch", "q9", 2),
                    ("close", "q9"), ("prepare", "q9", "CALL p_two()"), ("execute", "q9", [], "cursor"),
                    ("fetch", "q9", 1), ("close", "q9"),
                    ("prepare", "q9", "INSERT INTO c (p) VALUES (?)"), ("execute", "q9", [1], "cursor"),
                    ("fetch", "q9", 1), ("close", "q9")],
    "long_data_more": [("prepare", "q10", "INSERT INTO kinds (f) VALUES (?)"), ("long", "q10", 0, b"x" * 99),
                       ("execute", "q10", [LONG_DATA], ""), "SELECT LENGTH(f) FROM kinds WHERE f IS NOT NULL",
                       ("close", "q10"), "DELETE FROM kinds WHERE LENGTH(f)=99"],
    "deprecated": ["SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1", "SHOW WARNINGS", "SELECT FOUND_ROWS()",
                   "SELECT 'a' || 'b'", "SHOW WARNINGS", "SELECT 1 && 1", "SHOW COUNT(*) WARNINGS",
                   "SELECT @a:=1", "SHOW WARNINGS", "SELECT $$", "SELECT 'a' AS $x", "SHOW WARNINGS"],
    "notes": ["CREATE TABLE IF NOT EXISTS t (a INT)", "SHOW WARNINGS", "CREATE DATABASE IF NOT EXISTS one",
              "SHOW WARNINGS", "DROP PROCEDURE IF EXISTS nosuch", "SHOW WARNINGS",
              "DROP TRIGGER IF EXISTS nosuch", "SHOW COUNT(*) WARNINGS", "DROP VIEW IF EXISTS nosuch",
              "SELECT @@warning_count"],
    "diagnostics": ["SELECT CAST('abc' AS SIGNED)", "GET DIAGNOSTICS @a=NUMBER, @b=ROW_COUNT",
                    "GET DIAGNOSTICS CONDITION 1 @b=MYSQL_ERRNO", "SELECT @a, @b, @v",
                    "SELECT * FROM nosuch", "GET DIAGNOSTICS CONDITION 1 @b=RETURNED_SQLSTATE", "GET CURRENT DIAGNOSTICS CONDITION 1 @v=MESSAGE_TEXT",
                    "SELECT @v", "GET DIAGNOSTICS CONDITION 5 @v=MESSAGE_TEXT", "SHOW WARNINGS"],
    "locking_reads": ["BEGIN", "SELECT id FROM t WHERE id=2 FOR SHARE", "SELECT id FROM t WHERE id=2 FOR "
                      "UPDATE NOWAIT", "COMMIT", "SELECT id FROM t WHERE id=2 FOR SHARE SKIP LOCKED"],
    "generated": ["CREATE TEMPORARY TABLE made (a INT, b INT AS (a*2), c INT DEFAULT (a+1), CHECK (a<9))",
                  "INSERT INTO made (a) VALUES (3)", "TABLE made", "INSERT INTO made (a) VALUES (10)",
                  "SHOW WARNINGS", "DROP TEMPORARY TABLE made"],
    "comments": ["SELECT /*!80000 1 */ + 1", "SET /*!80000 @a= */ /*!99999 nonsense */ 3", "SELECT @a",
                 "-- nothing\nSELECT 2", "# nothing\nSET @a=4", "/*!50000 SET @b=5 */", "SELECT @a, @b",
                 "SELECT /* a /*! b */ 1"],
}


def with_number(sql):
    """An INSERT into child that does not ask for a number."""
    return re.sub(r"INTO child \(parent\) VALUES \((\d+)\)", r"INTO child (id, parent) VALUES (\1, \1)", sql)


def of_mysql(item):
    """A motif's item in MySQL's words: a list, as one of MariaDB's may be two."""
    if not isinstance(item, str):
        return [item]
    again = OR_REPLACE.match(item)
    if again:
        return [f"DROP TABLE IF EXISTS {again.group(1)}", item.replace("OR REPLACE ", "", 1)]
    return [OLD_NAME.sub(lambda old: RENAMED[old.group()], item)]


def adapt(motifs):
    """Changes the module motifs into that for MySQL."""
    for name in ONLY_MARIADB:
        del motifs.MOTIFS[name]
    # MySQL opens a cursor again, and says so in a reply without an end (docs/differences.md).
    motifs.MOTIFS["cursor"].remove(("execute", "p12", [], ""))
    # The row count that its OK has is that of the statement before (docs/differences.md).
    motifs.MOTIFS["calls"].remove("CALL p_nothing()")
    for name, items in motifs.MOTIFS.items():
        motifs.MOTIFS[name] = [one for item in items for one in of_mysql(item)]
    motifs.MOTIFS.update(MOTIFS)
    motifs.OBSERVERS[:] = [one for item in motifs.OBSERVERS if item not in ONLY_MARIADB_OBSERVERS
                           for one in of_mysql(item)] + OBSERVERS
    motifs.KNOWN = KNOWN
    motifs.WHOLE_STATE = WHOLE_STATE
