/* SPDX-License-Identifier: Apache-2.0
 * What links tell of their clients when Weir asks: before they change hands, or before conditions
 * are told. */
#include "session/client.h"
#include "session/kept_conditions.h"
#include "session/own_trackers.h"
#include "session/user_variables.h"

/* The client is about to ask its link, on which nothing stands in for what Weir has kept: the
 * link's own answer is the true one, whether Weir could keep it or not. */
static bool can_tell_itself(const struct link *l, struct bytes reply)
{
    if (l->purpose != PURPOSE_LOOK || kept_conditions_stand(l->client, reply))
        return false;
    residue_set_diagnostics(&l->client->residue, DIAGNOSTICS_ON_LINK);
    return true;
}

void lease_read_back(struct link *l, enum chore chore, struct bytes reply)
{
    if (l->client == NULL)
        return; /* it has left meanwhile: nobody will ask */
    struct client *c = l->client;
    bool ok = true;
    if (chore == CHORE_READ_BACK)
        ok = residue_read_numbers(&c->residue, reply);
    else if (chore == CHORE_READ_CONDITION_COUNT)
        ok = residue_read_count(&c->residue, reply);
    else if (chore == CHORE_READ_DIAGNOSTICS)
        ok = residue_read_diagnostics(c, reply, l->reply.summary.rows) || can_tell_itself(l, reply);
    else if (chore == CHORE_READ_TRACKERS)
        ok = own_trackers_read(c, reply);
    else
        user_variables_read(c, chore, reply);
    if (!ok)
        l->chore_failed = true;
}

void lease_look(struct client *c)
{
    client_set_state(c, CLIENT_RESTORING);
    link_chores_begin(c->link, PURPOSE_LOOK);
    residue_ask_diagnostics(c, c->link);
    link_chores_send(c->link);
}

void lease_looked(struct link *l)
{
    struct client *c = l->client;
    link_set_state(l, LINK_LEASED);
    if (l->chore_failed || kept_conditions_wait(c)) {
        kept_conditions_refuse(c);
        return;
    }
    residue_looked(c);
    lease_continue(c);
}
