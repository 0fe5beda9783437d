/* SPDX-License-Identifier: Apache-2.0
 * One command: read its header, get it a link, pass it on, see its reply end. */
#include "base/check.h"
#include "mysql/query_attributes.h"
#include "net/compression.h"
#include "session/catalogue.h"
#include "session/client_timeouts.h"
#include "session/compression_setup.h"
#include "session/leaks.h"
#include "session/local_file.h"
#include "session/private_state.h"
#include "session/slow_watch.h"
#include "session/statement.h"

#include <string.h>

/* A request up to this size is looked at whole before it is sent; of a longer one, this much. */
#define REQUEST_WHOLE_MAX (BUFFER_STANDARD - BUFFER_HEADROOM)

static struct bytes unparsed(const struct client *c)
{
    return c->stream.in != NULL ? buffer_unparsed(c->stream.in) : bytes_of(NULL, 0);
}

/* At least `size` unparsed bytes: true, or false when more must come (or the client is gone). */
static bool have(struct client *c, size_t size)
{
    while (unparsed(c).size < size) {
        /* Without a buffer, stream_fill gets one when there is something to receive. */
        if (c->stream.in != NULL && !stream_hold(&c->stream, size)) {
            client_close(c, CLOSE_NO_MEMORY);
            return false;
        }
        switch (stream_fill(&c->stream)) {
        case STREAM_OK:
            break;
        case STREAM_AGAIN:
            return false;
        case STREAM_FULL:
            CHECK(false); /* stream_hold made room */
            return false;
        case STREAM_EOF:
            client_close(c, CLOSE_CLIENT_GONE);
            return false;
        case STREAM_FAILED:
            client_close(c, CLOSE_CLIENT_IO);
            return false;
        }
    }
    return true;
}

struct sql_mode client_sql_mode(struct client *c)
{
    return (struct sql_mode){
        .names = catalogue_names(c),
        /* MySQL has no status flag for it. */
        .ansi_quotes = (c->status & STATUS_ANSI_QUOTES) != 0 || c->session->ansi_quotes,
        .no_backslash_escapes = (c->status & STATUS_NO_BACKSLASH_ESCAPES) != 0,
        .multi_byte_trail = c->session->multi_byte_trail,
        .mariadb = c->facts->server.mariadb,
    };
}

static void drop_request(struct client *c, size_t size)
{
    struct buffer *b = c->stream.in;
    b->parsed += size;
    b->sent = b->parsed;
    stream_trim(&c->stream);
}

void client_fail_request(struct client *c, uint16_t code, const char *sqlstate,
                         struct bytes message)
{
    if (c->login_schema != NULL) {
        struct open_error error = {.code = code};
        memcpy(error.sqlstate, sqlstate, sizeof error.sqlstate);
        size_t n = message.size < sizeof error.text - 1 ? message.size : sizeof error.text - 1;
        memcpy(error.text, message.data, n);
        client_login_restored(c, &error);
        return;
    }
    bool whole = c->request.whole;
    catalogue_request_done(c);
    client_answer_error(c, code, sqlstate, message);
    c->request.begun = false;
    if (!whole) { /* the rest of it is still on its way and cannot be told from a new request */
        client_close(c, CLOSE_CLIENT_IO);
        return;
    }
    drop_request(c, FRAME_HEADER_SIZE + (size_t)c->request.frame_left);
    client_set_state(c, CLIENT_IDLE);
    if (client_flush(c))
        client_advance(c);
}

static void read_option(struct client *c, struct bytes payload)
{
    if (c->request.command->command == COMMAND_SET_OPTION && payload.size >= 3)
        c->request.set_option_on = payload.data[1] == 0;
}

struct bytes client_request_sql(const struct client *c, struct bytes payload)
{
    CHECK(c->request.sql_at <= payload.size);
    return bytes_of(payload.data + c->request.sql_at, payload.size - c->request.sql_at);
}

