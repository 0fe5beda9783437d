/* SPDX-License-Identifier: Apache-2.0
 * Ids that Weir gave out, in statements that look for them in the server's lists of threads: the
 * server knows the links. */
#ifndef WEIR_SESSION_THREAD_IDS_H
#define WEIR_SESSION_THREAD_IDS_H

#include "base/attrs.h"

#include <stdbool.h>

struct client;

/* In a statement that names such a list, numbers that are ids of clients become the thread ids of
 * their links, if they have any, with leading zeros, so that nothing moves. Call when the client
 * has its link. False while other workers are asked; then lease_continue is called. */
NODISCARD bool thread_ids_ready(struct client *c);

#endif
