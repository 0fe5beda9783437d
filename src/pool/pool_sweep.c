/* SPDX-License-Identifier: Apache-2.0
 * Time passes: what is too old to wait, to stay idle or to live; when to look again; draining. */
#include "pool/pool_internal.h"

/* Looking for links past their lifetime is a walk: at most so often in a lifetime. */
#define OLD_CHECKS_PER_LIFETIME 64

bool pool_may_close_idle(const struct pool *p)
{
    return !pool_needs_its_links(p) && p->limits.idle_timeout != 0 &&
           pool_usable(p) > p->limits.size;
}

bool pool_may_recall_idle(const struct pool *p)
{
    return !pool_needs_its_links(p) && p->limits.idle_timeout != 0 &&
           pool_usable(p) > p->limits.size + (unsigned)p->recalled.count;
}

static void lower(usec_t *deadline, usec_t at)
{
    if (at != 0 && (*deadline == 0 || at < *deadline))
        *deadline = at;
}

static void sweep_waiters(struct pool *p, usec_t now)
{
    struct pool_ticket *oldest;

    if (p->paused)
        return;
    while ((oldest = pool_oldest_waiter(p)) != NULL &&
           pool_elapsed(oldest->since, now) >= p->limits.wait_timeout)
        ticket_fail(oldest, POOL_WHY_WAITED_TOO_LONG);
}

void pool_client_came(struct pool *p)
{
    p->clients++;
}

void pool_client_gone(struct pool *p)
{
    CHECK(p->clients > 0);
    p->clients--;
}

static bool has_spare(const struct pool *p)
{
    unsigned wanted = p->limits.size > p->clients ? p->limits.size : p->clients;
    return p->limits.spare_timeout != 0 && pool_usable(p) > wanted;
}

/* When the link that is idle the longest is to be closed, 0 never. */
static usec_t idle_deadline(const struct pool *p)
{
    const struct pool_seat *oldest = seat_of(list_first(&p->idle));
    usec_t timeout = pool_may_close_idle(p) ? p->limits.idle_timeout : 0;
    if (has_spare(p) && (timeout == 0 || p->limits.spare_timeout < timeout))
        timeout = p->limits.spare_timeout;
    return oldest != NULL && timeout != 0 ? oldest->since + timeout : 0;
}

static bool is_unused(const struct pool *p, const struct pool_seat *seat, usec_t now)
{
    return seat != NULL && pool_elapsed(seat->since, now) >= p->limits.idle_timeout;
}

static void sweep_unused(struct pool *p, usec_t now)
{
    usec_t due;
    while ((due = idle_deadline(p)) != 0 && due <= now)
        seat_doom(seat_of(list_first(&p->idle)), NULL, POOL_WHY_IDLE, now);
    while (pool_may_recall_idle(p) && is_unused(p, seat_of(list_first(&p->soft)), now))
        seat_recall(seat_of(list_first(&p->soft)), NULL, POOL_WHY_IDLE, now);
}

/* Dooms or recalls the old ones of a list; lowers *next to the earliest end of the others. */
static void sweep_old_of(struct list *seats, usec_t now, usec_t *next)
{
    list_for_each (seats, node) {
        struct pool_seat *seat = seat_of(node);
        if (seat->expires == 0)
            continue;
        if (now < seat->expires) {
            if (*next == 0 || seat->expires < *next)
                *next = seat->expires;
        } else if (seat->state == SEAT_IDLE) {
            seat_doom(seat, NULL, POOL_WHY_OLD, now);
        } else if (seat->state == SEAT_SOFT) {
            seat_recall(seat, NULL, POOL_WHY_OLD, now);
        }
    }
}

static void sweep_old(struct pool *p, usec_t now)
{
    usec_t next = 0;
    usec_t soonest = now + p->limits.lifetime / OLD_CHECKS_PER_LIFETIME + 1;

    if (p->old_check_at == 0 || now < p->old_check_at)
        return;
    sweep_old_of(&p->idle, now, &next);
    sweep_old_of(&p->soft, now, &next);
    sweep_old_of(&p->firm, now, &next);
    sweep_old_of(&p->recalled, now, &next);
    p->old_check_at = next != 0 && next < soonest ? soonest : next;
}

