/* SPDX-License-Identifier: Apache-2.0
 * The pool policy: who gets which link, when links are opened, taken back and closed. Pure: events
 * and the time go in, decisions come out; the caller (session/pool_registry) holds the server's lock
 * around each call and performs what was decided afterwards, outside the lock.
 *
 * A `pool_server` has one ceiling over all its pools. A pool holds the links that are
 * interchangeable. A `pool_seat` is embedded in each link, a `pool_ticket` in each client.
 * Seats: OPENING → (IDLE ⇄ FIRM ⇄ SOFT → RECALLED) → CLOSED. Waiters of a pool are served first in,
 * first out; what pools of one server do to each other is said at pool_next_action. */
#ifndef WEIR_POOL_POOL_H
#define WEIR_POOL_POOL_H

#include "base/attrs.h"
#include "base/clock.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

enum seat_state {
    SEAT_CLOSED,   /* not in any pool (zeroed) */
    SEAT_OPENING,  /* connecting and logging in */
    SEAT_IDLE,     /* nobody's: the pool holds the link */
    SEAT_FIRM,     /* leased: a transaction, a pin or a request holds it */
    SEAT_SOFT,     /* leased, its client is between transactions: may be recalled */
    SEAT_RECALLED, /* was soft; its worker was told to give it back */
    SEAT_DOOMED,   /* was idle; a CLOSE action was issued and not confirmed yet */
};

struct pool_server;
struct pool;

struct pool_seat {
    struct list_node node;   /* in one of its pool's lists */
    struct pool *pool;       /* NULL when CLOSED */
    enum seat_state state;
    unsigned worker;         /* index of the worker that its link lives on while leased or opening */
    usec_t since;            /* entered this state */
    usec_t born;             /* was opened */
    usec_t expires;          /* end of its lifetime, 0 never */
    const void *tag;         /* what state the link's session is in, compared only for equality: a
                                waiter or checkout with the same tag is the cheaper match */
};

enum ticket_state {
    TICKET_NONE,    /* not waiting (zeroed) */
    TICKET_WAITING, /* in its pool's queue */
    TICKET_GRANTED, /* a GRANT was decided; the client has not taken the seat yet */
    TICKET_FAILED,  /* a FAIL was decided; the client does not know yet */
};

struct pool_ticket {
    struct list_node node;
    struct pool *pool;
    enum ticket_state state;
    unsigned worker;        /* of the client */
    usec_t since;           /* began to wait */
    const void *tag;
    struct pool_seat *seat; /* when GRANTED */
};

/* Limits of one pool; may change at any time (pool_configure). */
struct pool_limits {
    unsigned size;             /* links kept warm once the pool exists */
    unsigned max_size;         /* links at most */
    usec_t idle_timeout;       /* idle (or softly leased) links beyond `size` are closed after it; 0 never */
    usec_t wait_timeout;       /* a ticket waits at most this long */
    unsigned max_waiters;      /* tickets in the queue at most */
    usec_t lifetime;           /* a link is closed, when idle, after this; 0 never */
};

/* Limits of one server. */
struct pool_server_limits {
    unsigned ceiling;          /* links at most, over all pools, workers and openings */
    unsigned max_opening;      /* connection attempts under way at most */
    usec_t retry_min;          /* first pause after a failed attempt, doubled up to retry_max */
    usec_t retry_max;
    usec_t claim_after;        /* how long a waiter of another pool must have waited before a link of
                                  this pool is closed to make room for it, although this pool has
                                  waiters too (20 ms) */
};

struct pool_counters {
    uint64_t opened;
    uint64_t open_failures;
    uint64_t closed;
    uint64_t granted;          /* links given to clients, at checkout or later */
    uint64_t waited;           /* checkouts that had to wait */
    uint64_t waited_usec;      /* time waited by those that were granted */
    uint64_t refused_full;     /* queue full */
    uint64_t refused_late;     /* waited too long */
    uint64_t refused_failed;   /* the server refused the pool's login */
    uint64_t recalls;          /* soft leases taken back */
    uint64_t recalls_refused;  /* … that had become firm */
    uint64_t waiters_max;
    uint64_t links_max;
};

