/* SPDX-License-Identifier: Apache-2.0
 * The answer is SHA256(password) XOR SHA256(SHA256(SHA256(password)), scramble). A server that has
 * not seen the account since it started asks for the password instead. Weir has the password at
 * hand when it verifies, so for its clients the quick proof always suffices. */
#include "auth/caching_sha2_password.h"

#include "auth/rsa_password.h"
#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define DIGEST_SIZE 32

/* What a server says in an AuthMoreData packet of one byte. */
enum { SAYS_QUICK_PROOF_IS_RIGHT = 3, SAYS_PROVE_IN_FULL = 4 };
#define ASK_FOR_PUBLIC_KEY 2

enum stage { STAGE_SCRAMBLE, STAGE_PROOF, STAGE_PUBLIC_KEY, STAGE_END };

static void sha256(const uint8_t *data, size_t size, uint8_t out[DIGEST_SIZE])
{
    unsigned written = 0;
    CHECK(EVP_Digest(data, size, out, &written, EVP_sha256(), NULL) == 1);
    CHECK(written == DIGEST_SIZE);
}

static void quick_proof(const char *password, const uint8_t scramble[SCRAMBLE_SIZE],
                        uint8_t out[DIGEST_SIZE])
{
    uint8_t once[DIGEST_SIZE];
    uint8_t pad[DIGEST_SIZE];
    uint8_t salted[DIGEST_SIZE + SCRAMBLE_SIZE];
    sha256((const uint8_t *)password, strlen(password), once);
    sha256(once, sizeof once, salted);
    memcpy(salted + DIGEST_SIZE, scramble, SCRAMBLE_SIZE);
    sha256(salted, sizeof salted, pad);
    for (size_t i = 0; i < DIGEST_SIZE; i++)
        out[i] = once[i] ^ pad[i];
    OPENSSL_cleanse(once, sizeof once);
    OPENSSL_cleanse(salted, sizeof salted);
}

static bool sha2_can_verify(const struct auth_secret *secret)
{
    return secret->is_empty || secret->has_password;
}

/* Clients say "no password" with nothing at all, or with the NUL of an empty text. */
static bool says_no_password(struct bytes answer)
{
    return answer.size == 0 || (answer.size == 1 && answer.data[0] == 0);
}

static enum auth_step sha2_verify(struct bytes answer, const uint8_t scramble[SCRAMBLE_SIZE],
                                  struct auth_secret *secret, struct writer *more)
{
    if (secret->is_empty)
        return says_no_password(answer) ? AUTH_OK : AUTH_FAIL;
    if (answer.size != DIGEST_SIZE || !secret->has_password)
        return AUTH_FAIL;
    uint8_t expected[DIGEST_SIZE];
    quick_proof(secret->password, scramble, expected);
    bool right = CRYPTO_memcmp(expected, answer.data, sizeof expected) == 0;
    OPENSSL_cleanse(expected, sizeof expected);
    if (!right)
        return AUTH_FAIL;
    writer_u8(more, SAYS_QUICK_PROOF_IS_RIGHT);
    return more->overflow ? AUTH_FAIL : AUTH_OK;
}

static enum auth_step answer_scramble(struct auth_dialog *d, struct bytes said,
                                      const struct auth_secret *secret, struct writer *out)
{
    if (!auth_dialog_keep_scramble(d, said))
        return AUTH_FAIL;
    if (secret->is_empty) {
        d->stage = STAGE_END;
        return AUTH_SEND;
    }
    if (!secret->has_password)
        return AUTH_FAIL;
    uint8_t proof[DIGEST_SIZE];
    quick_proof(secret->password, d->scramble, proof);
    writer_bytes(out, proof, sizeof proof);
    OPENSSL_cleanse(proof, sizeof proof);
    d->stage = STAGE_PROOF;
    return AUTH_SEND;
}

static enum auth_step answer_verdict(struct auth_dialog *d, struct bytes said,
                                     const struct auth_secret *secret, struct writer *out)
{
    if (said.size != 1)
        return AUTH_FAIL;
    if (said.data[0] == SAYS_QUICK_PROOF_IS_RIGHT) {
        d->stage = STAGE_END;
        return AUTH_WAIT;
    }
    if (said.data[0] != SAYS_PROVE_IN_FULL)
        return AUTH_FAIL;
    if (d->private_channel) {
        d->stage = STAGE_END;
        writer_bytes(out, secret->password, strlen(secret->password) + 1);
        return AUTH_SEND;
    }
    d->stage = STAGE_PUBLIC_KEY;
    writer_u8(out, ASK_FOR_PUBLIC_KEY);
    return AUTH_SEND;
}

static enum auth_step sha2_answer(struct auth_dialog *d, struct bytes said,
                                  const struct auth_secret *secret, struct writer *out)
{
    enum auth_step step = AUTH_FAIL;
    switch ((enum stage)d->stage) {
    case STAGE_SCRAMBLE:
        step = answer_scramble(d, said, secret, out);
        break;
    case STAGE_PROOF:
        step = answer_verdict(d, said, secret, out);
        break;
    case STAGE_PUBLIC_KEY:
        d->stage = STAGE_END;
        step =
            rsa_password_encrypt(said, secret->password, d->scramble, out) ? AUTH_SEND : AUTH_FAIL;
        break;
    case STAGE_END:
        break;
    }
    return out->overflow ? AUTH_FAIL : step;
}

const struct auth_method auth_caching_sha2_password = {
    .name = "caching_sha2_password",
    .verify = sha2_verify,
    .can_verify = sha2_can_verify,
    .answer = sha2_answer,
};
