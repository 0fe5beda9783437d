/* SPDX-License-Identifier: Apache-2.0
 * The two clocks of the operating system. */
#include "base/clock.h"

#include "base/check.h"

#include <time.h>

static usec_t read_clock(clockid_t id)
{
    struct timespec t;
    int rc = clock_gettime(id, &t);
    CHECK(rc == 0);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

usec_t clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC) + 1;
}

usec_t clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}
