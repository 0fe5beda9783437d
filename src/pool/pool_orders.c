/* SPDX-License-Identifier: Apache-2.0
 * What an operator orders: pausing a pool, and replacing its links. */
#include "pool/pool_internal.h"

static void recall_all(struct pool *p, enum pool_why why, usec_t now)
{
    while (!list_empty(&p->soft))
        seat_recall(seat_of(list_first(&p->soft)), NULL, why, now);
}

void pool_pause(struct pool *p, usec_t now)
{
    now = pool_time(p->server, now);
    if (p->paused)
        return;
    p->paused = true;
    p->paused_at = now;
    recall_all(p, POOL_WHY_PAUSED, now);
}

/* As if the time of the pause had not been. */
static void forget_pause(struct pool *p, usec_t now)
{
    list_for_each (&p->waiting, node) {
        struct pool_ticket *ticket = ticket_of(node);
        ticket->since = now - pool_elapsed(ticket->since, p->paused_at);
    }
}

void pool_unpause(struct pool *p, usec_t now)
{
    now = pool_time(p->server, now);
    if (!p->paused)
        return;
    p->paused = false;
    forget_pause(p, now);
    while (!list_empty(&p->waiting) && !list_empty(&p->idle))
        seat_place(seat_of(list_last(&p->idle)), now);
}

void pool_renew(struct pool *p, usec_t now)
{
    now = pool_time(p->server, now);
    p->renewed_at = now;
    while (!list_empty(&p->idle))
        seat_doom(seat_of(list_first(&p->idle)), NULL, POOL_WHY_RENEWED, now);
    recall_all(p, POOL_WHY_RENEWED, now);
}

bool seat_is_to_be_renewed(const struct pool_seat *seat)
{
    return seat->pool->renewed_at != 0 && seat->begun <= seat->pool->renewed_at;
}

static unsigned old_in(const struct list *seats)
{
    unsigned count = 0;
    list_for_each (seats, node) {
        count += seat_is_to_be_renewed(seat_of(node)) ? 1 : 0;
    }
    return count;
}

unsigned pool_not_renewed(const struct pool *p)
{
    return old_in(&p->opening) + old_in(&p->idle) + old_in(&p->firm) + old_in(&p->soft) +
           old_in(&p->recalled) + old_in(&p->doomed);
}
