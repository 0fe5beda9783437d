/* SPDX-License-Identifier: Apache-2.0
 * What people may write, what they may not, and that a refusal changes nothing. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_integers_are_all_digits_and_fit(void **state)
{
    (void)state;
    uint64_t v = 77;
    assert_true(text_parse_u64("0", &v));
    assert_int_equal(v, 0);
    assert_true(text_parse_u64("18446744073709551615", &v));
    assert_true(v == UINT64_MAX);
    v = 77;
    const char *bad[] = {
        "", " 1", "1 ", "-1", "+1", "1x", "0x10", "18446744073709551616", "99999999999999999999"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(text_parse_u64(bad[i], &v));
    assert_int_equal(v, 77);
}

static void test_durations_take_units_and_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        usec_t expected;
    } good[] = {
        {"300", 300 * USEC_PER_SEC},
        {"0", 0},
        {"0.5", USEC_PER_SEC / 2},
        {"5us", 5},
        {"250ms", 250000},
        {"1.5ms", 1500},
        {"2s", 2000000},
        {"5m", 300 * USEC_PER_SEC},
        {"1.25h", 4500 * USEC_PER_SEC},
        {"1d", 86400 * USEC_PER_SEC},
        {"0.0000019", 1},
        {"31536000", 31536000 * USEC_PER_SEC},
    };
    for (size_t i = 0; i < countof(good); i++) {
        usec_t v = 1;
        assert_true(text_parse_duration(good[i].text, USEC_PER_SEC, &v));
        assert_true(v == good[i].expected);
    }
    usec_t v;
    assert_true(text_parse_duration("3", USEC_PER_MSEC, &v));
    assert_int_equal(v, 3000);
}

static void test_durations_that_are_none_are_refused(void **state)
{
    (void)state;
    const char *bad[] = {"",
                         "s",
                         ".5",
                         "5.",
                         "5 s",
                         "5 ",
                         "5sec",
                         "5M",
                         "-1",
                         "1.5.5",
                         "1e3",
                         "5ms5",
                         "213503983d",
                         "18446744073709551615s",
                         "18446744073709551615.9us"};
    usec_t v = 9;
    for (size_t i = 0; i < countof(bad) - 1; i++)
        assert_false(text_parse_duration(bad[i], USEC_PER_SEC, &v));
    assert_int_equal(v, 9);
    assert_true(text_parse_duration(bad[countof(bad) - 1], USEC_PER_SEC, &v));
}

static void test_sizes_take_powers_of_1024(void **state)
{
    (void)state;
    uint64_t v;
    assert_true(text_parse_size("16384", &v));
    assert_int_equal(v, 16384);
    assert_true(text_parse_size("16K", &v));
    assert_int_equal(v, 16384);
    assert_true(text_parse_size("1m", &v));
    assert_int_equal(v, 1048576);
    assert_true(text_parse_size("3G", &v));
    assert_true(v == UINT64_C(3) << 30);
    const char *bad[] = {"", "K", "1KB", "1T", "1.5K", "17179869184G", "16 K"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(text_parse_size(bad[i], &v));
}

static void test_booleans_are_those_of_mysql(void **state)
{
    (void)state;
    const char *yes[] = {"ON", "on", "True", "YES", "1"};
    const char *no[] = {"OFF", "off", "False", "no", "0"};
    const char *bad[] = {"", "2", "o", "onn", "of", "enabled", "01"};
    bool v;
    for (size_t i = 0; i < countof(yes); i++) {
        assert_true(text_parse_bool(yes[i], &v));
        assert_true(v);
        assert_true(text_parse_bool(no[i], &v));
        assert_false(v);
    }
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(text_parse_bool(bad[i], &v));
}

static void test_hex_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t data[4];
    char text[9];
    assert_true(text_parse_hex(bytes_of_text("00fFa90B"), data, 4));
    text_format_hex(data, 4, text);
    assert_string_equal(text, "00FFA90B");
    assert_false(text_parse_hex(bytes_of_text("00ffa90"), data, 4));
    assert_false(text_parse_hex(bytes_of_text("00ffa90b0"), data, 4));
    assert_false(text_parse_hex(bytes_of_text("00ffa90g"), data, 4));
    assert_true(text_parse_hex(bytes_of(NULL, 0), data, 0));
}

static void test_copies_are_cut_to_fit(void **state)
{
    (void)state;
    char out[5] = "????";
    assert_true(text_copy(out, sizeof out, bytes_of_text("four")));
    assert_string_equal(out, "four");
    assert_false(text_copy(out, sizeof out, bytes_of_text("fives")));
    assert_string_equal(out, "five");
    assert_true(text_copy(out, sizeof out, bytes_of(NULL, 0)));
    assert_string_equal(out, "");
}

static void test_case_does_not_matter_but_length_does(void **state)
{
    (void)state;
    assert_true(text_equal_nocase(bytes_of_text("SELECT"), "select"));
    assert_false(text_equal_nocase(bytes_of_text("SELEC"), "select"));
    assert_false(text_equal_nocase(bytes_of_text("SELECTS"), "select"));
    assert_false(text_equal_nocase(bytes_of("ab\0", 3), "ab"));
    assert_false(text_equal_nocase(bytes_of_text("["), "{"));
    assert_true(text_equal_nocase(bytes_of(NULL, 0), ""));
}

static void test_the_nearest_word_is_found_if_near(void **state)
{
    (void)state;
    const char *const names[] = {"max_connections", "pool_size", "pool_max_size", "port"};
    assert_string_equal(text_nearest("max_conections", names, 4), "max_connections");
    assert_string_equal(text_nearest("POOL_SIZ", names, 4), "pool_size");
    assert_string_equal(text_nearest("pool_size", names, 4), "pool_size");
    assert_string_equal(text_nearest("prot", names, 4) == NULL ? "none" : "one", "none");
    assert_string_equal(text_nearest("pxrt", names, 4), "port");
    assert_null(text_nearest("colour", names, 4));
    assert_null(text_nearest("", names, 4));
    char longer[200] = {0};
    memset(longer, 'a', sizeof longer - 1);
    assert_null(text_nearest(longer, names, 4));
}

static void test_one_of_a_kind_has_no_s(void **state)
{
    (void)state;
    assert_string_equal(text_plural(0), "s");
    assert_string_equal(text_plural(1), "");
    assert_string_equal(text_plural(2), "s");
    assert_string_equal(text_plural((uint64_t)1 << 32 | 1), "s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_are_all_digits_and_fit),
        cmocka_unit_test(test_durations_take_units_and_fractions),
        cmocka_unit_test(test_durations_that_are_none_are_refused),
        cmocka_unit_test(test_sizes_take_powers_of_1024),
        cmocka_unit_test(test_booleans_are_those_of_mysql),
        cmocka_unit_test(test_hex_goes_there_and_back),
        cmocka_unit_test(test_copies_are_cut_to_fit),
        cmocka_unit_test(test_case_does_not_matter_but_length_does),
        cmocka_unit_test(test_the_nearest_word_is_found_if_near),
        cmocka_unit_test(test_one_of_a_kind_has_no_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
