/* SPDX-License-Identifier: Apache-2.0
 * ERR packets: with SQLSTATE, and without it as the very first packet of a connection.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html */
#ifndef WEIR_MYSQL_ERR_PACKET_H
#define WEIR_MYSQL_ERR_PACKET_H

#include "mysql/frame.h"

struct err_packet {
    uint16_t code;
    char sqlstate[6]; /* five characters and NUL; "HY000" when the packet has none */
    struct bytes message;
};

NODISCARD bool err_packet_decode(struct bytes payload, struct err_packet *out);

/* sqlstate NULL: the form before the login, without '#' and state. */
void err_packet_encode(struct writer *w, uint8_t sequence, uint16_t code, const char *sqlstate,
                       struct bytes message);

#endif
