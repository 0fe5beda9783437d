/* SPDX-License-Identifier: Apache-2.0
 * What the verbs make of their own words: SHOW, FLUSH, LOCK, KILL and others; SET is in sql_set.c.
 */
#include "mysql/sql_judge.h"

#define SQL_VERB(name, effects) #name,
static const char *const verb_names[SQL_VERB_COUNT] = {
    "",
#include "mysql/sql_verbs.def"
    "other",
};
#undef SQL_VERB

#define SQL_VERB(name, effects) (effects),
static const sql_effects_t verb_effects[SQL_VERB_COUNT] = {
    0,
#include "mysql/sql_verbs.def"
    SQL_EFFECT_BIT(UNKNOWN_VERB),
};
#undef SQL_VERB

#define SQL_EFFECT(name, text) #name,
static const char *const effect_names[SQL_EFFECT_COUNT] = {
#include "mysql/sql_effects.def"
};
#undef SQL_EFFECT

#define SQL_EFFECT(name, text) (text),
static const char *const effect_texts[SQL_EFFECT_COUNT] = {
#include "mysql/sql_effects.def"
};
#undef SQL_EFFECT

const char *sql_verb_name(enum sql_verb verb)
{
    return verb_names[verb];
}

const char *sql_effect_name(enum sql_effect effect)
{
    return effect_names[effect];
}

const char *sql_effect_text(enum sql_effect effect)
{
    return effect_texts[effect];
}

/* What a statement with this verb wants to see first; START stands for PLAIN. */
static const uint8_t first_steps[SQL_VERB_COUNT] = {
    [SQL_VERB_SELECT] = SQL_STEP_SELECT,
    [SQL_VERB_BEGIN] = SQL_STEP_BEGIN,
    [SQL_VERB_START] = SQL_STEP_START_TRANSACTION,
    [SQL_VERB_RELEASE] = SQL_STEP_RELEASE,
    [SQL_VERB_LOCK] = SQL_STEP_LOCK,
    [SQL_VERB_UNLOCK] = SQL_STEP_UNLOCK,
    [SQL_VERB_BACKUP] = SQL_STEP_BACKUP,
    [SQL_VERB_FLUSH] = SQL_STEP_FLUSH,
    [SQL_VERB_LOAD] = SQL_STEP_LOAD,
    [SQL_VERB_SHOW] = SQL_STEP_SHOW,
    [SQL_VERB_GET] = SQL_STEP_GET,
    [SQL_VERB_KILL] = SQL_STEP_KILL,
    [SQL_VERB_SET] = SQL_STEP_SET,
};

static bool is_query(enum sql_verb verb)
{
    return verb == SQL_VERB_SELECT || verb == SQL_VERB_WITH || verb == SQL_VERB_VALUES ||
           verb == SQL_VERB_TABLE;
}

static bool may_generate_id(enum sql_verb verb)
{
    return verb == SQL_VERB_INSERT || verb == SQL_VERB_REPLACE || verb == SQL_VERB_LOAD ||
           verb == SQL_VERB_ANALYZE || verb == SQL_VERB_CREATE;
}

void sql_verb_begin(struct sql_scan *s, enum sql_word word)
{
    enum sql_verb verb = (enum sql_verb)sql_word_verbs[word];
    if (verb == SQL_VERB_NONE || (s->depth > 0 && !is_query(verb)))
        verb = SQL_VERB_OTHER;
    if (s->statements == 1 && s->verb == SQL_VERB_NONE)
        s->verb = verb;
    s->statement_verb = (uint8_t)verb;
    s->sets += verb == SQL_VERB_SET || verb == SQL_VERB_USE;
    s->step = first_steps[verb] != SQL_STEP_START ? first_steps[verb] : (uint8_t)SQL_STEP_PLAIN;
    s->no_calls = verb == SQL_VERB_CREATE || verb == SQL_VERB_ALTER || verb == SQL_VERB_DROP ||
                  verb == SQL_VERB_GRANT || verb == SQL_VERB_REVOKE;
    s->touches = (verb_effects[verb] & SQL_EFFECT_BIT(TOUCHES_TABLE)) != 0;
    s->kill_kind = SQL_KILL_NONE;
    sql_effects_t effects = verb_effects[verb] & ~SQL_EFFECT_BIT(TOUCHES_TABLE);
    if (s->mode.names != NULL && verb == SQL_VERB_CALL) {
        s->awaits_procedure = true; /* its name says what the call does */
        effects = 0;
    }
    if (s->mode.names != NULL && (verb == SQL_VERB_ALTER || verb == SQL_VERB_RENAME))
        effects |= SQL_EFFECT_BIT(CHANGES_CODE);
    bool inner = s->statements == 1 && s->verb == SQL_VERB_SET && verb != SQL_VERB_SET;
    if (inner && may_generate_id(verb)) /* SET STATEMENT … FOR INSERT */
        effects |= SQL_EFFECT_BIT(SETS_LAST_INSERT_ID);
    sql_add_effect(s, effects);
}

