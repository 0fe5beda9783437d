/* SPDX-License-Identifier: Apache-2.0
 * Who guesses must wait; others need not. */
#include "auth/failed_logins.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct failed_logins table;
static const struct failed_logins_rule rule = {.threshold = 3, .min_delay = 10, .max_delay = 25};

static int clear(void **state)
{
    (void)state;
    table = (struct failed_logins){.key = {1, 2, 3}};
    return 0;
}

static usec_t note(const char *user, const char *host, bool proved, usec_t now)
{
    return failed_logins_note(&table, &rule, bytes_of_text(user), bytes_of_text(host), proved, now);
}

static void test_delay_begins_behind_the_threshold_and_grows_to_its_limit(void **state)
{
    (void)state;
    static const usec_t expected[] = {0, 0, 0, 10, 20, 25, 25};
    for (size_t i = 0; i < countof(expected); i++)
        assert_int_equal(note("a", "h", false, i), expected[i]);
}

/* Workers read the time once in a turn, each at its own moment. */
static void test_a_clock_that_is_behind_forgets_nothing(void **state)
{
    (void)state;
    static const usec_t expected[] = {0, 0, 0, 10, 20, 25, 25};
    for (size_t i = 0; i < countof(expected); i++)
        assert_int_equal(note("a", "h", false, 1000 - i), expected[i]);
    assert_int_equal(note("a", "h", true, 1), 25);
}

static void test_right_password_waits_once_and_begins_anew(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(note("a", "h", false, 1), 0);
    assert_int_equal(note("a", "h", true, 2), 10); /* or the answer would tell by its time */
    assert_int_equal(note("a", "h", true, 3), 0);
    assert_int_equal(note("a", "h", false, 4), 0);
    assert_int_equal(note("a", "h", false, 5), 0);
    assert_int_equal(note("a", "h", true, 6), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(note("a", "h", false, 7), 0);
    assert_int_equal(note("a", "h", false, 8), 10);
}

static void test_accounts_do_not_wait_for_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        (void)note("a", "h", false, 1);
    assert_int_equal(note("a", "h2", false, 1), 0);
    assert_int_equal(note("ah", "", false, 1), 0);
    assert_int_equal(note("", "ah", false, 1), 0);
    assert_int_equal(note("b", "h", true, 1), 0);
    assert_int_equal(note("a", "h", false, 1), 25);
}

static void test_old_failures_are_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        (void)note("a", "h", false, 1);
    assert_int_equal(note("a", "h", false, FAILED_LOGINS_FORGET), 25);
    assert_int_equal(note("a", "h", false, 2 * FAILED_LOGINS_FORGET), 0);
}

static void test_flood_of_names_does_not_push_out_who_fails_most(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        (void)note("victim", "h", false, 1);
    for (unsigned i = 0; i < 20000; i++) {
        char name[3] = {(char)(1 + i % 250), (char)(1 + i / 250), 0};
        (void)note(name, "h", false, 2 + i);
    }
    assert_int_equal(note("victim", "h", false, 30000), 25);
}

static void test_threshold_0_is_off(void **state)
{
    (void)state;
    const struct failed_logins_rule off = {.min_delay = 10, .max_delay = 20};
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            failed_logins_note(&table, &off, bytes_of_text("a"), bytes_of_text("h"), false, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_delay_begins_behind_the_threshold_and_grows_to_its_limit,
                               clear),
        cmocka_unit_test_setup(test_a_clock_that_is_behind_forgets_nothing, clear),
        cmocka_unit_test_setup(test_right_password_waits_once_and_begins_anew, clear),
        cmocka_unit_test_setup(test_accounts_do_not_wait_for_each_other, clear),
        cmocka_unit_test_setup(test_old_failures_are_forgotten, clear),
        cmocka_unit_test_setup(test_flood_of_names_does_not_push_out_who_fails_most, clear),
        cmocka_unit_test_setup(test_threshold_0_is_off, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
