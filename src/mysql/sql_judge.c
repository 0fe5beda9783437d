/* SPDX-License-Identifier: Apache-2.0
 * Judges tokens by what stands around them: calls, tables, user variables, statements. What a
 * verb makes of its own words is in sql_verb.c and sql_set.c. */
#include "mysql/sql_judge.h"

#include "mysql/sql_body_scan.h"
#include "mysql/sql_names.h"
#include "mysql/sql_user_variables.h"

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

/* What a keyword does to the judgement of the next tokens. */
enum role {
    ROLE_STEERS = 1,     /* judge_keyword has a case for it */
    ROLE_NAME_NEXT = 2,  /* the next word names a table, an alias or a common table expression */
    ROLE_KEEPS_NAME = 4, /* … if this one would have */
    ROLE_HARMLESS = 16,  /* nothing depends on whether it is there */
    ROLE_IN_WITH = 8     /* may stand between WITH and the parenthesis of its query */
};

static const uint8_t roles[SQL_WORDS_TOTAL] = {
    [SQL_WORD_SELECT] = ROLE_STEERS,
    [SQL_WORD_FROM] = ROLE_STEERS,
    [SQL_WORD_TEMPORARY] = ROLE_STEERS | ROLE_HARMLESS,
    [SQL_WORD_PREPARE] = ROLE_STEERS,
    [SQL_WORD_USER] = ROLE_STEERS,
    [SQL_WORD_ROLE] = ROLE_STEERS,
    [SQL_WORD_VALUE] = ROLE_STEERS,
    [SQL_WORD_PROCEDURE] = ROLE_STEERS,
    [SQL_WORD_FUNCTION] = ROLE_STEERS,
    [SQL_WORD_TRIGGER] = ROLE_STEERS,
    [SQL_WORD_EVENT] = ROLE_STEERS,
    [SQL_WORD_PACKAGE] = ROLE_STEERS,
    [SQL_WORD_VIEW] = ROLE_STEERS,
    [SQL_WORD_WITH] = ROLE_STEERS | ROLE_NAME_NEXT | ROLE_IN_WITH,
    [SQL_WORD_AS] = ROLE_NAME_NEXT | ROLE_IN_WITH,
    [SQL_WORD_RECURSIVE] = ROLE_KEEPS_NAME | ROLE_IN_WITH,
    [SQL_WORD_INTO] = ROLE_STEERS | ROLE_NAME_NEXT,
    [SQL_WORD_TABLE] = ROLE_NAME_NEXT,
    [SQL_WORD_REFERENCES] = ROLE_NAME_NEXT,
    [SQL_WORD_INSERT] = ROLE_NAME_NEXT,
    [SQL_WORD_REPLACE] = ROLE_NAME_NEXT,
    [SQL_WORD_SQL_NO_CACHE] = ROLE_HARMLESS,
    [SQL_WORD_IF] = ROLE_HARMLESS,
    [SQL_WORD_NOT] = ROLE_HARMLESS,
    [SQL_WORD_EXISTS] = ROLE_HARMLESS,
    [SQL_WORD_LOCAL] = ROLE_HARMLESS,
    [SQL_WORD_LOW_PRIORITY] = ROLE_KEEPS_NAME | ROLE_HARMLESS,
    [SQL_WORD_DELAYED] = ROLE_KEEPS_NAME | ROLE_HARMLESS,
    [SQL_WORD_HIGH_PRIORITY] = ROLE_KEEPS_NAME | ROLE_HARMLESS,
    [SQL_WORD_IGNORE] = ROLE_KEEPS_NAME | ROLE_HARMLESS,
};

static bool begins_temporary(const struct sql_scan *s)
{
    return s->has_executable_comment || s->last_word == SQL_WORD_CREATE ||
           s->last_word == SQL_WORD_REPLACE || s->last_word == SQL_WORD_DROP ||
           s->last_word == SQL_WORD_ALTER || s->last_word == SQL_WORD_GLOBAL ||
           s->last_word == SQL_WORD_LOCAL;
}

