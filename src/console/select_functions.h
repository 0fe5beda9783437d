/* SPDX-License-Identifier: Apache-2.0
 * The functions of MySQL that clients use and SQLite does not have. */
#ifndef WEIR_CONSOLE_SELECT_FUNCTIONS_H
#define WEIR_CONSOLE_SELECT_FUNCTIONS_H

#include "console/select.h"

#include <sqlite3.h>

/* `environment` points to where the environment of the statement under way will be found. */
NODISCARD bool select_functions_install(sqlite3 *db, const struct select_environment **environment);

/* MySQL's LIKE: any case, backslash escapes. */
NODISCARD bool select_like(struct bytes pattern, struct bytes text);

#endif
