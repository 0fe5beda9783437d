/* SPDX-License-Identifier: Apache-2.0
 * Query attributes (MySQL 8.0.23 and later): named values that stand in front of the text of a
 * COM_QUERY when client and server agreed on QUERY_ATTRIBUTES.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html */
#ifndef WEIR_MYSQL_QUERY_ATTRIBUTES_H
#define WEIR_MYSQL_QUERY_ATTRIBUTES_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* In front of a text without attributes: no parameters, in one set. */
#define QUERY_ATTRIBUTES_NONE_SIZE 2
static inline void query_attributes_write_none(uint8_t *out)
{
    out[0] = 0;
    out[1] = 1;
}

/* How many bytes of a COM_QUERY's payload, the command byte included, stand before its text. False
 * when that cannot be told: the bytes end too early, or the server will call them malformed. */
NODISCARD bool query_attributes_skip(struct bytes payload, size_t *size);

#endif
