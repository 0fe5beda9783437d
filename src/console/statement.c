/* SPDX-License-Identifier: Apache-2.0
 * Matches a statement's first words against the patterns of the commands. */
#include "console/statement.h"

#include "base/text.h"
#include "console/answer.h"
#include "console/commands.h"

#include <stdio.h>

static const struct console_command commands[] = {
#define COMMAND(name, pattern, arguments, select, like, function, help)                            \
    {#name, pattern, arguments, select, like, function, help},
#include "console/commands.def"
#undef COMMAND
};

const struct console_command *console_commands(size_t *count)
{
    *count = countof(commands);
    return commands;
}

/* -------- comments -------- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Behind the quoted text that begins at `at`. */
static size_t behind_quoted(const uint8_t *text, size_t size, size_t at)
{
    uint8_t quote = text[at++];
    while (at < size && text[at] != quote)
        at += text[at] == '\\' && quote != '`' ? 2 : 1;
    return at < size ? at + 1 : size;
}

static size_t behind_line(const uint8_t *text, size_t size, size_t at)
{
    while (at < size && text[at] != '\n')
        at++;
    return at;
}

static bool pair_at(const uint8_t *text, size_t size, size_t at, const char *pair)
{
    return at + 1 < size && text[at] == (uint8_t)pair[0] && text[at + 1] == (uint8_t)pair[1];
}

/* Behind what is to be blanked of the comment at `at`: all of it, or the head of an executable one;
 * `at` when there is none. */
static size_t behind_comment(const uint8_t *text, size_t size, size_t at, bool *executable)
{
    bool dashes = pair_at(text, size, at, "--") && (at + 2 == size || text[at + 2] <= ' ');
    if (text[at] == '#' || dashes)
        return behind_line(text, size, at);
    if (!pair_at(text, size, at, "/*"))
        return at;
    size_t inside = at + 2;
    if (pair_at(text, size, inside, "M!"))
        inside++;
    if (inside < size && text[inside] == '!') {
        *executable = true;
        for (inside++; inside < size && is_digit(text[inside]);)
            inside++;
        return inside;
    }
    for (; inside < size; inside++)
        if (pair_at(text, size, inside, "*/"))
            return inside + 2;
    return at;
}

void statement_blank_comments(uint8_t *text, size_t size)
{
    bool executable = false;
    for (size_t at = 0; at < size;) {
        if (text[at] == '\'' || text[at] == '"' || text[at] == '`') {
            at = behind_quoted(text, size, at);
            continue;
        }
        size_t behind = behind_comment(text, size, at, &executable);
        if (behind == at && executable && pair_at(text, size, at, "*/")) {
            executable = false;
            behind = at + 2;
        }
        if (behind == at)
            at++;
        while (at < behind)
            text[at++] = ' ';
    }
}

/* -------- patterns -------- */

/* The next word of a pattern: its alternatives, and whether it may be missing. */
struct pattern_word {
    const char *at;
    size_t size;
    bool optional;
};

static bool next_pattern_word(const char **pattern, struct pattern_word *out)
{
    const char *at = *pattern + strspn(*pattern, " ");
    if (*at == '\0')
        return false;
    out->optional = *at == '[';
    out->at = out->optional ? at + 1 : at;
    out->size = strcspn(out->at, " ]");
    at = out->at + out->size;
    *pattern = *at == ']' ? at + 1 : at;
    return true;
}

static bool word_matches(const struct pattern_word *word, const struct sql_tokens *t)
{
    if (t->token.kind != SQL_TOKEN_WORD)
        return false;
    for (size_t from = 0; from < word->size;) {
        const char *end = memchr(word->at + from, '|', word->size - from);
        size_t n = end != NULL ? (size_t)(end - word->at) - from : word->size - from;
        char upper[32];
        if (text_copy(upper, sizeof upper, bytes_of(word->at + from, n)) &&
            sql_token_is_word(t, upper))
            return true;
        from += n + 1;
    }
    return false;
}

/* Words of the statement that the pattern takes; *whole when nothing of it is missing. */
static size_t match(const char *pattern, struct sql_tokens *t, bool *whole)
{
    struct pattern_word word;
    size_t taken = 0;
    *whole = true;
    while (next_pattern_word(&pattern, &word)) {
        if (word_matches(&word, t)) {
            sql_tokens_next(t);
            taken++;
        } else if (!word.optional) {
            *whole = false;
            return taken;
        }
    }
    return taken;
}

static void quote_rest(const struct sql_tokens *t, char *out, size_t out_size)
{
    size_t from = t->token.begin < t->text.size ? t->token.begin : t->text.size;
    (void)!text_copy(out, out_size, bytes_of(t->text.data + from, t->text.size - from));
}

static void complain(struct answer *answer, const struct sql_tokens *t, const char *help)
{
    char near[81];
    quote_rest(t, near, sizeof near);
    answer_error(answer, ER_PARSE_ERROR,
                 "You have an error in your SQL syntax; the console does not understand '%s'. "
                 "%s%s says what it understands",
                 near, "HELP", help);
}

/* Nothing matches whole: the nearest command is named. */
static void complain_unknown(struct answer *answer, const struct sql_tokens *start, size_t best,
                             const struct sql_tokens *behind)
{
    char first[40] = "";
    if (best > 0) {
        first[0] = ' ';
        (void)!text_copy(first + 1, sizeof first - 1, start->token.text);
    }
    complain(answer, best > 0 ? behind : start, first);
}

bool statement_parse(struct statement *s, struct bytes text, struct answer *answer)
{
    struct sql_tokens start;
    struct sql_tokens behind = {0};
    size_t best = 0;
    *s = (struct statement){.text = text};
    sql_tokens_begin(&start, (struct sql_mode){0}, text);
    if (sql_tokens_at_end(&start)) {
        answer_error(answer, ER_EMPTY_QUERY, "Query was empty");
        return false;
    }
    size_t best_whole = 0;
    for (size_t i = 0; i < countof(commands); i++) {
        struct sql_tokens t = start;
        bool whole;
        size_t taken = match(commands[i].pattern, &t, &whole);
        if (whole && taken > best_whole) {
            best_whole = taken;
            s->command = &commands[i];
            s->rest = t;
        } else if (!whole && taken > best) {
            best = taken;
            behind = t;
        }
    }
    bool found = best_whole > 0;
    if (!found)
        complain_unknown(answer, &start, best, &behind);
    return found;
}

bool statement_has(const struct statement *s, const char *word)
{
    struct sql_tokens t;
    sql_tokens_begin(&t, (struct sql_mode){0}, s->text);
    for (; t.token.kind == SQL_TOKEN_WORD && t.token.begin < s->rest.token.begin;
         sql_tokens_next(&t))
        if (sql_token_is_word(&t, word))
            return true;
    return false;
}

void statement_wrong(const struct statement *s, struct answer *answer)
{
    char near[81];
    quote_rest(&s->rest, near, sizeof near);
    answer_error(answer, ER_PARSE_ERROR,
                 "You have an error in your SQL syntax near '%s'. The form is: %s%s%s", near,
                 s->command->pattern, s->command->arguments[0] != '\0' ? " " : "",
                 s->command->arguments);
}

bool statement_is_over(const struct statement *s, struct answer *answer)
{
    if (sql_tokens_at_end(&s->rest))
        return true;
    statement_wrong(s, answer);
    return false;
}

/* -------- strings -------- */

static char unescaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '0':
        return '\0';
    case 'b':
        return '\b';
    case 'Z':
        return 26;
    default:
        return c;
    }
}

bool statement_unquote(const struct sql_token *t, char *out, size_t out_size, size_t *size)
{
    size_t n = 0;
    for (size_t i = 0; i < t->text.size; i++) {
        char c = (char)t->text.data[i];
        bool doubled = c == '\'' || c == '"' || c == '`';
        bool has_next = i + 1 < t->text.size;
        if (c == '\\' && t->kind == SQL_TOKEN_STRING && has_next) {
            char next = (char)t->text.data[++i];
            if (next == '%' || next == '_') { /* stays escaped: LIKE wants to know */
                if (n + 1 >= out_size)
                    return false;
                out[n++] = '\\';
            }
            c = unescaped(next);
        } else if (doubled && has_next && t->text.data[i + 1] == (uint8_t)c) {
            i++;
        }
        if (n + 1 >= out_size)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    *size = n;
    return true;
}
