/* SPDX-License-Identifier: Apache-2.0
 * The way back from a COM_CHANGE_USER that was refused. */
#include "session/former.h"

#include "session/admission.h"
#include "session/client.h"
#include "session/client_attributes.h"
#include "session/client_auth.h"
#include "session/client_timeouts.h"
#include "session/guest.h"
#include "session/user_store.h"

#include <stdlib.h>

#define REFUSALS_MAX 3

struct former {
    struct user *user; /* held */
    uint32_t key;
    uint8_t login_way;
    struct server_group *group;
    struct link_pool *pool;
    struct session_state *session; /* empty, but for the schema */
    struct session_state *login_session;
    struct client_attributes *attributes;
    struct admission_place place;
    bool has_baseline;
};

/* With the server's character set, whatever the login's was (measured on MariaDB 10.11). */
static struct session_state *state_after_refusal(const struct client *c)
{
    const struct server_facts *f = c->facts;
    struct session_state *bare =
        session_state_login(f->collation, f->collation, f->server.mariadb, false);
    if (bare == NULL)
        return NULL;
    struct session_state *s = session_state_after_reset(session_state_hold(c->session), bare);
    session_state_release(bare);
    return s;
}

bool former_keep(struct client *c)
{
    if (!c->facts->server.mariadb)
        return true;
    struct former *f = calloc(1, sizeof *f);
    if (f == NULL)
        return false;
    f->session = state_after_refusal(c);
    if (f->session == NULL) {
        free(f);
        return false;
    }
    f->user = user_hold(c->user);
    f->key = c->key;
    f->login_way = c->login_way;
    f->group = c->group;
    f->pool = c->pool;
    f->login_session = session_state_hold(c->login_session);
    f->attributes = c->attributes;
    c->attributes = NULL;
    f->place = admission_place(c);
    f->has_baseline = c->has_baseline;
    c->former = f;
    return true;
}

bool former_is_spent(const struct client *c)
{
    return c->refusals >= REFUSALS_MAX;
}

void former_forget(struct client *c)
{
    struct former *f = c->former;
    if (f == NULL)
        return;
    c->former = NULL;
    if (f->session != NULL)
        session_state_release(f->session);
    if (f->login_session != NULL)
        session_state_release(f->login_session);
    free(f->attributes);
    user_let_go(f->user);
    free(f);
}

/* What there is of the other one. */
static void leave(struct client *c)
{
    if (c->guest != NULL)
        guest_give_up(c);
    if (c->pool != NULL && c->link == NULL)
        registry_cancel(c);
    lease_leave(c, false);
    admission_leave_account(c);
    if (c->pool != NULL)
        registry_client_gone(c);
    if (c->session != NULL)
        session_state_release(c->session);
    if (c->login_session != NULL)
        session_state_release(c->login_session);
    client_attributes_forget(c);
    client_auth_end(c);
    free(c->login_schema);
    c->login_schema = NULL;
}

bool former_return(struct client *c)
{
    struct former *f = c->former;
    if (f == NULL)
        return false;
    leave(c);
    client_becomes(c, f->user);
    c->key = f->key;
    c->login_way = f->login_way;
    c->group = f->group;
    c->pool = f->pool;
    c->session = f->session;
    c->login_session = f->login_session;
    c->attributes = f->attributes;
    c->login_epoch = atomic_load(&c->group->login_epoch);
    registry_client_came(c);
    admission_take_back(c, &f->place);
    c->has_baseline = f->has_baseline;
    residue_reset(&c->residue);
    learn_default_tracking(c);
    client_take_timeouts(c);
    f->session = f->login_session = NULL;
    f->attributes = NULL;
    former_forget(c);
    if (c->refusals < REFUSALS_MAX)
        c->refusals++;
    c->status = c->facts->status;
    client_set_state(c, CLIENT_IDLE);
    return true;
}
