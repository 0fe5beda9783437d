/* SPDX-License-Identifier: Apache-2.0
 * A password for an RSA key of the test's own, and what is no key. */
#include "auth/rsa_password.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static const uint8_t scramble[SCRAMBLE_SIZE + 1] = "0123456789abcdefghij";
static EVP_PKEY *key;
static char pem[2048];
static size_t pem_size;

static void write_pem(EVP_PKEY *from, char *out, size_t *size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, from), 1);
    int n = BIO_read(bio, out, 2048);
    assert_in_range(n, 1, 2047);
    *size = (size_t)n;
    BIO_free(bio);
}

static int make_key(void **state)
{
    (void)state;
    key = EVP_RSA_gen(2048);
    assert_non_null(key);
    write_pem(key, pem, &pem_size);
    return 0;
}

static int free_key(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

/* What a server makes of it. */
static size_t decrypt(const uint8_t *in, size_t size, uint8_t out[256])
{
    size_t out_size = 256;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    assert_int_equal(EVP_PKEY_decrypt_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(context, out, &out_size, in, size), 1);
    EVP_PKEY_CTX_free(context);
    for (size_t i = 0; i < out_size; i++)
        out[i] ^= scramble[i % SCRAMBLE_SIZE];
    return out_size;
}

static void test_server_finds_the_password_and_its_nul(void **state)
{
    (void)state;
    const char *passwords[] = {"", "secret", "a password that is longer than the scramble is"};
    for (size_t i = 0; i < 3; i++) {
        uint8_t memory[AUTH_ANSWER_MAX];
        uint8_t plain[256];
        struct writer w = writer_over(memory, sizeof memory);
        assert_true(rsa_password_encrypt(bytes_of(pem, pem_size), passwords[i], scramble, &w));
        assert_int_equal(w.size, 256);
        assert_int_equal(decrypt(memory, w.size, plain), strlen(passwords[i]) + 1);
        assert_string_equal((const char *)plain, passwords[i]);
    }
}

static void test_two_encryptions_differ(void **state)
{
    (void)state;
    uint8_t memory[2][AUTH_ANSWER_MAX];
    for (size_t i = 0; i < 2; i++) {
        struct writer w = writer_over(memory[i], AUTH_ANSWER_MAX);
        assert_true(rsa_password_encrypt(bytes_of(pem, pem_size), "secret", scramble, &w));
    }
    assert_memory_not_equal(memory[0], memory[1], 256);
}

static void test_what_is_no_rsa_key_or_too_short_a_one_fails(void **state)
{
    (void)state;
    uint8_t memory[AUTH_ANSWER_MAX];
    char other[2048];
    size_t other_size;
    char long_password[250];
    struct writer w = writer_over(memory, sizeof memory);
    memset(long_password, 'x', sizeof long_password);
    long_password[sizeof long_password - 1] = '\0';
    assert_false(rsa_password_encrypt(bytes_of(NULL, 0), "secret", scramble, &w));
    assert_false(rsa_password_encrypt(bytes_of("x", 1), "secret", scramble, &w));
    for (size_t n = 0; n < pem_size - 30; n += 17)
        assert_false(rsa_password_encrypt(bytes_of(pem, n), "secret", scramble, &w));
    assert_false(rsa_password_encrypt(bytes_of(pem, pem_size), long_password, scramble, &w));
    EVP_PKEY *curve = EVP_EC_gen("P-256");
    write_pem(curve, other, &other_size);
    EVP_PKEY_free(curve);
    assert_false(rsa_password_encrypt(bytes_of(other, other_size), "secret", scramble, &w));
    assert_int_equal(w.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_finds_the_password_and_its_nul),
        cmocka_unit_test(test_two_encryptions_differ),
        cmocka_unit_test(test_what_is_no_rsa_key_or_too_short_a_one_fails),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
