/* SPDX-License-Identifier: Apache-2.0
 * Capability flags: what Weir offers to clients, what it asks of servers, and the dialect (the part
 * of them that changes replies and must be the same on both sides of a lease).
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html and
 * https://mariadb.com/kb/en/connection/ (bits 32 and up). */
#ifndef WEIR_MYSQL_CAPABILITIES_H
#define WEIR_MYSQL_CAPABILITIES_H

#include "base/attrs.h"

#include <stdbool.h>
#include <stdint.h>

/* What a capability means to a proxy whose two sides log in separately. */
enum capability_policy {
    CAPABILITY_TERMINATE, /* each side agrees on its own; replies do not change */
    CAPABILITY_SESSION,   /* a setting of the session, which Weir carries like any other */
    CAPABILITY_TRANSLATE, /* Weir turns one form into the other */
    CAPABILITY_DIALECT,   /* must be equal on both sides: part of the pool key */
    CAPABILITY_REFUSE,    /* never offered, never asked for */
};

#define CAPABILITY(name, bit, policy, offered, asked, help) CAPABILITY_BIT_##name = (bit),
enum capability_bit {
#include "mysql/capabilities.def"
};
#undef CAPABILITY

/* A set of capabilities. CAP(FOUND_ROWS) is the set with that one. */
typedef uint64_t capabilities_t;
#define CAP(name) (UINT64_C(1) << CAPABILITY_BIT_##name)

/* Only MariaDB servers know bits 32 and up. */
#define CAP_MARIADB_BITS (~UINT64_C(0xffffffff))

/* What a greeting from Weir offers when the server behind it offers `server`: the offered rows that
 * the server has too, plus those that Weir translates or terminates by itself. */
capabilities_t capabilities_offer(capabilities_t server);

/* What Weir asks of a server that offers `server`, for a pool of this dialect. */
capabilities_t capabilities_ask(capabilities_t server, capabilities_t dialect);

/* The dialect bits among what a client and Weir agreed on. MULTI_STATEMENTS implies MULTI_RESULTS,
 * as in the servers. LOCAL_FILES is always there: whether a client has it matters to few
 * statements, which local_file.h deals with. */
capabilities_t capabilities_dialect(capabilities_t agreed);

/* Dialect bits that change how requests are written. A link whose server does not have them cannot
 * serve a pool with them. */
#define CAP_OF_REQUESTS CAP(QUERY_ATTRIBUTES)

/* Bits without which Weir does not talk (PROTOCOL_41, SECURE_CONNECTION). */
#define CAP_REQUIRED_OF_CLIENTS (CAP(PROTOCOL_41) | CAP(SECURE_CONNECTION))
#define CAP_REQUIRED_OF_SERVERS                                                                    \
    (CAP(PROTOCOL_41) | CAP(SECURE_CONNECTION) | CAP(PLUGIN_AUTH) | CAP(SESSION_TRACK) |           \
     CAP(DEPRECATE_EOF))

/* "FOUND_ROWS" …; NULL for a bit without a row. */
const char *capability_name(unsigned bit);

#endif
