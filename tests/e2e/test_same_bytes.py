# SPDX-License-Identifier: Apache-2.0
"""Every reply through Weir is, byte for byte, the reply of the server: each case is run on a fresh
connection direct and on a fresh one through Weir, for several kinds of clients."""

import re
import struct

import pytest

import processes
import wire
from wire import (BASIC, COM_CHANGE_USER, COM_DEBUG, COM_FIELD_LIST, COM_INIT_DB, COM_PING,
                  COM_PROCESS_INFO, COM_PROCESS_KILL, COM_QUERY, COM_REFRESH, COM_RESET_CONNECTION,
                  COM_SET_OPTION, COM_STATISTICS, COM_STMT_BULK_EXECUTE, COM_STMT_CLOSE,
                  COM_STMT_EXECUTE, COM_STMT_FETCH, COM_STMT_PREPARE, COM_STMT_RESET,
                  COM_STMT_SEND_LONG_DATA)

CLIENTS = {
    "plain": BASIC,  # PyMySQL, mysqlnd, mysql2 and the like
    "modern": BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF,  # the mysql command line
    "tracking": BASIC | wire.SESSION_TRACK,  # libmariadb
    "no_eof": BASIC | wire.DEPRECATE_EOF,
    "found_rows": BASIC | wire.FOUND_ROWS,
    "extended": (BASIC & ~wire.LONG_PASSWORD) | wire.MARIADB_STMT_BULK
                | wire.MARIADB_EXTENDED_METADATA | wire.DEPRECATE_EOF,  # MariaDB's connectors
}

TABLES = """
CREATE OR REPLACE TABLE test.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, s VARCHAR(100), KEY (v));
INSERT INTO test.t (v, s) VALUES (1,'one'),(2,'two'),(3,'three');
CREATE OR REPLACE TABLE test.kinds (a TINYINT, b DECIMAL(10,3), c DOUBLE, d DATETIME(6), e TIME(3),
  f BLOB, g JSON, h ENUM('x','y'), i SET('p','q'), j BIT(9), k YEAR, l INET6, m BIGINT UNSIGNED);
INSERT INTO test.kinds VALUES (1,1.5,1e100,'2020-01-02 03:04:05.678901','-12:13:14.567',x'00ff',
  '{"k":[1]}','y','p,q',b'101','1999','::1',18446744073709551615),
  (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)
"""

GROUP_REPLICATION = None  # the command byte after which MySQL closes (docs/differences.md)
if processes.server_family() == "mysql":
    GROUP_REPLICATION = 0x21
    TABLES = TABLES.replace("INET6", "VARCHAR(45)")
ROUTINES = ["CREATE OR REPLACE PROCEDURE test.two() BEGIN SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; END",
            "CREATE OR REPLACE PROCEDURE test.none() BEGIN END",
            "CREATE OR REPLACE PROCEDURE test.fails() BEGIN SELECT 1; SIGNAL SQLSTATE '45000' "
            "SET MESSAGE_TEXT='no'; END",
            "CREATE OR REPLACE PROCEDURE test.gives(OUT o INT, INOUT p INT) "
            "BEGIN SET o=7, p=p+1; END",
            "CREATE OR REPLACE FUNCTION test.twice(x INT) RETURNS INT DETERMINISTIC RETURN x*2",
            "CREATE OR REPLACE VIEW test.view1 AS SELECT id, s FROM test.t WHERE v > 1"]


def q(sql):
    """One COM_QUERY."""
    return bytes([COM_QUERY]) + (sql.encode() if isinstance(sql, str) else sql)


def com(command, payload=b""):
    return bytes([command]) + payload


class Case:
    """Steps: bytes are commands; a function gets the connection and returns raw bytes."""

    def __init__(self, *steps, writes=False, schema="test", files=None, mask=None, known=None,
                 known_for=None, marks=()):
        self.steps = [q(step) if isinstance(step, str) else step for step in steps]
        self.writes = writes
        self.schema = schema
        self.files = files or {}
        self.mask = mask
        self.known = known  # a difference that is a bug of today
        self.known_for = known_for or list(CLIENTS)
        self.marks = list(marks)


