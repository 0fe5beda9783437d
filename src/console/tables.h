/* SPDX-License-Identifier: Apache-2.0
 * The console's tables: what they are called, and the functions that fill them. To add one: a row
 * in tables.def, its columns in columns.def, and a function table_fill_<name>. */
#ifndef WEIR_CONSOLE_TABLES_H
#define WEIR_CONSOLE_TABLES_H

#include "console/row_sink.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct console;
struct console_session;
struct snapshot;

/* What fill functions look at: everything in it stays as it is while one statement runs. */
struct console_facts {
    struct console *console;
    const struct console_session *session;
    const struct config *config;
    const struct snapshot *snapshot; /* with what the table's `needs` say */
};

struct console_column {
    unsigned table; /* row of tables.def */
    const char *name;
    enum column_type { COLUMN_INT, COLUMN_REAL, COLUMN_TEXT, COLUMN_VALUE } type;
    const char *help;
};

struct console_table {
    const char *schema;
    const char *name;
    unsigned needs;
    const char *help;
    void (*fill)(struct row_sink *rows, const struct console_facts *facts);
    const struct console_column *columns; /* in order */
    size_t column_count;
};

size_t console_table_count(void);
struct console_table console_table_at(size_t index);

/* By names, in any case; `schema` empty: any. False when there is none. */
NODISCARD bool console_table_find(struct bytes schema, struct bytes name,
                                  struct console_table *out);

NODISCARD bool console_schema_exists(struct bytes name);

#define TABLE(name, schema, table, needs, help)                                                    \
    void table_fill_##name(struct row_sink *rows, const struct console_facts *facts);
#include "console/tables.def"
#undef TABLE

#endif