/* CREATE USER, CREATE OR REPLACE ROLE, ALTER, DROP, RENAME USER. */
static bool is_about_accounts(const struct sql_scan *s)
{
    return s->statement_verb == SQL_VERB_CREATE || s->statement_verb == SQL_VERB_ALTER ||
           s->statement_verb == SQL_VERB_DROP || s->statement_verb == SQL_VERB_RENAME;
}

static bool defines(const struct sql_scan *s)
{
    return s->statement_verb == SQL_VERB_CREATE || s->statement_verb == SQL_VERB_ALTER;
}

/* A kind of object that the catalogue is about is named. */
static void judge_definition(struct sql_scan *s)
{
    if (s->mode.names != NULL && (defines(s) || s->statement_verb == SQL_VERB_DROP))
        sql_add_effect(s, SQL_EFFECT_BIT(CHANGES_CODE));
}

/* A known word, neither quoted nor behind a dot. */
static void judge_keyword(struct sql_scan *s, enum sql_word word)
{
    switch ((unsigned)word) {
    case SQL_WORD_WITH:
        s->with_at |= bit_at(s->depth);
        s->has_with = true;
        break;
    case SQL_WORD_SELECT:
        s->select_at |= bit_at(s->depth);
        s->no_calls = false;
        break;
    case SQL_WORD_FROM:
        s->from_counts = s->statement_verb == SQL_VERB_SELECT && !s->has_with &&
                         (s->select_at & bit_at(s->depth)) != 0 &&
                         s->last_word != SQL_WORD_DISTINCT;
        break;
    case SQL_WORD_TEMPORARY:
        if (begins_temporary(s) && s->statement_verb != SQL_VERB_GRANT &&
            s->statement_verb != SQL_VERB_REVOKE)
            sql_add_effect(s, SQL_EFFECT_BIT(TEMPORARY_TABLE));
        break;
    case SQL_WORD_PREPARE:
        if (s->last_word == SQL_WORD_DROP || s->has_executable_comment)
            sql_add_effect(s, SQL_EFFECT_BIT(TEXT_PREPARE));
        break;
    case SQL_WORD_USER:
    case SQL_WORD_ROLE:
        if (is_about_accounts(s))
            sql_add_effect(s, SQL_EFFECT_BIT(CHANGES_LOGINS));
        break;
    case SQL_WORD_VALUE:
        if (s->last_word == SQL_WORD_NEXT || s->last_word == SQL_WORD_PREVIOUS ||
            s->has_executable_comment)
            sql_add_effect(s, SQL_EFFECT_BIT(SEQUENCE));
        break;
    case SQL_WORD_INTO:
        if (s->statement_verb == SQL_VERB_SELECT)
            sql_add_effect(s, SQL_EFFECT_BIT(SETS_USER_VARIABLE));
        break;
    case SQL_WORD_PROCEDURE:
    case SQL_WORD_FUNCTION:
    case SQL_WORD_TRIGGER:
    case SQL_WORD_EVENT:
    case SQL_WORD_PACKAGE:
        s->has_body = s->has_body || defines(s);
        if (word == SQL_WORD_PROCEDURE && s->statement_verb == SQL_VERB_SELECT) /* ANALYSE */
            sql_add_effect(s, SQL_EFFECT_BIT(ODD_FOUND_ROWS));
        judge_definition(s);
        break;
    case SQL_WORD_VIEW:
        judge_definition(s);
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
    bool behind_from =
        s->last_word == SQL_WORD_FROM || s->last_word == SQL_WORD_JOIN || s->has_executable_comment;
    if (info->when == SQL_WHEN_SEEN || (info->when == SQL_WHEN_TABLE && (in_schema || behind_from)))
        sql_add_effect(s, info->effects);
    if (dotted && (word == SQL_WORD_NEXTVAL || word == SQL_WORD_CURRVAL))
        sql_add_effect(s, SQL_EFFECT_BIT(SEQUENCE));
}

/* A word or name that may be that of an object of the catalogue. */
static void judge_object(struct sql_scan *s, struct bytes text)
{
    const struct sql_names *names = s->mode.names;
    const struct sql_name *object = sql_names_find(names, s->hash, text);
    s->object_qualifier = s->last == SQL_LAST_DOT ? s->object : NULL;
    s->object = object;
    if (object != NULL) {
        s->stored |= object->effects[SQL_USE_NAMED];
        if (s->statement_verb != SQL_VERB_SELECT)
            s->stored |= object->effects[SQL_USE_WRITTEN];
    }
    if (LIKELY(names->beyond_ascii == 0))
        return;
    bool beyond = s->text_cut;
    for (size_t i = 0; i < text.size; i++)
        beyond = beyond || text.data[i] >= 0x80;
    if (beyond)
        s->stored |= names->beyond_ascii;
}

/* The name of a procedure is complete. */
static void judge_procedure(struct sql_scan *s)
{
    const struct sql_name *procedure = s->object;
    const struct sql_name *package = s->object_qualifier;
    s->awaits_procedure = false;
    if (procedure != NULL && (procedure->kinds & SQL_NAME_PROCEDURE) != 0)
        s->stored |= procedure->effects[SQL_USE_PROCEDURE];
    else if (package == NULL || (package->kinds & SQL_NAME_PACKAGE) == 0)
        sql_add_effect(s, SQL_EFFECT_BIT(STORED_CODE));
    s->stored |= SQL_EFFECT_BIT(KNOWN_CODE) | SQL_EFFECT_BIT(KNOWN_CALL);
}

/* A function is called that is not built in. */
static void judge_function(struct sql_scan *s)
{
    const struct sql_name *function = s->mode.names != NULL ? s->object : NULL;
    const struct sql_name *package = s->mode.names != NULL ? s->object_qualifier : NULL;
    if (function != NULL && (function->kinds & SQL_NAME_FUNCTION) != 0)
        s->stored |= function->effects[SQL_USE_FUNCTION] | SQL_EFFECT_BIT(KNOWN_CODE);
    else if (package != NULL && (package->kinds & SQL_NAME_PACKAGE) != 0)
        s->stored |= SQL_EFFECT_BIT(KNOWN_CODE);
    else
        sql_add_effect(s, SQL_EFFECT_BIT(STORED_CODE));
}

static void judge_from(struct sql_scan *s, enum sql_word word)
{
    if (s->last_word != SQL_WORD_FROM || !s->from_counts)
        return;
    if (word != SQL_WORD_DUAL && word != SQL_WORD_FIRST && word != SQL_WORD_LAST &&
        word != SQL_WORD_JSON_TABLE && word != SQL_WORD_LATERAL)
        s->touches = true;
}

/* The last token says that a name behind it is that of a variable. */
static bool is_variable_next(const struct sql_scan *s)
{
    return s->last >= SQL_LAST_AT;
}

/* The name behind @ or @@. */
static void judge_variable(struct sql_scan *s, struct bytes text)
{
    if (s->last == SQL_LAST_AT) {
        sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
        return;
    }
    sql_add_effect(s, sql_variable_on_read(text));
    sql_remember(s, SQL_LAST_VARIABLE, SQL_NO_WORD);
}

void sql_judge_open_comment(struct sql_scan *s)
{
    if (s->body != NULL)
        return; /* what it holds counts, whatever the server does with it */
    s->has_executable_comment = true;
    if (s->started && s->step == SQL_STEP_START)
        sql_doubt(s);
    if (!s->started) {
        s->comment_place = SQL_COMMENT_FROM_START;
        return;
    }
    bool verb_waits = s->step > SQL_STEP_PLAIN && s->step != SQL_STEP_SELECT &&
                      s->step != SQL_STEP_SELECT_NUMBER && s->step != SQL_STEP_FLUSH;
    if (verb_waits || s->last >= SQL_LAST_DOT || s->comment_place == SQL_COMMENT_WAS_AT_START)
        sql_doubt(s);
    if (s->comment_place == SQL_COMMENT_NOWHERE)
        s->comment_is_harmless = true;
    s->comment_place = SQL_COMMENT_IN_MIDDLE;
}

void sql_judge_close_comment(struct sql_scan *s)
{
    if (s->body != NULL)
        return;
    if (s->comment_place == SQL_COMMENT_FROM_START)
        s->comment_place = SQL_COMMENT_WAS_AT_START;
    else if (s->comment_place == SQL_COMMENT_IN_MIDDLE)
        s->comment_place = SQL_COMMENT_WAS_IN_MIDDLE;
}

/* A token in or behind an executable comment; `binds` when it means something else behind another
 * token than behind that which stands there now. */
static void judge_place(struct sql_scan *s, enum sql_word word, bool binds)
{
    switch ((enum sql_comment_place)s->comment_place) {
    case SQL_COMMENT_NOWHERE:
    case SQL_COMMENT_FROM_START:
        break;
    case SQL_COMMENT_WAS_AT_START:
        sql_doubt(s);
        break;
    case SQL_COMMENT_IN_MIDDLE:
        s->comment_is_harmless = s->comment_is_harmless && (roles[word] & ROLE_HARMLESS) != 0;
        break;
    case SQL_COMMENT_WAS_IN_MIDDLE:
        if (binds || !s->comment_is_harmless)
            sql_doubt(s);
        s->comment_place = SQL_COMMENT_NOWHERE;
        break;
    }
}

/* Words that matter wherever they stand behind the first of a statement: a second SELECT (a
 * subquery, a UNION, INSERT … SELECT), what GET DIAGNOSTICS gets, and RELEASE at the end of a
 * transaction. */
static void judge_later_word(struct sql_scan *s, enum sql_word word)
{
    if (word == SQL_WORD_SELECT || word == SQL_WORD_SQL_CALC_FOUND_ROWS)
        sql_add_effect(s, SQL_EFFECT_BIT(ODD_FOUND_ROWS));
    if (word == SQL_WORD_ROW_COUNT && s->statement_verb == SQL_VERB_GET) /* DIAGNOSTICS */
        sql_add_effect(s, SQL_EFFECT_BIT(READS_ROW_COUNT));
    bool inserts = s->statement_verb == SQL_VERB_INSERT || s->statement_verb == SQL_VERB_REPLACE;
    if (word == SQL_WORD_TABLE && inserts)
        sql_add_effect(s, SQL_EFFECT_BIT(ODD_FOUND_ROWS));
    bool ends = s->statement_verb == SQL_VERB_COMMIT || s->statement_verb == SQL_VERB_ROLLBACK;
    if (word == SQL_WORD_RELEASE && ends && s->last_word != SQL_WORD_NO)
        sql_add_effect(s, SQL_EFFECT_BIT(ENDS_SESSION));
}

void sql_judge_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (UNLIKELY(s->body != NULL)) {
        sql_body_word(s, word, text);
        return;
    }
    judge_place(s, word, false);
    if (s->step == SQL_STEP_START) {
        begin_statement(s);
        sql_verb_begin(s, word);
    } else {
        judge_later_word(s, word);
        if (s->step > SQL_STEP_PLAIN)
            sql_verb_word(s, word, text);
    }
    if (is_variable_next(s)) {
        judge_variable(s, text);
        return;
    }
    bool dotted = s->last == SQL_LAST_DOT;
    bool is_name = s->name_next;
    if (s->mode.names != NULL)
        judge_object(s, text);
    judge_from(s, word);
    uint8_t role = dotted ? 0 : roles[word];
    if (word != SQL_NO_WORD) {
        if (sql_word_infos[word].when != SQL_WHEN_CALLED || dotted)
            judge_mention(s, word, dotted);
        if ((role & ROLE_IN_WITH) == 0 && !is_name)
            s->with_at &= ~bit_at(s->depth);
        if ((role & ROLE_STEERS) != 0)
            judge_keyword(s, word);
    }
    sql_remember(s, SQL_LAST_WORD, word);
    s->last_is_name = is_name;
    s->last_is_dotted = dotted;
    s->last_word = dotted ? (uint16_t)SQL_NO_WORD : (uint16_t)word;
    s->in_limit = word == SQL_WORD_LIMIT;
    s->name_next = (role & ROLE_NAME_NEXT) != 0 || ((role & ROLE_KEEPS_NAME) != 0 && is_name);
}

