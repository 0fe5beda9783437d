/* SPDX-License-Identifier: Apache-2.0
 * The table of methods: which a client gets, and both roles of each against each other. */
#include "auth/auth_method.h"
#include "auth/rsa_key.h"
#include "known_secrets.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_methods_are_found_by_their_exact_name(void **state)
{
    (void)state;
    const struct auth_method *m = auth_method_find(bytes_of_text("mysql_native_password"));
    assert_non_null(m);
    assert_ptr_equal(m, auth_method_default());
    assert_null(auth_method_find(bytes_of_text("mysql_native_passwor")));
    assert_null(auth_method_find(bytes_of("mysql_native_password", 22)));
    assert_null(auth_method_find(bytes_of_text("mysql_old_password")));
    assert_null(auth_method_find(bytes_of(NULL, 0)));
}

static const struct auth_method *method(const char *name)
{
    const struct auth_method *m = auth_method_find(bytes_of_text(name));
    assert_non_null(m);
    return m;
}

static const struct auth_method *choose(const char *setting, bool private_channel,
                                        const char *wanted, const char *greeted)
{
    static const struct rsa_key some_key;
    struct auth_check c = {.private_channel = private_channel, .key = &some_key};
    struct auth_secret s;
    assert_true(auth_secret_from_setting(setting, &s));
    return auth_check_choose(&c, &s, wanted != NULL ? method(wanted) : NULL, method(greeted));
}

#define NATIVE  "mysql_native_password"
#define SHA2    "caching_sha2_password"
#define SHA256  "sha256_password"
#define ED25519 "client_ed25519"
#define CLEAR   "mysql_clear_password"
#define PARSEC  "parsec"

static void test_a_client_gets_a_method_that_can_be_verified(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        bool private_channel;
        const char *wanted, *greeted, *gets;
    } rows[] = {
        {"x", false, SHA2, NATIVE, SHA2},
        {"x", false, NATIVE, SHA2, NATIVE},
        {"x", false, NULL, SHA2, SHA2},
        {"x", false, ED25519, NATIVE, ED25519},
        {"x", false, PARSEC, NATIVE, PARSEC},
        {"x", false, SHA256, SHA2, SHA2}, /* why encrypt a password that need not be said? */
        {"x", true, SHA256, SHA2, SHA256},
        {"x", true, CLEAR, NATIVE, CLEAR},
        {"x", false, CLEAR, NATIVE, NATIVE}, /* never where others may read */
        {NATIVE_OF_SECRET, false, SHA2, SHA2, NATIVE},
        {NATIVE_OF_SECRET, true, SHA2, SHA2, SHA2}, /* the password itself fits the hash, or not */
        {NATIVE_OF_SECRET, false, ED25519, NATIVE, NATIVE},
        {SHA2_OF_SECRET, false, SHA2, SHA2, SHA2}, /* … encrypted */
        {SHA2_OF_SECRET, false, NATIVE, NATIVE, SHA2},
        {SHA2_OF_SECRET, false, CLEAR, NATIVE, SHA2},
        {SHA2_OF_SECRET, false, SHA256, NATIVE, SHA256},
        {ED25519_OF_SECRET, false, NATIVE, NATIVE, ED25519},
        {ED25519_OF_SECRET, true, SHA2, NATIVE, SHA2},
        {"", false, SHA2, NATIVE, SHA2},
        {"", false, NULL, NATIVE, NATIVE},
    };
    for (size_t i = 0; i < countof(rows); i++)
        assert_string_equal(
            choose(rows[i].setting, rows[i].private_channel, rows[i].wanted, rows[i].greeted)->name,
            rows[i].gets);
}

static void test_what_nobody_knows_is_asked_for_where_that_is_wanted(void **state)
{
    (void)state;
    static const struct rsa_key some_key;
    struct auth_secret unknown = {0};
    struct auth_check c = {.wants_claim = true, .key = &some_key};
    assert_string_equal(auth_check_choose(&c, &unknown, method(SHA2), method(NATIVE))->name, SHA2);
    assert_string_equal(auth_check_choose(&c, &unknown, method(NATIVE), method(NATIVE))->name,
                        SHA2);
    assert_string_equal(auth_check_choose(&c, &unknown, method(CLEAR), method(NATIVE))->name, SHA2);
    c.private_channel = true;
    assert_string_equal(auth_check_choose(&c, &unknown, method(CLEAR), method(NATIVE))->name,
                        CLEAR);
    c = (struct auth_check){.wants_claim = true};
    assert_string_equal(auth_check_choose(&c, &unknown, method(SHA2), method(NATIVE))->name,
                        NATIVE);
}

