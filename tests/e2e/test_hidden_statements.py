# SPDX-License-Identifier: Apache-2.0
"""Texts made to deceive the lexer: each hides a statement that changes the session where a reader might
not look for it. The link is taken away and soiled after every request, so whatever the server executed
and the lexer did not see is lost, and the probe behind it shows another value than on a direct
connection."""

import pytest

import wire
from wire import BASIC, q

SETS = b"SET @h=77"
LOCKS = b"DO GET_LOCK('hidden_lock',0)"
MAKES = b"CREATE TEMPORARY TABLE hidden_table SELECT 5 AS five"
INTO = b"SELECT 77 INTO @h"
PROBES = [q("SELECT IS_USED_LOCK('hidden_lock') IS NOT NULL AS l, @h AS h, @@group_concat_max_len AS g, "
            "@@timestamp < 1000 AS t"), q("SELECT * FROM hidden_table"), q("SHOW WARNINGS")]

BACKSLASH = b"\\"
MODES = {
    "plain": [],
    "no_backslash": [b"SET sql_mode='NO_BACKSLASH_ESCAPES'"],
    "ansi": [b"SET sql_mode='ANSI_QUOTES'"],
    "ansi_no_backslash": [b"SET SESSION sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"],
    "oracle": [b"SET @@session.sql_mode='ORACLE'"],
    "ignore_space": [b"SET sql_mode='IGNORE_SPACE'"],
    "sjis": [b"SET NAMES sjis"], "gbk": [b"SET NAMES gbk"], "big5": [b"SET CHARACTER SET big5"],
    "cp932": [b"SET character_set_client=cp932"], "euckr": [b"SET NAMES euckr"],
    "utf8": [b"SET NAMES utf8mb4"], "latin1": [b"SET NAMES latin1"], "swe7": [b"SET NAMES swe7"],
    "binary": [b"SET NAMES binary"], "ujis": [b"SET NAMES ujis"], "gb2312": [b"SET NAMES gb2312"],
}

# {p}: the hidden statement, between what may or may not be the ends of a string, a name or a comment.
QUOTES = [
    b"SELECT 'a\\'; {p}; -- '", b"SELECT 'a\\\\'; {p}; -- '", b'SELECT "a\\"; {p}; -- "',
    b'SELECT 1 AS "a\\"; {p}; -- "', b"SELECT 1 AS `a\\`; {p}; -- `", b"SELECT 1 AS `a``; {p}; -- `",
    b"SELECT 'a''; {p}; -- '", b"SELECT N'a\\'; {p}; -- '", b"SELECT _latin1'a\\'; {p}; -- '",
    b"SELECT _binary'a\\'; {p}; -- '", b"SELECT x'41'; {p}; -- '", b"SELECT b'1' 'x'; {p}; -- '",
    b"SELECT 'a' '; {p}; -- '", b"SELECT \"'\"; {p}; -- '\"", b"SELECT '\"'; {p}; -- \"'",
    b"SELECT 1 AS \"'\"; {p}; -- '", b"SELECT '`'; {p}; -- `", b"SELECT 'a\nb'; {p}",
    b"SELECT '\\'\\\\'; {p}; -- '", b"SELECT $$'$$; {p}; -- '", b"SELECT q'['']'; {p}; -- '",
    b"SELECT 0x27; {p}; -- '", b"SELECT '/*'; {p}; -- '*/'", b"SELECT 1 /* ' */; {p}; -- '",
    b"SELECT 'x\0'; {p}; -- '",
]
TRAILS = [b"SELECT '%c%c'; {p}; -- '" % (lead, trail) for lead in (0x81, 0x95, 0xa4, 0xbf, 0xe0, 0xfc, 0xc3)
          for trail in (0x5c, 0x27, 0x60, 0x22)]
TRAILS += [b"SELECT '%c%c\\'; {p}; -- '" % (lead, 0x5c) for lead in (0x81, 0x95, 0xbf)]
TRAILS += [b"SELECT 1 AS `%c%c`; {p}; -- `" % (lead, trail) for lead in (0x81, 0x95, 0xbf, 0xa4)
           for trail in (0x5c, 0x60)]
TRAILS += [b"SELECT 1 AS a%c`; {p}; -- `" % lead for lead in (0x81, 0x95, 0xbf)]
TRAILS += [b"SELECT '\x95\\'; {p}; -- '", b"SELECT '\xa0'; {p}", b"SELECT\xa01; {p}", b"SELECT _sjis'\x95\\'; {p}; -- '",
           b"SELECT '\x81\x30\x81\x5c'; {p}; -- '", b"/* \x95*/; {p}; -- */", b"SELECT 1 -- \x95\n; {p}",
           b"SELECT 1 # \x81\n; {p}"]
