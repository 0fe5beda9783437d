/* SPDX-License-Identifier: Apache-2.0
 * A picture of what Weir is doing: clients, links, pools and servers as plain rows, for whoever
 * shows them. Any thread with a mailbox may ask. Every worker is sent a message and copies what is
 * its own, a slice in each turn of its loop, so that no client waits for it; what rests in pools is
 * copied by the asking thread, under each server's lock for a moment. The parts are taken within
 * milliseconds of each other, not at the same instant: a link that changes hands meanwhile may be
 * missing, none is there twice. */
#ifndef WEIR_SESSION_SNAPSHOT_H
#define WEIR_SESSION_SNAPSHOT_H

#include "mysql/capabilities.h"
#include "pool/pool.h"
#include "session/monitor.h"
#include "session/pins.h"
#include "session/proxy.h"
#include "session/user_store.h"

/* What to look at; a set of bits. */
enum snapshot_what {
    SNAPSHOT_CLIENTS = 1,
    SNAPSHOT_LINKS = 2,
    SNAPSHOT_POOLS = 4, /* and servers */
};

/* The longest text of a statement that is kept of a client. */
#define SNAPSHOT_INFO_MAX 1024

/* All texts end with a NUL, are never NULL ("" says: none) and belong to the snapshot. Durations
 * are microseconds until the moment when the row was made. */
struct snapshot_client {
    uint32_t id; /* as the client was greeted */
    unsigned worker;
    const char *user;     /* "unauthenticated user" before the login, as servers say */
    const char *host;     /* "10.0.0.7:4242", "localhost" for a Unix socket */
    const char *schema;   /* "" none selected */
    const char *server;   /* of its user */
    const char *command;  /* "Sleep", "Query", "Execute", "Connect" …, as in SHOW PROCESSLIST */
    const char *state;    /* what it waits for, or why it holds its link; "" when nothing */
    usec_t command_for;   /* since the command began, or since the last one ended */
    usec_t state_for;     /* the same for the state of Weir's own (e.g. waiting for a link) */
    usec_t connected_for; /* since its socket was accepted */
    bool logged_in;
    bool busy;    /* a command is under way */
    bool waiting; /* for a link */
    /* The statement under way, else the last one while it is remembered, which is as long as the
     * client holds a link. Cut at SNAPSHOT_INFO_MAX; bytes that are no text are as they came. */
    const char *statement;
    size_t statement_size;    /* of `statement`, which may hold NULs */
    uint64_t statement_total; /* of the whole statement */
    /* Its lease. */
    uint64_t link;      /* id, 0 none */
    uint32_t thread_id; /* of the link on its server, 0 none */
    usec_t link_for;    /* since it got the link, 0 none */
    bool firm;          /* the link is held: a request, a transaction or a pin */
    bool in_transaction;
    pins_t pins;
    const char *pin_names; /* "TEMPORARY_TABLE,NAMED_LOCK" */
    uint16_t status;       /* the last status flags that the client was told */
    uint64_t questions;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    const char *tls;          /* "TLSv1.3"; "" without */
    const char *compression;  /* "zlib", "zstd"; "" without */
    unsigned statements;      /* prepared */
    unsigned text_statements; /* prepared as text */
    unsigned variables;       /* system variables that its session has changed */
    bool user_variables;      /* it has set some */
    bool interactive;
    /* What its driver says of itself (connection attributes), cut to fit; see client_attributes.h.
     */
    const char *program_name;
    const char *pid;
    const char *client_name;
    enum login_way login_way;
    const char *client_version;
    const char *os;
};

/* A link on a worker, or at rest in its pool. */
struct snapshot_link {
    uint64_t id;
    uint32_t thread_id; /* on its server, 0 while it is being opened */
    const char *server;
    const char *user;
    const char *schema;
    const char *state;      /* "idle", "leased to a client", "connecting" … */
    const char *purpose;    /* what Weir asks of it right now, "" nothing */
    const char *side;       /* of one outside the pools: what it is for; "" */
    int worker;             /* -1 at rest */
    uint32_t client;        /* id of the lessee, 0 none */
    const char *opened_for; /* address of the client whose wait opened it, "" nobody's */
    uint32_t last_client;   /* whose statement it executed last, 0 nobody's */
    bool firm;              /* leased, and not softly */
    bool in_transaction;
    uint16_t status;     /* last known status flags */
    usec_t since;        /* in this seat, see enum seat_state: leased, idle … */
    usec_t age;          /* since it was opened */
    usec_t expires_in;   /* until link_lifetime is over, 0 never */
    unsigned statements; /* prepared on it */
    unsigned variables;  /* system variables that differ from its login */
    uint64_t bytes_received;
    uint64_t bytes_sent;
    const char *tls;         /* as of a client */
    const char *compression; /* the same */
    capabilities_t dialect;
};

struct snapshot_pool {
    const char *server;
    const char *user;
    capabilities_t dialect;
    const char *dialect_text; /* names of the capabilities that matter, "" none */
    unsigned opening, idle, firm, soft, recalled, doomed; /* links by the state of their seat */
    unsigned links;                                       /* all of them */
    unsigned waiting;
    usec_t oldest_wait; /* of those who wait */
    unsigned clients;   /* that are logged in to it */
    struct pool_limits limits;
    unsigned limit_observed; /* the server said 1203 or 1226 at this many links; 0 no */
    bool login_refused;      /* the server refuses its user right now */
    bool paused;             /* by PAUSE */
    uint16_t error_code;     /* of the last refused login, 0 none */
    const char *error;
    struct pool_counters counters;
};

struct snapshot_server {
    const char *name;
    const char *host;
    uint16_t port;
    const char *socket;  /* "" TCP */
    const char *version; /* "" not known yet */
    bool mariadb;
    bool down;     /* the last attempt to connect failed */
    bool draining; /* no links are lent any more */
    unsigned pools;
    unsigned links; /* under the ceiling, openings included */
    unsigned opening;
    unsigned side_links;
    unsigned ceiling;          /* by the configuration */
    unsigned ceiling_observed; /* the server said 1040 at this many links; 0 no */
    unsigned waiting;
    uint16_t error_code; /* of the last failed attempt, 0 none */
    const char *error;
    unsigned max_prepared_stmt_count;
    struct monitor_view monitor; /* the server's own numbers */
};

/* The memory behind the texts: private. */
struct snapshot_texts {
    struct snapshot_chunk *chunks; /* the newest first */
    bool short_of_memory;
};

/* What was asked for; the rest is empty. */
struct snapshot {
    usec_t taken_at;                 /* clock_now() when it was asked for */
    bool incomplete;                 /* memory was short: rows are missing */
    struct snapshot_client *clients; /* by id */
    size_t client_count;
    struct snapshot_link *links; /* by id */
    size_t link_count;
    struct snapshot_pool *pools;
    size_t pool_count;
    struct snapshot_server *servers;
    size_t server_count;
    struct snapshot_texts texts;
};

struct snapshot_job;

/* Asks every worker; any thread. `done` runs on the thread of `reply_to`, later, and owns the
 * snapshot. NULL when out of memory. Answers need a turn of each worker's loop for every few
 * hundred rows: give up with snapshot_abandon if that is too long. `reply_to` must live until all
 * jobs are answered, abandoned ones too: until the workers' own mailboxes are destroyed. */
struct snapshot_job *snapshot_ask(struct proxy *p, unsigned what, struct mailbox *reply_to,
                                  void (*done)(void *context, struct snapshot *s), void *context);

/* On the asking thread, before `done`: it will not be called. */
void snapshot_abandon(struct snapshot_job *job);

void snapshot_free(struct snapshot *s);

#endif
