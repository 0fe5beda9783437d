/* SPDX-License-Identifier: Apache-2.0
 * Judges the body of a view, trigger or routine, token by token. */
#include "mysql/sql_body.h"

#include "mysql/sql_body_scan.h"
#include "mysql/sql_judge.h"

/* -------- what effects of words mean to whoever uses the body -------- */

#define READS                                                                                      \
    (SQL_EFFECT_BIT(READS_FOUND_ROWS) | SQL_EFFECT_BIT(READS_ROW_COUNT) |                          \
     SQL_EFFECT_BIT(READS_LAST_INSERT_ID) | SQL_EFFECT_BIT(READS_DIAGNOSTICS) |                    \
     SQL_EFFECT_BIT(READS_CONDITIONS))
/* Of the caller's kind, or (FOUND_ROWS) either restored behind the body or unknown anyway. */
#define OWN                                                                                        \
    (SQL_EFFECT_BIT(CONNECTION_ID) | SQL_EFFECT_BIT(PROFILING) | SQL_EFFECT_BIT(STORED_CODE) |     \
     SQL_EFFECT_BIT(STORED_STATE) | SQL_EFFECT_BIT(STORED_SETS) | SQL_EFFECT_BIT(STORED_READS) |   \
     SQL_EFFECT_BIT(CHANGES_CODE) | SQL_EFFECT_BIT(STORED_CONDITIONS) | SQL_EFFECT_BIT(SIGNALS))
#define NOTHING                                                                                    \
    (SQL_EFFECT_BIT(CALC_FOUND_ROWS) | SQL_EFFECT_BIT(ODD_FOUND_ROWS) |                            \
     SQL_EFFECT_BIT(SKIPS_ROWS) | SQL_EFFECT_BIT(SETS_LAST_INSERT_ID) |                            \
     SQL_EFFECT_BIT(TOUCHES_TABLE) | SQL_EFFECT_BIT(CHANGES_LOGINS) |                              \
     SQL_EFFECT_BIT(READS_THREADS))
#define UNKNOWN                                                                                    \
    (SQL_EFFECT_BIT(TEXT_PREPARE) | SQL_EFFECT_BIT(XA) | SQL_EFFECT_BIT(UNKNOWN_VERB) |            \
     SQL_EFFECT_BIT(UNTERMINATED))

static sql_effects_t for_caller(sql_effects_t effects)
{
    sql_effects_t result = effects & OWN;
    if ((effects & READS) != 0)
        result |= SQL_EFFECT_BIT(STORED_READS);
    if ((effects & UNKNOWN) != 0)
        result |= SQL_EFFECT_BIT(STORED_CODE);
    if ((effects & ~(READS | OWN | NOTHING | UNKNOWN)) != 0)
        result |= SQL_EFFECT_BIT(STORED_STATE);
    return result;
}

void sql_body_add(struct sql_body *b, sql_effects_t effects)
{
    b->effects |= for_caller(effects);
}

static void add_state(struct sql_body *b)
{
    b->effects |= SQL_EFFECT_BIT(STORED_STATE);
}

static void add_unknown(struct sql_body *b)
{
    b->effects |= SQL_EFFECT_BIT(STORED_CODE);
}

/* -------- names -------- */

static void mention(struct sql_body *b, enum sql_use use)
{
    b->listener->name(b->listener->context, b->name, b->qualifier, use);
}

/* Words behind which a name in front of "(" is not called: that of a table, index, alias … */
static bool names_next(uint16_t word)
{
    switch ((unsigned)word) {
    case SQL_WORD_INTO:
    case SQL_WORD_TABLE:
    case SQL_WORD_REFERENCES:
    case SQL_WORD_INSERT:
    case SQL_WORD_REPLACE:
    case SQL_WORD_WITH:
    case SQL_WORD_AS:
    case SQL_WORD_RECURSIVE:
    case SQL_WORD_IGNORE:
    case SQL_WORD_LOW_PRIORITY:
    case SQL_WORD_DELAYED:
    case SQL_WORD_HIGH_PRIORITY:
    case SQL_WORD_EXISTS:
    case SQL_WORD_KEY:
    case SQL_WORD_INDEX:
    case SQL_WORD_UNIQUE:
    case SQL_WORD_CONSTRAINT:
    case SQL_WORD_OPEN:
    case SQL_WORD_FUNCTION:
    case SQL_WORD_PROCEDURE:
        return true;
    default:
        return false;
    }
}

/* A keyword that may all the same be the name of what a definition is about: it stands where such a
 * name does. */