/* Where the text of a COM_QUERY begins; false when nothing can be said of it. */
static bool find_sql(struct client *c, struct bytes payload)
{
    size_t at = 1;
    bool found =
        (c->capabilities & CAP(QUERY_ATTRIBUTES)) == 0 || query_attributes_skip(payload, &at);
    c->request.sql_at = (uint32_t)(found ? at : payload.size);
    return found;
}

/* The server may read anything there, or call it malformed. */
static void scan_unreadable(struct request *r)
{
    sql_scan_end(r->scan);
    r->scan->verb = SQL_VERB_OTHER;
    r->scan->statements = 2;
    r->scan->effects |= SQL_EFFECT_BIT(UNKNOWN_VERB);
    r->feeding = false;
}

static void scan(struct client *c, struct bytes payload)
{
    struct request *r = &c->request;
    struct sql_mode mode = client_sql_mode(c);
    struct bytes sql = bytes_of(NULL, 0);
    sql_scan_begin(r->scan, mode);
    if (!find_sql(c, payload)) {
        scan_unreadable(r);
    } else if (r->whole) {
        sql = client_request_sql(c, payload);
        sql_scan_feed(r->scan, sql);
        sql_scan_end(r->scan);
    } else {
        catalogue_keep(c);
    }
    bool replaced = private_state_see(c, mode, sql);
    if (sql.data != NULL && !replaced)
        track_request(c, sql);
}

void client_scan_again(struct client *c)
{
    catalogue_keep_no_more(c);
    if (c->request.statement != NULL)
        statement_scan(c);
    else
        scan(c, statement_payload(c));
}

/* For whoever asks what the client does. */
static void note_text(struct client *c, struct frame_header header, struct bytes payload)
{
    const struct request *r = &c->request;
    if (r->command->command == COMMAND_QUERY) {
        request_record_note(c, client_request_sql(c, payload), header.size - r->sql_at);
    } else if (r->command->command == COMMAND_STMT_PREPARE) {
        request_record_note(c, bytes_of(payload.data + 1, payload.size - 1), header.size - 1);
    } else if (r->statement != NULL && r->statement->text != NULL) {
        struct bytes text = statement_text_sql(r->statement->text);
        request_record_note(c, text, text.size);
    }
}

/* The header and what is there of the payload. False when the client is gone. */
static bool begin_request(struct client *c, const struct command_row *row,
                          struct frame_header header, struct bytes payload)
{
    struct request *r = &c->request;
    if (!request_record_begin(c)) {
        client_close(c, CLOSE_NO_MEMORY);
        return false;
    }
    r->command = row;
    r->begun = true;
    r->frame_left = header.size;
    r->frame_full = header.size == FRAME_PAYLOAD_MAX;
    r->last_sequence = 0;
    r->scanned = row->command == COMMAND_QUERY;
    r->state_changes = 0;
    r->changed_variable = false;
    r->schema_came_back = false;
    track_begin(c);
    r->feeding = r->scanned && !r->whole;
    r->reframing = false;
    r->sql_at = 1;
    r->unit_results = false;
    r->statement = NULL;
    r->condition = 0;
    if (row->reply != REPLY_SHAPE_NONE && row->command != COMMAND_STMT_PREPARE)
        c->pins &= ~pins_until(c->pins, PIN_UNTIL_STATEMENT);
    counters_add(&c->worker->counters, COUNTER_queries, 1);
    if (row->reply != REPLY_SHAPE_NONE) {
        counters_add(&c->worker->counters, COUNTER_questions, 1);
        c->questions++;
    }
    if (r->scanned) {
        scan(c, payload);
    } else {
        read_option(c, payload);
        (void)private_state_see(c, (struct sql_mode){.mariadb = c->facts->server.mariadb},
                                bytes_of(NULL, 0));
    }
    if (row->policy == COMMAND_STATEMENT && !statement_begin(c, payload)) {
        client_close(c, CLOSE_NO_MEMORY);
        return false;
    }
    note_text(c, header, payload);
    return true;
}

