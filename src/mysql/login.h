/* SPDX-License-Identifier: Apache-2.0
 * The client's answer to the greeting (HandshakeResponse41), and COM_CHANGE_USER, in both roles.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html,
 * …/page_protocol_com_change_user.html */
#ifndef WEIR_MYSQL_LOGIN_H
#define WEIR_MYSQL_LOGIN_H

#include "mysql/capabilities.h"
#include "mysql/frame.h"

/* The largest login packet that Weir reads: attributes may be 64 KiB. */
#define LOGIN_SIZE_MAX (80 * 1024)

struct login {
    capabilities_t capabilities; /* agreed: sent by the client and offered to it */
    uint32_t packet_size_max;
    uint8_t collation;       /* id of the collation, low byte; 0 = none named */
    uint16_t collation_wide; /* of COM_CHANGE_USER, which has two bytes; else = collation */
    struct bytes user;
    struct bytes auth_response;
    struct bytes schema;      /* empty when none */
    struct bytes auth_method; /* empty when none */
    struct bytes attributes;  /* the raw key/value block, checked to be well formed; may be empty */
    uint8_t zstd_level;       /* that the sender wants to receive, 0 none named */
};

/* Decodes a payload; the views point into it. `offered` is what our greeting offered: bits a client
 * sets beyond it do not count. False when malformed or without CAP_REQUIRED_OF_CLIENTS. */
NODISCARD bool login_decode(struct bytes payload, capabilities_t offered, struct login *out);

/* The name without the quotes that it may stand in: servers take them off the name of a login (not
 * of COM_CHANGE_USER; measured on MariaDB 10.11 and MySQL 9.7), so that 'x' is x. */
struct bytes login_bare_name(struct bytes name);

/* Encodes the whole frame. Fields follow l->capabilities. */
void login_encode(struct writer *w, uint8_t sequence, const struct login *l);

/* The wish for TLS that goes before it, in clear text. Source: …/
 * page_protocol_connection_phase_packets_protocol_ssl_request.html */
NODISCARD bool login_is_ssl_request(struct bytes payload);
void ssl_request_encode(struct writer *w, uint8_t sequence, const struct login *l);

/* COM_CHANGE_USER; the payload includes the command byte. `agreed` as at login. */
NODISCARD bool change_user_decode(struct bytes payload, capabilities_t agreed, struct login *out);
void change_user_encode(struct writer *w, const struct login *l);

/* One more attribute of the block, in order; false at its end. */
NODISCARD bool login_next_attribute(struct bytes *rest, struct bytes *key, struct bytes *value);

#endif
