/* SPDX-License-Identifier: Apache-2.0
 * Values: read, printed, compared, copied, by type. Rows of our own stand for the types that no
 * setting has yet. */
#include "conf/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    uint64_t size;
    usec_t timeout;
    usec_t wait;
    uint32_t number;
    bool flag;
    enum pool_mode mode;
    char *text;
    char *secret;
};

#define ROW(type_, name_, member_, min_, max_)                                                     \
    {                                                                                              \
        .type = SETTING_TYPE_##type_, .name = name_, .min = (min_), .max = (max_),                 \
        .offset = offsetof(struct sample, member_)                                                 \
    }

static const struct setting size_row = ROW(SIZE, "size", size, 1024, 1 << 20);
static const struct setting timeout_row = ROW(SECONDS, "timeout", timeout, 1, 3600);
static const struct setting wait_row = ROW(MSECONDS, "wait", wait, 1, 60000);
static const struct setting number_row = ROW(UINT, "number", number, 2, UINT32_MAX);
static const struct setting flag_row = ROW(BOOL, "flag", flag, 0, 0);
static const struct setting text_row = ROW(TEXT, "text", text, 0, 0);
static const struct setting secret_row = ROW(SECRET, "secret", secret, 0, 0);
static const struct setting mode_row = {.type = SETTING_TYPE_ENUM,
                                        .name = "mode",
                                        .enum_name = "pool_mode",
                                        .offset = offsetof(struct sample, mode)};

/* Reads `text` and prints the value again; "!" and the complaint when it is refused. */
static const char *round_trip(const struct setting *row, const char *text)
{
    static char out[SETTING_ERROR_SIZE + 1];
    struct sample s = {.text = NULL};
    out[0] = '!';
    if (settings_parse(row, &s, text, out + 1))
        assert_true(settings_format(row, &s, out, sizeof(out)));
    free(s.text);
    free(s.secret);
    return out;
}

static void test_durations_are_shown_in_their_own_unit(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&timeout_row, "30"), "30");
    assert_string_equal(round_trip(&timeout_row, "5m"), "300");
    assert_string_equal(round_trip(&timeout_row, "1h"), "3600");
    assert_string_equal(round_trip(&timeout_row, "1500ms"), "1.5");
    assert_string_equal(round_trip(&timeout_row, "1.000001"), "1.000001");
    assert_string_equal(round_trip(&wait_row, "250"), "250");
    assert_string_equal(round_trip(&wait_row, "2s"), "2000");
    assert_string_equal(round_trip(&wait_row, "1500us"), "1.5");
}

static void test_ends_of_a_range_are_inside_and_the_next_values_outside(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&timeout_row, "1"), "1");
    assert_string_equal(round_trip(&timeout_row, "0.999999"),
                        "!'0.999999' is out of range; allowed: 1 to 3600 seconds");
    assert_string_equal(round_trip(&timeout_row, "3600.000001"),
                        "!'3600.000001' is out of range; allowed: 1 to 3600 seconds");
    assert_string_equal(round_trip(&number_row, "2"), "2");
    assert_string_equal(round_trip(&number_row, "1"),
                        "!'1' is out of range; allowed: 2 to 4294967295");
    assert_string_equal(round_trip(&number_row, "4294967295"), "4294967295");
    assert_string_equal(round_trip(&number_row, "4294967296"),
                        "!'4294967296' is out of range; allowed: 2 to 4294967295");
    assert_string_equal(round_trip(&size_row, "1K"), "1024");
    assert_string_equal(round_trip(&size_row, "1m"), "1048576");
    assert_string_equal(round_trip(&size_row, "1025K"),
                        "!'1025K' is out of range; allowed: 1024 to 1048576 bytes");
}

