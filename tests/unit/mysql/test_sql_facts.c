/* SPDX-License-Identifier: Apache-2.0
 * Exact facts: statements that are understood, and their neighbours that must not be. */
#include "mysql/sql_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sql_facts facts;

static enum sql_fact kind(const char *text)
{
    sql_facts_read(&facts, (struct sql_mode){.mariadb = true}, bytes_of_text(text));
    return facts.kind;
}

static bool names(unsigned i, const char *schema, const char *name)
{
    return i < facts.name_count && bytes_equal_text(facts.names[i].name, name) &&
           (schema == NULL ? facts.names[i].schema.size == 0
                           : bytes_equal_text(facts.names[i].schema, schema));
}

static void test_temporary_tables(void **state)
{
    (void)state;
    assert_int_equal(kind("CREATE TEMPORARY TABLE a (x INT)"), SQL_FACT_CREATE_TEMPORARY);
    assert_true(names(0, NULL, "a") && !facts.is_sequence);
    assert_int_equal(kind("create or replace temporary table if not exists `b c`.d select 1"),
                     SQL_FACT_CREATE_TEMPORARY);
    assert_true(names(0, "b c", "d"));
    assert_int_equal(kind("CREATE TEMPORARY SEQUENCE s"), SQL_FACT_CREATE_TEMPORARY);
    assert_true(facts.is_sequence);
    assert_int_equal(kind("CREATE TABLE a (x INT)"), SQL_FACT_NONE);
    assert_int_equal(kind("CREATE TEMPORARY TABLE `a``b` (x INT)"), SQL_FACT_NONE);
    assert_int_equal(kind("CREATE TEMPORARY TABLE a (x INT); SELECT 1"), SQL_FACT_NONE);
    assert_int_equal(kind("CREATE /*!50000 TEMPORARY */ TABLE a (x INT)"), SQL_FACT_NONE);
}

static void test_drops(void **state)
{
    (void)state;
    assert_int_equal(kind("DROP TABLE IF EXISTS a, b.c CASCADE;"), SQL_FACT_DROP);
    assert_true(names(0, NULL, "a") && names(1, "b", "c") && facts.name_count == 2);
    assert_int_equal(kind("DROP TEMPORARY SEQUENCE s"), SQL_FACT_DROP);
    assert_true(facts.is_sequence);
    assert_int_equal(kind("DROP TABLE a b"), SQL_FACT_NONE);
    assert_int_equal(kind("DROP VIEW a"), SQL_FACT_NONE);
    assert_int_equal(kind("DROP TABLE a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"), SQL_FACT_NONE);
}