void sql_judge_name(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (UNLIKELY(s->body != NULL)) {
        sql_body_name(s, word, text);
        return;
    }
    judge_place(s, SQL_NO_WORD, false);
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_word(s, SQL_NO_WORD, text);
    if (is_variable_next(s)) {
        judge_variable(s, text);
        return;
    }
    bool dotted = s->last == SQL_LAST_DOT;
    bool is_name = s->name_next;
    if (s->mode.names != NULL)
        judge_object(s, text);
    judge_from(s, SQL_NO_WORD);
    if (word != SQL_NO_WORD)
        judge_mention(s, word, dotted);
    sql_remember(s, SQL_LAST_NAME, word);
    s->last_is_name = is_name;
    s->last_is_dotted = dotted;
}

void sql_judge_string(struct sql_scan *s, struct bytes text)
{
    if (UNLIKELY(s->body != NULL)) {
        sql_body_value(s, false);
        return;
    }
    judge_place(s, SQL_NO_WORD, false);
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_string(s, text);
    sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
}

void sql_judge_number(struct sql_scan *s, bool named)
{
    if (UNLIKELY(s->body != NULL)) {
        sql_body_value(s, named);
        return;
    }
    judge_place(s, SQL_NO_WORD, false);
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_number(s);
    bool is_name = s->name_next;
    bool dotted = s->last == SQL_LAST_DOT;
    if (s->mode.names != NULL && (named || dotted)) {
        s->object = s->object_qualifier = NULL;
        s->stored |= s->mode.names->like_numbers;
    }
    if (named)
        judge_from(s, SQL_NO_WORD);
    sql_remember(s, named || dotted ? SQL_LAST_NAME : SQL_LAST_OTHER, SQL_NO_WORD);
    s->last_is_name = is_name;
    s->last_is_dotted = dotted;
}