static void test_what_is_no_value_at_all_is_told_what_one_looks_like(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&number_row, "ten"),
                        "!'ten' is not a whole number; allowed: 2 to 4294967295");
    assert_string_equal(round_trip(&number_row, "-5"),
                        "!'-5' is not a whole number; allowed: 2 to 4294967295");
    assert_string_equal(round_trip(&number_row, ""),
                        "!'' is not a whole number; allowed: 2 to 4294967295");
    assert_non_null(strstr(round_trip(&timeout_row, "5 parsecs"), "is not a duration"));
    assert_non_null(strstr(round_trip(&size_row, "1T"), "is not a size"));
    assert_string_equal(round_trip(&flag_row, "maybe"),
                        "!'maybe' is neither on nor off; allowed: ON or OFF");
    assert_string_equal(round_trip(&mode_row, "statement"),
                        "!'statement' is no such word; allowed: transaction or session");
}

static void test_flags_and_words_are_read_in_any_case(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&flag_row, "true"), "ON");
    assert_string_equal(round_trip(&flag_row, "Off"), "OFF");
    assert_string_equal(round_trip(&mode_row, "SESSION"), "session");
}

static void test_secret_is_never_shown_but_an_empty_one_is(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&secret_row, "hunter2"), "********");
    assert_string_equal(round_trip(&secret_row, ""), "");
    assert_string_equal(round_trip(&text_row, "hunter2"), "hunter2");
}

static void test_refused_value_leaves_the_old_one(void **state)
{
    (void)state;
    char error[SETTING_ERROR_SIZE];
    struct sample s = {.number = 7};
    assert_false(settings_parse(&number_row, &s, "1", error));
    assert_int_equal(s.number, 7);
}

static void test_long_wrong_value_is_cut_in_the_complaint(void **state)
{
    (void)state;
    char value[5000];
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    const char *complaint = round_trip(&number_row, value);
    assert_int_equal(complaint[0], '!');
    assert_non_null(strstr(complaint, "allowed: 2 to 4294967295"));
}

static void test_format_says_when_it_had_to_cut(void **state)
{
    (void)state;
    char out[4];
    struct sample s = {.number = 1234, .text = (char[]){"abcd"}, .timeout = 1500000};
    assert_false(settings_format(&number_row, &s, out, sizeof(out)));
    assert_false(settings_format(&text_row, &s, out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_false(settings_format(&timeout_row, &s, out, sizeof(out)));
    s.number = 123;
    assert_true(settings_format(&number_row, &s, out, sizeof(out)));
}

static void test_copy_owns_its_text_and_is_equal_until_changed(void **state)
{
    (void)state;
    char error[SETTING_ERROR_SIZE];
    struct server_settings a;
    struct server_settings b;
    settings_init(SETTING_SCOPE_SERVER, &a);
    const struct setting *host = settings_find(SETTING_SCOPE_SERVER, "host");
    const struct setting *port = settings_find(SETTING_SCOPE_SERVER, "port");
    assert_true(settings_parse(host, &a, "db1", error));
    assert_true(settings_parse(port, &a, "3307", error));
    settings_copy(SETTING_SCOPE_SERVER, &b, &a);
    assert_ptr_not_equal(a.host, b.host);
    assert_true(settings_equal(host, &a, &b) && settings_equal(port, &a, &b));
    assert_true(settings_parse(host, &b, "db2", error));
    assert_true(settings_parse(port, &b, "3308", error));
    assert_false(settings_equal(host, &a, &b) || settings_equal(port, &a, &b));
    assert_string_equal(a.host, "db1");
    settings_fini(SETTING_SCOPE_SERVER, &a);
    settings_fini(SETTING_SCOPE_SERVER, &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_are_shown_in_their_own_unit),
        cmocka_unit_test(test_ends_of_a_range_are_inside_and_the_next_values_outside),
        cmocka_unit_test(test_what_is_no_value_at_all_is_told_what_one_looks_like),
        cmocka_unit_test(test_flags_and_words_are_read_in_any_case),
        cmocka_unit_test(test_secret_is_never_shown_but_an_empty_one_is),
        cmocka_unit_test(test_refused_value_leaves_the_old_one),
        cmocka_unit_test(test_long_wrong_value_is_cut_in_the_complaint),
        cmocka_unit_test(test_format_says_when_it_had_to_cut),
        cmocka_unit_test(test_copy_owns_its_text_and_is_equal_until_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
