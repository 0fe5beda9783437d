/* SPDX-License-Identifier: Apache-2.0
 * The links of the pool's world, and the server they lead to, with its troubles. */
#include "pool_world.h"

static struct world_link *free_link(struct world *w)
{
    for (unsigned i = 0; i < WORLD_LINKS; i++) {
        if (w->links[i].state == LINK_FREE)
            return &w->links[i];
    }
    world_stop(w, "the world has room for the links", __FILE__, __LINE__);
    return NULL;
}

static unsigned index_of(const struct world *w, const struct world_link *l)
{
    return (unsigned)(l - w->links);
}

/* What an attempt that failed means to the world's own account of the server. Those that were under
 * way when it was found down say nothing new. */
static void note_failure(struct world *w, enum pool_open_failure why, bool probe)
{
    bool down = why == POOL_SERVER_DOWN || why == POOL_NO_RESOURCES;

    w->totals.open_failures++;
    if (down && (probe || !w->known_down))
        w->down_since = w->now;
    w->known_down = down;
}

void world_open(struct world *w, unsigned pool, bool probe)
{
    struct world_link *l;

    WORLD_CHECK(w, w->opens_on_their_way[pool] > 0);
    w->opens_on_their_way[pool]--;
    if (w->scenario.faults_down && world_chance(w, 20)) {
        note_failure(w, POOL_NO_RESOURCES, probe);
        pool_open_failed(&w->pools[pool], NULL, POOL_NO_RESOURCES, world_clock(w));
        return;
    }
    l = free_link(w);
    l->state = LINK_CONNECTING;
    l->pool = pool;
    l->holder = l->promised_to = -1;
    l->real = false;
    l->probe = probe;
    l->life++;
    pool_attach(&w->pools[pool], &l->seat, (unsigned)world_delay(w, 4), world_clock(w));
    WORLD_CHECK(w, l->seat.state == SEAT_OPENING);
    w->quiet = true;
    world_post(w, world_delay(w, w->scenario.connect), EVENT_CONNECT, index_of(w, l), l->life);
}

/* Connections that the server has, of one pool or (WORLD_POOLS) of all. */
static unsigned connections(const struct world *w, unsigned pool)
{
    unsigned count = 0;

    for (unsigned i = 0; i < WORLD_LINKS; i++) {
        if (w->links[i].real && (pool == WORLD_POOLS || w->links[i].pool == pool))
            count++;
    }
    return count;
}

/* Does the server let one more in? */
static bool is_let_in(const struct world *w, unsigned pool, enum pool_open_failure *why)
{
    if (!w->up)
        *why = POOL_SERVER_DOWN;
    else if (connections(w, WORLD_POOLS) >= w->server_max)
        *why = POOL_SERVER_FULL;
    else if (!w->login_ok[pool])
        *why = POOL_LOGIN_FAILED;
    else if (connections(w, pool) >= w->user_max[pool])
        *why = POOL_USER_FULL;
    else
        return true;
    return false;
}

void world_connect_ends(struct world *w, struct world_link *l)
{
    enum pool_open_failure why;

    if (!is_let_in(w, l->pool, &why)) {
        world_trace(w, "link %u fails: %d", index_of(w, l), (int)why);
        note_failure(w, why, l->probe);
        l->state = LINK_FREE;
        pool_open_failed(&w->pools[l->pool], &l->seat, why, world_clock(w));
        WORLD_CHECK(w, l->seat.state == SEAT_CLOSED && l->seat.pool == NULL);
        WORLD_CHECK(w, why != POOL_LOGIN_FAILED || list_empty(&w->pools[l->pool].waiting));
        return;
    }
    w->totals.opened++;
    w->known_down = false;
    l->state = LINK_OPEN;
    l->real = true;
    pool_opened(&l->seat, world_clock(w));
    WORLD_CHECK(w, l->seat.state != SEAT_OPENING && w->server.down_retry_at == 0);
}

void world_link_closed(struct world *w, struct world_link *l)
{
    WORLD_CHECK(w, l->holder == -1);
    l->real = false;
    if (l->promised_to >= 0) { /* its client waits again */
        w->clients[l->promised_to].granted = false;
        l->promised_to = -1;
        w->totals.requeued++;
    }
    l->state = LINK_FREE;
    pool_closed(&l->seat, world_clock(w));
    WORLD_CHECK(w, l->seat.state == SEAT_CLOSED && l->seat.pool == NULL);
}

