/* SPDX-License-Identifier: Apache-2.0
 * Orders about pools. What was decided under the lock is performed by worker 0, which is told to
 * look. */
#include "session/pool_orders.h"

#include "base/check.h"
#include "session/pool_registry.h"
#include "session/user_store.h"

#include <stdlib.h>
#include <string.h>

enum order { ORDER_PAUSE, ORDER_RESUME, ORDER_DRAIN };

/* To worker 0. */
struct look {
    struct mail mail;
    struct worker *worker;
};

static void on_look(struct mail *mail)
{
    struct look *m = container_of(mail, struct look, mail);
    struct worker *w = m->worker;
    free(m);
    pool_registry_sweep_all(w);
}

static void have_performed(struct proxy *p)
{
    struct look *m = calloc(1, sizeof *m);
    CHECK(m != NULL);
    m->mail.deliver = on_look;
    m->worker = &p->workers[0];
    mailbox_post(m->worker->mailbox, &m->mail);
}

static void give(struct pool *pool, enum order order, usec_t now)
{
    switch (order) {
    case ORDER_PAUSE:
        pool_pause(pool, now);
        break;
    case ORDER_RESUME:
        pool_unpause(pool, now);
        break;
    case ORDER_DRAIN:
        pool_renew(pool, now);
        break;
    }
}

/* For pools that are made later. */
static void remember_user(struct server_group *g, struct user *user, enum order order)
{
    unsigned i = 0;
    while (i < g->shared.paused_user_count && g->shared.paused_users[i] != user)
        i++;
    bool known = i < g->shared.paused_user_count;
    if (order == ORDER_PAUSE && !known && i < PAUSED_USERS_MAX)
        g->shared.paused_users[g->shared.paused_user_count++] = user_hold(user);
    else if (order == ORDER_RESUME && known) {
        user_let_go(user);
        g->shared.paused_users[i] = g->shared.paused_users[--g->shared.paused_user_count];
    }
}

static void remember(struct server_group *g, struct user *user, enum order order)
{
    if (order == ORDER_DRAIN)
        return;
    if (user != NULL) {
        remember_user(g, user, order);
        return;
    }
    g->shared.paused = order == ORDER_PAUSE;
    while (g->shared.paused_user_count > 0)
        user_let_go(g->shared.paused_users[--g->shared.paused_user_count]);
}

static int order_group(struct server_group *g, struct user *user, enum order order)
{
    int concerned = 0;
    pthread_mutex_lock(&g->lock);
    usec_t now = clock_now();
    remember(g, user, order);
    for (struct link_pool *p = g->shared.pools; p != NULL; p = p->next) {
        if (user != NULL && p->user != user)
            continue;
        give(&p->shared.policy, order, now);
        concerned++;
    }
    pthread_mutex_unlock(&g->lock);
    return concerned;
}

/* False when a name is nobody's. *user is to be let go of. */
static bool find(struct proxy *p, struct pool_choice which, struct server_group **group,
                 struct user **user)
{
    *group = which.server != NULL ? pool_registry_group(p->registry, which.server) : NULL;
    *user = which.user != NULL ? user_store_find_any(p->users, bytes_of_text(which.user)) : NULL;
    return (which.server == NULL || (which.server[0] != '\0' && *group != NULL)) &&
           (which.user == NULL || *user != NULL);
}

static int order(struct proxy *p, struct pool_choice which, enum order what)
{
    struct server_group *only;
    struct user *user;
    if (!find(p, which, &only, &user)) {
        user_let_go(user);
        return POOL_CHOICE_UNKNOWN;
    }
    int concerned = 0;
    for (size_t i = 0; i < pool_registry_group_count(p->registry); i++) {
        struct server_group *g = pool_registry_group_at(p->registry, i);
        if (only == NULL || only == g)
            concerned += order_group(g, user, what);
    }
    user_let_go(user);
    have_performed(p);
    return concerned;
}

int proxy_pause(struct proxy *p, struct pool_choice which)
{
    return order(p, which, ORDER_PAUSE);
}

int proxy_resume(struct proxy *p, struct pool_choice which)
{
    return order(p, which, ORDER_RESUME);
}

int proxy_drain(struct proxy *p, struct pool_choice which)
{
    return order(p, which, ORDER_DRAIN);
}

static void add_progress(const struct pool *pool, struct pool_progress *sum)
{
    sum->pools++;
    sum->paused += pool->paused ? 1 : 0;
    sum->busy += (unsigned)(pool->firm.count + pool->soft.count + pool->recalled.count);
    sum->draining += pool_not_renewed(pool);
    sum->waiting += (unsigned)pool->waiting.count;
}

struct pool_progress proxy_progress(struct proxy *p, struct pool_choice which)
{
    struct pool_progress sum = {0};
    struct server_group *only;
    struct user *user;
    if (!find(p, which, &only, &user)) {
        user_let_go(user);
        return sum;
    }
    for (size_t i = 0; i < pool_registry_group_count(p->registry); i++) {
        struct server_group *g = pool_registry_group_at(p->registry, i);
        if (only != NULL && only != g)
            continue;
        pthread_mutex_lock(&g->lock);
        for (struct link_pool *pool = g->shared.pools; pool != NULL; pool = pool->next)
            if (user == NULL || pool->user == user)
                add_progress(&pool->shared.policy, &sum);
        pthread_mutex_unlock(&g->lock);
    }
    user_let_go(user);
    return sum;
}
