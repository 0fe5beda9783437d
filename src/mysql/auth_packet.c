/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing the packets between the login and its OK. */
#include "mysql/auth_packet.h"

#include "base/reader.h"
#include "mysql/greeting.h"

static struct auth_packet decode_switch(struct reader r)
{
    struct auth_packet p = {.kind = AUTH_PACKET_SWITCH};
    if (r.left == 0) {
        p.kind = AUTH_PACKET_OLD_SWITCH;
        return p;
    }
    if (!reader_nul_text(&r, &p.method) || p.method.size == 0) {
        p.kind = AUTH_PACKET_MALFORMED;
        return p;
    }
    p.data = reader_rest(&r);
    if (p.data.size == SCRAMBLE_SIZE + 1 && p.data.data[SCRAMBLE_SIZE] == 0)
        p.data.size = SCRAMBLE_SIZE;
    return p;
}

struct auth_packet auth_packet_decode(struct bytes payload)
{
    struct reader r = reader_over(payload);
    uint8_t first;
    if (!reader_u8(&r, &first))
        return (struct auth_packet){.kind = AUTH_PACKET_MALFORMED};
    switch (first) {
    case 0x00:
        return (struct auth_packet){.kind = AUTH_PACKET_OK};
    case 0x01:
        return (struct auth_packet){.kind = AUTH_PACKET_MORE, .data = reader_rest(&r)};
    case 0xfe:
        return decode_switch(r);
    case 0xff:
        return (struct auth_packet){.kind = AUTH_PACKET_ERR};
    }
    /* MariaDB's methods speak without the 01 when nothing can be mistaken. */
    return (struct auth_packet){.kind = AUTH_PACKET_MORE, .data = payload};
}

void auth_switch_encode(struct writer *w, uint8_t sequence, const char *method, struct bytes data)
{
    struct frame_mark mark = frame_begin(w, sequence);
    writer_u8(w, 0xfe);
    writer_text(w, method);
    writer_u8(w, 0);
    writer_view(w, data);
    if (data.size == SCRAMBLE_SIZE)
        writer_u8(w, 0);
    frame_end(w, mark);
}

void auth_more_encode(struct writer *w, uint8_t sequence, struct bytes data)
{
    struct frame_mark mark = frame_begin(w, sequence);
    writer_u8(w, 0x01);
    writer_view(w, data);
    frame_end(w, mark);
}

void auth_answer_encode(struct writer *w, uint8_t sequence, struct bytes data)
{
    struct frame_mark mark = frame_begin(w, sequence);
    writer_view(w, data);
    frame_end(w, mark);
}
