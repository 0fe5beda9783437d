/* SPDX-License-Identifier: Apache-2.0
 * parsec: MariaDB 11.6's method. The answer is a signature of both sides' nonces with a key made
 * from the password and the account's salt; the server keeps the salt and the public half.
 * Source: https://mariadb.com/kb/en/authentication-plugin-parsec/ and
 * https://mariadb.com/kb/en/connection/#parsec-plugin */
#ifndef WEIR_AUTH_PARSEC_H
#define WEIR_AUTH_PARSEC_H

#include "auth/auth_method.h"

extern const struct auth_method auth_parsec_method;

/* As mysql.global_priv holds it: "P", the factor, ":", the salt, ":", the public key. */
NODISCARD bool parsec_read(struct bytes stored, struct auth_parsec *out);

/* Does the public key belong to this password? Takes a millisecond, as it should. */
NODISCARD bool parsec_check(const struct auth_parsec *p, struct bytes password);

#endif
