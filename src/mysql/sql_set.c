/* SPDX-License-Identifier: Apache-2.0
 * SET: a list of elements, each judged by what it sets. An element that is not understood counts as
 * one that no tracker reports. */
#include "mysql/sql_judge.h"

static void go(struct sql_scan *s, enum sql_step step)
{
    s->step = (uint8_t)step;
}

static void set_untracked(struct sql_scan *s)
{
    sql_add_effect(s, SQL_EFFECT_BIT(SET_UNTRACKED));
    go(s, SQL_STEP_SET_VALUE);
}

static void target_word(struct sql_scan *s, struct bytes text)
{
    if (s->scope == SQL_SCOPE_GLOBAL && sql_text_is(text, "MAX_ALLOWED_PACKET"))
        sql_add_effect(s, SQL_EFFECT_BIT(SETS_FIXED_GLOBAL));
    s->variable = sql_variable_find(text);
    bool in_doubt = s->scope != SQL_SCOPE_USER && sql_variable_is_accented(text);
    if (in_doubt)
        sql_add_effect(s, SQL_EFFECT_BIT(SET_UNTRACKED));
    if (in_doubt || sql_text_is(text, "SQL_MODE"))
        s->sets_mode = true;
    if (in_doubt || sql_text_is(text, "CHARACTER_SET_CLIENT"))
        s->sets_charset = true;
    /* It overrules the collation of a SET NAMES before it, which our caller would take for the last
     * word on the matter. */
    if (s->collation[0] != '\0' && s->collation[0] != SQL_COLLATION_UNKNOWN[0] &&
        (sql_text_is(text, "COLLATION_CONNECTION") ||
         sql_text_is(text, "CHARACTER_SET_CONNECTION")))
        sql_add_effect(s, SQL_EFFECT_BIT(SET_UNTRACKED));
    go(s, SQL_STEP_SET_TARGET);
}

/* SET … TRANSACTION; with SESSION or GLOBAL it lasts, and is tracked. */
static void transaction_word(struct sql_scan *s)
{
    if (s->scope == SQL_SCOPE_NONE)
        sql_add_effect(s, SQL_EFFECT_BIT(NEXT_TRANSACTION));
    go(s, SQL_STEP_SET_TRANSACTION);
}

/* CHARACTER SET takes the collation of the schema, NAMES DEFAULT that of the server. */
static void collation_is_unknown(struct sql_scan *s)
{
    memcpy(s->collation, SQL_COLLATION_UNKNOWN, sizeof SQL_COLLATION_UNKNOWN);
}

static void charset_word(struct sql_scan *s, enum sql_step next)
{
    sql_add_effect(s, SQL_EFFECT_BIT(SET_CHARSET));
    s->sets_charset = true;
    s->collation[0] = '\0';
    if (next != SQL_STEP_SET_NAMES)
        collation_is_unknown(s);
    go(s, next);
}

static enum sql_scope scope_of(enum sql_word word)
{
    switch ((unsigned)word) {
    case SQL_WORD_GLOBAL:
    case SQL_WORD_PERSIST:
    case SQL_WORD_PERSIST_ONLY:
        return SQL_SCOPE_GLOBAL;
    case SQL_WORD_SESSION:
    case SQL_WORD_LOCAL:
        return SQL_SCOPE_SESSION;
    default:
        return SQL_SCOPE_NONE;
    }
}

static void set_scope(struct sql_scan *s, enum sql_scope scope)
{
    s->scope = (uint8_t)scope;
    if (scope == SQL_SCOPE_GLOBAL)
        sql_add_effect(s, SQL_EFFECT_BIT(CHANGES_LOGINS));
}

