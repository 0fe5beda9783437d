/* SPDX-License-Identifier: Apache-2.0
 * The answer is stage1 XOR SHA1(scramble, stage2). Whoever knows stage2 can check it, and learns
 * stage1 by doing so: with that Weir can log in to the server, without ever knowing the password.
 */
#include "auth/native_password.h"

#include "auth/digest.h"

#include <openssl/crypto.h>

void native_password_hash(struct bytes password, uint8_t stage1[AUTH_HASH_SIZE],
                          uint8_t stage2[AUTH_HASH_SIZE])
{
    digest_sha1(password, stage1);
    digest_sha1(bytes_of(stage1, AUTH_HASH_SIZE), stage2);
}

/* stage1 and the answer are each other's image under this: it is its own inverse. */
static void mask(const uint8_t in[AUTH_HASH_SIZE], const uint8_t *scramble,
                 const uint8_t stage2[AUTH_HASH_SIZE], uint8_t out[AUTH_HASH_SIZE])
{
    uint8_t salted[SCRAMBLE_SIZE + AUTH_HASH_SIZE];
    uint8_t pad[AUTH_HASH_SIZE];
    memcpy(salted, scramble, SCRAMBLE_SIZE);
    memcpy(salted + SCRAMBLE_SIZE, stage2, AUTH_HASH_SIZE);
    digest_sha1(bytes_of(salted, sizeof salted), pad);
    for (size_t i = 0; i < AUTH_HASH_SIZE; i++)
        out[i] = in[i] ^ pad[i];
    OPENSSL_cleanse(pad, sizeof pad);
}

static enum auth_step native_hear(struct auth_check *c, struct bytes said,
                                  struct auth_secret *secret, struct writer *out)
{
    (void)out;
    if (c->stage++ > 0)
        return AUTH_FAIL;
    if (auth_secret_knows(secret, AUTH_KNOWS_EMPTY))
        return said.size == 0 ? AUTH_OK : AUTH_FAIL;
    if (said.size != AUTH_HASH_SIZE || !auth_secret_knows(secret, AUTH_KNOWS_NATIVE_STAGE2))
        return AUTH_FAIL;

    uint8_t stage1[AUTH_HASH_SIZE];
    uint8_t stage2[AUTH_HASH_SIZE];
    mask(said.data, c->challenge, secret->stage2, stage1);
    digest_sha1(bytes_of(stage1, sizeof stage1), stage2);
    bool right = digest_equal(stage2, secret->stage2, sizeof stage2);
    if (right) {
        memcpy(secret->stage1, stage1, sizeof stage1);
        secret->known |= AUTH_KNOWS_NATIVE_STAGE1;
    }
    OPENSSL_cleanse(stage1, sizeof stage1);
    return right ? AUTH_OK : AUTH_FAIL;
}

static bool native_can_prove(const struct auth_secret *secret)
{
    return auth_secret_knows(secret, AUTH_KNOWS_EMPTY | AUTH_KNOWS_NATIVE_STAGE2);
}

static void native_stored(const struct auth_secret *secret, struct writer *out)
{
    if (auth_secret_knows(secret, AUTH_KNOWS_NATIVE_STAGE2))
        writer_bytes(out, secret->stage2, sizeof secret->stage2);
}

static enum auth_step native_answer(struct auth_dialog *d, struct bytes said,
                                    const struct auth_secret *secret, struct writer *out)
{
    if (d->stage++ > 0 || !auth_dialog_keep_scramble(d, said))
        return AUTH_FAIL;
    if (auth_secret_knows(secret, AUTH_KNOWS_EMPTY))
        return AUTH_SEND;
    if (!auth_secret_knows(secret, AUTH_KNOWS_NATIVE_STAGE1 | AUTH_KNOWS_PASSWORD))
        return AUTH_FAIL;

    uint8_t stage1[AUTH_HASH_SIZE];
    uint8_t stage2[AUTH_HASH_SIZE];
    uint8_t answer[AUTH_HASH_SIZE];
    if (auth_secret_knows(secret, AUTH_KNOWS_NATIVE_STAGE1)) {
        memcpy(stage1, secret->stage1, sizeof stage1);
        digest_sha1(bytes_of(stage1, sizeof stage1), stage2);
    } else {
        native_password_hash(bytes_of_text(secret->password), stage1, stage2);
    }
    mask(stage1, d->scramble, stage2, answer);
    OPENSSL_cleanse(stage1, sizeof stage1);
    writer_bytes(out, answer, sizeof answer);
    return out->overflow ? AUTH_FAIL : AUTH_SEND;
}

const struct auth_method auth_native_password = {
    .name = "mysql_native_password",
    .challenge_size = SCRAMBLE_SIZE,
    .blank_size = AUTH_HASH_SIZE,
    .hear = native_hear,
    .can_prove = native_can_prove,
    .stored = native_stored,
    .answer = native_answer,
};
