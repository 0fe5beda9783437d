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
    bool has_stage1; /* SHA1(password): enough to log in with mysql_native_password */
    uint8_t stage1[AUTH_HASH_SIZE];
    bool is_empty; /* the password is the empty one */
};

/* Room for what a method says in one packet: a password encrypted with the longest RSA key. */
#define AUTH_ANSWER_MAX 1024

enum auth_step {
    AUTH_SEND, /* `out` goes to the server, which speaks next */
    AUTH_WAIT, /* nothing to say: the server speaks next */
    AUTH_OK,   /* proved (server role only) */
    AUTH_FAIL,
};

/* The client role of one login: what a method must remember from one packet to the next. */
struct auth_dialog {
    const struct auth_method *method;
    uint8_t scramble[SCRAMBLE_SIZE];
    bool private_channel; /* a Unix socket or TLS: nobody can listen, clear text may pass */
    uint8_t stage;        /* the method's own: 0 = the scramble has not been answered yet */
};

struct auth_method {
    const char *name;

    /* Server role: is `answer` (the client's response to `scramble`) right? May learn into
     * `secret` (native: stage1). `more` is what the method tells the client before the OK, often
     * nothing. Constant time in what the user sent. NULL: Weir does not offer the method. */
    enum auth_step (*verify)(struct bytes answer, const uint8_t scramble[SCRAMBLE_SIZE],
                             struct auth_secret *secret, struct writer *more);

    /* Does what Weir knows of the password suffice for `verify`? */
    bool (*can_verify)(const struct auth_secret *secret);

    /* Client role: the next word to a server that has said `said`: its scramble first, then
     * whatever its AuthMoreData packets hold. AUTH_FAIL when the secret does not suffice, or the
     * server says what the method does not know. */
    enum auth_step (*answer)(struct auth_dialog *d, struct bytes said,
                             const struct auth_secret *secret, struct writer *out);
};

/* Keeps a scramble, with or without its closing NUL, in the dialog. False: it is none. */
NODISCARD bool auth_dialog_keep_scramble(struct auth_dialog *d, struct bytes said);

/* By name; NULL when Weir does not speak it. */
const struct auth_method *auth_method_find(struct bytes name);

/* The method that greetings name when the server's own is none of ours. */
const struct auth_method *auth_method_default(void);

/* The first method, in the order of preference, that can verify with what is known; `wanted` (may
 * be NULL) and then `greeted` are preferred to all others. Never NULL. */
const struct auth_method *auth_method_for(const struct auth_secret *secret,
                                          const struct auth_method *wanted,
                                          const struct auth_method *greeted);

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
