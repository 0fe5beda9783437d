/* SPDX-License-Identifier: Apache-2.0
 * The forgiving lexer. */
#include "mysql/sql_lexer.h"

#include "mysql/sql_words.h"

/* Executable comments for later versions than these are no code for any server that there is. */
#define VERSION_MAX_MYSQL   99998
#define VERSION_MAX_MARIADB 139999

static uint8_t byte_at(const struct sql_lexer *l, size_t at)
{
    return at < l->text.size ? l->text.data[at] : 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_word_byte(uint8_t c)
{
    return sql_word_fold[c] != 0;
}

static size_t behind_word(const struct sql_lexer *l, size_t at)
{
    while (at < l->text.size && is_word_byte(l->text.data[at]))
        at++;
    return at;
}

/* -------- between lexemes -------- */

static size_t behind_line(const struct sql_lexer *l, size_t at)
{
    while (at < l->text.size && l->text.data[at] != '\n')
        at++;
    return at;
}

/* Behind the star-slash of a comment that begins at `at`; the end of the text when there is none.
 */
static size_t behind_comment(const struct sql_lexer *l, size_t at)
{
    for (at += 2; at + 1 < l->text.size; at++)
        if (l->text.data[at] == '*' && l->text.data[at + 1] == '/')
            return at + 2;
    return l->text.size;
}

static bool begins_line_comment(const struct sql_lexer *l)
{
    uint8_t c = byte_at(l, l->at);
    if (c == '#')
        return true;
    size_t third = l->at + 2;
    return c == '-' && byte_at(l, l->at + 1) == '-' &&
           (third >= l->text.size || byte_at(l, third) <= ' ');
}

/* Behind the version of an executable comment; 0 when what begins at `at` is not executed. */
static size_t behind_version(const struct sql_lexer *l, size_t at)
{
    at += 2;
    if (byte_at(l, at) == 'M' && l->mode.mariadb)
        at++;
    if (byte_at(l, at) != '!')
        return 0;
    at++;
    uint32_t version = 0;
    for (unsigned digits = 0; digits < 6 && is_digit(byte_at(l, at)); digits++, at++)
        version = version * 10 + (uint32_t)(byte_at(l, at) - '0');
    return version > (l->mode.mariadb ? VERSION_MAX_MARIADB : VERSION_MAX_MYSQL) ? 0 : at;
}

/* Only behind these; elsewhere it is a comment. */
static bool may_have_hint(struct bytes word)
{
    static const char *const words[] = {"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"};
    for (size_t i = 0; i < countof(words); i++)
        if (sql_text_is(word, words[i]))
            return true;
    return false;
}

static bool is_hint(const struct sql_lexer *l)
{
    return byte_at(l, l->at + 2) == '+' && !l->mode.mariadb && may_have_hint(l->last_word);
}

/* Over one comment, into or out of one that is executed. False when nothing of that is here. */
static bool skip_comment(struct sql_lexer *l, struct sql_lexeme *x)
{
    size_t from = l->at;
    if (begins_line_comment(l)) {
        l->at = behind_line(l, l->at);
    } else if (l->executable > 0 && byte_at(l, from) == '*' && byte_at(l, from + 1) == '/') {
        l->executable--;
        l->at += 2;
        return true;
    } else if (byte_at(l, from) != '/' || byte_at(l, from + 1) != '*' || l->in_hint || is_hint(l)) {
        return false;
    } else {
        size_t code = behind_version(l, from);
        if (code != 0) {
            l->executable++;
            l->at = code;
            return true;
        }
        l->at = behind_comment(l, from);
    }
    if (l->with_comments) {
        x->kind = SQL_LEXEME_COMMENT;
        x->begin = from;
    }
    return true;
}

/* True when a comment is to be handed out. */
static bool skip_gap(struct sql_lexer *l, struct sql_lexeme *x)
{
    for (;;) {
        while (l->at < l->text.size && is_space(l->text.data[l->at]))
            l->at++;
        if (l->at >= l->text.size || !skip_comment(l, x))
            return false;
        if (x->kind == SQL_LEXEME_COMMENT)
            return true;
    }
}

/* -------- lexemes -------- */

/* `l->at` is the opening quote. */
static void take_quoted(struct sql_lexer *l, struct sql_lexeme *x, enum sql_lexeme_kind kind)
{
    uint8_t quote = l->text.data[l->at];
    size_t begin = l->at + 1;
    size_t at = begin;
    x->kind = kind;
    x->quote = quote;
    x->unterminated = true;
    while (at < l->text.size && x->unterminated) {
        uint8_t c = l->text.data[at];
        bool doubled = c == quote && byte_at(l, at + 1) == quote;
        bool escape = c == '\\' && kind == SQL_LEXEME_STRING && !l->mode.no_backslash_escapes;
        bool half = c >= 0x80 && l->mode.multi_byte_trail;
        if (c == quote && !doubled)
            x->unterminated = false;
        else
            at += doubled || escape || half ? 2 : 1;
    }
    size_t end = at < l->text.size ? at : l->text.size;
    l->at = x->unterminated ? l->text.size : end + 1;
    x->text = bytes_of(l->text.data + begin, end - begin);
}

/* x'…' and b'…': only with the right digits; anything else is a name in front of a string. */
static bool is_digit_string(const struct sql_lexer *l)
{
    uint8_t kind = byte_at(l, l->at) | 0x20;
    size_t at = l->at + 2;
    size_t from = at;
    while (kind == 'x' ? is_hex(byte_at(l, at)) : byte_at(l, at) == '0' || byte_at(l, at) == '1')
        at++;
    return byte_at(l, at) == '\'' && (kind == 'b' || (at - from) % 2 == 0);
}

static bool has_prefixed_string(const struct sql_lexer *l)
{
    uint8_t kind = byte_at(l, l->at) | 0x20;
    if (byte_at(l, l->at + 1) != '\'')
        return false;
    return kind == 'n' || ((kind == 'x' || kind == 'b') && is_digit_string(l));
}

/* Behind the second tag of a $tag$…$tag$ that begins here; 0 when there is none. */
static size_t behind_dollar_quote(const struct sql_lexer *l)
{
    size_t tag_end = l->at + 1;
    while (is_word_byte(byte_at(l, tag_end)) && byte_at(l, tag_end) != '$')
        tag_end++;
    if (l->mode.mariadb || byte_at(l, tag_end) != '$')
        return 0;
    size_t tag_size = tag_end + 1 - l->at;
    const uint8_t *rest = l->text.data + l->at + tag_size;
    const uint8_t *end =
        memmem(rest, l->text.size - l->at - tag_size, l->text.data + l->at, tag_size);
    return end != NULL ? (size_t)(end - l->text.data) + tag_size : 0;
}

static void take_word(struct sql_lexer *l, struct sql_lexeme *x)
{
    size_t from = l->at;
    size_t quote_end = byte_at(l, from) == '$' ? behind_dollar_quote(l) : 0;
    if (quote_end != 0) {
        x->kind = SQL_LEXEME_STRING;
        l->at = quote_end;
    } else if (has_prefixed_string(l)) {
        l->at++;
        take_quoted(l, x, SQL_LEXEME_STRING);
    } else {
        l->at = behind_word(l, from);
        bool before_dot =
            l->at_signs == 0 && byte_at(l, l->at) == '.' && is_word_byte(byte_at(l, l->at + 1));
        x->kind = l->after_dot || before_dot ? SQL_LEXEME_NAME : SQL_LEXEME_WORD;
        x->calls = byte_at(l, l->at) == '(';
    }
    x->text = bytes_of(l->text.data + from, l->at - from);
}

/* 0x1f or 0b01 with nothing of a name behind it. */
static bool take_prefixed_number(struct sql_lexer *l)
{
    uint8_t kind = byte_at(l, l->at + 1);
    if (byte_at(l, l->at) != '0' || (kind != 'x' && kind != 'b'))
        return false;
    size_t at = l->at + 2;
    while (kind == 'x' ? is_hex(byte_at(l, at)) : byte_at(l, at) == '0' || byte_at(l, at) == '1')
        at++;
    if (at == l->at + 2 || is_word_byte(byte_at(l, at)))
        return false;
    l->at = at;
    return true;
}

static size_t behind_digits(const struct sql_lexer *l, size_t at)
{
    while (is_digit(byte_at(l, at)))
        at++;
    return at;
}

/* Behind e5, e-5 at `at`; `at` itself when there is no exponent. */
static size_t behind_exponent(const struct sql_lexer *l, size_t at)
{
    if ((byte_at(l, at) | 0x20) != 'e')
        return at;
    size_t digits = at + 1;
    if (byte_at(l, digits) == '+' || byte_at(l, digits) == '-')
        digits++;
    return is_digit(byte_at(l, digits)) ? behind_digits(l, digits) : at;
}

/* Begins with a digit, or with a dot and a digit. */
static void take_number(struct sql_lexer *l, struct sql_lexeme *x)
{
    size_t from = l->at;
    x->kind = SQL_LEXEME_NUMBER;
    if (!take_prefixed_number(l)) {
        size_t at = behind_digits(l, from);
        bool whole = byte_at(l, at) != '.';
        if (!whole)
            at = behind_digits(l, at + 1);
        size_t behind = behind_exponent(l, at);
        if (whole && behind == at && is_word_byte(byte_at(l, at))) {
            take_word(l, x); /* 1a is a name */
            return;
        }
        l->at = behind;
    }
    x->text = bytes_of(l->text.data + from, l->at - from);
}

static void take_host(struct sql_lexer *l, struct sql_lexeme *x)
{
    size_t from = l->at;
    while (is_word_byte(byte_at(l, l->at)) || byte_at(l, l->at) == '.')
        l->at++;
    x->kind = SQL_LEXEME_HOST;
    x->text = bytes_of(l->text.data + from, l->at - from);
}

/* How many bytes the symbol that begins here has. */
static size_t symbol_size(const struct sql_lexer *l)
{
    uint8_t next = byte_at(l, l->at + 1);
    uint8_t third = byte_at(l, l->at + 2);
    uint8_t first = l->text.data[l->at];
    switch (first) {
    case '<':
        if (next == '=')
            return third == '>' ? 3 : 2;
        return next == '>' || next == '<' ? 2 : 1;
    case '-':
        if (next == '>')
            return third == '>' ? 3 : 2;
        return 1;
    case '>':
        return next == '=' || next == '>' ? 2 : 1;
    case '!':
    case ':':
        return next == '=' ? 2 : 1;
    case '&':
    case '|':
    case '@':
        return next == first ? 2 : 1;
    default:
        return 1;
    }
}

static void take_symbol(struct sql_lexer *l, struct sql_lexeme *x)
{
    size_t size = symbol_size(l);
    x->kind = SQL_LEXEME_SYMBOL;
    x->text = bytes_of(l->text.data + l->at, size);
    l->at += size;
}

static bool take_hint_mark(struct sql_lexer *l, struct sql_lexeme *x)
{
    uint8_t c = byte_at(l, l->at);
    uint8_t next = byte_at(l, l->at + 1);
    if (l->in_hint && c == '*' && next == '/') {
        x->kind = SQL_LEXEME_HINT_END;
        l->in_hint = false;
        l->at += 2;
        return true;
    }
    if (c != '/' || next != '*' || !is_hint(l))
        return false;
    x->kind = SQL_LEXEME_HINT;
    l->in_hint = true;
    l->at += 3;
    return true;
}

static bool begins_number(const struct sql_lexer *l, uint8_t c)
{
    if (c == '.')
        return is_digit(byte_at(l, l->at + 1)) && l->name_end != l->at;
    return is_digit(c) && !l->after_dot;
}

static void take(struct sql_lexer *l, struct sql_lexeme *x)
{
    uint8_t c = l->text.data[l->at];
    if (take_hint_mark(l, x))
        x->text = bytes_of(l->text.data + x->begin, l->at - x->begin);
    else if (c == '\'' || (c == '"' && !l->mode.ansi_quotes))
        take_quoted(l, x, SQL_LEXEME_STRING);
    else if (c == '`' || c == '"')
        take_quoted(l, x, SQL_LEXEME_NAME);
    else if (l->at_signs == 1 && is_word_byte(c))
        take_host(l, x);
    else if (begins_number(l, c))
        take_number(l, x);
    else if (is_word_byte(c))
        take_word(l, x);
    else
        take_symbol(l, x);
}

/* What stands before the next one. */
static void remember(struct sql_lexer *l, const struct sql_lexeme *x)
{
    bool name = x->kind == SQL_LEXEME_WORD || x->kind == SQL_LEXEME_NAME;
    l->name_end = name ? x->end : 0;
    uint8_t symbol = x->kind == SQL_LEXEME_SYMBOL ? x->text.data[0] : 0;
    l->after_dot = symbol == '.';
    l->at_signs = symbol == '@' ? (uint8_t)x->text.size : 0;
    l->last_word = x->kind == SQL_LEXEME_WORD ? x->text : bytes_of(NULL, 0);
}

void sql_lexer_begin(struct sql_lexer *l, struct sql_mode mode, struct bytes text)
{
    *l = (struct sql_lexer){.text = text, .mode = mode};
}

void sql_lexer_next(struct sql_lexer *l, struct sql_lexeme *x)
{
    *x = (struct sql_lexeme){.kind = SQL_LEXEME_END};
    bool comment = skip_gap(l, x);
    if (comment) {
        x->end = l->at;
        x->text = bytes_of(l->text.data + x->begin, l->at - x->begin);
        return;
    }
    x->begin = l->at;
    if (l->at < l->text.size)
        take(l, x);
    x->end = l->at;
    remember(l, x);
}
