/* SPDX-License-Identifier: Apache-2.0
 * The reply tracker, on replies that no server was at hand to send. */
#include "mysql/reply.h"

#include "reply_builder.h"

static void test_a_command_without_reply_has_ended(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_STMT_CLOSE);
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.steps, 1);
    driver_free(&result);
}

static void test_an_ok_is_reported_before_it_passes(void **state)
{
    (void)state;
    uint8_t memory[128] = {0};
    struct bytes ok = hex("0c000001 000507 0240 0900 00 03 020131 aa");
    struct reply_window w = {.data = memory, .out = 64, .parsed = 64, .end = 64 + ok.size};
    memcpy(memory + 64, ok.data, ok.size);
    struct reply r;
    reply_begin(&r, COMMAND_QUERY, (struct reply_dialect){0}, 0);
    assert_int_equal(reply_step(&r, &w), REPLY_STATUS);
    assert_int_equal(w.parsed, 64);
    assert_true(bytes_equal(r.trackers, hex("020131")));
    assert_true(r.summary.status_known);
    assert_int_equal(r.summary.status, STATUS_AUTOCOMMIT | STATUS_SESSION_STATE_CHANGED);
    assert_int_equal(r.summary.warnings, 9);
    assert_int_equal(r.summary.affected_rows, 5);
    assert_int_equal(r.summary.last_insert_id, 7);
    assert_int_equal(reply_step(&r, &w), REPLY_ENDED);
    assert_int_equal(r.trackers.size, 0);
    assert_true(
        bytes_equal(bytes_of(memory + 64, w.parsed - 64), hex("07000001 000507 0200 0900")));
    /* What is behind the reply stays, and belongs to nobody yet. */
    assert_int_equal(w.end, w.parsed + 1);
    assert_int_equal(memory[w.parsed], 0xaa);
    assert_int_equal(reply_step(&r, &w), REPLY_ENDED);
}

static void test_the_need_is_told(void **state)
{
    (void)state;
    uint8_t memory[128] = {0};
    struct bytes ok = hex("07000001 00000002000000");
    memcpy(memory, ok.data, ok.size);
    struct reply_window w = {.data = memory};
    struct reply r;
    reply_begin(&r, COMMAND_PING, (struct reply_dialect){0}, 0);
    const size_t needs[] = {4, 4, 4, 4, 5, 11, 11, 11, 11, 11, 11};
    for (size_t i = 0; i < countof(needs); i++) {
        w.end = i;
        assert_int_equal(reply_step(&r, &w), REPLY_MORE);
        assert_int_equal(r.need, needs[i]);
    }
    w.end = ok.size;
    assert_int_equal(reply_step(&r, &w), REPLY_STATUS);
}

static void test_a_summary_tells_of_the_last_result(void **state)
{
    (void)state;
    struct driver_input in = new_client(COMMAND_QUERY);
    uint8_t sequence = 1;
    add(&in, sequence++, "0005070a000000");
    add_result_set(&in, &sequence, "fe00000a000100");
    add_result_set(&in, &sequence, "fe000022000300");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.parts, 3);
    assert_true(result.summary.result_set);
    assert_int_equal(result.summary.rows, 2);
    assert_int_equal(result.summary.affected_rows, 5);
    assert_int_equal(result.summary.last_insert_id, 7);
    assert_int_equal(result.summary.warnings, 3);
    assert_int_equal(result.summary.status, STATUS_AUTOCOMMIT | STATUS_NO_INDEX);
    assert_false(result.summary.error);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_an_error_leaves_the_status_unknown(void **state)
{
    (void)state;
    struct driver_input in = new_client(COMMAND_QUERY);
    add(&in, 1, "0000000a000000");
    add(&in, 2, "ff2804 233432303030 6162");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_true(result.summary.error);
    assert_int_equal(result.summary.error_code, 1064);
    assert_string_equal(result.summary.error_sqlstate, "42000");
    assert_false(result.summary.status_known);
    assert_int_equal(result.summary.status, 0x000a);
    assert_int_equal(result.summary.parts, 2);
    driver_free(&result);
    free(in.bytes.data);
}

