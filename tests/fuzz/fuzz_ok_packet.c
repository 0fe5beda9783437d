/* SPDX-License-Identifier: Apache-2.0
 * OK, EOF and ERR packets: what is accepted is written back and read as the same. */
#include "mysql/ok_packet.h"

#include "base/check.h"
#include "mysql/err_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[70000];

static struct bytes payload_of(const struct writer *w)
{
    CHECK(!w->overflow);
    return bytes_of(memory + FRAME_HEADER_SIZE, w->size - FRAME_HEADER_SIZE);
}

static void try_ok(struct bytes payload)
{
    struct ok_packet ok, again;
    if (!ok_packet_decode(payload, &ok))
        return;
    struct writer w = writer_over(memory, sizeof(memory));
    ok_packet_encode(&w, 1, &ok, true);
    bool read = ok_packet_decode(payload_of(&w), &again);
    CHECK(read);
    CHECK(ok.header == again.header && ok.warnings == again.warnings);
    CHECK(ok.affected_rows == again.affected_rows && ok.last_insert_id == again.last_insert_id);
    CHECK(bytes_equal(ok.info, again.info) && bytes_equal(ok.trackers, again.trackers));
}

static void try_eof(struct bytes payload)
{
    struct eof_packet eof;
    if (!eof_packet_decode(payload, &eof))
        return;
    struct writer w = writer_over(memory, sizeof(memory));
    eof_packet_encode(&w, 1, eof);
    CHECK(bytes_equal(payload_of(&w), payload));
}

static void try_err(struct bytes payload)
{
    struct err_packet err;
    if (!err_packet_decode(payload, &err))
        return;
    CHECK(strlen(err.sqlstate) == 5);
    struct writer w = writer_over(memory, sizeof(memory));
    bool has_state = err.message.size + 9 == payload.size;
    if (has_state && memcmp(err.sqlstate, payload.data + 4, 5) != 0)
        return; /* there was a NUL in it, and it was none */
    err_packet_encode(&w, 1, err.code, has_state ? err.sqlstate : NULL, err.message);
    CHECK(bytes_equal(payload_of(&w), payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    try_ok(bytes_of(data, size));
    try_eof(bytes_of(data, size));
    try_err(bytes_of(data, size));
    return 0;
}
