/* SPDX-License-Identifier: Apache-2.0
 * A leased link breaks, or none is to be had: who lives on, and who is told what. */
#include "session/client_timeouts.h"
#include "session/expired.h"
#include "session/hash_reader.h"
#include "session/monitor.h"
#include "session/user_store.h"
#include "session/user_variables.h"

static enum close_reason loss_of(const struct client *c, enum close_reason why)
{
    if (c->kills_of_connection > 0)
        return CLOSE_KILLED;
    if (c->state == CLIENT_IDLE || c->state == CLIENT_WAITING)
        return CLOSE_LINK_LOST_IDLE;
    return why == CLOSE_LINK_PROTOCOL ? why : CLOSE_LINK_LOST;
}

/* True when the client lives on: nothing of its session or its request was on the link alone. */
static bool survives_loss(struct client *c, const struct link *l, enum chore_purpose purpose,
                          enum close_reason why)
{
    if (c->kills_of_connection > 0)
        return false;
    if ((purpose == PURPOSE_RESTORE && !l->request_follows) || purpose == PURPOSE_UNSELECT)
        return why != CLOSE_LINK_CHORE_FAILED && ++c->restore_failures <= RESTORE_FAILURES_MAX;
    bool asks_nothing =
        c->state == CLIENT_IDLE || c->state == CLIENT_WAITING || c->state == CLIENT_KILLING;
    return asks_nothing && !lease_is_firm(c, l) && l->status_known && residue_is_known(c) &&
           track_is_known(c) && user_variables_are_known(c);
}

void lease_link_lost(struct link *l, enum close_reason why)
{
    enum chore_purpose purpose = l->purpose;
    l->purpose = PURPOSE_NONE;
    if (purpose == PURPOSE_OPEN || purpose == PURPOSE_KILL) {
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL,
                       bytes_of_text("the server closed the connection"));
        return;
    }
    struct client *c = l->client;
    if (l->hash_reader != NULL) {
        hash_reader_link_failed(l, "the server closed the connection");
        link_close(l, why);
        return;
    }
    if (l->monitor != NULL) {
        monitor_link_lost(l, why);
        return;
    }
    if (c == NULL) {
        link_close(l, why);
        return;
    }
    if (survives_loss(c, l, purpose, why)) {
        lease_drop(c, why);
        if (c->state == CLIENT_WAITING || c->state == CLIENT_RESTORING)
            lease_acquire_again(c);
        return;
    }
    if (client_is_overdue(c)) {
        lease_drop(c, why);
        client_end_idle(c);
        return;
    }
    enum close_reason told = loss_of(c, why);
    lease_drop(c, why);
    client_close(c, told);
}

void lease_wait_failed(struct client *c)
{
    char text[800];
    struct err_packet err;
    if (expired_goes_on(c))
        return;
    registry_explain_wait(c, c->ticket_why, &err, text, sizeof text);
    registry_cancel(c);
    log_write(LOG_LEVEL_WARNING, client_who(c), "got no link: %s", text);
    bool over = c->user->source == USER_OF_SERVER && c->ticket_why == POOL_WHY_LOGIN_FAILED;
    client_fail_request(c, err.code, err.sqlstate, err.message);
    if (over && c->state != CLIENT_CLOSED && c->logged_in)
        client_close(c, CLOSE_LOGIN_OVER);
}

bool lease_leaves_gone_schema(struct client *c, const struct open_error *error)
{
    const struct request *r = &c->request;
    bool leaves = r->command->command == COMMAND_INIT_DB ||
                  (r->scanned && r->scan->statements == 1 && r->scan->verb == SQL_VERB_USE);
    struct session_state *s = error->code == ER_BAD_DB_ERROR && leaves
                                  ? session_state_with_schema(c->session, bytes_of_text(""))
                                  : NULL;
    if (s == NULL)
        return false;
    c->session = s;
    lease_acquire_again(c);
    return true;
}
