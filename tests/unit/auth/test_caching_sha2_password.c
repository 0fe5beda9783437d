/* SPDX-License-Identifier: Apache-2.0
 * caching_sha2_password, both roles against each other, against a known value, and step by step. */
#include "auth/caching_sha2_password.h"

#include "auth/rsa_key.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "known_secrets.h"

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

/* On a channel where nothing but the quick proof is possible. */
static enum auth_step verify(struct bytes answer, struct auth_secret *s, size_t *more_size)
{
    uint8_t memory[8];
    struct auth_check c = {0};
    struct writer more = writer_over(memory, sizeof memory);
    memcpy(c.challenge, scramble, SCRAMBLE_SIZE);
    enum auth_step step = auth_caching_sha2_password.hear(&c, answer, s, &more);
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
    assert_false(auth_caching_sha2_password.can_prove(&s));
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

/* A server that asks for everything: what it says to each word of the client. */
static enum auth_step hear(struct auth_check *c, struct auth_secret *s, struct bytes said,
                           uint8_t memory[AUTH_ANSWER_MAX], size_t *size)
{
    struct writer out = writer_over(memory, AUTH_ANSWER_MAX);
    enum auth_step step = auth_caching_sha2_password.hear(c, said, s, &out);
    *size = out.size;
    return step;
}

static void test_wrong_or_unknown_proof_leads_to_the_password_itself(void **state)
{
    (void)state;
    static const char *const stored[] = {SHA2_OF_SECRET, NATIVE_OF_SECRET, "secret", "other"};
    for (size_t i = 0; i < countof(stored); i++) {
        struct auth_secret s = secret_of(stored[i]);
        struct auth_check c = {.private_channel = true};
        uint8_t memory[AUTH_ANSWER_MAX] = {0};
        size_t size;
        assert_int_equal(hear(&c, &s, bytes_of(memory, PROOF_SIZE), memory, &size), AUTH_SEND);
        assert_int_equal(size, 1);
        assert_int_equal(memory[0], 4);
        bool right = strcmp(stored[i], "other") != 0;
        assert_int_equal(hear(&c, &s, bytes_of("secret", 7), memory, &size),
                         right ? AUTH_OK : AUTH_FAIL);
        assert_int_equal(size, 0);
        assert_true(auth_secret_knows(&s, AUTH_KNOWS_SHA2_STAGE2) ||
                    auth_secret_knows(&s, AUTH_KNOWS_NATIVE_STAGE2));
        assert_int_equal(hear(&c, &s, bytes_of("secret", 7), memory, &size), AUTH_FAIL);
    }
}

static void test_on_an_open_channel_clear_text_is_not_heard(void **state)
{
    (void)state;
    struct rsa_key key;
    assert_true(rsa_key_generate(&key));
    for (int with_key = 0; with_key < 2; with_key++) {
        struct auth_secret s = secret_of(SHA2_OF_SECRET);
        struct auth_check c = {.key = with_key ? &key : NULL};
        uint8_t memory[AUTH_ANSWER_MAX] = {0};
        size_t size;
        assert_int_equal(hear(&c, &s, bytes_of(memory, PROOF_SIZE), memory, &size),
                         with_key ? AUTH_SEND : AUTH_FAIL);
        assert_int_equal(hear(&c, &s, bytes_of("secret", 7), memory, &size), AUTH_FAIL);
        assert_false(c.has_claim);
    }
    rsa_key_fini(&key);
}

static void test_unknown_password_is_claimed(void **state)
{
    (void)state;
    struct auth_secret unknown = {0};
    struct auth_check c = {.private_channel = true, .wants_claim = true};
    uint8_t memory[AUTH_ANSWER_MAX] = {0};
    size_t size;
    assert_int_equal(hear(&c, &unknown, bytes_of(memory, PROOF_SIZE), memory, &size), AUTH_SEND);
    assert_int_equal(hear(&c, &unknown, bytes_of("pass", 5), memory, &size), AUTH_CLAIM);
    assert_string_equal(c.claim, "pass");
    c = (struct auth_check){.private_channel = true, .wants_claim = true};
    assert_int_equal(hear(&c, &unknown, bytes_of(NULL, 0), memory, &size), AUTH_CLAIM);
    assert_true(c.has_claim);
    assert_string_equal(c.claim, "");
}

static void test_quick_proof_teaches_enough_to_log_in_quickly(void **state)
{
    (void)state;
    struct auth_dialog d = {0};
    struct auth_secret client = secret_of("secret");
    struct auth_secret server = {.known = AUTH_KNOWS_SHA2_STAGE2};
    memcpy(server.sha2_stage2, client.sha2_stage2, sizeof server.sha2_stage2);
    uint8_t memory[AUTH_ANSWER_MAX];
    size_t more;
    size_t size = say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &client, AUTH_SEND, memory);
    assert_false(auth_secret_can_log_in(&server));
    assert_int_equal(verify(bytes_of(memory, size), &server, &more), AUTH_OK);
    assert_true(auth_secret_can_log_in(&server));
    assert_memory_equal(server.sha2_stage1, client.sha2_stage1, sizeof server.sha2_stage1);
    uint8_t own[AUTH_ANSWER_MAX];
    d = (struct auth_dialog){.private_channel = true};
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE), &server, AUTH_SEND, own), size);
    assert_memory_equal(own, memory, size);
    say(&d, bytes_of("\4", 1), &server, AUTH_FAIL, own); /* but not in full */
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
        cmocka_unit_test(test_wrong_or_unknown_proof_leads_to_the_password_itself),
        cmocka_unit_test(test_on_an_open_channel_clear_text_is_not_heard),
        cmocka_unit_test(test_unknown_password_is_claimed),
        cmocka_unit_test(test_quick_proof_teaches_enough_to_log_in_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
