/* SPDX-License-Identifier: Apache-2.0
 * Cases in an array under a lock: leaks are rare. */
#include "session/leak_book.h"

#include "base/check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct leak_book {
    pthread_mutex_t lock;
    uint64_t last_number;
    size_t count;
    struct leak cases[LEAK_BOOK_SIZE];
};

struct leak_book *leak_book_create(void)
{
    struct leak_book *b = calloc(1, sizeof *b);
    if (b != NULL)
        CHECK(pthread_mutex_init(&b->lock, NULL) == 0);
    return b;
}

void leak_book_destroy(struct leak_book *b)
{
    if (b == NULL)
        return;
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* Open cases go last, and the older go before the newer. */
static bool makes_room_before(const struct leak *a, const struct leak *b)
{
    if ((a->end == LEAK_OPEN) != (b->end == LEAK_OPEN))
        return b->end == LEAK_OPEN;
    return a->number < b->number;
}

static struct leak *place_for_one(struct leak_book *b)
{
    if (b->count < LEAK_BOOK_SIZE)
        return &b->cases[b->count++];
    struct leak *first = &b->cases[0];
    for (size_t i = 1; i < b->count; i++)
        if (makes_room_before(&b->cases[i], first))
            first = &b->cases[i];
    return first;
}

uint64_t leak_book_add(struct leak_book *b, struct leak *leak)
{
    pthread_mutex_lock(&b->lock);
    leak->number = ++b->last_number;
    *place_for_one(b) = *leak;
    pthread_mutex_unlock(&b->lock);
    return leak->number;
}

void leak_book_update(struct leak_book *b, uint64_t number, const char *why)
{
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < b->count; i++)
        if (b->cases[i].number == number)
            snprintf(b->cases[i].why, sizeof b->cases[i].why, "%s", why);
    pthread_mutex_unlock(&b->lock);
}

void leak_book_end(struct leak_book *b, uint64_t number, enum leak_end end, usec_t now)
{
    CHECK(end != LEAK_OPEN);
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < b->count; i++) {
        if (b->cases[i].number != number)
            continue;
        b->cases[i].end = end;
        b->cases[i].over_at = now;
        break;
    }
    pthread_mutex_unlock(&b->lock);
}

static int by_interest(const void *left, const void *right)
{
    const struct leak *a = left;
    const struct leak *b = right;
    if ((a->end == LEAK_OPEN) != (b->end == LEAK_OPEN))
        return a->end == LEAK_OPEN ? -1 : 1;
    return a->number > b->number ? -1 : a->number < b->number ? 1 : 0;
}

size_t leak_book_read(struct leak_book *b, struct leak *out, size_t room)
{
    struct leak *all = malloc(sizeof b->cases);
    if (all == NULL)
        return 0;
    pthread_mutex_lock(&b->lock);
    size_t count = b->count;
    for (size_t i = 0; i < count; i++)
        all[i] = b->cases[i];
    pthread_mutex_unlock(&b->lock);
    qsort(all, count, sizeof *all, by_interest);
    count = count < room ? count : room;
    for (size_t i = 0; i < count; i++)
        out[i] = all[i];
    free(all);
    return count;
}
