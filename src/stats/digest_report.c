/* SPDX-License-Identifier: Apache-2.0
 * All rows are read, a few at a time; those with the same key come together by sorting. */
#include "stats/digest_report.h"

#include <stdlib.h>

#define SLICE 8

static bool grow(struct digest_report *r, size_t *room)
{
    if (r->count + SLICE <= *room)
        return true;
    size_t more = *room == 0 ? 64 : *room * 2;
    struct digest_row *rows = realloc(r->rows, more * sizeof *rows);
    if (rows == NULL)
        return false;
    r->rows = rows;
    *room = more;
    return true;
}

static bool read_all(struct digest_report *r, struct digest_table *const *tables, size_t count)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++) {
        size_t from = 0;
        size_t n = tables[i] != NULL ? 1 : 0;
        while (n > 0) {
            if (!grow(r, &room))
                return false;
            n = digest_table_read(tables[i], &from, r->rows + r->count, SLICE);
            r->count += n;
        }
    }
    return true;
}

static int descending(uint64_t x, uint64_t y)
{
    return x < y ? 1 : x > y ? -1 : 0;
}

static int by_key(const void *a, const void *b)
{
    return descending(((const struct digest_row *)a)->key, ((const struct digest_row *)b)->key);
}

static int by_time(const void *a, const void *b)
{
    const struct digest_row *x = a;
    const struct digest_row *y = b;
    int order = descending(x->sums.time, y->sums.time);
    return order != 0 ? order : descending(x->key, y->key);
}

static void merge_neighbours(struct digest_report *r)
{
    size_t kept = 0;
    for (size_t i = 1; i < r->count; i++) {
        if (r->rows[i].key == r->rows[kept].key) {
            digest_row_merge(&r->rows[kept], &r->rows[i]);
            digest_row_clear(&r->rows[i]);
        } else {
            r->rows[++kept] = r->rows[i];
        }
    }
    r->count = kept + 1;
}

bool digest_report_make(struct digest_report *r, struct digest_table *const *tables, size_t count)
{
    *r = (struct digest_report){.rows = NULL};
    if (!read_all(r, tables, count)) {
        digest_report_free(r);
        return false;
    }
    if (r->count == 0)
        return true;
    qsort(r->rows, r->count, sizeof *r->rows, by_key);
    merge_neighbours(r);
    qsort(r->rows, r->count, sizeof *r->rows, by_time);
    return true;
}

void digest_report_free(struct digest_report *r)
{
    for (size_t i = 0; i < r->count; i++)
        digest_row_clear(&r->rows[i]);
    free(r->rows);
    *r = (struct digest_report){.rows = NULL};
}
