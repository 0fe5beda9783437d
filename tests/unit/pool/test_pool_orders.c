/* SPDX-License-Identifier: Apache-2.0
 * What an operator orders. */
#include "pool/pool.h"

#include "pool_fixture.h"

static void test_a_paused_pool_lends_nothing_and_lets_transactions_finish(void **state)
{
    struct fixture f;
    struct pool_seat *seat;
    (void)state;
    fixture_init(&f);
    struct pool_seat *firm = lease(&f, &f.a);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    struct pool_seat *idle = idle_link(&f, &f.a);
    pool_pause(&f.a, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
    assert_int_equal(idle->state, SEAT_IDLE);
    assert_int_equal(the(&f, POOL_RECALL)->why, POOL_WHY_PAUSED);
    assert_false(pool_resume(soft, f.now));
    assert_int_equal(firm->state, SEAT_FIRM);
    assert_int_equal(pool_checkout(&f.a, unused_ticket(&f), f.now, &seat), POOL_WAIT);
    assert_int_equal(decide(&f), 0);
    assert_false(pool_rest(firm, f.now));
    pool_give_back(firm, f.now);
    assert_int_equal(decide(&f), 0);
    assert_int_equal(firm->state, SEAT_IDLE);
}

static void test_waiting_does_not_age_during_a_pause(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = lease(&f, &f.a);
    struct pool_limits limits = fixture_limits();
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    struct pool_ticket *before = wait_in(&f, &f.a);
    f.now += 600 * MSEC; /* of 1 s */
    pool_pause(&f.a, f.now);
    decide(&f);
    f.now += 10 * SEC;
    struct pool_ticket *during = wait_in(&f, &f.a);
    pool_sweep(&f.server, f.now);
    assert_int_equal(decide(&f), 0);
    pool_unpause(&f.a, f.now);
    decide(&f);
    f.now += 399 * MSEC;
    pool_sweep(&f.server, f.now);
    assert_int_equal(decide(&f), 0);
    f.now += 1 * MSEC;
    pool_sweep(&f.server, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_FAIL)->ticket, before);
    assert_int_equal(during->state, TICKET_WAITING);
    assert_int_equal(seat->state, SEAT_FIRM);
}

static void test_after_a_pause_waiters_are_served_in_order(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    (void)idle_link(&f, &f.a);
    struct pool_limits limits = fixture_limits();
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    pool_pause(&f.a, f.now);
    struct pool_ticket *first = wait_in(&f, &f.a);
    struct pool_ticket *second = wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 0);
    pool_unpause(&f.a, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, first);
    assert_int_equal(second->state, TICKET_WAITING);
    pool_unpause(&f.a, f.now); /* once more does no harm */
    assert_int_equal(decide(&f), 0);
}

static void test_renewing_replaces_links_as_they_become_free(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *firm = lease(&f, &f.a);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    struct pool_seat *idle = idle_link(&f, &f.a);
    f.now += 1;
    pool_renew(&f.a, f.now);
    assert_int_equal(pool_not_renewed(&f.a), 3);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, idle);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_RENEWED);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
    pool_closed(idle, f.now);
    assert_false(pool_resume(soft, f.now));
    pool_give_back(soft, f.now);
    assert_false(pool_rest(firm, f.now));
    pool_give_back(firm, f.now);
    decide(&f);
    assert_int_equal(decided(&f, POOL_CLOSE), 2);
    pool_closed(soft, f.now);
    pool_closed(firm, f.now);
    f.now += 1;
    struct pool_seat *fresh = lease(&f, &f.a);
    assert_int_equal(pool_not_renewed(&f.a), 0);
    assert_true(pool_rest(fresh, f.now));
}

static void test_attempts_come_as_fast_as_the_bucket_fills(void **state)
{
    struct fixture f;
    struct pool_server_limits limits = fixture_server_limits();
    (void)state;
    fixture_init(&f);
    limits.open_interval = 100 * MSEC;
    limits.open_burst = 2;
    pool_server_configure(&f.server, limits);
    for (unsigned i = 0; i < 4; i++)
        (void)wait_in(&f, &f.a);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 2);
    assert_int_equal(pool_next_deadline(&f.server), f.now + 100 * MSEC);
    f.now += 100 * MSEC;
    pool_sweep(&f.server, f.now);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
    limits.open_interval = 0;
    pool_server_configure(&f.server, limits);
    decide(&f);
    assert_int_equal(decided(&f, POOL_OPEN), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_paused_pool_lends_nothing_and_lets_transactions_finish),
        cmocka_unit_test(test_waiting_does_not_age_during_a_pause),
        cmocka_unit_test(test_after_a_pause_waiters_are_served_in_order),
        cmocka_unit_test(test_renewing_replaces_links_as_they_become_free),
        cmocka_unit_test(test_attempts_come_as_fast_as_the_bucket_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
