/* SPDX-License-Identifier: Apache-2.0
 * Values of user variables as questions and as literals. */
#include "mysql/user_variable.h"

#include "base/reader.h"

#include <stdio.h>

/* Column types: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
enum {
    COLUMN_DOUBLE = 5,
    COLUMN_LONGLONG = 8,
    COLUMN_NEWDECIMAL = 246,
    COLUMN_MEDIUM_BLOB = 250,
    COLUMN_LONG_BLOB = 251,
    COLUMN_BLOB = 252,
    COLUMN_VAR_STRING = 253
};
#define COLUMN_UNSIGNED 0x20
#define COLUMN_FIXED    12 /* bytes of a definition behind its texts */
/* As a string, which MySQL makes of it by cutting digits off where it gets longer; as a column it
 * has them all. */
#define DOUBLE_SIZE_MAX 32
/* MariaDB makes one that was never set longer than any value, MySQL a shorter type. */
#define LENGTH_UNSET 16777216

void user_variable_write_name(struct writer *w, struct bytes name)
{
    writer_text(w, "@`");
    writer_view(w, name);
    writer_text(w, "`");
}

enum user_variable_type user_variable_type_of(struct bytes column_definition)
{
    struct reader r = reader_over(column_definition);
    uint8_t fixed;
    uint16_t charset;
    uint32_t length;
    uint8_t type;
    uint16_t flags;
    if (r.left < COLUMN_FIXED + 1 || !reader_skip(&r, r.left - COLUMN_FIXED - 1) ||
        !reader_u8(&r, &fixed) || fixed != COLUMN_FIXED || !reader_u16(&r, &charset) ||
        !reader_u32(&r, &length) || !reader_u8(&r, &type) || !reader_u16(&r, &flags))
        return USER_VARIABLE_ODD;
    switch (type) {
    case COLUMN_LONGLONG:
        return (flags & COLUMN_UNSIGNED) != 0 ? USER_VARIABLE_UNSIGNED : USER_VARIABLE_SIGNED;
    case COLUMN_DOUBLE:
        return USER_VARIABLE_DOUBLE;
    case COLUMN_NEWDECIMAL:
        return USER_VARIABLE_DECIMAL;
    case COLUMN_MEDIUM_BLOB:
    case COLUMN_LONG_BLOB:
    case COLUMN_BLOB:
        if ((flags & COLUMN_UNSIGNED) != 0)
            return USER_VARIABLE_ODD;
        return length == LENGTH_UNSET ? USER_VARIABLE_UNSET : USER_VARIABLE_STRING;
    case COLUMN_VAR_STRING:
        return USER_VARIABLE_UNSET;
    default:
        return USER_VARIABLE_ODD;
    }
}

