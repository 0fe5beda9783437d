/* SPDX-License-Identifier: Apache-2.0
 * The authentication methods that Weir speaks. The first is the one that greetings name. */
#include "auth/auth_method.h"
#include "auth/native_password.h"

static const struct auth_method *const methods[] = {
    &auth_native_password,
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

void auth_scramble_from_random(uint8_t scramble[SCRAMBLE_SIZE], const uint8_t random[SCRAMBLE_SIZE])
{
    for (size_t i = 0; i < SCRAMBLE_SIZE; i++)
        scramble[i] = (uint8_t)(1 + random[i] % 127);
}
