/* SPDX-License-Identifier: Apache-2.0
 * On an open channel the first word asks for the server's public key, the second is the password
 * encrypted with it. */
#include "auth/sha256_password.h"

#include "auth/rsa_password.h"

#define ASK_FOR_PUBLIC_KEY 1

enum stage { STAGE_SCRAMBLE, STAGE_PUBLIC_KEY, STAGE_END };

static enum auth_step answer_scramble(struct auth_dialog *d, struct bytes said,
                                      const struct auth_secret *secret, struct writer *out)
{
    if (!auth_dialog_keep_scramble(d, said) || !(secret->is_empty || secret->has_password))
        return AUTH_FAIL;
    if (d->private_channel || secret->is_empty) {
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
        step =
            rsa_password_encrypt(said, secret->password, d->scramble, out) ? AUTH_SEND : AUTH_FAIL;
        break;
    case STAGE_END:
        break;
    }
    return out->overflow ? AUTH_FAIL : step;
}

const struct auth_method auth_sha256_password = {
    .name = "sha256_password",
    .answer = sha256_answer,
};
