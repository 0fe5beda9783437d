/* SPDX-License-Identifier: Apache-2.0
 * Signatures on the curve Ed25519, with the key expanded as client_ed25519 has it (SHA512 of a
 * password of any length) or from a seed of 32 bytes, as everybody else. */
#ifndef WEIR_AUTH_ED25519_H
#define WEIR_AUTH_ED25519_H

#include "auth/secret.h"

#define ED25519_SIGNATURE_SIZE 64

/* The key that belongs to a seed: SHA512 of it. */
void ed25519_key_of_seed(const uint8_t seed[32], uint8_t key[ED25519_KEY_SIZE]);

void ed25519_public_of_key(const uint8_t key[ED25519_KEY_SIZE],
                           uint8_t public[ED25519_PUBLIC_SIZE]);

/* Signs a message of at most 64 bytes. */
void ed25519_sign(struct bytes message, const uint8_t key[ED25519_KEY_SIZE],
                  uint8_t signature[ED25519_SIGNATURE_SIZE]);

NODISCARD bool ed25519_verify(struct bytes message, const uint8_t public[ED25519_PUBLIC_SIZE],
                              const uint8_t signature[ED25519_SIGNATURE_SIZE]);

/* Can it be a public key at all? */
NODISCARD bool ed25519_is_public(const uint8_t public[ED25519_PUBLIC_SIZE]);

#endif
