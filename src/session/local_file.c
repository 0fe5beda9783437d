/* SPDX-License-Identifier: Apache-2.0
 * Who may be asked for a file, and what the others are told. */
#include "session/local_file.h"

#include "base/log.h"

#include <string.h>

bool local_file_is_agreed(const struct client *c)
{
    return (c->capabilities & CAP(LOCAL_FILES)) != 0;
}

bool local_file_is_invited(const struct client *c)
{
    static const enum sql_effect may_hide_one[] = {
        SQL_EFFECT_IN_FILE,      SQL_EFFECT_TEXT_PREPARE, SQL_EFFECT_STORED_CODE,
        SQL_EFFECT_UNKNOWN_VERB, SQL_EFFECT_UNTERMINATED,
    };
    const struct request *r = &c->request;
    if (!r->scanned)
        return true;
    for (size_t i = 0; i < countof(may_hide_one); i++)
        if (sql_scan_has(r->scan, may_hide_one[i]))
            return true;
    log_warning(client_who(c),
                "the server asked this client for a file, and its statement is no LOAD DATA LOCAL");
    return false;
}

void local_file_choose_pool(struct client *c)
{
    const struct request *r = &c->request;
    bool asks = r->scanned && r->whole && sql_scan_has(r->scan, SQL_EFFECT_IN_FILE);
    bool is_bound = c->link != NULL && !c->link->soft;
    if (!asks || is_bound || local_file_is_agreed(c))
        return;
    struct link_pool *pool =
        pool_registry_pool(c->worker, c->group, c->user, c->pool->dialect & ~CAP(LOCAL_FILES));
    if (pool == NULL || pool == c->pool)
        return;
    registry_client_gone(c);
    c->pool = pool; /* for good: who has tried once may try again */
    registry_client_came(c);
}

static const struct mysql_error_row *refusal(const struct client *c)
{
    return mysql_error_find(c->facts->server.mariadb ? ER_LOAD_INFILE_CAPABILITY_DISABLED
                                                     : ER_CLIENT_LOCAL_FILES_DISABLED);
}

static void send_refusal(struct client *c, uint8_t sequence)
{
    const struct mysql_error_row *row = refusal(c);
    client_send_error(c, sequence, (uint16_t)row->code, row->sqlstate, bytes_of_text(row->text));
}

/* Among other statements: a server would not have run those behind it, and after an empty file it
 * would. It does not when the connection ends. */
static bool give_up(struct link *l)
{
    struct client *c = l->client;
    if (stream_send(&c->stream, &l->stream) == STREAM_OK)
        send_refusal(c, l->reply.last_sequence);
    client_close(c, CLOSE_FILE_REFUSED);
    return false;
}

static bool send_empty_file(struct link *l, uint8_t sequence)
{
    uint8_t *out = stream_out_reserve(&l->stream, FRAME_HEADER_SIZE);
    if (out == NULL)
        return false;
    frame_header_write(out, 0, sequence);
    stream_out_commit(&l->stream, FRAME_HEADER_SIZE);
    return stream_send(&l->stream, NULL) != STREAM_FAILED;
}

bool local_file_refuse(struct link *l)
{
    struct client *c = l->client;
    struct buffer *b = l->stream.in;
    if (b->received != b->parsed || b->parsed - b->sent < l->reply.need) {
        lease_link_lost(l, CLOSE_LINK_PROTOCOL);
        return false;
    }
    b->parsed -= l->reply.need;
    b->received = b->parsed;
    bool alone =
        l->reply.summary.parts == 0 && (!c->request.scanned || c->request.scan->statements <= 1);
    if (!alone)
        return give_up(l);
    stream_trim(&l->stream);
    l->refuses_file = true;
    l->refusal_sequence = l->reply.last_sequence;
    uint8_t sequence = (uint8_t)(l->refusal_sequence + 1);
    reply_infile_done(&l->reply, sequence);
    if (send_empty_file(l, (uint8_t)(sequence - reply_infile_shift(&l->reply))))
        return true;
    lease_link_lost(l, CLOSE_LINK_LOST);
    return false;
}

void local_file_refused(struct link *l)
{
    struct client *c = l->client;
    const struct mysql_error_row *row = refusal(c);
    struct buffer *b = l->stream.in;
    b->sent = b->parsed;
    stream_trim(&l->stream);
    l->refuses_file = false;
    send_refusal(c, l->refusal_sequence);
    learn_reply(c, &l->reply.summary);
    residue_of_error(c, (uint16_t)row->code, row->sqlstate, bytes_of_text(row->text));
    client_finish_answered(c);
    (void)!client_flush(c);
}
