/* SPDX-License-Identifier: Apache-2.0
 * Reads and writes what people type. */
#include "base/text.h"

#include "base/check.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Digits from *text on; *text is moved behind them. False without a digit or on overflow. */
static bool take_u64(const char **text, uint64_t *out)
{
    const char *t = *text;
    if (!is_digit(*t))
        return false;
    uint64_t v = 0;
    for (; is_digit(*t); t++) {
        uint64_t digit = (uint64_t)(*t - '0');
        if (__builtin_mul_overflow(v, 10U, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *text = t;
    *out = v;
    return true;
}

bool text_parse_u64(const char *text, uint64_t *out)
{
    uint64_t v;
    if (!take_u64(&text, &v) || *text != '\0')
        return false;
    *out = v;
    return true;
}

bool text_read_u64(struct bytes digits, uint64_t *out)
{
    char text[21];
    if (digits.size == 0 || digits.size >= sizeof text ||
        memchr(digits.data, '\0', digits.size) != NULL)
        return false;
    return text_copy(text, sizeof text, digits) && text_parse_u64(text, out);
}

/* The digits behind a point, as millionths; further digits are below our precision. */
static bool take_millionths(const char **text, uint64_t *out)
{
    const char *t = *text;
    if (!is_digit(*t))
        return false;
    uint64_t v = 0;
    uint64_t scale = 100000;
    for (; is_digit(*t); t++) {
        v += (uint64_t)(*t - '0') * scale;
        scale /= 10;
    }
    *text = t;
    *out = v;
    return true;
}

static bool duration_unit(const char *text, usec_t default_unit, usec_t *out)
{
    static const struct {
        const char *name;
        usec_t length;
    } units[] = {
        {"us", 1},
        {"ms", USEC_PER_MSEC},
        {"s", USEC_PER_SEC},
        {"m", 60 * USEC_PER_SEC},
        {"h", 3600 * USEC_PER_SEC},
        {"d", 86400 * USEC_PER_SEC},
    };
    *out = default_unit;
    if (*text == '\0')
        return true;
    for (size_t i = 0; i < countof(units); i++) {
        *out = units[i].length;
        if (strcmp(text, units[i].name) == 0)
            return true;
    }
    return false;
}

bool text_parse_duration(const char *text, usec_t default_unit, usec_t *out)
{
    CHECK(default_unit > 0 && default_unit <= 86400 * USEC_PER_SEC);
    uint64_t whole;
    uint64_t millionths = 0;
    usec_t unit;
    if (!take_u64(&text, &whole))
        return false;
    if (*text == '.') {
        text++;
        if (!take_millionths(&text, &millionths))
            return false;
    }
    usec_t v;
    if (!duration_unit(text, default_unit, &unit) || __builtin_mul_overflow(whole, unit, &v) ||
        __builtin_add_overflow(v, millionths * unit / 1000000, &v))
        return false;
    *out = v;
    return true;
}

bool text_parse_size(const char *text, uint64_t *out)
{
    uint64_t v;
    uint64_t unit = 1;
    if (!take_u64(&text, &v))
        return false;
    if (*text != '\0') {
        char c = lower(*text++);
        if (c != 'k' && c != 'm' && c != 'g')
            return false;
        unit = c == 'k' ? UINT64_C(1) << 10 : c == 'm' ? UINT64_C(1) << 20 : UINT64_C(1) << 30;
    }
    if (*text != '\0' || __builtin_mul_overflow(v, unit, &v))
        return false;
    *out = v;
    return true;
}

bool text_parse_bool(const char *text, bool *out)
{
    static const struct {
        const char *name;
        bool value;
    } words[] = {
        {"on", true},   {"true", true},   {"yes", true}, {"1", true},
        {"off", false}, {"false", false}, {"no", false}, {"0", false},
    };
    for (size_t i = 0; i < countof(words); i++) {
        if (text_equal_nocase(bytes_of_text(text), words[i].name)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* -1 when it is none. */
static int hex_digit(uint8_t c)
{
    char l = lower((char)c);
    if (is_digit(l))
        return l - '0';
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool text_parse_hex(struct bytes hex, uint8_t *out, size_t out_size)
{
    if (hex.size / 2 != out_size || hex.size % 2 != 0)
        return false;
    for (size_t i = 0; i < hex.size; i++) {
        if (hex_digit(hex.data[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < out_size; i++)
        out[i] = (uint8_t)(hex_digit(hex.data[2 * i]) * 16 + hex_digit(hex.data[2 * i + 1]));
    return true;
}

void text_format_hex(const uint8_t *data, size_t n, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * n] = '\0';
}

bool text_copy(char *out, size_t out_size, struct bytes text)
{
    CHECK(out_size > 0);
    size_t n = text.size < out_size ? text.size : out_size - 1;
    if (n > 0)
        memcpy(out, text.data, n);
    out[n] = '\0';
    return n == text.size;
}

bool text_is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

bool text_equal_nocase(struct bytes a, const char *b)
{
    for (size_t i = 0; i < a.size; i++) {
        /* A NUL in `a` meets the end of `b` here: it must not pass for a match. */
        if (b[i] == '\0' || lower((char)a.data[i]) != lower(b[i]))
            return false;
    }
    return b[a.size] == '\0';
}

/* Longer words have no "did you mean". */
#define NEAREST_WORD_MAX 64

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Insertions, deletions and replacements between the two words, case ignored; both are at most
 * NEAREST_WORD_MAX long. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replace = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            row[j] = min3(replace, row[j] + 1, row[j - 1] + 1);
        }
    }
    return row[b_size];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t word_size = strlen(word);
    if (word_size > NEAREST_WORD_MAX)
        return NULL;
    const char *best = NULL;
    size_t best_distance = word_size / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(candidates[i]);
        if (size > NEAREST_WORD_MAX)
            continue;
        size_t distance = edit_distance(word, word_size, candidates[i], size);
        if (distance < best_distance) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}
