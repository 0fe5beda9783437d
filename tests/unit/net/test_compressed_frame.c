/* SPDX-License-Identifier: Apache-2.0
 * Frames packed and unpacked in every cut, and frames that lie. */
#include "net/compressed_frame.h"

#include "base/random.h"
#include "net/compression_workspace.h"
#include "net_test.h"

#include <stdlib.h>

#define ROOM ((size_t)300000)

static uint8_t plain[COMPRESSED_PIECE_MAX];
static uint8_t packed[ROOM];
static uint8_t got[ROOM];

static const enum compression both[] = {COMPRESSION_ZLIB, COMPRESSION_ZSTD};

static void fill_with_text(void)
{
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t) "a row of some table, and another "[i * i % 33];
}

static size_t pack(enum compression a, size_t size, uint8_t sequence, uint8_t *out)
{
    return frame_pack(compression_workspace(), a, 3, bytes_of(plain, size), sequence, out);
}

static void write_header(uint8_t *at, size_t size, uint8_t sequence, size_t plain_size)
{
    for (unsigned i = 0; i < 3; i++) {
        at[i] = (uint8_t)(size >> 8 * i);
        at[4 + i] = (uint8_t)(plain_size >> 8 * i);
    }
    at[3] = sequence;
}

/* Feeds `size` bytes in pieces of `step`, with `room` for output at a time; the result that ended
 * it. */
static enum unpack_result unpack(enum compression a, size_t size, size_t step, size_t room,
                                 size_t *total, unsigned *frames)
{
    struct unpacker u = {.algorithm = a};
    enum unpack_result r = UNPACK_MORE;
    *total = 0;
    *frames = 0;
    for (size_t at = 0; at < size || r == UNPACK_FULL;) {
        size_t n = size - at < step ? size - at : step;
        struct bytes in = bytes_of(packed + at, n);
        do {
            size_t made;
            assert_true(*total + room <= sizeof got);
            r = unpacker_step(&u, &in, got + *total, room, &made);
            *total += made;
            *frames += r == UNPACK_FRAME;
            if (r == UNPACK_BROKEN) {
                unpacker_fini(&u);
                return r;
            }
        } while (r != UNPACK_MORE && (in.size > 0 || r == UNPACK_FULL || r == UNPACK_HEADER));
        at += n - in.size;
    }
    bool at_rest = unpacker_at_rest(&u);
    unpacker_fini(&u);
    return at_rest ? r : UNPACK_MORE;
}

static void test_a_frame_is_the_same_in_every_cut(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 49, 50, 51, 255, 3000, COMPRESSED_PIECE_MAX};
    static const size_t steps[] = {1, 2, 7, 8, 100, ROOM};
    static const size_t rooms[] = {1, 13, 4096, COMPRESSED_PIECE_MAX};
    fill_with_text();
    for (size_t a = 0; a < countof(both); a++)
        for (size_t s = 0; s < countof(sizes); s++)
            for (size_t t = 0; t < countof(steps); t++)
                for (size_t o = 0; o < countof(rooms); o++) {
                    size_t size = pack(both[a], sizes[s], 5, packed);
                    size_t total;
                    unsigned frames;
                    (void)!unpack(both[a], size, steps[t], rooms[o], &total, &frames);
                    assert_int_equal(frames, 1);
                    assert_int_equal(total, sizes[s]);
                    assert_memory_equal(got, plain, total);
                }
}

static void test_frames_follow_each_other(void **state)
{
    (void)state;
    fill_with_text();
    for (size_t a = 0; a < countof(both); a++) {
        size_t size = 0;
        for (uint8_t i = 0; i < 20; i++)
            size += pack(both[a], 10 + 10 * (size_t)i, i, packed + size);
        size_t total;
        unsigned frames;
        (void)!unpack(both[a], size, 9, 64, &total, &frames);
        assert_int_equal(frames, 20);
        assert_int_equal(total, 10 * 20 + 10 * 190);
    }
}

