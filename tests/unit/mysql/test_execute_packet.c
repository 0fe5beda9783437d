/* SPDX-License-Identifier: Apache-2.0
 * The head of COM_STMT_EXECUTE: with types, without, cut at every byte. */
#include "mysql/execute_packet.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIXED "17 05000000 00 01000000 "
#define BULK  "fa 05000000 "

#define ATTRIBUTES "17 05000000 08 01000000 "

static void test_a_head_without_parameters_ends_at_once(void **state)
{
    (void)state;
    struct execute_head head;
    assert_true(execute_head_read(hex(FIXED), 0, EXECUTE_PLAIN, &head));
    assert_false(head.has_types);
}

static void test_types_are_found(void **state)
{
    (void)state;
    struct execute_head head;
    struct bytes payload = hex(FIXED "02 01 0800 fe00 0700000000000000");
    assert_true(execute_head_read(payload, 2, EXECUTE_PLAIN, &head));
    assert_true(head.has_types);
    assert_int_equal(head.types_at, 12);
    assert_true(bytes_equal(head.types, hex("0800 fe00")));
    assert_int_equal(execute_head_size_max(2, EXECUTE_PLAIN), 16);
}

static void test_a_head_that_is_cut_is_no_head(void **state)
{
    (void)state;
    struct bytes payload = hex(FIXED "02 01 0800 fe00");
    for (size_t n = 0; n < payload.size; n++) {
        struct execute_head head;
        assert_false(execute_head_read(bytes_of(payload.data, n), 2, EXECUTE_PLAIN, &head));
    }
}

static void test_types_are_put_in(void **state)
{
    (void)state;
    struct bytes payload = hex(FIXED "00 00 0700000000000000");
    uint8_t out[14];
    struct execute_head head;
    assert_true(execute_head_read(payload, 1, EXECUTE_PLAIN, &head));
    assert_false(head.has_types);
    execute_head_with_types(payload, &head, hex("0800"), out);
    assert_true(bytes_equal(bytes_of(out, sizeof out), hex(FIXED "00 01 0800")));
}

static void test_bulk_has_its_types_behind_a_flag(void **state)
{
    (void)state;
    struct execute_head head;
    assert_true(execute_head_read(hex(BULK "8000 0300 00 01000000"), 1, EXECUTE_BULK, &head));
    assert_true(bytes_equal(head.types, hex("0300")));
    struct bytes payload = hex(BULK "0000 00 01000000");
    uint8_t out[9];
    assert_true(execute_head_read(payload, 1, EXECUTE_BULK, &head));
    execute_head_with_types(payload, &head, hex("0300"), out);
    assert_true(bytes_equal(bytes_of(out, sizeof out), hex(BULK "8000 0300")));
}

static void test_names_stand_behind_the_types(void **state)
{
    (void)state;
    struct execute_head head;
    struct bytes payload = hex(ATTRIBUTES "03 00 01 0800 00 fe00 0170 fe00 016e 0700000000000000");
    assert_true(execute_head_read(payload, 2, EXECUTE_ATTRIBUTES, &head));
    assert_true(head.has_types);
    assert_int_equal(head.types_at, 13);
    assert_true(bytes_equal(head.types, hex("0800 00 fe00 0170")));
    for (size_t n = 0; n < 20; n++)
        assert_false(execute_head_read(bytes_of(payload.data, n), 2, EXECUTE_ATTRIBUTES, &head));
    assert_true(execute_head_read(bytes_of(payload.data, 20), 2, EXECUTE_ATTRIBUTES, &head));
}

static void test_types_are_put_in_without_names(void **state)
{
    (void)state;
    struct execute_head head;
    struct bytes payload = hex(ATTRIBUTES "02 00 00 0700000000000000 0161");
    struct bytes types = hex("0800 00 fe00 0170");
    uint8_t out[19];
    assert_true(execute_head_read(payload, 2, EXECUTE_ATTRIBUTES, &head));
    assert_false(head.has_types);
    assert_int_equal(execute_head_size_with(&head, types), sizeof out);
    execute_head_with_types(payload, &head, types, out);
    assert_true(bytes_equal(bytes_of(out, sizeof out), hex(ATTRIBUTES "02 00 01 0800 00 fe00 00")));
}

/* Fewer parameters than the statement has, or attributes without types: the server refuses. */
static void test_counts_that_cannot_be_are_left_to_the_server(void **state)
{
    (void)state;
    struct execute_head head;
    assert_false(execute_head_read(hex(ATTRIBUTES "00"), 1, EXECUTE_ATTRIBUTES, &head));
    assert_false(
        execute_head_read(hex(ATTRIBUTES "02 00 00 0161 0162"), 1, EXECUTE_ATTRIBUTES, &head));
    assert_false(execute_head_read(hex(ATTRIBUTES "fb 00 00 0161"), 1, EXECUTE_ATTRIBUTES, &head));
    assert_true(execute_head_read(hex(ATTRIBUTES), 0, EXECUTE_ATTRIBUTES, &head));
}

static void test_unit_results_are_a_flag(void **state)
{
    (void)state;
    assert_true(execute_has_unit_results(hex(BULK "c000 0300")));
    assert_false(execute_has_unit_results(hex(BULK "8000 0300")));
    assert_false(execute_has_unit_results(hex(BULK)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_head_without_parameters_ends_at_once),
        cmocka_unit_test(test_types_are_found),
        cmocka_unit_test(test_a_head_that_is_cut_is_no_head),
        cmocka_unit_test(test_types_are_put_in),
        cmocka_unit_test(test_bulk_has_its_types_behind_a_flag),
        cmocka_unit_test(test_names_stand_behind_the_types),
        cmocka_unit_test(test_types_are_put_in_without_names),
        cmocka_unit_test(test_counts_that_cannot_be_are_left_to_the_server),
        cmocka_unit_test(test_unit_results_are_a_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
