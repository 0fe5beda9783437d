/* SPDX-License-Identifier: Apache-2.0
 * Versions of greetings, and what follows from them. */
#include "mysql/server_version.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_versions_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned number;
    } rows[] = {
        {"9.7.4-2", 90704},
        {"8.0.36-0ubuntu0.22.04.1", 80036},
        {"5.7.44-log", 50744},
        {"5.5.5-10.11.19-MariaDB-0+deb12u1", 101119},
        {"11.8.2-MariaDB", 110802},
        {"5.5.5-", 0},
        {"10", 100000},
        {"10.", 100000},
        {"123.4.5", 120000},
        {"", 0},
        {"nonsense", 0},
    };
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(server_version_read(bytes_of_text(rows[i].text), true).number,
                         rows[i].number);
}

static void test_abilities_begin_with_a_version_of_a_family(void **state)
{
    (void)state;
    const struct server_version mariadb = {.mariadb = true, .number = 101119};
    const struct server_version old = {.number = 50744};
    const struct server_version new = {.number = 90704};
    const struct server_version unknown = {.number = 0};
    assert_false(server_has(mariadb, SERVER_ABILITY_TELLS_TRANSACTIONS));
    assert_false(server_has(old, SERVER_ABILITY_TELLS_TRANSACTIONS));
    assert_true(server_has(new, SERVER_ABILITY_TELLS_TRANSACTIONS));
    assert_true(server_has(unknown, SERVER_ABILITY_TELLS_TRANSACTIONS));
    assert_true(server_has(mariadb, SERVER_ABILITY_KEEPS_DIAGNOSTICS));
    assert_false(server_has(new, SERVER_ABILITY_KEEPS_DIAGNOSTICS));
    assert_false(server_has(unknown, SERVER_ABILITY_KEEPS_DIAGNOSTICS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_are_read),
        cmocka_unit_test(test_abilities_begin_with_a_version_of_a_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
