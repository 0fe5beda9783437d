/* SPDX-License-Identifier: Apache-2.0
 * Names of user variables in texts. */
#include "mysql/sql_user_variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* "a|b" for all names, with "+" behind when there may be others. */
static void check(struct sql_mode mode, const char *text, const char *expected)
{
    struct sql_user_variables found;
    char names[400] = "";
    size_t size = 0;
    sql_user_variables_find(&found, mode, bytes_of_text(text));
    for (size_t i = 0; i < found.count; i++)
        size += (size_t)snprintf(names + size, sizeof names - size, "%s%.*s", i > 0 ? "|" : "",
                                 (int)found.names[i].size, (const char *)found.names[i].data);
    if (!found.all)
        snprintf(names + size, sizeof names - size, "+");
    assert_string_equal(names, expected);
}

static void test_names_are_found(void **state)
{
    (void)state;
    struct sql_mode plain = {.mariadb = true};
    check(plain, "SELECT 1", "");
    check(plain, "SET @a=1, @B:=@c", "a|B|c");
    check(plain, "SELECT @@sql_mode, @x.y, @$1, @_", "x.y|$1|_");
    check(plain, "SELECT @'a b', @\"c\", @`d`", "a b|c|d");
    check(plain, "SELECT '@a', \"@b\", `@c`, @d -- @e\n /* @f */ # @g", "d");
    check(plain, "SELECT @a/*! , @b */", "a|b");
    check(plain, "SET @a=1; SET @b=2", "a|b");
    check(plain, "SELECT @a", "a");
}

static void test_what_is_not_plain_counts_as_others(void **state)
{
    (void)state;
    struct sql_mode plain = {.mariadb = true};
    check(plain, "SET @`a``b`=1, @c=2", "c+");
    check(plain, "SET @'it''s'=1", "+");
    check(plain, "SET @\xc3\xa4=1", "+");
    check(plain, "SET @`x `=1", "+");
    check(plain, "SET @`open=1", "+");
    check(plain, "SELECT @", "");
    check(plain, "NONSENSE @a", "a+");
    check(plain, "SET @\"back\\slash\"=1", "+");
}

static void test_too_many_are_not_all(void **state)
{
    (void)state;
    char text[2000] = "SELECT 1";
    size_t size = strlen(text);
    struct sql_user_variables found;
    for (int i = 0; i <= SQL_USER_VARIABLES_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, ",@v%d", i);
    sql_user_variables_find(&found, (struct sql_mode){.mariadb = true}, bytes_of(text, size));
    assert_int_equal(found.count, SQL_USER_VARIABLES_MAX);
    assert_false(found.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found),
        cmocka_unit_test(test_what_is_not_plain_counts_as_others),
        cmocka_unit_test(test_too_many_are_not_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
