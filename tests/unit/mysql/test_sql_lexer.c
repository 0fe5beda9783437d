/* SPDX-License-Identifier: Apache-2.0
 * The forgiving lexer: what the tests of digests do not show. */
#include "mysql/sql_lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char letters[] = {
    [SQL_LEXEME_END] = '.',     [SQL_LEXEME_WORD] = 'w',   [SQL_LEXEME_NAME] = 'n',
    [SQL_LEXEME_STRING] = 's',  [SQL_LEXEME_NUMBER] = '1', [SQL_LEXEME_HOST] = 'h',
    [SQL_LEXEME_SYMBOL] = '+',  [SQL_LEXEME_HINT] = '<',   [SQL_LEXEME_HINT_END] = '>',
    [SQL_LEXEME_COMMENT] = 'c',
};

/* One letter for each lexeme. */
static const char *kinds(bool with_comments, const char *sql)
{
    static char out[64];
    size_t n = 0;
    struct sql_lexer l;
    struct sql_lexeme x;
    sql_lexer_begin(&l, (struct sql_mode){.mariadb = false}, bytes_of_text(sql));
    l.with_comments = with_comments;
    do {
        sql_lexer_next(&l, &x);
        out[n++] = letters[x.kind];
        assert_true(x.begin <= x.end && x.end <= strlen(sql));
    } while (x.kind != SQL_LEXEME_END && n < sizeof out - 1);
    out[n] = '\0';
    return out;
}

static void test_kinds(void **state)
{
    (void)state;
    assert_string_equal(kinds(false, "SELECT a, 'b', `c`, 1.5, @d, @@e FROM f.g"),
                        "ww+s+n+1++h++wwn+n.");
    assert_string_equal(kinds(false, "a<=>b->>'c'||d:=e"), "w+w+s+w+w.");
    assert_string_equal(kinds(false, "x'41' X'4' b'01' n'x' 0x41 0xzz 0b1 1a 1e5 1e"),
                        "swsss1w1w1w.");
    assert_string_equal(kinds(false, "SELECT /*+ A(b) */ 1 /*+ x */"), "w<w+w+>1.");
    assert_string_equal(kinds(false, "$$ 'x $$ $a$b$a$ $c"), "ssw.");
    assert_string_equal(kinds(false, "a--b -- c"), "w++w.");
    assert_string_equal(kinds(false, "/*!50000 a */ /*!999999 b */ c"), "ww.");
    assert_string_equal(kinds(true, "a /* b */ # c\n-- d\ne"), "wcccw.");
    assert_string_equal(kinds(false, ""), ".");
}

static void test_details(void **state)
{
    (void)state;
    struct sql_lexer l;
    struct sql_lexeme x;
    sql_lexer_begin(&l, (struct sql_mode){.mariadb = false}, bytes_of_text("f(@'a' `b``c` 'd"));
    sql_lexer_next(&l, &x);
    assert_true(x.calls);
    sql_lexer_next(&l, &x);
    assert_true(sql_lexeme_is_symbol(&x, "("));
    sql_lexer_next(&l, &x);
    sql_lexer_next(&l, &x);
    assert_true(x.kind == SQL_LEXEME_STRING && bytes_equal_text(x.text, "a"));
    sql_lexer_next(&l, &x);
    assert_true(x.quote == '`' && bytes_equal_text(x.text, "b``c"));
    assert_int_equal(x.begin, 7);
    assert_int_equal(x.end, 13);
    assert_false(x.unterminated);
    sql_lexer_next(&l, &x);
    assert_true(x.unterminated && bytes_equal_text(x.text, "d"));
    sql_lexer_next(&l, &x);
    assert_true(x.kind == SQL_LEXEME_END);
    sql_lexer_next(&l, &x);
    assert_true(x.kind == SQL_LEXEME_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
