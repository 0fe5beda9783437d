/* SPDX-License-Identifier: Apache-2.0
 * A link: one connection from Weir to a server. */
#ifndef WEIR_SESSION_LINK_H
#define WEIR_SESSION_LINK_H

#include "auth/auth_method.h"
#include "mysql/auth_packet.h"
#include "mysql/connect_attributes.h"
#include "mysql/reply.h"
#include "mysql/sql_scan.h"
#include "mysql/status_flags.h"
#include "session/close.h"
#include "session/pool_registry.h"
#include "session/residue.h"
#include "session/session_state.h"
#include "stats/digest_table.h"

#define LINK_STATE(name, timeout, text) LINK_##name,
enum link_state {
#include "session/link_states.def"
    LINK_STATE_COUNT
};
#undef LINK_STATE

/* What Weir itself asks of a link. All chores of a purpose go out in one write; their replies are
 * read in order. */
enum chore {
    CHORE_RESET,      /* COM_RESET_CONNECTION */
    CHORE_TRACKERS,   /* SET session_track_… */
    CHORE_SET_OPTION, /* COM_SET_OPTION: multi-statements */
    CHORE_INIT_DB,
    CHORE_INIT_DB_AGAIN, /* the schema that it has; refused, it still has it */
    CHORE_PREPARE,       /* of a statement that the client prepared elsewhere */
    CHORE_SET,           /* SET of variables and character sets */
    CHORE_PRIME,         /* makes residue true for a statement that asks for it */
    CHORE_SIGNAL,        /* the same for the diagnostics area; an ERR is what it is to answer */
    CHORE_READ_LIMITS,   /* what the server allows a link */
    CHORE_PING,          /* asks for the status after an error */
    CHORE_READ_CONDITION_COUNT,
    CHORE_READ_DIAGNOSTICS,
    CHORE_READ_VARIABLES,  /* what a client has set and no tracker has reported */
    CHORE_READ_TRACKERS,   /* the client's own, before Weir's come back */
    CHORE_READ_BACK,       /* asks for residue before the link changes hands */
    CHORE_READ_BASELINE,   /* the session right after the login */
    CHORE_READ_GLOBAL,     /* before it is changed; an ERR says that there is none */
    CHORE_READ_USER_NAMES, /* user variables, before the link changes hands */
    CHORE_READ_USER_TYPES,
    CHORE_READ_USER_VALUES,
    CHORE_SET_USER_VARIABLES,
    CHORE_TEXT_PREPARE,       /* PREPARE s FROM … */
    CHORE_TEXT_PREPARE_AHEAD, /* the same for one that nobody has asked for yet; it may fail */
    CHORE_KILL,
    CHORE_ROLLBACK,     /* of a leak */
    CHORE_READ_NUMBERS, /* of the server, for the monitor */
    CHORE_READ_ACCOUNT, /* of a guest, by itself; it may fail */
    CHORE_READ_HASHES,  /* of guests, for a hash reader; it may fail */
    CHORE_READ_WEIRS,   /* the same: which others are there; it may fail */
    CHORE_CHANGE_USER,  /* COM_CHANGE_USER to the same user without a schema; always alone */
};
#define LINK_CHORES_MAX 288

/* Why chores are under way, and so what happens when they are done. */
enum chore_purpose {
    PURPOSE_NONE,
    PURPOSE_OPEN,     /* the end of the login */
    PURPOSE_UNSELECT, /* the client's next request must not find a schema */
    PURPOSE_RESTORE,  /* for the client's next request */
    PURPOSE_PARK,     /* before the link changes hands */
    PURPOSE_LOOK,     /* what is left of the client's conditions, before it asks for them */
    PURPOSE_CLEAN,    /* after a client has left */
    PURPOSE_SOIL,     /* debug_link_switching */
    PURPOSE_KILL,     /* on a side link */
    PURPOSE_ROLLBACK, /* of a leak, see leaks.h */
    PURPOSE_HASHES,   /* reading what the server stores of guests' passwords */
    PURPOSE_MONITOR,  /* reading the server's numbers */
};

/* Room for "[address]:port" of IPv6; the path of a Unix socket is cut. */
#define CLIENT_PEER_SIZE 48

/* What a client's driver and its application say of themselves, for the server's eyes: pairs as in
 * mysql/connect_attributes.h, named as the server gets them. Beside Weir's own they stay below what
 * servers keep of a connection by default (performance_schema_session_connect_attrs_size). */
#define LINK_SAID_MAX 320
struct link_client_says {
    uint16_t size;
    uint8_t block[LINK_SAID_MAX];
};

struct catalogue_reader;
struct guest;
struct hash_reader;
struct client_attributes;
struct kill_job;
struct link_login_kept;
struct link_resolution;
struct monitor;
struct slow_text;
struct tls_context;
struct statement_cache;

