/* SPDX-License-Identifier: Apache-2.0
 * The head of COM_STMT_EXECUTE and COM_STMT_BULK_EXECUTE: where the types of the parameters are, or
 * would have to be.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_execute.html,
 * https://mariadb.com/kb/en/com_stmt_execute/, https://mariadb.com/kb/en/com_stmt_bulk_execute/ */
#ifndef WEIR_MYSQL_EXECUTE_PACKET_H
#define WEIR_MYSQL_EXECUTE_PACKET_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* Offset of the statement's id in the payload of every COM_STMT_ command. */
#define STATEMENT_ID_AT 1

/* MariaDB's name for the statement that was prepared last. */
#define STATEMENT_ID_LAST UINT32_C(0xffffffff)

/* Flag of COM_STMT_EXECUTE: the number of parameters stands in the packet. */
#define EXECUTE_PARAMETER_COUNT 0x08

struct execute_head {
    bool has_types;
    struct bytes types; /* when it has */
    size_t types_at;    /* where they begin or would begin */
    size_t size;        /* up to the end of the types: values follow */
};

/* Bytes of the payload that the head may take at most. */
size_t execute_head_size_max(uint16_t parameters, bool bulk);

/* Reads the head from (the beginning of) a payload. False when it is not there whole, or malformed:
 * the server will say so. A packet of a client with query attributes may have more parameters than
 * the statement: it is only read when there are none (`attributes` false or no count in it). */
NODISCARD bool execute_head_read(struct bytes payload, uint16_t parameters, bool bulk,
                                 bool attributes, struct execute_head *head);

/* Writes the head, without types in it, as one with types into `out`, which has room for
 * head->size + types.size bytes. */
void execute_head_with_types(struct bytes payload, const struct execute_head *head,
                             struct bytes types, bool bulk, uint8_t *out);

#endif
