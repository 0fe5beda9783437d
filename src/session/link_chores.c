/* SPDX-License-Identifier: Apache-2.0
 * Chores: what Weir itself asks of a link, in one write, answers read in order. */
#include "base/check.h"
#include "mysql/query_attributes.h"
#include "net/compression.h"
#include "session/hash_reader.h"
#include "session/monitor.h"
#include "session/statement.h"

#include <stdio.h>
#include <string.h>

void link_chores_begin(struct link *l, enum chore_purpose purpose)
{
    CHECK(l->purpose == PURPOSE_NONE);
    CHECK(!l->reply_active);
    l->purpose = purpose;
    l->chore_count = 0;
    l->chore_at = 0;
    l->chore_failed = false;
    l->chores_sure = true;
    l->statement_refused = false;
    l->chore_error = (struct open_error){.code = ER_UNKNOWN_ERROR, .sqlstate = "HY000"};
}

void link_chore_add(struct link *l, enum chore chore, enum command command, struct bytes argument)
{
    link_chore_add_sure(l, chore, command, argument);
    l->chores_sure = false;
}

void link_chore_add_sure(struct link *l, enum chore chore, enum command command,
                         struct bytes argument)
{
    CHECK(l->chore_count < LINK_CHORES_MAX);
    bool attributes = command == COMMAND_QUERY && (l->capabilities & CAP(QUERY_ATTRIBUTES)) != 0;
    size_t before = 1 + (attributes ? QUERY_ATTRIBUTES_NONE_SIZE : 0);
    size_t size = FRAME_HEADER_SIZE + before + argument.size;
    uint8_t *out = stream_out_reserve(&l->stream, size);
    if (out == NULL) {
        l->chore_failed = true;
        return;
    }
    frame_header_write(out, (uint32_t)(before + argument.size), 0);
    out[FRAME_HEADER_SIZE] = (uint8_t)command;
    if (attributes)
        query_attributes_write_none(out + FRAME_HEADER_SIZE + 1);
    if (argument.size > 0)
        memcpy(out + FRAME_HEADER_SIZE + before, argument.data, argument.size);
    stream_out_commit(&l->stream, size);
    l->chores[l->chore_count++] = chore;
}

static enum command chore_command(enum chore chore)
{
    switch (chore) {
    case CHORE_RESET:
        return COMMAND_RESET_CONNECTION;
    case CHORE_SET_OPTION:
        return COMMAND_SET_OPTION;
    case CHORE_INIT_DB:
    case CHORE_INIT_DB_AGAIN:
        return COMMAND_INIT_DB;
    case CHORE_PREPARE:
        return COMMAND_STMT_PREPARE;
    case CHORE_PING:
        return COMMAND_PING;
    case CHORE_CHANGE_USER:
        return COMMAND_CHANGE_USER;
    case CHORE_TRACKERS:
    case CHORE_SET:
    case CHORE_PRIME:
    case CHORE_SIGNAL:
    case CHORE_READ_CONDITION_COUNT:
    case CHORE_READ_DIAGNOSTICS:
    case CHORE_READ_VARIABLES:
    case CHORE_READ_TRACKERS:
    case CHORE_READ_BACK:
    case CHORE_READ_BASELINE:
    case CHORE_READ_LIMITS:
    case CHORE_READ_GLOBAL:
    case CHORE_READ_USER_NAMES:
    case CHORE_READ_USER_TYPES:
    case CHORE_READ_USER_VALUES:
    case CHORE_SET_USER_VARIABLES:
    case CHORE_TEXT_PREPARE:
    case CHORE_TEXT_PREPARE_AHEAD:
    case CHORE_KILL:
    case CHORE_ROLLBACK:
    case CHORE_READ_ACCOUNT:
    case CHORE_READ_HASHES:
    case CHORE_READ_NUMBERS:
    case CHORE_READ_WEIRS:
        break;
    }
    return COMMAND_QUERY;
}

static void begin_reply(struct link *l)
{
    struct reply_dialect as_is = {
        .deprecate_eof = true,
        .session_track = true,
        .optional_metadata = (l->capabilities & CAP(OPTIONAL_METADATA)) != 0,
        .progress = (l->capabilities & CAP(MARIADB_PROGRESS)) != 0,
        .renumber = compression_of(&l->stream) != COMPRESSION_NONE,
        .filter = {.everything = true},
    };
    reply_begin(&l->reply, chore_command(l->chores[l->chore_at]), as_is, l->status);
    l->reply_active = true;
}

