/* SPDX-License-Identifier: Apache-2.0
 * What clients do to a pool: check out, rest, resume, give back, cancel. And its birth and end. */
#include "pool/pool.h"

#include "pool/pool_internal.h"

#include <string.h>

/* How many idle seats are looked at for one with the tag that is asked for. */
#define SAME_TAG_SEARCH 8

void pool_server_init(struct pool_server *s, struct pool_server_limits limits, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    s->limits = limits;
    s->random = seed != 0 ? seed : 1;
    list_init(&s->pools);
    list_init(&s->failing);
    list_init(&s->granting);
    list_init(&s->orders);
}

void pool_init(struct pool *p, struct pool_server *s, struct pool_limits limits)
{
    memset(p, 0, sizeof *p);
    p->server = s;
    p->limits = limits;
    list_init(&p->opening);
    list_init(&p->idle);
    list_init(&p->firm);
    list_init(&p->soft);
    list_init(&p->recalled);
    list_init(&p->doomed);
    list_init(&p->waiting);
    list_push_back(&s->pools, &p->node);
}

/* Seats of other pools that were to make room for `p` do it for whoever comes. */
static void forget_favours(struct list *seats, const struct pool *p)
{
    list_for_each (seats, node) {
        if (seat_of(node)->favour == p)
            seat_set_favour(seat_of(node), NULL);
    }
}

void pool_fini(struct pool *p)
{
    struct pool_server *s = p->server;

    CHECK(pool_links(p) == 0 && list_empty(&p->waiting));
    list_for_each (&s->failing, node) {
        CHECK(ticket_of(node)->pool != p);
    }
    list_remove(&s->pools, &p->node);
    list_for_each (&s->pools, node) {
        forget_favours(&pool_of(node)->firm, p);
        forget_favours(&pool_of(node)->recalled, p);
        forget_favours(&pool_of(node)->doomed, p);
    }
    CHECK(p->promised == 0 && p->returning == 0);
    memset(p, 0, sizeof *p);
}

static void set_expiries(struct list *seats)
{
    list_for_each (seats, node) {
        seat_set_expiry(seat_of(node));
    }
}

void pool_configure(struct pool *p, struct pool_limits limits)
{
    bool other_lifetime = limits.lifetime != p->limits.lifetime;

    p->limits = limits;
    if (other_lifetime) {
        p->old_check_at = 0;
        set_expiries(&p->idle);
        set_expiries(&p->firm);
        set_expiries(&p->soft);
        set_expiries(&p->recalled);
    }
}

void pool_server_configure(struct pool_server *s, struct pool_server_limits limits)
{
    if (limits.open_interval != s->limits.open_interval)
        s->opens_paid_until = 0;
    s->limits = limits;
}

unsigned pool_links(const struct pool *p)
{
    return (unsigned)(p->opening.count + p->idle.count + p->firm.count + p->soft.count +
                      p->recalled.count + p->doomed.count) +
           p->reserved;
}

static struct pool_seat *choose_idle(const struct pool *p, const void *tag)
{
    struct list_node *last = list_last(&p->idle);
    struct list_node *node = last;

    for (unsigned i = 0; i < SAME_TAG_SEARCH && node != &p->idle.head; i++, node = node->prev) {
        if (seat_of(node)->tag == tag)
            return seat_of(node);
    }
    return seat_of(last);
}

/* NONE again; worker and tag are the caller's. */
static void reset_ticket(struct pool_ticket *ticket)
{
    *ticket = (struct pool_ticket){.worker = ticket->worker, .tag = ticket->tag};
}

static void queue_ticket(struct pool *p, struct pool_ticket *ticket, usec_t now)
{
    reset_ticket(ticket);
    ticket->pool = p;
    ticket->state = TICKET_WAITING;
    ticket->since = now;
    ticket->turn = p->turns++;
    list_push_back(&p->waiting, &ticket->node);
    p->counters.waited++;
    pool_note_waiters(p);
}

/* The server has just refused the pool's login, and there is no link that could be waited for. */
static bool login_is_hopeless(const struct pool *p, usec_t now)
{
    return now < p->login_retry_at && pool_usable(p) == 0;
}

enum pool_checkout pool_checkout(struct pool *p, struct pool_ticket *ticket, usec_t now,
                                 struct pool_seat **seat)
{
    struct pool_server *s = p->server;

