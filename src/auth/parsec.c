/* SPDX-License-Identifier: Apache-2.0
 * The server's nonce is answered with nothing, its salt with the client's nonce and the signature.
 */
#include "auth/parsec.h"

#include "auth/digest.h"
#include "auth/ed25519.h"
#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define NONCE_SIZE 32
#define SEED_SIZE  32
#define SALT_TEXT  24 /* base64 of the salt, and of the public key without padding */
#define KEY_TEXT   43
#define ALGORITHM  'P' /* PBKDF2 with HMAC-SHA512 */
#define FACTOR_MAX 3   /* of servers; more would only make Weir work */

static void derive(const struct auth_parsec *p, struct bytes password,
                   uint8_t key[ED25519_KEY_SIZE])
{
    uint8_t seed[SEED_SIZE];
    CHECK(p->factor <= FACTOR_MAX);
    CHECK(PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.size, p->salt,
                            PARSEC_SALT_SIZE, 1024 << p->factor, EVP_sha512(), sizeof seed,
                            seed) == 1);
    ed25519_key_of_seed(seed, key);
    OPENSSL_cleanse(seed, sizeof seed);
}

bool parsec_read(struct bytes stored, struct auth_parsec *out)
{
    if (stored.size != 4 + SALT_TEXT + KEY_TEXT)
        return false;
    const uint8_t *at = stored.data;
    if (at[0] != ALGORITHM || at[1] < '0' || at[1] > '0' + FACTOR_MAX || at[2] != ':' ||
        at[3 + SALT_TEXT] != ':')
        return false;
    out->factor = (uint8_t)(at[1] - '0');
    return base64_read(bytes_of(at + 3, SALT_TEXT), out->salt, PARSEC_SALT_SIZE) &&
           base64_read(bytes_of(at + 4 + SALT_TEXT, KEY_TEXT), out->public, ED25519_PUBLIC_SIZE);
}

static void public_of_password(struct auth_parsec *p, struct bytes password)
{
    uint8_t key[ED25519_KEY_SIZE];
    derive(p, password, key);
    ed25519_public_of_key(key, p->public);
    OPENSSL_cleanse(key, sizeof key);
}

bool parsec_check(const struct auth_parsec *p, struct bytes password)
{
    struct auth_parsec said = *p;
    public_of_password(&said, password);
    return digest_equal(said.public, p->public, sizeof said.public);
}

/* -------- server role -------- */

enum check_stage { CHECK_NOTHING, CHECK_SIGNATURE, CHECK_END };

static bool parsec_can_prove(const struct auth_secret *secret)
{
    return auth_secret_knows(secret, AUTH_KNOWS_PASSWORD | AUTH_KNOWS_PARSEC_PUBLIC);
}

/* The salt of an account that has none yet follows from the challenge, so that it is the same in
 * both steps. */
static bool find_salt(const struct auth_check *c, const struct auth_secret *secret,
                      struct auth_parsec *out)
{
    uint8_t hash[AUTH_SHA256_SIZE];
    if (auth_secret_knows(secret, AUTH_KNOWS_PARSEC_PUBLIC)) {
        *out = secret->parsec;
        return true;
    }
    *out = (struct auth_parsec){0};
    digest_sha256(bytes_of(c->challenge, NONCE_SIZE), hash);
    memcpy(out->salt, hash, sizeof out->salt);
    return auth_secret_knows(secret, AUTH_KNOWS_PASSWORD);
}

static enum auth_step send_salt(struct auth_check *c, struct bytes said,
                                const struct auth_secret *secret, struct writer *out)
{
    struct auth_parsec p;
    if (said.size != 0 || !find_salt(c, secret, &p))
        return AUTH_FAIL;
    c->stage = CHECK_SIGNATURE;
    writer_u8(out, ALGORITHM);
    writer_u8(out, p.factor);
    writer_bytes(out, p.salt, sizeof p.salt);
    return out->overflow ? AUTH_FAIL : AUTH_SEND;
}