/* To those who did not agree to progress reports they are errors. */
static void test_a_progress_report_is_an_error(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY);
    add(&in, 1, "ffffff 01 01 02 1a0200 01 61");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.error_code, 0xffff);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_a_binary_log_passes_until_its_end(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_BINLOG_DUMP), wanted = {0};
    /* Semi-synchronous replication starts the sequence anew. */
    const uint8_t sequences[] = {1, 2, 1, 1, 2};
    for (size_t i = 0; i < countof(sequences); i++) {
        add(&in, sequences[i], "00 fe fe fe");
        add(&wanted, sequences[i], "00 fe fe fe");
    }
    add(&in, 3, "fe 0000 0200");
    add(&wanted, 3, "fe 0000 0200");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.rows, 0);
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_a_text_reply_is_any_packet(void **state)
{
    (void)state;
    const char *const texts[] = {"", "00", "fe", "fb", "557074696d65"};
    for (size_t i = 0; i < countof(texts); i++) {
        struct driver_input in = old_client(COMMAND_STATISTICS);
        add(&in, 1, texts[i]);
        struct driver_result result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_ENDED);
        assert_false(result.summary.status_known);
        assert_true(bytes_equal(driver_view(&result.output), driver_view(&in.bytes)));
        driver_free(&result);
        free(in.bytes.data);
    }
}

static void test_what_no_server_says_is_broken(void **state)
{
    (void)state;
    assert_broken(COMMAND_QUERY, "", NULL);
    assert_broken(COMMAND_QUERY, END_PAYLOAD, NULL);
    assert_broken(COMMAND_QUERY, "00 00 00 0200", NULL);
    assert_broken(COMMAND_QUERY, "ff 15", NULL);
    assert_broken(COMMAND_QUERY, "01 01", NULL);
    assert_broken(COMMAND_QUERY, "fc 00", NULL);
    assert_broken(COMMAND_QUERY, "fc 0000", NULL);
    assert_broken(COMMAND_QUERY, "01", "");
    assert_broken(COMMAND_QUERY, "01", END_PAYLOAD);
    assert_broken(COMMAND_PING, "01", NULL);
    assert_broken(COMMAND_PING, "fb 61", NULL);
    assert_broken(COMMAND_STMT_PREPARE, "00 01000000 0000 0000 00 00", NULL);
    assert_broken(COMMAND_STMT_PREPARE, "01 01000000 0000 0000 00 0000", NULL);
    assert_broken(COMMAND_STMT_FETCH, "", NULL);
    assert_broken(COMMAND_STMT_FETCH, "fe 00", NULL);
}

static void test_a_terminator_after_definitions_must_be_sound(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY);
    add(&in, 1, "01");
    add(&in, 2, DEFINITION);
    add(&in, 3, "fe 00");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_BROKEN);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_a_packet_out_of_order_is_broken(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY);
    add(&in, 1, "01");
    add(&in, 3, DEFINITION);
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_BROKEN);
    driver_free(&result);
    free(in.bytes.data);
}

/* A compressed server numbers packets by frames, now and then. */
static void test_packets_are_numbered_anew(void **state)
{
    (void)state;
    uint8_t memory[256] = {0};
    struct bytes in = hex("0100000901 020000c8aabb 0300000a016161 05000003fe00000200");
    struct reply_window w = {.data = memory, .out = 64, .parsed = 64, .end = 64 + in.size};
    memcpy(memory + 64, in.data, in.size);
    struct reply r;
    struct reply_dialect dialect = {.deprecate_eof = true, .renumber = true};
    reply_begin(&r, COMMAND_QUERY, dialect, 0);
    r.last_sequence = 254;
    enum reply_verdict v;
    while ((v = reply_step(&r, &w)) == REPLY_STATUS)
        ;
    assert_int_equal(v, REPLY_ENDED);
    assert_int_equal(w.parsed, 64 + in.size);
    static const size_t at[] = {64, 69, 75, 82};
    for (size_t i = 0; i < countof(at); i++)
        assert_int_equal(memory[at[i] + 3], (uint8_t)(255 + i));
}

