/* SPDX-License-Identifier: Apache-2.0
 * Prepared statements as links have them: is the one there that a request needs, and if not, what
 * must be said to the server before the request. */
#include "session/statement.h"

#include "base/check.h"
#include "mysql/execute_packet.h"
#include "mysql/result_set.h"
#include "session/catalogue.h"
#include "session/session_vars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODE_TEXT_MAX ((size_t)16 * 1024)

struct link_statement *statement_on_link(const struct client *c, const struct statement *s)
{
    if (c->link == NULL || c->link->statements == NULL)
        return NULL;
    return statement_cache_find(c->link->statements, s->text, statement_owner(c->id, s->id));
}

/* -------- room -------- */

/* What the server says it can hold is shared by the links that it may have, less what others may
 * need. */
static size_t budget(const struct link *l)
{
    const struct server_group *g = l->pool->group;
    const struct config_server *s = config_find_server(l->worker->config, g->name);
    if (s == NULL)
        return 1;
    if (s->settings.max_prepared_statements_per_link > 0)
        return s->settings.max_prepared_statements_per_link;
    size_t share = (size_t)atomic_load(&g->max_prepared_stmt_count) / 4 * 3;
    share /= s->settings.max_connections;
    return share > 0 ? share : 1;
}

/* Queues the COM_STMT_CLOSE of what was closed in front of what is sent next. */
static void flush_closing(struct link *l)
{
    struct statement_cache *cache = l->statements;
    while (cache->closing_count > 0) {
        const size_t size = FRAME_HEADER_SIZE + 5;
        uint8_t *out = stream_out_reserve(&l->stream, size);
        if (out == NULL)
            return;
        struct writer w = writer_over(out, size);
        writer_uint(&w, 3, 5);
        writer_u8(&w, 0);
        writer_u8(&w, COMMAND_STMT_CLOSE);
        writer_uint(&w, 4, cache->closing[--cache->closing_count]);
        stream_out_commit(&l->stream, size);
        counters_add(&l->worker->counters, COUNTER_statements_closed, 1);
    }
}

/* Room for one more. */
static void make_room(struct link *l)
{
    size_t most = budget(l);
    while (statement_cache_count(l->statements) >= most && statement_cache_evict(l->statements))
        flush_closing(l);
}

/* Everything that nobody needs at the moment goes. False when there was nothing. */
static bool evict_all(struct link *l)
{
    bool any = false;
    while (statement_cache_evict(l->statements)) {
        any = true;
        flush_closing(l);
    }
    return any;
}

void statement_close_now(struct link *l)
{
    if (l->purpose != PURPOSE_NONE)
        return; /* something is on its way: they go with the next request */
    flush_closing(l);
    if (stream_send(&l->stream, NULL) == STREAM_FAILED)
        l->stream.io.readable = true; /* its end is noticed there */
}

/* -------- is it here? -------- */

/* The client never told its types: on a server of its own that is an error, but here somebody
 * else's would count. */
static bool has_foreign_types(const struct client *c, const struct statement *s,
                              const struct link_statement *there)
{
    if (!c->request.scanned || there->types == NULL || s->parameters == 0 || there->owner != 0)
        return false;
    struct execute_head head;
    if (!execute_head_read(statement_payload(c), s->parameters, statement_execute_form(c), &head))
        return false;
    /* MySQL (8.0.22 and later) prepares for the types of the first execution, and converts what
     * other types come later. */
    if (head.has_types)
        return !c->facts->server.mariadb && !statement_types_equal(there->types, head.types);
    if (s->types == NULL)
        return true;
    return !c->facts->server.mariadb &&
           !statement_types_equal(there->types, bytes_of(s->types->bytes, s->types->size));
}

/* MySQL goes on to open a cursor, and says so in a reply that ends like no other, when an execution
 * without one follows a first one that asked for it (measured on 9.7). */
static bool has_foreign_cursor(const struct client *c, const struct statement *s,
                               const struct link_statement *there)
{
    return there->began_with_cursor && !c->request.asks_cursor && !c->facts->server.mariadb &&
           c->request.begun && c->request.command->command == COMMAND_STMT_EXECUTE &&
           s->text->shared && !s->long_data;
}

