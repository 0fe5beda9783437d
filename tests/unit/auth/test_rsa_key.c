/* SPDX-License-Identifier: Apache-2.0
 * Passwords that were encrypted for Weir's own key. */
#include "auth/rsa_key.h"

#include "auth/rsa_password.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static const uint8_t scramble[SCRAMBLE_SIZE + 1] = "0123456789abcdefghij";
static struct rsa_key key;

static int make_key(void **state)
{
    (void)state;
    return rsa_key_generate(&key) ? 0 : -1;
}

static int free_key(void **state)
{
    (void)state;
    rsa_key_fini(&key);
    return 0;
}

static size_t encrypt(const char *password, uint8_t out[512])
{
    struct writer w = writer_over(out, 512);
    assert_true(rsa_password_encrypt(bytes_of(key.pem, key.pem_size), password, scramble, &w));
    return w.size;
}

static void test_password_comes_back(void **state)
{
    (void)state;
    static const char *const passwords[] = {"", "x", "a password of some more characters"};
    for (size_t i = 0; i < countof(passwords); i++) {
        uint8_t encrypted[512];
        char password[AUTH_PASSWORD_MAX + 1];
        size_t size = encrypt(passwords[i], encrypted);
        assert_int_equal(size, rsa_key_size(&key));
        assert_true(rsa_key_decrypt(&key, bytes_of(encrypted, size), scramble, password, &size));
        assert_int_equal(size, strlen(passwords[i]));
        assert_string_equal(password, passwords[i]);
    }
}

static void test_what_is_not_for_this_key_and_scramble_fails(void **state)
{
    (void)state;
    uint8_t encrypted[513] = {0};
    char password[AUTH_PASSWORD_MAX + 1];
    size_t unused;
    size_t size = encrypt("secret", encrypted);
    for (size_t n = 0; n < sizeof encrypted; n++)
        assert_true(rsa_key_decrypt(&key, bytes_of(encrypted, n), scramble, password, &unused) ==
                    (n == size));
    encrypted[10] ^= 1;
    assert_false(rsa_key_decrypt(&key, bytes_of(encrypted, size), scramble, password, &unused));
    encrypted[10] ^= 1;
    const uint8_t other[SCRAMBLE_SIZE + 1] = "9123456789abcdefghij";
    assert_true(rsa_key_decrypt(&key, bytes_of(encrypted, size), other, password, &unused));
    assert_string_not_equal(password, "secret");
    memset(encrypted, 0, sizeof encrypted);
    assert_false(rsa_key_decrypt(&key, bytes_of(encrypted, size), scramble, password, &unused));
}

static struct bytes pem_of(EVP_PKEY *from, char out[8192])
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, from, NULL, NULL, 0, NULL, NULL), 1);
    int n = BIO_read(bio, out, 8192);
    BIO_free(bio);
    EVP_PKEY_free(from);
    return bytes_of(out, (size_t)n);
}

static void test_key_files_are_read_when_they_are_good(void **state)
{
    (void)state;
    char pem[8192];
    struct rsa_key k;
    assert_true(rsa_key_read(pem_of(EVP_RSA_gen(2048), pem), &k));
    assert_in_range(k.pem_size, 400, sizeof k.pem);
    rsa_key_fini(&k);
    assert_false(rsa_key_read(pem_of(EVP_RSA_gen(1024), pem), &k));
    assert_false(rsa_key_read(pem_of(EVP_EC_gen("P-256"), pem), &k));
    assert_false(rsa_key_read(bytes_of_text("-----BEGIN PRIVATE KEY-----"), &k));
    assert_false(rsa_key_read(bytes_of(NULL, 0), &k));
    assert_false(rsa_key_read(bytes_of(key.pem, key.pem_size), &k)); /* the public half */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password_comes_back),
        cmocka_unit_test(test_what_is_not_for_this_key_and_scramble_fails),
        cmocka_unit_test(test_key_files_are_read_when_they_are_good),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
