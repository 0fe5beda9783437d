/* SPDX-License-Identifier: Apache-2.0
 * The authentication methods that Weir speaks, in the order of preference. */
#include "auth/auth_method.h"
#include "auth/caching_sha2_password.h"
#include "auth/native_password.h"
#include "auth/sha256_password.h"

static const struct auth_method *const methods[] = {
    &auth_native_password,
    &auth_caching_sha2_password,
    &auth_sha256_password,
};

const struct auth_method *auth_method_find(struct bytes name)
{
    for (size_t i = 0; i < countof(methods); i++) {
        if (bytes_equal_text(name, methods[i]->name))
            return methods[i];
    }
    return NULL;
}

const struct auth_method *auth_method_default(void)
{
    return methods[0];
}

static bool verifies(const struct auth_method *m, const struct auth_secret *secret)
{
    return m != NULL && m->verify != NULL && m->can_verify(secret);
}

const struct auth_method *auth_method_for(const struct auth_secret *secret,
                                          const struct auth_method *wanted,
                                          const struct auth_method *greeted)
{
    if (verifies(wanted, secret))
        return wanted;
    if (verifies(greeted, secret))
        return greeted;
    for (size_t i = 0; i < countof(methods); i++) {
        if (verifies(methods[i], secret))
            return methods[i];
    }
    return auth_method_default();
}

bool auth_dialog_keep_scramble(struct auth_dialog *d, struct bytes said)
{
    bool with_nul = said.size == SCRAMBLE_SIZE + 1 && said.data[SCRAMBLE_SIZE] == 0;
    if (said.size != SCRAMBLE_SIZE && !with_nul)
        return false;
    memcpy(d->scramble, said.data, SCRAMBLE_SIZE);
    return true;
}

void auth_scramble_from_random(uint8_t scramble[SCRAMBLE_SIZE], const uint8_t random[SCRAMBLE_SIZE])
{
    for (size_t i = 0; i < SCRAMBLE_SIZE; i++)
        scramble[i] = (uint8_t)(1 + random[i] % 127);
}
