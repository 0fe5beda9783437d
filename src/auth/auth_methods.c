/* SPDX-License-Identifier: Apache-2.0
 * The authentication methods that Weir speaks, in the order of preference, and what their server
 * roles have in common. */
#include "auth/auth_method.h"
#include "auth/caching_sha2_password.h"
#include "auth/clear_password.h"
#include "auth/client_ed25519.h"
#include "auth/native_password.h"
#include "auth/parsec.h"
#include "auth/sha256_password.h"
#include "base/check.h"

#include <openssl/crypto.h>

static const struct auth_method *const methods[] = {
    &auth_native_password, &auth_caching_sha2_password, &auth_client_ed25519,
    &auth_parsec_method,   &auth_sha256_password,       &auth_clear_password,
};

const struct auth_method *auth_method_find(struct bytes name)
{
    for (size_t i = 0; i < countof(methods); i++) {
        if (bytes_equal_text(name, methods[i]->name))
            return methods[i];
    }
    return NULL;
}

const struct auth_method *auth_method_at(size_t i)
{
    return i < countof(methods) ? methods[i] : NULL;
}

const struct auth_method *auth_method_default(void)
{
    return methods[0];
}

bool auth_dialog_keep_scramble(struct auth_dialog *d, struct bytes said)
{
    bool with_nul = said.size == SCRAMBLE_SIZE + 1 && said.data[SCRAMBLE_SIZE] == 0;
    if (said.size != SCRAMBLE_SIZE && !with_nul)
        return false;
    memcpy(d->scramble, said.data, SCRAMBLE_SIZE);
    return true;
}

/* -------- server role -------- */

void auth_check_renew(struct auth_check *c, const uint8_t random[AUTH_CHALLENGE_MAX])
{
    for (size_t i = 0; i < AUTH_CHALLENGE_MAX; i++)
        c->challenge[i] = (uint8_t)(1 + random[i] % 127);
}

static bool proves(const struct auth_method *m, const struct auth_secret *secret)
{
    return m != NULL && m->can_prove != NULL && m->can_prove(secret);
}

/* Can the method have the client say its password? */
static bool gets_clear_text(const struct auth_method *m, const struct auth_check *c)
{
    return m != NULL && m->takes_clear_text &&
           (c->private_channel || (c->key != NULL && !m->only_private));
}

const struct auth_method *auth_check_choose(const struct auth_check *c,
                                            const struct auth_secret *secret,
                                            const struct auth_method *wanted,
                                            const struct auth_method *greeted)
{
    if (proves(wanted, secret) || (c->private_channel && gets_clear_text(wanted, c)))
        return wanted;
    if (c->wants_claim && gets_clear_text(wanted, c))
        return wanted;
    if (proves(greeted, secret))
        return greeted;
    for (size_t i = 0; i < countof(methods); i++) {
        if (proves(methods[i], secret))
            return methods[i];
    }
    if (gets_clear_text(wanted, c))
        return wanted;
    if (gets_clear_text(&auth_caching_sha2_password, c))
        return &auth_caching_sha2_password;
    return auth_method_default();
}

/* The better of two outcomes: whatever may still succeed goes on. */
static unsigned rank(enum auth_step step)
{
    switch (step) {
    case AUTH_OK:
        return 4;
    case AUTH_SEND:
        return 3;
    case AUTH_CLAIM:
        return 2;
    case AUTH_WAIT:
    case AUTH_FAIL:
        break;
    }
    return 1;
}

enum auth_step auth_check_hear(struct auth_check *c, struct bytes said, struct auth_secret *secrets,
                               size_t count, struct writer *out, size_t *which)
{
    uint8_t memory[AUTH_ANSWER_MAX];
    struct auth_check best = *c;
    enum auth_step step = AUTH_FAIL;
    CHECK(count >= 1 && count <= AUTH_SECRETS_MAX);
    *which = 0;
    if (count == 1)
        return c->method->hear(c, said, &secrets[0], out);
    for (size_t i = 0; i < count; i++) {
        struct auth_check attempt = *c;
        struct writer w = writer_over(memory, sizeof memory);
        enum auth_step s = c->method->hear(&attempt, said, &secrets[i], &w);
        if (rank(s) > rank(step) || i == 0) {
            step = s;
            best = attempt;
            *which = i;
            out->size = 0;
            writer_view(out, writer_written(&w));
        }
        auth_check_wipe(&attempt);
    }
    *c = best;
    auth_check_wipe(&best);
    return out->overflow ? AUTH_FAIL : step;
}

enum auth_step auth_check_clear_text(struct auth_check *c, struct bytes password,
                                     struct auth_secret *secret)
{
    if (password.size > AUTH_PASSWORD_MAX ||
        (password.size > 0 && memchr(password.data, 0, password.size) != NULL))
        return AUTH_FAIL;
    memset(c->claim, 0, sizeof c->claim);
    if (password.size > 0)
        memcpy(c->claim, password.data, password.size);
    c->has_claim = true;
    if (auth_secret_check(secret, password))
        return AUTH_OK;
    return c->wants_claim ? AUTH_CLAIM : AUTH_FAIL;
}

void auth_check_wipe(struct auth_check *c)
{
    OPENSSL_cleanse(c, sizeof *c);
}
