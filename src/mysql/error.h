/* SPDX-License-Identifier: Apache-2.0
 * The errors that Weir raises itself, from errors.def. */
#ifndef WEIR_MYSQL_ERROR_H
#define WEIR_MYSQL_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#define MYSQL_ERROR(symbol, code, sqlstate, text) ER_##symbol = (code),
enum mysql_error {
#include "mysql/errors.def"
};
#undef MYSQL_ERROR

struct mysql_error_row {
    enum mysql_error code;
    const char *symbol;   /* "ER_CON_COUNT_ERROR" */
    const char *sqlstate; /* five characters */
    const char *text;     /* may be a printf format */
};

/* CHECKs that the row exists. */
const struct mysql_error_row *mysql_error_find(enum mysql_error code);

/* A login is refused for what it has proved: MariaDB has another number when the last method of the
 * account asks for no password (IDENTIFIED VIA … OR unix_socket). */
static inline bool mysql_error_denies(unsigned code)
{
    return code == ER_ACCESS_DENIED_ERROR || code == ER_ACCESS_DENIED_NO_PASSWORD_ERROR;
}

#endif
