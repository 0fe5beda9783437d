/* SPDX-License-Identifier: Apache-2.0
 * The tools take an entry apart by patterns that are anchored at its lines: their order and their
 * spaces matter. */
#include "mysql/slow_entry.h"

#include "base/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void add(struct writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct writer *w, const char *format, ...)
{
    size_t room = w->capacity - w->size;
    va_list args;
    va_start(args, format);
    int n = vsnprintf((char *)w->data + w->size, room, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room)
        w->overflow = true;
    if (!w->overflow)
        w->size += (size_t)n;
}

/* A name as a value of a line: without what would end the value, or the line. */
static void add_value(struct writer *w, const char *name, bool spaces)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool odd = (uint8_t)*c < 0x20 || *c == 0x7f || (*c == ' ' && !spaces);
        writer_u8(w, odd ? '?' : (uint8_t)*c);
    }
}

static void add_seconds(struct writer *w, const char *name, usec_t t)
{
    add(w, "%s: %" PRIu64 ".%06" PRIu64, name, t / USEC_PER_SEC, t % USEC_PER_SEC);
}

static void add_user(struct writer *w, const struct slow_entry *e)
{
    writer_text(w, "# User@Host: ");
    add_value(w, e->user, false);
    writer_text(w, "[");
    add_value(w, e->user, false);
    bool local = strcmp(e->host, "localhost") == 0;
    writer_text(w, local ? "] @ localhost [" : "] @  [");
    add_value(w, local ? "" : e->host, false);
    writer_text(w, "]");
}

/* What no server writes, behind the last field that it does. */
static void add_own(struct writer *w, const struct slow_entry *e, const char *gap)
{
    writer_text(w, gap);
    add_seconds(w, "Pool_wait_time", e->wait_time);
    add(w, "%sServer: ", gap);
    add_value(w, e->server, false);
    add(w, "%sServer_thread_id: %" PRIu32 "%sLink_id: %" PRIu64, gap, e->thread_id, gap, e->link);
    if (e->no_index)
        add(w, "%sNo_index_used: Yes", gap);
    if (e->no_good_index)
        add(w, "%sNo_good_index_used: Yes", gap);
    if (e->slow_on_server)
        add(w, "%sSlow_on_server: Yes", gap);
    if (e->rate > 1)
        add(w, "%sLog_slow_rate_type: query%sLog_slow_rate_limit: %u", gap, gap, e->rate);
    writer_text(w, "\n");
}

static void add_mysql_head(struct writer *w, const struct slow_entry *e)
{
    const struct tm *t = &e->time;
    add(w, "# Time: %04d-%02d-%02dT%02d:%02d:%02d.%06" PRIu64 "Z\n", t->tm_year + 1900,
        t->tm_mon + 1, t->tm_mday, t->tm_hour, t->tm_min, t->tm_sec, e->wall % USEC_PER_SEC);
    add_user(w, e);
    add(w, "  Id: %5" PRIu32 "\n# ", e->client);
    add_seconds(w, "Query_time", e->query_time);
    add(w,
        "  Lock_time: 0.000000 Rows_sent: %" PRIu64 "  Rows_examined: 0 Thread_id: %" PRIu32
        " Errno: %u Killed: %d Bytes_sent: %" PRIu64 " Rows_affected: %" PRIu64,
        e->rows_sent, e->client, e->error, e->killed ? 1 : 0, e->bytes_sent, e->rows_affected);
    add_own(w, e, " ");
}

static void add_mariadb_head(struct writer *w, const struct slow_entry *e)
{
    const struct tm *t = &e->time;
    add(w, "# Time: %02d%02d%02d %2d:%02d:%02d\n", t->tm_year % 100, t->tm_mon + 1, t->tm_mday,
        t->tm_hour, t->tm_min, t->tm_sec);
    add_user(w, e);
    add(w, "\n# Thread_id: %" PRIu32 "  Schema: ", e->client);
    add_value(w, e->schema, true);
    writer_text(w, "  QC_hit: No\n# ");
    add_seconds(w, "Query_time", e->query_time);
    add(w,
        "  Lock_time: 0.000000  Rows_sent: %" PRIu64 "  Rows_examined: 0\n"
        "# Rows_affected: %" PRIu64 "  Bytes_sent: %" PRIu64 "  Errno: %u  Killed: %d",
        e->rows_sent, e->rows_affected, e->bytes_sent, e->error, e->killed ? 1 : 0);
    add_own(w, e, "  ");
}

static bool is_plain_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return name[strspn(name, plain)] == '\0';
}

static void add_use(struct writer *w, const char *schema)
{
    if (schema[0] == '\0')
        return;
    const char *quote = is_plain_name(schema) ? "" : "`";
    add(w, "use %s", quote);
    add_value(w, schema, true);
    add(w, "%s;\n", quote);
}

/* A line that begins with # behind a semicolon is where the tools see the next entry: no statement
 * may forge one. */
static void add_text(struct writer *w, struct bytes text)
{
    const uint8_t *newline;
    while (text.size > 0 && (newline = memchr(text.data, '\n', text.size)) != NULL) {
        size_t size = (size_t)(newline - text.data) + 1;
        writer_bytes(w, text.data, size);
        text = bytes_of(text.data + size, text.size - size);
        if (text.size > 0 && text.data[0] == '#')
            writer_u8(w, ' ');
    }
    writer_view(w, text);
}

/* As servers do before they run it. */
static struct bytes without_end(struct bytes text)
{
    while (text.size > 0 && (text.data[text.size - 1] == ';' || text.data[text.size - 1] <= ' '))
        text.size--;
    return text;
}

static void add_statement(struct writer *w, const struct slow_entry *e)
{
    bool cut = e->text_total > e->text.size && e->text.size > 0;
    struct bytes text = cut ? e->text : without_end(e->text);
    if (text.size > 0)
        add_text(w, text);
    else
        add(w, "# administrator command: %s", e->command);
    if (cut)
        add(w, " /* the first bytes of %" PRIu64 " */", e->text_total);
    writer_text(w, ";\n");
}

size_t slow_entry_format(enum slow_entry_form form, const struct slow_entry *e, uint8_t *out,
                         size_t room)
{
    struct writer w = writer_over(out, room);
    switch (form) {
    case SLOW_ENTRY_MYSQL:
        add_mysql_head(&w, e);
        break;
    case SLOW_ENTRY_MARIADB:
        add_mariadb_head(&w, e);
        break;
    }
    add_use(&w, e->schema);
    usec_t begun = e->wall > e->query_time ? e->wall - e->query_time : 0;
    add(&w, "SET timestamp=%" PRIu64 ";\n", begun / USEC_PER_SEC);
    add_statement(&w, e);
    return w.overflow ? 0 : w.size;
}
