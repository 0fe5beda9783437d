/* SPDX-License-Identifier: Apache-2.0
 * Command bytes are found with what is known of them. */
#include "mysql/command.h"

#include <stddef.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_a_command_is_found_by_its_byte(void **state)
{
    (void)state;
    const struct command_row *row = command_find(0x16);
    assert_int_equal(row->command, COMMAND_STMT_PREPARE);
    assert_string_equal(row->name, "STMT_PREPARE");
    assert_string_equal(row->text, "Prepare");
    assert_int_equal(row->reply, REPLY_SHAPE_PREPARE);
    assert_int_equal(command_find(0x07)->policy, COMMAND_PIN);
    assert_int_equal(command_find(0)->policy, COMMAND_UNKNOWN);
    assert_int_equal(command_find(0xfa)->command, COMMAND_STMT_BULK_EXECUTE);
}

static void test_other_bytes_are_no_commands(void **state)
{
    (void)state;
    assert_null(command_find(0x22));
    assert_null(command_find(0xf9));
    assert_null(command_find(0xff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_is_found_by_its_byte),
        cmocka_unit_test(test_other_bytes_are_no_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
