/* SPDX-License-Identifier: Apache-2.0
 * What to do next: takes what events have decided, then decides what the numbers ask for. */
#include "pool/pool_internal.h"

/* How many soft leases are looked at for one of the waiter's own worker. */
#define SAME_WORKER_SEARCH 8

static bool take_ticket(struct list *tickets, enum pool_action_kind kind,
                        struct pool_action *action)
{
    struct pool_ticket *ticket = ticket_of(list_pop_front(tickets));

    if (ticket == NULL)
        return false;
    *action = (struct pool_action){
        .kind = kind,
        .pool = ticket->pool,
        .seat = ticket->seat,
        .ticket = ticket,
        .why = ticket->why,
    };
    if (ticket->state == TICKET_FAILED)
        ticket->pool = NULL; /* the pool may end before the client has read its message */
    return true;
}

static bool take_order(struct pool_server *s, struct pool_action *action)
{
    struct list_node *node = list_pop_front(&s->orders);

    if (node == NULL)
        return false;
    struct pool_seat *seat = container_of(node, struct pool_seat, order);
    *action = (struct pool_action){
        .kind = seat->state == SEAT_DOOMED ? POOL_CLOSE : POOL_RECALL,
        .pool = seat->pool,
        .seat = seat,
        .why = seat->why,
    };
    return true;
}

/* -------- candidates -------- */

/* Of the seats in `state` of all pools but `except`: the one that is so for the longest time. */
static struct pool_seat *longest_in(struct pool_server *s, enum seat_state state,
                                    const struct pool *except)
{
    struct pool_seat *longest = NULL;

    list_for_each (&s->pools, node) {
        struct pool *p = pool_of(node);
        struct pool_seat *seat = seat_of(list_first(pool_seats_in(p, state)));
        if (except != NULL && pool_needs_its_links(p) && pool_usable(p) <= 1)
            continue; /* room is not made at the cost of somebody's only link */
        if (p != except && seat != NULL && (longest == NULL || seat->since < longest->since))
            longest = seat;
    }
    return longest;
}

static bool waits_longer(const struct pool *p, const struct pool *than)
{
    return than == NULL || pool_oldest_waiter(p)->since < pool_oldest_waiter(than)->since;
}

/* -------- lowered limits -------- */

static bool shrink_pool(struct pool *p, usec_t now)
{
    unsigned usable = pool_usable(p);

    if (usable <= p->limits.max_size)
        return false;
    if (!list_empty(&p->idle))
        seat_doom(seat_of(list_first(&p->idle)), NULL, POOL_WHY_SHRUNK, now);
    else if (!list_empty(&p->soft) && usable - p->limits.max_size > p->recalled.count)
        seat_recall(seat_of(list_first(&p->soft)), NULL, POOL_WHY_SHRUNK, now);
    else
        return false;
    return true;
}

static bool shrink_server(struct pool_server *s, usec_t now)
{
    unsigned usable = s->links - s->doomed;
    size_t recalled = 0;
    struct pool_seat *seat;

    if (usable <= s->limits.ceiling)
        return false;
    if ((seat = longest_in(s, SEAT_IDLE, NULL)) != NULL) {
        seat_doom(seat, NULL, POOL_WHY_SHRUNK, now);
        return true;
    }
    list_for_each (&s->pools, node) {
        recalled += pool_of(node)->recalled.count;
    }
    seat = longest_in(s, SEAT_SOFT, NULL);
    if (seat == NULL || usable - s->limits.ceiling <= recalled)
        return false;
    seat_recall(seat, NULL, POOL_WHY_SHRUNK, now);
    return true;
}

static bool decide_shrink(struct pool_server *s, usec_t now)
{
    list_for_each (&s->pools, node) {
        if (shrink_pool(pool_of(node), now))
            return true;
    }
    return shrink_server(s, now);
}

/* -------- waiters -------- */

/* Waiters that no attempt under way will serve, nor a link on its way back; links that are slow to
 * come back do not count. Places that others make free for this pool are what is opened on. */
static bool wants_open(const struct pool *p, usec_t now)
{
    size_t returning = pool_waiter_is_late(p, now) ? 0 : p->returning;
    return p->waiting.count > pool_opening(p) + returning;
}

/* Waiters that no link on its way back will serve, nor an attempt under way; attempts that are slow
 * do not count. */
static bool wants_recall(const struct pool *p, usec_t now)
{
    size_t opening = pool_waiter_is_late(p, now) ? 0 : pool_opening(p);
    return p->waiting.count > opening + p->returning + p->promised;
}

