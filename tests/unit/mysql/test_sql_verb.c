/* SPDX-License-Identifier: Apache-2.0
 * Verbs, KILL, and the names of effects; more rows are in sql_statements.def. */
#include "sql_table.h"

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

static void test_effects_have_names_and_texts(void **state)
{
    (void)state;
    assert_string_equal(sql_effect_name(SQL_EFFECT_USER_VARIABLE), "USER_VARIABLE");
    for (unsigned i = 0; i < SQL_EFFECT_COUNT; i++)
        assert_true(strlen(sql_effect_text((enum sql_effect)i)) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_verb_is_that_of_the_first_statement),
        cmocka_unit_test(test_kill_of_a_literal_id_is_recognised),
        cmocka_unit_test(test_other_kills_are_left_to_the_server),
        cmocka_unit_test(test_effects_have_names_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
