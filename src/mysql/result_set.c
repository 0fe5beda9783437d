/* SPDX-License-Identifier: Apache-2.0
 * Reading small text result sets. */
#include "mysql/result_set.h"

#include "mysql/lenenc.h"

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

size_t result_set_first_row(struct bytes reply, struct bytes *cells, size_t max)
{
    struct bytes payload;
    uint64_t columns;
    if (!next_payload(&reply, &payload))
        return 0;
    struct reader r = reader_over(payload);
    if (!lenenc_read(&r, &columns) || r.left > 0)
        return 0;
    /* After the definitions, one more packet: the first row or the end. */
    for (uint64_t i = 0; i <= columns; i++) {
        if (!next_payload(&reply, &payload) || payload.data[0] == 0xff)
            return 0;
    }
    if (payload.data[0] == 0xfe)
        return 0;
    r = reader_over(payload);
    for (uint64_t i = 0; i < columns; i++) {
        struct bytes cell;
        if (!read_cell(&r, &cell))
            return 0;
        if (i < max)
            cells[i] = cell;
    }
    return r.left == 0 ? (size_t)columns : 0;
}
