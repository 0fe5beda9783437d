/* SPDX-License-Identifier: Apache-2.0
 * Interned statement texts: one table for the process, under a lock that is taken when a statement
 * is prepared or forgotten, never when one is executed. */
#include "session/statement_text.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SIZE 4096
static struct {
    pthread_mutex_t lock;
    struct statement_text *buckets[TABLE_SIZE];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t hash_of(struct bytes sql, const struct session_state *mode)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)(uintptr_t)mode;
    for (size_t i = 0; i < sql.size; i++)
        h = (h ^ sql.data[i]) * UINT64_C(1099511628211);
    return h ^ h >> 32;
}

static bool same_mode(struct sql_mode a, struct sql_mode b)
{
    return a.ansi_quotes == b.ansi_quotes && a.no_backslash_escapes == b.no_backslash_escapes &&
           a.mariadb == b.mariadb && a.multi_byte_trail == b.multi_byte_trail;
}

/* Under the lock; with a reference for the caller. */
static struct statement_text *find(struct bytes sql, const struct session_state *at,
                                   struct sql_mode mode, uint64_t hash)
{
    for (struct statement_text *t = table.buckets[hash % TABLE_SIZE]; t != NULL; t = t->next)
        if (t->hash == hash && t->mode == at && same_mode(t->scan.mode, mode) &&
            bytes_equal(statement_text_sql(t), sql))
            return statement_text_hold(t);
    return NULL;
}

static struct statement_text *make(struct bytes sql, struct session_state *at, struct sql_mode mode,
                                   uint64_t hash)
{
    struct statement_text *t = calloc(1, sizeof *t + sql.size);
    if (t == NULL)
        return NULL;
    t->mode = session_state_hold(at);
    t->shared = true;
    t->size = sql.size;
    t->hash = hash;
    atomic_init(&t->references, 1);
    if (sql.size > 0)
        memcpy(t->text, sql.data, sql.size);
    mode.names = NULL; /* what others define changes, the text does not */
    sql_scan_text(&t->scan, mode, sql);
    t->scan.piece = NULL;
    return t;
}

static void destroy(struct statement_text *t)
{
    if (t->mode != NULL)
        session_state_release(t->mode);
    free(t);
}

struct statement_text *statement_text_intern(struct bytes sql, const struct session_state *session,
                                             struct sql_mode mode)
{
    struct session_state *at = session_state_at_prepare(session);
    if (at == NULL)
        return NULL;
    uint64_t hash = hash_of(sql, at);
    pthread_mutex_lock(&table.lock);
    struct statement_text *t = find(sql, at, mode, hash);
    pthread_mutex_unlock(&table.lock);
    if (t == NULL) {
        struct statement_text *made = make(sql, at, mode, hash);
        pthread_mutex_lock(&table.lock);
        t = made != NULL ? find(sql, at, mode, hash) : NULL; /* another thread was faster? */
        if (made != NULL && t == NULL) {
            made->next = table.buckets[hash % TABLE_SIZE];
            table.buckets[hash % TABLE_SIZE] = made;
            t = made;
        }
        pthread_mutex_unlock(&table.lock);
        if (made != NULL && t != made)
            destroy(made);
    }
    session_state_release(at);
    return t;
}

struct statement_text *statement_text_unkept(const struct sql_scan *scan)
{
    struct statement_text *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->scan = *scan;
    t->scan.piece = NULL;
    atomic_init(&t->references, 1);
    return t;
}

struct statement_text *statement_text_hold(struct statement_text *t)
{
    CHECK(t != NULL);
    atomic_fetch_add(&t->references, 1);
    return t;
}

void statement_text_release(struct statement_text *t)
{
    /* Under the lock only for the last reference: nobody can find the text while it goes. */
    unsigned n = atomic_load(&t->references);
    while (n > 1)
        if (atomic_compare_exchange_weak(&t->references, &n, n - 1))
            return;
    pthread_mutex_lock(&table.lock);
    bool last = atomic_fetch_sub(&t->references, 1) == 1;
    if (last && t->shared) {
        struct statement_text **at = &table.buckets[t->hash % TABLE_SIZE];
        while (*at != t)
            at = &(*at)->next;
        *at = t->next;
    }
    pthread_mutex_unlock(&table.lock);
    if (last)
        destroy(t);
}