def prepare(sql):
    """COM_STMT_PREPARE; the id is the link's and is not compared."""
    def step(w):
        raw = w.command(com(COM_STMT_PREPARE, sql.encode()))
        return raw if w.error else raw[:5] + b"\0\0\0\0" + raw[9:]
    return step


def execute(**arguments):
    return lambda w: mask_id(w, w.command(w.execute_packet(**arguments)))


def on_statement(command, rest=b""):
    return lambda w: mask_id(w, w.command(com(command, struct.pack("<I", w.statement) + rest)))


def mask_id(w, raw):
    """Errors name the statement's id, so their size differs too."""
    return raw[3:].replace(b"(%d)" % w.statement, b"(?)") if w.error else raw


def silent(command, rest):
    def step(w):
        w.send(com(command, struct.pack("<I", w.statement) + rest))
        return b""
    return step


def last_packet(raw):
    """Of a refused login: before it MySQL may want more proof of what is wrong anyway."""
    return raw[raw.rindex(b"\xff"):]


def more_results(raw):
    """Without the flag that more results follow in the EOF after column definitions: where a reply is
    larger than a buffer it is known too late."""
    return b"".join(payload[:3] + bytes([payload[3] & 0xf7]) + payload[4:]
                    if payload[:1] == b"\xfe" and len(payload) == 5 else payload
                    for _, payload in wire.split_packets(raw))


def pipelined(*commands):
    """All commands at once, then all replies."""
    def step(w):
        w.take()
        w.send_bytes(b"".join(wire.frames(c) for c in commands))
        for c in commands:
            w.read_reply(c[0])
        return w.take()
    return step


def trickle(payload):
    """A command in pieces of one byte."""
    def step(w):
        w.take()
        for byte in wire.frames(payload):
            w.send_bytes(bytes([byte]))
        w.read_reply(payload[0])
        return w.take()
    return step


def last_words(data):
    """Sends bytes that the server ends the connection for."""
    def step(w):
        w.take()
        w.send_bytes(data)
        try:
            while True:
                w.read_packet()
        except (wire.Closed, ConnectionError):
            return w.take() + b"closed"
    return step


def change_user(user="app", password="secret", schema="test"):
    def step(w):
        w.take()
        try:
            w.change_user(user, password, schema)
        except wire.ServerError:
            pass
        # The scramble of the method switch differs.
        raw = w.take()
        switch = wire.split_packets(raw)[0][1]
        return raw[:4 + 1 + len(wire.METHOD)] + raw[4 + len(switch):]
    return step


def early_flags(raw):
    return wire.normal(raw, early_flags=True)


def only_shape(raw):
    """For what cannot be the same: how the packets begin."""
    return [(seq, payload[:1] if len(payload) < 60 else b"") for seq, payload
            in wire.split_packets(raw)[:1]]


STRINGS = b"\xfd\x00"
LONG = b"\x08\x00"
BLOB = b"\xfc\x00"


def text(value):
    return wire.lenenc_encode(len(value)) + value


SEQUENCES = "SELECT seq, 'abcdefghij' FROM seq_1_to_{}"

