/* SPDX-License-Identifier: Apache-2.0
 * Where in the text the lexer is; shared by sql_scan.c and sql_scan_comment.c alone. */
#ifndef WEIR_MYSQL_SQL_SCAN_STATE_H
#define WEIR_MYSQL_SQL_SCAN_STATE_H

#include "mysql/sql_scan.h"

enum sql_state {
    SQL_STATE_BETWEEN, /* two tokens */
    SQL_STATE_WORD,
    SQL_STATE_NUMBER,
    SQL_STATE_STRING,
    SQL_STATE_STRING_ESCAPE, /* behind a backslash */
    SQL_STATE_NAME,          /* quoted */
    SQL_STATE_AT,            /* behind @ */
    SQL_STATE_DASH,          /* behind - */
    SQL_STATE_DASH_DASH,
    SQL_STATE_SLASH,
    SQL_STATE_STAR, /* behind * in an executable comment */
    SQL_STATE_LINE_COMMENT,
    SQL_STATE_COMMENT_OPEN,   /* behind slash-star */
    SQL_STATE_COMMENT_OPEN_M, /* … and M */
    SQL_STATE_VERSION,        /* behind slash-star-bang */
    SQL_STATE_COMMENT,
    SQL_STATE_COMMENT_STAR, /* behind * in a comment */
    SQL_STATE_COMMENT_SLASH /* behind / in a comment that is skipped for its version */
};

static inline void sql_enter(struct sql_scan *s, enum sql_state state)
{
    s->state = (uint8_t)state;
}

/* Behind slash-star. */
void sql_open_comment(struct sql_scan *s);

/* Inside a comment: the byte from which to go on. */
const uint8_t *sql_scan_comment(struct sql_scan *s, const uint8_t *p, const uint8_t *end);

/* Behind the star and slash that end an executable comment. */
void sql_close_executable_comment(struct sql_scan *s);

#endif
