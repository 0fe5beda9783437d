/* SPDX-License-Identifier: Apache-2.0
 * One row each of a client and of a link, by the worker that has them. */
#include "mysql/sql_redact.h"
#include "net/compression.h"
#include "net/tls.h"
#include "session/client.h"
#include "session/client_attributes.h"
#include "session/request_record.h"
#include "session/snapshot_build.h"
#include "session/statement.h"
#include "session/text_statements.h"
#include "session/user_store.h"

#include <stdio.h>

static usec_t elapsed(usec_t since, usec_t now)
{
    return since != 0 && now > since ? now - since : 0;
}

/* -------- clients -------- */

static bool is_in_login(const struct client *c)
{
    return !c->logged_in || c->login_schema != NULL || c->state == CLIENT_AUTHENTICATING ||
           c->state == CLIENT_PROVING;
}

/* As servers say it, before a proof was seen. */
static const char *user_of(const struct client *c)
{
    bool proved = c->user != NULL && c->state != CLIENT_LOGIN && c->state != CLIENT_AUTHENTICATING;
    return proved ? c->user->name : "unauthenticated user";
}

static bool is_busy(const struct client *c)
{
    switch (c->state) {
    case CLIENT_WAITING:
    case CLIENT_RESTORING:
    case CLIENT_REQUEST:
    case CLIENT_REPLY:
    case CLIENT_INFILE:
    case CLIENT_KILLING:
        return !is_in_login(c);
    case CLIENT_GREETING:
    case CLIENT_TLS:
    case CLIENT_LOGIN:
    case CLIENT_AUTHENTICATING:
    case CLIENT_PROVING:
    case CLIENT_DELAYED:
    case CLIENT_IDLE:
    case CLIENT_CLOSING:
    case CLIENT_CLOSED:
    case CLIENT_STATE_COUNT:
        break;
    }
    return false;
}

static const char *command_of(const struct client *c)
{
    if (is_in_login(c))
        return c->logged_in ? "Change user" : "Connect";
    if (c->state == CLIENT_CLOSING)
        return "Quit";
    return is_busy(c) ? c->request.command->text : "Sleep";
}

static const char *pin_names_of(struct snapshot_texts *t, pins_t pins)
{
    char names[512];
    size_t size = 0;
    for (unsigned i = 0; i < PIN_COUNT; i++) {
        if ((pins >> i & 1) == 0)
            continue;
        int n = snprintf(names + size, sizeof names - size, "%s%s", size > 0 ? "," : "",
                         pin_name((enum pin)i));
        if (n < 0 || (size_t)n >= sizeof names - size)
            break;
        size += (size_t)n;
    }
    return snapshot_text(t, bytes_of(names, size));
}

/* What a client that sends nothing keeps its link for. */
static const char *why_held(struct snapshot_texts *t, const struct snapshot_client *row)
{
    char text[600];
    if (row->pins == 0)
        return row->in_transaction ? "in transaction" : "";
    int n = snprintf(text, sizeof text, "%spinned by %s",
                     row->in_transaction ? "in transaction, " : "", row->pin_names);
    return snapshot_text(t, bytes_of(text, (size_t)n));
}

static const char *state_of(struct snapshot_texts *t, const struct snapshot_client *row,
                            const struct client *c)
{
    if (c->state == CLIENT_IDLE)
        return why_held(t, row);
    if (c->state == CLIENT_WAITING && c->request.awaits_catalogue)
        return "waiting until views, triggers and routines are read";
    return client_state_text(c->state);
}

static void add_lease(struct snapshot_client *row, const struct client *c, usec_t now)
{
    const struct link *l = c->link;
    if (l == NULL)
        return;
    row->link = l->id;
    row->thread_id = l->thread_id;
    row->link_for = elapsed(l->leased_at, now);
    row->firm = !l->soft;
    row->in_transaction = l->status_known && link_in_transaction(l);
}

static void add_statement(struct snapshot_client *row, struct snapshot_texts *t,
                          const struct client *c)
{
    const struct request_record *r = request_record_of(c);
    if (r == NULL || r->text_size == 0)
        return;
    uint8_t memory[RECORD_TEXT_MAX];
    struct bytes text =
        sql_redact(r->scan.mode, bytes_of(r->text, r->text_size), memory, sizeof memory);
    row->statement = snapshot_text(t, text);
    row->statement_size = row->statement[0] != '\0' || r->text[0] == '\0' ? text.size : 0;
    row->statement_total = r->text_total;
}

static void add_attributes(struct snapshot_client *row, struct snapshot_texts *t,
                           const struct client *c)
{
    if (c->attributes == NULL)
        return;
    row->program_name = snapshot_text(t, client_attribute(c, "program_name"));
    row->pid = snapshot_text(t, client_attribute(c, "_pid"));
    row->client_name = snapshot_text(t, client_attribute(c, "_client_name"));
    row->login_way = c->logged_in ? (enum login_way)c->login_way : LOGIN_NONE;
    row->client_version = snapshot_text(t, client_attribute(c, "_client_version"));
    row->os = snapshot_text(t, client_attribute(c, "_os"));
}

static void add_session(struct snapshot_client *row, struct snapshot_texts *t,
                        const struct client *c)
{
    if (c->session != NULL) {
        row->schema = snapshot_text(t, bytes_of_text(c->session->schema));
        row->variables = (unsigned)c->session->variable_count;
    }
    row->statements =
        c->statements != NULL ? (unsigned)hashmap_u64_count(&c->statements->by_id) : 0;
    row->text_statements =
        c->text_statements != NULL ? text_statements_count(c->text_statements) : 0;
    row->user_variables = c->user_variables != NULL;
}