void user_variable_ask_value(struct writer *w, struct bytes name)
{
    char limit[32];
    snprintf(limit, sizeof limit, ")>%d,'-',HEX(CAST(", USER_VARIABLE_SIZE_MAX);
    writer_text(w, "COLLATION(");
    user_variable_write_name(w, name);
    writer_text(w, "),IF(OCTET_LENGTH(");
    user_variable_write_name(w, name);
    writer_text(w, limit);
    user_variable_write_name(w, name);
    writer_text(w, " AS BINARY))),IF(OCTET_LENGTH(");
    user_variable_write_name(w, name);
    snprintf(limit, sizeof limit, ")<=%d,", DOUBLE_SIZE_MAX);
    writer_text(w, limit);
    user_variable_write_name(w, name);
    writer_text(w, ",NULL)");
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool user_variable_unhex(struct bytes digits, struct writer *out)
{
    if (digits.size % 2 != 0)
        return false;
    for (size_t i = 0; i < digits.size; i += 2) {
        int high = digit_value(digits.data[i]);
        int low = digit_value(digits.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        writer_u8(out, (uint8_t)(high * 16 + low));
    }
    return !out->overflow;
}

/* -------- numbers -------- */

#define NUMBER_SIZE_MAX 400 /* a DOUBLE without exponent has 309 digits */

static bool is_number(struct bytes text)
{
    bool any = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool digit = c >= '0' && c <= '9';
        if (!digit && c != '.' && c != '-' && c != '+' && c != 'e')
            return false;
        any = any || digit;
    }
    return any;
}

/* A cast keeps the type where a bare literal would choose its own. */
static bool assign_number(struct writer *w, enum user_variable_type type, struct bytes digits,
                          struct bytes plain)
{
    char text[NUMBER_SIZE_MAX];
    struct writer number = writer_over(text, sizeof text);
    if (type == USER_VARIABLE_DOUBLE && plain.data != NULL)
        writer_view(&number, plain);
    else if (!user_variable_unhex(digits, &number))
        return false;
    struct bytes value = writer_written(&number);
    if (number.overflow || !is_number(value))
        return false;
    bool is_integer = type == USER_VARIABLE_SIGNED || type == USER_VARIABLE_UNSIGNED;
    if (is_integer)
        writer_text(w, "CAST(");
    writer_view(w, value);
    if (is_integer)
        writer_text(w, type == USER_VARIABLE_SIGNED ? " AS SIGNED)" : " AS UNSIGNED)");
    else if (type == USER_VARIABLE_DOUBLE && memchr(value.data, 'e', value.size) == NULL)
        writer_text(w, "e0");
    else if (type == USER_VARIABLE_DECIMAL && memchr(value.data, '.', value.size) == NULL)
        writer_u8(w, '.');
    return true;
}

/* -------- strings -------- */

/* Character sets in which every byte is a character. */
static bool is_single_byte(struct bytes charset)
{
    static const char *const names[] = {"latin1", "latin2", "latin5", "latin7",   "cp850",
                                        "cp852",  "cp866",  "cp1250", "cp1251",   "cp1256",
                                        "cp1257", "koi8r",  "koi8u",  "macroman", "macce"};
    for (size_t i = 0; i < countof(names); i++)
        if (bytes_equal_text(charset, names[i]))
            return true;
    return false;
}

static bool begins_with(struct bytes charset, const char *prefix)
{
    size_t size = strlen(prefix);
    return charset.size >= size && memcmp(charset.data, prefix, size) == 0;
}

static int byte_at(struct bytes digits, size_t i)
{
    return digit_value(digits.data[i]) * 16 + digit_value(digits.data[i + 1]);
}

/* How many bytes follow a first one, 0 to 3; -1 when none begins with it. */
static int continuations(int first)
{
    if (first < 0x80)
        return 0;
    return first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
}

/* The least and the most that may stand behind it: no longer form than needed, no surrogates,
 * nothing beyond the last plane. */
static bool may_follow(int first, int second)
{
    int least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= least && second <= most;
}

/* Would the server take these digits for a string in UTF-8? It refuses malformed literals. */
static bool is_utf8(struct bytes digits, int longest)
{
    int more = 0;
    int first = 0;
    for (size_t i = 0; i + 1 < digits.size; i += 2) {
        int byte = byte_at(digits, i);
        if (more == 0) {
            first = byte;
            more = continuations(first);
            if (more < 0 || more > longest)
                return false;
        } else if (may_follow(first, byte)) {
            first = 0;
            more--;
        } else {
            return false;
        }
    }
    return more == 0;
}

static bool is_ascii(struct bytes digits)
{
    for (size_t i = 0; i < digits.size; i += 2)
        if (digit_value(digits.data[i]) >= 8)
            return false;
    return true;
}

static bool is_well_formed(struct bytes charset, struct bytes digits)
{
    if (bytes_equal_text(charset, "binary") || is_single_byte(charset))
        return true;
    if (begins_with(charset, "ucs2") || begins_with(charset, "utf16") ||
        begins_with(charset, "utf32"))
        return false;
    if (begins_with(charset, "utf8"))
        return is_utf8(digits, bytes_equal_text(charset, "utf8mb4") ? 3 : 2);
    return is_ascii(digits);
}

static bool is_identifier(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z'))
            return false;
    }
    return text.size > 0 && text.size <= 64;
}

/* The character set's name is how the collation's begins. */
static struct bytes charset_of(struct bytes collation)
{
    const uint8_t *end = memchr(collation.data, '_', collation.size);
    return bytes_of(collation.data, end != NULL ? (size_t)(end - collation.data) : collation.size);
}

static bool assign_string(struct writer *w, struct bytes collation, struct bytes digits)
{
    struct bytes charset = charset_of(collation);
    if (!is_identifier(collation) || !is_well_formed(charset, digits))
        return false;
    for (size_t i = 0; i < digits.size; i++)
        if (digit_value(digits.data[i]) < 0)
            return false;
    writer_u8(w, '_');
    writer_view(w, charset);
    writer_text(w, " X'");
    writer_view(w, digits);
    writer_u8(w, '\'');
    if (!bytes_equal_text(charset, "binary")) {
        writer_text(w, " COLLATE ");
        writer_view(w, collation);
    }
    return digits.size % 2 == 0;
}

/* -------- together -------- */

static bool assign_value(struct writer *w, enum user_variable_type type, struct bytes digits,
                         const struct bytes cells[USER_VARIABLE_CELLS])
{
    return type == USER_VARIABLE_STRING ? assign_string(w, cells[0], digits)
                                        : assign_number(w, type, digits, cells[2]);
}

bool user_variable_assign(struct writer *w, struct bytes name, enum user_variable_type type,
                          const struct bytes cells[USER_VARIABLE_CELLS])
{
    bool is_null = cells[1].data == NULL;
    if (type == USER_VARIABLE_ODD || type == USER_VARIABLE_UNSET || cells[0].data == NULL)
        return false;
    user_variable_write_name(w, name);
    writer_u8(w, '=');
    /* NULL has no type of its own: it keeps that of the value before it. */
    struct bytes digits =
        is_null ? bytes_of_text(type == USER_VARIABLE_STRING ? "" : "31") : cells[1];
    if (!assign_value(w, type, digits, cells))
        return false;
    if (is_null) {
        writer_u8(w, ',');
        user_variable_write_name(w, name);
        writer_text(w, "=NULL");
    }
    return !w->overflow;
}
