/* SPDX-License-Identifier: Apache-2.0
 * SHA256(what is stored, challenge, fingerprint), in hex. */
#include "auth/identity.h"

#include "auth/digest.h"

#include <openssl/crypto.h>

#define STORED_MAX 64

bool auth_identity_write(const struct auth_method *m, const struct auth_secret *secret,
                         const uint8_t greeted[SCRAMBLE_SIZE],
                         const uint8_t fingerprint[AUTH_SHA256_SIZE], char out[AUTH_IDENTITY_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t memory[STORED_MAX + SCRAMBLE_SIZE + AUTH_SHA256_SIZE];
    uint8_t hash[AUTH_SHA256_SIZE];
    struct writer w = writer_over(memory, sizeof memory);
    if (m == NULL || m->stored == NULL)
        return false;
    m->stored(secret, &w);
    if (w.size == 0)
        return false;
    writer_bytes(&w, greeted, SCRAMBLE_SIZE);
    writer_bytes(&w, fingerprint, AUTH_SHA256_SIZE);
    if (w.overflow)
        return false;
    digest_sha256(writer_written(&w), hash);
    OPENSSL_cleanse(memory, sizeof memory);
    out[0] = 1;
    for (size_t i = 0; i < sizeof hash; i++) {
        out[1 + 2 * i] = digits[hash[i] >> 4];
        out[2 + 2 * i] = digits[hash[i] & 15];
    }
    out[AUTH_IDENTITY_SIZE - 1] = '\0';
    return true;
}
