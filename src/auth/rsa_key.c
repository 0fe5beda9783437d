/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's part in receiving encrypted passwords. */
#include "auth/rsa_key.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define BITS_MIN 2048
#define BITS_MAX 4096
#define FILE_MAX 65536

static bool write_public_half(struct rsa_key *k)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio != NULL && PEM_write_bio_PUBKEY(bio, k->key) == 1;
    long size = ok ? BIO_get_mem_data(bio, &text) : 0;
    ok = size > 0 && (size_t)size <= sizeof k->pem;
    if (ok) {
        memcpy(k->pem, text, (size_t)size);
        k->pem_size = (size_t)size;
    }
    BIO_free(bio);
    return ok;
}

/* Takes the key, which may be NULL. */
static bool finish(struct rsa_key *out, EVP_PKEY *key)
{
    *out = (struct rsa_key){.key = key};
    bool ok = key != NULL && EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
              EVP_PKEY_bits(key) >= BITS_MIN && EVP_PKEY_bits(key) <= BITS_MAX &&
              write_public_half(out);
    if (!ok)
        rsa_key_fini(out);
    ERR_clear_error();
    return ok;
}

bool rsa_key_generate(struct rsa_key *out)
{
    return finish(out, EVP_RSA_gen(BITS_MIN));
}

/* Nobody is there to type a pass phrase. */
static int no_pass_phrase(char *text, int size, int writing, void *unused)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)unused;
    return -1;
}

bool rsa_key_read(struct bytes pem, struct rsa_key *out)
{
    BIO *bio =
        pem.size > 0 && pem.size <= FILE_MAX ? BIO_new_mem_buf(pem.data, (int)pem.size) : NULL;
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL) : NULL;
    BIO_free(bio);
    return finish(out, key);
}

void rsa_key_fini(struct rsa_key *k)
{
    EVP_PKEY_free(k->key);
    *k = (struct rsa_key){0};
}

size_t rsa_key_size(const struct rsa_key *k)
{
    return (size_t)EVP_PKEY_size(k->key);
}

static bool unmask(uint8_t *text, size_t size, const uint8_t scramble[SCRAMBLE_SIZE],
                   char out[AUTH_PASSWORD_MAX + 1], size_t *out_size)
{
    if (size == 0 || size > AUTH_PASSWORD_MAX + 1)
        return false;
    for (size_t i = 0; i < size; i++)
        text[i] ^= scramble[i % SCRAMBLE_SIZE];
    if (text[size - 1] != 0)
        return false;
    memcpy(out, text, size);
    *out_size = size - 1;
    return true;
}

bool rsa_key_decrypt(const struct rsa_key *k, struct bytes encrypted,
                     const uint8_t scramble[SCRAMBLE_SIZE], char out[AUTH_PASSWORD_MAX + 1],
                     size_t *size)
{
    uint8_t text[BITS_MAX / 8];
    size_t text_size = sizeof text;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(k->key, NULL);
    bool ok = context != NULL && encrypted.size == rsa_key_size(k) &&
              EVP_PKEY_decrypt_init(context) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_decrypt(context, text, &text_size, encrypted.data, encrypted.size) == 1 &&
              unmask(text, text_size, scramble, out, size);
    EVP_PKEY_CTX_free(context);
    OPENSSL_cleanse(text, sizeof text);
    ERR_clear_error();
    return ok;
}