struct pool {
    struct list_node node;     /* in its server's list of pools */
    struct pool_server *server;
    struct pool_limits limits;
    struct list opening;       /* seats by state; each list oldest `since` first */
    struct list idle;          /* most recently used last */
    struct list firm;
    struct list soft;
    struct list recalled;
    struct list doomed;
    struct list waiting;       /* tickets, first in first */
    unsigned reserved;         /* OPEN actions issued whose seat is not attached yet */
    unsigned limit_observed;   /* the server said 1203 or 1226 to this user at this many links; 0 no */
    usec_t limit_retry_at;     /* when to try beyond limit_observed again */
    usec_t login_retry_at;     /* after a refused login: when the next attempt may be made; 0 no */
    usec_t login_pause;
    struct pool_counters counters;
};

struct pool_server {
    struct list pools;
    struct pool_server_limits limits;
    unsigned links;            /* seats not CLOSED, and reservations: the number under the ceiling */
    unsigned opening;          /* of them: OPENING or reserved */
    unsigned ceiling_observed; /* the server said 1040 at this many links; 0 no */
    usec_t ceiling_retry_at;
    usec_t down_retry_at;      /* after a failed connection: when to try again; 0 = up */
    usec_t down_pause;
    struct list failing;       /* tickets in state FAILED whose FAIL action was not taken yet */
    struct list granting;      /* tickets in state GRANTED whose GRANT action was not taken yet */
    bool draining;             /* no new links; idle ones are closed */
    uint64_t random;           /* seed of the jitter */
};

void pool_server_init(struct pool_server *s, struct pool_server_limits limits, uint64_t seed);
void pool_init(struct pool *p, struct pool_server *s, struct pool_limits limits);
/* Only with no seats and no tickets. */
void pool_fini(struct pool *p);
void pool_configure(struct pool *p, struct pool_limits limits);
void pool_server_configure(struct pool_server *s, struct pool_server_limits limits);

/* -------- what clients do -------- */

enum pool_checkout {
    POOL_LEND,   /* *seat is FIRM and the ticket's */
    POOL_WAIT,   /* the ticket is queued; GRANT or FAIL will come as an action */
    POOL_REFUSE, /* max_waiters are queued already */
};

/* A client without a link needs one. `ticket->worker` and `ticket->tag` are set by the caller. An
 * idle seat is lent at once, the same tag preferred, else the most recently used; never past
 * earlier waiters. */
NODISCARD enum pool_checkout pool_checkout(struct pool *p, struct pool_ticket *ticket, usec_t now,
                                           struct pool_seat **seat);

/* The client of a soft lease begins a request. True: FIRM again. False: it was RECALLED and earlier
 * waiters come first; the caller gives the link back (pool_give_back) and checks out anew. */
NODISCARD bool pool_resume(struct pool_seat *seat, usec_t now);

/* The transaction of a FIRM lease has ended and nothing pins it. True: keep it, SOFT. False:
 * somebody waits (or the link has reached the end of its lifetime, or the server drains): the
 * caller parks the client's state and calls pool_give_back. */
NODISCARD bool pool_rest(struct pool_seat *seat, usec_t now);

/* The lease of a FIRM, SOFT or RECALLED seat is over, the link is clean: it goes to the oldest
 * waiter (a GRANT action), or becomes IDLE, or is DOOMED (a CLOSE action). */
void pool_give_back(struct pool_seat *seat, usec_t now);

/* A RECALLED lease cannot be given back after all (its transaction turned out to be open): FIRM. */
void pool_recall_refused(struct pool_seat *seat, usec_t now);

/* The client has gone, or does not want to wait any longer. WAITING: leaves the queue. GRANTED with
 * the action taken or not: the seat goes back as by pool_give_back. FAILED: forgotten. NONE: no-op. */
void pool_cancel(struct pool_ticket *ticket, usec_t now);

/* The client has taken the seat of its GRANTED ticket. */
struct pool_seat *pool_take(struct pool_ticket *ticket);

/* -------- what links do -------- */

