/* SPDX-License-Identifier: Apache-2.0
 * How a client proves who it is: the dialog of its authentication method, from the login's first
 * word to the verdict. */
#ifndef WEIR_SESSION_CLIENT_AUTH_H
#define WEIR_SESSION_CLIENT_AUTH_H

#include "auth/identity.h"
#include "mysql/login.h"
#include "session/client.h"
#include "session/user_store.h"

/* A packet of the client, out of the buffer: much may happen when it is heard. */
struct auth_said {
    size_t size;
    uint8_t data[AUTH_SAID_MAX];
};

/* What comes when a delay is over. */
enum auth_sequel { AUTH_THEN_HEAR, AUTH_THEN_WELCOME, AUTH_THEN_DENY };

/* A login under way; freed when it is over. */
struct client_auth {
    struct auth_check check;
    struct auth_secret secrets[USER_PASSWORDS_MAX]; /* one of which it should know; or a decoy */
    unsigned secret_count;
    unsigned secret_version; /* see user_secrets_for_login */
    bool hopeless;           /* unknown, or not this way: it goes through the motions, in vain */
    bool with_password;      /* it has said something */
    bool not_by_password;    /* the method that has failed it last knows of none (MariaDB) */
    enum auth_sequel sequel; /* of the delay */
    usec_t delay;
    struct auth_said *said; /* what is heard after it, NULL none */
    usec_t waits_since;     /* to be heard, 0: it has not had to */
    bool judged;            /* the delay of its verdict is over, or there was none */
    bool is_greeted;        /* `greeted` is the challenge of its greeting */
    uint8_t greeted[SCRAMBLE_SIZE];
    char identity[AUTH_IDENTITY_SIZE]; /* for the OK, "" none: see auth/identity.h */
    uint8_t last_word[8];              /* before the OK */
    size_t last_word_size;
    char user[GUEST_NAME_MAX + 1]; /* as it was sent, cut to fit */
};

/* A new login, with a challenge of its own, which greetings send. False when out of memory. */
NODISCARD bool client_auth_start(struct client *c);

/* Its name is known. `user` is NULL when nobody has it; `may_come`: it may log in this way. */
void client_auth_name(struct client *c, struct bytes name, struct user *user, bool may_come);

/* The method that a login names. */
struct auth_wish {
    const struct auth_method *method; /* NULL: one that Weir does not speak */
    bool named;                       /* false: the client knows of no methods */
};
struct auth_wish client_auth_wish(const struct client *c, const struct login *l);

/* False: nothing so long is an answer to any method. */
NODISCARD bool client_auth_keep(struct auth_said *said, struct bytes from);
void client_auth_wipe_said(struct auth_said *said);

/* The method that greetings name: the server's, if Weir speaks it. */
const struct auth_method *client_auth_usual(const struct client *c);

/* Goes on with what the client sent with its name, which answers to the method that was `greeted`
 * (NULL: to none, as in COM_CHANGE_USER), or asks for another. Ends in client_login_proved or
 * client_login_deny. */
void client_auth_begin(struct client *c, struct auth_wish wish, const struct auth_method *greeted,
                       struct bytes answer);

/* It has proved that it knows this secret: what shows it, in the OK, that Weir does too. */
void client_auth_identify(struct client *c, const struct auth_method *m,
                          const struct auth_secret *secret);

/* The client's next word. */
void client_auth_hear(struct client *c, struct bytes said);

/* Asks for a proof by the method of the check, with a new challenge. */
void client_auth_ask(struct client *c);
/* A word of the method before the OK; and one that the client is to answer. */
void client_auth_say_more(struct client *c, struct bytes said);
void client_auth_go_on(struct client *c, struct bytes said);

/* The verdict is known. Who has failed before must wait for it: true when client_login_proved or
 * client_login_deny will be called again. */
NODISCARD bool client_auth_delay_verdict(struct client *c, bool proved);

/* The method's last word, if it has one, and its secrets are forgotten. What is left goes with
 * client_auth_end, after the OK. */
void client_auth_finish(struct client *c);

/* The delay is over. */
void client_auth_end_delay(struct client *c);

/* The method's word before the OK, at most 8 bytes. */
void client_auth_set_last_word(struct client *c, struct bytes word);

/* Forgets the login and its secrets. */
void client_auth_end(struct client *c);

#endif
