/* SPDX-License-Identifier: Apache-2.0
 * A table of statements and all their effects. */
#include "sql_table.h"

static unsigned check_statement(const struct statement *row, enum families family)
{
    struct sql_scan s;
    struct sql_mode mode = {.mariadb = family == MARIADB};
    sql_scan_text(&s, mode, bytes_of(row->text, row->size));
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
    assert_int_equal(s.effects, STORED_CODE | USER_VARIABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_have_the_effects_of_the_table),
        cmocka_unit_test(test_deep_parentheses_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
