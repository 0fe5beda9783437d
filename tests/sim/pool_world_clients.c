/* SPDX-License-Identifier: Apache-2.0
 * The clients of the pool's world: think, want a link, work, rest, park, give back, die. */
#include "pool_world.h"

static unsigned index_of(const struct world *w, const struct world_client *c)
{
    return (unsigned)(c - w->clients);
}

void world_client_set(struct world *w, struct world_client *c, enum client_state state,
                      usec_t longest)
{
    c->state = state;
    c->epoch++;
    if (longest != 0)
        world_post(w, world_delay(w, longest), EVENT_CLIENT, index_of(w, c), c->epoch);
}

static void want(struct world *w, struct world_client *c);

/* There are more links than there may be: leases end, and links are closed. */
static bool must_shrink(const struct world *w, const struct pool *p)
{
    const struct pool_server *s = &w->server;
    return s->links - s->doomed > s->limits.ceiling ||
           pool_links(p) - p->doomed.count > p->limits.max_size;
}

/* Its link is another's from now on, or nobody's. */
static struct pool_seat *let_go(struct world *w, struct world_client *c)
{
    struct world_link *l = &w->links[c->link];

    WORLD_CHECK(w, c->link >= 0 && l->holder == (int)index_of(w, c) && l->state == LINK_OPEN);
    l->holder = -1;
    c->link = -1;
    return &l->seat;
}

static void hold(struct world *w, struct world_client *c, struct pool_seat *seat)
{
    struct world_link *l = container_of(seat, struct world_link, seat);

    WORLD_CHECK(w, l->state == LINK_OPEN && l->holder == -1 && c->link == -1);
    WORLD_CHECK(w, l->pool == c->pool && seat->state == SEAT_FIRM);
    WORLD_CHECK(w, seat->worker == c->ticket.worker && c->ticket.state == TICKET_NONE);
    if (!l->real) { /* a look at it shows that it has ended while it was idle */
        world_link_closed(w, l);
        want(w, c);
        return;
    }
    c->link = (int)(l - w->links);
    l->holder = (int)index_of(w, c);
    world_client_set(w, c, CLIENT_WORKING, w->scenario.work);
}

static void give_back(struct world *w, struct world_client *c)
{
    struct pool_seat *seat = let_go(w, c);
    bool shrinks = must_shrink(w, seat->pool);
    bool has_waiters = !list_empty(&seat->pool->waiting) && !seat->pool->paused;

    pool_give_back(seat, world_clock(w));
    WORLD_CHECK(w, !shrinks || seat->state == SEAT_DOOMED);
    WORLD_CHECK(w, !has_waiters || seat->state == SEAT_DOOMED || seat->ticket != NULL);
}

static void want(struct world *w, struct world_client *c)
{
    struct pool *p = &w->pools[c->pool];
    struct pool_seat *seat;
    unsigned waiters = world_waiters(w, c->pool);

    c->ticket.tag = world_chance(w, 500) ? c : NULL;
    switch (pool_checkout(p, &c->ticket, world_clock(w), &seat)) {
    case POOL_LEND:
        WORLD_CHECK(w, waiters == 0 && !p->paused);
        w->totals.lent++;
        hold(w, c, seat);
        break;
    case POOL_WAIT:
        c->granted = c->failed = false;
        c->arrival = ++w->arrivals;
        c->since = w->server.latest;
        world_client_set(w, c, CLIENT_WAITING, 0);
        if (world_chance(w, w->scenario.cancels))
            world_post(w, world_delay(w, 3 * w->scenario.work), EVENT_CLIENT, index_of(w, c),
                       c->epoch);
        break;
    case POOL_REFUSE:
        WORLD_CHECK(w, waiters >= p->limits.max_waiters);
        WORLD_CHECK(w, !w->scenario.must_serve);
        w->totals.refused++;
        world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
        break;
    }
}

/* The client has gone; another one comes in its place. */
static void die(struct world *w, struct world_client *c)
{
    pool_cancel(&c->ticket, world_clock(w));
    WORLD_CHECK(w, c->ticket.state == TICKET_NONE);
    if (c->link >= 0 && world_chance(w, w->scenario.closes))
        world_link_closed(w, container_of(let_go(w, c), struct world_link, seat));
    else if (c->link >= 0)
        give_back(w, c);
    c->life++;
    world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
}

static void cancel(struct world *w, struct world_client *c)
{
    for (unsigned i = 0; i < WORLD_LINKS; i++) {
        if (w->links[i].promised_to == (int)index_of(w, c))
            w->links[i].promised_to = -1;
    }
    w->totals.cancelled++;
    if (world_chance(w, w->scenario.dies)) {
        die(w, c);
        return;
    }
    pool_cancel(&c->ticket, world_clock(w));
    world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
}

