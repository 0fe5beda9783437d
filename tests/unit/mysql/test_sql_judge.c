/* SPDX-License-Identifier: Apache-2.0
 * A table of statements and all their effects. */
#include "sql_table.h"

static unsigned check_statement(const struct statement *row, enum families family)
{
    struct sql_scan s;
    struct sql_mode mode = {.mariadb = family == MARIADB};
    sql_scan_text(&s, mode, bytes_of(row->text, row->size));
    /* Every second SELECT has ODD_FOUND_ROWS; it has a test of its own. */
    s.effects &= ~SQL_EFFECT_BIT(ODD_FOUND_ROWS);
    if (s.effects == row->effects)
        return 0;
    print_error("%s: %s\n", family_names[family], row->text);
    print_effects("expected", row->effects);
    print_effects("found", s.effects);
    return 1;
}

static unsigned check_effects(const struct statement *row)
{
    unsigned failures = 0;
    if ((row->families & MYSQL) != 0)
        failures += check_statement(row, MYSQL);
    if ((row->families & MARIADB) != 0)
        failures += check_statement(row, MARIADB);
    return failures;
}

static void test_statements_have_the_effects_of_the_table(void **state)
{
    (void)state;
    check_table(check_effects);
}

static void test_deep_parentheses_are_survived(void **state)
{
    (void)state;
    struct sql_scan s;
    sql_scan_begin(&s, (struct sql_mode){0});
    sql_scan_feed(&s, bytes_of_text("SELECT "));
    for (unsigned i = 0; i < 1000; i++)
        sql_scan_feed(&s, bytes_of_text("(SELECT "));
    sql_scan_feed(&s, bytes_of_text("f(@a) FROM t"));
    sql_scan_end(&s);
    assert_int_equal(s.effects, STORED_CODE | USER_VARIABLE | SQL_EFFECT_BIT(ODD_FOUND_ROWS));
}

static bool has(const char *text, enum sql_effect effect)
{
    struct sql_scan s;
    sql_scan_text(&s, (struct sql_mode){.mariadb = true}, bytes_of_text(text));
    return sql_scan_has(&s, effect);
}

static void test_only_a_plain_select_is_certain_about_found_rows(void **state)
{
    (void)state;
    static const char *const plain[] = {"SELECT 1",
                                        "select a from t limit 2",
                                        "(SELECT 1)",
                                        "INSERT INTO t (a) VALUES (1)",
                                        "UPDATE t SET a=1",
                                        "SELECT 'a UNION SELECT b'",
                                        "SELECT `select` FROM t",
                                        "SELECT a, b FROM t, u ORDER BY a, b LIMIT 2"};
    static const char *const odd[] = {"SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 1",
                                      "SELECT 1 UNION SELECT 2",
                                      "(SELECT 1) EXCEPT (SELECT 2)",
                                      "SELECT (SELECT 1)",
                                      "INSERT INTO t SELECT a FROM u",
                                      "CREATE TABLE t SELECT 1",
                                      "UPDATE t SET a=(select max(b) from u)",
                                      "WITH c AS (SELECT 1) SELECT * FROM c",
                                      "SELECT a FROM t PROCEDURE ANALYSE()"};
    for (size_t i = 0; i < countof(plain); i++)
        if (has(plain[i], SQL_EFFECT_ODD_FOUND_ROWS))
            fail_msg("odd: %s", plain[i]);
    for (size_t i = 0; i < countof(odd); i++)
        if (!has(odd[i], SQL_EFFECT_ODD_FOUND_ROWS))
            fail_msg("plain: %s", odd[i]);
}

static void test_rows_are_skipped(void **state)
{
    (void)state;
    static const char *const no[] = {"SELECT a, b FROM t, u ORDER BY a, b LIMIT 2",
                                     "SELECT a FROM t LIMIT ROWS EXAMINED 5", "SELECT ', 1', 2"};
    static const char *const yes[] = {"SELECT * FROM t LIMIT 1,1",
                                      "select a from t limit ? , ?",
                                      "SELECT a FROM t ORDER BY b, c LIMIT/**/1 -- one\n,2",
                                      "SELECT a FROM t LIMIT 2 OFFSET 1",
                                      "SELECT a FROM t OFFSET 1 ROW FETCH NEXT ROW ONLY",
                                      "TABLE t LIMIT 2 OFFSET 1"};
    for (size_t i = 0; i < countof(no); i++)
        if (has(no[i], SQL_EFFECT_SKIPS_ROWS))
            fail_msg("skips: %s", no[i]);
    for (size_t i = 0; i < countof(yes); i++)
        if (!has(yes[i], SQL_EFFECT_SKIPS_ROWS))
            fail_msg("skips none: %s", yes[i]);
}

static void test_release_ends_the_session(void **state)
{
    (void)state;
    assert_true(has("COMMIT RELEASE", SQL_EFFECT_ENDS_SESSION));
    assert_true(has("rollback work and no chain release", SQL_EFFECT_ENDS_SESSION));
    assert_false(has("COMMIT AND NO CHAIN NO RELEASE", SQL_EFFECT_ENDS_SESSION));
    assert_false(has("COMMIT", SQL_EFFECT_ENDS_SESSION));
    assert_false(has("RELEASE SAVEPOINT a", SQL_EFFECT_ENDS_SESSION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_have_the_effects_of_the_table),
        cmocka_unit_test(test_deep_parentheses_are_survived),
        cmocka_unit_test(test_only_a_plain_select_is_certain_about_found_rows),
        cmocka_unit_test(test_rows_are_skipped),
        cmocka_unit_test(test_release_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
