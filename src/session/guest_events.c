/* SPDX-License-Identifier: Apache-2.0
 * The policy's events about links on which guests log in. */
#include "session/guest.h"
#include "session/pool_events.h"
#include "session/user_store.h"

struct client *registry_next_login(struct link_pool *logins)
{
    struct client *found = NULL;
    pthread_mutex_lock(&logins->group->lock);
    list_for_each (&logins->shared.policy.waiting, node) {
        struct client *c =
            container_of(container_of(node, struct pool_ticket, node), struct client, ticket);
        if (found == NULL && guest_needs_link(c))
            found = c;
    }
    pthread_mutex_unlock(&logins->group->lock);
    return found;
}

void registry_login_declined(struct link_pool *logins)
{
    struct worker *w = logins->logins_of;
    usec_t now = pool_events_lock(w, logins->group);
    pool_open_declined(&logins->shared.policy, now);
    pool_events_finish(w, logins->group, false);
}

void registry_login_answered(struct link *l, struct client *c)
{
    struct worker *w = l->worker;
    usec_t now = pool_events_lock(w, l->pool->group);
    pool_opened_for_one(&l->seat, now);
    if (c != NULL) {
        pool_cancel(&c->ticket, now);
        pool_events_note_holder(l, c);
    }
    pool_events_finish(w, l->pool->group, true);
}

void registry_login_found_full(struct link *l, const struct open_error *error)
{
    struct worker *w = l->worker;
    counters_add(&w->counters, COUNTER_link_failures, 1);
    usec_t now = pool_events_lock(w, l->pool->group);
    l->pool->group->shared.last_error = *error;
    l->pool->shared.last_error = *error;
    pool_found_full(&l->seat, now);
    pool_events_finish(w, l->pool->group, true);
}

void registry_login_joins(struct link *l, struct link_pool *pool)
{
    struct worker *w = l->worker;
    usec_t now = pool_events_lock(w, pool->group);
    pool_move(&l->seat, &pool->shared.policy, now);
    user_let_go(l->pool->user);
    user_hold(pool->user);
    l->pool = pool;
    pool_events_finish(w, pool->group, true);
    pool_events_note_proof(l);
}

void registry_login_is_new(struct link *l)
{
    usec_t now = pool_events_lock(l->worker, l->pool->group);
    pool_spare_from_renewal(&l->seat, now);
    pool_events_finish(l->worker, l->pool->group, false);
}

void registry_renew_user(struct worker *w, const struct user *user)
{
    struct pool_registry *r = w->proxy->registry;
    for (size_t i = 0; i < pool_registry_group_count(r); i++) {
        struct server_group *g = pool_registry_group_at(r, i);
        usec_t now = pool_events_lock(w, g);
        struct link_pool *p = hashmap_u64_get(&g->shared.pools_by_user, (uintptr_t)user);
        for (; p != NULL; p = p->next_of_user)
            pool_renew(&p->shared.policy, now);
        pool_events_finish(w, g, true);
    }
}

bool registry_has_links(struct link_pool *pool)
{
    pthread_mutex_lock(&pool->group->lock);
    const struct pool *p = &pool->shared.policy;
    bool has = pool_links(p) > p->opening.count + p->reserved + p->doomed.count;
    pthread_mutex_unlock(&pool->group->lock);
    return has;
}
