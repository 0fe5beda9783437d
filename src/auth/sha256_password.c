/* SPDX-License-Identifier: Apache-2.0
 * On an open channel the first word asks for the server's public key, the second is the password
 * encrypted with it. */
#include "auth/sha256_password.h"

#include "auth/rsa_password.h"

#define ASK_FOR_PUBLIC_KEY 1

/* -------- server role -------- */

enum check_stage { CHECK_FIRST, CHECK_ENCRYPTED, CHECK_END };

static enum auth_step sha256_hear(struct auth_check *c, struct bytes said,
                                  struct auth_secret *secret, struct writer *out)
{
    enum auth_step step = AUTH_FAIL;
    switch ((enum check_stage)c->stage) {
    case CHECK_FIRST:
        c->stage = CHECK_ENCRYPTED;
        if (said.size == 0 || (said.size == 1 && said.data[0] == 0))
            step = auth_check_clear_text(c, bytes_of(NULL, 0), secret);
        else
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

enum stage { STAGE_SCRAMBLE, STAGE_PUBLIC_KEY, STAGE_END };

static enum auth_step answer_scramble(struct auth_dialog *d, struct bytes said,
                                      const struct auth_secret *secret, struct writer *out)
{
    if (!auth_dialog_keep_scramble(d, said) ||
        !auth_secret_knows(secret, AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD))
        return AUTH_FAIL;
    if (d->private_channel || auth_secret_knows(secret, AUTH_KNOWS_EMPTY)) {
        d->stage = STAGE_END;
        writer_bytes(out, secret->password, strlen(secret->password) + 1);
    } else {
        d->stage = STAGE_PUBLIC_KEY;
        writer_u8(out, ASK_FOR_PUBLIC_KEY);
    }
    return AUTH_SEND;
}

static enum auth_step sha256_answer(struct auth_dialog *d, struct bytes said,
                                    const struct auth_secret *secret, struct writer *out)
{
    enum auth_step step = AUTH_FAIL;
    switch ((enum stage)d->stage) {
    case STAGE_SCRAMBLE:
        step = answer_scramble(d, said, secret, out);
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

const struct auth_method auth_sha256_password = {
    .name = "sha256_password",
    .challenge_size = SCRAMBLE_SIZE,
    .blank_size = 1,
    .takes_clear_text = true,
    .hear = sha256_hear,
    .answer = sha256_answer,
};
