/* SPDX-License-Identifier: Apache-2.0
 * The passwords of one unknown user that the server has accepted, the latest first: two or three,
 * since a server may accept an old and a new one. They lie in locked memory, are never logged, and
 * are forgotten when the server refuses them. Not locked against threads: the user store does. */
#ifndef WEIR_SESSION_USER_KEYS_H
#define WEIR_SESSION_USER_KEYS_H

#include "auth/auth_method.h"
#include "base/clock.h"

struct user_key {
    uint32_t id; /* unique for the life of the process, never 0 */
    usec_t proved_at;
    unsigned epoch; /* login_epoch of the server then */
    bool in_doubt;  /* another one was proved since: the account may be somebody else's now */
    struct auth_secret secret;
};

struct user_keys {
    unsigned count;
    struct user_key keys[AUTH_SECRETS_MAX];
};

/* NULL when out of memory. *locked: see locked_memory_get. */
struct user_keys *user_keys_create(bool *locked);
void user_keys_destroy(struct user_keys *k);

/* The server has just accepted this password, of which nothing may be known (a relay that taught
 * nothing: all of those are one); one that is known already learns from it. `id` is
 * for a new one, which drives out the oldest when there is no place, and puts the others in doubt
 * until the server accepts them again. The id that it has. */
uint32_t user_keys_prove(struct user_keys *k, const struct auth_secret *secret, uint32_t id,
                         usec_t now, unsigned epoch);

/* The server does not accept it any more. False when it was not there. */
bool user_keys_refuse(struct user_keys *k, uint32_t id);

/* NULL when it is not there (any more). */
const struct user_key *user_keys_find(const struct user_keys *k, uint32_t id);

#endif
