/* SPDX-License-Identifier: Apache-2.0
 * Guests: users whose password is configured nowhere and that the server decides about. A guest
 * logs in on a link of its own, which Weir opens under the guest's name without naming a method of
 * its account, so that the server says which one it has. Then
 * - Weir answers with a password that the guest has just shown to know: one that the server has
 *   accepted before, one that fits a hash which auth_user has read, or one that the guest was asked
 *   for (where the account's method allows that): the server's OK is the proof, or
 * - guest and server speak to each other, packet by packet (a relay), and no password is learnt.
 * The link then joins the pool of that user. A login with a password that the server has accepted a
 * moment ago needs no link.
 *
 * A link belongs to whomever the server has let in on it: a guest gets links of its own name only,
 * and none at all before the server has let it in under that name. */
#ifndef WEIR_SESSION_GUEST_H
#define WEIR_SESSION_GUEST_H

#include "session/client_auth.h"
#include "session/user_store.h"

/* What the client said with its name is kept up to this size. */
#define GUEST_ANSWER_MAX 256
/* A server may ask for several methods in turn (MariaDB: IDENTIFIED VIA a OR b). */
#define GUEST_SWITCHES_MAX 4

/* Hashes of accounts of one name (of different hosts, second passwords). */
#define GUEST_HASHES_MAX 8

struct hash_reader;

enum guest_stage {
    GUEST_WAITS,       /* for a link, or for hashes */
    GUEST_IS_ASKED,    /* for its password */
    GUEST_SPEAKS,      /* its next word goes to the server */
    GUEST_IS_JUDGED,   /* the server speaks next */
    GUEST_IS_SETTLING, /* the server has let it in; the link is being prepared */
};

/* A login under way. Of the client as long as that is there, then of the link. */
struct guest {
    struct list_node node;           /* of those who wait for their hashes */
    struct hash_reader *hash_reader; /* whose queue that is, NULL none */
    struct client *client;           /* NULL: it has left */
    struct link *link;               /* NULL none */
    enum guest_stage stage;
    enum login_way way;
    char name[GUEST_NAME_MAX + 1];
    capabilities_t dialect;       /* of the links that it needs */
    bool multi;                   /* log in with MULTI_STATEMENTS */
    bool knows_expired;           /* and with CAN_HANDLE_EXPIRED */
    bool answered;                /* `answer` is one to the greeting's challenge */
    bool has_candidate;           /* `candidate` is the password that it has shown to know */
    bool link_answered;           /* the server has answered on the link */
    bool is_proved;               /* that the server has let it in is the client's merit */
    bool is_read;                 /* the account has told what it requires */
    enum account_transport wants; /* that; before, as much as the link has */
    bool may_speak;               /* its next word may come, or the server's */
    bool spoke;                   /* `answer` is its last word to the server */
    bool is_further;              /* the server asks for more than the method's first word */
    uint8_t link_sequence;        /* of the server's last packet */
    uint8_t switches;
    uint32_t key; /* the candidate's, when the server has accepted it before; else 0 */
    const struct auth_method *greeted; /* the greeting's; NULL none was named */
    size_t answer_size;
    uint8_t answer[GUEST_ANSWER_MAX];
    const struct auth_method *method; /* that the server asks for, while the guest is asked */
    size_t challenge_size;
    uint8_t challenge[AUTH_CHALLENGE_MAX]; /* of it */
    uint8_t last_word[8];                  /* goes before the OK */
    size_t last_word_size;
    struct auth_secret candidate;
    unsigned hash_count;
    uint8_t hashes[GUEST_HASHES_MAX][AUTH_HASH_SIZE]; /* of accounts of this name */
};

/* Is somebody of this name, who is not configured and logs in with this collation, to be asked for
 * at the server? */
NODISCARD bool guest_may_come(const struct client *c, struct bytes name, unsigned collation);

/* Its session is set up, but for its pool. False when out of memory. */
NODISCARD bool guest_prepare(struct client *c, struct bytes name);

/* Takes the place of client_auth_begin and client_auth_hear for a client that has c->guest. */
void guest_begin(struct client *c, struct auth_wish wish, const struct auth_method *greeted,
                 struct bytes answer);
void guest_hear(struct client *c, struct bytes said);

/* In the queue of logins: has it no link yet? */
NODISCARD bool guest_needs_link(const struct client *c);
/* It waits for another link, which is answered with its candidate. */
void guest_wait_again(struct client *c);
/* Its wait for a link has failed. */
void guest_wait_failed(struct client *c);
/* What the server stores of accounts of its name is known, as far as it could be read. */
void guest_hashes_read(struct client *c);
/* May it have another link, as whom it has logged in? False: it is told, and closed. */
NODISCARD bool guest_is_still_welcome(struct client *c);
/* What an account requires of a connection looks at Weir's on the server; here it is asked of the
 * client's, as far as that can be told. NULL: nothing is lacking. */
const char *guest_lack(const struct client *c, enum account_transport wants);
/* It is told so, and closed: its next login will do better. */
void guest_send_away(struct client *c, const char *text);
/* The client is being closed, or logs in again. */
void guest_forget(struct client *c);

/* -------- guest_link.c -------- */

/* The server asks on the link of a guest. */
void guest_server_asks(struct link *l, struct bytes payload, const struct auth_packet *p,
                       uint8_t sequence);
/* The candidate is known: the server's question is answered with it. */
void guest_answer_server(struct guest *g);
/* The client's word goes to the server. */
void guest_pass_on(struct guest *g, struct bytes word);
/* The client has left: the server is not left without an answer. */
void guest_end_alone(struct guest *g);
/* Asks the link what is stored of the account; the answer (empty when there is none). An account
 * may see that of itself: whether it may come without TLS; and on MariaDB what is stored of its
 * password. With that, the proof that the server has accepted tells the password
 * (mysql_native_password), or at least whether the account is the one of before (client_ed25519).
 */
void guest_ask_account(struct link *l);
void guest_read_account(struct link *l, struct bytes reply);
/* The server has let it in. False: the link is closed. On a Unix socket that is no proof yet: an
 * account may be let in for Weir's own account, by the kernel's word, after a wrong password. */
NODISCARD bool guest_link_logged_in(struct link *l);
/* And the link is ready for use. */
void guest_link_ready(struct link *l);
/* The link ends, or could not be opened. True: the client goes on waiting for another one. */
void guest_link_failed(struct link *l, enum pool_open_failure why, const struct open_error *error);
/* The link ends for another reason. */
void guest_link_gone(struct link *l);
/* Nothing has happened for connect_timeout. False: it is the server that says nothing. */
NODISCARD bool guest_link_timed_out(struct link *l);

/* -------- and what that leads to, in guest.c -------- */

/* The client is asked for its password, by the method that the server wants. */
void guest_ask_password(struct client *c);
/* Keeps the hashes in a text about its accounts. */
void guest_find_hashes(struct guest *g, struct bytes text);
/* Has the client proved to know the password of one of the hashes? Its proof was for this
 * challenge.
 */
NODISCARD bool guest_fits_hash(struct guest *g, const uint8_t *challenge, struct bytes proof);
/* The server's packet goes to the client. */
void guest_show(struct client *c, struct bytes payload);

/* The server knows it under that key (0: a relay). */
void guest_accept(struct client *c, struct user *user, uint32_t key);
/* The verdict is known, it is "no": what belongs to the server's side is let go of. */
void guest_give_up(struct client *c);
/* As the server has worded it; an access denied is worded for this client. */
void guest_refuse(struct client *c, uint16_t code, const char *sqlstate, const char *text);

#endif