#define LINK_HOLDER_PEER    64
#define LINK_HOLDER_PROGRAM 33

struct link {
    struct stream stream;
    struct pool_seat seat; /* under the group's lock, but for its owner's reads */
    struct {
        uint32_t client; /* id of the client that the seat was given to last */
        char peer[LINK_HOLDER_PEER];
        char program[LINK_HOLDER_PROGRAM]; /* that its driver names, cut; "" none */
    } holder; /* under the group's lock: other workers tell their clients of it */
    struct link_pool *pool;
    struct worker *worker;           /* whose loop it is on, NULL while idle in its pool */
    struct client *client;           /* the lessee, NULL none */
    struct kill_job *kill;           /* a side link's errand; NULL once it is done */
    struct guest *guest;             /* who logs in on it, see guest.h; NULL */
    uint32_t key;                    /* that it has logged in with, see user_login_secret */
    struct catalogue_reader *reader; /* a side link that reads a catalogue, until it has; NULL */
    struct hash_reader *hash_reader; /* whose side link it is, until it has read; NULL */
    struct monitor *monitor;         /* whose connection it is, NULL nobody's (any more) */
    bool side;                       /* a side link: in no pool */
    bool keeps_place;                /* a side link with a place of its own under the ceiling */
    enum link_state state;
    struct loop_timer timer;
    struct loop_task dying; /* frees it at the end of the turn */
    uint64_t id;            /* unique for the life of the process */

    capabilities_t capabilities; /* agreed */
    unsigned login_epoch;        /* of its group, when it logged in */
    uint32_t thread_id;          /* on the server */
    usec_t transaction_since;    /* of its client, 0: none is open, as far as the replies say */
    usec_t stalled_since; /* its client moved its last byte while waited for; 0: nobody waits */
    usec_t killed_at;     /* what it runs, for having run for too long; 0 */
    uint32_t moved;       /* the client's bytes, when it was last found stalled */
    bool overdue;         /* its SELECT is being killed for max_execution_time */
    bool awaits_kill;     /* its client's next request waits for kill_overdue */
    bool soft;            /* leased softly, as far as this worker knows */
    bool recalled;        /* somebody wants it back */
    bool want_multi;      /* log in with MULTI_STATEMENTS */
    struct session_state *login_session; /* right after the login, and after a reset */
    struct session_state *session;       /* as the server has it now */
    uint16_t status;                     /* last known status flags */
    bool status_known;                   /* false after an ERR that may have changed it */
    char transaction_state[8];           /* of the tracker: '_' = nothing there */
    uint32_t residue_of;                 /* id of the client that used it last, 0 nobody */
    struct residue_left residue_left;    /* while nobody has it */
    uint64_t private_state;              /* which lies on it, 0 none; see private_state.h */
    uint64_t session_number;             /* since its last reset; 0: nothing was prepared in it */
    sql_effects_t residue_true;          /* what may be read here and is true for that client */
    unsigned kills_pending;              /* KILL QUERYs under way against what runs here */
    usec_t opened_at;
    uint32_t wait_timeout;        /* of its session as its login made it, in seconds; 0 not known */
    uint32_t interactive_timeout; /* of its server then */
    uint64_t leak;    /* number of the case of this lease in the book of leaks, 0 none */
    usec_t leased_at; /* when its client got it */
    char opened_for[CLIENT_PEER_SIZE]; /* address of the client whose wait opened it, "" nobody's */
    struct link_client_says opened_by; /* the same client's driver */

    struct reply reply; /* of what is being answered now */
    bool reply_active;
    bool reply_ended;            /* complete, but the client has not taken all of it yet */
    bool request_begun;          /* passing on the client's request has begun */
    bool request_done;           /* the whole request went out */
    usec_t sent_at;              /* when passing it on began, 0 none is under way */
    uint64_t sent_before;        /* bytes that the client had been sent by then */
    struct slow_text *kept_text; /* of it, see slow_watch.h; NULL */
    struct digest_place digest;  /* of the client's last statement; epoch 0 none */
    usec_t digest_at;            /* when that had ended */
    uint8_t refusal_sequence;    /* of the error that it gets */
    bool refuses_file; /* the client did not agree to the file that the server asked for */
    enum chore chores[LINK_CHORES_MAX];
    unsigned chore_count;
    unsigned chore_at;
    enum chore_purpose purpose;
    bool chores_sure;     /* none of them can fail */
    bool request_follows; /* the client's request goes out behind the chores, in the same write */
    bool chore_failed;
    bool statement_refused;             /* by CHORE_PREPARE; chore_error says why */
    struct statement_cache *statements; /* NULL until one is prepared */
    struct open_error chore_error;
    struct link_resolution *resolving;
    struct auth_dialog auth;         /* of the login or COM_CHANGE_USER under way */
    struct tls_context *tls_context; /* from the greeting to the end of the handshake, else NULL */
    struct link_login_kept *login_kept; /* the same */
    uint8_t login_collation;
    uint8_t login_turns; /* packets of the server between the login and its verdict */
    bool login_in_vain;  /* Weir has no answer, chore_error says why; the server will refuse */
    bool soiled_deeply;  /* by debug_link_switching, the last time */
    bool never_reset;    /* a reset would not bring back what the server did at its login */
    bool needs_trackers; /* its session forgot Weir's tracker settings */
    bool blind_to_transactions; /* its tracker of transactions is off, see link_add_trackers */
    bool expired; /* its session may do nothing but change its password, see expired.h */
    bool soiled;  /* its client has left what only a reset takes away, and what only others mind */
    bool must_reset;      /* the next restore begins with a reset */
    unsigned tables_made; /* temporary ones, to prime row counts */
    char who[96];         /* for the log */
};

