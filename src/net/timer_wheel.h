/* SPDX-License-Identifier: Apache-2.0
 * The timers of one loop: a hashed wheel of three levels. Setting and cancelling cost the same for
 * ten timers and for ten million; a timer far away is looked at three times in its life. Knows no
 * clock: the loop says what time it is. */
#ifndef WEIR_NET_TIMER_WHEEL_H
#define WEIR_NET_TIMER_WHEEL_H

#include "net/loop.h"

/* A tick is 4,096 µs: the precision of all timers. */
#define TIMER_TICK_BITS 12
/* Level 0 has one slot for each of the next 256 ticks (1 s), level 1 one for each 256 ticks
 * (4.5 min in all), level 2 one for each 65,536 (19 h). What is later waits in the last slot. */
#define TIMER_LEVELS     3
#define TIMER_SLOTS_BITS 8
#define TIMER_SLOTS      256

struct timer_wheel {
    uint64_t tick; /* all ticks up to this one are over */
    size_t count;
    struct list due; /* expired, about to be fired by timer_wheel_advance */
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
    /* The next tick in which something happens, while it is known: it is asked for in every turn of
     * the loop and seldom changes. */
    uint64_t next;
    bool next_known;
    uint64_t occupied[TIMER_LEVELS][TIMER_SLOTS / 64]; /* a bit for each slot that is not empty */
};

void timer_wheel_init(struct timer_wheel *w, usec_t now);

/* Fires when `deadline` is over, at the earliest at the next advance. Re-arms a set timer. */
void timer_wheel_set(struct timer_wheel *w, struct loop_timer *timer, usec_t deadline);

/* No-op when the timer is not set. */
void timer_wheel_cancel(struct timer_wheel *w, struct loop_timer *timer);

/* When timer_wheel_advance has work again: the end of the next timer's tick, or earlier, by whole
 * seconds, when the next timer is far away. 0 when no timer is set. */
usec_t timer_wheel_next(struct timer_wheel *w);

/* Fires all timers whose deadline is over. They may set and cancel any timer; what they set fires
 * in a later call. */
void timer_wheel_advance(struct timer_wheel *w, usec_t now);

#endif
