/* SPDX-License-Identifier: Apache-2.0
 * What stands in a `password` setting: it is one form of password, or an error that leaves nothing
 * behind. */
#include "auth/secret.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_one_of(unsigned known)
{
    const unsigned clear = AUTH_KNOWS_PASSWORD | AUTH_KNOWS_NATIVE_STAGE1 |
                           AUTH_KNOWS_NATIVE_STAGE2 | AUTH_KNOWS_SHA2_STAGE1 |
                           AUTH_KNOWS_SHA2_STAGE2;
    return known == AUTH_KNOWS_EMPTY || known == clear || known == AUTH_KNOWS_NATIVE_STAGE2 ||
           known == AUTH_KNOWS_SHA_CRYPT || known == AUTH_KNOWS_ED25519_PUBLIC ||
           known == AUTH_KNOWS_PARSEC_PUBLIC;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[300];
    struct auth_secret s;
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!auth_secret_from_setting(text, &s)) {
        CHECK(s.known == 0);
        return 0;
    }
    CHECK(is_one_of(s.known));
    CHECK(auth_secret_can_log_in(&s) ==
          auth_secret_knows(&s, AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD));
    if (!auth_secret_knows(&s, AUTH_KNOWS_SHA_CRYPT) || s.crypt.rounds <= 5000)
        CHECK(auth_secret_check(&s, bytes_of_text("no password")) ==
              (strcmp(s.password, "no password") == 0));
    if (auth_secret_knows(&s, AUTH_KNOWS_PASSWORD))
        CHECK(auth_secret_check(&s, bytes_of_text(s.password)));
    auth_secret_wipe(&s);
    return 0;
}
