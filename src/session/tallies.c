/* SPDX-License-Identifier: Apache-2.0
 * Counting where it costs next to nothing: one place where states change, one where requests end.
 */
#include "session/tallies.h"

#include "session/request_record.h"

const usec_t wait_class_limits[WAIT_CLASS_COUNT - 1] = {
    USEC_PER_MSEC, 10 * USEC_PER_MSEC, 100 * USEC_PER_MSEC, USEC_PER_SEC, 10 * USEC_PER_SEC,
};

void tally_wait_begins(struct client *c)
{
    counters_add(&c->worker->counters, COUNTER_waits, 1);
    tally_add(&c->worker->tallies->waiting, 1);
}

void tally_wait_ends(struct client *c)
{
    struct tallies *t = c->worker->tallies;
    usec_t waited = loop_now(c->worker->loop) - c->state_since;
    size_t class = 0;
    while (class < WAIT_CLASS_COUNT - 1 && waited > wait_class_limits[class])
        class ++;
    tally_add(&t->waiting, (uint64_t)-1);
    tally_add(&t->waits[class], 1);
    tally_add(&t->waited_usec, waited);
}

static void pins_changed(struct tallies *t, pins_t before, pins_t after)
{
    for (unsigned i = 0; i < PIN_COUNT; i++) {
        bool was = (before >> i & 1) != 0;
        bool is = (after >> i & 1) != 0;
        if (is && !was)
            tally_add(&t->pins[i], 1);
        if (is != was)
            tally_add(&t->pins_now[i], is ? 1 : (uint64_t)-1);
    }
    if ((before != 0) != (after != 0))
        tally_add(&t->clients_pinned, after != 0 ? 1 : (uint64_t)-1);
}

void tally_pins_changed(struct client *c)
{
    pins_changed(c->worker->tallies, c->pins_counted, c->pins);
    c->pins_counted = c->pins;
}

void tally_client_gone(struct client *c, enum close_reason why)
{
    struct tallies *t = c->worker->tallies;
    pins_changed(t, c->pins_counted, 0);
    if (c->state == CLIENT_WAITING)
        tally_wait_ends(c);
    request_record_done(c);
    tally_add(&t->closes[why], 1);
}

void tally_link_closed(struct worker *w, enum close_reason why)
{
    tally_add(&w->tallies->closes[why], 1);
}
