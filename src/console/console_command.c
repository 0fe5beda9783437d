/* SPDX-License-Identifier: Apache-2.0
 * The commands of the protocol that the console serves. */
#include "base/check.h"
#include "base/reader.h"
#include "base/text.h"
#include "console/console_client.h"
#include "mysql/command.h"
#include "mysql/sql_redact.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void answer_ok_now(struct console_client *c)
{
    console_send_ok(c);
}

/* For SHOW PROCESSLIST: without secrets. */
static void note_statement(struct console_session *s, struct bytes text)
{
    uint8_t memory[sizeof s->info];
    struct bytes head = bytes_of(text.data, text.size < sizeof memory ? text.size : sizeof memory);
    struct bytes told = sql_redact((struct sql_mode){0}, head, memory, sizeof memory);
    (void)!text_copy(s->info, sizeof s->info, told);
}

void console_client_run(struct console_client *c, struct bytes text)
{
    struct console_session *s = &c->session;
    c->text = malloc(text.size + 1);
    CHECK(c->text != NULL);
    if (text.size > 0)
        memcpy(c->text, text.data, text.size);
    c->text[text.size] = '\0';
    note_statement(s, text);
    s->busy = true;
    s->since = clock_now();
    answer_init(&c->run.answer);
    c->run = (struct console_run){.console = c->console, .session = s};
    console_run_begin(&c->run, c->text, text.size);
    if (!c->run.pending)
        console_client_answer(c);
}

static void run_text(struct console_client *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void run_text(struct console_client *c, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    console_client_run(c, bytes_of_text(text));
}

static void init_db(struct console_client *c, struct bytes name)
{
    char schema[65];
    if (!text_copy(schema, sizeof schema, name) || strpbrk(schema, "`\\") != NULL)
        console_send_error(c, ER_BAD_DB_ERROR, "Unknown database");
    else
        run_text(c, "USE `%s`", schema);
}

static void field_list(struct console_client *c, struct bytes payload)
{
    struct reader r = reader_over(payload);
    struct bytes name;
    struct console_table t;
    if (reader_nul_text(&r, &name) &&
        (console_table_find(bytes_of_text(c->session.schema), name, &t) ||
         console_table_find(bytes_of(NULL, 0), name, &t)))
        console_send_fields(c, &t);
    else
        console_send_error(c, ER_NO_SUCH_TABLE, "Table doesn't exist");
}

static void statistics(struct console_client *c)
{
    char text[160];
    uint8_t frame[256];
    struct writer w = writer_over(frame, sizeof frame);
    struct proxy *p = c->console->proxy;
    (void)snprintf(text, sizeof text, "Uptime: %llu  Threads: %u  Max used: %u",
                   (unsigned long long)((clock_now() - c->console->started) / USEC_PER_SEC),
                   atomic_load(&p->logged_in), atomic_load(&p->max_logged_in));
    struct frame_mark mark = frame_begin(&w, c->sequence);
    writer_text(&w, text);
    frame_end(&w, mark);
    uint8_t *out = stream_out_reserve(&c->stream, w.size);
    if (out == NULL) {
        console_client_close(c);
        return;
    }
    memcpy(out, w.data, w.size);
    stream_out_commit(&c->stream, w.size);
}

static void process_kill(struct console_client *c, struct bytes payload)
{
    struct reader r = reader_over(payload);
    uint32_t id;
    if (reader_u32(&r, &id))
        run_text(c, "KILL %u", id);
    else
        console_send_error(c, ER_MALFORMED_PACKET, "Malformed communication packet");
}

static void reset(struct console_client *c)
{
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++) {
        free(c->session.values[i]);
        c->session.values[i] = NULL;
    }
    c->session.wait_timeout = 0;
    console_send_ok(c);
}

void console_client_command(struct console_client *c, struct bytes payload)
{
    if (payload.size == 0) {
        console_send_error(c, ER_UNKNOWN_COM_ERROR, "Unknown command");
        return;
    }
    struct bytes rest = bytes_of(payload.data + 1, payload.size - 1);
    c->sequence = 1;
    switch (payload.data[0]) {
    case COMMAND_QUIT:
        console_client_close(c);
        break;
    case COMMAND_QUERY:
        console_client_run(c, rest);
        break;
    case COMMAND_INIT_DB:
        init_db(c, rest);
        break;
    case COMMAND_PING:
    case COMMAND_DEBUG:
        answer_ok_now(c);
        break;
    case COMMAND_SET_OPTION:
        console_send_error(c, ER_NOT_SUPPORTED_YET, "The console takes one statement at a time");
        break;
    case COMMAND_FIELD_LIST:
        field_list(c, rest);
        break;
    case COMMAND_STATISTICS:
        statistics(c);
        break;
    case COMMAND_PROCESS_INFO:
        run_text(c, "SHOW FULL PROCESSLIST");
        break;
    case COMMAND_PROCESS_KILL:
        process_kill(c, rest);
        break;
    case COMMAND_SHUTDOWN:
        run_text(c, "SHUTDOWN");
        break;
    case COMMAND_REFRESH:
        run_text(c, "FLUSH LOGS");
        break;
    case COMMAND_RESET_CONNECTION:
        reset(c);
        break;
    case COMMAND_STMT_PREPARE:
        console_send_error(c, ER_UNSUPPORTED_PS,
                           "The console does not prepare statements; send them as text");
        break;
    default:
        console_send_error(c, ER_UNKNOWN_COM_ERROR, "Unknown command");
        break;
    }
}