static void finish(struct link *l)
{
    l->reply_active = false;
    link_chores_done(l);
}

void link_chores_send(struct link *l)
{
    if (l->chore_count == 0) {
        finish(l);
        return;
    }
    link_set_state(l, LINK_CHORES);
    begin_reply(l);
    if (l->chore_failed)
        lease_link_lost(l, CLOSE_LINK_CHORE_FAILED);
    else if (stream_send(&l->stream, NULL) == STREAM_FAILED)
        lease_link_lost(l, CLOSE_LINK_LOST);
}

bool link_chores_may_lead(const struct link *l)
{
    return l->chore_count > 0 && l->chores_sure && !l->chore_failed;
}

void link_chores_lead(struct link *l)
{
    link_set_state(l, LINK_CHORES);
    begin_reply(l);
    l->request_follows = true;
}

static void keep_error(struct link *l, struct bytes reply)
{
    struct err_packet err;
    l->chore_failed = true;
    if (reply.size > FRAME_HEADER_SIZE &&
        err_packet_decode(bytes_of(reply.data + FRAME_HEADER_SIZE, reply.size - FRAME_HEADER_SIZE),
                          &err)) {
        l->chore_error.code = err.code;
        memcpy(l->chore_error.sqlstate, err.sqlstate, sizeof err.sqlstate);
        snprintf(l->chore_error.text, sizeof l->chore_error.text, "%.*s", (int)err.message.size,
                 (const char *)err.message.data);
    }
}

/* The reply of the current chore lies whole in [sent, parsed). */
static void on_chore_reply(struct link *l, struct bytes reply)
{
    enum chore chore = l->chores[l->chore_at];
    const struct reply_summary *s = &l->reply.summary;
    if (chore == CHORE_PREPARE) {
        statement_prepared(l, s, reply);
        return;
    }
    bool reads_variables = chore == CHORE_READ_USER_NAMES || chore == CHORE_READ_USER_TYPES ||
                           chore == CHORE_READ_USER_VALUES;
    if (s->error) {
        if (reads_variables)
            lease_read_back(l, chore, bytes_of(NULL, 0));
        else if (chore != CHORE_SIGNAL && chore != CHORE_INIT_DB_AGAIN &&
                 chore != CHORE_READ_GLOBAL && chore != CHORE_TEXT_PREPARE_AHEAD &&
                 chore != CHORE_READ_WEIRS && chore != CHORE_READ_HASHES &&
                 chore != CHORE_READ_ACCOUNT)
            keep_error(l, reply);
        if (chore == CHORE_READ_HASHES) {
            keep_error(l, reply);
            l->chore_failed = false;
        }
        return;
    }
    if (s->status_known) {
        l->status = s->status & (uint16_t) ~(STATUS_SESSION_STATE_CHANGED | STATUS_MORE_RESULTS);
        l->status_known = true;
    }
    if (chore == CHORE_READ_BACK || chore == CHORE_READ_TRACKERS ||
        chore == CHORE_READ_CONDITION_COUNT || chore == CHORE_READ_DIAGNOSTICS || reads_variables)
        lease_read_back(l, chore, reply);
    else if (chore == CHORE_READ_BASELINE)
        link_read_baseline(l, reply);
    else if (chore == CHORE_READ_GLOBAL)
        old_globals_read(l, reply);
    else if (chore == CHORE_READ_LIMITS)
        link_read_limits(l, reply);
    else if (chore == CHORE_READ_ACCOUNT)
        guest_read_account(l, reply);
    else if (chore == CHORE_READ_HASHES)
        hash_reader_read_reply(l, reply);
    else if (chore == CHORE_READ_NUMBERS || chore == CHORE_READ_WEIRS)
        monitor_read_reply(l, chore, reply);
}

