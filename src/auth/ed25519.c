/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 by libsodium. Signing is RFC 8032, 5.1.6, from the expanded key on: libsodium signs only
 * with a seed, and from a password of any length there is none. */
#include "auth/ed25519.h"

#include "auth/digest.h"
#include "base/check.h"

#include <sodium/crypto_core_ed25519.h>
#include <sodium/crypto_scalarmult_ed25519.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

#define SCALAR_SIZE crypto_core_ed25519_SCALARBYTES
#define MESSAGE_MAX 64

void ed25519_key_of_seed(const uint8_t seed[32], uint8_t key[ED25519_KEY_SIZE])
{
    digest_sha512(bytes_of(seed, 32), key);
}

static void clamp(const uint8_t key[ED25519_KEY_SIZE], uint8_t scalar[SCALAR_SIZE])
{
    memcpy(scalar, key, SCALAR_SIZE);
    scalar[0] &= 248;
    scalar[31] &= 127;
    scalar[31] |= 64;
}

void ed25519_public_of_key(const uint8_t key[ED25519_KEY_SIZE], uint8_t public[ED25519_PUBLIC_SIZE])
{
    uint8_t scalar[SCALAR_SIZE];
    clamp(key, scalar);
    CHECK(crypto_scalarmult_ed25519_base_noclamp(public, scalar) == 0);
    sodium_memzero(scalar, sizeof scalar);
}

/* SHA512 of up to three parts, as a scalar. */
static void hash_to_scalar(struct bytes a, struct bytes b, struct bytes c, uint8_t out[SCALAR_SIZE])
{
    uint8_t text[2 * ED25519_PUBLIC_SIZE + MESSAGE_MAX];
    uint8_t hash[64];
    CHECK(a.size + b.size + c.size <= sizeof text);
    memcpy(text, a.data, a.size);
    if (b.size > 0)
        memcpy(text + a.size, b.data, b.size);
    memcpy(text + a.size + b.size, c.data, c.size);
    digest_sha512(bytes_of(text, a.size + b.size + c.size), hash);
    crypto_core_ed25519_scalar_reduce(out, hash);
    sodium_memzero(text, sizeof text);
    sodium_memzero(hash, sizeof hash);
}

void ed25519_sign(struct bytes message, const uint8_t key[ED25519_KEY_SIZE],
                  uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    uint8_t public[ED25519_PUBLIC_SIZE];
    uint8_t scalar[SCALAR_SIZE];
    uint8_t nonce[SCALAR_SIZE];
    uint8_t challenge[SCALAR_SIZE];
    CHECK(message.size <= MESSAGE_MAX);
    ed25519_public_of_key(key, public);
    hash_to_scalar(bytes_of(key + SCALAR_SIZE, 32), bytes_of(NULL, 0), message, nonce);
    CHECK(crypto_scalarmult_ed25519_base_noclamp(signature, nonce) == 0);
    hash_to_scalar(bytes_of(signature, 32), bytes_of(public, sizeof public), message, challenge);
    clamp(key, scalar);
    crypto_core_ed25519_scalar_mul(scalar, challenge, scalar);
    crypto_core_ed25519_scalar_add(signature + 32, nonce, scalar);
    sodium_memzero(scalar, sizeof scalar);
    sodium_memzero(nonce, sizeof nonce);
}

bool ed25519_verify(struct bytes message, const uint8_t public[ED25519_PUBLIC_SIZE],
                    const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    return crypto_sign_ed25519_verify_detached(signature, message.data, message.size, public) == 0;
}

bool ed25519_is_public(const uint8_t public[ED25519_PUBLIC_SIZE])
{
    return crypto_core_ed25519_is_valid_point(public) == 1;
}
