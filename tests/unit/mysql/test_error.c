/* SPDX-License-Identifier: Apache-2.0
 * Errors that Weir raises are found with their text. */
#include "mysql/error.h"

#include <stddef.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_an_error_has_its_number_state_and_text(void **state)
{
    (void)state;
    const struct mysql_error_row *row = mysql_error_find(ER_CON_COUNT_ERROR);
    assert_int_equal(row->code, 1040);
    assert_string_equal(row->symbol, "ER_CON_COUNT_ERROR");
    assert_string_equal(row->sqlstate, "08004");
    assert_string_equal(row->text, "Too many connections");
}

static void test_every_state_has_five_characters(void **state)
{
    (void)state;
#define MYSQL_ERROR(name, number, state, words)                                                    \
    assert_int_equal(strlen(mysql_error_find(ER_##name)->sqlstate), 5);
#include "mysql/errors.def"
#undef MYSQL_ERROR
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_error_has_its_number_state_and_text),
        cmocka_unit_test(test_every_state_has_five_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
