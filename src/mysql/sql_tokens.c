/* SPDX-License-Identifier: Apache-2.0
 * The strict tokenizer. */
#include "mysql/sql_tokens.h"

#include "mysql/sql_words.h"

static bool has(const struct sql_tokens *t, size_t at)
{
    return at < t->text.size;
}

static uint8_t byte_at(const struct sql_tokens *t, size_t at)
{
    return has(t, at) ? t->text.data[at] : 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_byte(uint8_t c)
{
    return c < 0x80 && c != '$' && sql_word_fold[c] != 0;
}

/* Behind a comment that begins at `at`; 0 when it is none that surely is one. */
static size_t behind_comment(const struct sql_tokens *t, size_t at)
{
    uint8_t c = byte_at(t, at);
    bool dashes = c == '-' && byte_at(t, at + 1) == '-' && is_space(byte_at(t, at + 2));
    if (c == '#' || dashes) {
        while (has(t, at) && byte_at(t, at) != '\n')
            at++;
        return at;
    }
    if (c != '/' || byte_at(t, at + 1) != '*')
        return 0;
    uint8_t kind = byte_at(t, at + 2);
    if (kind == '!' || kind == '+' || kind == 'M')
        return 0;
    for (at += 2; has(t, at + 1); at++)
        if (byte_at(t, at) == '*' && byte_at(t, at + 1) == '/')
            return at + 2;
    return 0;
}

/* Over space and comments; true when there were any. */
static bool skip_gap(struct sql_tokens *t)
{
    size_t from = t->at;
    for (;;) {
        while (has(t, t->at) && is_space(byte_at(t, t->at)))
            t->at++;
        size_t behind = behind_comment(t, t->at);
        if (behind == 0)
            return t->at > from;
        t->at = behind;
    }
}

static void take_quoted(struct sql_tokens *t, uint8_t quote, enum sql_token_kind kind)
{
    size_t at = t->at + 1;
    bool plain = true;
    for (;; at++) {
        if (!has(t, at))
            return; /* ODD */
        uint8_t c = byte_at(t, at);
        if (c == quote && byte_at(t, at + 1) == quote) {
            plain = false;
            at++;
        } else if (c == quote) {
            break;
        } else if (c == '\\' && kind == SQL_TOKEN_STRING) {
            plain = false;
            at += t->mode.no_backslash_escapes ? 0 : 1;
        } else if (c < 0x20 || c > 0x7e || c == '\'' || c == '"' || c == '`' || c == '\\') {
            plain = false;
        }
        if (c >= 0x80 && t->mode.multi_byte_trail)
            return;
    }
    t->token.kind = kind;
    t->token.text = bytes_of(t->text.data + t->at + 1, at - t->at - 1);
    t->token.plain = plain;
    t->token.end = at + 1;
}

static void take_run(struct sql_tokens *t)
{
    size_t at = t->at;
    bool number = is_digit(byte_at(t, at));
    bool all_digits = true;
    while (has(t, at) && (is_word_byte(byte_at(t, at)) || (number && byte_at(t, at) == '.'))) {
        all_digits = all_digits && (is_digit(byte_at(t, at)) || byte_at(t, at) == '.');
        at++;
    }
    if (byte_at(t, at) >= 0x80 || byte_at(t, at) == '$' || (number && !all_digits))
        return; /* ODD */
    t->token.kind = number ? SQL_TOKEN_NUMBER : SQL_TOKEN_WORD;
    t->token.text = bytes_of(t->text.data + t->at, at - t->at);
    t->token.end = at;
}

static void take_byte_or_end(struct sql_tokens *t, uint8_t c)
{
    t->token.end = t->at + 1;
    if (c != ';') {
        t->token.kind = SQL_TOKEN_BYTE;
        t->token.byte = c;
        return;
    }
    size_t from = t->at;
    do {
        t->at++;
        (void)skip_gap(t);
    } while (byte_at(t, t->at) == ';');
    t->token.kind = has(t, t->at) ? SQL_TOKEN_ODD : SQL_TOKEN_END;
    t->at = from;
}

void sql_tokens_next(struct sql_tokens *t)
{
    if (t->token.kind == SQL_TOKEN_END || t->token.kind == SQL_TOKEN_ODD)
        return;
    bool gap = skip_gap(t);
    uint8_t c = byte_at(t, t->at);
    t->token = (struct sql_token){.kind = SQL_TOKEN_ODD, .begin = t->at, .end = t->at, .gap = gap};
    if (!has(t, t->at))
        t->token.kind = SQL_TOKEN_END;
    else if (c == '\'' || (c == '"' && !t->mode.ansi_quotes))
        take_quoted(t, c, SQL_TOKEN_STRING);
    else if (c == '`')
        take_quoted(t, c, SQL_TOKEN_NAME);
    else if (is_word_byte(c))
        take_run(t);
    else if (c >= 0x20 && c < 0x7f && c != '"' && c != '$' &&
             !(c == '/' && byte_at(t, t->at + 1) == '*'))
        take_byte_or_end(t, c);
    if (t->token.kind != SQL_TOKEN_ODD)
        t->at = t->token.end;
}

void sql_tokens_begin(struct sql_tokens *t, struct sql_mode mode, struct bytes text)
{
    *t = (struct sql_tokens){.text = text, .mode = mode, .token = {.kind = SQL_TOKEN_BYTE}};
    sql_tokens_next(t);
}

bool sql_token_is_word(const struct sql_tokens *t, const char *upper)
{
    return t->token.kind == SQL_TOKEN_WORD && sql_text_is(t->token.text, upper);
}

bool sql_token_is_byte(const struct sql_tokens *t, uint8_t byte)
{
    return t->token.kind == SQL_TOKEN_BYTE && t->token.byte == byte;
}

bool sql_tokens_take_word(struct sql_tokens *t, const char *upper)
{
    if (!sql_token_is_word(t, upper))
        return false;
    sql_tokens_next(t);
    return true;
}

bool sql_tokens_take_byte(struct sql_tokens *t, uint8_t byte)
{
    if (!sql_token_is_byte(t, byte))
        return false;
    sql_tokens_next(t);
    return true;
}

bool sql_tokens_take_name(struct sql_tokens *t, struct bytes *name)
{
    bool quoted = t->token.kind == SQL_TOKEN_NAME && t->token.plain && t->token.text.size > 0;
    if (t->token.kind != SQL_TOKEN_WORD && !quoted)
        return false;
    *name = t->token.text;
    sql_tokens_next(t);
    return true;
}
