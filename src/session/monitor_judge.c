/* SPDX-License-Identifier: Apache-2.0
 * What the monitor's numbers mean beside Weir's own. */
#include "session/monitor_internal.h"

#include "base/text.h"
#include "session/user_store.h"

#include <stdio.h>

static uint64_t known(uint64_t number)
{
    return number != SERVER_NUMBER_UNKNOWN ? number : 0;
}

static const char *who(const struct monitor *m)
{
    static _Thread_local char text[96];
    snprintf(text, sizeof text, "server %.60s", m->group->name);
    return text;
}

/* -------- Weir's side, under the group's lock -------- */

static unsigned add(unsigned a, unsigned b)
{
    return a + b >= a ? a + b : UINT32_MAX;
}

/* The links that all pools of a user may open. */
static unsigned may_of_user(const struct server_group *g, const struct user *u)
{
    unsigned may = 0;
    for (const struct link_pool *p = g->shared.pools; p != NULL; p = p->next)
        if (p->user == u)
            may = add(may, p->shared.policy.limits.max_size);
    return may;
}

static void look_at_pools_locked(const struct server_group *g, struct room_facts *f)
{
    unsigned ceiling = g->shared.policy.limits.ceiling;
    f->pools_may = f->ceiling > ceiling ? f->ceiling - ceiling : 0; /* what is kept */
    for (const struct link_pool *p = g->shared.pools; p != NULL; p = p->next) {
        unsigned may = may_of_user(g, p->user);
        f->pools_may = add(f->pools_may, p->shared.policy.limits.max_size);
        if (may > f->user_may) {
            f->user_may = may;
            f->user = p->user->name;
        }
    }
}

static unsigned instances_of(const struct monitor *m, const struct config_server *s)
{
    unsigned seen = m->weirs > 0 ? m->weirs : 1;
    return s->settings.instances > 0 ? s->settings.instances : seen;
}

static struct room_facts facts_of(struct monitor *m, const struct config_server *s)
{
    struct server_group *g = m->group;
    struct room_facts f = {
        .server = g->name,
        .max_connections = known(m->numbers.max_connections),
        .threads_connected = known(m->numbers.threads_connected),
        .open_files_limit = known(m->numbers.open_files_limit),
        .max_user_connections = known(m->numbers.max_user_connections),
        .other_weirs = m->other_weirs,
        .instances = instances_of(m, s),
        .ceiling = s->settings.max_connections,
        .user = "",
    };
    pthread_mutex_lock(&g->lock);
    f.ours = g->shared.policy.links - g->shared.policy.opening + g->shared.side_links +
             g->shared.monitor_links;
    look_at_pools_locked(g, &f);
    pthread_mutex_unlock(&g->lock);
    return f;
}

/* -------- what has changed -------- */

static void tell_max_connections(struct monitor *m)
{
    uint64_t now = known(m->numbers.max_connections);
    uint64_t before = m->max_connections;
    m->max_connections = now;
    if (before == 0 || before == now)
        return;
    log_note(who(m), "its max_connections is %llu now, it was %llu", (unsigned long long)now,
             (unsigned long long)before);
    if (now > before)
        registry_server_answers(m->home, m->group, true);
}

static void tell_room(struct monitor *m, const struct room *r, const char *advice)
{
    if (r->verdict == m->told)
        return;
    m->told = r->verdict;
    if (r->verdict == ROOM_FITS)
        log_note(who(m), "Weir may open %u link%s, and the server has room for %u", r->wanted,
                 text_plural(r->wanted), r->left);
    else
        log_warning(who(m), "%s", advice);
}

static void publish(struct monitor *m, const struct room *r, const struct room_facts *f,
                    const char *advice)
{
    struct server_group *g = m->group;
    pthread_mutex_lock(&g->lock);
    struct monitor_view *v = &m->view;
    v->known = true;
    v->read_at = loop_now(m->home->loop);
    v->numbers = m->numbers;
    v->room = *r;
    v->instances = f->instances;
    v->other_weirs = f->other_weirs;
    snprintf(v->advice, sizeof v->advice, "%s", advice);
    pthread_mutex_unlock(&g->lock);
}

void monitor_judge(struct monitor *m)
{
    const struct config_server *s = config_find_server(m->home->config, m->group->name);
    char advice[512];
    if (s == NULL)
        return;
    struct room_facts f = facts_of(m, s);
    struct room r = {.verdict = ROOM_FITS};
    if (f.max_connections != 0)
        r = room_judge(&f, &m->memory);
    room_advise(&f, &r, advice, sizeof advice);
    publish(m, &r, &f, advice);
    tell_max_connections(m);
    tell_room(m, &r, advice);
}

void monitor_forget(struct monitor *m)
{
    pthread_mutex_lock(&m->group->lock);
    m->view = (struct monitor_view){.state = MONITOR_OFF};
    pthread_mutex_unlock(&m->group->lock);
    m->told = ROOM_FITS;
    m->max_connections = 0;
    m->memory = (struct room_memory){0};
}

/* -------- for who shows it -------- */

struct monitor_view monitor_look(struct server_group *g)
{
    pthread_mutex_lock(&g->lock);
    struct monitor_view v = g->monitor->view;
    pthread_mutex_unlock(&g->lock);
    return v;
}

const char *monitor_state_text(enum monitor_state state)
{
    switch (state) {
    case MONITOR_OFF:
        break;
    case MONITOR_NO_ACCOUNT:
        return "no account";
    case MONITOR_CONNECTING:
        return "connecting";
    case MONITOR_ON:
        return "on";
    case MONITOR_FULL:
        return "waits: the server is full";
    case MONITOR_REFUSED:
        return "refused";
    case MONITOR_DOWN:
        return "cannot connect";
    }
    return "off";
}