static void go(struct sql_scan *s, enum sql_step step)
{
    s->step = (uint8_t)step;
}

static void doubt(struct sql_scan *s)
{
    sql_doubt(s);
    go(s, SQL_STEP_PLAIN);
}

static void begin_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word == SQL_WORD_WORK)
        go(s, SQL_STEP_NOTHING);
    else
        doubt(s);
}

static void start_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word != SQL_WORD_TRANSACTION)
        sql_doubt(s);
    go(s, SQL_STEP_PLAIN);
}

static void release_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word != SQL_WORD_SAVEPOINT)
        sql_doubt(s);
    go(s, SQL_STEP_PLAIN);
}

static void unlock_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word == SQL_WORD_INSTANCE)
        sql_add_effect(s, SQL_EFFECT_BIT(BACKUP_LOCK));
    go(s, SQL_STEP_PLAIN);
}

static void backup_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word == SQL_WORD_UNLOCK || word == SQL_WORD_END)
        sql_add_effect(s, SQL_EFFECT_BIT(UNLOCK));
}

static void load_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word == SQL_WORD_LOCAL)
        sql_add_effect(s, SQL_EFFECT_BIT(IN_FILE));
    go(s, word == SQL_WORD_INFILE ? SQL_STEP_PLAIN : SQL_STEP_LOAD);
}

static void lock_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    bool is_table = word == SQL_WORD_TABLE || word == SQL_WORD_TABLES;
    if (is_table)
        sql_add_effect(s, SQL_EFFECT_BIT(TABLE_LOCK));
    else if (word == SQL_WORD_INSTANCE)
        sql_add_effect(s, SQL_EFFECT_BIT(BACKUP_LOCK));
    else
        sql_doubt(s);
    s->touches = is_table;
    go(s, SQL_STEP_PLAIN);
}

static void flush_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (sql_text_is(text, "PRIVILEGES"))
        sql_add_effect(s, SQL_EFFECT_BIT(CHANGES_LOGINS));
    if (word == SQL_WORD_STATUS)
        sql_add_effect(s, SQL_EFFECT_BIT(PROFILING));
    else if (word == SQL_WORD_LOCK || word == SQL_WORD_EXPORT)
        sql_add_effect(s, SQL_EFFECT_BIT(TABLE_LOCK));
}

static void show_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    switch ((unsigned)word) {
    case SQL_WORD_SESSION:
    case SQL_WORD_LOCAL:
        return;
    case SQL_WORD_WARNINGS:
    case SQL_WORD_ERRORS:
        sql_add_effect(s, SQL_EFFECT_BIT(READS_DIAGNOSTICS) | SQL_EFFECT_BIT(READS_CONDITIONS));
        break;
    case SQL_WORD_COUNT:
        sql_add_effect(s, SQL_EFFECT_BIT(READS_DIAGNOSTICS));
        break;
    case SQL_WORD_STATUS:
        s->wants_text = true;
        go(s, SQL_STEP_SHOW_STATUS);
        return;
    case SQL_WORD_VARIABLES:
        s->wants_text = true;
        go(s, SQL_STEP_SHOW_VARIABLES);
        return;
    default:
        break;
    }
    go(s, SQL_STEP_PLAIN);
}

/* Counters that are the whole server's, on every server, whoever asks, or facts about a connection
 * that no session changes: these beginnings of names. */
static bool is_of_server(struct bytes pattern)
{
    static const char *const beginnings[] = {
        "ABORTED_", "COMPRESSION", "CONNECTION", "INNODB_",  "MAX_USED_", "QCACHE_",
        "QUERIES",  "RPL_",        "SSL_",       "THREADS_", "UPTIME",    "WSREP_",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        const char *want = beginnings[i];
        for (size_t at = 0; at < pattern.size && *want != '\0'; at++) {
            uint8_t c = pattern.data[at];
            if (c == '\\')
                continue; /* the underscore itself, not any character */
            if ((c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c) != *want)
                break;
            want++;
        }
        if (*want == '\0')
            return true;
    }
    return false;
}

static void session_status(struct sql_scan *s)
{
    sql_add_effect(s, SQL_EFFECT_BIT(PROFILING));
    s->wants_text = false;
    go(s, SQL_STEP_PLAIN);
}

