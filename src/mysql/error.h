/* SPDX-License-Identifier: Apache-2.0
 * The errors that Weir raises itself, from errors.def. */
#ifndef WEIR_MYSQL_ERROR_H
#define WEIR_MYSQL_ERROR_H

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

#endif
