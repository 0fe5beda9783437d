/* SPDX-License-Identifier: Apache-2.0
 * A password for a server's RSA key, as MySQL's SHA-256 methods want it on a channel that others
 * may read, in both roles. Whoever can change what the server sends can put a key of their own
 * there: only TLS or a Unix socket protects from that. */
#ifndef WEIR_AUTH_RSA_PASSWORD_H
#define WEIR_AUTH_RSA_PASSWORD_H

#include "auth/auth_method.h"

/* Writes RSA-OAEP (SHA-1) of the password and its NUL, XORed with the scramble again and again.
 * False when `pem` is no RSA public key, or one too short for the password or too long for `out`.
 */
NODISCARD bool rsa_password_encrypt(struct bytes pem, const char *password,
                                    const uint8_t scramble[SCRAMBLE_SIZE], struct writer *out);

/* Server role, the first word: the password and its NUL on a private channel; otherwise the byte
 * `asks_for_key`, which is answered with the key (AUTH_SEND), or the encrypted password of a client
 * that has the key. */
enum auth_step rsa_password_hear_first(struct auth_check *c, struct bytes said,
                                       uint8_t asks_for_key, struct auth_secret *secret,
                                       struct writer *out);

/* Server role, the last word: the encrypted password. */
enum auth_step rsa_password_hear(struct auth_check *c, struct bytes said,
                                 struct auth_secret *secret);

#endif