COMMENTS = [
    b"SELECT 1 /*! ; {p} */", b"SELECT 1 /*!50000 ; {p} */", b"SELECT 1; /*!50701 {p} */",
    b"/*!99999 {p} */", b"/*!100000 {p} */", b"/*!100100 {p} */", b"/*!101100 {p} */", b"/*!999999 {p} */",
    b"/*M! {p} */", b"/*M!100000 {p} */", b"/*M!50000 {p} */", b"/*M!999999 {p} */", b"/*M!999999 x */ {p}",
    b"/* /*! */ {p}", b"/*! /* */ {p} */", b"/*!50000 /* x */ {p} */", b"/*!999999 /* x */ {p} /* */",
    b"/*!999999 ' */ {p} -- '", b"/*!50799 ' */ {p} -- '", b"/*!50000 ' */ {p} -- '", b"/*!050000 {p} */",
    b"/*!5000 {p} */", b"/*!500000 {p} */", b"/*!1000000 {p} */", b"/*! {p}", b"/*!{p}*/", b"/*!40000{p}*/",
    b"/**/{p}", b"/***/{p}", b"/*/*/{p}", b"/*/ */{p}", b"/* * / */ {p}", b"--\x01\n{p}", b"--\t\n{p}",
    b"-- \r{p}", b"--\r\n{p}", b"--\n{p}", b"#\n{p}", b"#\r{p}", b"# \\\n{p}", b"SELECT 1--1; {p}",
    b"SELECT 1-- 1\n; {p}", b"SELECT 1 --;{p}", b"SELECT 1 --\x0b; x\n;{p}", b"SELECT 1 /*+ ' */; {p}; -- '",
    b"SELECT /*+ MAX_EXECUTION_TIME(1) */ 1; {p}", b"SELECT /*+ `*/ 1; {p} -- `", b"SELECT */ 1; {p}",
    b"; {p}", b";;;{p};;", b" \t\n\x0b\x0c{p}", b"\xef\xbb\xbf{p}", b"{p}\0", b"{p};\0", b"SELECT 1\0; {p}",
    b"/*!999999 */{p}", b"/*!*/{p}", b"/*M*/{p}", b"/*m! {p} */", b"/*!\n50000 {p} */", b"/*! 50000 {p} */",
    b"SELECT 1 /*! -- */ ; {p}", b"SELECT 1 /*! # */\n; {p} -- */", b"SELECT 1 /*!999999 -- */; {p}",
]
BLOCKS = [
    b"BEGIN NOT ATOMIC {p}; END", b"x: BEGIN NOT ATOMIC {p}; END", b"IF 1 THEN {p}; END IF",
    b"CASE 1 WHEN 1 THEN {p}; END CASE", b"x: LOOP {p}; LEAVE x; END LOOP", b"WHILE @w IS NULL DO SET @w=1; {p}; END WHILE",
    b"REPEAT {p}; UNTIL 1 END REPEAT", b"FOR i IN 1..1 DO {p}; END FOR", b"DECLARE a INT; BEGIN {p}; END",
    b"DECLARE BEGIN {p}; END;", b"<<x>> BEGIN {p}; END", b"BEGIN {p}; END", b"SET STATEMENT max_statement_time=9 FOR {p}",
    b"SELECT 1; BEGIN NOT ATOMIC {p}; END", b"EXECUTE IMMEDIATE '{s}'", b"EXECUTE IMMEDIATE CONCAT('{s}')",
    b"PREPARE s FROM '{s}'; EXECUTE s", b"CREATE OR REPLACE PROCEDURE hider() {p}; CALL hider()",
    b"SET sql_mode='NO_BACKSLASH_ESCAPES'; SELECT 'a\\'; {p}; -- '", b"SET @@sql_mode='NO_BACKSLASH_ESCAPES'; SELECT 'a\\'; {p}; -- '",
    b"SET `sql_mode`='NO_BACKSLASH_ESCAPES'; SELECT 'a\\'; {p}; -- '", b"SET sql_m\xc3\xb6de='NO_BACKSLASH_ESCAPES'; SELECT 'a\\'; {p}; -- '",
    b"SET @@`sql_mode`='NO_BACKSLASH_ESCAPES'; SELECT 'a\\'; {p}; -- '", b"SET local sql_mode=CONCAT('NO_BACKSLASH_','ESCAPES'); SELECT 'a\\'; {p}; -- '",
    b"SET group_concat_max_len=9, sql_mode='ANSI_QUOTES'; SELECT 1 AS \"a\\\"; {p}; -- \"", b"SET NAMES sjis; SELECT '\x95\\'; {p}; -- '",
    b"SET NAMES 'gbk'; SELECT '\xbf\\'; {p}; -- '", b"SET CHARSET big5; SELECT '\xa4\\'; {p}; -- '",
    b"SET character_set_client='sjis'; SELECT '\x95\\'; {p}; -- '", b"SET @@character_set_client=13; SELECT '\x95\\'; {p}; -- '",
    b"SET ch\xc3\xa4racter_set_client=sjis; SELECT '\x95\\'; {p}; -- '", b"SET STATEMENT sql_mode='NO_BACKSLASH_ESCAPES' FOR SELECT 'a\\'; {p}; -- '",
    b"PREPARE s FROM 'SET sql_mode=''NO_BACKSLASH_ESCAPES'''; EXECUTE s; SELECT 'a\\'; {p}; -- '",
    b"SELECT 1 LIMIT 1; {p}", b"COMMIT; {p}", b"SHOW WARNINGS; {p}", b"USE test; {p}", b"KILL QUERY 0+99999; {p}",
]
# Each hides by itself.
ALONE = [
    b"SET@h=77", b"SET/**/@h=77", b"SET\n@h:=77", b"SELECT@h:=77", b"SELECT 77 INTO@h", b"SELECT @'h':=77", b"SELECT @`h`:=77",
    b'SELECT @"h":=77', b"SET @'h'=77", b"SET @`h`=77", b"SELECT @ h:=77", b"SELECT @/**/h:=77", b"SELECT @H:=77",
    b"DO @h:=77", b"VALUES (@h:=77)", b"SELECT * FROM (SELECT @h:=77) x", b"WITH x AS (SELECT @h:=77) SELECT * FROM x",
    b"INSERT INTO t VALUES (9) RETURNING @h:=77", b"DELETE FROM t WHERE id=8 OR @h:=77", b"UPDATE t SET id=id WHERE (@h:=77)",
    b"SHOW TABLES WHERE @h:=77", b"SHOW STATUS WHERE GET_LOCK('hidden_lock',0)", b"SHOW VARIABLES WHERE GET_LOCK('hidden_lock',0)",
    b"SHOW COLLATION WHERE GET_LOCK('hidden_lock',0)", b"SHOW SESSION VARIABLES WHERE Variable_name='x' OR GET_LOCK('hidden_lock',0)",
    b"SHOW VARIABLES LIKE 'sql_mode' OR GET_LOCK('hidden_lock',0)", b"SHOW DATABASES WHERE `Database`=(@h:=77)",
    b"SELECT GET_LOCK/**/('hidden_lock',0)", b"SELECT GET_LOCK ('hidden_lock',0)", b"SELECT `GET_LOCK`('hidden_lock',0)",
    b"SELECT get_lock\n('hidden_lock',0)", b"SELECT g\xc3\xa9t_lock('hidden_lock',0)", b"SELECT GET_LOCK--\n('hidden_lock',0)",
    b"SELECT/*!GET_LOCK*/('hidden_lock',0)", b"SELECT /*!GET_LOCK('hidden_lock'*/,0)", b"SELECT /*!50000 GET_*/LOCK('hidden_lock',0)",
    b"SELECT 1 FROM t WHERE GET_LOCK('hidden_lock',0) LIMIT 1", b"SELECT 1 ORDER BY GET_LOCK('hidden_lock',0)",
    b"SELECT 1 HAVING GET_LOCK('hidden_lock',0)", b"SELECT IF(1,GET_LOCK('hidden_lock',0),0)", b"KILL QUERY 0+GET_LOCK('hidden_lock',0)",
    b"PURGE BINARY LOGS BEFORE GET_LOCK('hidden_lock',0)", b"EXPLAIN SELECT GET_LOCK('hidden_lock',0)", b"ANALYZE SELECT GET_LOCK('hidden_lock',0)",
    b"ANALYZE FORMAT=JSON SELECT GET_LOCK('hidden_lock',0)", b"DESC SELECT (SELECT GET_LOCK('hidden_lock',0))", b"ANALYZE UPDATE t SET id=id WHERE @h:=77",
    b"CALL nothing(GET_LOCK('hidden_lock',0))", b"CALL gives(@h)", b"SELECT hides()", b"SELECT test.hides()", b"SELECT `test`.`hides`()",
    b"SELECT hides ()", b"SELECT 1,hides()", b"SELECT -hides()", b"SELECT * FROM t WHERE id IN (SELECT hides())", b"SELECT hides/*!(*/)", b"SET @x=hides()",
    b"SET group_concat_max_len=hides()", b"SELECT CASE hides() WHEN 1 THEN 2 END", b"SELECT 1 AND hides()", b"SELECT 1 IN (hides())",
    b"SELECT test . hides()", b"SELECT .test.hides()", b"SELECT NOT hides()", b"SELECT hides()+1 AS `x`", b"DO hides()", b"SELECT (hides)()",
    b"SELECT count(1)+hides()", b"SELECT x.hides() FROM t x", b"SELECT EXTRACT(DAY FROM hides())", b"SELECT CAST(hides() AS CHAR)",
    b"SELECT if/**/(1,2,3), replace (1,hides(),2)", b"INSERT INTO t (id) VALUES (hides()+1000) ON DUPLICATE KEY UPDATE id=id",
    b"INSERT INTO t VALUES (hides()+2000)", b"INSERT INTO t SET id=hides()+3000", b"REPLACE t VALUES (hides()+4000)", b"INSERT t SELECT hides()+5000",
    b"SELECT last_insert_id(9), hides()", b"SELECT id FROM t GROUP BY hides()", b"SELECT 1 LIMIT 1 OFFSET 0 INTO @h",
    b"CREATE TEMPORARY TABLE hidden_table SELECT 5 AS five", b"CREATE/**/TEMPORARY/**/TABLE hidden_table SELECT 5 AS five",
    b"CREATE OR REPLACE TEMPORARY TABLE hidden_table SELECT 5 AS five", b"CREATE /*!TEMPORARY*/ TABLE IF NOT EXISTS hidden_table SELECT 5 AS five",
    b"CREATE /*!99999 OR REPLACE */ TEMPORARY TABLE hidden_table SELECT 5 AS five", b"CREATE TEMPORARY TABLE hidden_table LIKE t",
    b"SET SESSION group_concat_max_len=1111", b"SET @@group_concat_max_len=1111", b"SET @@local.group_concat_max_len=1111",
    b"SET gr\xc3\xb6up_concat_max_len=1111", b"SET @@gr\xc3\xb6up_concat_max_len=1111", b"SET timestamp=5", b"SET @@timestamp=5", b"SET timest\xc3\xa4mp=5",
    b"SET @@`timestamp`=5", b"SET `timestamp`=5", b"SET STATEMENT group_concat_max_len=9 FOR SET timestamp=5", b"SET @x=1, timestamp=5",
    b"SET group_concat_max_len=(SELECT 1111)", b"SET group_concat_max_len=1111, @h=77", b"SET NAMES utf8mb4, @h=77", b"SET @h=77, NAMES utf8mb4",
    b"SET TRANSACTION READ ONLY", b"SET @@x=1", b"SET SESSION TRANSACTION READ ONLY", b"SET GLOBAL x=1, @h=77",
    b"GET DIAGNOSTICS @h=NUMBER", b"GET CURRENT DIAGNOSTICS @h=ROW_COUNT", b"SELECT 1 INTO @a, @h", b"SELECT id FROM t LIMIT 1 INTO @h",
    b"(SELECT @h:=77)", b"((SELECT 77)) INTO @h", b"SELECT 77 UNION SELECT 78 LIMIT 1 INTO @h", b"TABLE t LIMIT 1 INTO @h", b"VALUES (77) INTO @h",
    b"HELP 'x'; SET @h=77", b"CREATE TABLE IF NOT EXISTS hider AS SELECT @h:=77 AS h", b"CREATE OR REPLACE VIEW hidden_view AS SELECT 1; SET @h=77",
    b"FLUSH STATUS; SET @h=77", b"LOCK TABLES t READ", b"HANDLER t OPEN", b"SIGNAL SQLSTATE '01000'; SET @h=77",
    b"SELECT 1 FROM t WINDOW w AS (ORDER BY @h:=77)", b"SELECT SUM(@h:=77) OVER () FROM t", b"SELECT JSON_VALUE('[1]',CONCAT('$',@h:=77))",
    b"SELECT 1 FROM JSON_TABLE('[77]', '$[*]' COLUMNS (a INT PATH '$')) j WHERE @h:=j.a", b"SELECT CONVERT(@h:=77 USING utf8)",
]


