/* SPDX-License-Identifier: Apache-2.0
 * Two looks: does the text hold a word that may have to do with a secret (almost never), and if so,
 * which of its lexemes are hidden. */
#include "mysql/sql_redact.h"

#include "base/writer.h"

#include "mysql/sql_lexer.h"
#include "mysql/sql_words.h"

#define HIDDEN         "'<secret>'"
#define HIDDEN_COMMENT "/* <secret> */"

/* Any word that has one of these in it makes the statement one about secrets. */
static const char *const secret_words[] = {
    "PASSWORD",   "PASSWD",     "PASSPHRASE",  "PASSCODE",   "SECRET",
    "CREDENTIAL", "ACCESS_KEY", "PRIVATE_KEY", "ENCRYPTION", "AUTHENTICATION_STRING",
    "API_KEY",    "APIKEY",     "KEYRING",
};

/* Functions whose arguments are nobody's business. */
static const char *const secret_functions[] = {
    "AES_ENCRYPT",
    "AES_DECRYPT",
    "DES_ENCRYPT",
    "DES_DECRYPT",
    "ENCRYPT",
    "ENCODE",
    "DECODE",
    "MD5",
    "SHA",
    "SHA1",
    "SHA2",
    "KDF",
    "CREATE_DIGEST",
    "CREATE_ASYMMETRIC_PRIV_KEY",
    "CREATE_ASYMMETRIC_PUB_KEY",
    "ASYMMETRIC_ENCRYPT",
    "ASYMMETRIC_DECRYPT",
    "ASYMMETRIC_SIGN",
    "ASYMMETRIC_VERIFY",
};

#define IDENTIFIED "IDENTIFIED"

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static bool begins_with(struct bytes text, size_t at, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++)
        if (at + i >= text.size || upper(text.data[at + i]) != (uint8_t)word[i])
            return false;
    return true;
}

static bool has_word_at(struct bytes text, size_t at)
{
    for (size_t i = 0; i < countof(secret_words); i++)
        if (begins_with(text, at, secret_words[i]))
            return true;
    return begins_with(text, at, IDENTIFIED);
}

static bool is_word_at(struct bytes text, size_t at)
{
    return at < text.size && sql_word_fold[text.data[at]] != 0;
}

static bool has_function_at(struct bytes text, size_t at)
{
    if (at > 0 && is_word_at(text, at - 1))
        return false;
    for (size_t i = 0; i < countof(secret_functions); i++)
        if (begins_with(text, at, secret_functions[i]) &&
            !is_word_at(text, at + strlen(secret_functions[i])))
            return true;
    return false;
}

/* First letters of all the words: nothing else needs a closer look. */
static const bool may_begin[256] = {
    ['P'] = true, ['S'] = true, ['C'] = true, ['A'] = true, ['E'] = true, ['K'] = true,
    ['I'] = true, ['D'] = true, ['M'] = true, ['p'] = true, ['s'] = true, ['c'] = true,
    ['a'] = true, ['e'] = true, ['k'] = true, ['i'] = true, ['d'] = true, ['m'] = true,
};

static bool has_any(struct bytes text, bool functions)
{
    for (size_t at = 0; at < text.size; at++)
        if (may_begin[text.data[at]] &&
            (has_word_at(text, at) || (functions && has_function_at(text, at))))
            return true;
    return false;
}

/* -------- what kind of statement it is -------- */

enum subject {
    SUBJECT_HARMLESS,
    SUBJECT_FUNCTIONS, /* calls functions that take secrets, and nothing more */
    SUBJECT_ACCOUNTS,  /* IDENTIFIED: names stand before it, secrets behind it */
    SUBJECT_SECRETS,   /* secrets may stand anywhere */
    SUBJECT_UNCLEAR,
};

static bool is_secret_function(const struct sql_lexeme *x)
{
    if (x->kind != SQL_LEXEME_WORD && x->kind != SQL_LEXEME_NAME)
        return false;
    for (size_t i = 0; i < countof(secret_functions); i++)
        if (sql_text_is(x->text, secret_functions[i]))
            return true;
    return false;
}

static enum subject subject_of_lexeme(const struct sql_lexeme *x)
{
    if (x->unterminated)
        return SUBJECT_UNCLEAR;
    if (is_secret_function(x))
        return SUBJECT_FUNCTIONS;
    if (x->kind == SQL_LEXEME_SYMBOL || x->kind == SQL_LEXEME_NUMBER || !has_any(x->text, false))
        return SUBJECT_HARMLESS;
    bool word = x->kind == SQL_LEXEME_WORD;
    return word && sql_text_is(x->text, IDENTIFIED) ? SUBJECT_ACCOUNTS : SUBJECT_SECRETS;
}

/* A backslash, or a byte that may be half of a character, can move the end of a string. */
static bool is_ambiguous(struct sql_mode mode, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\\' || (mode.multi_byte_trail && text.data[i] >= 0x80) ||
            text.data[i] == '$')
            return true;
    return false;
}

static void begin(struct sql_lexer *l, struct sql_mode mode, struct bytes text)
{
    mode.ansi_quotes = false; /* what stands in any quotes may be a secret */
    sql_lexer_begin(l, mode, text);
    l->with_comments = true;
}

