/* SPDX-License-Identifier: Apache-2.0
 * Cuts a text into tokens, in one pass over its bytes, and hands them to sql_judge.c. */
#include "mysql/sql_scan.h"

#include "base/check.h"
#include "mysql/sql_judge.h"
#include "mysql/sql_scan_state.h"
#include "mysql/sql_user_variables.h"

/* What the first byte of a token begins. */
enum start {
    START_OTHER,
    START_SPACE,
    START_WORD,
    START_DIGIT,
    START_QUOTE, /* ' " ` */
    START_AT,
    START_DASH,
    START_SLASH,
    START_STAR,
    START_HASH
};

#define RANGE_8(c, kind)                                                                           \
    [(c)] = (kind), [(c) + 1] = (kind), [(c) + 2] = (kind), [(c) + 3] = (kind),                    \
    [(c) + 4] = (kind), [(c) + 5] = (kind), [(c) + 6] = (kind), [(c) + 7] = (kind)
#define RANGE_32(c, kind)                                                                          \
    RANGE_8((c), kind), RANGE_8((c) + 8, kind), RANGE_8((c) + 16, kind), RANGE_8((c) + 24, kind)
#define LETTERS(c)                                                                                 \
    RANGE_8((c), START_WORD), RANGE_8((c) + 8, START_WORD), RANGE_8((c) + 16, START_WORD),         \
        [(c) + 24] = START_WORD, [(c) + 25] = START_WORD
static const uint8_t starts[256] = {
    RANGE_32(0, START_SPACE),
    [' '] = START_SPACE,
    [0x7f] = START_SPACE,
    LETTERS('a'),
    LETTERS('A'),
    ['_'] = START_WORD,
    ['$'] = START_WORD,
    RANGE_32(128, START_WORD),
    RANGE_32(160, START_WORD),
    RANGE_32(192, START_WORD),
    RANGE_32(224, START_WORD),
    RANGE_8('0', START_DIGIT),
    ['8'] = START_DIGIT,
    ['9'] = START_DIGIT,
    ['\''] = START_QUOTE,
    ['"'] = START_QUOTE,
    ['`'] = START_QUOTE,
    ['@'] = START_AT,
    ['-'] = START_DASH,
    ['/'] = START_SLASH,
    ['*'] = START_STAR,
    ['#'] = START_HASH,
};

/* Bytes that sql_judge.c has a case for. */
static const bool is_significant[256] = {
    ['('] = true, [')'] = true, ['.'] = true, [':'] = true, [';'] = true,
};

/* Keeps what a piece holds of a token that goes on in the next. */
static void keep_text(struct sql_scan *s, const uint8_t *from, const uint8_t *to)
{
    size_t size = (size_t)(to - from);
    size_t room = SQL_NAME_MAX - s->text_size;
    if (size > room) {
        s->text_cut = true;
        size = room;
    }
    if (size > 0)
        memcpy(s->text + s->text_size, from, size);
    s->text_size = (uint8_t)(s->text_size + size);
}

/* The text of the token that ends at `to`, at most SQL_NAME_MAX bytes of it: in the piece, or with
 * what pieces before it left. */
static struct bytes whole_text(struct sql_scan *s, const uint8_t *from, const uint8_t *to)
{
    size_t size = (size_t)(to - from);
    if (s->text_size == 0 && size <= SQL_NAME_MAX)
        return bytes_of(from, size);
    keep_text(s, from, to);
    return bytes_of(s->text, s->text_size);
}

static void begin_token(struct sql_scan *s, enum sql_state state)
{
    s->text_size = 0;
    s->text_cut = false;
    s->hash = SQL_HASH_BEGIN;
    s->word_bits = 0;
    sql_enter(s, state);
}

static void end_token(struct sql_scan *s)
{
    s->gap = false;
    sql_enter(s, SQL_STATE_BETWEEN);
}

static enum sql_word find_word(const struct sql_scan *s, struct bytes text)
{
    return s->text_cut ? SQL_NO_WORD : sql_word_find(s->hash, text);
}

/* The byte before `at`. */
static uint8_t byte_before(const struct sql_scan *s, const uint8_t *at)
{
    return at > s->piece ? at[-1] : s->previous;
}

