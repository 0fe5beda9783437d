/* SPDX-License-Identifier: Apache-2.0
 * A user variable from one session to another: the questions whose answers tell all that can be
 * seen of its value, and the assignment that makes it again. What cannot be made again exactly is
 * refused.
 *
 * Measured on MariaDB 10.11: the definition of the column `SELECT @x` depends on the type (integer,
 * signed or not, DOUBLE, DECIMAL, string) and collation of the variable alone; NULL keeps the type
 * of what was assigned; a variable that was never set is a binary string one longer than others
 * (on MySQL 9: a VAR_STRING, where the others are blobs).
 * Source: https://mariadb.com/kb/en/result-set-packets/ (column definition) */
#ifndef WEIR_MYSQL_USER_VARIABLE_H
#define WEIR_MYSQL_USER_VARIABLE_H

#include "base/writer.h"

/* A value whose text is longer is not carried. */
#define USER_VARIABLE_SIZE_MAX 8192

/* Cells that user_variable_ask_value asks for. */
#define USER_VARIABLE_CELLS 3

enum user_variable_type {
    USER_VARIABLE_ODD, /* cannot be made again, such as a geometry */
    USER_VARIABLE_UNSET,
    USER_VARIABLE_SIGNED,
    USER_VARIABLE_UNSIGNED,
    USER_VARIABLE_DOUBLE,
    USER_VARIABLE_DECIMAL,
    USER_VARIABLE_STRING,
};

/* "@`name`"; names are plain (sql_user_variable_is_plain). */
void user_variable_write_name(struct writer *w, struct bytes name);

/* The type, from the definition of a column that is the variable. */
enum user_variable_type user_variable_type_of(struct bytes column_definition);

/* Expressions that yield the value, separated by commas. They mean the same in every sql_mode and
 * character set, touch no table and warn of nothing. */
void user_variable_ask_value(struct writer *w, struct bytes name);

/* Appends the assignment "@`name`=…" from the answer. False when the value cannot be made again. */
NODISCARD bool user_variable_assign(struct writer *w, struct bytes name,
                                    enum user_variable_type type,
                                    const struct bytes cells[USER_VARIABLE_CELLS]);

/* Hexadecimal digits into bytes. False when they are none, or do not fit. */
NODISCARD bool user_variable_unhex(struct bytes digits, struct writer *out);

#endif