static void element_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    set_scope(s, scope_of(word));
    switch ((unsigned)word) {
    case SQL_WORD_GLOBAL:
    case SQL_WORD_PERSIST:
    case SQL_WORD_PERSIST_ONLY:
    case SQL_WORD_SESSION:
    case SQL_WORD_LOCAL:
        go(s, SQL_STEP_SET_SCOPED);
        break;
    case SQL_WORD_STATEMENT:
        set_untracked(s);
        go(s, SQL_STEP_SET_STATEMENT);
        break;
    case SQL_WORD_PASSWORD:
    case SQL_WORD_DEFAULT:
        sql_add_effect(s, SQL_EFFECT_BIT(CHANGES_LOGINS));
        FALLTHROUGH;
    case SQL_WORD_ROLE:
    case SQL_WORD_RESOURCE:
        set_untracked(s);
        break;
    case SQL_WORD_TRANSACTION:
        transaction_word(s);
        break;
    case SQL_WORD_NAMES:
        charset_word(s, SQL_STEP_SET_NAMES);
        break;
    case SQL_WORD_CHARACTER:
    case SQL_WORD_CHARSET:
    case SQL_WORD_CHAR:
        charset_word(s, SQL_STEP_SET_VALUE);
        break;
    default:
        target_word(s, text);
        break;
    }
}

/* Behind @@: a scope (a dot follows), or a variable. */
static void system_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    enum sql_scope scope = scope_of(word);
    if (scope == SQL_SCOPE_NONE) {
        target_word(s, text);
        return;
    }
    set_scope(s, scope);
    go(s, SQL_STEP_SET_SCOPE_DOT);
}

static void collation_text(struct sql_scan *s, struct bytes text)
{
    bool fits = text.size <= SQL_NAME_MAX && !s->text_cut;
    for (size_t i = 0; fits && i < text.size; i++)
        fits = text.data[i] < 0x80 && text.data[i] != '$' && sql_word_fold[text.data[i]] != 0;
    s->wants_text = false;
    s->collation[0] = '\0';
    if (!fits) {
        set_untracked(s);
        return;
    }
    memcpy(s->collation, text.data, text.size);
    s->collation[text.size] = '\0';
    go(s, SQL_STEP_SET_VALUE);
}

static void names_word(struct sql_scan *s, enum sql_word word)
{
    if (word == SQL_WORD_DEFAULT)
        collation_is_unknown(s);
    if (word != SQL_WORD_COLLATE)
        return;
    s->wants_text = true;
    go(s, SQL_STEP_SET_COLLATE);
}

static void collate_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    if (word == SQL_WORD_DEFAULT) {
        s->wants_text = false;
        go(s, SQL_STEP_SET_VALUE);
    } else {
        collation_text(s, text);
    }
}

/* SET STATEMENT … FOR: a statement of its own begins. */
static void statement_word(struct sql_scan *s, enum sql_word word)
{
    if (word == SQL_WORD_FOR && s->depth == 0)
        go(s, SQL_STEP_START);
}

void sql_set_word(struct sql_scan *s, enum sql_word word, struct bytes text)
{
    switch ((unsigned)s->step) {
    case SQL_STEP_SET:
    case SQL_STEP_SET_ELEMENT:
        element_word(s, word, text);
        break;
    case SQL_STEP_SET_SCOPED:
        if (word == SQL_WORD_TRANSACTION)
            transaction_word(s);
        else
            target_word(s, text);
        break;
    case SQL_STEP_SET_SYSTEM:
        system_word(s, word, text);
        break;
    case SQL_STEP_SET_USER:
        s->variable = NULL;
        go(s, SQL_STEP_SET_TARGET);
        break;
    case SQL_STEP_SET_NAMES:
        names_word(s, word);
        break;
    case SQL_STEP_SET_COLLATE:
        collate_word(s, word, text);
        break;
    case SQL_STEP_SET_STATEMENT:
        statement_word(s, word);
        break;
    case SQL_STEP_SET_ZERO:
        if (sql_text_is(text, "OFF") || word == SQL_WORD_FALSE)
            go(s, SQL_STEP_SET_ZERO_DONE);
        else
            set_untracked(s);
        break;
    case SQL_STEP_SET_TARGET:
    case SQL_STEP_SET_SCOPE_DOT:
    case SQL_STEP_SET_ZERO_DONE:
        set_untracked(s);
        break;
    default:
        break;
    }
}

