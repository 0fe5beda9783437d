/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing ERR packets. */
#include "mysql/err_packet.h"

#include "base/check.h"
#include "base/reader.h"

#define SQLSTATE_SIZE 5

bool err_packet_decode(struct bytes payload, struct err_packet *out)
{
    struct reader r = reader_over(payload);
    *out = (struct err_packet){.sqlstate = "HY000"};
    uint8_t header;
    if (!reader_u8(&r, &header) || header != 0xff || !reader_u16(&r, &out->code))
        return false;
    if (r.left > SQLSTATE_SIZE && r.data[0] == '#') {
        if (memchr(r.data + 1, 0, SQLSTATE_SIZE) == NULL) /* else it is none */
            memcpy(out->sqlstate, r.data + 1, SQLSTATE_SIZE);
        if (!reader_skip(&r, 1 + SQLSTATE_SIZE))
            return false;
    }
    out->message = reader_rest(&r);
    return true;
}

void err_packet_encode(struct writer *w, uint8_t sequence, uint16_t code, const char *sqlstate,
                       struct bytes message)
{
    struct frame_mark mark = frame_begin(w, sequence);
    writer_u8(w, 0xff);
    writer_uint(w, 2, code);
    if (sqlstate != NULL) {
        CHECK(strlen(sqlstate) == SQLSTATE_SIZE);
        writer_u8(w, '#');
        writer_text(w, sqlstate);
    }
    writer_view(w, message);
    frame_end(w, mark);
}
