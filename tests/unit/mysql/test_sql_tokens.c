/* SPDX-License-Identifier: Apache-2.0
 * The strict tokenizer: what it reads, and where it gives up. */
#include "mysql/sql_tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct sql_mode plain_mode;

/* One letter for each token's kind: w n s 1 b, then $ for the end or ? for giving up. */
static const char *kinds(struct sql_mode mode, const char *text)
{
    static const char letters[] = {
        [SQL_TOKEN_END] = '$',    [SQL_TOKEN_WORD] = 'w',   [SQL_TOKEN_NAME] = 'n',
        [SQL_TOKEN_STRING] = 's', [SQL_TOKEN_NUMBER] = '1', [SQL_TOKEN_BYTE] = 'b',
        [SQL_TOKEN_ODD] = '?'};
    static char out[40];
    size_t n = 0;
    struct sql_tokens t;
    sql_tokens_begin(&t, mode, bytes_of_text(text));
    for (;;) {
        assert_true(n < sizeof out - 1);
        out[n++] = letters[t.token.kind];
        if (t.token.kind == SQL_TOKEN_END || t.token.kind == SQL_TOKEN_ODD)
            break;
        sql_tokens_next(&t);
    }
    out[n] = '\0';
    return out;
}

static void test_tokens_are_told_apart(void **state)
{
    (void)state;
    assert_string_equal(kinds(plain_mode, ""), "$");
    assert_string_equal(kinds(plain_mode, " drop TABLE `a`.b ; "), "wwnbw$");
    assert_string_equal(kinds(plain_mode, "DO GET_LOCK('a',1.5)"), "wwbsb1b$");
    assert_string_equal(kinds(plain_mode, "SET @@a=-3,b=\"x\""), "wbbwbb1bwbs$");
    assert_string_equal(kinds(plain_mode, "a /* b */ c -- d"), "ww$");
    assert_string_equal(kinds(plain_mode, "a # b\nc"), "ww$");
    assert_string_equal(kinds(plain_mode, "a--1"), "wbb1$");
    assert_string_equal(kinds(plain_mode, "a;;"), "w$");
}

static void test_what_is_not_plain_ends_it(void **state)
{
    (void)state;
    assert_string_equal(kinds(plain_mode, "a /*!50000 b */"), "w?");
    assert_string_equal(kinds(plain_mode, "a /*M! b */"), "w?");
    assert_string_equal(kinds(plain_mode, "a /*+ b */"), "w?");
    assert_string_equal(kinds(plain_mode, "a /* b"), "w?");
    assert_string_equal(kinds(plain_mode, "a 'b"), "w?");
    assert_string_equal(kinds(plain_mode, "a `b"), "w?");
    assert_string_equal(kinds(plain_mode, "a 'b\\'"), "w?");
    assert_string_equal(kinds(plain_mode, "a b\xc3\xa9"), "w?");
    assert_string_equal(kinds(plain_mode, "a 1e5"), "w?");
    assert_string_equal(kinds(plain_mode, "a $$"), "w?");
    assert_string_equal(kinds(plain_mode, "a; b"), "w?");
    assert_string_equal(kinds((struct sql_mode){.ansi_quotes = true}, "a \"b\""), "w?");
    assert_string_equal(kinds((struct sql_mode){.multi_byte_trail = true}, "'\x81'"), "?");
}

static bool is_plain(struct sql_mode mode, const char *text)
{
    struct sql_tokens t;
    sql_tokens_begin(&t, mode, bytes_of_text(text));
    assert_true(t.token.kind == SQL_TOKEN_STRING || t.token.kind == SQL_TOKEN_NAME);
    return t.token.plain;
}

static void test_only_plain_quoted_text_is_called_so(void **state)
{
    (void)state;
    struct sql_mode no_escapes = {.no_backslash_escapes = true};
    assert_true(is_plain(plain_mode, "'a b'"));
    assert_true(is_plain(plain_mode, "`a b`"));
    assert_false(is_plain(plain_mode, "'a''b'"));
    assert_false(is_plain(plain_mode, "'a\\'b'"));
    assert_false(is_plain(plain_mode, "'a\xc3\xa9'"));
    assert_false(is_plain(no_escapes, "'a\\'"));
    assert_false(is_plain(plain_mode, "`a``b`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_are_told_apart),
        cmocka_unit_test(test_what_is_not_plain_ends_it),
        cmocka_unit_test(test_only_plain_quoted_text_is_called_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
