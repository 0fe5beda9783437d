/* SPDX-License-Identifier: Apache-2.0
 * The table of digests' words, and that sql_digest_slots.def was made from it. */
#include "mysql/sql_digest_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct sql_digest_word *find(const char *text)
{
    return sql_digest_word_find(bytes_of_text(text));
}

static void test_every_word_is_found(void **state)
{
    (void)state;
    const struct sql_digest_word *row;
    size_t count = 0;
    for (; (row = sql_digest_word_row(count)) != NULL; count++) {
        if (find(row->name) != row)
            print_error("not found: %s; run tools/sql_word_slots.py\n", row->name);
        assert_ptr_equal(find(row->name), row);
        assert_int_equal(strlen(row->text), row->text_size);
    }
    assert_true(count > 800);
}

static void test_case_does_not_matter_and_the_rest_does(void **state)
{
    (void)state;
    assert_string_equal(find("sElect")->text, "SELECT");
    assert_string_equal(find("int")->text, "INTEGER");
    assert_true(find("count")->only_calls);
    assert_false(find("from")->only_calls);
    assert_int_equal(find("null")->group, SQL_DIGEST_NULL);
    assert_null(find("sbtest1"));
    assert_null(find("selec"));
    assert_null(find("selectx"));
    assert_null(find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word_is_found),
        cmocka_unit_test(test_case_does_not_matter_and_the_rest_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
