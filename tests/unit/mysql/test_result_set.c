/* SPDX-License-Identifier: Apache-2.0
 * The first row of a small result set. */
#include "mysql/result_set.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT_2 "01000001 02 "
#define COLUMNS "02000002 0361 02000003 0362 "
#define ROW     "04000004 02 6162 fb "
#define END     "07000005 fe0000 0200 0000"

static void test_cells_of_the_first_row_are_found(void **state)
{
    (void)state;
    struct bytes cells[2];
    assert_int_equal(result_set_first_row(hex(COUNT_2 COLUMNS ROW END), cells, 2), 2);
    assert_true(bytes_equal_text(cells[0], "ab"));
    assert_null(cells[1].data);
}

static void test_no_more_cells_are_written_than_fit(void **state)
{
    (void)state;
    struct bytes cells[2] = {bytes_of(NULL, 0), bytes_of("x", 1)};
    assert_int_equal(result_set_first_row(hex(COUNT_2 COLUMNS ROW END), cells, 1), 2);
    assert_true(bytes_equal_text(cells[1], "x"));
}

static void test_no_row_is_no_cells(void **state)
{
    (void)state;
    struct bytes cells[2];
    assert_int_equal(
        result_set_first_row(hex(COUNT_2 COLUMNS "07000004 fe0000 0200 0000"), cells, 2), 0);
    assert_int_equal(result_set_first_row(hex(COUNT_2 COLUMNS "05000004 ff1504 6162"), cells, 2),
                     0);
    assert_int_equal(result_set_first_row(hex("07000001 000000 0200 0000"), cells, 2), 0);
    assert_int_equal(result_set_first_row(hex("05000001 ff1504 6162"), cells, 2), 0);
}

static bool has_row(struct bytes in)
{
    struct bytes cells[2];
    return result_set_first_row(in, cells, 2) > 0;
}

static void test_a_cut_reply_has_no_row(void **state)
{
    (void)state;
    assert_int_equal(decode_prefixes(hex(COUNT_2 COLUMNS ROW), has_row), 0);
    assert_false(has_row(hex(COUNT_2 COLUMNS "02000004 02 61")));
    assert_false(has_row(hex(COUNT_2 COLUMNS "05000004 02 6162 fb 00")));
}

static void test_a_number_is_written_as_servers_write_it(void **state)
{
    (void)state;
    /* What MariaDB 10.11 answers to SELECT CONNECTION_ID(), for a client without DEPRECATE_EOF. */
    static const char expected[] = "\x01\0\0\1\x01"
                                   "\x25\0\0\2\3def\0\0\0\x0f"
                                   "CONNECTION_ID()\0\x0c\x3f\0\x0a\0\0\0\3\xa1\0\0\0\0"
                                   "\5\0\0\3\xfe\0\0\2\0"
                                   "\2\0\0\4\1"
                                   "6\5\0\0\5\xfe\0\0\2\0";
    struct result_set_number n = {.column = bytes_of_text("CONNECTION_ID()"),
                                  .type = 3,
                                  .length = 10,
                                  .flags = 0xa1,
                                  .value = 6,
                                  .status = 2};
    char out[200];
    struct writer w = writer_over(out, sizeof out);
    result_set_write_number(&w, &n);
    assert_false(w.overflow);
    assert_int_equal(w.size, sizeof expected - 1);
    assert_memory_equal(out, expected, w.size);
    n.deprecate_eof = true;
    w = writer_over(out, sizeof out);
    result_set_write_number(&w, &n);
    struct bytes cell;
    assert_int_equal(result_set_first_row(writer_written(&w), &cell, 1), 1);
    assert_true(bytes_equal_text(cell, "6"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_of_the_first_row_are_found),
        cmocka_unit_test(test_no_more_cells_are_written_than_fit),
        cmocka_unit_test(test_no_row_is_no_cells),
        cmocka_unit_test(test_a_cut_reply_has_no_row),
        cmocka_unit_test(test_a_number_is_written_as_servers_write_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
