/* SPDX-License-Identifier: Apache-2.0
 * A client: one connection from an application to Weir. */
#ifndef WEIR_SESSION_CLIENT_H
#define WEIR_SESSION_CLIENT_H

#include "mysql/greeting.h"
#include "mysql/login.h"
#include "mysql/sql_scan.h"
#include "session/link.h"
#include "session/pins.h"
#include "session/pins_track.h"
#include "session/residue.h"

#include <stdarg.h>

#define CLIENT_STATE(name, timeout, text) CLIENT_##name,
enum client_state {
#include "session/client_states.def"
    CLIENT_STATE_COUNT
};
#undef CLIENT_STATE

struct client_attributes;
struct client_auth;
struct guest;
/* What runs while a client is in a state. */
enum client_timeout {
    CLIENT_TIMEOUT_NONE,
    CLIENT_TIMEOUT_LOGIN,   /* connect_timeout */
    CLIENT_TIMEOUT_DELAY,   /* until client_auth.c goes on */
    CLIENT_TIMEOUT_IDLE,    /* wait_timeout, interactive_timeout; those of transactions */
    CLIENT_TIMEOUT_WAIT,    /* pool_wait_timeout */
    CLIENT_TIMEOUT_REQUEST, /* max_execution_time, max_transaction_time, net_…_timeout */
    CLIENT_TIMEOUT_FLUSH,   /* a short time to take the last words */
};

struct statement;
struct statement_table;
struct user_timeouts;

/* The command that is being served. */
struct request {
    const struct command_row *command;
    uint32_t sql_at;        /* of a COM_QUERY: where its text begins in the payload */
    uint32_t frame_left;    /* bytes of the current frame that were not passed on yet */
    bool frame_full;        /* the current frame is a full one: another follows */
    bool begun;             /* its first frame header was read */
    bool scanned;           /* `scan` says what the request does */
    unsigned state_changes; /* STATE_CHANGE trackers in its reply */
    bool schema_came_back;  /* a SCHEMA tracker named the schema that was selected before */
    bool changed_variable;  /* a SYSTEM_VARIABLE or SCHEMA tracker came too */
    bool set_option_on : 1; /* of COM_SET_OPTION */
    bool file_ended : 1;    /* of LOAD DATA LOCAL: the empty packet was read */
    bool whole;             /* all of it lies in the buffer */
    bool unit_results;      /* a bulk execution that answers with a row for each of its rows */
    bool awaits_catalogue;  /* … with its link; it goes on by lease_continue */
    bool awaited_catalogue;
    bool defines;                /* noted as a definition that is under way */
    unsigned catalogue_version;  /* that it was scanned with */
    unsigned catalogue_danger;   /* when it was sent */
    struct catalogue *catalogue; /* kept while it is scanned in pieces, NULL none */
    bool reframing;              /* its frames end elsewhere on the link: */
    bool sent_full;              /* the frame that is being sent there is a full one */
    uint8_t sent_sequence;       /* its sequence id */
    uint8_t last_sequence;       /* of the client's last frame */
    uint32_t sent_left;          /* bytes of it that were not passed on yet */
    bool asks_cursor;            /* a COM_STMT_EXECUTE that wants its rows by COM_STMT_FETCH */
    bool feeding;                /* pieces go to `scan` as they pass */
    struct statement *statement; /* of a COM_STMT_ command, NULL none */
    struct sql_scan *scan;       /* of its record; never NULL, see request_record.h */
    uint16_t condition; /* of GET DIAGNOSTICS CONDITION, from 1: the link gets it alone; 0 */
};

