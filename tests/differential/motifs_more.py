# SPDX-License-Identifier: Apache-2.0
"""More motifs. anyhow(sql) is a statement that the generator dresses up in one of the forms that a
client may choose: plain, prepared, inside stored code, among others, in a comment that is executed."""

import motifs_mysql
import wire
import world


class Anyhow:
    """A statement in any form."""

    def __init__(self, sql):
        self.sql = sql


def anyhow(sql):
    return Anyhow(sql)


def quoted(sql):
    return "'" + sql.replace("'", "''") + "'"


FORMS = {
    "plain": lambda sql: [sql],
    "odd": lambda sql: ["/* a */ " + sql + " -- end"],
    "executed comment": lambda sql: ["/*!50000 " + sql + " */"],
    "mariadb comment": lambda sql: ["/*M!100100 " + sql + " */;"],
    "binary": lambda sql: [("prepare", "any", sql), ("execute", "any", [], ""), ("close", "any")],
    "binary twice": lambda sql: [("prepare", "any2", sql), ("execute", "any2", [], ""),
                                 ("execute", "any2", [], "")],
    "immediate": lambda sql: ["EXECUTE IMMEDIATE " + quoted(sql)],
    "text": lambda sql: ["PREPARE any FROM " + quoted(sql), "EXECUTE any", "DEALLOCATE PREPARE any"],
    "text of a variable": lambda sql: ["SET @any=" + quoted(sql), "PREPARE any FROM @any", "EXECUTE any",
                                       "DROP PREPARE any"],
    "block": lambda sql: ["BEGIN NOT ATOMIC " + sql + "; END"],
    "failing block": lambda sql: ["BEGIN NOT ATOMIC " + sql + "; SIGNAL SQLSTATE '45000'; END"],
    "block with handler": lambda sql: ["BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN "
                                       "END; " + sql + "; DO 0; END"],
    "condition": lambda sql: ["IF 1 THEN " + sql + "; END IF"],
    "loop": lambda sql: ["FOR i IN 1..2 DO " + sql + "; END FOR"],
    "among others": lambda sql: ["SELECT 1; " + sql + "; SELECT 2"],
    "before an error": lambda sql: [sql + "; nonsense; SELECT 3"],
    "after an error": lambda sql: ["nonsense; " + sql],
    "SET STATEMENT": lambda sql: ["SET STATEMENT max_statement_time=50 FOR " + sql],
    "SET STATEMENT of others": lambda sql: ["SET STATEMENT sort_buffer_size=77824, sql_select_limit=9 FOR "
                                            + sql],
    "procedure": lambda sql: ["CREATE OR REPLACE PROCEDURE any_~() " + sql, "CALL any_~()", "CALL any_~()"],
    "prepared call": lambda sql: ["CREATE OR REPLACE PROCEDURE any_~() " + sql,
                                  ("prepare", "any", "CALL any_~()"), ("execute", "any", [], ""),
                                  ("close", "any")],
    "failing procedure": lambda sql: ["CREATE OR REPLACE PROCEDURE any_~() BEGIN " + sql + "; SIGNAL "
                                      "SQLSTATE '45000' SET MESSAGE_TEXT='end'; END", "CALL any_~()"],
    "nested call": lambda sql: ["CREATE OR REPLACE PROCEDURE any_~() " + sql,
                                "CREATE OR REPLACE PROCEDURE outer_~() BEGIN CALL any_~(); END",
                                "CALL outer_~()"],
    "text in a procedure": lambda sql: ["CREATE OR REPLACE PROCEDURE any_~() EXECUTE IMMEDIATE "
                                        + quoted(sql), "CALL any_~()"],
}


# With these, trackers that were held back by the error come with a later OK: which, depends on the
# trackers that the link has on (docs/differences.md).
# Behind these, the server takes sql_mode back, but not its status flags, before the next SET.
INSIDE = ("block", "failing block", "block with handler", "condition", "loop", "procedure", "prepared call",
          "failing procedure", "nested call", "text in a procedure")