CASES = {
    # --- result sets ---
    "select_constant": Case("SELECT 1"),
    "select_null_and_empty": Case("SELECT NULL, '', 0"),
    "select_no_rows": Case("SELECT * FROM t WHERE 1=0"),
    "select_rows": Case("SELECT * FROM t", "SELECT * FROM t WHERE v=2"),
    "select_kinds": Case("SELECT * FROM kinds"),
    "select_view_and_function": Case("SELECT * FROM view1", "SELECT twice(4)"),
    "rows_600_sequence_wraps": Case(SEQUENCES.format(600)),
    "rows_250_to_260": Case(*[SEQUENCES.format(n) for n in range(248, 260)]),
    "rows_20000_larger_than_buffers": Case(SEQUENCES.format(20000), mask=early_flags),
    "columns_300": Case("SELECT " + ",".join(f"{i} AS column_{i}" for i in range(300))),
    "columns_1_to_5": Case(*["SELECT " + ",".join("1" * n) for n in range(1, 6)]),
    "long_column_name": Case("SELECT 1 AS `" + "n" * 64 + "`"),
    "row_of_250_to_70000": Case(*[f"SELECT REPEAT('x', {n})" for n in (
        250, 251, 252, 4000, 8191, 8192, 16000, 16383, 16384, 32768, 65535, 65536, 70000)]),
    "row_of_300000_three_times": Case(*["SELECT REPEAT('y', 300000), 1"] * 3),
    "show": Case("SHOW TABLES", "SHOW CREATE TABLE t", "SHOW COLUMNS FROM kinds", "SHOW DATABASES",
                 "SHOW VARIABLES LIKE 'sql_mode'", "SHOW INDEX FROM t"),
    "explain_describe_analyze": Case("EXPLAIN SELECT * FROM t", "DESCRIBE t", "EXPLAIN t s",
                                     mask=early_flags),
    "table_values_and_with": Case("VALUES (1,2),(3,4)", "WITH x AS (SELECT 1 a) SELECT * FROM x",
                                  "(SELECT 1) UNION (SELECT 2)"),
    "dual_and_comments": Case("/* c */ SELECT /*! 1 + */ 1 -- x", "# only\nSELECT 2",
                              "SELECT /*M!100000 3 */"),
    "flags_no_index": Case("SELECT * FROM t WHERE s='two'", "SELECT 1"),
    "system_variables": Case("SELECT @@version_comment LIMIT 1", "SELECT @@autocommit, @@sql_mode",
                             "SELECT @@max_allowed_packet"),
    # --- OK ---
    "insert_update_delete": Case("INSERT INTO t (v,s) VALUES (4,'four')", "UPDATE t SET v=9",
                                 "UPDATE t SET v=9", "DELETE FROM t WHERE id=1",
                                 "INSERT INTO t (v) VALUES (1),(2),(3)",
                                 "REPLACE INTO t VALUES (2,2,'zwei')",
                                 "INSERT INTO t VALUES (2,1,'z') ON DUPLICATE KEY UPDATE v=v+1",
                                 "INSERT INTO t (v) VALUES (5) RETURNING id, v",
                                 "TRUNCATE t", writes=True),
    "big_auto_increment": Case("INSERT INTO t (id) VALUES (70000)", "INSERT INTO t (v) VALUES (1)",
                               "UPDATE t SET v=1 WHERE id > 0", writes=True),
    "ddl": Case("CREATE TABLE ddl1 (a INT)", "ALTER TABLE ddl1 ADD b INT", "DROP TABLE ddl1",
                "DROP TABLE IF EXISTS ddl1"),
    "warnings": Case("SELECT CAST('abc' AS SIGNED)", "SHOW WARNINGS", "SHOW COUNT(*) WARNINGS",
                     "SELECT @@warning_count", "SELECT 1/0", "SHOW WARNINGS", "SELECT 1",
                     "SHOW WARNINGS"),
    "warnings_of_insert": Case("SET sql_mode=''", "INSERT IGNORE INTO t (id,v) VALUES "
                               "(1,1),(2,'x'),(3,3),(90,'y')", "SHOW WARNINGS", writes=True),
    "residue": Case("INSERT INTO t (v) VALUES (8)", "SELECT LAST_INSERT_ID()", "SELECT ROW_COUNT()",
                    "SELECT * FROM t LIMIT 2", "SELECT FOUND_ROWS()",
                    "SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1", "SELECT FOUND_ROWS()",
                    "UPDATE t SET v=1", "SELECT ROW_COUNT()", "SELECT @@identity", writes=True),
    # --- errors ---
    "errors": Case("SELECT", "SELECT * FROM nosuch", "nonsense", "SELECT nosuch()", "USE nosuch",
                   "INSERT INTO t (id) VALUES (1)", "SELECT * FROM nosuch.t", "SELECT 'a", "",
                   "SELECT * FROM t WHERE", "SHOW ERRORS"),
    "empty_and_comment_only": Case("", " ", "-- only a comment", "/* only a comment */", ";", "# x"),
    "error_in_rows": Case("SELECT id, IF(id=3, (SELECT 1 UNION SELECT 2), 0) FROM t",
                          mask=early_flags),
    "nul_bytes": Case(q(b"SELECT 'a\0b'"), q(b"SELECT 1\0")),
    "signal": Case("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='words', MYSQL_ERRNO=1234",
                   "SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT='warned'", "SHOW WARNINGS"),
    "utf8_and_binary": Case(q("SELECT 'ä€𝄞'".encode()), q(b"SELECT _latin1'\xe4', x'00ff'"),
                            q(b"SELECT '\xe4'")),
    # --- several statements, several results ---
    "multi_statement": Case("SELECT 1; SELECT 2", "SELECT 1; ; SELECT 2", "SELECT 1;", "SELECT 1; ",
                            "DO 1; DO 2; SELECT 3", "SELECT 1; nonsense; SELECT 3", "DO 1;DO 0"),
    "multi_with_rows_and_writes": Case("SELECT * FROM t; UPDATE t SET v=v+1; SELECT * FROM t; "
                                       "INSERT INTO t (v) VALUES (1)", writes=True),
    "multi_100": Case(";".join(f"SELECT {n}" for n in range(100))),
    "multi_300_wraps": Case(";".join(f"SELECT {n}" for n in range(300)), mask=more_results),
    "call": Case("CALL two()", "CALL none()", "CALL fails()", "CALL nosuch()", "SELECT 1",
                 "CALL two(); SELECT 3; CALL two()"),
    "compound_statement": Case("BEGIN NOT ATOMIC SELECT 1; SELECT 2; END"),
    # --- session ---
    "use": Case(com(COM_INIT_DB, b"test"), "SELECT DATABASE()", com(COM_INIT_DB, b"nosuch"),
                com(COM_INIT_DB), "SELECT DATABASE()", "USE mysql", "SELECT DATABASE()",
                "USE `test`"),
    "no_schema": Case("SELECT DATABASE()", "SELECT * FROM t", com(COM_FIELD_LIST, b"t\0"),
                      schema=None),
    "set_names": Case("SET NAMES latin1", q(b"SELECT '\xe4'"), "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
                      "SELECT @@collation_connection, 'a'='A'", "SET CHARACTER SET latin1",
                      "SET NAMES nosuch", "SET character_set_results=NULL", "SELECT 'x'"),
    "set_variables": Case("SET sql_mode='ANSI_QUOTES'", "SELECT \"id\" FROM t LIMIT 1",
                          "SET time_zone='+05:00'", "SET autocommit=0", "SELECT 1", "SET autocommit=1",
                          "SET SESSION group_concat_max_len=8", "SET nosuch=1",
                          "SELECT GROUP_CONCAT(s) FROM t", "SET @a=1, @b='x'", "SELECT @a, @b"),
    "set_global_like": Case("SET SESSION wait_timeout=1000", "SELECT @@wait_timeout",
                            "SET sql_select_limit=1", "SELECT * FROM t", "SET max_statement_time=5",
                            "SET foreign_key_checks=0, unique_checks=0", "SELECT @@unique_checks"),
    "no_backslash_escapes": Case("SET sql_mode='NO_BACKSLASH_ESCAPES'", "SELECT '\\\\'",
                                 "SELECT 'a\\'", "SET sql_mode=DEFAULT", "SELECT 'a\\'b'"),
    "transactions": Case("BEGIN", "SELECT * FROM t", "INSERT INTO t (v) VALUES (1)", "SAVEPOINT a",
                         "ROLLBACK TO a", "RELEASE SAVEPOINT a", "ROLLBACK", "COMMIT",
                         "START TRANSACTION READ ONLY", "INSERT INTO t (v) VALUES (1)", "COMMIT",
                         "COMMIT AND CHAIN", "SELECT 1", "ROLLBACK", "ROLLBACK TO nosuch",
                         "START TRANSACTION WITH CONSISTENT SNAPSHOT", "SELECT 1", "COMMIT",
                         writes=True),
    "one_shot_isolation": Case("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN", "SELECT 1",
                               "COMMIT", "SET SESSION TRANSACTION READ ONLY",
                               "INSERT INTO t (v) VALUES (1)", "SET SESSION TRANSACTION READ WRITE",
                               writes=True),
    "autocommit_off": Case("SET autocommit=0", "SELECT * FROM t", "INSERT INTO t (v) VALUES (5)",
                           "COMMIT", "SET autocommit=ON", "SELECT COUNT(*) FROM t", writes=True),
    "temporary_tables": Case("CREATE TEMPORARY TABLE tmp1 (a INT)", "INSERT INTO tmp1 VALUES (1)",
                             "SELECT * FROM tmp1", "CREATE TEMPORARY TABLE tmp2 SELECT * FROM t",
                             "SELECT * FROM tmp2", "DROP TEMPORARY TABLE tmp1"),
    "locks": Case("LOCK TABLES t READ", "INSERT INTO t (v) VALUES (1)", "UNLOCK TABLES",
                  "SELECT GET_LOCK('e2e', 0)", "SELECT RELEASE_LOCK('e2e')"),
    "handler": Case("HANDLER t OPEN", "HANDLER t READ FIRST", "HANDLER t READ NEXT",
                    "HANDLER t CLOSE"),
    "text_prepare": Case("PREPARE p FROM 'SELECT ?+1'", "SET @x=4", "EXECUTE p USING @x",
                         "DEALLOCATE PREPARE p", "EXECUTE p", "EXECUTE IMMEDIATE 'SELECT 5'",
                         "PREPARE p FROM 'nonsense'"),
    "commit_release": Case("BEGIN", last_words(wire.frames(q("COMMIT RELEASE")))),
    "xa": Case("XA START 'e2e'", "SELECT 1", "XA END 'e2e'", "XA ROLLBACK 'e2e'"),
    "sequences": Case("CREATE OR REPLACE SEQUENCE sq", "SELECT NEXTVAL(sq)", "SELECT LASTVAL(sq)",
                      "DROP SEQUENCE sq"),
    "set_statement": Case("SET STATEMENT max_statement_time=9 FOR SELECT @@max_statement_time",
                          "SELECT @@max_statement_time"),
    "statement_timeout": Case("SET STATEMENT max_statement_time=0.05 FOR SELECT SLEEP(2) FROM t "
                              "WHERE id=1", "SELECT 1"),
    "own_trackers": Case("SET session_track_schema=1, session_track_state_change=1",
                         "USE mysql", "SET @a=1", "SET session_track_system_variables='*'",
                         "SET sql_mode=''", "BEGIN", "COMMIT"),
    "default_trackers": Case("SET autocommit=0", "SET autocommit=1", "SET time_zone='+01:00'",
                             "SET NAMES latin1", "USE mysql", "SET sql_mode=''", "SET @q=1",
                             "BEGIN", "COMMIT", "CREATE TEMPORARY TABLE test.tt (a INT)",
                             "SET autocommit=0; SELECT 1; SET autocommit=1"),
    # --- LOAD DATA LOCAL ---
    "load_data": Case("LOAD DATA LOCAL INFILE 'rows' INTO TABLE t FIELDS TERMINATED BY ',' (v,s)",
                      "SELECT COUNT(*), SUM(v) FROM t", writes=True, files={"rows": b"7,x\n8,y\n"}),
    "load_data_in_packets": Case(
        "LOAD DATA LOCAL INFILE 'rows' INTO TABLE t FIELDS TERMINATED BY ',' (v,s)",
        "SELECT COUNT(*), SUM(v) FROM t", writes=True,
        files={"rows": [b"7,x\n8", b",y\n", b"9,z\n", b"1" * 5]}),
    "load_data_empty_or_refused": Case("LOAD DATA LOCAL INFILE 'none' INTO TABLE t", "SELECT 1",
                                       writes=True),
    "load_data_warnings": Case("SET sql_mode=''", "LOAD DATA LOCAL INFILE 'rows' INTO TABLE t",
                               "SHOW WARNINGS", writes=True, files={"rows": b"a\tb\tc\td\n"}),
    "load_data_error": Case("LOAD DATA LOCAL INFILE 'rows' INTO TABLE nosuch", "SELECT 1",
                            files={"rows": b"1\n"}),
    "load_data_in_multi": Case("SELECT 1; LOAD DATA LOCAL INFILE 'rows' INTO TABLE t (v); SELECT 2",
                               writes=True, files={"rows": b"5\n6\n"}),
    "load_data_300_packets": Case("LOAD DATA LOCAL INFILE 'rows' INTO TABLE t (v)",
                                  "SELECT COUNT(*) FROM t", writes=True,
                                  files={"rows": [b"5\n6\n"] * 300}),
    "load_data_larger_than_buffers": Case("LOAD DATA LOCAL INFILE 'rows' INTO TABLE t (v)",
                                          "SELECT COUNT(*) FROM t", writes=True,
                                          files={"rows": [b"123456\n" * 20000] * 2}),
    # --- prepared statements ---
    "prepare_shapes": Case(prepare("SELECT 1"), prepare("SELECT ?, ? FROM t"), prepare("DO ?"),
                           prepare("INSERT INTO t (v) VALUES (?)"), prepare("nonsense"),
                           prepare("SELECT * FROM nosuch"), prepare(""), prepare("BEGIN"),
                           prepare("SELECT 1; SELECT 2")),
    "execute": Case(prepare("SELECT id, s FROM t WHERE v > ?"),
                    execute(parameters=1, types=LONG, values=struct.pack("<q", 1)),
                    execute(parameters=1, values=struct.pack("<q", 2)),
                    execute(parameters=1, types=STRINGS, values=text(b"0")),
                    execute(parameters=1, nulls=b"\x01", types=LONG)),
    "execute_kinds": Case(prepare("SELECT * FROM kinds"), execute()),
    "execute_600_rows": Case(prepare("SELECT seq FROM seq_1_to_600"), execute(), execute()),
    "execute_insert": Case(prepare("INSERT INTO t (v,s) VALUES (?,?)"),
                           *[execute(parameters=2, types=LONG + STRINGS,
                                     values=struct.pack("<q", n) + text(b"x" * n))
                             for n in (1, 300, 5)], writes=True),
    "execute_call": Case(prepare("CALL two()"), execute(), prepare("CALL gives(?,?)"),
                         execute(parameters=2, types=LONG + LONG, nulls=b"\x01",
                                 values=struct.pack("<q", 4))),
    "execute_unknown_id": Case(lambda w: w.command(w.execute_packet(statement=12345)),
                               "SELECT 1"),
    "execute_last_prepared": Case(prepare("SELECT 4"),
                                  lambda w: w.command(w.execute_packet(statement=0xffffffff))),
    "prepare_execute_pipelined": Case(
        lambda w: pipelined(com(COM_STMT_PREPARE, b"SELECT 77"),
                            w.execute_packet(statement=0xffffffff), q("SELECT 78"))(w)[9:]),
    "long_data": Case(prepare("SELECT LENGTH(?), ?"),
                      silent(COM_STMT_SEND_LONG_DATA, b"\0\0abc"),
                      silent(COM_STMT_SEND_LONG_DATA, b"\0\0" + b"d" * 40000),
                      silent(COM_STMT_SEND_LONG_DATA, b"\1\0xyz"),
                      execute(parameters=2, types=BLOB + BLOB), on_statement(COM_STMT_RESET),
                      execute(parameters=2, types=STRINGS + STRINGS, values=text(b"p") + text(b"q"))),
    "statement_reset_close": Case(prepare("SELECT 1"), on_statement(COM_STMT_RESET),
                                  silent(COM_STMT_CLOSE, b""), on_statement(COM_STMT_RESET),
                                  execute(), "SELECT 1"),
    "cursor": Case(prepare("SELECT seq FROM seq_1_to_10"), execute(flags=1),
                   on_statement(COM_STMT_FETCH, struct.pack("<I", 3)),
                   on_statement(COM_STMT_FETCH, struct.pack("<I", 6)),
                   on_statement(COM_STMT_FETCH, struct.pack("<I", 9)),
                   on_statement(COM_STMT_FETCH, struct.pack("<I", 1)), on_statement(COM_STMT_RESET),
                   execute(flags=1), on_statement(COM_STMT_FETCH, struct.pack("<I", 600)),
                   "SELECT 1"),
    "fetch_without_cursor": Case(prepare("SELECT 1"),
                                 on_statement(COM_STMT_FETCH, struct.pack("<I", 1)), "SELECT 1"),
    "statement_after_alter": Case(prepare("SELECT * FROM t"), execute(), "ALTER TABLE t ADD zz INT",
                                  execute(), writes=True),
    # --- other commands ---
    "ping": Case(com(COM_PING), "SELECT 1", com(COM_PING), com(COM_PING)),
    "ping_in_transaction": Case("BEGIN", com(COM_PING), "COMMIT", com(COM_PING)),
    "statistics": Case(com(COM_STATISTICS), "SELECT 1", mask=only_shape),
    "process_info": Case(com(COM_PROCESS_INFO), mask=only_shape),
    "debug": Case(com(COM_DEBUG), "SELECT 1"),
    "refresh": Case(com(COM_REFRESH, b"\x02"), "SELECT 1"),
    "field_list": Case(com(COM_FIELD_LIST, b"t\0"), com(COM_FIELD_LIST, b"t\0s%"),
                       com(COM_FIELD_LIST, b"nosuch\0"), com(COM_FIELD_LIST, b"kinds\0"),
                       "SELECT 1"),
    "set_option": Case(com(COM_SET_OPTION, b"\1\0"), "SELECT 1; SELECT 2",
                       com(COM_SET_OPTION, b"\0\0"), "SELECT 1; SELECT 2",
                       com(COM_SET_OPTION, b"\7\0"), "SELECT 1"),
    "kill_unknown": Case(com(COM_PROCESS_KILL, b"\xf0\xff\xff\x7f"), "KILL 2147483000",
                         "KILL QUERY 2147483000", "KILL 4294967295", "KILL 'abc'"),
    "reset_connection": Case("SET @a=1, sql_mode='ANSI'", "USE mysql", com(COM_RESET_CONNECTION),
                             "SELECT @a, @@sql_mode", "SELECT DATABASE()"),
    "reset_in_transaction": Case("BEGIN", "INSERT INTO t (v) VALUES (99)", com(COM_RESET_CONNECTION),
                                 "SELECT COUNT(*) FROM t", writes=True),
    "change_user": Case("SET @a=1", change_user(schema="mysql"), "SELECT @a, DATABASE()",
                        "SELECT CURRENT_USER()", change_user(schema=""), "SELECT DATABASE()"),
    "change_user_denied": Case(change_user(password="wrong"), mask=last_packet),
    "unknown_commands": Case(*[com(c) for c in (0x00, 0x05, 0x06, 0x0b, 0x0f, 0x10, 0x13, 0x14, 0x1d,
                                                0x20, 0x21, 0x22, 0x55, 0xfd, 0xff)
                               if c != GROUP_REPLICATION], "SELECT 1"),
    "unknown_commands_with_payload": Case(com(0x0f, b"x" * 100), com(0xfe, b"y" * 3000), "SELECT 1"),
    "empty_packet": Case(b"", "SELECT 1"),
    "wrong_sequence": Case(last_words(wire.frames(q("SELECT 1"), 3)),
                           marks=[pytest.mark.uncompressed("the frames are numbered, and nobody looks "
                                                           "at the packets in them")]),
    "pipelined": Case(pipelined(q("SELECT 1"), com(COM_PING), q("SELECT 2"), q("nonsense"),
                                com(COM_INIT_DB, b"mysql"), q("SELECT DATABASE()"))),
    "pipelined_100": Case(pipelined(*[q(f"SELECT {n}, REPEAT('z', {n * 50})") for n in range(100)])),
    "pipelined_quit": Case(last_words(wire.frames(q("SELECT 1")) + wire.frames(com(1)))),
    "one_byte_at_a_time": Case(trickle(q("SELECT 'slowly'")), trickle(com(COM_INIT_DB, b"mysql"))),
    "query_of_20000_and_70000": Case("SELECT LENGTH('" + "x" * 20000 + "')",
                                     "SELECT LENGTH('" + "x" * 70000 + "')"),
    "query_around_the_buffer": Case(*["SELECT LENGTH('" + "x" * n + "')"
                                      for n in range(16300, 16400, 7)]),
}


