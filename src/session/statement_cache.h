/* SPDX-License-Identifier: Apache-2.0
 * The prepared statements that one link has on its server: least recently used first, found by
 * their text. One that holds something of a client (data, a cursor, or a text that nobody kept) is
 * that client's alone until it is free of it. */
#ifndef WEIR_SESSION_STATEMENT_CACHE_H
#define WEIR_SESSION_STATEMENT_CACHE_H

#include "base/list.h"
#include "session/statement_table.h"

struct link_statement {
    struct list_node node;
    struct statement_text *text;
    struct statement_types *types; /* that the server knows, NULL none */
    uint32_t server_id;
    uint64_t owner; /* see statement_owner; 0 everybody */
    bool executed;  /* at least once */
    bool began_with_cursor;
    struct sql_scan *scan; /* of the text with a catalogue of stored code, NULL none */
    unsigned scan_version; /* of that catalogue */
};

/* Statements that wait for their COM_STMT_CLOSE. Between two requests only a few can. */
#define STATEMENT_CLOSING_MAX 16

struct statement_cache {
    struct hashmap_u64 by_text; /* of everybody's */
    struct list everybodys;     /* least recently used first */
    struct list owned;
    uint32_t closing[STATEMENT_CLOSING_MAX]; /* ids on the server */
    unsigned closing_count;
};

static inline uint64_t statement_owner(uint32_t client, uint32_t statement)
{
    return (uint64_t)client << 32 | statement;
}

void statement_cache_init(struct statement_cache *c);
/* The server has forgotten all of them: its session was reset, or is gone. */
void statement_cache_clear(struct statement_cache *c);

static inline size_t statement_cache_count(const struct statement_cache *c)
{
    return c->everybodys.count + c->owned.count;
}

/* The one that `owner` may use: its own, else everybody's. NULL when there is none. */
struct link_statement *statement_cache_find(const struct statement_cache *c,
                                            const struct statement_text *text, uint64_t owner);

/* A new one, most recently used; one of the same text that is everybody's is closed. With an owner
 * it is the owner's. NULL when out of memory. */
struct link_statement *statement_cache_add(struct statement_cache *c, struct statement_text *text,
                                           uint32_t server_id, uint64_t owner);

/* It was used now. */
void statement_cache_touch(struct statement_cache *c, struct link_statement *s);
void statement_cache_know_types(struct link_statement *s, struct statement_types *types);

/* It becomes the owner's alone, or everybody's again (0): then it replaces one of the same text. */
void statement_cache_give(struct statement_cache *c, struct link_statement *s, uint64_t owner);

/* It goes, and is to be closed on the server. */
void statement_cache_close(struct statement_cache *c, struct link_statement *s);
/* The least recently used of everybody's goes; false when there is none. */
NODISCARD bool statement_cache_evict(struct statement_cache *c);

#endif