def texts():
    for name in MODES:
        few = [SETS] if name not in ("plain", "no_backslash", "sjis", "gbk") else [SETS, LOCKS]
        for payload in few:
            yield name, [t.replace(b"{p}", payload) for t in QUOTES + TRAILS]
    for name in ("plain", "ansi_no_backslash", "oracle"):
        for payload in (SETS, LOCKS, MAKES, INTO):
            quoted = payload.replace(b"'", b"''")
            yield name, [t.replace(b"{p}", payload).replace(b"{s}", quoted) for t in COMMENTS + BLOCKS]
    for name in ("plain", "ignore_space", "oracle", "ansi", "latin1"):
        yield name, ALONE


GROUPS = [(name, tuple(group[n:n + 40])) for name, group in texts() for n in range(0, len(group), 40)]


@pytest.fixture(scope="module")
def through(module_weir, server):
    with server.root(schema="test") as root:
        root.query("CREATE OR REPLACE TABLE t (id BIGINT PRIMARY KEY)")
        root.query("INSERT INTO t VALUES (1), (2)")
        root.query("CREATE OR REPLACE FUNCTION hides() RETURNS INT BEGIN SELECT 77 INTO @h; "
                   "RETURN GET_LOCK('hidden_lock',0); END")
        root.query("CREATE OR REPLACE PROCEDURE gives(OUT o INT) SET o=77")
    return module_weir(debug_link_switching=1, pool_max_size=4)