static enum statement_place place_of_missing(const struct client *c, const struct link *l,
                                             const struct statement *s, bool firm)
{
    if (!s->text->shared)
        return STATEMENT_IMPOSSIBLE;
    bool without = s->text->mode->schema[0] == '\0';
    bool will_be_without = c->session->schema[0] == '\0';
    if (without == will_be_without)
        return STATEMENT_MISSING;
    if (will_be_without)
        return STATEMENT_IMPOSSIBLE; /* its schema cannot be left again */
    bool bare = l->session->schema[0] == '\0';
    if (bare && !link_restore_resets(l, c->session))
        return STATEMENT_FIRST;
    bool as_opened = bare && l->session->variable_count <= l->login_session->variable_count;
    bool stuck = l->never_reset || l->session->role[0] != '\0';
    return firm || stuck || as_opened ? STATEMENT_IMPOSSIBLE : STATEMENT_UNSELECT;
}

enum statement_place statement_look(struct client *c, struct link *l, bool firm)
{
    const struct request *r = &c->request;
    const struct statement *s = r->statement;
    bool prepares = r->begun && r->command->command == COMMAND_STMT_PREPARE;
    if (l->statements == NULL) {
        if (s == NULL && !prepares)
            return STATEMENT_HERE;
        l->statements = malloc(sizeof *l->statements);
        if (l->statements == NULL)
            return STATEMENT_IMPOSSIBLE;
        statement_cache_init(l->statements);
    }
    enum statement_place place = STATEMENT_HERE;
    struct link_statement *there = s != NULL ? statement_on_link(c, s) : NULL;
    if (there != NULL && (has_foreign_types(c, s, there) || has_foreign_cursor(c, s, there))) {
        statement_cache_close(l->statements, there);
        there = NULL;
    }
    if (s != NULL && (there == NULL || link_restore_resets(l, c->session)))
        place = place_of_missing(c, l, s, firm);
    if (prepares || place == STATEMENT_MISSING || place == STATEMENT_FIRST)
        make_room(l);
    flush_closing(l);
    return place;
}

/* -------- preparing it -------- */

static void add_variable(struct writer *w, const char *name, const char *value)
{
    writer_text(w, w->size == 0 ? "SET " : ",");
    if (value != NULL) {
        session_variable_assign(w, name, value);
        return;
    }
    writer_text(w, name);
    writer_text(w, "=DEFAULT");
}

static bool follows_schema(const char *name)
{
    return strcmp(name, "character_set_database") == 0 || strcmp(name, "collation_database") == 0;
}

static void add_variables(struct writer *w, const struct session_state *have,
                          const struct session_state *want, bool new_schema)
{
    for (size_t i = 0; i < want->variable_count; i++) {
        const struct session_variable *v = &want->variables[i];
        const char *now = session_state_get(have, v->name);
        if (now == NULL || strcmp(now, v->value) != 0 || (new_schema && follows_schema(v->name)))
            add_variable(w, v->name, v->value);
    }
    for (size_t i = 0; i < have->variable_count; i++) {
        const char *name = have->variables[i].name;
        if (session_state_get(want, name) == NULL && !(new_schema && follows_schema(name)))
            add_variable(w, name, NULL);
    }
}

bool statement_add_mode(struct link *l, const struct session_state *have,
                        const struct session_state *want)
{
    if (have == want)
        return true;
    bool new_schema = strcmp(have->schema, want->schema) != 0;
    if (new_schema)
        link_chore_add(l, CHORE_INIT_DB, COMMAND_INIT_DB, bytes_of_text(want->schema));
    uint8_t *text = malloc(MODE_TEXT_MAX);
    if (text == NULL)
        return false;
    struct writer w = writer_over(text, MODE_TEXT_MAX);
    if (strcmp(have->character_set_client, want->character_set_client) != 0)
        add_variable(&w, "character_set_client", want->character_set_client);
    if (strcmp(have->character_set_connection, want->character_set_connection) != 0 ||
        strcmp(have->collation_connection, want->collation_connection) != 0) {
        if (want->collation_connection[0] != '\0')
            add_variable(&w, "collation_connection", want->collation_connection);
        else
            add_variable(&w, "character_set_connection", want->character_set_connection);
    }
    add_variables(&w, have, want, new_schema);
    bool ok = !w.overflow;
    if (ok && w.size > 0)
        link_chore_add(l, CHORE_SET, COMMAND_QUERY, writer_written(&w));
    free(text);
    return ok;
}

