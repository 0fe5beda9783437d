/* SPDX-License-Identifier: Apache-2.0
 * Weir's own RSA key: clients without TLS encrypt their password for it. */
#ifndef WEIR_AUTH_RSA_KEY_H
#define WEIR_AUTH_RSA_KEY_H

#include "auth/auth_method.h"

/* Immutable once made: any thread may use it. */
struct rsa_key {
    struct evp_pkey_st *key;
    size_t pem_size;
    uint8_t pem[AUTH_ANSWER_MAX]; /* the public half, as it is sent */
};

/* A new one of 2048 bits; takes some 100 ms. False when OpenSSL refuses. */
NODISCARD bool rsa_key_generate(struct rsa_key *out);

/* The private key in a PEM file's text. False when it is none, has a pass phrase, or has less than
 * 2048 or more than 4096 bits. */
NODISCARD bool rsa_key_read(struct bytes pem, struct rsa_key *out);

void rsa_key_fini(struct rsa_key *k);

/* Bytes of a password that was encrypted for it. */
NODISCARD size_t rsa_key_size(const struct rsa_key *k);

/* The password that rsa_password_encrypt wrote: without its NUL, in `out`. False when it is not for
 * this key and scramble. */
NODISCARD bool rsa_key_decrypt(const struct rsa_key *k, struct bytes encrypted,
                               const uint8_t scramble[SCRAMBLE_SIZE],
                               char out[AUTH_PASSWORD_MAX + 1], size_t *size);

#endif
