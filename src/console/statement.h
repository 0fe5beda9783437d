/* SPDX-License-Identifier: Apache-2.0
 * Which command a text is: found by the patterns of commands.def. Pure; the rest of the statement
 * is left to the command. */
#ifndef WEIR_CONSOLE_STATEMENT_H
#define WEIR_CONSOLE_STATEMENT_H

#include "mysql/sql_tokens.h"

struct answer;
struct console_run;

/* COMMAND(name, pattern, arguments, table, like, function, help): see commands.def. */
struct console_command {
    const char *name;
    const char *pattern;
    const char *arguments;
    const char *select; /* the SELECT that answers it, NULL: `run` does */
    const char *like;   /* the column of that SELECT that LIKE is about */
    void (*run)(struct console_run *r);
    const char *help;
};

const struct console_command *console_commands(size_t *count);

struct statement {
    const struct console_command *command;
    struct sql_tokens rest; /* behind the pattern */
    struct bytes text;      /* all of it, comments blanked */
};

/* Blanks comments and the frames of executable ones, in place: "/" "*!40101 SET x *" "/" is SET x.
 */
void statement_blank_comments(uint8_t *text, size_t size);

/* Finds the command of a text whose comments are blanked. False, with the error in `answer`, when
 * it is none. The text is borrowed. */
NODISCARD bool statement_parse(struct statement *s, struct bytes text, struct answer *answer);

/* Does one of the pattern's words stand there? In upper case. */
NODISCARD bool statement_has(const struct statement *s, const char *word);

/* "… near 'x'", and HELP. */
void statement_wrong(const struct statement *s, struct answer *answer);

/* Stands at the end, else the error is in `answer`. */
NODISCARD bool statement_is_over(const struct statement *s, struct answer *answer);

/* The text of a string token, without quotes and escapes. False when `out` is too small. */
NODISCARD bool statement_unquote(const struct sql_token *t, char *out, size_t out_size,
                                 size_t *size);

#endif