FAILING = ("failing block", "failing procedure", "before an error")


def dressed(sql, rng, tracks):
    """The items of one form, picked by rng; tracks: for a client that sees trackers."""
    names = [name for name in FORMS if not (tracks and name in FAILING)
             and not ("sql_mode" in sql and name in INSIDE)]
    name = "plain" if rng.random() < 0.25 else rng.choice(names)
    return FORMS[name](sql)


def every(*statements):
    """A motif: those that show, as they are; those that do something, in any form."""
    return [sql if isinstance(sql, tuple) or sql.startswith(("SHOW", "?")) else anyhow(sql)
            for sql in statements]


def sees(sql):
    """A query that is only to show, as it is."""
    return ("query", sql)


USE_TWO = ("command", bytes([wire.COM_INIT_DB]) + b"two")
USE_ONE = ("command", bytes([wire.COM_INIT_DB]) + b"one")

MOTIFS = {
    "any_variable": every("SET @a=1", sees("SELECT @a"), "SET @a=@a+1, @b='x'", sees("SELECT @a, @b"),
                          "SELECT 7, 8 INTO @a, @v", sees("SELECT @a, @v"), "SELECT @v:=@v+1",
                          sees("SELECT @v"), "SET @a=NULL", sees("SELECT @a")),
    "any_kinds": every("SET @d=1.50, @f=1e3, @n=NULL, @bin=x'00ff'", sees("SELECT @d, @f, @n, @bin"),
                       "SET @j=JSON_OBJECT('k', 1), @d=CAST(3 AS DECIMAL(30,10))",
                       sees("SELECT @j, @d, COLLATION(@j), CHARSET(@bin)"),
                       "SET @l=_utf8mb4'x' COLLATE utf8mb4_bin, @u=CAST(-1 AS UNSIGNED)",
                       sees("SELECT @l, @l='X', COERCIBILITY(@l), @u, @u+0"),
                       "SET @t=NOW(6) IS NULL, @y=YEAR('2020-01-01'), @i=INET6_ATON('::1')",
                       sees("SELECT @t, @y, HEX(@i)")),
    "any_sysvar": every("SET SESSION group_concat_max_len=8", sees("SELECT @@group_concat_max_len"),
                        "SET sort_buffer_size=400000", sees("SELECT @@sort_buffer_size"),
                        "SET time_zone='+03:00', div_precision_increment=7",
                        sees("SELECT @@time_zone, 1/3, FROM_UNIXTIME(0)"),
                        "SET @@session.time_zone=DEFAULT", sees("SELECT @@time_zone"),
                        "SET @@div_precision_increment=DEFAULT", sees("SELECT 1/3")),
    "any_null": every("SET character_set_results=NULL", sees("SELECT @@character_set_results"),
                      "SET SESSION sql_select_limit=2", sees("SELECT id FROM t"),
                      "SET SESSION sql_select_limit=DEFAULT",
                      "SET max_statement_time=30.5, lc_time_names='fr_FR'",
                      sees("SELECT @@max_statement_time, MONTHNAME('2020-02-02')")),
    "any_names": every("SET NAMES latin1", sees(b"SELECT HEX('\xc3\xa9'), '\xe9'"),
                       "SET NAMES utf8mb4 COLLATE utf8mb4_bin", sees("SELECT 'a'='A', COLLATION('a')"),
                       "SET CHARACTER SET utf8mb4", sees("SELECT @@collation_connection"),
                       "SET NAMES utf8mb3", sees("SELECT COLLATION('a')"), "SET NAMES DEFAULT",
                       sees("SELECT 'é', @@collation_connection")),
    "any_mode": every("SET sql_mode='ANSI_QUOTES'", sees("SELECT 'a' \"b\""),
                      "SET sql_mode='NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'", sees("SELECT '\\'||'x'"),
                      "SET SESSION sql_mode=DEFAULT", sees("SELECT '\\'', \"x\"")),
    "any_transaction": every("BEGIN", "INSERT INTO c (p) VALUES (3)", sees("SELECT COUNT(*) FROM c"),
                             "COMMIT", sees("SELECT COUNT(*) FROM c"), "START TRANSACTION",
                             "DELETE FROM c", "ROLLBACK", sees("SELECT COUNT(*) FROM c")),
    "any_read_only": every("START TRANSACTION READ ONLY", "INSERT INTO c (p) VALUES (1)", "COMMIT",
                           "SET TRANSACTION READ ONLY", "INSERT INTO c (p) VALUES (1)",
                           "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                           sees("SELECT @@tx_isolation, @@tx_read_only"), "INSERT INTO c (p) VALUES (1)",
                           "SET SESSION TRANSACTION READ WRITE", "INSERT INTO c (p) VALUES (1)"),
    "any_isolation": every("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", sees("SELECT @@tx_isolation"),
                           "BEGIN", sees("SELECT COUNT(*) FROM c"), "COMMIT",
                           "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
                           sees("SELECT @@tx_isolation"), "SET tx_isolation='REPEATABLE-READ'",
                           sees("SELECT @@session.tx_isolation"), "SET @@tx_isolation=DEFAULT"),
    "any_autocommit": every("SET autocommit=0", "INSERT INTO c (p) VALUES (2)",
                            sees("SELECT @@in_transaction, @@autocommit"), "COMMIT",
                            sees("SELECT COUNT(*) FROM c"), "SET @@session.autocommit=ON",
                            sees("SELECT @@autocommit")),
    "any_savepoint": every("BEGIN", "SAVEPOINT s1", "INSERT INTO c (p) VALUES (2)", "SAVEPOINT `s 2`",
                           "DELETE FROM c", "ROLLBACK TO SAVEPOINT `s 2`", sees("SELECT COUNT(*) FROM c"),
                           "ROLLBACK WORK TO s1", "RELEASE SAVEPOINT s1", "ROLLBACK TO s1", "COMMIT"),
    "any_xa": every("XA START 'z~','q',3", "INSERT INTO c (p) VALUES (8)", "XA END 'z~','q',3",
                    "XA PREPARE 'z~','q',3", sees("SELECT COUNT(*) FROM c"), "XA ROLLBACK 'z~','q',3",
                    sees("SELECT COUNT(*) FROM c")),
    "any_temporary": every("CREATE TEMPORARY TABLE at (a INT)", "INSERT INTO at VALUES (4)",
                           sees("SELECT * FROM at"), "ALTER TABLE at ADD b INT DEFAULT 7",
                           sees("SELECT * FROM at"), "TRUNCATE TABLE at", sees("SELECT * FROM at"),
                           "DROP TEMPORARY TABLE at", sees("SELECT * FROM at")),
    "any_temporary_more": every("CREATE TEMPORARY TABLE at2 LIKE t", "INSERT INTO at2 (v) VALUES (1)",
                                sees("SELECT LAST_INSERT_ID() > 0, COUNT(*) FROM at2"),
                                "CREATE TEMPORARY TABLE at3 AS SELECT 5 AS n", sees("SELECT n FROM at3"),
                                "CREATE OR REPLACE TEMPORARY TABLE at3 SELECT 6 AS n",
                                sees("SELECT n FROM at3"), "DROP TABLE at2, at3", sees("SELECT n FROM at3")),
    "any_temporary_rename": every("CREATE TEMPORARY TABLE ar (a INT)", "ALTER TABLE ar RENAME TO ar2",
                                  sees("SELECT * FROM ar2"), "RENAME TABLE ar2 TO ar3",
                                  sees("SELECT * FROM ar3"), "DROP TEMPORARY TABLE IF EXISTS ar, ar2, ar3",
                                  sees("SELECT * FROM ar3")),
    "any_temporary_shadow": every("CREATE TEMPORARY TABLE parent (id INT, mine INT)",
                                  sees("SELECT * FROM parent"), "INSERT INTO parent VALUES (1, 2)",
                                  sees("SELECT * FROM parent"), "DROP TEMPORARY TABLE parent",
                                  sees("SELECT * FROM parent")),
    "any_lock_tables": every("LOCK TABLES c WRITE, t READ", "INSERT INTO c (p) VALUES (1)",
                             sees("SELECT COUNT(*) FROM parent"), "UNLOCK TABLES",
                             sees("SELECT COUNT(*) FROM parent")),
    "any_get_lock": every("SELECT GET_LOCK('n~', 0)", "DO GET_LOCK('n~', 0)", "SELECT RELEASE_LOCK('n~')",
                          sees("SELECT IS_USED_LOCK('n~')=CONNECTION_ID()"), "DO RELEASE_LOCK('n~')",
                          sees("SELECT IS_FREE_LOCK('n~')"), "SELECT RELEASE_ALL_LOCKS()"),
    "get_lock_nested": ["SELECT GET_LOCK('m~',0), GET_LOCK('m~',0), GET_LOCK('o~',0)",
                        "SELECT RELEASE_LOCK('m~')", "SELECT IS_FREE_LOCK('m~'), IS_FREE_LOCK('o~')",
                        "SELECT RELEASE_LOCK('o~')", "SELECT RELEASE_LOCK('m~')", "SELECT RELEASE_LOCK('m~')",
                        "SELECT IS_FREE_LOCK('m~')", "SELECT * FROM view_lock", "SELECT RELEASE_ALL_LOCKS()"],
    "any_handler": every("HANDLER t OPEN AS h", sees("HANDLER h READ `PRIMARY` FIRST"), "SELECT 1",
                         sees("HANDLER h READ `PRIMARY` NEXT"), "HANDLER h CLOSE",
                         sees("HANDLER h READ `PRIMARY` NEXT")),
    "any_insert": every("INSERT INTO t (v) VALUES (5)", sees("SELECT LAST_INSERT_ID(), ROW_COUNT()"),
                        "INSERT INTO t (v) VALUES (6), (7)", sees("SELECT ROW_COUNT()"),
                        sees("SELECT LAST_INSERT_ID(), @@identity"),
                        "INSERT INTO c (p) SELECT LAST_INSERT_ID()", sees("SELECT LAST_INSERT_ID()"),
                        "REPLACE INTO t (id, v) VALUES (1, 9)", sees("SELECT ROW_COUNT()"),
                        "INSERT INTO t (id, v) VALUES (1, 2) ON DUPLICATE KEY UPDATE "
                        "id=LAST_INSERT_ID(id), v=v+1", sees("SELECT LAST_INSERT_ID()")),
    "any_returning": every("INSERT INTO c (p) VALUES (1), (2) RETURNING p", sees("SELECT ROW_COUNT()"),
                           sees("SELECT FOUND_ROWS()"), "DELETE FROM c WHERE p=2 RETURNING p",
                           sees("SELECT ROW_COUNT(), FOUND_ROWS()"),
                           "REPLACE INTO t (id, v) VALUES (2, 2) RETURNING id",
                           sees("SELECT LAST_INSERT_ID(), ROW_COUNT()"), "ANALYZE INSERT INTO c (p) VALUES (9)",
                           sees("SELECT LAST_INSERT_ID()")),
    "any_last_insert_id": every("SELECT LAST_INSERT_ID(77)", sees("SELECT LAST_INSERT_ID()"),
                                "UPDATE t SET v=LAST_INSERT_ID(v+100) WHERE id=2",
                                sees("SELECT LAST_INSERT_ID(), @@last_insert_id"),
                                "SET last_insert_id=5", sees("SELECT LAST_INSERT_ID()"),
                                "SET insert_id=5000", "INSERT INTO c (p) VALUES (1)",
                                sees("SELECT LAST_INSERT_ID()"), "DO LAST_INSERT_ID(9)",
                                sees("SELECT @@identity")),
    "any_row_count": every("UPDATE t SET v=v+1", sees("SELECT ROW_COUNT()"), "UPDATE t SET v=v WHERE id=1",
                           sees("SELECT ROW_COUNT()"), "DELETE FROM c", sees("SELECT ROW_COUNT() AS n"),
                           "UPDATE t SET v=v+1 WHERE id=1", sees("SELECT ROW_COUNT() LIMIT 1"),
                           "UPDATE t SET v=v+1", sees("SELECT 5, ROW_COUNT()"),
                           "UPDATE t SET v=v+1", sees("SELECT 5+ROW_COUNT()"), sees("SELECT ROW_COUNT()")),
    "any_found_rows": every("SELECT id FROM t", sees("SELECT FOUND_ROWS()"),
                            "SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1", sees("SELECT FOUND_ROWS()"),
                            "(SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1) UNION ALL SELECT 2 LIMIT 1",
                            sees("SELECT FOUND_ROWS()"), "SELECT id FROM t UNION SELECT v FROM m",
                            sees("SELECT FOUND_ROWS()"), "SELECT COUNT(*) FROM t", sees("SELECT FOUND_ROWS()"),
                            "SELECT id FROM t WHERE id=-1", sees("SELECT FOUND_ROWS()")),
    "any_found_many": every("SELECT seq FROM seq_1_to_700", sees("SELECT CAST('abc' AS SIGNED)"),
                            sees("SELECT FOUND_ROWS()"), sees("SHOW WARNINGS"),
                            "SELECT SQL_CALC_FOUND_ROWS seq FROM seq_1_to_5000 LIMIT 3",
                            "UPDATE t SET v=v+1", sees("SELECT ROW_COUNT(), FOUND_ROWS()")),
    "any_warnings": every("SELECT CAST('abc' AS SIGNED)", "SHOW WARNINGS",
                          sees("SELECT @@warning_count"), "SELECT CAST('a' AS SIGNED), CAST('b' AS SIGNED)",
                          "SHOW COUNT(*) WARNINGS", "SHOW WARNINGS LIMIT 1",
                          "SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT='w', MYSQL_ERRNO=1642", "SHOW WARNINGS",
                          "INSERT IGNORE INTO t (id, v) VALUES (1, 1), (90, 'x')",
                          sees("SELECT ROW_COUNT()"), "SHOW WARNINGS", "DROP TABLE IF EXISTS nosuch",
                          "SHOW WARNINGS"),
    "any_errors": every("SELECT * FROM nosuch", "SHOW ERRORS", sees("SELECT @@error_count"),
                        "INSERT INTO t (id) VALUES (1)", "SHOW WARNINGS", sees("SELECT 1"), "SHOW WARNINGS",
                        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='own'", "SHOW COUNT(*) ERRORS",
                        "SHOW WARNINGS"),
    "any_diagnostics": every("SELECT CAST('x' AS SIGNED)", "GET DIAGNOSTICS @n=NUMBER, @r=ROW_COUNT",
                             sees("SELECT @n, @r"), "SELECT CAST('x' AS SIGNED)",
                             "GET DIAGNOSTICS CONDITION 1 @m=MESSAGE_TEXT, @e=MYSQL_ERRNO, "
                             "@s=RETURNED_SQLSTATE", sees("SELECT @m, @e, @s")),
    "any_role": every("SET ROLE r1", sees("SELECT CURRENT_ROLE()"), "SET ROLE r2",
                      sees("SELECT CURRENT_ROLE()"), "SET ROLE NONE", sees("SELECT CURRENT_ROLE()")),
    "any_prepare": every("PREPARE ps FROM 'SELECT 5+?'", sees("SET @a=3"), "EXECUTE ps USING @a",
                         "DEALLOCATE PREPARE ps", sees("EXECUTE ps USING @a"),
                         "PREPARE ps FROM 'SELECT id FROM t LIMIT 1'", "EXECUTE ps",
                         sees("SELECT FOUND_ROWS()"), "PREPARE ps FROM 'nonsense'", "EXECUTE ps"),
    "any_execute": every("PREPARE px FROM 'SELECT ?, @a'", "EXECUTE px USING 3", sees("SELECT 1"),
                         "EXECUTE px USING @a", "EXECUTE px USING -1.5e3", "EXECUTE px USING 'it'",
                         sees("EXECUTE px USING 1+1, 2"), "PREPARE py FROM 'SELECT 6'", "EXECUTE py",
                         "DEALLOCATE PREPARE px", "EXECUTE py", "EXECUTE px USING 3"),
    "any_sequence": every("SELECT NEXTVAL(sq) > 0", sees("SELECT LASTVAL(sq) > 0"),
                          "DO NEXT VALUE FOR sq", sees("SELECT PREVIOUS VALUE FOR sq > 0"),
                          "CREATE TEMPORARY SEQUENCE tsq", sees("SELECT NEXTVAL(tsq)"),
                          sees("SELECT LASTVAL(tsq)"), "DROP TEMPORARY SEQUENCE IF EXISTS tsq"),
    "any_use": every("USE two", sees("SELECT DATABASE(), @@character_set_database"), "USE one",
                     sees("SELECT DATABASE()"), "USE nosuch", sees("SELECT DATABASE()")),
    "any_checks": every("SET foreign_key_checks=0", "INSERT INTO child (parent) VALUES (55)",
                        "SET foreign_key_checks=1", "INSERT INTO child (parent) VALUES (56)",
                        "SET sql_notes=0, sql_warnings=1", "DROP TABLE IF EXISTS nosuch", "SHOW WARNINGS",
                        "SET sql_notes=1, sql_warnings=0"),
    "any_clock": every("SET timestamp=1234", sees("SELECT UNIX_TIMESTAMP()"), "SET @@timestamp=2345.5",
                       sees("SELECT NOW(1)"), "SET timestamp=0", sees("SELECT @@timestamp > 1000000"),
                       "SET SESSION timestamp=DEFAULT", sees("SELECT UNIX_TIMESTAMP() > 1000000")),
    "any_function": every("SELECT f_set()", sees("SELECT @v"), "SELECT f_insert()",
                          sees("SELECT LAST_INSERT_ID(), ROW_COUNT()"), "DO f_into()", sees("SELECT @v"),
                          "SELECT * FROM view_function", sees("SELECT @v, FOUND_ROWS()"),
                          "INSERT INTO triggered VALUES (5), (6)", sees("SELECT @v, ROW_COUNT()")),
    "any_call": every("CALL p_two()", sees("SELECT FOUND_ROWS(), ROW_COUNT()"), "CALL p_insert()",
                      sees("SELECT LAST_INSERT_ID()"), sees("SELECT ROW_COUNT()"), "CALL p_warn()",
                      "SHOW WARNINGS", "CALL p_update()", sees("SELECT ROW_COUNT()"), "CALL p_out(@a)",
                      sees("SELECT @a"), "CALL p_in_out(@a, @b)", sees("SELECT @a, @b"), "CALL nosuch()",
                      "SHOW WARNINGS"),
    "any_oracle": every("SET sql_mode=ORACLE", sees("SELECT 'a'||NULL||'b'"),
                        sees("SELECT SUBSTR('abc', 0, 1)"), "UPDATE t SET v=v+1 WHERE id=1",
                        sees("SELECT ROW_COUNT()"), "SET sql_mode=DEFAULT", sees("SELECT 'a'||'b'")),
    "text_sjis": ["SET NAMES sjis", b"SELECT HEX('\x95\x5c'), 1", b"SELECT '\x83\x5c', 'it''s', @a",
                  b"SET @a='\x95\x5c'", "SELECT HEX(@a), CHARSET(@a)", b"SELECT '\x95\x5c\\'', 2 -- '",
                  "SET NAMES utf8mb4", "SELECT HEX(@a), CHARSET(@a)"],
    "text_gbk": ["SET NAMES gbk", b"SET @a='\xbf\x5c', @b=1", "SELECT HEX(@a), @b",
                 b"INSERT INTO t (v, s) VALUES (1, '\xd6\xd0\x5c'')')", "SELECT HEX(s) FROM t WHERE v=1",
                 b"SELECT '\x81\x60' AS `a`", "SET NAMES utf8mb4"],
    "text_big5": ["SET NAMES big5", b"SELECT HEX('\xa5\x5c'), @a", b"SELECT \"\xb3\x5c\", '\xa5\x5c'''",
                  "SET NAMES utf8mb4"],
    "text_quotes": ["SET sql_mode='ANSI_QUOTES'", "SELECT \"id\", 'a\"b' FROM t LIMIT 1",
                    "SET @a='\"', @`b`=\"@a\"", "SELECT @a, @b", "SET @\"a b\"=4", "SELECT @\"a b\"",
                    "SET sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES'", "SET @a='\\', @b='x'",
                    "SELECT @a, @b", "SET sql_mode=DEFAULT"],
    "text_comments": ["SELECT 1 /* ' */, 2 -- '", "SELECT 3 # '; SET @a=9", "SELECT @a",
                      "SELECT /*! 4, */ 5 /*!999999 , 6 */ /*M! , 7 */", "SET /*! @a=8, */ @b=9",
                      "SELECT @a, @b", "SELECT 1 -- ; SET @a=77\n, 2", "SELECT @a",
                      "SELECT 1--1, @a", "/*!SET @a=55*/", "SELECT @a", "SELECT 'a' 'b' \"c\", N'd', _latin1'e', x'41'"],
    "cursor_more": [("prepare", "c1", "SELECT id, v FROM t WHERE v >= ? ORDER BY id"),
                    ("execute", "c1", [0], "cursor"), ("fetch", "c1", 1), "SET @a=5",
                    ("prepare", "c2", "SELECT @a, seq FROM seq_1_to_4"), ("execute", "c2", [], "cursor"),
                    ("fetch", "c2", 2), ("fetch", "c1", 1), "SELECT FOUND_ROWS()", ("fetch", "c2", 9),
                    "SELECT FOUND_ROWS()", ("fetch", "c1", 9), ("close", "c1"), ("close", "c2")],
    "cursor_in_transaction": ["BEGIN", ("prepare", "c3", "SELECT id, v FROM t"),
                              ("execute", "c3", [], "cursor"), ("fetch", "c3", 1), "COMMIT",
                              ("fetch", "c3", 1), ("close", "c3")],
    "statement_in_mode": [("prepare", "d1", "SELECT 'a'||'b', \"x\""), ("execute", "d1", [], ""),
                          "SET sql_mode='PIPES_AS_CONCAT,ANSI'", ("execute", "d1", [], ""),
                          "SET NAMES latin1", ("execute", "d1", [], ""), "SET time_zone='+04:00'",
                          ("prepare", "d2", "SELECT FROM_UNIXTIME(?), @@time_zone"),
                          ("execute", "d2", [0], ""), "SET time_zone=DEFAULT", ("execute", "d2", [0], ""),
                          "SET sql_mode=DEFAULT", "SET NAMES utf8mb4", ("execute", "d1", [], "")],
    "statement_of_temporary": ["CREATE TEMPORARY TABLE tst (a INT)",
                               ("prepare", "e1", "INSERT INTO tst VALUES (?)"), ("execute", "e1", [4], ""),
                               ("prepare", "e2", "SELECT * FROM tst"), ("execute", "e2", [], ""),
                               "DROP TABLE tst", ("execute", "e2", [], ""), "SHOW WARNINGS",
                               "CREATE TEMPORARY TABLE tst (a INT, b INT)", ("execute", "e2", [], ""),
                               "DROP TABLE tst", ("close", "e1"), ("close", "e2")],
    "statement_many_types": [("prepare", "f1", "SELECT ?, LENGTH(?), ? IS NULL"),
                             ("execute", "f1", [1, b"\x00\xff", None], ""),
                             ("execute", "f1", [2.5, "é", 3], ""),
                             ("execute", "f1", [2.5, "b", 4], "same types"),
                             ("execute", "f1", [None, None, None], ""),
                             ("execute", "f1", [-1, "x" * 300, 0], ""), ("reset statement", "f1"),
                             ("execute", "f1", [7, "y", 1], "same types"), ("close", "f1")],
    "statement_shows": [("prepare", "g1", "SHOW WARNINGS"), "SELECT CAST('q' AS SIGNED)",
                        ("execute", "g1", [], ""), ("prepare", "g2", "SELECT ROW_COUNT(), FOUND_ROWS()"),
                        "UPDATE t SET v=v+1", ("execute", "g2", [], ""), "UPDATE t SET v=v+1",
                        ("execute", "g2", [], ""), ("prepare", "g3", "SELECT LAST_INSERT_ID(), @a"),
                        "INSERT INTO t (v) VALUES (4)", ("execute", "g3", [], ""), "SET @a=4",
                        ("execute", "g3", [], ""), ("execute", "g1", [], "")],
    "errors_in_transaction": ["BEGIN", "INSERT INTO c (p) VALUES (11)", "CALL p_error()",
                              "SELECT @@in_transaction, @v", "CREATE TEMPORARY TABLE et (a INT)",
                              "SELECT * FROM et", "INSERT INTO nosuch VALUES (1)", "ROLLBACK", "SHOW WARNINGS",
                              "DROP TEMPORARY TABLE et"],
    "schema_moves": ["CREATE DATABASE IF NOT EXISTS gone_~", "USE gone_~", "CREATE TABLE IF NOT EXISTS x (a INT)",
                     ("prepare", "h1", "SELECT COUNT(*) FROM x"), ("execute", "h1", [], ""), USE_ONE,
                     ("execute", "h1", [], ""), "SELECT COUNT(*) FROM gone_~.x", "SELECT DATABASE()"],
    "flags_of_sets": ["SET autocommit=0; SET autocommit=1", "BEGIN; SET @a=1; COMMIT; SET time_zone='+09:00'",
                      "SELECT @@time_zone, @a", "SET sql_mode=''; SELECT 1; SET sql_mode=DEFAULT; SELECT 2",
                      "CREATE TEMPORARY TABLE fs (a INT); INSERT INTO fs VALUES (1); SELECT * FROM fs; "
                      "DROP TEMPORARY TABLE fs", "SELECT * FROM fs",
                      "SELECT GET_LOCK('fs~', 0); SELECT RELEASE_LOCK('fs~')",
                      "SELECT CAST('abc' AS SIGNED); SHOW WARNINGS; SELECT 1", "SHOW WARNINGS",
                      "INSERT INTO t (v) VALUES (1); SELECT LAST_INSERT_ID(); UPDATE t SET v=1 WHERE id=2",
                      "SELECT LAST_INSERT_ID()", "SELECT ROW_COUNT()"],
    "set_odd": ["SET @@session.sql_mode='ANSI', @a=\"x\", @b='y'", "SELECT @a, @b, @@sql_mode",
                "SET @a=(SELECT COUNT(*) FROM t), @b=@a", "SELECT @a, @b", "SET @a=@b:=12", "SELECT @a, @b",
                "SET SESSION sql_mode=REPLACE(@@sql_mode,'ANSI',''), time_zone=IF(1,'+02:00','x')",
                "SELECT @@sql_mode, @@time_zone", "SET time_zone=@@global.time_zone, sql_mode=DEFAULT",
                "SET @@collation_connection=utf8mb4_unicode_ci, @a='é'", "SELECT @a, COLLATION(@a)",
                "SET character_set_client=latin1, character_set_results=latin1", "SELECT @a, 'x'",
                "SET NAMES utf8mb4"],
}

if world.MYSQL:
    MOTIFS["statement_many_types"] = motifs_mysql.MANY_TYPES
    # Refused without a number of their own, they may use up one (docs/differences.md).
    for item in MOTIFS["any_checks"]:
        if isinstance(item, Anyhow):
            item.sql = motifs_mysql.with_number(item.sql)
