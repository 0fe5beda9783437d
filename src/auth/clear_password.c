/* SPDX-License-Identifier: Apache-2.0
 * One word: the password and its NUL. */
#include "auth/clear_password.h"

static enum auth_step clear_hear(struct auth_check *c, struct bytes said,
                                 struct auth_secret *secret, struct writer *out)
{
    (void)out;
    if (c->stage++ > 0 || !c->private_channel)
        return AUTH_FAIL;
    if (said.size > 0 && said.data[said.size - 1] == 0)
        said.size--;
    return auth_check_clear_text(c, said, secret);
}

static enum auth_step clear_answer(struct auth_dialog *d, struct bytes said,
                                   const struct auth_secret *secret, struct writer *out)
{
    (void)said;
    if (d->stage++ > 0 || !d->private_channel ||
        !auth_secret_knows(secret, AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD))
        return AUTH_FAIL;
    writer_bytes(out, secret->password, strlen(secret->password) + 1);
    return out->overflow ? AUTH_FAIL : AUTH_SEND;
}

const struct auth_method auth_clear_password = {
    .name = "mysql_clear_password",
    .blank_size = 1,
    .takes_clear_text = true,
    .only_private = true,
    .hear = clear_hear,
    .answer = clear_answer,
};
