/* SPDX-License-Identifier: Apache-2.0
 * What links do to a pool: open, fail, end. What is learnt from it about the server: pauses and
 * observed limits. Whether a pool may grow, and who may claim another's place. */
#include "pool/pool_internal.h"

#include "base/random.h"

/* Pauses after a refused login: long, since only a person can help, and each attempt may count
 * towards the server's lock-out of the user. */
#define LOGIN_PAUSE_MIN (1 * USEC_PER_SEC)
#define LOGIN_PAUSE_MAX (30 * USEC_PER_SEC)
/* No pause is shorter, whatever was configured: no busy loop against a dead server. */
#define PAUSE_MIN (1 * USEC_PER_MSEC)

/* -------- pauses -------- */

/* Twice the pause, within its bounds. */
static usec_t longer_pause(usec_t pause, usec_t min, usec_t max)
{
    usec_t longest = max > min ? max : min;
    usec_t next = pause == 0 ? min : pause > longest / 2 ? longest : pause * 2;
    return next > PAUSE_MIN ? next : PAUSE_MIN;
}

/* The end of a pause that begins now: up to a fifth earlier or later, so that several Weirs do not
 * knock together. */
static usec_t pause_end(struct pool_server *s, usec_t now, usec_t pause)
{
    usec_t fifth = pause / 5;
    return now + pause - fifth + random_below(&s->random, 2 * fifth + 1);
}

/* An attempt failed: begins the next pause, unless the failure is one more of those that the
 * current pause is about. */
static void begin_pause(struct pool_server *s, usec_t *pause, usec_t *retry_at, usec_t min,
                        usec_t max, usec_t now)
{
    if (*retry_at != 0 && now < *retry_at)
        return;
    *pause = longer_pause(*pause, min, max);
    *retry_at = pause_end(s, now, *pause);
}

static void server_is_up(struct pool_server *s)
{
    s->down_retry_at = 0;
    s->down_pause = 0;
}

static void note_server_full(struct pool_server *s, usec_t now)
{
    unsigned open = s->links - s->opening;

    if (open < s->ceiling_observed && !s->ceiling_shut)
        s->ceiling_contended = true;
    else if (now >= s->ceiling_retry_at)
        s->ceiling_contended = false;
    s->ceiling_observed = open > 0 ? open : 1;
    s->ceiling_shut = open == 0;
    begin_pause(s, &s->ceiling_pause, &s->ceiling_retry_at, s->limits.retry_min,
                s->limits.retry_max, now);
}

static void note_user_full(struct pool *p, usec_t now)
{
    struct pool_server *s = p->server;
    unsigned open = pool_links(p) - pool_opening(p);

    p->limit_observed = open > 0 ? open : 1;
    p->limit_shut = open == 0;
    begin_pause(s, &p->limit_pause, &p->limit_retry_at, s->limits.retry_min, s->limits.retry_max,
                now);
}

/* More are open than the server was thought to bear: what was observed grows with them, and the
 * next may be tried at once. Below that, a success says nothing about the limit. */
static void raise_observed_limits(struct pool *p, usec_t now)
{
    struct pool_server *s = p->server;
    unsigned open = s->links - s->opening;
    unsigned pool_open = pool_links(p) - pool_opening(p);

    if (s->ceiling_observed != 0 && (s->ceiling_shut || open > s->ceiling_observed)) {
        s->ceiling_observed = open < s->limits.ceiling ? open : 0;
        s->ceiling_retry_at = s->ceiling_observed != 0 ? now : 0;
        s->ceiling_shut = false;
        s->ceiling_contended = false;
        s->ceiling_pause = 0;
    }
    if (p->limit_observed != 0 && (p->limit_shut || pool_open > p->limit_observed)) {
        p->limit_observed = pool_open < p->limits.max_size ? pool_open : 0;
        p->limit_retry_at = p->limit_observed != 0 ? now : 0;
        p->limit_shut = false;
        p->limit_pause = 0;
    }
}

/* -------- links -------- */

void pool_attach(struct pool *p, struct pool_seat *seat, unsigned worker, usec_t now)
{
    struct pool_server *s = p->server;

    CHECK(seat->state == SEAT_CLOSED && seat->pool == NULL);
    CHECK(p->reserved > 0 && s->opening > 0);
    now = pool_time(s, now);
    p->reserved--;
    s->opening--; /* counted again by the state */
    seat->pool = p;
    seat->worker = worker;
    seat->begun = now;
    seat_set_state(seat, SEAT_OPENING, now);
}