void sql_judge_at(struct sql_scan *s, bool system)
{
    if (UNLIKELY(s->body != NULL)) {
        sql_body_at(s, system);
        return;
    }
    judge_place(s, SQL_NO_WORD, false);
    if (s->step == SQL_STEP_START)
        begin_unknown(s);
    else if (s->step >= SQL_STEP_SET)
        sql_set_at(s, system);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_byte(s, '@');
    if (!system)
        sql_user_variables_judge(s);
    sql_remember(s, system ? SQL_LAST_SYSTEM : SQL_LAST_AT, SQL_NO_WORD);
}

/* A word or name stands before "(". */
static void judge_call(struct sql_scan *s)
{
    const struct sql_word_info *info = &sql_word_infos[s->last_row];
    unsigned family = s->mode.mariadb ? SQL_FAMILY_MARIADB : SQL_FAMILY_MYSQL;
    bool known = s->last == SQL_LAST_WORD && !s->last_is_dotted && (info->callable & family) != 0 &&
                 !(s->gap && (info->tight & family) != 0);
    if (s->awaits_procedure) {
        judge_procedure(s);
        return;
    }
    if (info->when == SQL_WHEN_CALLED)
        sql_add_effect(s, info->effects);
    s->aggregates = s->aggregates || info->aggregate;
    if (!known && !s->last_is_name && !s->no_calls)
        judge_function(s);
}

