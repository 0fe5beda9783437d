/* SPDX-License-Identifier: Apache-2.0
 * Rows of pools, of servers, and of links at rest: under each server's lock only numbers are
 * copied, texts before and after. */
#include "session/snapshot_build.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>

/* Servers take no more connections than this; more links at rest are not shown. */
#define RESTING_MAX 100000

/* -------- links at rest -------- */

struct resting {
    struct snapshot_link row;
    struct session_state *session;
    char opened_for[CLIENT_PEER_SIZE];
};

static size_t count_resting(struct server_group *g)
{
    size_t n = 0;
    pthread_mutex_lock(&g->lock);
    for (const struct link_pool *p = g->shared.pools; p != NULL; p = p->next)
        n += p->shared.policy.idle.count;
    pthread_mutex_unlock(&g->lock);
    return n < RESTING_MAX ? n : RESTING_MAX;
}

/* How many of at most `room` were copied. */
static size_t copy_resting(struct server_group *g, struct resting *out, size_t room)
{
    size_t n = 0;
    usec_t now = clock_now();
    pthread_mutex_lock(&g->lock);
    for (const struct link_pool *p = g->shared.pools; p != NULL; p = p->next) {
        list_for_each (&p->shared.policy.idle, node) {
            const struct link *l = container_of(node, struct link, seat.node);
            if (n == room)
                break;
            snapshot_resting_row(&out[n].row, l, now);
            memcpy(out[n].opened_for, l->opened_for, sizeof out[n].opened_for);
            out[n++].session = session_state_hold(l->session);
        }
    }
    pthread_mutex_unlock(&g->lock);
    return n;
}

static void add_resting_of(struct snapshot *s, struct server_group *g)
{
    size_t room = count_resting(g);
    if (room == 0)
        return;
    struct resting *rows = malloc(room * sizeof *rows);
    struct snapshot_link *all = realloc(s->links, (s->link_count + room) * sizeof *all);
    if (all != NULL)
        s->links = all;
    size_t n = rows != NULL && all != NULL ? copy_resting(g, rows, room) : 0;
    s->texts.short_of_memory = s->texts.short_of_memory || rows == NULL || all == NULL;
    for (size_t i = 0; i < n; i++) {
        rows[i].row.user = snapshot_text(&s->texts, bytes_of_text(rows[i].row.user));
        rows[i].row.schema = snapshot_text(&s->texts, bytes_of_text(rows[i].session->schema));
        rows[i].row.opened_for = snapshot_text(&s->texts, bytes_of_text(rows[i].opened_for));
        session_state_release(rows[i].session);
        s->links[s->link_count++] = rows[i].row;
    }
    free(rows);
}

void snapshot_add_resting(struct snapshot *s, struct pool_registry *r)
{
    pool_registry_keep_pools(r); /* and so the names of their users */
    for (size_t i = 0; i < pool_registry_group_count(r); i++)
        add_resting_of(s, pool_registry_group_at(r, i));
    pool_registry_keep_pools_no_more(r);
}

/* -------- pools -------- */

static const char *dialect_text(struct snapshot_texts *t, capabilities_t dialect)
{
    char text[512];
    size_t size = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = (dialect >> bit & 1) != 0 ? capability_name(bit) : NULL;
        if (name == NULL)
            continue;
        int n = snprintf(text + size, sizeof text - size, "%s%s", size > 0 ? "," : "", name);
        if (n < 0 || (size_t)n >= sizeof text - size)
            break;
        size += (size_t)n;
    }
    return snapshot_text(t, bytes_of(text, size));
}

static usec_t oldest_wait(const struct pool *p, usec_t now)
{
    const struct list_node *first = list_first(&p->waiting);
    if (first == NULL)
        return 0;
    usec_t since = container_of(first, const struct pool_ticket, node)->since;
    return now > since ? now - since : 0;
}

