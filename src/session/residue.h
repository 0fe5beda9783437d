/* SPDX-License-Identifier: Apache-2.0
 * Residue: what a statement leaves for the next one to ask (FOUND_ROWS, ROW_COUNT, LAST_INSERT_ID,
 * the diagnostics area). It is recorded from replies, read back from a link that is wanted by
 * somebody else when replies did not tell, and primed on another link for a statement that asks.
 * Measured on MariaDB 10.11: a result set sets FOUND_ROWS, other statements leave it; a statement
 * that touches no table leaves the diagnostics area. */
#ifndef WEIR_SESSION_RESIDUE_H
#define WEIR_SESSION_RESIDUE_H

#include "base/bytes.h"
#include "mysql/server_version.h"
#include "mysql/sql_scan.h"
#include "session/kept_conditions.h"

#include <stdbool.h>
#include <stdint.h>

struct client;
struct link;

/* A condition that can be raised again, exactly. */
#define CONDITION_TEXT_MAX 400
struct condition {
    uint16_t code;
    bool warning; /* else an error */
    char sqlstate[6];
    char message[CONDITION_TEXT_MAX + 1]; /* plain ASCII without backslashes */
};

enum diagnostics {
    DIAGNOSTICS_EMPTY,
    DIAGNOSTICS_ON_LINK, /* conditions are there, and only the link knows them */
    DIAGNOSTICS_SAVED,   /* one condition, in `condition` */
    DIAGNOSTICS_KEPT,    /* in `kept`; what is on the link only stands in for them */
    DIAGNOSTICS_STANDING /* the same, unless a statement there has cleared it or added to it */
};

struct residue {
    int64_t row_count;
    uint64_t found_rows;
    uint64_t last_insert_id;
    bool found_rows_known;
    bool last_insert_id_known;
    bool signals; /* conditions may have any SQLSTATE, whatever their number */
    enum diagnostics diagnostics;
    char error_sqlstate[6];       /* of the last ERR */
    uint16_t counted;             /* conditions on the link, read back just before them */
    struct condition *condition;  /* owned */
    struct kept_conditions *kept; /* owned; NULL none */
};

/* What is known of the residue that a link has, whoever left it. */
struct residue_left {
    bool known[4]; /* per aspect, in the order below */
    int64_t row_count;
    uint64_t found_rows;
    uint64_t last_insert_id; /* the fourth aspect, diagnostics, is known when it is empty */
};

/* As after a login. */
void residue_init(struct residue *r);
void residue_fini(struct residue *r);
/* As after COM_RESET_CONNECTION and COM_CHANGE_USER, which leave FOUND_ROWS as it was. */
void residue_reset(struct residue *r);
void residue_set_diagnostics(struct residue *r, enum diagnostics d);

/* Can SIGNAL say this message again, byte for byte? */
NODISCARD bool residue_can_be_said(struct bytes message, struct server_version server);

/* Can a warning or error have this SQLSTATE again? */
NODISCARD bool residue_can_be_raised(const struct client *c, const char *sqlstate, bool warning);

/* Does the server take a block of statements, as the client's session is? */
NODISCARD bool residue_has_blocks(const struct client *c);

#define RESIDUE_ALL                                                                                \
    (SQL_EFFECT_BIT(READS_FOUND_ROWS) | SQL_EFFECT_BIT(READS_ROW_COUNT) |                          \
     SQL_EFFECT_BIT(READS_LAST_INSERT_ID) | SQL_EFFECT_BIT(READS_DIAGNOSTICS))

/* Keeps the only condition, if its message can be said again. */
NODISCARD bool residue_save_condition(struct client *c, uint16_t code, const char *sqlstate,
                                      bool warning, struct bytes message);

/* Adds the chore that raises it: a warning with an SQLSTATE that none can have, with 01000. */
void residue_prime_condition(const struct client *c, struct link *l,
                             const struct condition *condition);

/* As after a statement that failed with this error: Weir raised it, no link has it. */
void residue_of_error(struct client *c, uint16_t code, const char *sqlstate, struct bytes message);

/* As on a link that was just opened or reset. */
void residue_left_init(struct residue_left *left);

/* A lease begins: what of the residue on the link happens to be this client's too, or still is. */
void residue_begin_lease(struct client *c, struct link *l);

/* A lease ends: remembers what is on the link. */
void residue_end_lease(const struct client *c, struct link *l);

/* What the client's request may ask of statements before it, or may leave as it is, and would not
 * find true on this link. A request that is not seen whole, or runs code that nobody has read, may
 * ask for anything. */
sql_effects_t residue_missing(const struct client *c, const struct link *l);
/* True when priming that would change what the link alone knows: it is read first. */
NODISCARD bool residue_must_be_read(const struct client *c, const struct link *l);
/* The same before any SET, which clears them on MySQL. */
NODISCARD bool residue_must_be_read_for_set(const struct client *c);

/* Does the request surely clear the diagnostics area before it fills it? MariaDB does at a
 * statement that uses a table, MySQL at every statement that is not about diagnostics. */
NODISCARD bool residue_clears_diagnostics(const struct client *c);

/* The chores that were planned so far change residue: they are counted, find rows, may warn. */
void residue_disturbed(struct link *l);

/* Adds the chores that make the residue true for a request that misses `reads`; call between
 * link_chores_begin and link_chores_send. May pin the client. False when a value cannot be primed.
 */
NODISCARD bool residue_prime(struct client *c, struct link *l, sql_effects_t reads);

/* Does this statement send rows and yet leave FOUND_ROWS as it is? */
NODISCARD bool residue_is_left(const struct sql_scan *s);

/* Is everything known that the link's client may ask later? */
NODISCARD bool residue_is_known(const struct client *c);

/* Does only the link know the conditions, or whether they are still there? */
NODISCARD bool residue_is_in_doubt(const struct residue *r);

/* The chores that ask a link before it leaves were planned: what they leave true there. */
void residue_asked(const struct client *c, struct link *l);

/* Adds the chores that ask the link for its conditions. */
void residue_ask_diagnostics(struct client *c, struct link *l);
/* Adds the chores that ask the link; their answers come to residue_read_back. */
void residue_ask(struct client *c, struct link *l);

/* True when the diagnostics were read and the rest could not be asked for at the same time. */
NODISCARD bool residue_asks_again(const struct client *c);
/* A whole reply to one of the chores that ask, to CHORE_READ_DIAGNOSTICS with `rows` rows. False
 * when it is not what was asked for, or what Weir cannot keep. */
NODISCARD bool residue_read_count(struct residue *r, struct bytes reply);
NODISCARD bool residue_read_diagnostics(struct client *c, struct bytes reply, uint64_t rows);
/* What is on the link is what was just read there. */
void residue_looked(struct client *c);
NODISCARD bool residue_read_numbers(struct residue *r, struct bytes reply);

#endif
