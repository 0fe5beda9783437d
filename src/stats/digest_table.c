/* SPDX-License-Identifier: Apache-2.0
 * An index with open addressing over rows that never move. */
#include "stats/digest_table.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Row 0 is that of all digests without room. */
#define OTHERS 0

struct digest_table {
    pthread_mutex_t lock;
    size_t size; /* rows at most, OTHERS not counted */
    size_t count;
    size_t slots; /* a power of two */
    uint32_t epoch;
    struct digest_row **rows; /* size + 1 */
    uint32_t *index;          /* row or 0 */
};

static bool allocate(struct digest_table *t, size_t size)
{
    size_t slots = 16;
    while (slots < size * 2)
        slots *= 2;
    t->rows = calloc(size + 1, sizeof(struct digest_row *));
    t->index = calloc(slots, sizeof *t->index);
    if (t->rows == NULL || t->index == NULL) {
        free(t->rows);
        free(t->index);
        t->rows = NULL;
        t->index = NULL;
        size = slots = 0;
    }
    t->size = size;
    t->slots = slots;
    t->count = 0;
    return t->rows != NULL;
}

void digest_row_clear(struct digest_row *row)
{
    free(row->schema);
    free(row->text);
    free(row->sample);
    row->schema = row->text = row->sample = NULL;
}

static void row_free(struct digest_row *row)
{
    if (row == NULL)
        return;
    digest_row_clear(row);
    free(row);
}

static void release(struct digest_table *t)
{
    for (size_t i = 0; t->rows != NULL && i <= t->size; i++)
        row_free(t->rows[i]);
    free(t->rows);
    free(t->index);
}

static void lock(struct digest_table *t)
{
    CHECK(pthread_mutex_lock(&t->lock) == 0);
}

static void unlock(struct digest_table *t)
{
    CHECK(pthread_mutex_unlock(&t->lock) == 0);
}

struct digest_table *digest_table_create(size_t size)
{
    struct digest_table *t = calloc(1, sizeof *t);
    if (t == NULL || !allocate(t, size)) {
        free(t);
        return NULL;
    }
    t->epoch = 1;
    CHECK(pthread_mutex_init(&t->lock, NULL) == 0);
    return t;
}

void digest_table_destroy(struct digest_table *t)
{
    if (t == NULL)
        return;
    release(t);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static void empty(struct digest_table *t, size_t size)
{
    lock(t);
    release(t);
    t->epoch++;
    (void)!allocate(t, size);
    unlock(t);
}

void digest_table_resize(struct digest_table *t, size_t size)
{
    lock(t);
    bool same = size == t->size;
    unlock(t);
    if (!same)
        empty(t, size);
}

void digest_table_reset(struct digest_table *t)
{
    lock(t);
    size_t size = t->size;
    unlock(t);
    empty(t, size);
}

/* -------- adding -------- */

static uint64_t key_of(const struct digest_event *e)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < e->schema.size; i++)
        h = (h ^ e->schema.data[i]) * UINT64_C(1099511628211);
    h ^= e->id;
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 32;
    return h != 0 ? h : 1; /* 0 is the key of OTHERS */
}

