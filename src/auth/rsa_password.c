/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's part in the methods that send a password encrypted. */
#include "auth/rsa_password.h"

#include "auth/rsa_key.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* A key that nobody uses is not worth reading: 16384 bits are 3 kB. */
#define PEM_MAX 8192

static EVP_PKEY *read_key(struct bytes pem)
{
    if (pem.size == 0 || pem.size > PEM_MAX)
        return NULL;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    if (bio == NULL)
        return NULL;
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (key != NULL && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static bool encrypt(EVP_PKEY *key, const uint8_t *text, size_t size, struct writer *out)
{
    uint8_t encrypted[AUTH_ANSWER_MAX];
    size_t encrypted_size = sizeof encrypted;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool ok = context != NULL && EVP_PKEY_encrypt_init(context) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_encrypt(context, encrypted, &encrypted_size, text, size) == 1;
    EVP_PKEY_CTX_free(context);
    if (ok)
        writer_bytes(out, encrypted, encrypted_size);
    return ok && !out->overflow;
}

bool rsa_password_encrypt(struct bytes pem, const char *password,
                          const uint8_t scramble[SCRAMBLE_SIZE], struct writer *out)
{
    uint8_t text[AUTH_PASSWORD_MAX + 1];
    size_t size = strlen(password) + 1;
    EVP_PKEY *key = read_key(pem);
    bool ok = key != NULL && size <= sizeof text && EVP_PKEY_size(key) <= AUTH_ANSWER_MAX;
    if (ok) {
        for (size_t i = 0; i < size; i++)
            text[i] = (uint8_t)password[i] ^ scramble[i % SCRAMBLE_SIZE];
        ok = encrypt(key, text, size, out);
        OPENSSL_cleanse(text, sizeof text);
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
    return ok;
}

/* A password with its NUL, as it passes a private channel. */
static enum auth_step hear_clear_text(struct auth_check *c, struct bytes said,
                                      struct auth_secret *secret)
{
    if (said.size == 0 || said.data[said.size - 1] != 0)
        return AUTH_FAIL;
    return auth_check_clear_text(c, bytes_of(said.data, said.size - 1), secret);
}

enum auth_step rsa_password_hear_first(struct auth_check *c, struct bytes said,
                                       uint8_t asks_for_key, struct auth_secret *secret,
                                       struct writer *out)
{
    if (c->private_channel)
        return hear_clear_text(c, said, secret);
    if (c->key == NULL)
        return AUTH_FAIL;
    if (said.size != 1 || said.data[0] != asks_for_key)
        return rsa_password_hear(c, said, secret);
    writer_bytes(out, c->key->pem, c->key->pem_size);
    return AUTH_SEND;
}

enum auth_step rsa_password_hear(struct auth_check *c, struct bytes said,
                                 struct auth_secret *secret)
{
    char password[AUTH_PASSWORD_MAX + 1];
    size_t size;
    if (c->key == NULL || !rsa_key_decrypt(c->key, said, c->challenge, password, &size))
        return AUTH_FAIL;
    enum auth_step step = auth_check_clear_text(c, bytes_of(password, size), secret);
    OPENSSL_cleanse(password, sizeof password);
    return step;
}
