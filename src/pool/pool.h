/* SPDX-License-Identifier: Apache-2.0
 * The pool policy: who gets which link, when links are opened, taken back and closed. Pure: events
 * and the time go in, decisions come out; the caller (session/pool_registry) holds the server's
 * lock around each call and performs what was decided afterwards, outside the lock.
 *
 * A `pool_server` has one ceiling over all its pools. A pool holds the links that are
 * interchangeable. A `pool_seat` is embedded in each link, a `pool_ticket` in each client.
 * Seats: OPENING → (IDLE ⇄ FIRM ⇄ SOFT → RECALLED) → CLOSED. Waiters of a pool are served first in,
 * first out; what pools of one server do to each other is said at pool_give_back and
 * pool_next_action.
 *
 * `now` may come from several workers, whose clocks differ by a loop turn: a server's time never
 * goes back, an older `now` counts as the latest one seen. */
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
    SEAT_DOOMED,   /* nobody's and never lent again: a CLOSE action was decided, the closing not
                      confirmed yet */
};

/* Why an action was decided. */
enum pool_why {
    POOL_WHY_NONE,            /* RECALL: a waiter of this pool needs the link */
    POOL_WHY_WAITED_TOO_LONG, /* FAIL: wait_timeout */
    POOL_WHY_LOGIN_FAILED,    /* FAIL: the server refuses the pool's user */
    POOL_WHY_DRAINING,        /* FAIL, CLOSE, RECALL */
    POOL_WHY_IDLE,            /* CLOSE, RECALL: idle_timeout */
    POOL_WHY_OLD,             /* CLOSE, RECALL: lifetime */
    POOL_WHY_ROOM,            /* CLOSE, RECALL: another pool of the server needs the place */
    POOL_WHY_SHRUNK,          /* CLOSE, RECALL: max_size or ceiling was lowered */
    POOL_WHY_PAUSED,          /* RECALL: no client keeps a link that does not need it */
    POOL_WHY_RENEWED,         /* CLOSE, RECALL: opened before pool_renew */
    POOL_WHY_RESTED,          /* CLOSE, RECALL: the server would soon close it for its idleness */
};

struct pool_server;
struct pool;
struct pool_ticket;

/* `tag` and `rest_max` may be set by the caller at any time under the server's lock; the rest is
 * read only. */
struct pool_seat {
    struct list_node node;  /* in one of its pool's lists */
    struct list_node order; /* in its server's list of orders that were not taken yet */
    struct pool *pool;      /* NULL when CLOSED */
    enum seat_state state;
    unsigned worker;    /* index of the worker that its link lives on while leased or opening */
    usec_t since;       /* entered this state */
    usec_t begun;       /* the attempt to open it began */
    usec_t born;        /* was opened */
    usec_t expires;     /* end of its lifetime (up to a tenth early, so that links that were
                           opened together do not end together), 0 never */
    usec_t rest_max;    /* the server hears nothing of it for so long at most; 0: for ever */
    usec_t quiet_since; /* when it was used last, while nobody uses it; 0 while FIRM */
    struct pool_ticket *ticket; /* granted to it and not taken yet */
    struct pool *favour;        /* the pool that is to profit from its being given back or closed */
    enum pool_why why;          /* of its RECALL or CLOSE */
    const void *tag; /* what state the link's session is in, compared only for equality: a
                        waiter or checkout with the same tag is the cheaper match */
};

enum ticket_state {
    TICKET_NONE,    /* not waiting (zeroed) */
    TICKET_WAITING, /* in its pool's queue */
    TICKET_GRANTED, /* a GRANT was decided; the client has not taken the seat yet */
    TICKET_FAILED,  /* a FAIL was decided; pool_cancel or the next pool_checkout ends it */
};

struct pool_ticket {
    struct list_node node;
    struct pool *pool;
    enum ticket_state state;
    unsigned worker; /* of the client */
    usec_t since;    /* began to wait */
    const void *tag;
    struct pool_seat *seat; /* when GRANTED */
    uint64_t turn;          /* its number among the tickets that ever waited in its pool */
    enum pool_why why;      /* when FAILED */
};

