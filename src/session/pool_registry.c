/* SPDX-License-Identifier: Apache-2.0
 * Servers and pools by name, and their limits. The events of the policy are in pool_events.c. */
#include "session/pool_registry.h"

#include "base/check.h"
#include "base/random.h"
#include "base/text.h"
#include "session/catalogue_reader.h"
#include "session/client.h"
#include "session/hash_reader.h"
#include "session/monitor.h"
#include "session/user_store.h"

#include <stdlib.h>

/* Pauses after failed connection attempts, and how long a pool may hold on to a link that a waiter
 * of another pool needs. Not settings: nobody has ever had a reason to tune them. */
#define RETRY_MIN   (100 * USEC_PER_MSEC)
#define RETRY_MAX   (5 * USEC_PER_SEC)
#define CLAIM_AFTER (20 * USEC_PER_MSEC)
/* One part in this many of a server's links may be used to log guests in at a time. */
#define LOGINS_SHARE 4

struct pool_registry {
    struct proxy *proxy;
    struct server_group *groups;
    size_t group_count;
    pthread_mutex_t keeping; /* see pool_registry_keep_pools; before a group's lock */
};

/* What the user's section says counts most, then the server's. */
#define SAID(section, member, unset) ((section) != NULL ? (section)->settings.member : (unset))
#define POOLED_UINT(member)                                                                        \
    settings_uint(SAID(u, member, SETTING_UNSET_UINT),                                             \
                  settings_uint(SAID(s, member, SETTING_UNSET_UINT), c->global.member))
#define POOLED_DURATION(member)                                                                    \
    settings_duration(SAID(u, member, SETTING_UNSET_DURATION),                                     \
                      settings_duration(SAID(s, member, SETTING_UNSET_DURATION),                   \
                                        c->global.member))

static struct pool_limits limits_of_pool(const struct config *c, const char *server,
                                         const struct user *user)
{
    const struct config_server *s = config_find_server(c, server);
    const struct config_user *u = config_find_user(c, user->name);
    struct pool_limits limits = {
        .size = POOLED_UINT(pool_size),
        .max_size = POOLED_UINT(pool_max_size),
        .idle_timeout = POOLED_DURATION(pool_idle_timeout),
        .wait_timeout = POOLED_DURATION(pool_wait_timeout),
        .max_waiters = POOLED_UINT(pool_max_waiters),
        .lifetime = POOLED_DURATION(link_lifetime),
        .steal_after = c->global.pool_steal_after > 0 ? c->global.pool_steal_after : 1,
        .spare_timeout = c->global.pool_spare_timeout,
    };
    if (limits.size > limits.max_size)
        limits.size = limits.max_size; /* they may come from different sections */
    if (user->source == USER_OF_SERVER)
        limits.size = 0; /* else a guest that never comes again would have links for ever */
    if (user_is_relayed(user)) {
        limits.irreplaceable = true;
        limits.lifetime = 0;
    }
    return limits;
}

/* No more than a share of the server's places: who logs in as a guest may be slow, or mean no good.
 */
static struct pool_limits limits_of_logins(const struct config *c, const char *server,
                                           unsigned workers)
{
    const struct config_server *s = config_find_server(c, server);
    uint32_t links = s != NULL ? s->settings.max_connections : 1;
    uint32_t share = links / LOGINS_SHARE / workers;
    return (struct pool_limits){
        .max_size = share > 0 ? share : 1,
        .wait_timeout = c->global.connect_timeout,
        .max_waiters = c->global.max_logins,
    };
}

static struct pool_server_limits limits_of_server(const struct config *c,
                                                  const struct config_server *s)
{
    /* One place is kept for the side connection that carries a KILL, so that Ctrl-C works when
     * every link is busy, and one for the monitor. */
    uint32_t kept = monitor_keeps_place(c, s) ? 2 : 1;
    uint32_t ceiling = s->settings.max_connections;
    return (struct pool_server_limits){
        .ceiling = ceiling > kept ? ceiling - kept : 1,
        .max_opening = s->settings.max_opening,
        .open_interval = s->settings.connect_rate > 0 ? USEC_PER_SEC / s->settings.connect_rate : 0,
        .open_burst = s->settings.connect_burst,
        .retry_min = RETRY_MIN,
        .retry_max = RETRY_MAX,
        .claim_after = CLAIM_AFTER,
    };
}

