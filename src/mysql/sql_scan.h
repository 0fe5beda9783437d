/* SPDX-License-Identifier: Apache-2.0
 * A small lexer that sees what the server's trackers cannot tell: which statements a COM_QUERY
 * holds and what each does to, or asks of, the session. Allocation-free and resumable: a statement
 * of any length is scanned piece by piece as it passes, with the same result at every cut.
 *
 * It errs on one side only: what it cannot judge gets an effect (UNKNOWN_VERB, STORED_CODE,
 * UNTERMINATED) that pins. Comments and quotes follow
 * https://dev.mysql.com/doc/refman/8.4/en/comments.html, https://mariadb.com/kb/en/comment-syntax/
 * and …/string-literals.html; the contents of executable comments (slash-star-bang, slash-star-M-bang) count as statement text. */
#ifndef WEIR_MYSQL_SQL_SCAN_H
#define WEIR_MYSQL_SQL_SCAN_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define SQL_EFFECT(name, text) SQL_EFFECT_##name,
enum sql_effect {
#include "mysql/sql_effects.def"
    SQL_EFFECT_COUNT
};
#undef SQL_EFFECT
typedef uint64_t sql_effects_t;
#define SQL_EFFECT_BIT(name) (UINT64_C(1) << SQL_EFFECT_##name)

#define SQL_VERB(name, effects) SQL_VERB_##name,
enum sql_verb {
    SQL_VERB_NONE, /* nothing but space and comments so far */
#include "mysql/sql_verbs.def"
    SQL_VERB_OTHER,
    SQL_VERB_COUNT
};
#undef SQL_VERB

/* How the server would read the text. */
struct sql_mode {
    bool ansi_quotes;          /* "x" is a name, not a string */
    bool no_backslash_escapes; /* \ is an ordinary character */
    bool mariadb;              /* M! comments are executed; MySQL takes them as plain comments */
    bool multi_byte_trail;     /* sjis, cp932, gbk, gb18030, big5: 0x5c, 0x60, 0x27… may be the second
                                  byte of a character */
};

enum sql_kill_kind { SQL_KILL_NONE, SQL_KILL_CONNECTION, SQL_KILL_QUERY };

#define SQL_NAME_MAX 64

struct sql_scan {
    /* results, complete after sql_scan_end */
    enum sql_verb verb;       /* of the first statement */
    unsigned statements;      /* that hold anything but space and comments */
    sql_effects_t effects;    /* of all statements together */
    enum sql_kill_kind kill;  /* KILL [CONNECTION|QUERY] <decimal literal> as the only statement */
    uint64_t kill_id;
    char collation[SQL_NAME_MAX + 1]; /* of SET NAMES … COLLATE x, the last one; "" when none or DEFAULT */
    bool only_ping;           /* the statement is a lone SELECT <decimal literal>: for statistics */

    /* private */
    struct sql_mode mode;
    int state;
    unsigned executable_comment_depth;
    bool word_is_quoted;
    uint8_t word_size; /* longer words are cut: none of ours is that long */
    bool word_cut;
    char word[SQL_NAME_MAX + 1];
    uint8_t quote;
    unsigned paren_depth;
    unsigned token_index;    /* of the current statement */
    int context;             /* what the previous tokens make of the next one */
    int context_detail;
    uint8_t pending;         /* first byte of a two-byte token, 0 none */
    uint8_t pending2;
};

void sql_scan_begin(struct sql_scan *s, struct sql_mode mode);
void sql_scan_feed(struct sql_scan *s, struct bytes piece);
void sql_scan_end(struct sql_scan *s);

/* begin, feed, end. */
void sql_scan_text(struct sql_scan *s, struct sql_mode mode, struct bytes text);

NODISCARD static inline bool sql_scan_has(const struct sql_scan *s, enum sql_effect effect)
{
    return (s->effects >> effect & 1) != 0;
}

const char *sql_effect_name(enum sql_effect effect);
const char *sql_effect_text(enum sql_effect effect);
const char *sql_verb_name(enum sql_verb verb);

#endif
