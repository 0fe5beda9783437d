/* SPDX-License-Identifier: Apache-2.0
 * The salted hash that mysql.user holds for caching_sha2_password and sha256_password: SHA-256
 * crypt, with salts of up to 20 bytes.
 * Source: https://www.akkadia.org/drepper/SHA-crypt.txt */
#ifndef WEIR_AUTH_SHA_CRYPT_H
#define WEIR_AUTH_SHA_CRYPT_H

#include "auth/secret.h"

/* The 43 characters; takes milliseconds, as it should. */
void sha_crypt(struct bytes password, struct bytes salt, uint32_t rounds,
               char out[SHA_CRYPT_TEXT_SIZE]);

/* "$A$005$" + salt + text, or "$5$" + salt + "$" + text. */
NODISCARD bool sha_crypt_read(struct bytes stored, struct auth_sha_crypt *out);

#endif