static bool group_init(struct server_group *g, struct proxy *proxy, const struct config *c,
                       const struct config_server *s)
{
    g->proxy = proxy;
    bool fits = text_copy(g->name, sizeof g->name, bytes_of_text(s->name)) &&
                text_copy(g->host, sizeof g->host, bytes_of_text(s->settings.host)) &&
                text_copy(g->socket, sizeof g->socket, bytes_of_text(s->settings.socket));
    CHECK(fits); /* the configuration checks the lengths */
    g->port = (uint16_t)s->settings.port;
    atomic_init(&g->max_prepared_stmt_count, 16382); /* the servers' default */
    CHECK(pthread_mutex_init(&g->lock, NULL) == 0);
    uint64_t seed = 0;
    random_bytes(&seed, sizeof seed);
    pool_server_init(&g->shared.policy, limits_of_server(c, s), seed | 1);
    g->monitor = monitor_create(g);
    return g->monitor != NULL;
}

struct pool_registry *pool_registry_create(struct proxy *proxy, const struct config *c)
{
    struct pool_registry *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->proxy = proxy;
    CHECK(pthread_mutex_init(&r->keeping, NULL) == 0);
    r->groups = calloc(c->server_count, sizeof *r->groups);
    if (r->groups == NULL) {
        pthread_mutex_destroy(&r->keeping);
        free(r);
        return NULL;
    }
    bool ok = true;
    for (size_t i = 0; i < c->server_count && ok; i++) {
        r->group_count = i + 1;
        ok = group_init(&r->groups[i], proxy, c, &c->servers[i]);
    }
    if (ok)
        return r;
    pool_registry_destroy(r);
    return NULL;
}

static void group_fini(struct server_group *g)
{
    monitor_destroy(g->monitor);
    old_globals_fini(&g->old_globals);
    while (g->shared.pools != NULL) {
        struct link_pool *p = g->shared.pools;
        g->shared.pools = p->next;
        pool_fini(&p->shared.policy);
        link_pool_free(p);
    }
    hashmap_u64_fini(&g->shared.pools_by_user);
    hashmap_u64_fini(&g->shared.readers_by_user);
    for (unsigned w = 0; g->shared.logins != NULL && w < g->proxy->worker_count; w++) {
        if (g->shared.logins[w] == NULL)
            continue;
        pool_fini(&g->shared.logins[w]->shared.policy);
        free(g->shared.logins[w]);
    }
    free(g->shared.logins);
    for (unsigned w = 0; g->shared.hash_readers != NULL && w < g->proxy->worker_count; w++)
        if (g->shared.hash_readers[w] != NULL)
            hash_reader_destroy(g->shared.hash_readers[w]);
    free(g->shared.hash_readers);
    while (g->shared.readers != NULL) {
        struct catalogue_reader *reader = g->shared.readers;
        g->shared.readers = reader->next;
        catalogue_reader_destroy(reader);
    }
    free(atomic_load(&g->own_host));
    struct server_facts *f = atomic_load(&g->facts);
    while (f != NULL) {
        struct server_facts *older = f->older;
        free(f);
        f = older;
    }
    pthread_mutex_destroy(&g->lock);
}

void link_pool_free(struct link_pool *p)
{
    if (atomic_load(&p->baseline) != NULL)
        session_state_release(atomic_load(&p->baseline));
    free(p);
}

void pool_registry_destroy(struct pool_registry *r)
{
    for (size_t i = 0; i < r->group_count; i++)
        group_fini(&r->groups[i]);
    pthread_mutex_destroy(&r->keeping);
    free(r->groups);
    free(r);
}