struct client {
    struct stream stream;
    struct worker *worker;
    struct list_node node;          /* worker->clients */
    struct guest *guest;            /* of its login under way, see guest.h; NULL */
    uint32_t key;                   /* of the password that it has shown, see user_keys.h; 0 none */
    uint8_t login_way;              /* enum login_way */
    uint8_t refusals;               /* of its COM_CHANGE_USERs, see former.h */
    struct list_node greeting_node; /* worker->greeting, while in GREETING */
    struct loop_timer timer;
    struct loop_task dying;
    struct loop_task more; /* goes on in the next turn: this one's slice is used up */
    const struct user_timeouts *timeouts; /* since it has logged in, NULL before */
    uint32_t id;                          /* of the greeting; see CLIENT_ID_BIT */
    enum client_state state;
    bool counted; /* in proxy->logged_in */
    bool counted_for_user;
    bool in_login;      /* in worker->logins */
    bool held;          /* in worker->held */
    bool has_baseline;  /* the server's own character sets went into its session */
    bool logged_in;     /* has been told OK once */
    bool has_taught;    /* its login: how Weir can log in as this user */
    bool peer_is_local; /* it came through a Unix socket */
    bool has_begun;     /* what comes next is no header of the PROXY protocol */
    bool network_is_judged;
    uint8_t entrance; /* of proxy->entrances */
    bool advancing;
    bool advance_again;

    capabilities_t offered;
    capabilities_t capabilities; /* agreed */
    const struct server_facts *facts;
    struct user *user; /* held, see client_becomes */
    struct server_group *group;
    struct link_pool *pool;
    struct session_state *session; /* what it must find on any link */
    struct session_state *login_session;
    struct client_auth *auth;     /* of the login under way, NULL none */
    struct former *former;        /* who it was, while a COM_CHANGE_USER is under way; NULL */
    uint8_t login_sequence;       /* of the next packet of the login that we send */
    uint8_t compression_due;      /* enum compression: begins when the OK has left; else NONE */
    uint8_t zstd_level;           /* that it wants */
    uint8_t restore_failures;     /* links in a row that could not be brought to its session */
    uint32_t kills_of_connection; /* KILLs CONNECTION on their way to its link's server */
    /* While the login asks the server: the schema that it wants, "" none. Else NULL. */
    char *login_schema;
    struct database *database; /* that it is counted for, NULL none; see admission.c */
    unsigned login_epoch;      /* of its group, when it logged in */
    unsigned old_globals_seen; /* entries of its group that its session has taken in */

    struct pool_ticket ticket; /* under the group's lock */
    enum pool_why ticket_why;
    struct link *link; /* the lease, NULL none */
    pins_t pins;
    struct pin_track *track;            /* the books on pins that end, NULL none */
    struct session_track_filter tracks; /* what it sees of the trackers */
    bool transaction_lost;              /* Weir rolled it back; the client is not told yet */
    bool told_transaction; /* the last tracker of a transaction said that one is open */
    uint16_t status;       /* last status flags told to the client */
    struct residue residue;
    uint64_t private_state;                  /* see private_state.h */
    struct user_variables *user_variables;   /* NULL none */
    struct text_statements *text_statements; /* NULL none */
    struct request request;
    struct kill_job *kill;                /* its KILL under way */
    struct statement_table *statements;   /* NULL until it prepares one */
    uint32_t statement_counter;           /* statements prepared so far, failures included */
    struct client_attributes *attributes; /* NULL none */
    usec_t connected_at;
    usec_t state_since;  /* when it entered its state */
    pins_t pins_counted; /* as they went into the worker's numbers, see tallies.h */
    uint32_t questions;
    char peer[CLIENT_PEER_SIZE];
};

/* It is this user from now on (NULL: nobody yet). */
void client_becomes(struct client *c, struct user *user);

/* As in 'user'@'host': the address without its port, or "localhost". */
void client_host(const struct client *c, char out[CLIENT_PEER_SIZE]);

/* A socket was accepted for this worker, at this one of proxy->entrances. Takes the descriptor. */
void client_accept(struct worker *w, int fd, const struct address *peer, uint8_t entrance);

/* Weir is stopping: goes now unless a transaction or a request holds it. */
void client_drain(struct client *c);

void client_set_state(struct client *c, enum client_state state);
const char *client_state_text(enum client_state state);
enum client_timeout client_state_timeout(enum client_state state);

/* Goes on as far as possible; call after anything that may have unblocked it. */
void client_advance(struct client *c);

/* The one way to end a client. An error code in the reason's row is told to the client first when
 * the protocol allows it. */
