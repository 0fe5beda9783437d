/* SPDX-License-Identifier: Apache-2.0
 * What bodies of views, triggers and routines do to sessions. */
#include "mysql/sql_body.h"

#include "sql_table.h"

#include <string.h>

/* What the listener heard, as text: "name " for a mention, "name() " for a call of a function,
 * "CALL name " for one of a procedure. */
static char heard[1000];

static void hear(const char *before, struct bytes text, const char *after)
{
    size_t size = strlen(heard);
    snprintf(heard + size, sizeof heard - size, "%s%.*s%s", before, (int)text.size,
             (const char *)text.data, after);
}

static void on_name(void *context, struct bytes text, struct bytes qualifier, enum sql_use use)
{
    (void)context;
    if (use != SQL_USE_NAMED && qualifier.size > 0)
        hear("", qualifier, ":");
    if (use == SQL_USE_FUNCTION)
        hear("", text, "() ");
    else
        hear(use == SQL_USE_PROCEDURE ? "CALL " : "", text, " ");
}

static const struct sql_body_listener listener = {.name = on_name};

static void expect_in(bool oracle, const char *body, sql_effects_t effects)
{
    heard[0] = '\0';
    sql_effects_t found =
        sql_body_scan((struct sql_mode){.mariadb = true}, oracle, bytes_of_text(body), &listener);
    if (found == effects)
        return;
    print_error("%s\n", body);
    print_effects("expected", effects);
    print_effects("found", found);
    fail();
}

static void expect(const char *body, sql_effects_t effects)
{
    expect_in(false, body, effects);
}

static void test_bodies_that_leave_nothing(void **state)
{
    (void)state;
    expect("", NONE);
    expect("select `t`.`a` AS `a`,count(0) AS `n` from `db`.`t` group by `t`.`a`", NONE);
    expect("BEGIN DECLARE n INT DEFAULT 0; SELECT COUNT(*) INTO n FROM t; RETURN n; END", NONE);
    expect("BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END; INSERT INTO log (a) VALUES (1);"
           " UPDATE t SET timestamp = NOW(), sql_mode = 'x' WHERE id = 3; END",
           NONE);
    expect("IF NEW.a < 0 THEN SET NEW.a = 0; ELSE SET NEW.b = OLD.b; END IF", NONE);
    expect("SET NEW.updated = CURRENT_TIMESTAMP(), NEW.n = NEW.n + 1", NONE);
    expect("BEGIN DECLARE done, other INT; SET done = 1, other = done; END", NONE);
    expect("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no', MYSQL_ERRNO = 1644", SIGNALS);
    expect("INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE a = VALUES(a)", NONE);
    expect("BEGIN START TRANSACTION; COMMIT; ROLLBACK; SAVEPOINT a; RELEASE SAVEPOINT a; END",
           NONE);
    expect("SET GLOBAL sort_buffer_size = 1", NONE);
    expect("-- GET_LOCK(1)\nSELECT 'SET @a = 1' /* PREPARE */ # FLUSH", NONE);
    expect("BEGIN COMMIT AND NO CHAIN NO RELEASE; END", NONE);
    expect("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", NONE);
}

static void test_bodies_that_leave_state(void **state)
{
    (void)state;
    expect("SET @v = 1", STORED_STATE);
    expect("SELECT 5 INTO @v", STORED_STATE);
    expect("select (@a:=1) AS `x`", STORED_STATE);
    expect("select get_lock('k',0) AS `got`", STORED_STATE);
    expect("DO RELEASE_ALL_LOCKS()", STORED_STATE);
    expect("CREATE TEMPORARY TABLE x (a INT)", STORED_STATE);
    expect("CREATE /*!32302 TEMPORARY */ TABLE x SELECT 1", STORED_STATE);
    expect("FLUSH TABLES WITH READ LOCK", STORED_STATE);
    expect("LOCK INSTANCE FOR BACKUP", STORED_STATE);
    expect("select nextval(`s`) AS `n`", STORED_STATE);
    expect("SELECT NEXT VALUE FOR s", STORED_STATE);
    expect("SELECT s.nextval", STORED_STATE);
    expect("SET NAMES latin1", STORED_STATE);
    expect("SET TRANSACTION READ ONLY", STORED_STATE);
    expect("SET SESSION TRANSACTION READ ONLY", STORED_STATE);
    expect("BEGIN DECLARE x INT; SET x = 1, timestamp = 5; END", STORED_STATE);
    expect("BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION SET timestamp = 5; END", STORED_STATE);
    expect("IF a THEN SET SESSION rand_seed1 = 5; END IF", STORED_STATE);
    expect("SET @@sql_mode = ''", STORED_STATE);
    expect("SET @@session.timestamp = 1", STORED_STATE);
    expect("CASE x WHEN 1 THEN SET timestamp = 1; END CASE", STORED_STATE);
    expect("DELETE FROM t WHERE a = (SELECT MAX(variable_value) FROM "
           "information_schema.user_variables)",
           STORED_STATE);
}

static void test_variables_that_the_server_reports(void **state)
{
    (void)state;
    expect("SET SESSION sort_buffer_size = 1", STORED_SETS);
    expect("SET sql_mode = ''", STORED_SETS);
    expect("SET @@session.sort_buffer_size = 1", STORED_SETS);
    expect("SET autocommit = 0", STORED_SETS);
    expect("BEGIN DECLARE x INT; SET x = CASE WHEN a THEN 1 ELSE 2 END, sort_buffer_size = 1; END",
           STORED_SETS);
    expect("SET o = 7", STORED_SETS); /* a parameter, but who knows */
}