static void end_work(struct world *w, struct world_client *c)
{
    struct pool_seat *seat = &w->links[c->link].seat;

    if (world_chance(w, w->scenario.dies)) {
        die(w, c);
    } else if (world_chance(w, w->scenario.stays)) {
        world_client_set(w, c, CLIENT_WORKING, w->scenario.work);
    } else if (world_chance(w, w->scenario.gives_back)) {
        give_back(w, c);
        world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
    } else if (pool_rest(seat, world_clock(w))) {
        WORLD_CHECK(w, !must_shrink(w, seat->pool) && !seat->pool->paused);
        seat->tag = c;
        w->quiet = true;
        world_client_set(w, c, CLIENT_RESTING, w->scenario.think);
    } else {
        c->wants_again = world_chance(w, 300);
        w->quiet = true;
        world_client_set(w, c, CLIENT_PARKING, w->scenario.park);
    }
}

static void end_rest(struct world *w, struct world_client *c)
{
    struct pool_seat *seat = &w->links[c->link].seat;
    bool others_first =
        seat->state == SEAT_RECALLED && (!list_empty(&seat->pool->waiting) || seat->pool->paused);

    if (w->finishing || world_chance(w, w->scenario.dies)) {
        die(w, c);
    } else if (pool_resume(seat, world_clock(w))) {
        WORLD_CHECK(w, !others_first);
        w->totals.resumed++;
        w->quiet = true;
        world_client_set(w, c, CLIENT_WORKING, w->scenario.work);
    } else {
        c->wants_again = true;
        w->quiet = true;
        world_client_set(w, c, CLIENT_PARKING, w->scenario.park);
    }
}

static void end_parking(struct world *w, struct world_client *c)
{
    struct pool_seat *seat = &w->links[c->link].seat;

    if (world_chance(w, w->scenario.refuses)) {
        pool_recall_refused(seat, world_clock(w));
        WORLD_CHECK(w, seat->state == SEAT_FIRM);
        world_client_set(w, c, CLIENT_WORKING, w->scenario.work);
        return;
    }
    give_back(w, c);
    if (c->wants_again && !w->finishing)
        want(w, c);
    else
        world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
}

void world_client_timer(struct world *w, struct world_client *c)
{
    switch (c->state) {
    case CLIENT_THINKING:
        if (!w->finishing)
            want(w, c);
        break;
    case CLIENT_WAITING:
        cancel(w, c);
        break;
    case CLIENT_WORKING:
        end_work(w, c);
        break;
    case CLIENT_RESTING:
        end_rest(w, c);
        break;
    case CLIENT_PARKING:
        end_parking(w, c);
        break;
    }
}

void world_client_granted(struct world *w, struct world_client *c)
{
    struct pool_seat *seat;
    usec_t waited = w->now - c->since;

    if (c->state != CLIENT_WAITING)
        return; /* cancelled while the message was on its way */
    seat = pool_take(&c->ticket);
    WORLD_CHECK(w, (seat != NULL) == c->granted);
    if (seat == NULL)
        return; /* the link has ended, or this is the message of an earlier wait */
    WORLD_CHECK(w, container_of(seat, struct world_link, seat)->promised_to == (int)index_of(w, c));
    container_of(seat, struct world_link, seat)->promised_to = -1;
    if (waited > w->totals.longest_wait)
        w->totals.longest_wait = waited;
    WORLD_CHECK(w, w->scenario.wait_bound == 0 || waited <= w->scenario.wait_bound);
    hold(w, c, seat);
}

void world_client_failed(struct world *w, struct world_client *c)
{
    if (c->state != CLIENT_WAITING || c->ticket.state != TICKET_FAILED)
        return;
    WORLD_CHECK(w, c->failed);
    pool_cancel(&c->ticket, world_clock(w));
    WORLD_CHECK(w, c->ticket.state == TICKET_NONE && c->ticket.pool == NULL);
    world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
}

void world_client_recalled(struct world *w, struct world_client *c)
{
    WORLD_CHECK(w, c->state == CLIENT_RESTING || c->state == CLIENT_PARKING);
    if (c->state == CLIENT_PARKING)
        return;
    c->wants_again = world_chance(w, 300);
    world_client_set(w, c, CLIENT_PARKING, w->scenario.park);
}

void world_client_lost_link(struct world *w, struct world_client *c)
{
    (void)let_go(w, c);
    world_client_set(w, c, CLIENT_THINKING, w->scenario.think);
}
