/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing the first packet of a connection. */
#include "mysql/greeting.h"

#include "base/check.h"
#include "base/reader.h"

#define PROTOCOL_VERSION   10
#define SCRAMBLE_PART_1    8
#define SCRAMBLE_PART_2    (SCRAMBLE_SIZE - SCRAMBLE_PART_1)
#define SCRAMBLE_WITH_NUL  (SCRAMBLE_SIZE + 1)
#define FILLER_SIZE        6
#define EXTENDED_CAPS_SIZE 4

static bool read_capabilities(struct reader *r, struct greeting *out, uint8_t *scramble_size)
{
    uint16_t low, high;
    uint64_t extended;
    if (!reader_u16(r, &low) || !reader_u8(r, &out->collation) || !reader_u16(r, &out->status) ||
        !reader_u16(r, &high) || !reader_u8(r, scramble_size) || !reader_skip(r, FILLER_SIZE) ||
        !reader_uint(r, EXTENDED_CAPS_SIZE, &extended))
        return false;
    out->capabilities = (capabilities_t)low | (capabilities_t)high << 16;
    if ((out->capabilities & CAP(LONG_PASSWORD)) == 0)
        out->capabilities |= extended << 32;
    return true;
}

bool greeting_decode(struct bytes payload, struct greeting *out)
{
    struct reader r = reader_over(payload);
    *out = (struct greeting){0};
    uint8_t version, scramble_size, zero;
    struct bytes part1, part2;
    if (!reader_u8(&r, &version) || version != PROTOCOL_VERSION ||
        !reader_nul_text(&r, &out->server_version) || !reader_u32(&r, &out->thread_id) ||
        !reader_bytes(&r, SCRAMBLE_PART_1, &part1) || !reader_u8(&r, &zero) ||
        !read_capabilities(&r, out, &scramble_size))
        return false;
    if ((out->capabilities & CAP(PROTOCOL_41)) == 0 ||
        (out->capabilities & CAP(SECURE_CONNECTION)) == 0)
        return false;
    if (!reader_bytes(&r, SCRAMBLE_PART_2, &part2))
        return false;
    /* The rest of the second part is a NUL, in servers of every version; what is longer than the
     * field's minimum would be data that no 4.1 method uses. */
    size_t rest = scramble_size > SCRAMBLE_SIZE ? (size_t)scramble_size - SCRAMBLE_SIZE : 1;
    if (!reader_skip(&r, rest))
        return false;
    memcpy(out->scramble, part1.data, SCRAMBLE_PART_1);
    memcpy(out->scramble + SCRAMBLE_PART_1, part2.data, SCRAMBLE_PART_2);
    /* Some servers end the name with the packet instead of a NUL. */
    if ((out->capabilities & CAP(PLUGIN_AUTH)) != 0 && !reader_nul_text(&r, &out->auth_method))
        out->auth_method = reader_rest(&r);
    return true;
}

void greeting_encode(struct writer *w, const struct greeting *g)
{
    for (size_t i = 0; i < SCRAMBLE_SIZE; i++)
        CHECK(g->scramble[i] >= 1 && g->scramble[i] <= 127);
    uint64_t extended = g->capabilities >> 32;
    capabilities_t classic = g->capabilities & ~CAP_MARIADB_BITS;
    if (extended != 0)
        classic &= ~CAP(LONG_PASSWORD);
    bool named = (classic & CAP(PLUGIN_AUTH)) != 0;

    struct frame_mark mark = frame_begin(w, 0);
    writer_u8(w, PROTOCOL_VERSION);
    writer_view(w, g->server_version);
    writer_u8(w, 0);
    writer_uint(w, 4, g->thread_id);
    writer_bytes(w, g->scramble, SCRAMBLE_PART_1);
    writer_u8(w, 0);
    writer_uint(w, 2, classic);
    writer_u8(w, g->collation);
    writer_uint(w, 2, g->status);
    writer_uint(w, 2, classic >> 16);
    writer_u8(w, named ? SCRAMBLE_WITH_NUL : 0);
    writer_zeros(w, FILLER_SIZE);
    writer_uint(w, EXTENDED_CAPS_SIZE, extended);
    writer_bytes(w, g->scramble + SCRAMBLE_PART_1, SCRAMBLE_PART_2);
    writer_u8(w, 0);
    if (named) {
        writer_view(w, g->auth_method);
        writer_u8(w, 0);
    }
    frame_end(w, mark);
}

bool greeting_is_mariadb(const struct greeting *g)
{
    static const char name[] = "MariaDB";
    const size_t size = sizeof(name) - 1;
    if ((g->capabilities & CAP(LONG_PASSWORD)) == 0)
        return true;
    for (size_t at = 0; at + size <= g->server_version.size; at++) {
        if (memcmp(g->server_version.data + at, name, size) == 0)
            return true;
    }
    return false;
}
