/* SPDX-License-Identifier: Apache-2.0
 * Replies turned, in their window, into what clients without DEPRECATE_EOF expect. */
#include "mysql/reply.h"

#include "reply_builder.h"

static void test_a_prepared_statement_is_summed_up(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_STMT_PREPARE), wanted = {0};
    add(&in, 1, "00 2a000000 0200 0100 00 0500");
    add(&wanted, 1, "00 2a000000 0200 0100 00 0500");
    const uint8_t shifted[] = {2, 4, 5};
    for (uint8_t i = 0; i < 3; i++) {
        add(&in, (uint8_t)(2 + i), DEFINITION);
        add(&wanted, shifted[i], DEFINITION);
        if (i != 1)
            add(&wanted, (uint8_t)(shifted[i] + 1), "fe05000200");
    }
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.statement_id, 42);
    assert_int_equal(result.summary.statement_columns, 2);
    assert_int_equal(result.summary.statement_parameters, 1);
    assert_int_equal(result.summary.warnings, 5);
    assert_false(result.summary.status_known);
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

/* A row whose first column has 16 MiB begins with fe and must not be taken for the end. */
static void add_huge_row(struct driver_input *in, uint8_t *sequence, size_t tail)
{
    struct driver_bytes row = {0};
    uint8_t zeros[4096] = {0};
    driver_append(&row, "\xfe\x00\x00\x00\x01\x00\x00\x00\x00", 9);
    while (row.size < FRAME_PAYLOAD_MAX) {
        size_t left = FRAME_PAYLOAD_MAX - row.size;
        driver_append(&row, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
    }
    add_bytes(in, (*sequence)++, driver_view(&row));
    add_bytes(in, (*sequence)++, bytes_of(row.data, tail));
    free(row.data);
}

static void huge_rows(struct driver_input *in, bool old)
{
    uint8_t sequence = 1;
    add(in, sequence++, "01");
    add(in, sequence++, DEFINITION);
    if (old)
        add(in, sequence++, "fe00000200");
    add_huge_row(in, &sequence, 10);
    add_huge_row(in, &sequence, 0);
    add(in, sequence++, old ? "fe00000200" : END_PAYLOAD);
}

static void test_rows_of_many_frames_are_one_row_each(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    huge_rows(&in, false);
    huge_rows(&wanted, true);
    struct driver_result result =
        drive(&in, &(struct driver_schedule){.capacity = 16384, .eager = true});
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.rows, 2);
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_sequence_ids_wrap(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    uint8_t sequence = 1, old_sequence = 1;
    for (int i = 0; i < 200; i++) {
        add_result_set(&in, &sequence, "fe00000a000000");
        add_old_result_set(&wanted, &old_sequence, "fe00000a00");
    }
    add(&in, sequence, OK_PAYLOAD);
    add(&wanted, old_sequence, OK_PAYLOAD);
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_ENDED);
    assert_int_equal(result.summary.parts, 201);
    assert_int_equal(result.next_sequence, (uint8_t)(old_sequence + 1));
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_an_error_may_come_anywhere(void **state)
{
    (void)state;
    const char *const before[] = {"02", DEFINITION, DEFINITION, "01310132"};
    for (size_t n = 0; n <= countof(before); n++) {
        struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
        uint8_t sequence = 1;
        for (size_t i = 0; i < n; i++) {
            add(&in, (uint8_t)(i + 1), before[i]);
            if (i == 3)
                add(&wanted, sequence++, "fe00000200");
            add(&wanted, sequence++, before[i]);
        }
        if (n == 3)
            add(&wanted, sequence++, "fe00000200");
        add(&in, (uint8_t)(n + 1), "ff1504 6162");
        add(&wanted, sequence, "ff1504 6162");
        struct driver_result result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_ENDED);
        assert_true(result.summary.error);
        assert_string_equal(result.summary.error_sqlstate, "HY000");
        assert_int_equal(result.summary.parts, 1);
        assert_output(&result, &wanted);
        driver_free(&result);
        free(in.bytes.data);
    }
}

/* A loop of stored code leaves CURSOR_EXISTS in the status of a text result, which has rows all the
 * same; only an execution can open a cursor on the wire, and then there is but one EOF. */
static void test_a_cursor_is_only_expected_of_an_execution(void **state)
{
    (void)state;
    static const enum command commands[] = {COMMAND_QUERY, COMMAND_STMT_EXECUTE};
    for (size_t i = 0; i < countof(commands); i++) {
        struct driver_input in = old_client(commands[i]), wanted = {0};
        add(&in, 1, "01");
        add(&in, 2, DEFINITION);
        add(&in, 3, "fe000042000000");
        uint8_t sequence = 1;
        add(&wanted, sequence++, "01");
        add(&wanted, sequence++, DEFINITION);
        if (commands[i] == COMMAND_QUERY)
            add(&wanted, sequence++, "fe00004200");
        add(&wanted, sequence++, "fe00004200");
        struct driver_result result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_ENDED);
        assert_output(&result, &wanted);
        driver_free(&result);
        free(in.bytes.data);
    }
}