/* What the server may read otherwise than we do: a dollar quote (MySQL 9; the mysql command line
 * says SELECT $$ to find out whether there are any), and a byte that is a space in latin1 and, on
 * its own, no part of UTF-8 text. */
static void doubt_odd_word(struct sql_scan *s, struct bytes text)
{
    bool has_dollar_quote = !s->mode.mariadb && text.size > 1 && text.data[0] == '$' &&
                            memchr(text.data + 1, '$', text.size - 1) != NULL;
    if (has_dollar_quote && !(text.size == 2 && s->step == SQL_STEP_SELECT))
        sql_doubt(s);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == 0xa0 && (i == 0 || text.data[i - 1] < 0x80))
            sql_doubt(s);
}

static void end_word(struct sql_scan *s, const uint8_t *from, const uint8_t *to)
{
    struct bytes text = whole_text(s, from, to);
    enum sql_word word = find_word(s, text);
    if (UNLIKELY(s->word_bits >= 0x80 || text.data[0] == '$'))
        doubt_odd_word(s, text);
    sql_judge_word(s, word, text);
    end_token(s);
}

static const uint8_t *scan_word(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = p;
    uint32_t hash = s->hash;
    uint8_t bits = s->word_bits;
    for (uint8_t folded; p < end && (folded = sql_word_fold[*p]) != 0; p++) {
        hash = sql_hash_byte(hash, folded);
        bits |= *p;
    }
    s->hash = hash;
    s->word_bits = bits;
    if (p == end) {
        keep_text(s, from, p);
        return p;
    }
    /* In sjis, gbk and their like, the byte behind a high one may be the second half of a
     * character: of all those that end a word, these are the ones that can. */
    if (s->mode.multi_byte_trail && *p >= 0x40 && byte_before(s, p) >= 0x80)
        sql_doubt(s);
    end_word(s, from, p);
    return p;
}

static void end_number(struct sql_scan *s)
{
    sql_judge_number(s, s->number_is_named);
    end_token(s);
}

static void add_digit(struct sql_scan *s, uint8_t digit)
{
    if (__builtin_mul_overflow(s->number, 10, &s->number) ||
        __builtin_add_overflow(s->number, digit, &s->number))
        s->number_is_plain = false;
}

static const uint8_t *scan_number(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    for (; p < end && (sql_word_fold[*p] != 0 || *p == '.'); p++) {
        uint8_t digit = (uint8_t)(*p - '0');
        if (digit <= 9) {
            add_digit(s, digit);
        } else {
            s->number_is_plain = false;
            s->number_is_named = s->number_is_named || *p != '.';
        }
    }
    if (p < end)
        end_number(s);
    return p;
}

/* A star inside quotes inside an executable comment: a server that skips the comment may see its
 * end there. */
static void doubt_quoted_star(struct sql_scan *s, const uint8_t *from, const uint8_t *to)
{
    if (UNLIKELY(s->comment_depth > 0) && memchr(from, '*', (size_t)(to - from)) != NULL)
        sql_doubt(s);
}

static void end_string(struct sql_scan *s, const uint8_t *from, const uint8_t *to)
{
    if (sql_judge_is_idle(s))
        sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
    else
        sql_judge_string(s, s->wants_text ? whole_text(s, from, to) : bytes_of(NULL, 0));
    end_token(s);
}

/* A backslash in a string; false when it is an ordinary byte. */
static bool escapes(struct sql_scan *s, uint8_t before)
{
    if (s->mode_in_doubt || (s->mode.multi_byte_trail && before >= 0x80))
        sql_doubt(s);
    return !s->mode.no_backslash_escapes;
}

static const uint8_t *scan_string(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = p;
    const uint8_t quote = s->quote;
    for (; p < end && *p != quote; p++)
        if (*p == '\\' && escapes(s, byte_before(s, p))) {
            sql_enter(s, SQL_STATE_STRING_ESCAPE);
            p++;
            break;
        }
    doubt_quoted_star(s, from, p);
    if (p == end || s->state == SQL_STATE_STRING_ESCAPE) {
        if (s->wants_text)
            keep_text(s, from, p);
        return p;
    }
    end_string(s, from, p);
    return p + 1;
}

