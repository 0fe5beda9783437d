/* SPDX-License-Identifier: Apache-2.0
 * PREPARE, EXECUTE and DEALLOCATE as SQL text: which name, which text. Only plain forms are read,
 * the rest is refused.
 * Source: https://mariadb.com/kb/en/prepare-statement/, …/execute-statement/,
 * …/deallocate-drop-prepare/, …/execute-immediate/ */
#ifndef WEIR_MYSQL_SQL_TEXT_STATEMENT_H
#define WEIR_MYSQL_SQL_TEXT_STATEMENT_H

#include "base/writer.h"
#include "mysql/sql_scan.h"

enum sql_text_statement_kind {
    SQL_TEXT_PREPARE,           /* PREPARE name FROM … */
    SQL_TEXT_EXECUTE,           /* EXECUTE name [USING …] */
    SQL_TEXT_EXECUTE_IMMEDIATE, /* EXECUTE IMMEDIATE … */
    SQL_TEXT_DEALLOCATE,        /* DEALLOCATE or DROP PREPARE name */
};

struct sql_text_statement {
    enum sql_text_statement_kind kind;
    struct bytes name;     /* plain ASCII, as written; names are case-insensitive */
    bool is_literal;       /* what is prepared is a string literal, whose value was written */
    struct bytes variable; /* else: it is the value of this user variable; empty: none of both */
    bool any_arguments;    /* EXECUTE … USING more than user variables and constants */
};

/* Reads a text that is one of these statements and nothing else, but for space, plain comments and
 * a last semicolon. The value of a literal is appended to `value`, which needs room for as many
 * bytes as the text has. False: it is something else, or not to be read with certainty. */
NODISCARD bool sql_text_statement_read(struct bytes sql, struct sql_mode mode,
                                       struct sql_text_statement *out, struct writer *value);

#endif
