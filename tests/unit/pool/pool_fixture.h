/* SPDX-License-Identifier: Apache-2.0
 * One server with two pools, and short words for what tests of the pool policy do all the time. */
#ifndef WEIR_TESTS_UNIT_POOL_POOL_FIXTURE_H
#define WEIR_TESTS_UNIT_POOL_POOL_FIXTURE_H

#include "pool/pool_internal.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

#define FIXTURE_SEATS   24
#define FIXTURE_TICKETS 24

struct fixture {
    struct pool_server server;
    struct pool a, b;
    struct pool_seat seats[FIXTURE_SEATS];
    struct pool_ticket tickets[FIXTURE_TICKETS];
    usec_t now;
    struct pool_action actions[64]; /* what the last decide() decided */
    unsigned count;
};

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC

/* A ceiling of 4, pools of at most 4 without warm links, no timeouts but 1 s of waiting. */
void fixture_init(struct fixture *f);
/* Limits as fixture_init sets them, to be changed and given to pool_configure. */
struct pool_limits fixture_limits(void);
struct pool_server_limits fixture_server_limits(void);

/* Takes actions until there are none, and checks the server. Returns how many. */
unsigned decide(struct fixture *f);
/* How many of the last decided actions are of this kind. */
unsigned decided(const struct fixture *f, enum pool_action_kind kind);
/* The first of the last decided actions of this kind; fails when there is none. */
struct pool_action *the(struct fixture *f, enum pool_action_kind kind);

struct pool_seat *unused_seat(struct fixture *f);
struct pool_ticket *unused_ticket(struct fixture *f);

/* A client that has to wait. */
struct pool_ticket *wait_in(struct fixture *f, struct pool *p);
/* Waits, and an attempt to open a link begins for it. */
struct pool_seat *attempt(struct fixture *f, struct pool *p, struct pool_ticket **ticket);
/* A link, opened for a client that has taken it: FIRM. */
struct pool_seat *lease(struct fixture *f, struct pool *p);
/* The same, at rest: SOFT. */
struct pool_seat *soft_lease(struct fixture *f, struct pool *p);
/* The same, given back: IDLE. */
struct pool_seat *idle_link(struct fixture *f, struct pool *p);
/* A checkout that finds an idle link. */
struct pool_seat *lend(struct fixture *f, struct pool *p, const void *tag);

#endif
