/* SPDX-License-Identifier: Apache-2.0
 * Effects of definitions, and how they go from name to name. */
#include "session/catalogue_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STATE   SQL_EFFECT_BIT(STORED_STATE)
#define UNKNOWN SQL_EFFECT_BIT(STORED_CODE)
#define READS   SQL_EFFECT_BIT(STORED_READS)
#define KNOWN   SQL_EFFECT_BIT(KNOWN_CODE)
#define CALL    SQL_EFFECT_BIT(KNOWN_CALL)

static struct catalogue_builder *b;

static void add(enum catalogue_kind kind, const char *name, const char *body)
{
    struct bytes text = body != NULL ? bytes_of_text(body) : bytes_of(NULL, 0);
    assert_true(catalogue_build_add(b, kind, bytes_of_text(name), text, bytes_of_text("")));
}

static int begin(void **state)
{
    (void)state;
    b = catalogue_build_begin(true);
    return b == NULL;
}

static struct catalogue *finish(void)
{
    struct catalogue *c = catalogue_build_end(b);
    b = NULL;
    assert_non_null(c);
    return c;
}

static const struct sql_name *row_of(const struct catalogue *c, const char *name)
{
    return sql_names_find(&c->names, sql_name_hash(bytes_of_text(name)), bytes_of_text(name));
}

static sql_effects_t effects_of(const struct catalogue *c, const char *name, enum sql_use use)
{
    const struct sql_name *row = row_of(c, name);
    return row != NULL ? row->effects[use] : 0;
}

static void test_effects_follow_mentions_in_any_order(void **state)
{
    (void)state;
    add(CATALOGUE_VIEW, "v3", "select `x` from `db`.`V2`");
    add(CATALOGUE_VIEW, "v2", "select `x` from `db`.`v1`");
    add(CATALOGUE_VIEW, "v1", "select get_lock('k',0) AS `x`");
    add(CATALOGUE_VIEW, "clean", "select 1 AS `x`");
    add(CATALOGUE_PROCEDURE, "p", "SELECT * FROM v3");
    struct catalogue *c = finish();
    assert_int_equal(effects_of(c, "v1", SQL_USE_NAMED), STATE);
    assert_int_equal(effects_of(c, "v3", SQL_USE_NAMED), STATE);
    assert_int_equal(effects_of(c, "P", SQL_USE_PROCEDURE), STATE | KNOWN | CALL);
    assert_null(row_of(c, "clean"));
    catalogue_release(c);
}

static void test_calls_reach_functions_and_procedures(void **state)
{
    (void)state;
    add(CATALOGUE_FUNCTION, "f_clean", "RETURN 1");
    add(CATALOGUE_FUNCTION, "f_state", "BEGIN SET @a = 1; RETURN 1; END");
    add(CATALOGUE_FUNCTION, "f_calls", "RETURN f_clean() + db.f_state()");
    add(CATALOGUE_FUNCTION, "f_column", "RETURN (SELECT f_state FROM t)");
    add(CATALOGUE_FUNCTION, "f_unknown", "RETURN nobody_knows(1)");
    add(CATALOGUE_PROCEDURE, "p_calls", "BEGIN CALL p_reads; CALL db.p_reads(); END");
    add(CATALOGUE_PROCEDURE, "p_reads", "SELECT FOUND_ROWS()");
    add(CATALOGUE_PROCEDURE, "p_unknown", "CALL f_clean()");
    add(CATALOGUE_FUNCTION, "f_procedure", "BEGIN CALL p_reads; RETURN 1; END");
    add(CATALOGUE_VIEW, "v_calls", "select `f_clean`() AS `x`");
    struct catalogue *c = finish();
    assert_int_equal(effects_of(c, "f_clean", SQL_USE_FUNCTION), KNOWN);
    assert_int_equal(row_of(c, "f_clean")->kinds, SQL_NAME_FUNCTION);
    assert_int_equal(effects_of(c, "f_calls", SQL_USE_FUNCTION), KNOWN | STATE);
    assert_int_equal(effects_of(c, "f_state", SQL_USE_NAMED), 0);
    assert_int_equal(effects_of(c, "f_column", SQL_USE_FUNCTION), KNOWN);
    assert_true((effects_of(c, "f_unknown", SQL_USE_FUNCTION) & UNKNOWN) != 0);
    assert_int_equal(effects_of(c, "p_calls", SQL_USE_PROCEDURE), KNOWN | CALL | READS);
    assert_int_equal(effects_of(c, "p_unknown", SQL_USE_PROCEDURE), KNOWN | CALL);
    assert_int_equal(effects_of(c, "f_procedure", SQL_USE_FUNCTION), KNOWN | READS);
    assert_int_equal(effects_of(c, "v_calls", SQL_USE_NAMED), KNOWN);
    catalogue_release(c);
}

