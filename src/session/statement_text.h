/* SPDX-License-Identifier: Apache-2.0
 * The text of a prepared statement with all that its meaning depends on. Immutable, counted and
 * interned: ten thousand clients that prepare the same text in the same mode share one object, so
 * "has this link the statement?" is a look-up by pointer. Safe from any thread. */
#ifndef WEIR_SESSION_STATEMENT_TEXT_H
#define WEIR_SESSION_STATEMENT_TEXT_H

#include "mysql/sql_scan.h"
#include "session/session_state.h"

struct statement_text {
    struct session_state *mode; /* session_state_at_prepare; NULL when not shared */
    struct sql_scan scan;       /* what executing it does and asks, stored code aside */
    bool shared;                /* false: not kept, so only the link that has it can execute it */
    size_t size;
    /* private */
    struct statement_text *next;
    uint64_t hash;
    atomic_uint references;
    uint8_t text[];
};

/* Longer ones are not kept. */
#define STATEMENT_TEXT_MAX ((size_t)1024 * 1024)

/* Found or made; the caller owns one reference. NULL when out of memory. */
NODISCARD struct statement_text *
statement_text_intern(struct bytes sql, const struct session_state *session, struct sql_mode mode);

/* For a text that is not kept: what a scan of it found. NULL when out of memory. */
NODISCARD struct statement_text *statement_text_unkept(const struct sql_scan *scan);

struct statement_text *statement_text_hold(struct statement_text *t);
void statement_text_release(struct statement_text *t);

static inline struct bytes statement_text_sql(const struct statement_text *t)
{
    return bytes_of(t->text, t->size);
}

#endif
