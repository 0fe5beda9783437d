/* SPDX-License-Identifier: Apache-2.0
 * What the files of the pool policy share and nobody else may use: the one setter of seat states,
 * and the questions that several decisions ask. */
#ifndef WEIR_POOL_POOL_INTERNAL_H
#define WEIR_POOL_POOL_INTERNAL_H

#include "pool/pool.h"

/* -------- from nodes to what they are embedded in; NULL from NULL -------- */

static inline struct pool *pool_of(struct list_node *n)
{
    return n != NULL ? container_of(n, struct pool, node) : NULL;
}

static inline struct pool_seat *seat_of(struct list_node *n)
{
    return n != NULL ? container_of(n, struct pool_seat, node) : NULL;
}

static inline struct pool_ticket *ticket_of(struct list_node *n)
{
    return n != NULL ? container_of(n, struct pool_ticket, node) : NULL;
}

static inline struct pool_ticket *pool_oldest_waiter(const struct pool *p)
{
    return ticket_of(list_first(&p->waiting));
}

/* -------- time -------- */

/* The server's time after it was told `now`: never back. */
static inline usec_t pool_time(struct pool_server *s, usec_t now)
{
    if (now > s->latest)
        s->latest = now;
    return s->latest;
}

static inline usec_t pool_elapsed(usec_t since, usec_t now)
{
    return now > since ? now - since : 0;
}

/* -------- counts -------- */

/* Attempts under way, those included that nobody has begun yet. */
static inline unsigned pool_opening(const struct pool *p)
{
    return (unsigned)p->opening.count + p->reserved;
}

/* Links that are, or may become, of use: all but the doomed. */
static inline unsigned pool_usable(const struct pool *p)
{
    return pool_links(p) - (unsigned)p->doomed.count;
}

/* What is closed cannot be opened again, and somebody may want it. */
static inline bool pool_needs_its_links(const struct pool *p)
{
    return p->limits.irreplaceable && p->clients > 0;
}

/* Waiters that nothing under way will serve. */
unsigned pool_unserved(const struct pool *p);

/* -------- seats -------- */

/* The list of the pool's seats in a state; NULL for CLOSED. */
struct list *pool_seats_in(struct pool *p, enum seat_state state);

/* The only writer of seat->state, but for seat_close: moves the seat to the list of `state` and
 * forgets favour, why and an order that was not taken. */
void seat_set_state(struct pool_seat *seat, enum seat_state state, usec_t now);

/* The seat leaves its pool and is zeroed. */
void seat_close(struct pool_seat *seat);

/* Says, or with NULL no longer says, which pool is to profit from the seat. */
void seat_set_favour(struct pool_seat *seat, struct pool *favour);

/* SOFT → RECALLED, or IDLE or leased → DOOMED, with the order to be taken by pool_next_action. */
void seat_recall(struct pool_seat *seat, struct pool *favour, enum pool_why why, usec_t now);
void seat_doom(struct pool_seat *seat, struct pool *favour, enum pool_why why, usec_t now);

/* Sets the end of its lifetime by the pool's limits. */
void seat_set_expiry(struct pool_seat *seat);

/* When it will have rested for its rest_max; 0: never, or it is in use. */
usec_t seat_rest_end(const struct pool_seat *seat);

/* Where a link goes that nobody holds any more: to a waiter, idle, or away. */
void seat_place(struct pool_seat *seat, usec_t now);

/* Why the link must be closed as soon as nobody holds it, whoever waits; NONE: it need not. */
enum pool_why seat_why_close(const struct pool_seat *seat, usec_t now);

/* Was its opening begun before the last pool_renew? */
bool seat_is_to_be_renewed(const struct pool_seat *seat);

/* -------- tickets -------- */

/* WAITING → FAILED, with the FAIL to be taken by pool_next_action. */
void ticket_fail(struct pool_ticket *ticket, enum pool_why why);
/* One more waits: counters.waiters_max. */
void pool_note_waiters(struct pool *p);
/* All waiters of the pool. */
void pool_fail_waiters(struct pool *p, enum pool_why why);
/* GRANTED → WAITING at its old place, its link having gone. */
void ticket_requeue(struct pool_ticket *ticket, usec_t now);

/* -------- growing -------- */

enum pool_growth {
    POOL_GROW_NOW,     /* one more link may be opened */
    POOL_GROW_CEILING, /* only the server's ceiling is in the way */
    POOL_GROW_BLOCKED, /* something else is */
};

/* May the pool open a link? *later, when not NULL: the time at which the mere passing of time may
 * change the answer, 0 if it will not. */
enum pool_growth pool_growth(const struct pool *p, usec_t now, usec_t *later);

/* An attempt is about to be made: takes one out of the bucket. */
void pool_pay_for_open(struct pool_server *s, usec_t now);

/* The pool for whose oldest waiter a link of `p` is to be closed now, instead of serving a waiter
 * of its own pool (`has_waiters`) or becoming idle; NULL: none. */
struct pool *pool_claimant(const struct pool *p, bool has_waiters, usec_t now);

/* The oldest waiter has waited so long that what was meant to serve it is not relied upon. */
bool pool_waiter_is_late(const struct pool *p, usec_t now);

/* Links beyond `size` that have been idle, or softly leased, since long ago are closed: may one be
 * spared? The same question for what is due now and for when the next is due. */
bool pool_may_close_idle(const struct pool *p);
bool pool_may_recall_idle(const struct pool *p);

#endif
