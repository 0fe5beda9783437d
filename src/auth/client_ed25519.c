/* SPDX-License-Identifier: Apache-2.0
 * The key is SHA512(password), for the empty password too. */
#include "auth/client_ed25519.h"

#include "auth/digest.h"
#include "auth/ed25519.h"

#include <openssl/crypto.h>

#define CHALLENGE_SIZE 32

static bool find_key(const struct auth_secret *secret, uint8_t key[ED25519_KEY_SIZE])
{
    if (auth_secret_knows(secret, AUTH_KNOWS_ED25519_KEY))
        memcpy(key, secret->ed25519_key, ED25519_KEY_SIZE);
    else if (auth_secret_knows(secret, AUTH_KNOWS_PASSWORD))
        digest_sha512(bytes_of_text(secret->password), key);
    else if (auth_secret_knows(secret, AUTH_KNOWS_EMPTY))
        digest_sha512(bytes_of("", 0), key);
    else
        return false;
    return true;
}

static bool find_public(const struct auth_secret *secret, uint8_t public[ED25519_PUBLIC_SIZE])
{
    uint8_t key[ED25519_KEY_SIZE];
    if (auth_secret_knows(secret, AUTH_KNOWS_ED25519_PUBLIC)) {
        memcpy(public, secret->ed25519_public, ED25519_PUBLIC_SIZE);
        return true;
    }
    if (!find_key(secret, key))
        return false;
    ed25519_public_of_key(key, public);
    OPENSSL_cleanse(key, sizeof key);
    return true;
}

static bool ed25519_can_prove(const struct auth_secret *secret)
{
    return auth_secret_knows(secret, AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD |
                                         AUTH_KNOWS_ED25519_KEY | AUTH_KNOWS_ED25519_PUBLIC);
}

static enum auth_step ed25519_hear(struct auth_check *c, struct bytes said,
                                   struct auth_secret *secret, struct writer *out)
{
    uint8_t public[ED25519_PUBLIC_SIZE];
    (void)out;
    if (c->stage++ > 0 || said.size != ED25519_SIGNATURE_SIZE || !find_public(secret, public))
        return AUTH_FAIL;
    if (!ed25519_verify(bytes_of(c->challenge, CHALLENGE_SIZE), public, said.data))
        return AUTH_FAIL;
    if (!auth_secret_knows(secret, AUTH_KNOWS_EMPTY)) {
        memcpy(secret->ed25519_public, public, sizeof public);
        secret->known |= AUTH_KNOWS_ED25519_PUBLIC;
    }
    return AUTH_OK;
}

static void ed25519_stored(const struct auth_secret *secret, struct writer *out)
{
    if (auth_secret_knows(secret, AUTH_KNOWS_ED25519_PUBLIC) &&
        !auth_secret_knows(secret, AUTH_KNOWS_EMPTY))
        writer_bytes(out, secret->ed25519_public, sizeof secret->ed25519_public);
}

static enum auth_step ed25519_answer(struct auth_dialog *d, struct bytes said,
                                     const struct auth_secret *secret, struct writer *out)
{
    uint8_t key[ED25519_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    if (d->stage++ > 0 || said.size != CHALLENGE_SIZE || !find_key(secret, key))
        return AUTH_FAIL;
    ed25519_sign(said, key, signature);
    OPENSSL_cleanse(key, sizeof key);
    writer_bytes(out, signature, sizeof signature);
    return out->overflow ? AUTH_FAIL : AUTH_SEND;
}

const struct auth_method auth_client_ed25519 = {
    .name = "client_ed25519",
    .challenge_size = CHALLENGE_SIZE,
    .blank_size = ED25519_SIGNATURE_SIZE,
    .hear = ed25519_hear,
    .can_prove = ed25519_can_prove,
    .stored = ed25519_stored,
    .answer = ed25519_answer,
};
