/* SPDX-License-Identifier: Apache-2.0
 * Keeps the books on session state that pins, so that a pin ends when its state ends: temporary
 * tables by name, locks by name, variables by name. What a statement does is taken from the exact
 * facts (mysql/sql_facts.h); what they do not tell pins until the client leaves.
 *
 * The books may say that there is state when there is none, never the other way round: every
 * statement that may have begun state counts, only one that surely ended it is taken off. */
#ifndef WEIR_SESSION_PINS_TRACK_H
#define WEIR_SESSION_PINS_TRACK_H

#include "mysql/reply.h"
#include "session/own_trackers.h"
#include "session/pins.h"
#include "session/session_vars.h"

struct client;
struct link;
struct pin_track; /* NULL for a client that has nothing to keep books on */

/* A request begins. */
void track_begin(struct client *c);

/* It is a COM_QUERY or executes a prepared statement, and this is its whole text. Its scan is
 * complete. */
void track_request(struct client *c, struct bytes text);

/* It is about to be executed with the client's own trackers in place (own_trackers.h). Was it? */
void track_sets_own(struct client *c);
NODISCARD bool track_has_set_own(const struct client *c);

/* Its reply is complete (also for requests that track_request was not called for): pins begin and
 * end. */
void track_reply(struct client *c, const struct reply_summary *s);

/* The request changes the session's state in a way that needs no tracker to be known. */
NODISCARD bool track_explains_change(const struct client *c);

/* What a report of a changed variable means; while the request is under way. Begins and ends pins
 * for single variables. SESSION_VARIABLE_UNSET: it is as at the login again. */
NODISCARD enum session_variable_treatment track_variable(struct client *c, struct bytes name,
                                                         struct bytes value);

/* Is the client pinned for this variable? */
NODISCARD bool track_pins_variable(const struct client *c, const char *name);

/* The characteristics of the next transaction were reported. */
void track_next_transaction(struct client *c);

/* Has the client set variables (SET @@x on MariaDB) that no tracker reported? Then the link is
 * asked before it changes hands: track_ask adds the chore, track_read takes the trackers of its
 * reply. */
NODISCARD bool track_is_known(const struct client *c);
/* This variable may have another value now. */
void track_unread(struct client *c, const char *name);
void track_ask(struct client *c, struct link *l);
void track_read(struct client *c, struct bytes trackers);
/* The chore failed. */
void track_ask_failed(struct client *c);

/* Pins that nothing visible ends. */
void track_pin(struct client *c, pins_t pins);

/* The session was reset, or has ended. */
void track_forget(struct client *c);

/* pins_names.c: names, some of them more than once. At most TRACK_NAMES_MAX. */
#define TRACK_NAMES_MAX 256
struct track_names {
    char **items;
    unsigned count;
};
/* False when there is no room. */
NODISCARD bool track_names_add(struct track_names *n, const char *name);
NODISCARD bool track_names_has(const struct track_names *n, const char *name);
/* Takes it off once, if it is there. */
void track_names_remove(struct track_names *n, const char *name);
void track_names_clear(struct track_names *n);

/* Of a struct sql_fact_name and the like, as a text; false when it does not fit. */
#define TRACK_KEY_MAX 200
NODISCARD bool track_key(char key[TRACK_KEY_MAX], char kind, struct bytes schema,
                         struct bytes name);

/* pins_variables.c: the half about variables. */
/* In lower case, as trackers report it; false when it is longer than any variable's. */
NODISCARD bool track_lower_name(struct bytes name, char out[SQL_NAME_MAX + 1]);
struct sql_facts;
struct pin_track {
    pins_t forever; /* begun by what the facts did not tell */
    struct track_names tables;
    struct track_names locks;
    struct track_names handlers;
    struct track_names variables; /* that pin, by the value they have */
    struct track_names unread;    /* that no tracker has reported */
    unsigned backup;              /* one bit per kind of lock */
    bool own_in_place;            /* see own_trackers_wait */
    bool xa;
    bool next_transaction_in_doubt;
    struct track_request *now; /* the request under way */
};

/* Has every element of this SET been accounted for otherwise than by a pin for the whole SET? */
NODISCARD bool track_set(struct client *c, const struct sql_facts *f, bool error);
/* The same of SET STATEMENT. */
NODISCARD bool track_set_statement(const struct sql_facts *f, bool error);
/* The facts of the request under way, NULL when there are none. */
const struct sql_facts *track_facts(const struct client *c);
/* The books, begun if need be; NULL when out of memory: then the pins last. */
struct pin_track *track_open(struct client *c);

#endif
