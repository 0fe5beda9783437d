# SPDX-License-Identifier: Apache-2.0
"""The written sessions of scenarios.py for MySQL: what it has otherwise, and what only it has."""

from motifs import PING, RESET

# Bulk execution is MariaDB's, as are its extended metadata and BACKUP.
ONLY_MARIADB = (37, 67, 72, 103, 125)

SCENARIOS = {
    13: ["SET @a=3, @n=NULL", "PREPARE s FROM 'SELECT ?, ?'", "EXECUTE s USING @a, @a", "EXECUTE s USING @a, @a",
         "EXECUTE s USING @a"],
    25: ["SET sort_buffer_size=300000", "SELECT /*+ SET_VAR(sort_buffer_size=400000) */ @@sort_buffer_size",
         "SELECT @@sort_buffer_size"],
    26: ["SELECT /*+ SET_VAR(sort_buffer_size=400000) SET_VAR(sql_mode='ANSI') */ @@sort_buffer_size, @@sql_mode",
         "SELECT @@sort_buffer_size, @@sql_mode", "SELECT 'a' \"b\"",
         "UPDATE /*+ SET_VAR(sql_safe_updates=1) */ t SET v=1", "SELECT @@sql_safe_updates, SUM(v) FROM t"],
    27: ["SET foreign_key_checks=0", "INSERT INTO child (parent) VALUES (77)", "SET foreign_key_checks=1",
         "UPDATE child SET parent=78", "SELECT parent FROM child"],
    37: ["SET sql_mode='PIPES_AS_CONCAT,ANSI_QUOTES'", "SELECT 'a'||'b'", "SELECT \"id\" FROM t LIMIT 1",
         "SET sql_mode=DEFAULT", "SELECT 'a'||'b'"],
    67: ["CREATE PROCEDURE p_flush() FLUSH TABLES WITH READ LOCK", "CALL p_flush()",
         "INSERT INTO c (p) VALUES (1)", "UNLOCK TABLES", "INSERT INTO c (p) VALUES (1)"],
    72: ["LOCK INSTANCE FOR BACKUP", "SELECT 1", "INSERT INTO c (p) VALUES (1)", ("c", "query", "SELECT 1"),
         "UNLOCK INSTANCE", "SELECT COUNT(*) FROM c"],
    123: [("connect", "attributes", "one", "app"),
          ("query with", "SELECT mysql_query_attribute_string('n')", {"n": "one", "m": "two"}),
          "SELECT mysql_query_attribute_string('n')", ("prepare", "p", "SELECT ?, mysql_query_attribute_string('n')"),
          ("execute", "p", [4], "", {"n": "bound"}), ("execute", "p", [4], "")],
    124: [("connect", "metadata", "one", "app"), "SELECT id FROM t", "SET resultset_metadata=NONE",
          "SELECT id FROM t", "SELECT @@resultset_metadata", "SET resultset_metadata=FULL", "SELECT id FROM t"],
    137: ["SET RESOURCE GROUP USR_default", "SELECT 1", "SET RESOURCE GROUP nosuch", "SHOW WARNINGS"],
    149: ["CREATE USER other@'%' IDENTIFIED BY 'x'", "ALTER USER other@'%' IDENTIFIED BY 'y'",
          "SELECT COUNT(*) FROM mysql.user WHERE user='other'", "DROP USER other@'%'"],
    # --- beyond the list ---
    "warnings of what restores": ["CREATE TEMPORARY TABLE tmp (a INT)", "SET NAMES utf8mb3",
                                  "DROP TEMPORARY TABLE tmp", "SHOW WARNINGS"],
    "an error of what shows trackers": [
        "XA START 'xs'", "XA END 'xs'", "SELECT COUNT(*) FROM performance_schema.session_variables",
        "SHOW WARNINGS", "XA ROLLBACK 'xs'"],
    "rows that an UPDATE finds, and a statement prepared elsewhere": [
        ("prepare", "p", "SELECT ROW_COUNT(), FOUND_ROWS()"), "nonsense", "BEGIN NOT ATOMIC", "UPDATE t SET v=v+1",
        ("execute", "p", [], "")],
    "what SET NAMES utf8mb4 means": [
        "CREATE TEMPORARY TABLE tst (a INT)", ("prepare", "p", "SELECT * FROM tst"), "DROP TABLE tst",
        "SET default_collation_for_utf8mb4=utf8mb4_general_ci", "SET NAMES utf8mb4", ("execute", "p", [], ""),
        "SELECT COLLATION('a'), COLLATION(_utf8mb4'a')"],
    "conditions that only the link has, and FOUND_ROWS": [
        "SELECT @a:=1", "SHOW COUNT(*) WARNINGS", "SELECT FOUND_ROWS()", "SELECT 'x' || 'y'",
        "GET DIAGNOSTICS @n=NUMBER", "SELECT @n"],
    "an error, then diagnostics": ["SET sort_buffer_size=400000, nosuch=2",
                                   "GET CURRENT DIAGNOSTICS CONDITION 1 @v=MESSAGE_TEXT", "SELECT @v"],
    "many rows, then no warnings": ["SELECT variable_name FROM performance_schema.session_variables "
                                    "ORDER BY variable_name LIMIT 150", "SELECT FOUND_ROWS(), @@warning_count",
                                    "SHOW WARNINGS"],
    "character sets of stored code": ["CALL p_names()", "SELECT 1", ("prepare", "p", "COMMIT"),
                                      ("execute", "p", [], ""),
                                      "SELECT @@character_set_results, @@collation_connection"],
    "a CALL counts the rows before": [
        "SELECT 1 INTO @a", "CALL p_out(@a)", "SELECT @a", "UPDATE t SET v=9 WHERE id=1", "CALL p_out(@a)",
        "nonsense", "CALL p_out(@a)", "SELECT id FROM t", "CALL p_nothing()"],
    "XA that is detached": ["XA START 'd'", "INSERT INTO c (p) VALUES (4)", "XA END 'd'", "XA PREPARE 'd'",
                            "SELECT COUNT(*) FROM parent", ("c", "query", "XA COMMIT 'd'"),
                            "SELECT COUNT(*) FROM c"],
    "a client that follows its transaction": [
        ("connect", "modern", "one", "app"), "SET session_track_transaction_info='CHARACTERISTICS'", "BEGIN",
        "SELECT COUNT(*) FROM t", "DELETE FROM c", "COMMIT", "SET TRANSACTION READ ONLY", "BEGIN", "COMMIT"],
    "values that SET PERSIST leaves": [
        ("connect", "plain", "one", "few"), "SELECT 1",
        ("c", "query", "SET PERSIST max_error_count=1024"), ("c", "query", "RESET PERSIST max_error_count"),
        "SELECT id FROM t", "SELECT @@max_error_count"],
    "several locks": ["SELECT GET_LOCK('a', 0), GET_LOCK('b', 0), GET_LOCK('a', 0)", "SELECT RELEASE_LOCK('a')",
                      ("c", "query", "SELECT IS_FREE_LOCK('a')"), "SELECT RELEASE_LOCK('a'), RELEASE_LOCK('b')",
                      ("c", "query", "SELECT IS_FREE_LOCK('a'), IS_FREE_LOCK('b')")],
    "EXPLAIN into a variable": ["EXPLAIN FORMAT=JSON INTO @a SELECT id FROM t WHERE id=1", "SELECT 1",
                                "SELECT LENGTH(@a) > 100"],
    "roles": ["SET ROLE ALL", "SELECT CURRENT_ROLE()", "SET ROLE ALL EXCEPT r2", "SELECT CURRENT_ROLE()",
              "SET ROLE DEFAULT", "SELECT CURRENT_ROLE()", PING, RESET, "SELECT CURRENT_ROLE()"],
    "a role, and warnings before it": ["SELECT CAST('abc' AS SIGNED)", "SET ROLE r2", "SHOW WARNINGS"],
    "a change of user by caching_sha2_password": [
        "SET @a=1", ("change user", "bob", "secret", "two"), "SELECT @a, CURRENT_USER(), DATABASE()"],
}


def is_block(step):
    """Which MySQL does not have outside of stored programs."""
    return isinstance(step, str) and step.startswith("BEGIN NOT ATOMIC")


def adapt(scenarios):
    for number in ONLY_MARIADB:
        del scenarios[number]
    for name, steps in scenarios.items():
        scenarios[name] = [step for step in steps if not is_block(step)]
    scenarios.update(SCENARIOS)
