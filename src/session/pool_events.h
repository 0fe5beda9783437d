/* SPDX-License-Identifier: Apache-2.0
 * Inside of the registry: asking the policy under a server's lock, performing its decisions. */
#ifndef WEIR_SESSION_POOL_EVENTS_H
#define WEIR_SESSION_POOL_EVENTS_H

#include "session/pool_registry.h"

/* Fires pool_sweep for all servers; the worker's sweep_timer. */
void pool_events_on_sweep_timer(struct loop_timer *timer);

#endif
