/* SPDX-License-Identifier: Apache-2.0
 * Bytes from a server to its client, straight out of the link's buffer. */
#include "base/check.h"
#include "session/client_timeouts.h"
#include "session/expired.h"
#include "session/local_file.h"
#include "session/statement.h"

/* Receives per turn: one client's large result must not keep the others waiting. */
#define RELAY_TURNS 16

enum relay_step { RELAY_ON, RELAY_STOP };

/* What the tracker says about the bytes that are there. */
static enum reply_verdict judge(struct link *l)
{
    if (l->reply.dialect.renumber && !l->reply.numbered) {
        l->reply.last_sequence = l->client->request.last_sequence;
        l->reply.numbered = true;
    }
    for (;;) {
        struct buffer *b = l->stream.in;
        struct reply_window w = {b->data, 0, b->sent, b->parsed, b->received};
        enum reply_verdict v = reply_step(&l->reply, &w);
        b->sent = w.out;
        b->parsed = w.parsed;
        b->received = w.end;
        if (v != REPLY_STATUS)
            return v;
        if (l->reply.shape == REPLY_SHAPE_PREPARE) {
            if (!statement_answered(l))
                return REPLY_BROKEN;
            continue;
        }
        learn_link_trackers(l, l->reply.trackers);
        learn_trackers(l->client, l->reply.trackers);
        l->reply.dialect.filter = l->client->tracks; /* which this statement may have changed */
    }
}

/* A KILL of one of Weir's ids that the lexer has not seen: the server's error never was. */
static bool taken_over(struct link *l)
{
    struct buffer *b = l->stream.in;
    if (!kill_takes_over(l, bytes_of(b->data + b->sent, b->parsed - b->sent)))
        return false;
    b->sent = b->parsed;
    stream_trim(&l->stream);
    return true;
}

static bool changes_logins(const struct request *r)
{
    return r->scanned && sql_scan_has(r->scan, SQL_EFFECT_CHANGES_LOGINS);
}

static enum relay_step act(struct link *l, enum reply_verdict v)
{
    switch (v) {
    case REPLY_ENDED:
        l->reply_active = false;
        if (l->refuses_file) {
            local_file_refused(l);
            return RELAY_STOP;
        }
        if (l->reply.summary.error_code == ER_NO_SUCH_THREAD && taken_over(l))
            return RELAY_STOP;
        if (l->overdue)
            l->overdue = client_explain_overdue(l->client);
        /* Before the client hears of it: what logs in from now on must find it. */
        if (changes_logins(&l->client->request)) {
            registry_logins_changed(l->client);
            expired_answered(l);
        }
        l->reply_ended = true;
        return RELAY_ON;
    case REPLY_INFILE:
        if (!local_file_is_invited(l->client))
            break;
        if (!local_file_is_agreed(l->client))
            return local_file_refuse(l) ? RELAY_ON : RELAY_STOP;
        client_set_state(l->client, CLIENT_INFILE);
        return RELAY_ON;
    case REPLY_MORE:
    case REPLY_FLUSH:
        return RELAY_ON;
    case REPLY_STATUS:
    case REPLY_BROKEN:
        break;
    }
    lease_link_lost(l, CLOSE_LINK_PROTOCOL);
    return RELAY_STOP;
}

/* Everything that is ready goes to the client. */
static enum relay_step pass_on(struct link *l)
{
    struct client *c = l->client;
    enum stream_result r = stream_forward(&c->stream, &l->stream);
    if (r == STREAM_FAILED) {
        client_close(c, CLOSE_CLIENT_IO);
        return RELAY_STOP;
    }
    if (r == STREAM_AGAIN) {
        client_stalled(c);
        return RELAY_STOP; /* until the client takes it, nothing more is read */
    }
    if (l->reply_ended) {
        l->reply_ended = false;
        client_reply_done(c);
        return RELAY_STOP;
    }
    return c->state == CLIENT_INFILE ? RELAY_STOP : RELAY_ON;
}

static enum relay_step receive(struct link *l)
{
    if (l->reply.need > 0 && !stream_hold(&l->stream, l->reply.need)) {
        lease_link_lost(l, CLOSE_LINK_PROTOCOL);
        return RELAY_STOP;
    }
    switch (stream_fill(&l->stream)) {
    case STREAM_OK:
        return RELAY_ON;
    case STREAM_AGAIN:
        return RELAY_STOP;
    case STREAM_FULL:
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    lease_link_lost(l, CLOSE_LINK_LOST);
    return RELAY_STOP;
}

void relay_reply(struct link *l)
{
    struct client *c = l->client;
    if (l->request_follows) {
        link_chores_continue(l);
        if (c->link != l || l->request_follows)
            return;
    }
    for (int turn = 0; turn < RELAY_TURNS; turn++) {
        enum reply_verdict v = REPLY_MORE;
        if (l->stream.in != NULL && l->reply_active) {
            v = judge(l);
            if (act(l, v) == RELAY_STOP)
                return;
        }
        if (pass_on(l) == RELAY_STOP)
            return;
        if (v != REPLY_FLUSH && receive(l) == RELAY_STOP)
            return;
    }
    loop_defer(c->worker->loop, &c->more);
}
