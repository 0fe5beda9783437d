/* SPDX-License-Identifier: Apache-2.0
 * User variables as answers of a server and as assignments. Definitions are MariaDB's. */
#include "mysql/user_variable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The end of a column definition: charset, length, type, flags, decimals. */
#define DEFINITION(bytes) bytes_of("\3def\0\0\0\2@a\0\x0c" bytes, 12 + sizeof(bytes) - 1)

static void test_types(void **state)
{
    (void)state;
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\x14\0\0\0\x08\x80\0\0\0\0")),
                     USER_VARIABLE_SIGNED);
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\x14\0\0\0\x08\xa0\0\0\0\0")),
                     USER_VARIABLE_UNSIGNED);
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\x17\0\0\0\x05\x80\0\x1f\0\0")),
                     USER_VARIABLE_DOUBLE);
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\x53\0\0\0\xf6\x80\0\x26\0\0")),
                     USER_VARIABLE_DECIMAL);
    assert_int_equal(user_variable_type_of(DEFINITION("\x2d\0\xfc\xff\xff\x03\xfb\0\0\x27\0\0")),
                     USER_VARIABLE_STRING);
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\xff\xff\xff\0\xfb\x80\0\x27\0\0")),
                     USER_VARIABLE_STRING);
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\0\0\0\x01\xfb\x80\0\x27\0\0")),
                     USER_VARIABLE_UNSET);
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\xfc\xff\0\0\xfd\x80\0\x1f\0\0")),
                     USER_VARIABLE_UNSET); /* MySQL 9 */
    assert_int_equal(user_variable_type_of(DEFINITION("\x3f\0\xff\xff\xff\0\xff\x80\0\x27\0\0")),
                     USER_VARIABLE_ODD); /* a geometry */
    assert_int_equal(user_variable_type_of(bytes_of("\x0c\0", 2)), USER_VARIABLE_ODD);
    assert_int_equal(user_variable_type_of(bytes_of(NULL, 0)), USER_VARIABLE_ODD);
}

static const char *assign(enum user_variable_type type, const char *collation, const char *digits)
{
    static char text[400];
    const struct bytes cells[USER_VARIABLE_CELLS] = {
        bytes_of_text(collation), digits != NULL ? bytes_of_text(digits) : bytes_of(NULL, 0)};
    struct writer w = writer_over(text, sizeof text - 1);
    if (!user_variable_assign(&w, bytes_of_text("a"), type, cells))
        return NULL;
    text[w.size] = '\0';
    return text;
}

static void test_numbers(void **state)
{
    (void)state;
    const char *b = "binary";
    assert_string_equal(assign(USER_VARIABLE_SIGNED, b, "2D35"), "@`a`=CAST(-5 AS SIGNED)");
    assert_string_equal(assign(USER_VARIABLE_UNSIGNED, b, "37"), "@`a`=CAST(7 AS UNSIGNED)");
    assert_string_equal(assign(USER_VARIABLE_DOUBLE, b, "31303030"), "@`a`=1000e0");
    assert_string_equal(assign(USER_VARIABLE_DOUBLE, b, "35652D333234"), "@`a`=5e-324");
    assert_string_equal(assign(USER_VARIABLE_DECIMAL, b, "312E3530"), "@`a`=1.50");
    assert_string_equal(assign(USER_VARIABLE_DECIMAL, b, "35"), "@`a`=5.");
    assert_null(assign(USER_VARIABLE_SIGNED, b, "2D"));
    assert_null(assign(USER_VARIABLE_SIGNED, b, ""));
    assert_null(assign(USER_VARIABLE_SIGNED, b, "3"));
    assert_null(assign(USER_VARIABLE_SIGNED, b, "313B44524F50")); /* 1;DROP */
}

static void test_a_double_has_all_its_digits_as_a_column(void **state)
{
    (void)state;
    char text[100];
    struct writer w = writer_over(text, sizeof text);
    /* -3.4970431219266e-216, and what MySQL has cut off. */
    struct bytes cells[USER_VARIABLE_CELLS] = {
        bytes_of_text("binary"), bytes_of_text("2D332E34393730343331323139323636652D323136"),
        bytes_of_text("-3.497043121926598e-216")};
    assert_true(user_variable_assign(&w, bytes_of_text("a"), USER_VARIABLE_DOUBLE, cells));
    assert_true(bytes_equal_text(writer_written(&w), "@`a`=-3.497043121926598e-216"));
    cells[2] = bytes_of_text("1;DROP");
    assert_false(user_variable_assign(&w, bytes_of_text("a"), USER_VARIABLE_DOUBLE, cells));
}

static void test_null_keeps_its_type(void **state)
{
    (void)state;
    assert_string_equal(assign(USER_VARIABLE_UNSIGNED, "binary", NULL),
                        "@`a`=CAST(1 AS UNSIGNED),@`a`=NULL");
    assert_string_equal(assign(USER_VARIABLE_DOUBLE, "binary", NULL), "@`a`=1e0,@`a`=NULL");
    assert_string_equal(assign(USER_VARIABLE_DECIMAL, "binary", NULL), "@`a`=1.,@`a`=NULL");
    assert_string_equal(assign(USER_VARIABLE_STRING, "latin1_bin", NULL),
                        "@`a`=_latin1 X'' COLLATE latin1_bin,@`a`=NULL");
}

static void test_strings(void **state)
{
    (void)state;
    enum user_variable_type t = USER_VARIABLE_STRING;
    assert_string_equal(assign(t, "binary", "00FF"), "@`a`=_binary X'00FF'");
    assert_string_equal(assign(t, "latin1_swedish_ci", "E9"),
                        "@`a`=_latin1 X'E9' COLLATE latin1_swedish_ci");
    assert_string_equal(assign(t, "utf8mb4_bin", "C3A4F09F9880E282ACED9FBF"),
                        "@`a`=_utf8mb4 X'C3A4F09F9880E282ACED9FBF' COLLATE utf8mb4_bin");
    assert_non_null(assign(t, "sjis_bin", "4142"));
    assert_null(assign(t, "utf8mb3_bin", "F09F9880"));
    static const char *const malformed[] = {"C3",     "80",       "C0AF", "E08080",
                                            "EDA080", "F4908080", "FF",   "C341"};
    for (size_t i = 0; i < countof(malformed); i++)
        assert_null(assign(t, "utf8mb4_bin", malformed[i]));
    assert_null(assign(t, "ucs2_bin", "0041"));
    assert_null(assign(t, "sjis_bin", "8241"));
    assert_null(assign(t, "latin1_bin; DROP", "41"));
    assert_null(assign(t, "latin1_bin", "4"));
    assert_null(assign(t, "latin1_bin", "-"));
    assert_null(assign(t, "latin1_bin", "zz"));
}

static void test_what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    assert_null(assign(USER_VARIABLE_ODD, "binary", "41"));
    assert_null(assign(USER_VARIABLE_UNSET, "binary", NULL));
    char small[10];
    const struct bytes cells[USER_VARIABLE_CELLS] = {bytes_of_text("binary"), bytes_of_text("31")};
    struct writer w = writer_over(small, sizeof small);
    assert_false(user_variable_assign(&w, bytes_of_text("a"), USER_VARIABLE_SIGNED, cells));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_a_double_has_all_its_digits_as_a_column),
        cmocka_unit_test(test_null_keeps_its_type),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_what_cannot_be_made_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
