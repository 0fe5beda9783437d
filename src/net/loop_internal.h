/* SPDX-License-Identifier: Apache-2.0
 * What a loop is, and what an engine must be able to do for it. Only net/loop*.c, net/uring*.c and
 * net/stream.c look in here. */
#ifndef WEIR_NET_LOOP_INTERNAL_H
#define WEIR_NET_LOOP_INTERNAL_H

#include "net/timer_wheel.h"

struct stream_engine;

/* The functions of loop.h that depend on how the kernel is asked. */
struct loop_operations {
    const char *name;
    bool (*watch)(struct loop *loop, struct loop_fd *io);
    void (*unwatch)(struct loop *loop, struct loop_fd *io);
    /* Waits at most `max_wait` µs (UINT64_MAX: for ever), sets `now`, dispatches. */
    void (*wait)(struct loop *loop, usec_t max_wait);
    void (*destroy)(struct loop *loop);
    const struct stream_engine *streams; /* NULL: streams receive and send by themselves */
};

/* The first member of each engine's own. */
struct loop {
    const struct loop_operations *operations;
    bool stopped;
    usec_t now;
    size_t watched;
    struct list tasks;
    struct list_node tasks_end; /* while tasks run: those behind it belong to the next turn */
    struct timer_wheel timers;
};

/* NULL when the system refuses. */
struct loop *loop_epoll_create(void);
struct loop *loop_uring_create(void);

NODISCARD bool loop_uring_works(char *why, size_t why_size);

#endif
