/* SPDX-License-Identifier: Apache-2.0
 * An authentication method: bytes in, bytes out, in both roles. The methods are rows of
 * auth_methods.c; adding one is one file and one row. */
#ifndef WEIR_AUTH_AUTH_METHOD_H
#define WEIR_AUTH_AUTH_METHOD_H

#include "base/bytes.h"
#include "base/writer.h"
#include "mysql/greeting.h"

#include <stdbool.h>

#define AUTH_HASH_SIZE 20 /* SHA-1 */

/* What Weir knows of a user's password. Wiped with secret_wipe. */
struct auth_secret {
    bool has_password; /* clear text is known */
    char password[256];
    bool has_stage2; /* SHA1(SHA1(password)), as mysql.user stores it */
    uint8_t stage2[AUTH_HASH_SIZE];
    bool has_stage1; /* SHA1(password): enough to log in to a server */
    uint8_t stage1[AUTH_HASH_SIZE];
    bool is_empty; /* the password is the empty one */
};

enum auth_step {
    AUTH_MORE, /* `out` goes to the other side; call again with its answer */
    AUTH_OK,   /* proved (server role), or: `out` is the last answer (client role) */
    AUTH_FAIL,
};

struct auth_method {
    const char *name;

    /* Server role: is `answer` (the client's response to `scramble`) right? May learn into
     * `secret` (native: stage1). Constant time in what the user sent. */
    enum auth_step (*verify)(struct bytes answer, const uint8_t scramble[SCRAMBLE_SIZE],
                             struct auth_secret *secret);

    /* Client role: the answer to a server's challenge. AUTH_FAIL when the secret does not suffice.
     */
    enum auth_step (*answer)(struct bytes challenge, const struct auth_secret *secret,
                             struct writer *out);
};

/* By name; NULL when Weir does not speak it. */
const struct auth_method *auth_method_find(struct bytes name);

/* The method that greetings name. */
const struct auth_method *auth_method_default(void);

/* Fills a scramble with bytes 1 to 127 from random bytes that the caller provides. */
void auth_scramble_from_random(uint8_t scramble[SCRAMBLE_SIZE],
                               const uint8_t random[SCRAMBLE_SIZE]);

/* "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29" or clear text, as a `password` setting holds it: a
 * '*' followed by 40 hex digits is a stored hash, anything else is the password itself. False when
 * the text is too long. */
NODISCARD bool auth_secret_from_setting(const char *text, struct auth_secret *out);

/* Can Weir log in to a server with it? */
NODISCARD bool auth_secret_can_log_in(const struct auth_secret *s);

void auth_secret_wipe(struct auth_secret *s);

#endif
