/* SPDX-License-Identifier: Apache-2.0
 * One value of a setting: read from text, printed, compared, copied. Everything goes by the type of
 * the row; no setting has code of its own. */
#include "base/check.h"
#include "base/text.h"
#include "conf/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void *member(const struct setting *row, void *settings)
{
    return (char *)settings + row->offset;
}

static const void *member_of(const struct setting *row, const void *settings)
{
    return (const char *)settings + row->offset;
}

static bool is_text(const struct setting *row)
{
    return row->type == SETTING_TYPE_TEXT || row->type == SETTING_TYPE_SECRET;
}

static size_t value_size(const struct setting *row)
{
    switch (row->type) {
    case SETTING_TYPE_UINT:
        return sizeof(uint32_t);
    case SETTING_TYPE_SECONDS:
    case SETTING_TYPE_MSECONDS:
        return sizeof(usec_t);
    case SETTING_TYPE_SIZE:
        return sizeof(uint64_t);
    case SETTING_TYPE_BOOL:
        return sizeof(bool);
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_SECRET:
        return sizeof(char *);
    case SETTING_TYPE_ENUM:
        return sizeof(unsigned);
    }
    return 0;
}

static const char *text_of(const struct setting *row, const void *settings)
{
    const char *text;
    memcpy(&text, member_of(row, settings), sizeof(text));
    return text;
}

