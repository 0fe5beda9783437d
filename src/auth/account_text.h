/* SPDX-License-Identifier: Apache-2.0
 * What servers write about their accounts: SHOW CREATE USER, and the columns of mysql.user and
 * mysql.global_priv. Only a few words of it are of use, so nothing is parsed but these. */
#ifndef WEIR_AUTH_ACCOUNT_TEXT_H
#define WEIR_AUTH_ACCOUNT_TEXT_H

#include "auth/secret.h"

/* The hashes of mysql_native_password in a text of any form: '*' and 40 hex digits. MariaDB has
 * several methods of an account in one JSON document, MySQL the second valid password. At most
 * `max`; how many. */
size_t account_text_hashes(struct bytes text, uint8_t hashes[][AUTH_HASH_SIZE], size_t max);

/* The public key of client_ed25519 in a SHOW CREATE USER of MariaDB. False: there is none. */
NODISCARD bool account_text_public_key(struct bytes text, struct auth_secret *out);

/* Whether the account is let in by who asks at the other end of a Unix socket, alone or besides
 * other methods (MariaDB: IDENTIFIED VIA a OR unix_socket). From SHOW CREATE USER; a name that
 * looks like it makes it only stricter. */
NODISCARD bool account_text_asks_kernel(struct bytes text);

/* What an account wants of its connections. */
enum account_transport {
    ACCOUNT_WANTS_NOTHING,
    ACCOUNT_WANTS_TLS,         /* REQUIRE SSL */
    ACCOUNT_WANTS_CERTIFICATE, /* REQUIRE X509 */
    ACCOUNT_WANTS_NAMES,       /* REQUIRE SUBJECT, ISSUER or CIPHER */
};

/* From SHOW CREATE USER. A name that looks like such a clause makes it only stricter. */
enum account_transport account_text_transport(struct bytes text);

#endif
