/* SPDX-License-Identifier: Apache-2.0
 * The first packet of a connection, protocol version 10, in both roles.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
 * and https://mariadb.com/kb/en/connection/ (extended capabilities). */
#ifndef WEIR_MYSQL_GREETING_H
#define WEIR_MYSQL_GREETING_H

#include "mysql/capabilities.h"
#include "mysql/frame.h"

#define SCRAMBLE_SIZE 20

struct greeting {
    struct bytes server_version; /* without NUL, as sent (MariaDB before 11: "5.5.5-10.…") */
    uint32_t thread_id;
    uint8_t scramble[SCRAMBLE_SIZE];
    capabilities_t capabilities;
    uint8_t collation; /* low byte of the server's default collation id */
    uint16_t status;
    struct bytes auth_method; /* "mysql_native_password"; empty when the server names none */
};

/* Decodes a payload; the views point into it. False when it is malformed, not version 10, or lacks
 * 4.1 authentication data. */
NODISCARD bool greeting_decode(struct bytes payload, struct greeting *out);

/* Encodes the whole frame, sequence 0. Capabilities of bit 32 and up are sent the MariaDB way
 * (bit 0 cleared). Bytes of the scramble must be 1 to 127. */
void greeting_encode(struct writer *w, const struct greeting *g);

/* "5.5.5-10.11.2-MariaDB" and the like. */
NODISCARD bool greeting_is_mariadb(const struct greeting *g);

#endif
