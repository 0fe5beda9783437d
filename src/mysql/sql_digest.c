/* SPDX-License-Identifier: Apache-2.0
 * Lexemes go onto a stack whose top is folded as values, commas and parentheses come, the way in
 * which the server folds them; each remembers where its text begins, so that a fold takes the text
 * back as well. */
#include "mysql/sql_digest.h"

#include "mysql/sql_digest_words.h"
#include "mysql/sql_lexer.h"
#include "mysql/sql_words.h"

/* What the folding has to tell apart. */
enum token {
    TOKEN_NONE, /* nothing stands there */
    TOKEN_OTHER,
    TOKEN_OPEN,
    TOKEN_COMMA,
    TOKEN_SIGN, /* + or - */
    TOKEN_OPERAND,
    TOKEN_PREFIX,
    TOKEN_IN,
    TOKEN_SEMICOLON,
    TOKEN_VALUE,
    TOKEN_VALUES,
    TOKEN_ROW_OF_ONE,
    TOKEN_ROWS_OF_ONE,
    TOKEN_ROW,
    TOKEN_ROWS,
    TOKEN_IN_VALUES,
};

static const char *const folded_texts[] = {
    [TOKEN_VALUE] = "?",
    [TOKEN_VALUES] = "?, ...",
    [TOKEN_ROW_OF_ONE] = "(?)",
    [TOKEN_ROWS_OF_ONE] = "(?) /* , ... */",
    [TOKEN_ROW] = "(...)",
    [TOKEN_ROWS] = "(...) /* , ... */",
    [TOKEN_IN_VALUES] = "IN (...)",
};

/* Every token has a byte of text at least, and a space behind it unless it is an @. */
#define TOKENS_MAX SQL_DIGEST_TEXT_MAX

struct folding {
    struct sql_digest *digest;
    size_t count;
    bool in_hint;
    struct {
        uint16_t token; /* enum token */
        uint16_t at;    /* of its text */
    } stack[TOKENS_MAX];
};

/* `back` 0: the last one. */
static enum token last(const struct folding *f, size_t back)
{
    return back < f->count ? (enum token)f->stack[f->count - 1 - back].token : TOKEN_NONE;
}

static void pop(struct folding *f, size_t tokens)
{
    if (tokens == 0)
        return;
    f->count -= tokens;
    f->digest->size = f->stack[f->count].at;
}

static void add_text(struct folding *f, struct bytes text)
{
    struct sql_digest *d = f->digest;
    size_t room = sizeof d->text - d->size;
    size_t size = text.size < room ? text.size : room;
    d->cut = d->cut || size < text.size;
    if (size > 0)
        memcpy(d->text + d->size, text.data, size);
    d->size = (uint16_t)(d->size + size);
}

static void push(struct folding *f, enum token token, struct bytes text, bool space)
{
    if (f->count == TOKENS_MAX || f->digest->size == sizeof f->digest->text) {
        f->digest->cut = true;
        return;
    }
    f->stack[f->count].token = (uint16_t)token;
    f->stack[f->count].at = f->digest->size;
    f->count++;
    add_text(f, text);
    if (space && f->digest->size < sizeof f->digest->text)
        f->digest->text[f->digest->size++] = ' ';
}

static void push_folded(struct folding *f, enum token token)
{
    push(f, token, bytes_of_text(folded_texts[token]), true);
}

/* A quote that stands twice in it stands for one; `quote` 0: it had none. */
static void push_name(struct folding *f, struct bytes name, uint8_t quote)
{
    size_t before = f->count;
    push(f, TOKEN_OTHER, bytes_of("`", 1), false);
    if (f->count == before)
        return;
    const uint8_t *at;
    while (quote != 0 && name.size > 0 && (at = memchr(name.data, quote, name.size)) != NULL) {
        size_t size = (size_t)(at - name.data) + 1;
        add_text(f, bytes_of(name.data, size));
        size = size < name.size ? size + 1 : size;
        name = bytes_of(name.data + size, name.size - size);
    }
    add_text(f, name);
    add_text(f, bytes_of("` ", 2));
}

/* -------- folding -------- */

static bool is_operand_next(enum token t)
{
    return t == TOKEN_OPEN || t == TOKEN_COMMA || t == TOKEN_SIGN || t == TOKEN_OPERAND;
}

