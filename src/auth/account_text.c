/* SPDX-License-Identifier: Apache-2.0
 * Words are searched for wherever they stand. */
#include "auth/account_text.h"

#include "base/text.h"

#include <string.h>

#define HASH_TEXT_SIZE   (1 + 2 * (size_t)AUTH_HASH_SIZE)
#define PUBLIC_TEXT_SIZE ((size_t)43)

size_t account_text_hashes(struct bytes text, uint8_t hashes[][AUTH_HASH_SIZE], size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i + HASH_TEXT_SIZE <= text.size && count < max; i++)
        if (text.data[i] == '*' && text_parse_hex(bytes_of(text.data + i + 1, HASH_TEXT_SIZE - 1),
                                                  hashes[count], AUTH_HASH_SIZE))
            count++;
    return count;
}

/* What stands behind the first such word; empty when there is none. */
static struct bytes behind(struct bytes text, const char *word)
{
    const uint8_t *at = text.size > 0 ? memmem(text.data, text.size, word, strlen(word)) : NULL;
    if (at == NULL)
        return bytes_of(NULL, 0);
    at += strlen(word);
    return bytes_of(at, (size_t)(text.data + text.size - at));
}

/* … IDENTIFIED VIA ed25519 USING 'Gv2JI8Env2fd5YGonZ082tX3UAW+yJYldOlj4R1bfK4' … */
bool account_text_public_key(struct bytes text, struct auth_secret *out)
{
    char key[PUBLIC_TEXT_SIZE + 1];
    struct bytes rest = behind(text, "ed25519 USING '");
    *out = (struct auth_secret){0};
    if (rest.size < PUBLIC_TEXT_SIZE)
        return false;
    memcpy(key, rest.data, PUBLIC_TEXT_SIZE);
    key[PUBLIC_TEXT_SIZE] = '\0';
    if (auth_secret_from_setting(key, out) && auth_secret_knows(out, AUTH_KNOWS_ED25519_PUBLIC))
        return true;
    auth_secret_wipe(out);
    return false;
}

bool account_text_asks_kernel(struct bytes text)
{
    return behind(text, "unix_socket").data != NULL || behind(text, "auth_socket").data != NULL;
}

enum account_transport account_text_transport(struct bytes text)
{
    static const struct {
        const char *clause;
        enum account_transport transport;
    } clauses[] = {
        {" REQUIRE SUBJECT", ACCOUNT_WANTS_NAMES}, {" REQUIRE ISSUER", ACCOUNT_WANTS_NAMES},
        {" REQUIRE CIPHER", ACCOUNT_WANTS_NAMES},  {" REQUIRE X509", ACCOUNT_WANTS_CERTIFICATE},
        {" REQUIRE SSL", ACCOUNT_WANTS_TLS},
    };
    for (size_t i = 0; i < countof(clauses); i++)
        if (behind(text, clauses[i].clause).data != NULL)
            return clauses[i].transport;
    return ACCOUNT_WANTS_NOTHING;
}
