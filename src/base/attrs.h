/* SPDX-License-Identifier: Apache-2.0
 * Compiler attributes and the few macros that every layer uses. */
#ifndef WEIR_BASE_ATTRS_H
#define WEIR_BASE_ATTRS_H

#include <stddef.h>

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_arg, first_arg)                                                         \
    __attribute__((format(printf, (format_arg), (first_arg))))
#define NORETURN    _Noreturn
#define FALLTHROUGH __attribute__((fallthrough))
#define UNUSED      __attribute__((unused))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Number of elements of a real array (never of a pointer). */
#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* The struct of `type` whose `member` is at `ptr`. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