static void push_value(struct folding *f)
{
    enum token before = last(f, 1);
    if (last(f, 0) == TOKEN_COMMA && (before == TOKEN_VALUE || before == TOKEN_VALUES)) {
        pop(f, 2);
        push_folded(f, TOKEN_VALUES);
    } else {
        push_folded(f, TOKEN_VALUE);
    }
}

static void push_number(struct folding *f)
{
    while (last(f, 0) == TOKEN_SIGN && is_operand_next(last(f, 1)))
        pop(f, 1);
    push_value(f);
}

/* `one` or several of them have become a row: after another and a comma, all are a list. */
static void push_row(struct folding *f, enum token one, enum token several)
{
    pop(f, 2);
    enum token before = last(f, 1);
    if (last(f, 0) == TOKEN_IN) {
        pop(f, 1);
        push_folded(f, TOKEN_IN_VALUES);
    } else if (last(f, 0) == TOKEN_COMMA && (before == one || before == several)) {
        pop(f, 2);
        push_folded(f, several);
    } else {
        push_folded(f, one);
    }
}

static void push_close(struct folding *f)
{
    if (last(f, 0) == TOKEN_VALUE && last(f, 1) == TOKEN_OPEN)
        push_row(f, TOKEN_ROW_OF_ONE, TOKEN_ROWS_OF_ONE);
    else if (last(f, 0) == TOKEN_VALUES && last(f, 1) == TOKEN_OPEN)
        push_row(f, TOKEN_ROW, TOKEN_ROWS);
    else
        push(f, TOKEN_OTHER, bytes_of(")", 1), true);
}

/* -------- lexemes -------- */

static enum token token_of_symbol(uint8_t first, size_t size)
{
    switch (first) {
    case '(':
        return TOKEN_OPEN;
    case ',':
        return TOKEN_COMMA;
    case ';':
        return TOKEN_SEMICOLON;
    case '+':
        return TOKEN_SIGN;
    case '-':
        return size == 1 ? TOKEN_SIGN : TOKEN_OTHER; /* -> */
    case '!':
        return size == 2 ? TOKEN_OPERAND : TOKEN_PREFIX; /* != */
    case ':':
    case '~':
        return TOKEN_PREFIX;
    case '*':
    case '/':
    case '%':
    case '^':
    case '|':
    case '&':
    case '<':
    case '>':
    case '=':
        return TOKEN_OPERAND;
    default:
        return TOKEN_OTHER;
    }
}

static void push_symbol(struct folding *f, struct bytes text)
{
    uint8_t first = text.data[0];
    if (first == ')') {
        push_close(f);
    } else if (first == '?') {
        push_value(f);
    } else {
        if (text.size == 2 && first == '<' && text.data[1] == '>')
            text = bytes_of("!=", 2);
        push(f, token_of_symbol(first, text.size), text, first != '@');
    }
}

/* NULL is a value where one may stand, else part of what stands before it (IS NULL, INT NULL). */
static bool null_is_value(const struct folding *f, const struct sql_digest_word *before)
{
    if (before != NULL && strcmp(before->name, "NOT") == 0)
        return false;
    return is_operand_next(last(f, 0)) || last(f, 0) == TOKEN_PREFIX;
}

static void push_keyword(struct folding *f, const struct sql_digest_word *word,
                         const struct sql_digest_word *before)
{
    enum token token = TOKEN_OTHER;
    switch ((enum sql_digest_group)word->group) {
    case SQL_DIGEST_NULL:
        if (null_is_value(f, before)) {
            push_value(f);
            return;
        }
        break;
    case SQL_DIGEST_OPERAND:
        token = TOKEN_OPERAND;
        break;
    case SQL_DIGEST_PREFIX:
        token = TOKEN_PREFIX;
        break;
    case SQL_DIGEST_IN:
        token = TOKEN_IN;
        break;
    case SQL_DIGEST_OTHER:
        break;
    }
    push(f, token, bytes_of(word->text, word->text_size), true);
}