static void test_challenge_has_neither_nul_nor_high_bytes(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        uint8_t random[AUTH_CHALLENGE_MAX];
        struct auth_check c = {0};
        memset(random, (int)v, sizeof random);
        auth_check_renew(&c, random);
        for (size_t i = 0; i < AUTH_CHALLENGE_MAX; i++)
            assert_in_range(c.challenge[i], 1, 127);
    }
}

/* Both roles of every method, each with each secret that suffices, over both kinds of channel. */
static enum auth_step log_in(const struct auth_method *m, bool private_channel,
                             const struct rsa_key *key, const struct auth_secret *client,
                             struct auth_secret *secrets, size_t count)
{
    uint8_t memory[2][AUTH_ANSWER_MAX];
    struct auth_check check = {.method = m, .private_channel = private_channel, .key = key};
    struct auth_dialog dialog = {.method = m, .private_channel = private_channel};
    uint8_t random[AUTH_CHALLENGE_MAX] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    size_t which;
    auth_check_renew(&check, random);
    struct bytes said = bytes_of(check.challenge, m->challenge_size);
    for (int turn = 0; turn < 6; turn++) {
        struct writer answer = writer_over(memory[0], AUTH_ANSWER_MAX);
        if (m->answer(&dialog, said, client, &answer) != AUTH_SEND)
            return AUTH_FAIL;
        struct writer out = writer_over(memory[1], AUTH_ANSWER_MAX);
        enum auth_step step =
            auth_check_hear(&check, writer_written(&answer), secrets, count, &out, &which);
        if (step != AUTH_SEND)
            return step;
        said = writer_written(&out);
    }
    return AUTH_FAIL;
}

static void test_every_method_logs_in_to_itself(void **state)
{
    (void)state;
    static const char *const stored[] = {"secret",
                                         NATIVE_OF_SECRET,
                                         ED25519_OF_SECRET,
                                         SHA2_OF_SECRET,
                                         SHA256_OF_SECRET,
                                         PARSEC_OF_SECRET,
                                         ""};
    struct rsa_key key;
    assert_true(rsa_key_generate(&key));
    const struct auth_method *m;
    for (size_t i = 0; (m = auth_method_at(i)) != NULL; i++) {
        for (size_t k = 0; k < 2 * countof(stored); k++) {
            bool private_channel = k % 2 != 0;
            const char *setting = stored[k / 2];
            struct auth_secret server, right, wrong;
            assert_true(auth_secret_from_setting(setting, &server));
            assert_true(auth_secret_from_setting(setting[0] == '\0' ? "" : "secret", &right));
            assert_true(auth_secret_from_setting("wrong", &wrong));
            struct auth_secret again = server;
            bool proves = m->can_prove != NULL && m->can_prove(&server);
            bool says = m->takes_clear_text && (private_channel || !m->only_private);
            enum auth_step expected = proves || says ? AUTH_OK : AUTH_FAIL;
            assert_int_not_equal(log_in(m, private_channel, &key, &wrong, &again, 1), AUTH_OK);
            assert_int_equal(log_in(m, private_channel, &key, &right, &server, 1), expected);
            /* What a clear text taught suffices for everything. */
            if (says && !proves)
                assert_true(auth_secret_knows(&server, AUTH_KNOWS_PASSWORD | AUTH_KNOWS_EMPTY));
        }
    }
    rsa_key_fini(&key);
}

static void test_any_of_several_passwords_is_right(void **state)
{
    (void)state;
    struct rsa_key key;
    assert_true(rsa_key_generate(&key));
    const struct auth_method *m;
    for (size_t i = 0; (m = auth_method_at(i)) != NULL; i++) {
        static const char *const passwords[AUTH_SECRETS_MAX] = {"old", NATIVE_OF_SECRET, "third"};
        for (size_t k = 0; k < 4; k++) {
            struct auth_secret secrets[AUTH_SECRETS_MAX], said;
            for (size_t n = 0; n < AUTH_SECRETS_MAX; n++)
                assert_true(auth_secret_from_setting(passwords[n], &secrets[n]));
            static const char *const clients[] = {"old", "secret", "third", "fourth"};
            assert_true(auth_secret_from_setting(clients[k], &said));
            bool can = m->takes_clear_text || m->can_prove(&secrets[k < 3 ? k : 0]);
            if (m == method(PARSEC) && k == 1)
                can = false;
            assert_int_equal(log_in(m, true, &key, &said, secrets, AUTH_SECRETS_MAX) == AUTH_OK,
                             can && k < 3);
        }
    }
    rsa_key_fini(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_are_found_by_their_exact_name),
        cmocka_unit_test(test_a_client_gets_a_method_that_can_be_verified),
        cmocka_unit_test(test_what_nobody_knows_is_asked_for_where_that_is_wanted),
        cmocka_unit_test(test_challenge_has_neither_nul_nor_high_bytes),
        cmocka_unit_test(test_every_method_logs_in_to_itself),
        cmocka_unit_test(test_any_of_several_passwords_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
