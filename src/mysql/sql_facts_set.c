/* SPDX-License-Identifier: Apache-2.0
 * What a SET assigns, element by element. */
#include "mysql/sql_facts.h"
#include "mysql/sql_tokens.h"
#include "mysql/sql_words.h"

/* Over an expression: up to a comma, FOR (of SET STATEMENT) or the end. */
static enum sql_fact_value take_value(struct sql_tokens *t, bool until_for)
{
    unsigned depth = 0;
    unsigned tokens = 0;
    enum sql_fact_value value = SQL_FACT_VALUE_OTHER;
    for (;; tokens++) {
        bool ends = sql_tokens_at_end(t) || sql_token_is_byte(t, ',') ||
                    (until_for && sql_token_is_word(t, "FOR"));
        if (sql_tokens_at_end(t) || (ends && depth == 0))
            break;
        depth += sql_token_is_byte(t, '(');
        depth -= sql_token_is_byte(t, ')') && depth > 0;
        if (sql_token_is_word(t, "DEFAULT"))
            value = SQL_FACT_VALUE_DEFAULT;
        else if (t->token.kind == SQL_TOKEN_NUMBER)
            value = SQL_FACT_VALUE_ZERO;
        for (size_t i = 0; t->token.kind == SQL_TOKEN_NUMBER && i < t->token.text.size; i++)
            if (t->token.text.data[i] >= '1' && t->token.text.data[i] <= '9')
                value = SQL_FACT_VALUE_NUMBER;
        sql_tokens_next(t);
    }
    return tokens == 1 ? value : SQL_FACT_VALUE_OTHER;
}

static bool take_scope(struct sql_tokens *t, enum sql_fact_scope *scope)
{
    bool global = sql_token_is_word(t, "GLOBAL") || sql_token_is_word(t, "PERSIST") ||
                  sql_token_is_word(t, "PERSIST_ONLY");
    if (!global && !sql_token_is_word(t, "SESSION") && !sql_token_is_word(t, "LOCAL"))
        return false;
    *scope = global ? SQL_FACT_SCOPE_GLOBAL : SQL_FACT_SCOPE_SESSION;
    sql_tokens_next(t);
    return true;
}

/* @x or @@[scope.]x; false for what is not understood. `e` stays nameless for a user variable. */
static bool take_at(struct sql_tokens *t, struct sql_fact_element *e)
{
    if (!sql_tokens_take_byte(t, '@')) {
        if (t->token.kind == SQL_TOKEN_STRING || t->token.kind == SQL_TOKEN_NAME) {
            sql_tokens_next(t);
            return true;
        }
        for (;;) { /* their names may hold dots */
            if (t->token.kind != SQL_TOKEN_WORD && t->token.kind != SQL_TOKEN_NUMBER)
                return false;
            sql_tokens_next(t);
            if (!sql_tokens_take_byte(t, '.'))
                return true;
        }
    }
    e->scope = SQL_FACT_SCOPE_UNSCOPED;
    if (take_scope(t, &e->scope) && !sql_tokens_take_byte(t, '.'))
        return false;
    return sql_tokens_take_name(t, &e->name);
}

/* [scope] name, in front of = */
static bool take_target(struct sql_tokens *t, struct sql_fact_element *e)
{
    *e = (struct sql_fact_element){.scope = SQL_FACT_SCOPE_SESSION};
    if (sql_tokens_take_byte(t, '@'))
        return take_at(t, e);
    (void)take_scope(t, &e->scope);
    if (!sql_tokens_take_name(t, &e->name))
        return false;
    if (sql_tokens_take_byte(t, '.')) /* a key cache's or a connection's */
        return e->scope == SQL_FACT_SCOPE_GLOBAL && sql_tokens_take_name(t, &e->name);
    return true;
}

static bool begins_charset(const struct sql_tokens *t)
{
    return sql_token_is_word(t, "NAMES") || sql_token_is_word(t, "CHARACTER") ||
           sql_token_is_word(t, "CHARSET") || sql_token_is_word(t, "CHAR");
}

static bool take_element(struct sql_facts *f, struct sql_tokens *t, bool until_for)
{
    struct sql_fact_element e;
    if (begins_charset(t)) {
        f->has_charset = true;
        (void)take_value(t, until_for);
        return true;
    }
    if (!take_target(t, &e))
        return false;
    (void)sql_tokens_take_byte(t, ':');
    if (!sql_tokens_take_byte(t, '='))
        return false;
    e.value = take_value(t, until_for);
    if (e.name.size == 0)
        return true;
    if (sql_text_is(e.name, "PASSWORD"))
        return false;
    if (f->element_count == SQL_FACT_ELEMENTS_MAX)
        return false;
    f->elements[f->element_count++] = e;
    return true;
}

static bool take_elements(struct sql_facts *f, struct sql_tokens *t, bool until_for)
{
    do
        if (!take_element(f, t, until_for))
            return false;
    while (sql_tokens_take_byte(t, ','));
    return true;
}

static void read_statement(struct sql_facts *f, struct sql_tokens *t)
{
    if (!take_elements(f, t, true) || !sql_tokens_take_word(t, "FOR"))
        return;
    f->kind = SQL_FACT_SET_STATEMENT;
    f->only_reads = sql_token_is_word(t, "SELECT") || sql_token_is_word(t, "SHOW") ||
                    sql_token_is_word(t, "DO") || sql_token_is_word(t, "EXPLAIN");
}

static void read_role(struct sql_facts *f, struct sql_tokens *t)
{
    size_t begin = t->token.begin;
    size_t end = begin;
    while (!sql_tokens_at_end(t)) {
        bool known = t->token.kind == SQL_TOKEN_WORD || sql_token_is_byte(t, ',') ||
                     sql_token_is_byte(t, '@') ||
                     ((t->token.kind == SQL_TOKEN_NAME || t->token.kind == SQL_TOKEN_STRING) &&
                      t->token.plain);
        if (!known)
            return;
        end = t->token.end;
        sql_tokens_next(t);
    }
    f->text = bytes_of(t->text.data + begin, end - begin);
    bool plain = f->text.size > 0;
    for (size_t i = 0; i < f->text.size; i++)
        plain = plain && f->text.data[i] >= 0x20 && f->text.data[i] <= 0x7e;
    if (plain)
        f->kind = SQL_FACT_SET_ROLE;
}

void sql_facts_read_set(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_tokens_take_word(t, "STATEMENT"))
        read_statement(f, t);
    else if (sql_tokens_take_word(t, "ROLE"))
        read_role(f, t);
    else if (sql_tokens_take_word(t, "DEFAULT"))
        f->kind = sql_token_is_word(t, "ROLE") ? SQL_FACT_SET_DEFAULT_ROLE : SQL_FACT_NONE;
    else if (take_elements(f, t, false) && sql_tokens_at_end(t))
        f->kind = SQL_FACT_SET;
}
