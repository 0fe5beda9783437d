/* SPDX-License-Identifier: Apache-2.0
 * Token by token; what both dialects write alike is copied. */
#include "console/rewrite.h"

#include "base/check.h"
#include "console/statement.h"

#include <stdlib.h>
#include <string.h>

void sql_text_add(struct sql_text *t, struct bytes text)
{
    if (t->size + text.size + 1 > t->capacity) {
        t->capacity = 2 * (t->size + text.size + 1);
        t->data = realloc(t->data, t->capacity);
        CHECK(t->data != NULL);
    }
    if (text.size > 0)
        memcpy(t->data + t->size, text.data, text.size);
    t->size += text.size;
    t->data[t->size] = '\0';
}

void sql_text_add_text(struct sql_text *t, const char *text)
{
    sql_text_add(t, bytes_of_text(text));
}

void sql_text_add_quoted(struct sql_text *t, struct bytes text, char quote)
{
    sql_text_add(t, bytes_of(&quote, 1));
    for (size_t i = 0; i < text.size; i++) {
        sql_text_add(t, bytes_of(text.data + i, 1));
        if (text.data[i] == (uint8_t)quote)
            sql_text_add(t, bytes_of(&quote, 1));
    }
    sql_text_add(t, bytes_of(&quote, 1));
}

/* A string or a name in backticks. SQLite ends texts at a NUL: such a string is refused. */
static bool add_literal(struct sql_text *out, const struct sql_token *token, char quote)
{
    size_t size;
    char *text = malloc(token->text.size + 1);
    CHECK(text != NULL);
    bool good = statement_unquote(token, text, token->text.size + 1, &size) &&
                memchr(text, '\0', size) == NULL;
    if (good)
        sql_text_add_quoted(out, bytes_of(text, size), quote);
    free(text);
    return good;
}

static bool take_variable_name(struct sql_tokens *t)
{
    struct bytes name;
    if (t->token.gap || !sql_tokens_take_name(t, &name))
        return false;
    while (sql_token_is_byte(t, '.') && !t->token.gap) {
        sql_tokens_next(t);
        if (t->token.gap || !sql_tokens_take_name(t, &name))
            return false;
    }
    return true;
}

/* Stands on the first @ of @@x. */
static bool add_variable(struct sql_text *out, struct sql_tokens *t)
{
    size_t from = t->token.begin;
    sql_tokens_next(t);
    sql_tokens_next(t);
    size_t name_from = t->token.begin;
    struct sql_tokens at = *t;
    if (!take_variable_name(t)) {
        *t = at;
        return false;
    }
    size_t end = name_from;
    while (end < t->text.size && end < t->token.begin)
        end++;
    while (end > name_from && (t->text.data[end - 1] <= ' '))
        end--;
    sql_text_add_text(out, REWRITE_VARIABLE "(");
    sql_text_add_quoted(out, bytes_of(t->text.data + from, end - from), '\'');
    sql_text_add_text(out, ")");
    return true;
}

static bool is_system_variable(const struct sql_tokens *t)
{
    struct sql_tokens next = *t;
    if (!sql_token_is_byte(t, '@'))
        return false;
    sql_tokens_next(&next);
    return sql_token_is_byte(&next, '@') && !next.token.gap;
}

/* FROM DUAL, and the other words that SQLite does not have. */
static bool add_special(struct sql_text *out, struct sql_tokens *t)
{
    struct sql_tokens next = *t;
    sql_tokens_next(&next);
    if (sql_token_is_word(t, "FROM") && sql_token_is_word(&next, "DUAL")) {
        *t = next;
        sql_tokens_next(t);
        return true;
    }
    bool doubled = next.token.kind == SQL_TOKEN_BYTE && !next.token.gap;
    if (sql_token_is_byte(t, '&') && doubled && next.token.byte == '&') {
        sql_text_add_text(out, " AND ");
        *t = next;
        sql_tokens_next(t);
        return true;
    }
    return false;
}

static bool add_token(struct sql_text *out, struct sql_tokens *t)
{
    if (is_system_variable(t))
        return add_variable(out, t);
    if (add_special(out, t))
        return true;
    const struct sql_token *token = &t->token;
    switch (token->kind) {
    case SQL_TOKEN_STRING:
        if (!add_literal(out, token, '\''))
            return false;
        break;
    case SQL_TOKEN_NAME:
        if (!add_literal(out, token, '"'))
            return false;
        break;
    case SQL_TOKEN_WORD:
    case SQL_TOKEN_NUMBER:
    case SQL_TOKEN_BYTE:
        sql_text_add(out, token->text.data != NULL && token->kind != SQL_TOKEN_BYTE
                              ? token->text
                              : bytes_of(t->text.data + token->begin, token->end - token->begin));
        break;
    case SQL_TOKEN_END:
    case SQL_TOKEN_ODD:
        return false;
    }
    sql_tokens_next(t);
    return true;
}

bool rewrite_rest(struct sql_text *out, struct sql_tokens *t)
{
    sql_text_add_text(out, " ");
    while (!sql_tokens_at_end(t)) {
        if (t->token.gap)
            sql_text_add_text(out, " ");
        if (!add_token(out, t))
            return false;
    }
    return true;
}

void rewrite_column_name(char *name)
{
    static const char call[] = REWRITE_VARIABLE "('";
    char *found;
    while ((found = strstr(name, call)) != NULL) {
        char *from = found + sizeof call - 1;
        char *end = strstr(from, "')");
        if (end == NULL)
            return;
        size_t n = (size_t)(end - from);
        memmove(found, from, n);
        memmove(found + n, end + 2, strlen(end + 2) + 1);
    }
}
