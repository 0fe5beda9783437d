/* SPDX-License-Identifier: Apache-2.0
 * Sending a request that names a prepared statement: the id is the server's, and types of
 * parameters that the client told to another link go with it. */
#include "session/statement.h"

#include "base/check.h"
#include "mysql/execute_packet.h"

#include <string.h>

static void write_id(uint8_t *payload, uint32_t id)
{
    struct writer w = writer_over(payload + STATEMENT_ID_AT, 4);
    writer_uint(&w, 4, id);
}

/* The request's head goes ahead with the types in it. The payload is longer then, so the frames of
 * one that needs several end elsewhere. */
static bool send_head_with_types(struct client *c, const struct execute_head *head,
                                 struct bytes payload)
{
    struct request *r = &c->request;
    struct bytes types = bytes_of(r->statement->types->bytes, r->statement->types->size);
    struct buffer *b = c->stream.in;
    size_t before = execute_head_size_with(head, types); /* of the values */
    uint8_t *out = stream_out_reserve(&c->link->stream, FRAME_HEADER_SIZE + before);
    if (out == NULL)
        return false;
    size_t size = r->frame_left + before - head->types_at;
    r->reframing = r->frame_full || size >= FRAME_PAYLOAD_MAX;
    if (r->reframing) {
        size = FRAME_PAYLOAD_MAX;
        r->sent_sequence = 0;
        r->sent_full = true;
        r->sent_left = (uint32_t)(size - before);
    }
    frame_header_write(out, (uint32_t)size, 0);
    execute_head_with_types(payload, head, types, out + FRAME_HEADER_SIZE);
    stream_out_commit(&c->link->stream, FRAME_HEADER_SIZE + before);
    b->parsed += FRAME_HEADER_SIZE + head->types_at;
    b->sent = b->parsed;
    r->frame_left -= (uint32_t)head->types_at;
    return true;
}

/* The client's types become known, or the server is to be told them. */
static enum statement_sending settle_types(struct client *c, struct link_statement *there,
                                           struct bytes payload)
{
    struct statement *s = c->request.statement;
    struct execute_head head;
    if (s->parameters == 0 ||
        !execute_head_read(payload, s->parameters, statement_execute_form(c), &head)) {
        statement_cache_know_types(there, NULL);
        return STATEMENT_TO_BE_SENT;
    }
    if (head.has_types) {
        if (!statement_types_equal(s->types, head.types)) {
            statement_types_release(s->types);
            s->types = statement_types_create(head.types);
        }
        statement_cache_know_types(there, s->types);
        return STATEMENT_TO_BE_SENT;
    }
    if (s->types == NULL || there->types == s->types ||
        statement_types_equal(there->types, bytes_of(s->types->bytes, s->types->size)))
        return STATEMENT_TO_BE_SENT;
    statement_cache_know_types(there, s->types);
    return send_head_with_types(c, &head, payload) ? STATEMENT_HEAD_SENT : STATEMENT_NOT_SENT;
}

enum statement_sending statement_begin_sending(struct client *c)
{
    struct request *r = &c->request;
    enum command command = r->command->command;
    if (r->command->policy != COMMAND_STATEMENT || command == COMMAND_STMT_PREPARE)
        return STATEMENT_TO_BE_SENT;
    struct bytes payload = statement_payload(c);
    uint8_t *bytes = c->stream.in->data + c->stream.in->parsed + FRAME_HEADER_SIZE;
    if (payload.size < STATEMENT_ID_AT + 4)
        return STATEMENT_TO_BE_SENT;
    if (r->statement == NULL) { /* long data for a statement that is not there */
        write_id(bytes, 0);
        return STATEMENT_TO_BE_SENT;
    }
    struct link_statement *there = statement_on_link(c, r->statement);
    CHECK(there != NULL);
    write_id(bytes, there->server_id);
    statement_cache_touch(c->link->statements, there);
    if (command == COMMAND_STMT_SEND_LONG_DATA) {
        r->statement->long_data = true;
        statement_settle(c, r->statement);
        return STATEMENT_TO_BE_SENT;
    }
    if (command == COMMAND_STMT_EXECUTE && !there->executed) {
        there->executed = true;
        there->began_with_cursor = r->asks_cursor;
    }
    return r->scanned ? settle_types(c, there, payload) : STATEMENT_TO_BE_SENT;
}

/* -------- frames that end elsewhere -------- */

static void write_header(struct client *c, uint32_t size)
{
    struct request *r = &c->request;
    struct buffer *b = c->stream.in;
    uint32_t most = size < FRAME_PAYLOAD_MAX ? size : FRAME_PAYLOAD_MAX;
    frame_header_write(b->data + b->parsed, most, ++r->sent_sequence);
    b->parsed += FRAME_HEADER_SIZE;
    r->sent_left = most;
    r->sent_full = most == FRAME_PAYLOAD_MAX;
}

/* The rest of the client's frame and the header of its next one: the header goes to the front. */
static bool swap_header(struct client *c)
{
    struct request *r = &c->request;
    struct buffer *b = c->stream.in;
    if (b->received - b->parsed < r->frame_left + FRAME_HEADER_SIZE)
        return false;
    uint8_t *rest = b->data + b->parsed;
    struct frame_header next = frame_header_read(rest + r->frame_left);
    r->last_sequence++;
    memmove(rest + FRAME_HEADER_SIZE, rest, r->frame_left);
    r->frame_left += next.size;
    r->frame_full = next.size == FRAME_PAYLOAD_MAX;
    write_header(c, r->frame_left);
    return true;
}

/* The rest of the client's last frame needs a header of its own. */
static bool insert_header(struct client *c)
{
    struct request *r = &c->request;
    if (c->stream.in == NULL)
        c->stream.in = buffer_get(c->stream.cache);
    if (c->stream.in == NULL)
        return false;
    struct buffer *b = buffer_reserve(c->stream.cache, c->stream.in, FRAME_HEADER_SIZE);
    if (b == NULL)
        return false;
    c->stream.in = b;
    memmove(b->data + b->parsed + FRAME_HEADER_SIZE, b->data + b->parsed, b->received - b->parsed);
    b->received += FRAME_HEADER_SIZE;
    write_header(c, r->frame_left);
    return true;
}

enum statement_claim statement_claim(struct client *c)
{
    struct request *r = &c->request;
    for (;;) {
        struct buffer *b = c->stream.in;
        if (r->sent_left == 0) {
            if (!r->sent_full)
                return STATEMENT_CLAIM_LAST;
            if (b == NULL && r->frame_full)
                return STATEMENT_CLAIM_MORE;
            if (r->frame_full && !stream_hold(&c->stream, r->frame_left + FRAME_HEADER_SIZE))
                return STATEMENT_CLAIM_FAILED;
            if (r->frame_full && !swap_header(c))
                return STATEMENT_CLAIM_MORE;
            if (r->sent_left == 0 && !insert_header(c))
                return STATEMENT_CLAIM_FAILED;
            if (r->sent_left == 0)
                return STATEMENT_CLAIM_LAST;
            continue;
        }
        size_t there = b != NULL ? b->received - b->parsed : 0;
        uint32_t n = r->sent_left < there ? r->sent_left : (uint32_t)there;
        if (n == 0)
            return STATEMENT_CLAIM_MORE;
        b->parsed += n;
        r->sent_left -= n;
        r->frame_left -= n;
    }
}
