/* SPDX-License-Identifier: Apache-2.0
 * Comments: plain ones, hints, and those whose contents are statement text. */
#include "base/check.h"
#include "mysql/sql_judge.h"
#include "mysql/sql_scan_state.h"

/* A version that no server will ever have: such comments are how dumps hide text from servers. */
#define VERSION_NEVER      999999
#define VERSION_DIGITS_MAX 6

static void end_comment(struct sql_scan *s)
{
    if (s->hint_quotes != 0)
        sql_doubt(s);
    s->gap = true;
    sql_enter(s, SQL_STATE_BETWEEN);
}

void sql_open_comment(struct sql_scan *s)
{
    s->comment_is_hint = s->comment_is_skipped = false;
    s->hint_quotes = 0;
    sql_enter(s, SQL_STATE_COMMENT_OPEN);
}

void sql_close_executable_comment(struct sql_scan *s)
{
    s->comment_depth--;
    s->gap = true;
    sql_judge_close_comment(s);
    sql_enter(s, SQL_STATE_BETWEEN);
}

static const uint8_t *scan_line_comment(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    if (s->comment_depth > 0)
        sql_doubt(
            s); /* skipped as a whole, the comment around it ends where its first end stands */
    const uint8_t *line_end = memchr(p, '\n', (size_t)(end - p));
    if (line_end == NULL)
        return end;
    s->gap = true;
    sql_enter(s, SQL_STATE_BETWEEN);
    return line_end + 1;
}

static void open_executable_comment(struct sql_scan *s)
{
    if (s->comment_depth > 0)
        sql_doubt(s);
    if (s->comment_depth < UINT8_MAX)
        s->comment_depth++;
    s->version_size = 0;
    s->number = 0;
    sql_enter(s, SQL_STATE_VERSION);
}

static const uint8_t *scan_comment_open(struct sql_scan *s, const uint8_t *p)
{
    if (*p == '!') {
        open_executable_comment(s);
        return p + 1;
    }
    if (*p == 'M' && s->mode.mariadb) {
        sql_enter(s, SQL_STATE_COMMENT_OPEN_M);
        return p + 1;
    }
    s->comment_is_hint = *p == '+';
    sql_enter(s, SQL_STATE_COMMENT);
    return p;
}

static const uint8_t *scan_comment_open_m(struct sql_scan *s, const uint8_t *p)
{
    if (*p != '!') {
        sql_enter(s, SQL_STATE_COMMENT);
        return p;
    }
    open_executable_comment(s);
    return p + 1;
}

static const uint8_t *scan_version(struct sql_scan *s, const uint8_t *p)
{
    uint8_t digit = (uint8_t)(*p - '0');
    if (digit <= 9 && s->version_size < VERSION_DIGITS_MAX) {
        s->number = s->number * 10 + digit;
        s->version_size++;
        return p + 1;
    }
    s->gap = true;
    if (s->number == VERSION_NEVER) {
        s->comment_depth--;
        s->comment_is_skipped = true;
        sql_enter(s, SQL_STATE_COMMENT);
    } else {
        sql_judge_open_comment(s);
        sql_enter(s, SQL_STATE_BETWEEN);
    }
    return p;
}

/* A hint has quotes of its own: a comment's end between them may not be one. */
static void pass_hint_byte(struct sql_scan *s, uint8_t c)
{
    s->hint_quotes ^= c == '\'' ? 1 : c == '"' ? 2 : c == '`' ? 4 : 0;
}

static const uint8_t *scan_comment(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    for (; p < end && *p != '*'; p++) {
        if (s->comment_is_hint)
            pass_hint_byte(s, *p);
        if (s->comment_is_skipped && *p == '/') {
            sql_enter(s, SQL_STATE_COMMENT_SLASH);
            return p + 1;
        }
    }
    if (p == end)
        return p;
    sql_enter(s, SQL_STATE_COMMENT_STAR);
    return p + 1;
}

static const uint8_t *scan_comment_star(struct sql_scan *s, const uint8_t *p)
{
    if (*p == '/') {
        end_comment(s);
        return p + 1;
    }
    if (*p == '*')
        return p + 1;
    sql_enter(s, SQL_STATE_COMMENT);
    return p;
}

/* Servers count comments in a comment that they skip for its version. */
static const uint8_t *scan_comment_slash(struct sql_scan *s, const uint8_t *p)
{
    if (*p == '*')
        sql_doubt(s);
    sql_enter(s, SQL_STATE_COMMENT);
    return p;
}

const uint8_t *sql_scan_comment(struct sql_scan *s, const uint8_t *p, const uint8_t *end)
{
    switch ((enum sql_state)s->state) {
    case SQL_STATE_LINE_COMMENT:
        return scan_line_comment(s, p, end);
    case SQL_STATE_COMMENT_OPEN:
        return scan_comment_open(s, p);
    case SQL_STATE_COMMENT_OPEN_M:
        return scan_comment_open_m(s, p);
    case SQL_STATE_VERSION:
        return scan_version(s, p);
    case SQL_STATE_COMMENT:
        return scan_comment(s, p, end);
    case SQL_STATE_COMMENT_STAR:
        return scan_comment_star(s, p);
    case SQL_STATE_COMMENT_SLASH:
        return scan_comment_slash(s, p);
    case SQL_STATE_BETWEEN:
    case SQL_STATE_WORD:
    case SQL_STATE_NUMBER:
    case SQL_STATE_STRING:
    case SQL_STATE_STRING_ESCAPE:
    case SQL_STATE_NAME:
    case SQL_STATE_AT:
    case SQL_STATE_DASH:
    case SQL_STATE_DASH_DASH:
    case SQL_STATE_SLASH:
    case SQL_STATE_STAR:
        break;
    }
    check_failed("a state inside a comment", __FILE__, __LINE__, __func__);
}