static struct pool *choose_to_open(struct pool_server *s, usec_t now)
{
    struct pool *best = NULL;

    if (s->links >= s->limits.ceiling || s->opening >= s->limits.max_opening)
        return NULL;
    list_for_each (&s->pools, node) {
        struct pool *p = pool_of(node);
        if (wants_open(p, now) && waits_longer(p, best) &&
            pool_growth(p, now, NULL) == POOL_GROW_NOW)
            best = p;
    }
    return best;
}

/* A soft lease that has lasted for a while is better taken than a new link opened: its client is
 * not in the middle of a train of statements. */
static bool has_rested(const struct pool *p, usec_t now)
{
    const struct pool_seat *oldest = seat_of(list_first(&p->soft));
    return p->limits.steal_after != 0 && oldest != NULL &&
           pool_elapsed(oldest->since, now) >= p->limits.steal_after;
}

/* A link of the worker on which the latest waiter lives need not change workers: the one that is
 * soft for the longest time of those, if it is among the first few, else of all. */
static struct pool_seat *choose_soft(const struct pool *p, bool rested, usec_t now)
{
    unsigned worker = ticket_of(list_last(&p->waiting))->worker;
    unsigned searched = 0;

    for (struct list_node *n = p->soft.head.next;
         n != &p->soft.head && searched < SAME_WORKER_SEARCH; n = n->next, searched++) {
        struct pool_seat *seat = seat_of(n);
        if (rested && pool_elapsed(seat->since, now) < p->limits.steal_after)
            break;
        if (seat->worker == worker)
            return seat;
    }
    return seat_of(list_first(&p->soft));
}

/* `rested`: while the pool may still grow. */
static bool decide_recall(struct pool_server *s, bool rested, usec_t now)
{
    list_for_each (&s->pools, node) {
        struct pool *p = pool_of(node);
        if (!list_empty(&p->soft) && wants_recall(p, now) && (!rested || has_rested(p, now))) {
            seat_recall(choose_soft(p, rested, now), p, POOL_WHY_NONE, now);
            return true;
        }
    }
    return false;
}

/* Makes room under the ceiling for the pool whose oldest waiter waits longest. */
static bool decide_room(struct pool_server *s, usec_t now)
{
    struct pool *best = NULL;
    struct pool_seat *seat;

    list_for_each (&s->pools, node) {
        struct pool *p = pool_of(node);
        if (pool_unserved(p) > 0 && waits_longer(p, best) &&
            pool_growth(p, now, NULL) == POOL_GROW_CEILING)
            best = p;
    }
    if (best == NULL)
        return false;
    if ((seat = longest_in(s, SEAT_IDLE, best)) != NULL)
        seat_doom(seat, best, POOL_WHY_ROOM, now);
    else if ((seat = longest_in(s, SEAT_SOFT, best)) != NULL)
        seat_recall(seat, best, POOL_WHY_ROOM, now);
    else
        return false;
    return true;
}

static struct pool *choose_to_warm(struct pool_server *s, usec_t now)
{
    list_for_each (&s->pools, node) {
        struct pool *p = pool_of(node);
        if (pool_usable(p) < p->limits.size && pool_growth(p, now, NULL) == POOL_GROW_NOW)
            return p;
    }
    return NULL;
}

static struct pool_action open_link(struct pool *p, usec_t now)
{
    struct pool_server *s = p->server;

    pool_pay_for_open(s, now);
    p->reserved++;
    s->opening++;
    s->links++;
    if (pool_links(p) > p->counters.links_max)
        p->counters.links_max = pool_links(p);
    return (struct pool_action){.kind = POOL_OPEN, .pool = p};
}

struct pool_action pool_next_action(struct pool_server *s, usec_t now)
{
    struct pool_action action = {.kind = POOL_NOTHING};
    struct pool *p;

    now = pool_time(s, now);
    if (take_ticket(&s->granting, POOL_GRANT, &action) ||
        take_ticket(&s->failing, POOL_FAIL, &action) || take_order(s, &action))
        return action;
    if (decide_shrink(s, now) && take_order(s, &action))
        return action;
    if (decide_recall(s, true, now) && take_order(s, &action))
        return action;
    if ((p = choose_to_open(s, now)) != NULL)
        return open_link(p, now);
    if ((decide_recall(s, false, now) || decide_room(s, now)) && take_order(s, &action))
        return action;
    if ((p = choose_to_warm(s, now)) != NULL)
        return open_link(p, now);
    return action;
}