static void text_free(const struct setting *row, void *settings)
{
    char *text;
    memcpy(&text, member(row, settings), sizeof(text));
    if (text != NULL && row->type == SETTING_TYPE_SECRET)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void text_store(const struct setting *row, void *settings, const char *text)
{
    char *copy = strdup(text);
    CHECK(copy != NULL);
    memcpy(member(row, settings), &copy, sizeof(copy));
}

/* What a bare number counts, in µs. */
static usec_t duration_unit(const struct setting *row)
{
    return row->type == SETTING_TYPE_MSECONDS ? USEC_PER_MSEC : USEC_PER_SEC;
}

static bool wrong(const struct setting *row, const char *text, const char *what, char *error)
{
    char range[128];
    settings_describe_range(row, range, sizeof(range));
    (void)snprintf(error, SETTING_ERROR_SIZE, "'%.60s' %s; allowed: %s", text, what, range);
    return false;
}

static bool parse_number(const struct setting *row, void *settings, const char *text, char *error)
{
    uint64_t v;
    if (!text_parse_u64(text, &v))
        return wrong(row, text, "is not a whole number", error);
    if (v < row->min || v > row->max)
        return wrong(row, text, "is out of range", error);
    uint32_t narrow = (uint32_t)v;
    memcpy(member(row, settings), &narrow, sizeof(narrow));
    return true;
}

static bool parse_duration(const struct setting *row, void *settings, const char *text, char *error)
{
    usec_t unit = duration_unit(row);
    usec_t v;
    if (!text_parse_duration(text, unit, &v))
        return wrong(row, text, "is not a duration like 30, 500ms, 30s, 5m, 2h or 1d", error);
    if (v < row->min * unit || v > row->max * unit)
        return wrong(row, text, "is out of range", error);
    memcpy(member(row, settings), &v, sizeof(v));
    return true;
}

static bool parse_size(const struct setting *row, void *settings, const char *text, char *error)
{
    uint64_t v;
    if (!text_parse_size(text, &v))
        return wrong(row, text, "is not a size like 65536, 64K, 1M or 1G", error);
    if (v < row->min || v > row->max)
        return wrong(row, text, "is out of range", error);
    memcpy(member(row, settings), &v, sizeof(v));
    return true;
}

static bool parse_bool(const struct setting *row, void *settings, const char *text, char *error)
{
    bool v;
    if (!text_parse_bool(text, &v))
        return wrong(row, text, "is neither on nor off", error);
    memcpy(member(row, settings), &v, sizeof(v));
    return true;
}

#define WORDS_MAX 16

static bool parse_word(const struct setting *row, void *settings, const char *text, char *error)
{
    const char *words[WORDS_MAX];
    size_t count = settings_words(row, words, WORDS_MAX);
    CHECK(count <= WORDS_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (text_equal_nocase(bytes_of_text(text), words[i])) {
            memcpy(member(row, settings), &i, sizeof(i));
            return true;
        }
    }
    return wrong(row, text, "is no such word", error);
}

/* All bits set: SETTING_UNSET_UINT, SETTING_UNSET_DURATION. */
static bool says_nothing(const struct setting *row, const void *settings)
{
    static const unsigned char unset[sizeof(uint64_t)] = {255, 255, 255, 255, 255, 255, 255, 255};
    return row->inherits && memcmp(member_of(row, settings), unset, value_size(row)) == 0;
}

bool settings_parse(const struct setting *row, void *settings, const char *text,
                    char error[SETTING_ERROR_SIZE])
{
    if (row->inherits && text[0] == '\0') {
        memset(member(row, settings), 255, value_size(row));
        return true;
    }
    switch (row->type) {
    case SETTING_TYPE_UINT:
        return parse_number(row, settings, text, error);
    case SETTING_TYPE_SECONDS:
    case SETTING_TYPE_MSECONDS:
        return parse_duration(row, settings, text, error);
    case SETTING_TYPE_SIZE:
        return parse_size(row, settings, text, error);
    case SETTING_TYPE_BOOL:
        return parse_bool(row, settings, text, error);
    case SETTING_TYPE_ENUM:
        return parse_word(row, settings, text, error);
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_SECRET:
        break;
    }
    text_free(row, settings);
    text_store(row, settings, text);
    return true;
}

/* 1500000 µs in seconds: "1.5". */
static int format_duration(usec_t v, usec_t unit, char *out, size_t out_size)
{
    int n = snprintf(out, out_size, "%" PRIu64, v / unit);
    if (v % unit == 0 || n < 0 || (size_t)n >= out_size)
        return n;
    int digits = unit == USEC_PER_SEC ? 6 : 3;
    n += snprintf(out + n, out_size - (size_t)n, ".%0*" PRIu64, digits, v % unit);
    while ((size_t)n < out_size && out[n - 1] == '0')
        out[--n] = '\0';
    return n;
}

static int format_number(const struct setting *row, const void *settings, char *out,
                         size_t out_size)
{
    uint64_t v;
    if (row->type == SETTING_TYPE_UINT) {
        uint32_t narrow;
        memcpy(&narrow, member_of(row, settings), sizeof(narrow));
        v = narrow;
    } else {
        memcpy(&v, member_of(row, settings), sizeof(v));
    }
    if (row->type == SETTING_TYPE_SECONDS || row->type == SETTING_TYPE_MSECONDS)
        return format_duration(v, duration_unit(row), out, out_size);
    return snprintf(out, out_size, "%" PRIu64, v);
}

static const char *format_word(const struct setting *row, const void *settings)
{
    unsigned v;
    memcpy(&v, member_of(row, settings), sizeof(v));
    const char *words[WORDS_MAX];
    CHECK(v < settings_words(row, words, WORDS_MAX));
    return words[v];
}

bool settings_format(const struct setting *row, const void *settings, char *out, size_t out_size)
{
    CHECK(out_size > 0);
    const char *text = "";
    if (says_nothing(row, settings))
        return text_copy(out, out_size, bytes_of_text(text));
    switch (row->type) {
    case SETTING_TYPE_UINT:
    case SETTING_TYPE_SECONDS:
    case SETTING_TYPE_MSECONDS:
    case SETTING_TYPE_SIZE: {
        int n = format_number(row, settings, out, out_size);
        return n >= 0 && (size_t)n < out_size;
    }
    case SETTING_TYPE_BOOL:
        text = *(const bool *)member_of(row, settings) ? "ON" : "OFF";
        break;
    case SETTING_TYPE_ENUM:
        text = format_word(row, settings);
        break;
    case SETTING_TYPE_TEXT:
        text = text_of(row, settings);
        break;
    case SETTING_TYPE_SECRET:
        text = text_of(row, settings)[0] != '\0' ? "********" : "";
        break;
    }
    return text_copy(out, out_size, bytes_of_text(text));
}

bool settings_equal(const struct setting *row, const void *a, const void *b)
{
    if (is_text(row))
        return strcmp(text_of(row, a), text_of(row, b)) == 0;
    return memcmp(member_of(row, a), member_of(row, b), value_size(row)) == 0;
}

void settings_init(enum setting_scope scope, void *settings)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != scope)
            continue;
        char error[SETTING_ERROR_SIZE];
        memset(member(&rows[i], settings), 0, value_size(&rows[i]));
        CHECK(settings_parse(&rows[i], settings, rows[i].default_text, error));
    }
}

void settings_copy(enum setting_scope scope, void *to, const void *from)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != scope)
            continue;
        if (is_text(&rows[i]))
            text_store(&rows[i], to, text_of(&rows[i], from));
        else
            memcpy(member(&rows[i], to), member_of(&rows[i], from), value_size(&rows[i]));
    }
}

void settings_fini(enum setting_scope scope, void *settings)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != scope || !is_text(&rows[i]))
            continue;
        text_free(&rows[i], settings);
        memset(member(&rows[i], settings), 0, sizeof(char *));
    }
}