static const uint8_t *scan_escape(struct sql_scan *s, const uint8_t *p)
{
    doubt_quoted_star(s, p, p + 1);
    if (s->wants_text)
        keep_text(s, p, p + 1);
    sql_enter(s, SQL_STATE_STRING);
    return p + 1;
}

static const uint8_t *scan_name(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = p;
    uint32_t hash = s->hash;
    for (; p < end && *p != s->quote; p++)
        hash = sql_hash_byte(hash, sql_word_fold[*p]);
    s->hash = hash;
    doubt_quoted_star(s, from, p);
    if (p == end) {
        keep_text(s, from, p);
        return p;
    }
    if (s->mode.multi_byte_trail && byte_before(s, p) >= 0x80)
        sql_doubt(s);
    struct bytes text = whole_text(s, from, p);
    sql_judge_name(s, find_word(s, text), text);
    end_token(s);
    return p + 1;
}

static const uint8_t *open_quote(struct sql_scan *s, const uint8_t *p)
{
    s->quote = *p;
    if (*p == '"' && s->mode_in_doubt)
        sql_doubt(s);
    begin_token(s, *p == '`' || (*p == '"' && s->mode.ansi_quotes) ? SQL_STATE_NAME
                                                                   : SQL_STATE_STRING);
    return p + 1;
}

static void pass_byte(struct sql_scan *s, uint8_t c)
{
    if (sql_judge_is_idle(s) && !is_significant[c])
        sql_remember(s, SQL_LAST_OTHER, SQL_NO_WORD);
    else
        sql_judge_byte(s, c);
    end_token(s);
}

static const uint8_t *scan_between(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    /* Two of three tokens are words behind a space: no jump table for these. */
    if (starts[*p] == START_SPACE) {
        s->gap = true;
        do
            if (++p == end)
                return p;
        while (starts[*p] == START_SPACE);
    }
    if (LIKELY(starts[*p] == START_WORD)) {
        begin_token(s, SQL_STATE_WORD);
        return scan_word(s, p, end);
    }
    switch ((enum start)starts[*p]) {
    case START_SPACE:
    case START_WORD:
        return p;
    case START_DIGIT:
        begin_token(s, SQL_STATE_NUMBER);
        s->number = 0;
        s->number_is_plain = true;
        s->number_is_named = false;
        return scan_number(s, p, end);
    case START_QUOTE:
        return open_quote(s, p);
    case START_AT:
        sql_enter(s, SQL_STATE_AT);
        return p + 1;
    case START_DASH:
        sql_enter(s, SQL_STATE_DASH);
        return p + 1;
    case START_SLASH:
        sql_enter(s, SQL_STATE_SLASH);
        return p + 1;
    case START_HASH:
        sql_enter(s, SQL_STATE_LINE_COMMENT);
        return p + 1;
    case START_STAR:
        if (s->comment_depth > 0) {
            sql_enter(s, SQL_STATE_STAR);
            return p + 1;
        }
        FALLTHROUGH;
    case START_OTHER:
        break;
    }
    pass_byte(s, *p);
    return p + 1;
}

/* The byte behind the first of what may be a longer token. These return `p` when it is no part of
 * it. */
static const uint8_t *scan_at(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    bool is_system = *p == '@';
    if (UNLIKELY(s->user_variables != NULL) && !is_system)
        sql_user_variables_note(s->user_variables, bytes_of(p, (size_t)(end - p)));
    sql_judge_at(s, is_system);
    end_token(s);
    return is_system ? p + 1 : p;
}

static const uint8_t *scan_dash(struct sql_scan *s, const uint8_t *p)
{
    if (*p != '-') {
        pass_byte(s, '-');
        return p;
    }
    sql_enter(s, SQL_STATE_DASH_DASH);
    return p + 1;
}

/* Two dashes begin a comment only in front of a space; else the second may begin another pair. */
static const uint8_t *scan_dash_dash(struct sql_scan *s, const uint8_t *p)
{
    if (starts[*p] == START_SPACE) {
        sql_enter(s, SQL_STATE_LINE_COMMENT);
    } else {
        pass_byte(s, '-');
        sql_enter(s, SQL_STATE_DASH);
    }
    return p;
}

static const uint8_t *scan_slash(struct sql_scan *s, const uint8_t *p)
{
    if (*p != '*') {
        pass_byte(s, '/');
        return p;
    }
    sql_open_comment(s);
    return p + 1;
}

