/* SPDX-License-Identifier: Apache-2.0
 * A client's statements, and the texts that they share. */
#include "session/statement_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct session_state *with(struct session_state *s, const char *name, const char *value)
{
    struct session_state *after =
        session_state_with_variable(s, bytes_of_text(name), bytes_of_text(value));
    assert_non_null(after);
    return after;
}

static struct statement_text *text(const char *sql, const struct session_state *session)
{
    struct sql_mode mode = {.mariadb = true};
    struct statement_text *t = statement_text_intern(bytes_of_text(sql), session, mode);
    assert_non_null(t);
    return t;
}

static void test_a_text_in_one_mode_is_one_object(void **state)
{
    (void)state;
    struct session_state *s = session_state_login(45, 8, true, false);
    struct statement_text *a = text("SELECT @x", s);
    assert_ptr_equal(a, text("SELECT @x", s));
    assert_true(sql_scan_has(&a->scan, SQL_EFFECT_USER_VARIABLE));
    s = with(s, "autocommit", "OFF");
    assert_ptr_equal(a, text("SELECT @x", s)); /* which means nothing to it */
    s = with(s, "sql_mode", "ANSI_QUOTES");
    struct statement_text *b = text("SELECT @x", s);
    assert_ptr_not_equal(a, b);
    assert_string_equal(session_state_get(b->mode, "sql_mode"), "ANSI_QUOTES");
    assert_null(session_state_get(b->mode, "autocommit"));
    for (int i = 0; i < 3; i++)
        statement_text_release(a);
    statement_text_release(b);
    session_state_release(s);
}

static void test_statements_are_found_by_id(void **state)
{
    (void)state;
    struct session_state *session = session_state_login(45, 8, true, false);
    struct statement_table t = {.last = 0};
    for (uint32_t id = 1; id <= 3; id++) {
        struct statement *s = statement_create(text("SELECT 1", session));
        assert_non_null(s);
        s->id = id;
        assert_true(statement_table_add(&t, s));
    }
    assert_int_equal(t.last, 3);
    assert_int_equal(t.bytes, 3 * sizeof "SELECT 1" - 3);
    statement_table_find(&t, 2)->cursor = true;
    assert_true(statement_table_any_cursor(&t));
    assert_false(statement_table_any_long_data(&t));
    assert_false(statement_table_any_unkept(&t));
    statement_table_remove(&t, statement_table_find(&t, 2));
    assert_null(statement_table_find(&t, 2));
    assert_false(statement_table_any_cursor(&t));
    assert_int_equal(t.last, 3);
    statement_table_remove(&t, statement_table_find(&t, 3));
    assert_int_equal(t.last, 0);
    statement_table_clear(&t);
    assert_int_equal(t.bytes, 0);
    session_state_release(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_in_one_mode_is_one_object),
        cmocka_unit_test(test_statements_are_found_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