/* The CLOSE has arrived at a worker: the server forgets the connection now, or a moment before the
 * policy hears of it. */
void world_close(struct world *w, struct world_link *l)
{
    WORLD_CHECK(w, l->state == LINK_CLOSING && l->seat.state == SEAT_DOOMED);
    l->real = false;
    if (world_chance(w, 500))
        world_link_closed(w, l);
    else
        world_post(w, world_delay(w, w->scenario.message), EVENT_CLOSED, index_of(w, l), l->life);
}

/* Any link, but often one that is on its way to a client: that is where things go wrong. */
static struct world_link *choose_to_break(struct world *w)
{
    unsigned first = (unsigned)world_delay(w, WORLD_LINKS) - 1;
    bool on_its_way = world_chance(w, 300);

    for (unsigned i = 0; i < WORLD_LINKS; i++) {
        struct world_link *l = &w->links[(first + i) % WORLD_LINKS];
        if (l->state != LINK_FREE && (!on_its_way || l->promised_to >= 0))
            return l;
    }
    return &w->links[first];
}

void world_break(struct world *w)
{
    struct world_link *l = choose_to_break(w);
    int holder = l->holder;

    if (l->state == LINK_CLOSING)
        l->real = false;
    if (l->state != LINK_OPEN)
        return;
    l->real = false;
    if (holder >= 0)
        world_client_lost_link(w, &w->clients[holder]);
    else if (world_chance(w, 500))
        return; /* nobody looks at it for now */
    world_link_closed(w, l);
}

/* -------- the server's troubles -------- */

static void change_limits(struct world *w)
{
    unsigned i = (unsigned)world_delay(w, w->scenario.pools) - 1;
    struct pool_limits limits = w->scenario.pool[i];
    struct pool_server_limits server = w->scenario.server;

    limits.max_size = (unsigned)world_delay(w, limits.max_size);
    limits.size = (unsigned)world_delay(w, limits.max_size) - 1;
    limits.steal_after = world_chance(w, 500) ? world_delay(w, 20000) : 0;
    limits.lifetime = world_chance(w, 500) ? limits.lifetime / 2 : 0;
    limits.max_waiters = (unsigned)world_delay(w, limits.max_waiters);
    pool_configure(&w->pools[i], limits);
    server.ceiling = (unsigned)world_delay(w, server.ceiling);
    server.max_opening = (unsigned)world_delay(w, server.max_opening);
    pool_server_configure(&w->server, server);
}

void world_unpause(struct world *w, unsigned pool)
{
    pool_unpause(&w->pools[pool], w->now);
    for (unsigned i = 0; i < w->scenario.clients && w->paused_at[pool] != 0; i++) {
        struct world_client *c = &w->clients[i];
        usec_t before = c->since < w->paused_at[pool] ? w->paused_at[pool] - c->since : 0;
        if (c->pool == pool)
            c->since = w->now - before;
    }
    w->paused_at[pool] = 0;
}

static void order(struct world *w, unsigned pool)
{
    if (world_chance(w, 300)) {
        pool_renew(&w->pools[pool], w->now);
    } else if (w->paused_at[pool] != 0) {
        world_unpause(w, pool);
    } else {
        pool_pause(&w->pools[pool], w->now);
        w->paused_at[pool] = w->now;
    }
}

void world_fault(struct world *w)
{
    const struct scenario *sc = &w->scenario;
    unsigned i = (unsigned)world_delay(w, sc->pools) - 1;

    if (sc->faults_down)
        w->up = world_chance(w, 600);
    if (sc->faults_full)
        w->server_max = world_chance(w, 300) ? WORLD_LINKS
                                             : (unsigned)world_delay(w, sc->server.ceiling + 2) - 1;
    if (sc->faults_user_full)
        w->user_max[i] = world_chance(w, 300)
                             ? WORLD_LINKS
                             : (unsigned)world_delay(w, sc->pool[i].max_size + 2) - 1;
    if (sc->faults_login)
        w->login_ok[i] = world_chance(w, 600);
    if (sc->faults_limits)
        change_limits(w);
    if (sc->orders && !w->finishing)
        order(w, i);
    if (sc->drains && world_chance(w, 100))
        pool_server_drain(&w->server, world_clock(w));
    world_trace(w, "fault: up %d max %u ceiling %u", w->up, w->server_max,
                w->server.limits.ceiling);
}
