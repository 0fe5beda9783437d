/* SPDX-License-Identifier: Apache-2.0
 * What a link has prepared: one of each text, the least recently used goes first, what is a
 * client's own is nobody else's. */
#include "session/statement_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct session_state *session;

static struct statement_text *text(const char *sql)
{
    struct sql_mode mode = {.mariadb = true};
    struct statement_text *t = statement_text_intern(bytes_of_text(sql), session, mode);
    assert_non_null(t);
    return t;
}

struct fixture {
    struct statement_cache cache;
    struct statement_text *a;
    struct statement_text *b;
};

static int set_up(void **state)
{
    session = session_state_login(45, 8, true, false);
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    statement_cache_init(&f->cache);
    f->a = text("SELECT 1");
    f->b = text("SELECT 2");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    statement_cache_clear(&f->cache);
    statement_text_release(f->a);
    statement_text_release(f->b);
    session_state_release(session);
    free(f);
    return 0;
}

static void test_found_by_text(void **state)
{
    struct fixture *f = *state;
    assert_null(statement_cache_find(&f->cache, f->a, 1));
    struct link_statement *s = statement_cache_add(&f->cache, f->a, 7, 0);
    assert_ptr_equal(statement_cache_find(&f->cache, f->a, 1), s);
    assert_ptr_equal(statement_cache_find(&f->cache, f->a, 2), s);
    assert_null(statement_cache_find(&f->cache, f->b, 1));
    assert_int_equal(statement_cache_count(&f->cache), 1);
}

static void test_the_newer_of_a_text_replaces_the_older(void **state)
{
    struct fixture *f = *state;
    assert_non_null(statement_cache_add(&f->cache, f->a, 7, 0));
    assert_non_null(statement_cache_add(&f->cache, f->a, 8, 0));
    assert_int_equal(statement_cache_count(&f->cache), 1);
    assert_int_equal(statement_cache_find(&f->cache, f->a, 1)->server_id, 8);
    assert_int_equal(f->cache.closing_count, 1);
    assert_int_equal(f->cache.closing[0], 7);
}

static void test_the_least_recently_used_goes(void **state)
{
    struct fixture *f = *state;
    struct link_statement *a = statement_cache_add(&f->cache, f->a, 7, 0);
    assert_non_null(statement_cache_add(&f->cache, f->b, 8, 0));
    statement_cache_touch(&f->cache, a);
    assert_true(statement_cache_evict(&f->cache));
    assert_null(statement_cache_find(&f->cache, f->b, 1));
    assert_int_equal(f->cache.closing[0], 8);
    assert_true(statement_cache_evict(&f->cache));
    assert_false(statement_cache_evict(&f->cache));
}

static void test_an_owned_one_is_nobody_elses_and_stays(void **state)
{
    struct fixture *f = *state;
    struct link_statement *s = statement_cache_add(&f->cache, f->a, 7, 0);
    statement_cache_give(&f->cache, s, 5);
    assert_ptr_equal(statement_cache_find(&f->cache, f->a, 5), s);
    assert_null(statement_cache_find(&f->cache, f->a, 6));
    assert_false(statement_cache_evict(&f->cache));
    struct link_statement *other = statement_cache_add(&f->cache, f->a, 8, 0);
    assert_ptr_equal(statement_cache_find(&f->cache, f->a, 6), other);
    assert_ptr_equal(statement_cache_find(&f->cache, f->a, 5), s);
    assert_int_equal(f->cache.closing_count, 0);
    statement_cache_give(&f->cache, s, 0); /* takes the other one's place */
    assert_ptr_equal(statement_cache_find(&f->cache, f->a, 6), s);
    assert_int_equal(statement_cache_count(&f->cache), 1);
    assert_int_equal(f->cache.closing[0], 8);
}

static void test_a_reset_forgets_all_and_closes_none(void **state)
{
    struct fixture *f = *state;
    assert_non_null(statement_cache_add(&f->cache, f->a, 7, 0));
    assert_non_null(statement_cache_add(&f->cache, f->a, 8, 0));
    assert_non_null(statement_cache_add(&f->cache, f->b, 9, 3));
    statement_cache_clear(&f->cache);
    assert_int_equal(statement_cache_count(&f->cache), 0);
    assert_int_equal(f->cache.closing_count, 0);
    assert_null(statement_cache_find(&f->cache, f->a, 1));
    assert_non_null(statement_cache_add(&f->cache, f->a, 1, 0));
}

static void test_types_are_shared_not_copied(void **state)
{
    struct fixture *f = *state;
    struct link_statement *s = statement_cache_add(&f->cache, f->a, 7, 0);
    struct statement_types *t = statement_types_create(bytes_of_text("ab"));
    statement_cache_know_types(s, t);
    assert_ptr_equal(s->types, t);
    assert_true(statement_types_equal(t, bytes_of_text("ab")));
    assert_false(statement_types_equal(t, bytes_of_text("ac")));
    assert_false(statement_types_equal(NULL, bytes_of_text("ab")));
    statement_types_release(t);
    statement_cache_know_types(s, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_by_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_newer_of_a_text_replaces_the_older, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_least_recently_used_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_owned_one_is_nobody_elses_and_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_reset_forgets_all_and_closes_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_types_are_shared_not_copied, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