void pool_registry_configure(struct pool_registry *r, const struct config *c)
{
    for (size_t i = 0; i < r->group_count; i++) {
        struct server_group *g = &r->groups[i];
        const struct config_server *s = config_find_server(c, g->name);
        if (s == NULL)
            continue; /* leaving a server out needs a restart, and the reload said so */
        pthread_mutex_lock(&g->lock);
        pool_server_configure(&g->shared.policy, limits_of_server(c, s));
        for (struct link_pool *p = g->shared.pools; p != NULL; p = p->next)
            pool_configure(&p->shared.policy, limits_of_pool(c, g->name, p->user));
        unsigned workers = g->shared.logins != NULL ? r->proxy->worker_count : 0;
        for (unsigned w = 0; w < workers; w++)
            if (g->shared.logins[w] != NULL)
                pool_configure(&g->shared.logins[w]->shared.policy,
                               limits_of_logins(c, g->name, workers));
        pthread_mutex_unlock(&g->lock);
    }
}

struct server_group *pool_registry_group(struct pool_registry *r, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return &r->groups[0];
    for (size_t i = 0; i < r->group_count; i++)
        if (strcmp(r->groups[i].name, name) == 0)
            return &r->groups[i];
    return NULL;
}

void pool_registry_keep_pools(struct pool_registry *r)
{
    pthread_mutex_lock(&r->keeping);
}

void pool_registry_keep_pools_no_more(struct pool_registry *r)
{
    pthread_mutex_unlock(&r->keeping);
}

size_t pool_registry_group_count(const struct pool_registry *r)
{
    return r->group_count;
}

struct server_group *pool_registry_group_at(struct pool_registry *r, size_t i)
{
    CHECK(i < r->group_count);
    return &r->groups[i];
}

static struct link_pool *find_locked(struct server_group *g, const struct user *user,
                                     capabilities_t dialect)
{
    struct link_pool *p = hashmap_u64_get(&g->shared.pools_by_user, (uintptr_t)user);
    while (p != NULL && p->dialect != dialect)
        p = p->next_of_user;
    return p;
}

/* False when out of memory. */
static bool add_pool_locked(struct server_group *g, struct link_pool *p)
{
    uintptr_t key = (uintptr_t)p->user;
    p->next_of_user = hashmap_u64_get(&g->shared.pools_by_user, key);
    if (!hashmap_u64_put(&g->shared.pools_by_user, key, p))
        return false;
    p->next = g->shared.pools;
    g->shared.pools = p;
    atomic_fetch_add(&p->user->pools, 1);
    return true;
}

static struct link_pool *make_pool(struct server_group *g, struct user *user,
                                   capabilities_t dialect)
{
    struct link_pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->group = g;
    p->user = user;
    p->dialect = dialect;
    return p;
}

static struct catalogue_reader *find_reader_locked(struct server_group *g, const struct user *user)
{
    return hashmap_u64_get(&g->shared.readers_by_user, (uintptr_t)user);
}

/* The reader of a user's catalogue, made when there is none; NULL when out of memory. */
static struct catalogue_reader *reader_of(struct worker *w, struct server_group *g,
                                          struct user *user)
{
    const struct config_server *s = config_find_server(w->config, g->name);
    const char *name = s != NULL ? s->settings.catalogue_user : "";
    struct user *other =
        name[0] != '\0' ? user_store_find(w->proxy->users, bytes_of_text(name)) : NULL;
    if (other != NULL)
        user = other;
    struct catalogue_reader *made = catalogue_reader_create(w, g, user);
    pthread_mutex_lock(&g->lock);
    struct catalogue_reader *reader = find_reader_locked(g, user);
    if (reader == NULL && made != NULL &&
        hashmap_u64_put(&g->shared.readers_by_user, (uintptr_t)user, made)) {
        made->next = g->shared.readers;
        g->shared.readers = reader = made;
        made = NULL;
    }
    pthread_mutex_unlock(&g->lock);
    if (made != NULL)
        catalogue_reader_destroy(made);
    return reader;
}

/* Is its pool to be paused from the beginning? Under the group's lock. */
static bool is_held(const struct server_group *g, const struct user *user)
{
    if (g->shared.paused)
        return true;
    for (unsigned i = 0; i < g->shared.paused_user_count; i++)
        if (g->shared.paused_users[i] == user)
            return true;
    return false;
}

