/* SPDX-License-Identifier: Apache-2.0
 * The prepared statements of one client, by the ids that Weir gave them. */
#ifndef WEIR_SESSION_STATEMENT_TABLE_H
#define WEIR_SESSION_STATEMENT_TABLE_H

#include "base/hashmap.h"
#include "session/statement_text.h"

/* Types of parameters as a COM_STMT_EXECUTE names them. Immutable and counted: a client's statement
 * and the links that were told the types share them. Safe from any thread. */
struct statement_types {
    atomic_uint references;
    size_t size;
    uint8_t bytes[];
};

/* NULL when out of memory. */
NODISCARD struct statement_types *statement_types_create(struct bytes types);
struct statement_types *statement_types_hold(struct statement_types *t); /* t may be NULL */
void statement_types_release(struct statement_types *t);                 /* t may be NULL */
NODISCARD bool statement_types_equal(const struct statement_types *t, struct bytes types);

struct statement {
    uint32_t id;
    uint16_t columns; /* as the client was told last */
    uint16_t parameters;
    bool long_data; /* pieces of a parameter lie on its link */
    bool cursor;    /* open on its link */
    struct statement_text *text;
    struct statement_types *types; /* that the client sent last, NULL never */
};

struct statement_table {
    struct hashmap_u64 by_id;
    struct statement *preparing; /* until the server has answered */
    uint32_t last;               /* id of the one that was prepared last, 0 none */
    size_t bytes;                /* of the texts, shared or not */
};

/* The texts of one client's statements may have so many bytes together. */
#define STATEMENT_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* NULL when out of memory. */
NODISCARD struct statement *statement_create(struct statement_text *text);
void statement_free(struct statement *s);

/* Owned by the table from here on; false when out of memory. The id must be new. */
NODISCARD bool statement_table_add(struct statement_table *t, struct statement *s);
struct statement *statement_table_find(const struct statement_table *t, uint32_t id);
/* Frees it. */
void statement_table_remove(struct statement_table *t, struct statement *s);
void statement_table_clear(struct statement_table *t);

/* Does any statement have data, a cursor, or no text, so that its link must stay? */
NODISCARD bool statement_table_any_long_data(const struct statement_table *t);
NODISCARD bool statement_table_any_cursor(const struct statement_table *t);
NODISCARD bool statement_table_any_unkept(const struct statement_table *t);

#endif
