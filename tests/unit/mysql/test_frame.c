/* SPDX-License-Identifier: Apache-2.0
 * Frames are written and peeked at. */
#include "mysql/frame.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_a_frame_is_written_with_its_length(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct writer w = writer_over(memory, sizeof(memory));
    struct frame_mark mark = frame_begin(&w, 7);
    writer_text(&w, "abc");
    frame_end(&w, mark);
    mark = frame_begin(&w, 8);
    frame_end(&w, mark);
    assert_true(bytes_equal(writer_written(&w), hex("03000007616263 00000008")));
}

static void test_a_frame_that_does_not_fit_is_an_overflow(void **state)
{
    (void)state;
    uint8_t memory[6];
    struct writer w = writer_over(memory, sizeof(memory));
    struct frame_mark mark = frame_begin(&w, 0);
    writer_text(&w, "abc");
    frame_end(&w, mark);
    assert_true(w.overflow);
}

static void test_a_header_survives_writing_and_reading(void **state)
{
    (void)state;
    uint8_t header[FRAME_HEADER_SIZE];
    frame_header_write(header, 0x123456, 255);
    struct frame_header read = frame_header_read(header);
    assert_int_equal(read.size, 0x123456);
    assert_int_equal(read.sequence, 255);
}

static bool peek_is_complete(struct bytes in)
{
    struct frame_header header;
    struct bytes payload;
    enum frame_result result = frame_peek(in, 100, &header, &payload);
    assert_int_not_equal(result, FRAME_TOO_LARGE);
    return result == FRAME_COMPLETE;
}

static void test_a_frame_is_complete_with_its_last_byte_only(void **state)
{
    (void)state;
    struct bytes in = hex("03000007616263");
    assert_int_equal(decode_prefixes(in, peek_is_complete), 0);
    struct frame_header header;
    struct bytes payload;
    assert_int_equal(frame_peek(hex("0300000761626364"), 3, &header, &payload), FRAME_COMPLETE);
    assert_int_equal(header.sequence, 7);
    assert_true(bytes_equal_text(payload, "abc"));
}

static void test_a_frame_above_the_limit_is_refused_by_its_header(void **state)
{
    (void)state;
    struct frame_header header;
    struct bytes payload;
    assert_int_equal(frame_peek(hex("03000000"), 2, &header, &payload), FRAME_TOO_LARGE);
    assert_int_equal(frame_peek(hex("ffffff00"), UINT32_MAX, &header, &payload), FRAME_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_written_with_its_length),
        cmocka_unit_test(test_a_frame_that_does_not_fit_is_an_overflow),
        cmocka_unit_test(test_a_header_survives_writing_and_reading),
        cmocka_unit_test(test_a_frame_is_complete_with_its_last_byte_only),
        cmocka_unit_test(test_a_frame_above_the_limit_is_refused_by_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
