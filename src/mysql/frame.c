/* SPDX-License-Identifier: Apache-2.0
 * Writing and peeking at frames. */
#include "mysql/frame.h"

#include "base/check.h"

struct frame_mark frame_begin(struct writer *w, uint8_t sequence)
{
    struct frame_mark mark = {.at = w->size};
    writer_zeros(w, FRAME_HEADER_SIZE - 1);
    writer_u8(w, sequence);
    return mark;
}

void frame_end(struct writer *w, struct frame_mark mark)
{
    if (w->overflow)
        return;
    size_t size = w->size - mark.at - FRAME_HEADER_SIZE;
    CHECK(size < FRAME_PAYLOAD_MAX);
    uint8_t *header = w->data + mark.at;
    frame_header_write(header, (uint32_t)size, header[3]);
}

enum frame_result frame_peek(struct bytes in, uint32_t size_max, struct frame_header *header,
                             struct bytes *payload)
{
    if (in.size < FRAME_HEADER_SIZE)
        return FRAME_NEED_MORE;
    *header = frame_header_read(in.data);
    if (header->size > size_max || header->size == FRAME_PAYLOAD_MAX)
        return FRAME_TOO_LARGE;
    if (in.size - FRAME_HEADER_SIZE < header->size)
        return FRAME_NEED_MORE;
    *payload = bytes_of(in.data + FRAME_HEADER_SIZE, header->size);
    return FRAME_COMPLETE;
}