static void test_a_held_packet_has_a_limit(void **state)
{
    (void)state;
    const char *const headers[] = {"01001001 00", "01001001 fb", "01001001 ff", "01001001 01"};
    for (size_t i = 0; i < countof(headers); i++) {
        struct driver_input in = old_client(COMMAND_QUERY);
        driver_append(&in.bytes, hex(headers[i]).data, 5);
        struct driver_result result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_BROKEN);
        driver_free(&result);
        in.bytes.data[0] = 0;
        result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_MORE);
        driver_free(&result);
        free(in.bytes.data);
    }
}

static void test_only_results_are_followed_by_more(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_PING);
    add(&in, 1, "0000000a000000");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_an_unknown_command_has_a_simple_reply(void **state)
{
    (void)state;
    struct driver_input in = old_client((enum command)0x77);
    add(&in, 1, "ff1704 233038533031 6162");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.error_code, 1047);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_a_file_lowers_the_clients_sequence(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY);
    uint8_t sequence = 1;
    add_result_set(&in, &sequence, "fe00000a000000");
    add(&in, sequence, "fb 66");
    uint8_t memory[256] = {0};
    struct reply_window w = {.data = memory, .out = 64, .parsed = 64, .end = 64 + in.bytes.size};
    memcpy(memory + 64, in.bytes.data, in.bytes.size);
    struct reply r;
    reply_begin(&r, COMMAND_QUERY, in.dialect, 0);
    assert_int_equal(reply_step(&r, &w), REPLY_STATUS);
    assert_int_equal(reply_step(&r, &w), REPLY_INFILE);
    assert_int_equal(reply_step(&r, &w), REPLY_INFILE);
    assert_int_equal(reply_infile_shift(&r), 1);
    assert_int_equal(r.last_sequence, 7);
    reply_infile_done(&r, 9);
    assert_int_equal(reply_step(&r, &w), REPLY_MORE);
    /* Not 9: a server that gave up early counts differently. */
    struct bytes ok = hex("07000007" OK_PAYLOAD);
    memcpy(memory + w.end, ok.data, ok.size);
    w.end += ok.size;
    assert_int_equal(reply_step(&r, &w), REPLY_STATUS);
    assert_int_equal(reply_step(&r, &w), REPLY_ENDED);
    assert_int_equal(memory[w.parsed - 8], 8);
    free(in.bytes.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_without_reply_has_ended),
        cmocka_unit_test(test_an_ok_is_reported_before_it_passes),
        cmocka_unit_test(test_the_need_is_told),
        cmocka_unit_test(test_a_summary_tells_of_the_last_result),
        cmocka_unit_test(test_an_error_leaves_the_status_unknown),
        cmocka_unit_test(test_a_progress_report_is_an_error),
        cmocka_unit_test(test_a_binary_log_passes_until_its_end),
        cmocka_unit_test(test_a_text_reply_is_any_packet),
        cmocka_unit_test(test_what_no_server_says_is_broken),
        cmocka_unit_test(test_a_terminator_after_definitions_must_be_sound),
        cmocka_unit_test(test_a_packet_out_of_order_is_broken),
        cmocka_unit_test(test_packets_are_numbered_anew),
        cmocka_unit_test(test_a_held_packet_has_a_limit),
        cmocka_unit_test(test_only_results_are_followed_by_more),
        cmocka_unit_test(test_an_unknown_command_has_a_simple_reply),
        cmocka_unit_test(test_a_file_lowers_the_clients_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
