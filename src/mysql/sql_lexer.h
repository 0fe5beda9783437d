/* SPDX-License-Identifier: Apache-2.0
 * Lexemes of any text that is at hand, cut off somewhere or not even SQL, in the way in which MySQL
 * cuts a text: for what is made of statements for people to read (digests, texts without their
 * secrets). Unlike sql_scan.h it judges nothing, unlike sql_tokens.h it never gives up; nothing
 * that decides about a session may rest on it.
 * Source: https://dev.mysql.com/doc/refman/9.1/en/literals.html, …/identifiers.html,
 * …/comments.html, …/optimizer-hints.html */
#ifndef WEIR_MYSQL_SQL_LEXER_H
#define WEIR_MYSQL_SQL_LEXER_H

#include "mysql/sql_scan.h"

#include <stddef.h>

enum sql_lexeme_kind {
    SQL_LEXEME_END,
    SQL_LEXEME_WORD,     /* a keyword or a name, without quotes */
    SQL_LEXEME_NAME,     /* a name for sure: in quotes, or beside a dot */
    SQL_LEXEME_STRING,   /* a literal in quotes of any kind, what stands before them included */
    SQL_LEXEME_NUMBER,   /* 0x… and 0b… too */
    SQL_LEXEME_HOST,     /* behind an @, without quotes: a user variable or a host */
    SQL_LEXEME_SYMBOL,   /* one to three bytes that are none of these */
    SQL_LEXEME_HINT,     /* slash-star-plus; what stands in it are lexemes too */
    SQL_LEXEME_HINT_END, /* its star-slash */
    SQL_LEXEME_COMMENT,  /* only when they are asked for */
};

struct sql_lexeme {
    enum sql_lexeme_kind kind;
    struct bytes text; /* as written; of a NAME without its quotes */
    size_t begin;      /* where it begins in the text, its quote included */
    size_t end;        /* behind its last byte */
    uint8_t quote;     /* of a NAME or STRING; 0 none */
    bool unterminated; /* the text ends in it */
    bool calls;        /* of a WORD: an opening parenthesis stands right behind it */
};

struct sql_lexer {
    struct bytes text;
    size_t at;
    struct sql_mode mode;
    bool with_comments;
    bool in_hint;
    unsigned executable;    /* executable comments that are open */
    size_t name_end;        /* of the lexeme before, when it was a name or a word; 0 */
    bool after_dot;         /* it was a dot */
    uint8_t at_signs;       /* … one or two of these */
    struct bytes last_word; /* … a WORD; empty: something else */
};

void sql_lexer_begin(struct sql_lexer *l, struct sql_mode mode, struct bytes text);

/* The next one; END for ever at the end. */
void sql_lexer_next(struct sql_lexer *l, struct sql_lexeme *x);

/* Is it this one? */
NODISCARD static inline bool sql_lexeme_is_symbol(const struct sql_lexeme *x, const char *symbol)
{
    return x->kind == SQL_LEXEME_SYMBOL && bytes_equal_text(x->text, symbol);
}

#endif