static enum auth_step check_signature(struct auth_check *c, struct bytes said,
                                      const struct auth_secret *secret)
{
    struct auth_parsec p;
    uint8_t signed_text[2 * NONCE_SIZE];
    c->stage = CHECK_END;
    if (said.size != NONCE_SIZE + ED25519_SIGNATURE_SIZE || !find_salt(c, secret, &p))
        return AUTH_FAIL;
    if (!auth_secret_knows(secret, AUTH_KNOWS_PARSEC_PUBLIC))
        public_of_password(&p, bytes_of_text(secret->password));
    memcpy(signed_text, c->challenge, NONCE_SIZE);
    memcpy(signed_text + NONCE_SIZE, said.data, NONCE_SIZE);
    return ed25519_verify(bytes_of(signed_text, sizeof signed_text), p.public,
                          said.data + NONCE_SIZE)
               ? AUTH_OK
               : AUTH_FAIL;
}

static enum auth_step parsec_hear(struct auth_check *c, struct bytes said,
                                  struct auth_secret *secret, struct writer *out)
{
    switch ((enum check_stage)c->stage) {
    case CHECK_NOTHING:
        return send_salt(c, said, secret, out);
    case CHECK_SIGNATURE:
        return check_signature(c, said, secret);
    case CHECK_END:
        break;
    }
    return AUTH_FAIL;
}

static void parsec_stored(const struct auth_secret *secret, struct writer *out)
{
    if (!auth_secret_knows(secret, AUTH_KNOWS_PARSEC_PUBLIC))
        return;
    writer_u8(out, ALGORITHM);
    writer_u8(out, secret->parsec.factor);
    writer_bytes(out, secret->parsec.salt, sizeof secret->parsec.salt);
    writer_bytes(out, secret->parsec.public, sizeof secret->parsec.public);
}

/* -------- client role -------- */

enum stage { STAGE_NONCE, STAGE_SALT, STAGE_END };

/* What must differ from login to login, and be unknown before, follows from the server's nonce and
 * the key. */
static void client_nonce(const struct auth_dialog *d, const uint8_t key[ED25519_KEY_SIZE],
                         uint8_t out[NONCE_SIZE])
{
    uint8_t text[NONCE_SIZE + ED25519_KEY_SIZE];
    memcpy(text, d->scramble, NONCE_SIZE);
    memcpy(text + NONCE_SIZE, key, ED25519_KEY_SIZE);
    digest_sha256(bytes_of(text, sizeof text), out);
    OPENSSL_cleanse(text, sizeof text);
}

static enum auth_step sign(struct auth_dialog *d, struct bytes said,
                           const struct auth_secret *secret, struct writer *out)
{
    struct auth_parsec p = {0};
    uint8_t key[ED25519_KEY_SIZE];
    uint8_t signed_text[2 * NONCE_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    d->stage = STAGE_END;
    if (!auth_secret_knows(secret, AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD))
        return AUTH_FAIL;
    if (said.size != 2 + PARSEC_SALT_SIZE || said.data[0] != ALGORITHM || said.data[1] > FACTOR_MAX)
        return AUTH_FAIL;
    p.factor = said.data[1];
    memcpy(p.salt, said.data + 2, PARSEC_SALT_SIZE);
    derive(&p, bytes_of_text(secret->password), key);
    memcpy(signed_text, d->scramble, NONCE_SIZE);
    client_nonce(d, key, signed_text + NONCE_SIZE);
    ed25519_sign(bytes_of(signed_text, sizeof signed_text), key, signature);
    OPENSSL_cleanse(key, sizeof key);
    writer_bytes(out, signed_text + NONCE_SIZE, NONCE_SIZE);
    writer_bytes(out, signature, sizeof signature);
    return out->overflow ? AUTH_FAIL : AUTH_SEND;
}

static enum auth_step parsec_answer(struct auth_dialog *d, struct bytes said,
                                    const struct auth_secret *secret, struct writer *out)
{
    switch ((enum stage)d->stage) {
    case STAGE_NONCE:
        if (said.size != NONCE_SIZE)
            return AUTH_FAIL;
        memcpy(d->scramble, said.data, NONCE_SIZE);
        d->stage = STAGE_SALT;
        return AUTH_SEND;
    case STAGE_SALT:
        return sign(d, said, secret, out);
    case STAGE_END:
        break;
    }
    return AUTH_FAIL;
}

const struct auth_method auth_parsec_method = {
    .name = "parsec",
    .challenge_size = NONCE_SIZE,
    .blank_size = NONCE_SIZE + ED25519_SIGNATURE_SIZE,
    .hear = parsec_hear,
    .can_prove = parsec_can_prove,
    .stored = parsec_stored,
    .answer = parsec_answer,
};
