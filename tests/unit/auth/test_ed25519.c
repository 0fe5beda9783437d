/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 against RFC 8032, 7.1. */
#include "auth/ed25519.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void read_hex(const char *hex, uint8_t *out, size_t size)
{
    assert_true(text_parse_hex(bytes_of_text(hex), out, size));
}

static void test_vectors_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *public, *message, *signature;
    } rows[] = {
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
         "984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        uint8_t seed[32], public[32], message[2], signature[64], key[64], own[64];
        size_t size = strlen(rows[i].message) / 2;
        read_hex(rows[i].seed, seed, sizeof seed);
        read_hex(rows[i].public, public, sizeof public);
        read_hex(rows[i].message, message, size);
        read_hex(rows[i].signature, signature, sizeof signature);
        ed25519_key_of_seed(seed, key);
        ed25519_public_of_key(key, own);
        assert_memory_equal(own, public, sizeof public);
        ed25519_sign(bytes_of(message, size), key, own);
        assert_memory_equal(own, signature, sizeof signature);
        assert_true(ed25519_verify(bytes_of(message, size), public, signature));
        assert_true(ed25519_is_public(public));
        signature[0] ^= 1;
        assert_false(ed25519_verify(bytes_of(message, size), public, signature));
    }
}

static void test_some_points_only_are_public_keys(void **state)
{
    (void)state;
    uint8_t public[32] = {0};
    assert_false(ed25519_is_public(public));
    public[0] = 1; /* the neutral element: every signature would fit */
    assert_false(ed25519_is_public(public));
    memset(public, 0xff, sizeof public);
    assert_false(ed25519_is_public(public));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_the_rfc),
        cmocka_unit_test(test_some_points_only_are_public_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
