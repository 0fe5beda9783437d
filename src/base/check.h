/* SPDX-License-Identifier: Apache-2.0
 * Assertions that stay on in release builds: a proxy that continues with a broken invariant can
 * hand one client's data to another, which is worse than a restart. */
#ifndef WEIR_BASE_CHECK_H
#define WEIR_BASE_CHECK_H

#include "base/attrs.h"

/* Prints the failed condition and its place to stderr, then aborts. */
NORETURN void check_failed(const char *condition, const char *file, int line, const char *function);

/* Always on. For everything but the innermost loops. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (UNLIKELY(!(condition)))                                                                \
            check_failed(#condition, __FILE__, __LINE__, __func__);                                \
    } while (0)

/* Only in debug and sanitizer builds, for loops over bytes. */
#ifdef WEIR_DEBUG
#define DCHECK(condition) CHECK(condition)
#else
#define DCHECK(condition)                                                                          \
    do {                                                                                           \
        (void)sizeof(condition);                                                                   \
    } while (0)
#endif

#endif