/* Limits of one pool; may change at any time (pool_configure). */
struct pool_limits {
    unsigned size;        /* links kept warm once the pool exists */
    unsigned max_size;    /* links at most */
    usec_t idle_timeout;  /* links beyond `size` that are idle (or softly leased) for it are closed;
                             0 never */
    usec_t wait_timeout;  /* a ticket waits at most this long */
    unsigned max_waiters; /* tickets in the queue at most */
    usec_t lifetime;      /* a link is closed, when idle, after this; 0 never */
    usec_t steal_after;   /* a soft lease that has lasted so long is taken before the pool grows; 0:
                             only when it may not grow */
    bool irreplaceable;   /* links are not closed for being idle while clients are logged in to the
                             pool: no others could be opened in their place */
    usec_t spare_timeout; /* links beyond `size` that are idle for it are closed when there are more
                             links than clients; 0: idle_timeout decides alone */
};

/* Limits of one server. */
struct pool_server_limits {
    unsigned ceiling;     /* links at most, over all pools, workers and openings */
    unsigned max_opening; /* connection attempts under way at most */
    usec_t open_interval; /* attempts come no faster than this on average; 0: no limit */
    unsigned open_burst;  /* but so many at once after a quiet time (at least 1) */
    usec_t retry_min;     /* first pause after a failed attempt, doubled up to retry_max */
    usec_t retry_max;
    usec_t claim_after; /* how long a waiter of another pool must have waited before a link of
                           this pool is closed to make room for it, although this pool has
                           waiters too (20 ms); see pool_give_back */
};

struct pool_counters {
    uint64_t opened;
    uint64_t open_failures;
    uint64_t closed;
    uint64_t granted;          /* links given to clients, at checkout or later */
    uint64_t waited;           /* checkouts that had to wait: granted_late, refused_late,
                                  refused_failed, refused_draining, cancelled and those that still
                                  wait add up to it */
    uint64_t granted_late;     /* of `granted`: those that had to wait */
    uint64_t waited_usec;      /* time waited by those that were granted */
    uint64_t refused_full;     /* queue full */
    uint64_t refused_late;     /* waited too long */
    uint64_t refused_failed;   /* the server refused the pool's login */
    uint64_t refused_draining; /* no links are lent any more */
    uint64_t cancelled;        /* did not want to wait any longer, or went without the link */
    uint64_t recalls;          /* soft leases taken back */
    uint64_t recalls_refused;  /* … that had become firm */
    uint64_t waiters_max;
    uint64_t links_max;
};

struct pool {
    struct list_node node; /* in its server's list of pools */
    struct pool_server *server;
    struct pool_limits limits;
    struct list opening; /* seats by state; each list oldest `since` first */
    struct list idle;    /* most recently used last */
    struct list firm;
    struct list soft;
    struct list recalled;
    struct list doomed;
    struct list waiting;     /* tickets, first in first */
    unsigned clients;        /* that are logged in to it, see pool_client_came */
    unsigned reserved;       /* OPEN actions issued whose seat is not attached yet */
    unsigned returning;      /* of its own seats: on their way back for a waiter of its own */
    unsigned promised;       /* seats of other pools: on their way out to make room for it */
    uint64_t turns;          /* tickets that ever waited */
    usec_t old_check_at;     /* when to look for links past their lifetime next */
    usec_t rest_check_at;    /* … for links that have rested for their rest_max, 0 never */
    usec_t rest_max;         /* the least that any of its links has had, 0 none */
    unsigned limit_observed; /* the server said 1203 or 1226 at this many links; 0 no */
    bool limit_shut;         /* … when not one was open: no attempt before limit_retry_at */
    usec_t limit_retry_at;   /* when to try beyond limit_observed again */
    usec_t limit_pause;
    usec_t login_retry_at; /* after a refused login: when the next attempt may be made; 0 no */
    usec_t login_pause;
    bool paused;       /* see pool_pause */
    usec_t paused_at;  /* since when */
    usec_t renewed_at; /* links whose opening began earlier are closed when free; 0 none */
    struct pool_counters counters;
};

