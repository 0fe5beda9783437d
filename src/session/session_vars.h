/* SPDX-License-Identifier: Apache-2.0
 * How single system variables are learnt and restored, from session_vars.def. */
#ifndef WEIR_SESSION_SESSION_VARS_H
#define WEIR_SESSION_SESSION_VARS_H

#include "base/bytes.h"
#include "base/writer.h"

/* The first byte of a value that is an SQL expression of Weir's own; no reported value has it. */
#define SESSION_VALUE_EXPRESSION "\1"

enum session_variable_treatment {
    SESSION_VARIABLE_CARRY, /* the rule: carried by the reported value */
    SESSION_VARIABLE_IGNORE,
    SESSION_VARIABLE_RESIDUE,
    SESSION_VARIABLE_UNSET, /* as at the login again */
    SESSION_VARIABLE_PIN,
    SESSION_VARIABLE_NULL,
    SESSION_VARIABLE_TEXT,
};

/* What to do about a reported change. A value that could not be quoted safely pins as well. */
enum session_variable_treatment session_variable_treatment(struct bytes name, struct bytes value);

/* Writes `name=value`, quoted as the server wants it: numbers bare (many variables refuse quoted
 * ones, error 1232), everything else but DEFAULT in quotes. */
void session_variable_assign(struct writer *w, const char *name, const char *value);

/* Can the assignment of a value that the server has accepted before never fail: does it need no
 * privilege, and nothing that somebody could have dropped? */
NODISCARD bool session_variable_is_sure(const char *name);

#endif