static bool may_be_defined(const struct sql_body *b, enum sql_word word)
{
    if (word == SQL_WORD_IF || word == SQL_WORD_NOT || word == SQL_WORD_EXISTS ||
        word == SQL_WORD_BODY || word == SQL_WORD_SELECT)
        return false;
    switch ((unsigned)b->last_word) {
    case SQL_WORD_VIEW:
    case SQL_WORD_TRIGGER:
    case SQL_WORD_FUNCTION:
    case SQL_WORD_PROCEDURE:
    case SQL_WORD_PACKAGE:
    case SQL_WORD_BODY:
    case SQL_WORD_TABLE:
    case SQL_WORD_EXISTS:
    case SQL_WORD_ON:
    case SQL_WORD_TO:
        return true;
    default:
        return false;
    }
}

void sql_body_end_call(struct sql_body *b)
{
    if (!b->calls)
        return;
    b->calls = false;
    if (b->name.size > 0)
        mention(b, SQL_USE_PROCEDURE);
    else
        add_unknown(b);
}

static void name(struct sql_body *b, enum sql_word word, struct bytes text, bool quoted)
{
    bool dotted = b->last == SQL_LAST_DOT;
    bool is_name = dotted ? b->is_name : b->last == SQL_LAST_CLOSE || names_next(b->last_word);
    b->qualifier = dotted ? b->name : bytes_of(NULL, 0);
    b->name = text;
    if (!b->is_definition || quoted || dotted || word == SQL_NO_WORD || may_be_defined(b, word))
        mention(b, SQL_USE_NAMED);
    b->row = (uint16_t)word;
    b->dotted = dotted;
    b->is_name = is_name;
    b->plain = !quoted;
    b->last = quoted ? SQL_LAST_NAME : SQL_LAST_WORD;
    b->last_word = quoted || dotted ? (uint16_t)SQL_NO_WORD : (uint16_t)word;
}

static void other(struct sql_body *b)
{
    b->last = SQL_LAST_OTHER;
    b->last_word = SQL_NO_WORD;
}

void sql_body_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    struct sql_body *b = s->body;
    if (sql_body_takes_word(b, word, text)) {
        name(b, SQL_NO_WORD, text, false);
        return;
    }
    if (b->last == SQL_LAST_AT || b->last == SQL_LAST_SYSTEM) {
        if (b->last == SQL_LAST_SYSTEM)
            sql_body_read_variable(b, text);
        b->last = b->last == SQL_LAST_SYSTEM ? SQL_LAST_VARIABLE : SQL_LAST_OTHER;
        return;
    }
    if (b->last == SQL_LAST_MEMBER) {
        sql_body_read_variable(b, text);
        b->last = SQL_LAST_VARIABLE;
        return;
    }
    bool dotted = b->last == SQL_LAST_DOT;
    const struct sql_word_info *info = &sql_word_infos[word];
    if (info->when != SQL_WHEN_CALLED ||
        (dotted && (word == SQL_WORD_NEXTVAL || word == SQL_WORD_CURRVAL)))
        sql_body_add(b, info->effects);
    if (!dotted)
        sql_body_keyword(b, word);
    name(b, word, text, false);
    if (!dotted && sql_body_opens_statement(b, word, text))
        sql_body_begin_statement(b);
}

void sql_body_name(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    struct sql_body *b = s->body;
    if (sql_body_takes_word(b, SQL_NO_WORD, text)) {
        name(b, SQL_NO_WORD, text, true);
        return;
    }
    if (b->last == SQL_LAST_AT || b->last == SQL_LAST_SYSTEM || b->last == SQL_LAST_MEMBER) {
        if (b->last != SQL_LAST_AT)
            sql_body_read_variable(b, text);
        b->last = b->last == SQL_LAST_AT ? SQL_LAST_OTHER : SQL_LAST_VARIABLE;
        return;
    }
    if (sql_word_infos[word].when != SQL_WHEN_CALLED)
        sql_body_add(b, sql_word_infos[word].effects);
    name(b, word, text, true);
    if (b->place == PLACE_START)
        b->place = PLACE_IN;
}

void sql_body_value(struct sql_scan *s, bool named)
{
    struct sql_body *b = s->body;
    bool dotted = b->last == SQL_LAST_DOT;
    if (b->place == PLACE_START)
        b->place = PLACE_IN;
    other(b);
    if (named)
        b->listener->name(b->listener->context, bytes_of_text("0"), bytes_of(NULL, 0),
                          SQL_USE_NAMED);
    if (named || dotted) {
        b->last = SQL_LAST_NAME;
        b->row = SQL_NO_WORD;
        b->name = bytes_of(NULL, 0);
        b->plain = false;
    }
}

