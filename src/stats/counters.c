/* SPDX-License-Identifier: Apache-2.0
 * Names and meanings of the counters, from their table. */
#include "stats/counters.h"

#include "base/check.h"

static const struct {
    const char *variable;
    const char *help;
} rows[] = {
#define COUNTER(name, variable, help) {variable, help},
#include "stats/counters.def"
#undef COUNTER
};

const char *counter_variable(enum counter which)
{
    CHECK(which < COUNTER_COUNT);
    return rows[which].variable;
}

const char *counter_help(enum counter which)
{
    CHECK(which < COUNTER_COUNT);
    return rows[which].help;
}
