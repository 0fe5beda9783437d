/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing small text result sets. */
#include "mysql/result_set.h"

#include "mysql/lenenc.h"

#include <stdio.h>

static bool next_payload(struct bytes *reply, struct bytes *payload)
{
    struct frame_header header;
    if (frame_peek(*reply, FRAME_PAYLOAD_MAX, &header, payload) != FRAME_COMPLETE ||
        payload->size == 0)
        return false;
    size_t size = FRAME_HEADER_SIZE + payload->size;
    *reply = bytes_of(reply->data + size, reply->size - size);
    return true;
}

static bool read_cell(struct reader *r, struct bytes *cell)
{
    if (r->left > 0 && r->data[0] == 0xfb) {
        *cell = bytes_of(NULL, 0);
        return reader_skip(r, 1);
    }
    return lenenc_read_text(r, cell);
}

bool result_set_open(struct result_set_reader *r, struct bytes reply)
{
    struct bytes payload;
    *r = (struct result_set_reader){.rest = reply};
    if (!next_payload(&r->rest, &payload))
        return false;
    struct reader head = reader_over(payload);
    uint8_t metadata = 1; /* only links with OPTIONAL_METADATA say it */
    bool whole = lenenc_read(&head, &r->columns) &&
                 (head.left == 0 || reader_u8(&head, &metadata)) && head.left == 0;
    r->definitions = metadata == 0 ? 0 : r->columns;
    return whole && r->columns > 0;
}

bool result_set_next_definition(struct result_set_reader *r, struct bytes *definition)
{
    return r->definitions > 0 && next_payload(&r->rest, definition) && definition->data[0] != 0xff;
}

bool result_set_next_row(struct result_set_reader *r, struct bytes *cells, size_t max)
{
    struct bytes payload;
    if (!next_payload(&r->rest, &payload) || payload.data[0] == 0xff || payload.data[0] == 0xfe)
        return false;
    struct reader row = reader_over(payload);
    for (uint64_t i = 0; i < r->columns; i++) {
        struct bytes cell;
        if (!read_cell(&row, &cell))
            return false;
        if (i < max)
            cells[i] = cell;
    }
    return row.left == 0;
}

size_t result_set_first_row(struct bytes reply, struct bytes *cells, size_t max)
{
    struct result_set_reader r;
    struct bytes definition;
    if (!result_set_open(&r, reply))
        return 0;
    for (uint64_t i = 0; i < r.definitions; i++)
        if (!result_set_next_definition(&r, &definition))
            return 0;
    return result_set_next_row(&r, cells, max) ? (size_t)r.columns : 0;
}

static void write_packet(struct writer *w, uint8_t *sequence, const struct writer *payload)
{
    writer_uint(w, 3, payload->size);
    writer_u8(w, (*sequence)++);
    writer_view(w, writer_written(payload));
}

static void write_definition(struct writer *w, const struct result_set_number *n)
{
    enum { CHARACTER_SET_BINARY = 63, SIZE_OF_THE_REST = 12 };
    lenenc_write_text(w, bytes_of_text("def"));
    writer_zeros(w, 3); /* schema, table, its name before aliases */
    lenenc_write_text(w, n->column);
    writer_zeros(w, 1); /* the column's name before aliases */
    if (n->extended_metadata)
        writer_zeros(w, 1);
    writer_u8(w, SIZE_OF_THE_REST);
    writer_uint(w, 2, CHARACTER_SET_BINARY);
    writer_uint(w, 4, n->length);
    writer_u8(w, n->type);
    writer_uint(w, 2, n->flags);
    writer_zeros(w, 3); /* decimals, filler */
}

static void write_end(struct writer *w, uint16_t status, bool as_ok)
{
    writer_u8(w, 0xfe);
    writer_zeros(w, 2); /* of an OK, rows and id; of an EOF, warnings */
    writer_uint(w, 2, status);
    if (as_ok)
        writer_zeros(w, 2);
}

void result_set_write_number(struct writer *w, const struct result_set_number *n)
{
    uint8_t memory[256];
    char value[24];
    uint8_t sequence = 1;
    struct writer p = writer_over(memory, sizeof memory);
    bool defined = !n->optional_metadata || !n->no_definitions;
    writer_u8(&p, 1); /* column */
    if (n->optional_metadata)
        writer_u8(&p, defined);
    write_packet(w, &sequence, &p);
    if (defined) {
        p = writer_over(memory, sizeof memory);
        write_definition(&p, n);
        write_packet(w, &sequence, &p);
    }
    if (!n->deprecate_eof) {
        p = writer_over(memory, sizeof memory);
        write_end(&p, n->status, false);
        write_packet(w, &sequence, &p);
    }
    p = writer_over(memory, sizeof memory);
    snprintf(value, sizeof value, "%lld", (long long)n->value);
    lenenc_write_text(&p, bytes_of_text(value));
    write_packet(w, &sequence, &p);
    p = writer_over(memory, sizeof memory);
    write_end(&p, n->status, n->deprecate_eof);
    write_packet(w, &sequence, &p);
}