struct pool_server {
    struct list pools;
    struct pool_server_limits limits;
    unsigned links;   /* seats not CLOSED, and reservations: the number under the ceiling */
    unsigned opening; /* of them: OPENING or reserved */
    unsigned doomed;  /* of them: DOOMED */
    unsigned ceiling_observed; /* the server said 1040 at this many links; 0 no */
    bool ceiling_shut;         /* … when not one was open: no attempt before ceiling_retry_at */
    bool ceiling_contended; /* … when fewer were open than before: others took the place. No link
                               is closed to make room before ceiling_retry_at */
    usec_t ceiling_retry_at;
    usec_t ceiling_pause;
    usec_t down_retry_at; /* after a failed connection: when to try again; 0 = up */
    usec_t down_pause;
    usec_t opens_paid_until; /* when attempts as frequent as allowed would have been this many */
    struct list failing;     /* tickets in state FAILED whose FAIL action was not taken yet */
    struct list granting;    /* tickets in state GRANTED whose GRANT action was not taken yet */
    struct list orders;      /* seats RECALLED or DOOMED whose action was not taken yet */
    bool draining;           /* set by pool_server_drain */
    usec_t latest;           /* the latest `now` that it was told */
    uint64_t random;         /* state of the jitter */
};

void pool_server_init(struct pool_server *s, struct pool_server_limits limits, uint64_t seed);
void pool_init(struct pool *p, struct pool_server *s, struct pool_limits limits);
/* Only with no seats, no reservations and no tickets. */
void pool_fini(struct pool *p);
/* A lower max_size or ceiling than what is open: idle links are closed and soft leases recalled by
 * the pool_next_action that follows, firm leases end in CLOSE, until it fits. */
void pool_configure(struct pool *p, struct pool_limits limits);
void pool_server_configure(struct pool_server *s, struct pool_server_limits limits);
/* For good: waiters and later checkouts fail, idle links are closed, soft leases recalled, links
 * that are given back or opened are closed. Follow with pool_next_action. */
void pool_server_drain(struct pool_server *s, usec_t now);

/* -------- what an operator orders; follow with pool_next_action -------- */

/* No lease begins or goes on beyond its transaction: soft leases are recalled, clients wait, and
 * meanwhile their wait_timeout stands still (max_waiters counts all the same). Links that come back
 * become idle; none is opened. */
void pool_pause(struct pool *p, usec_t now);
/* Whoever waits is served, in order. */
void pool_unpause(struct pool *p, usec_t now);
/* All links of today are closed as they become free; others are opened when they are needed. */
void pool_renew(struct pool *p, usec_t now);
/* Links that were opened before the last pool_renew and are still there. */
unsigned pool_not_renewed(const struct pool *p);

/* -------- what clients do -------- */

/* A client of this pool has come or gone. With fewer clients than links some are spare; ask for the
 * next deadline after one has gone. */
void pool_client_came(struct pool *p);
void pool_client_gone(struct pool *p);

/* The server may have changed its mind about the pool's user: no pause before the next attempt. */
void pool_forget_refusal(struct pool *p);

enum pool_checkout {
    POOL_LEND,   /* *seat is FIRM and the client's; the ticket stays NONE */
    POOL_WAIT,   /* the ticket is queued; GRANT or FAIL will come as an action */
    POOL_REFUSE, /* max_waiters are queued already */
};

/* A client without a link needs one. `ticket->worker` and `ticket->tag` are set by the caller (they
 * stay when the ticket becomes NONE again). An idle seat is lent at once, the same tag preferred
 * (among the 8 most recently used), else the most recently used; never past earlier waiters. While
 * the server refuses the pool's login and the pool has no link at all, and when the server drains:
 * POOL_WAIT, and the FAIL is the next action. */
