# SPDX-License-Identifier: Apache-2.0
"""Written sessions: what the lists of state in other tests leave out, and a table of where every entry
of the whole list of 150 is looked at.

Steps are those of session.py; without a client they are a's. Between any two steps of others, z takes
the link if it can and leaves traces on it."""

import scenarios_mysql
import wire
import world
from motifs import PING, RESET, fields, use

FILE = "test_session_state.py"
SAME = "test_same_bytes.py"
STATEMENTS = "test_statements.py"
CATALOGUE = "test_catalogue.py"
PINS = "test_pins.py"
TROUBLE = "test_server_trouble.py"
COMMANDS = "test_commands.py"
HERE = "here"
NONE = "none"
CONDITION = "GET DIAGNOSTICS CONDITION 1 @m=MESSAGE_TEXT, @e=MYSQL_ERRNO, @s=RETURNED_SQLSTATE"


def c(what):
    """A step of another client."""
    return ("c", *(what if isinstance(what, tuple) else ("query", what)))


SCENARIOS = {
    # --- user variables ---
    6: ["SET @x=1", "SET @x=@x+1", "SET @x=@x+1", "SET @x=@x+1", "SELECT @x"],
    12: ["SELECT CAST('a' AS SIGNED)", "GET DIAGNOSTICS @n=NUMBER, @r=ROW_COUNT", "SELECT @n, @r"],
    13: ["SET @a=3", "PREPARE s FROM 'SELECT ?, ?'", "EXECUTE s USING @a, @a", "EXECUTE s USING @a, @nosuch"],
    14: ["SET @r=0", "SELECT @r:=@r+v FROM t", "SELECT @r:=@r+v FROM t", "SELECT @r"],
    15: ["SET @l=REPEAT('x', 1048576)", "SELECT MD5(@l), LENGTH(@l)"],
    # --- system variables ---
    21: ["SET timestamp=1000", "SET timestamp=DEFAULT", "DO SLEEP(0.1)", "SELECT NOW()=SYSDATE() OR "
         "TIMEDIFF(SYSDATE(), NOW()) < '00:00:02'"],
    27: ["SET foreign_key_checks=0", "INSERT INTO child (parent) VALUES (77)", "SET foreign_key_checks=1",
         "INSERT INTO child (parent) VALUES (78)", "SELECT COUNT(*) FROM child"],
    36: ["SET session_track_system_variables='*', session_track_state_change=1", "SET sql_mode='ANSI'",
         "SET @a=1", use("two")],
    37: ["SET sql_mode=ORACLE", "SELECT 'a'||'b'", "BEGIN SELECT 1 FROM dual; END;", "SET sql_mode=DEFAULT",
         "SELECT 'a'||'b'"],
    38: ["SET NAMES gbk", b"SELECT '\xbf\\'", b"SELECT HEX('\xbf\\'')", "SET NAMES sjis",
         b"SELECT HEX('\x83\\')", b"SELECT '\x83\\', @@character_set_client"],
    # --- transactions ---
    41: ["SET autocommit=0", "SELECT COUNT(*) FROM m", c("ALTER TABLE m ADD w INT"), "SELECT * FROM m",
         "COMMIT"],
    45: ["BEGIN", "INSERT INTO c (p) VALUES (1)", "COMMIT AND CHAIN", "INSERT INTO c (p) VALUES (2)",
         "ROLLBACK AND CHAIN", "INSERT INTO c (p) VALUES (3)", "ROLLBACK", "SELECT COUNT(*) FROM c"],
    46: ["BEGIN", "INSERT INTO c (p) VALUES (7)", "COMMIT RELEASE", "SELECT COUNT(*) FROM c"],
    48: [c("BEGIN"), c("UPDATE t SET v=5 WHERE id=1"), "BEGIN", "INSERT INTO t (v) VALUES (4)",
         "UPDATE t SET v=6 WHERE id=1", "COMMIT", c("ROLLBACK"), "SELECT COUNT(*), SUM(v) FROM t"],
    50: ["XA START 'x50'", "INSERT INTO c (p) VALUES (4)", "XA END 'x50'", "XA PREPARE 'x50'", ("quit",),
         c("XA RECOVER"), c("XA COMMIT 'x50'"), c("SELECT COUNT(*) FROM c")],
    53: ["BEGIN; INSERT INTO c (p) VALUES (1); nonsense; SELECT 2", "SELECT @@in_transaction", "ROLLBACK",
         "SELECT COUNT(*) FROM c"],
    54: [c("BEGIN"), c("UPDATE t SET v=5 WHERE id=1"), "SELECT id FROM t FOR UPDATE SKIP LOCKED",
         "SELECT id FROM t FOR UPDATE NOWAIT", c("COMMIT")],
    55: ["START TRANSACTION WITH CONSISTENT SNAPSHOT", c("UPDATE t SET v=77"), "SELECT v FROM t", "COMMIT",
         "SELECT v FROM t"],
    56: ["BEGIN", "INSERT INTO c (p) VALUES (7)", ("vanish",), c("SELECT COUNT(*) FROM c"),
         "SELECT COUNT(*) FROM c"],
    # --- temporary tables, locks ---
    61: ["CREATE /*!32302 TEMPORARY */ TABLE tmp (a INT)", "INSERT INTO tmp VALUES (1)", "SELECT * FROM tmp",
         "CREATE /*M!100000 TEMPORARY */ TABLE tmp2 (a INT)", "SELECT * FROM tmp2"],
    62: ["CREATE TEMPORARY TABLE t SELECT 99 AS only_mine", "SELECT * FROM t", c("SELECT id FROM t"),
         "DROP TEMPORARY TABLE t", "SELECT id FROM t"],
    66: ["FLUSH TABLES WITH READ LOCK", "INSERT INTO c (p) VALUES (1)", c("SELECT COUNT(*) FROM c"),
         "UNLOCK TABLES", "INSERT INTO c (p) VALUES (1)"],
    67: ["BEGIN NOT ATOMIC FLUSH TABLES WITH READ LOCK; END", "INSERT INTO c (p) VALUES (1)",
         "UNLOCK TABLES", "INSERT INTO c (p) VALUES (1)"],
    69: ["SELECT * FROM view_lock", c("SELECT IS_FREE_LOCK('k')"), "SELECT RELEASE_LOCK('k')",
         "SELECT f_lock()", c("SELECT IS_FREE_LOCK('k')"), "SELECT RELEASE_LOCK('k')",
         "PREPARE s FROM \"SELECT GET_LOCK('k', 0)\"", "EXECUTE s", c("SELECT IS_FREE_LOCK('k')"),
         "DO RELEASE_LOCK('k')", "INSERT INTO c (p) SELECT GET_LOCK('k', 0)",
         c("SELECT IS_FREE_LOCK('k')"), "SELECT RELEASE_LOCK('k')"],
    70: ["SELECT GET_LOCK('k1', 0), GET_LOCK('k2', 0)", c("SELECT GET_LOCK('k1', 0)"),
         "SELECT RELEASE_ALL_LOCKS()", c("SELECT GET_LOCK('k2', 0)"), c("SELECT RELEASE_ALL_LOCKS()")],
    72: ["BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL", "BACKUP STAGE END",
         "BACKUP LOCK t", "SELECT 1", "BACKUP UNLOCK"],
    73: ["FLUSH TABLES c FOR EXPORT", "INSERT INTO c (p) VALUES (1)", c("SELECT COUNT(*) FROM c"),
         "UNLOCK TABLES", "INSERT INTO c (p) VALUES (1)"],
    # --- residue ---
    82: ["SET insert_id=777", "INSERT INTO t (v) VALUES (5)", "SELECT LAST_INSERT_ID(), MAX(id) FROM t",
         "INSERT INTO t (v) VALUES (5)", "SELECT LAST_INSERT_ID()"],
    83: [("connect", "found_rows", "one", "app"), "UPDATE t SET v=v", "SELECT ROW_COUNT()",
         "UPDATE t SET v=9", "SELECT ROW_COUNT()", "UPDATE t SET v=9 WHERE id=1", "SELECT ROW_COUNT()",
         ("connect", "plain", "one", "app"), "UPDATE t SET v=v", "SELECT ROW_COUNT()"],
    87: ["SELECT CAST('abc' AS SIGNED)", "SELECT 1", "SHOW WARNINGS", "SELECT id FROM t", "SHOW WARNINGS"],
    92: ["SET sql_mode=''", "INSERT INTO t (v) VALUES ('a'),('b'),('c'),('d'),('e')", "SHOW WARNINGS",
         "SHOW COUNT(*) WARNINGS"],
    93: ["SET max_error_count=2", "SELECT CAST('a' AS SIGNED), CAST('b' AS SIGNED), CAST('c' AS SIGNED)",
         "SHOW WARNINGS", "SELECT @@warning_count"],
    # --- prepared statements ---
    98: ["CREATE TABLE own (a INT)", ("prepare", "p", "SELECT * FROM own"), ("execute", "p", [], ""),
         "ALTER TABLE own ADD b INT", ("execute", "p", [], ""), "ALTER TABLE own DROP a",
         ("execute", "p", [], "")],
    103: [("connect", "extended", "one", "app"), ("prepare", "p", "INSERT INTO c (p) VALUES (?)"),
          ("bulk", "p", [1, None, 3]), "SELECT p FROM c", "SELECT ROW_COUNT()"],
    108: [("prepare", "p", "CALL p_in_out(?,?)"), ("execute", "p", [None, 4], ""),
          ("execute", "p", [None, 5], "same types")],
    109: ["CREATE TEMPORARY TABLE tmp (a INT)", ("prepare", "p", "SELECT * FROM tmp"),
          "INSERT INTO tmp VALUES (1)", ("execute", "p", [], ""), "DROP TEMPORARY TABLE tmp",
          ("execute", "p", [], "")],
    # --- protocol ---
    110: ["SELECT 1; SET @a=2; SELECT @a; bad; SELECT 3", "SELECT @a"],
    112: [("connect", "single", "one", "app"), "SELECT 1; SELECT 2", "SELECT 1;"],
    113: [("connect", "single", "one", "app"), ("command", b"\x1b\0\0"), "SELECT 1; SELECT 2",
          ("command", b"\x1b\1\0"), "SELECT 1; SELECT 2"],
    119: [fields("t"), fields("nosuch"), fields("view_plain")],
    121: ["SET @a=1, sql_mode='ANSI'", ("change user", "bob", "secret", "two"),
          "SELECT @a, @@sql_mode, CURRENT_USER(), DATABASE()", ("change user", "app", "secret", ""),
          "SELECT DATABASE()"],
    122: ["SET @a=1, sql_mode='ANSI'", "SET ROLE r1", use("two"), ("prepare", "p", "SELECT 1"), RESET,
          "SELECT @a, @@sql_mode, DATABASE(), CURRENT_ROLE()", ("execute", "p", [], "")],
    125: [("connect", "extended", "one", "app"), "SELECT g, l FROM kinds"],
    128: ["-- only a comment", "/* c */", "# x"],
    130: [("together", *[("query", f"SELECT {n}") for n in range(100)])],
    # --- other ---
    135: ["CREATE DATABASE gone", "USE gone", "SELECT DATABASE()", "CREATE TABLE g (a INT)",
          "SELECT COUNT(*) FROM g", "USE one", "DROP DATABASE gone", "SELECT DATABASE()"],
    136: ["SET ROLE r1", "SELECT CURRENT_ROLE()", "SET ROLE NONE", "SELECT CURRENT_ROLE()"],
    138: ["SET profiling=1", "SELECT 1", "SELECT query_id FROM information_schema.profiling LIMIT 1",
          "SET profiling=0"],
    139: ["SET optimizer_trace='enabled=on'", "SELECT COUNT(*) FROM t",
          "SELECT query FROM information_schema.optimizer_trace", "SET optimizer_trace='enabled=off'"],
    140: ["FLUSH STATUS", "SELECT 1", "SHOW SESSION STATUS LIKE 'Com_select'"],
    147: ["SET sql_log_bin=0", "SELECT @@sql_log_bin", "INSERT INTO c (p) VALUES (1)", "SET sql_log_bin=1",
          "SELECT @@sql_log_bin"],
    148: ["BINLOG 'nonsense'", "SELECT 1", PING],
    149: ["CREATE USER other@'%' IDENTIFIED BY 'x'", "ALTER USER other@'%' IDENTIFIED BY 'y'",
          "SELECT COUNT(*) FROM mysql.global_priv WHERE user='other'", "DROP USER other@'%'"],
    # --- what random scripts have found; numbers beyond the list ---
    # A table's rows are counted anew and conditions kept, whatever else is made true on the link.
    201: ["BEGIN", "nonsense", ("prepare", "p", "SELECT CAST(? AS SIGNED)"), "COMMIT"],
    202: [("prepare", "p", "SELECT CAST(? AS SIGNED)"), "BEGIN", "nonsense", ("execute", "p", ["5"], ""),
          "SHOW WARNINGS", "COMMIT"],
    203: ["SELECT seq FROM seq_1_to_600", "BEGIN", "EXECUTE nosuch", "PREPARE s FROM 'SELECT 1+1'",
          "SHOW WARNINGS", "COMMIT"],
    204: ["UPDATE t SET v=v+1 WHERE id=1", "SELECT ROW_COUNT() AS n LIMIT 1", "SHOW WARNINGS"],
    205: ["UPDATE t SET v=v+1 WHERE id=1", "BEGIN", "SELECT 1+ROW_COUNT()", "SHOW WARNINGS", "COMMIT"],
    206: ["UPDATE t SET v=v+1", "SELECT ROW_COUNT()", "SELECT ROW_COUNT()", "SELECT FOUND_ROWS()"],
    207: ["SELECT id FROM t", "UPDATE t SET v=v+1", "SELECT ROW_COUNT(), FOUND_ROWS()"],
    208: [("connect", "plain", "one", "few"), "UPDATE t SET v=v+1", "SELECT ROW_COUNT()",
          "SELECT ROW_COUNT()"],
    209: ["INSERT IGNORE INTO t (id, v) VALUES (1, 1), (50, 4), (51, 3)", "SELECT ROW_COUNT()",
          "SHOW WARNINGS", "INSERT IGNORE INTO t (id, v) VALUES (1, 1), (60, 4), (61, 3)",
          "GET DIAGNOSTICS @n=NUMBER, @r=ROW_COUNT", "SELECT @n, @r",
          "INSERT IGNORE INTO t (id, v) VALUES (1, 1), (70, 4)", "GET DIAGNOSTICS @n=NUMBER, @r=ROW_COUNT",
          "SELECT @n, @r"],
    210: ["BEGIN; nonsense; SELECT 2", ("prepare", "p", "INSERT INTO c (p) VALUES (?)"), "ROLLBACK",
          "CALL p_begin_error()", ("prepare", "p", "SELECT ?"), "SELECT ROW_COUNT()", "ROLLBACK"],
    211: ["SET STATEMENT sort_buffer_size=77824 FOR INSERT INTO c (p) VALUES (1), (2) RETURNING p",
          "SELECT LAST_INSERT_ID()",
          "INSERT INTO c (p) VALUES (1), (2) RETURNING p", "SELECT LAST_INSERT_ID()",
          "REPLACE INTO c (p) VALUES (1) RETURNING p", "SELECT LAST_INSERT_ID(), FOUND_ROWS()",
          "ANALYZE FORMAT=JSON INSERT INTO nosuch VALUES (1)", "SELECT LAST_INSERT_ID()",
          ("prepare", "p", "INSERT INTO c (p) VALUES (?) RETURNING p"), ("execute", "p", [4], ""),
          "SELECT LAST_INSERT_ID()"],
    212: ["CALL p_mode()", "SELECT @@sql_mode"],
    213: ["SELECT @@session_track_system_variables, @@session_track_state_change", "SET time_zone='+01:00'",
          "SELECT @@session_track_schema, @@session_track_transaction_info", "SELECT @@time_zone"],
    # A statement that was prepared as text is there, whatever executes it.
    215: ["PREPARE s FROM 'SELECT 5+?'", "SET @a=4", "SELECT 1; EXECUTE s USING @a; SELECT 2"],
    216: ["PREPARE s FROM 'SELECT 5+?'", "EXECUTE s USING 7, -2.5", "EXECUTE s USING 'a'",
          "EXECUTE s USING 1+1", "EXECUTE s USING NULL"],
    217: ["PREPARE s FROM 'SELECT 5'", "/*!50000 EXECUTE s */"],
    218: ["PREPARE s FROM 'SELECT 5+?'", "BEGIN NOT ATOMIC EXECUTE s USING 1; END"],
    219: ["PREPARE s FROM 'SELECT 5'", "CREATE PROCEDURE pex() EXECUTE s", "CALL pex()"],
    214: ["SET STATEMENT sql_mode='ANSI' FOR SELECT 1", ("prepare", "p", "SELECT ?"),
          "SELECT \"x\", 'a\\'b', @a", "SET STATEMENT sql_mode='NO_BACKSLASH_ESCAPES' FOR SELECT 1",
          "SELECT 'a\\'b', @a"],
    # --- beyond the list ---
    "the collation of a schema": [
        use("two"), "SET CHARACTER SET utf8mb4", "SELECT @@collation_connection, 'a'='A'", "SET NAMES utf8mb4",
        "SELECT 'a'='A'", "SET CHARACTER SET latin1", use("one"), "SELECT @@collation_connection",
        "PREPARE s FROM 'SELECT 1'", "SELECT @@collation_connection"],
    "variables of requests that come while the link is asked": [
        "SET @a=1", ("together", ("query", "SELECT CAST('a' AS SIGNED), CAST('b' AS SIGNED), @a:=2"),
                     ("query", "SET @b=5")), "SELECT @a, @b",
        ("together", ("query", "SET @c=3"),
         ("query", "INSERT IGNORE INTO t (id,v) VALUES (1,1),(90,'x'),(91,'z')"), ("query", "SELECT @d:=6"),
         ("query", "SELECT 7 INTO @e")), "SELECT @c, @d, @e"],
    "what SELECT INTO finds": [
        "SELECT id FROM t", "SELECT 1, 2 INTO @a, @b", "SELECT ROW_COUNT(), FOUND_ROWS()", "SELECT id FROM t",
        "SELECT id FROM t WHERE id=-1 INTO @a", "SELECT FOUND_ROWS()", "SELECT id FROM t",
        "SELECT id FROM t ORDER BY id LIMIT 1 INTO @a", "SELECT FOUND_ROWS()", "SELECT id FROM t",
        ("prepare", "p", "SELECT ?, ? INTO @a, @b"), ("execute", "p", [4, "x"], ""), "SELECT FOUND_ROWS()"],
    "the SQLSTATE of a warning, asked by code": [
        step for sql in ("SELECT CAST('x' AS SIGNED)", "SELECT UNCOMPRESS('it''s')",
                         "SELECT CAST(1000 AS DECIMAL(2,0))", "SELECT CAST('abc' AS CHAR(1))",
                         "SET STATEMENT sql_mode='' FOR INSERT INTO t (v) VALUES ('x')", "CALL p_warn()",
                         "INSERT INTO m VALUES (9, 1e9), (10, 2) ON DUPLICATE KEY UPDATE v=1",
                         "CALL p_signals('01234', 1292)", "CALL p_signals('01000', 1366)")
        for step in (sql, "BEGIN NOT ATOMIC " + CONDITION + "; SHOW WARNINGS; END", "SELECT @m, @e, @s",
                     "SHOW WARNINGS", sql, CONDITION, "SELECT @m, @e, @s", "SELECT COUNT(*) FROM c")],
    "the SQLSTATE of a warning that no block raises": [
        step for sql in ("SELECT 1/0", "INSERT IGNORE INTO t (id) VALUES (1)")
        for step in (sql, CONDITION, "SELECT @m, @e, @s", "SHOW WARNINGS; SELECT 1", sql,
                     "BEGIN NOT ATOMIC GET DIAGNOSTICS @n=NUMBER; SELECT @n; SHOW WARNINGS; END",
                     "SELECT COUNT(*) FROM c")],
    "a row counted, and others found": [
        "SELECT id FROM t WHERE id=-1", "UPDATE t SET v=9 WHERE id=1", "SELECT ROW_COUNT(), FOUND_ROWS()",
        "SELECT id FROM t WHERE id=-1", "INSERT INTO c (p) VALUES (1)", "SELECT ROW_COUNT(), FOUND_ROWS()",
        "SELECT seq FROM seq_1_to_700", "INSERT INTO c (p) VALUES (1)", "SELECT ROW_COUNT(), FOUND_ROWS()",
        "SELECT seq FROM seq_1_to_700", "INSERT INTO c (p) VALUES (1), (2)", "SELECT ROW_COUNT(), FOUND_ROWS()",
        "SELECT 1", "INSERT INTO c (p) VALUES (1)", "SELECT ROW_COUNT(), FOUND_ROWS()"],
    "GET DIAGNOSTICS leaves the row count": [
        "UPDATE t SET v=9 WHERE id=1", "GET DIAGNOSTICS @n=NUMBER", "SELECT ROW_COUNT()",
        "SELECT CAST('a' AS SIGNED), CAST('b' AS SIGNED)", "GET DIAGNOSTICS CONDITION 2 @b=MESSAGE_TEXT",
        "SELECT ROW_COUNT(), @b", "UPDATE t SET v=8 WHERE id=1", "GET DIAGNOSTICS CONDITION 2 @b=MESSAGE_TEXT",
        "SELECT ROW_COUNT(), @b", "INSERT IGNORE INTO t (id,v) VALUES (1,1),(90,'x'),(91,'z')",
        "GET DIAGNOSTICS CONDITION 2 @b=MESSAGE_TEXT", "SELECT ROW_COUNT(), @b", "UPDATE t SET v=v+1",
        "GET DIAGNOSTICS CONDITION 1 @b=MESSAGE_TEXT", "GET DIAGNOSTICS @b=NUMBER", "SELECT ROW_COUNT(), @b"],
    "FOUND_ROWS outlives a change of user": [
        "SELECT id FROM t", ("change user", "bob", "secret", "two"), "SELECT FOUND_ROWS()", "SELECT id FROM t",
        RESET, "SELECT FOUND_ROWS()"],
    "character set of the schema, set by two": [
        use("two"), "SET collation_database=latin1_bin, character_set_server=latin1",
        c("SET collation_database=latin1_bin, character_set_server=latin1"),
        c("SELECT @@character_set_database, @@character_set_server"),
        "SELECT @@character_set_database, DATABASE()"],
    "counting conditions is a SELECT": ["SELECT id FROM t", "SHOW COUNT(*) WARNINGS", "SELECT FOUND_ROWS()",
                                        "SELECT id FROM t", "SHOW WARNINGS", "SELECT FOUND_ROWS()"],
    "FOUND_ROWS outlives a reset": ["SELECT id FROM t LIMIT 2", RESET, "SELECT FOUND_ROWS()"],
}
if world.MYSQL:
    scenarios_mysql.adapt(SCENARIOS)