/* What is known of the client that a new link is opened for: all zero for nobody. */
struct link_hint {
    struct link_client_says says;
    struct session_state *session; /* the link logs in with its multi-statements */
    char client[CLIENT_PEER_SIZE]; /* its address, which the server is told */
};

/* For link_open.c: a link that is not connected yet, NULL when out of memory; and begins to connect
 * it. */
struct link *link_create(struct worker *w, struct link_pool *pool);
void link_resolve(struct link *l);

/* Begins to open a link for a pool (an OPEN action). Takes the hint's reference. */
void link_open(struct worker *w, struct link_pool *pool, struct link_hint hint);

/* The same for a guest, on whom the two are told of each other. */
void link_open_for_guest(struct worker *w, struct link_pool *logins, struct guest *g);

/* The same for a KILL, outside the pool; without a job it only learns what the greeting says. False
 * when it cannot even begin. */
NODISCARD bool link_open_side(struct worker *w, struct server_group *group, struct user *user,
                              struct kill_job *job);

/* The same for reading a catalogue; *link is set before anything can go wrong. */
NODISCARD bool link_open_reading(struct worker *w, struct server_group *group, struct user *user,
                                 struct catalogue_reader *reader, struct link **link);

/* The same for reading hashes. */
NODISCARD bool link_open_hashes(struct worker *w, struct server_group *group, struct user *user,
                                struct hash_reader *reader, struct link **link);

/* The same for a monitor. `keeps_place`: see server_group_end_monitor. */
NODISCARD bool link_open_monitor(struct worker *w, struct server_group *group, struct user *user,
                                 struct monitor *monitor, bool keeps_place, struct link **link);

void link_set_state(struct link *l, enum link_state state);
const char *link_state_text(enum link_state state);

/* The one way to end a link. The client must have been parted from it. Unless it is broken, its
 * place under the ceiling is kept until the server has closed its side (a second at the most), so
 * that the link that takes its place does not meet it there. */
void link_close(struct link *l, enum close_reason why);

/* The reply to the question that link_logged_in asks. */
void link_read_limits(struct link *l, struct bytes reply);

/* How long the server lets it be idle as its session is now, less a margin; 0: not known. */
usec_t link_rest_max(const struct link *l);

/* Frees an idle link that is on no loop (a CLOSE action). */
void link_close_idle(struct worker *w, struct link *l, enum close_reason why);

/* Takes a link that is on no loop onto this worker's. One that `rested` on the shelf is asked first
 * whether it is still quiet. False when it turned out dead (it is closed then). */
NODISCARD bool link_adopt(struct worker *w, struct link *l, bool rested);

/* Takes a link off its loop, for another worker or for the pool's shelf. */
NODISCARD bool link_detach(struct link *l);

/* Called by the login when the server has accepted us. */
void link_logged_in(struct link *l);

/* Weir ends, and the server has not said in time what it was asked. */
void link_give_up(struct link *l);

/* The attempt to open the link has failed. */
void link_fail_open(struct link *l, enum pool_open_failure why, uint16_t code, const char *sqlstate,
                    struct bytes text);

/* `a` may be NULL. */
struct link_client_says link_client_says(const struct client_attributes *a);

/* What the server shows in performance_schema.session_connect_attrs: that this is Weir, and the
 * client that the link was opened for. A link that changes hands keeps it, since only a login or a
 * COM_CHANGE_USER can change it. */
struct bytes link_attributes(const struct link *l, uint8_t memory[CONNECT_ATTRIBUTES_MAX]);

/* link_login.c: a word of the login. */
void link_send_login(struct link *l, const struct writer *w);
/* link_login.c: there is no answer to the server's question with this sequence number; a wrong one
 * goes to `out`. Its refusal is told as l->chore_error. */