void client_close(struct client *c, enum close_reason why);

/* "client 2147483649 app@10.0.0.7:4242", in a buffer that the next call on this thread reuses. */
const char *client_who(const struct client *c);

/* Own packets. `sequence` is that of the packet. They go out with the next flush. */
void client_send_frame(struct client *c, const struct writer *w);
void client_send_ok(struct client *c, uint8_t sequence);
void client_send_ok_with_warnings(struct client *c, uint8_t sequence, uint16_t warnings);
void client_send_error(struct client *c, uint8_t sequence, uint16_t code, const char *sqlstate,
                       struct bytes message);
void client_send_mysql_error(struct client *c, uint8_t sequence, enum mysql_error code, ...);
/* An error as a server words it, in `text`; its row. */
const struct mysql_error_row *client_word_error(char *text, size_t size, enum mysql_error code,
                                                va_list args);
/* Writes what is queued; false when the client is gone (and closed). */
NODISCARD bool client_flush(struct client *c);

/* -------- client_login.c -------- */
void client_greet(struct client *c);
NODISCARD bool client_step_login(struct client *c);
NODISCARD bool client_step_authenticating(struct client *c);
/* The verdict of client_auth.c: admission and welcome, or "Access denied". */
void client_login_proved(struct client *c);
void client_login_deny(struct client *c);

/* -------- client_tls.c -------- */
/* Is this first packet of a login a wish for TLS that can be granted? */
NODISCARD bool client_wants_tls(const struct client *c, struct bytes payload);
/* The wish is out of the buffer, what is left in it belongs to TLS. False: the client is closed. */
NODISCARD bool client_begin_tls(struct client *c);
NODISCARD bool client_step_tls(struct client *c);
/* Nobody can listen: TLS, or a Unix socket. */
NODISCARD bool client_is_secure(const struct client *c);

/* The login is refused in these words: the client is closed, or who it was before. */
void client_login_refuse(struct client *c, uint16_t code, const char *sqlstate, struct bytes text,
                         enum close_reason why);
/* COM_CHANGE_USER; the payload is in the buffer. */
void client_change_user(struct client *c, struct bytes payload, uint8_t sequence);
/* The link that a login with a schema needs has the schema, or refused it. */
void client_login_restored(struct client *c, const struct open_error *error);

/* -------- client_command.c -------- */
NODISCARD bool client_step_idle(struct client *c);
NODISCARD bool client_step_request(struct client *c);
/* client_infile.c */
NODISCARD bool client_step_infile(struct client *c);
/* In mid-request, receives more of it. False: wait, or the client is gone. */
NODISCARD bool client_receive_more(struct client *c);
/* Sends the link what is claimed. The same. What gets no answer is gone then: the link may be
 * another's at once. */
NODISCARD bool client_push(struct client *c);
/* The whole request in the buffer, with what is known now of stored code. */
void client_scan_again(struct client *c);
/* The form of replies that this client understands. */
struct reply_dialect client_reply_dialect(const struct client *c);
/* The next bytes from the link are the reply to the request. */
void client_expect_reply(struct client *c);
/* The text of a COM_QUERY, as far as it is in its payload. Empty when what stands before it cannot
 * be read. */
struct bytes client_request_sql(const struct client *c, struct bytes payload);
/* How the server reads a text that this client sends now. */
struct sql_mode client_sql_mode(struct client *c);
/* The reply is complete and the client has all of it. */
void client_reply_done(struct client *c);
/* The request in the buffer cannot be served: it is dropped and answered with this error. */
void client_fail_request(struct client *c, uint16_t code, const char *sqlstate,
                         struct bytes message);

/* -------- client_local.c: commands that Weir answers -------- */
/* True when the command was dealt with here. */
NODISCARD bool client_serve_locally(struct client *c, struct bytes payload, uint8_t sequence,
                                    bool whole);

/* Answers of Weir's own, which the session remembers as if its server had given them. */
void client_answer_ok(struct client *c);
void client_answer_error(struct client *c, uint16_t code, const char *sqlstate,
                         struct bytes message);