# Where each entry of the list is looked at: here or in scenarios_mysql.py, or a test of tests/e2e ("file:
# name").
ELSEWHERE = {
    1: f"{FILE}: variable", 2: f"{FILE}: variable_assigned", 3: f"{FILE}: variable_into",
    4: f"{FILE}: variable_in_where", 5: f"{FILE}: variable_kinds", 7: f"{FILE}: variable_out_parameter",
    8: f"{FILE}: variable_in_trigger", 9: f"{FILE}: variable_in_procedure",
    10: f"{FILE}: variable_in_function", 11: f"{FILE}: variable_of_load_data", 16: f"{FILE}: sql_mode",
    17: f"{FILE}: set_names", 18: f"{FILE}: set_names", 19: f"{FILE}: character_set_results_null",
    20: f"{FILE}: timestamp", 22: f"{FILE}: time_zone", 23: f"{FILE}: many_variables",
    24: f"{FILE}: sql_select_limit", 25: f"{FILE}: set_statement",
    28: f"{FILE}: safe_updates", 29: f"{FILE}: set_fails_whole",
    30: f"{FILE}: variable_set_in_procedure", 31: f"{FILE}: state_before_error",
    32: f"{FILE}: global_does_not_change_session", 33: f"{FILE}: auto_is_null", 34: f"{FILE}: rand_seed",
    35: f"{NONE}: a link's wait_timeout is the link's", 39: f"{FILE}: transaction",
    40: f"{FILE}: autocommit_off", 42: f"{FILE}: one_shot_read_only", 43: f"{FILE}: one_shot_isolation",
    44: f"{FILE}: savepoints", 47: f"{FILE}: test_deadlock_frees_the_victim", 49: f"{FILE}: ddl_commits",
    51: f"{FILE}: begin_in_procedure", 52: f"{FILE}: begin_in_failing_procedure",
    57: f"{FILE}: completion_type", 58: f"{FILE}: savepoint_outside", 59: f"{FILE}: temporary_table",
    60: f"{FILE}: temporary_table_select", 63: f"{FILE}: temporary_table_in_procedure",
    64: f"{FILE}: temporary_table_in_failing_procedure", 65: f"{FILE}: lock_tables",
    68: f"{FILE}: get_lock", 71: f"{FILE}: handler", 74: f"{FILE}: temporary_sequence",
    75: f"{FILE}: last_insert_id", 76: f"{FILE}: last_insert_id", 77: f"{FILE}: last_insert_id",
    78: f"{FILE}: last_insert_id_explicit", 79: f"{FILE}: last_insert_id_of_call",
    80: f"{FILE}: last_insert_id_set", 81: f"{FILE}: last_insert_id_set", 84: f"{FILE}: found_rows",
    85: f"{FILE}: found_rows", 86: f"{FILE}: warnings", 88: f"{FILE}: errors", 89: f"{FILE}: warnings",
    90: f"{FILE}: get_diagnostics", 91: f"{FILE}: explain_note", 94: f"{FILE}: text_prepare_using",
    95: f"{FILE}: text_prepare_error_drops", 96: f"{FILE}: text_prepare_from_variable",
    97: f"{FILE}: binary_prepare", 99: f"{STATEMENTS}: long_data", 100: f"{STATEMENTS}: cursor",
    101: f"{STATEMENTS}: reset", 102: f"{STATEMENTS}: last_pipelined", 104: f"{STATEMENTS}: unknown",
    105: f"{STATEMENTS}: test_1461_makes_room_and_tries_again",
    106: f"{STATEMENTS}: sql_mode_of_the_prepare", 107: f"{FILE}: binary_prepare_sets_variable",
    111: f"{SAME}: multi_statement", 114: f"{SAME}: call", 115: f"{SAME}: load_data_in_multi",
    116: "test_large.py: test_rows_around_16_MiB",
    117: "test_large.py: test_a_query_beyond_max_allowed_packet", 118: f"{SAME}: columns_300",
    120: f"{COMMANDS}: test_every_byte",
    126: f"{NONE}: not offered", 127: f"{SAME}: empty_and_comment_only",
    129: f"{SAME}: nul_bytes", 131: "test_malformed.py: test_leaving_in_mid_load_data",
    132: "test_limits.py: test_wrong_password_and_unknown_user_are_worded_by_the_server",
    133: f"{NONE}: not offered", 134: f"{NONE}: not offered",
    141: f"{TROUBLE}: test_kill_query_by_the_id_of_the_greeting",
    142: f"{TROUBLE}: test_a_storm_of_kills_hits_nobody_else",
    143: "test_limits.py: test_idle_clients_are_disconnected",
    144: f"{TROUBLE}: test_a_client_in_a_transaction_hears_of_a_restart",
    145: f"{TROUBLE}: test_a_server_with_less_room_serves_all_with_fewer_links",
    146: f"{NONE}: not yet", 150: "test_drivers.py: test_mariadb_dump",
}
LISTED = 150

