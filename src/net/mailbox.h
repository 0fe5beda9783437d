/* SPDX-License-Identifier: Apache-2.0
 * Messages to a worker from other threads: a locked list and one eventfd, written only when the
 * list was empty. Messages are embedded in the objects they speak of; nothing is allocated. */
#ifndef WEIR_NET_MAILBOX_H
#define WEIR_NET_MAILBOX_H

#include "net/loop.h"

/* Zeroed = not on its way. The sender must keep the message alive until it was delivered. */
struct mail {
    struct mail *next;
    void (*deliver)(struct mail *mail); /* runs on the receiving worker */
    bool in_flight;                     /* set by post, cleared just before deliver */
};

struct mailbox;

/* NULL when out of descriptors. Watches its eventfd on `loop`. */
struct mailbox *mailbox_create(struct loop *loop);

/* Delivers what is left, then frees. On the receiving thread, after all senders have stopped. */
void mailbox_destroy(struct mailbox *box);

/* Any thread. The mail must not be in flight. Order is kept per sender. */
void mailbox_post(struct mailbox *box, struct mail *mail);

#endif
