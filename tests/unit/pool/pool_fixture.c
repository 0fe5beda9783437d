/* SPDX-License-Identifier: Apache-2.0
 * One server with two pools, and short words for what tests of the pool policy do all the time. */
#include "pool_fixture.h"

#include <string.h>

struct pool_limits fixture_limits(void)
{
    return (struct pool_limits){.max_size = 4, .wait_timeout = 1 * SEC, .max_waiters = 16};
}

struct pool_server_limits fixture_server_limits(void)
{
    return (struct pool_server_limits){.ceiling = 4,
                                       .max_opening = 4,
                                       .retry_min = 100 * MSEC,
                                       .retry_max = 1 * SEC,
                                       .claim_after = 20 * MSEC};
}

void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->now = 1 * SEC;
    pool_server_init(&f->server, fixture_server_limits(), 7);
    pool_init(&f->a, &f->server, fixture_limits());
    pool_init(&f->b, &f->server, fixture_limits());
}

unsigned decide(struct fixture *f)
{
    f->count = 0;
    for (;;) {
        struct pool_action action = pool_next_action(&f->server, f->now);
        if (action.kind == POOL_NOTHING)
            break;
        assert_true(f->count < countof(f->actions));
        f->actions[f->count++] = action;
    }
    pool_server_check(&f->server);
    return f->count;
}

unsigned decided(const struct fixture *f, enum pool_action_kind kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < f->count; i++)
        count += f->actions[i].kind == kind ? 1 : 0;
    return count;
}

struct pool_action *the(struct fixture *f, enum pool_action_kind kind)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (f->actions[i].kind == kind)
            return &f->actions[i];
    }
    fail_msg("no such action was decided: %d", (int)kind);
    return NULL;
}

struct pool_seat *unused_seat(struct fixture *f)
{
    for (unsigned i = 0; i < FIXTURE_SEATS; i++) {
        if (f->seats[i].state == SEAT_CLOSED)
            return &f->seats[i];
    }
    fail_msg("no seat left");
    return NULL;
}

struct pool_ticket *unused_ticket(struct fixture *f)
{
    for (unsigned i = 0; i < FIXTURE_TICKETS; i++) {
        if (f->tickets[i].state == TICKET_NONE)
            return &f->tickets[i];
    }
    fail_msg("no ticket left");
    return NULL;
}

struct pool_ticket *wait_in(struct fixture *f, struct pool *p)
{
    struct pool_ticket *ticket = unused_ticket(f);
    struct pool_seat *seat;

    assert_int_equal(pool_checkout(p, ticket, f->now, &seat), POOL_WAIT);
    assert_null(seat);
    return ticket;
}

struct pool_seat *attempt(struct fixture *f, struct pool *p, struct pool_ticket **ticket)
{
    struct pool_seat *seat = unused_seat(f);

    *ticket = wait_in(f, p);
    decide(f);
    assert_ptr_equal(the(f, POOL_OPEN)->pool, p);
    pool_attach(p, seat, 1, f->now);
    return seat;
}

struct pool_seat *lease(struct fixture *f, struct pool *p)
{
    struct pool_ticket *ticket;
    struct pool_seat *seat = attempt(f, p, &ticket);

    pool_opened(seat, f->now);
    decide(f);
    assert_ptr_equal(the(f, POOL_GRANT)->ticket, ticket);
    assert_ptr_equal(pool_take(ticket), seat);
    assert_int_equal(seat->state, SEAT_FIRM);
    return seat;
}

struct pool_seat *soft_lease(struct fixture *f, struct pool *p)
{
    struct pool_seat *seat = lease(f, p);

    assert_true(pool_rest(seat, f->now));
    assert_int_equal(seat->state, SEAT_SOFT);
    return seat;
}

struct pool_seat *idle_link(struct fixture *f, struct pool *p)
{
    struct pool_seat *seat = lease(f, p);

    pool_give_back(seat, f->now);
    assert_int_equal(seat->state, SEAT_IDLE);
    return seat;
}

struct pool_seat *lend(struct fixture *f, struct pool *p, const void *tag)
{
    struct pool_ticket ticket = {.tag = tag, .worker = 3};
    struct pool_seat *seat;

    assert_int_equal(pool_checkout(p, &ticket, f->now, &seat), POOL_LEND);
    assert_int_equal(ticket.state, TICKET_NONE);
    return seat;
}
