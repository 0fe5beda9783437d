/* SPDX-License-Identifier: Apache-2.0
 * The users that may log in, and what Weir knows of their passwords. Secrets change at run time
 * (learnt at a login, reloaded), so they are copied out under a lock. Guests are users that the
 * server has let in although nobody has named them here; there are no more than max_unknown_users
 * of them, and those that nobody uses are given back (guest_forget.h). Who keeps a pointer to a
 * user from one turn of a loop to the next holds it; others are never freed while Weir runs. */
#ifndef WEIR_SESSION_USER_STORE_H
#define WEIR_SESSION_USER_STORE_H

#include "auth/account_text.h"
#include "auth/auth_method.h"
#include "conf/config.h"
#include "session/user_index.h"
#include "session/user_keys.h"
#include "session/user_passwords.h"

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

/* The longest name of a guest; servers have none that are longer. */
#define GUEST_NAME_MAX 128

/* Who says that this user may log in. */
enum user_source {
    USER_OF_SECTION, /* a [user] section with a password */
    USER_OF_FILE,    /* a line of users_file */
    USER_OF_SERVER,  /* nobody here: the server decides. Weir calls such a user a guest */
    USER_OF_NOBODY,  /* it may not: a name that stands for others, or is there to be refused */
};

/* How a client has proved who it is. */
enum login_way {
    LOGIN_NONE,        /* it has not */
    LOGIN_BY_PASSWORD, /* of its section or line */
    LOGIN_BY_KEY,      /* a password that the server has accepted a moment ago */
    LOGIN_BY_HASH, /* one that fits a hash that auth_user has read, and the server has accepted */
    LOGIN_BY_LEARNING, /* one that the client said in full, and the server has accepted */
    LOGIN_BY_RELAY,    /* the server and the client have spoken to each other */
};

struct user {
    struct user *next; /* these three are the index's */
    struct user *previous;
    struct user *same_hash;
    const char *name;
    atomic_uint holds;           /* clients, links, and errands that go on; see user_hold */
    atomic_uint pools;           /* of it, on all servers */
    _Atomic usec_t unused_since; /* when the last of `holds` ended */
    _Atomic(enum user_source) source;
    _Atomic(enum login_way) way;           /* of its latest login */
    _Atomic(enum account_transport) wants; /* of a guest: what its account requires */
    atomic_uint clients;                   /* that are logged in */
    atomic_uint keys_known;                /* of a guest: passwords in `keys` */
    atomic_uint keys_changed;              /* counts what makes them fewer, or puts them in doubt */
    struct {
        struct user_keys *keys; /* of a guest, NULL none yet */
        bool removed;           /* no longer in the configuration: may not log in */
        bool lasting;           /* it has been configured: never freed */
        struct user_password
            *passwords;          /* USER_PASSWORDS_MAX, see user_passwords.h; NULL: never any */
        unsigned password_count; /* of a guest 0 */
        unsigned version;        /* of the passwords: it changes with the settings */
        unsigned in_use;         /* the one that Weir logs in with */
        bool other_refused;      /* the server has refused the other one */
        struct user_timeouts *timeouts; /* in force for who logs in now */
        char server[65];                /* name of the [server], "" = the first */
    } shared;                           /* under the store's lock */
};

static inline struct user *user_hold(struct user *u)
{
    atomic_fetch_add(&u->holds, 1);
    return u;
}

/* NULL is allowed. The caller knows it no longer. */
static inline void user_let_go(struct user *u)
{
    if (u == NULL)
        return;
    u->unused_since = clock_now();
    atomic_fetch_sub(&u->holds, 1);
}

struct user_store;

/* NULL when out of memory. */
struct user_store *user_store_create(void);
void user_store_destroy(struct user_store *s);

/* Takes over names, passwords and servers from a configuration; a password that did not change
 * keeps what was learnt about it. */
void user_store_configure(struct user_store *s, const struct config *c);

/* NULL when no such user is configured. */
struct user *user_store_find(struct user_store *s, struct bytes name);
/* Guests as well. To be let go of. */
struct user *user_store_find_any(struct user_store *s, struct bytes name);

