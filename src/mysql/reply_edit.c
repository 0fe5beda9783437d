/* SPDX-License-Identifier: Apache-2.0
 * Edits inside the window of a reply. */
#include "mysql/reply_edit.h"

#include "base/check.h"
#include "mysql/lenenc.h"
#include "mysql/status_flags.h"

#define EOF_STATUS_AT (FRAME_HEADER_SIZE + 3)

static uint16_t without_trackers(uint16_t status)
{
    return (uint16_t)(status & ~(unsigned)STATUS_SESSION_STATE_CHANGED);
}

static void write_u16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

/* EOF_FRAME_SIZE bytes; with a writer it would take ten times as long, for every result. */
static void write_eof(uint8_t *at, uint8_t sequence, struct eof_packet eof)
{
    frame_header_write(at, EOF_FRAME_SIZE - FRAME_HEADER_SIZE, sequence);
    at[FRAME_HEADER_SIZE] = 0xfe;
    write_u16(at + FRAME_HEADER_SIZE + 1, eof.warnings);
    write_u16(at + EOF_STATUS_AT, eof.status);
}

bool reply_insert_eof(struct reply *r, struct reply_window *w, struct eof_packet eof)
{
    if (w->out - w->floor < EOF_FRAME_SIZE) {
        CHECK(w->out < w->parsed);
        return false;
    }
    memmove(w->data + w->out - EOF_FRAME_SIZE, w->data + w->out, w->parsed - w->out);
    w->out -= EOF_FRAME_SIZE;
    r->sequence_shift++;
    r->last_sequence++;
    eof.status = without_trackers(eof.status);
    write_eof(w->data + w->parsed - EOF_FRAME_SIZE, r->last_sequence, eof);
    r->inserted_eof = EOF_FRAME_SIZE;
    return true;
}

void reply_correct_eof(struct reply *r, struct reply_window *w, uint16_t status)
{
    if (r->inserted_eof > 0 && r->inserted_eof <= w->parsed - w->out)
        write_u16(w->data + w->parsed - r->inserted_eof + EOF_STATUS_AT, without_trackers(status));
    r->inserted_eof = 0;
}

/* The frame at parsed now ends at `new_end`, not at `old_end`. */
static void close_gap(struct reply_window *w, size_t new_end, size_t old_end)
{
    uint8_t *header = w->data + w->parsed;
    frame_header_write(header, (uint32_t)(new_end - w->parsed - FRAME_HEADER_SIZE), header[3]);
    if (new_end == old_end)
        return;
    memmove(w->data + new_end, w->data + old_end, w->end - old_end);
    w->end -= old_end - new_end;
}

static size_t frame_end_at(const struct reply_window *w)
{
    return w->parsed + FRAME_HEADER_SIZE + frame_header_read(w->data + w->parsed).size;
}

/* Does the block hold a change that the receiver is to know of? The block is of no use afterwards.
 */
static bool tells_of_changes(const struct reply *r, struct reply_window *w,
                             const struct ok_packet *ok)
{
    if (!r->dialect.eof_tells_of_changes || ok->trackers.size == 0)
        return false;
    uint8_t *trackers = w->data + frame_end_at(w) - ok->trackers.size;
    return session_track_filter_in_place(trackers, ok->trackers.size, &r->dialect.filter) > 0;
}

void reply_turn_into_eof(const struct reply *r, struct reply_window *w, const struct ok_packet *ok)
{
    size_t old_end = frame_end_at(w);
    uint16_t status = tells_of_changes(r, w, ok) ? ok->status : without_trackers(ok->status);
    struct eof_packet eof = {.warnings = ok->warnings, .status = status};
    write_eof(w->data + w->parsed, w->data[w->parsed + FRAME_HEADER_SIZE - 1], eof);
    close_gap(w, w->parsed + EOF_FRAME_SIZE, old_end);
}

/* Offset of the status of the OK at parsed; the packet is known to be well formed. */
static size_t status_at(const struct reply_window *w)
{
    const uint8_t *payload = w->data + w->parsed + FRAME_HEADER_SIZE;
    struct reader r =
        reader_over(bytes_of(payload + 1, w->end - w->parsed - FRAME_HEADER_SIZE - 1));
    uint64_t affected_rows, last_insert_id;
    bool whole = lenenc_read(&r, &affected_rows) && lenenc_read(&r, &last_insert_id);
    CHECK(whole);
    return (size_t)(r.data - w->data);
}

void reply_put_status(struct reply_window *w, uint16_t status)
{
    bool is_eof = frame_header_read(w->data + w->parsed).size == EOF_FRAME_SIZE - FRAME_HEADER_SIZE;
    write_u16(w->data + (is_eof ? w->parsed + EOF_STATUS_AT : status_at(w)), status);
}

void reply_put_statement_id(struct reply_window *w, uint32_t id)
{
    uint8_t *at = w->data + w->parsed + FRAME_HEADER_SIZE + 1;
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(id >> 8 * i);
}

void reply_edit_trackers(struct reply *r, struct reply_window *w, const struct ok_packet *ok)
{
    if ((ok->status & STATUS_SESSION_STATE_CHANGED) == 0 ||
        frame_header_read(w->data + w->parsed).size == EOF_FRAME_SIZE - FRAME_HEADER_SIZE)
        return;
    size_t old_end = frame_end_at(w);
    size_t status = status_at(w);
    size_t info_end = status + 4;
    if (ok->info.size > 0)
        info_end = (size_t)(ok->info.data + ok->info.size - w->data);
    size_t kept = 0;
    uint8_t *trackers = w->data + old_end - ok->trackers.size;
    if (r->dialect.session_track && ok->trackers.size > 0)
        kept = session_track_filter_in_place(trackers, ok->trackers.size, &r->dialect.filter);
    if (kept == 0) {
        write_u16(w->data + status, without_trackers(ok->status));
        close_gap(w, info_end, old_end);
        return;
    }
    /* The length may need fewer bytes than before. It stands right after the info, whose own
     * length is written even when it is empty. */
    size_t length_at = (ok->info.size > 0 ? info_end : info_end + 1) + ok->tracker_padding;
    struct writer length = writer_over(w->data + length_at, old_end - length_at);
    lenenc_write(&length, kept);
    memmove(w->data + length_at + length.size, trackers, kept);
    close_gap(w, length_at + length.size + kept, old_end);
}