NODISCARD enum pool_checkout pool_checkout(struct pool *p, struct pool_ticket *ticket, usec_t now,
                                           struct pool_seat **seat);

/* The client of a soft lease begins a request. True: FIRM again (also when it was RECALLED and
 * nobody needs it any more; the RECALL under way is then to be ignored). False: it was RECALLED and
 * others come first, or it is to be closed; the caller gives the link back (pool_give_back) and
 * checks out anew. */
NODISCARD bool pool_resume(struct pool_seat *seat, usec_t now);

/* The transaction of a FIRM lease has ended and nothing pins it. True: keep it, SOFT. False:
 * somebody waits (or the link has reached the end of its lifetime, or there are too many, or the
 * server drains): it stays FIRM, the caller parks the client's state and calls pool_give_back, or
 * pool_recall_refused when that cannot be done. No more leases are ended than waiters are there. */
NODISCARD bool pool_rest(struct pool_seat *seat, usec_t now);

/* Who gets a link that lives on this worker when it is given back; NULL: nobody waits. The oldest
 * waiter of the same worker, if there is one among the first few: to change workers costs a link
 * messages and system calls. But nobody is passed over for one that has come later by more than a
 * quarter of its own wait and 2 ms. With one link the order is strict. */
NODISCARD struct pool_ticket *pool_next_waiter(const struct pool *p, unsigned worker, usec_t now);

/* The lease of a FIRM, SOFT or RECALLED seat is over, the link is clean: it goes to a waiter (a
 * GRANT action; see pool_next_waiter), or becomes IDLE, or is DOOMED (a CLOSE action): when the
 * server drains, it is old, there are too many, or to make room for a waiter of another pool that
 * cannot grow only because of the ceiling and has no place on its way. That waiter comes first when
 * this pool has none, or when it has waited for claim_after and longer than this pool's oldest (if
 * its pool has links of its own: longer by claim_after, else two busy pools would for ever trade
 * places). */
void pool_give_back(struct pool_seat *seat, usec_t now);

/* A RECALLED lease, or one that pool_rest ended, cannot be given back after all (its transaction
 * turned out to be open): FIRM. Nothing happens when it is FIRM already (a resume was faster). */
void pool_recall_refused(struct pool_seat *seat, usec_t now);

/* The client has gone, or does not want to wait any longer. WAITING: leaves the queue. GRANTED with
 * the action taken or not: the seat goes back as by pool_give_back. FAILED: becomes NONE. NONE:
 * no-op. */
void pool_cancel(struct pool_ticket *ticket, usec_t now);

/* The client takes the seat of its GRANTED ticket, which becomes NONE. NULL when there is nothing
 * to take (any more): the GRANT was overtaken by a pool_cancel, or by the link's end, in which case
 * the ticket waits again, at its old place. */
NODISCARD struct pool_seat *pool_take(struct pool_ticket *ticket);

/* -------- what links do -------- */

/* Performs an OPEN action: the seat takes the place of the reservation. */
void pool_attach(struct pool *p, struct pool_seat *seat, unsigned worker, usec_t now);

/* The link is logged in and clean: as pool_give_back. Ends the server's and the pool's pauses. */
void pool_opened(struct pool_seat *seat, usec_t now);

/* Somebody has just logged in to the server, or has learnt that it takes more connections than
 * when it refused one: no pause before the next attempt. Follow with pool_next_action. */
void pool_server_answers(struct pool_server *s);
void pool_server_forget_full(struct pool_server *s);

enum pool_open_failure {
    POOL_SERVER_DOWN,  /* refused, unreachable, timed out, shutting down: pause, keep waiters */
    POOL_SERVER_FULL,  /* 1040 and the like: the ceiling is what is open now; keep waiters, retry */
    POOL_USER_FULL,    /* 1203, 1226: the same for this pool alone */
    POOL_LOGIN_FAILED, /* 1045 and the like: waiting does not help; all waiters of the pool fail */
    POOL_NO_RESOURCES, /* our own lack (descriptors, memory): as down */
};

