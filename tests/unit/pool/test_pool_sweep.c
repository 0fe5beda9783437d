/* SPDX-License-Identifier: Apache-2.0
 * Time passes over a pool. */
#include "pool_fixture.h"

static void sweep_at(struct fixture *f, usec_t now)
{
    f->now = now;
    pool_sweep(&f->server, now);
    decide(f);
}

static void test_a_waiter_waits_for_a_bounded_time(void **state)
{
    struct fixture f;
    struct pool_ticket *ticket;
    (void)state;
    fixture_init(&f);
    usec_t start = f.now;
    (void)attempt(&f, &f.a, &ticket);
    assert_int_equal(pool_next_deadline(&f.server), start + 1 * SEC);
    sweep_at(&f, start + 1 * SEC - 1);
    assert_int_equal(ticket->state, TICKET_WAITING);
    sweep_at(&f, start + 1 * SEC);
    assert_ptr_equal(the(&f, POOL_FAIL)->ticket, ticket);
    assert_int_equal(f.a.counters.refused_late, 1);
    assert_int_equal(pool_next_deadline(&f.server), 0);
}

static void test_idle_links_beyond_size_are_closed_the_longest_idle_first(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    struct pool_seat *seats[3];
    (void)state;
    fixture_init(&f);
    limits.idle_timeout = 10 * SEC;
    limits.size = 1;
    pool_configure(&f.a, limits);
    usec_t start = f.now;
    for (unsigned i = 0; i < 3; i++)
        seats[i] = lease(&f, &f.a);
    for (unsigned i = 0; i < 3; i++)
        pool_give_back(seats[i], start + i);
    f.now = start + 2;
    assert_int_equal(pool_next_deadline(&f.server), start + 10 * SEC);
    sweep_at(&f, start + 10 * SEC);
    assert_int_equal(f.count, 1);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seats[0]);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_IDLE);
    sweep_at(&f, start + 20 * SEC);
    assert_int_equal(f.count, 1); /* the last one is kept warm */
    assert_int_equal(pool_next_deadline(&f.server), 0);
}

static void test_more_links_than_clients_close_sooner(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    struct pool_seat *seats[4];
    (void)state;
    fixture_init(&f);
    limits.idle_timeout = 10 * SEC;
    limits.spare_timeout = 1 * SEC;
    limits.size = 1;
    pool_configure(&f.a, limits);
    for (unsigned i = 0; i < 4; i++) {
        pool_client_came(&f.a);
        seats[i] = lease(&f, &f.a);
    }
    usec_t start = f.now;
    for (unsigned i = 0; i < 4; i++)
        pool_give_back(seats[i], start);
    assert_int_equal(pool_next_deadline(&f.server), start + 10 * SEC); /* each has a client */
    pool_client_gone(&f.a);
    pool_client_gone(&f.a);
    assert_int_equal(pool_next_deadline(&f.server), start + 1 * SEC);
    sweep_at(&f, start + 1 * SEC);
    assert_int_equal(f.count, 2);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seats[0]);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_IDLE);
    assert_int_equal(pool_next_deadline(&f.server), start + 10 * SEC);
    pool_client_gone(&f.a);
    pool_client_gone(&f.a);
    sweep_at(&f, start + 2 * SEC);
    assert_int_equal(f.count, 1); /* the last one is kept warm */
    assert_int_equal(pool_next_deadline(&f.server), 0);
    limits.idle_timeout = 0;
    limits.size = 0;
    pool_configure(&f.a, limits);
    assert_int_equal(pool_next_deadline(&f.server), start + 1 * SEC);
    sweep_at(&f, start + 2 * SEC);
    assert_int_equal(f.count, 1);
}

static void test_a_soft_lease_left_unused_is_recalled_and_closed(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.idle_timeout = 10 * SEC;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    assert_int_equal(pool_next_deadline(&f.server), f.now + 10 * SEC);
    sweep_at(&f, f.now + 10 * SEC);
    assert_int_equal(the(&f, POOL_RECALL)->why, POOL_WHY_IDLE);
    assert_int_equal(pool_next_deadline(&f.server), 0);
    pool_give_back(seat, f.now);
    decide(&f);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_IDLE);
}