static bool answer_unknown(struct client *c, enum command command, size_t size)
{
    bool clone = command == COMMAND_CLONE;
    if (clone && server_has(c->facts->server, SERVER_ABILITY_CLONES))
        client_answer_mysql_error(c, ER_PLUGIN_IS_NOT_LOADED, "clone");
    else
        client_answer_mysql_error(c, ER_UNKNOWN_COM_ERROR);
    drop_request(c, size);
    counters_add(&c->worker->counters, COUNTER_local_replies, 1);
    return client_flush(c);
}

/* What is in the buffer of it. */
static struct bytes request_payload(const struct client *c, struct frame_header header)
{
    struct bytes payload = unparsed(c);
    CHECK(payload.data != NULL);
    payload = bytes_of(payload.data + FRAME_HEADER_SIZE, payload.size - FRAME_HEADER_SIZE);
    if (payload.size > header.size)
        payload.size = header.size;
    return payload;
}

/* On a compressed connection only the numbers of the outer frames count, and those inside may be
 * anything: a server that is not compressed looks at them. */
static void number_frame(struct client *c, struct frame_header *header, uint8_t sequence)
{
    struct buffer *b = c->stream.in;
    header->sequence = sequence;
    frame_header_write(b->data + b->parsed, header->size, sequence);
}

bool client_step_idle(struct client *c)
{
    if (c->worker->draining) {
        if (!client_flush(c)) /* what was forwarded goes first, and nobody would call afterwards */
            return false;
        client_drain(c);
        if (c->state == CLIENT_CLOSED)
            return false;
    }
    /* A client that sends but does not read gets no more answers until it does. */
    bool behind = stream_has_unsent(&c->stream) && (c->stream.io.readable || c->stream.in != NULL);
    if (c->stream.out != NULL || behind) {
        if (!client_flush(c))
            return false;
        if (c->stream.out != NULL || stream_has_unsent(&c->stream)) {
            client_stalled(c);
            return false;
        }
    }
    if (c->compression_due != COMPRESSION_NONE && !client_begin_compression(c))
        return false;
    if (c->link != NULL && c->link->awaits_kill)
        return false; /* else the KILL might hit what is asked next */
    if (!have(c, FRAME_HEADER_SIZE))
        return false;
    CHECK(c->stream.in != NULL);
    struct frame_header header = frame_header_read(unparsed(c).data);
    if (compression_of(&c->stream) != COMPRESSION_NONE)
        number_frame(c, &header, 0);
    if (header.sequence != 0) {
        client_close(c, CLOSE_CLIENT_SEQUENCE);
        return false;
    }
    if (header.size == 0)
        return answer_unknown(c, COMMAND_SLEEP, FRAME_HEADER_SIZE);
    size_t size = FRAME_HEADER_SIZE + (size_t)header.size;
    c->request.whole = size <= REQUEST_WHOLE_MAX;
    if (!have(c, c->request.whole ? size : REQUEST_WHOLE_MAX))
        return false;
    struct bytes payload = request_payload(c, header);
    size_t wanted = statement_bytes_wanted(c, payload, header.size);
    if (wanted > payload.size && !have(c, FRAME_HEADER_SIZE + wanted))
        return false;
    c->request.whole = c->request.whole || wanted == header.size;
    payload = request_payload(c, header);
    const struct command_row *row = command_find(payload.data[0]);
    if (row == NULL)
        row = command_find(COMMAND_SLEEP);
    if (row->policy == COMMAND_UNKNOWN && c->request.whole)
        return answer_unknown(c, row->command, size);
    if (!begin_request(c, row, header, payload))
        return false;
    if (c->transaction_lost && leaks_tell_rollback(c))
        return c->state == CLIENT_IDLE;
    if (client_serve_locally(c, payload, header.sequence, c->request.whole))
        return c->state == CLIENT_IDLE;
    local_file_choose_pool(c);
    lease_acquire(c);
    return c->state == CLIENT_REQUEST;
}

/* -------- passing it on -------- */

