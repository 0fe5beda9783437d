/* SPDX-License-Identifier: Apache-2.0
 * What a client has set on its session and must find again on any link: schema, character sets,
 * multi-statements, system variables. Immutable, counted and interned: two sessions in the same
 * state share one object, so "does this link fit?" is a comparison of two pointers, and ten
 * thousand clients of one application cost one state. Safe from any thread. */
#ifndef WEIR_SESSION_SESSION_STATE_H
#define WEIR_SESSION_SESSION_STATE_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Sessions that set more, or longer ones, are pinned instead of carried. */
#define SESSION_VARIABLES_MAX 64
#define SESSION_TEXT_MAX      1024

struct session_variable {
    const char *name;  /* lower case, as the server reports it */
    const char *value; /* as the server reports it */
};

struct session_state {
    const char *schema; /* "" when none is selected */
    bool multi_statements;
    /* Names, never NULL. collation is "" when it is the default of character_set_connection. */
    const char *character_set_client;
    const char *character_set_connection;
    const char *character_set_results; /* "" is NULL: no conversion */
    const char *collation_connection;
    const char *collation_results; /* shows in the metadata of results; "" is the default */
    const char *role; /* what SET ROLE was told last; "" as at the login. Survives a reset. */
    /* SET TRANSACTION statements, each with a semicolon behind it, for the next transaction only;
     * "" none. */
    const char *next_transaction;
    /* Sorted by name; what the session has changed since its login. */
    const struct session_variable *variables;
    size_t variable_count;
    uint64_t long_query_time; /* what the variable says, in µs; UINT64_MAX when it was not set */
    bool ansi_quotes;         /* sql_mode says so, when the session has set it */
    bool multi_byte_trail;    /* the second byte of a character of the client may be an ASCII one */
    /* private */
    struct session_state *next;
    uint64_t hash;
    size_t size; /* of the whole object with its texts */
    atomic_uint references;
};

/* The state of a session that has just logged in with this collation id. An id that a server of
 * this family does not know counts as its default, given as `fallback`. The caller owns one
 * reference; NULL when out of memory. */
NODISCARD struct session_state *session_state_login(unsigned collation, unsigned fallback,
                                                    bool mariadb, bool multi_statements);

/* Changed copies. They take the caller's reference of `s` and return one to the result (which may
 * be the same object). NULL, with the reference of `s` kept, when a limit is exceeded or memory is
 * out: the caller pins. */
NODISCARD struct session_state *session_state_with_schema(struct session_state *s,
                                                          struct bytes schema);
NODISCARD struct session_state *session_state_with_multi_statements(struct session_state *s,
                                                                    bool on);

/* character_set_client, _connection, _results, collation_connection (and collation_results, which
 * is no variable, but follows from SET NAMES … COLLATE) go to their members. Setting
 * character_set_connection or _results makes the collation its default. */
NODISCARD struct session_state *session_state_with_variable(struct session_state *s,
                                                            struct bytes name, struct bytes value);

NODISCARD struct session_state *session_state_with_role(struct session_state *s, struct bytes role);
NODISCARD struct session_state *session_state_with_next_transaction(struct session_state *s,
                                                                    struct bytes text);

/* The variable is as at the login again. */
NODISCARD struct session_state *session_state_without_variable(struct session_state *s,
                                                               struct bytes name);
/* A schema was selected: that sets the character set and the collation of the schema to its own,
 * whatever was set before. Without memory the state stays as it is. */
NODISCARD struct session_state *session_state_with_schema_charset(struct session_state *s);

/* As after COM_RESET_CONNECTION: schema and role stay, `login` gives the rest. */
NODISCARD struct session_state *session_state_after_reset(struct session_state *s,
                                                          const struct session_state *login);

/* What of a session the meaning of a statement depends on while it is prepared: the schema, how
 * text is read, and variables but for those of statement_vars.def. The caller owns one reference;
 * NULL when out of memory. */
NODISCARD struct session_state *session_state_at_prepare(const struct session_state *s);

struct session_state *session_state_hold(struct session_state *s);
void session_state_release(struct session_state *s);

/* The value of a variable, NULL when it was not set. */
const char *session_state_get(const struct session_state *s, const char *name);

/* The id of a collation, 0 when unknown. */
unsigned collation_id(const char *collation);

/* Name of the character set and collation of an id, as sent in logins; false when unknown. */
NODISCARD bool collation_find(unsigned id, const char **character_set, const char **collation);

#endif
