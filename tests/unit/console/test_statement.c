/* SPDX-License-Identifier: Apache-2.0
 * Which command a text is. */
#include "console/statement.h"

#include "console/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char memory[512];

/* The name of the command, or NULL; the error's number in *code. */
static const char *parse(struct statement *s, const char *text, unsigned *code)
{
    struct answer answer;
    answer_init(&answer);
    size_t size = strlen(text);
    memcpy(memory, text, size + 1);
    statement_blank_comments((uint8_t *)memory, size);
    bool found = statement_parse(s, bytes_of(memory, size), &answer);
    *code = answer.code;
    answer_fini(&answer);
    return found ? s->command->name : NULL;
}

static void expect(const char *text, const char *name)
{
    struct statement s;
    unsigned code;
    const char *found = parse(&s, text, &code);
    assert_non_null(found);
    assert_string_equal(found, name);
}

static void expect_error(const char *text, unsigned expected)
{
    struct statement s;
    unsigned code;
    assert_null(parse(&s, text, &code));
    assert_int_equal(code, expected);
}

static void test_commands_are_found_by_their_words(void **state)
{
    (void)state;
    expect("SHOW VARIABLES", "show_variables");
    expect("show global variables like 'x'", "show_variables");
    expect("SHOW SESSION STATUS", "show_status");
    expect("SHOW FULL TABLES FROM weir", "show_tables");
    expect("SHOW FULL COLUMNS FROM t", "show_columns");
    expect("select 1", "select");
    expect("SET GLOBAL a = 1;", "set");
    expect("SET/**/x=1", "set");
    expect("desc users", "describe");
    expect("help", "help");
}

static void test_comments_do_not_count(void **state)
{
    (void)state;
    expect("/* a driver */ SHOW VARIABLES", "show_variables");
    expect("-- first\nSHOW VARIABLES # last", "show_variables");
    expect("/*!40101 SET NAMES utf8 */", "set");
    expect("/*M!100100 SET x = 1 */", "set");
    expect("SHOW /*!40000 GLOBAL*/ VARIABLES", "show_variables");
}

static void test_what_looks_like_a_comment_in_quotes_stays(void **state)
{
    struct statement s;
    unsigned code;
    (void)state;
    assert_non_null(parse(&s, "SELECT '/* x */', \"# y\", `-- z`", &code));
    assert_string_equal(memory, "SELECT '/* x */', \"# y\", `-- z`");
}

static void test_unterminated_comments_and_strings_are_no_harm(void **state)
{
    (void)state;
    expect_error("/* never closed", 1064);
    expect_error("'never closed", 1064);
    expect("SELECT 'never closed", "select");
    expect_error("/*!", 1065);
}

static void test_nothing_and_nonsense(void **state)
{
    (void)state;
    expect_error("", 1065);
    expect_error("  ;  ", 1065);
    expect_error("/* only this */", 1065);
    expect_error("FROB", 1064);
    expect_error("SHOW", 1064);
    expect_error("SHOW FROB", 1064);
    expect_error("1", 1064);
}

static void test_has_sees_the_words_of_the_pattern_only(void **state)
{
    struct statement s;
    unsigned code;
    (void)state;
    assert_non_null(parse(&s, "SHOW FULL TABLES", &code));
    assert_true(statement_has(&s, "FULL"));
    assert_non_null(parse(&s, "SHOW TABLES FROM FULL", &code));
    assert_false(statement_has(&s, "FULL"));
}

static void test_strings_are_unquoted(void **state)
{
    struct statement s;
    unsigned code;
    char text[32];
    size_t size;
    (void)state;
    assert_non_null(parse(&s, "HELP 'it''s \\'a\\\\b\\n\\_'", &code));
    assert_true(statement_unquote(&s.rest.token, text, sizeof text, &size));
    assert_string_equal(text, "it's 'a\\b\n\\_");
    assert_int_equal(size, strlen(text));
    assert_false(statement_unquote(&s.rest.token, text, 5, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_are_found_by_their_words),
        cmocka_unit_test(test_comments_do_not_count),
        cmocka_unit_test(test_what_looks_like_a_comment_in_quotes_stays),
        cmocka_unit_test(test_unterminated_comments_and_strings_are_no_harm),
        cmocka_unit_test(test_nothing_and_nonsense),
        cmocka_unit_test(test_has_sees_the_words_of_the_pattern_only),
        cmocka_unit_test(test_strings_are_unquoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