void pool_forget_refusal(struct pool *p)
{
    p->login_retry_at = 0;
    p->login_pause = 0;
}

void pool_server_answers(struct pool_server *s)
{
    server_is_up(s);
}

void pool_server_forget_full(struct pool_server *s)
{
    s->ceiling_observed = 0;
    s->ceiling_retry_at = 0;
    s->ceiling_pause = 0;
    s->ceiling_shut = false;
    s->ceiling_contended = false;
}

void pool_opened(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;
    struct pool_server *s = p->server;

    CHECK(seat->state == SEAT_OPENING);
    now = pool_time(s, now);
    seat_set_state(seat, SEAT_FIRM, now); /* for a moment: seat_place finds who gets it */
    seat->born = now;
    seat_set_expiry(seat);
    p->counters.opened++;
    server_is_up(s);
    pool_forget_refusal(p);
    raise_observed_limits(p, now);
    seat_place(seat, now);
}

void pool_open_declined(struct pool *p, usec_t now)
{
    struct pool_server *s = p->server;

    CHECK(p->reserved > 0 && s->opening > 0 && s->links > 0);
    (void)pool_time(s, now);
    p->reserved--;
    s->opening--;
    s->links--;
}

void pool_opened_for_one(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;

    CHECK(seat->state == SEAT_OPENING);
    now = pool_time(p->server, now);
    seat_set_state(seat, SEAT_FIRM, now);
    seat->born = now;
    seat_set_expiry(seat);
    p->counters.opened++;
    server_is_up(p->server);
    raise_observed_limits(p, now);
}

void pool_found_full(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;

    CHECK(seat->state == SEAT_FIRM && seat->ticket == NULL);
    now = pool_time(p->server, now);
    seat_set_favour(seat, NULL);
    seat_close(seat);
    p->counters.closed++;
    note_server_full(p->server, now);
}

void pool_spare_from_renewal(struct pool_seat *seat, usec_t now)
{
    seat->begun = pool_time(seat->pool->server, now) + 1;
}

void pool_move(struct pool_seat *seat, struct pool *to, usec_t now)
{
    struct pool *from = seat->pool;

    CHECK(seat->state == SEAT_FIRM && seat->ticket == NULL && to->server == from->server);
    now = pool_time(to->server, now);
    seat_set_favour(seat, NULL);
    list_remove(&from->firm, &seat->node);
    from->counters.closed++;
    seat->pool = to;
    seat->since = now;
    pool_spare_from_renewal(seat, now);
    list_push_back(&to->firm, &seat->node);
    to->counters.opened++;
    seat_set_expiry(seat);
    if (pool_links(to) > to->counters.links_max)
        to->counters.links_max = pool_links(to);
    pool_forget_refusal(to);
}

void pool_open_failed(struct pool *p, struct pool_seat *seat, enum pool_open_failure why,
                      usec_t now)
{
    struct pool_server *s = p->server;

    now = pool_time(s, now);
    if (seat != NULL) {
        CHECK(seat->state == SEAT_OPENING && seat->pool == p);
        seat_close(seat);
    } else {
        CHECK(p->reserved > 0 && s->opening > 0 && s->links > 0);
        p->reserved--;
        s->opening--;
        s->links--;
    }
    p->counters.open_failures++;
    switch (why) {
    case POOL_SERVER_DOWN:
    case POOL_NO_RESOURCES:
        begin_pause(s, &s->down_pause, &s->down_retry_at, s->limits.retry_min, s->limits.retry_max,
                    now);
        return;
    case POOL_SERVER_FULL:
        note_server_full(s, now);
        break;
    case POOL_USER_FULL:
        note_user_full(p, now);
        break;
    case POOL_LOGIN_FAILED:
        begin_pause(s, &p->login_pause, &p->login_retry_at, LOGIN_PAUSE_MIN, LOGIN_PAUSE_MAX, now);
        pool_fail_waiters(p, POOL_WHY_LOGIN_FAILED);
        break;
    }
    server_is_up(s); /* it has answered */
}

void pool_closed(struct pool_seat *seat, usec_t now)
{
    struct pool *p = seat->pool;
    struct pool_ticket *ticket = seat->ticket;

    CHECK(seat->state != SEAT_CLOSED && seat->state != SEAT_OPENING);
    now = pool_time(p->server, now);
    seat->ticket = NULL;
    seat_close(seat);
    p->counters.closed++;
    if (ticket != NULL)
        ticket_requeue(ticket, now);
}

/* -------- growing -------- */

