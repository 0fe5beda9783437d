/* SPDX-License-Identifier: Apache-2.0
 * Passwords that the server has accepted: which are the same, which are in doubt, which go. */
#include "session/user_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct auth_secret secret_of(const char *password)
{
    struct auth_secret s;
    assert_true(auth_secret_from_password(bytes_of_text(password), &s));
    return s;
}

/* What a login with mysql_native_password teaches. */
static struct auth_secret native_secret_of(const char *password)
{
    struct auth_secret s = secret_of(password);
    s.known = AUTH_KNOWS_NATIVE_STAGE1 | AUTH_KNOWS_NATIVE_STAGE2;
    memset(s.password, 0, sizeof s.password);
    return s;
}

static uint32_t prove(struct user_keys *k, const char *password, uint32_t id, usec_t now)
{
    struct auth_secret s = secret_of(password);
    return user_keys_prove(k, &s, id, now, 7);
}

static struct user_keys *create(void)
{
    bool locked;
    struct user_keys *k = user_keys_create(&locked);
    assert_non_null(k);
    return k;
}

static void test_the_latest_proof_comes_first(void **state)
{
    (void)state;
    struct user_keys *k = create();
    assert_int_equal(prove(k, "old", 1, 100), 1);
    assert_int_equal(prove(k, "new", 2, 200), 2);
    assert_int_equal(k->count, 2);
    assert_int_equal(k->keys[0].id, 2);
    assert_false(k->keys[0].in_doubt);
    assert_true(k->keys[1].in_doubt); /* the account may have been dropped and made anew */
    assert_int_equal(prove(k, "old", 3, 300), 1);
    assert_int_equal(k->count, 2);
    assert_int_equal(k->keys[0].id, 1);
    assert_int_equal(k->keys[0].proved_at, 300);
    assert_int_equal(k->keys[0].epoch, 7);
    assert_false(k->keys[0].in_doubt);
    assert_false(k->keys[1].in_doubt); /* both are valid */
    user_keys_destroy(k);
}

static void test_what_two_logins_teach_of_one_password_is_one_key(void **state)
{
    (void)state;
    struct user_keys *k = create();
    struct auth_secret native = native_secret_of("same");
    assert_int_equal(user_keys_prove(k, &native, 1, 1, 0), 1);
    assert_int_equal(prove(k, "same", 2, 2), 1);
    assert_int_equal(k->count, 1);
    assert_string_equal(k->keys[0].secret.password, "same");
    assert_int_equal(user_keys_prove(k, &native, 3, 3, 0), 1);
    assert_string_equal(k->keys[0].secret.password, "same");
    native = native_secret_of("other");
    assert_int_equal(user_keys_prove(k, &native, 4, 4, 0), 4);
    assert_int_equal(k->count, 2);
    user_keys_destroy(k);
}

static void test_the_oldest_gives_way_and_refused_ones_go(void **state)
{
    (void)state;
    struct user_keys *k = create();
    prove(k, "a", 1, 1);
    prove(k, "b", 2, 2);
    prove(k, "c", 3, 3);
    prove(k, "d", 4, 4);
    assert_int_equal(k->count, AUTH_SECRETS_MAX);
    assert_null(user_keys_find(k, 1));
    assert_non_null(user_keys_find(k, 3));
    assert_true(user_keys_refuse(k, 3));
    assert_false(user_keys_refuse(k, 3));
    assert_null(user_keys_find(k, 3));
    assert_int_equal(k->count, 2);
    assert_int_equal(k->keys[0].id, 4);
    assert_int_equal(k->keys[1].id, 2);
    static const struct user_key nothing;
    assert_memory_equal(&k->keys[2], &nothing, sizeof nothing); /* wiped */
    user_keys_destroy(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_latest_proof_comes_first),
        cmocka_unit_test(test_what_two_logins_teach_of_one_password_is_one_key),
        cmocka_unit_test(test_the_oldest_gives_way_and_refused_ones_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
