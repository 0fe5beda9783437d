/* SPDX-License-Identifier: Apache-2.0
 * Whether the links that Weir may open fit into its server. */
#include "pool/server_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct room_facts facts(void)
{
    return (struct room_facts){
        .server = "main",
        .max_connections = 151,
        .threads_connected = 40,
        .open_files_limit = 65535,
        .ours = 20,
        .instances = 1,
        .ceiling = 100,
        .pools_may = 102,
        .user = "app",
        .user_may = 100,
    };
}

static struct room judge(const struct room_facts *f)
{
    struct room_memory memory = {0};
    return room_judge(f, &memory);
}

static void test_what_others_hold_is_not_left(void **state)
{
    struct room_facts f = facts();
    (void)state;
    struct room r = judge(&f);
    assert_int_equal(r.verdict, ROOM_FITS);
    assert_int_equal(r.others, 20);
    assert_int_equal(r.left, 131);
    assert_int_equal(r.wanted, 100);
    f.threads_connected = 72;
    assert_int_equal(judge(&f).verdict, ROOM_TOO_SMALL);
    f.threads_connected = 71;
    assert_int_equal(judge(&f).verdict, ROOM_FITS);
    f.threads_connected = 10; /* a link has just been closed */
    assert_int_equal(judge(&f).others, 0);
}

static void test_pools_that_cannot_reach_the_ceiling_want_less(void **state)
{
    struct room_facts f = facts();
    (void)state;
    f.pools_may = 22;
    f.threads_connected = 140;
    assert_int_equal(judge(&f).wanted, 22);
    assert_int_equal(judge(&f).verdict, ROOM_FITS);
}

static void test_every_weir_wants_as_much(void **state)
{
    struct room_facts f = facts();
    char text[512];
    (void)state;
    f.instances = 2;
    f.other_weirs = 15;
    struct room r = judge(&f);
    assert_int_equal(r.others, 5);
    assert_int_equal(r.verdict, ROOM_TOO_SMALL);
    room_advise(&f, &r, text, sizeof text);
    assert_non_null(strstr(text, "as may each of 2 Weirs"));
    assert_non_null(strstr(text, "SET GLOBAL server.main.max_connections = 73"));
}

static void test_open_files_may_end_first(void **state)
{
    struct room_facts f = facts();
    char text[512];
    (void)state;
    f.max_connections = 5000;
    f.open_files_limit = 120;
    struct room r = judge(&f);
    assert_int_equal(r.verdict, ROOM_FEW_FILES);
    assert_int_equal(r.left, 68);
    room_advise(&f, &r, text, sizeof text);
    assert_non_null(strstr(text, "open_files_limit of 120"));
    f.open_files_limit = 0;
    assert_int_equal(judge(&f).verdict, ROOM_FITS);
}

static void test_an_account_may_be_limited_too(void **state)
{
    struct room_facts f = facts();
    char text[512];
    (void)state;
    f.max_user_connections = 30;
    struct room r = judge(&f);
    assert_int_equal(r.verdict, ROOM_USER);
    room_advise(&f, &r, text, sizeof text);
    assert_non_null(strstr(text, "SET GLOBAL user.app.pool_max_size = 30"));
    assert_non_null(strstr(text, " links, but"));
    f.user_may = 1;
    room_advise(&f, &r, text, sizeof text);
    assert_non_null(strstr(text, "may open 1 link, but"));
    f.user_may = 30;
    r = judge(&f);
    assert_int_equal(r.verdict, ROOM_FITS);
    room_advise(&f, &r, text, sizeof text);
    assert_string_equal(text, "");
}

static void test_the_most_that_others_had_of_late_counts(void **state)
{
    struct room_facts f = facts();
    struct room_memory memory = {0};
    (void)state;
    f.threads_connected = 90;
    assert_int_equal(room_judge(&f, &memory).verdict, ROOM_TOO_SMALL);
    f.threads_connected = 20;
    for (unsigned i = 0; i < ROOM_MEMORY - 1; i++)
        assert_int_equal(room_judge(&f, &memory).verdict, ROOM_TOO_SMALL);
    assert_int_equal(room_judge(&f, &memory).verdict, ROOM_FITS);
}

static void test_a_full_server_leaves_nothing(void **state)
{
    struct room_facts f = facts();
    char text[512];
    (void)state;
    f.threads_connected = 300;
    struct room r = judge(&f);
    assert_int_equal(r.left, 0);
    room_advise(&f, &r, text, sizeof text);
    assert_non_null(strstr(text, "server.main.max_connections = 1,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_others_hold_is_not_left),
        cmocka_unit_test(test_pools_that_cannot_reach_the_ceiling_want_less),
        cmocka_unit_test(test_every_weir_wants_as_much),
        cmocka_unit_test(test_open_files_may_end_first),
        cmocka_unit_test(test_an_account_may_be_limited_too),
        cmocka_unit_test(test_the_most_that_others_had_of_late_counts),
        cmocka_unit_test(test_a_full_server_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
