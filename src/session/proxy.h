/* SPDX-License-Identifier: Apache-2.0
 * What the parts of a running Weir share: the workers, and what is common to all of them. */
#ifndef WEIR_SESSION_PROXY_H
#define WEIR_SESSION_PROXY_H

#include "base/hashmap.h"
#include "base/slab.h"
#include "conf/config.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "pool/pool.h"
#include "stats/counters.h"

#include <stdatomic.h>

struct log_file;
struct admission;
struct growth_watch;
struct leak_book;
struct login_guard;
struct pool_registry;
struct slow_watch;
struct status_baseline;
struct tallies;
struct tls_setup;
struct user_store;
struct proxy;

/* A decision of the pool policy, with what must be known of it once the lock is gone: clients and
 * links of other workers are then only reached by their ids. */
struct queued_action {
    struct pool_action action;
    unsigned worker; /* of the ticket or seat */
    uint64_t id;     /* of the client or link */
};

/* Decisions that were taken under the lock and wait to be performed. */
struct action_queue {
    struct queued_action *items;
    size_t head;
    size_t count;
    size_t capacity;
    bool performing; /* somebody up the stack empties the queue */
};

/* A thread with one event loop. Everything in it belongs to that thread alone, but for `mailbox`
 * (any thread posts), `counters` and `client_count` (any thread reads). */
struct worker {
    unsigned index;
    struct proxy *proxy;
    struct loop *loop;
    struct mailbox *mailbox;
    struct buffer_cache *buffers;
    struct config *config; /* the snapshot in force on this worker; one reference */
    struct slab client_slab;
    struct slab record_slab; /* see request_record.h */
    struct hashmap_u64 clients_by_id;
    struct hashmap_u64 links_by_id; /* those on this worker's loop */
    struct list clients;
    struct list kills;    /* KILLs that wait for a side connection */
    struct list greeting; /* clients that wait for the first facts about their server */
    struct list held;     /* clients that wait for their greeting because of max_logins */
    struct loop_task greet_held;
    unsigned logins;      /* in progress */
    usec_t dear_again_at; /* of the clock: when a password may be checked again that takes long */
    uint32_t next_client; /* low bits of the next client id */
    struct action_queue actions;
    struct loop_timer probe_timer; /* worker 0: while a server has not been reached */
    struct loop_timer sweep_timer;
    struct loop_timer leak_timer;
    struct loop_timer forget_timer; /* worker 0: see guest_forget.h */
    usec_t sweep_at;                /* when it fires, 0 not set */
    bool draining;
    struct counters counters;
    struct tallies *tallies;
    struct slow_watch *slow_watch;
    struct stream_totals client_bytes;
    struct list snapshot_walks; /* under way, see snapshot_walk.h */
    atomic_uint client_count;   /* clients placed here, for spreading */
};

/* Listeners: [weir] itself, and the [listener] sections. */
#define ENTRANCES_MAX 33

struct proxy {
    struct worker *workers;
    enum loop_engine io_engine; /* of the workers */
    unsigned worker_count;
    struct pool_registry *registry;
    struct user_store *users;
    struct login_guard *guard;
    struct status_baseline *baseline;
    const char *version; /* of Weir */
    /* Names of the [listener] sections that clients come in by; NULL: [weir]. Set once. */
    const char *entrances[ENTRANCES_MAX];
    char instance[17]; /* hex digits that no other Weir has: _weir_instance on the servers */
    struct admission *admission;
    struct resolver *resolver;
    struct log_file *slow_log;
    struct leak_book *leaks;
    struct growth_watch *growth;
    struct tls_setup *tls;
    atomic_uint_fast64_t next_link_id; /* from 1 */
    atomic_uint client_ceiling;        /* see admission_configure */
    atomic_uint admitted;              /* client sockets, the reserve included */
    atomic_uint logged_in;     /* clients past authentication, without those being refused */
    atomic_uint max_logged_in; /* Max_used_connections */
    _Atomic uint64_t max_logged_in_at; /* seconds since 1970 */
    atomic_uint live_clients;          /* struct clients not freed yet: 0 ends a drain */
};

/* Ids that Weir gives to clients: bit 31 set (no server reaches it), then the worker, then a
 * counter. So a KILL says by itself whose it is and where the client lives. */
#define CLIENT_ID_BIT          UINT32_C(0x80000000)
#define CLIENT_ID_WORKER_SHIFT 24
#define CLIENT_ID_NUMBER_MASK  UINT32_C(0x00ffffff)

static inline bool client_id_is_ours(uint64_t id)
{
    return (id & ~UINT64_C(0x7fffffff)) == CLIENT_ID_BIT;
}

static inline unsigned client_id_worker(uint64_t id)
{
    return (unsigned)(id >> CLIENT_ID_WORKER_SHIFT) & 0x7f;
}

#endif
