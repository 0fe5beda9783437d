/* SPDX-License-Identifier: Apache-2.0
 * The rows of several digest tables together, for whoever shows them. */
#ifndef WEIR_STATS_DIGEST_REPORT_H
#define WEIR_STATS_DIGEST_REPORT_H

#include "stats/digest_table.h"

/* Rows with the same digest and schema are one; most time first. */
struct digest_report {
    struct digest_row *rows;
    size_t count;
};

/* Any thread; their owners wait for a few rows at a time at the most. False when out of memory:
 * then there is nothing to free. */
NODISCARD bool digest_report_make(struct digest_report *r, struct digest_table *const *tables,
                                  size_t count);
void digest_report_free(struct digest_report *r);

#endif