DIRT = [[("query", sql) for sql in ("BEGIN", "INSERT INTO dirt.dirt (v) VALUES (1)", "COMMIT")],
        [("query", sql) for sql in (
            "SET @a=666, @b=666, @x=666, @l='dirt', @v='dirt'",
            "SET sql_mode='NO_BACKSLASH_ESCAPES', time_zone='+11:00'",
            "SELECT SQL_CALC_FOUND_ROWS CAST('dirt' AS SIGNED) FROM dirt.dirt LIMIT 1",
            "PREPARE s FROM 'SELECT 666'", "INSERT INTO dirt.dirt (v) VALUES (1), (2)")]
        + [("command", bytes([wire.COM_RESET_CONNECTION])), use("dirt")]]


# Those that need more than the adversary to lose their link in time.
SWITCHED = ("variables of requests that come while the link is asked",)


def with_adversary(number, kind, dirt):
    """The steps of a scenario; z first has a session of its own, and goes between all the others."""
    steps = [("z", "connect", kind, "dirt", "app"), ("a", "connect", kind, "one", "app")]
    written = SCENARIOS[number]
    if any(step[0] == "c" for step in written):
        steps.append(("c", "connect", kind, "one", "app"))
    for step in written:
        if isinstance(step, (str, bytes)):
            step = ("a", "query", step)
        elif step[0] != "c":
            step = ("a", *step)
        steps += [("z", *one) for one in DIRT[dirt]] + [step]
    return steps
