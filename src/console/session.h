/* SPDX-License-Identifier: Apache-2.0
 * What one client of the console has chosen for itself, apart from its connection; and the
 * variables that it sees. */
#ifndef WEIR_CONSOLE_SESSION_H
#define WEIR_CONSOLE_SESSION_H

#include "base/clock.h"
#include "conf/config.h"
#include "console/select.h"

#include <stdbool.h>
#include <stdint.h>

#define VALUE(name, value, settable) SESSION_VALUE_##name,
enum session_value {
#include "console/session_values.def"
    SESSION_VALUE_COUNT
};
#undef VALUE

struct console_session {
    uint32_t id;
    char user[80];   /* as it logged in */
    char host[64];   /* where it comes from */
    char schema[65]; /* of USE, "" none */
    bool interactive;
    char *values[SESSION_VALUE_COUNT]; /* that it has set; NULL: as in the table */
    uint32_t wait_timeout;             /* its own, in seconds; 0: the setting's */
    struct config_errors warnings;     /* of the statement before */
    usec_t connected;
    usec_t since; /* of the command it is at, or idle */
    bool busy;
    char info[256]; /* its statement, cut */
};

void console_session_fini(struct console_session *s);

/* Sets one of session_values.def, or wait_timeout, for the session alone. Without a session it only
 * says what would come of it. */
enum session_set {
    SESSION_SET_DONE,
    SESSION_SET_UNKNOWN,
    SESSION_SET_READ_ONLY,
    SESSION_SET_WRONG
};
NODISCARD enum session_set console_session_set(struct console_session *s, struct bytes name,
                                               const char *value);

/* Is it one of session_values.def, or the version? */
NODISCARD bool console_session_has(struct bytes name, bool *settable);

/* @@NAME as SHOW VARIABLES prints it, or (`as_number`) as SELECT does, which shows ON and OFF as 1
 * and 0. `name` may begin with "global.", "session." and the like. */
NODISCARD bool console_variable(const struct console_session *s, const struct config *config,
                                const char *version, struct bytes name, bool as_number, char *out,
                                size_t out_size);

/* The table: its rows, in order. NULL behind the last. */
const char *session_value_name(size_t index);

#endif
