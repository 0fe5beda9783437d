/* SPDX-License-Identifier: Apache-2.0
 * The quick proof is SHA256(password) XOR SHA256(SHA256(SHA256(password)), scramble). A server that
 * cannot check it, or finds it wrong, asks for the password itself. */
#include "auth/caching_sha2_password.h"

#include "auth/digest.h"
#include "auth/rsa_password.h"

#include <openssl/crypto.h>

/* What a server says in an AuthMoreData packet of one byte. */
enum { SAYS_QUICK_PROOF_IS_RIGHT = 3, SAYS_PROVE_IN_FULL = 4 };
#define ASK_FOR_PUBLIC_KEY 2

/* -------- the quick proof -------- */

/* Of both sides: SHA256(password) and the proof are each other's image under this. */
static void mask(const uint8_t in[AUTH_SHA256_SIZE], const uint8_t stage2[AUTH_SHA256_SIZE],
                 const uint8_t *scramble, uint8_t out[AUTH_SHA256_SIZE])
{
    uint8_t salted[AUTH_SHA256_SIZE + SCRAMBLE_SIZE];
    uint8_t pad[AUTH_SHA256_SIZE];
    memcpy(salted, stage2, AUTH_SHA256_SIZE);
    memcpy(salted + AUTH_SHA256_SIZE, scramble, SCRAMBLE_SIZE);
    digest_sha256(bytes_of(salted, sizeof salted), pad);
    for (size_t i = 0; i < AUTH_SHA256_SIZE; i++)
        out[i] = in[i] ^ pad[i];
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(pad, sizeof pad);
}

static void quick_proof(const struct auth_secret *secret, const uint8_t *scramble,
                        uint8_t out[AUTH_SHA256_SIZE])
{
    uint8_t once[AUTH_SHA256_SIZE];
    uint8_t twice[AUTH_SHA256_SIZE];
    if (auth_secret_knows(secret, AUTH_KNOWS_SHA2_STAGE1))
        memcpy(once, secret->sha2_stage1, sizeof once);
    else
        digest_sha256(bytes_of_text(secret->password), once);
    digest_sha256(bytes_of(once, sizeof once), twice);
    mask(once, twice, scramble, out);
    OPENSSL_cleanse(once, sizeof once);
    OPENSSL_cleanse(twice, sizeof twice);
}

static bool proof_is_right(const struct auth_check *c, struct bytes proof,
                           struct auth_secret *secret)
{
    uint8_t once[AUTH_SHA256_SIZE];
    uint8_t twice[AUTH_SHA256_SIZE];
    if (!auth_secret_knows(secret, AUTH_KNOWS_SHA2_STAGE2))
        return false;
    mask(proof.data, secret->sha2_stage2, c->challenge, once);
    digest_sha256(bytes_of(once, sizeof once), twice);
    bool right = digest_equal(twice, secret->sha2_stage2, sizeof twice);
    if (right) {
        memcpy(secret->sha2_stage1, once, sizeof once);
        secret->known |= AUTH_KNOWS_SHA2_STAGE1;
    }
    OPENSSL_cleanse(once, sizeof once);
    return right;
}

/* -------- server role -------- */

enum check_stage { CHECK_PROOF, CHECK_FULL, CHECK_ENCRYPTED, CHECK_END };

static bool sha2_can_prove(const struct auth_secret *secret)
{
    return auth_secret_knows(secret, AUTH_KNOWS_EMPTY | AUTH_KNOWS_SHA2_STAGE2);
}

/* Clients say "no password" with nothing at all, or with the NUL of an empty text. */
static bool says_no_password(struct bytes said)
{
    return said.size == 0 || (said.size == 1 && said.data[0] == 0);
}

static enum auth_step check_proof(struct auth_check *c, struct bytes said,
                                  struct auth_secret *secret, struct writer *out)
{
    c->stage = CHECK_END;
    if (says_no_password(said))
        return auth_check_clear_text(c, bytes_of(NULL, 0), secret);
    if (said.size != AUTH_SHA256_SIZE || auth_secret_knows(secret, AUTH_KNOWS_EMPTY))
        return AUTH_FAIL;
    if (proof_is_right(c, said, secret)) {
        writer_u8(out, SAYS_QUICK_PROOF_IS_RIGHT);
        return AUTH_OK;
    }
    if (!c->private_channel && c->key == NULL)
        return AUTH_FAIL;
    c->stage = CHECK_FULL;
    writer_u8(out, SAYS_PROVE_IN_FULL);
    return AUTH_SEND;
}

static enum auth_step sha2_hear(struct auth_check *c, struct bytes said, struct auth_secret *secret,
                                struct writer *out)
{
    enum auth_step step = AUTH_FAIL;
    switch ((enum check_stage)c->stage) {
    case CHECK_PROOF:
        step = check_proof(c, said, secret, out);
        break;
    case CHECK_FULL:
        c->stage = CHECK_ENCRYPTED;
        step = rsa_password_hear_first(c, said, ASK_FOR_PUBLIC_KEY, secret, out);
        break;
    case CHECK_ENCRYPTED:
        c->stage = CHECK_END;
        step = rsa_password_hear(c, said, secret);
        break;
    case CHECK_END:
        break;
    }
    return out->overflow ? AUTH_FAIL : step;
}

/* -------- client role -------- */

enum stage { STAGE_SCRAMBLE, STAGE_PROOF, STAGE_PUBLIC_KEY, STAGE_END };

static enum auth_step answer_scramble(struct auth_dialog *d, struct bytes said,
                                      const struct auth_secret *secret, struct writer *out)
{
    if (!auth_dialog_keep_scramble(d, said))
        return AUTH_FAIL;
    if (auth_secret_knows(secret, AUTH_KNOWS_EMPTY)) {
        d->stage = STAGE_END;
        return AUTH_SEND;
    }
    if (!auth_secret_knows(secret, AUTH_KNOWS_PASSWORD | AUTH_KNOWS_SHA2_STAGE1))
        return AUTH_FAIL;
    uint8_t proof[AUTH_SHA256_SIZE];
    quick_proof(secret, d->scramble, proof);
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
    if (said.data[0] != SAYS_PROVE_IN_FULL || !auth_secret_knows(secret, AUTH_KNOWS_PASSWORD))
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
        if (auth_secret_knows(secret, AUTH_KNOWS_PASSWORD) &&
            rsa_password_encrypt(said, secret->password, d->scramble, out))
            step = AUTH_SEND;
        break;
    case STAGE_END:
        break;
    }
    return out->overflow ? AUTH_FAIL : step;
}

const struct auth_method auth_caching_sha2_password = {
    .name = "caching_sha2_password",
    .challenge_size = SCRAMBLE_SIZE,
    .blank_size = 1,
    .takes_clear_text = true,
    .hear = sha2_hear,
    .can_prove = sha2_can_prove,
    .answer = sha2_answer,
};
