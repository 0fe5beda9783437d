/* SPDX-License-Identifier: Apache-2.0
 * The table of tables, and those that describe the console itself. */
#include "console/tables.h"

#include "base/check.h"
#include "base/text.h"
#include "console/statement.h"
#include "session/snapshot.h"

#include <stdio.h>

enum table_id {
#define TABLE(name, schema, table, needs, help) TABLE_##name,
#include "console/tables.def"
#undef TABLE
    TABLE_COUNT
};

static const struct console_table tables[] = {
#define TABLE(name, schema, table, needs, help)                                                    \
    {schema, table, needs, help, table_fill_##name, NULL, 0},
#include "console/tables.def"
#undef TABLE
};

static const struct console_column columns[] = {
#define COLUMN(table, name, type, help) {TABLE_##table, name, COLUMN_##type, help},
#include "console/columns.def"
#undef COLUMN
};

size_t console_table_count(void)
{
    return countof(tables);
}

struct console_table console_table_at(size_t index)
{
    CHECK(index < countof(tables));
    struct console_table t = tables[index];
    for (size_t i = 0; i < countof(columns); i++) {
        if (columns[i].table != index)
            continue;
        if (t.column_count == 0)
            t.columns = &columns[i];
        t.column_count++;
        CHECK(&t.columns[t.column_count - 1] == &columns[i]);
    }
    CHECK(t.column_count > 0);
    return t;
}

bool console_table_find(struct bytes schema, struct bytes name, struct console_table *out)
{
    for (size_t i = 0; i < countof(tables); i++) {
        if (!text_equal_nocase(name, tables[i].name) ||
            (schema.size > 0 && !text_equal_nocase(schema, tables[i].schema)))
            continue;
        *out = console_table_at(i);
        return true;
    }
    return false;
}

/* -------- what there is -------- */

static const char *const schemas[] = {"information_schema", "performance_schema", "weir"};

bool console_schema_exists(struct bytes name)
{
    for (size_t i = 0; i < countof(schemas); i++)
        if (text_equal_nocase(name, schemas[i]))
            return true;
    return false;
}

void table_fill_schemata(struct row_sink *rows, const struct console_facts *facts)
{
    (void)facts;
    for (size_t i = 0; i < countof(schemas); i++) {
        row_text(rows, "def");
        row_text(rows, schemas[i]);
        row_text(rows, "utf8mb4");
        row_text(rows, "utf8mb4_general_ci");
        row_null(rows);
    }
}

void table_fill_tables(struct row_sink *rows, const struct console_facts *facts)
{
    (void)facts;
    for (size_t i = 0; i < countof(tables); i++) {
        row_text(rows, "def");
        row_text(rows, tables[i].schema);
        row_text(rows, tables[i].name);
        row_text(rows, "SYSTEM VIEW");
        row_text(rows, "Weir");
        row_text(rows, tables[i].help);
    }
}

static const char *type_name(enum column_type type)
{
    switch (type) {
    case COLUMN_INT:
        return "bigint";
    case COLUMN_REAL:
        return "double";
    case COLUMN_TEXT:
    case COLUMN_VALUE:
        break;
    }
    return "varchar";
}

static void add_column(struct row_sink *rows, const struct console_table *t, size_t i)
{
    row_text(rows, "def");
    row_text(rows, t->schema);
    row_text(rows, t->name);
    row_text(rows, t->columns[i].name);
    row_integer(rows, (int64_t)i + 1);
    row_null(rows);
    row_text(rows, "YES");
    row_text(rows, type_name(t->columns[i].type));
    row_text(rows, type_name(t->columns[i].type));
    row_text(rows, "");
    row_text(rows, "");
    row_text(rows, t->columns[i].help);
}

void table_fill_columns(struct row_sink *rows, const struct console_facts *facts)
{
    (void)facts;
    for (size_t table = 0; table < countof(tables); table++) {
        struct console_table t = console_table_at(table);
        for (size_t i = 0; i < t.column_count; i++)
            add_column(rows, &t, i);
    }
}

void table_fill_commands(struct row_sink *rows, const struct console_facts *facts)
{
    (void)facts;
    size_t count;
    const struct console_command *all = console_commands(&count);
    for (size_t i = 0; i < count; i++) {
        row_text(rows, all[i].pattern);
        row_text(rows, all[i].arguments);
        row_text(rows, all[i].help);
    }
}
