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

/* Does a COM_STMT_BULK_EXECUTE ask for a result set with a row for each of its rows? */
NODISCARD static inline bool execute_has_unit_results(struct bytes payload)
{
    return payload.size > 5 && (payload.data[5] & 0x40) != 0;
}

enum execute_form {
    EXECUTE_PLAIN,
    EXECUTE_BULK,
    EXECUTE_ATTRIBUTES, /* of a client with QUERY_ATTRIBUTES: a count, and names behind the types */
};

struct execute_head {
    enum execute_form form;
    uint16_t parameters; /* of the statement */
    bool has_types;
    struct bytes types; /* of the statement's parameters, in this form, when it has */
    size_t types_at;    /* where they begin or would begin */
};

/* Bytes of the payload that execute_head_read wants at most. */
size_t execute_head_size_max(uint16_t parameters, enum execute_form form);

/* Reads the head from (the beginning of) a payload. False when it is not there up to the types of
 * the statement's parameters, or malformed: the server will say so. Query attributes come behind
 * the parameters, and only together with types. */
NODISCARD bool execute_head_read(struct bytes payload, uint16_t parameters, enum execute_form form,
                                 struct execute_head *head);

/* Size of a head without types as one with these, which are in its form. */
size_t execute_head_size_with(const struct execute_head *head, struct bytes types);

/* Writes that head. Names are left out, as they have not been sent with this execution. */
void execute_head_with_types(struct bytes payload, const struct execute_head *head,
                             struct bytes types, uint8_t *out);

#endif
