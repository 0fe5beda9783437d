/* SPDX-License-Identifier: Apache-2.0
 * A client's prepared statements. */
#include "session/statement_table.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct statement_types *statement_types_create(struct bytes types)
{
    struct statement_types *t = malloc(sizeof *t + types.size);
    if (t == NULL)
        return NULL;
    atomic_init(&t->references, 1);
    t->size = types.size;
    if (types.size > 0)
        memcpy(t->bytes, types.data, types.size);
    return t;
}

struct statement_types *statement_types_hold(struct statement_types *t)
{
    if (t != NULL)
        atomic_fetch_add(&t->references, 1);
    return t;
}

void statement_types_release(struct statement_types *t)
{
    if (t != NULL && atomic_fetch_sub(&t->references, 1) == 1)
        free(t);
}

bool statement_types_equal(const struct statement_types *t, struct bytes types)
{
    return t != NULL && bytes_equal(bytes_of(t->bytes, t->size), types);
}

struct statement *statement_create(struct statement_text *text)
{
    struct statement *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->text = text;
    return s;
}

void statement_free(struct statement *s)
{
    if (s == NULL)
        return;
    if (s->text != NULL)
        statement_text_release(s->text);
    statement_types_release(s->types);
    free(s);
}

bool statement_table_add(struct statement_table *t, struct statement *s)
{
    CHECK(s->text != NULL && statement_table_find(t, s->id) == NULL);
    if (!hashmap_u64_put(&t->by_id, s->id, s))
        return false;
    t->last = s->id;
    t->bytes += s->text->size;
    return true;
}

struct statement *statement_table_find(const struct statement_table *t, uint32_t id)
{
    return hashmap_u64_get(&t->by_id, id);
}

void statement_table_remove(struct statement_table *t, struct statement *s)
{
    CHECK(hashmap_u64_remove(&t->by_id, s->id) == s);
    if (t->last == s->id)
        t->last = 0;
    t->bytes -= s->text->size;
    statement_free(s);
}

void statement_table_clear(struct statement_table *t)
{
    size_t cursor = 0;
    struct statement *s;
    while ((s = hashmap_u64_next(&t->by_id, &cursor, NULL)) != NULL)
        statement_free(s);
    hashmap_u64_fini(&t->by_id);
    statement_free(t->preparing);
    *t = (struct statement_table){.preparing = NULL};
}

bool statement_table_any_long_data(const struct statement_table *t)
{
    size_t cursor = 0;
    const struct statement *s;
    while ((s = hashmap_u64_next(&t->by_id, &cursor, NULL)) != NULL)
        if (s->long_data)
            return true;
    return false;
}

bool statement_table_any_cursor(const struct statement_table *t)
{
    size_t cursor = 0;
    const struct statement *s;
    while ((s = hashmap_u64_next(&t->by_id, &cursor, NULL)) != NULL)
        if (s->cursor)
            return true;
    return false;
}

bool statement_table_any_unkept(const struct statement_table *t)
{
    size_t cursor = 0;
    const struct statement *s;
    while ((s = hashmap_u64_next(&t->by_id, &cursor, NULL)) != NULL)
        if (!s->text->shared)
            return true;
    return false;
}