def set_up(root):
    for statement in TABLES.split(";\n"):
        root.query(statement)
    for statement in ROUTINES:
        root.query(statement)


@pytest.fixture(scope="module")
def tables(server):
    with server.root(schema="test") as root:
        set_up(root)
        yield root


@pytest.fixture(scope="module")
def through(module_weir):
    return module_weir()


def run(address, case, capabilities):
    """The replies to a case, the login included."""
    out = []
    with wire.connect(address, schema=case.schema, capabilities=capabilities) as w:
        w.local_files = case.files
        for step in case.steps:
            try:
                out.append(step(w) if callable(step) else w.command(step))
            except wire.Closed as closed:
                out.append(b"closed: " + w.take())
                out.append(str(closed).encode())
                break
    return out


def compare(case, direct, weir):
    for number, (theirs, ours) in enumerate(zip(direct, weir)):
        if case.mask:
            theirs, ours = case.mask(theirs), case.mask(ours)
        if theirs != ours:
            if isinstance(theirs, bytes) and wire.normal(theirs) == wire.normal(ours):
                continue
            step = case.steps[min(number, len(case.steps) - 1)]
            words = step[:100] if isinstance(step, bytes) else step.__qualname__
            assert isinstance(theirs, bytes), f"step {number} {words!r}: {ours[:9]} is not {theirs[:9]}"
            pytest.fail(f"step {number} {words!r}: {wire.describe_difference(theirs, ours)}",
                        pytrace=False)
    assert len(direct) == len(weir)


def parameters():
    for name, case in CASES.items():
        for client in CLIENTS:
            known = case.known and client in case.known_for
            marks = [pytest.mark.xfail(strict=True, reason=case.known)] if known else []
            yield pytest.param(name, client, marks=marks + case.marks, id=f"{name}-{client}")


@pytest.mark.parametrize("name,client", parameters())
def test_reply(server, through, tables, name, client):
    case = CASES[name]
    results = []
    for address in (server.address, through.address):
        if case.writes:
            set_up(tables)
        results.append(run(address, case, CLIENTS[client]))
    if case.writes:
        set_up(tables)
    compare(case, *results)


@pytest.mark.untls("the OK of a login over TLS shows that Weir knows the password, as servers do from 11.4 on")
@pytest.mark.parametrize("schema", ["test", None])
@pytest.mark.parametrize("client", CLIENTS)
def test_login(server, through, tables, client, schema):
    """The greeting (but for thread id and scramble) and the OK of the login."""
    del tables
    seen = []
    for address in (server.address, through.address):
        with wire.connect(address, schema=schema, capabilities=CLIENTS[client]) as w:
            g = w.greeting
            seen.append((g.protocol, g.version, g.collation, g.status, g.method, w.login_ok))
    assert seen[0] == seen[1]
