/* SPDX-License-Identifier: Apache-2.0
 * OK and EOF packets. */
#include "mysql/ok_packet.h"

#include "mysql/status_flags.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bytes encoded(const struct ok_packet *ok, bool session_track)
{
    static uint8_t memory[256];
    struct writer w = writer_over(memory, sizeof(memory));
    ok_packet_encode(&w, 1, ok, session_track);
    assert_false(w.overflow);
    return writer_written(&w);
}

static struct bytes payload_of(struct bytes frame)
{
    return bytes_of(frame.data + FRAME_HEADER_SIZE, frame.size - FRAME_HEADER_SIZE);
}

static void assert_same(const struct ok_packet *a, const struct ok_packet *b)
{
    assert_int_equal(a->header, b->header);
    assert_true(a->affected_rows == b->affected_rows && a->last_insert_id == b->last_insert_id);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->warnings, b->warnings);
    assert_true(bytes_equal(a->info, b->info));
    assert_true(bytes_equal(a->trackers, b->trackers));
}

static void test_the_shortest_ok_has_seven_bytes(void **state)
{
    (void)state;
    struct ok_packet ok = {.status = STATUS_AUTOCOMMIT};
    assert_true(bytes_equal(encoded(&ok, true), hex("07000001 00000002000000")));
}

static void test_every_part_of_an_ok_survives(void **state)
{
    (void)state;
    struct ok_packet ok = {.header = 0xfe,
                           .affected_rows = 300,
                           .last_insert_id = UINT64_MAX,
                           .status = STATUS_AUTOCOMMIT | STATUS_SESSION_STATE_CHANGED,
                           .warnings = 7,
                           .info = bytes_of_text("Records: 1"),
                           .trackers = hex("020131")};
    struct ok_packet read;
    assert_true(ok_packet_decode(payload_of(encoded(&ok, true)), &read));
    assert_same(&ok, &read);
    ok.info = bytes_of(NULL, 0);
    assert_true(ok_packet_decode(payload_of(encoded(&ok, true)), &read));
    assert_same(&ok, &read);
    ok.trackers = bytes_of(NULL, 0);
    ok.info = bytes_of_text("Records: 1");
    ok.status = STATUS_AUTOCOMMIT;
    assert_true(ok_packet_decode(payload_of(encoded(&ok, true)), &read));
    assert_same(&ok, &read);
}

static void test_without_session_track_there_is_no_trace_of_trackers(void **state)
{
    (void)state;
    struct ok_packet ok = {.status = STATUS_AUTOCOMMIT | STATUS_SESSION_STATE_CHANGED,
                           .trackers = hex("020131")};
    assert_true(bytes_equal(encoded(&ok, false), hex("07000001 00000002000000")));
}

static bool decodes(struct bytes in)
{
    struct ok_packet ok;
    return ok_packet_decode(in, &ok);
}

static void test_padding_before_trackers_is_kept(void **state)
{
    (void)state;
    struct ok_packet ok;
    assert_true(ok_packet_decode(hex("000000 0240 0000 00 000000 03 020131"), &ok));
    assert_int_equal(ok.tracker_padding, 3);
    assert_true(bytes_equal(ok.trackers, hex("020131")));
    uint8_t memory[64];
    struct writer w = writer_over(memory, sizeof(memory));
    ok_packet_encode(&w, 1, &ok, true);
    assert_true(
        bytes_equal(writer_written(&w), hex("0f000001 000000 0240 0000 00 000000 03 020131")));
    assert_false(ok_packet_decode(hex("000000 0240 0000 00 00000000 03 020131"), &ok));
    assert_true(ok_packet_decode(hex("000000 0240 0000 00 00"), &ok));
    assert_int_equal(ok.tracker_padding, 0);
}

static void test_a_cut_ok_is_malformed(void **state)
{
    (void)state;
    /* Whole without its info, and with its info but without its trackers. */
    assert_int_equal(decode_prefixes(hex("00 01 02 0240 0000 0161 03020131"), decodes), 2);
    assert_true(decodes(hex("00 01 02 0240 0000 0161 03020131")));
    assert_int_equal(decode_prefixes(hex("00 00 00 0200 0000"), decodes), 0);
}

static void test_what_is_no_ok_is_malformed(void **state)
{
    (void)state;
    assert_false(decodes(hex("01 00 00 0200 0000")));
    assert_false(decodes(hex("00 fb 00 0200 0000")));
    assert_false(decodes(hex("00 00 00 0200 0000 05 61")));
    /* Trackers that the status does not announce, and bytes after them. */
    assert_false(decodes(hex("00 00 00 0200 0000 00 03020131")));
    assert_false(decodes(hex("00 00 00 0240 0000 00 03020131 00")));
}

static void test_an_eof_survives(void **state)
{
    (void)state;
    uint8_t memory[EOF_FRAME_SIZE];
    struct writer w = writer_over(memory, sizeof(memory));
    eof_packet_encode(&w, 3, (struct eof_packet){.warnings = 1, .status = 0x22});
    assert_true(bytes_equal(writer_written(&w), hex("05000003 fe 0100 2200")));
    struct eof_packet eof;
    assert_true(eof_packet_decode(payload_of(writer_written(&w)), &eof));
    assert_int_equal(eof.warnings, 1);
    assert_int_equal(eof.status, 0x22);
    assert_false(eof_packet_decode(hex("fe 0100 22"), &eof));
    assert_false(eof_packet_decode(hex("fe 0100 2200 00"), &eof));
    assert_false(eof_packet_decode(hex("00 0100 2200"), &eof));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_shortest_ok_has_seven_bytes),
        cmocka_unit_test(test_every_part_of_an_ok_survives),
        cmocka_unit_test(test_without_session_track_there_is_no_trace_of_trackers),
        cmocka_unit_test(test_padding_before_trackers_is_kept),
        cmocka_unit_test(test_a_cut_ok_is_malformed),
        cmocka_unit_test(test_what_is_no_ok_is_malformed),
        cmocka_unit_test(test_an_eof_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