static void status_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word != SQL_WORD_LIKE)
        session_status(s);
}

static void status_string(struct sql_scan *s, struct bytes text)
{
    if (s->text_cut || !is_of_server(text))
        session_status(s);
    s->wants_text = false;
    go(s, SQL_STEP_PLAIN);
}

static void status_number(struct sql_scan *s)
{
    session_status(s);
}

static void status_byte(struct sql_scan *s, uint8_t c)
{
    (void)c;
    session_status(s);
}

/* GET [CURRENT|STACKED] DIAGNOSTICS [CONDITION] … */
static void get_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    if (word == SQL_WORD_DIAGNOSTICS) {
        go(s, SQL_STEP_GET_DIAGNOSTICS);
        return;
    }
    if (s->step == SQL_STEP_GET)
        return;
    if (word == SQL_WORD_CONDITION)
        sql_add_effect(s, SQL_EFFECT_BIT(READS_CONDITIONS));
    go(s, SQL_STEP_PLAIN);
}

/* SHOW VARIABLES of more than a few names also lists what reads residue. What would pin among them
 * does not: who asks for all of them wants none of these. */
static void show_all_variables(struct sql_scan *s)
{
    sql_effects_t harmless = SQL_EFFECT_BIT(READS_LAST_INSERT_ID) |
                             SQL_EFFECT_BIT(READS_DIAGNOSTICS) | SQL_EFFECT_BIT(READS_TRACKERS);
    sql_add_effect(s, sql_variables_like(bytes_of_text("%")) & harmless);
    s->wants_text = false;
    go(s, SQL_STEP_PLAIN);
}

static void variables_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (sql_text_is(text, "VARIABLE_NAME") || word == SQL_WORD_LIKE || word == SQL_WORD_WHERE ||
        word == SQL_WORD_IN || word == SQL_WORD_OR)
        return;
    show_all_variables(s);
}

static void variables_string(struct sql_scan *s, struct bytes text)
{
    if (text.size == 0 || text.data[0] == '%' || s->text_cut) {
        show_all_variables(s);
        return;
    }
    sql_add_effect(s, sql_variables_like(text));
    go(s, SQL_STEP_SHOW_SOME_VARIABLES);
}

static void kill_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)text;
    switch ((unsigned)word) {
    case SQL_WORD_HARD:
    case SQL_WORD_SOFT:
        if (!s->mode.mariadb) /* which knows no such words */
            go(s, SQL_STEP_PLAIN);
        return;
    case SQL_WORD_CONNECTION:
        s->kill_kind = SQL_KILL_CONNECTION;
        go(s, SQL_STEP_KILL_ID);
        return;
    case SQL_WORD_QUERY:
        s->kill_kind = SQL_KILL_QUERY;
        go(s, SQL_STEP_KILL_ID);
        return;
    default:
        go(s, SQL_STEP_PLAIN);
        return;
    }
}

static void kill_number(struct sql_scan *s)
{
    if (!s->number_is_plain) {
        go(s, SQL_STEP_PLAIN);
        return;
    }
    if (s->kill_kind == SQL_KILL_NONE)
        s->kill_kind = SQL_KILL_CONNECTION;
    s->kill_id = s->number;
    go(s, SQL_STEP_KILL_DONE);
}

static void select_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    (void)word;
    bool dollars = !s->mode.mariadb && text.size == 2 && text.data[0] == '$' && text.data[1] == '$';
    go(s, dollars ? SQL_STEP_SELECT_DOLLARS : SQL_STEP_PLAIN);
}

static void select_number(struct sql_scan *s)
{
    go(s, s->number_is_plain ? SQL_STEP_SELECT_NUMBER : SQL_STEP_PLAIN);
}

static void variables_number(struct sql_scan *s)
{
    show_all_variables(s);
}

static void variables_byte(struct sql_scan *s, uint8_t c)
{
    if (c != '=' && c != '(' && c != ')' && c != ',')
        show_all_variables(s);
}

/* What a token means that the step has no function for. */
enum rest { REST_ENDS_IT, REST_IS_IGNORED, REST_IS_DOUBTFUL };

struct step {
    enum rest rest;
    void (*word)(struct sql_scan *s, enum sql_word word, struct bytes text);
    void (*string)(struct sql_scan *s, struct bytes text);
    void (*number)(struct sql_scan *s);
    void (*byte)(struct sql_scan *s, uint8_t c);
};