bool statement_wants_status(const struct client *c, const struct link *l)
{
    return !l->status_known && c->login_schema == NULL &&
           c->request.command->command == COMMAND_STMT_PREPARE &&
           (c->capabilities & CAP(DEPRECATE_EOF)) == 0;
}

void statement_plan(struct client *c, struct link *l, const struct session_state *from)
{
    const struct statement *s = c->request.statement;
    if (s == NULL || statement_on_link(c, s) != NULL)
        return;
    struct session_state *now = session_state_at_prepare(from);
    bool ok = now != NULL && statement_add_mode(l, now, s->text->mode);
    if (ok) {
        link_chore_add(l, CHORE_PREPARE, COMMAND_STMT_PREPARE, statement_text_sql(s->text));
        counters_add(&l->worker->counters, COUNTER_statements_prepared_again, 1);
        ok = statement_add_mode(l, s->text->mode, now);
    }
    if (now != NULL)
        session_state_release(now);
    if (!ok)
        l->chore_failed = true;
    /* Preparing may clear the diagnostics area. Where it holds what nobody else knows, it does so
     * no more than the execution would. */
    if (!residue_is_in_doubt(&c->residue))
        l->residue_true &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
}

static void refused(struct link *l, uint16_t code, const char *sqlstate, struct bytes text)
{
    l->statement_refused = true;
    l->chore_error.code = code;
    memcpy(l->chore_error.sqlstate, sqlstate, 6);
    snprintf(l->chore_error.text, sizeof l->chore_error.text, "%.*s", (int)text.size,
             (const char *)text.data);
}

void statement_prepared(struct link *l, const struct reply_summary *summary, struct bytes reply)
{
    struct client *c = l->client;
    const struct statement *s = c != NULL ? c->request.statement : NULL;
    if (s == NULL)
        return;
    struct err_packet err;
    if (summary->error) {
        CHECK(err_packet_decode(
            bytes_of(reply.data + FRAME_HEADER_SIZE, reply.size - FRAME_HEADER_SIZE), &err));
        refused(l, err.code, err.sqlstate, err.message);
    } else if (statement_cache_add(l->statements, s->text, summary->statement_id, 0) == NULL) {
        refused(l, ER_UNKNOWN_ERROR, "HY000", bytes_of_text("Weir is out of memory"));
    } else if (summary->statement_parameters != s->parameters) {
        const struct mysql_error_row *row = mysql_error_find(ER_NEED_REPREPARE);
        refused(l, ER_NEED_REPREPARE, row->sqlstate, bytes_of_text(row->text));
    }
}

/* Tells the client that its statement cannot be executed. */
static void refuse(struct client *c, uint16_t code, const char *sqlstate, struct bytes text)
{
    struct reply_summary summary = {
        .error = true, .error_code = code, .status = c->link->status, .parts = 1};
    memcpy(summary.error_sqlstate, sqlstate, sizeof summary.error_sqlstate);
    c->request.scanned = false; /* it did nothing */
    c->request.statement = NULL;
    catalogue_request_done(c);
    learn_reply(c, &summary);
    client_send_error(c, 1, code, sqlstate, text);
    if (!c->request.whole) { /* the rest of it cannot be told from a new request */
        c->request.begun = false;
        client_close(c, CLOSE_CLIENT_IO);
        return;
    }
    client_finish_local(c);
    if (client_flush(c))
        client_advance(c);
}

void statement_refuse_prepare(struct client *c)
{
    const struct mysql_error_row *row = mysql_error_find(ER_NEED_REPREPARE);
    refuse(c, ER_NEED_REPREPARE, row->sqlstate, bytes_of_text(row->text));
}

enum statement_outcome statement_after_chores(struct client *c)
{
    struct link *l = c->link;
    if (!l->statement_refused)
        return STATEMENT_READY;
    l->statement_refused = false;
    if (l->chore_error.code == ER_MAX_PREPARED_STMT_COUNT_REACHED && evict_all(l))
        return STATEMENT_AGAIN;
    struct open_error error = l->chore_error;
    refuse(c, error.code, error.sqlstate, bytes_of_text(error.text));
    return STATEMENT_REFUSED;
}

