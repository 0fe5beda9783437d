/* SPDX-License-Identifier: Apache-2.0
 * Packing and unpacking frames. Unpacking trusts nothing that a header says: lengths only bound
 * what is read and written, and must come out exactly. */
#include "net/compressed_frame.h"

#include "base/check.h"
#include "net/compression_workspace.h"

/* What a compressor may add to what it cannot compress. A frame that is larger than this would cost
 * more to receive than it can ever give. */
#define PACKED_OVERHEAD_MAX 1024

static uint32_t read_u24(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static void write_u24(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
    at[2] = (uint8_t)(v >> 16);
}

/* -------- unpacking -------- */

static void take(struct bytes *in, size_t n)
{
    in->data += n;
    in->size -= n;
}

static enum unpack_result take_header(struct unpacker *u, struct bytes *in)
{
    while (u->header_size < COMPRESSED_HEADER_SIZE) {
        if (in->size == 0)
            return UNPACK_MORE;
        u->header[u->header_size++] = in->data[0];
        take(in, 1);
    }
    u->packed_left = read_u24(u->header);
    u->sequence = u->header[3];
    u->plain_left = read_u24(u->header + 4);
    u->stored = u->plain_left == 0;
    if (u->stored)
        u->plain_left = u->packed_left;
    /* Nobody sends an empty frame; a stream of them would be work without end. */
    if (u->packed_left == 0 ||
        u->packed_left > u->plain_left + u->plain_left / 8 + PACKED_OVERHEAD_MAX)
        return UNPACK_BROKEN;
    return UNPACK_HEADER;
}

static enum unpack_result end_frame(struct unpacker *u)
{
    if (u->inflater != NULL)
        inflater_put(u->inflater);
    u->inflater = NULL;
    u->header_size = 0;
    return UNPACK_FRAME;
}

static enum unpack_result copy_stored(struct unpacker *u, struct bytes *in, uint8_t *out,
                                      size_t room, size_t *made)
{
    size_t n = in->size < u->packed_left ? in->size : u->packed_left;
    n = n < room ? n : room;
    if (n > 0)
        memcpy(out, in->data, n);
    take(in, n);
    u->packed_left -= (uint32_t)n;
    *made = n;
    if (u->packed_left == 0)
        return end_frame(u);
    return in->size == 0 ? UNPACK_MORE : UNPACK_FULL;
}

/* One call of the library. */
struct turn {
    const uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t room;
    size_t used;
    size_t made;
    bool ended;
};

static bool inflate_turn(z_stream *z, struct turn *t)
{
    static const uint8_t nothing[1];
    uint8_t nowhere[1];
    z->next_in = t->in_size > 0 ? t->in : nothing;
    z->avail_in = (uInt)t->in_size;
    z->next_out = t->room > 0 ? t->out : nowhere;
    z->avail_out = (uInt)t->room;
    int result = inflate(z, Z_NO_FLUSH);
    t->used = t->in_size - z->avail_in;
    t->made = t->room - z->avail_out;
    t->ended = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static bool zstd_turn(ZSTD_DCtx *d, struct turn *t)
{
    ZSTD_inBuffer in = {.src = t->in, .size = t->in_size};
    ZSTD_outBuffer out = {.dst = t->out, .size = t->room};
    size_t result = ZSTD_decompressStream(d, &out, &in);
    t->used = in.pos;
    t->made = out.pos;
    t->ended = result == 0;
    return !ZSTD_isError(result);
}

/* What it means that the library could neither take nor give anything. */
static enum unpack_result explain_stop(const struct unpacker *u, struct bytes in, size_t room)
{
    if (u->packed_left > 0 && in.size == 0)
        return UNPACK_MORE;
    if (u->plain_left > 0 && room == 0)
        return UNPACK_FULL;
    return UNPACK_BROKEN; /* cut short, or more than was declared */
}

static enum unpack_result inflate_frame(struct unpacker *u, struct bytes *in, uint8_t *out,
                                        size_t room, size_t *made)
{
    if (u->inflater == NULL && (u->inflater = inflater_get(u->algorithm)) == NULL)
        return UNPACK_NO_MEMORY;
    for (;;) {
        struct turn t = {
            .in = in->data,
            .in_size = in->size < u->packed_left ? in->size : u->packed_left,
            .out = out + *made,
            .room = room - *made < u->plain_left ? room - *made : u->plain_left,
        };
        bool good = u->algorithm == COMPRESSION_ZLIB ? inflate_turn(&u->inflater->zlib, &t)
                                                     : zstd_turn(u->inflater->zstd, &t);
        if (!good)
            return UNPACK_BROKEN;
        take(in, t.used);
        u->packed_left -= (uint32_t)t.used;
        u->plain_left -= (uint32_t)t.made;
        *made += t.made;
        if (t.ended)
            return u->packed_left == 0 && u->plain_left == 0 ? end_frame(u) : UNPACK_BROKEN;
        if (t.used == 0 && t.made == 0)
            return explain_stop(u, *in, room - *made);
    }
}

enum unpack_result unpacker_step(struct unpacker *u, struct bytes *in, uint8_t *out, size_t room,
                                 size_t *made)
{
    *made = 0;
    if (u->header_size < COMPRESSED_HEADER_SIZE)
        return take_header(u, in);
    if (u->stored)
        return copy_stored(u, in, out, room, made);
    return inflate_frame(u, in, out, room, made);
}

void unpacker_fini(struct unpacker *u)
{
    if (u->inflater != NULL)
        inflater_put(u->inflater);
    u->inflater = NULL;
}

/* -------- packing -------- */

/* The compressed size, 0 when it does not become smaller. */
static size_t deflate_piece(struct compression_workspace *w, struct bytes plain, uint8_t *out)
{
    if (!w->deflate_ready) {
        w->deflate_ready = deflateInit(&w->deflate, Z_DEFAULT_COMPRESSION) == Z_OK;
        if (!w->deflate_ready)
            return 0;
    }
    w->deflate.next_in = plain.data;
    w->deflate.avail_in = (uInt)plain.size;
    w->deflate.next_out = out;
    w->deflate.avail_out = (uInt)plain.size - 1;
    bool done = deflate(&w->deflate, Z_FINISH) == Z_STREAM_END;
    size_t size = plain.size - 1 - w->deflate.avail_out;
    (void)deflateReset(&w->deflate);
    return done ? size : 0;
}

static size_t zstd_piece(struct compression_workspace *w, unsigned level, struct bytes plain,
                         uint8_t *out)
{
    if (w->zstd == NULL && (w->zstd = ZSTD_createCCtx()) == NULL)
        return 0;
    size_t size =
        ZSTD_compressCCtx(w->zstd, out, plain.size - 1, plain.data, plain.size, (int)level);
    return ZSTD_isError(size) ? 0 : size;
}

size_t frame_pack(struct compression_workspace *w, enum compression algorithm, unsigned level,
                  struct bytes plain, uint8_t sequence, uint8_t *out)
{
    CHECK(plain.size > 0 && plain.size <= COMPRESSED_PIECE_MAX);
    uint8_t *payload = out + COMPRESSED_HEADER_SIZE;
    size_t packed = 0;
    if (plain.size >= COMPRESSED_SIZE_MIN)
        packed = algorithm == COMPRESSION_ZLIB ? deflate_piece(w, plain, payload)
                                               : zstd_piece(w, level, plain, payload);
    if (packed == 0)
        memcpy(payload, plain.data, plain.size);
    size_t size = packed > 0 ? packed : plain.size;
    write_u24(out, (uint32_t)size);
    out[3] = sequence;
    write_u24(out + 4, packed > 0 ? (uint32_t)plain.size : 0);
    return COMPRESSED_HEADER_SIZE + size;
}
