/* SPDX-License-Identifier: Apache-2.0
 * caching_sha2_password, both roles against each other, against a known value, and step by step. */
#include "auth/caching_sha2_password.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PROOF_SIZE 32

static const uint8_t scramble[SCRAMBLE_SIZE + 1] = "0123456789abcdefghij";

static struct auth_secret secret_of(const char *setting)
{
    struct auth_secret s;
    assert_true(auth_secret_from_setting(setting, &s));
    return s;
}

/* The dialog's next word; its size, with what it is in `memory`. */
static size_t say(struct auth_dialog *d, struct bytes said, const struct auth_secret *s,
                  enum auth_step expected, uint8_t memory[AUTH_ANSWER_MAX])
{
    struct writer w = writer_over(memory, AUTH_ANSWER_MAX);
    assert_int_equal(auth_caching_sha2_password.answer(d, said, s, &w), expected);
    return w.size;
}

static enum auth_step verify(struct bytes answer, struct auth_secret *s, size_t *more_size)
{
    uint8_t memory[8];
    struct writer more = writer_over(memory, sizeof memory);
    enum auth_step step = auth_caching_sha2_password.verify(answer, scramble, s, &more);
    *more_size = more.size;
    if (more.size > 0)
        assert_int_equal(memory[0], 3);
    return step;
}

static void test_proof_is_what_other_clients_send(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret s = secret_of("secret");
    uint8_t memory[AUTH_ANSWER_MAX];
    char hex[2 * PROOF_SIZE + 1];
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory), PROOF_SIZE);
    text_format_hex(memory, PROOF_SIZE, hex);
    assert_string_equal(hex, "7E4ADDA2F2D5EF09B4147518BECB0CEE2939376203650A8C2BB2815959364BD0");
}

static void test_right_proof_passes_and_the_client_is_told_so(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret s = secret_of("secret");
    uint8_t memory[AUTH_ANSWER_MAX];
    size_t more;
    size_t size = say(&d, bytes_of(scramble, SCRAMBLE_SIZE + 1), &s, AUTH_SEND, memory);
    assert_int_equal(verify(bytes_of(memory, size), &s, &more), AUTH_OK);
    assert_int_equal(more, 1);
}

static void test_every_flipped_bit_and_every_wrong_length_fails(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret s = secret_of("secret");
    uint8_t memory[AUTH_ANSWER_MAX] = {0};
    size_t more;
    say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory);
    for (size_t bit = 0; bit < 8 * PROOF_SIZE; bit++) {
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(verify(bytes_of(memory, PROOF_SIZE), &s, &more), AUTH_FAIL);
        assert_int_equal(more, 0);
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < 2 * PROOF_SIZE; n++)
        assert_int_equal(verify(bytes_of(memory, n), &s, &more),
                         n == PROOF_SIZE ? AUTH_OK : AUTH_FAIL);
}

static void test_empty_password_is_nothing_or_a_nul(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret empty = secret_of("");
    struct auth_secret other = secret_of("x");
    uint8_t memory[AUTH_ANSWER_MAX] = {0};
    size_t more;
    assert_int_equal(verify(bytes_of(NULL, 0), &empty, &more), AUTH_OK);
    assert_int_equal(more, 0);
    assert_int_equal(verify(bytes_of(memory, 1), &empty, &more), AUTH_OK);
    assert_int_equal(verify(bytes_of("x", 1), &empty, &more), AUTH_FAIL);
    assert_int_equal(verify(bytes_of(memory, PROOF_SIZE), &empty, &more), AUTH_FAIL);
    assert_int_equal(verify(bytes_of(NULL, 0), &other, &more), AUTH_FAIL);
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &empty, AUTH_SEND, memory), 0);
}

static void test_stored_native_hash_is_of_no_use(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret s = secret_of("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    uint8_t memory[AUTH_ANSWER_MAX];
    assert_false(auth_caching_sha2_password.can_verify(&s));
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_FAIL, memory), 0);
}

static void test_after_a_right_proof_only_the_ok_comes(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret s = secret_of("secret");
    uint8_t memory[AUTH_ANSWER_MAX];
    say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory);
    assert_int_equal(say(&d, bytes_of("\3", 1), &s, AUTH_WAIT, memory), 0);
    say(&d, bytes_of("\3", 1), &s, AUTH_FAIL, memory);
}

static void test_password_itself_goes_over_a_private_channel_only(void **state)
{
    (void)state;
    struct auth_secret s = secret_of("secret");
    uint8_t memory[AUTH_ANSWER_MAX];
    struct auth_dialog d = {.private_channel = true};
    say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory);
    assert_int_equal(say(&d, bytes_of("\4", 1), &s, AUTH_SEND, memory), 7);
    assert_memory_equal(memory, "secret", 7);

    d = (struct auth_dialog){0};
    say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory);
    assert_int_equal(say(&d, bytes_of("\4", 1), &s, AUTH_SEND, memory), 1);
    assert_int_equal(memory[0], 2); /* asks for the public key */
    assert_int_equal(say(&d, bytes_of("no key", 6), &s, AUTH_FAIL, memory), 0);
}

static void test_what_the_method_does_not_know_ends_it(void **state)
{
    (void)state;
    struct auth_secret s = secret_of("secret");
    uint8_t memory[AUTH_ANSWER_MAX];
    for (unsigned v = 0; v < 256; v++) {
        if (v == 3 || v == 4)
            continue;
        const uint8_t said[2] = {(uint8_t)v, 0};
        struct auth_dialog d = {0};
        say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory);
        assert_int_equal(say(&d, bytes_of(said, 1), &s, AUTH_FAIL, memory), 0);
    }
    for (size_t n = 0; n < SCRAMBLE_SIZE; n++) {
        struct auth_dialog d = {0};
        say(&d, bytes_of(scramble, n), &s, AUTH_FAIL, memory);
    }
    struct auth_dialog d = {0};
    say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &s, AUTH_SEND, memory);
    say(&d, bytes_of("\3\0", 2), &s, AUTH_FAIL, memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_is_what_other_clients_send),
        cmocka_unit_test(test_right_proof_passes_and_the_client_is_told_so),
        cmocka_unit_test(test_every_flipped_bit_and_every_wrong_length_fails),
        cmocka_unit_test(test_empty_password_is_nothing_or_a_nul),
        cmocka_unit_test(test_stored_native_hash_is_of_no_use),
        cmocka_unit_test(test_after_a_right_proof_only_the_ok_comes),
        cmocka_unit_test(test_password_itself_goes_over_a_private_channel_only),
        cmocka_unit_test(test_what_the_method_does_not_know_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
