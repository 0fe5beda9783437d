/* SPDX-License-Identifier: Apache-2.0
 * Prepared statements as their clients see them: ids, what is answered without a link, what replies
 * say about them. */
#include "session/statement.h"

#include "base/check.h"
#include "mysql/execute_packet.h"
#include "mysql/status_flags.h"
#include "session/catalogue.h"
#include "session/private_state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* READ_ONLY, FOR_UPDATE, SCROLLABLE; 8 says that there are more parameters than meet the eye. */
#define EXECUTE_CURSOR_FLAGS 7
#define EXECUTE_FLAGS_AT     (STATEMENT_ID_AT + 4)

static bool is_execute(enum command command)
{
    return command == COMMAND_STMT_EXECUTE || command == COMMAND_STMT_BULK_EXECUTE;
}

static enum execute_form form_of(const struct client *c, enum command command)
{
    if (command == COMMAND_STMT_BULK_EXECUTE)
        return EXECUTE_BULK;
    return (c->capabilities & CAP(QUERY_ATTRIBUTES)) != 0 ? EXECUTE_ATTRIBUTES : EXECUTE_PLAIN;
}

enum execute_form statement_execute_form(const struct client *c)
{
    return form_of(c, c->request.command->command);
}

static uint32_t read_id(struct bytes payload)
{
    CHECK(payload.size >= STATEMENT_ID_AT + 4);
    const uint8_t *at = payload.data + STATEMENT_ID_AT;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* By the id in a payload, NULL when the client has no such statement. */
static struct statement *find(const struct client *c, struct bytes payload)
{
    if (c->statements == NULL || payload.size < STATEMENT_ID_AT + 4)
        return NULL;
    uint32_t id = read_id(payload);
    if (id == STATEMENT_ID_LAST && c->facts->server.mariadb)
        id = c->statements->last;
    return statement_table_find(c->statements, id);
}

/* -------- a request arrives -------- */

size_t statement_bytes_wanted(const struct client *c, struct bytes there, size_t size)
{
    enum command command = there.data[0];
    if (command == COMMAND_STMT_PREPARE && size <= 1 + STATEMENT_TEXT_MAX)
        return size;
    if (!is_execute(command))
        return there.size;
    const struct statement *s = find(c, there);
    size_t head = s == NULL ? 0 : execute_head_size_max(s->parameters, form_of(c, command));
    head = head < there.size ? there.size : head;
    return head < size ? head : size;
}

static bool begin_prepare(struct client *c, struct bytes payload)
{
    struct request *r = &c->request;
    counters_add(&c->worker->counters, COUNTER_prepares, 1);
    if (c->statements == NULL)
        c->statements = calloc(1, sizeof *c->statements);
    if (c->statements == NULL)
        return false;
    struct statement_text *text = NULL;
    if (r->whole) {
        text = statement_text_intern(bytes_of(payload.data + 1, payload.size - 1), c->session,
                                     client_sql_mode(c));
        if (text == NULL)
            return false;
        *r->scan = text->scan;
    } else {
        r->feeding = true;
        sql_scan_begin(r->scan, client_sql_mode(c));
    }
    struct statement *s = statement_create(text);
    private_state_see_statement(c, text != NULL ? statement_text_sql(text) : bytes_of(NULL, 0));
    if (s == NULL && text != NULL)
        statement_text_release(text);
    statement_free(c->statements->preparing);
    c->statements->preparing = s;
    return s != NULL;
}

/* The scan with these names rests on the link: another client's EXECUTE finds it there. */
static void keep_scan(struct link_statement *there, const struct request *r)
{
    if (there->scan == NULL)
        there->scan = malloc(sizeof *there->scan);
    if (there->scan == NULL)
        return;
    *there->scan = *r->scan;
    there->scan_version = r->catalogue_version;
}

/* Counts and ids went into rows: what the session has of them nobody knows. */
static void doubt_unit_results(struct request *r)
{
    if (r->unit_results)
        r->scan->effects |= SQL_EFFECT_BIT(KNOWN_CALL);
}

void statement_scan(struct client *c)
{
    struct request *r = &c->request;
    const struct statement_text *text = r->statement->text;
    struct sql_mode mode = text->scan.mode;
    mode.names = catalogue_names(c);
    struct link_statement *there = statement_on_link(c, r->statement);
    if (there != NULL && there->scan != NULL && there->scan_version == r->catalogue_version) {
        *r->scan = *there->scan;
    } else if (text->shared && mode.names != NULL) {
        sql_scan_text(r->scan, mode, statement_text_sql(text));
        if (there != NULL)
            keep_scan(there, r);
    } else {
        *r->scan = text->scan;
        if (!text->shared) /* which cannot be scanned again */
            r->scan->effects |= SQL_EFFECT_BIT(STORED_CODE);
    }
    r->scan->mode.names = mode.names;
    doubt_unit_results(r);
    if (text->shared)
        track_request(c, statement_text_sql(text));
}

bool statement_begin(struct client *c, struct bytes payload)
{
    struct request *r = &c->request;
    enum command command = r->command->command;
    if (command == COMMAND_STMT_PREPARE)
        return begin_prepare(c, payload);
    r->statement = find(c, payload);
    r->asks_cursor = command == COMMAND_STMT_EXECUTE && payload.size > EXECUTE_FLAGS_AT &&
                     (payload.data[EXECUTE_FLAGS_AT] & EXECUTE_CURSOR_FLAGS) != 0;
    if (is_execute(command))
        counters_add(&c->worker->counters, COUNTER_executes, 1);
    if (r->statement != NULL && is_execute(command)) {
        *r->scan = r->statement->text->scan;
        r->scanned = true;
        r->unit_results = command == COMMAND_STMT_BULK_EXECUTE &&
                          (c->capabilities & CAP(MARIADB_BULK_UNIT_RESULTS)) != 0 &&
                          execute_has_unit_results(payload);
        doubt_unit_results(r);
        private_state_see_statement(c, r->statement->text->shared
                                           ? statement_text_sql(r->statement->text)
                                           : bytes_of(NULL, 0));
        r->catalogue_version = UINT_MAX; /* none: statement_scan follows when there is one */
    }
    return true;
}

struct bytes statement_payload(const struct client *c)
{
    struct bytes b = buffer_unparsed(c->stream.in);
    b = bytes_of(b.data + FRAME_HEADER_SIZE, b.size - FRAME_HEADER_SIZE);
    if (b.size > c->request.frame_left)
        b.size = c->request.frame_left;
    return b;
}

/* -------- answered here -------- */

/* The error has been queued. */
static void finish_error(struct client *c)
{
    if (!c->request.whole) { /* the rest of it cannot be told from a new request */
        c->request.begun = false;
        client_close(c, CLOSE_CLIENT_IO);
        return;
    }
    client_finish_local(c);
    (void)!client_flush(c);
}

/* The function of the server that complains about an unknown id. */
static const char *complainer(const struct client *c)
{
    if (!c->facts->server.mariadb && strncmp(c->facts->version, "5.", 2) != 0)
        return "mysql_stmt_precheck";
    switch ((unsigned)c->request.command->command) {
    case COMMAND_STMT_RESET:
        return "mysqld_stmt_reset";
    case COMMAND_STMT_FETCH:
        return "mysqld_stmt_fetch";
    default:
        return "mysqld_stmt_execute";
    }
}

static void answer_nothing(struct client *c)
{
    client_finish_local(c);
}

static void close_statement(struct client *c)
{
    struct statement *s = c->request.statement;
    struct link *l = c->link;
    struct link_statement *there = s != NULL ? statement_on_link(c, s) : NULL;
    c->request.statement = NULL;
    if (there != NULL && there->owner != 0) {
        statement_cache_close(l->statements, there);
        s->long_data = s->cursor = false;
        statement_close_now(l);
    }
    if (s != NULL) {
        statement_table_remove(c->statements, s);
        statement_settle(c, NULL);
    }
    answer_nothing(c);
}

/* Only a cursor or data in pieces make a difference to the server. */
static bool reset_statement(struct client *c)
{
    const struct statement *s = c->request.statement;
    if (s->cursor || s->long_data || (c->link != NULL && !c->link->status_known))
        return false;
    client_answer_ok(c);
    client_finish_local(c);
    (void)!client_flush(c);
    return true;
}

static bool is_full(const struct client *c)
{
    const struct statement_table *t = c->statements;
    return hashmap_u64_count(&t->by_id) >=
               c->worker->config->global.max_prepared_statements_per_client ||
           t->bytes >= STATEMENT_BYTES_MAX;
}

static bool prepare_statement(struct client *c)
{
    if (!is_full(c))
        return false;
    c->statement_counter++;
    client_answer_mysql_error(c, ER_MAX_PREPARED_STMT_COUNT_REACHED,
                              (unsigned)hashmap_u64_count(&c->statements->by_id));
    finish_error(c);
    return true;
}

static bool serve_known(struct client *c, struct bytes payload)
{
    switch ((unsigned)c->request.command->command) {
    case COMMAND_STMT_RESET:
        return reset_statement(c);
    case COMMAND_STMT_FETCH:
        if (c->request.statement->cursor)
            return false;
        client_answer_mysql_error(c, ER_STMT_HAS_NO_OPEN_CURSOR, read_id(payload),
                                  c->facts->server.mariadb ? "" : ".");
        finish_error(c);
        return true;
    default:
        return false;
    }
}

/* Of a whole payload. */
static size_t size_min(enum command command)
{
    switch ((unsigned)command) {
    case COMMAND_STMT_EXECUTE:
        return 1 + 4 + 1 + 4;
    case COMMAND_STMT_FETCH:
        return 1 + 4 + 4;
    case COMMAND_STMT_CLOSE:
        return 1 + 4;
    default:
        return 1 + 4 + 2;
    }
}

static void answer_malformed(struct client *c)
{
    client_answer_mysql_error(c, ER_MALFORMED_PACKET, c->facts->server.mariadb ? "" : ".");
}

/* MySQL complains of those that are never answered, too. */
static bool refuse_cut(struct client *c, struct bytes payload)
{
    enum command command = c->request.command->command;
    if (c->facts->server.mariadb || !c->request.whole || payload.size >= size_min(command) ||
        command == COMMAND_STMT_PREPARE || command == COMMAND_STMT_RESET ||
        command == COMMAND_STMT_BULK_EXECUTE)
        return false;
    answer_malformed(c);
    finish_error(c);
    return true;
}

/* By the last statement's id, an execution must say the types of its parameters. */
static bool last_lacks_types(const struct client *c, struct bytes payload)
{
    const struct statement *s = c->request.statement;
    enum command command = c->request.command->command;
    if (command != COMMAND_STMT_EXECUTE || !c->facts->server.mariadb || s->parameters == 0 ||
        read_id(payload) != STATEMENT_ID_LAST)
        return false;
    size_t flag_at = size_min(command) + (s->parameters + 7U) / 8;
    size_t end = flag_at + 1 + 2U * s->parameters;
    return payload.size < end || payload.data[flag_at] == 0;
}

bool statement_serve_locally(struct client *c, struct bytes payload)
{
    enum command command = c->request.command->command;
    if (refuse_cut(c, payload))
        return true;
    if (command == COMMAND_STMT_PREPARE)
        return prepare_statement(c);
    if (command == COMMAND_STMT_BULK_EXECUTE && !c->facts->server.mariadb) {
        client_answer_mysql_error(c, ER_UNKNOWN_COM_ERROR);
        finish_error(c);
        return true;
    }
    if (command == COMMAND_STMT_CLOSE) {
        close_statement(c);
        return true;
    }
    if (c->request.statement != NULL && last_lacks_types(c, payload)) {
        answer_malformed(c);
        finish_error(c);
        return true;
    }
    if (c->request.statement != NULL)
        return serve_known(c, payload);
    if (command == COMMAND_STMT_SEND_LONG_DATA) {
        if (!c->request.whole)
            return false; /* the server ignores it */
        answer_nothing(c);
        return true;
    }
    if (payload.size < STATEMENT_ID_AT + 4 && !is_execute(command))
        return false; /* the server reads on, into whatever lies there */
    if (is_execute(command) && payload.size < size_min(command))
        answer_malformed(c);
    else
        client_answer_mysql_error(c, ER_UNKNOWN_STMT_HANDLER, read_id(payload), complainer(c));
    finish_error(c);
    return true;
}

/* -------- replies -------- */

uint16_t statement_told_columns(const struct client *c)
{
    const struct request *r = &c->request;
    bool compares = r->statement != NULL && is_execute(r->command->command) && !r->unit_results;
    return compares ? r->statement->columns : 0;
}

const struct sql_scan *statement_prepared_scan(const struct client *c)
{
    return c->request.scan;
}

bool statement_is_in_its_mode(const struct client *c)
{
    const struct statement_text *text = c->request.statement->text;
    if (!text->shared)
        return false;
    const char *then = session_state_get(text->mode, "sql_mode");
    const char *now = session_state_get(c->session, "sql_mode");
    return then == now || (then != NULL && now != NULL && strcmp(then, now) == 0);
}

static void learn_prepare(struct client *c, const struct reply_summary *s)
{
    struct statement_table *t = c->statements;
    if (!s->error)
        return; /* statement_answered took it in */
    c->statement_counter++;
    if (s->error_code != ER_MAX_PREPARED_STMT_COUNT_REACHED)
        t->last = 0;
    statement_free(t->preparing);
    t->preparing = NULL;
}

static void learn_execute(struct client *c, const struct reply_summary *summary)
{
    struct statement *s = c->request.statement;
    if (!summary->error)
        s->long_data = false;
    s->cursor = c->request.asks_cursor && !summary->error && summary->result_set &&
                (summary->status & STATUS_CURSOR_EXISTS) != 0;
    if (s->columns != 0 && summary->columns != 0 && !c->request.unit_results)
        s->columns = summary->columns;
}

void statement_learn(struct client *c, const struct reply_summary *summary)
{
    const struct request *r = &c->request;
    struct statement *s = r->statement;
    switch ((unsigned)r->command->command) {
    case COMMAND_QUERY: /* text PREPAREs count as well */
        c->statement_counter += r->scanned && r->scan->verb == SQL_VERB_PREPARE;
        return;
    case COMMAND_STMT_PREPARE:
        learn_prepare(c, summary);
        return;
    case COMMAND_STMT_EXECUTE:
    case COMMAND_STMT_BULK_EXECUTE:
        if (s != NULL)
            learn_execute(c, summary);
        break;
    case COMMAND_STMT_FETCH:
        if (s != NULL && !summary->error && (summary->status & STATUS_LAST_ROW_SENT) != 0)
            s->cursor = false;
        break;
    case COMMAND_STMT_RESET:
        if (s != NULL && !summary->error)
            s->cursor = s->long_data = false;
        break;
    default:
        break;
    }
    if (s != NULL)
        statement_settle(c, s);
}

void statement_forget_all(struct client *c)
{
    if (c->statements == NULL)
        return;
    statement_table_clear(c->statements);
    free(c->statements);
    c->statements = NULL;
    c->request.statement = NULL;
}
