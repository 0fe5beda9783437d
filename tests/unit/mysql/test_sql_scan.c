/* SPDX-License-Identifier: Apache-2.0
 * The lexer: a table of statements with their effects, at every cut, and its other results. */
#include "mysql/sql_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The names of effects, as the table of statements writes them. */
#define SQL_EFFECT(name, text) static const sql_effects_t name = SQL_EFFECT_BIT(name);
#include "mysql/sql_effects.def"
#undef SQL_EFFECT
static const sql_effects_t NONE = 0;

enum families { MYSQL = 1, MARIADB = 2, BOTH = 3 };

struct statement {
    enum families families;
    sql_effects_t effects;
    const char *text;
    size_t size;
};

static const char *const family_names[] = {"", "MySQL", "MariaDB"};

static void print_effects(const char *what, sql_effects_t effects)
{
    print_error("  %s:", what);
    for (unsigned i = 0; i < SQL_EFFECT_COUNT; i++)
        if ((effects >> i & 1) != 0)
            print_error(" %s", sql_effect_name((enum sql_effect)i));
    print_error("\n");
}

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

typedef unsigned check_function(const struct statement *row);

static unsigned check_effects(const struct statement *row)
{
    unsigned failures = 0;
    if ((row->families & MYSQL) != 0)
        failures += check_statement(row, MYSQL);
    if ((row->families & MARIADB) != 0)
        failures += check_statement(row, MARIADB);
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

static void check_table(check_function *check)
{
    unsigned failures = 0;
    unsigned rows = 0;
#define GROUP(name)
#define STATEMENT(of_families, with_effects, of_text)                                              \
    {                                                                                              \
        static const char text[] = of_text;                                                        \
        const struct statement row = {of_families, with_effects, text, sizeof(text) - 1};          \
        failures += check(&row);                                                                   \
        rows++;                                                                                    \
    }
#include "sql_chatter.def"
#include "sql_statements.def"
#undef STATEMENT
#undef GROUP
    print_message("%u statements\n", rows);
    assert_int_equal(failures, 0);
}

static void test_statements_have_the_effects_of_the_table(void **state)
{
    (void)state;
    check_table(check_effects);
}

static void test_the_result_does_not_depend_on_the_cut(void **state)
{
    (void)state;
    check_table(check_all_cuts);
}

static struct sql_scan scan_in(struct sql_mode mode, const char *text)
{
    struct sql_scan s;
    sql_scan_text(&s, mode, bytes_of_text(text));
    return s;
}

static struct sql_scan scan(const char *text)
{
    return scan_in((struct sql_mode){.mariadb = true}, text);
}

static void test_the_verb_is_that_of_the_first_statement(void **state)
{
    (void)state;
    assert_int_equal(scan("SELECT 1; SET a=1").verb, SQL_VERB_SELECT);
    assert_int_equal(scan("; /* x */ insert t values (1)").verb, SQL_VERB_INSERT);
    assert_int_equal(scan("((SELECT 1))").verb, SQL_VERB_SELECT);
    assert_int_equal(scan("/*!40101 SET NAMES utf8 */").verb, SQL_VERB_SET);
    assert_int_equal(scan("SET STATEMENT a=1 FOR SELECT 1").verb, SQL_VERB_SET);
    assert_int_equal(scan("frob").verb, SQL_VERB_OTHER);
    assert_int_equal(scan("`select`").verb, SQL_VERB_OTHER);
    assert_int_equal(scan("").verb, SQL_VERB_NONE);
    assert_int_equal(scan("/* x */;").verb, SQL_VERB_NONE);
    assert_string_equal(sql_verb_name(SQL_VERB_SELECT), "SELECT");
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

static void check_kill(const char *text, enum sql_kill_kind kind, uint64_t id)
{
    struct sql_scan s = scan(text);
    assert_int_equal(s.kill, kind);
    assert_int_equal(s.kill_id, id);
}

static void test_kill_of_a_literal_id_is_recognised(void **state)
{
    (void)state;
    check_kill("KILL 5", SQL_KILL_CONNECTION, 5);
    check_kill("kill connection 2147483653 ;", SQL_KILL_CONNECTION, 2147483653);
    check_kill("KILL QUERY 7 /* x */", SQL_KILL_QUERY, 7);
    check_kill("KILL HARD QUERY 7", SQL_KILL_QUERY, 7);
    check_kill("KILL SOFT CONNECTION 7", SQL_KILL_CONNECTION, 7);
    check_kill("KILL 18446744073709551615", SQL_KILL_CONNECTION, UINT64_MAX);
}

static void test_other_kills_are_left_to_the_server(void **state)
{
    (void)state;
    check_kill("KILL", SQL_KILL_NONE, 0);
    check_kill("KILL QUERY", SQL_KILL_NONE, 0);
    check_kill("KILL QUERY ID 7", SQL_KILL_NONE, 0);
    check_kill("KILL USER a", SQL_KILL_NONE, 0);
    check_kill("KILL -5", SQL_KILL_NONE, 0);
    check_kill("KILL 5+5", SQL_KILL_NONE, 0);
    check_kill("KILL 5.0", SQL_KILL_NONE, 0);
    check_kill("KILL 0x5", SQL_KILL_NONE, 0);
    check_kill("KILL '5'", SQL_KILL_NONE, 0);
    check_kill("KILL (5)", SQL_KILL_NONE, 0);
    check_kill("KILL 5 6", SQL_KILL_NONE, 0);
    check_kill("KILL 18446744073709551616", SQL_KILL_NONE, 0);
    check_kill("KILL 5; KILL 6", SQL_KILL_NONE, 0);
    check_kill("SELECT 1; KILL 6", SQL_KILL_NONE, 0);
    check_kill("KILL /*!99999 5*/ 6", SQL_KILL_NONE, 0);
    check_kill("KILL 5 /*", SQL_KILL_NONE, 0);
}

static void test_the_collation_of_set_names_is_kept(void **state)
{
    (void)state;
    assert_string_equal(scan("SET NAMES utf8mb4").collation, "");
    assert_string_equal(scan("SET NAMES utf8mb4 COLLATE utf8mb4_bin").collation, "utf8mb4_bin");
    assert_string_equal(scan("set names 'utf8' collate 'utf8_bin';").collation, "utf8_bin");
    assert_string_equal(scan("SET NAMES x COLLATE \"y\", a=1").collation, "y");
    assert_string_equal(scan("SET NAMES x COLLATE `y`").collation, "y");
    assert_string_equal(scan("SET NAMES x COLLATE DEFAULT").collation, "");
    assert_string_equal(scan("SET NAMES x COLLATE y; SET NAMES z").collation, "");
    assert_string_equal(scan("SET NAMES x COLLATE y; SET NAMES z COLLATE q").collation, "q");
    assert_string_equal(scan("SET NAMES x COLLATE 'a b'").collation, "");
    assert_string_equal(scan("SELECT a COLLATE y").collation, "");
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

static void check_effect_in(struct sql_mode mode, const char *text, sql_effects_t effects)
{
    struct sql_scan s = scan_in(mode, text);
    if (s.effects != effects) {
        print_error("%s\n", text);
        print_effects("found", s.effects);
    }
    assert_int_equal(s.effects, effects);
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

static void test_effects_have_names_and_texts(void **state)
{
    (void)state;
    assert_string_equal(sql_effect_name(SQL_EFFECT_USER_VARIABLE), "USER_VARIABLE");
    for (unsigned i = 0; i < SQL_EFFECT_COUNT; i++)
        assert_true(strlen(sql_effect_text((enum sql_effect)i)) >= 2);
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
        cmocka_unit_test(test_the_result_does_not_depend_on_the_cut),
        cmocka_unit_test(test_the_verb_is_that_of_the_first_statement),
        cmocka_unit_test(test_statements_are_counted),
        cmocka_unit_test(test_kill_of_a_literal_id_is_recognised),
        cmocka_unit_test(test_other_kills_are_left_to_the_server),
        cmocka_unit_test(test_the_collation_of_set_names_is_kept),
        cmocka_unit_test(test_a_lone_select_of_a_number_is_a_ping),
        cmocka_unit_test(test_double_quotes_are_names_under_ansi_quotes),
        cmocka_unit_test(test_backslashes_may_be_ordinary),
        cmocka_unit_test(test_what_may_be_half_a_character_is_doubted),
        cmocka_unit_test(test_effects_have_names_and_texts),
        cmocka_unit_test(test_deep_parentheses_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
