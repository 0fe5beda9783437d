/* SPDX-License-Identifier: Apache-2.0
 * An intrusive doubly linked list that knows its length. */
#ifndef WEIR_BASE_LIST_H
#define WEIR_BASE_LIST_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed = in no list. */
struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

struct list {
    struct list_node head; /* head.next is the first, head.prev the last */
    size_t count;
};

static inline void list_init(struct list *l)
{
    l->head.next = l->head.prev = &l->head;
    l->count = 0;
}

static inline bool list_empty(const struct list *l)
{
    return l->count == 0;
}

static inline bool list_node_linked(const struct list_node *n)
{
    return n->next != NULL;
}

static inline struct list_node *list_first(const struct list *l)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): who frees a node has taken it out */
    return l->count > 0 ? l->head.next : NULL;
}

static inline struct list_node *list_last(const struct list *l)
{
    return l->count > 0 ? l->head.prev : NULL;
}

/* NULL after the last. */
static inline struct list_node *list_next(const struct list *l, const struct list_node *n)
{
    return n->next != &l->head ? n->next : NULL;
}

static inline void list_insert_before(struct list *l, struct list_node *at, struct list_node *n)
{
    CHECK(!list_node_linked(n));
    n->next = at;
    n->prev = at->prev;
    at->prev->next = n;
    at->prev = n;
    l->count++;
}

static inline void list_push_back(struct list *l, struct list_node *n)
{
    list_insert_before(l, &l->head, n);
}

static inline void list_push_front(struct list *l, struct list_node *n)
{
    list_insert_before(l, l->head.next, n);
}

static inline void list_remove(struct list *l, struct list_node *n)
{
    CHECK(list_node_linked(n));
    CHECK(l->count > 0);
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->next = n->prev = NULL;
    l->count--;
}

/* NULL when empty. */
static inline struct list_node *list_pop_front(struct list *l)
{
    struct list_node *n = list_first(l);
    if (n != NULL)
        list_remove(l, n);
    return n;
}

/* The body may remove `node` itself, nothing else. */
#define list_for_each(list, node)                                                                  \
    for (struct list_node * (node) = (list)->head.next, *node##_next = (node)->next;               \
         (node) != &(list)->head; (node) = node##_next, node##_next = (node)->next)

#endif
