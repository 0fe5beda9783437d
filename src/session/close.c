/* SPDX-License-Identifier: Apache-2.0
 * Reasons to close, from their table. */
#include "session/close.h"

#include "base/check.h"

static const struct close_reason_row rows[] = {
#define CLOSE_REASON(name, fault, code, level, text)                                               \
    {#name, CLOSE_FAULT_##fault, (code), (level), (text)},
#include "session/close_reasons.def"
#undef CLOSE_REASON
};

const struct close_reason_row *close_reason_row(enum close_reason why)
{
    CHECK(why < CLOSE_REASON_COUNT);
    return &rows[why];
}
