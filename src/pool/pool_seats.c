/* SPDX-License-Identifier: Apache-2.0
 * Seats and tickets change state: lists, counts and orders move with them, here and nowhere else.
 */
#include "pool/pool_internal.h"

#include "base/random.h"

#include <string.h>

/* How many waiters are looked at for one of the link's own worker, and how much longer than that
 * one the oldest may wait: a part of its wait, and a moment that a worker may be kept from running.
 */
#define SAME_WORKER_SEARCH 64
#define LATER_PART         4
#define LATER_MOMENT       (2 * USEC_PER_MSEC)

struct list *pool_seats_in(struct pool *p, enum seat_state state)
{
    switch (state) {
    case SEAT_OPENING:
        return &p->opening;
    case SEAT_IDLE:
        return &p->idle;
    case SEAT_FIRM:
        return &p->firm;
    case SEAT_SOFT:
        return &p->soft;
    case SEAT_RECALLED:
        return &p->recalled;
    case SEAT_DOOMED:
        return &p->doomed;
    case SEAT_CLOSED:
        break;
    }
    return NULL;
}

/* What a server counts of a state: +1 when a seat enters it, -1 when it leaves. */
static void count_state(struct pool_server *s, enum seat_state state, bool enters)
{
    unsigned *count = state == SEAT_OPENING  ? &s->opening
                      : state == SEAT_DOOMED ? &s->doomed
                                             : NULL;
    if (count == NULL)
        return;
    CHECK(enters || *count > 0);
    *count = enters ? *count + 1 : *count - 1;
}

void seat_set_favour(struct pool_seat *seat, struct pool *favour)
{
    struct pool *old = seat->favour;
    if (old != NULL) {
        unsigned *count = old == seat->pool ? &old->returning : &old->promised;
        CHECK(*count > 0);
        --*count;
    }
    if (favour != NULL) {
        unsigned *count = favour == seat->pool ? &favour->returning : &favour->promised;
        ++*count;
    }
    seat->favour = favour;
}

usec_t seat_rest_end(const struct pool_seat *seat)
{
    return seat->rest_max != 0 && seat->quiet_since != 0 ? seat->quiet_since + seat->rest_max : 0;
}

/* It is in use, or is not from now on; what nobody used before it is as quiet as it was. */
static void note_quiet(struct pool_seat *seat, enum seat_state state, usec_t now)
{
    struct pool *p = seat->pool;
    if (seat->rest_max != 0 && (p->rest_max == 0 || seat->rest_max < p->rest_max))
        p->rest_max = seat->rest_max;
    if (state == SEAT_FIRM || state == SEAT_CLOSED || state == SEAT_OPENING) {
        seat->quiet_since = 0;
        return;
    }
    if (seat->quiet_since == 0)
        seat->quiet_since = now;
    usec_t end = seat_rest_end(seat);
    if (end == 0 || (state != SEAT_IDLE && state != SEAT_SOFT))
        return;
    if (p->rest_check_at == 0 || end < p->rest_check_at)
        p->rest_check_at = end;
}

void seat_set_state(struct pool_seat *seat, enum seat_state state, usec_t now)
{
    struct pool *p = seat->pool;
    struct pool_server *s = p->server;

    seat_set_favour(seat, NULL);
    seat->why = POOL_WHY_NONE;
    if (list_node_linked(&seat->order))
        list_remove(&s->orders, &seat->order);
    if (seat->state != SEAT_CLOSED) {
        list_remove(pool_seats_in(p, seat->state), &seat->node);
        count_state(s, seat->state, false);
    }
    seat->state = state;
    seat->since = now;
    note_quiet(seat, state, now);
    if (state != SEAT_CLOSED) {
        list_push_back(pool_seats_in(p, state), &seat->node);
        count_state(s, state, true);
    }
}

void seat_close(struct pool_seat *seat)
{
    struct pool_server *s = seat->pool->server;

    CHECK(seat->ticket == NULL);
    seat_set_state(seat, SEAT_CLOSED, 0);
    CHECK(s->links > 0);
    s->links--;
    memset(seat, 0, sizeof *seat);
}

static void order(struct pool_seat *seat, struct pool *favour, enum pool_why why)
{
    seat_set_favour(seat, favour);
    seat->why = why;
    list_push_back(&seat->pool->server->orders, &seat->order);
}

void seat_recall(struct pool_seat *seat, struct pool *favour, enum pool_why why, usec_t now)
{
    CHECK(seat->state == SEAT_SOFT);
    seat_set_state(seat, SEAT_RECALLED, now);
    order(seat, favour, why);
    seat->pool->counters.recalls++;
}

void seat_doom(struct pool_seat *seat, struct pool *favour, enum pool_why why, usec_t now)
{
    CHECK(seat->state != SEAT_CLOSED && seat->state != SEAT_DOOMED && seat->ticket == NULL);
    seat_set_state(seat, SEAT_DOOMED, now);
    order(seat, favour, why);
}

void seat_set_expiry(struct pool_seat *seat)
{
    struct pool *p = seat->pool;
    usec_t lifetime = p->limits.lifetime;

    if (lifetime == 0) {
        seat->expires = 0;
        return;
    }
    usec_t early = random_below(&p->server->random, lifetime / 10 + 1);
    seat->expires = seat->born + lifetime - early;
    if (p->old_check_at == 0 || seat->expires < p->old_check_at)
        p->old_check_at = seat->expires;
}

