/* SPDX-License-Identifier: Apache-2.0
 * The tables of words and variables, and that sql_word_slots.def was made from them. */
#include "mysql/sql_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static enum sql_word find(const char *text)
{
    uint32_t hash = SQL_HASH_BEGIN;
    for (size_t i = 0; text[i] != '\0'; i++)
        hash = sql_hash_byte(hash, sql_word_fold[(uint8_t)text[i]]);
    return sql_word_find(hash, bytes_of_text(text));
}

static void test_every_word_is_found(void **state)
{
    (void)state;
    for (unsigned i = 1; i < SQL_WORDS_TOTAL; i++) {
        if (find(sql_word_infos[i].name) != i)
            print_error("not found: %s; run tools/sql_word_slots.py\n", sql_word_infos[i].name);
        assert_int_equal(find(sql_word_infos[i].name), i);
    }
}

static void test_case_does_not_matter_and_the_rest_does(void **state)
{
    (void)state;
    assert_int_equal(find("get_Lock"), SQL_WORD_GET_LOCK);
    assert_int_equal(find("get_lock_"), SQL_NO_WORD);
    assert_int_equal(find("get_loc"), SQL_NO_WORD);
    assert_int_equal(find(""), SQL_NO_WORD);
    assert_int_equal(find("sbtest1"), SQL_NO_WORD);
}

static void test_every_verb_begins_a_statement(void **state)
{
    (void)state;
    unsigned verbs = 0;
    for (unsigned i = 1; i < SQL_WORDS_TOTAL; i++)
        if (sql_word_verbs[i] != SQL_VERB_NONE) {
            assert_string_equal(sql_verb_name((enum sql_verb)sql_word_verbs[i]),
                                sql_word_infos[i].name);
            verbs++;
        }
    assert_int_equal(verbs, SQL_VERB_OTHER - SQL_VERB_NONE - 1);
}

static const struct sql_variable_info *variable(const char *name)
{
    return sql_variable_find(bytes_of_text(name));
}

static void test_variables_are_found_by_name_or_by_how_they_begin(void **state)
{
    (void)state;
    assert_string_equal(variable("identity")->name, "IDENTITY");
    assert_string_equal(variable("Rand_Seed2")->name, "RAND_SEED*");
    assert_string_equal(variable("pseudo_thread_id")->name, "PSEUDO_THREAD_ID");
    assert_string_equal(variable("debug")->name, "DEBUG*");
    assert_null(variable("identit"));
    assert_null(variable("identity2"));
    assert_null(variable("sql_mode"));
    assert_null(variable(""));
}

static sql_effects_t like(const char *pattern)
{
    return sql_variables_like(bytes_of_text(pattern));
}

static void test_patterns_read_what_they_may_match(void **state)
{
    (void)state;
    assert_int_equal(like("identity"), SQL_EFFECT_BIT(READS_LAST_INSERT_ID));
    assert_int_equal(like("IDENT%"), SQL_EFFECT_BIT(READS_LAST_INSERT_ID));
    assert_int_equal(like("error\\_count"), SQL_EFFECT_BIT(READS_DIAGNOSTICS));
    assert_int_equal(like("character_set_%"), 0);
    assert_int_equal(like("sql_mode"), 0);
}

static void test_texts_compare_whole(void **state)
{
    (void)state;
    assert_true(sql_text_is(bytes_of_text("Off"), "OFF"));
    assert_false(sql_text_is(bytes_of_text("of"), "OFF"));
    assert_false(sql_text_is(bytes_of_text("offf"), "OFF"));
    assert_true(sql_text_is(bytes_of(NULL, 0), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word_is_found),
        cmocka_unit_test(test_case_does_not_matter_and_the_rest_does),
        cmocka_unit_test(test_every_verb_begins_a_statement),
        cmocka_unit_test(test_variables_are_found_by_name_or_by_how_they_begin),
        cmocka_unit_test(test_patterns_read_what_they_may_match),
        cmocka_unit_test(test_texts_compare_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
