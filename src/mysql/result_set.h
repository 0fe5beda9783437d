/* SPDX-License-Identifier: Apache-2.0
 * Small text result sets: read (answers to Weir's own questions to a server) and written (answers
 * of Weir's own to clients).
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
#ifndef WEIR_MYSQL_RESULT_SET_H
#define WEIR_MYSQL_RESULT_SET_H

#include "mysql/frame.h"

#include <stdbool.h>

/* The cells of the first row of a complete reply in link dialect (DEPRECATE_EOF). `cells` gets up
 * to `max` views (data NULL = SQL NULL); returns the number of columns, 0 when there is no row or
 * the reply is not a result set. */
NODISCARD size_t result_set_first_row(struct bytes reply, struct bytes *cells, size_t max);

#endif