/* The same for those that the server would soon close. */
static void sweep_rested_of(struct list *seats, usec_t now, usec_t *next)
{
    list_for_each (seats, node) {
        struct pool_seat *seat = seat_of(node);
        usec_t end = seat_rest_end(seat);
        if (end != 0 && now >= end && seat->state == SEAT_IDLE)
            seat_doom(seat, NULL, POOL_WHY_RESTED, now);
        else if (end != 0 && now >= end)
            seat_recall(seat, NULL, POOL_WHY_RESTED, now);
        else
            lower(next, end);
    }
}

static void sweep_rested(struct pool *p, usec_t now)
{
    if (p->rest_check_at == 0 || now < p->rest_check_at)
        return;
    p->rest_check_at = 0;
    sweep_rested_of(&p->idle, now, &p->rest_check_at);
    sweep_rested_of(&p->soft, now, &p->rest_check_at);
}

static void drain_pool(struct pool *p, usec_t now)
{
    pool_fail_waiters(p, POOL_WHY_DRAINING);
    while (!list_empty(&p->idle))
        seat_doom(seat_of(list_first(&p->idle)), NULL, POOL_WHY_DRAINING, now);
    while (!list_empty(&p->soft))
        seat_recall(seat_of(list_first(&p->soft)), NULL, POOL_WHY_DRAINING, now);
}

void pool_server_drain(struct pool_server *s, usec_t now)
{
    s->draining = true;
    pool_sweep(s, now);
}

void pool_sweep(struct pool_server *s, usec_t now)
{
    now = pool_time(s, now);
    list_for_each (&s->pools, node) {
        struct pool *p = pool_of(node);
        if (s->draining)
            drain_pool(p, now);
        sweep_waiters(p, now);
        sweep_old(p, now); /* first: what is closed for its age need not be closed for idleness */
        sweep_unused(p, now);
        sweep_rested(p, now);
    }
}

/* -------- when to look again -------- */

static void lower_for_waiters(usec_t *deadline, const struct pool *p, usec_t now)
{
    const struct pool_ticket *oldest = pool_oldest_waiter(p);
    usec_t late;

    if (oldest == NULL || p->paused)
        return;
    lower(deadline, oldest->since + p->limits.wait_timeout);
    /* From then on it does not rely on what is under way. */
    late = oldest->since + p->server->limits.claim_after;
    if (late > now && (!list_empty(&p->soft) || p->returning > 0))
        lower(deadline, late);
}

static void lower_for_pool(usec_t *deadline, const struct pool *p, usec_t now)
{
    usec_t later;

    lower_for_waiters(deadline, p, now);
    lower(deadline, idle_deadline(p));
    if (!list_empty(&p->soft) && pool_may_recall_idle(p))
        lower(deadline, seat_of(list_first(&p->soft))->since + p->limits.idle_timeout);
    /* Nothing that becomes soft from now on is due before that: pool_rest needs no new deadline. */
    if (!list_empty(&p->firm) && pool_may_recall_idle(p))
        lower(deadline, now + p->limits.idle_timeout);
    if (!list_empty(&p->firm) && p->rest_max != 0)
        lower(deadline, now + p->rest_max);
    if (pool_usable(p) > pool_opening(p)) {
        lower(deadline, p->old_check_at);
        lower(deadline, p->rest_check_at);
    }
    if (p->waiting.count > pool_opening(p) || pool_usable(p) < p->limits.size) {
        (void)pool_growth(p, now, &later);
        lower(deadline, later);
    }
}

usec_t pool_next_deadline(const struct pool_server *s)
{
    usec_t deadline = 0;

    for (struct list_node *n = s->pools.head.next; n != &s->pools.head; n = n->next)
        lower_for_pool(&deadline, pool_of(n), s->latest);
    return deadline;
}