static const uint8_t *scan_star(struct sql_scan *s, const uint8_t *p)
{
    if (*p != '/') {
        pass_byte(s, '*');
        return p;
    }
    sql_close_executable_comment(s);
    return p + 1;
}

/* At least one byte is consumed, or the state changes. */
static const uint8_t *scan_some(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    switch ((enum sql_state)s->state) {
    case SQL_STATE_BETWEEN:
        return scan_between(s, p, end);
    case SQL_STATE_WORD:
        return scan_word(s, p, end);
    case SQL_STATE_NUMBER:
        return scan_number(s, p, end);
    case SQL_STATE_STRING:
        return scan_string(s, p, end);
    case SQL_STATE_STRING_ESCAPE:
        return scan_escape(s, p);
    case SQL_STATE_NAME:
        return scan_name(s, p, end);
    case SQL_STATE_AT:
        return scan_at(s, p, end);
    case SQL_STATE_DASH:
        return scan_dash(s, p);
    case SQL_STATE_DASH_DASH:
        return scan_dash_dash(s, p);
    case SQL_STATE_SLASH:
        return scan_slash(s, p);
    case SQL_STATE_STAR:
        return scan_star(s, p);
    case SQL_STATE_LINE_COMMENT:
    case SQL_STATE_COMMENT_OPEN:
    case SQL_STATE_COMMENT_OPEN_M:
    case SQL_STATE_VERSION:
    case SQL_STATE_COMMENT:
    case SQL_STATE_COMMENT_STAR:
    case SQL_STATE_COMMENT_SLASH:
        return sql_scan_comment(s, p, end);
    }
    check_failed("a state of enum sql_state", __FILE__, __LINE__, __func__);
}

void sql_scan_begin(struct sql_scan *s, struct sql_mode mode)
{
    memset(s, 0, sizeof(*s));
    s->mode = mode;
}

void sql_scan_feed(struct sql_scan *s, struct bytes piece)
{
    const uint8_t *p = piece.data;
    const uint8_t *end = p + piece.size;
    if (piece.size == 0)
        return;
    s->piece = p;
    while (p < end)
        p = s->state == SQL_STATE_BETWEEN ? scan_between(s, p, end) : scan_some(s, p, end);
    s->previous = end[-1];
}

/* What the end of the text makes of a token that is not complete. */
static void end_last_token(struct sql_scan *s)
{
    static const uint8_t nothing = 0;
    switch ((enum sql_state)s->state) {
    case SQL_STATE_WORD: /* s->text holds it */
        end_word(s, &nothing, &nothing);
        break;
    case SQL_STATE_NUMBER:
        end_number(s);
        break;
    case SQL_STATE_AT:
        sql_judge_at(s, false);
        break;
    case SQL_STATE_DASH:
        pass_byte(s, '-');
        break;
    case SQL_STATE_SLASH:
        pass_byte(s, '/');
        break;
    case SQL_STATE_STAR:
        pass_byte(s, '*');
        break;
    case SQL_STATE_BETWEEN:
    case SQL_STATE_LINE_COMMENT:
    case SQL_STATE_DASH_DASH: /* a comment: servers see a NUL behind it */
        break;
    case SQL_STATE_STRING:
    case SQL_STATE_STRING_ESCAPE:
    case SQL_STATE_NAME:
    case SQL_STATE_COMMENT_OPEN:
    case SQL_STATE_COMMENT_OPEN_M:
    case SQL_STATE_VERSION:
    case SQL_STATE_COMMENT:
    case SQL_STATE_COMMENT_STAR:
    case SQL_STATE_COMMENT_SLASH:
        s->effects |= SQL_EFFECT_BIT(UNTERMINATED);
        break;
    }
}

void sql_scan_end(struct sql_scan *s)
{
    end_last_token(s);
    if (s->comment_depth > 0)
        s->effects |= SQL_EFFECT_BIT(UNTERMINATED);
    sql_judge_end(s);
}

void sql_scan_text(struct sql_scan *s, struct sql_mode mode, struct bytes text)
{
    sql_scan_begin(s, mode);
    sql_scan_feed(s, text);
    sql_scan_end(s);
}