/* Moves `parsed` over what belongs to this request; true when its last byte is there. */
static bool claim(struct client *c)
{
    struct request *r = &c->request;
    struct buffer *b = c->stream.in;
    if (r->reframing) {
        enum statement_claim claimed = statement_claim(c);
        if (claimed == STATEMENT_CLAIM_FAILED)
            client_close(c, CLOSE_NO_MEMORY);
        return claimed == STATEMENT_CLAIM_LAST;
    }
    for (;;) {
        if (r->begun && r->frame_left > 0) {
            if (b == NULL)
                return false;
            size_t there = b->received - b->parsed;
            size_t n = r->frame_left < there ? r->frame_left : there;
            if (r->feeding)
                sql_scan_feed(r->scan, bytes_of(b->data + b->parsed, n));
            b->parsed += n;
            r->frame_left -= (uint32_t)n;
            if (r->frame_left > 0)
                return false;
        }
        if (!r->frame_full)
            return true; /* also when it was said before: its last bytes may have had to wait */
        if (b == NULL || b->received - b->parsed < FRAME_HEADER_SIZE)
            return false;
        struct frame_header header = frame_header_read(b->data + b->parsed);
        r->last_sequence++;
        if (compression_of(&c->stream) != COMPRESSION_NONE)
            number_frame(c, &header, r->last_sequence);
        b->parsed += FRAME_HEADER_SIZE;
        r->frame_left = header.size;
        r->frame_full = header.size == FRAME_PAYLOAD_MAX;
    }
}

struct reply_dialect client_reply_dialect(const struct client *c)
{
    return (struct reply_dialect){
        .deprecate_eof = (c->capabilities & CAP(DEPRECATE_EOF)) != 0,
        .session_track = (c->capabilities & CAP(SESSION_TRACK)) != 0,
        .optional_metadata = (c->capabilities & CAP(OPTIONAL_METADATA)) != 0,
        .progress = (c->capabilities & CAP(MARIADB_PROGRESS)) != 0,
        .eof_tells_of_changes = c->facts->server.mariadb,
        .bare_out_parameters = server_has(c->facts->server, SERVER_ABILITY_BARE_OUT_PARAMETERS) &&
                               (c->capabilities & CAP(DEPRECATE_EOF)) == 0,
        .filter = c->tracks,
    };
}

void client_expect_reply(struct client *c)
{
    struct link *l = c->link;
    reply_begin(&l->reply, c->request.command->command, client_reply_dialect(c), l->status);
    l->reply.may_open_cursor = l->reply.may_open_cursor && c->request.asks_cursor;
    l->reply.told_columns = statement_told_columns(c);
    l->reply.dialect.renumber = compression_of(&l->stream) != COMPRESSION_NONE;
    l->reply_active = true;
}

/* The first bytes: the header and what stands before the text are not scanned. */
static bool begin_sending(struct client *c)
{
    slow_watch_sending(c);
    switch (statement_begin_sending(c)) {
    case STATEMENT_NOT_SENT:
        return false;
    case STATEMENT_HEAD_SENT:
        break;
    case STATEMENT_TO_BE_SENT: {
        struct buffer *b = c->stream.in;
        b->parsed += FRAME_HEADER_SIZE;
        if (c->request.feeding && c->request.command->command == COMMAND_QUERY) {
            b->parsed += c->request.sql_at;
            c->request.frame_left -= c->request.sql_at;
        } else if (!c->request.whole) {
            b->parsed++;
            c->request.frame_left--;
        }
        break;
    }
    }
    struct link *l = c->link;
    l->request_begun = true;
    l->request_done = false;
    l->reply_ended = false;
    l->refuses_file = false;
    if (!l->request_follows)
        client_expect_reply(c);
    return true;
}

static bool request_sent(struct client *c)
{
    struct request *r = &c->request;
    struct link *l = c->link;
    r->begun = false;
    l->request_done = true;
    if (r->feeding)
        sql_scan_end(r->scan);
    if (r->command->reply == REPLY_SHAPE_NONE) {
        l->reply_active = false;
        l->reply.summary = (struct reply_summary){.status = l->status};
        client_reply_done(c);
        return c->state == CLIENT_IDLE;
    }
    client_set_state(c, CLIENT_REPLY);
    return true;
}

