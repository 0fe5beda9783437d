/* SPDX-License-Identifier: Apache-2.0
 * Memory for secrets: it is neither swapped out nor written into core dumps. */
#ifndef WEIR_BASE_LOCKED_MEMORY_H
#define WEIR_BASE_LOCKED_MEMORY_H

#include "base/attrs.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed whole pages; NULL when there are none. The kernel may refuse to lock them (see
 * RLIMIT_MEMLOCK): they are given out all the same, and *locked says so. */
void *locked_memory_get(size_t size, bool *locked);

/* Wipes and gives back; `size` as it was asked for. NULL: nothing. */
void locked_memory_put(void *memory, size_t size);

#endif
