/* SPDX-License-Identifier: Apache-2.0
 * What a SET assigns. */
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

static void check(unsigned i, const char *name, enum sql_fact_scope scope,
                  enum sql_fact_value value)
{
    assert_true(i < facts.element_count);
    assert_true(bytes_equal_text(facts.elements[i].name, name));
    assert_int_equal(facts.elements[i].scope, scope);
    assert_int_equal(facts.elements[i].value, value);
}

static void test_elements_have_scope_and_value(void **state)
{
    (void)state;
    assert_int_equal(
        kind("SET a=1, @@b := 0.0, SESSION c='x,y', @@local.d=DEFAULT, GLOBAL e=f(1, 2), "
             "@u='z', @@global.g=3"),
        SQL_FACT_SET);
    assert_int_equal(facts.element_count, 6);
    check(0, "a", SQL_FACT_SCOPE_SESSION, SQL_FACT_VALUE_NUMBER);
    check(1, "b", SQL_FACT_SCOPE_UNSCOPED, SQL_FACT_VALUE_ZERO);
    check(2, "c", SQL_FACT_SCOPE_SESSION, SQL_FACT_VALUE_OTHER);
    check(3, "d", SQL_FACT_SCOPE_SESSION, SQL_FACT_VALUE_DEFAULT);
    check(4, "e", SQL_FACT_SCOPE_GLOBAL, SQL_FACT_VALUE_OTHER);
    check(5, "g", SQL_FACT_SCOPE_GLOBAL, SQL_FACT_VALUE_NUMBER);
}

static void test_values_of_several_tokens_are_not_literals(void **state)
{
    (void)state;
    assert_int_equal(kind("SET timestamp=0+5, b=(0), c=-0, d=1"), SQL_FACT_SET);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(facts.elements[i].value, SQL_FACT_VALUE_OTHER);
    assert_int_equal(facts.elements[3].value, SQL_FACT_VALUE_NUMBER);
}

static void test_character_sets_are_noted(void **state)
{
    (void)state;
    assert_int_equal(kind("SET NAMES utf8mb4 COLLATE utf8mb4_bin, a=1"), SQL_FACT_SET);
    assert_true(facts.has_charset);
    assert_int_equal(facts.element_count, 1);
    assert_int_equal(kind("SET a=1"), SQL_FACT_SET);
    assert_false(facts.has_charset);
}

static void test_set_statement(void **state)
{
    (void)state;
    assert_int_equal(kind("SET STATEMENT a=1, b=(SELECT 2) FOR SELECT 3"), SQL_FACT_SET_STATEMENT);
    assert_int_equal(facts.element_count, 2);
    assert_true(facts.only_reads);
    assert_int_equal(kind("SET STATEMENT a=1 FOR INSERT INTO t VALUES (1)"),
                     SQL_FACT_SET_STATEMENT);
    assert_false(facts.only_reads);
    assert_int_equal(kind("SET STATEMENT a=1"), SQL_FACT_NONE);
}

static bool role(const char *text, const char *role)
{
    return kind(text) == SQL_FACT_SET_ROLE && bytes_equal_text(facts.text, role);
}

static void test_roles(void **state)
{
    (void)state;
    assert_true(role("SET ROLE reader", "reader"));
    assert_true(role("set role `a b`@'%', c ; ", "`a b`@'%', c"));
    assert_true(role("SET ROLE ALL EXCEPT a", "ALL EXCEPT a"));
    assert_int_equal(kind("SET ROLE `a``b`"), SQL_FACT_NONE);
    assert_int_equal(kind("SET ROLE"), SQL_FACT_NONE);
    assert_int_equal(kind("SET DEFAULT ROLE a TO b"), SQL_FACT_SET_DEFAULT_ROLE);
}

static void test_what_is_no_list_of_variables(void **state)
{
    (void)state;
    assert_int_equal(kind("SET TRANSACTION READ ONLY"), SQL_FACT_NONE);
    assert_int_equal(kind("SET PASSWORD='x'"), SQL_FACT_NONE);
    assert_int_equal(kind("SET RESOURCE GROUP g"), SQL_FACT_NONE);
    assert_int_equal(kind("SET a"), SQL_FACT_NONE);
    assert_int_equal(kind("SET a=1,"), SQL_FACT_NONE);
    assert_int_equal(kind("SET a.b=1"), SQL_FACT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_have_scope_and_value),
        cmocka_unit_test(test_values_of_several_tokens_are_not_literals),
        cmocka_unit_test(test_character_sets_are_noted),
        cmocka_unit_test(test_set_statement),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_what_is_no_list_of_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