static void test_the_deadline_foresees_leases_that_will_rest(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.idle_timeout = 10 * SEC;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = lease(&f, &f.a);
    usec_t armed = pool_next_deadline(&f.server);
    assert_in_range(armed, f.now + 1, f.now + 10 * SEC);
    usec_t rested = f.now + 1 * SEC;
    assert_true(pool_rest(seat, rested)); /* nobody asks for the deadline again */
    sweep_at(&f, armed);
    assert_int_equal(f.count, 0);
    assert_int_equal(pool_next_deadline(&f.server), rested + 10 * SEC);
}

static void test_a_recalled_unused_lease_serves_who_waits_by_then(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.idle_timeout = 10 * SEC;
    limits.max_size = 1;
    pool_configure(&f.a, limits);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    sweep_at(&f, f.now + 10 * SEC);
    struct pool_ticket *ticket = wait_in(&f, &f.a);
    pool_give_back(seat, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_GRANT)->ticket, ticket);
}

static void test_links_past_their_lifetime_are_closed_or_recalled(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    limits.lifetime = 100 * SEC;
    pool_configure(&f.a, limits);
    usec_t start = f.now;
    struct pool_seat *idle = lease(&f, &f.a);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    struct pool_seat *firm = lease(&f, &f.a);
    pool_give_back(idle, f.now);
    unsigned sweeps = 0;
    unsigned closes = 0;
    unsigned recalls = 0;
    for (usec_t at; (at = pool_next_deadline(&f.server)) != 0; sweeps++) {
        sweep_at(&f, at);
        closes += decided(&f, POOL_CLOSE);
        recalls += decided(&f, POOL_RECALL);
    }
    assert_in_range(f.now, start + 90 * SEC, start + 102 * SEC);
    assert_in_range(sweeps, 1, 6);
    assert_int_equal(closes, 1);
    assert_int_equal(recalls, 1);
    assert_int_equal(idle->state, SEAT_DOOMED);
    assert_int_equal(soft->state, SEAT_RECALLED);
    assert_int_equal(firm->state, SEAT_FIRM);
    f.now = start + 100 * SEC;
    assert_false(pool_rest(firm, f.now));
}

static void test_a_lifetime_that_is_configured_later_counts_from_birth(void **state)
{
    struct fixture f;
    struct pool_limits limits = fixture_limits();
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = idle_link(&f, &f.a);
    assert_int_equal(seat->expires, 0);
    f.now += 10 * SEC;
    limits.lifetime = 5 * SEC;
    pool_configure(&f.a, limits);
    assert_true(pool_next_deadline(&f.server) <= f.now);
    sweep_at(&f, f.now);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_OLD);
    limits.lifetime = 0;
    pool_configure(&f.a, limits);
    assert_int_equal(pool_next_deadline(&f.server), 0);
}

static void test_a_link_is_closed_before_the_server_does_it(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *idle = lease(&f, &f.a);
    struct pool_seat *soft = lease(&f, &f.a);
    usec_t start = f.now;
    idle->rest_max = 8 * SEC;
    soft->rest_max = 9 * SEC;
    pool_give_back(idle, start);
    assert_int_equal(pool_next_deadline(&f.server), start + 8 * SEC);
    assert_true(pool_rest(soft, start));
    sweep_at(&f, start + 8 * SEC - 1);
    assert_int_equal(f.count, 0);
    sweep_at(&f, start + 8 * SEC);
    assert_int_equal(f.count, 1);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, idle);
    assert_int_equal(the(&f, POOL_CLOSE)->why, POOL_WHY_RESTED);
    assert_int_equal(pool_next_deadline(&f.server), start + 9 * SEC);
    sweep_at(&f, start + 9 * SEC);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
    assert_int_equal(the(&f, POOL_RECALL)->why, POOL_WHY_RESTED);
    assert_false(pool_resume(soft, f.now)); /* its client gets another one */
    pool_give_back(soft, f.now);
    decide(&f);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, soft);
}

