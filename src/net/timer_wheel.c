/* SPDX-License-Identifier: Apache-2.0
 * A timer lies in the finest level that reaches its deadline, and comes down a level each time the
 * level above turns to its slot. */
#include "net/timer_wheel.h"

#define SLOT_MASK  (TIMER_SLOTS - 1)
#define TICKS_MAX  ((UINT64_C(1) << (TIMER_LEVELS * TIMER_SLOTS_BITS)) - 1)
#define NEVER      UINT64_MAX
#define WHERE_DUE  0xFFFF
#define WORD_BITS  64
#define WORD_COUNT (TIMER_SLOTS / WORD_BITS)

void timer_wheel_init(struct timer_wheel *w, usec_t now)
{
    *w = (struct timer_wheel){.tick = now >> TIMER_TICK_BITS, .next = NEVER, .next_known = true};
    list_init(&w->due);
    for (size_t level = 0; level < TIMER_LEVELS; level++) {
        for (size_t i = 0; i < TIMER_SLOTS; i++)
            list_init(&w->slots[level][i]);
    }
}

static void mark(struct timer_wheel *w, size_t level, size_t slot, bool occupied)
{
    uint64_t bit = UINT64_C(1) << (slot % WORD_BITS);
    if (occupied)
        w->occupied[level][slot / WORD_BITS] |= bit;
    else
        w->occupied[level][slot / WORD_BITS] &= ~bit;
}

/* Puts a timer that is due in tick `tick` >= `base` where it is found in time when all ticks before
 * `base` are over. */
static void place(struct timer_wheel *w, struct loop_timer *timer, uint64_t tick, uint64_t base)
{
    if (tick - base > TICKS_MAX)
        tick = base + TICKS_MAX;
    size_t level = 0;
    while ((tick - base) >> ((level + 1) * TIMER_SLOTS_BITS) > 0)
        level++;
    size_t slot = (size_t)(tick >> (level * TIMER_SLOTS_BITS)) & SLOT_MASK;
    list_push_back(&w->slots[level][slot], &timer->node);
    mark(w, level, slot, true);
    timer->where = (uint16_t)(level * TIMER_SLOTS + slot);
    uint64_t at = tick >> (level * TIMER_SLOTS_BITS) << (level * TIMER_SLOTS_BITS);
    if (at < w->next)
        w->next = at;
}

/* The tick at whose end the deadline is certainly over. */
static uint64_t tick_of(usec_t deadline)
{
    usec_t almost_a_tick = (UINT64_C(1) << TIMER_TICK_BITS) - 1;
    return (deadline >> TIMER_TICK_BITS) + ((deadline & almost_a_tick) > 0);
}

void timer_wheel_set(struct timer_wheel *w, struct loop_timer *timer, usec_t deadline)
{
    timer_wheel_cancel(w, timer);
    timer->deadline = deadline;
    uint64_t tick = tick_of(deadline);
    place(w, timer, tick > w->tick ? tick : w->tick + 1, w->tick);
    w->count++;
}

/* May what happens in this slot be what happens next? */
static bool is_slot_of(uint64_t tick, size_t level, size_t slot)
{
    return ((size_t)(tick >> (level * TIMER_SLOTS_BITS)) & SLOT_MASK) == slot;
}

void timer_wheel_cancel(struct timer_wheel *w, struct loop_timer *timer)
{
    if (!list_node_linked(&timer->node))
        return;
    if (timer->where == WHERE_DUE) {
        list_remove(&w->due, &timer->node);
    } else {
        size_t level = timer->where / TIMER_SLOTS;
        size_t slot = timer->where % TIMER_SLOTS;
        CHECK(level < TIMER_LEVELS);
        list_remove(&w->slots[level][slot], &timer->node);
        if (list_empty(&w->slots[level][slot])) {
            mark(w, level, slot, false);
            if (is_slot_of(w->next, level, slot))
                w->next_known = false;
        }
    }
    w->count--;
}

/* How many slots after `from` the next occupied one is, 1 to 256 (256: `from` itself, a full turn
 * later); 0 when all are empty. */
static uint64_t distance_to_occupied(const struct timer_wheel *w, size_t level, size_t from)
{
    size_t first = (from + 1) & SLOT_MASK;
    for (size_t i = 0; i <= WORD_COUNT; i++) {
        size_t word = (first / WORD_BITS + i) % WORD_COUNT;
        uint64_t bits = w->occupied[level][word];
        if (i == 0)
            bits &= ~UINT64_C(0) << (first % WORD_BITS);
        if (bits == 0)
            continue;
        size_t slot = word * WORD_BITS + (size_t)__builtin_ctzll(bits);
        return ((slot - first) & SLOT_MASK) + 1;
    }
    return 0;
}

static uint64_t find_next_tick(const struct timer_wheel *w)
{
    uint64_t next = NEVER;
    for (size_t level = 0; level < TIMER_LEVELS; level++) {
        size_t shift = level * TIMER_SLOTS_BITS;
        uint64_t here = w->tick >> shift;
        uint64_t distance = distance_to_occupied(w, level, (size_t)here & SLOT_MASK);
        uint64_t at = (here + distance) << shift;
        if (distance > 0 && at < next)
            next = at;
    }
    return next;
}

/* The next tick in which a timer expires or a slot of a higher level comes down. */
static uint64_t next_tick(struct timer_wheel *w)
{
    if (!w->next_known)
        w->next = find_next_tick(w);
    w->next_known = true;
    return w->next;
}

usec_t timer_wheel_next(struct timer_wheel *w)
{
    uint64_t tick = next_tick(w);
    return tick == NEVER ? 0 : tick << TIMER_TICK_BITS;
}

static void bring_down(struct timer_wheel *w, size_t level)
{
    size_t slot = (size_t)(w->tick >> (level * TIMER_SLOTS_BITS)) & SLOT_MASK;
    struct list *l = &w->slots[level][slot];
    mark(w, level, slot, false);
    for (size_t left = l->count; left > 0; left--) {
        struct loop_timer *timer = container_of(list_pop_front(l), struct loop_timer, node);
        uint64_t tick = tick_of(timer->deadline);
        place(w, timer, tick > w->tick ? tick : w->tick, w->tick);
    }
}

static void expire(struct timer_wheel *w)
{
    size_t slot = (size_t)w->tick & SLOT_MASK;
    struct list *l = &w->slots[0][slot];
    mark(w, 0, slot, false);
    while (!list_empty(l)) {
        struct loop_timer *timer = container_of(list_pop_front(l), struct loop_timer, node);
        list_push_back(&w->due, &timer->node);
        timer->where = WHERE_DUE;
    }
}

void timer_wheel_advance(struct timer_wheel *w, usec_t now)
{
    uint64_t target = now >> TIMER_TICK_BITS;
    for (uint64_t t = next_tick(w); t <= target; t = next_tick(w)) {
        w->tick = t;
        w->next_known = false;
        for (size_t level = TIMER_LEVELS - 1; level > 0; level--) {
            uint64_t below = (UINT64_C(1) << (level * TIMER_SLOTS_BITS)) - 1;
            if ((t & below) == 0)
                bring_down(w, level);
        }
        expire(w);
    }
    if (target > w->tick)
        w->tick = target;
    while (!list_empty(&w->due)) {
        struct loop_timer *timer = container_of(list_pop_front(&w->due), struct loop_timer, node);
        w->count--;
        timer->on_fire(timer);
    }
}
