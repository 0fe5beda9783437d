/* SPDX-License-Identifier: Apache-2.0
 * What must be so in the pool's world: each action of the policy is held against the world's own
 * account of clients and links, and after each event everything is counted again. */
#include "pool_world.h"

static unsigned opening(const struct pool *p)
{
    return (unsigned)p->opening.count + p->reserved;
}

static bool waits(const struct world_client *c)
{
    return c->state == CLIENT_WAITING && !c->granted && !c->failed;
}

unsigned world_waiters(const struct world *w, unsigned pool)
{
    unsigned count = 0;

    for (unsigned i = 0; i < w->scenario.clients; i++)
        count += w->clients[i].pool == pool && waits(&w->clients[i]) ? 1 : 0;
    return count;
}

static unsigned index_of_pool(const struct world *w, const struct pool *p)
{
    return (unsigned)(p - w->pools);
}

static unsigned index_of_link(const struct world *w, const struct world_link *l)
{
    return (unsigned)(l - w->links);
}

static usec_t message(struct world *w)
{
    return world_delay(w, w->scenario.message);
}

/* -------- actions -------- */

/* As pool_next_waiter promises. */
static bool may_have_passed(const struct world *w, const struct world_client *c,
                            const struct world_client *other)
{
    usec_t latest = w->server.latest;
    usec_t wait = latest > c->ticket.since ? latest - c->ticket.since : 0;
    return other->ticket.worker != c->ticket.worker &&
           c->ticket.since <= other->ticket.since + wait / 4 + 2 * USEC_PER_MSEC;
}

static void granted(struct world *w, const struct pool_action *action)
{
    struct world_client *c = container_of(action->ticket, struct world_client, ticket);
    struct world_link *l = container_of(action->seat, struct world_link, seat);
    unsigned who = (unsigned)(c - w->clients);

    WORLD_CHECK(w, waits(c) && action->pool == &w->pools[c->pool]);
    WORLD_CHECK(w, l->state == LINK_OPEN && l->holder == -1 && l->promised_to == -1);
    WORLD_CHECK(w, l->pool == c->pool && w->paused_at[c->pool] == 0);
    for (unsigned i = 0; i < w->scenario.clients; i++) {
        struct world_client *other = &w->clients[i];
        if (other->pool != c->pool || !waits(other) || other->arrival >= c->arrival)
            continue;
        WORLD_CHECK(w, may_have_passed(w, c, other));
    }
    c->granted = true;
    l->promised_to = (int)who;
    w->totals.granted++;
    world_post(w, message(w), EVENT_GRANT, who, c->life);
}

static void failed(struct world *w, const struct pool_action *action)
{
    struct world_client *c = container_of(action->ticket, struct world_client, ticket);
    const struct pool *p = &w->pools[c->pool];

    /* A checkout may fail before the world has heard that it waits, but not before it did. */
    WORLD_CHECK(w, waits(c) && action->pool == p && !w->scenario.must_serve);
    if (action->why == POOL_WHY_WAITED_TOO_LONG)
        WORLD_CHECK(w, w->now - c->since >= p->limits.wait_timeout && w->paused_at[c->pool] == 0);
    else if (action->why == POOL_WHY_LOGIN_FAILED)
        WORLD_CHECK(w, w->scenario.faults_login);
    else
        WORLD_CHECK(w, action->why == POOL_WHY_DRAINING && w->server.draining);
    c->failed = true;
    w->totals.failed++;
    world_post(w, message(w), EVENT_FAIL, (unsigned)(c - w->clients), c->life);
}

static void opened(struct world *w, const struct pool_action *action)
{
    const struct pool_server *s = &w->server;
    const struct pool *p = action->pool;
    unsigned usable = pool_links(p) - (unsigned)p->doomed.count;

    WORLD_CHECK(w, !s->draining && s->links <= s->limits.ceiling);
    WORLD_CHECK(w, s->links <= pool_server_ceiling(s, w->now));
    WORLD_CHECK(w, pool_links(p) <= p->limits.max_size && s->opening <= s->limits.max_opening);
    WORLD_CHECK(w, w->paused_at[index_of_pool(w, p)] == 0);
    /* No more than the bucket held at first and what has run into it since. */
    w->opens++;
    if (s->limits.open_interval != 0)
        WORLD_CHECK(w, w->opens <= s->limits.open_burst +
                                       (w->now - USEC_PER_SEC) / s->limits.open_interval);
    WORLD_CHECK(w, opening(p) <= p->waiting.count || usable <= p->limits.size);
    if (w->known_down) {
        WORLD_CHECK(w, s->opening == 1);
        WORLD_CHECK(w, w->now + WORLD_SKEW >= w->down_since + s->limits.retry_min * 8 / 10);
    }
    w->opens_on_their_way[index_of_pool(w, p)]++;
    world_post(w, message(w), EVENT_OPEN, index_of_pool(w, p), w->known_down);
}

static void recalled(struct world *w, const struct pool_action *action)
{
    struct world_link *l = container_of(action->seat, struct world_link, seat);

    WORLD_CHECK(w, l->state == LINK_OPEN && l->holder >= 0);
    WORLD_CHECK(w, w->clients[l->holder].state == CLIENT_RESTING);
    w->totals.recalls++;
    world_post(w, message(w), EVENT_RECALL, index_of_link(w, l), l->life);
}

