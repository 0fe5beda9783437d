/* SPDX-License-Identifier: Apache-2.0
 * Counters: written by one worker each, read by anybody. Rows in counters.def. */
#ifndef WEIR_STATS_COUNTERS_H
#define WEIR_STATS_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTER(name, variable, help) COUNTER_##name,
enum counter {
#include "stats/counters.def"
    COUNTER_COUNT
};
#undef COUNTER

/* One per worker. Zeroed = fresh. */
struct counters {
    _Atomic uint64_t values[COUNTER_COUNT];
};

/* Only the owning worker adds, so a plain load and store suffice; readers see whole values. */
static inline void counters_add(struct counters *c, enum counter which, uint64_t n)
{
    uint64_t v = atomic_load_explicit(&c->values[which], memory_order_relaxed);
    atomic_store_explicit(&c->values[which], v + n, memory_order_relaxed);
}

static inline uint64_t counters_get(const struct counters *c, enum counter which)
{
    return atomic_load_explicit(&c->values[which], memory_order_relaxed);
}

/* The name of the status variable, and what it counts. */
const char *counter_variable(enum counter which);
const char *counter_help(enum counter which);

#endif