/* Performs an OPEN action: the seat takes the place of the reservation. */
void pool_attach(struct pool *p, struct pool_seat *seat, unsigned worker, usec_t now);

/* The link is logged in and clean: as pool_give_back. Ends the server's and the pool's pauses. */
void pool_opened(struct pool_seat *seat, usec_t now);

enum pool_open_failure {
    POOL_SERVER_DOWN,  /* refused, unreachable, timed out, shutting down: pause, keep waiters */
    POOL_SERVER_FULL,  /* 1040 and the like: the ceiling is what is open now; keep waiters, try later */
    POOL_USER_FULL,    /* 1203, 1226: the same for this pool alone */
    POOL_LOGIN_FAILED, /* 1045 and the like: waiting does not help; all waiters of the pool fail */
    POOL_NO_RESOURCES, /* our own lack (descriptors, memory): as down */
};

/* The attempt failed. The seat is CLOSED afterwards; pass seat NULL (and the pool) when an OPEN
 * action could not even be begun. */
void pool_open_failed(struct pool *p, struct pool_seat *seat, enum pool_open_failure why, usec_t now);

/* The link of a seat in any state but OPENING has been closed: CLOSED, its place is free. */
void pool_closed(struct pool_seat *seat, usec_t now);

/* -------- what to do next -------- */

enum pool_action_kind {
    POOL_NOTHING,
    POOL_GRANT,  /* give `seat` to the client of `ticket` (on ticket->worker) */
    POOL_FAIL,   /* tell the client of `ticket`: `why` */
    POOL_OPEN,   /* open a link for `pool` (any worker), then pool_attach or pool_open_failed(NULL) */
    POOL_RECALL, /* tell seat->worker to give `seat` back */
    POOL_CLOSE,  /* close the idle link of `seat`, then pool_closed: `why` */
};

enum pool_why {
    POOL_WHY_NONE,
    POOL_WHY_WAITED_TOO_LONG, /* FAIL: wait_timeout */
    POOL_WHY_LOGIN_FAILED,    /* FAIL: the server refuses the pool's user */
    POOL_WHY_DRAINING,        /* FAIL, CLOSE */
    POOL_WHY_IDLE,            /* CLOSE: idle_timeout */
    POOL_WHY_OLD,             /* CLOSE: lifetime */
    POOL_WHY_ROOM,            /* CLOSE: another pool of the server needs the place */
    POOL_WHY_SHRUNK,          /* CLOSE: max_size or ceiling was lowered */
};

struct pool_action {
    enum pool_action_kind kind;
    struct pool *pool;
    struct pool_seat *seat;
    struct pool_ticket *ticket;
    enum pool_why why;
};

/* Call after every event until POOL_NOTHING. Decides, in this order: pending GRANTs and FAILs;
 * RECALLs of soft leases for waiters that no opening or recall under way will serve (oldest soft
 * lease first, of the waiter's own pool; when the pool may not grow and has none, of a pool that
 * stands in its way at the ceiling); CLOSEs of idle links of other pools when the ceiling keeps a
 * pool with waiters from growing; OPENs: for waiters beyond what is opening, and up to `size`, while
 * max_size, ceiling, observed limits, max_opening and the pauses allow. Opening is preferred to
 * recalling: a soft lease is taken only when the pool may not grow right now. */
NODISCARD struct pool_action pool_next_action(struct pool_server *s, usec_t now);

/* Time passes: waiters time out, idle and old links become DOOMED, soft leases that are idle for
 * idle_timeout are recalled, pauses end. Follow with pool_next_action. */
void pool_sweep(struct pool_server *s, usec_t now);

/* When pool_sweep must run next at the latest (0: nothing to wait for). */
usec_t pool_next_deadline(const struct pool_server *s);

/* -------- numbers -------- */

/* Links that the server may have now: the ceiling, or what the server was observed to bear. */
unsigned pool_server_ceiling(const struct pool_server *s, usec_t now);
unsigned pool_links(const struct pool *p);

/* CHECKs every invariant: counts add up, nothing is in two lists, no limit is exceeded. For tests. */
void pool_server_check(const struct pool_server *s);

#endif
