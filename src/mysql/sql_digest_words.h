/* SPDX-License-Identifier: Apache-2.0
 * The words that digests know: sql_digest_words.def, found by the hash of sql_words.h. */
#ifndef WEIR_MYSQL_SQL_DIGEST_WORDS_H
#define WEIR_MYSQL_SQL_DIGEST_WORDS_H

#include "base/attrs.h"
#include "base/bytes.h"

/* See sql_digest_words.def. */
enum sql_digest_group {
    SQL_DIGEST_OTHER,
    SQL_DIGEST_OPERAND,
    SQL_DIGEST_PREFIX,
    SQL_DIGEST_IN,
    SQL_DIGEST_NULL
};

struct sql_digest_word {
    const char *name; /* upper case */
    const char *text; /* that digests have for it */
    uint8_t name_size;
    uint8_t text_size;
    uint8_t group;   /* enum sql_digest_group */
    bool only_calls; /* a name, unless "(" stands right behind it */
};

/* NULL when it is a name. */
NODISCARD const struct sql_digest_word *sql_digest_word_find(struct bytes text);

/* For tests: row `i`, NULL behind the last. */
const struct sql_digest_word *sql_digest_word_row(size_t i);

#endif
