/* SPDX-License-Identifier: Apache-2.0
 * Answers as packets. */
#include "console/console_client.h"

#include "base/check.h"
#include "mysql/err_packet.h"
#include "mysql/lenenc.h"
#include "mysql/ok_packet.h"
#include "mysql/status_flags.h"

#include <stdlib.h>

#define SMALL_PACKET_MAX 2048
#define COLUMN_NAME_MAX  1024

enum { TYPE_DOUBLE = 5, TYPE_LONGLONG = 8, TYPE_VAR_STRING = 253 };
enum { CHARSET_BINARY = 63, CHARSET_UTF8MB4 = 45 };
enum { FLAG_NOT_NULL = 1, FLAG_BINARY = 128 };

static void send_bytes(struct console_client *c, struct bytes data)
{
    uint8_t *out = stream_is_open(&c->stream) ? stream_out_reserve(&c->stream, data.size) : NULL;
    if (out == NULL) {
        console_client_close(c);
        return;
    }
    memcpy(out, data.data, data.size);
    stream_out_commit(&c->stream, data.size);
}

static void send_written(struct console_client *c, const struct writer *w)
{
    CHECK(!w->overflow);
    send_bytes(c, writer_written(w));
}

void console_send_ok(struct console_client *c)
{
    struct answer ok;
    answer_init(&ok);
    console_send_answer(c, &ok);
}

void console_send_error(struct console_client *c, enum mysql_error code, const char *text)
{
    uint8_t frame[SMALL_PACKET_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    err_packet_encode(&w, c->sequence, (uint16_t)code, mysql_error_find(code)->sqlstate,
                      bytes_of_text(text));
    send_written(c, &w);
}

static void send_ok(struct console_client *c, const struct answer *a)
{
    uint8_t frame[SMALL_PACKET_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    struct ok_packet ok = {
        .affected_rows = a->affected,
        .status = STATUS_AUTOCOMMIT,
        .warnings = a->warnings,
        .info = bytes_of_text(a->text),
    };
    ok_packet_encode(&w, c->sequence, &ok, false);
    send_written(c, &w);
}

/* -------- result sets -------- */

struct column_shape {
    const char *table;
    const char *name;
    uint8_t type;
    size_t width;
};

static void write_column(struct writer *w, const struct column_shape *column)
{
    bool text = column->type == TYPE_VAR_STRING;
    size_t size = strnlen(column->name, COLUMN_NAME_MAX);
    struct bytes name = bytes_of(column->name, size);
    lenenc_write_text(w, bytes_of_text("def"));
    lenenc_write_text(w, bytes_of_text(""));
    lenenc_write_text(w, bytes_of_text(column->table));
    lenenc_write_text(w, bytes_of_text(column->table));
    lenenc_write_text(w, name);
    lenenc_write_text(w, bytes_of(name.data, size < 64 ? size : 64));
    writer_u8(w, 12); /* bytes that follow */
    writer_uint(w, 2, text ? CHARSET_UTF8MB4 : CHARSET_BINARY);
    writer_uint(w, 4, text ? 4 * (column->width > 0 ? column->width : 1) : 21);
    writer_u8(w, column->type);
    writer_uint(w, 2, text ? 0 : FLAG_BINARY);
    writer_u8(w, column->type == TYPE_DOUBLE ? 31 : 0);
    writer_zeros(w, 2);
}

static uint8_t type_of(const struct answer_column *column)
{
    if (column->has_text || (!column->has_integer && !column->has_real))
        return TYPE_VAR_STRING;
    return column->has_real ? TYPE_DOUBLE : TYPE_LONGLONG;
}

static void send_column(struct console_client *c, const struct column_shape *shape,
                        bool with_default)
{
    uint8_t memory[2 * SMALL_PACKET_MAX];
    struct writer w = writer_over(memory, sizeof memory);
    struct frame_mark mark = frame_begin(&w, c->sequence++);
    write_column(&w, shape);
    if (with_default)
        writer_u8(&w, 0xfb);
    frame_end(&w, mark);
    send_written(c, &w);
}

static void send_eof(struct console_client *c, uint16_t warnings)
{
    uint8_t frame[EOF_FRAME_SIZE];
    struct writer w = writer_over(frame, sizeof frame);
    eof_packet_encode(&w, c->sequence++,
                      (struct eof_packet){.warnings = warnings, .status = STATUS_AUTOCOMMIT});
    send_written(c, &w);
}

static void send_end(struct console_client *c, uint16_t warnings)
{
    if ((c->capabilities & CAP(DEPRECATE_EOF)) == 0) {
        send_eof(c, warnings);
        return;
    }
    uint8_t frame[32];
    struct writer w = writer_over(frame, sizeof frame);
    struct ok_packet ok = {.header = 0xfe, .status = STATUS_AUTOCOMMIT, .warnings = warnings};
    ok_packet_encode(&w, c->sequence++, &ok, false);
    send_written(c, &w);
}

static void send_rows(struct console_client *c, const struct answer *a)
{
    size_t at = 0;
    struct bytes row;
    while (answer_next_row(a, &at, &row)) {
        uint8_t header[FRAME_HEADER_SIZE];
        frame_header_write(header, (uint32_t)row.size, c->sequence++);
        send_bytes(c, bytes_of(header, sizeof header));
        if (row.size > 0 && c->state != CONSOLE_CLIENT_CLOSED)
            send_bytes(c, row);
        if (c->state == CONSOLE_CLIENT_CLOSED)
            return;
    }
}

static void send_result_set(struct console_client *c, const struct answer *a)
{
    uint8_t head[16];
    struct writer w = writer_over(head, sizeof head);
    struct frame_mark mark = frame_begin(&w, c->sequence++);
    lenenc_write(&w, a->column_count);
    frame_end(&w, mark);
    send_written(c, &w);
    for (size_t i = 0; i < a->column_count; i++) {
        struct column_shape shape = {.table = "",
                                     .name = a->columns[i].name,
                                     .type = type_of(&a->columns[i]),
                                     .width = a->columns[i].width};
        send_column(c, &shape, false);
    }
    if ((c->capabilities & CAP(DEPRECATE_EOF)) == 0)
        send_eof(c, 0);
    send_rows(c, a);
    if (c->state != CONSOLE_CLIENT_CLOSED)
        send_end(c, a->warnings);
}

void console_send_answer(struct console_client *c, const struct answer *a)
{
    switch (a->kind) {
    case ANSWER_OK:
        send_ok(c, a);
        break;
    case ANSWER_ERROR:
        console_send_error(c, (enum mysql_error)a->code, a->text);
        break;
    case ANSWER_ROWS:
        send_result_set(c, a);
        break;
    }
}

void console_send_fields(struct console_client *c, const struct console_table *t)
{
    for (size_t i = 0; i < t->column_count; i++) {
        enum column_type type = t->columns[i].type;
        bool text = type == COLUMN_TEXT || type == COLUMN_VALUE;
        struct column_shape shape = {
            .table = t->name,
            .name = t->columns[i].name,
            .type = text ? TYPE_VAR_STRING : (type == COLUMN_REAL ? TYPE_DOUBLE : TYPE_LONGLONG),
            .width = 255};
        send_column(c, &shape, true);
    }
    send_end(c, 0);
}
