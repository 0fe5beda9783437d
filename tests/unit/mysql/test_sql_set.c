/* SPDX-License-Identifier: Apache-2.0
 * SET: collations, scopes and lists; more rows are in sql_statements.def. */
#include "sql_table.h"

#include "mysql/sql_words.h"

static void test_the_collation_of_set_names_is_kept(void **state)
{
    (void)state;
    assert_string_equal(scan("SET NAMES utf8mb4").collation, "");
    assert_string_equal(scan("SET NAMES utf8mb4 COLLATE utf8mb4_bin").collation, "utf8mb4_bin");
    assert_string_equal(scan("set names 'utf8' collate 'utf8_bin';").collation, "utf8_bin");
    assert_string_equal(scan("SET NAMES x COLLATE \"y\", a=1").collation, "y");
    assert_string_equal(scan("SET NAMES x COLLATE `y`").collation, "y");
    assert_string_equal(scan("SET NAMES x COLLATE DEFAULT").collation, "");
    assert_string_equal(scan("SET NAMES x COLLATE y; SET NAMES z").collation, "");
    assert_string_equal(scan("SET NAMES x COLLATE y; SET NAMES z COLLATE q").collation, "q");
    assert_string_equal(scan("SET NAMES x COLLATE 'a b'").collation, "");
    assert_string_equal(scan("SET NAMES x COLLATE '\xc3\xa9'").collation, "");
    assert_string_equal(scan("SELECT a COLLATE y").collation, "");
}

static void test_the_collation_of_character_set_is_asked_for(void **state)
{
    (void)state;
    assert_string_equal(scan("SET CHARACTER SET utf8").collation, SQL_COLLATION_UNKNOWN);
    assert_string_equal(scan("SET charset DEFAULT").collation, SQL_COLLATION_UNKNOWN);
    assert_string_equal(scan("SET NAMES DEFAULT").collation, SQL_COLLATION_UNKNOWN);
    assert_string_equal(scan("SET NAMES x COLLATE y, CHARACTER SET z").collation,
                        SQL_COLLATION_UNKNOWN);
    assert_string_equal(scan("SET CHARACTER SET z, NAMES x COLLATE y").collation, "y");
    check_effect_in((struct sql_mode){.mariadb = true},
                    "SET CHARACTER SET utf8, collation_connection=utf8_bin", SET_CHARSET);
}

static void check_set(const char *text, sql_effects_t effects)
{
    check_effect_in((struct sql_mode){.mariadb = true}, text, effects);
}

static void test_each_element_of_a_list_is_judged(void **state)
{
    (void)state;
    check_set("SET a = 1, timestamp = 5, b = 2", SET_UNTRACKED);
    check_set("SET a = f(1, 2), NAMES utf8, @x = 1", STORED_CODE | SET_CHARSET | SETS_VARIABLE);
    check_set("SET @a = (1, timestamp = 5)", SETS_VARIABLE);
}

static void test_a_scope_holds_for_its_own_element(void **state)
{
    (void)state;
    check_set("SET GLOBAL timestamp = 5", CHANGES_LOGINS);
    check_set("SET GLOBAL a = 5, timestamp = 5", SET_UNTRACKED | CHANGES_LOGINS);
    check_set("SET a = 5, @@GLOBAL.timestamp = 5", CHANGES_LOGINS);
    check_set("SET @@tx_isolation = 'x', @@session.tx_isolation = 'y'", NEXT_TRANSACTION);
    check_set("SET @@persist.tx_isolation = 'x'", CHANGES_LOGINS);
}

static void test_what_is_not_understood_counts_as_untracked(void **state)
{
    (void)state;
    check_set("SET 'a' = 1", SET_UNTRACKED);
    check_set("SET @@session a = 1", SET_UNTRACKED);
    check_set("SET @@session = 1", SET_UNTRACKED);
    check_set("SET a b = 1", SET_UNTRACKED);
    check_set("SET = 1", SET_UNTRACKED);
    check_set("SET a = 1,, b = 2", SET_UNTRACKED);
    check_set("SET (a) = 1", SET_UNTRACKED);
}

/* MySQL finds system variables without regard to accents. */
static void test_an_accented_name_may_be_any_variable(void **state)
{
    (void)state;
    check_set("SET group_c\xc3\xb6ncat_max_len = 1", SET_UNTRACKED);
    check_set("SET SESSION `s\xc3\xb6rt_buffer_size` = 1", SET_UNTRACKED);
    check_set("SET @\xc3\xa9 = 1", SETS_VARIABLE);
    assert_true(scan("SET sql_m\xc3\xb6"
                     "de = 1")
                    .sets_mode);
    assert_true(scan("SET ch\xc3\xa4racter_set_client = sjis").sets_charset);
    check_effect_in((struct sql_mode){.mariadb = false}, "SELECT @@last_\xc3\xafnsert_id",
                    sql_variables_like(bytes_of_text("%")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_collation_of_set_names_is_kept),
        cmocka_unit_test(test_the_collation_of_character_set_is_asked_for),
        cmocka_unit_test(test_each_element_of_a_list_is_judged),
        cmocka_unit_test(test_a_scope_holds_for_its_own_element),
        cmocka_unit_test(test_what_is_not_understood_counts_as_untracked),
        cmocka_unit_test(test_an_accented_name_may_be_any_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
