/* SPDX-License-Identifier: Apache-2.0
 * The reasons why connections end, from close_reasons.def. */
#ifndef WEIR_SESSION_CLOSE_H
#define WEIR_SESSION_CLOSE_H

#include "base/log.h"
#include "mysql/error.h"

enum close_fault {
    CLOSE_FAULT_CLIENT,
    CLOSE_FAULT_SERVER,
    CLOSE_FAULT_OPERATOR,
    CLOSE_FAULT_WEIR,
    CLOSE_FAULT_NOBODY,
};

#define CLOSE_REASON(name, fault, code, level, text) CLOSE_##name,
enum close_reason {
#include "session/close_reasons.def"
    CLOSE_REASON_COUNT
};
#undef CLOSE_REASON

struct close_reason_row {
    const char *name;
    enum close_fault fault;
    uint16_t code; /* of the ERR that the client gets, 0 none */
    enum log_level level;
    const char *text;
};

const struct close_reason_row *close_reason_row(enum close_reason why);

#endif
