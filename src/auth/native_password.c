/* SPDX-License-Identifier: Apache-2.0
 * The answer is stage1 XOR SHA1(scramble, stage2). Whoever knows stage2 can check it, and learns
 * stage1 by doing so: with that Weir can log in to the server, without ever knowing the password.
 */
#include "auth/native_password.h"

#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static void sha1(const uint8_t *data, size_t size, uint8_t out[AUTH_HASH_SIZE])
{
    unsigned written = 0;
    CHECK(EVP_Digest(data, size, out, &written, EVP_sha1(), NULL) == 1);
    CHECK(written == AUTH_HASH_SIZE);
}

void native_password_hash(struct bytes password, uint8_t stage1[AUTH_HASH_SIZE],
                          uint8_t stage2[AUTH_HASH_SIZE])
{
    sha1(password.data, password.size, stage1);
    sha1(stage1, AUTH_HASH_SIZE, stage2);
}

/* stage1 and the answer are each other's image under this: it is its own inverse. */
static void mask(const uint8_t in[AUTH_HASH_SIZE], const uint8_t scramble[SCRAMBLE_SIZE],
                 const uint8_t stage2[AUTH_HASH_SIZE], uint8_t out[AUTH_HASH_SIZE])
{
    uint8_t salted[SCRAMBLE_SIZE + AUTH_HASH_SIZE];
    uint8_t pad[AUTH_HASH_SIZE];
    memcpy(salted, scramble, SCRAMBLE_SIZE);
    memcpy(salted + SCRAMBLE_SIZE, stage2, AUTH_HASH_SIZE);
    sha1(salted, sizeof(salted), pad);
    for (size_t i = 0; i < AUTH_HASH_SIZE; i++)
        out[i] = in[i] ^ pad[i];
    OPENSSL_cleanse(pad, sizeof(pad));
}

static enum auth_step native_verify(struct bytes answer, const uint8_t scramble[SCRAMBLE_SIZE],
                                    struct auth_secret *secret, struct writer *more)
{
    (void)more;
    if (secret->is_empty)
        return answer.size == 0 ? AUTH_OK : AUTH_FAIL;
    if (answer.size != AUTH_HASH_SIZE || !secret->has_stage2)
        return AUTH_FAIL;

    uint8_t stage1[AUTH_HASH_SIZE];
    uint8_t stage2[AUTH_HASH_SIZE];
    mask(answer.data, scramble, secret->stage2, stage1);
    sha1(stage1, sizeof(stage1), stage2);
    bool right = CRYPTO_memcmp(stage2, secret->stage2, sizeof(stage2)) == 0;
    if (right) {
        memcpy(secret->stage1, stage1, sizeof(stage1));
        secret->has_stage1 = true;
    }
    OPENSSL_cleanse(stage1, sizeof(stage1));
    return right ? AUTH_OK : AUTH_FAIL;
}

static bool native_can_verify(const struct auth_secret *secret)
{
    return secret->is_empty || secret->has_stage2;
}

static enum auth_step native_answer(struct auth_dialog *d, struct bytes said,
                                    const struct auth_secret *secret, struct writer *out)
{
    if (d->stage++ > 0 || !auth_dialog_keep_scramble(d, said))
        return AUTH_FAIL;
    if (secret->is_empty)
        return AUTH_SEND;
    if (!secret->has_stage1 && !secret->has_password)
        return AUTH_FAIL;

    uint8_t stage1[AUTH_HASH_SIZE];
    uint8_t stage2[AUTH_HASH_SIZE];
    uint8_t answer[AUTH_HASH_SIZE];
    if (secret->has_stage1) {
        memcpy(stage1, secret->stage1, sizeof(stage1));
        sha1(stage1, sizeof(stage1), stage2);
    } else {
        native_password_hash(bytes_of_text(secret->password), stage1, stage2);
    }
    mask(stage1, d->scramble, stage2, answer);
    OPENSSL_cleanse(stage1, sizeof(stage1));
    writer_bytes(out, answer, sizeof(answer));
    return out->overflow ? AUTH_FAIL : AUTH_SEND;
}

const struct auth_method auth_native_password = {
    .name = "mysql_native_password",
    .verify = native_verify,
    .can_verify = native_can_verify,
    .answer = native_answer,
};
