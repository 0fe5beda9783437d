/* SPDX-License-Identifier: Apache-2.0
 * From a statement's text to its answer. */
#include "base/check.h"
#include "console/console_client.h"
#include "console/rewrite.h"
#include "session/kill_order.h"
#include "session/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

/* -------- what SQL asks of a session -------- */

static const char *on_schema(void *context)
{
    const struct console_run *r = context;
    return r->session->schema[0] != '\0' ? r->session->schema : NULL;
}

static const char *on_user(void *context)
{
    static _Thread_local char text[160];
    const struct console_run *r = context;
    (void)snprintf(text, sizeof text, "%s@%s", r->session->user, r->session->host);
    return text;
}

static const char *on_version(void *context)
{
    const struct console_run *r = context;
    return r->console->version;
}

static uint64_t on_connection_id(void *context)
{
    const struct console_run *r = context;
    return r->session->id;
}

static bool on_variable(void *context, struct bytes name, char *out, size_t out_size)
{
    const struct console_run *r = context;
    return console_variable(r->session, r->console->config, r->console->version, name, true, out,
                            out_size);
}

/* -------- SELECT -------- */

/* LIKE 'x' of a SHOW, as a condition. */
static bool add_like(struct console_run *r, struct sql_text *sql)
{
    struct statement *s = &r->statement;
    if (s->command->like == NULL || !sql_tokens_take_word(&s->rest, "LIKE"))
        return true;
    size_t size;
    char pattern[256];
    if (s->rest.token.kind != SQL_TOKEN_STRING ||
        !statement_unquote(&s->rest.token, pattern, sizeof pattern, &size)) {
        statement_wrong(s, &r->answer);
        return false;
    }
    sql_tokens_next(&s->rest);
    sql_text_add_text(sql, " WHERE ");
    sql_text_add_quoted(sql, bytes_of_text(s->command->like), '"');
    sql_text_add_text(sql, " LIKE ");
    sql_text_add_quoted(sql, bytes_of(pattern, strlen(pattern)), '\'');
    return true;
}

/* Behind a SHOW may stand what narrows or orders its rows, nothing else. */
static bool tail_is_good(struct console_run *r)
{
    static const char *const words[] = {"WHERE", "ORDER", "LIMIT", "GROUP"};
    struct statement *s = &r->statement;
    if (s->command->like == NULL && strncmp(s->command->select, "SELECT ", 7) != 0)
        return true; /* SELECT and WITH themselves */
    if (sql_tokens_at_end(&s->rest))
        return true;
    for (size_t i = 0; i < countof(words); i++)
        if (sql_token_is_word(&s->rest, words[i]))
            return true;
    statement_wrong(s, &r->answer);
    return false;
}

/* The text for SQLite, or NULL with the error in the answer. */
static char *select_text(struct console_run *r)
{
    struct statement at = r->statement;
    struct sql_text sql = {0};
    sql_text_add_text(&sql, r->statement.command->select);
    bool good = add_like(r, &sql) && tail_is_good(r);
    if (good && !rewrite_rest(&sql, &r->statement.rest)) {
        statement_wrong(&r->statement, &r->answer);
        good = false;
    }
    r->statement = at;
    if (good)
        return sql.data;
    free(sql.data);
    return NULL;
}

static void run_with_facts(struct console_run *r)
{
    struct console *c = r->console;
    const struct console_facts facts = {
        .console = c,
        .session = r->session,
        .config = c->config,
        .snapshot = r->snapshot,
    };
    select_run(c->engine, &facts, &r->answer);
}

static void on_facts(void *context, struct snapshot *s)
{
    struct console_run *r = context;
    char *sql = r->sql;
    r->job = NULL;
    r->sql = NULL;
    r->snapshot = s;
    console_run_sql(r, sql);
    free(sql);
    console_run_done(r);
}

/* The statement is prepared again when the facts have come: others use the engine meanwhile. */
static void ask_facts(struct console_run *r, const char *sql, unsigned needs)
{
    select_cancel(r->console->engine);
    r->job = snapshot_ask(r->console->proxy, needs, r->console->mailbox, on_facts, r);
    r->sql = r->job != NULL ? strdup(sql) : NULL;
    if (r->sql != NULL) {
        console_run_wait(r);
        return;
    }
    console_run_abandon(r);
    answer_error(&r->answer, ER_UNKNOWN_ERROR, "Out of memory");
}

static void run_sql(struct console_run *r, const char *sql)
{
    unsigned needs;
    const struct select_environment environment = {
        .context = r,
        .schema = on_schema,
        .user = on_user,
        .version = on_version,
        .connection_id = on_connection_id,
        .variable = on_variable,
    };
    if (!select_prepare(r->console->engine, sql, &environment, &r->answer, &needs))
        return;
    if (needs != 0 && r->snapshot == NULL)
        ask_facts(r, sql, needs);
    else
        run_with_facts(r);
}

void console_run_sql(struct console_run *r, const char *sql)
{
    struct console *c = r->console;
    bool outermost = c->config == NULL;
    if (outermost)
        c->config = c->orders.hold_config(c->orders.context);
    run_sql(r, sql);
    if (outermost) {
        config_release(c->config);
        c->config = NULL;
    }
}

void console_run_abandon(struct console_run *r)
{
    if (r->job != NULL)
        snapshot_abandon(r->job);
    if (r->kill != NULL)
        kill_order_abandon(r->kill);
    snapshot_free(r->snapshot);
    free(r->sql);
    r->job = NULL;
    r->kill = NULL;
    r->snapshot = NULL;
    r->sql = NULL;
}

void command_select(struct console_run *r)
{
    char *sql = select_text(r);
    if (sql != NULL)
        console_run_sql(r, sql);
    free(sql);
}

/* -------- any statement -------- */

void console_run_begin(struct console_run *r, uint8_t *text, size_t size)
{
    statement_blank_comments(text, size);
    if (!statement_parse(&r->statement, bytes_of(text, size), &r->answer))
        return;
    if (r->statement.command->run != command_select || r->statement.command->like != NULL)
        config_errors_free(&r->session->warnings);
    r->statement.command->run(r);
    if (r->answer.kind != ANSWER_ERROR && r->statement.command->run != command_select)
        r->answer.warnings = (uint16_t)r->session->warnings.count;
}