def outcome(address, mode, text):
    """What the probes show after the text, whatever it answered."""
    with wire.connect(address, schema="test", capabilities=BASIC) as w:
        w.query("SET group_concat_max_len=1024")
        for sql in MODES[mode]:
            w.command(q(sql))
        answer = [wire.split_packets(w.command(q(text)))[-1]]
        for probe in PROBES:
            w.command(probe)
            answer.append((w.error and w.error.code, w.rows))
        w.quit()
        return answer


@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_hidden_statements(server, through, group):
    mode, hidden = GROUPS[group]
    wrong = []
    for text in hidden:
        seen = []
        for address in (server.address, through.address):
            with server.root() as root:  # both begin with the same tables, and no lock
                root.query("DELETE FROM test.t WHERE id > 2")
                root.query("INSERT IGNORE INTO test.t VALUES (1), (2)")
                root.query("DROP TABLE IF EXISTS test.hider, test.hidden_table")
                root.query("DO GET_LOCK('hidden_lock', 3), RELEASE_LOCK('hidden_lock')")
            try:
                seen.append(outcome(address, mode, text))
            except (wire.Closed, TimeoutError) as error:
                seen.append(repr(error))
        if seen[0] != seen[1]:
            wrong.append(f"{mode} {text}:\n  direct {seen[0]}\n  Weir   {seen[1]}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_quotes_that_change_behind_the_back(weir, own_server):
    """The global sql_mode changes after Weir has learnt it: a new session's first text is read by other
    rules than those of the greeting."""
    one = weir(of=own_server, debug_link_switching=1)
    with one.connect() as w:
        w.query("SELECT 1")
    own_server.query("SET GLOBAL sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES'")
    own_server.kill_connections()  # the next link has the new mode
    try:
        for text in (b"SELECT 'a\\'; SELECT 77 INTO @h; -- '", b"SELECT 1 AS \"a\\\"; SELECT 77 INTO @h; -- \""):
            with one.connect() as w, own_server.connect() as direct:
                for c in (w, direct):
                    c.command(q(text))
                assert w.query("SELECT @h") == direct.query("SELECT @h")
    finally:
        own_server.query("SET GLOBAL sql_mode=DEFAULT")


@pytest.mark.parametrize("padding", [b"/* %s */ " % (b"x" * 20000), b" " * 17000, b"-- %s\n" % (b"'" * 30000),
                                     b"SELECT '%s'; " % (b"\\'" * 9000), b"SELECT 1 AS `%s`; " % (b"``" * 9000)])
def test_hidden_behind_much_text(server, through, padding):
    """A request that does not fit the buffer is judged as it passes."""
    for text in (SETS, INTO, LOCKS, MAKES, b"SELECT 'a\\'; SET @h=77; -- '"):
        seen = []
        for address in (server.address, through.address):
            with server.root() as root:
                root.query("DO GET_LOCK('hidden_lock', 3), RELEASE_LOCK('hidden_lock')")
            seen.append(outcome(address, "plain", padding + text))
        assert seen[0] == seen[1], text
