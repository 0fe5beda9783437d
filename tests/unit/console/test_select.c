/* SPDX-License-Identifier: Apache-2.0
 * SELECT over the tables that describe the console itself, which need nobody to be asked. */
#include "console/select.h"

#include "base/reader.h"
#include "console/rewrite.h"
#include "console/select_functions.h"
#include "mysql/lenenc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct select_engine *engine;

static const char *on_schema(void *context)
{
    (void)context;
    return NULL;
}

static const char *on_user(void *context)
{
    (void)context;
    return "weir@here";
}

static const char *on_version(void *context)
{
    (void)context;
    return "8.0-test";
}

static uint64_t on_id(void *context)
{
    (void)context;
    return 7;
}

static bool on_variable(void *context, struct bytes name, char *out, size_t out_size)
{
    (void)context;
    if (!bytes_equal_text(name, "global.max_connections") && !bytes_equal_text(name, "mode"))
        return false;
    (void)!snprintf(out, out_size, "%s", name.size > 4 ? "151" : "ON");
    return true;
}

static const struct select_environment environment = {
    .schema = on_schema,
    .user = on_user,
    .version = on_version,
    .connection_id = on_id,
    .variable = on_variable,
};

static void ask(const char *text, struct answer *answer)
{
    const struct console_facts facts = {0};
    struct sql_tokens t;
    struct sql_text sql = {0};
    unsigned needs;
    answer_init(answer);
    sql_tokens_begin(&t, (struct sql_mode){0}, bytes_of_text(text));
    assert_true(rewrite_rest(&sql, &t));
    if (select_prepare(engine, sql.data, &environment, answer, &needs)) {
        assert_int_equal(needs, 0);
        select_run(engine, &facts, answer);
    }
    free(sql.data);
}

/* Rows as "a,b;c,NULL". */
static void expect(const char *text, const char *expected)
{
    struct answer answer;
    char told[1024] = "";
    size_t at = 0;
    struct bytes row;
    ask(text, &answer);
    assert_int_equal(answer.kind, ANSWER_ROWS);
    while (answer_next_row(&answer, &at, &row)) {
        struct reader r = reader_over(row);
        if (told[0] != '\0')
            (void)memcpy(told + strlen(told), ";", 2);
        for (size_t i = 0; i < answer.column_count; i++) {
            struct bytes cell = bytes_of_text("NULL");
            if (r.data[0] == 0xfb)
                assert_true(reader_skip(&r, 1));
            else
                assert_true(lenenc_read_text(&r, &cell));
            size_t n = strlen(told);
            (void)snprintf(told + n, sizeof told - n, "%s%.*s", i > 0 ? "," : "", (int)cell.size,
                           (const char *)cell.data);
        }
    }
    assert_string_equal(told, expected);
    answer_fini(&answer);
}

static void expect_error(const char *text, unsigned code)
{
    struct answer answer;
    ask(text, &answer);
    assert_int_equal(answer.kind, ANSWER_ERROR);
    assert_int_equal(answer.code, code);
    answer_fini(&answer);
}

static void test_expressions_as_mysql_clients_write_them(void **state)
{
    (void)state;
    expect("SELECT 1, 'it''s', \"it\\'s\", NULL, 1.5", "1,it's,it's,NULL,1.5");
    expect("SELECT 1 FROM DUAL WHERE 1 && 2", "1");
    expect("SELECT CONCAT('a', 1, 'b'), CONCAT('a', NULL), IF(0, 'x', 'y')", "a1b,NULL,y");
    expect("SELECT DATABASE(), USER(), VERSION(), CONNECTION_ID()", "NULL,weir@here,8.0-test,7");
    expect("SELECT @@global.max_connections + 1, @@mode", "152,ON");
    expect("SELECT @nothing", "NULL");
}

static void test_tables_are_found_and_compare_without_case(void **state)
{
    (void)state;
    expect("SELECT schema_name FROM information_schema.SCHEMATA ORDER BY 1 DESC LIMIT 1", "weir");
    expect("SELECT COUNT(*) FROM schemata WHERE SCHEMA_NAME = 'WEIR'", "1");
    expect("SELECT `TABLE_NAME` FROM information_schema.tables WHERE table_name LIKE 'POO_S'",
           "pools");
    expect("SELECT t.TABLE_NAME, COUNT(*) > 2 FROM information_schema.tables t JOIN "
           "information_schema.columns c ON c.TABLE_NAME = t.TABLE_NAME WHERE t.TABLE_NAME = "
           "'links' GROUP BY 1",
           "links,1");
}

