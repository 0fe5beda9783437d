/* SPDX-License-Identifier: Apache-2.0
 * What an operator orders of pools: PAUSE, RESUME, DRAIN. Any thread: the order takes a server's
 * lock for a moment and then tells a worker; nothing blocks. */
#ifndef WEIR_SESSION_POOL_ORDERS_H
#define WEIR_SESSION_POOL_ORDERS_H

#include "session/proxy.h"

/* Which pools: of a server, of a user, of both; NULL means any. */
struct pool_choice {
    const char *server;
    const char *user;
};

/* Each returns how many pools it concerns now (a user has one on a server for each dialect), or
 * POOL_CHOICE_UNKNOWN when there is no such server or user. */
#define POOL_CHOICE_UNKNOWN (-1)

/* No lease begins any more; transactions and pins that hold a link go on. Clients wait, and their
 * pool_wait_timeout stands still. Holds for pools that are made later as well. */
NODISCARD int proxy_pause(struct proxy *p, struct pool_choice which);

/* Clients are served again. Ends every pause of the pools chosen, however it was ordered. */
NODISCARD int proxy_resume(struct proxy *p, struct pool_choice which);

/* The links that are open now are closed as they become free; others are opened when needed. */
NODISCARD int proxy_drain(struct proxy *p, struct pool_choice which);

/* How far it has come. */
struct pool_progress {
    unsigned pools;
    unsigned paused;   /* pools */
    unsigned busy;     /* links that a client holds */
    unsigned draining; /* links that were there at the last DRAIN and still are */
    unsigned waiting;  /* clients */
};
struct pool_progress proxy_progress(struct proxy *p, struct pool_choice which);

#endif
