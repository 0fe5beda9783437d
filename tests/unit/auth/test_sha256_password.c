/* SPDX-License-Identifier: Apache-2.0
 * sha256_password towards a server: with its key, and in clear text where nobody listens. */
#include "auth/sha256_password.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static const uint8_t scramble[SCRAMBLE_SIZE + 1] = "0123456789abcdefghij";

static enum auth_step say(struct auth_dialog *d, struct bytes said, const char *password,
                          struct writer *w)
{
    struct auth_secret s;
    assert_true(auth_secret_from_setting(password, &s));
    return auth_sha256_password.answer(d, said, &s, w);
}

static void test_on_an_open_channel_the_key_is_asked_for_and_used(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char pem[2048];
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    struct bytes key_text = bytes_of(pem, (size_t)BIO_read(bio, pem, sizeof pem));
    BIO_free(bio);
    EVP_PKEY_free(key);

    uint8_t memory[AUTH_ANSWER_MAX];
    struct auth_dialog d = {0};
    struct writer w = writer_over(memory, sizeof memory);
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE + 1), "secret", &w), AUTH_SEND);
    assert_int_equal(w.size, 1);
    assert_int_equal(memory[0], 1);
    w = writer_over(memory, sizeof memory);
    assert_int_equal(say(&d, key_text, "secret", &w), AUTH_SEND);
    assert_int_equal(w.size, 256);
    assert_int_equal(say(&d, key_text, "secret", &w), AUTH_FAIL);
}

static void test_on_a_private_channel_the_password_goes_as_it_is(void **state)
{
    (void)state;
    uint8_t memory[AUTH_ANSWER_MAX];
    struct auth_dialog d = {.private_channel = true};
    struct writer w = writer_over(memory, sizeof memory);
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE), "secret", &w), AUTH_SEND);
    assert_int_equal(w.size, 7);
    assert_memory_equal(memory, "secret", 7);
}

static void test_an_empty_password_is_a_nul_and_a_hash_is_no_answer(void **state)
{
    (void)state;
    uint8_t memory[AUTH_ANSWER_MAX];
    struct auth_dialog d = {0};
    struct writer w = writer_over(memory, sizeof memory);
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE), "", &w), AUTH_SEND);
    assert_int_equal(w.size, 1);
    assert_int_equal(memory[0], 0);
    d = (struct auth_dialog){0};
    assert_int_equal(say(&d, bytes_of(scramble, SCRAMBLE_SIZE),
                         "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", &w),
                     AUTH_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_an_open_channel_the_key_is_asked_for_and_used),
        cmocka_unit_test(test_on_a_private_channel_the_password_goes_as_it_is),
        cmocka_unit_test(test_an_empty_password_is_a_nul_and_a_hash_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
