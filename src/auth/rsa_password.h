/* SPDX-License-Identifier: Apache-2.0
 * A password for a server's RSA key, as MySQL's SHA-256 methods want it on a channel that others
 * may read. Whoever can change what the server sends can put a key of their own there: only TLS or
 * a Unix socket protects from that. */
#ifndef WEIR_AUTH_RSA_PASSWORD_H
#define WEIR_AUTH_RSA_PASSWORD_H

#include "auth/auth_method.h"

/* Writes RSA-OAEP (SHA-1) of the password and its NUL, XORed with the scramble again and again.
 * False when `pem` is no RSA public key, or one too short for the password or too long for `out`.
 */
NODISCARD bool rsa_password_encrypt(struct bytes pem, const char *password,
                                    const uint8_t scramble[SCRAMBLE_SIZE], struct writer *out);

#endif
