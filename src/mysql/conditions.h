/* SPDX-License-Identifier: Apache-2.0
 * The conditions of a statement (errors, warnings, notes) as SHOW WARNINGS tells them: read from a
 * server's reply, told again to a client, and what is put in their place on another link.
 *
 * No statement makes the conditions of any other statement again: SIGNAL raises one, and never a
 * note. But as many others can be made ("stand-ins"), so that everything that only counts them is
 * right, and the server itself decides whether a statement clears them. */
#ifndef WEIR_MYSQL_CONDITIONS_H
#define WEIR_MYSQL_CONDITIONS_H

#include "base/attrs.h"
#include "base/writer.h"

#include <stdbool.h>

struct condition_view {
    struct bytes level; /* Note, Warning, Error */
    struct bytes message;
    uint16_t code;
};

/* A complete reply to SHOW WARNINGS in link dialect: how many conditions, and how many of them are
 * errors. False when it is something else. */
NODISCARD bool conditions_count(struct bytes reply, unsigned *count, unsigned *errors);

/* The one with this number, from 0. */
NODISCARD bool conditions_find(struct bytes reply, unsigned number, struct condition_view *found);

/* No byte of a message is beyond ASCII. */
NODISCARD bool conditions_are_ascii(struct bytes reply);

/* What of a reply is told. */
struct conditions_choice {
    bool errors_only; /* SHOW ERRORS */
    bool binary;      /* rows as for COM_STMT_EXECUTE */
    uint64_t offset;
    uint64_t limit;
    uint16_t status; /* flags of the reply's end */
};

/* A reply to SHOW WARNINGS made of an older one. Room for CONDITIONS_ROW_EXTRA more per row and
 * CONDITIONS_END_SIZE is enough. */
#define CONDITIONS_ROW_EXTRA 16
#define CONDITIONS_END_SIZE  16
void conditions_write(struct writer *w, struct bytes reply, const struct conditions_choice *choice);

/* -------- stand-ins -------- */

/* The longest statement that makes up to CONDITIONS_MAX of them. */
#define CONDITIONS_MAX       63
#define CONDITIONS_TEXT_SIZE 2600

/* The statement that makes them, for the conditions of `reply`. False when none does: there is more
 * than one error. */
NODISCARD bool conditions_write_stand_ins(struct writer *w, struct bytes reply);

/* How many rows `fresh` has, from the first on, that stand in for rows of `kept`. */
NODISCARD unsigned conditions_standing(struct bytes fresh, struct bytes kept);

/* `fresh` with the rows of `kept` where others stand in for them. Room as for conditions_write, of
 * both. */
void conditions_merge(struct writer *w, struct bytes fresh, struct bytes kept);

/* -------- SQLSTATE -------- */

/* Of an error with this code, when it is raised by the server itself. */
NODISCARD const char *conditions_sqlstate(unsigned code, bool mariadb);

#endif
