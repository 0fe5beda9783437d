/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing OK and EOF packets. */
#include "mysql/ok_packet.h"

#include "mysql/lenenc.h"
#include "mysql/status_flags.h"

static bool read_trackers(struct reader *r, struct ok_packet *out)
{
    while (r->left > 1 && r->data[0] == 0 && out->tracker_padding < TRACKER_PADDING_MAX) {
        out->tracker_padding++;
        if (!reader_skip(r, 1))
            return false;
    }
    return lenenc_read_text(r, &out->trackers) && r->left == 0;
}

bool ok_packet_decode(struct bytes payload, struct ok_packet *out)
{
    struct reader r = reader_over(payload);
    *out = (struct ok_packet){0};
    if (!reader_u8(&r, &out->header) || (out->header != 0x00 && out->header != 0xfe))
        return false;
    if (!lenenc_read(&r, &out->affected_rows) || !lenenc_read(&r, &out->last_insert_id) ||
        !reader_u16(&r, &out->status) || !reader_u16(&r, &out->warnings))
        return false;
    if (r.left == 0)
        return true;
    if (!lenenc_read_text(&r, &out->info))
        return false;
    if (r.left == 0)
        return true;
    return (out->status & STATUS_SESSION_STATE_CHANGED) != 0 && read_trackers(&r, out);
}

void ok_packet_encode(struct writer *w, uint8_t sequence, const struct ok_packet *ok,
                      bool session_track)
{
    bool tracked = session_track && ok->trackers.size > 0;
    unsigned status = ok->status & ~(unsigned)STATUS_SESSION_STATE_CHANGED;
    if (tracked)
        status |= STATUS_SESSION_STATE_CHANGED;

    struct frame_mark mark = frame_begin(w, sequence);
    writer_u8(w, ok->header);
    lenenc_write(w, ok->affected_rows);
    lenenc_write(w, ok->last_insert_id);
    writer_uint(w, 2, status);
    writer_uint(w, 2, ok->warnings);
    if (tracked || ok->info.size > 0)
        lenenc_write_text(w, ok->info);
    for (unsigned i = 0; tracked && i < ok->tracker_padding; i++)
        writer_u8(w, 0);
    if (tracked)
        lenenc_write_text(w, ok->trackers);
    frame_end(w, mark);
}

bool eof_packet_decode(struct bytes payload, struct eof_packet *out)
{
    struct reader r = reader_over(payload);
    uint8_t header;
    return reader_u8(&r, &header) && header == 0xfe && reader_u16(&r, &out->warnings) &&
           reader_u16(&r, &out->status) && r.left == 0;
}

void eof_packet_encode(struct writer *w, uint8_t sequence, struct eof_packet eof)
{
    struct frame_mark mark = frame_begin(w, sequence);
    writer_u8(w, 0xfe);
    writer_uint(w, 2, eof.warnings);
    writer_uint(w, 2, eof.status);
    frame_end(w, mark);
}
