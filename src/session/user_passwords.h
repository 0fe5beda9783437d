/* SPDX-License-Identifier: Apache-2.0
 * Where the passwords of configured users lie: in locked pages, those of many users on each, for
 * there may be very many. Under the lock of the user store. */
#ifndef WEIR_SESSION_USER_PASSWORDS_H
#define WEIR_SESSION_USER_PASSWORDS_H

#include "auth/secret.h"

#include <stdbool.h>

/* A password of the configuration. */
struct user_password {
    uint8_t setting[AUTH_SHA256_SIZE]; /* hash of the setting that it was made from */
    struct auth_secret secret;
};
/* The one that is, and the one that was or will be: a server may accept two. */
#define USER_PASSWORDS_MAX 2

/* Pages, the latest first; NULL: none yet. */
struct user_passwords_page;

/* Room for one user's, zeroed. It is given back only with all others: users that were configured
 * stay. *locked as in locked_memory_get. */
struct user_password *user_passwords_get(struct user_passwords_page **pages, bool *locked);

/* Wipes all. */
void user_passwords_free(struct user_passwords_page *pages);

#endif
