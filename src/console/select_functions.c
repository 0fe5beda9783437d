/* SPDX-License-Identifier: Apache-2.0
 * Functions of SQL, written for SQLite. */
#include "console/select_functions.h"

#include "base/text.h"
#include "console/rewrite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALUE_MAX 4096

static struct bytes text_of(sqlite3_value *v)
{
    const char *text = (const char *)sqlite3_value_text(v);
    return bytes_of(text, text != NULL ? (size_t)sqlite3_value_bytes(v) : 0);
}

static void give(sqlite3_context *c, const char *text)
{
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

static void give_or_null(sqlite3_context *c, const char *text)
{
    if (text != NULL)
        give(c, text);
    else
        sqlite3_result_null(c);
}

static const struct select_environment *environment_of(sqlite3_context *c)
{
    return *(const struct select_environment **)sqlite3_user_data(c);
}

static void on_schema(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    const struct select_environment *e = environment_of(c);
    give_or_null(c, e->schema(e->context));
}

static void on_user(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    const struct select_environment *e = environment_of(c);
    give_or_null(c, e->user(e->context));
}

static void on_version(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    const struct select_environment *e = environment_of(c);
    give_or_null(c, e->version(e->context));
}

static void on_connection_id(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    const struct select_environment *e = environment_of(c);
    sqlite3_result_int64(c, (sqlite3_int64)e->connection_id(e->context));
}

static void on_variable(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc;
    const struct select_environment *e = environment_of(c);
    struct bytes name = text_of(argv[0]);
    char value[VALUE_MAX];
    uint64_t number;
    if (name.size < 2 ||
        !e->variable(e->context, bytes_of(name.data + 2, name.size - 2), value, sizeof value)) {
        char message[SQL_NAME_MAX + 40] = "Unknown system variable ";
        size_t n = strlen(message);
        (void)!text_copy(message + n, sizeof message - n,
                         name.size > 2 ? bytes_of(name.data + 2, name.size - 2) : name);
        sqlite3_result_error(c, message, -1);
        return;
    }
    if (text_parse_u64(value, &number) && number <= INT64_MAX)
        sqlite3_result_int64(c, (sqlite3_int64)number);
    else
        give(c, value);
}

static void on_now(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    time_t now = time(NULL);
    struct tm local;
    char text[32];
    localtime_r(&now, &local);
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    give(c, text);
}

static void on_concat(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    struct sql_text all = {0};
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) {
            free(all.data);
            sqlite3_result_null(c);
            return;
        }
        sql_text_add(&all, text_of(argv[i]));
    }
    if (all.size > 0)
        sqlite3_result_text64(c, all.data, all.size, SQLITE_TRANSIENT, SQLITE_UTF8);
    else
        give(c, "");
    free(all.data);
}

static void on_if(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc;
    bool true_one =
        sqlite3_value_type(argv[0]) != SQLITE_NULL && sqlite3_value_double(argv[0]) != 0;
    sqlite3_result_value(c, argv[true_one ? 1 : 2]);
}

/* What stands before the n-th mark, or behind the n-th from the end (n < 0); all of it when there
 * are not so many. */
static struct bytes before_mark(struct bytes text, struct bytes mark, int64_t n)
{
    size_t found = 0;
    for (size_t i = 0; i + mark.size <= text.size; i++) {
        if (memcmp(text.data + i, mark.data, mark.size) != 0)
            continue;
        if (++found == (uint64_t)n)
            return bytes_of(text.data, i);
        i += mark.size - 1;
    }
    return text;
}

static struct bytes behind_mark(struct bytes text, struct bytes mark, int64_t n)
{
    size_t found = 0;
    for (size_t end = text.size; end >= mark.size;) {
        size_t at = end - mark.size;
        if (memcmp(text.data + at, mark.data, mark.size) != 0) {
            end--;
            continue;
        }
        if (++found == (uint64_t)-n)
            return bytes_of(text.data + end, text.size - end);
        end = at;
    }
    return text;
}

static void on_substring_index(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc;
    struct bytes text = text_of(argv[0]);
    struct bytes mark = text_of(argv[1]);
    int64_t n = sqlite3_value_int64(argv[2]);
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
        return;
    struct bytes part = bytes_of(text.data, 0);
    if (mark.size > 0 && n > 0)
        part = before_mark(text, mark, n);
    else if (mark.size > 0 && n < 0 && n > INT64_MIN)
        part = behind_mark(text, mark, n);
    sqlite3_result_text64(c, part.size > 0 ? (const char *)part.data : "", part.size,
                          SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void on_unix_timestamp(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    sqlite3_result_int64(c, (sqlite3_int64)time(NULL));
}

/* -------- LIKE -------- */

static uint8_t folded(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/* One step of the pattern at *at against one byte. */
static bool step_matches(struct bytes pattern, size_t *at, uint8_t byte)
{
    uint8_t want = pattern.data[*at];
    if (want == '_') {
        (*at)++;
        return true;
    }
    if (want == '\\' && *at + 1 < pattern.size)
        want = pattern.data[++*at];
    (*at)++;
    return folded(want) == folded(byte);
}

/* Goes back to the last % only: linear in practice, never worse than quadratic. */
bool select_like(struct bytes pattern, struct bytes text)
{
    size_t p = 0;
    size_t t = 0;
    size_t retry_pattern = SIZE_MAX;
    size_t retry_text = 0;
    while (t < text.size) {
        if (p < pattern.size && pattern.data[p] == '%') {
            retry_pattern = ++p;
            retry_text = t;
            continue;
        }
        size_t next = p;
        if (p < pattern.size && step_matches(pattern, &next, text.data[t])) {
            p = next;
            t++;
            continue;
        }
        if (retry_pattern == SIZE_MAX)
            return false;
        p = retry_pattern;
        t = ++retry_text;
    }
    while (p < pattern.size && pattern.data[p] == '%')
        p++;
    return p == pattern.size;
}

/* `x LIKE y` calls like(y, x). */
static void on_like(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    (void)argc;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
        return;
    struct bytes pattern = text_of(argv[0]);
    struct bytes text = text_of(argv[1]);
    sqlite3_result_int(c, select_like(pattern, text));
}

bool select_functions_install(sqlite3 *db, const struct select_environment **environment)
{
    static const struct {
        const char *name;
        int arguments;
        void (*run)(sqlite3_context *c, int argc, sqlite3_value **argv);
    } functions[] = {
        {"database", 0, on_schema},
        {"schema", 0, on_schema},
        {"user", 0, on_user},
        {"current_user", 0, on_user},
        {"session_user", 0, on_user},
        {"system_user", 0, on_user},
        {"version", 0, on_version},
        {"connection_id", 0, on_connection_id},
        {REWRITE_VARIABLE, 1, on_variable},
        {"now", 0, on_now},
        {"concat", -1, on_concat},
        {"if", 3, on_if},
        {"like", 2, on_like},
        {"substring_index", 3, on_substring_index},
        {"unix_timestamp", 0, on_unix_timestamp},
    };
    for (size_t i = 0; i < countof(functions); i++)
        if (sqlite3_create_function_v2(db, functions[i].name, functions[i].arguments, SQLITE_UTF8,
                                       (void *)environment, functions[i].run, NULL, NULL,
                                       NULL) != SQLITE_OK)
            return false;
    return true;
}