struct link_pool *pool_registry_pool(struct worker *w, struct server_group *group,
                                     struct user *user, capabilities_t dialect)
{
    pthread_mutex_lock(&group->lock);
    struct link_pool *p = find_locked(group, user, dialect);
    pthread_mutex_unlock(&group->lock);
    if (p != NULL)
        return p;
    struct link_pool *made = make_pool(group, user, dialect);
    if (made == NULL)
        return NULL;
    made->catalogue = reader_of(w, group, user);
    pthread_mutex_lock(&group->lock);
    p = find_locked(group, user, dialect);
    if (p == NULL && add_pool_locked(group, made)) {
        p = made;
        made = NULL;
        pool_init(&p->shared.policy, &group->shared.policy,
                  limits_of_pool(w->config, group->name, user));
        if (is_held(group, user))
            pool_pause(&p->shared.policy, loop_now(w->loop));
    }
    pthread_mutex_unlock(&group->lock);
    free(made); /* another worker was faster */
    return p;
}

/* Stands for the users of links on which guests still log in. */
static struct user somebody = {.name = "a guest", .source = USER_OF_NOBODY};

static struct link_pool *logins_locked(struct worker *w, struct server_group *g)
{
    unsigned workers = w->proxy->worker_count;
    if (g->shared.logins == NULL)
        g->shared.logins = calloc(workers, sizeof(struct link_pool *));
    if (g->shared.logins == NULL)
        return NULL;
    struct link_pool **at = &g->shared.logins[w->index];
    if (*at != NULL)
        return *at;
    *at = make_pool(g, &somebody, 0);
    if (*at == NULL)
        return NULL;
    (*at)->logins_of = w;
    pool_init(&(*at)->shared.policy, &g->shared.policy,
              limits_of_logins(w->config, g->name, workers));
    return *at;
}

struct link_pool *pool_registry_logins(struct worker *w, struct server_group *group)
{
    pthread_mutex_lock(&group->lock);
    struct link_pool *p = logins_locked(w, group);
    pthread_mutex_unlock(&group->lock);
    return p;
}

void pool_registry_review(struct worker *w, struct link_pool *pool)
{
    struct pool_limits limits = limits_of_pool(w->config, pool->group->name, pool->user);
    pthread_mutex_lock(&pool->group->lock);
    pool_configure(&pool->shared.policy, limits);
    pthread_mutex_unlock(&pool->group->lock);
}

void pool_registry_stop(struct pool_registry *r, const struct worker *w)
{
    for (size_t i = 0; i < r->group_count; i++) {
        monitor_stop(r->groups[i].monitor, w);
        pthread_mutex_lock(&r->groups[i].lock);
        for (struct catalogue_reader *reader = r->groups[i].shared.readers; reader != NULL;
             reader = reader->next)
            catalogue_reader_stop(reader, w);
        pthread_mutex_unlock(&r->groups[i].lock);
        struct hash_reader **hashes = r->groups[i].shared.hash_readers;
        if (hashes != NULL && hashes[w->index] != NULL)
            hash_reader_stop(hashes[w->index]);
    }
}

/* While a server has not been reached, it is asked this often. */
#define PROBE_INTERVAL USEC_PER_SEC

/* Whom the server refuses; to hear its greeting without leaving in the middle of a login, which
 * servers count against a host. */
static struct user stranger = {.name = "weir", .source = USER_OF_NOBODY};

static bool probe(struct worker *w, struct server_group *g)
{
    if (atomic_load(&g->facts) != NULL)
        return true;
    struct user *u = user_store_any(w->proxy->users, g->name);
    if (u == NULL)
        u = &stranger;
    if (server_group_take_side(g, false) && !link_open_side(w, g, u, NULL))
        server_group_end_side(g);
    return false;
}

void pool_registry_probe(struct worker *w)
{
    struct pool_registry *r = w->proxy->registry;
    bool all_known = true;
    for (size_t i = 0; i < r->group_count; i++)
        all_known = probe(w, &r->groups[i]) && all_known;
    if (!all_known && !w->draining)
        loop_timer_set(w->loop, &w->probe_timer, PROBE_INTERVAL);
}

