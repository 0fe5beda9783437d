/* SPDX-License-Identifier: Apache-2.0
 * Few keys in an array, in the order of their last proof. */
#include "session/user_keys.h"

#include "base/locked_memory.h"

#include <openssl/crypto.h>
#include <string.h>

struct user_keys *user_keys_create(bool *locked)
{
    return locked_memory_get(sizeof(struct user_keys), locked);
}

void user_keys_destroy(struct user_keys *k)
{
    locked_memory_put(k, sizeof *k);
}

/* Of what both know: as far as that goes. Passwords of which nothing is known cannot be told apart.
 */
static bool is_same(const struct auth_secret *a, const struct auth_secret *b)
{
    unsigned both = a->known & b->known;
    if (a->known == 0 || b->known == 0)
        return a->known == b->known;
    if ((both & AUTH_KNOWS_EMPTY) != 0)
        return true;
    if ((both & AUTH_KNOWS_PASSWORD) != 0)
        return CRYPTO_memcmp(a->password, b->password, sizeof a->password) == 0;
    if ((both & AUTH_KNOWS_NATIVE_STAGE2) != 0)
        return CRYPTO_memcmp(a->stage2, b->stage2, sizeof a->stage2) == 0;
    if ((both & AUTH_KNOWS_ED25519_PUBLIC) != 0)
        return memcmp(a->ed25519_public, b->ed25519_public, sizeof a->ed25519_public) == 0;
    if ((both & AUTH_KNOWS_SHA2_STAGE2) != 0)
        return CRYPTO_memcmp(a->sha2_stage2, b->sha2_stage2, sizeof a->sha2_stage2) == 0;
    return false;
}

static void take_out(struct user_keys *k, unsigned at)
{
    memmove(&k->keys[at], &k->keys[at + 1], (k->count - at - 1) * sizeof *k->keys);
    k->count--;
    explicit_bzero(&k->keys[k->count], sizeof *k->keys);
}

uint32_t user_keys_prove(struct user_keys *k, const struct auth_secret *secret, uint32_t id,
                         usec_t now, unsigned epoch)
{
    struct user_key key = {.id = id, .proved_at = now, .epoch = epoch, .secret = *secret};
    for (unsigned i = 0; i < k->count; i++) {
        if (!is_same(&k->keys[i].secret, secret))
            continue;
        key.id = k->keys[i].id;
        auth_secret_merge(&key.secret, &k->keys[i].secret);
        take_out(k, i);
        break;
    }
    for (unsigned i = 0; i < k->count && key.id == id; i++)
        k->keys[i].in_doubt = true;
    if (k->count == AUTH_SECRETS_MAX)
        take_out(k, k->count - 1);
    memmove(&k->keys[1], &k->keys[0], k->count * sizeof *k->keys);
    k->keys[0] = key;
    k->count++;
    explicit_bzero(&key.secret, sizeof key.secret);
    return key.id;
}

bool user_keys_refuse(struct user_keys *k, uint32_t id)
{
    for (unsigned i = 0; i < k->count; i++) {
        if (k->keys[i].id == id) {
            take_out(k, i);
            return true;
        }
    }
    return false;
}

const struct user_key *user_keys_find(const struct user_keys *k, uint32_t id)
{
    for (unsigned i = 0; i < k->count; i++)
        if (k->keys[i].id == id)
            return &k->keys[i];
    return NULL;
}