void sql_set_string(struct sql_scan *s, struct bytes text)
{
    if (s->step == SQL_STEP_SET_COLLATE)
        collation_text(s, text);
    else
        sql_set_other(s);
}

void sql_set_number(struct sql_scan *s)
{
    if (s->step == SQL_STEP_SET_ZERO && s->number_is_plain && s->number == 0)
        go(s, SQL_STEP_SET_ZERO_DONE);
    else
        sql_set_other(s);
}

void sql_set_other(struct sql_scan *s)
{
    bool in_value = s->step == SQL_STEP_SET_VALUE || s->step == SQL_STEP_SET_NAMES ||
                    s->step == SQL_STEP_SET_STATEMENT || s->step == SQL_STEP_SET_TRANSACTION;
    if (s->step == SQL_STEP_SET_USER)
        go(s, SQL_STEP_SET_TARGET);
    else if (!in_value)
        set_untracked(s);
}

void sql_set_at(struct sql_scan *s, bool system)
{
    if (s->step == SQL_STEP_SET || s->step == SQL_STEP_SET_ELEMENT) {
        s->scope = system ? SQL_SCOPE_UNSCOPED : SQL_SCOPE_USER;
        s->variable = NULL;
        go(s, system ? SQL_STEP_SET_SYSTEM : SQL_STEP_SET_USER);
    } else {
        sql_set_other(s);
    }
}

/* MariaDB's tracker reports SET x and SET @@session.x, but not SET @@x (measured on 10.11). */
static void untracked_on_mariadb(struct sql_scan *s, bool unscoped)
{
    if (unscoped && s->mode.mariadb)
        sql_add_effect(s, SQL_EFFECT_BIT(SET_UNTRACKED));
}

static void assign(struct sql_scan *s)
{
    go(s, SQL_STEP_SET_VALUE);
    bool unscoped = s->scope == SQL_SCOPE_UNSCOPED;
    if (s->variable == NULL || s->scope == SQL_SCOPE_GLOBAL) {
        untracked_on_mariadb(s, unscoped);
        return;
    }
    sql_effects_t effects = unscoped ? s->variable->on_set_unscoped : s->variable->on_set;
    if (effects == 0 || effects == SQL_SET_UNLESS_ZERO)
        untracked_on_mariadb(s, unscoped);
    if ((effects & SQL_SET_UNLESS_ZERO) != 0)
        go(s, SQL_STEP_SET_ZERO);
    else
        sql_add_effect(s, effects);
}

/* The element may end here. */
static bool is_complete(const struct sql_scan *s)
{
    return s->step == SQL_STEP_SET_VALUE || s->step == SQL_STEP_SET_NAMES ||
           s->step == SQL_STEP_SET_ZERO_DONE || s->step == SQL_STEP_SET_TRANSACTION;
}

static void end_element(struct sql_scan *s)
{
    sql_set_end(s);
    go(s, SQL_STEP_SET_ELEMENT);
}

void sql_set_byte(struct sql_scan *s, uint8_t c)
{
    bool at_target = s->step == SQL_STEP_SET_TARGET;
    /* GLOBAL alone knows variables of two names, those of key caches and of connections. */
    bool is_scope =
        s->step == SQL_STEP_SET_SCOPE_DOT || (at_target && s->scope == SQL_SCOPE_GLOBAL);
    if (s->step == SQL_STEP_SET_STATEMENT || s->step == SQL_STEP_SET_TRANSACTION)
        return;
    if (at_target && c == '=')
        assign(s);
    else if (at_target && c == '.' && s->scope == SQL_SCOPE_USER)
        go(s, SQL_STEP_SET_USER); /* user variables may have dots in their names */
    else if (is_scope && c == '.')
        go(s, SQL_STEP_SET_SCOPED);
    else if (at_target && c == ':')
        return;
    else if (c == ',' && s->depth == 0)
        end_element(s);
    else
        sql_set_other(s);
}

void sql_set_end(struct sql_scan *s)
{
    s->wants_text = false;
    if (!is_complete(s))
        sql_add_effect(s, SQL_EFFECT_BIT(SET_UNTRACKED));
}