/* An OPEN action is not carried out after all: whom it was for has gone. */
void pool_open_declined(struct pool *p, usec_t now);

/* The server has answered an attempt that was begun for one client alone: FIRM, its client's, who
 * still has to prove itself there. The link is lent to nobody else; pool_closed ends it. */
void pool_opened_for_one(struct pool_seat *seat, usec_t now);
/* One that was opened for one, as long as it is FIRM: the server has refused it in the end, for
 * want of room. It is closed. */
void pool_found_full(struct pool_seat *seat, usec_t now);

/* This link need not be replaced, although it was opened before the last pool_renew. */
void pool_spare_from_renewal(struct pool_seat *seat, usec_t now);

/* A FIRM seat goes over to another pool of its server, as if it had been opened there. */
void pool_move(struct pool_seat *seat, struct pool *to, usec_t now);

/* The attempt failed. The seat is CLOSED afterwards; pass seat NULL (and the pool) when an OPEN
 * action could not even be begun. */
void pool_open_failed(struct pool *p, struct pool_seat *seat, enum pool_open_failure why,
                      usec_t now);

/* The link of a seat in any state but OPENING has been closed: CLOSED, its place is free. If it was
 * granted and not taken yet, its ticket waits again, at its old place. */
void pool_closed(struct pool_seat *seat, usec_t now);

/* -------- what to do next -------- */

enum pool_action_kind {
    POOL_NOTHING,
    POOL_GRANT, /* give `seat` to the client of `ticket` (on ticket->worker) */
    POOL_FAIL,  /* tell the client of `ticket`: `why` */
    POOL_OPEN, /* open a link for `pool` (any worker), then pool_attach or pool_open_failed(NULL) */
    POOL_RECALL, /* tell seat->worker to give `seat` back: `why` */
    POOL_CLOSE,  /* close the idle link of `seat`, then pool_closed: `why` */
};

struct pool_action {
    enum pool_action_kind kind;
    struct pool *pool;
    struct pool_seat *seat;
    struct pool_ticket *ticket;
    enum pool_why why;
};

/* Call after every event but pool_take, pool_attach, pool_resume and pool_rest, which leave nothing
 * to do, until POOL_NOTHING; also after pool_configure, pool_init and the like. Takes first what
 * events have decided: GRANTs, FAILs, RECALLs and CLOSEs. Then decides, one by one: what a lowered
 * limit asks for; OPENs for waiters beyond what is opening, the pool with the oldest waiter first,
 * while max_size, ceiling, observed limits, max_opening and the pauses allow; for waiters whose
 * pool may not grow right now: RECALL of the pool's oldest soft lease, else, when only the ceiling
 * is in the way, CLOSE of the longest idle link of another pool, else RECALL of the oldest soft
 * lease of another pool, no more than there are waiters that nothing under way will serve; at last
 * OPENs up to `size`. */
NODISCARD struct pool_action pool_next_action(struct pool_server *s, usec_t now);

/* Time passes: waiters time out, idle and old links become DOOMED, soft leases that are idle for
 * idle_timeout are recalled, pauses end. Follow with pool_next_action. Links past their lifetime
 * are looked for at most 64 times in a lifetime. */
void pool_sweep(struct pool_server *s, usec_t now);

/* When pool_sweep and pool_next_action must run next at the latest (0: nothing to wait for). To be
 * asked again after every event that is followed by pool_next_action; a reminder that has become
 * too early does no harm. */
usec_t pool_next_deadline(const struct pool_server *s);

/* -------- numbers -------- */

/* Links that the server may have now: the ceiling, or what the server was observed to bear. */
unsigned pool_server_ceiling(const struct pool_server *s, usec_t now);
unsigned pool_links(const struct pool *p);

/* CHECKs every invariant: counts add up, nothing is in two lists, nobody waits beside an idle link.
 * Walks over everything: for tests. */
void pool_server_check(const struct pool_server *s);

#endif