static usec_t command_began_at(const struct client *c)
{
    const struct request_record *r = request_record_of(c);
    if (!c->logged_in)
        return c->connected_at;
    return is_busy(c) && r != NULL ? r->begun_at : c->state_since;
}

void snapshot_client_row(struct snapshot_client *row, struct snapshot_texts *t,
                         const struct client *c)
{
    usec_t now = loop_now(c->worker->loop);
    *row = (struct snapshot_client){
        .id = c->id,
        .worker = c->worker->index,
        .user = snapshot_text(t, bytes_of_text(user_of(c))),
        .host = snapshot_text(t, c->peer[0] == 'u' ? bytes_of_text("localhost")
                                                   : bytes_of_text(c->peer)),
        .schema = "",
        .server = c->group != NULL ? c->group->name : "",
        .command = command_of(c),
        .command_for = elapsed(command_began_at(c), now),
        .state_for =
            elapsed(c->state == CLIENT_WAITING ? c->state_since : command_began_at(c), now),
        .connected_for = elapsed(c->connected_at, now),
        .logged_in = c->logged_in,
        .busy = is_busy(c),
        .waiting = c->state == CLIENT_WAITING,
        .statement = "",
        .pins = c->pins,
        .pin_names = c->pins != 0 ? pin_names_of(t, c->pins) : "",
        .status = c->status,
        .questions = c->questions,
        .bytes_received = c->stream.bytes_received,
        .bytes_sent = c->stream.bytes_sent,
        .tls = tls_version(&c->stream),
        .compression = compression_name(compression_of(&c->stream)),
        .interactive = (c->capabilities & CAP(INTERACTIVE)) != 0,
        .program_name = "",
        .pid = "",
        .client_name = "",
        .client_version = "",
        .os = "",
    };
    add_lease(row, c, now);
    add_statement(row, t, c);
    add_attributes(row, t, c);
    add_session(row, t, c);
    row->state = state_of(t, row, c);
}

/* -------- links -------- */

static const char *purpose_text(enum chore_purpose purpose)
{
    switch (purpose) {
    case PURPOSE_NONE:
        break;
    case PURPOSE_OPEN:
        return "end of the login";
    case PURPOSE_UNSELECT:
    case PURPOSE_RESTORE:
        return "restoring a session";
    case PURPOSE_PARK:
        return "asking for what its client may ask later";
    case PURPOSE_LOOK:
        return "asking for what its client asks now";
    case PURPOSE_CLEAN:
        return "cleaning up after a client";
    case PURPOSE_SOIL:
        return "debug_link_switching";
    case PURPOSE_KILL:
        return "KILL";
    case PURPOSE_HASHES:
        return "reading hashes (auth_user)";
    case PURPOSE_MONITOR:
        return "reading the server's numbers";
    case PURPOSE_ROLLBACK:
        return "rolling back (leak_action)";
    }
    return "";
}

static const char *side_text(const struct link *l)
{
    if (!l->side)
        return "";
    if (l->kill != NULL)
        return "KILL";
    if (l->monitor != NULL)
        return "monitor";
    if (l->hash_reader != NULL)
        return "reading hashes (auth_user)";
    return l->reader != NULL ? "reading views, triggers and routines" : "reading the greeting";
}

void snapshot_resting_row(struct snapshot_link *row, const struct link *l, usec_t now)
{
    *row = (struct snapshot_link){
        .id = l->id,
        .thread_id = l->thread_id,
        .server = l->pool->group->name,
        .user = l->pool->user->name,
        .schema = "",
        .opened_for = "",
        .state = l->state == LINK_LEASED && l->soft ? "leased softly" : link_state_text(l->state),
        .purpose = purpose_text(l->purpose),
        .side = side_text(l),
        .worker = -1,
        .last_client = l->residue_of,
        .in_transaction = l->status_known && link_in_transaction(l),
        .status = l->status,
        .since = elapsed(l->seat.since, now),
        .age = elapsed(l->opened_at, now),
        .expires_in = elapsed(now, l->seat.expires),
        .statements = l->statements != NULL ? (unsigned)statement_cache_count(l->statements) : 0,
        .variables = l->session != NULL ? (unsigned)l->session->variable_count : 0,
        .bytes_received = l->stream.bytes_received,
        .bytes_sent = l->stream.bytes_sent,
        .tls = tls_version(&l->stream),
        .compression = compression_name(compression_of(&l->stream)),
        .dialect = l->pool->dialect,
    };
}

void snapshot_link_row(struct snapshot_link *row, struct snapshot_texts *t, const struct link *l)
{
    pthread_mutex_lock(&l->pool->group->lock); /* for its seat */
    snapshot_resting_row(row, l, loop_now(l->worker->loop));
    pthread_mutex_unlock(&l->pool->group->lock);
    row->worker = (int)l->worker->index;
    row->user = snapshot_text(t, bytes_of_text(row->user));
    row->opened_for = snapshot_text(t, bytes_of_text(l->opened_for));
    if (l->session != NULL)
        row->schema = snapshot_text(t, bytes_of_text(l->session->schema));
    if (l->client != NULL) {
        row->client = l->client->id;
        row->firm = !l->soft;
    }
}
