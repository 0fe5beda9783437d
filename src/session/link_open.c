/* SPDX-License-Identifier: Apache-2.0
 * What links are opened for: a pool, a guest's login, and errands outside the pools. */
#include "session/guest.h"
#include "session/link.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a guest's logins have brought is all that there is. */
static void fail_without_password(struct link *l)
{
    char text[300];
    snprintf(text, sizeof text,
             "Weir does not know the password of '%.64s', whose logins it relays to the server, so "
             "only another login opens another link; log in again (or name an auth_user)",
             l->pool->user->name);
    link_fail_open(l, registry_has_links(l->pool) ? POOL_USER_FULL : POOL_LOGIN_FAILED,
                   ER_CON_COUNT_ERROR, "08004", bytes_of_text(text));
}

void link_open(struct worker *w, struct link_pool *pool, struct link_hint hint)
{
    struct link *l = link_create(w, pool);
    if (l != NULL && hint.session != NULL)
        l->want_multi = hint.session->multi_statements;
    if (hint.session != NULL)
        session_state_release(hint.session);
    if (l == NULL) {
        registry_open_unbegun(w, pool);
        return;
    }
    memcpy(l->opened_for, hint.client, sizeof l->opened_for);
    l->opened_by = hint.says;
    registry_attach(l);
    if (user_is_relayed(pool->user))
        fail_without_password(l);
    else
        link_resolve(l);
}

void link_open_for_guest(struct worker *w, struct link_pool *logins, struct guest *g)
{
    struct link *l = link_create(w, logins);
    if (l == NULL) {
        registry_open_unbegun(w, logins);
        return;
    }
    l->guest = g;
    g->link = l;
    l->want_multi = g->multi;
    memcpy(l->opened_for, g->client->peer, sizeof l->opened_for);
    l->opened_by = link_client_says(g->client->attributes);
    snprintf(l->who, sizeof l->who, "link to %.40s for %.40s", logins->group->name, g->name);
    registry_attach(l);
    link_resolve(l);
}

/* With a pool of its own, of which the policy knows nothing. NULL when out of memory. */
static struct link *create_side(struct worker *w, struct server_group *group, struct user *user)
{
    struct link_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->group = group;
    pool->user = user;
    struct link *l = link_create(w, pool);
    if (l == NULL)
        free(pool);
    else
        l->side = true;
    return l;
}

bool link_open_side(struct worker *w, struct server_group *group, struct user *user,
                    struct kill_job *job)
{
    struct link *l = create_side(w, group, user);
    if (l == NULL)
        return false;
    l->kill = job;
    link_resolve(l);
    return true;
}

bool link_open_reading(struct worker *w, struct server_group *group, struct user *user,
                       struct catalogue_reader *reader, struct link **link)
{
    struct link *l = create_side(w, group, user);
    *link = l;
    if (l == NULL)
        return false;
    l->reader = reader;
    link_resolve(l);
    return true;
}

bool link_open_hashes(struct worker *w, struct server_group *group, struct user *user,
                      struct hash_reader *reader, struct link **link)
{
    struct link *l = create_side(w, group, user);
    *link = l;
    if (l == NULL)
        return false;
    l->hash_reader = reader;
    link_resolve(l);
    return true;
}

bool link_open_monitor(struct worker *w, struct server_group *group, struct user *user,
                       struct monitor *monitor, bool keeps_place, struct link **link)
{
    struct link *l = create_side(w, group, user);
    *link = l;
    if (l == NULL)
        return false;
    l->monitor = monitor;
    l->keeps_place = keeps_place;
    link_resolve(l);
    return true;
}