void sql_body_at(struct sql_scan *s, bool system)
{
    struct sql_body *b = s->body;
    if (!system)
        add_state(b);
    if (b->place == PLACE_SET)
        b->place = system ? PLACE_SET_SYSTEM : PLACE_SET_TARGET;
    other(b);
    b->last = system ? SQL_LAST_SYSTEM : SQL_LAST_AT;
}

/* A name stands before "(". */
static void call(struct sql_scan *s, struct sql_body *b)
{
    const struct sql_word_info *info = &sql_word_infos[b->row];
    unsigned family = s->mode.mariadb ? SQL_FAMILY_MARIADB : SQL_FAMILY_MYSQL;
    if (b->calls) {
        sql_body_end_call(b);
        return;
    }
    if (info->when == SQL_WHEN_CALLED) {
        sql_body_add(b, info->effects);
        if (b->row == SQL_WORD_LAST_INSERT_ID)
            b->effects |= SQL_EFFECT_BIT(STORED_READS);
    }
    bool native = b->plain && !b->dotted && (info->callable & family) != 0 &&
                  !(s->gap && (info->tight & family) != 0);
    if (!native && !b->is_name && b->name.size > 0)
        mention(b, SQL_USE_FUNCTION);
    else if (!native && !b->is_name)
        add_unknown(b);
}

static void dot(struct sql_body *b)
{
    if (b->last == SQL_LAST_VARIABLE)
        b->last = SQL_LAST_MEMBER;
    else if (b->last == SQL_LAST_WORD || b->last == SQL_LAST_NAME)
        b->last = SQL_LAST_DOT;
    else
        b->last = SQL_LAST_OTHER;
    b->last_word = SQL_NO_WORD;
}

/* The assignment of ORACLE mode needs no SET. */
static void colon(struct sql_body *b)
{
    if (b->oracle && b->place != PLACE_SET_TARGET && b->last == SQL_LAST_WORD &&
        !sql_body_is_local(b, b->name))
        sql_body_assign(b, b->name);
    if (b->place == PLACE_IN && b->last == SQL_LAST_WORD)
        b->place = PLACE_START; /* behind a label */
}

void sql_body_byte(struct sql_scan *s, uint8_t c)
{
    struct sql_body *b = s->body;
    if (c == '.') {
        dot(b);
        return;
    }
    if (c == ':')
        colon(b);
    if (c == '(') {
        if (b->last == SQL_LAST_WORD || b->last == SQL_LAST_NAME)
            call(s, b);
        b->depth++;
    } else if (c == ')') {
        b->depth -= b->depth > 0;
        other(b);
        b->last = SQL_LAST_CLOSE;
        return;
    } else if (c == ';') {
        other(b);
        sql_body_begin_statement(b);
        if (b->handler == HANDLER_DECLARED)
            b->handler = HANDLER_NONE;
        b->depth = 0;
        return;
    } else if (c == '=' && b->place == PLACE_SET_TARGET) {
        b->place = PLACE_SET_VALUE;
    } else if (c == ',' && b->depth == b->set_depth &&
               (b->place == PLACE_SET_VALUE || b->place == PLACE_SET_TARGET)) {
        b->place = PLACE_SET;
    } else if (c == ',' && b->place == PLACE_DECLARE_MORE) {
        b->place = PLACE_DECLARE;
    }
    other(b);
}

void sql_body_end(struct sql_scan *s)
{
    sql_body_end_call(s->body);
}

static void scan(struct sql_body *b, struct sql_mode mode, struct bytes text)
{
    struct sql_scan s;
    mode.names = NULL;
    sql_scan_begin(&s, mode);
    s.body = b;
    sql_scan_feed(&s, text);
    sql_scan_end(&s);
    b->effects |= for_caller(s.effects);
}

sql_effects_t sql_body_scan(struct sql_mode mode, bool oracle, struct bytes body,
                            const struct sql_body_listener *listener)
{
    struct sql_body b = {.listener = listener, .oracle = oracle};
    scan(&b, mode, body);
    return b.effects;
}

sql_effects_t sql_body_scan_definition(struct sql_mode mode, struct bytes text,
                                       const struct sql_body_listener *listener)
{
    struct sql_body b = {.listener = listener, .is_definition = true};
    scan(&b, mode, text);
    return b.effects;
}
