/* SPDX-License-Identifier: Apache-2.0
 * The names of the user variables that a text mentions.
 * Source: https://mariadb.com/kb/en/user-defined-variables/,
 * https://dev.mysql.com/doc/refman/8.4/en/user-variables.html */
#ifndef WEIR_MYSQL_SQL_USER_VARIABLES_H
#define WEIR_MYSQL_SQL_USER_VARIABLES_H

#include "mysql/sql_scan.h"

#define SQL_USER_VARIABLES_MAX 64

/* Views into the text, as written, without quotes; one name may come several times. */
struct sql_user_variables {
    struct bytes names[SQL_USER_VARIABLES_MAX];
    size_t count;
    bool all; /* there are no others */
};

/* Names that are not plain (see sql_user_variable_is_plain) count as others. The host of
 * 'user'@'host' counts as a variable: no name too many does harm. */
void sql_user_variables_find(struct sql_user_variables *out, struct sql_mode mode,
                             struct bytes text);

/* Of 1 to 64 printable ASCII characters but quotes and backslash, and no space at the end: such a
 * name means the same in every character set, and comparing it takes no collation. */
NODISCARD bool sql_user_variable_is_plain(struct bytes name);

/* For sql_judge.c: behind an @. */
void sql_user_variables_judge(struct sql_scan *s);

/* For sql_scan.c: `rest` is what follows the @. */
void sql_user_variables_note(struct sql_user_variables *out, struct bytes rest);

#endif
