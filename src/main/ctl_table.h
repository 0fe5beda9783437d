/* SPDX-License-Identifier: Apache-2.0
 * A result set as a table of text, as the mariadb and mysql command lines draw it. */
#ifndef WEIR_MAIN_CTL_TABLE_H
#define WEIR_MAIN_CTL_TABLE_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdio.h>

/* `cells` are rows * columns; the first row holds the names. data NULL is NULL. `numeric` has one
 * flag per column: those stand at the right. */
void ctl_table_print(FILE *out, const struct bytes *cells, size_t rows, size_t columns,
                     const bool *numeric);

/* The same with a line for each value, for rows of many columns. */
void ctl_table_print_upright(FILE *out, const struct bytes *cells, size_t rows, size_t columns);

#endif
