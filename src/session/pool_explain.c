/* SPDX-License-Identifier: Apache-2.0
 * What a client that gets no link is told: which limit, how many wait, who holds the most precious
 * link, what to do next. */
#include "base/text.h"
#include "session/client.h"
#include "session/user_store.h"

#include <stdio.h>

/* What is true of a pool and its server, copied under the lock. */
struct fullness {
    struct open_error error;
    struct open_error login_error;
    struct pool_limits limits;
    unsigned links;
    unsigned all;
    unsigned ceiling;
    size_t waiting;
    bool down;
    bool full;
    bool held; /* by: */
    uint32_t holder;
    char peer[LINK_HOLDER_PEER];
    char program[LINK_HOLDER_PROGRAM];
    usec_t held_for;
    unsigned most; /* links that one program on one host holds, when that is more than one */
    unsigned of;   /* so many that were looked at */
    char most_host[LINK_HOLDER_PEER];
    char most_program[LINK_HOLDER_PROGRAM];
};

/* Those that are held for longest are looked at, and so many holders told apart: this is done under
 * the server's lock, for each client that is refused. */
#define HELD_LOOKED_AT  64
#define HOLDERS_COUNTED 16

/* Who holds how many. */
struct holders {
    size_t count;
    struct {
        struct bytes host;
        const char *program;
        unsigned links;
    } items[HOLDERS_COUNTED];
};

static void count_holder(struct holders *h, const struct link *l)
{
    struct bytes host = address_text_host(l->holder.peer);
    for (size_t i = 0; i < h->count; i++) {
        if (bytes_equal(h->items[i].host, host) &&
            strcmp(h->items[i].program, l->holder.program) == 0) {
            h->items[i].links++;
            return;
        }
    }
    if (h->count < countof(h->items)) {
        h->items[h->count].host = host;
        h->items[h->count].program = l->holder.program;
        h->items[h->count++].links = 1;
    }
}

static void look_for_most(const struct pool *p, struct fullness *f)
{
    struct holders h = {0};
    size_t most = 0;
    for (const struct list_node *n = p->firm.head.next;
         n != &p->firm.head && f->of < HELD_LOOKED_AT; n = n->next) {
        const struct pool_seat *seat = container_of(n, struct pool_seat, node);
        if (seat->ticket != NULL)
            continue;
        count_holder(&h, container_of(seat, struct link, seat));
        f->of++;
    }
    for (size_t i = 1; i < h.count; i++)
        if (h.items[i].links > h.items[most].links)
            most = i;
    if (h.count == 0 || h.items[most].links < 2)
        return;
    f->most = h.items[most].links;
    (void)!text_copy(f->most_host, sizeof f->most_host, h.items[most].host);
    (void)!text_copy(f->most_program, sizeof f->most_program, bytes_of_text(h.items[most].program));
}

static const struct pool_seat *longest_held(const struct pool *p)
{
    for (const struct list_node *n = p->firm.head.next; n != &p->firm.head; n = n->next) {
        const struct pool_seat *seat = container_of(n, struct pool_seat, node);
        if (seat->ticket == NULL)
            return seat;
    }
    return NULL;
}

/* Of this pool; when it has none, of any pool of its server. */
static void look_for_holder(const struct link_pool *p, usec_t now, struct fullness *f)
{
    const struct pool_seat *seat = longest_held(&p->shared.policy);
    for (const struct link_pool *q = p->group->shared.pools; q != NULL && seat == NULL; q = q->next)
        seat = longest_held(&q->shared.policy);
    if (seat == NULL)
        return;
    const struct link *l = container_of(seat, struct link, seat);
    f->held = true;
    f->holder = l->holder.client;
    memcpy(f->peer, l->holder.peer, sizeof f->peer);
    memcpy(f->program, l->holder.program, sizeof f->program);
    f->held_for = now > seat->since ? now - seat->since : 0;
}

static void look(const struct client *c, struct fullness *f)
{
    const struct link_pool *p = c->pool;
    struct server_group *g = p->group;
    *f = (struct fullness){0};
    pthread_mutex_lock(&g->lock);
    const struct pool *policy = &p->shared.policy;
    f->error = g->shared.last_error;
    f->login_error = p->shared.last_error;
    f->limits = policy->limits;
    f->links = pool_links(policy);
    f->all = g->shared.policy.links;
    f->ceiling = g->shared.policy.limits.ceiling;
    f->waiting = policy->waiting.count;
    f->down = g->shared.policy.down_retry_at != 0;
    f->full = g->shared.policy.ceiling_retry_at != 0 || policy->limit_retry_at != 0;
    look_for_holder(p, loop_now(c->worker->loop), f);
    look_for_most(policy, f);
    pthread_mutex_unlock(&g->lock);
}

static unsigned wait_ms(const struct fullness *f)
{
    return (unsigned)(f->limits.wait_timeout / USEC_PER_MSEC);
}

