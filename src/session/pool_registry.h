/* SPDX-License-Identifier: Apache-2.0
 * The servers, their pools and the one lock that each server has. Every function here takes the
 * lock, asks the pure policy (pool/pool.h), lets go of it, and then performs what was decided. */
#ifndef WEIR_SESSION_POOL_REGISTRY_H
#define WEIR_SESSION_POOL_REGISTRY_H

#include "mysql/capabilities.h"
#include "mysql/err_packet.h"
#include "mysql/server_version.h"
#include "session/old_globals.h"
#include "session/proxy.h"

#include <pthread.h>

struct auth_method;
struct catalogue_reader;
struct hash_reader;
struct client;
struct link;
struct monitor;
struct user;

/* What a server said of itself at the last login. Immutable once published, never freed before the
 * registry: readers keep no reference. */
struct server_facts {
    struct server_facts *older;
    char version[128];
    capabilities_t capabilities;
    uint8_t collation;
    uint16_t status;
    struct server_version server;
    const struct auth_method *auth_method; /* that its greeting names, if Weir offers it */
};

/* The last reason why a link could not be opened, for the error that a waiting client gets. */
struct open_error {
    uint16_t code; /* of the server's ERR, 0 when it was not an ERR */
    char sqlstate[6];
    char text[512];
};

/* Users whose pools are to be paused before they exist. */
#define PAUSED_USERS_MAX 64

/* One [server] of the configuration. */
struct server_group {
    char name[65];
    char host[256];
    uint16_t port;
    char socket[108]; /* "" = TCP */
    struct proxy *proxy;
    _Atomic(struct server_facts *) facts; /* NULL until the first login */
    _Atomic(struct own_host *) own_host;  /* see own_host.h; NULL not known */
    /* Counts the statements that changed what a login finds (accounts, privileges, global
     * variables): a client may not be given a link that logged in before such a statement, when
     * it logged in itself after it. */
    atomic_uint login_epoch;
    struct old_globals old_globals;
    struct monitor *monitor;        /* see monitor.h */
    _Atomic usec_t failure_told_at; /* the log has said why links cannot be opened; 0 = not yet */
    atomic_uint max_prepared_stmt_count; /* as the last link that was opened found it */
    pthread_mutex_t lock;
    struct {
        struct pool_server policy;
        struct link_pool *pools;
        struct hashmap_u64 pools_by_user; /* the first of each user's; the key is its address */
        struct pool_counters gone;        /* what pools that are no more have counted */
        struct open_error last_error;
        unsigned side_links;    /* connections for KILL and catalogues, outside the pools */
        unsigned monitor_links; /* the monitor's, when a place is kept for it */
        struct catalogue_reader *readers;
        struct hashmap_u64 readers_by_user; /* the key is the user's address */
        struct hash_reader **hash_readers;  /* one for each worker, NULL none yet */
        struct link_pool **logins;          /* of guests, one for each worker, NULL none yet */
        bool paused;                        /* pools that are made are paused; see pool_orders.h */
        unsigned paused_user_count;
        struct user *paused_users[PAUSED_USERS_MAX]; /* held */
    } shared;                                        /* under the lock */
};

/* The links of one user on one server in one dialect; or those on which clients of one worker log
 * in to be guests. Whoever has one from one turn of a loop to the next holds its user, and so it is
 * not freed: see guest_forget.h. */
struct link_pool {
    struct link_pool *next;
    struct link_pool *next_of_user;
    struct server_group *group;
    struct user *user;
    capabilities_t dialect;
    atomic_uint login_proved; /* the epoch of the latest link that the server let in, plus 1 */
    atomic_bool baseline_known;
    /* NULL, or the character sets that the server gives to every session of this user, whatever the
     * login asked for; set once */
    _Atomic(struct session_state *) baseline;
    struct worker *logins_of;           /* of guests, see guest.h; NULL: an ordinary pool */
    struct catalogue_reader *catalogue; /* shared with others; NULL: out of memory */
    atomic_bool
        reads_row_count; /* a client of it has asked ROW_COUNT(): many rows are kept for it */
    struct {
        struct pool policy;
        struct open_error last_error; /* of a refused login */
        unsigned refused_epoch;       /* login_epoch of that login */
    } shared;                         /* under the group's lock */
};

/* NULL when out of memory. */
struct pool_registry *pool_registry_create(struct proxy *proxy, const struct config *c);
void pool_registry_destroy(struct pool_registry *r);

/* Limits from a new configuration. */
void pool_registry_configure(struct pool_registry *r, const struct config *c);

/* By name; "" or NULL: the first. NULL when there is none of that name. */
struct server_group *pool_registry_group(struct pool_registry *r, const char *name);

/* All of them, by their place in the configuration; they stay as long as the registry. */
size_t pool_registry_group_count(const struct pool_registry *r);
struct server_group *pool_registry_group_at(struct pool_registry *r, size_t i);

/* Found, or made with the limits of the worker's configuration. NULL when out of memory. */
struct link_pool *pool_registry_pool(struct worker *w, struct server_group *group,
                                     struct user *user, capabilities_t dialect);

