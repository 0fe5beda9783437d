# SPDX-License-Identifier: Apache-2.0
"""User variables and statements prepared as text follow their client to another link: every scenario
is run direct and alone, then through Weir with an adversary who takes the one link between every two
statements and has variables and statements of the same names. The replies must be the same bytes, and
the adversary must get the link where the scenario says so."""

import os
import random
import struct

import pytest

import adversary
import mysql_scenarios
import wire
from test_session_state import (KINDS, PATIENCE_S, PINNED_S, Other, Scenario, carried, compare,
                                execute, long_values, one_link, parameters, pinned, prepare, root,
                                run)

DIRT = ["SET @a='dirt', @b=-1, @c=1e0, @d=2.5, @X=x'ff', @`two words`=3, @unset=4",
        "PREPARE s FROM 'SELECT 666'", "PREPARE t FROM 'SELECT 667'"]
SHOW = ("SELECT @a, @b, @c, @d, @e, @f, @x, @unset, COLLATION(@a), COERCIBILITY(@a), CHARSET(@b), "
        "COERCIBILITY(@b)")

SCENARIOS = {
    "names": carried("SET @`odd-name`=1, @'a.b'=2, @\"Q$\"=3, @x.y=4, @7=5, @_=6, @ABC=7",
                     "SELECT @`odd-name`, @'a.b', @'Q$', @`q$`, @x.y, @7, @_, @abc, @`x.y`, @a"),
    "names_that_pin": pinned("SET @`a\"b`=1", "SELECT @`a\"b`", "SET @'it''s'=2", "SELECT @`it's`"),
    "two_words": carried("SET @`two words`=1", "SELECT @'two words'"),
    "names_of_other_letters": pinned("SET @größe=1", "SELECT @größe", "SELECT @GRÖSSE"),
    "case_does_not_matter": carried("SET @Abc=1", "SET @aBC=@abC+1", "SELECT @ABC, @abc"),
    "increments": carried("SET @x=0", "SET @x=@x+1", "SET @x=@x+1", "SET @x=@x+1", "SELECT @x"),
    "null_keeps_its_type": carried(
        "SET @a=1, @a=NULL, @b=CAST(1 AS UNSIGNED), @b=NULL, @c=1.5, @c=NULL, @d=1e0, @d=NULL, "
        "@e=_latin1'x' COLLATE latin1_bin, @e=NULL, @f=NULL", SHOW, "SELECT @d IS NULL, @nosuch"),
    "only_read": carried("SELECT @a, @nosuch", "SELECT @b, @nosuch", "SELECT @a IS NULL"),
    "unset_again": carried("SET @a='x'", "SET @a=NULL", "SELECT @a", "SET @a=1", "SELECT @a"),
    "other_types_in_turn": carried("SET @a='x'", "SET @a=1", SHOW, "SET @a=1.5", SHOW, "SET @a=1e0",
                                   SHOW, "SET @a=x'00'", SHOW),
    "integers": carried("SET @a=-9223372036854775808, @b=9223372036854775807, "
                        "@c=18446744073709551615, @d=CAST(0 AS UNSIGNED), @e=-1, @f=TRUE", SHOW,
                        "SELECT @a-0, @b+0, @c-1, @d-0, @e*2, @f+1"),
    "decimals": carried("SET @a=1.50, @b=CAST(5 AS DECIMAL(10,0)), @c=-0.000, @d=" + "9" * 65 +
                        ", @e=0." + "0" * 37 + "1, @f=-12345678901234567890.12345", SHOW,
                        "SELECT @a*1, @b/3, @c+0, @d-1, @e*10, @f+1, @a=1.5, CONCAT(@a, @b, @c)"),
    "doubles": carried("SET @a=1e3, @b=0.1e0+0.2e0, @c=1.7976931348623157e308, @d=5e-324, @e=-1e-7, "
                       "@f=1e15/3e0", SHOW, "SELECT @a+0, @b-0.3e0, @c/2, @d*2, @e*1e7, @f*3"),
    "strings": carried("SET @a='caf\\u00e9', @b='', @c=_latin1 x'e9', @d=REPEAT('x', 8000), "
                       "@e='it''s \\\\ \\0 \\n', @f=_utf8mb4'x' COLLATE utf8mb4_bin", SHOW,
                       "SELECT HEX(@c), LENGTH(@d), @e, @f='X', COLLATION(@f), @a='CAFE'"),
    "utf8": carried(b"\x03SET NAMES utf8mb4", b"\x03" + "SET @a='äö€😀'".encode(),
                    "SELECT @a, CHAR_LENGTH(@a), HEX(@a)"),
    "binary": carried("SET @a=x'00ff80', @b=b'101', @c=0x41, @d=CAST('a' AS BINARY), @e=x'', "
                      "@f=INET6_ATON('::1')", SHOW, "SELECT HEX(@a), @b+0, @c+0, CONCAT(@d), @e='' "),
    "temporal": carried(
        "SET @a=DATE'2020-02-03', @b=TIME'10:11:12.5', @c=TIMESTAMP'2020-02-03 04:05:06.000007', "
        "@d=MAKETIME(1,2,3)", SHOW, "SELECT @a + INTERVAL 1 DAY, @b+0"),
    "json": carried("SET @a=JSON_OBJECT('k', 1), @b='[1,2]'", SHOW, "SELECT JSON_EXTRACT(@a, '$.k')"),
    "geometry": pinned("SET @a=POINT(1,1)", "SELECT ST_AsText(@a)", "SELECT @a"),
    "wide_characters": pinned("SET @a=_ucs2 x'0041'", "SELECT @a, HEX(@a)"),
    "long_value": pinned("SET @a=REPEAT('x', 8193)", "SELECT SHA2(@a, 256)"),
    "long_value_ends": Scenario("SET @a=REPEAT('x', 100000)", "SELECT SHA2(@a, 256)", "SET @a=1",
                                "SELECT @a"),
    "large_value_of_1_MiB": pinned("SET @l=REPEAT('x', 1048576)", "SELECT SHA2(@l, 256)"),
    "many": carried("SET " + ",".join(f"@v{n}={n}" for n in range(60)),
                    "SELECT " + ",".join(f"@v{n}" for n in range(60))),
    "too_many": pinned("SET " + ",".join(f"@v{n}={n}" for n in range(70)),
                       "SELECT " + ",".join(f"@v{n}" for n in range(70))),
    "from_columns": carried("SELECT id, v, s INTO @a, @b, @c FROM t WHERE id=2", SHOW,
                            "SELECT SUM(v) INTO @d FROM t", SHOW),
    "assigned_in_select": carried("SET @r=0", "SELECT id, @r:=@r+v AS r FROM t ORDER BY id", "SELECT @r",
                                  "SELECT @n:=@n+1, @s:=CONCAT(IFNULL(@s,''), s) FROM t, (SELECT @n:=0) n "
                                  "ORDER BY id", "SELECT @n, @s"),
    "in_update": carried("UPDATE t SET v=(@u:=v)+1 ORDER BY id", "SELECT @u",
                         "DELETE FROM t WHERE (@gone:=id)=3", "SELECT @gone"),
    "used_in_statements": carried("SET @a=2, @limit='two'", "SELECT * FROM t WHERE id=@a",
                                  "INSERT INTO t (v, s) VALUES (@a*10, @limit)",
                                  "SELECT v, s FROM t ORDER BY id DESC LIMIT 1"),
    "after_an_error": carried("SET @a=1", "SELECT @a:=2, nosuch FROM t", "SELECT @a",
                              "SET @a=3, @b=(SELECT v FROM t)", "SELECT @a, @b"),
    "error_in_mid_result": Scenario("SELECT @a:=id, (SELECT id FROM t t2 WHERE t2.id>=t.id) FROM t "
                                    "ORDER BY id DESC", "SELECT @a"),
    "transaction": Scenario("BEGIN", "SET @a=1", "INSERT INTO t (v) VALUES (@a:=5)", "ROLLBACK",
                            "SELECT @a", "SELECT @a+1"),
    "with_other_state": carried("SET NAMES latin1", "SET @a='x', sql_mode='ANSI_QUOTES'",
                                "SET @\"b\"=2, time_zone='+03:00'", "USE other", SHOW,
                                "SELECT @@sql_mode, @@time_zone, DATABASE()"),
    "sql_modes": carried("SET @a='', @b='x'", "SET sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
                         "SET @c='\\'", SHOW,
                         "SET sql_mode='EMPTY_STRING_IS_NULL,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE'",
                         SHOW, "SELECT @a='', @a IS NULL", "SET sql_mode=ORACLE", SHOW, "SET @a=''",
                         SHOW),
    "odd_charsets": Scenario("SET NAMES cp1251", b"\x03SET @a='\xe9', @b=_latin1'\xe9'", "SELECT HEX(@a), @b",
                             "SET NAMES gbk", b"\x03SET @c='\xc4\xe3'", "SELECT HEX(@c), @c",
                             "SET character_set_results=NULL", SHOW,
                             "SET character_set_results=utf16", SHOW,
                             "SET NAMES utf8mb4", "SET collation_connection=ucs2_bin", "SET @d=1.5",
                             "SELECT HEX(@a), @b, @c, @d, HEX(@d)"),
    "residue_is_not_disturbed": carried("SET @a=1", "INSERT INTO t (v) VALUES (9)", "SET @b=LAST_INSERT_ID()",
                                        "SELECT LAST_INSERT_ID()=@b, @a", "SELECT SQL_CALC_FOUND_ROWS id, @a "
                                        "FROM t LIMIT 1", "SELECT FOUND_ROWS(), @a", "SET @a=5",
                                        "SELECT FOUND_ROWS()"),
    "row_count": Scenario("SET @a=1", "UPDATE t SET v=v+1 WHERE id=1", "SELECT ROW_COUNT(), @a",
                          "SET @a=2", "SELECT ROW_COUNT()", "UPDATE t SET v=v+1 WHERE id=1",
                          "SET @a=ROW_COUNT()", "SELECT @a"),
    "conditions": Scenario("SET @a=1", "SELECT CAST('abc' AS SIGNED), @a:=2", "SHOW WARNINGS",
                           "SELECT @a", "SELECT CAST('abc' AS SIGNED), CAST('def' AS SIGNED), @a:=3",
                           "SHOW WARNINGS", "SELECT @a"),
    "diagnostics": carried("SELECT * FROM nosuch", "GET DIAGNOSTICS CONDITION 1 @m=MESSAGE_TEXT, "
                           "@n=MYSQL_ERRNO", "SELECT @m, @n"),
    "no_schema": carried("SET @a=1", "SELECT @a, DATABASE()", "USE test", "SELECT @a", schema=None),
    "reset": Scenario("SET @a=1", b"\x1f", "SELECT @a", "SET @a=2", "SELECT @a"),
    "select_limit": Scenario("SET @a=1, @b='x'", "SET sql_select_limit=0", "SELECT @a",
                           "SET sql_select_limit=DEFAULT", "SELECT @a, @b"),
    "out_of_procedure": carried("CALL p_out(@o)", "SELECT @o"),
    "in_procedure": pinned("CALL p_into()", "SELECT @v"),
    "in_function": pinned("SELECT f_set()", "SELECT @v"),
    "in_trigger": Scenario("SET @v=0", "INSERT INTO triggered VALUES (100)", "SELECT @v"),
    "load_data": carried("SET @sum=0", "LOAD DATA LOCAL INFILE 'rows' INTO TABLE t (@c) SET v=(@sum:=@sum+@c)",
                         "SELECT @c, @sum", files={"rows": b"5\n6\n"}),
    "long_statement": carried("SET @a=1 /* " + "y" * 20000 + " */", "SELECT @a",
                              "SET /* " + "y" * 20000 + " */ @b=2, @a=3", SHOW),
    # --- PREPARE ---
    "prepare": carried("PREPARE s FROM 'SELECT id, v FROM t WHERE id=?'", "SET @a=2", "EXECUTE s USING @a",
                       "SELECT 1", "EXECUTE s USING @a", "DEALLOCATE PREPARE s", "EXECUTE s USING @a",
                       "DEALLOCATE PREPARE s"),
    "prepare_two": carried("PREPARE s FROM 'SELECT 1'", "PREPARE T FROM 'SELECT 2'", "EXECUTE t", "EXECUTE S",
                           "DROP PREPARE s", "EXECUTE t", "EXECUTE s"),
    "prepare_again": carried("PREPARE s FROM 'SELECT 1'", "PREPARE s FROM \"SELECT 'it''s'\"", "EXECUTE s",
                             "PREPARE s FROM 'nonsense'", "EXECUTE s"),
    "prepare_quotes": carried("PREPARE `s` FROM 'SELECT ''a'', \"b\", \\'c\\''", "EXECUTE s",
                              "/* traced */ EXECUTE /* here */ s ;", "EXECUTE `s`"),
    "prepare_in_sql_mode": carried("SET sql_mode='ANSI_QUOTES'", "PREPARE s FROM 'SELECT \"id\" FROM t'",
                                   "SET sql_mode=''", "EXECUTE s", "SELECT @@sql_mode", "EXECUTE s"),
    "prepare_in_schema": Scenario("PREPARE s FROM 'SELECT COUNT(*) FROM t'", "USE other", "EXECUTE s",
                                 "SELECT DATABASE()", "SELECT * FROM t", clients=("modern",)),
    "prepare_before_schema": Scenario("PREPARE s FROM 'SELECT DATABASE()'", "USE test", "EXECUTE s",
                                      "SELECT COUNT(*) FROM t", "EXECUTE s", schema=None, clients=("modern",)),
    "prepare_in_charset": carried("SET NAMES latin1", b"\x03PREPARE s FROM 'SELECT \"\xe9\", HEX(\"\xe9\")'",
                                  "SET NAMES utf8mb4", "EXECUTE s", "SET NAMES latin1", "EXECUTE s"),
    "prepare_sets_variables": carried("PREPARE s FROM 'SET @a=@a+?, @b=7'", "SET @a=1, @d=2", "EXECUTE s USING @d",
                                      "SELECT @a, @b", "EXECUTE s USING @d", "SELECT @a, @b"),
    "prepare_assigns": Scenario("PREPARE s FROM 'SELECT @q:=id FROM t'", "SELECT @q", "EXECUTE s", "SELECT @q",
                               "PREPARE s FROM 'SELECT COUNT(*) INTO @q FROM t'", "EXECUTE s", "SELECT @q"),
    "prepare_from_variable": carried("SET @q='SELECT 42'", "PREPARE s FROM @q", "EXECUTE s"),
    "prepare_from_expression": pinned("PREPARE s FROM CONCAT('SELECT ', 42)", "EXECUTE s"),
    "prepare_unused_from_variable": Scenario("SET @q='SELECT 42'", "PREPARE s FROM @q", "DEALLOCATE PREPARE s",
                                             "SELECT 1", "SELECT @q"),
    "prepare_temporary_table": pinned("PREPARE s FROM 'CREATE TEMPORARY TABLE pt (a INT)'", "EXECUTE s",
                                      "SELECT * FROM pt"),
    "prepare_lock": pinned("PREPARE s FROM 'SELECT GET_LOCK(\"k\", 0)'", "EXECUTE s", "SELECT IS_FREE_LOCK('k')"),
    "prepare_set": carried("PREPARE s FROM 'SET SESSION sort_buffer_size=400000'", "EXECUTE s",
                           "SELECT @@sort_buffer_size"),
    "prepare_names": carried("PREPARE s FROM 'SET NAMES utf8mb4 COLLATE utf8mb4_bin'", "EXECUTE s",
                             "SELECT @@collation_connection, 'a'='A'"),
    "prepare_begin": pinned("PREPARE s FROM 'BEGIN'", "EXECUTE s", "INSERT INTO t (v) VALUES (1)", "ROLLBACK",
                            "SELECT COUNT(*) FROM t"),
    "prepare_call": carried("PREPARE s FROM 'CALL p_out(?)'", "EXECUTE s USING @o", "SELECT @o"),
    "prepare_insert": Scenario("PREPARE s FROM 'INSERT INTO t (v) VALUES (?)'", "SET @a=5", "EXECUTE s USING @a",
                              "SELECT LAST_INSERT_ID()>3", "EXECUTE s USING @a", "SELECT COUNT(*) FROM t"),
    "prepare_found_rows": carried("PREPARE s FROM 'SELECT * FROM t'", "EXECUTE s", "SELECT FOUND_ROWS()"),
    "prepare_dropped_table": Scenario(Other("CREATE OR REPLACE TABLE test.gone (a INT)"), "PREPARE s FROM 'SELECT * FROM gone'",
                                      "EXECUTE s", Other("DROP TABLE test.gone"), "EXECUTE s",
                                      "DEALLOCATE PREPARE s", "SELECT 1"),
    "prepare_dropped_then_deallocated": carried(
        Other("CREATE OR REPLACE TABLE test.gone (a INT)"), "PREPARE s FROM 'SELECT * FROM gone'",
        Other("DROP TABLE test.gone"), "DEALLOCATE PREPARE s", "EXECUTE s"),
    "prepare_altered_table": carried("PREPARE s FROM 'SELECT * FROM c'", "EXECUTE s",
                                     Other("ALTER TABLE test.c ADD COLUMN extra INT"), "EXECUTE s"),
    "execute_unknown": carried("EXECUTE s", "EXECUTE t", "SELECT 1"),
    "execute_immediate": carried("EXECUTE IMMEDIATE 'SELECT 1'", "EXECUTE IMMEDIATE 'SET @a=5'", "SELECT @a",
                                 "EXECUTE IMMEDIATE 'SELECT ?+1' USING @a", "SELECT @a"),
    "execute_immediate_from_variable": carried("SET @q='SELECT 1'", "EXECUTE IMMEDIATE @q", "SELECT 1"),
    "reset_forgets": Scenario("PREPARE s FROM 'SELECT 1'", b"\x1f", "EXECUTE s", "PREPARE s FROM 'SELECT 2'",
                              "EXECUTE s"),
    "binary_sets": carried(prepare("SET @x=?, @y='b'"), execute(**long_values(7)), "SELECT @x, @y",
                           execute(parameters=1, values=struct.pack("<q", 9)), "SELECT @x, @y"),
    "binary_assigns": Scenario(prepare("SELECT @q:=id FROM t"), "SELECT @q", execute(), "SELECT @q"),
    "binary_reads": carried("SET @a=5", prepare("SELECT @a+?"), execute(**long_values(7)), "SET @a='6'",
                            execute(parameters=1, values=struct.pack("<q", 9))),
    "many_statements": carried(*[f"PREPARE s{n} FROM 'SELECT {n}'" for n in range(5)], "EXECUTE s3", "EXECUTE s0",
                               "EXECUTE s4"),
}

