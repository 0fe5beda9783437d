/* SPDX-License-Identifier: Apache-2.0
 * A small lexer that sees what the server's trackers cannot tell: which statements a COM_QUERY
 * holds and what each does to, or asks of, the session. Allocation-free and resumable: a statement
 * of any length is scanned piece by piece as it passes, with the same result at every cut.
 *
 * It errs on one side only: what it cannot judge gets an effect (UNKNOWN_VERB, STORED_CODE,
 * UNTERMINATED) that pins. Comments and quotes follow
 * https://dev.mysql.com/doc/refman/8.4/en/comments.html, https://mariadb.com/kb/en/comment-syntax/
 * and …/string-literals.html. The contents of executable comments (slash-star-bang,
 * slash-star-M-bang) count as statement text, whatever their version; where a server that skips
 * them would read something else than one that executes them, the text is doubted (UNKNOWN_VERB).
 *
 * Two effects can end a pin: TOUCHES_TABLE (set only when the last statement surely does) and
 * UNLOCK (with BACKUP_LOCK: of a backup lock; without: of tables). Neither is set together with
 * UNKNOWN_VERB or UNTERMINATED, nor in a text with executable comments. A text with several
 * statements may lock and unlock in any order. */
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

struct sql_variable_info;
struct sql_body;
struct sql_name;
struct sql_names;
struct sql_user_variables;

/* How the server would read the text. */
struct sql_mode {
    const struct sql_names *names; /* what is known of stored code, NULL: nothing (sql_names.h) */
    bool ansi_quotes;              /* "x" is a name, not a string */
    bool no_backslash_escapes;     /* \ is an ordinary character */
    bool mariadb;          /* M! comments are executed; MySQL takes them as plain comments */
    bool multi_byte_trail; /* sjis, cp932, gbk, gb18030, big5: 0x5c, 0x60, 0x27… may be the second
                              byte of a character */
};

enum sql_kill_kind { SQL_KILL_NONE, SQL_KILL_CONNECTION, SQL_KILL_QUERY };

#define SQL_NAME_MAX          64
#define SQL_COLLATION_UNKNOWN "?"

struct sql_scan {
    /* results, complete after sql_scan_end */
    enum sql_verb verb;      /* of the first statement */
    unsigned statements;     /* that hold anything but space and comments */
    sql_effects_t effects;   /* of all statements together */
    enum sql_kill_kind kill; /* KILL [CONNECTION|QUERY] <decimal literal> as the only statement */
    uint64_t kill_id;
    char collation[SQL_NAME_MAX +
                   1]; /* of SET NAMES … COLLATE x, the last one; "" when it is the default of the
                          character set, SQL_COLLATION_UNKNOWN when only the server knows it */
    unsigned sets;     /* statements that are a SET or USE */
    bool aggregates;   /* calls COUNT, MAX and the like */
    bool only_ping;    /* the statement is a lone SELECT <decimal literal>: for statistics */

    /* private: the text (sql_scan.c) */
    struct sql_user_variables *user_variables; /* collects their names, or NULL */
    struct sql_mode mode;
    uint8_t state;
    uint8_t quote;         /* that ends the string or name we are in */
    uint8_t previous;      /* last byte of the piece before */
    const uint8_t *piece;  /* that is being scanned */
    uint8_t version_size;  /* digits of an executable comment's version so far */
    uint8_t comment_depth; /* executable comments that are open */
    uint8_t hint_quotes;   /* one bit per kind of quote that is open in a hint */
    bool comment_is_hint;
    bool comment_is_skipped; /* an executable comment for a version that will never be */
    bool gap;                /* space or a comment since the last token */
    bool wants_text;         /* the judge wants to see the text of strings */
    bool text_cut;           /* text[] could not hold all of it */
    uint8_t text_size;
    char text[SQL_NAME_MAX + 1]; /* of a token that began in a piece before */
    uint8_t word_bits;           /* all its bytes, or-ed */
    bool number_is_plain;        /* digits that fit 64 bits */
    bool number_is_named;        /* has letters */
    uint32_t hash;
    uint64_t number;

    /* private: what the tokens so far mean (sql_judge.c) */
    uint8_t step;       /* what the statement's verb wants to see next */
    uint8_t last;       /* kind of the last token */
    uint16_t last_row;  /* its row in the table of words */
    uint16_t last_word; /* the same if it was neither quoted nor behind a dot, else 0 */
    uint16_t qualifier; /* row of the word before the dot */
    bool started;       /* the statement holds a token */
    bool last_is_name;  /* the last token stood where a table or alias is named */
    bool name_next;     /* the next one will */
    bool last_is_dotted;
    bool from_counts; /* FROM of a SELECT, not of EXTRACT and its like */
    bool no_calls;    /* in a definition, where a name before "(" is never called */
    bool has_with;    /* a name behind FROM may be that of a common table expression */
    bool after_cte;
    bool in_limit; /* since the last word */
    bool touches;  /* this statement (then: the last one) touches a table */
    bool has_body; /* a stored program's text: what follows may not run */
    bool has_executable_comment;
    bool comment_is_harmless; /* holds only words that steer nothing */
    uint8_t comment_place;    /* where this statement's executable comments stand */
    bool sets_mode;           /* changes sql_mode: quotes may mean something else after it */
    bool mode_in_doubt;
    bool sets_charset;
    bool kill_complete;
    unsigned depth;     /* of parentheses */
    uint64_t select_at; /* one bit per depth: a SELECT stands there */
    uint64_t with_at;   /* … WITH, and its names may follow */
    uint64_t cte_at;    /* … it is the body of a common table expression */
    unsigned id_calls;  /* LAST_INSERT_ID( */
    unsigned id_reads;  /* of these with nothing in the parentheses */
    uint8_t scope;      /* of the variable that SET is about */
    enum sql_kill_kind kill_kind;
    uint8_t statement_verb; /* enum sql_verb of the current statement */
    const struct sql_variable_info *variable;
    bool awaits_procedure;         /* CALL: its name is not complete */
    sql_effects_t stored;          /* of the objects that this statement names */
    const struct sql_name *object; /* of the catalogue that the last name stands for, NULL none */
    const struct sql_name *object_qualifier; /* the same for the name before its dot */
    struct sql_body *body;                   /* a body is judged, see sql_body.c; NULL */
};

/* Pieces of one text, in order; the result does not depend on where it was cut. */
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