static void answer_proof(struct link *l, const struct auth_packet *p, uint8_t sequence)
{
    uint8_t frame[LINK_AUTH_FRAME_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    if (!link_auth_answer(l, p, sequence, &w, &l->chore_error))
        link_answer_in_vain(l, sequence, &w); /* the account may have another method */
    if (w.size == 0)
        return;
    uint8_t *out = stream_out_reserve(&l->stream, w.size);
    if (out != NULL) {
        memcpy(out, frame, w.size);
        stream_out_commit(&l->stream, w.size);
    }
    if (out == NULL || stream_send(&l->stream, NULL) == STREAM_FAILED)
        lease_link_lost(l, CLOSE_LINK_CHORE_FAILED);
}

/* COM_CHANGE_USER is a login: the server asks for the proof first, and may say several things in a
 * row. True at its end. */
static bool next_of_change_user(struct link *l)
{
    while (l->state == LINK_CHORES && l->stream.in != NULL) {
        struct buffer *b = l->stream.in;
        struct frame_header header;
        struct bytes payload;
        if (frame_peek(buffer_unparsed(b), BUFFER_STANDARD / 2, &header, &payload) !=
            FRAME_COMPLETE)
            return false;
        struct auth_packet p = auth_packet_decode(payload);
        struct ok_packet ok;
        b->parsed += FRAME_HEADER_SIZE + payload.size;
        b->sent = b->parsed;
        if (p.kind == AUTH_PACKET_SWITCH || p.kind == AUTH_PACKET_MORE) {
            answer_proof(l, &p, header.sequence);
            continue;
        }
        if (p.kind != AUTH_PACKET_OK || !ok_packet_decode(payload, &ok))
            l->chore_failed = true;
        else
            l->status = ok.status & (uint16_t)~STATUS_SESSION_STATE_CHANGED;
        return true;
    }
    return false;
}

/* One reply further, or false when more bytes are needed. */
static bool next_reply(struct link *l)
{
    struct buffer *b = l->stream.in;
    if (b == NULL)
        return false;
    if (l->chores[l->chore_at] == CHORE_CHANGE_USER)
        return next_of_change_user(l);
    for (;;) {
        struct reply_window w = {b->data, 0, b->sent, b->parsed, b->received};
        enum reply_verdict v = reply_step(&l->reply, &w);
        b->sent = w.out;
        b->parsed = w.parsed;
        b->received = w.end;
        switch (v) {
        case REPLY_STATUS:
            learn_link_trackers(l, l->reply.trackers);
            if (l->chores[l->chore_at] == CHORE_READ_VARIABLES && l->client != NULL)
                track_read(l->client, l->reply.trackers);
            if (l->chores[l->chore_at] == CHORE_INIT_DB)
                learn_login_schema(l, l->reply.trackers);
            continue;
        case REPLY_MORE:
            if (l->reply.need > 0 && !stream_hold(&l->stream, l->reply.need))
                lease_link_lost(l, CLOSE_LINK_PROTOCOL);
            return false;
        case REPLY_ENDED:
            on_chore_reply(l, bytes_of(b->data + b->sent, b->parsed - b->sent));
            b->sent = b->parsed;
            return true;
        case REPLY_FLUSH:
        case REPLY_INFILE:
        case REPLY_BROKEN:
            lease_link_lost(l, CLOSE_LINK_PROTOCOL);
            return false;
        }
    }
}

void link_chores_continue(struct link *l)
{
    if (!l->request_follows && l->stream.out != NULL && l->stream.io.writable &&
        stream_send(&l->stream, NULL) == STREAM_FAILED) {
        lease_link_lost(l, CLOSE_LINK_CHORE_FAILED);
        return;
    }
    while (l->state == LINK_CHORES) {
        if (next_reply(l)) {
            l->chore_at++;
            if (l->chore_at < l->chore_count) {
                begin_reply(l);
                continue;
            }
            stream_trim(&l->stream);
            if (l->stream.in != NULL && !l->request_follows) /* bytes that nobody has asked for */
                lease_link_lost(l, CLOSE_LINK_CLOSED_BY_SERVER);
            else
                finish(l);
            return;
        }
        if (l->state != LINK_CHORES)
            return;
        switch (stream_fill(&l->stream)) {
        case STREAM_OK:
            break;
        case STREAM_AGAIN:
            return;
        case STREAM_FULL:
            if (stream_hold(&l->stream, BUFFER_STANDARD))
                break;
            FALLTHROUGH;
        case STREAM_EOF:
        case STREAM_FAILED:
            lease_link_lost(l, CLOSE_LINK_CLOSED_BY_SERVER);
            return;
        }
    }
}
