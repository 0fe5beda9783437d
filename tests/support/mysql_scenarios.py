# SPDX-License-Identifier: Apache-2.0
"""Scenarios of tests/e2e/test_session_state.py with a MySQL as the server."""

from scenario import Scenario, carried, pinned

# What MariaDB does not have, or MySQL has otherwise.
SCENARIOS = {
    "profiling": pinned("SET profiling=1", "SELECT 1", "SELECT COUNT(*) > 0 FROM "
                        "information_schema.profiling WHERE state='starting'", "SET profiling=0"),
    # COM_SET_OPTION tells how many conditions the statement before has left: a clean one here.
    "set_option": Scenario(b"\x1b\x01\x00", "SELECT 1; SELECT 2", "SELECT 3", b"\x1b\x00\x00",
                           "SELECT 1; SELECT 2"),
    "oracle_mode": carried("SET sql_mode='PIPES_AS_CONCAT'", "SELECT 'a'||'b'", "SET sql_mode=DEFAULT",
                           "SELECT @@sql_mode"),
    "set_statement": Scenario("SELECT /*+ SET_VAR(sort_buffer_size=400000) */ @@sort_buffer_size",
                              "SELECT @@sort_buffer_size"),
    "hint_on_table": Scenario("SELECT /*+ SET_VAR(sql_mode='ANSI_QUOTES') MAX_EXECUTION_TIME(9999) */ "
                              "COUNT(*) FROM t", "SELECT \"s\", @@sql_mode"),
    "backup_lock": pinned("LOCK INSTANCE FOR BACKUP", "SELECT 1", "UNLOCK INSTANCE"),
    "resource_group": Scenario("SET RESOURCE GROUP USR_default", "SELECT 1", "SET RESOURCE GROUP nosuch"),
    "autocommit_off_memory": pinned("SET autocommit=0", "SELECT v FROM m", "SELECT 1", "COMMIT",
                                    "SET autocommit=1"),
    "xa_prepared": Scenario("XA START 'x2'", "INSERT INTO t (v) VALUES (4)", "XA END 'x2'",
                            "XA PREPARE 'x2'", "SELECT 1", "XA COMMIT 'x2'", "SELECT COUNT(*) FROM t"),
    "role": Scenario("SET ROLE NONE", "SELECT CURRENT_ROLE()", "SET ROLE ALL", "SELECT CURRENT_ROLE()"),
    "dollar_quotes": Scenario("SELECT $$", "SELECT 1", "SELECT $$ FROM t", "SELECT 'a' AS $x"),
    "table_statements": Scenario("TABLE c", "VALUES ROW(1),ROW(2)", "SELECT FOUND_ROWS()",
                                 "TABLE t ORDER BY id LIMIT 2", "SELECT FOUND_ROWS(), ROW_COUNT()"),
    "silent_found_rows": Scenario("SELECT * FROM t", "UPDATE t SET v=5 LIMIT 2", "SELECT FOUND_ROWS()",
                                  "SELECT * FROM t", "DO 1", "SELECT FOUND_ROWS(), ROW_COUNT()",
                                  "INSERT INTO c (p) SELECT v FROM t", "SELECT FOUND_ROWS()",
                                  "SELECT * FROM t", "INSERT INTO c (p) VALUES (3)",
                                  "SELECT FOUND_ROWS()"),
    "long_error": Scenario("SELECT 1 FROM t WHERE nonsense here and a text that is longer than a message "
                           "of a signal may be, which has one hundred and twenty-eight characters",
                           "SHOW WARNINGS", "SELECT 2", "SHOW WARNINGS"),
    "deprecated": Scenario("SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1", "SHOW WARNINGS",
                           "SELECT FOUND_ROWS()", "SHOW COUNT(*) WARNINGS", "SELECT 1",
                           "SHOW WARNINGS"),
    "named_collations": carried("SET NAMES utf8mb4 COLLATE utf8mb4_ja_0900_as_cs",
                                "SELECT @@collation_connection, 'a'='A'", "SET NAMES utf8mb4",
                                "SELECT @@collation_connection"),
    "default_collation": pinned("SET default_collation_for_utf8mb4=utf8mb4_general_ci",
                                "SET NAMES utf8mb4", "SELECT @@collation_connection"),
    "many_mysql_variables": carried(
        "SET SESSION windowing_use_high_precision=OFF, cte_max_recursion_depth=5",
        "SELECT @@windowing_use_high_precision, @@cte_max_recursion_depth",
        "SET SESSION transaction_isolation='READ-COMMITTED'", "SELECT @@transaction_isolation",
        "SET SESSION information_schema_stats_expiry=0", "SELECT @@information_schema_stats_expiry",
        "SET SESSION internal_tmp_mem_storage_engine=MEMORY",
        "SELECT @@internal_tmp_mem_storage_engine"),
    "persisted": Scenario("SET PERSIST max_execution_time=0", "SELECT @@max_execution_time",
                          "RESET PERSIST max_execution_time"),
}
# What they leave is a deprecation or an error with a text that no SIGNAL can say again (it takes 128
# characters there): until the next statement the link stays.
KEPT_FOR_ONE_STATEMENT = ("variable_assigned", "variable_in_where", "variable_running_total",
                          "text_prepare_error_drops", "execute_immediate")


def adapt(scenarios):
    """Changes those of MariaDB into those of MySQL."""
    scenarios.update(SCENARIOS)
    for name in KEPT_FOR_ONE_STATEMENT:
        scenarios[name].shared = False


# Of tests/e2e/test_user_variables.py: the same, and a statement that is too long to be kept, whose names
# only MariaDB can tell.
KEPT_VARIABLES = ("assigned_in_select", "in_update", "after_an_error", "load_data", "long_statement",
                  "prepare_again", "execute_immediate")


def adapt_user_variables(scenarios):
    """BEGIN cannot be prepared, nor an expression; a geometry is a string; and a prepared statement goes on
    to convert into the type that a variable had at first (docs/differences.md)."""
    for name in KEPT_VARIABLES:
        scenarios[name].shared = False
    scenarios["geometry"] = carried(*scenarios["geometry"].steps)
    for name in ("prepare_begin", "prepare_from_expression"):
        scenarios[name].pinned = False
    scenarios["binary_reads"].known = "converts into the type that a variable had"