static void pool_row_locked(struct snapshot_pool *row, const struct pool *p, usec_t now)
{
    row->opening = (unsigned)p->opening.count + p->reserved;
    row->idle = (unsigned)p->idle.count;
    row->firm = (unsigned)p->firm.count;
    row->soft = (unsigned)p->soft.count;
    row->recalled = (unsigned)p->recalled.count;
    row->doomed = (unsigned)p->doomed.count;
    row->links = pool_links(p);
    row->waiting = (unsigned)p->waiting.count;
    row->oldest_wait = oldest_wait(p, now);
    row->clients = p->clients;
    row->limits = p->limits;
    row->limit_observed = p->limit_observed;
    row->login_refused = p->login_retry_at != 0;
    row->paused = p->paused;
    row->counters = p->counters;
}

static bool add_pool(struct snapshot *s, struct link_pool *p)
{
    struct snapshot_pool *all = realloc(s->pools, (s->pool_count + 1) * sizeof *all);
    if (all == NULL)
        return false;
    s->pools = all;
    struct snapshot_pool *row = &all[s->pool_count++];
    *row = (struct snapshot_pool){
        .server = p->group->name,
        .user = snapshot_text(&s->texts, bytes_of_text(p->user->name)),
        .dialect = p->dialect,
        .dialect_text = dialect_text(&s->texts, p->dialect),
    };
    struct open_error error;
    usec_t now = clock_now();
    pthread_mutex_lock(&p->group->lock);
    pool_row_locked(row, &p->shared.policy, now);
    error = p->shared.last_error;
    pthread_mutex_unlock(&p->group->lock);
    row->error_code = error.code;
    row->error = snapshot_text(&s->texts, bytes_of_text(error.text));
    return true;
}

/* -------- servers -------- */

static void server_row_locked(struct snapshot_server *row, const struct server_group *g)
{
    const struct pool_server *p = &g->shared.policy;
    row->down = p->down_retry_at != 0;
    row->draining = p->draining;
    row->pools = (unsigned)p->pools.count;
    row->links = p->links;
    row->opening = p->opening;
    row->side_links = g->shared.side_links + g->shared.monitor_links;
    row->ceiling = p->limits.ceiling;
    row->ceiling_observed = p->ceiling_observed;
    for (const struct link_pool *l = g->shared.pools; l != NULL; l = l->next)
        row->waiting += (unsigned)l->shared.policy.waiting.count;
}

static bool add_server(struct snapshot *s, struct server_group *g)
{
    struct snapshot_server *all = realloc(s->servers, (s->server_count + 1) * sizeof *all);
    if (all == NULL)
        return false;
    s->servers = all;
    struct snapshot_server *row = &all[s->server_count++];
    const struct server_facts *facts = atomic_load(&g->facts);
    *row = (struct snapshot_server){
        .name = g->name,
        .host = g->host,
        .port = g->port,
        .socket = g->socket,
        .version = facts != NULL ? snapshot_text(&s->texts, bytes_of_text(facts->version)) : "",
        .mariadb = facts != NULL && facts->server.mariadb,
        .max_prepared_stmt_count = atomic_load(&g->max_prepared_stmt_count),
    };
    pthread_mutex_lock(&g->lock);
    server_row_locked(row, g);
    struct open_error error = g->shared.last_error;
    pthread_mutex_unlock(&g->lock);
    row->error_code = error.code;
    row->error = snapshot_text(&s->texts, bytes_of_text(error.text));
    row->monitor = monitor_look(g);
    return true;
}

/* New ones come to the head of the list meanwhile. */
static struct link_pool *first_pool(struct server_group *g)
{
    pthread_mutex_lock(&g->lock);
    struct link_pool *p = g->shared.pools;
    pthread_mutex_unlock(&g->lock);
    return p;
}

void snapshot_add_pools(struct snapshot *s, struct pool_registry *r)
{
    bool ok = true;
    pool_registry_keep_pools(r);
    for (size_t i = 0; i < pool_registry_group_count(r) && ok; i++) {
        struct server_group *g = pool_registry_group_at(r, i);
        ok = add_server(s, g);
        for (struct link_pool *p = first_pool(g); p != NULL && ok; p = p->next)
            ok = add_pool(s, p);
    }
    pool_registry_keep_pools_no_more(r);
    s->texts.short_of_memory = s->texts.short_of_memory || !ok;
}