bool client_receive_more(struct client *c)
{
    switch (stream_fill(&c->stream)) {
    case STREAM_OK:
        return true;
    case STREAM_AGAIN:
        client_stalled(c);
        return false;
    case STREAM_FULL:
        return false;
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    client_close(c, CLOSE_CLIENT_GONE);
    return false;
}

bool client_push(struct client *c)
{
    struct link *l = c->link;
    bool answered = c->request.command->reply != REPLY_SHAPE_NONE;
    enum stream_result r =
        answered ? stream_forward(&l->stream, &c->stream) : stream_send(&l->stream, &c->stream);
    if (r == STREAM_OK)
        return true;
    if (r == STREAM_FAILED)
        lease_link_lost(l, CLOSE_LINK_LOST);
    return false;
}

/* The server may refuse a long request before it has read all of it (1153): its word goes to the
 * client, then both connections end, as it happens with a server. True: that is how it is. */
static bool refused_early(struct client *c)
{
    struct link *l = c->link;
    if (l->request_follows) {
        link_chores_continue(l);
        if (c->link != l)
            return true;
        if (l->request_follows)
            return false;
    }
    if (l->stream.in != NULL) { /* came right behind the chores */
        client_set_state(c, CLIENT_REPLY);
        relay_reply(l);
        return true;
    }
    if (!l->stream.io.readable)
        return false;
    switch (stream_fill(&l->stream)) {
    case STREAM_OK:
    case STREAM_FULL:
        client_set_state(c, CLIENT_REPLY);
        relay_reply(l);
        return true;
    case STREAM_AGAIN:
        return false;
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    lease_link_lost(l, CLOSE_LINK_LOST);
    return true;
}

bool client_step_request(struct client *c)
{
    if (!c->link->request_begun && !begin_sending(c)) {
        lease_link_lost(c->link, CLOSE_LINK_LOST);
        return false;
    }
    for (int turn = 0; turn < 16; turn++) {
        bool last = claim(c);
        if (c->state == CLIENT_CLOSED)
            return false;
        if (!client_push(c)) {
            if (c->state == CLIENT_REQUEST)
                (void)refused_early(c);
            return false;
        }
        if (last)
            return request_sent(c);
        if (refused_early(c))
            return false;
        if (!client_receive_more(c))
            return false;
    }
    return true;
}

/* Who asks for warnings gets what the client was told, not what the server knows. */
static void tell_overdue(struct client *c)
{
    const struct reply_summary *s = &c->link->reply.summary;
    const struct mysql_error_row *row = mysql_error_find((enum mysql_error)s->error_code);
    residue_of_error(c, s->error_code, row->sqlstate, bytes_of_text(row->text));
    c->link->overdue = false;
}

void client_reply_done(struct client *c)
{
    struct link *l = c->link;
    bool refused = !l->request_done || stream_has_unsent(&l->stream);
    slow_watch_reply(c);
    learn_reply(c, &l->reply.summary);
    if (l->overdue)
        tell_overdue(c);
    catalogue_request_done(c);
    if (refused) {
        client_close(c, CLOSE_LINK_LOST);
        return;
    }
    if (c->request.scanned && !l->reply.summary.error &&
        sql_scan_has(c->request.scan, SQL_EFFECT_ENDS_SESSION)) {
        client_close(c, CLOSE_RELEASED);
        return;
    }
    client_set_state(c, CLIENT_IDLE);
    /* What follows a whole reply was not asked for: the server's last words. Behind an error (of a
     * client that killed its own connection) the end may have come in the same event. */
    bool may_be_over = l->reply.summary.error && l->stream.io.readable;
    if (l->stream.in != NULL || (may_be_over && stream_fill(&l->stream) != STREAM_AGAIN))
        lease_link_lost(l, CLOSE_LINK_CLOSED_BY_SERVER);
    else
        lease_after_request(c);
}
