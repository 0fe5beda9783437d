/* SPDX-License-Identifier: Apache-2.0
 * A reader for four small statements. */
#include "mysql/sql_text_statement.h"

#include "base/reader.h"
#include "mysql/sql_user_variables.h"
#include "mysql/sql_words.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool at(const struct reader *r, uint8_t c)
{
    return r->left > 0 && r->data[0] == c;
}

static bool pass(struct reader *r, uint8_t c)
{
    return at(r, c) && reader_skip(r, 1);
}

/* A comment whose contents no server executes. */
static bool skip_comment(struct reader *r)
{
    if (r->left < 4 || r->data[0] != '/' || r->data[1] != '*' || strchr("!M+", r->data[2]) != NULL)
        return false;
    for (size_t i = 2; i + 1 < r->left; i++)
        if (r->data[i] == '*' && r->data[i + 1] == '/')
            return reader_skip(r, i + 2);
    return false;
}

static void skip_space(struct reader *r)
{
    while ((r->left > 0 && is_space(r->data[0]) && reader_skip(r, 1)) || skip_comment(r))
        continue;
}

/* A bare word; empty when none is there. */
static struct bytes read_word(struct reader *r)
{
    size_t size = 0;
    struct bytes word = bytes_of(NULL, 0);
    skip_space(r);
    while (size < r->left && sql_word_fold[r->data[size]] != 0)
        size++;
    return reader_bytes(r, size, &word) ? word : bytes_of(NULL, 0);
}

static bool pass_word(struct reader *r, const char *upper)
{
    struct reader before = *r;
    if (sql_text_is(read_word(r), upper))
        return true;
    *r = before;
    return false;
}

static bool is_plain(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == '`')
            return false;
    return name.size > 0 && name.size <= SQL_NAME_MAX;
}

static bool read_name(struct reader *r, struct bytes *name)
{
    skip_space(r);
    if (!pass(r, '`')) {
        *name = read_word(r);
        return is_plain(*name);
    }
    const uint8_t *end = r->left > 0 ? memchr(r->data, '`', r->left) : NULL;
    return end != NULL && reader_bytes(r, (size_t)(end - r->data), name) && pass(r, '`') &&
           !at(r, '`') && is_plain(*name);
}

static uint8_t escaped(uint8_t c)
{
    switch (c) {
    case '0':
        return 0;
    case 'b':
        return '\b';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'Z':
        return 26;
    default:
        return c;
    }
}

/* Behind a backslash. */
static bool read_escape(struct reader *r, struct writer *value)
{
    uint8_t c;
    if (!reader_u8(r, &c))
        return false;
    if (c == '%' || c == '_')
        writer_u8(value, '\\');
    writer_u8(value, escaped(c));
    return true;
}

/* Behind the opening quote. */
static bool read_string(struct reader *r, uint8_t quote, struct sql_mode mode, struct writer *value)
{
    uint8_t c;
    while (reader_u8(r, &c)) {
        if (c == '\\' && !mode.no_backslash_escapes) {
            if (!read_escape(r, value))
                return false;
        } else if (c != quote || pass(r, quote)) {
            writer_u8(value, c);
        } else {
            return true;
        }
    }
    return false;
}

/* One or more strings side by side, which are one literal. */
static bool read_literal(struct reader *r, struct sql_mode mode, struct writer *value)
{
    bool any = false;
    for (skip_space(r);; skip_space(r), any = true) {
        uint8_t quote = at(r, '\'') ? '\'' : at(r, '"') && !mode.ansi_quotes ? '"' : 0;
        if (quote == 0)
            return any;
        if (!pass(r, quote) || !read_string(r, quote, mode, value))
            return false;
    }
}

static bool at_end(struct reader *r)
{
    skip_space(r);
    if (pass(r, ';'))
        skip_space(r);
    return r->left == 0;
}

/* A number, a string or NULL. */
static bool pass_constant(struct reader *r, struct sql_mode mode)
{
    uint8_t nowhere[1];
    struct writer value = writer_over(nowhere, 0);
    if (at(r, '\'') || (at(r, '"') && !mode.ansi_quotes))
        return !mode.multi_byte_trail && read_literal(r, mode, &value);
    bool has_sign = pass(r, '-') || pass(r, '+');
    struct bytes word = read_word(r);
    bool number = word.size > 0 && word.data[0] >= '0' && word.data[0] <= '9';
    for (size_t i = 1; number && i < word.size; i++)
        number = word.data[i] >= '0' && word.data[i] <= '9';
    if (number && pass(r, '.'))
        (void)read_word(r);
    return number || (!has_sign && sql_text_is(word, "NULL"));
}

/* USING with user variables and constants alone: what else may stand there could do anything. */
static bool pass_using(struct reader *r, struct sql_mode mode)
{
    if (!pass_word(r, "USING"))
        return false;
    do {
        skip_space(r);
        if (pass(r, '@')) {
            if (at(r, '@') || read_word(r).size == 0)
                return false;
        } else if (!pass_constant(r, mode)) {
            return false;
        }
        skip_space(r);
    } while (pass(r, ','));
    return at_end(r);
}

static bool at_end_or_using(struct reader *r, struct sql_mode mode,
                            enum sql_text_statement_kind kind)
{
    return at_end(r) || (kind == SQL_TEXT_EXECUTE_IMMEDIATE && pass_using(r, mode));
}

static void read_variable(struct reader *r, struct sql_mode mode, struct sql_text_statement *out)
{
    skip_space(r);
    if (!pass(r, '@') || at(r, '@'))
        return;
    struct bytes name = read_word(r);
    if (sql_user_variable_is_plain(name) && at_end_or_using(r, mode, out->kind))
        out->variable = name;
}

/* What is prepared, to the end of the text or (of EXECUTE IMMEDIATE) to USING. */
static void read_source(struct reader *r, struct sql_mode mode, struct sql_text_statement *out,
                        struct writer *value)
{
    struct bytes all = reader_rest(r);
    bool readable = true;
    for (size_t i = 0; mode.multi_byte_trail && i < all.size; i++)
        readable = readable && all.data[i] < 0x80;
    struct reader begin = *r;
    out->is_literal = readable && read_literal(r, mode, value) && !value->overflow &&
                      at_end_or_using(r, mode, out->kind);
    if (!out->is_literal && readable)
        read_variable(&begin, mode, out);
}

bool sql_text_statement_read(struct bytes sql, struct sql_mode mode, struct sql_text_statement *out,
                             struct writer *value)
{
    struct reader r = reader_over(sql);
    *out = (struct sql_text_statement){.kind = SQL_TEXT_DEALLOCATE};
    if (pass_word(&r, "DEALLOCATE") || pass_word(&r, "DROP"))
        return pass_word(&r, "PREPARE") && read_name(&r, &out->name) && at_end(&r);
    if (pass_word(&r, "PREPARE")) {
        out->kind = SQL_TEXT_PREPARE;
        if (!read_name(&r, &out->name) || !pass_word(&r, "FROM"))
            return false;
        read_source(&r, mode, out, value);
        return true;
    }
    if (!pass_word(&r, "EXECUTE"))
        return false;
    if (pass_word(&r, "IMMEDIATE")) {
        out->kind = SQL_TEXT_EXECUTE_IMMEDIATE;
        read_source(&r, mode, out, value);
        return true;
    }
    out->kind = SQL_TEXT_EXECUTE;
    if (!read_name(&r, &out->name))
        return false;
    struct reader behind = r;
    out->any_arguments = !at_end(&r) && !pass_using(&behind, mode);
    return !out->any_arguments || pass_word(&r, "USING");
}
