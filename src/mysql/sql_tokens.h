/* SPDX-License-Identifier: Apache-2.0
 * Tokens of a text that is at hand whole, for what must be read exactly. Unlike the lexer
 * (sql_scan.h), which judges any text, this one gives up: what could be read in more than one way
 * (executable comments, hints, a byte beyond ASCII outside of a string, an unterminated string) is
 * a token of kind SQL_TOKEN_ODD, and nothing comes behind it. */
#ifndef WEIR_MYSQL_SQL_TOKENS_H
#define WEIR_MYSQL_SQL_TOKENS_H

#include "mysql/sql_scan.h"

#include <stddef.h>

enum sql_token_kind {
    SQL_TOKEN_END, /* of the text, or of its only statement: nothing but space behind the ; */
    SQL_TOKEN_WORD,
    SQL_TOKEN_NAME, /* in backticks */
    SQL_TOKEN_STRING,
    SQL_TOKEN_NUMBER, /* digits, perhaps with a dot */
    SQL_TOKEN_BYTE,   /* any other, alone */
    SQL_TOKEN_ODD
};

struct sql_token {
    enum sql_token_kind kind;
    struct bytes text; /* as written, without the quotes */
    size_t begin;      /* where it begins in the text, its quote included */
    size_t end;        /* behind its last byte */
    uint8_t byte;      /* of BYTE */
    bool gap;          /* space or a comment stands before it */
    bool plain;        /* of NAME and STRING: printable ASCII without quotes or backslashes */
};

struct sql_tokens {
    struct bytes text;
    size_t at;
    struct sql_mode mode;
    struct sql_token token; /* the current one */
};

/* Stands on the first token. */
void sql_tokens_begin(struct sql_tokens *t, struct sql_mode mode, struct bytes text);
void sql_tokens_next(struct sql_tokens *t);

/* The current token is this word (in upper case), or this byte. */
NODISCARD bool sql_token_is_word(const struct sql_tokens *t, const char *upper);
NODISCARD bool sql_token_is_byte(const struct sql_tokens *t, uint8_t byte);

/* The same, and steps behind it if so. */
bool sql_tokens_take_word(struct sql_tokens *t, const char *upper);
bool sql_tokens_take_byte(struct sql_tokens *t, uint8_t byte);

/* A word, or a plain name in backticks: anything that names a thing. */
NODISCARD bool sql_tokens_take_name(struct sql_tokens *t, struct bytes *name);

NODISCARD static inline bool sql_tokens_at_end(const struct sql_tokens *t)
{
    return t->token.kind == SQL_TOKEN_END;
}

#endif
