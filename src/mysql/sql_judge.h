/* SPDX-License-Identifier: Apache-2.0
 * What the tokens of a text mean to the session: the half of the lexer behind sql_scan.c, which
 * cuts the text into tokens. Only for the sql_*.c files. */
#ifndef WEIR_MYSQL_SQL_JUDGE_H
#define WEIR_MYSQL_SQL_JUDGE_H

#include "mysql/sql_scan.h"
#include "mysql/sql_words.h"

/* What the current statement's verb wants to see next. Beyond PLAIN, tokens go to sql_verb.c,
 * beyond SET to sql_set.c. */
enum sql_step {
    SQL_STEP_START, /* no verb yet */
    SQL_STEP_PLAIN, /* nothing special */
    SQL_STEP_SELECT,
    SQL_STEP_SELECT_NUMBER,
    SQL_STEP_SELECT_DOLLARS,
    SQL_STEP_NOTHING, /* the end of the statement */
    SQL_STEP_BEGIN,
    SQL_STEP_START_TRANSACTION,
    SQL_STEP_RELEASE,
    SQL_STEP_LOCK,
    SQL_STEP_UNLOCK,
    SQL_STEP_BACKUP,
    SQL_STEP_FLUSH,
    SQL_STEP_LOAD,
    SQL_STEP_SHOW,
    SQL_STEP_SHOW_VARIABLES,
    SQL_STEP_SHOW_SOME_VARIABLES,
    SQL_STEP_SHOW_STATUS,
    SQL_STEP_GET,
    SQL_STEP_GET_DIAGNOSTICS,
    SQL_STEP_KILL,
    SQL_STEP_KILL_ID,
    SQL_STEP_KILL_DONE,
    SQL_STEP_SET, /* the first element of SET */
    SQL_STEP_SET_ELEMENT,
    SQL_STEP_SET_SCOPED,
    SQL_STEP_SET_SYSTEM,    /* behind @@ */
    SQL_STEP_SET_USER,      /* behind @ */
    SQL_STEP_SET_SCOPE_DOT, /* behind @@session and its like */
    SQL_STEP_SET_TARGET,    /* a variable was named: = follows */
    SQL_STEP_SET_ZERO,      /* harmless if the value is 0 */
    SQL_STEP_SET_ZERO_DONE, /* … and nothing but 0 */
    SQL_STEP_SET_VALUE,
    SQL_STEP_SET_TRANSACTION, /* all that follows are its characteristics */
    SQL_STEP_SET_NAMES,
    SQL_STEP_SET_COLLATE,
    SQL_STEP_SET_STATEMENT
};

/* Kind of the last token. */
enum sql_last {
    SQL_LAST_OTHER,
    SQL_LAST_WORD,
    SQL_LAST_NAME, /* quoted, or a word that begins with a digit */
    SQL_LAST_CLOSE,
    SQL_LAST_DOT,      /* behind a word or name */
    SQL_LAST_ID_OPEN,  /* LAST_INSERT_ID( */
    SQL_LAST_VARIABLE, /* the name behind @@ */
    SQL_LAST_AT,       /* @; from here on, a name that follows is a variable's */
    SQL_LAST_SYSTEM,   /* @@ */
    SQL_LAST_MEMBER    /* the dot behind the name behind @@ */
};

/* Executable comments may be executed or skipped. The judge follows the first reading; where they
 * stand decides whether it holds for the second. */
enum sql_comment_place {
    SQL_COMMENT_NOWHERE,
    SQL_COMMENT_FROM_START,   /* the statement begins in one: it must end in it, too */
    SQL_COMMENT_WAS_AT_START, /* behind that */
    SQL_COMMENT_IN_MIDDLE,    /* in one: it may hold the end of the statement or harmless words */
    SQL_COMMENT_WAS_IN_MIDDLE /* right behind that */
};

enum sql_scope {
    SQL_SCOPE_NONE,
    SQL_SCOPE_UNSCOPED, /* @@x */
    SQL_SCOPE_SESSION,
    SQL_SCOPE_GLOBAL,
    SQL_SCOPE_USER /* @x */
};

static inline void sql_remember(struct sql_scan *s, enum sql_last last, enum sql_word word)
{
    s->last = (uint8_t)last;
    s->last_row = (uint16_t)word;
    s->last_word = SQL_NO_WORD;
    s->last_is_dotted = false;
    s->name_next = false;
    s->after_cte = false;
}

/* Tokens, in order. `text` is as written, without quotes. */
void sql_judge_word(struct sql_scan *s, enum sql_word word, struct bytes text);
void sql_judge_name(struct sql_scan *s, enum sql_word word, struct bytes text);
void sql_judge_string(struct sql_scan *s, struct bytes text);
/* s->number; `named` when it holds letters, so that it may be a name. */
void sql_judge_number(struct sql_scan *s, bool named);
void sql_judge_at(struct sql_scan *s, bool system);
/* Everything else, byte by byte. */
void sql_judge_byte(struct sql_scan *s, uint8_t c);

/* Where the verb wants to see nothing, most values and operators only stand between words. */
static inline bool sql_judge_is_idle(const struct sql_scan *s)
{
    return s->step == SQL_STEP_PLAIN && !s->after_cte && !s->in_limit &&
           s->comment_place == SQL_COMMENT_NOWHERE;
}
/* An executable comment begins, ends. */
void sql_judge_open_comment(struct sql_scan *s);
void sql_judge_close_comment(struct sql_scan *s);
/* The end of the text: the results are complete. */
void sql_judge_end(struct sql_scan *s);

static inline void sql_add_effect(struct sql_scan *s, sql_effects_t effects)
{
    s->effects |= effects;
}

/* The text cannot be judged from here on, or not surely. */
static inline void sql_doubt(struct sql_scan *s)
{
    s->effects |= SQL_EFFECT_BIT(UNKNOWN_VERB);
}

/* sql_verb.c: the first word of a statement, then what its verb makes of the tokens after it. */
void sql_verb_begin(struct sql_scan *s, enum sql_word word);
void sql_verb_word(struct sql_scan *s, enum sql_word word, struct bytes text);
void sql_verb_string(struct sql_scan *s, struct bytes text);
void sql_verb_number(struct sql_scan *s);
void sql_verb_byte(struct sql_scan *s, uint8_t c);
void sql_verb_end(struct sql_scan *s);

/* sql_set.c: the same for SET. Quoted names come as words, with SQL_NO_WORD. */
void sql_set_word(struct sql_scan *s, enum sql_word word, struct bytes text);
void sql_set_string(struct sql_scan *s, struct bytes text);
void sql_set_number(struct sql_scan *s);
/* Another token that is only part of a value. */
void sql_set_other(struct sql_scan *s);
void sql_set_at(struct sql_scan *s, bool system);
void sql_set_byte(struct sql_scan *s, uint8_t c);
void sql_set_end(struct sql_scan *s);

#endif
