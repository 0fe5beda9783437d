/* SPDX-License-Identifier: Apache-2.0
 * SHOW TABLES, SHOW COLUMNS, USE, HELP: finding one's way. */
#include "base/text.h"
#include "console/console_client.h"
#include "console/rewrite.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_schema(struct bytes name)
{
    return text_equal_nocase(name, "weir") || text_equal_nocase(name, "information_schema");
}

static void complain_schema(struct console_run *r, struct bytes name)
{
    answer_error(&r->answer, ER_BAD_DB_ERROR,
                 "Unknown database '%.*s'; the console has weir and information_schema",
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
    if (is_schema(*schema))
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
    if (!is_schema(schema)) {
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

void command_help(struct console_run *r)
{
    struct sql_text sql = {0};
    struct sql_tokens *t = &r->statement.rest;
    char pattern[128] = "";
    for (; t->token.kind == SQL_TOKEN_WORD; sql_tokens_next(t)) {
        size_t n = strlen(pattern);
        (void)snprintf(pattern + n, sizeof pattern - n, "%%%.*s", (int)t->token.text.size,
                       (const char *)t->token.text.data);
    }
    sql_text_add_text(&sql, "SELECT command, arguments, help FROM weir.commands");
    if (pattern[0] != '\0') {
        sql_text_add_text(&sql, " WHERE command LIKE ");
        sql_text_add_quoted(&sql, bytes_of_text(pattern), '\'');
        sql_text_add_text(&sql, " || '%'");
    }
    console_run_sql(r, sql.data);
    free(sql.data);
}
