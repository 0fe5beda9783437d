/* SPDX-License-Identifier: Apache-2.0
 * Pins: every effect that leaves state behind begins one, and each ends when it should. */
#include "session/pins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What leaves nothing that a later statement of another client could see or the client itself could
 * miss, or is carried by code of its own. */
static const sql_effects_t harmless =
    SQL_EFFECT_BIT(UNLOCK) | SQL_EFFECT_BIT(SET_CHARSET) | SQL_EFFECT_BIT(CALC_FOUND_ROWS) |
    SQL_EFFECT_BIT(ODD_FOUND_ROWS) | SQL_EFFECT_BIT(READS_FOUND_ROWS) |
    SQL_EFFECT_BIT(READS_ROW_COUNT) | SQL_EFFECT_BIT(READS_LAST_INSERT_ID) |
    SQL_EFFECT_BIT(SETS_LAST_INSERT_ID) | SQL_EFFECT_BIT(READS_DIAGNOSTICS) |
    SQL_EFFECT_BIT(CHANGES_LOGINS) | SQL_EFFECT_BIT(TOUCHES_TABLE) | SQL_EFFECT_BIT(ENDS_SESSION) |
    SQL_EFFECT_BIT(IN_FILE) | SQL_EFFECT_BIT(STORED_SETS) | SQL_EFFECT_BIT(STORED_READS) |
    SQL_EFFECT_BIT(READS_CONDITIONS) | SQL_EFFECT_BIT(READS_TRACKERS) |
    SQL_EFFECT_BIT(STORED_CONDITIONS) | SQL_EFFECT_BIT(KNOWN_CODE) | SQL_EFFECT_BIT(KNOWN_CALL) |
    SQL_EFFECT_BIT(CHANGES_CODE) | SQL_EFFECT_BIT(USER_VARIABLE) |
    SQL_EFFECT_BIT(SETS_USER_VARIABLE) | SQL_EFFECT_BIT(SAVEPOINT) | SQL_EFFECT_BIT(SKIPS_ROWS) |
    SQL_EFFECT_BIT(SIGNALS) | SQL_EFFECT_BIT(READS_THREADS); /* see session/thread_ids.h */

static void test_every_effect_pins_or_is_known_to_be_harmless(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SQL_EFFECT_COUNT; i++) {
        bool pins = pins_of_effects(UINT64_C(1) << i) != 0;
        bool is_harmless = (harmless >> i & 1) != 0;
        if (pins == is_harmless)
            fail_msg("effect %s", sql_effect_name((enum sql_effect)i));
    }
}

static void test_a_pin_ends_at_its_event_and_not_before(void **state)
{
    (void)state;
    pins_t all = PIN_BIT(ROW_COUNT) | PIN_BIT(WARNINGS) | PIN_BIT(TEMPORARY_TABLE);
    assert_int_equal(pins_until(all, PIN_UNTIL_STATEMENT), PIN_BIT(ROW_COUNT));
    assert_int_equal(pins_until(all, PIN_UNTIL_TABLE), PIN_BIT(ROW_COUNT) | PIN_BIT(WARNINGS));
    assert_int_equal(pins_until(all, PIN_UNTIL_CLIENT), all);
}

static void test_the_strongest_cure_wins(void **state)
{
    (void)state;
    assert_int_equal(pins_cure(0), PIN_CURE_NONE);
    assert_int_equal(pins_cure(PIN_BIT(ROW_COUNT)), PIN_CURE_NONE);
    assert_int_equal(pins_cure(PIN_BIT(ROW_COUNT) | PIN_BIT(USER_VARIABLE)), PIN_CURE_RESET);
    assert_int_equal(pins_cure(PIN_BIT(USER_VARIABLE) | PIN_BIT(SET_UNTRACKED)), PIN_CURE_CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_effect_pins_or_is_known_to_be_harmless),
        cmocka_unit_test(test_a_pin_ends_at_its_event_and_not_before),
        cmocka_unit_test(test_the_strongest_cure_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
