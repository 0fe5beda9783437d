/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's hashes, and base64. */
#include "auth/digest.h"

#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static void digest(const EVP_MD *kind, struct bytes of, uint8_t *out, unsigned size)
{
    unsigned written = 0;
    CHECK(EVP_Digest(of.data, of.size, out, &written, kind, NULL) == 1);
    CHECK(written == size);
}

void digest_sha1(struct bytes of, uint8_t out[20])
{
    digest(EVP_sha1(), of, out, 20);
}

void digest_sha256(struct bytes of, uint8_t out[32])
{
    digest(EVP_sha256(), of, out, 32);
}

void digest_sha512(struct bytes of, uint8_t out[64])
{
    digest(EVP_sha512(), of, out, 64);
}

bool digest_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

/* 0 to 63, or 64: not of the alphabet. */
static unsigned base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - (unsigned)'A';
    if (c >= 'a' && c <= 'z')
        return c - (unsigned)'a' + 26;
    if (c >= '0' && c <= '9')
        return c - (unsigned)'0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : 64;
}

bool base64_read(struct bytes text, uint8_t *out, size_t out_size)
{
    unsigned held = 0;
    unsigned bits = 0;
    size_t written = 0;
    if (text.size != (out_size * 4 + 2) / 3)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned value = base64_value(text.data[i]);
        if (value == 64)
            return false;
        held = held << 6 | value;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        out[written++] = (uint8_t)(held >> bits);
        held &= (1U << bits) - 1;
    }
    return held == 0;
}