static void test_names_of_columns_are_as_they_were_written(void **state)
{
    struct answer answer;
    (void)state;
    ask("SELECT @@global.max_connections, @@mode AS m, 1 + @@mode", &answer);
    assert_int_equal(answer.column_count, 3);
    assert_string_equal(answer.columns[0].name, "@@global.max_connections");
    assert_string_equal(answer.columns[1].name, "m");
    assert_string_equal(answer.columns[2].name, "1 + @@mode");
    answer_fini(&answer);
}

static void test_errors_have_mysqls_numbers(void **state)
{
    (void)state;
    expect_error("SELECT * FROM weir.frobs", 1146);
    expect_error("SELECT frob FROM weir.commands", 1054);
    expect_error("SELECT frob()", 1305);
    expect_error("SELECT @@frob", 1193);
    expect_error("SELECT FROM", 1064);
    expect_error("SELECT", 1064);
}

static void test_nothing_but_reading_is_allowed(void **state)
{
    (void)state;
    expect_error("DELETE FROM weir.commands", 1064);
    expect_error("CREATE TABLE x (a)", 1064);
    expect_error("ATTACH ':memory:' AS x", 1064);
    expect_error("PRAGMA user_version", 1064);
    expect_error("SELECT * FROM pragma_table_list", 1064);
    expect_error("SELECT * FROM sqlite_master", 1064);
    expect_error("SELECT * FROM weir.sqlite_schema", 1064);
    expect_error("SELECT load_extension('x')", 1064);
    expect_error("WITH t AS (SELECT 1) DELETE FROM weir.commands", 1064);
    expect("WITH t AS (SELECT 1 AS a) SELECT a FROM t", "1");
}

static void test_a_statement_ends_in_time_and_size(void **state)
{
    (void)state;
    expect_error("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) "
                 "FROM t",
                 3024);
    expect_error("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 20000) "
                 "SELECT hex(zeroblob(1000)) FROM t",
                 1104);
    expect("SELECT 1", "1");
}

static void test_what_sqlite_cannot_have_is_refused(void **state)
{
    static const char *const texts[] = {"'a\\0b'", "'open", "\"a", "@@", "@@.", "1 \x80"};
    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        struct sql_tokens t;
        struct sql_text sql = {0};
        sql_tokens_begin(&t, (struct sql_mode){0}, bytes_of_text(texts[i]));
        assert_false(rewrite_rest(&sql, &t));
        free(sql.data);
    }
}

static bool like(const char *pattern, const char *text)
{
    return select_like(bytes_of_text(pattern), bytes_of_text(text));
}

static void test_like(void **state)
{
    (void)state;
    assert_true(like("", ""));
    assert_true(like("%", ""));
    assert_true(like("max%", "MAX_connections"));
    assert_true(like("%con%s", "max_connections"));
    assert_true(like("a\\_b", "a_b"));
    assert_false(like("a\\_b", "axb"));
    assert_true(like("100\\%", "100%"));
    assert_true(like("\\", "\\"));
    assert_true(like("_", "x"));
    assert_false(like("_", ""));
    assert_false(like("", "x"));
    assert_true(like("%a%a%a%b", "aaaaaaaaaaaaaaaaaab"));
    assert_false(like("%a%a%a%c", "aaaaaaaaaaaaaaaaaab"));
}

static int make_engine(void **state)
{
    (void)state;
    engine = select_engine_create();
    return engine != NULL ? 0 : -1;
}

static int destroy_engine(void **state)
{
    (void)state;
    select_engine_destroy(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions_as_mysql_clients_write_them),
        cmocka_unit_test(test_tables_are_found_and_compare_without_case),
        cmocka_unit_test(test_names_of_columns_are_as_they_were_written),
        cmocka_unit_test(test_errors_have_mysqls_numbers),
        cmocka_unit_test(test_nothing_but_reading_is_allowed),
        cmocka_unit_test(test_a_statement_ends_in_time_and_size),
        cmocka_unit_test(test_what_sqlite_cannot_have_is_refused),
        cmocka_unit_test(test_like),
    };
    return cmocka_run_group_tests(tests, make_engine, destroy_engine);
}
