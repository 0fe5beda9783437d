/* SPDX-License-Identifier: Apache-2.0
 * Starting threads. */
#ifndef WEIR_BASE_THREAD_H
#define WEIR_BASE_THREAD_H

#include "base/attrs.h"

#include <pthread.h>
#include <stdbool.h>

/* Starts a thread with all signals blocked, so that signals reach the main thread only. `name` (at
 * most 15 bytes) is what top and gdb show. False with errno when the system refuses. */
NODISCARD bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg),
                            void *arg);

#endif