void client_answer_mysql_error(struct client *c, enum mysql_error code, ...);

/* answer_number.c: true when this text was answered, and only the request is left to be dropped. */
NODISCARD bool client_answer_number(struct client *c, struct bytes text);

/* The request in the buffer was answered here: it is dropped, the client is IDLE again. */
void client_finish_local(struct client *c);
/* The same when nothing of it is in the buffer. */
void client_finish_answered(struct client *c);

/* -------- lease.c -------- */
/* Gets a link for the request that is in the buffer; goes on by itself when it must wait. */
void lease_acquire(struct client *c);
/* link_baseline.c: before its first request, the session is as the server makes it at a login. */
void client_take_baseline(struct client *c);
/* A ticket was granted (on this worker). */
void lease_granted(struct client *c);
void lease_wait_failed(struct client *c);
/* The catalogue that the client has waited for is there, or cannot be had. */
void lease_continue(struct client *c);
/* The link has this client's session state. */
void lease_ready(struct client *c);
/* What the reply said about the session has been learnt; keep the lease or let it go. */
void lease_after_request(struct client *c);
/* Somebody else wants the softly leased link. */
void lease_recall(struct link *l);
/* The client has left: clean the link for others. */
void lease_leave(struct client *c, bool mid_request);
/* Chores are done, by purpose. */
void link_chores_done(struct link *l);
/* A client whose session cannot be restored on this many links in a row gets an error. */
#define RESTORE_FAILURES_MAX 3
/* The client may not be parted from its link now. */
NODISCARD bool lease_is_firm(const struct client *c, const struct link *l);
/* Closes the link of the lease, which ends; and asks for another one for the same request. */
void lease_drop(struct client *c, enum close_reason why);
void lease_acquire_again(struct client *c);
/* lease_lost.c: the link broke while leased. */
void lease_link_lost(struct link *l, enum close_reason why);
/* A link could not be brought to the session. True: the schema that was selected is gone, and the
 * request selects another one, so the client asks for another link without. */
NODISCARD bool lease_leaves_gone_schema(struct client *c, const struct open_error *error);
/* lease_look.c: asks the link what is left of the conditions that the request is about; then. */
void lease_look(struct client *c);
void lease_looked(struct link *l);
/* The answer to one of the chores that read back, a whole reply; empty when it was an error. */
void lease_read_back(struct link *l, enum chore chore, struct bytes reply);

/* -------- relay.c -------- */
/* Bytes from the server for the client, as far as both sides go. */
void relay_reply(struct link *l);

/* -------- learn.c -------- */
void learn_trackers(struct client *c, struct bytes trackers);
/* A new session: what it sees of the trackers. */
void learn_default_tracking(struct client *c);
/* Pins and residue after a reply. */
void learn_reply(struct client *c, const struct reply_summary *summary);

/* -------- kill.c -------- */
/* Starts a KILL of one of Weir's ids for this client; it goes to KILLING. */
void kill_begin(struct client *c, uint64_t id, bool query_only);
/* The server does not know the thread that the client's KILL named by an expression, a string or a
 * variable. True when the id is one of Weir's: the error in `reply` is to be forgotten, the KILL
 * goes on here. */
NODISCARD bool kill_takes_over(struct link *l, struct bytes reply);
/* What runs for this client is killed on the server; until that is through, the client's next
 * request waits. */
void kill_overdue(struct client *c);
/* What runs on a link whose client has left is killed on the server. */
void kill_running(struct link *l);
/* A KILL of somebody whose rights nobody asks for, on the target's worker. False when there is no
 * such client. */
NODISCARD bool kill_by_order(struct worker *w, uint64_t id, bool query_only);
/* The worker ends: what still waits for a side connection will not get one. */
void kill_forget_waiting(struct worker *w);
/* The killer has left. */
void kill_abandon(struct kill_job *job);
/* The side link is open (chores to be added), done, or failed. */
void kill_side_open(struct link *l);
/* `error` NULL: the server said OK. */
void kill_side_done(struct link *l, const struct open_error *error);

#endif
