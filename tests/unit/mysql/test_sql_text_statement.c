/* SPDX-License-Identifier: Apache-2.0
 * PREPARE, EXECUTE and DEALLOCATE as texts. */
#include "mysql/sql_text_statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct sql_mode plain = {.mariadb = true};

static const char *read_in(struct sql_mode mode, const char *text)
{
    static const char *const kinds[] = {"prepare", "execute", "immediate", "deallocate"};
    static char found[400];
    uint8_t value[200];
    struct writer w = writer_over(value, sizeof value);
    struct sql_text_statement s;
    if (!sql_text_statement_read(bytes_of_text(text), mode, &s, &w))
        return "no";
    snprintf(found, sizeof found, "%s %.*s%s|%.*s%s%.*s", kinds[s.kind], (int)s.name.size,
             s.name.size > 0 ? (const char *)s.name.data : "", s.any_arguments ? " any" : "",
             s.is_literal ? (int)w.size : 0, (const char *)value, s.variable.size > 0 ? "@" : "",
             (int)s.variable.size, s.variable.size > 0 ? (const char *)s.variable.data : "");
    return found;
}

static void test_plain_forms(void **state)
{
    (void)state;
    assert_string_equal(read_in(plain, "PREPARE s FROM 'SELECT ?'"), "prepare s|SELECT ?");
    assert_string_equal(read_in(plain, "prepare`s t` from\t\"DO 1\" ;"), "no");
    assert_string_equal(read_in(plain, "prepare`st`from\t\"DO 1\" ; "), "prepare st|DO 1");
    assert_string_equal(read_in(plain, "/* x */ EXECUTE /**/ s"), "execute s|");
    assert_string_equal(read_in(plain, "EXECUTE s USING @a, @b ;"), "execute s|");
    assert_string_equal(read_in(plain, "EXECUTE IMMEDIATE 'SELECT 1'"), "immediate |SELECT 1");
    assert_string_equal(read_in(plain, "EXECUTE IMMEDIATE '?' USING @a"), "immediate |?");
    assert_string_equal(read_in(plain, "DEALLOCATE PREPARE S"), "deallocate S|");
    assert_string_equal(read_in(plain, "DROP PREPARE s;"), "deallocate s|");
}

static void test_literals(void **state)
{
    (void)state;
    struct sql_mode ansi = {.ansi_quotes = true, .no_backslash_escapes = true};
    struct sql_mode gbk = {.multi_byte_trail = true};
    assert_string_equal(read_in(plain, "PREPARE s FROM 'a''b\\'c\\n\\%\\q' 'd' \"e\"\"f\""),
                        "prepare s|a'b'c\n\\%qde\"f");
    assert_string_equal(read_in(ansi, "PREPARE s FROM 'a\\'"), "prepare s|a\\");
    assert_string_equal(read_in(ansi, "PREPARE s FROM \"a\""), "prepare s|");
    assert_string_equal(read_in(gbk, "PREPARE s FROM 'a'"), "prepare s|a");
    assert_string_equal(read_in(gbk, "PREPARE s FROM '\xbf\\'"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM @v"), "prepare s|@v");
    assert_string_equal(read_in(plain, "PREPARE s FROM /*x*/ @Vv2 ;"), "prepare s|@Vv2");
    assert_string_equal(read_in(plain, "PREPARE s FROM @@sql_mode"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM @v, @w"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM @v USING @w"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM @v.w"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM @`v`"), "prepare s|");
    assert_string_equal(read_in(plain, "EXECUTE IMMEDIATE @v USING 1, @w"), "immediate |@v");
    assert_string_equal(read_in(plain, "EXECUTE IMMEDIATE @v USING f()"), "immediate |");
    assert_string_equal(read_in(plain, "PREPARE s FROM 'a' COLLATE x"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM N'a'"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM 'a"), "prepare s|");
    assert_string_equal(read_in(plain, "PREPARE s FROM CONCAT('a')"), "prepare s|");
    assert_string_equal(read_in(plain, "EXECUTE IMMEDIATE @v"), "immediate |@v");
    assert_string_equal(read_in(plain, "EXECUTE IMMEDIATE 'a' USING f()"), "immediate |");
}

static void test_everything_else_is_refused(void **state)
{
    (void)state;
    assert_string_equal(read_in(plain, "SELECT 1"), "no");
    assert_string_equal(read_in(plain, "EXECUTE s USING f(@a)"), "execute s any|");
    assert_string_equal(read_in(plain, "EXECUTE s USING @@x"), "execute s any|");
    assert_string_equal(read_in(plain, "EXECUTE s USING 1e5x"), "execute s any|");
    assert_string_equal(read_in(plain, "EXECUTE s USING 1, -2.5, 'a''b', NULL, @c"), "execute s|");
    assert_string_equal(read_in(plain, "EXECUTE s x"), "no");
    assert_string_equal(read_in(plain, "EXECUTE s x"), "no");
    assert_string_equal(read_in(plain, "EXECUTE /*! s */"), "no");
    assert_string_equal(read_in(plain, "EXECUTE \xc3\xa4"), "no");
    assert_string_equal(read_in(plain, "EXECUTE `a``b`"), "no");
    assert_string_equal(read_in(plain, "DEALLOCATE PREPARE s; SELECT 1"), "no");
    assert_string_equal(read_in(plain, "DROP TABLE s"), "no");
    assert_string_equal(read_in(plain, "PREPARE s"), "no");
    assert_string_equal(read_in(plain, ""), "no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_forms),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
