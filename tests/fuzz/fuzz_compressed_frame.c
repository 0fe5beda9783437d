/* SPDX-License-Identifier: Apache-2.0
 * Compressed frames: the first byte chooses the algorithm, the second how many bytes come at a
 * time, the third how much room there is. Nothing is written beyond it, work ends with the input,
 * and what came out goes in again. */
#include "net/compressed_frame.h"

#include "base/check.h"
#include "net/compression_workspace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUTPUT_MAX ((size_t)1 << 20)

static uint8_t out[COMPRESSED_PIECE_MAX];
static uint8_t again[COMPRESSED_PIECE_MAX];
static uint8_t frame[COMPRESSED_HEADER_SIZE + COMPRESSED_PIECE_MAX];

static void pack_again(enum compression algorithm, size_t made)
{
    size_t size = frame_pack(compression_workspace(), algorithm, 1, bytes_of(out, made), 7, frame);
    struct unpacker u = {.algorithm = algorithm};
    struct bytes in = bytes_of(frame, size);
    size_t back;
    CHECK(unpacker_step(&u, &in, again, sizeof again, &back) == UNPACK_HEADER && u.sequence == 7);
    CHECK(unpacker_step(&u, &in, again, sizeof again, &back) == UNPACK_FRAME);
    CHECK(back == made && memcmp(out, again, made) == 0 && in.size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct unpacker u = {.algorithm = (data[0] & 1) != 0 ? COMPRESSION_ZSTD : COMPRESSION_ZLIB};
    size_t step = data[1] + (size_t)1;
    size_t room = data[2] * (size_t)64 + 1;
    size_t total = 0;
    struct bytes rest = bytes_of(data + 3, size - 3);
    enum unpack_result r = UNPACK_MORE;
    while ((rest.size > 0 || r == UNPACK_FULL) && total < OUTPUT_MAX) {
        struct bytes in = bytes_of(rest.data, rest.size < step ? rest.size : step);
        size_t offered = in.size;
        size_t made;
        r = unpacker_step(&u, &in, out, room, &made);
        CHECK(made <= room && in.size <= offered);
        if (r == UNPACK_BROKEN || r == UNPACK_NO_MEMORY)
            break;
        CHECK(made > 0 || in.size < offered || r != UNPACK_MORE);
        if (made > 0)
            pack_again(u.algorithm, made);
        total += made;
        rest = bytes_of(rest.data + (offered - in.size), rest.size - (offered - in.size));
    }
    unpacker_fini(&u);
    return 0;
}
