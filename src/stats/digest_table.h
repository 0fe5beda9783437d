/* SPDX-License-Identifier: Apache-2.0
 * What statements of one digest and schema have cost, one row each. One table per worker: it alone
 * adds, anybody reads, a few rows under a short lock at a time. Bounded: when it is full,
 * statements with new digests are counted together in a row without a text, as performance_schema
 * does it. */
#ifndef WEIR_STATS_DIGEST_TABLE_H
#define WEIR_STATS_DIGEST_TABLE_H

#include "base/attrs.h"
#include "base/bytes.h"
#include "stats/histogram.h"

#include <stdbool.h>

/* Of a row's sample. */
#define DIGEST_SAMPLE_MAX 1024

/* Numbers that add up. Times are µs. */
struct digest_sums {
    uint64_t count;
    uint64_t errors;
    uint64_t slow; /* beyond long_query_time */
    uint64_t no_index;
    uint64_t rows_sent;
    uint64_t rows_affected;
    uint64_t bytes_sent;
    usec_t time; /* on the server */
    usec_t time_min;
    usec_t time_max;
    usec_t wait; /* until the statement was sent: for a link, and for the session on it */
    usec_t wait_max;
    usec_t link; /* that a link was held for it: the statement itself, and what its client did until
                    the next one while a transaction or a pin kept the link */
    uint64_t first_seen; /* µs since 1970 */
    uint64_t last_seen;
};

/* Texts end with a NUL and belong to the row. */
struct digest_row {
    uint64_t key; /* of digest and schema */
    uint64_t id;  /* of the digest, 0 for all those that had no room */
    char *schema;
    char *text;   /* "" for these */
    char *sample; /* one of the slowest, without secrets; "" none yet */
    usec_t sample_time;
    struct digest_sums sums;
    struct histogram times;
};

/* One statement. */
struct digest_event {
    uint64_t id;
    struct bytes schema;
    struct bytes text; /* of the digest */
    usec_t time;
    usec_t wait;
    uint64_t rows_sent;
    uint64_t rows_affected;
    uint64_t bytes_sent;
    uint64_t wall; /* µs since 1970, when it ended */
    bool error;
    bool slow;
    bool no_index;
};

/* Names a row for as long as the table was not emptied; zeroed = none. */
struct digest_place {
    uint32_t row;
    uint32_t epoch;
};

struct digest_table;

/* Room for `size` rows, which are allocated as they are needed. NULL when out of memory. */
NODISCARD struct digest_table *digest_table_create(size_t size);
void digest_table_destroy(struct digest_table *t); /* NULL does nothing */

/* Another size; what was there is forgotten when that changes anything. */
void digest_table_resize(struct digest_table *t, size_t size);

/* The owner adds. `wants_sample`: its text should be the row's sample (digest_table_sample). */
struct digest_place digest_table_add(struct digest_table *t, const struct digest_event *e,
                                     bool *wants_sample);
void digest_table_sample(struct digest_table *t, struct digest_place at, struct bytes text,
                         usec_t time);
/* A link was held for it so long. */
void digest_table_add_link(struct digest_table *t, struct digest_place at, usec_t time);

/* Any thread: everything is forgotten. */
void digest_table_reset(struct digest_table *t);

/* Any thread: copies of rows from `*from` on, at most `room`; advances *from. The copies are the
 * caller's (digest_row_clear). Returns how many, 0 at the end. */
size_t digest_table_read(struct digest_table *t, size_t *from, struct digest_row *out, size_t room);
void digest_row_clear(struct digest_row *row);

/* Adds the numbers of a row of another table to `to`, and takes its sample if it is the slower one.
 */
void digest_row_merge(struct digest_row *to, struct digest_row *from);

#endif
