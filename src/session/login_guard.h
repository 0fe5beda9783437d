/* SPDX-License-Identifier: Apache-2.0
 * What logins of all workers share: Weir's RSA key, and who has failed how often. Any thread. */
#ifndef WEIR_SESSION_LOGIN_GUARD_H
#define WEIR_SESSION_LOGIN_GUARD_H

#include "auth/rsa_key.h"
#include "base/clock.h"
#include "conf/config.h"

struct login_guard;

/* Reads the file of caching_sha2_password_private_key_path. NULL: `error` says what is wrong with
 * it. */
NODISCARD struct login_guard *login_guard_create(const struct config *c, char *error,
                                                 size_t error_size);
void login_guard_destroy(struct login_guard *g);

/* The key, where it will be: it may be named in a dialog before it is there. */
const struct rsa_key *login_guard_key(const struct login_guard *g);
/* Is it there? Without a file it is made when it is first asked for: false for some 100 ms. */
NODISCARD bool login_guard_key_is_ready(struct login_guard *g);

/* See failed_logins_note. */
usec_t login_guard_note(struct login_guard *g, const struct global_settings *settings,
                        struct bytes user, struct bytes host, bool proved, usec_t now);

#endif