void link_answer_in_vain(struct link *l, uint8_t sequence, struct writer *out);
/* link_proxy.c: says whose link it is, when the server is to know. False: the connection broke, or
 * memory is out. */
NODISCARD bool link_send_header(struct link *l);
/* Does the server see somebody else's address? Of all links of a server, and of this one. */
NODISCARD bool server_sees_clients(const struct worker *w, const struct server_group *g);
NODISCARD bool link_sends_header(const struct link *l);

/* link_login.c: bytes have come while in GREETING or LOGIN. */
void link_login_continue(struct link *l);

/* link_tls.c */
/* Whether the login is to go through TLS. False: it must and cannot, the link is closed. */
NODISCARD bool link_may_use_tls(struct link *l, capabilities_t server, bool *use);
/* Asks for TLS with this frame, and keeps the frame of the login until it is there; then
 * link_tls_continue is to be called. False: the link is closed. */
NODISCARD bool link_begin_tls(struct link *l, struct bytes login, struct bytes request);
void link_tls_continue(struct link *l);
/* What was kept for the login is wiped. */
void link_forget_login(struct link *l);

/* Room for what a login says in one packet after its first. */
#define LINK_AUTH_FRAME_MAX (FRAME_HEADER_SIZE + AUTH_ANSWER_MAX)

/* The next word in a login of this link (or a COM_CHANGE_USER) to a server that sent `p`, a switch
 * of the method or more data of it, with this sequence number: a frame in `out`, which stays empty
 * when the server speaks next. False: `error` says why there is no answer. */
NODISCARD bool link_auth_answer(struct link *l, const struct auth_packet *p, uint8_t sequence,
                                struct writer *out, struct open_error *error);

/* link_chores.c */
void link_chores_begin(struct link *l, enum chore_purpose purpose);
void link_chore_add(struct link *l, enum chore chore, enum command command, struct bytes argument);
/* The same for one that the server cannot refuse, so that what comes after it need not wait for the
 * answer: it needs no privilege, no memory to speak of, nothing that others could have dropped. */
void link_chore_add_sure(struct link *l, enum chore chore, enum command command,
                         struct bytes argument);
/* Sends what was added. link_chores_done is called when all replies are in (perhaps at once). */
void link_chores_send(struct link *l);
/* May the client's request travel in the same write as what was added? */
NODISCARD bool link_chores_may_lead(const struct link *l);
/* What was added goes out with the client's request; link_chores_continue is to be called when
 * bytes come, until request_follows is false again. */
void link_chores_lead(struct link *l);
void link_chores_continue(struct link *l);
/* What a reply to anybody's statement says about the link itself. */
void learn_link_trackers(struct link *l, struct bytes trackers);
/* The server's name of the schema that its client named at its login, in the client's character
 * set. */
void learn_login_schema(struct link *l, struct bytes trackers);

/* link_soil.c: for tests, makes the link as unlike any client's session as it can, and knows it. */
void link_soil(struct link *l);
/* Its chores are done. */
void link_soiled(struct link *l);

/* link_baseline.c */
/* What to log in with, given the server's default. */
const char *link_user(const struct link *l);
uint8_t link_login_collation(const struct link *l, uint8_t server_default);
/* Adds the question what the login has made of the session, reads the answer. */
void link_ask_baseline(struct link *l);
void link_read_baseline(struct link *l, struct bytes reply);

/* link_restore.c: adds the chores that turn l->session into `target`; false when it cannot be done
 * on this link (it must be closed). */
/* Nothing takes the link there: another one may do, and a new one will. It needs a reset that would
 * not bring back what its login did, or it has a role and the target none: neither a reset nor (on
 * MariaDB) COM_CHANGE_USER takes a role away, and which one a login sets is not known. */
NODISCARD bool link_is_stuck(const struct link *l, const struct session_state *target);
/* Adds the one chore that does that. */
void link_unselect_plan(struct link *l);
NODISCARD bool link_restore_plan(struct link *l, struct session_state *target, bool force_schema);
/* Would that begin with a reset? */
NODISCARD bool link_restore_resets(const struct link *l, const struct session_state *target);
void link_add_trackers(struct link *l);
/* Adds the chores that empty the session. */
void link_add_reset(struct link *l);

/* The server's session on this link is `s` from now on; `s` stays the caller's. */
static inline void link_session_becomes(struct link *l, struct session_state *s)
{
    struct session_state *old = l->session;
    l->session = session_state_hold(s);
    session_state_release(old);
}

static inline bool link_in_transaction(const struct link *l)
{
    return (l->status & STATUS_IN_TRANS) != 0 || l->transaction_state[0] != '_' ||
           l->transaction_state[7] == 'L';
}

#endif
