/* SPDX-License-Identifier: Apache-2.0
 * Judges tokens by what stands around them: calls, tables, user variables, statements. What a
 * verb makes of its own words is in sql_verb.c and sql_set.c. */
#include "mysql/sql_judge.h"

/* Parentheses deeper than the bits that remember them are judged as if nothing were known of
 * them, which adds effects and never takes one away. */
static uint64_t bit_at(unsigned depth)
{
    return depth < 64 ? UINT64_C(1) << depth : 0;
}

static void begin_statement(struct sql_scan *s)
{
    if (!s->started) {
        s->started = true;
        s->touches = false;
        s->statements++;
    }
}

/* Statements begin with a word or an opening parenthesis; what else they could begin with
 * (labels of compound statements) we do not judge. */
static void begin_unknown(struct sql_scan *s)
{
    begin_statement(s);
    sql_verb_begin(s, SQL_NO_WORD);
}

static void remember(struct sql_scan *s, enum sql_last last, enum sql_word word)
{
    s->last = (uint8_t)last;
    s->last_row = (uint16_t)word;
    s->last_is_dotted = false;
    s->last_word = 0;
    s->name_next = false;
    s->after_cte = false;
}

/* Whether the word behind `word` names a table, an alias or a common table expression. */
static bool is_name_behind(const struct sql_scan *s, enum sql_word word)
{
    switch ((unsigned)word) {
    case SQL_WORD_INTO:
    case SQL_WORD_TABLE:
    case SQL_WORD_AS:
    case SQL_WORD_REFERENCES:
    case SQL_WORD_INSERT:
    case SQL_WORD_REPLACE:
    case SQL_WORD_WITH:
        return true;
    case SQL_WORD_LOW_PRIORITY:
    case SQL_WORD_DELAYED:
    case SQL_WORD_HIGH_PRIORITY:
    case SQL_WORD_IGNORE:
    case SQL_WORD_RECURSIVE:
        return s->last_is_name;
    default:
        return false;
    }
}

static void judge_with(struct sql_scan *s, enum sql_word word)
{
    if (word == SQL_WORD_WITH) {
        s->with_at |= bit_at(s->depth);
        s->has_with = true;
    } else if (word != SQL_WORD_AS && word != SQL_WORD_RECURSIVE && !s->name_next) {
        s->with_at &= ~bit_at(s->depth);
    }
}

static bool begins_temporary(const struct sql_scan *s)
{
    return s->last_word == SQL_WORD_CREATE || s->last_word == SQL_WORD_REPLACE ||
           s->last_word == SQL_WORD_DROP || s->last_word == SQL_WORD_ALTER ||
           s->last_word == SQL_WORD_GLOBAL;
}

static bool defines(const struct sql_scan *s)
{
    return s->statement_verb == SQL_VERB_CREATE || s->statement_verb == SQL_VERB_ALTER;
}

/* A known word, neither quoted nor behind a dot. */
static void judge_keyword(struct sql_scan *s, enum sql_word word)
{
    judge_with(s, word);
    switch ((unsigned)word) {
    case SQL_WORD_SELECT:
        s->select_at |= bit_at(s->depth);
        s->no_calls = false;
        break;
    case SQL_WORD_FROM:
        s->from_counts = s->statement_verb == SQL_VERB_SELECT && !s->has_with &&
                         (s->select_at & bit_at(s->depth)) != 0 &&
                         s->last_word != SQL_WORD_DISTINCT;
        break;
    case SQL_WORD_VALUES:
        if (s->last_word == SQL_WORD_AS)
            s->no_calls = false;
        break;
    case SQL_WORD_ROW:
        s->no_calls = false;
        break;
    case SQL_WORD_TEMPORARY:
        if (begins_temporary(s) && s->statement_verb != SQL_VERB_GRANT &&
            s->statement_verb != SQL_VERB_REVOKE)
            sql_add_effect(s, SQL_EFFECT_BIT(TEMPORARY_TABLE));
        break;
    case SQL_WORD_PREPARE:
        if (s->last_word == SQL_WORD_DROP)
            sql_add_effect(s, SQL_EFFECT_BIT(TEXT_PREPARE));
        break;
    case SQL_WORD_VALUE:
        if (s->last_word == SQL_WORD_NEXT || s->last_word == SQL_WORD_PREVIOUS)
            sql_add_effect(s, SQL_EFFECT_BIT(SEQUENCE));
        break;
    case SQL_WORD_PROCEDURE:
    case SQL_WORD_FUNCTION:
    case SQL_WORD_TRIGGER:
    case SQL_WORD_EVENT:
    case SQL_WORD_PACKAGE:
        s->has_body = s->has_body || defines(s);
        break;
    default:
        break;
    }
}

