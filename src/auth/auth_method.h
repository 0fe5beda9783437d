/* SPDX-License-Identifier: Apache-2.0
 * An authentication method: bytes in, bytes out, in both roles. The methods are rows of
 * auth_methods.c; adding one is one file and one row. */
#ifndef WEIR_AUTH_AUTH_METHOD_H
#define WEIR_AUTH_AUTH_METHOD_H

#include "auth/secret.h"
#include "base/writer.h"
#include "mysql/greeting.h"

struct rsa_key;

/* Room for what a method says in one packet: a password encrypted with the longest RSA key, or the
 * PEM of a public key of 4096 bits. */
#define AUTH_ANSWER_MAX 1024
/* The longest packet of a client that a method understands. */
#define AUTH_SAID_MAX 1024
/* The longest challenge. */
#define AUTH_CHALLENGE_MAX 32
/* Valid passwords that a user may have at a time. */
#define AUTH_SECRETS_MAX 3

enum auth_step {
    AUTH_SEND,  /* `out` goes to the other side, which speaks next */
    AUTH_WAIT,  /* nothing to say: the other side speaks next (client role only) */
    AUTH_OK,    /* proved; `out`, when not empty, goes first (server role only) */
    AUTH_CLAIM, /* not proved, but auth_check.claim is what the client says (server role only) */
    AUTH_FAIL,
};

/* The client role of one login: what a method must remember from one packet to the next. */
struct auth_dialog {
    const struct auth_method *method;
    uint8_t scramble[AUTH_CHALLENGE_MAX];
    bool private_channel; /* a Unix socket or TLS: nobody can listen, clear text may pass */
    uint8_t stage;        /* the method's own: 0 = the scramble has not been answered yet */
};

/* The server role of one login. Wiped with auth_check_wipe. */
struct auth_check {
    const struct auth_method *method;
    const struct rsa_key *key; /* that clients may encrypt passwords for; NULL none */
    bool private_channel;
    bool wants_claim; /* ask for clear text also when it cannot be verified here */
    bool has_claim;
    uint8_t stage; /* the method's own: 0 = the challenge has not been answered yet */
    uint8_t challenge[AUTH_CHALLENGE_MAX];
    char claim[AUTH_PASSWORD_MAX + 1]; /* the clear text that the client sent, right or wrong */
};

struct auth_method {
    const char *name;
    uint8_t challenge_size;
    uint8_t blank_size;    /* zeros that are a well-formed answer, and a wrong one */
    bool takes_clear_text; /* can end with the password itself, which any secret can verify */
    bool only_private;     /* never on a channel that others may read */

    /* Server role: the client's next word. May learn into `secret`; what is known of it may be
     * nothing. Constant time in what the client sent. */
    enum auth_step (*hear)(struct auth_check *c, struct bytes said, struct auth_secret *secret,
                           struct writer *out);

    /* Does what is known suffice for a proof without the password itself? NULL: never. */
    bool (*can_prove)(const struct auth_secret *secret);

    /* What servers store in the place of the password, as bytes, for auth_identity_write; nothing
     * when it is not known, or the password is empty. NULL: the client must not trust this method
     * with a server that it cannot verify. */
    void (*stored)(const struct auth_secret *secret, struct writer *out);

    /* Client role: the next word to a server that has said `said`: its scramble first, then
     * whatever its AuthMoreData packets hold. AUTH_FAIL when the secret does not suffice, or the
     * server says what the method does not know. */
    enum auth_step (*answer)(struct auth_dialog *d, struct bytes said,
                             const struct auth_secret *secret, struct writer *out);
};

/* Keeps a scramble of SCRAMBLE_SIZE bytes, with or without its closing NUL, in the dialog. False:
 * it is none. */
NODISCARD bool auth_dialog_keep_scramble(struct auth_dialog *d, struct bytes said);

/* By name; NULL when Weir does not speak it. */
const struct auth_method *auth_method_find(struct bytes name);

/* In the order of preference; NULL behind the last. */
const struct auth_method *auth_method_at(size_t i);

/* The method that greetings name when the server's own is none of ours. */
const struct auth_method *auth_method_default(void);

/* -------- server role -------- */

/* Fills the challenge with bytes 1 to 127 from random bytes that the caller provides. */
void auth_check_renew(struct auth_check *c, const uint8_t random[AUTH_CHALLENGE_MAX]);

/* The method to check with: `wanted` (may be NULL), the client's own wish, when what is known of
 * the password can verify it, else `greeted`, else the first that can, one that needs no clear text
 * before one that does. Never NULL. */
const struct auth_method *auth_check_choose(const struct auth_check *c,
                                            const struct auth_secret *secret,
                                            const struct auth_method *wanted,
                                            const struct auth_method *greeted);

/* Hears the client's next word, for any of `count` passwords that the user may have; `which` is the
 * one that was right, after AUTH_OK. */
enum auth_step auth_check_hear(struct auth_check *c, struct bytes said, struct auth_secret *secrets,
                               size_t count, struct writer *out, size_t *which);

/* For methods: the client has said its password. */
enum auth_step auth_check_clear_text(struct auth_check *c, struct bytes password,
                                     struct auth_secret *secret);

void auth_check_wipe(struct auth_check *c);

#endif
