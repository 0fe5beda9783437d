/* SPDX-License-Identifier: Apache-2.0
 * Commands that Weir answers itself, or by rules of its own. */
#include "base/check.h"
#include "base/reader.h"
#include "session/client.h"

void client_finish_local(struct client *c)
{
    struct buffer *b = c->stream.in;
    b->parsed += FRAME_HEADER_SIZE + (size_t)c->request.frame_left;
    b->sent = b->parsed;
    stream_trim(&c->stream);
    c->request.begun = false;
    counters_add(&c->worker->counters, COUNTER_local_replies, 1);
    client_set_state(c, CLIENT_IDLE);
    if (c->link != NULL && !c->link->soft && c->link->purpose == PURPOSE_NONE)
        lease_after_request(c); /* pins of the statement before have ended */
}

static void answer_ok(struct client *c)
{
    client_send_ok(c, 1);
    client_finish_local(c);
    (void)!client_flush(c);
}

/* With a link, the link answers: its status may be news, and residue changes as on a server. */
static bool ping(struct client *c)
{
    if (c->link != NULL)
        return false;
    c->residue.row_count = 0;
    answer_ok(c);
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
    c->session = s;
    c->pins = 0;
    c->status = c->facts->status;
    residue_init(&c->residue);
    c->tracks = SESSION_TRACK_FILTER_DEFAULT;
    answer_ok(c);
    return true;
}

static bool process_kill(struct client *c, struct bytes payload)
{
    struct reader r = reader_over(payload);
    uint32_t id;
    if (!reader_skip(&r, 1) || !reader_u32(&r, &id) || !client_id_is_ours(id))
        return false;
    kill_begin(c, id, false);
    return true;
}

static bool query(struct client *c)
{
    const struct sql_scan *s = &c->request.scan;
    if (!c->request.whole || s->kill == SQL_KILL_NONE || !client_id_is_ours(s->kill_id))
        return false;
    kill_begin(c, s->kill_id, s->kill == SQL_KILL_QUERY);
    return true;
}

static bool change_user(struct client *c, struct bytes payload, uint8_t sequence, bool whole)
{
    if (!whole) {
        client_close(c, CLOSE_CLIENT_PROTOCOL);
        return true;
    }
    client_change_user(c, payload, sequence);
    if (c->state != CLIENT_CLOSED) {
        enum client_state state = c->state;
        client_finish_local(c);
        client_set_state(c, state);
    }
    return true;
}

bool client_serve_locally(struct client *c, struct bytes payload, uint8_t sequence, bool whole)
{
    enum command command = c->request.command->command;
    if (command == COMMAND_QUERY)
        return query(c);
    if (command == COMMAND_QUIT) {
        client_close(c, CLOSE_QUIT);
        return true;
    }
    if (command == COMMAND_PING)
        return whole && ping(c);
    if (command == COMMAND_RESET_CONNECTION)
        return whole && reset_connection(c);
    if (command == COMMAND_CHANGE_USER)
        return change_user(c, payload, sequence, whole);
    if (command == COMMAND_PROCESS_KILL)
        return whole && process_kill(c, payload);
    return false;
}