void pool_registry_on_probe_timer(struct loop_timer *timer)
{
    pool_registry_probe(container_of(timer, struct worker, probe_timer));
}

bool server_group_take_side(struct server_group *group, bool second)
{
    pthread_mutex_lock(&group->lock);
    bool free_place = group->shared.side_links <= (second ? 1 : 0);
    if (free_place)
        group->shared.side_links++;
    pthread_mutex_unlock(&group->lock);
    return free_place;
}

bool server_group_has_room(struct server_group *group, usec_t now)
{
    pthread_mutex_lock(&group->lock);
    bool room = group->shared.policy.links < pool_server_ceiling(&group->shared.policy, now);
    pthread_mutex_unlock(&group->lock);
    return room;
}

void server_group_end_side(struct server_group *group)
{
    pthread_mutex_lock(&group->lock);
    CHECK(group->shared.side_links > 0);
    group->shared.side_links--;
    pthread_mutex_unlock(&group->lock);
}

bool server_group_take_monitor(struct server_group *group)
{
    pthread_mutex_lock(&group->lock);
    bool free_place = group->shared.monitor_links == 0;
    if (free_place)
        group->shared.monitor_links++;
    pthread_mutex_unlock(&group->lock);
    return free_place;
}

void server_group_end_monitor(struct server_group *group)
{
    pthread_mutex_lock(&group->lock);
    CHECK(group->shared.monitor_links > 0);
    group->shared.monitor_links--;
    pthread_mutex_unlock(&group->lock);
}

static bool same_facts(const struct server_facts *a, const struct server_facts *b)
{
    return a != NULL && strcmp(a->version, b->version) == 0 &&
           a->server.mariadb == b->server.mariadb && a->capabilities == b->capabilities &&
           a->collation == b->collation && a->status == b->status &&
           a->auth_method == b->auth_method;
}

/* A worker is told that the facts of some server are known. */
struct facts_mail {
    struct mail mail;
    struct worker *worker;
};

static void on_facts(struct mail *mail)
{
    struct facts_mail *m = container_of(mail, struct facts_mail, mail);
    struct worker *w = m->worker;
    free(m);
    list_for_each (&w->greeting, node) {
        client_greet(container_of(node, struct client, greeting_node));
    }
}

void server_group_learn(struct worker *w, struct server_group *group,
                        const struct server_facts *facts)
{
    struct server_facts *known = atomic_load(&group->facts);
    for (const struct server_facts *f = known; f != NULL; f = f->older)
        if (same_facts(f, facts))
            return; /* of two versions behind one name, the one that answered first greets */
    struct server_facts *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return;
    *copy = *facts;
    copy->older = known;
    while (!atomic_compare_exchange_weak(&group->facts, &copy->older, copy))
        ;
    for (unsigned i = 0; i < w->proxy->worker_count; i++) {
        struct facts_mail *m = calloc(1, sizeof *m);
        if (m == NULL)
            return;
        m->mail.deliver = on_facts;
        m->worker = &w->proxy->workers[i];
        mailbox_post(m->worker->mailbox, &m->mail);
    }
}

void pool_registry_sweep_all(struct worker *w)
{
    struct pool_registry *r = w->proxy->registry;
    for (size_t i = 0; i < r->group_count; i++)
        registry_sweep(w, &r->groups[i]);
}

void pool_registry_drain(struct pool_registry *r, struct worker *w)
{
    for (size_t i = 0; i < r->group_count; i++) {
        pthread_mutex_lock(&r->groups[i].lock);
        r->groups[i].shared.policy.draining = true;
        pthread_mutex_unlock(&r->groups[i].lock);
        monitor_stop(r->groups[i].monitor, w);
        registry_sweep(w, &r->groups[i]);
    }
}

unsigned pool_registry_links(struct pool_registry *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        pthread_mutex_lock(&r->groups[i].lock);
        n += r->groups[i].shared.policy.links + r->groups[i].shared.side_links +
             r->groups[i].shared.monitor_links;
        pthread_mutex_unlock(&r->groups[i].lock);
    }
    return n;
}