static void test_triggers_work_where_their_table_is_written(void **state)
{
    (void)state;
    add(CATALOGUE_TRIGGER, "t", "SET @a = NEW.a");
    add(CATALOGUE_TRIGGER, "audited", "INSERT INTO log VALUES (1)");
    add(CATALOGUE_TRIGGER, "chained", "INSERT INTO t VALUES (1)");
    add(CATALOGUE_VIEW, "v", "select `a` from `t`");
    add(CATALOGUE_PROCEDURE, "p", "INSERT INTO t VALUES (1)");
    struct catalogue *c = finish();
    assert_int_equal(effects_of(c, "t", SQL_USE_WRITTEN), STATE | KNOWN);
    assert_int_equal(effects_of(c, "t", SQL_USE_NAMED), 0);
    assert_int_equal(effects_of(c, "audited", SQL_USE_WRITTEN), KNOWN);
    assert_int_equal(effects_of(c, "chained", SQL_USE_WRITTEN), STATE | KNOWN);
    assert_int_equal(effects_of(c, "v", SQL_USE_WRITTEN), STATE | KNOWN);
    assert_int_equal(effects_of(c, "v", SQL_USE_NAMED), 0);
    assert_int_equal(effects_of(c, "p", SQL_USE_PROCEDURE), STATE | KNOWN | CALL);
    catalogue_release(c);
}

static void test_what_may_not_be_seen_is_unknown(void **state)
{
    (void)state;
    add(CATALOGUE_VIEW, "hidden", NULL);
    add(CATALOGUE_FUNCTION, "f", NULL);
    add(CATALOGUE_VIEW, "over", "select * from hidden");
    assert_int_equal(catalogue_build_hidden(b), 2);
    assert_int_equal(catalogue_build_count(b), 3);
    struct catalogue *c = finish();
    assert_int_equal(effects_of(c, "hidden", SQL_USE_NAMED), UNKNOWN);
    assert_int_equal(effects_of(c, "over", SQL_USE_NAMED), UNKNOWN);
    assert_int_equal(effects_of(c, "f", SQL_USE_FUNCTION), UNKNOWN | KNOWN);
    catalogue_release(c);
}

static void test_packages_lend_their_routines_what_they_do(void **state)
{
    (void)state;
    add(CATALOGUE_PACKAGE, "pkg", "PROCEDURE p(a INT) AS BEGIN SET @v = 1; END; END");
    add(CATALOGUE_PROCEDURE, "q", "CALL pkg.p(1)");
    struct catalogue *c = finish();
    assert_int_equal(row_of(c, "pkg")->kinds, SQL_NAME_PACKAGE);
    assert_int_equal(effects_of(c, "pkg", SQL_USE_NAMED), STATE);
    assert_int_equal(effects_of(c, "q", SQL_USE_PROCEDURE), STATE | KNOWN | CALL);
    catalogue_release(c);
}

static void test_names_that_cannot_be_told_apart(void **state)
{
    (void)state;
    add(CATALOGUE_VIEW, "caf\xc3\xa9", "select get_lock('k',0) AS `x`");
    add(CATALOGUE_VIEW, "2fa", "select found_rows() AS `x`");
    add(CATALOGUE_VIEW, "a`b", "select get_lock('k',0) AS `x`");
    add(CATALOGUE_PROCEDURE, "p", "SELECT * FROM `th\xc3\xa9`");
    add(CATALOGUE_PROCEDURE, "q", "SELECT * FROM 2fa");
    struct catalogue *c = finish();
    assert_int_equal(c->names.beyond_ascii, STATE);
    assert_int_equal(c->names.like_numbers, READS);
    assert_int_equal(effects_of(c, "a", SQL_USE_NAMED), STATE);
    assert_int_equal(effects_of(c, "p", SQL_USE_PROCEDURE), STATE | KNOWN | CALL);
    assert_int_equal(effects_of(c, "q", SQL_USE_PROCEDURE), READS | KNOWN | CALL);
    catalogue_release(c);
}

