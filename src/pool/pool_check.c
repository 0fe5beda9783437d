/* SPDX-License-Identifier: Apache-2.0
 * The invariants of the pool policy, counted again from nothing. */
#include "pool/pool_internal.h"

/* What is counted while walking over a server. */
struct census {
    unsigned links;
    unsigned opening;
    unsigned doomed;
    size_t orders;
};

static void check_order(const struct pool_seat *seat, struct census *census)
{
    if (!list_node_linked(&seat->order))
        return;
    CHECK(seat->state == SEAT_RECALLED || seat->state == SEAT_DOOMED);
    census->orders++;
}

static void check_ticket_of_seat(const struct pool_seat *seat)
{
    const struct pool_ticket *ticket = seat->ticket;

    if (ticket == NULL)
        return;
    CHECK(seat->state == SEAT_FIRM && seat->favour == NULL);
    CHECK(ticket->state == TICKET_GRANTED && ticket->seat == seat && ticket->pool == seat->pool);
}

static void check_favour(const struct pool_seat *seat)
{
    CHECK(seat->favour == NULL || seat->state == SEAT_FIRM || seat->state == SEAT_RECALLED ||
          seat->state == SEAT_DOOMED);
    CHECK(seat->favour != seat->pool || seat->state != SEAT_DOOMED);
}

static void check_rest(const struct pool *p, const struct pool_seat *seat)
{
    bool used = seat->state == SEAT_FIRM || seat->state == SEAT_OPENING;
    CHECK(used == (seat->quiet_since == 0));
    if (seat->state == SEAT_IDLE || seat->state == SEAT_SOFT)
        CHECK(seat_rest_end(seat) == 0 ||
              (p->rest_check_at != 0 && p->rest_check_at <= seat_rest_end(seat)));
}

/* A list is as long as it says, its links go both ways, all its seats are in `state`. */
static void check_seats(const struct pool *p, const struct list *seats, enum seat_state state,
                        struct census *census)
{
    size_t count = 0;
    usec_t since = 0;

    list_for_each (seats, node) {
        const struct pool_seat *seat = seat_of(node);
        CHECK(node->next->prev == node && node->prev->next == node);
        CHECK(++count <= seats->count);
        CHECK(seat->state == state && seat->pool == p && seat->since >= since);
        CHECK(seat->born <= seat->since);
        since = seat->since;
        check_order(seat, census);
        check_ticket_of_seat(seat);
        check_favour(seat);
        check_rest(p, seat);
    }
    CHECK(count == seats->count);
    census->links += (unsigned)count;
}

static void check_waiting(const struct pool *p)
{
    size_t count = 0;
    const struct pool_ticket *before = NULL;

    list_for_each (&p->waiting, node) {
        const struct pool_ticket *ticket = ticket_of(node);
        CHECK(++count <= p->waiting.count);
        CHECK(ticket->state == TICKET_WAITING && ticket->pool == p && ticket->seat == NULL);
        CHECK(before == NULL || (before->turn < ticket->turn && before->since <= ticket->since));
        before = ticket;
    }
    CHECK(count == p->waiting.count);
    CHECK(list_empty(&p->waiting) || list_empty(&p->idle) || p->paused);
    CHECK(!p->paused || list_empty(&p->soft));
}

/* Tickets of `p` that wait, or were granted a link and have not taken it. */
static uint64_t tickets_alive(const struct pool *p)
{
    uint64_t alive = p->waiting.count;

    list_for_each (&p->firm, node) {
        if (seat_of(node)->ticket != NULL)
            alive++;
    }
    return alive;
}

static void check_counters(const struct pool *p)
{
    const struct pool_counters *c = &p->counters;

    CHECK(c->opened - c->closed == pool_links(p) - pool_opening(p));
    CHECK(c->waited == c->granted_late + c->refused_late + c->refused_failed + c->refused_draining +
                           c->cancelled + tickets_alive(p));
    CHECK(c->granted_late <= c->granted && c->recalls_refused <= c->recalls);
    CHECK(c->links_max >= pool_links(p) && c->waiters_max >= p->waiting.count);
}

static unsigned favours_in(const struct list *seats, const struct pool *p)
{
    unsigned count = 0;

    list_for_each (seats, node) {
        if (seat_of(node)->favour == p)
            count++;
    }
    return count;
}

static void check_favours(const struct pool_server *s, const struct pool *p)
{
    unsigned promised = 0;

    list_for_each (&s->pools, node) {
        const struct pool *q = pool_of(node);
        unsigned count =
            favours_in(&q->firm, p) + favours_in(&q->recalled, p) + favours_in(&q->doomed, p);
        if (q == p)
            CHECK(count == p->returning);
        else
            promised += count;
    }
    CHECK(promised == p->promised);
}

static void check_pool(const struct pool_server *s, const struct pool *p, struct census *census)
{
    CHECK(p->server == s);
    check_seats(p, &p->opening, SEAT_OPENING, census);
    check_seats(p, &p->idle, SEAT_IDLE, census);
    check_seats(p, &p->firm, SEAT_FIRM, census);
    check_seats(p, &p->soft, SEAT_SOFT, census);
    check_seats(p, &p->recalled, SEAT_RECALLED, census);
    check_seats(p, &p->doomed, SEAT_DOOMED, census);
    census->links += p->reserved;
    census->opening += pool_opening(p);
    census->doomed += (unsigned)p->doomed.count;
    check_waiting(p);
    check_counters(p);
    check_favours(s, p);
    CHECK(!s->draining || (list_empty(&p->idle) && list_empty(&p->waiting)));
}

static void check_tickets(const struct list *tickets, enum ticket_state state)
{
    size_t count = 0;

    list_for_each (tickets, node) {
        CHECK(++count <= tickets->count);
        CHECK(ticket_of(node)->state == state && ticket_of(node)->pool != NULL);
    }
    CHECK(count == tickets->count);
}

void pool_server_check(const struct pool_server *s)
{
    struct census census = {0};

    list_for_each (&s->pools, node) {
        check_pool(s, pool_of(node), &census);
    }
    CHECK(census.links == s->links);
    CHECK(census.opening == s->opening);
    CHECK(census.doomed == s->doomed);
    CHECK(census.orders == s->orders.count);
    check_tickets(&s->granting, TICKET_GRANTED);
    check_tickets(&s->failing, TICKET_FAILED);
}
