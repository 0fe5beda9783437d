/* SPDX-License-Identifier: Apache-2.0
 * What happens when an invariant is broken: say where, then stop. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

NORETURN void check_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "weir: BUG: %s:%d: %s: check failed: %s\n", file, line, function, condition);
    fflush(stderr);
    abort();
}