static void test_a_link_that_is_used_again_rests_anew(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = soft_lease(&f, &f.a);
    usec_t start = f.now;
    seat->rest_max = 8 * SEC;
    assert_true(pool_resume(seat, start + 5 * SEC));
    f.now = start + 5 * SEC;
    assert_true(pool_rest(seat, f.now));
    sweep_at(&f, start + 12 * SEC);
    assert_int_equal(f.count, 0);
    sweep_at(&f, start + 13 * SEC);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, seat);
}

/* Nothing is said to the server when a soft lease is given back: its clock goes on. */
static void test_giving_back_is_no_use(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_seat *seat = lease(&f, &f.a);
    usec_t start = f.now;
    seat->rest_max = 8 * SEC;
    assert_true(pool_rest(seat, start));
    pool_give_back(seat, start + 5 * SEC);
    sweep_at(&f, start + 8 * SEC);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, seat);
}

static void test_the_deadline_foresees_that_a_firm_lease_will_rest(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct pool_ticket *ticket;
    struct pool_seat *seat = attempt(&f, &f.a, &ticket);
    seat->rest_max = 8 * SEC;
    pool_opened(seat, f.now);
    decide(&f);
    assert_ptr_equal(pool_take(ticket), seat);
    assert_int_equal(pool_next_deadline(&f.server), f.now + 8 * SEC);
}

static void test_draining_ends_everything_but_firm_leases(void **state)
{
    struct fixture f;
    struct pool_ticket *tickets[2];
    (void)state;
    fixture_init(&f);
    struct pool_seat *firm = lease(&f, &f.a);
    struct pool_seat *soft = soft_lease(&f, &f.a);
    struct pool_seat *idle = idle_link(&f, &f.a);
    struct pool_seat *opening = attempt(&f, &f.b, &tickets[0]);
    pool_server_drain(&f.server, f.now);
    assert_int_equal(decide(&f), 3);
    assert_ptr_equal(the(&f, POOL_FAIL)->ticket, tickets[0]);
    assert_int_equal(the(&f, POOL_FAIL)->why, POOL_WHY_DRAINING);
    assert_ptr_equal(the(&f, POOL_CLOSE)->seat, idle);
    assert_ptr_equal(the(&f, POOL_RECALL)->seat, soft);
    pool_give_back(soft, f.now);
    pool_opened(opening, f.now);
    assert_false(pool_rest(firm, f.now));
    pool_give_back(firm, f.now);
    assert_int_equal(decide(&f), 3);
    assert_int_equal(decided(&f, POOL_CLOSE), 3);
    tickets[1] = wait_in(&f, &f.a);
    assert_int_equal(decide(&f), 1);
    assert_ptr_equal(the(&f, POOL_FAIL)->ticket, tickets[1]);
    pool_closed(firm, f.now);
    pool_closed(soft, f.now);
    pool_closed(idle, f.now);
    pool_closed(opening, f.now);
    assert_int_equal(decide(&f), 0);
    assert_int_equal(pool_next_deadline(&f.server), 0);
    pool_fini(&f.a);
    pool_fini(&f.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_waiter_waits_for_a_bounded_time),
        cmocka_unit_test(test_idle_links_beyond_size_are_closed_the_longest_idle_first),
        cmocka_unit_test(test_more_links_than_clients_close_sooner),
        cmocka_unit_test(test_a_soft_lease_left_unused_is_recalled_and_closed),
        cmocka_unit_test(test_the_deadline_foresees_leases_that_will_rest),
        cmocka_unit_test(test_a_recalled_unused_lease_serves_who_waits_by_then),
        cmocka_unit_test(test_links_past_their_lifetime_are_closed_or_recalled),
        cmocka_unit_test(test_a_lifetime_that_is_configured_later_counts_from_birth),
        cmocka_unit_test(test_a_link_is_closed_before_the_server_does_it),
        cmocka_unit_test(test_a_link_that_is_used_again_rests_anew),
        cmocka_unit_test(test_giving_back_is_no_use),
        cmocka_unit_test(test_the_deadline_foresees_that_a_firm_lease_will_rest),
        cmocka_unit_test(test_draining_ends_everything_but_firm_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