/* The first user whose secret suffices to log in to a server, for Weir's own first connection. */
struct user *user_store_any(struct user_store *s, const char *server);

const char *user_source_text(enum user_source source);
const char *login_way_text(enum login_way way);

/* What the console shows of a user. */
struct user_view {
    char name[GUEST_NAME_MAX + 1];
    char server[65]; /* "" = the first */
    enum user_source source;
    enum login_way way;
    unsigned learnt;
    unsigned clients;
};

/* All that may log in, by name; to be freed. */
struct user_view *user_store_view(struct user_store *s, size_t *count);

/* -------- guests, see guest.h -------- */

/* Its clients log in by a relay: Weir cannot log in for it. */
static inline bool user_is_relayed(const struct user *u)
{
    return u->source == USER_OF_SERVER && u->keys_known == 0;
}

/* NULL when the server has let in no guest of this name so far, or it is forgotten. To be let go
 * of. */
struct user *user_store_find_guest(struct user_store *s, struct bytes name);

/* The same, made when there is none. NULL: there are max_unknown_users already. */
struct user *user_store_make_guest(struct user_store *s, struct bytes name, const struct config *c);

/* The guest that nobody holds for the longest time, since `before` at the latest. NULL none. To be
 * let go of. */
struct user *user_store_unused_guest(struct user_store *s, usec_t before);

/* A guest that only the caller holds, and that has no pool, is taken out of the store: nobody finds
 * it any more, and it is to be freed. False: it stays, and is let go of. */
NODISCARD bool user_store_take_out(struct user_store *s, struct user *u);
void user_free(struct user *u);

/* Copies of the passwords of a guest that the server has accepted, to be wiped by the caller. */
unsigned user_copy_keys(struct user_store *s, const struct user *u,
                        struct user_key out[AUTH_SECRETS_MAX]);
/* See user_keys.h. *is_new: it was not known before. 0 when memory is short. */
NODISCARD uint32_t user_prove_key(struct user_store *s, struct user *u,
                                  const struct auth_secret *secret, usec_t now, unsigned epoch,
                                  bool *is_new);
/* False: it was refused before. */
NODISCARD bool user_refuse_key(struct user_store *s, struct user *u, uint32_t id);
/* May who has logged in with this key still be taken for that user? 0: nobody knows better. */
NODISCARD bool user_key_is_good(struct user_store *s, struct user *u, uint32_t id);

/* What to log in to the server with: a copy, to be wiped by the caller. Of a guest: of the key that
 * the server has accepted last, whose id is returned (0 for none). Of others: of one of its
 * passwords; its number is returned. */
uint32_t user_login_secret(struct user_store *s, const struct user *u, struct auth_secret *out);

/* The server has refused this password of a user that is configured. True: there is another one,
 * which is in use from now on. */
NODISCARD bool user_refuse_password(struct user_store *s, struct user *u, uint32_t number);
/* It has accepted the one in use. */
void user_password_is_good(struct user_store *s, struct user *u);

/* The name of its [server], "" = the first. */
void user_server_copy(struct user_store *s, const struct user *u, char server[65]);

/* Another reference to those in force now; and one less, on any thread. */
const struct user_timeouts *user_timeouts_hold(struct user_store *s, const struct user *u);
void user_timeouts_release(const struct user_timeouts *t);

/* -------- checking logins -------- */

/* Copies of its passwords, to be wiped by the caller; how many. `version` names them. */
unsigned user_secrets_for_login(struct user_store *s, const struct user *u,
                                struct auth_secret out[USER_PASSWORDS_MAX], unsigned *version);

/* A login with one of the passwords of this version was right; keeps what it taught, if anything.
 * False when the user was removed or its passwords have changed since. */
NODISCARD bool user_confirm_login(struct user_store *s, struct user *u, unsigned version,
                                  unsigned which, const struct auth_secret *learnt, bool *taught);

/* What an unknown user is checked against: like the secret of one of the users, always the same
 * for a name, so that its login looks like that of a user with a wrong password. */
void user_store_decoy(struct user_store *s, struct bytes name, struct auth_secret *out);

#endif
