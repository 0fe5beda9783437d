/* SPDX-License-Identifier: Apache-2.0
 * The list of complaints. */
#include "conf_fixture.h"

static void test_lines_are_formatted_and_kept_in_order(void **state)
{
    (void)state;
    struct config_errors e = {0};
    config_errors_add(&e, "%s:%d", "weir.cnf", 1);
    config_errors_add(&e, "second");
    fixture_expect(&e, "weir.cnf:1\nsecond\n");
    config_errors_free(&e);
    assert_int_equal(e.count, 0);
    config_errors_add(&e, "again");
    fixture_expect(&e, "again\n");
    config_errors_free(&e);
}

static void test_endless_mistakes_end_in_one_line(void **state)
{
    (void)state;
    struct config_errors e = {0};
    for (int i = 0; i < 10 * CONFIG_ERRORS_MAX; i++)
        config_errors_add(&e, "mistake %d", i);
    assert_int_equal(e.count, CONFIG_ERRORS_MAX + 1);
    assert_string_equal(e.lines[CONFIG_ERRORS_MAX - 1], "mistake 99");
    assert_string_equal(e.lines[CONFIG_ERRORS_MAX], "… and more");
    config_errors_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_formatted_and_kept_in_order),
        cmocka_unit_test(test_endless_mistakes_end_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