static void tell_down(const struct server_group *g, const struct fullness *f, char *text,
                      size_t size)
{
    snprintf(text, size,
             "Too many connections: no link to server '%s' (%s) could be opened for %u ms; the "
             "last attempt: %.200s. Is the server up? Others waiting: %zu. On the console: SHOW "
             "SERVERS",
             g->name, g->socket[0] != '\0' ? g->socket : g->host, wait_ms(f), f->error.text,
             f->waiting);
}

static void tell_server_full(const struct server_group *g, const struct fullness *f, char *text,
                             size_t size)
{
    snprintf(text, size,
             "Too many connections: server '%s' takes no more links than are open (%u); it said: "
             "%.200s. All stayed busy for %u ms (pool_wait_timeout); others waiting: %zu. "
             "Look at max_connections of the server. On the console: SHOW SERVERS",
             g->name, f->all, f->error.text, wait_ms(f), f->waiting);
}

static const char *say_program(const char *name, char *text, size_t size)
{
    if (name[0] == '\0')
        return "";
    snprintf(text, size, " ('%s')", name);
    return text;
}

/* Of links on which guests log in, or of a guest whose password nobody knows. */
static bool tell_guest(const struct link_pool *p, const struct fullness *f, char *text, size_t size)
{
    if (p->logins_of != NULL)
        snprintf(text, size,
                 "Too many connections: no link to server '%.32s' was free to log in on for %u ms "
                 "(connect_timeout): %u of %u for logins, %u of the server's %u; clients "
                 "waiting to log in: %zu. On the console: SHOW SERVERS",
                 p->group->name, wait_ms(f), f->links, f->limits.max_size, f->all, f->ceiling,
                 f->waiting);
    else if (f->limits.irreplaceable)
        snprintf(
            text, size,
            "Too many connections: Weir does not know the password of '%.64s', whose logins "
            "it relays to the server, so it has no links but those that logins have brought: "
            "%u, which stayed busy for %u ms (pool_wait_timeout); clients waiting: %zu. Name an "
            "auth_user, or a [user] section. On the console: SHOW POOLS",
            p->user->name, f->links, wait_ms(f), f->waiting);
    return p->logins_of != NULL || f->limits.irreplaceable;
}

static void tell_pool_full(const struct link_pool *p, const struct fullness *f, char *text,
                           size_t size)
{
    char most[160] = "";
    char holder[200] = "";
    char program[48];
    if (f->most > 0)
        snprintf(most, sizeof most, "The most, %u of %u, are held by %s%s. ", f->most, f->of,
                 f->most_host, say_program(f->most_program, program, sizeof program));
    if (f->held)
        snprintf(
            holder, sizeof holder,
            "Longest held by client %u from %s%s, for %.1f s; KILL %u on the console ends it. ",
            f->holder, f->peer, say_program(f->program, program, sizeof program),
            (double)f->held_for / (double)USEC_PER_SEC, f->holder);
    snprintf(
        text, size,
        "Too many connections: all links of user '%.32s' to server '%.32s' stayed busy for %u "
        "ms (pool_wait_timeout): %u of pool_max_size=%u, %u of the server's %u; others "
        "waiting: %zu. %s%sLook for long transactions and pins with SHOW PROCESSLIST, SHOW POOLS",
        p->user->name, p->group->name, wait_ms(f), f->links, f->limits.max_size, f->all, f->ceiling,
        f->waiting, most, holder);
}

void registry_explain_wait(struct client *c, enum pool_why why, struct err_packet *err, char *text,
                           size_t text_size)
{
    struct fullness f;
    look(c, &f);
    memcpy(err->sqlstate, "08004", 6);
    err->code = ER_CON_COUNT_ERROR;
    if (why == POOL_WHY_LOGIN_FAILED && f.login_error.code != 0) {
        err->code = f.login_error.code;
        memcpy(err->sqlstate, f.login_error.sqlstate, sizeof err->sqlstate);
        snprintf(text, text_size, "%s", f.login_error.text);
    } else if (why == POOL_WHY_DRAINING) {
        err->code = ER_SERVER_SHUTDOWN;
        memcpy(err->sqlstate, "08S01", 6);
        snprintf(text, text_size, "Server shutdown in progress");
    } else if (f.down) {
        tell_down(c->pool->group, &f, text, text_size);
    } else if (f.full && !f.limits.irreplaceable) {
        tell_server_full(c->pool->group, &f, text, text_size);
    } else if (!tell_guest(c->pool, &f, text, text_size)) {
        tell_pool_full(c->pool, &f, text, text_size);
    }
    err->message = bytes_of_text(text);
}

void registry_explain_refusal(struct client *c, char *text, size_t text_size)
{
    struct fullness f;
    look(c, &f);
    snprintf(text, text_size,
             "Too many connections: as many clients of user '%.32s' wait for a link as may: %zu of "
             "pool_max_waiters=%u. Links: %u of pool_max_size=%u. On the console: SHOW POOLS",
             c->pool->user->name, f.waiting, f.limits.max_waiters, f.links, f.limits.max_size);
}
