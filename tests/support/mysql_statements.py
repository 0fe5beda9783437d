# SPDX-License-Identifier: Apache-2.0
"""Scenarios of tests/e2e/test_statements.py with a MySQL as the server."""

import struct

from scenario import Scenario, carried, pinned
from statement_steps import both, execute, execute_packet, fetch, pipelined, prepare, reset
from wire import COM_STMT_FETCH, COM_STMT_PREPARE

ALL = "SELECT * FROM t ORDER BY id"
TYPES = ("goes on to convert into the types of the first execution (docs/differences.md)")

# MySQL prepares neither START TRANSACTION nor SHOW WARNINGS, and KILL takes no parameter. A statement
# whose first execution asked for a cursor is executed with one for ever: see test_cursors.py.
SCENARIOS = {
    "transaction": pinned("START TRANSACTION", *both("INSERT INTO t (v) VALUES (?)", 50),
                          *both("SELECT COUNT(*) FROM t"), *both("ROLLBACK"), execute(2), "BEGIN",
                          execute(1, 51), execute(3), execute(2)),
    "kill": carried(*both("KILL 12345678"), *both("KILL QUERY 12345678"), "SELECT 1"),
    "warnings": Scenario(*both("SELECT CAST('abc' AS SIGNED)"), "SHOW WARNINGS", execute(1),
                         prepare("SHOW WARNINGS"), "SHOW WARNINGS", execute(1),
                         "SELECT @@warning_count", execute(1), "SELECT @@warning_count"),
    "cursor": pinned(prepare(ALL), execute(ALL, flags=1), fetch(ALL, 1), fetch(ALL, 1), fetch(ALL, 5),
                     fetch(ALL, 1), execute(ALL, flags=1), fetch(ALL, 1), "SELECT 1"),
    "cursor_after_none": pinned(*both(ALL), execute(ALL, flags=1), fetch(ALL, 1), execute(ALL),
                                fetch(ALL, 1)),
    "cursor_ends": carried(pipelined(bytes([COM_STMT_PREPARE]) + ALL.encode(), execute_packet(1, flags=1),
                                     struct.pack("<BII", COM_STMT_FETCH, 1, 100)), "SELECT 1",
                           fetch(1, 1), "SHOW WARNINGS"),
    "cursor_reset": Scenario(prepare(ALL), execute(ALL, flags=1), fetch(ALL, 1), reset(ALL), fetch(ALL, 1),
                             "SELECT 1", execute(ALL, flags=1)),
}


def adapt(scenarios):
    """Changes those of MariaDB into those of MySQL."""
    scenarios.update(SCENARIOS)
    scenarios["last"].shared = False  # it leaves an error whose text no SIGNAL can say again
    for name in ("types_change", "set_user_variable"):
        scenarios[name].known = TYPES