static void closed(struct world *w, const struct pool_action *action)
{
    struct world_link *l = container_of(action->seat, struct world_link, seat);

    WORLD_CHECK(w, l->state == LINK_OPEN && l->holder == -1 && l->promised_to == -1);
    WORLD_CHECK(w, action->why != POOL_WHY_IDLE ||
                       pool_links(action->pool) - action->pool->doomed.count >=
                           action->pool->limits.size);
    l->state = LINK_CLOSING;
    w->totals.closes++;
    w->totals.room += action->why == POOL_WHY_ROOM ? 1 : 0;
    world_post(w, message(w), EVENT_CLOSE, index_of_link(w, l), l->life);
}

/* False: nothing is left to do. */
static bool take_action(struct world *w)
{
    static const char *const names[] = {"nothing", "grant", "fail", "open", "recall", "close"};
    struct pool_action action = pool_next_action(&w->server, w->now);

    if (action.kind != POOL_NOTHING)
        world_trace(w, "action %s pool %u why %d", names[action.kind],
                    index_of_pool(w, action.pool), (int)action.why);
    switch (action.kind) {
    case POOL_NOTHING:
        return false;
    case POOL_GRANT:
        granted(w, &action);
        break;
    case POOL_FAIL:
        failed(w, &action);
        break;
    case POOL_OPEN:
        opened(w, &action);
        break;
    case POOL_RECALL:
        recalled(w, &action);
        break;
    case POOL_CLOSE:
        closed(w, &action);
        break;
    }
    return true;
}

void world_take_actions(struct world *w)
{
    usec_t deadline;

    for (unsigned i = 0; take_action(w); i++)
        WORLD_CHECK(w, i < 4 * (WORLD_CLIENTS + WORLD_LINKS));
    deadline = pool_next_deadline(&w->server);
    if (deadline != 0 && (w->armed == 0 || deadline < w->armed))
        w->armed = deadline;
}

/* -------- after each event -------- */

static void check_links(struct world *w)
{
    unsigned links = 0;
    unsigned real = 0;

    for (unsigned i = 0; i < w->scenario.pools; i++)
        links += w->opens_on_their_way[i];
    for (unsigned i = 0; i < WORLD_LINKS; i++) {
        const struct world_link *l = &w->links[i];
        links += l->state != LINK_FREE ? 1 : 0;
        real += l->real ? 1 : 0;
        WORLD_CHECK(w, l->state != LINK_CLOSING || l->seat.state == SEAT_DOOMED);
        if (l->state != LINK_OPEN)
            continue;
        bool leased = l->seat.state == SEAT_FIRM || l->seat.state == SEAT_SOFT ||
                      l->seat.state == SEAT_RECALLED;
        WORLD_CHECK(w, leased == (l->holder >= 0 || l->promised_to >= 0));
        WORLD_CHECK(w, l->holder < 0 || l->promised_to < 0);
    }
    WORLD_CHECK(w, links == w->server.links && real <= links);
    WORLD_CHECK(w, real <= w->server_max || w->scenario.faults_full);
}

static bool has_faults(const struct scenario *sc)
{
    return sc->faults_down || sc->faults_full || sc->faults_user_full || sc->faults_login;
}

/* Nobody waits for what could be had: no place, no soft lease, no idle link is left unused. */
static void check_pool_is_busy(struct world *w, const struct pool *p)
{
    const struct pool_server *s = &w->server;
    size_t unserved_by_own = opening(p) + p->returning;
    bool may_grow = pool_links(p) < p->limits.max_size && !has_faults(&w->scenario) &&
                    s->limits.open_interval == 0;

    if (p->paused) {
        WORLD_CHECK(w, list_empty(&p->soft) && w->paused_at[index_of_pool(w, p)] != 0);
        return;
    }
    WORLD_CHECK(w, list_empty(&p->waiting) || list_empty(&p->idle));
    if (p->waiting.count <= unserved_by_own)
        return;
    WORLD_CHECK(w,
                !may_grow || s->links >= s->limits.ceiling || s->opening >= s->limits.max_opening);
    if (p->waiting.count <= unserved_by_own + p->promised)
        return;
    WORLD_CHECK(w, list_empty(&p->soft));
    if (!may_grow || s->links < s->limits.ceiling)
        return;
    for (unsigned i = 0; i < w->scenario.pools; i++)
        WORLD_CHECK(w, list_empty(&w->pools[i].idle) && list_empty(&w->pools[i].soft));
}

/* A ticket may wait longer than wait_timeout only when it waits anew, its link having ended before
 * it was taken; then the policy must ask for a sweep at once. */
static void check_waits(struct world *w)
{
    bool is_due = w->armed != 0 && w->armed <= w->now;

    for (unsigned i = 0; i < w->scenario.clients; i++) {
        const struct world_client *c = &w->clients[i];
        const struct pool *p = &w->pools[c->pool];
        if (!waits(c) || w->paused_at[c->pool] != 0)
            continue;
        WORLD_CHECK(w, c->ticket.state == TICKET_WAITING && c->ticket.pool == p);
        WORLD_CHECK(w, w->now - c->since <= p->limits.wait_timeout || is_due);
        WORLD_CHECK(w, w->scenario.wait_bound == 0 || w->now - c->since <= w->scenario.wait_bound);
    }
}

void world_check(struct world *w)
{
    pool_server_check(&w->server);
    check_links(w);
    check_waits(w);
    for (unsigned i = 0; i < w->scenario.pools; i++) {
        WORLD_CHECK(w, w->pools[i].waiting.count == world_waiters(w, i));
        check_pool_is_busy(w, &w->pools[i]);
    }
}