static void open_parenthesis(struct sql_scan *s)
{
    bool is_word = s->last == SQL_LAST_WORD || s->last == SQL_LAST_NAME;
    bool is_id = is_word && s->last_row == SQL_WORD_LAST_INSERT_ID;
    bool is_cte = s->last_word == SQL_WORD_AS && (s->with_at & bit_at(s->depth)) != 0;
    if (is_word)
        judge_call(s);
    if (s->last_word == SQL_WORD_ROW ||
        s->last_word == SQL_WORD_VALUES) /* CREATE TABLE t VALUES (…) */
        s->no_calls = false;
    s->depth++;
    s->select_at &= ~bit_at(s->depth);
    s->with_at &= ~bit_at(s->depth);
    s->cte_at = is_cte ? s->cte_at | bit_at(s->depth) : s->cte_at & ~bit_at(s->depth);
    s->id_calls += is_id;
    sql_remember(s, is_id ? SQL_LAST_ID_OPEN : SQL_LAST_OTHER, SQL_NO_WORD);
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
    sql_remember(s, SQL_LAST_CLOSE, SQL_NO_WORD);
    s->name_next = true; /* an alias: nothing can be called right behind ")" */
    s->after_cte = ends_cte;
}

static void end_statement(struct sql_scan *s)
{
    if (s->started && s->step == SQL_STEP_START)
        sql_doubt(s);
    else if (s->step > SQL_STEP_PLAIN)
        sql_verb_end(s);
    if (s->awaits_procedure)
        judge_procedure(s);
    /* These look at objects without using them. */
    if (s->statement_verb != SQL_VERB_SHOW && s->statement_verb != SQL_VERB_DROP)
        sql_add_effect(s, s->stored);
    s->stored = 0;
    s->object = s->object_qualifier = NULL;
    bool may_set = (s->effects & (SQL_EFFECT_BIT(TEXT_PREPARE) | SQL_EFFECT_BIT(STORED_CODE))) != 0;
    s->mode_in_doubt = s->mode_in_doubt || s->sets_mode || may_set;
    s->mode.multi_byte_trail = s->mode.multi_byte_trail || s->sets_charset || may_set;
    s->started = s->no_calls = s->has_with = s->wants_text = false;
    s->depth = 0;
    s->select_at = s->with_at = s->cte_at = 0;
    s->step = SQL_STEP_START;
    s->comment_place = SQL_COMMENT_NOWHERE;
    s->statement_verb = SQL_VERB_NONE;
    sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
}

