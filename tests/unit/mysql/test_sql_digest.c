/* SPDX-License-Identifier: Apache-2.0
 * Digests, against what a MySQL 9 makes of the same statements. */
#include "mysql/sql_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sql_digest digest;

static const char *of_mode(struct sql_mode mode, const char *sql)
{
    static char text[SQL_DIGEST_TEXT_MAX + 1];
    sql_digest_make(&digest, mode, bytes_of_text(sql), false);
    memcpy(text, digest.text, digest.size);
    text[digest.size] = '\0';
    return text;
}

static const char *of(const char *sql)
{
    return of_mode((struct sql_mode){.mariadb = false}, sql);
}

static void test_as_the_server(void **state)
{
    (void)state;
#define DIGEST(sql, text)          assert_string_equal(of(sql), (text));
#define DIFFERS(sql, theirs, text) assert_string_equal(of(sql), (text));
#include "sql_digests.def"
}

static uint64_t id_of(const char *sql)
{
    (void)of(sql);
    return digest.id;
}

static void test_ids(void **state)
{
    (void)state;
    assert_true(id_of("SELECT 1") == id_of("select  /* x */ 'abc'"));
    assert_true(id_of("SELECT 1") != id_of("SELECT a"));
    assert_true(id_of("SELECT a") != id_of("SELECT A")); /* as on a server */
    assert_true(id_of("SELECT aaaaaaaa") != id_of("SELECT aaaaaaaab"));
    assert_true(id_of("") == id_of("/* nothing */ ;"));
    /* Written down by people: it must not change from version to version. */
    assert_true(id_of("SELECT 1") == UINT64_C(0xe72581e33c29d2fa));
}

static void test_modes(void **state)
{
    (void)state;
    struct sql_mode ansi = {.ansi_quotes = true};
    struct sql_mode plain_backslash = {.no_backslash_escapes = true};
    struct sql_mode gbk = {.multi_byte_trail = true};
    struct sql_mode mariadb = {.mariadb = true};
    assert_string_equal(of_mode(ansi, "SELECT \"a\"\"b\", 'c'"), "SELECT `a\"b` , ?");
    assert_string_equal(of_mode(plain_backslash, "SELECT 'a\\' , b"), "SELECT ? , `b`");
    assert_string_equal(of("SELECT 'a\\' , b"), "SELECT ?");
    assert_string_equal(of_mode(gbk, "SELECT '\xbf\\' , b"), "SELECT ? , `b`");
    assert_string_equal(of_mode(mariadb, "SELECT /*M! a, */ /*!100100 b, */ c /*+ d */"),
                        "SELECT `a` , `b` , `c`");
    assert_string_equal(of("SELECT /*M! a, */ /*!100100 b, */ c"), "SELECT `c`");
    assert_string_equal(of_mode(mariadb, "SELECT $$ FROM t"), "SELECT `$$` FROM `t`");
}

static void test_what_no_server_would_take(void **state)
{
    (void)state;
    assert_string_equal(of(""), "");
    assert_string_equal(of(";;"), "");
    assert_string_equal(of("'"), "?");
    assert_string_equal(of("`a"), "`a`");
    assert_string_equal(of("`a``"), "`a``");
    assert_string_equal(of("SELECT /* 1"), "SELECT");
    assert_string_equal(of("SELECT /*! 1"), "SELECT ?");
    assert_string_equal(of("SELECT /*+ a( */ 1"), "SELECT /*+ A ( */ ?");
    assert_string_equal(of("SELECT /*+ a"), "SELECT /*+ `a`");
    assert_string_equal(of(")))"), ") ) )");
    assert_string_equal(of("(1), (2"), "(?) , ( ?");
    assert_string_equal(of("- - 1"), "- ?");
    assert_string_equal(of("@"), "@");
    assert_string_equal(of("@@"), "@@");
    assert_string_equal(of("SELECT 1; SELECT 2;"), "SELECT ? ; SELECT ?");
    assert_string_equal(of("\x01\x7f"), "\x01 \x7f");
}

static void test_long_lists_are_short(void **state)
{
    (void)state;
    static char sql[100000];
    size_t n = (size_t)snprintf(sql, sizeof sql, "INSERT INTO t VALUES ");
    while (n < sizeof sql - 20)
        n += (size_t)snprintf(sql + n, sizeof sql - n, "(1,'x',-2),");
    (void)snprintf(sql + n, sizeof sql - n, "(1,2,3)");
    assert_string_equal(of(sql), "INSERT INTO `t` VALUES (...) /* , ... */");
}

/* Wherever a long INSERT is cut off, its digest is the same. */
static void test_beginnings(void **state)
{
    (void)state;
    static const char sql[] = "INSERT INTO t (a, b) VALUES (1,'x'),(2,'y'),(f(3),'z'),(4,NULL)";
    const char *expected = "INSERT INTO `t` ( `a` , `b` ) VALUES (...) /* , ... */...";
    for (size_t size = 43; size <= 56; size++) {
        sql_digest_make(&digest, (struct sql_mode){.mariadb = false}, bytes_of(sql, size), true);
        assert_true(digest.cut);
        assert_int_equal(digest.size, strlen(expected));
        assert_memory_equal(digest.text, expected, digest.size);
    }
    sql_digest_make(&digest, (struct sql_mode){.mariadb = false}, bytes_of("SELECT a, b", 11),
                    true);
    assert_memory_equal(digest.text, "SELECT `a` , `b`...", digest.size);
    sql_digest_make(&digest, (struct sql_mode){.mariadb = false}, bytes_of("", 0), true);
    assert_memory_equal(digest.text, "...", digest.size);
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    static char sql[20000];
    size_t n = (size_t)snprintf(sql, sizeof sql, "SELECT a");
    while (n < sizeof sql - 20)
        n += (size_t)snprintf(sql + n, sizeof sql - n, ",a%zu", n);
    const char *text = of(sql);
    assert_true(digest.cut);
    assert_int_equal(digest.size, SQL_DIGEST_TEXT_MAX);
    assert_string_equal(text + SQL_DIGEST_TEXT_MAX - 3, "...");
    static char name[3000];
    memset(name, 'x', sizeof name - 1);
    (void)of(name);
    assert_true(digest.cut);
    assert_true(digest.size <= SQL_DIGEST_TEXT_MAX);
    (void)of("SELECT 1");
    assert_false(digest.cut);
}

/* Every size of a text around the limit, and values behind it that fold what was there. */
static void test_around_the_limit(void **state)
{
    (void)state;
    static char sql[2000];
    for (size_t size = SQL_DIGEST_TEXT_MAX - 40; size < SQL_DIGEST_TEXT_MAX + 10; size++) {
        memset(sql, 'x', size);
        (void)snprintf(sql + size, sizeof sql - size, " IN (1,2,3),(4,5),(-1,'a') ; 1,2,3,(NULL)");
        (void)of(sql);
        assert_true(digest.size <= SQL_DIGEST_TEXT_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_server),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_what_no_server_would_take),
        cmocka_unit_test(test_long_lists_are_short),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_around_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