static enum subject find_subject(struct sql_mode mode, struct bytes text)
{
    struct sql_lexer l;
    struct sql_lexeme x;
    enum subject found = SUBJECT_HARMLESS;
    begin(&l, mode, text);
    for (sql_lexer_next(&l, &x); x.kind != SQL_LEXEME_END; sql_lexer_next(&l, &x)) {
        enum subject s = subject_of_lexeme(&x);
        bool in_account = found == SUBJECT_ACCOUNTS && s == SUBJECT_SECRETS;
        if (s > found && !in_account)
            found = s;
    }
    return found != SUBJECT_HARMLESS && is_ambiguous(mode, text) ? SUBJECT_UNCLEAR : found;
}

/* -------- what is left of it -------- */

struct redaction {
    struct writer out;
    bool full;
    enum subject subject;
    bool hides;       /* literals, from here on */
    bool is_identity; /* behind IDENTIFIED */
    bool value_next;  /* the next lexeme may be a secret even without quotes */
    unsigned depth;   /* parentheses of a function that takes secrets, 0 none */
    bool call_next;
};

static void put(struct redaction *r, struct bytes text)
{
    size_t room = r->out.capacity - r->out.size;
    if (text.size > room)
        r->full = true;
    writer_bytes(&r->out, text.data, text.size < room ? text.size : room);
}

static bool introduces_value(const struct sql_lexeme *x)
{
    static const char *const words[] = {"BY", "AS", "USING", "TO", "PASSWORD"};
    if (sql_lexeme_is_symbol(x, "=") || sql_lexeme_is_symbol(x, ":=") ||
        sql_lexeme_is_symbol(x, "("))
        return true;
    for (size_t i = 0; i < countof(words); i++)
        if (x->kind == SQL_LEXEME_WORD && sql_text_is(x->text, words[i]))
            return true;
    return false;
}

static bool is_hex_number(struct bytes text)
{
    return text.size > 1 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
}

static bool is_hidden(const struct redaction *r, const struct sql_lexeme *x)
{
    bool hides = r->hides || r->depth > 0;
    switch (x->kind) {
    case SQL_LEXEME_STRING:
        return hides;
    case SQL_LEXEME_NUMBER:
        return (hides && is_hex_number(x->text)) || r->value_next || r->depth > 0;
    case SQL_LEXEME_WORD:
        return r->is_identity && r->value_next && !introduces_value(x) &&
               !sql_text_is(x->text, "RANDOM") && !is_secret_function(x);
    case SQL_LEXEME_NAME:
        return r->is_identity && r->value_next;
    case SQL_LEXEME_COMMENT:
        return has_any(x->text, true) || hides;
    case SQL_LEXEME_END:
    case SQL_LEXEME_HOST:
    case SQL_LEXEME_SYMBOL:
    case SQL_LEXEME_HINT:
    case SQL_LEXEME_HINT_END:
        break;
    }
    return false;
}

static void follow_call(struct redaction *r, const struct sql_lexeme *x)
{
    bool open = sql_lexeme_is_symbol(x, "(");
    if (open && (r->depth > 0 || r->call_next))
        r->depth++;
    else if (sql_lexeme_is_symbol(x, ")") && r->depth > 0)
        r->depth--;
    r->call_next = is_secret_function(x);
}

static void follow(struct redaction *r, const struct sql_lexeme *x)
{
    enum subject s = subject_of_lexeme(x);
    follow_call(r, x);
    if (s == SUBJECT_ACCOUNTS)
        r->hides = r->is_identity = true;
    r->value_next = s == SUBJECT_SECRETS || (r->value_next && introduces_value(x)) ||
                    (r->is_identity && introduces_value(x));
}

/* Text that cannot be trusted: what it begins with is said, the rest is not. */
static struct bytes hide_all(struct sql_mode mode, struct bytes text, struct redaction *r)
{
    struct sql_lexer l;
    struct sql_lexeme x;
    sql_lexer_begin(&l, mode, text);
    sql_lexer_next(&l, &x);
    if (x.kind == SQL_LEXEME_WORD && x.text.size <= 16 && !has_any(x.text, true)) {
        put(r, x.text);
        put(r, bytes_of_text(" "));
    }
    put(r, bytes_of_text(HIDDEN));
    return writer_written(&r->out);
}

struct bytes sql_redact(struct sql_mode mode, struct bytes text, uint8_t *out, size_t room)
{
    if (!has_any(text, true))
        return text;
    struct redaction r = {.out = writer_over(out, room), .subject = find_subject(mode, text)};
    if (r.subject == SUBJECT_HARMLESS)
        return text;
    if (r.subject == SUBJECT_UNCLEAR)
        return hide_all(mode, text, &r);
    struct sql_lexer l;
    struct sql_lexeme x;
    size_t copied = 0;
    r.hides = r.subject == SUBJECT_SECRETS;
    begin(&l, mode, text);
    for (sql_lexer_next(&l, &x); x.kind != SQL_LEXEME_END && !r.full; sql_lexer_next(&l, &x)) {
        if (is_hidden(&r, &x)) {
            put(&r, bytes_of(text.data + copied, x.begin - copied));
            put(&r, bytes_of_text(x.kind == SQL_LEXEME_COMMENT ? HIDDEN_COMMENT : HIDDEN));
            copied = x.end;
        }
        if (x.kind != SQL_LEXEME_COMMENT)
            follow(&r, &x);
    }
    put(&r, bytes_of(text.data + copied, text.size - copied));
    return writer_written(&r.out);
}
