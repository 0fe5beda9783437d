/* SPDX-License-Identifier: Apache-2.0
 * Taking a guest out, and its way round the workers. */
#include "session/guest_forget.h"

#include "base/check.h"
#include "base/log.h"
#include "session/catalogue.h"
#include "session/catalogue_reader.h"
#include "session/pool_registry.h"
#include "session/user_store.h"

#include <stdlib.h>

/* Unused guests are looked for this many times in unknown_user_timeout, within these bounds. */
#define LOOKS          4
#define LOOK_EVERY_MIN (100 * USEC_PER_MSEC)
#define LOOK_EVERY_MAX (60 * USEC_PER_SEC)
/* In one turn of the loop. */
#define FORGET_AT_ONCE 64

/* What is freed when all workers have seen it. */
struct departure {
    struct mail mail;
    struct proxy *proxy;
    unsigned worker;   /* whose turn it is */
    struct user *user; /* NULL: it stays, only its pools go */
    struct link_pool *pools;
    struct catalogue_reader *readers;
};

/* -------- taking out -------- */

static void add_counters(struct pool_counters *sum, const struct pool_counters *n)
{
    sum->granted += n->granted;
    sum->granted_late += n->granted_late;
    sum->refused_full += n->refused_full;
    sum->refused_late += n->refused_late;
    sum->refused_failed += n->refused_failed;
    sum->refused_draining += n->refused_draining;
    sum->recalls += n->recalls;
    sum->recalls_refused += n->recalls_refused;
    if (n->waiters_max > sum->waiters_max)
        sum->waiters_max = n->waiters_max;
}

static void take_out_pool_locked(struct departure *d, struct server_group *g, struct link_pool *p)
{
    struct link_pool **at = &g->shared.pools;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    add_counters(&g->shared.gone, &p->shared.policy.counters);
    pool_fini(&p->shared.policy);
    atomic_fetch_sub(&p->user->pools, 1);
    p->next = d->pools;
    d->pools = p;
}

static void take_out_reader_locked(struct departure *d, struct server_group *g,
                                   const struct user *user)
{
    struct catalogue_reader *r = hashmap_u64_remove(&g->shared.readers_by_user, (uintptr_t)user);
    if (r == NULL)
        return;
    struct catalogue_reader **at = &g->shared.readers;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    r->retired = true;
    r->next = d->readers;
    d->readers = r;
}

/* The caller's hold is the only one: whoever comes now finds none of what is taken out. A pool
 * without a link may be about to get one all the same. */
static bool is_unused_locked(struct server_group *g, const struct user *user)
{
    struct link_pool *p = hashmap_u64_get(&g->shared.pools_by_user, (uintptr_t)user);
    bool unused = user->holds == 1;
    for (; p != NULL && unused; p = p->next_of_user)
        unused = pool_links(&p->shared.policy) == 0 && list_empty(&p->shared.policy.waiting);
    return unused;
}

static bool take_out_of_group(struct departure *d, struct server_group *g, const struct user *user)
{
    pthread_mutex_lock(&g->lock);
    bool unused = is_unused_locked(g, user);
    struct link_pool *next;
    struct link_pool *p =
        unused ? hashmap_u64_remove(&g->shared.pools_by_user, (uintptr_t)user) : NULL;
    for (; p != NULL; p = next) {
        next = p->next_of_user;
        take_out_pool_locked(d, g, p);
    }
    if (unused)
        take_out_reader_locked(d, g, user);
    pthread_mutex_unlock(&g->lock);
    return unused;
}

/* -------- the way round -------- */

static void free_departed(struct departure *d)
{
    while (d->pools != NULL) {
        struct link_pool *p = d->pools;
        d->pools = p->next;
        link_pool_free(p);
    }
    while (d->readers != NULL) {
        struct catalogue_reader *r = d->readers;
        d->readers = r->next;
        catalogue_reader_destroy(r);
    }
    if (d->user != NULL)
        user_free(d->user);
    free(d);
}

static void on_departure(struct mail *mail)
{
    struct departure *d = container_of(mail, struct departure, mail);
    const struct worker *here = &d->proxy->workers[d->worker];
    for (struct catalogue_reader *r = d->readers; r != NULL; r = r->next)
        catalogue_reader_stop(r, here);
    if (++d->worker < d->proxy->worker_count)
        mailbox_post(d->proxy->workers[d->worker].mailbox, &d->mail);
    else
        free_departed(d);
}

/* `user` is held by the caller, who lets go of it. True: it is gone. */
static bool forget(struct worker *w, struct user *user)
{
    struct pool_registry *registry = w->proxy->registry;
    struct departure *d = calloc(1, sizeof *d);
    CHECK(d != NULL);
    bool out = true;
    pool_registry_keep_pools(registry);
    for (size_t i = 0; i < pool_registry_group_count(registry) && out; i++)
        out = take_out_of_group(d, pool_registry_group_at(registry, i), user);
    if (!out)
        user_let_go(user);
    else if (user_store_take_out(w->proxy->users, user))
        d->user = user;
    pool_registry_keep_pools_no_more(registry);
    if (d->user != NULL) {
        counters_add(&w->counters, COUNTER_unknown_users_forgotten, 1);
        log_debug(user->name, "forgotten: nobody uses this account any more");
    }
    out = d->user != NULL;
    d->proxy = w->proxy;
    d->mail.deliver = on_departure;
    mailbox_post(w->proxy->workers[0].mailbox, &d->mail);
    return out;
}

/* -------- when -------- */

static bool forget_unused_since(struct worker *w, usec_t before)
{
    struct user *user = user_store_unused_guest(w->proxy->users, before);
    return user != NULL && forget(w, user);
}

bool guest_forget_one(struct worker *w)
{
    return forget_unused_since(w, clock_now());
}

static void arm(struct worker *w)
{
    usec_t every = w->config->global.unknown_user_timeout / LOOKS;
    if (every < LOOK_EVERY_MIN)
        every = LOOK_EVERY_MIN;
    loop_timer_set(w->loop, &w->forget_timer, every < LOOK_EVERY_MAX ? every : LOOK_EVERY_MAX);
}

static void on_look(struct loop_timer *timer)
{
    struct worker *w = container_of(timer, struct worker, forget_timer);
    usec_t timeout = w->config->global.unknown_user_timeout;
    usec_t now = clock_now();
    unsigned left = timeout > 0 && now > timeout ? FORGET_AT_ONCE : 0;
    while (left > 0 && forget_unused_since(w, now - timeout))
        left--;
    arm(w);
}

void guest_forget_watch(struct worker *w)
{
    w->forget_timer.on_fire = on_look;
    if (w->index == 0)
        arm(w);
}

void guest_forget_stop(struct worker *w)
{
    loop_timer_cancel(w->loop, &w->forget_timer);
}
