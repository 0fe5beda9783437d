/* SPDX-License-Identifier: Apache-2.0
 * mysql_native_password, both roles against each other and against a known value. */
#include "auth/native_password.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t scramble[SCRAMBLE_SIZE + 1] = "0123456789abcdefghij";

static struct auth_secret secret_of(const char *setting)
{
    struct auth_secret s;
    assert_true(auth_secret_from_setting(setting, &s));
    return s;
}

static struct bytes answer_with(const struct auth_secret *s, uint8_t memory[AUTH_HASH_SIZE])
{
    struct auth_dialog d = {0};
    struct writer w = writer_over(memory, AUTH_HASH_SIZE);
    assert_int_equal(auth_native_password.answer(&d, bytes_of(scramble, SCRAMBLE_SIZE), s, &w),
                     AUTH_SEND);
    return writer_written(&w);
}

static enum auth_step verify(struct bytes answer, const uint8_t to[SCRAMBLE_SIZE],
                             struct auth_secret *s)
{
    struct auth_check c = {0};
    struct writer out = writer_over(NULL, 0);
    memcpy(c.challenge, to, SCRAMBLE_SIZE);
    return auth_native_password.hear(&c, answer, s, &out);
}

static void test_hash_is_what_mysql_user_stores(void **state)
{
    (void)state;
    uint8_t stage1[AUTH_HASH_SIZE];
    uint8_t stage2[AUTH_HASH_SIZE];
    char hex[2 * AUTH_HASH_SIZE + 1];
    /* SELECT PASSWORD('password') of a real server. */
    native_password_hash(bytes_of_text("password"), stage1, stage2);
    text_format_hex(stage2, sizeof(stage2), hex);
    assert_string_equal(hex, "2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
}

static void test_right_answer_passes_and_teaches_stage1(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE];
    struct auth_secret client = secret_of("password");
    struct auth_secret server = secret_of("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    struct bytes answer = answer_with(&client, memory);
    assert_int_equal(answer.size, AUTH_HASH_SIZE);
    assert_false(auth_secret_can_log_in(&server));
    assert_int_equal(verify(answer, scramble, &server), AUTH_OK);
    assert_true(auth_secret_can_log_in(&server));
    assert_memory_equal(server.stage1, client.stage1, AUTH_HASH_SIZE);

    /* What was learnt logs in like the password itself. */
    uint8_t memory2[AUTH_HASH_SIZE];
    assert_true(bytes_equal(answer_with(&server, memory2), answer));
}

static void test_clear_text_alone_is_enough_to_answer(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE];
    struct auth_secret full = secret_of("hunter2");
    struct auth_secret bare = {.known = AUTH_KNOWS_PASSWORD, .password = "hunter2"};
    struct bytes answer = answer_with(&bare, memory);
    assert_int_equal(verify(answer, scramble, &full), AUTH_OK);
}

static void test_every_flipped_bit_of_an_answer_fails_and_teaches_nothing(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE];
    struct auth_secret client = secret_of("password");
    struct bytes answer = answer_with(&client, memory);
    for (size_t bit = 0; bit < 8 * AUTH_HASH_SIZE; bit++) {
        struct auth_secret server = secret_of("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(verify(answer, scramble, &server), AUTH_FAIL);
        assert_false(auth_secret_can_log_in(&server));
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_answer_to_another_scramble_fails(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE];
    const uint8_t other[SCRAMBLE_SIZE + 1] = "0123456789abcdefghiJ";
    struct auth_secret s = secret_of("password");
    struct bytes answer = answer_with(&s, memory);
    assert_int_equal(verify(answer, other, &s), AUTH_FAIL);
}

static void test_every_wrong_length_fails(void **state)
{
    (void)state;
    uint8_t memory[2 * AUTH_HASH_SIZE] = {0};
    struct auth_secret s = secret_of("password");
    answer_with(&s, memory);
    for (size_t n = 0; n <= sizeof(memory); n++) {
        enum auth_step expected = n == AUTH_HASH_SIZE ? AUTH_OK : AUTH_FAIL;
        assert_int_equal(verify(bytes_of(memory, n), scramble, &s), expected);
    }
}

static void test_empty_answer_is_right_only_for_the_empty_password(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE] = {0};
    struct bytes nothing = bytes_of(NULL, 0);
    struct auth_secret empty = secret_of("");
    struct auth_secret other = secret_of("x");
    struct auth_secret unknown = {0};
    assert_int_equal(verify(nothing, scramble, &empty), AUTH_OK);
    assert_int_equal(verify(nothing, scramble, &other), AUTH_FAIL);
    assert_int_equal(verify(nothing, scramble, &unknown), AUTH_FAIL);
    assert_int_equal(verify(bytes_of(memory, 20), scramble, &empty), AUTH_FAIL);
    assert_int_equal(answer_with(&empty, memory).size, 0);
}

static void test_challenge_may_end_in_a_nul_and_has_no_other_length(void **state)
{
    (void)state;
    uint8_t challenge[SCRAMBLE_SIZE + 2];
    memcpy(challenge, scramble, SCRAMBLE_SIZE + 1);
    challenge[SCRAMBLE_SIZE + 1] = 0;
    struct auth_secret s = secret_of("password");
    for (size_t n = 0; n <= sizeof(challenge); n++) {
        uint8_t memory[AUTH_HASH_SIZE];
        struct writer w = writer_over(memory, sizeof(memory));
        bool right = n == SCRAMBLE_SIZE || n == SCRAMBLE_SIZE + 1;
        struct auth_dialog d = {0};
        assert_int_equal(auth_native_password.answer(&d, bytes_of(challenge, n), &s, &w),
                         right ? AUTH_SEND : AUTH_FAIL);
    }
    uint8_t memory[AUTH_HASH_SIZE];
    struct writer w = writer_over(memory, sizeof(memory));
    challenge[SCRAMBLE_SIZE] = 1;
    struct auth_dialog d = {0};
    assert_int_equal(
        auth_native_password.answer(&d, bytes_of(challenge, SCRAMBLE_SIZE + 1), &s, &w), AUTH_FAIL);
}

static void test_stored_hash_alone_cannot_answer(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE];
    struct auth_secret s = secret_of("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    struct writer w = writer_over(memory, sizeof(memory));
    struct auth_dialog d = {0};
    assert_int_equal(auth_native_password.answer(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, &w),
                     AUTH_FAIL);
    assert_int_equal(w.size, 0);
}

static void test_answer_that_does_not_fit_fails(void **state)
{
    (void)state;
    uint8_t memory[AUTH_HASH_SIZE - 1];
    struct auth_secret s = secret_of("password");
    struct writer w = writer_over(memory, sizeof(memory));
    struct auth_dialog d = {0};
    assert_int_equal(auth_native_password.answer(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, &w),
                     AUTH_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_what_mysql_user_stores),
        cmocka_unit_test(test_right_answer_passes_and_teaches_stage1),
        cmocka_unit_test(test_clear_text_alone_is_enough_to_answer),
        cmocka_unit_test(test_every_flipped_bit_of_an_answer_fails_and_teaches_nothing),
        cmocka_unit_test(test_answer_to_another_scramble_fails),
        cmocka_unit_test(test_every_wrong_length_fails),
        cmocka_unit_test(test_empty_answer_is_right_only_for_the_empty_password),
        cmocka_unit_test(test_challenge_may_end_in_a_nul_and_has_no_other_length),
        cmocka_unit_test(test_stored_hash_alone_cannot_answer),
        cmocka_unit_test(test_answer_that_does_not_fit_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
