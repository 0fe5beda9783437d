/* SPDX-License-Identifier: Apache-2.0
 * Commands that Weir answers itself, or by rules of its own. */
#include "base/check.h"
#include "base/reader.h"
#include "session/private_state.h"
#include "session/statement.h"

void client_finish_local(struct client *c)
{
    struct buffer *b = c->stream.in;
    b->parsed += FRAME_HEADER_SIZE + (size_t)c->request.frame_left;
    b->sent = b->parsed;
    stream_trim(&c->stream);
    client_finish_answered(c);
}

void client_finish_answered(struct client *c)
{
    c->request.begun = false;
    counters_add(&c->worker->counters, COUNTER_local_replies, 1);
    client_set_state(c, CLIENT_IDLE);
    if (c->link != NULL && !c->link->soft && c->link->purpose == PURPOSE_NONE)
        lease_after_request(c); /* pins of the statement before have ended */
}

void client_answer_error(struct client *c, uint16_t code, const char *sqlstate,
                         struct bytes message)
{
    client_send_error(c, 1, code, sqlstate, message);
    residue_of_error(c, code, sqlstate, message);
}

void client_answer_mysql_error(struct client *c, enum mysql_error code, ...)
{
    char text[600];
    va_list args;
    va_start(args, code);
    const struct mysql_error_row *row = client_word_error(text, sizeof text, code, args);
    va_end(args);
    client_answer_error(c, (uint16_t)row->code, row->sqlstate, bytes_of_text(text));
}

/* Like every statement that changes no rows. */
void client_answer_ok(struct client *c)
{
    client_send_ok(c, 1);
    c->residue.row_count = 0;
    if (c->link != NULL)
        c->link->residue_true &= ~SQL_EFFECT_BIT(READS_ROW_COUNT);
}

static void answer_ok(struct client *c)
{
    client_answer_ok(c);
    client_finish_local(c);
    (void)!client_flush(c);
}

/* With a link, the link answers: its status may be news, and residue changes as on a server. */
static bool ping(struct client *c)
{
    if (c->link != NULL)
        return false;
    bool counts = server_has(c->facts->server, SERVER_ABILITY_PING_COUNTS_WARNINGS);
    bool saved = c->residue.diagnostics == DIAGNOSTICS_SAVED;
    unsigned warnings = saved ? 1 : kept_conditions_count(c->residue.kept);
    client_send_ok_with_warnings(c, 1, counts ? (uint16_t)warnings : 0);
    c->residue.row_count = 0;
    client_finish_local(c);
    (void)!client_flush(c);
    return true;
}

/* The session is as after the login, but for its schema; what the link had of the old one is
 * cleaned away there. */
static bool reset_connection(struct client *c)
{
    struct session_state *s = session_state_after_reset(c->session, c->login_session);
    if (s == NULL) {
        client_close(c, CLOSE_NO_MEMORY);
        return true;
    }
    lease_leave(c, false);
    statement_forget_all(c);
    c->session = s;
    c->login_epoch = atomic_load(&c->group->login_epoch);
    c->pins = 0;
    track_forget(c);
    private_state_forget(c);
    c->transaction_lost = false;
    c->status = c->facts->status;
    residue_reset(&c->residue);
    learn_default_tracking(c);
    answer_ok(c);
    return true;
}

static bool process_kill(struct client *c, struct bytes payload)
{
    struct reader r = reader_over(payload);
    uint32_t id;
    if (server_has(c->facts->server, SERVER_ABILITY_KILLS_BY_SQL_ALONE) || !reader_skip(&r, 1) ||
        !reader_u32(&r, &id) || !client_id_is_ours(id))
        return false;
    kill_begin(c, id, false);
    return true;
}

static bool query(struct client *c, struct bytes payload)
{
    const struct sql_scan *s = c->request.scan;
    struct bytes text = client_request_sql(c, payload);
    if (c->request.whole && client_answer_number(c, text)) {
        client_finish_local(c);
        (void)!client_flush(c);
        return true;
    }
    if (!c->request.whole || s->kill == SQL_KILL_NONE || !client_id_is_ours(s->kill_id))
        return false;
    kill_begin(c, s->kill_id, s->kill == SQL_KILL_QUERY);
    return true;
}

static bool close_for_protocol(struct client *c)
{
    client_close(c, CLOSE_CLIENT_PROTOCOL);
    return true;
}

static bool change_user(struct client *c, struct bytes payload, uint8_t sequence, bool whole)
{
    if (!whole)
        return close_for_protocol(c);
    client_change_user(c, payload, sequence);
    if (c->state != CLIENT_CLOSED) {
        enum client_state state = c->state;
        client_finish_local(c);
        client_set_state(c, state);
    }
    return true;
}

/* Links speak it always, so only here can a client be told that it did not agree to it. */
static bool bulk_execute(struct client *c, struct bytes payload)
{
    bool understood = payload.size >= 1 + 4 + 2;
    if (!c->facts->server.mariadb || (c->capabilities & CAP(MARIADB_STMT_BULK)) != 0 || !understood)
        return false;
    client_answer_mysql_error(c, ER_UNSUPPORTED_PS);
    client_finish_local(c);
    (void)!client_flush(c);
    return true;
}

bool client_serve_locally(struct client *c, struct bytes payload, uint8_t sequence, bool whole)
{
    enum command command = c->request.command->command;
    if (c->link == NULL && kept_conditions_serve(c))
        return true;
    if (command == COMMAND_QUERY)
        return query(c, payload);
    if (command == COMMAND_QUIT) {
        client_close(c, CLOSE_QUIT);
        return true;
    }
    if (command == COMMAND_PING)
        return whole && ping(c);
    if (command == COMMAND_RESET_CONNECTION)
        return whole ? reset_connection(c) : close_for_protocol(c);
    if (command == COMMAND_CHANGE_USER)
        return change_user(c, payload, sequence, whole);
    if (command == COMMAND_STMT_BULK_EXECUTE && whole && bulk_execute(c, payload))
        return true;
    if (c->request.command->policy == COMMAND_STATEMENT)
        return statement_serve_locally(c, payload);
    if (command == COMMAND_PROCESS_KILL)
        return whole && process_kill(c, payload);
    return false;
}
