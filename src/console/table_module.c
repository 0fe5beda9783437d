/* SPDX-License-Identifier: Apache-2.0
 * SQLite walks over rows that a fill function has put into memory. No constraint is used: SQLite
 * checks them all itself, and sorts. */
#include "console/table_module.h"

#include "base/check.h"
#include "console/rewrite.h"

#include <stdlib.h>

#define MODULE "weir_table"
/* What the planner believes of every table. */
#define ROWS_GUESSED 1000

struct module_table {
    sqlite3_vtab base;
    struct table_cache *cache;
    size_t index;
};

struct module_cursor {
    sqlite3_vtab_cursor base;
    const struct row_sink *rows;
    size_t row;
};

static struct module_table *table_of(sqlite3_vtab *t)
{
    return container_of(t, struct module_table, base);
}

static struct module_cursor *cursor_of(sqlite3_vtab_cursor *c)
{
    return container_of(c, struct module_cursor, base);
}

static const char *declared_type(enum column_type type)
{
    switch (type) {
    case COLUMN_INT:
        return "INTEGER";
    case COLUMN_REAL:
        return "REAL";
    case COLUMN_VALUE: /* a number, or text: `Value > 100` compares numbers */
        return "NUMERIC COLLATE NOCASE";
    case COLUMN_TEXT:
        break;
    }
    return "TEXT COLLATE NOCASE";
}

static int declare(sqlite3 *db, const struct console_table *t)
{
    struct sql_text sql = {0};
    sql_text_add_text(&sql, "CREATE TABLE x(");
    for (size_t i = 0; i < t->column_count; i++) {
        sql_text_add_text(&sql, i > 0 ? ", " : "");
        sql_text_add_quoted(&sql, bytes_of_text(t->columns[i].name), '"');
        sql_text_add_text(&sql, " ");
        sql_text_add_text(&sql, declared_type(t->columns[i].type));
    }
    sql_text_add_text(&sql, ")");
    int result = sqlite3_declare_vtab(db, sql.data);
    free(sql.data);
    return result;
}

static int on_connect(sqlite3 *db, void *context, int argc, const char *const *argv,
                      sqlite3_vtab **out, char **error)
{
    (void)error;
    CHECK(argc >= 3);
    for (size_t i = 0; i < console_table_count(); i++) {
        struct console_table t = console_table_at(i);
        if (strcmp(t.schema, argv[1]) != 0 || strcmp(t.name, argv[2]) != 0)
            continue;
        struct module_table *made = calloc(1, sizeof *made);
        if (made == NULL)
            return SQLITE_NOMEM;
        made->cache = context;
        made->index = i;
        *out = &made->base;
        return declare(db, &t);
    }
    return SQLITE_ERROR;
}

static int on_disconnect(sqlite3_vtab *t)
{
    free(table_of(t));
    return SQLITE_OK;
}

static int on_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    info->estimatedCost = ROWS_GUESSED;
    info->estimatedRows = ROWS_GUESSED;
    return SQLITE_OK;
}

static int on_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
    (void)t;
    struct module_cursor *c = calloc(1, sizeof *c);
    if (c == NULL)
        return SQLITE_NOMEM;
    *out = &c->base;
    return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *c)
{
    free(cursor_of(c));
    return SQLITE_OK;
}

static const struct row_sink *rows_of(struct table_cache *cache, size_t index)
{
    struct row_sink *rows = &cache->sinks[index];
    if (rows->columns == 0) {
        struct console_table t = console_table_at(index);
        row_sink_init(rows, t.column_count);
        t.fill(rows, cache->facts);
    }
    return rows;
}

static int on_filter(sqlite3_vtab_cursor *c, int number, const char *text, int argc,
                     sqlite3_value **argv)
{
    (void)number, (void)text, (void)argc, (void)argv;
    struct module_table *t = table_of(c->pVtab);
    if (t->cache->facts == NULL)
        return SQLITE_ERROR;
    cursor_of(c)->rows = rows_of(t->cache, t->index);
    cursor_of(c)->row = 0;
    return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *c)
{
    cursor_of(c)->row++;
    return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *c)
{
    return cursor_of(c)->row >= row_sink_rows(cursor_of(c)->rows);
}

static int on_column(sqlite3_vtab_cursor *c, sqlite3_context *out, int column)
{
    const struct row_sink *rows = cursor_of(c)->rows;
    const struct cell *cell = row_sink_cell(rows, cursor_of(c)->row, (size_t)column);
    switch (cell->kind) {
    case CELL_NULL:
        sqlite3_result_null(out);
        break;
    case CELL_INTEGER:
        sqlite3_result_int64(out, cell->value.integer);
        break;
    case CELL_REAL:
        sqlite3_result_double(out, cell->value.real);
        break;
    case CELL_TEXT:
        sqlite3_result_text64(out, cell->size > 0 ? rows->text + cell->value.at : "", cell->size,
                              SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    }
    return SQLITE_OK;
}

static int on_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)cursor_of(c)->row;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .xCreate = on_connect,
    .xConnect = on_connect,
    .xBestIndex = on_best_index,
    .xDisconnect = on_disconnect,
    .xDestroy = on_disconnect,
    .xOpen = on_open,
    .xClose = on_close,
    .xFilter = on_filter,
    .xNext = on_next,
    .xEof = on_eof,
    .xColumn = on_column,
    .xRowid = on_rowid,
};

static bool create_table(sqlite3 *db, const struct console_table *t)
{
    struct sql_text sql = {0};
    sql_text_add_text(&sql, "CREATE VIRTUAL TABLE ");
    sql_text_add_text(&sql, t->schema);
    sql_text_add_text(&sql, ".");
    sql_text_add_text(&sql, t->name);
    sql_text_add_text(&sql, " USING " MODULE);
    bool made = sqlite3_exec(db, sql.data, NULL, NULL, NULL) == SQLITE_OK;
    free(sql.data);
    return made;
}

bool table_module_install(sqlite3 *db, struct table_cache *cache)
{
    *cache = (struct table_cache){0};
    cache->sinks = calloc(console_table_count(), sizeof *cache->sinks);
    if (cache->sinks == NULL ||
        sqlite3_create_module_v2(db, MODULE, &module, cache, NULL) != SQLITE_OK)
        return false;
    for (size_t i = 0; i < console_table_count(); i++) {
        struct console_table t = console_table_at(i);
        if (!create_table(db, &t))
            return false;
    }
    return true;
}

void table_cache_begin(struct table_cache *cache, const struct console_facts *facts)
{
    cache->facts = facts;
}

void table_cache_end(struct table_cache *cache)
{
    for (size_t i = 0; i < console_table_count(); i++) {
        row_sink_fini(&cache->sinks[i]);
        cache->sinks[i].columns = 0;
    }
    cache->facts = NULL;
}

bool table_cache_too_large(const struct table_cache *cache)
{
    for (size_t i = 0; i < console_table_count(); i++)
        if (cache->sinks[i].too_large)
            return true;
    return false;
}

void table_cache_fini(struct table_cache *cache)
{
    if (cache->sinks == NULL)
        return;
    table_cache_end(cache);
    free(cache->sinks);
    cache->sinks = NULL;
}
