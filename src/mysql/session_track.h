/* SPDX-License-Identifier: Apache-2.0
 * The session-track block of an OK packet: what a statement changed in the session.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html
 * (Session State Information), https://mariadb.com/kb/en/ok_packet/ */
#ifndef WEIR_MYSQL_SESSION_TRACK_H
#define WEIR_MYSQL_SESSION_TRACK_H

#include "base/reader.h"
#include "base/writer.h"

enum session_track_type {
    SESSION_TRACK_SYSTEM_VARIABLE = 0,
    SESSION_TRACK_SCHEMA = 1,
    SESSION_TRACK_STATE_CHANGE = 2,
    SESSION_TRACK_GTIDS = 3,
    SESSION_TRACK_TRANSACTION_CHARACTERISTICS = 4,
    SESSION_TRACK_TRANSACTION_STATE = 5,
    SESSION_TRACK_OTHER, /* a type we do not know; value is the raw payload */
};

/* One change. A block of several system variables (MariaDB sends one block, several pairs) is
 * delivered as several changes. Views point into the block. */
struct session_change {
    enum session_track_type type;
    struct bytes name;  /* of a system variable, else empty */
    struct bytes value; /* its value, the schema, the SQL text, the 8 state characters, "1" */
};

struct session_track_reader {
    struct reader blocks;
    struct reader pairs; /* rest of a block of system variables */
    bool malformed;
};

struct session_track_reader session_track_over(struct bytes trackers);

/* False at the end, or when malformed (see the flag). */
NODISCARD bool session_track_next(struct session_track_reader *r, struct session_change *out);

/* What a client is to see of the trackers; the defaults of a session that never changed its
 * session_track_* variables. */
struct session_track_filter {
    bool schema;
    bool state_change;
    bool default_variables; /* autocommit, character_set_*, time_zone */
    bool all_variables;     /* the server itself has the client's own list */
    bool transaction_state;
    bool transaction_explicit; /* only whether an explicit one is open (see learn.c) */
    bool transaction_characteristics;
    bool everything; /* unfiltered: the client manages its trackers itself, on a pinned link */
    const char *own_variables; /* the client's own list, as it wrote it: names with commas between;
                                  NULL when it has none */
};
#define SESSION_TRACK_FILTER_DEFAULT                                                               \
    ((struct session_track_filter){.schema = true, .default_variables = true})

/* Keeps the blocks that pass, in order, and returns their size, which is never more than `size`. */
NODISCARD size_t session_track_filter_in_place(uint8_t *trackers, size_t size,
                                               const struct session_track_filter *filter);

/* Writes the blocks that pass. `out` needs room for all of `trackers`. */
void session_track_filter(struct bytes trackers, const struct session_track_filter *filter,
                          struct writer *out);

#endif
