/* SPDX-License-Identifier: Apache-2.0
 * The lexer as a whole: the same result at every cut, and what a mode makes of quotes. */
#include "sql_table.h"

/* The public results; the private part may differ in what is left over. */
static bool same_results(const struct sql_scan *a, const struct sql_scan *b)
{
    return a->verb == b->verb && a->statements == b->statements && a->effects == b->effects &&
           a->kill == b->kill && a->kill_id == b->kill_id && a->only_ping == b->only_ping &&
           strcmp(a->collation, b->collation) == 0;
}

static unsigned check_cuts(const struct statement *row, struct sql_mode mode)
{
    struct sql_scan whole;
    struct sql_scan s;
    unsigned failures = 0;
    sql_scan_text(&whole, mode, bytes_of(row->text, row->size));
    for (size_t cut = 0; cut <= row->size; cut++) {
        sql_scan_begin(&s, mode);
        sql_scan_feed(&s, bytes_of(row->text, cut));
        sql_scan_feed(&s, bytes_of(row->text + cut, row->size - cut));
        sql_scan_end(&s);
        if (!same_results(&whole, &s)) {
            print_error("differs when cut at %zu: %s\n", cut, row->text);
            failures++;
        }
    }
    sql_scan_begin(&s, mode);
    for (size_t i = 0; i < row->size; i++)
        sql_scan_feed(&s, bytes_of(row->text + i, 1));
    sql_scan_end(&s);
    if (!same_results(&whole, &s)) {
        print_error("differs byte by byte: %s\n", row->text);
        failures++;
    }
    return failures;
}

/* In every mode there is. */
static unsigned check_all_cuts(const struct statement *row)
{
    unsigned failures = 0;
    for (unsigned bits = 0; bits < 16; bits++)
        failures += check_cuts(row, (struct sql_mode){.ansi_quotes = (bits & 1) != 0,
                                                      .no_backslash_escapes = (bits & 2) != 0,
                                                      .mariadb = (bits & 4) != 0,
                                                      .multi_byte_trail = (bits & 8) != 0});
    return failures;
}

static void test_the_result_does_not_depend_on_the_cut(void **state)
{
    (void)state;
    check_table(check_all_cuts);
}

static void test_statements_are_counted(void **state)
{
    (void)state;
    assert_int_equal(scan("").statements, 0);
    assert_int_equal(scan("; ; -- x").statements, 0);
    assert_int_equal(scan("SELECT 1").statements, 1);
    assert_int_equal(scan("SELECT ';'; -- ;").statements, 1);
    assert_int_equal(scan("SELECT 1; SELECT 2;; 'x'").statements, 3);
}

static void test_a_lone_select_of_a_number_is_a_ping(void **state)
{
    (void)state;
    assert_true(scan("SELECT 1").only_ping);
    assert_true(scan("/* ping */ select 42 ;").only_ping);
    assert_false(scan("SELECT 1.5").only_ping);
    assert_false(scan("SELECT 1 FROM DUAL").only_ping);
    assert_false(scan("SELECT 1, 2").only_ping);
    assert_false(scan("SELECT (1)").only_ping);
    assert_false(scan("SELECT 1; SELECT 1").only_ping);
    assert_false(scan("SELECT '1'").only_ping);
    assert_false(scan("SELECT /*!99999 1,*/ 2").only_ping);
}

static void test_double_quotes_are_names_under_ansi_quotes(void **state)
{
    (void)state;
    struct sql_mode ansi = {.ansi_quotes = true};
    check_effect_in(ansi, "SELECT \"a\\\", @b", USER_VARIABLE);
    check_effect_in((struct sql_mode){0}, "SELECT \"a\\\", @b", UNTERMINATED);
    check_effect_in(ansi, "SELECT \"f\"(1)", STORED_CODE);
    check_effect_in(ansi, "INSERT INTO \"t\"(\"a\") VALUES (1)", TOUCHES_TABLE);
    check_effect_in(ansi, "SELECT @@\"identity\"", READS_LAST_INSERT_ID);
}

static void test_backslashes_may_be_ordinary(void **state)
{
    (void)state;
    struct sql_mode plain = {.no_backslash_escapes = true};
    check_effect_in(plain, "SELECT 'a\\', @b", USER_VARIABLE);
    check_effect_in((struct sql_mode){0}, "SELECT 'a\\', @b", UNTERMINATED);
    check_effect_in((struct sql_mode){0}, "SELECT 'a\\\\', @b", USER_VARIABLE);
}

static void test_what_may_be_half_a_character_is_doubted(void **state)
{
    (void)state;
    struct sql_mode gbk = {.multi_byte_trail = true};
    check_effect_in(gbk, "SELECT '\xc3\xa9\xe4\xbd', 'a\\n'", NONE);
    check_effect_in(gbk, "SELECT '\x95\\' FROM t", UNKNOWN_VERB | UNTERMINATED);
    check_effect_in(gbk, "SELECT `\x95` FROM t", UNKNOWN_VERB);
    check_effect_in(gbk, "SELECT \x95` FROM t", UNKNOWN_VERB | UNTERMINATED);
    check_effect_in(gbk, "SELECT \x95z FROM t", TOUCHES_TABLE);
    check_effect_in((struct sql_mode){0}, "SELECT '\x95\\'' FROM t", TOUCHES_TABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_result_does_not_depend_on_the_cut),
        cmocka_unit_test(test_statements_are_counted),
        cmocka_unit_test(test_a_lone_select_of_a_number_is_a_ping),
        cmocka_unit_test(test_double_quotes_are_names_under_ansi_quotes),
        cmocka_unit_test(test_backslashes_may_be_ordinary),
        cmocka_unit_test(test_what_may_be_half_a_character_is_doubted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
