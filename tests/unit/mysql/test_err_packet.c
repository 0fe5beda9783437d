/* SPDX-License-Identifier: Apache-2.0
 * ERR packets, with and without SQLSTATE. */
#include "mysql/err_packet.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bytes payload_of(const struct writer *w)
{
    return bytes_of(w->data + FRAME_HEADER_SIZE, w->size - FRAME_HEADER_SIZE);
}

static void test_an_error_of_the_command_phase(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct writer w = writer_over(memory, sizeof(memory));
    err_packet_encode(&w, 2, 1040, "08004", bytes_of_text("Too many"));
    assert_true(
        bytes_equal(writer_written(&w), hex("11000002 ff1004 233038303034 546f6f206d616e79")));
    struct err_packet err;
    assert_true(err_packet_decode(payload_of(&w), &err));
    assert_int_equal(err.code, 1040);
    assert_string_equal(err.sqlstate, "08004");
    assert_true(bytes_equal_text(err.message, "Too many"));
}

static void test_an_error_before_the_login_has_no_state(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct writer w = writer_over(memory, sizeof(memory));
    err_packet_encode(&w, 0, 1040, NULL, bytes_of_text("Too many connections"));
    assert_true(bytes_equal(writer_written(&w),
                            hex("17000000 ff1004 546f6f206d616e7920636f6e6e656374696f6e73")));
    struct err_packet err;
    assert_true(err_packet_decode(payload_of(&w), &err));
    assert_string_equal(err.sqlstate, "HY000");
    assert_true(bytes_equal_text(err.message, "Too many connections"));
}

static void test_a_state_with_a_nul_is_none(void **state)
{
    (void)state;
    struct err_packet err;
    assert_true(err_packet_decode(hex("ff1504 233238000000 6e6f"), &err));
    assert_string_equal(err.sqlstate, "HY000");
    assert_true(bytes_equal_text(err.message, "no"));
}

static bool decodes(struct bytes in)
{
    struct err_packet err;
    return err_packet_decode(in, &err);
}

static void test_an_error_needs_its_number(void **state)
{
    (void)state;
    assert_int_equal(decode_prefixes(hex("ff1004"), decodes), 0);
    assert_true(decodes(hex("ff1004")));
    assert_false(decodes(hex("001004")));
    /* Too short to hold a state: all of it is the message. */
    struct err_packet err;
    assert_true(err_packet_decode(hex("ff1004 2330"), &err));
    assert_true(bytes_equal_text(err.message, "#0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_error_of_the_command_phase),
        cmocka_unit_test(test_an_error_before_the_login_has_no_state),
        cmocka_unit_test(test_a_state_with_a_nul_is_none),
        cmocka_unit_test(test_an_error_needs_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