/* A word or name that is mentioned, quoted or not. */
static void judge_mention(struct sql_scan *s, enum sql_word word, bool dotted)
{
    const struct sql_word_info *info = &sql_word_infos[word];
    bool in_schema = dotted && (s->qualifier == SQL_WORD_INFORMATION_SCHEMA ||
                                s->qualifier == SQL_WORD_PERFORMANCE_SCHEMA);
    bool behind_from = s->last_word == SQL_WORD_FROM || s->last_word == SQL_WORD_JOIN;
    if (info->when == SQL_WHEN_SEEN || (info->when == SQL_WHEN_TABLE && (in_schema || behind_from)))
        sql_add_effect(s, info->effects);
    if (dotted && (word == SQL_WORD_NEXTVAL || word == SQL_WORD_CURRVAL))
        sql_add_effect(s, SQL_EFFECT_BIT(SEQUENCE));
}

static void judge_from(struct sql_scan *s, enum sql_word word)
{
    if (s->last_word != SQL_WORD_FROM || !s->from_counts)
        return;
    if (word != SQL_WORD_DUAL && word != SQL_WORD_FIRST && word != SQL_WORD_LAST &&
        word != SQL_WORD_JSON_TABLE && word != SQL_WORD_LATERAL)
        s->touches = true;
}

/* The name behind @ or @@; false when the word is none. */
static bool judge_variable(struct sql_scan *s, struct bytes text)
{
    if (s->last == SQL_LAST_AT) {
        remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
        return true;
    }
    if (s->last != SQL_LAST_SYSTEM && s->last != SQL_LAST_MEMBER)
        return false;
    const struct sql_variable_info *variable = sql_variable_find(text);
    if (variable != NULL)
        sql_add_effect(s, variable->on_read);
    remember(s, SQL_LAST_VARIABLE, SQL_NO_WORD);
    return true;
}

void sql_judge_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (s->step == SQL_STEP_START) {
        begin_statement(s);
        sql_verb_begin(s, word);
    } else if (s->step > SQL_STEP_PLAIN) {
        sql_verb_word(s, word, text);
    }
    if (judge_variable(s, text))
        return;
    bool dotted = s->last == SQL_LAST_DOT;
    bool is_name = s->name_next;
    judge_from(s, word);
    if (word != SQL_NO_WORD) {
        judge_mention(s, word, dotted);
        if (!dotted)
            judge_keyword(s, word);
    }
    remember(s, SQL_LAST_WORD, word);
    s->last_is_name = is_name;
    s->last_is_dotted = dotted;
    if (!dotted) {
        s->last_word = (uint16_t)word;
        s->name_next = is_name_behind(s, word);
    }
}

void sql_judge_name(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_word(s, SQL_NO_WORD, text);
    if (judge_variable(s, text))
        return;
    bool dotted = s->last == SQL_LAST_DOT;
    bool is_name = s->name_next;
    judge_from(s, SQL_NO_WORD);
    if (word != SQL_NO_WORD)
        judge_mention(s, word, dotted);
    remember(s, SQL_LAST_NAME, word);
    s->last_is_name = is_name;
    s->last_is_dotted = dotted;
}

void sql_judge_string(struct sql_scan *s, struct bytes text)
{
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_string(s, text);
    remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
}

void sql_judge_number(struct sql_scan *s, bool named)
{
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_number(s);
    bool is_name = s->name_next;
    bool dotted = s->last == SQL_LAST_DOT;
    if (named)
        judge_from(s, SQL_NO_WORD);
    remember(s, named || dotted ? SQL_LAST_NAME : SQL_LAST_OTHER, SQL_NO_WORD);
    s->last_is_name = is_name;
    s->last_is_dotted = dotted;
}

void sql_judge_at(struct sql_scan *s, bool system)
{
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step >= SQL_STEP_SET)
        sql_set_at(s, system);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_byte(s, '@');
    if (!system)
        sql_add_effect(s, SQL_EFFECT_BIT(USER_VARIABLE));
    remember(s, system ? SQL_LAST_SYSTEM : SQL_LAST_AT, SQL_NO_WORD);
}

/* A word or name stands before "(". */
static void judge_call(struct sql_scan *s)
{
    const struct sql_word_info *info = &sql_word_infos[s->last_row];
    unsigned family = s->mode.mariadb ? SQL_FAMILY_MARIADB : SQL_FAMILY_MYSQL;
    bool known = s->last == SQL_LAST_WORD && !s->last_is_dotted && (info->callable & family) != 0 &&
                 !(s->gap && (info->tight & family) != 0);
    if (info->when == SQL_WHEN_CALLED)
        sql_add_effect(s, info->effects);
    if (!known && !s->last_is_name && !s->no_calls)
        sql_add_effect(s, SQL_EFFECT_BIT(STORED_CODE));
}

