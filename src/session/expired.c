/* SPDX-License-Identifier: Apache-2.0
 * Into that pool, and what is different there. */
#include "session/expired.h"

#include "session/guest.h"

/* The server has let the link in, although it has not said that it knows what to do. */
#define ER_MUST_CHANGE_PASSWORD 1820
/* It lets in those who say so. */
#define ER_MUST_CHANGE_PASSWORD_LOGIN 1862

static uint16_t refusal_of(const struct client *c)
{
    if (c->ticket_why != POOL_WHY_LOGIN_FAILED)
        return 0;
    pthread_mutex_lock(&c->pool->group->lock);
    uint16_t code = c->pool->shared.last_error.code;
    pthread_mutex_unlock(&c->pool->group->lock);
    return code;
}

bool expired_goes_on(struct client *c)
{
    uint16_t code = refusal_of(c);
    bool knows = (c->capabilities & CAP(CAN_HANDLE_EXPIRED)) != 0;
    bool may_come =
        code == ER_MUST_CHANGE_PASSWORD || (code == ER_MUST_CHANGE_PASSWORD_LOGIN && knows);
    if (!may_come || client_is_expired(c))
        return false;
    struct link_pool *pool =
        pool_registry_pool(c->worker, c->group, c->user, c->pool->dialect | EXPIRED_DIALECT);
    if (pool == NULL)
        return false;
    registry_cancel(c);
    registry_client_gone(c);
    c->pool = pool;
    registry_client_came(c);
    lease_acquire_again(c);
    return true;
}

/* Whether the account has REQUIRE SSL, or X509, cannot be read now; nor whether it was let in for
 * the account that Weir runs under. */
static bool may_be_let_in_wrongly(const struct link *l)
{
    return guest_lack(l->guest->client, l->guest->wants) != NULL || !l->guest->is_proved;
}

static bool guest_may_have(struct link *l)
{
    struct guest *g = l->guest;
    if (g->client == NULL || may_be_let_in_wrongly(l))
        return false;
    g->dialect |= EXPIRED_DIALECT;
    struct link_pool *pool =
        pool_registry_pool(l->worker, l->pool->group, l->pool->user, g->dialect);
    if (pool == NULL)
        return false;
    registry_login_joins(l, pool);
    return true;
}

bool expired_link_serves(struct link *l)
{
    if (l->chore_error.code != ER_MUST_CHANGE_PASSWORD)
        return false;
    bool here = l->guest != NULL ? guest_may_have(l) : (l->pool->dialect & EXPIRED_DIALECT) != 0;
    l->expired = here;
    return here;
}

bool expired_request(struct client *c)
{
    struct link *l = c->link;
    if (!l->expired)
        return false;
    c->pins |= PIN_BIT(EXPIRED);
    if (c->login_schema == NULL && c->request.command->policy == COMMAND_STATEMENT) {
        client_fail_request(c, l->chore_error.code, l->chore_error.sqlstate,
                            bytes_of_text(l->chore_error.text));
        return true;
    }
    lease_ready(c);
    return true;
}

void expired_answered(struct link *l)
{
    if (!l->expired || l->reply.summary.error)
        return;
    l->expired = false;
    l->needs_trackers = true;
}
