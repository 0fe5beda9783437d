/* SPDX-License-Identifier: Apache-2.0
 * One event loop per worker thread: descriptors, timers, deferred tasks, the time. Behind it stands
 * one of two engines, epoll (loop_epoll.c) or io_uring (loop_uring.c); who uses a loop does not see
 * which. */
#ifndef WEIR_NET_LOOP_H
#define WEIR_NET_LOOP_H

#include "base/attrs.h"
#include "base/clock.h"
#include "base/list.h"

#include <stdbool.h>

struct loop;

/* A watched descriptor, embedded in its owner. Readiness is edge-triggered and remembered here: the
 * flags are set by the loop and cleared by whoever meets EAGAIN (or a short read without hang-up).
 * So a descriptor costs one registration when it arrives and none while it is used. */
struct loop_fd {
    int fd;        /* -1 when none; owned by the embedding object */
    bool readable; /* there may be something to receive, EOF included */
    bool writable; /* there may be room to send */
    bool hung_up;  /* the other side has closed: a short read does not mean "drained" */
    uint32_t slot; /* the engine's own */
    /* Called once per turn in which any of the flags was raised. May unwatch, close, watch. */
    void (*on_ready)(struct loop_fd *io);
    struct loop *loop; /* NULL while not watched */
};

/* Work to be done at the end of the current turn, or of the next when deferred from a task: freeing
 * what callbacks may still hold, continuing after a bounded slice. Zeroed = not queued. */
struct loop_task {
    struct list_node node;
    void (*run)(struct loop_task *task);
};

/* A one-shot timer in a hashed wheel: set and cancel are O(1), precision is a few milliseconds,
 * never early. Zeroed = not set. */
struct loop_timer {
    struct list_node node;
    usec_t deadline;
    void (*on_fire)(struct loop_timer *timer);
    uint16_t where; /* the wheel's own: in which of its lists `node` is */
};

enum loop_engine { LOOP_EPOLL, LOOP_URING };

/* Whether this kernel, and whoever confines this process, lets the engine do all that it does;
 * tried out, not guessed. When not, `why` is for a person. */
NODISCARD bool loop_engine_works(enum loop_engine engine, char *why, size_t why_size);

/* "epoll", "io_uring" */
const char *loop_engine_name(enum loop_engine engine);

/* NULL when the system refuses (no descriptors). Any thread; the one that turns it first owns it
 * from then on, and only watching, setting and deferring is for others before. */
struct loop *loop_create(enum loop_engine engine);

/* Nothing may be watched or set any more. The buffer caches of its streams are still there. */
void loop_destroy(struct loop *loop);

/* Runs until loop_stop. One thread only. */
void loop_run(struct loop *loop);

/* Ends loop_run after the current turn. Same thread. */
void loop_stop(struct loop *loop);

/* One turn: waits at most `max_wait` µs for events, dispatches, fires timers, runs tasks. For tests
 * and for draining. On a thread that does not own the loop (which is gone by then): timers and
 * tasks alone. */
void loop_turn(struct loop *loop, usec_t max_wait);

/* The time at which this turn began to dispatch. */
usec_t loop_now(const struct loop *loop);

/* Starts watching io->fd for reading and writing; false (with errno) when the kernel refuses. The
 * flags start raised for writing, lowered for reading; the kernel reports at once what is there. */
NODISCARD bool loop_watch(struct loop *loop, struct loop_fd *io);

/* Stops watching; events of this turn that were not dispatched yet are dropped, so the object may
 * move to another thread at once. The descriptor stays open. */
void loop_unwatch(struct loop_fd *io);

/* Queues a task; no-op when it is queued already. */
void loop_defer(struct loop *loop, struct loop_task *task);
void loop_task_cancel(struct loop *loop, struct loop_task *task);

/* (Re)arms: fires `delay` µs after loop_now. Keep `on_fire` set. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, usec_t delay);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);
static inline bool loop_timer_is_set(const struct loop_timer *timer)
{
    return list_node_linked(&timer->node);
}

#endif