static void test_bodies_that_are_unknown_code(void **state)
{
    (void)state;
    expect("PREPARE s FROM 'x'", STORED_CODE);
    expect("EXECUTE IMMEDIATE 'x'", STORED_CODE);
    expect("BEGIN XA START 'a'; END", STORED_CODE);
    expect("SET ROLE admin", STORED_CODE);
    expect("COMMIT RELEASE", STORED_CODE);
    expect("SELECT 'never ends", STORED_CODE);
    expect("SELECT 5 /* never ends", STORED_CODE);
}

static void test_bodies_that_ask(void **state)
{
    (void)state;
    expect("RETURN FOUND_ROWS()", STORED_READS);
    expect("RETURN ROW_COUNT()", STORED_READS);
    expect("select last_insert_id() AS `i`", STORED_READS);
    expect("SELECT LAST_INSERT_ID(5)", STORED_READS);
    expect("SELECT @@identity", STORED_READS);
    expect("SELECT @@session.last_insert_id", STORED_READS);
    expect("GET DIAGNOSTICS n = NUMBER", STORED_READS);
    expect("DECLARE EXIT HANDLER FOR SQLEXCEPTION RESIGNAL", STORED_READS | SIGNALS);
    expect("SHOW WARNINGS", STORED_READS | STORED_CONDITIONS | PROFILING);
    expect("SHOW COUNT(*) WARNINGS", STORED_READS | PROFILING);
    expect("GET DIAGNOSTICS CONDITION 1 m = MESSAGE_TEXT", STORED_READS | STORED_CONDITIONS);
    expect("BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN GET DIAGNOSTICS CONDITION 1 m = "
           "MESSAGE_TEXT; SET n = 1; END; INSERT INTO t VALUES (1); END",
           STORED_READS | STORED_SETS);
    expect("BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND GET DIAGNOSTICS CONDITION 1 m = "
           "MESSAGE_TEXT; CALL p(); END",
           STORED_READS);
    expect("BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN END; GET DIAGNOSTICS CONDITION 1 m = "
           "MESSAGE_TEXT; END",
           STORED_READS | STORED_CONDITIONS);
    expect("BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; GET DIAGNOSTICS CONDITION 1 "
           "m = MESSAGE_TEXT; END",
           STORED_READS | STORED_CONDITIONS | STORED_SETS);
    expect("INSERT INTO log VALUES (CONNECTION_ID())", CONNECTION_ID);
    expect("CREATE VIEW x AS SELECT 1", CHANGES_CODE);
}

static void expect_heard(const char *body, const char *names)
{
    heard[0] = '\0';
    (void)!sql_body_scan((struct sql_mode){0}, false, bytes_of_text(body), &listener);
    assert_string_equal(heard, names);
}

static void test_names_and_calls_are_heard(void **state)
{
    (void)state;
    expect_heard("select `f`(1),db.g (2) from `v`", "select f f() db g db:g() from v ");
    expect_heard("CALL p(1); CALL db.q;", "CALL p CALL p CALL db q db:CALL q ");
    expect_heard("INSERT INTO t (a) VALUES (1)", "INSERT INTO t a VALUES ");
    expect_heard("SELECT ABS(1), MAX (2)", "SELECT ABS MAX MAX() ");
    expect_heard("SELECT * FROM 2fa", "SELECT FROM 0 ");
    expect_heard("SELECT 'v', @v, @@v", "SELECT ");
}

static void test_oracle_mode_assigns_without_a_word(void **state)
{
    (void)state;
    expect_in(true, "x := 1", STORED_SETS);
    expect_in(true, "timestamp := 1", STORED_STATE);
    expect_in(false, "label: LOOP LEAVE label; END LOOP", NONE);
}

static void test_definitions_name_what_they_define(void **state)
{
    (void)state;
    heard[0] = '\0';
    sql_effects_t effects = sql_body_scan_definition(
        (struct sql_mode){0},
        bytes_of_text("CREATE TRIGGER db.tr BEFORE UPDATE ON t FOR EACH ROW "
                      "SET @a = 1"),
        &listener);
    assert_string_equal(heard, "db tr t ");
    assert_true((effects & STORED_STATE) != 0);
    assert_true((effects & CHANGES_CODE) != 0);
    heard[0] = '\0';
    effects = sql_body_scan_definition(
        (struct sql_mode){0}, bytes_of_text("CREATE VIEW status AS SELECT f(1)"), &listener);
    assert_string_equal(heard, "status f f() ");
    assert_true((effects & CHANGES_CODE) != 0);
    heard[0] = '\0';
    effects = sql_body_scan_definition((struct sql_mode){0}, bytes_of_text("RENAME TABLE a TO b"),
                                       &listener);
    assert_string_equal(heard, "a b ");
    assert_int_equal(effects, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_that_leave_nothing),
        cmocka_unit_test(test_bodies_that_leave_state),
        cmocka_unit_test(test_variables_that_the_server_reports),
        cmocka_unit_test(test_bodies_that_are_unknown_code),
        cmocka_unit_test(test_bodies_that_ask),
        cmocka_unit_test(test_names_and_calls_are_heard),
        cmocka_unit_test(test_oracle_mode_assigns_without_a_word),
        cmocka_unit_test(test_definitions_name_what_they_define),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
