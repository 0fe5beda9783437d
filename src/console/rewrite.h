/* SPDX-License-Identifier: Apache-2.0
 * A SELECT as MySQL clients write it, in the words of SQLite: strings without backslashes, names in
 * double quotes, @@x as a function call, no DUAL. */
#ifndef WEIR_CONSOLE_REWRITE_H
#define WEIR_CONSOLE_REWRITE_H

#include "base/attrs.h"
#include "mysql/sql_tokens.h"

#include <stdbool.h>
#include <stddef.h>

/* The function that @@x becomes; its argument is the variable as it was written. */
#define REWRITE_VARIABLE "weir_variable"

/* Text that grows; freed with free(data). */
struct sql_text {
    char *data; /* NUL-terminated; NULL when empty */
    size_t size;
    size_t capacity;
};

void sql_text_add(struct sql_text *t, struct bytes text);
void sql_text_add_text(struct sql_text *t, const char *text);
/* 'text', quotes doubled. */
void sql_text_add_quoted(struct sql_text *t, struct bytes text, char quote);

/* Appends all tokens from the current one on. False when it meets something odd, where `t` then
 * stands. */
NODISCARD bool rewrite_rest(struct sql_text *out, struct sql_tokens *t);

/* The name of a result's column, which SQLite takes from the rewritten text, as it was written:
 * in place. */
void rewrite_column_name(char *name);

#endif
