/* SPDX-License-Identifier: Apache-2.0
 * Counts of durations in buckets that grow with them: four to each doubling, so that what is read
 * from them is at most a quarter too high. From 1 µs to days, in constant room. */
#ifndef WEIR_STATS_HISTOGRAM_H
#define WEIR_STATS_HISTOGRAM_H

#include "base/clock.h"

#include <stddef.h>

#define HISTOGRAM_BUCKETS 152

/* Zeroed = empty. */
struct histogram {
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, usec_t t);

/* Adds what the other one has counted. */
void histogram_merge(struct histogram *h, const struct histogram *other);

/* The duration that `per_mille` of what was counted do not exceed: the upper end of its bucket. 0
 * when nothing was counted. */
usec_t histogram_quantile(const struct histogram *h, unsigned per_mille);

#endif
