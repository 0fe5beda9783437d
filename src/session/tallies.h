/* SPDX-License-Identifier: Apache-2.0
 * What a worker counts by reason and by state: ends of connections, pins, clients, waits. Written
 * by the worker alone, read by anybody (status.h). The other counters are in stats/counters.def. */
#ifndef WEIR_SESSION_TALLIES_H
#define WEIR_SESSION_TALLIES_H

#include "session/client.h"

/* Waits for a link by how long they lasted: up to 1, 10, 100 ms, 1, 10 s, and longer. */
#define WAIT_CLASS_COUNT 6
extern const usec_t wait_class_limits[WAIT_CLASS_COUNT - 1];

struct tallies {
    _Atomic uint64_t commands_done; /* of those that COUNTER_queries counts: no longer under way */
    _Atomic uint64_t waiting;       /* clients that wait for a link now */
    _Atomic uint64_t closes[CLOSE_REASON_COUNT];
    _Atomic uint64_t pins[PIN_COUNT];     /* times that each has begun */
    _Atomic uint64_t pins_now[PIN_COUNT]; /* clients that it pins now */
    _Atomic uint64_t clients_pinned;
    _Atomic uint64_t waits[WAIT_CLASS_COUNT];
    _Atomic uint64_t waited_usec;
};

/* Only the owning worker adds; `n` may be "negative" for what is counted down again. */
static inline void tally_add(_Atomic uint64_t *which, uint64_t n)
{
    uint64_t v = atomic_load_explicit(which, memory_order_relaxed);
    atomic_store_explicit(which, v + n, memory_order_relaxed);
}

/* The client begins or ends to wait for a link. */
void tally_wait_begins(struct client *c);
void tally_wait_ends(struct client *c);

/* Its pins may have changed. Cheap when they have not. */
void tally_pins_changed(struct client *c);
static inline void tally_pins(struct client *c)
{
    if (c->pins != c->pins_counted)
        tally_pins_changed(c);
}

/* A client in the given state leaves. */
void tally_client_gone(struct client *c, enum close_reason why);

void tally_link_closed(struct worker *w, enum close_reason why);

#endif