    CHECK(ticket->state == TICKET_NONE || ticket->state == TICKET_FAILED);
    CHECK(!list_node_linked(&ticket->node));
    now = pool_time(s, now);
    *seat = NULL;
    if (s->draining || login_is_hopeless(p, now)) {
        queue_ticket(p, ticket, now);
        ticket_fail(ticket, s->draining ? POOL_WHY_DRAINING : POOL_WHY_LOGIN_FAILED);
        return POOL_WAIT;
    }
    if (!p->paused && list_empty(&p->waiting) && !list_empty(&p->idle)) {
        *seat = choose_idle(p, ticket->tag);
        seat_set_state(*seat, SEAT_FIRM, now);
        (*seat)->worker = ticket->worker;
        p->counters.granted++;
        reset_ticket(ticket);
        return POOL_LEND;
    }
    if (p->waiting.count >= p->limits.max_waiters) {
        p->counters.refused_full++;
        reset_ticket(ticket);
        return POOL_REFUSE;
    }
    queue_ticket(p, ticket, now);
    return POOL_WAIT;
}

bool pool_resume(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;

    CHECK(seat->state == SEAT_SOFT || seat->state == SEAT_RECALLED);
    now = pool_time(p->server, now);
    if (seat->state == SEAT_RECALLED) {
        struct pool *favour = seat->favour;
        seat_set_favour(seat, NULL); /* else its own promise would hide that it is wanted */
        bool wanted = p->paused || !list_empty(&p->waiting) ||
                      pool_claimant(p, false, now) != NULL ||
                      seat_why_close(seat, now) != POOL_WHY_NONE;
        seat_set_favour(seat, favour);
        if (wanted)
            return false;
    }
    seat_set_state(seat, SEAT_FIRM, now);
    return true;
}

bool pool_rest(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;
    struct pool *claimant;

    CHECK(seat->state == SEAT_FIRM && seat->ticket == NULL);
    now = pool_time(p->server, now);
    seat_set_favour(seat, NULL);
    if (p->paused || seat_why_close(seat, now) != POOL_WHY_NONE)
        return false;
    bool has_waiters =
        p->waiting.count > p->returning; /* whom nothing on its way back will serve */
    if ((claimant = pool_claimant(p, has_waiters, now)) != NULL) {
        seat_set_favour(seat, claimant);
        return false;
    }
    if (has_waiters) {
        seat_set_favour(seat, p);
        return false;
    }
    seat_set_state(seat, SEAT_SOFT, now);
    return true;
}

void pool_give_back(struct pool_seat *seat, usec_t now)
{
    CHECK(seat->state == SEAT_FIRM || seat->state == SEAT_SOFT || seat->state == SEAT_RECALLED);
    CHECK(seat->ticket == NULL);
    seat_place(seat, pool_time(seat->pool->server, now));
}

void pool_recall_refused(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;

    CHECK(seat->state == SEAT_FIRM || seat->state == SEAT_RECALLED);
    if (seat->state == SEAT_RECALLED)
        p->counters.recalls_refused++;
    else if (seat->favour == NULL)
        return;
    seat_set_state(seat, SEAT_FIRM, pool_time(p->server, now));
}

void pool_cancel(struct pool_ticket *ticket, usec_t now)
{
    struct pool *p = ticket->pool;
    struct pool_seat *seat = ticket->seat;

    switch (ticket->state) {
    case TICKET_NONE:
        return;
    case TICKET_WAITING:
        list_remove(&p->waiting, &ticket->node);
        p->counters.cancelled++;
        break;
    case TICKET_GRANTED:
        if (list_node_linked(&ticket->node))
            list_remove(&p->server->granting, &ticket->node);
        p->counters.cancelled++;
        seat->ticket = NULL;
        break;
    case TICKET_FAILED:
        if (list_node_linked(&ticket->node))
            list_remove(&p->server->failing, &ticket->node);
        break;
    }
    reset_ticket(ticket);
    if (seat != NULL)
        seat_place(seat, pool_time(p->server, now));
}

struct pool_seat *pool_take(struct pool_ticket *ticket)
{
    struct pool_seat *seat = ticket->seat;
    struct pool *p = ticket->pool;

    if (ticket->state != TICKET_GRANTED)
        return NULL;
    if (list_node_linked(&ticket->node))
        list_remove(&p->server->granting, &ticket->node);
    seat->ticket = NULL;
    p->counters.granted++;
    p->counters.granted_late++;
    p->counters.waited_usec += pool_elapsed(ticket->since, seat->since);
    reset_ticket(ticket);
    return seat;
}
