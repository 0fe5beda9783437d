/* SPDX-License-Identifier: Apache-2.0
 * Host names to addresses in a helper thread, so that no loop ever waits for DNS. */
#ifndef WEIR_NET_RESOLVER_H
#define WEIR_NET_RESOLVER_H

#include "net/address.h"
#include "net/mailbox.h"

#define RESOLVER_MAX_ADDRESSES 8

struct resolver;

/* One lookup; belongs to the caller, who must keep it alive until `mail` is delivered. */
struct resolve_request {
    struct mail mail; /* its deliver is called on the asking worker with the answer below */
    struct mailbox *reply_to;
    char host[256];
    uint16_t port;
    struct address addresses[RESOLVER_MAX_ADDRESSES];
    size_t count;                 /* 0 when the lookup failed */
    const char *error;            /* static text (gai_strerror) when it failed */
    struct resolve_request *next; /* the resolver's queue */
};

/* NULL when the thread cannot be started. */
struct resolver *resolver_create(void);

/* Waits for the lookup in progress; requests not begun are answered as failed. */
void resolver_destroy(struct resolver *r);

/* Any thread. IP literals are answered through the same path without a DNS query. */
void resolver_ask(struct resolver *r, struct resolve_request *request);

#endif