/* Where clients of this worker wait for a link to log in on as guests. NULL when out of memory. */
struct link_pool *pool_registry_logins(struct worker *w, struct server_group *group);

/* One that was taken out of its server's list; see guest_forget.h. */
void link_pool_free(struct link_pool *p);

/* Meanwhile no pool is taken out; for threads that are no workers. */
void pool_registry_keep_pools(struct pool_registry *r);
void pool_registry_keep_pools_no_more(struct pool_registry *r);

/* The limits of a pool are worked out anew: more or less is known of its user. */
void pool_registry_review(struct worker *w, struct link_pool *pool);

/* The worker stops: nothing may be set on its loop any more. */
void pool_registry_stop(struct pool_registry *r, const struct worker *w);

/* Logs in to each server once, to learn what its greetings say; again until it has answered. */
void pool_registry_probe(struct worker *w);
void pool_registry_on_probe_timer(struct loop_timer *timer);

/* True (and counted) when a side connection may be opened now: one at a time, and `second` beside
 * one that the caller has. */
NODISCARD bool server_group_take_side(struct server_group *group, bool second);
/* Could its pools open one more link? */
NODISCARD bool server_group_has_room(struct server_group *group, usec_t now);
void server_group_end_side(struct server_group *group);
/* The same for the monitor's own place. */
NODISCARD bool server_group_take_monitor(struct server_group *group);
void server_group_end_monitor(struct server_group *group);

/* Publishes what a login taught; wakes clients that wait for it. */
void server_group_learn(struct worker *w, struct server_group *group,
                        const struct server_facts *facts);

/* -------- the policy's events, see pool.h; all on the calling worker -------- */

enum registry_checkout { CHECKOUT_LENT, CHECKOUT_QUEUED, CHECKOUT_REFUSED };

/* For a client without a link. LENT: *link is attached to this worker's loop and quiet. */
NODISCARD enum registry_checkout registry_checkout(struct client *c, struct link **link);
NODISCARD bool registry_resume(struct link *l);
NODISCARD bool registry_rest(struct link *l);
/* The link is nobody's any more; it may be gone from this worker when this returns. */
void registry_give_back(struct link *l);
void registry_recall_refused(struct link *l);
/* An OPEN decision is carried out, or cannot even be begun (out of memory). */
void registry_attach(struct link *l);
void registry_open_unbegun(struct worker *w, struct link_pool *pool);
void registry_opened(struct link *l);
void registry_open_failed(struct link *l, enum pool_open_failure why,
                          const struct open_error *error);
void registry_closed(struct link *l);
/* The client leaves, or has its answer: whatever its ticket was, it is nothing now. */
void registry_cancel(struct client *c);
/* The link of a granted ticket, or NULL when it was cancelled meanwhile. */
struct link *registry_take(struct client *c);
/* c->pool was found, or is not the client's any more (it becomes NULL). */
void registry_client_came(struct client *c);
void registry_client_gone(struct client *c);
/* The server was asked outside of the pools: it answers, and perhaps `takes_more` connections than
 * when it refused one. */
void registry_server_answers(struct worker *w, struct server_group *g, bool takes_more);
/* The link logged in before a statement that changed logins, the client after it. */
NODISCARD bool registry_is_outdated(const struct client *c, const struct link *l);
/* A statement of this client changed what later logins find. */
void registry_logins_changed(struct client *c);
/* The server can be asked, and has not let this client's user in since the last such statement. */
NODISCARD bool registry_must_prove_login(struct client *c);
/* After CHECKOUT_QUEUED, once the client is in its waiting state: performs what was decided. */
void registry_perform(struct worker *w);
void registry_sweep(struct worker *w, struct server_group *group);

/* -------- links that guests log in on; on the worker of their logins pool -------- */

/* The client that has waited longest for a link of its own; NULL none. */
struct client *registry_next_login(struct link_pool *logins);
/* An OPEN decision was for nobody. */
void registry_login_declined(struct link_pool *logins);
/* The server has answered: the link is that client's (NULL: who has left), who waits no more. */
void registry_login_answered(struct link *l, struct client *c);
/* The server had no room for it in the end. */
void registry_login_found_full(struct link *l, const struct open_error *error);
/* The server has let it in: it belongs to its user's pool, and is still that client's. */
void registry_login_joins(struct link *l, struct link_pool *pool);
/* It is not one of those that registry_renew_user has just told to go. */
void registry_login_is_new(struct link *l);
/* All links of this user are closed when they are free. */
void registry_renew_user(struct worker *w, const struct user *user);
/* Are there links that can be waited for? */
NODISCARD bool registry_has_links(struct link_pool *pool);

/* What a client that waited in vain is told: the limit or trouble, numbers, what to look at. */
void registry_explain_wait(struct client *c, enum pool_why why, struct err_packet *err, char *text,
                           size_t text_size);

/* The same for one who may not even wait: pool_max_waiters do. */
void registry_explain_refusal(struct client *c, char *text, size_t text_size);

void pool_registry_sweep_all(struct worker *w);
void pool_registry_drain(struct pool_registry *r, struct worker *w);
/* Links and openings of all servers. */
unsigned pool_registry_links(struct pool_registry *r);

#endif
