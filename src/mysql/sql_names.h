/* SPDX-License-Identifier: Apache-2.0
 * Names of views, tables and routines whose stored code concerns the session: what the text of a
 * statement alone does not tell. The table belongs to the caller (session/catalogue_build.c makes
 * it); the lexer looks up every name of a statement in it. Names are compared in ASCII and without
 * regard to case and schema, so an object may lend its effects to a namesake, never the reverse. */
#ifndef WEIR_MYSQL_SQL_NAMES_H
#define WEIR_MYSQL_SQL_NAMES_H

#include "mysql/sql_scan.h"

/* How a statement uses a name, and so which of its effects it has. */
enum sql_use {
    SQL_USE_NAMED,     /* anywhere: a view, a package */
    SQL_USE_WRITTEN,   /* in a statement that is not a SELECT: a table with triggers */
    SQL_USE_FUNCTION,  /* in front of "(" */
    SQL_USE_PROCEDURE, /* behind CALL */
    SQL_USE_COUNT
};

/* What the name is known to be; a set of bits. Functions and procedures that are not known are
 * stored code that nobody has scanned. */
enum sql_name_kind {
    SQL_NAME_FUNCTION = 1,
    SQL_NAME_PROCEDURE = 2,
    SQL_NAME_PACKAGE = 4, /* routines behind its dot are known, their effects are its own */
};

struct sql_name {
    const uint8_t *text;
    uint16_t size;
    uint8_t kinds;
    uint32_t hash; /* sql_name_hash of the text */
    sql_effects_t effects[SQL_USE_COUNT];
};

struct sql_names {
    const struct sql_name *rows;
    const uint32_t *slots; /* open addressing: 0, or 1 + the row's number */
    unsigned slot_bits;
    sql_effects_t anywhere;     /* of all of them together */
    sql_effects_t beyond_ascii; /* of objects whose names have other characters: of any such name */
    sql_effects_t like_numbers; /* of objects whose names begin with a digit: of any such word */
};

NODISCARD uint32_t sql_name_hash(struct bytes text);

/* Same name to sql_names_find. */
NODISCARD bool sql_name_equal(struct bytes a, struct bytes b);

/* Slots for so many rows: 1 << the result of them, half of them free at least. */
NODISCARD unsigned sql_names_slot_bits(size_t rows);

/* Fills `slots`, which the caller has zeroed. */
void sql_names_index(const struct sql_name *rows, size_t count, uint32_t *slots,
                     unsigned slot_bits);

/* NULL when nothing is known of the name. */
NODISCARD const struct sql_name *sql_names_find(const struct sql_names *names, uint32_t hash,
                                                struct bytes text);

#endif