static char *copy_text(struct bytes text)
{
    char *copy = malloc(text.size + 1);
    if (copy == NULL)
        return NULL;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

static struct digest_row *row_make(uint64_t key, uint64_t id, struct bytes schema,
                                   struct bytes text)
{
    struct digest_row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return NULL;
    row->key = key;
    row->id = id;
    row->schema = copy_text(schema);
    row->text = copy_text(text);
    row->sample = copy_text(bytes_of(NULL, 0));
    if (row->schema != NULL && row->text != NULL && row->sample != NULL)
        return row;
    row_free(row);
    return NULL;
}

/* Its place, with a row in it unless memory is out. */
static uint32_t find_or_make(struct digest_table *t, const struct digest_event *e)
{
    uint64_t key = key_of(e);
    size_t at = (size_t)key & (t->slots - 1);
    for (; t->index[at] != 0; at = (at + 1) & (t->slots - 1))
        if (t->rows[t->index[at]]->key == key)
            return t->index[at];
    if (t->count < t->size) {
        struct digest_row *row = row_make(key, e->id, e->schema, e->text);
        if (row != NULL) {
            uint32_t place = (uint32_t)++t->count;
            t->rows[place] = row;
            t->index[at] = place;
            return place;
        }
    }
    if (t->rows[OTHERS] == NULL)
        t->rows[OTHERS] = row_make(0, 0, bytes_of(NULL, 0), bytes_of(NULL, 0));
    return OTHERS;
}

static void sums_add(struct digest_sums *s, const struct digest_event *e)
{
    if (s->count == 0 || e->time < s->time_min)
        s->time_min = e->time;
    if (e->time > s->time_max)
        s->time_max = e->time;
    if (e->wait > s->wait_max)
        s->wait_max = e->wait;
    if (s->count == 0)
        s->first_seen = e->wall;
    s->last_seen = e->wall;
    s->count++;
    s->errors += e->error ? 1 : 0;
    s->slow += e->slow ? 1 : 0;
    s->no_index += e->no_index ? 1 : 0;
    s->rows_sent += e->rows_sent;
    s->rows_affected += e->rows_affected;
    s->bytes_sent += e->bytes_sent;
    s->time += e->time;
    s->wait += e->wait;
    s->link += e->time;
}

struct digest_place digest_table_add(struct digest_table *t, const struct digest_event *e,
                                     bool *wants_sample)
{
    struct digest_place place = {0};
    *wants_sample = false;
    lock(t);
    uint32_t at = t->rows != NULL ? find_or_make(t, e) : OTHERS;
    struct digest_row *row = t->rows != NULL ? t->rows[at] : NULL;
    if (row != NULL) {
        sums_add(&row->sums, e);
        histogram_add(&row->times, e->time);
        /* Twice as slow as the last one, so that there are few. */
        *wants_sample = row->sums.count == 1 || e->time / 2 > row->sample_time;
        place = (struct digest_place){.row = at, .epoch = t->epoch};
    }
    unlock(t);
    return place;
}

static struct digest_row *row_at(const struct digest_table *t, struct digest_place at)
{
    return at.epoch == t->epoch && t->rows != NULL ? t->rows[at.row] : NULL;
}

void digest_table_sample(struct digest_table *t, struct digest_place at, struct bytes text,
                         usec_t time)
{
    if (text.size > DIGEST_SAMPLE_MAX)
        text.size = DIGEST_SAMPLE_MAX;
    char *copy = copy_text(text);
    lock(t);
    struct digest_row *row = row_at(t, at);
    if (row != NULL && copy != NULL) {
        char *old = row->sample;
        row->sample = copy;
        row->sample_time = time;
        copy = old;
    }
    unlock(t);
    free(copy);
}

void digest_table_add_link(struct digest_table *t, struct digest_place at, usec_t time)
{
    lock(t);
    struct digest_row *row = row_at(t, at);
    if (row != NULL)
        row->sums.link += time;
    unlock(t);
}

/* -------- reading -------- */

static bool row_copy(struct digest_row *to, const struct digest_row *from)
{
    *to = *from;
    to->schema = strdup(from->schema);
    to->text = strdup(from->text);
    to->sample = strdup(from->sample);
    if (to->schema != NULL && to->text != NULL && to->sample != NULL)
        return true;
    digest_row_clear(to);
    return false;
}

size_t digest_table_read(struct digest_table *t, size_t *from, struct digest_row *out, size_t room)
{
    size_t n = 0;
    lock(t);
    for (; t->rows != NULL && *from <= t->count && n < room; (*from)++)
        if (t->rows[*from] != NULL && row_copy(&out[n], t->rows[*from]))
            n++;
    unlock(t);
    return n;
}

void digest_row_merge(struct digest_row *to, struct digest_row *from)
{
    struct digest_sums *a = &to->sums;
    const struct digest_sums *b = &from->sums;
    a->count += b->count;
    a->errors += b->errors;
    a->slow += b->slow;
    a->no_index += b->no_index;
    a->rows_sent += b->rows_sent;
    a->rows_affected += b->rows_affected;
    a->bytes_sent += b->bytes_sent;
    a->time += b->time;
    a->wait += b->wait;
    a->link += b->link;
    a->time_min = a->time_min < b->time_min ? a->time_min : b->time_min;
    a->time_max = a->time_max > b->time_max ? a->time_max : b->time_max;
    a->wait_max = a->wait_max > b->wait_max ? a->wait_max : b->wait_max;
    a->first_seen = a->first_seen < b->first_seen ? a->first_seen : b->first_seen;
    a->last_seen = a->last_seen > b->last_seen ? a->last_seen : b->last_seen;
    histogram_merge(&to->times, &from->times);
    if (from->sample_time > to->sample_time) {
        char *sample = to->sample;
        to->sample = from->sample;
        from->sample = sample;
        to->sample_time = from->sample_time;
    }
}
