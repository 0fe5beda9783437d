/* SPDX-License-Identifier: Apache-2.0
 * A world to run the pool policy in: clients, links, workers whose messages take time, a server
 * that fails as servers do, and a clock that jumps from event to event. Everything comes from a
 * seed. It keeps its own account of who holds what and stops at the first thing that must not be.
 */
#ifndef WEIR_TESTS_SIM_POOL_WORLD_H
#define WEIR_TESTS_SIM_POOL_WORLD_H

#include "pool/pool.h"

#include <stdbool.h>
#include <stdint.h>

#define WORLD_POOLS   4
#define WORLD_CLIENTS 64
#define WORLD_LINKS   128
#define WORLD_EVENTS  4096
#define WORLD_SKEW    (2 * USEC_PER_MSEC)

enum event_kind {
    EVENT_CLIENT, /* the client's own timer */
    EVENT_GRANT,  /* messages of the policy's actions, on their way */
    EVENT_FAIL,
    EVENT_RECALL,
    EVENT_CLOSE,
    EVENT_CLOSED,
    EVENT_OPEN,
    EVENT_CONNECT, /* a connection attempt ends */
    EVENT_BREAK,   /* some link breaks */
    EVENT_FAULT,   /* the server's health or a limit changes */
};

struct event {
    usec_t at;
    uint64_t number; /* breaks ties: first posted, first handled */
    enum event_kind kind;
    unsigned who;  /* index of a client, link or pool */
    uint64_t life; /* of whom it is meant for, another life ignores it; OPEN: is it a probe? */
};

enum client_state {
    CLIENT_THINKING, /* has no link and wants none */
    CLIENT_WAITING,
    CLIENT_WORKING, /* holds a firm lease */
    CLIENT_RESTING, /* holds a soft lease */
    CLIENT_PARKING, /* about to give its link back */
};

struct world_client {
    struct pool_ticket ticket;
    enum client_state state;
    unsigned pool;
    uint64_t epoch;   /* changes with each change of state: older timers are void */
    uint64_t life;    /* changes when it dies and another takes its place */
    int link;         /* -1 none */
    bool granted;     /* a GRANT was decided for it */
    bool failed;      /* a FAIL was decided for it */
    uint64_t arrival; /* its number in the order of arrival */
    usec_t since;     /* began to wait */
    bool wants_again; /* after parking */
};

enum link_state { LINK_FREE, LINK_CONNECTING, LINK_OPEN, LINK_CLOSING };

struct world_link {
    struct pool_seat seat;
    enum link_state state;
    unsigned pool;
    uint64_t life;
    int holder;      /* client, -1 none */
    int promised_to; /* client that a GRANT is on its way to, -1 none */
    bool real;       /* the server has this connection */
    bool probe;      /* was asked for while the server was known to be down */
};

/* What a family of scenarios is like. Probabilities in permille. */
struct scenario {
    unsigned pools, clients;
    struct pool_server_limits server;
    struct pool_limits pool[WORLD_POOLS];
    unsigned weight[WORLD_POOLS]; /* how many of the clients use the pool, relatively */
    usec_t think, work, park, message, connect; /* longest; the shortest is 1 µs */
    usec_t break_every, fault_every;            /* mean time; 0 never */
    unsigned dies, cancels, gives_back, refuses, closes, stays;
    bool faults_down, faults_full, faults_user_full, faults_login, faults_limits, drains;
    bool orders; /* pools are paused and renewed */
    bool skewed_clocks;
    usec_t wait_bound; /* nobody waits longer; 0: only wait_timeout counts */
    bool must_serve;   /* nobody is refused or failed */
};

struct world_totals {
    uint64_t events, lent, granted, failed, refused, opened, open_failures, recalls, closes;
    uint64_t room, cancelled, requeued, resumed;
    usec_t longest_wait;
};

struct world {
    struct scenario scenario;
    uint64_t random;
    usec_t now;
    struct pool_server server;
    struct pool pools[WORLD_POOLS];
    struct world_client clients[WORLD_CLIENTS];
    struct world_link links[WORLD_LINKS];
    struct event events[WORLD_EVENTS]; /* a heap */
    unsigned event_count;
    uint64_t event_number, arrivals;
    unsigned opens_on_their_way[WORLD_POOLS];
    bool up, finishing;
    bool quiet;   /* this event needs no pool_next_action after it, says the contract */
    usec_t armed; /* the earliest deadline heard of since the last sweep; 0 none */
    bool login_ok[WORLD_POOLS];
    unsigned server_max;            /* the server says 1040 beyond */
    unsigned user_max[WORLD_POOLS]; /* … and 1226 */
    bool known_down;                /* the last attempt that ended found the server down */
    usec_t paused_at[WORLD_POOLS];  /* 0: it is not */
    uint64_t opens;    /* decided since the bucket of attempts was full for the first time */
    usec_t down_since; /* when it was found so, or the last probe failed */
    struct world_totals totals;
};

/* Runs one seed: `events` events of life, then everybody finishes, everything is closed and must
 * add up. w->totals says what has happened. */
void world_run(struct world *w, const char *family, const struct scenario *scenario, uint64_t seed,
               unsigned events);
/* The pool serves its clients again; waiters begin where they were when it was paused. */
void world_unpause(struct world *w, unsigned pool);
/* Says on stderr which run it was; for a signal handler. */
void world_report_abort(void);

/* Steps of world_run that live in files of their own. */
void world_post(struct world *w, usec_t delay, enum event_kind kind, unsigned who, uint64_t life);
usec_t world_delay(struct world *w, usec_t longest);
bool world_chance(struct world *w, unsigned permille);
/* The time as the worker that handles this event sees it: clocks differ by up to WORLD_SKEW. */
usec_t world_clock(struct world *w);

void world_client_timer(struct world *w, struct world_client *c);
void world_client_granted(struct world *w, struct world_client *c);
void world_client_failed(struct world *w, struct world_client *c);
void world_client_recalled(struct world *w, struct world_client *c);
void world_client_lost_link(struct world *w, struct world_client *c);
void world_client_set(struct world *w, struct world_client *c, enum client_state state,
                      usec_t longest);

void world_open(struct world *w, unsigned pool, bool probe);
void world_connect_ends(struct world *w, struct world_link *l);
void world_close(struct world *w, struct world_link *l);
void world_break(struct world *w);
void world_fault(struct world *w);
/* The link's connection has ended: tells the policy and frees the slot. */
void world_link_closed(struct world *w, struct world_link *l);

void world_take_actions(struct world *w);
void world_check(struct world *w);
/* Waiters of a pool, by the world's own account. */
unsigned world_waiters(const struct world *w, unsigned pool);

/* Fails the test, saying where in which run. */
void world_stop(const struct world *w, const char *what, const char *file, int line);
#define WORLD_CHECK(w, condition)                                                                  \
    do {                                                                                           \
        if (!(condition))                                                                          \
            world_stop(w, #condition, __FILE__, __LINE__);                                         \
    } while (0)

void world_trace(const struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
