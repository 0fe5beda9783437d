/* SPDX-License-Identifier: Apache-2.0
 * Session states: equal states are one object, changes give new ones, limits refuse. */
#include "session/session_state.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct bytes text(const char *t)
{
    return bytes_of_text(t);
}

static void test_equal_logins_share_one_state(void **state)
{
    (void)state;
    struct session_state *a = session_state_login(45, 8, true, false);
    struct session_state *b = session_state_login(45, 8, true, false);
    struct session_state *c = session_state_login(45, 8, true, true);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_string_equal(a->character_set_client, "utf8mb4");
    assert_string_equal(a->collation_connection, "utf8mb4_general_ci");
    session_state_release(a);
    session_state_release(b);
    session_state_release(c);
}

static void test_a_collation_that_the_server_does_not_know_is_its_default(void **state)
{
    (void)state;
    struct session_state *mariadb = session_state_login(255, 8, true, false);
    struct session_state *mysql = session_state_login(255, 8, false, false);
    assert_string_equal(mariadb->character_set_client, "latin1");
    assert_string_equal(mysql->collation_connection, "utf8mb4_0900_ai_ci");
    session_state_release(mariadb);
    session_state_release(mysql);
}

static void test_the_same_changes_in_any_order_give_the_same_state(void **state)
{
    (void)state;
    struct session_state *a = session_state_login(45, 8, true, false);
    struct session_state *b = session_state_login(45, 8, true, false);
    a = session_state_with_variable(a, text("sql_mode"), text("ANSI"));
    a = session_state_with_variable(a, text("autocommit"), text("OFF"));
    a = session_state_with_schema(a, text("shop"));
    b = session_state_with_schema(b, text("shop"));
    b = session_state_with_variable(b, text("autocommit"), text("OFF"));
    b = session_state_with_variable(b, text("sql_mode"), text("x"));
    b = session_state_with_variable(b, text("sql_mode"), text("ANSI"));
    assert_ptr_equal(a, b);
    assert_string_equal(session_state_get(a, "sql_mode"), "ANSI");
    assert_null(session_state_get(a, "time_zone"));
    assert_int_equal(a->variable_count, 2);
    session_state_release(a);
    session_state_release(b);
}

static void test_a_character_set_resets_its_collation(void **state)
{
    (void)state;
    struct session_state *s = session_state_login(45, 8, true, false);
    s = session_state_with_variable(s, text("character_set_connection"), text("latin1"));
    assert_string_equal(s->collation_connection, "");
    s = session_state_with_variable(s, text("collation_connection"), text("latin1_bin"));
    assert_string_equal(s->character_set_connection, "latin1");
    assert_string_equal(s->collation_connection, "latin1_bin");
    assert_int_equal(s->variable_count, 0);
    session_state_release(s);
}

static void test_the_collation_of_results_follows_names(void **state)
{
    (void)state;
    struct session_state *s = session_state_login(46, 8, true, false);
    assert_string_equal(s->collation_results, "utf8mb4_bin");
    s = session_state_with_variable(s, text("character_set_results"), text("utf8mb4"));
    assert_string_equal(s->collation_results, "");
    assert_string_equal(s->collation_connection, "utf8mb4_bin");
    s = session_state_with_variable(s, text("collation_results"), text("utf8mb4_bin"));
    assert_string_equal(s->collation_results, "utf8mb4_bin");
    assert_int_equal(s->variable_count, 0);
    assert_int_equal(collation_id("utf8mb4_bin"), 46);
    assert_int_equal(collation_id("nonsense"), 0);
    session_state_release(s);
}

static void test_a_reset_keeps_the_schema_alone(void **state)
{
    (void)state;
    struct session_state *login = session_state_login(45, 8, true, false);
    struct session_state *s = session_state_hold(login);
    s = session_state_with_schema(s, text("shop"));
    s = session_state_with_variable(s, text("time_zone"), text("+05:00"));
    s = session_state_after_reset(s, login);
    assert_string_equal(s->schema, "shop");
    assert_int_equal(s->variable_count, 0);
    session_state_release(s);
    session_state_release(login);
}

static void test_a_role_survives_a_reset_and_a_next_transaction_does_not(void **state)
{
    (void)state;
    struct session_state *login = session_state_login(45, 45, true, false);
    struct session_state *s = session_state_hold(login);
    s = session_state_with_role(s, bytes_of_text("reader"));
    s = session_state_with_next_transaction(s, bytes_of_text("SET TRANSACTION READ ONLY;"));
    s = session_state_with_variable(s, bytes_of_text("timestamp"), bytes_of_text("5"));
    assert_string_equal(s->role, "reader");
    assert_string_equal(s->next_transaction, "SET TRANSACTION READ ONLY;");
    s = session_state_without_variable(s, bytes_of_text("timestamp"));
    assert_null(session_state_get(s, "timestamp"));
    s = session_state_after_reset(s, login);
    assert_string_equal(s->role, "reader");
    assert_string_equal(s->next_transaction, "");
    s = session_state_with_role(s, bytes_of_text(""));
    assert_ptr_equal(s, login);
    session_state_release(s);
    session_state_release(login);
}

static void test_what_cannot_be_kept_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct session_state *s = session_state_login(45, 8, true, false);
    static char longer[SESSION_TEXT_MAX + 2];
    memset(longer, 'x', sizeof longer - 1);
    assert_null(session_state_with_variable(s, text("init"), text(longer)));
    assert_null(session_state_with_schema(s, bytes_of("a\0b", 3)));
    for (int i = 0; i < SESSION_VARIABLES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "v%03d", i);
        s = session_state_with_variable(s, text(name), text("1"));
        assert_non_null(s);
    }
    assert_null(session_state_with_variable(s, text("one_too_many"), text("1")));
    assert_int_equal(s->variable_count, SESSION_VARIABLES_MAX);
    session_state_release(s);
}

static void *change_back_and_forth(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5000; i++) {
        struct session_state *s = session_state_login(45, 8, true, false);
        s = session_state_with_schema(s, text(i % 2 == 0 ? "a" : "b"));
        s = session_state_with_variable(s, text("sql_mode"), text("ANSI"));
        assert_string_equal(session_state_get(s, "sql_mode"), "ANSI");
        session_state_release(s);
    }
    return NULL;
}

static void test_threads_may_share_states(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, change_back_and_forth, NULL), 0);
    for (size_t i = 0; i < countof(threads); i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_logins_share_one_state),
        cmocka_unit_test(test_a_collation_that_the_server_does_not_know_is_its_default),
        cmocka_unit_test(test_the_same_changes_in_any_order_give_the_same_state),
        cmocka_unit_test(test_a_character_set_resets_its_collation),
        cmocka_unit_test(test_the_collation_of_results_follows_names),
        cmocka_unit_test(test_a_reset_keeps_the_schema_alone),
        cmocka_unit_test(test_a_role_survives_a_reset_and_a_next_transaction_does_not),
        cmocka_unit_test(test_what_cannot_be_kept_is_refused_and_changes_nothing),
        cmocka_unit_test(test_threads_may_share_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
