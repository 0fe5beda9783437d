/* SPDX-License-Identifier: Apache-2.0
 * The edits inside a window, seen from near. */
#include "mysql/reply_edit.h"

#include "mysql/status_flags.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t memory[512];

/* A window with `headroom` free bytes, `ready` parsed bytes, and `rest` behind them. */
static struct reply_window window_of(size_t headroom, struct bytes ready, struct bytes rest)
{
    memset(memory, 0xee, sizeof(memory));
    struct reply_window w = {.data = memory, .out = headroom};
    w.parsed = w.out + ready.size;
    w.end = w.parsed + rest.size;
    memcpy(memory + w.out, ready.data, ready.size);
    memcpy(memory + w.parsed, rest.data, rest.size);
    return w;
}

static void assert_ready(const struct reply_window *w, const char *text)
{
    assert_true(bytes_equal(bytes_of(w->data + w->out, w->parsed - w->out), hex(text)));
}

static void assert_rest(const struct reply_window *w, const char *text)
{
    assert_true(bytes_equal(bytes_of(w->data + w->parsed, w->end - w->parsed), hex(text)));
}

static void test_an_eof_takes_its_room_from_below(void **state)
{
    (void)state;
    struct reply r = {.last_sequence = 4};
    struct reply_window w = window_of(9, hex("0100000301"), hex("0100000502"));
    assert_true(reply_insert_eof(
        &r, &w, (struct eof_packet){.status = STATUS_AUTOCOMMIT | STATUS_SESSION_STATE_CHANGED}));
    assert_ready(&w, "0100000301 05000005 fe 0000 0200");
    assert_rest(&w, "0100000502");
    assert_int_equal(w.out, 0);
    assert_int_equal(r.last_sequence, 5);
    assert_int_equal(r.sequence_shift, 1);
}

static void test_without_room_nothing_is_touched(void **state)
{
    (void)state;
    struct reply r = {.last_sequence = 4};
    struct reply_window w = window_of(8, hex("0100000301"), hex("0100000502"));
    assert_false(reply_insert_eof(&r, &w, (struct eof_packet){.status = STATUS_AUTOCOMMIT}));
    assert_ready(&w, "0100000301");
    assert_rest(&w, "0100000502");
    assert_int_equal(r.sequence_shift, 0);
}

static void test_the_floor_is_respected(void **state)
{
    (void)state;
    struct reply r = {.last_sequence = 4};
    struct reply_window w = window_of(20, hex("0100000301"), hex(""));
    w.floor = 12;
    assert_false(reply_insert_eof(&r, &w, (struct eof_packet){.status = STATUS_AUTOCOMMIT}));
    w.floor = 11;
    assert_true(reply_insert_eof(&r, &w, (struct eof_packet){.status = STATUS_AUTOCOMMIT}));
    assert_int_equal(memory[10], 0xee);
}

static void test_an_inserted_eof_is_corrected_while_it_is_there(void **state)
{
    (void)state;
    struct reply r = {.last_sequence = 4};
    struct reply_window w = window_of(9, hex(""), hex("0100000502 0200"));
    assert_true(reply_insert_eof(&r, &w, (struct eof_packet){.status = 0}));
    reply_advance(&r, &w, 5);
    reply_correct_eof(&r, &w, STATUS_AUTOCOMMIT | STATUS_NO_INDEX);
    assert_ready(&w, "05000005 fe 0000 2200 0100000502");
    /* Only once. */
    reply_correct_eof(&r, &w, STATUS_IN_TRANS);
    assert_ready(&w, "05000005 fe 0000 2200 0100000502");
}

static void test_an_eof_that_was_sent_in_part_stays(void **state)
{
    (void)state;
    struct reply r = {.last_sequence = 4};
    struct reply_window w = window_of(9, hex(""), hex("0100000502 0200"));
    assert_true(reply_insert_eof(&r, &w, (struct eof_packet){.status = 0}));
    reply_advance(&r, &w, 5);
    w.out++;
    reply_correct_eof(&r, &w, STATUS_AUTOCOMMIT);
    assert_ready(&w, "000005 fe 0000 0000 0100000502");
}

static void edit(struct reply_dialect dialect, const char *frame, const char *wanted)
{
    struct reply r = {.dialect = dialect};
    struct reply_window w = window_of(0, hex(""), hex(frame));
    struct ok_packet ok;
    uint32_t size = frame_header_read(memory).size;
    assert_true(ok_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, size), &ok));
    reply_edit_trackers(&r, &w, &ok);
    assert_rest(&w, wanted);
}

static void test_trackers_are_cut_for_clients_without_them(void **state)
{
    (void)state;
    struct reply_dialect none = {.deprecate_eof = true};
    edit(none, "0c000001 000000 0240 0000 00 03 020131 aabb", "07000001 000000 0200 0000 aabb");
    edit(none, "0d000001 000000 0240 0000 0161 03 020131 aabb",
         "09000001 000000 0200 0000 0161 aabb");
    edit(none, "08000001 000000 0240 0000 00 aabb", "07000001 000000 0200 0000 aabb");
    edit(none, "07000001 000000 0200 0000 aabb", "07000001 000000 0200 0000 aabb");
}

