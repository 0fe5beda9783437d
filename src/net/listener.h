/* SPDX-License-Identifier: Apache-2.0
 * A listening socket on a loop: accepts a bounded number per turn and backs off when the process is
 * out of descriptors instead of spinning. The same socket may be watched by several workers. */
#ifndef WEIR_NET_LISTENER_H
#define WEIR_NET_LISTENER_H

#include "net/address.h"
#include "net/loop.h"

struct listener {
    struct loop_fd io;
    struct loop *loop;
    struct loop_timer back_off; /* after EMFILE and the like: try again in 100 ms */
    struct loop_task more;      /* the slice was used up: go on in the next turn */
    unsigned accept_failures;   /* in a row, for the log */
    /* Takes ownership of fd. */
    void (*on_accept)(struct listener *l, int fd, const struct address *peer);
    /* accept failed with `error` (EMFILE, ENFILE, ENOBUFS, ENOMEM); called once per back-off. */
    void (*on_trouble)(struct listener *l, int error);
};

/* `listen_fd` is shared, not owned: who made it closes it after all listeners have stopped. */
NODISCARD bool listener_start(struct listener *l, struct loop *loop, int listen_fd);

/* Stops accepting; may be started again. */
void listener_stop(struct listener *l);

#endif
