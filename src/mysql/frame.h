/* SPDX-License-Identifier: Apache-2.0
 * The framing of the MySQL protocol: 3 bytes length, 1 byte sequence id, payload.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html */
#ifndef WEIR_MYSQL_FRAME_H
#define WEIR_MYSQL_FRAME_H

#include "base/bytes.h"
#include "base/writer.h"

#define FRAME_HEADER_SIZE 4
/* A payload of exactly this length is continued in the next frame (which may be empty). */
#define FRAME_PAYLOAD_MAX UINT32_C(0xffffff)

struct frame_header {
    uint32_t size; /* of the payload */
    uint8_t sequence;
};

/* `data` has at least FRAME_HEADER_SIZE bytes. */
static inline struct frame_header frame_header_read(const uint8_t *data)
{
    return (struct frame_header){
        .size = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16,
        .sequence = data[3],
    };
}

static inline void frame_header_write(uint8_t *data, uint32_t size, uint8_t sequence)
{
    data[0] = (uint8_t)size;
    data[1] = (uint8_t)(size >> 8);
    data[2] = (uint8_t)(size >> 16);
    data[3] = sequence;
}

/* Encoders write whole frames: begin, write the payload with writer_*, end (which fills in the
 * length). Payloads that Weir originates are always shorter than FRAME_PAYLOAD_MAX. */
struct frame_mark {
    size_t at;
};
struct frame_mark frame_begin(struct writer *w, uint8_t sequence);
void frame_end(struct writer *w, struct frame_mark mark);

/* If `in` begins with a complete single frame, its payload; used for the packets of the login,
 * which are never continued. */
enum frame_result { FRAME_COMPLETE, FRAME_NEED_MORE, FRAME_TOO_LARGE };
NODISCARD enum frame_result frame_peek(struct bytes in, uint32_t size_max,
                                       struct frame_header *header, struct bytes *payload);

#endif