/* Names of hints are written as they are called, in upper case. */
static void push_hint_word(struct folding *f, const struct sql_lexeme *x)
{
    uint8_t upper[64];
    bool is_number = x->text.data[0] >= '0' && x->text.data[0] <= '9'; /* 16M */
    if (is_number) {
        push_value(f);
    } else if (!x->calls || x->text.size > sizeof upper) {
        push_name(f, x->text, 0);
    } else {
        for (size_t i = 0; i < x->text.size; i++)
            upper[i] = sql_word_fold[x->text.data[i]];
        push(f, TOKEN_OTHER, bytes_of(upper, x->text.size), true);
    }
}

/* The keyword that it is, NULL none. */
static const struct sql_digest_word *push_word(struct folding *f, const struct sql_lexeme *x,
                                               const struct sql_digest_word *before)
{
    if (f->in_hint) {
        push_hint_word(f, x);
        return NULL;
    }
    const struct sql_digest_word *word = sql_digest_word_find(x->text);
    if (word == NULL || (word->only_calls && !x->calls)) {
        push_name(f, x->text, 0);
        return NULL;
    }
    push_keyword(f, word, before);
    return word;
}

static const struct sql_digest_word *push_lexeme(struct folding *f, const struct sql_lexeme *x,
                                                 const struct sql_digest_word *before)
{
    switch (x->kind) {
    case SQL_LEXEME_WORD:
        return push_word(f, x, before);
    case SQL_LEXEME_NAME:
        push_name(f, x->text, x->quote);
        break;
    case SQL_LEXEME_NUMBER:
        push_number(f);
        break;
    case SQL_LEXEME_STRING:
    case SQL_LEXEME_HOST:
        push_value(f);
        break;
    case SQL_LEXEME_SYMBOL:
        push_symbol(f, x->text);
        break;
    case SQL_LEXEME_HINT:
    case SQL_LEXEME_HINT_END:
        f->in_hint = x->kind == SQL_LEXEME_HINT;
        push(f, TOKEN_OTHER, x->text, true);
        break;
    case SQL_LEXEME_COMMENT:
    case SQL_LEXEME_END:
        break;
    }
    return NULL;
}

/* The text goes on: what stands behind the rows that are folded already may be anything. */
static void drop_part(struct folding *f)
{
    size_t back = 0;
    while (last(f, back) != TOKEN_NONE && last(f, back) != TOKEN_ROWS &&
           last(f, back) != TOKEN_ROWS_OF_ONE)
        back++;
    if (back < f->count)
        pop(f, back);
    f->digest->cut = true;
}

static void finish(struct folding *f)
{
    static const char more[] = "...";
    struct sql_digest *d = f->digest;
    while (last(f, 0) == TOKEN_SEMICOLON)
        pop(f, 1);
    if (d->size > 0 && d->text[d->size - 1] == ' ')
        d->size--;
    if (d->cut) {
        size_t most = sizeof d->text - (sizeof more - 1);
        d->size = d->size < most ? d->size : (uint16_t)most;
        memcpy(d->text + d->size, more, sizeof more - 1);
        d->size = (uint16_t)(d->size + sizeof more - 1);
    }
}

static uint64_t id_of(struct bytes text)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t h = text.size * odd;
    for (size_t at = 0; at < text.size; at += 8) {
        uint64_t word = 0;
        size_t there = text.size - at < 8 ? text.size - at : 8;
        for (size_t i = 0; i < there; i++)
            word |= (uint64_t)text.data[at + i] << (8 * i);
        h = (h ^ word) * odd;
        h ^= h >> 32;
    }
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 32;
}

void sql_digest_make(struct sql_digest *d, struct sql_mode mode, struct bytes text, bool part)
{
    struct folding f;
    struct sql_lexer lexer;
    struct sql_lexeme x;
    const struct sql_digest_word *before = NULL;
    d->size = 0;
    d->cut = false;
    f.digest = d;
    f.count = 0;
    f.in_hint = false;
    sql_lexer_begin(&lexer, mode, text);
    for (sql_lexer_next(&lexer, &x); x.kind != SQL_LEXEME_END && !d->cut;
         sql_lexer_next(&lexer, &x))
        before = push_lexeme(&f, &x, before);
    if (part)
        drop_part(&f);
    finish(&f);
    d->id = id_of(bytes_of(d->text, d->size));
}
