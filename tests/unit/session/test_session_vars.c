/* SPDX-License-Identifier: Apache-2.0
 * System variables: which are carried, and how their values are written. */
#include "session/session_vars.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *assigned(const char *name, const char *value)
{
    static char out[200];
    struct writer w = writer_over(out, sizeof out - 1);
    session_variable_assign(&w, name, value);
    assert_false(w.overflow);
    out[w.size] = '\0';
    return out;
}

static void test_numbers_are_bare_and_texts_quoted(void **state)
{
    (void)state;
    assert_string_equal(assigned("sort_buffer_size", "262144"), "sort_buffer_size=262144");
    assert_string_equal(assigned("long_query_time", "10.000000"), "long_query_time=10.000000");
    assert_string_equal(assigned("auto_x", "-1"), "auto_x=-1");
    assert_string_equal(assigned("autocommit", "OFF"), "autocommit='OFF'");
    assert_string_equal(assigned("time_zone", "+05:00"), "time_zone='+05:00'");
    assert_string_equal(assigned("sql_mode", ""), "sql_mode=''");
    assert_string_equal(assigned("x", "1.2.3"), "x='1.2.3'");
    assert_string_equal(assigned("x", "."), "x='.'");
    assert_string_equal(assigned("system_versioning_asof", "DEFAULT"),
                        "system_versioning_asof=DEFAULT");
    assert_string_equal(assigned("x", "DEFAULT"), "x='DEFAULT'");
}

static void test_an_empty_value_means_null_where_it_does(void **state)
{
    (void)state;
    assert_string_equal(assigned("character_set_results", ""), "character_set_results=NULL");
    assert_string_equal(assigned("character_set_results", "utf8mb4"),
                        "character_set_results='utf8mb4'");
}

static enum session_variable_treatment treat(const char *name, const char *value)
{
    return session_variable_treatment(bytes_of_text(name), bytes_of_text(value));
}

static void test_what_cannot_be_carried_pins(void **state)
{
    (void)state;
    assert_int_equal(treat("sql_mode", "ANSI"), SESSION_VARIABLE_CARRY);
    assert_int_equal(treat("timestamp", "1.0"), SESSION_VARIABLE_PIN);
    assert_int_equal(treat("sql_auto_is_null", "ON"), SESSION_VARIABLE_PIN);
    assert_int_equal(treat("sql_auto_is_null", "OFF"), SESSION_VARIABLE_CARRY);
    assert_int_equal(treat("completion_type", "CHAIN"), SESSION_VARIABLE_CARRY);
    assert_int_equal(treat("completion_type", "RELEASE"), SESSION_VARIABLE_PIN);
    assert_int_equal(treat("query_cache_type", "DEMAND"), SESSION_VARIABLE_PIN);
    assert_int_equal(treat("query_cache_type", "OFF"), SESSION_VARIABLE_CARRY);
    assert_int_equal(treat("last_insert_id", "5"), SESSION_VARIABLE_RESIDUE);
    assert_int_equal(treat("last_gtid", "0-1-2"), SESSION_VARIABLE_IGNORE);
    assert_int_equal(treat("init_x", "it's"), SESSION_VARIABLE_PIN);
    assert_int_equal(treat("init_x", "a\\b"), SESSION_VARIABLE_PIN);
    assert_int_equal(treat("init_x", "\xc3\xa9"), SESSION_VARIABLE_PIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_bare_and_texts_quoted),
        cmocka_unit_test(test_an_empty_value_means_null_where_it_does),
        cmocka_unit_test(test_what_cannot_be_carried_pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
