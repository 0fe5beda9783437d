/* SPDX-License-Identifier: Apache-2.0
 * Packets between the login and its OK: method switch and method data.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_auth_switch_request.html
 */
#ifndef WEIR_MYSQL_AUTH_PACKET_H
#define WEIR_MYSQL_AUTH_PACKET_H

#include "mysql/frame.h"

enum auth_packet_kind {
    AUTH_PACKET_OK,
    AUTH_PACKET_ERR,
    AUTH_PACKET_SWITCH,     /* use `method`, with `data` as its challenge */
    AUTH_PACKET_OLD_SWITCH, /* the single byte fe: mysql_old_password, which Weir refuses */
    AUTH_PACKET_MORE,       /* `data` belongs to the method */
    AUTH_PACKET_MALFORMED,
};

struct auth_packet {
    enum auth_packet_kind kind;
    struct bytes method;
    struct bytes data; /* without a trailing NUL when it has 21 bytes */
};

struct auth_packet auth_packet_decode(struct bytes payload);

/* A challenge of SCRAMBLE_SIZE bytes gets the NUL that servers send after it. */
void auth_switch_encode(struct writer *w, uint8_t sequence, const char *method, struct bytes data);
void auth_more_encode(struct writer *w, uint8_t sequence, struct bytes data);
/* The client's raw answer to either. */
void auth_answer_encode(struct writer *w, uint8_t sequence, struct bytes data);

#endif