/* What may be open now, when at `observed` links the server refused more. */
static unsigned observed_limit(unsigned observed, bool shut, usec_t retry_at, usec_t now)
{
    unsigned more = now >= retry_at ? 1 : 0;
    return shut ? more : observed + more;
}

unsigned pool_server_ceiling(const struct pool_server *s, usec_t now)
{
    unsigned ceiling = s->limits.ceiling;

    if (s->ceiling_observed != 0) {
        unsigned observed =
            observed_limit(s->ceiling_observed, s->ceiling_shut, s->ceiling_retry_at, now);
        if (observed < ceiling)
            return observed;
    }
    return ceiling;
}

/* After a failure, one attempt at a time, and none before the pause has ended. */
static bool is_pausing(usec_t retry_at, unsigned opening, usec_t now, usec_t *later)
{
    if (retry_at == 0)
        return false;
    if (now < retry_at) {
        *later = retry_at;
        return true;
    }
    return opening > 0;
}

/* A bucket that fills by one attempt every open_interval and holds open_burst of them. */
static usec_t open_affordable_at(const struct pool_server *s)
{
    usec_t burst = s->limits.open_burst > 1 ? s->limits.open_burst - 1 : 0;
    return pool_elapsed(burst * s->limits.open_interval, s->opens_paid_until);
}

void pool_pay_for_open(struct pool_server *s, usec_t now)
{
    usec_t from = s->opens_paid_until > now ? s->opens_paid_until : now;
    s->opens_paid_until = from + s->limits.open_interval;
}

enum pool_growth pool_growth(const struct pool *p, usec_t now, usec_t *later)
{
    const struct pool_server *s = p->server;
    unsigned links = pool_links(p);
    usec_t unused;

    if (later == NULL)
        later = &unused;
    *later = 0;
    if (s->draining || p->paused || links >= p->limits.max_size ||
        is_pausing(p->login_retry_at, pool_opening(p), now, later) ||
        is_pausing(s->down_retry_at, s->opening, now, later))
        return POOL_GROW_BLOCKED;
    if (p->limit_observed != 0 &&
        links >= observed_limit(p->limit_observed, p->limit_shut, p->limit_retry_at, now)) {
        *later = now < p->limit_retry_at ? p->limit_retry_at : 0;
        return POOL_GROW_BLOCKED;
    }
    if (s->links >= pool_server_ceiling(s, now)) {
        bool contended = s->ceiling_contended && now < s->ceiling_retry_at;
        if (contended || (s->links < s->limits.ceiling && now < s->ceiling_retry_at))
            *later = s->ceiling_retry_at;
        return contended ? POOL_GROW_BLOCKED : POOL_GROW_CEILING;
    }
    if (s->opening >= s->limits.max_opening)
        return POOL_GROW_BLOCKED;
    usec_t affordable = open_affordable_at(s);
    if (now < affordable) {
        *later = affordable;
        return POOL_GROW_BLOCKED;
    }
    return POOL_GROW_NOW;
}

unsigned pool_unserved(const struct pool *p)
{
    size_t coming = (size_t)pool_opening(p) + p->returning + p->promised;
    return p->waiting.count > coming ? (unsigned)(p->waiting.count - coming) : 0;
}

bool pool_waiter_is_late(const struct pool *p, usec_t now)
{
    const struct pool_ticket *oldest = pool_oldest_waiter(p);
    return oldest != NULL && pool_elapsed(oldest->since, now) >= p->server->limits.claim_after;
}

/* `q` has waiters and no place. May it have one of `p`, which has waiters too? */
static bool comes_before(const struct pool *q, const struct pool *p, usec_t now)
{
    usec_t margin = pool_usable(q) > 0 ? p->server->limits.claim_after : 0;

    return pool_waiter_is_late(q, now) && pool_opening(q) + q->promised == 0 &&
           pool_oldest_waiter(q)->since + margin < pool_oldest_waiter(p)->since;
}

struct pool *pool_claimant(const struct pool *p, bool has_waiters, usec_t now)
{
    const struct pool_server *s = p->server;
    struct pool *best = NULL;

    if (s->links < pool_server_ceiling(s, now))
        return NULL;
    for (struct list_node *n = s->pools.head.next; n != &s->pools.head; n = n->next) {
        struct pool *q = pool_of(n);
        if (q == p || pool_unserved(q) == 0 || pool_growth(q, now, NULL) != POOL_GROW_CEILING)
            continue;
        if (has_waiters && !comes_before(q, p, now))
            continue;
        if (best == NULL || pool_oldest_waiter(q)->since < pool_oldest_waiter(best)->since)
            best = q;
    }
    return best;
}