enum pool_why seat_why_close(const struct pool_seat *seat, usec_t now)
{
    const struct pool *p = seat->pool;
    const struct pool_server *s = p->server;

    if (s->draining)
        return POOL_WHY_DRAINING;
    if (pool_usable(p) > p->limits.max_size || s->links - s->doomed > s->limits.ceiling)
        return POOL_WHY_SHRUNK;
    if (seat->expires != 0 && now >= seat->expires)
        return POOL_WHY_OLD;
    if (seat_is_to_be_renewed(seat))
        return POOL_WHY_RENEWED;
    if (seat_rest_end(seat) != 0 && now >= seat_rest_end(seat))
        return POOL_WHY_RESTED;
    return POOL_WHY_NONE;
}

/* Has it come so little later than the oldest that it may be served before it? */
static bool may_pass(const struct pool_ticket *own, const struct pool_ticket *oldest, usec_t now)
{
    usec_t later = pool_elapsed(oldest->since, own->since);
    return later <= pool_elapsed(own->since, now) / LATER_PART + LATER_MOMENT;
}

struct pool_ticket *pool_next_waiter(const struct pool *p, unsigned worker, usec_t now)
{
    struct pool_ticket *oldest = pool_oldest_waiter(p);
    unsigned searched = 0;

    if (pool_usable(p) < 2)
        return oldest;
    for (struct list_node *n = p->waiting.head.next;
         n != &p->waiting.head && searched < SAME_WORKER_SEARCH; n = n->next, searched++) {
        struct pool_ticket *ticket = ticket_of(n);
        if (ticket->worker == worker)
            return may_pass(ticket, oldest, now) ? ticket : oldest;
    }
    return oldest;
}

static void grant(struct pool *p, struct pool_seat *seat, usec_t now)
{
    struct pool_ticket *ticket = pool_next_waiter(p, seat->worker, now);

    CHECK(ticket != NULL && ticket->state == TICKET_WAITING && seat->ticket == NULL);
    list_remove(&p->waiting, &ticket->node);
    seat_set_state(seat, SEAT_FIRM, now);
    seat->ticket = ticket;
    seat->worker = ticket->worker;
    ticket->state = TICKET_GRANTED;
    ticket->seat = seat;
    list_push_back(&p->server->granting, &ticket->node);
}

void seat_place(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;
    bool was_unused = seat->state == SEAT_RECALLED && seat->why == POOL_WHY_IDLE;
    bool serves = !p->paused && !list_empty(&p->waiting);
    enum pool_why why = seat_why_close(seat, now);
    struct pool *claimant;

    seat_set_favour(seat, NULL); /* what was promised is decided anew, by who waits now */
    if (why != POOL_WHY_NONE)
        seat_doom(seat, NULL, why, now);
    else if ((claimant = pool_claimant(p, serves, now)) != NULL)
        seat_doom(seat, claimant, POOL_WHY_ROOM, now);
    else if (serves)
        grant(p, seat, now);
    else if (was_unused && pool_may_close_idle(p))
        seat_doom(seat, NULL, POOL_WHY_IDLE, now);
    else
        seat_set_state(seat, SEAT_IDLE, now);
}

void pool_note_waiters(struct pool *p)
{
    if (p->waiting.count > p->counters.waiters_max)
        p->counters.waiters_max = p->waiting.count;
}

static uint64_t *refusal_counter(struct pool *p, enum pool_why why)
{
    if (why == POOL_WHY_LOGIN_FAILED)
        return &p->counters.refused_failed;
    if (why == POOL_WHY_DRAINING)
        return &p->counters.refused_draining;
    CHECK(why == POOL_WHY_WAITED_TOO_LONG);
    return &p->counters.refused_late;
}

void ticket_fail(struct pool_ticket *ticket, enum pool_why why)
{
    struct pool *p = ticket->pool;

    CHECK(ticket->state == TICKET_WAITING);
    list_remove(&p->waiting, &ticket->node);
    ticket->state = TICKET_FAILED;
    ticket->why = why;
    list_push_back(&p->server->failing, &ticket->node);
    ++*refusal_counter(p, why);
}

void pool_fail_waiters(struct pool *p, enum pool_why why)
{
    while (!list_empty(&p->waiting))
        ticket_fail(pool_oldest_waiter(p), why);
}

void ticket_requeue(struct pool_ticket *ticket, usec_t now)
{
    struct pool *p = ticket->pool;
    struct list_node *at = p->waiting.head.next;

    CHECK(ticket->state == TICKET_GRANTED);
    if (list_node_linked(&ticket->node))
        list_remove(&p->server->granting, &ticket->node);
    ticket->state = TICKET_WAITING;
    ticket->seat = NULL;
    /* Only others to whom the same has happened stand before it. */
    while (at != &p->waiting.head && ticket_of(at)->turn < ticket->turn)
        at = at->next;
    list_insert_before(&p->waiting, at, &ticket->node);
    pool_note_waiters(p);
    if (p->server->draining)
        ticket_fail(ticket, POOL_WHY_DRAINING);
    else if (!p->paused && !list_empty(&p->idle))
        grant(p, seat_of(list_last(&p->idle)), now);
}