static void test_locks(void **state)
{
    (void)state;
    assert_int_equal(kind("SELECT GET_LOCK('a', 10) AS got LIMIT 1"), SQL_FACT_GET_LOCK);
    assert_true(names(0, NULL, "a") && facts.has_row);
    assert_int_equal(kind("do release_lock(\"a\")"), SQL_FACT_RELEASE_LOCK);
    assert_false(facts.has_row);
    assert_int_equal(kind("SELECT RELEASE_ALL_LOCKS()"), SQL_FACT_RELEASE_ALL_LOCKS);
    assert_int_equal(kind("SELECT GET_LOCK('a'); "), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT GET_LOCK('a\\'b', 1)"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT RELEASE_LOCK('a') FROM t"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT RELEASE_LOCK('a') WHERE 0"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT RELEASE_LOCK('a') LIMIT 0"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT RELEASE_LOCK('a'), 1"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT RELEASE_LOCK('a')+1"), SQL_FACT_NONE);
    assert_int_equal(kind("DO RELEASE_LOCK('a') AND 0"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT RELEASE_ALL_LOCKS() FROM t"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT 0 AND RELEASE_ALL_LOCKS()"), SQL_FACT_NONE);
}

static void test_handlers_xa_and_backups(void **state)
{
    (void)state;
    assert_int_equal(kind("HANDLER d.t OPEN AS u"), SQL_FACT_HANDLER_OPEN);
    assert_true(names(0, NULL, "u"));
    assert_int_equal(kind("HANDLER d.t OPEN"), SQL_FACT_HANDLER_OPEN);
    assert_true(names(0, NULL, "t"));
    assert_int_equal(kind("HANDLER u CLOSE"), SQL_FACT_HANDLER_CLOSE);
    assert_int_equal(kind("HANDLER u READ NEXT LIMIT 2"), SQL_FACT_HANDLER_READ);
    assert_int_equal(kind("XA START 'a'"), SQL_FACT_XA_BEGIN);
    assert_int_equal(kind("XA END 'a'"), SQL_FACT_XA_MIDDLE);
    assert_int_equal(kind("XA COMMIT 'a' ONE PHASE"), SQL_FACT_XA_FINISH);
    assert_int_equal(kind("XA RECOVER"), SQL_FACT_XA_RECOVER);
    assert_int_equal(kind("BACKUP STAGE START"), SQL_FACT_BACKUP_STAGE);
    assert_int_equal(kind("BACKUP STAGE END"), SQL_FACT_BACKUP_STAGE_END);
    assert_int_equal(kind("BACKUP LOCK t"), SQL_FACT_BACKUP_LOCK);
    assert_int_equal(kind("BACKUP UNLOCK"), SQL_FACT_BACKUP_UNLOCK);
    assert_int_equal(kind("LOCK INSTANCE FOR BACKUP"), SQL_FACT_LOCK_INSTANCE);
    assert_int_equal(kind("UNLOCK INSTANCE"), SQL_FACT_UNLOCK_INSTANCE);
    assert_int_equal(kind("LOCK TABLES t READ"), SQL_FACT_LOCK_TABLES);
    assert_int_equal(kind("UNLOCK TABLES"), SQL_FACT_UNLOCK_TABLES);
    assert_int_equal(kind("UNLOCK TABLES x"), SQL_FACT_NONE);
}

static bool column(const char *text, const char *name)
{
    return kind(text) == SQL_FACT_CONNECTION_ID && bytes_equal_text(facts.text, name);
}

static void test_connection_ids(void **state)
{
    (void)state;
    assert_true(column("SELECT CONNECTION_ID()", "CONNECTION_ID()"));
    assert_true(column(" select  connection_id ( ) -- x", "connection_id ( )"));
    assert_true(column("SELECT CONNECTION_ID() AS `x y` LIMIT 1;", "x y"));
    assert_true(column("SELECT CONNECTION_ID() AS 'x'", "x"));
    assert_true(column("SELECT CONNECTION_ID() pid", "pid"));
    assert_true(column("SELECT @@Pseudo_thread_id", "@@Pseudo_thread_id"));
    assert_true(facts.is_variable);
    assert_true(column("SELECT @@session.pseudo_thread_id AS id", "id"));
    assert_int_equal(kind("SELECT ROW_COUNT() AS `n` LIMIT 1"), SQL_FACT_ROW_COUNT);
    assert_true(bytes_equal_text(facts.text, "n"));
    assert_int_equal(kind("SELECT ROW_COUNT()+1"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT CONNECTION_ID() FROM DUAL"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT CONNECTION_ID() AS from"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT CONNECTION_ID() LIMIT 0"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT CONNECTION_ID(), 1"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT CONNECTION_ID(1)"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT CONNECTION_ID(/*x*/)"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT @@global.pseudo_thread_id"), SQL_FACT_NONE);
    assert_int_equal(kind("SELECT @pseudo_thread_id"), SQL_FACT_NONE);
    assert_int_equal(kind("(SELECT CONNECTION_ID())"), SQL_FACT_NONE);
}

static void test_mentions(void **state)
{
    (void)state;
    struct sql_mode mode = {.mariadb = true};
    assert_true(sql_facts_mentions(mode, bytes_of_text("alter table a rename b"), "RENAME"));
    assert_false(sql_facts_mentions(mode, bytes_of_text("alter table `rename` add b"), "RENAME"));
    assert_true(sql_facts_mentions(mode, bytes_of_text("alter /*!1 */ table"), "RENAME"));
}

static void test_conditions(void **state)
{
    (void)state;
    assert_int_equal(kind("SHOW WARNINGS"), SQL_FACT_SHOW_CONDITIONS);
    assert_true(!facts.errors_only && facts.offset == 0 && facts.limit == UINT64_MAX);
    assert_int_equal(kind("show /* a */ errors limit 3, 4 ;"), SQL_FACT_SHOW_CONDITIONS);
    assert_true(facts.errors_only && facts.offset == 3 && facts.limit == 4);
    assert_int_equal(kind("SHOW WARNINGS LIMIT 5 OFFSET 6"), SQL_FACT_SHOW_CONDITIONS);
    assert_true(facts.offset == 6 && facts.limit == 5);
    assert_int_equal(kind("SHOW COUNT(*) WARNINGS"), SQL_FACT_NONE);
    assert_int_equal(kind("SHOW WARNINGS LIMIT ?"), SQL_FACT_NONE);
    assert_int_equal(kind("SHOW WARNINGS LIMIT 1.5"), SQL_FACT_NONE);
    assert_int_equal(kind("SHOW WARNINGS LIMIT 9999999999999999999"), SQL_FACT_NONE);
    assert_int_equal(kind("SHOW WARNINGS; SELECT 1"), SQL_FACT_NONE);
    assert_int_equal(kind("SHOW /*!50000 WARNINGS */"), SQL_FACT_NONE);
    assert_int_equal(kind("GET DIAGNOSTICS CONDITION 12 @a=MESSAGE_TEXT"), SQL_FACT_GET_CONDITION);
    assert_true(facts.number == 12 && bytes_equal_text(facts.text, "12"));
    assert_int_equal(kind("get current diagnostics condition 1 @a=x"), SQL_FACT_GET_CONDITION);
    assert_int_equal(kind("GET DIAGNOSTICS @a=NUMBER"), SQL_FACT_NONE);
    assert_int_equal(kind("GET STACKED DIAGNOSTICS CONDITION 1 @a=x"), SQL_FACT_NONE);
    assert_int_equal(kind("GET DIAGNOSTICS CONDITION @i @a=MESSAGE_TEXT"), SQL_FACT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_temporary_tables),
        cmocka_unit_test(test_drops),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_connection_ids),
        cmocka_unit_test(test_handlers_xa_and_backups),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_mentions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
