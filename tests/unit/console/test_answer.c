/* SPDX-License-Identifier: Apache-2.0
 * Answers, and the rows behind tables, in memory. */
#include "console/answer.h"

#include "console/row_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_rows_are_rows_of_the_protocol(void **state)
{
    static const uint8_t expected[] = {1, '5', 0xfb, 2, 'a', 'b', 4, '-', '0', '.', '5'};
    struct answer a;
    struct bytes row;
    size_t at = 0;
    (void)state;
    answer_init(&a);
    for (unsigned i = 0; i < 4; i++)
        answer_column(&a, bytes_of_text("x"));
    answer_row_begin(&a);
    answer_integer(&a, 5);
    answer_null(&a);
    answer_text(&a, bytes_of_text("ab"));
    answer_real(&a, -0.5);
    answer_row_end(&a);
    answer_close(&a);
    assert_true(answer_next_row(&a, &at, &row));
    assert_true(bytes_equal(row, bytes_of(expected, sizeof expected)));
    assert_false(answer_next_row(&a, &at, &row));
    assert_true(a.columns[0].has_integer && a.columns[2].has_text && a.columns[3].has_real);
    assert_int_equal(a.columns[2].width, 2);
    answer_fini(&a);
}

static void test_an_error_takes_the_place_of_rows(void **state)
{
    struct answer a;
    size_t at = 0;
    struct bytes row;
    (void)state;
    answer_init(&a);
    answer_column(&a, bytes_of_text("x"));
    answer_row_begin(&a);
    answer_integer(&a, 5);
    answer_row_end(&a);
    answer_error(&a, ER_NO_SUCH_THREAD, "Unknown thread id: %d", 5);
    assert_int_equal(a.kind, ANSWER_ERROR);
    assert_int_equal(a.code, 1094);
    assert_string_equal(a.sqlstate, "HY000");
    assert_string_equal(a.text, "Unknown thread id: 5");
    assert_false(answer_next_row(&a, &at, &row));
    answer_fini(&a);
}

static void test_too_large_an_answer_is_an_error(void **state)
{
    struct answer a;
    char *text = calloc(1, 1024 * 1024);
    (void)state;
    assert_non_null(text);
    answer_init(&a);
    answer_column(&a, bytes_of_text("x"));
    for (unsigned i = 0; i < 17; i++) {
        answer_row_begin(&a);
        answer_text(&a, bytes_of(text, 1024 * 1024));
        answer_row_end(&a);
    }
    answer_close(&a);
    assert_int_equal(a.code, 1104);
    answer_fini(&a);
    free(text);
}

static void test_row_sinks_hold_cells(void **state)
{
    struct row_sink s;
    (void)state;
    row_sink_init(&s, 3);
    row_integer(&s, -1);
    row_text(&s, "");
    row_text(&s, NULL);
    row_unsigned(&s, UINT64_MAX);
    row_bytes(&s, bytes_of("a\0b", 3));
    row_real(&s, 0.5);
    assert_int_equal(row_sink_rows(&s), 2);
    assert_int_equal(row_sink_cell(&s, 0, 0)->value.integer, -1);
    assert_int_equal(row_sink_cell(&s, 0, 1)->kind, CELL_TEXT);
    assert_int_equal(row_sink_cell(&s, 0, 2)->kind, CELL_NULL);
    assert_int_equal(row_sink_cell(&s, 1, 0)->value.integer, INT64_MAX);
    assert_int_equal(row_sink_cell(&s, 1, 1)->size, 3);
    assert_memory_equal(s.text + row_sink_cell(&s, 1, 1)->value.at, "a\0b", 3);
    assert_false(s.too_large);
    row_sink_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_rows_of_the_protocol),
        cmocka_unit_test(test_an_error_takes_the_place_of_rows),
        cmocka_unit_test(test_too_large_an_answer_is_an_error),
        cmocka_unit_test(test_row_sinks_hold_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
