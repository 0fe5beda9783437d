/* SPDX-License-Identifier: Apache-2.0
 * One client of the console: its connection, login and commands. All on the console's thread. */
#ifndef WEIR_CONSOLE_CONSOLE_CLIENT_H
#define WEIR_CONSOLE_CONSOLE_CLIENT_H

#include "auth/auth_method.h"
#include "console/commands.h"
#include "console/console.h"
#include "console/session.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "net/stream.h"
#include "session/proxy.h"

/* More clients than this are turned away. */
#define CONSOLE_CLIENTS_MAX 64
/* Of them: strangers, who have not logged in yet. */
#define CONSOLE_STRANGERS_MAX 16
/* The longest statement. */
#define CONSOLE_STATEMENT_MAX ((size_t)1024 * 1024)

struct console_listener {
    struct listener listener;
    struct console *console;
    int fd; /* -1 none */
    bool is_unix;
    char text[ADDRESS_TEXT_SIZE];
};

struct console {
    struct proxy *proxy;
    struct console_orders orders;
    char version[64]; /* of greetings */
    struct loop *loop;
    struct mailbox *mailbox;
    struct buffer_cache *buffers;
    struct select_engine *engine;
    struct config *config; /* of the statement under way, one reference */
    struct list clients;
    uint32_t next_id;
    usec_t started; /* of Weir */
    struct console_listener listeners[2];
    pthread_t thread;
    struct mail stop;
};

enum console_client_state {
    CONSOLE_CLIENT_LOGIN,
    CONSOLE_CLIENT_TLS,     /* its handshake, in the middle of the login */
    CONSOLE_CLIENT_PROVING, /* its answer to a switch of the method */
    CONSOLE_CLIENT_DELAYED, /* the verdict is known; who has guessed before must wait for it */
    CONSOLE_CLIENT_IDLE,
    CONSOLE_CLIENT_PENDING, /* its answer comes later */
    CONSOLE_CLIENT_CLOSING, /* last words are on their way */
    CONSOLE_CLIENT_CLOSED,
};

/* How a login ends. */
struct console_verdict {
    bool proved;
    bool with_password; /* it has said something */
    uint8_t last_word;  /* the method's, before the OK; 0 none */
    usec_t delay;
};

struct console_client {
    struct stream stream;
    struct list_node node; /* console->clients */
    struct loop_timer timer;
    struct loop_task dying;
    struct console *console;
    enum console_client_state state;
    bool trusted; /* the system says that it is root or the account of Weir */
    bool advancing;
    bool is_local;          /* it came by the Unix socket */
    bool wrong_certificate; /* no password helps */
    capabilities_t offered;
    capabilities_t capabilities;
    struct auth_check check;
    struct console_verdict verdict;
    uint8_t sequence; /* of the next packet that we send */
    struct console_session session;
    struct console_run run;
    uint8_t *text; /* of the statement in `run` */
};

/* Takes the descriptor. */
void console_client_accept(struct console *c, int fd, const struct address *peer, bool is_unix);
void console_client_close(struct console_client *c);
/* By id; NULL when it has gone. */
struct console_client *console_client_find(struct console *c, uint32_t id);

/* "console 4278190081 weir@127.0.0.1", in a buffer that the next call reuses. */
const char *console_session_who(const struct console_session *s);

/* -------- console_login.c -------- */
#define CONSOLE_CAPABILITIES                                                                       \
    (CAP(LONG_PASSWORD) | CAP(FOUND_ROWS) | CAP(LONG_FLAG) | CAP(CONNECT_WITH_DB) |                \
     CAP(PROTOCOL_41) | CAP(INTERACTIVE) | CAP(TRANSACTIONS) | CAP(SECURE_CONNECTION) |            \
     CAP(MULTI_RESULTS) | CAP(PS_MULTI_RESULTS) | CAP(PLUGIN_AUTH) | CAP(CONNECT_ATTRS) |          \
     CAP(PLUGIN_AUTH_LENENC) | CAP(DEPRECATE_EOF))
void console_client_greet(struct console_client *c);
void console_client_login(struct console_client *c, struct bytes payload);
void console_client_prove(struct console_client *c, struct bytes payload);
/* The delay is over. */
void console_client_judge(struct console_client *c);

/* -------- console_tls.c -------- */
/* By the setting, and when there is a certificate. */
NODISCARD bool console_offers_tls(const struct console_client *c);
NODISCARD bool console_client_wants_tls(const struct console_client *c, struct bytes payload);
/* The packet that wants it is consumed. */
void console_client_begin_tls(struct console_client *c);
/* True when the handshake is done; false: it goes on later, or the client is closed. */
NODISCARD bool console_client_step_tls(struct console_client *c);
/* It uses TLS or the Unix socket, or need not. */
NODISCARD bool console_is_secure_enough(const struct console_client *c);
/* It need not show a certificate for this user, or has. */
NODISCARD bool console_certificate_is_right(const struct console_client *c, struct bytes user);

/* -------- console_send.c -------- */
void console_send_answer(struct console_client *c, const struct answer *a);
void console_send_ok(struct console_client *c);
void console_send_error(struct console_client *c, enum mysql_error code, const char *text);
/* COM_FIELD_LIST: the columns of a table. */
void console_send_fields(struct console_client *c, const struct console_table *t);

/* -------- console_command.c -------- */
/* One command of the protocol, whole. */
void console_client_command(struct console_client *c, struct bytes payload);
/* Runs a text; the answer is sent now or, when it is pending, by console_client_answer. */
void console_client_run(struct console_client *c, struct bytes text);
void console_client_answer(struct console_client *c);

/* -------- console_run.c -------- */
/* Statement to answer. `text` must live as long as the run; its comments are blanked. */
void console_run_begin(struct console_run *r, uint8_t *text, size_t size);

#endif