/* -------- replies -------- */

/* The server has no room for a statement: what this link does not need just now goes, and the
 * request is sent again. */
static bool prepare_again(struct link *l, bool *again)
{
    const struct statement_text *text = l->client->statements->preparing->text;
    struct buffer *b = l->stream.in;
    *again = text != NULL && evict_all(l);
    if (!*again)
        return true;
    struct frame_header header = frame_header_read(b->data + b->parsed);
    b->parsed += FRAME_HEADER_SIZE + header.size;
    b->sent = b->parsed;
    size_t size = FRAME_HEADER_SIZE + 1 + text->size;
    uint8_t *out = stream_out_reserve(&l->stream, size);
    if (out == NULL)
        return false;
    frame_header_write(out, (uint32_t)(1 + text->size), 0);
    out[FRAME_HEADER_SIZE] = COMMAND_STMT_PREPARE;
    memcpy(out + FRAME_HEADER_SIZE + 1, text->text, text->size);
    stream_out_commit(&l->stream, size);
    reply_begin(&l->reply, COMMAND_STMT_PREPARE, l->reply.dialect, l->status);
    return stream_send(&l->stream, NULL) == STREAM_OK;
}

static bool take_in(struct link *l)
{
    struct client *c = l->client;
    const struct reply_summary *summary = &l->reply.summary;
    struct statement *s = c->statements->preparing;
    c->statements->preparing = NULL;
    if (s->text == NULL)
        s->text = statement_text_unkept(c->request.scan);
    s->id = ++c->statement_counter;
    s->columns = summary->statement_columns;
    s->parameters = summary->statement_parameters;
    uint64_t owner = s->text != NULL && s->text->shared ? 0 : statement_owner(c->id, s->id);
    if (s->text == NULL || !statement_table_add(c->statements, s)) {
        statement_free(s);
        return false;
    }
    if (statement_cache_add(l->statements, s->text, summary->statement_id, owner) == NULL)
        return false;
    statement_settle(c, s);
    l->reply.statement_id = s->id;
    return true;
}

bool statement_answered(struct link *l)
{
    bool again = false;
    if (!l->reply.summary.error)
        return take_in(l);
    if (l->reply.summary.error_code == ER_MAX_PREPARED_STMT_COUNT_REACHED)
        return prepare_again(l, &again);
    return true;
}

static void set_pin(struct client *c, pins_t pin, bool on)
{
    if (on)
        c->pins |= pin;
    else
        c->pins &= ~pin;
}

void statement_settle(struct client *c, struct statement *s)
{
    const struct statement_table *t = c->statements;
    struct link_statement *there = s != NULL ? statement_on_link(c, s) : NULL;
    if (there != NULL) {
        bool needs_it = s->cursor || s->long_data || !s->text->shared;
        statement_cache_give(c->link->statements, there,
                             needs_it ? statement_owner(c->id, s->id) : 0);
        c->pins |= s->cursor ? PIN_BIT(CURSOR) : 0;
        c->pins |= s->long_data ? PIN_BIT(LONG_DATA) : 0;
        c->pins |= s->text->shared ? 0 : PIN_BIT(LONG_STATEMENT);
    }
    if ((c->pins & PIN_BIT(CURSOR)) != 0)
        set_pin(c, PIN_BIT(CURSOR), statement_table_any_cursor(t));
    if ((c->pins & PIN_BIT(LONG_DATA)) != 0)
        set_pin(c, PIN_BIT(LONG_DATA), statement_table_any_long_data(t));
    if ((c->pins & PIN_BIT(LONG_STATEMENT)) != 0)
        set_pin(c, PIN_BIT(LONG_STATEMENT), statement_table_any_unkept(t));
}

/* -------- the link's life -------- */

void statement_link_reset(struct link *l)
{
    if (l->statements != NULL)
        statement_cache_clear(l->statements);
}

void statement_link_free(struct link *l)
{
    statement_link_reset(l);
    free(l->statements);
    l->statements = NULL;
}