/* A dot, which may join two names. */
static void judge_dot(struct sql_scan *s)
{
    if (s->last == SQL_LAST_WORD || s->last == SQL_LAST_NAME) {
        s->qualifier = s->last_row;
        bool is_name = s->last_is_name;
        sql_remember(s, SQL_LAST_DOT, SQL_NO_WORD);
        s->name_next = is_name;
    } else {
        sql_remember(s, s->last == SQL_LAST_VARIABLE ? SQL_LAST_MEMBER : SQL_LAST_OTHER,
                     SQL_NO_WORD);
    }
}

void sql_judge_byte(struct sql_scan *s, uint8_t c)
{
    if (UNLIKELY(s->body != NULL)) {
        sql_body_byte(s, c);
        return;
    }
    if (c == ';') {
        if (s->comment_depth > 0)
            sql_doubt(s);
        end_statement(s);
        return;
    }
    judge_place(s, SQL_NO_WORD, c == '(' || c == '.');
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
    case ':': /* a label in front of a compound statement, or := */
        sql_add_effect(s, SQL_EFFECT_BIT(SETS_USER_VARIABLE));
        if (s->last_word != 0 && sql_word_verbs[s->last_word] == s->statement_verb)
            sql_doubt(s);
        sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
        break;
    default:
        sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
        break;
    }
    if (c == ',' && after_cte) {
        s->with_at |= bit_at(s->depth);
        s->name_next = true;
    }
    if (c == ',' && s->in_limit)
        sql_add_effect(s, SQL_EFFECT_BIT(SKIPS_ROWS));
}

void sql_judge_end(struct sql_scan *s)
{
    if (s->body != NULL) {
        sql_body_end(s);
        return;
    }
    end_statement(s);
    if (s->id_calls > s->id_reads)
        sql_add_effect(s, SQL_EFFECT_BIT(SETS_LAST_INSERT_ID));
    sql_effects_t doubts = SQL_EFFECT_BIT(UNKNOWN_VERB) | SQL_EFFECT_BIT(UNTERMINATED);
    if (!sql_scan_has(s, SQL_EFFECT_USER_VARIABLE))
        s->effects &= ~SQL_EFFECT_BIT(SETS_USER_VARIABLE);
    bool sure = (s->effects & doubts) == 0 && !s->has_body && !s->has_executable_comment;
    if (s->touches && sure)
        sql_add_effect(s, SQL_EFFECT_BIT(TOUCHES_TABLE));
    if (!sure)
        s->effects &= ~SQL_EFFECT_BIT(UNLOCK);
    bool alone = sure && s->statements == 1;
    s->kill = alone && s->kill_complete ? s->kill_kind : SQL_KILL_NONE;
    if (s->kill == SQL_KILL_NONE)
        s->kill_id = 0;
    s->only_ping = s->only_ping && alone;
}
