/* SPDX-License-Identifier: Apache-2.0
 * The words of SQL that the lexer knows, found by a hash that it computes while it passes over
 * them. sql_keywords.def and sql_functions.def are the tables; sql_word_slots.def is the hash
 * table made from them by tools/sql_word_slots.py. */
#ifndef WEIR_MYSQL_SQL_WORDS_H
#define WEIR_MYSQL_SQL_WORDS_H

#include "mysql/sql_scan.h"

#include <stddef.h>

#define SQL_WORD(name, callable)                  SQL_WORD_##name,
#define SQL_TIGHT_WORD(name, callable, tight)     SQL_WORD_##name,
#define SQL_AGGREGATE_WORD(name, callable, tight) SQL_WORD_##name,
#define SQL_CALL_WORD(name, callable, effect)     SQL_WORD_##name,
#define SQL_SEEN_WORD(name, callable, effect)     SQL_WORD_##name,
#define SQL_TABLE_WORD(name, effects)             SQL_WORD_##name,
enum sql_word {
    SQL_NO_WORD, /* a name, or a word that does not matter */
#include "mysql/sql_functions.def"
#include "mysql/sql_keywords.def"
    SQL_WORDS_TOTAL
};
#undef SQL_WORD
#undef SQL_TIGHT_WORD
#undef SQL_AGGREGATE_WORD
#undef SQL_CALL_WORD
#undef SQL_SEEN_WORD
#undef SQL_TABLE_WORD

/* Which family of servers a row is about. */
enum sql_family { SQL_FAMILY_NEITHER, SQL_FAMILY_MARIADB, SQL_FAMILY_MYSQL, SQL_FAMILY_BOTH };

/* What has the effects of a row: a call, any mention, or naming it behind FROM or JOIN or as a
 * table of the information schemas. */
enum sql_when { SQL_WHEN_CALLED, SQL_WHEN_SEEN, SQL_WHEN_TABLE };

struct sql_word_info {
    const char *name; /* upper case */
    uint8_t size;
    uint8_t callable; /* families in which it may stand before "(" without being stored code */
    uint8_t tight;    /* families in which that holds only without space before the "(" */
    bool aggregate;   /* makes one row of many */
    uint8_t when;     /* enum sql_when: what has `effects` */
    sql_effects_t effects;
};

extern const struct sql_word_info sql_word_infos[SQL_WORDS_TOTAL];

/* enum sql_verb of a statement that begins with the word; SQL_VERB_NONE when none does. */
extern const uint8_t sql_word_verbs[SQL_WORDS_TOTAL];

/* 0 for bytes that end a word; the byte itself, in upper case, for the others: letters, digits,
 * _, $ and everything from 0x80 up. */
extern const uint8_t sql_word_fold[256];

#define SQL_HASH_BEGIN UINT32_C(0)
static inline uint32_t sql_hash_byte(uint32_t hash, uint8_t folded)
{
    return hash * 33 + folded;
}

/* The row of a word whose folded bytes hash to `hash`. */
NODISCARD enum sql_word sql_word_find(uint32_t hash, struct bytes text);

/* Case-insensitive; `upper` is in upper case. */
NODISCARD bool sql_text_is(struct bytes text, const char *upper);

/* In on_set: the other effects, unless the value is 0, OFF or FALSE. */
#define SQL_SET_UNLESS_ZERO (UINT64_C(1) << 63)
_Static_assert(SQL_EFFECT_COUNT < 63, "the bit above the effects is taken");

/* A row of sql_variables.def. */
struct sql_variable_info {
    const char *name; /* upper case; a last * stands for any rest */
    sql_effects_t on_read;
    sql_effects_t on_set;
    sql_effects_t on_set_unscoped; /* SET @@name without GLOBAL, SESSION … */
};

/* NULL for a variable that is not in the table. */
NODISCARD const struct sql_variable_info *sql_variable_find(struct bytes name);

/* A name with letters beyond ASCII: MySQL takes an accented letter in the name of a system variable
 * for the letter without it, so this may be any of them. */
NODISCARD bool sql_variable_is_accented(struct bytes name);
/* Effects of @@name in an expression. */
NODISCARD sql_effects_t sql_variable_on_read(struct bytes name);

/* Effects of reading every variable that a LIKE pattern can match: SHOW VARIABLES reads them too.
 */
NODISCARD sql_effects_t sql_variables_like(struct bytes pattern);

#endif