static void open_parenthesis(struct sql_scan *s)
{
    bool is_word = s->last == SQL_LAST_WORD || s->last == SQL_LAST_NAME;
    bool is_id = is_word && s->last_row == SQL_WORD_LAST_INSERT_ID;
    bool is_cte = s->last_word == SQL_WORD_AS && (s->with_at & bit_at(s->depth)) != 0;
    if (is_word)
        judge_call(s);
    s->depth++;
    s->select_at &= ~bit_at(s->depth);
    s->with_at &= ~bit_at(s->depth);
    s->cte_at = is_cte ? s->cte_at | bit_at(s->depth) : s->cte_at & ~bit_at(s->depth);
    s->id_calls += is_id;
    remember(s, is_id ? SQL_LAST_ID_OPEN : SQL_LAST_OTHER, SQL_NO_WORD);
}

static void close_parenthesis(struct sql_scan *s)
{
    bool ends_cte = (s->cte_at & bit_at(s->depth)) != 0;
    if (s->last == SQL_LAST_ID_OPEN) {
        s->id_reads++;
        sql_add_effect(s, SQL_EFFECT_BIT(READS_LAST_INSERT_ID));
    }
    if (s->depth > 0)
        s->depth--;
    remember(s, SQL_LAST_CLOSE, SQL_NO_WORD);
    s->name_next = true; /* an alias: nothing can be called right behind ")" */
    s->after_cte = ends_cte;
}

static void end_statement(struct sql_scan *s)
{
    if (s->started && s->step == SQL_STEP_START)
        sql_doubt(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_end(s);
    s->mode_in_doubt = s->mode_in_doubt || s->sets_mode;
    s->mode.multi_byte_trail = s->mode.multi_byte_trail || s->sets_charset;
    s->started = s->no_calls = s->has_with = s->wants_text = false;
    s->depth = 0;
    s->select_at = s->with_at = s->cte_at = 0;
    s->step = SQL_STEP_START;
    s->statement_verb = SQL_VERB_NONE;
    remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
}

/* A dot, which may join two names. */
static void judge_dot(struct sql_scan *s)
{
    if (s->last == SQL_LAST_WORD || s->last == SQL_LAST_NAME) {
        s->qualifier = s->last_row;
        bool is_name = s->last_is_name;
        remember(s, SQL_LAST_DOT, SQL_NO_WORD);
        s->name_next = is_name;
    } else {
        remember(s, s->last == SQL_LAST_VARIABLE ? SQL_LAST_MEMBER : SQL_LAST_OTHER, SQL_NO_WORD);
    }
}

void sql_judge_byte(struct sql_scan *s, uint8_t c)
{
    if (c == ';') {
        end_statement(s);
        return;
    }
    if (s->step == SQL_STEP_START) {
        begin_statement(s);
        if (c != '(')
            begin_unknown(s);
    } else if (s->step > SQL_STEP_PLAIN) {
        sql_verb_byte(s, c);
    }
    bool after_cte = s->after_cte;
    switch (c) {
    case '(':
        open_parenthesis(s);
        break;
    case ')':
        close_parenthesis(s);
        break;
    case '.':
        judge_dot(s);
        break;
    case ':': /* a label in front of a compound statement */
        if (s->last_word != 0 && sql_word_verbs[s->last_word] == s->statement_verb)
            sql_doubt(s);
        remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
        break;
    default:
        remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
        break;
    }
    if (c == ',' && after_cte) {
        s->with_at |= bit_at(s->depth);
        s->name_next = true;
    }
}

void sql_judge_end(struct sql_scan *s)
{
    end_statement(s);
    if (s->id_calls > s->id_reads)
        sql_add_effect(s, SQL_EFFECT_BIT(SETS_LAST_INSERT_ID));
    sql_effects_t doubts = SQL_EFFECT_BIT(UNKNOWN_VERB) | SQL_EFFECT_BIT(UNTERMINATED);
    bool sure = (s->effects & doubts) == 0;
    if (s->touches && sure && !s->has_body)
        sql_add_effect(s, SQL_EFFECT_BIT(TOUCHES_TABLE));
    if (!sure || s->has_body)
        s->effects &= ~SQL_EFFECT_BIT(UNLOCK);
    bool alone = sure && s->statements == 1 && !s->has_executable_comment;
    s->kill = alone && s->kill_complete ? s->kill_kind : SQL_KILL_NONE;
    if (s->kill == SQL_KILL_NONE)
        s->kill_id = 0;
    s->only_ping = s->only_ping && alone;
}
