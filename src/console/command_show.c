/* SPDX-License-Identifier: Apache-2.0
 * SHOW TABLES, SHOW COLUMNS, USE, HELP: finding one's way. */
#include "base/text.h"
#include "console/console_client.h"
#include "console/rewrite.h"
#include "console/select_functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void complain_schema(struct console_run *r, struct bytes name)
{
    answer_error(
        &r->answer, ER_BAD_DB_ERROR,
        "Unknown database '%.*s'; the console has weir, information_schema and performance_schema",
        (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
}

/* [FROM|IN schema]; the session's, or weir, when nothing is said. False with the error told. */
static bool take_schema(struct console_run *r, struct bytes *schema)
{
    struct sql_tokens *t = &r->statement.rest;
    *schema = bytes_of_text(r->session->schema[0] != '\0' ? r->session->schema : "weir");
    if (!sql_tokens_take_word(t, "FROM") && !sql_tokens_take_word(t, "IN"))
        return true;
    if (!sql_tokens_take_name(t, schema)) {
        statement_wrong(&r->statement, &r->answer);
        return false;
    }
    if (console_schema_exists(*schema))
        return true;
    complain_schema(r, *schema);
    return false;
}

/* [LIKE 'x'] as a condition on a column; then the end. */
static bool take_like(struct console_run *r, const char *column, struct sql_text *sql)
{
    struct sql_tokens *t = &r->statement.rest;
    char pattern[256];
    size_t size;
    if (!sql_tokens_take_word(t, "LIKE"))
        return statement_is_over(&r->statement, &r->answer);
    if (t->token.kind != SQL_TOKEN_STRING ||
        !statement_unquote(&t->token, pattern, sizeof pattern, &size)) {
        statement_wrong(&r->statement, &r->answer);
        return false;
    }
    sql_tokens_next(t);
    sql_text_add_text(sql, " AND ");
    sql_text_add_text(sql, column);
    sql_text_add_text(sql, " LIKE ");
    sql_text_add_quoted(sql, bytes_of_text(pattern), '\'');
    return statement_is_over(&r->statement, &r->answer);
}

void command_show_tables(struct console_run *r)
{
    struct bytes schema;
    struct sql_text sql = {0};
    char title[SQL_NAME_MAX + 16];
    bool full = statement_has(&r->statement, "FULL");
    if (!take_schema(r, &schema))
        return;
    (void)snprintf(title, sizeof title, "Tables_in_%.*s", (int)schema.size,
                   (const char *)schema.data);
    sql_text_add_text(&sql, "SELECT TABLE_NAME AS ");
    sql_text_add_quoted(&sql, bytes_of_text(title), '"');
    sql_text_add_text(&sql, full ? ", 'VIEW' AS Table_type" : "");
    sql_text_add_text(&sql, " FROM information_schema.tables WHERE TABLE_SCHEMA = ");
    sql_text_add_quoted(&sql, schema, '\'');
    if (take_like(r, "TABLE_NAME", &sql)) {
        sql_text_add_text(&sql, " ORDER BY 1");
        console_run_sql(r, sql.data);
    }
    free(sql.data);
}

static void show_columns(struct console_run *r, const struct console_table *t, bool full)
{
    struct sql_text sql = {0};
    sql_text_add_text(&sql, full ? "SELECT COLUMN_NAME AS Field, COLUMN_TYPE AS Type, NULL AS "
                                   "Collation, IS_NULLABLE AS `Null`, COLUMN_KEY AS `Key`, "
                                   "COLUMN_DEFAULT AS `Default`, EXTRA AS Extra, 'select' AS "
                                   "Privileges, COLUMN_COMMENT AS Comment"
                                 : "SELECT COLUMN_NAME AS Field, COLUMN_TYPE AS Type, IS_NULLABLE "
                                   "AS `Null`, COLUMN_KEY AS `Key`, COLUMN_DEFAULT AS `Default`, "
                                   "EXTRA AS Extra, COLUMN_COMMENT AS Comment");
    sql_text_add_text(&sql, " FROM information_schema.columns WHERE TABLE_SCHEMA = ");
    sql_text_add_quoted(&sql, bytes_of_text(t->schema), '\'');
    sql_text_add_text(&sql, " AND TABLE_NAME = ");
    sql_text_add_quoted(&sql, bytes_of_text(t->name), '\'');
    if (take_like(r, "COLUMN_NAME", &sql))
        console_run_sql(r, sql.data);
    free(sql.data);
}

/* [schema.]table */
static bool take_table(struct console_run *r, struct bytes *schema, struct bytes *name)
{
    struct sql_tokens *t = &r->statement.rest;
    *schema = bytes_of(NULL, 0);
    if (!sql_tokens_take_name(t, name))
        return false;
    if (!sql_tokens_take_byte(t, '.'))
        return true;
    *schema = *name;
    return sql_tokens_take_name(t, name);
}

void command_show_columns(struct console_run *r)
{
    struct sql_tokens *t = &r->statement.rest;
    struct bytes schema;
    struct bytes name;
    struct console_table table;
    bool full = statement_has(&r->statement, "FULL");
    (void)(sql_tokens_take_word(t, "FROM") || sql_tokens_take_word(t, "IN"));
    if (!take_table(r, &schema, &name)) {
        statement_wrong(&r->statement, &r->answer);
        return;
    }
    if ((sql_token_is_word(t, "FROM") || sql_token_is_word(t, "IN")) && !take_schema(r, &schema))
        return;
    if (schema.size == 0 && r->session->schema[0] != '\0' &&
        console_table_find(bytes_of_text(r->session->schema), name, &table))
        schema = bytes_of_text(r->session->schema);
    if (console_table_find(schema, name, &table))
        show_columns(r, &table, full);
    else
        answer_error(&r->answer, ER_NO_SUCH_TABLE,
                     "Table '%.*s' doesn't exist; SHOW TABLES FROM weir lists what there is",
                     (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
}

void command_use(struct console_run *r)
{
    struct bytes schema;
    if (!sql_tokens_take_name(&r->statement.rest, &schema)) {
        statement_wrong(&r->statement, &r->answer);
        return;
    }
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    if (!console_schema_exists(schema)) {
        complain_schema(r, schema);
        return;
    }
    (void)!text_copy(r->session->schema, sizeof r->session->schema, schema);
    answer_ok(&r->answer, 0, "%s", "");
}

void command_nothing(struct console_run *r)
{
    answer_ok(&r->answer, 0, "%s", "");
}

void command_count_warnings(struct console_run *r)
{
    answer_column(&r->answer, bytes_of_text("@@session.warning_count"));
    answer_row_begin(&r->answer);
    answer_integer(&r->answer, (int64_t)r->session->warnings.count);
    answer_row_end(&r->answer);
}

/* -------- HELP -------- */

#define TOPIC_SIZE 128

/* The words that are asked for, with one space between; mysql and mariadb send them as a string. */
static bool take_topic(struct console_run *r, char *topic)
{
    struct sql_tokens *t = &r->statement.rest;
    size_t n = 0;
    for (; t->token.kind == SQL_TOKEN_WORD || t->token.kind == SQL_TOKEN_STRING;
         sql_tokens_next(t)) {
        struct bytes word = t->token.text;
        if (n + word.size + 2 > TOPIC_SIZE)
            return false;
        if (n > 0)
            topic[n++] = ' ';
        memcpy(topic + n, word.data, word.size);
        n += word.size;
    }
    topic[n] = '\0';
    return statement_is_over(&r->statement, &r->answer);
}

/* "KILL [CONNECTION|QUERY]" → "KILL" */
static struct bytes bare_name(const struct console_command *c)
{
    size_t n = strcspn(c->pattern, "[|");
    bool all = c->pattern[n] == '\0';
    while (!all && n > 0 && c->pattern[n - 1] == ' ')
        n--;
    return bytes_of(c->pattern, n);
}

enum topic_match { TOPIC_NONE, TOPIC_INSIDE, TOPIC_AT_START };

static enum topic_match topic_matches(const char *topic, const struct console_command *c)
{
    char pattern[TOPIC_SIZE + 2];
    (void)snprintf(pattern, sizeof pattern, "%%%s%%", topic);
    if (!select_like(bytes_of_text(pattern), bytes_of_text(c->pattern)))
        return TOPIC_NONE;
    struct bytes start = bytes_of_text(c->pattern);
    size_t n = strlen(topic);
    start.size = n < start.size ? n : start.size;
    return text_equal_nocase(start, topic) ? TOPIC_AT_START : TOPIC_INSIDE;
}

/* The command lines of mysql and mariadb write one topic's texts bare, so these end their lines. */
static void add_topic(struct answer *a, const struct console_command *c, bool alone)
{
    const char *end = alone ? "\n" : "";
    char form[512];
    char help[1024];
    (void)snprintf(form, sizeof form, "%s%s%s%s", c->pattern, c->arguments[0] != '\0' ? " " : "",
                   c->arguments, end);
    (void)snprintf(help, sizeof help, "%s%s", c->help, end);
    answer_row_begin(a);
    answer_text(a, alone ? bare_name(c) : bytes_of_text(form));
    answer_text(a, bytes_of_text(help));
    if (alone)
        answer_text(a, bytes_of_text(form));
    answer_row_end(a);
}

/* One topic has three columns and several have two: so the command lines of mysql and mariadb know
 * which it is. */
void command_help(struct console_run *r)
{
    char topic[TOPIC_SIZE];
    size_t count;
    size_t found[TOPIC_AT_START + 1] = {0};
    const struct console_command *all = console_commands(&count);
    if (!take_topic(r, topic))
        return;
    for (size_t i = 0; i < count; i++)
        found[topic_matches(topic, &all[i])]++;
    enum topic_match wanted =
        topic[0] != '\0' && found[TOPIC_AT_START] == 0 ? TOPIC_INSIDE : TOPIC_AT_START;
    bool alone = found[wanted] == 1;
    answer_column(&r->answer, bytes_of_text("name"));
    answer_column(&r->answer, bytes_of_text("description"));
    if (alone)
        answer_column(&r->answer, bytes_of_text("example"));
    for (size_t i = 0; i < count; i++)
        if (topic_matches(topic, &all[i]) == wanted)
            add_topic(&r->answer, &all[i], alone);
}