if wire.MYSQL:
    mysql_scenarios.adapt_user_variables(SCENARIOS)


def against(enemy_of, scenario, capabilities, work, one_link, root, other):
    enemy = enemy_of(one_link.address, capabilities, work)
    patience = PATIENCE_S if scenario.shared else PINNED_S
    ours = run(one_link.address, scenario, capabilities, root, other, enemy,
               lambda: enemy.take_the_link(0.005 if enemy.blocked else patience))
    blocked = enemy.blocked
    enemy.finish()
    return ours, blocked


@pytest.mark.parametrize("name,client", parameters(SCENARIOS))
def test_carried(server, one_link, root, direct, name, client):
    scenario = SCENARIOS[name]
    capabilities, work = KINDS[client]
    theirs = run(server.address, scenario, capabilities, root, direct)
    ours, blocked = against(adversary.Adversary, scenario, capabilities, work + DIRT, one_link, root, direct)
    compare(scenario, theirs, ours)
    assert not (scenario.shared and blocked), "the other client had to wait for nothing"
    assert blocked or not scenario.pinned, "the other client got a link that was not free"


def random_value(rng):
    """An expression of any type."""
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 30)))
    kind = rng.randrange(9)
    if kind == 0:
        return str(rng.randrange(-2**63, 2**63))
    if kind == 1:
        return f"CAST({rng.randrange(2**64)} AS UNSIGNED)"
    if kind == 2:
        return f"{rng.choice(['', '-'])}{digits}.{rng.randrange(10**rng.randrange(1, 30))}"
    if kind == 3:
        value = struct.unpack("<d", rng.randbytes(8))[0]
        return repr(value) + ("" if "e" in repr(value) else "e0") if value - value == 0 else "1e0"
    if kind == 4:
        return f"{rng.randrange(10**9)}e{rng.randrange(-300, 290)}/{rng.randrange(1, 999)}e0"
    if kind == 5:
        return f"x'{rng.randbytes(rng.randrange(200)).hex()}'"
    if kind == 6:
        charset = rng.choice(["latin1", "latin2", "cp1251", "koi8r", "binary"])
        return f"_{charset} x'{rng.randbytes(rng.randrange(100)).hex()}'"
    if kind == 7:
        collation = rng.choice(["utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci"])
        text = "".join(chr(rng.choice([rng.randrange(32, 127), rng.randrange(160, 0xd7ff), rng.randrange(0x10000,
                                                                                                  0x10ffff)]))
                       for _ in range(rng.randrange(60)))
        return f"_utf8mb4 x'{text.encode().hex()}' COLLATE {collation}"
    return rng.choice(["NULL", "TRUE", "CURRENT_DATE", "SEC_TO_TIME(4711)", "UUID() IS NULL", "USER()", "DATABASE()",
                       "@@version", "NULLIF(1.5,1.5)", "1/3", "7 DIV 2", "POW(2,0.5)", "CRC32('x')", "''"])