static void test_little_and_noise_is_stored(void **state)
{
    (void)state;
    for (size_t a = 0; a < countof(both); a++) {
        fill_with_text();
        assert_int_equal(pack(both[a], 49, 0, packed), COMPRESSED_HEADER_SIZE + 49);
        assert_int_equal(packed[4], 0);
        assert_true(pack(both[a], 500, 0, packed) < 200);
        assert_int_equal(packed[4] | packed[5] << 8, 500);
        random_bytes(plain, sizeof plain);
        assert_int_equal(pack(both[a], 4000, 9, packed), COMPRESSED_HEADER_SIZE + 4000);
        assert_int_equal(packed[3], 9);
        assert_int_equal(packed[4] | packed[5], 0);
    }
}

static void assert_broken(enum compression a, size_t size)
{
    size_t total;
    unsigned frames;
    assert_int_equal(unpack(a, size, ROOM, 4096, &total, &frames), UNPACK_BROKEN);
    assert_int_equal(unpack(a, size, 1, 4096, &total, &frames), UNPACK_BROKEN);
}

static void test_frames_that_lie_are_broken(void **state)
{
    (void)state;
    fill_with_text();
    for (size_t a = 0; a < countof(both); a++) {
        size_t size = pack(both[a], 3000, 0, packed);
        size_t payload = size - COMPRESSED_HEADER_SIZE;
        write_header(packed, payload, 0, 2999); /* holds more than it says */
        assert_broken(both[a], size);
        write_header(packed, payload, 0, 3001); /* less */
        assert_broken(both[a], size);
        write_header(packed, payload - 1, 0, 3000); /* ends early */
        assert_broken(both[a], size);
        write_header(packed, payload + 1, 0, 3000); /* goes on behind its end */
        packed[size] = 0;
        assert_broken(both[a], size + 1);
        write_header(packed, 0, 0, 0); /* is empty */
        assert_broken(both[a], size);
        write_header(packed, 16000000, 0, 10); /* could never be worth it */
        assert_broken(both[a], size);
        memset(packed, 'x', 2000); /* is noise */
        write_header(packed, 1000, 0, 3000);
        assert_broken(both[a], 1007);
    }
}

/* 16 MiB of nothing in a few kB: comes out in pieces of what there is room for. */
static void test_a_bomb_is_as_large_as_the_room(void **state)
{
    (void)state;
    size_t size = 0xffffff;
    uint8_t *zeros = calloc(1, size);
    assert_non_null(zeros);
    uLongf deflated = sizeof packed - COMPRESSED_HEADER_SIZE;
    assert_int_equal(compress2(packed + COMPRESSED_HEADER_SIZE, &deflated, zeros, size, 9), Z_OK);
    for (size_t a = 0; a < countof(both); a++) {
        size_t n = deflated;
        if (both[a] == COMPRESSION_ZSTD)
            n = ZSTD_compress(packed + COMPRESSED_HEADER_SIZE, sizeof packed, zeros, size, 3);
        write_header(packed, n, 0, size);
        struct unpacker u = {.algorithm = both[a]};
        struct bytes in = bytes_of(packed, COMPRESSED_HEADER_SIZE + n);
        size_t total = 0;
        enum unpack_result r;
        do {
            size_t made;
            r = unpacker_step(&u, &in, got, 1000, &made);
            assert_true(made <= 1000);
            total += made;
        } while (r == UNPACK_FULL || r == UNPACK_HEADER);
        assert_int_equal(r, UNPACK_FRAME);
        assert_int_equal(total, size);
        unpacker_fini(&u);
    }
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_the_same_in_every_cut),
        cmocka_unit_test(test_frames_follow_each_other),
        cmocka_unit_test(test_little_and_noise_is_stored),
        cmocka_unit_test(test_frames_that_lie_are_broken),
        cmocka_unit_test(test_a_bomb_is_as_large_as_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
