/* SPDX-License-Identifier: Apache-2.0
 * The one virtual-table module of SQLite behind all tables of the console. */
#ifndef WEIR_CONSOLE_TABLE_MODULE_H
#define WEIR_CONSOLE_TABLE_MODULE_H

#include "console/tables.h"

#include <sqlite3.h>

/* The rows of the statement under way: each table is filled once, when it is first read. */
struct table_cache {
    const struct console_facts *facts; /* NULL while no statement runs */
    struct row_sink *sinks;            /* one per table; columns 0 = not filled yet */
};

/* Makes every table of tables.def in `db`, which must outlive nothing of `cache`. False when SQLite
 * refuses. */
NODISCARD bool table_module_install(sqlite3 *db, struct table_cache *cache);

/* Before and after a statement. */
void table_cache_begin(struct table_cache *cache, const struct console_facts *facts);
void table_cache_end(struct table_cache *cache);
/* A table had more rows than can be held. */
NODISCARD bool table_cache_too_large(const struct table_cache *cache);
void table_cache_fini(struct table_cache *cache);

#endif