static void test_trackers_are_filtered_for_clients_with_them(void **state)
{
    (void)state;
    struct reply_dialect both = {
        .deprecate_eof = true, .session_track = true, .filter = {.schema = true}};
    edit(both, "0c000001 000000 0240 0000 00 03 020131 aabb", "07000001 000000 0200 0000 aabb");
    edit(both, "10000001 000000 0240 0000 00 07 020131 01020161 aa",
         "0d000001 000000 0240 0000 00 04 01020161 aa");
    edit(both, "11000001 000000 0240 0000 0162 07 020131 01020161 aa",
         "0e000001 000000 0240 0000 0162 04 01020161 aa");
    /* In a schema of ucs2 MariaDB writes a zero before the length; of utf32, three. */
    edit(both, "11000001 000000 0240 0000 00 00 07 020131 01020161 aa",
         "0e000001 000000 0240 0000 00 00 04 01020161 aa");
    edit(both, "14000001 000000 0240 0000 0162 000000 07 020131 01020161 aa",
         "11000001 000000 0240 0000 0162 000000 04 01020161 aa");
    edit(both, "0d000001 000000 0240 0000 00 00 03 020131 aabb", "07000001 000000 0200 0000 aabb");
    both.filter.everything = true;
    edit(both, "0c000001 000000 0240 0000 00 03 020131 aabb",
         "0c000001 000000 0240 0000 00 03 020131 aabb");
}

static void test_the_length_of_trackers_may_shrink(void **state)
{
    (void)state;
    uint8_t frame[512];
    struct writer w = writer_over(frame, sizeof(frame));
    struct frame_mark mark = frame_begin(&w, 1);
    writer_bytes(&w, "\x00\x00\x00\x02\x40\x00\x00\x00\xfc\x06\x01", 11);
    writer_bytes(&w,
                 "\x01\x02\x01"
                 "a"
                 "\x07\xfc\xfe\x00",
                 8);
    writer_zeros(&w, 254);
    frame_end(&w, mark);
    writer_u8(&w, 0xaa);

    struct reply r = {.dialect = {.session_track = true, .filter = {.schema = true}}};
    struct reply_window window = window_of(0, hex(""), writer_written(&w));
    struct ok_packet ok;
    uint32_t size = frame_header_read(memory).size;
    assert_true(ok_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, size), &ok));
    reply_edit_trackers(&r, &window, &ok);
    assert_rest(&window, "0d000001 000000 0240 0000 00 04 01020161 aa");
}

static void test_an_ok_becomes_an_eof(void **state)
{
    (void)state;
    struct reply_window w =
        window_of(0, hex(""), hex("0c000009 fe0000 2240 0300 00 03 020131 aabb"));
    struct ok_packet ok;
    assert_true(ok_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, 12), &ok));
    struct reply r = {.dialect = {.filter = SESSION_TRACK_FILTER_DEFAULT}};
    reply_turn_into_eof(&r, &w, &ok);
    assert_rest(&w, "05000009 fe 0300 2200 aabb");
}

static void test_an_eof_tells_of_changes_that_the_receiver_tracks(void **state)
{
    (void)state;
    struct reply r = {.dialect = {.eof_tells_of_changes = true, .filter = {.schema = true}}};
    struct ok_packet ok;
    struct reply_window w =
        window_of(0, hex(""), hex("0d000009 fe0000 2240 0000 00 04 01020161 aabb"));
    assert_true(ok_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, 13), &ok));
    reply_turn_into_eof(&r, &w, &ok);
    assert_rest(&w, "05000009 fe 0000 2240 aabb");
    w = window_of(0, hex(""), hex("0c000009 fe0000 2240 0000 00 03 020131 aabb"));
    assert_true(ok_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, 12), &ok));
    reply_turn_into_eof(&r, &w, &ok);
    assert_rest(&w, "05000009 fe 0000 2200 aabb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_eof_tells_of_changes_that_the_receiver_tracks),
        cmocka_unit_test(test_an_eof_takes_its_room_from_below),
        cmocka_unit_test(test_without_room_nothing_is_touched),
        cmocka_unit_test(test_the_floor_is_respected),
        cmocka_unit_test(test_an_inserted_eof_is_corrected_while_it_is_there),
        cmocka_unit_test(test_an_eof_that_was_sent_in_part_stays),
        cmocka_unit_test(test_trackers_are_cut_for_clients_without_them),
        cmocka_unit_test(test_trackers_are_filtered_for_clients_with_them),
        cmocka_unit_test(test_the_length_of_trackers_may_shrink),
        cmocka_unit_test(test_an_ok_becomes_an_eof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
