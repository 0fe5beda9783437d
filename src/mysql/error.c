/* SPDX-License-Identifier: Apache-2.0
 * The table of the errors that Weir raises itself. */
#include "mysql/error.h"

#include "base/check.h"

#include <stddef.h>

#define MYSQL_ERROR(symbol, code, sqlstate, text) {ER_##symbol, "ER_" #symbol, sqlstate, text},
static const struct mysql_error_row rows[] = {
#include "mysql/errors.def"
};
#undef MYSQL_ERROR

const struct mysql_error_row *mysql_error_find(enum mysql_error code)
{
    const struct mysql_error_row *row = NULL;
    for (size_t i = 0; i < countof(rows) && row == NULL; i++) {
        if (rows[i].code == code)
            row = &rows[i];
    }
    CHECK(row != NULL);
    return row;
}