def random_steps(rng):
    names = [f"v{n}" for n in range(6)]
    for _ in range(12):
        yield "SET " + ", ".join(f"@{name}={random_value(rng)}" for name in rng.sample(names, rng.randrange(1, 4)))
        yield "SELECT " + ", ".join(f"@{name}" for name in names)
        name = rng.choice(names)
        yield f"SELECT @{name}+0e0, COLLATION(@{name}), COERCIBILITY(@{name}), HEX(@{name}), LENGTH(@{name}), @{name}=@{name}"


@pytest.mark.parametrize("number", range(int(os.environ.get("WEIR_TEST_VARIABLE_SEEDS", "4"))))
def test_random_values(server, one_link, root, direct, number):
    seed = random.SystemRandom().randrange(2**32) if number else 1
    print(f"seed {seed}")
    scenario = Scenario(*random_steps(random.Random(seed)))
    capabilities, work = KINDS["modern" if number % 2 else "plain"]
    theirs = run(server.address, scenario, capabilities, root, direct)
    ours, _ = against(adversary.Adversary, scenario, capabilities, work + DIRT, one_link, root, direct)
    compare(scenario, theirs, ours)


def test_the_link_is_shared(weir):
    """Many clients, each with variables and a statement, on one link."""
    one = weir(pool_max_size=1, server_max_connections=2)
    clients = [one.connect(schema="test") for _ in range(20)]
    for number, client in enumerate(clients):
        client.query(f"SET @me={number}, @name='client {number}'")
        client.query(f"PREPARE mine FROM 'SELECT {number}, @me'")
    for _ in range(3):
        for number, client in enumerate(clients):
            assert client.query("SELECT @me, @name") == [[b"%d" % number, b"client %d" % number]]
            assert client.query("EXECUTE mine") == [[b"%d" % number, b"%d" % number]]
            client.query("SET @me=@me")
    for client in clients:
        client.quit()
    assert len(one.links()) <= 1
