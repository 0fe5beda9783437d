/* SPDX-License-Identifier: Apache-2.0
 * The users that may log in, and what Weir knows of their passwords. Secrets change at run time
 * (learnt at a login, reloaded), so they are copied out under a lock. Users are never freed while
 * Weir runs: pools are keyed by their address. */
#ifndef WEIR_SESSION_USER_STORE_H
#define WEIR_SESSION_USER_STORE_H

#include "auth/auth_method.h"
#include "conf/config.h"

#include <stdatomic.h>

/* What limits the clients of a user in time; 0 never. Immutable and counted. */
struct user_timeouts {
    usec_t wait;
    usec_t interactive;
    usec_t idle_transaction;
    usec_t max_transaction;
    usec_t max_execution;
    atomic_uint references;
};

struct user {
    struct user *next;
    const char *name;
    atomic_uint clients; /* that are logged in */
    struct {
        bool removed;                      /* no longer in the configuration: may not log in */
        unsigned version;                  /* of the secret: it changes with the setting */
        uint8_t setting[AUTH_SHA256_SIZE]; /* hash of the setting that it was made from */
        struct auth_secret secret;
        struct user_timeouts *timeouts; /* in force for who logs in now */
        char server[65];                /* name of the [server], "" = the first */
    } shared;                           /* under the store's lock */
};

struct user_store;

/* NULL when out of memory. */
struct user_store *user_store_create(void);
void user_store_destroy(struct user_store *s);

/* Takes over names, passwords and servers from a configuration; a password that did not change
 * keeps what was learnt about it. */
void user_store_configure(struct user_store *s, const struct config *c);

/* NULL when there is no such user. */
struct user *user_store_find(struct user_store *s, struct bytes name);

/* The first user whose secret suffices to log in to a server, for Weir's own first connection. */
struct user *user_store_any(struct user_store *s, const char *server);

/* A copy, to be wiped by the caller. */
void user_secret_copy(struct user_store *s, const struct user *u, struct auth_secret *out,
                      char server[65]);

/* Another reference to those in force now; and one less, on any thread. */
const struct user_timeouts *user_timeouts_hold(struct user_store *s, const struct user *u);
void user_timeouts_release(const struct user_timeouts *t);

/* -------- checking logins -------- */

/* Copies of the passwords that are valid now, to be wiped by the caller; how many. `version` names
 * them. */
size_t user_secrets_copy(struct user_store *s, const struct user *u,
                         struct auth_secret out[AUTH_SECRETS_MAX], unsigned *version);

/* A login with the password `which` of this version was right; keeps what it taught. False when
 * the user was removed or its passwords have changed since. */
NODISCARD bool user_confirm_login(struct user_store *s, struct user *u, unsigned version,
                                  size_t which, const struct auth_secret *learnt);

/* What an unknown user is checked against: like the secret of one of the users, always the same
 * for a name, so that its login looks like that of a user with a wrong password. */
void user_store_decoy(struct user_store *s, struct bytes name, struct auth_secret *out);

#endif