static void test_namesakes_share_what_they_do(void **state)
{
    (void)state;
    add(CATALOGUE_FUNCTION, "f", "RETURN 1");
    add(CATALOGUE_FUNCTION, "F", "RETURN LAST_INSERT_ID()");
    struct catalogue *c = finish();
    assert_int_equal(c->row_count, 1);
    assert_int_equal(effects_of(c, "f", SQL_USE_FUNCTION), READS | KNOWN);
    catalogue_release(c);
}

/* A chain of many, named in the worst order for either direction. */
static void test_long_chains(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        char name[20];
        char body[60];
        snprintf(name, sizeof name, "v%d", i);
        snprintf(body, sizeof body, "select * from v%d", i + 1);
        add(CATALOGUE_VIEW, name, i == 2999 ? "select get_lock('k',0)" : body);
    }
    struct catalogue *c = finish();
    assert_int_equal(effects_of(c, "v0", SQL_USE_NAMED), STATE);
    assert_int_equal(effects_of(c, "v1500", SQL_USE_NAMED), STATE);
    catalogue_release(c);
}

static void test_digests_tell_definitions_apart(void **state)
{
    (void)state;
    add(CATALOGUE_VIEW, "a", "select 1");
    add(CATALOGUE_VIEW, "b", NULL);
    uint64_t digest = catalogue_build_digest(b);
    catalogue_build_abandon(b);
    assert_int_equal(begin(NULL), 0);
    add(CATALOGUE_VIEW, "b", NULL);
    add(CATALOGUE_VIEW, "a", "select 1");
    assert_true(catalogue_build_digest(b) == digest);
    catalogue_build_abandon(b);
    assert_int_equal(begin(NULL), 0);
    add(CATALOGUE_VIEW, "a", "select 2");
    add(CATALOGUE_VIEW, "b", NULL);
    assert_true(catalogue_build_digest(b) != digest);
    catalogue_build_abandon(b);
}

static void test_names_in_doubt_are_unknown_code(void **state)
{
    (void)state;
    static const char doubts[] = "f\0new\0NEW\0caf\xc3\xa9\0"
                                 "2fa";
    add(CATALOGUE_FUNCTION, "f", "RETURN 1");
    add(CATALOGUE_VIEW, "v", "select get_lock('k',0)");
    struct catalogue *base = finish();
    struct catalogue *c = catalogue_with_unknown(base, bytes_of(doubts, sizeof doubts));
    assert_non_null(c);
    assert_int_equal(effects_of(c, "f", SQL_USE_NAMED), UNKNOWN);
    assert_int_equal(effects_of(c, "f", SQL_USE_FUNCTION), KNOWN);
    assert_int_equal(effects_of(c, "New", SQL_USE_NAMED), UNKNOWN);
    assert_int_equal(effects_of(c, "v", SQL_USE_NAMED), STATE);
    assert_int_equal(c->names.beyond_ascii, UNKNOWN);
    assert_int_equal(c->names.like_numbers, UNKNOWN);
    assert_int_equal(effects_of(base, "f", SQL_USE_NAMED), 0);
    catalogue_release(base);
    catalogue_release(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_effects_follow_mentions_in_any_order, begin),
        cmocka_unit_test_setup(test_calls_reach_functions_and_procedures, begin),
        cmocka_unit_test_setup(test_triggers_work_where_their_table_is_written, begin),
        cmocka_unit_test_setup(test_what_may_not_be_seen_is_unknown, begin),
        cmocka_unit_test_setup(test_packages_lend_their_routines_what_they_do, begin),
        cmocka_unit_test_setup(test_names_that_cannot_be_told_apart, begin),
        cmocka_unit_test_setup(test_namesakes_share_what_they_do, begin),
        cmocka_unit_test_setup(test_long_chains, begin),
        cmocka_unit_test_setup(test_digests_tell_definitions_apart, begin),
        cmocka_unit_test_setup(test_names_in_doubt_are_unknown_code, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
