/* SPDX-License-Identifier: Apache-2.0
 * Time: microseconds that only go forward. Read once per loop turn and passed down. */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include <stdint.h>

/* A point in time or a duration, in microseconds. 0 as a point in time means "never". */
typedef uint64_t usec_t;

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)

/* Monotonic; never 0. */
usec_t clock_now(void);

/* Wall clock, microseconds since 1970, for logs only. */
usec_t clock_wall(void);

#endif