static void test_a_cursor_that_fails_has_no_eof(void **state)
{
    (void)state;
    static const enum command commands[] = {COMMAND_QUERY, COMMAND_STMT_EXECUTE};
    for (size_t i = 0; i < countof(commands); i++) {
        struct driver_input in = old_client(commands[i]), wanted = {0};
        add(&in, 1, "01");
        add(&in, 2, DEFINITION);
        add(&in, 3, "ff1504 6162");
        uint8_t sequence = 1;
        add(&wanted, sequence++, "01");
        add(&wanted, sequence++, DEFINITION);
        if (commands[i] == COMMAND_QUERY)
            add(&wanted, sequence++, "fe00000200");
        add(&wanted, sequence++, "ff1504 6162");
        struct driver_result result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_ENDED);
        assert_output(&result, &wanted);
        driver_free(&result);
        free(in.bytes.data);
    }
}

/* What was sent cannot be corrected: then the EOF before the rows carries the status before. */
static void test_an_eof_sent_early_carries_the_status_before(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    in.previous_status = STATUS_IN_TRANS | STATUS_NO_INDEX | STATUS_MORE_RESULTS;
    uint8_t sequence = 1;
    add_result_set(&in, &sequence, "fe000023000000");
    sequence = 1;
    add(&wanted, sequence++, "01");
    add(&wanted, sequence++, DEFINITION);
    add(&wanted, sequence++, "fe00000100");
    add(&wanted, sequence++, "0131");
    add(&wanted, sequence++, "0132");
    add(&wanted, sequence++, "fe00002300");
    struct driver_schedule early = {.piece = 1, .capacity = 32, .eager = true};
    struct driver_result result = drive(&in, &early);
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_an_eof_sent_early_knows_the_results_before(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    uint8_t sequence = 1;
    add(&in, sequence, "0000000b000000");
    add(&wanted, sequence++, "0000000b000000");
    add(&in, sequence, "01");
    add(&wanted, sequence++, "01");
    add(&in, sequence, DEFINITION);
    add(&wanted, sequence++, DEFINITION);
    add(&in, sequence, "0131");
    add(&wanted, sequence++, "fe00000300");
    add(&wanted, sequence++, "0131");
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_MORE);
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

/* The caller may move the window between the insertion of an EOF and its correction. */
static void test_a_moved_window_keeps_its_eof(void **state)
{
    (void)state;
    uint8_t memory[256] = {0};
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    uint8_t sequence = 1;
    add_result_set(&in, &sequence, "fe000022000000");
    sequence = 1;
    add_old_result_set(&wanted, &sequence, "fe00002200");
    struct reply_window w = {.data = memory, .out = 100, .parsed = 100, .end = 100};
    memcpy(memory + 100, in.bytes.data, in.bytes.size);
    w.end += in.bytes.size - 1;
    struct reply r;
    reply_begin(&r, COMMAND_QUERY, in.dialect, in.previous_status);
    assert_int_equal(reply_step(&r, &w), REPLY_MORE);
    size_t by = w.out - 20;
    memmove(memory + 20, memory + w.out, w.end + 1 - w.out);
    w.out -= by;
    w.parsed -= by;
    w.end -= by - 1;
    assert_int_equal(reply_step(&r, &w), REPLY_STATUS);
    assert_int_equal(reply_step(&r, &w), REPLY_ENDED);
    struct driver_result result = {0};
    driver_append(&result.output, memory + w.out, w.parsed - w.out);
    assert_output(&result, &wanted);
    driver_free(&result);
    free(in.bytes.data);
}

static void test_more_eofs_than_headroom_are_flushed(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY);
    uint8_t sequence = 1;
    for (int i = 0; i < 50; i++)
        add_result_set(&in, &sequence, i < 49 ? "fe00000a000000" : END_PAYLOAD);
    struct driver_result once = drive(&in, &whole);
    assert_int_equal(once.verdict, REPLY_ENDED);
    assert_true(once.steps > 52);
    struct driver_result pieces = drive(&in, &(struct driver_schedule){.piece = 3, .capacity = 8});
    driver_blank_eof_status(&once.output);
    driver_blank_eof_status(&pieces.output);
    assert_true(bytes_equal(driver_view(&once.output), driver_view(&pieces.output)));
    driver_free(&once);
    driver_free(&pieces);
    free(in.bytes.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_prepared_statement_is_summed_up),
        cmocka_unit_test(test_rows_of_many_frames_are_one_row_each),
        cmocka_unit_test(test_sequence_ids_wrap),
        cmocka_unit_test(test_an_error_may_come_anywhere),
        cmocka_unit_test(test_a_cursor_is_only_expected_of_an_execution),
        cmocka_unit_test(test_a_cursor_that_fails_has_no_eof),
        cmocka_unit_test(test_an_eof_sent_early_carries_the_status_before),
        cmocka_unit_test(test_an_eof_sent_early_knows_the_results_before),
        cmocka_unit_test(test_a_moved_window_keeps_its_eof),
        cmocka_unit_test(test_more_eofs_than_headroom_are_flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
