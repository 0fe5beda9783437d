/* SPDX-License-Identifier: Apache-2.0
 * The tokens of a body, which sql_judge.c hands over as it finds them. Only for the sql_*.c files.
 */
#ifndef WEIR_MYSQL_SQL_BODY_SCAN_H
#define WEIR_MYSQL_SQL_BODY_SCAN_H

#include "mysql/sql_judge.h"
#include "mysql/sql_names.h"

struct sql_body_listener;

/* Where the tokens stand. */
enum place {
    PLACE_START,       /* of a statement */
    PLACE_IN,          /* somewhere in one */
    PLACE_SET,         /* SET: a variable is named next */
    PLACE_SET_SCOPED,  /* … behind SESSION or its like */
    PLACE_SET_SYSTEM,  /* … behind @@ */
    PLACE_SET_TARGET,  /* it was named */
    PLACE_SET_VALUE,   /* up to the next comma outside of parentheses */
    PLACE_DECLARE,     /* DECLARE: a name follows */
    PLACE_DECLARE_MORE /* … another if there is a comma */
};

/* What a handler asks of conditions is about the one that it handles. */
enum handler {
    HANDLER_NONE,
    HANDLER_DECLARED, /* its statement may end at any semicolon */
    HANDLER_BLOCK     /* it ends with an END, the first one at the earliest */
};

/* Local variables that can be told from system variables; the others count as such. */
#define LOCALS_MAX 64

struct sql_body {
    const struct sql_body_listener *listener;
    sql_effects_t effects;
    enum place place;
    enum handler handler;
    bool oracle;
    bool is_definition; /* the whole statement that creates the body */
    bool assigns;       /* in a statement whose own SET assigns columns */
    bool calls;         /* behind CALL, up to the end of the name */
    bool dotted;        /* the last name stood behind a dot */
    bool is_name;       /* … stood where no call can be */
    bool plain;         /* … was not quoted */
    uint8_t last;       /* enum sql_last */
    uint16_t last_word; /* unquoted, undotted */
    uint16_t row;       /* of the last name in the table of words */
    unsigned depth;
    unsigned set_depth;
    unsigned local_count;
    uint32_t locals[LOCALS_MAX];
    struct bytes name;      /* the last one */
    struct bytes qualifier; /* before its dot */
};

void sql_body_word(struct sql_scan *s, enum sql_word word, struct bytes text);
void sql_body_name(struct sql_scan *s, enum sql_word word, struct bytes text);
/* A string or number; `named`: a word that begins with a digit. */
void sql_body_value(struct sql_scan *s, bool named);
void sql_body_at(struct sql_scan *s, bool system);
void sql_body_byte(struct sql_scan *s, uint8_t c);
void sql_body_end(struct sql_scan *s);

/* What a body does, in terms of whoever uses it. */
void sql_body_add(struct sql_body *b, sql_effects_t effects);
/* The name behind CALL is complete, if there was a CALL. */
void sql_body_end_call(struct sql_body *b);

/* sql_body_words.c: words by what they begin or change. */
NODISCARD bool sql_body_takes_word(struct sql_body *b, enum sql_word word, struct bytes text);
NODISCARD bool sql_body_is_local(const struct sql_body *b, struct bytes text);
void sql_body_assign(struct sql_body *b, struct bytes text);
void sql_body_read_variable(struct sql_body *b, struct bytes text);
/* Neither quoted nor behind a dot. */
void sql_body_keyword(struct sql_body *b, enum sql_word word);
NODISCARD bool sql_body_opens_statement(const struct sql_body *b, enum sql_word word,
                                        struct bytes text);
void sql_body_begin_statement(struct sql_body *b);

#endif
