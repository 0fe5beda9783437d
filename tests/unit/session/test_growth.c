/* SPDX-License-Identifier: Apache-2.0
 * Growth without reuse, told from what looks like it. */
#include "session/growth.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE (60 * USEC_PER_SEC)

/* A row for each sample of one scale: open, silent, remained. */
struct row {
    unsigned open, silent, remained;
    enum growth_verdict wanted;
};

static void play(struct growth *g, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct growth_sample s = {(i + 1) * MINUTE, rows[i].open, rows[i].silent, rows[i].remained};
        if (growth_add(g, 0, s) != rows[i].wanted)
            fail_msg("sample %zu", i);
    }
}

static void test_a_leak_is_told_after_three_windows(void **state)
{
    static const struct row rows[] = {
        {10, 5, 0, GROWTH_NONE},     {20, 10, 5, GROWTH_NONE},     {30, 20, 10, GROWTH_NONE},
        {40, 30, 20, GROWTH_BEGINS}, {50, 40, 30, GROWTH_GOES_ON}, {50, 50, 40, GROWTH_ENDS},
        {50, 50, 50, GROWTH_NONE},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, 4);
    struct growth_evidence e = growth_evidence(&g);
    assert_int_equal(e.from, 10);
    assert_int_equal(e.to, 40);
    assert_int_equal(e.silent, 30);
    assert_int_equal(e.since, MINUTE);
    assert_int_equal(e.window, MINUTE);
    assert_int_equal(e.per_hour, 600);
    assert_int_equal(growth_time_left(&e, 300), 30 * 60);
    g = (struct growth){0};
    play(&g, rows, countof(rows));
}

static void test_a_large_pool_that_is_flat_is_none(void **state)
{
    static const struct row rows[] = {
        {40, 40, 0, GROWTH_NONE},  {40, 40, 40, GROWTH_NONE}, {40, 40, 40, GROWTH_NONE},
        {40, 40, 40, GROWTH_NONE}, {40, 40, 40, GROWTH_NONE},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, countof(rows));
}

static void test_a_growing_pool_that_uses_what_it_has_is_none(void **state)
{
    static const struct row rows[] = {
        {10, 2, 0, GROWTH_NONE}, {20, 3, 1, GROWTH_NONE}, {30, 5, 2, GROWTH_NONE},
        {40, 5, 3, GROWTH_NONE}, {50, 6, 3, GROWTH_NONE},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, countof(rows));
}

/* A tenth of the sleepers is used in each window, though the most are silent. */
static void test_sleepers_that_are_used_now_and_then_are_none(void **state)
{
    static const struct row rows[] = {
        {100, 90, 0, GROWTH_NONE},
        {110, 95, 80, GROWTH_NONE},
        {120, 105, 85, GROWTH_NONE},
        {130, 110, 94, GROWTH_NONE},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, countof(rows));
}

/* Connections that are closed while others come. */
static void test_a_turnover_is_none(void **state)
{
    static const struct row rows[] = {
        {10, 9, 0, GROWTH_NONE},
        {20, 10, 1, GROWTH_NONE},
        {30, 20, 1, GROWTH_NONE},
        {40, 30, 2, GROWTH_NONE},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, countof(rows));
}

static void test_a_few_connections_prove_nothing(void **state)
{
    static const struct row rows[] = {
        {1, 0, 0, GROWTH_NONE}, {2, 1, 0, GROWTH_NONE}, {3, 2, 1, GROWTH_NONE},
        {4, 3, 2, GROWTH_NONE}, {5, 4, 3, GROWTH_NONE},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, countof(rows));
}

static void test_a_plateau_ends_what_was_growth(void **state)
{
    static const struct row rows[] = {
        {10, 10, 0, GROWTH_NONE},  {20, 12, 10, GROWTH_NONE}, {20, 20, 12, GROWTH_NONE},
        {30, 20, 20, GROWTH_NONE}, {40, 30, 20, GROWTH_NONE}, {50, 40, 30, GROWTH_BEGINS},
        {49, 45, 40, GROWTH_ENDS},
    };
    struct growth g = {0};
    (void)state;
    play(&g, rows, countof(rows));
}

static struct growth_sample slow(unsigned i)
{
    return (struct growth_sample){(i + 1) * 10 * MINUTE, 10 + 2 * i, 8 + 2 * i,
                                  i > 0 ? 6 + 2 * i : 0};
}

static void test_a_slow_leak_shows_in_longer_windows(void **state)
{
    struct growth g = {0};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct growth_sample flat = {(i + 1) * MINUTE, 10, 10, 10};
        assert_int_equal(growth_add(&g, 0, flat), GROWTH_NONE);
        assert_int_equal(growth_add(&g, 1, slow(i)), GROWTH_NONE);
    }
    assert_int_equal(growth_add(&g, 1, slow(3)), GROWTH_BEGINS);
    assert_int_equal(growth_evidence(&g).per_hour, 12);
    /* the short windows do not contradict it, nor say it again */
    struct growth_sample flat = {50 * MINUTE, 16, 16, 16};
    assert_int_equal(growth_add(&g, 0, flat), GROWTH_NONE);
    assert_int_equal(growth_add(&g, 1, slow(4)), GROWTH_GOES_ON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_leak_is_told_after_three_windows),
        cmocka_unit_test(test_a_large_pool_that_is_flat_is_none),
        cmocka_unit_test(test_a_growing_pool_that_uses_what_it_has_is_none),
        cmocka_unit_test(test_sleepers_that_are_used_now_and_then_are_none),
        cmocka_unit_test(test_a_turnover_is_none),
        cmocka_unit_test(test_a_few_connections_prove_nothing),
        cmocka_unit_test(test_a_plateau_ends_what_was_growth),
        cmocka_unit_test(test_a_slow_leak_shows_in_longer_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