/* clang-format off */
static const struct step steps[] = {
    [SQL_STEP_SELECT] = {REST_ENDS_IT, select_word, NULL, select_number, NULL},
    [SQL_STEP_SELECT_NUMBER] = {REST_ENDS_IT, NULL, NULL, NULL, NULL},
    [SQL_STEP_SELECT_DOLLARS] = {REST_IS_DOUBTFUL, NULL, NULL, NULL, NULL},
    [SQL_STEP_NOTHING] = {REST_IS_DOUBTFUL, NULL, NULL, NULL, NULL},
    [SQL_STEP_BEGIN] = {REST_IS_DOUBTFUL, begin_word, NULL, NULL, NULL},
    [SQL_STEP_START_TRANSACTION] = {REST_IS_DOUBTFUL, start_word, NULL, NULL, NULL},
    [SQL_STEP_RELEASE] = {REST_IS_DOUBTFUL, release_word, NULL, NULL, NULL},
    [SQL_STEP_LOCK] = {REST_IS_DOUBTFUL, lock_word, NULL, NULL, NULL},
    [SQL_STEP_UNLOCK] = {REST_IS_DOUBTFUL, unlock_word, NULL, NULL, NULL},
    [SQL_STEP_BACKUP] = {REST_IS_IGNORED, backup_word, NULL, NULL, NULL},
    [SQL_STEP_FLUSH] = {REST_IS_IGNORED, flush_word, NULL, NULL, NULL},
    [SQL_STEP_LOAD] = {REST_IS_IGNORED, load_word, NULL, NULL, NULL},
    [SQL_STEP_SHOW] = {REST_ENDS_IT, show_word, NULL, NULL, NULL},
    [SQL_STEP_SHOW_VARIABLES] = {REST_IS_IGNORED, variables_word, variables_string,
                                 variables_number, variables_byte},
    [SQL_STEP_SHOW_SOME_VARIABLES] = {REST_IS_IGNORED, variables_word, variables_string,
                                      variables_number, variables_byte},
    [SQL_STEP_SHOW_STATUS] = {REST_IS_IGNORED, status_word, status_string, status_number, status_byte},
    [SQL_STEP_GET] = {REST_IS_IGNORED, get_word, NULL, NULL, NULL},
    [SQL_STEP_GET_DIAGNOSTICS] = {REST_IS_IGNORED, get_word, NULL, NULL, NULL},
    [SQL_STEP_KILL] = {REST_ENDS_IT, kill_word, NULL, kill_number, NULL},
    [SQL_STEP_KILL_ID] = {REST_ENDS_IT, NULL, NULL, kill_number, NULL},
    [SQL_STEP_KILL_DONE] = {REST_ENDS_IT, NULL, NULL, NULL, NULL},
};
/* clang-format on */

static void pass_rest(struct sql_scan *s)
{
    switch (steps[s->step].rest) {
    case REST_ENDS_IT:
        go(s, SQL_STEP_PLAIN);
        break;
    case REST_IS_IGNORED:
        break;
    case REST_IS_DOUBTFUL:
        doubt(s);
        break;
    }
}

void sql_verb_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (s->step >= SQL_STEP_SET)
        sql_set_word(s, word, text);
    else if (steps[s->step].word != NULL)
        steps[s->step].word(s, word, text);
    else
        pass_rest(s);
}

void sql_verb_string(struct sql_scan *s, struct bytes text)
{
    if (s->step >= SQL_STEP_SET)
        sql_set_string(s, text);
    else if (steps[s->step].string != NULL)
        steps[s->step].string(s, text);
    else
        pass_rest(s);
}

void sql_verb_number(struct sql_scan *s)
{
    if (s->step >= SQL_STEP_SET)
        sql_set_number(s);
    else if (steps[s->step].number != NULL)
        steps[s->step].number(s);
    else
        pass_rest(s);
}

void sql_verb_byte(struct sql_scan *s, uint8_t c)
{
    if (s->step >= SQL_STEP_SET)
        sql_set_byte(s, c);
    else if (steps[s->step].byte != NULL)
        steps[s->step].byte(s, c);
    else
        pass_rest(s);
}

void sql_verb_end(struct sql_scan *s)
{
    if (s->step >= SQL_STEP_SET)
        sql_set_end(s);
    else if (s->step == SQL_STEP_SHOW_VARIABLES)
        show_all_variables(s);
    else if (s->step == SQL_STEP_SHOW_STATUS)
        session_status(s);
    else if (s->step == SQL_STEP_SELECT_NUMBER)
        s->only_ping = true;
    else if (s->step == SQL_STEP_KILL_DONE)
        s->kill_complete = true;
}
