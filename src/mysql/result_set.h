/* SPDX-License-Identifier: Apache-2.0
 * Small text result sets: read (answers to Weir's own questions to a server) and written (answers
 * of Weir's own to clients).
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
#ifndef WEIR_MYSQL_RESULT_SET_H
#define WEIR_MYSQL_RESULT_SET_H

#include "base/writer.h"
#include "mysql/frame.h"

#include <stdbool.h>

/* The cells of the first row of a complete reply in link dialect (DEPRECATE_EOF). `cells` gets up
 * to `max` views (data NULL = SQL NULL); returns the number of columns, 0 when there is no row or
 * the reply is not a result set. */
NODISCARD size_t result_set_first_row(struct bytes reply, struct bytes *cells, size_t max);

/* A result set piece by piece. Views point into the reply. */
struct result_set_reader {
    struct bytes rest;
    uint64_t columns;
    uint64_t definitions; /* that follow: `columns`, or 0 */
};

/* False when the reply is not a result set. */
NODISCARD bool result_set_open(struct result_set_reader *r, struct bytes reply);
/* Exactly `definitions` times: the next column definition's payload. */
NODISCARD bool result_set_next_definition(struct result_set_reader *r, struct bytes *definition);
/* Then: the first `max` cells of the next row; false at the end of the rows, or when malformed. */
NODISCARD bool result_set_next_row(struct result_set_reader *r, struct bytes *cells, size_t max);

/* A result set of one row with one integer. */
struct result_set_number {
    struct bytes column; /* its name, in the client's character set */
    uint8_t type;        /* 3 LONG, 8 LONGLONG */
    uint8_t length;      /* that it claims to need to be shown */
    uint16_t flags;
    int64_t value;
    uint16_t status;        /* flags of the server's status */
    bool deprecate_eof;     /* the client agreed on it */
    bool extended_metadata; /* the same */
    bool optional_metadata; /* the same */
    bool no_definitions;    /* it wants none, with optional_metadata */
};

/* Writes it as the complete reply to a COM_QUERY. */
void result_set_write_number(struct writer *w, const struct result_set_number *n);

#endif
