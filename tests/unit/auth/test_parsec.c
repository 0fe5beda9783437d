/* SPDX-License-Identifier: Apache-2.0
 * parsec, both roles against each other; the stored form is Python's. */
#include "auth/parsec.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "known_secrets.h"

struct login {
    struct auth_check check;
    struct auth_dialog dialog;
    struct auth_secret server, client;
    uint8_t salt[32], answer[128];
    struct bytes said;
};

/* Up to the client's signature. */
static struct bytes sign(struct login *l, const char *stored, const char *password)
{
    *l = (struct login){0};
    assert_true(auth_secret_from_setting(stored, &l->server));
    assert_true(auth_secret_from_setting(password, &l->client));
    memset(l->check.challenge, 'c', sizeof l->check.challenge);
    struct writer w = writer_over(l->answer, sizeof l->answer);
    assert_int_equal(auth_parsec_method.answer(&l->dialog, bytes_of(l->check.challenge, 32),
                                               &l->client, &w),
                     AUTH_SEND);
    assert_int_equal(w.size, 0);
    struct writer out = writer_over(l->salt, sizeof l->salt);
    assert_int_equal(auth_parsec_method.hear(&l->check, bytes_of(NULL, 0), &l->server, &out),
                     AUTH_SEND);
    assert_int_equal(out.size, 20);
    assert_int_equal(auth_parsec_method.answer(&l->dialog, writer_written(&out), &l->client, &w),
                     AUTH_SEND);
    assert_int_equal(w.size, 96);
    return writer_written(&w);
}

static enum auth_step verdict(struct login *l, struct bytes said)
{
    struct writer out = writer_over(NULL, 0);
    return auth_parsec_method.hear(&l->check, said, &l->server, &out);
}

static void test_right_password_and_no_other_passes(void **state)
{
    (void)state;
    static const char *const stored[] = {PARSEC_OF_SECRET, SLOW_PARSEC_OF_SECRET, "secret"};
    for (size_t i = 0; i < countof(stored); i++) {
        struct login l;
        struct bytes answer = sign(&l, stored[i], "secret");
        assert_int_equal(verdict(&l, answer), AUTH_OK);
        assert_int_equal(verdict(&l, answer), AUTH_FAIL); /* said twice */
        assert_int_equal(verdict(&l, sign(&l, stored[i], "Secret")), AUTH_FAIL);
        answer = sign(&l, stored[i], "secret");
        l.check.challenge[0] ^= 1; /* a replay */
        assert_int_equal(verdict(&l, answer), AUTH_FAIL);
    }
}

static void test_every_wrong_length_and_flipped_bit_fails(void **state)
{
    (void)state;
    struct login l;
    for (size_t n = 0; n < 98; n++) {
        struct bytes answer = sign(&l, PARSEC_OF_SECRET, "secret");
        answer.size = n;
        assert_int_equal(verdict(&l, answer), n == 96 ? AUTH_OK : AUTH_FAIL);
    }
    for (size_t bit = 0; bit < 8 * 96; bit += 37) {
        struct bytes answer = sign(&l, PARSEC_OF_SECRET, "secret");
        l.answer[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(verdict(&l, answer), AUTH_FAIL);
    }
}

static void test_server_may_not_ask_for_endless_work(void **state)
{
    (void)state;
    for (unsigned factor = 0; factor < 256; factor++) {
        struct auth_secret s;
        struct auth_dialog d = {0};
        uint8_t nonce[32] = {1};
        uint8_t salt[20] = {'P', (uint8_t)factor};
        uint8_t memory[96];
        struct writer w = writer_over(memory, sizeof memory);
        assert_true(auth_secret_from_setting("secret", &s));
        assert_int_equal(auth_parsec_method.answer(&d, bytes_of(nonce, 32), &s, &w), AUTH_SEND);
        assert_int_equal(auth_parsec_method.answer(&d, bytes_of(salt, 20), &s, &w),
                         factor <= 3 ? AUTH_SEND : AUTH_FAIL);
    }
}

static void test_stored_form_is_read_strictly(void **state)
{
    (void)state;
    struct auth_parsec p;
    assert_true(parsec_read(bytes_of_text(PARSEC_OF_SECRET), &p));
    assert_int_equal(p.factor, 0);
    assert_int_equal(p.salt[17], 17);
    assert_true(parsec_check(&p, bytes_of_text("secret")));
    assert_false(parsec_check(&p, bytes_of_text("secre")));
    char text[] = PARSEC_OF_SECRET;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char was = text[i];
        text[i] = '-';
        assert_false(parsec_read(bytes_of_text(text), &p));
        text[i] = was;
        assert_false(parsec_read(bytes_of(text, i), &p));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_password_and_no_other_passes),
        cmocka_unit_test(test_every_wrong_length_and_flipped_bit_fails),
        cmocka_unit_test(test_server_may_not_ask_for_endless_work),
        cmocka_unit_test(test_stored_form_is_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
