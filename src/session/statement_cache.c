/* SPDX-License-Identifier: Apache-2.0
 * What a link has prepared. */
#include "session/statement_cache.h"

#include "base/check.h"

#include <stdlib.h>

static uint64_t key_of(const struct statement_text *text)
{
    return (uint64_t)(uintptr_t)text;
}

static struct link_statement *of_node(const struct list_node *n)
{
    return container_of(n, struct link_statement, node);
}

void statement_cache_init(struct statement_cache *c)
{
    *c = (struct statement_cache){.closing_count = 0};
    list_init(&c->everybodys);
    list_init(&c->owned);
}

static void destroy(struct link_statement *s)
{
    statement_text_release(s->text);
    statement_types_release(s->types);
    free(s->scan);
    free(s);
}

static void clear(struct list *l)
{
    struct list_node *n = list_first(l);
    while (n != NULL) {
        struct list_node *next = list_next(l, n);
        destroy(of_node(n));
        n = next;
    }
    list_init(l);
}

void statement_cache_clear(struct statement_cache *c)
{
    clear(&c->everybodys);
    clear(&c->owned);
    hashmap_u64_fini(&c->by_text);
    c->closing_count = 0;
}

struct link_statement *statement_cache_find(const struct statement_cache *c,
                                            const struct statement_text *text, uint64_t owner)
{
    for (struct list_node *n = list_first(&c->owned); n != NULL; n = list_next(&c->owned, n))
        if (of_node(n)->owner == owner)
            return of_node(n);
    return hashmap_u64_get(&c->by_text, key_of(text));
}

void statement_cache_close(struct statement_cache *c, struct link_statement *s)
{
    CHECK(c->closing_count < STATEMENT_CLOSING_MAX);
    c->closing[c->closing_count++] = s->server_id;
    if (s->owner == 0)
        (void)hashmap_u64_remove(&c->by_text, key_of(s->text));
    list_remove(s->owner == 0 ? &c->everybodys : &c->owned, &s->node);
    destroy(s);
}

static bool share(struct statement_cache *c, struct link_statement *s)
{
    struct link_statement *other = hashmap_u64_get(&c->by_text, key_of(s->text));
    if (other != NULL)
        statement_cache_close(c, other);
    if (!hashmap_u64_put(&c->by_text, key_of(s->text), s))
        return false;
    s->owner = 0;
    list_push_back(&c->everybodys, &s->node);
    return true;
}

struct link_statement *statement_cache_add(struct statement_cache *c, struct statement_text *text,
                                           uint32_t server_id, uint64_t owner)
{
    struct link_statement *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->text = text;
    s->server_id = server_id;
    s->owner = owner;
    if (owner != 0) {
        list_push_back(&c->owned, &s->node);
    } else if (!share(c, s)) {
        free(s);
        return NULL;
    }
    (void)statement_text_hold(text);
    return s;
}

void statement_cache_touch(struct statement_cache *c, struct link_statement *s)
{
    if (s->owner != 0 || list_last(&c->everybodys) == &s->node)
        return;
    list_remove(&c->everybodys, &s->node);
    list_push_back(&c->everybodys, &s->node);
}

void statement_cache_know_types(struct link_statement *s, struct statement_types *types)
{
    if (s->types == types)
        return;
    statement_types_release(s->types);
    s->types = statement_types_hold(types);
}

void statement_cache_give(struct statement_cache *c, struct link_statement *s, uint64_t owner)
{
    if (s->owner == owner)
        return;
    if (owner != 0) {
        CHECK(s->owner == 0);
        (void)hashmap_u64_remove(&c->by_text, key_of(s->text));
        list_remove(&c->everybodys, &s->node);
        s->owner = owner;
        list_push_back(&c->owned, &s->node);
        return;
    }
    list_remove(&c->owned, &s->node);
    if (!share(c, s)) { /* out of memory: the server keeps it for nobody */
        list_push_back(&c->owned, &s->node);
        statement_cache_close(c, s);
    }
}

bool statement_cache_evict(struct statement_cache *c)
{
    if (list_empty(&c->everybodys))
        return false;
    statement_cache_close(c, of_node(list_first(&c->everybodys)));
    return true;
}
