/* SPDX-License-Identifier: Apache-2.0
 * Names that the catalogue knows, looked up and met in statements. */
#include "mysql/sql_names.h"

#include "sql_table.h"

#include <string.h>

static struct sql_name rows[] = {
    {.text = (const uint8_t *)"danger",
     .effects = {[SQL_USE_NAMED] = SQL_EFFECT_BIT(STORED_STATE)}},
    {.text = (const uint8_t *)"audited",
     .effects = {[SQL_USE_WRITTEN] = SQL_EFFECT_BIT(STORED_STATE) | SQL_EFFECT_BIT(KNOWN_CODE)}},
    {.text = (const uint8_t *)"f_clean", .kinds = SQL_NAME_FUNCTION},
    {.text = (const uint8_t *)"f_reads",
     .kinds = SQL_NAME_FUNCTION,
     .effects = {[SQL_USE_FUNCTION] = SQL_EFFECT_BIT(STORED_READS)}},
    {.text = (const uint8_t *)"p_clean", .kinds = SQL_NAME_PROCEDURE},
    {.text = (const uint8_t *)"p_state",
     .kinds = SQL_NAME_PROCEDURE,
     .effects = {[SQL_USE_PROCEDURE] = SQL_EFFECT_BIT(STORED_STATE)}},
    {.text = (const uint8_t *)"pkg",
     .kinds = SQL_NAME_PACKAGE,
     .effects = {[SQL_USE_NAMED] = SQL_EFFECT_BIT(STORED_READS)}},
    {.text = (const uint8_t *)"two words",
     .effects = {[SQL_USE_NAMED] = SQL_EFFECT_BIT(STORED_STATE)}},
};
static uint32_t slots[64];
static struct sql_names names = {.rows = rows, .slots = slots, .slot_bits = 6};

static void prepare(void)
{
    memset(slots, 0, sizeof slots);
    for (size_t i = 0; i < countof(rows); i++) {
        rows[i].size = (uint16_t)strlen((const char *)rows[i].text);
        rows[i].hash = sql_name_hash(bytes_of(rows[i].text, rows[i].size));
    }
    sql_names_index(rows, countof(rows), slots, names.slot_bits);
    names.beyond_ascii = names.like_numbers = 0;
}

static const struct sql_name *find(const char *text)
{
    return sql_names_find(&names, sql_name_hash(bytes_of_text(text)), bytes_of_text(text));
}

static void test_names_are_found_without_regard_to_case(void **state)
{
    (void)state;
    prepare();
    for (size_t i = 0; i < countof(rows); i++)
        assert_ptr_equal(find((const char *)rows[i].text), &rows[i]);
    assert_ptr_equal(find("F_CLEAN"), &rows[2]);
    assert_null(find("f_clea"));
    assert_null(find(""));
    assert_true(sql_name_equal(bytes_of_text("aB"), bytes_of_text("Ab")));
    assert_false(sql_name_equal(bytes_of_text("aB"), bytes_of_text("Abc")));
    assert_true((size_t)1 << sql_names_slot_bits(1000) >= 2000);
}

static sql_effects_t effects_cut(const char *text, size_t cut)
{
    struct sql_scan s;
    sql_scan_begin(&s, (struct sql_mode){.names = &names, .mariadb = true});
    sql_scan_feed(&s, bytes_of(text, cut));
    sql_scan_feed(&s, bytes_of(text + cut, strlen(text) - cut));
    sql_scan_end(&s);
    return s.effects;
}

/* At every cut. */
static void expect(const char *text, sql_effects_t effects)
{
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        if (effects_cut(text, cut) == effects)
            continue;
        print_error("%s\n", text);
        print_effects("expected", effects);
        print_effects("found", effects_cut(text, cut));
        fail();
    }
}

static void test_a_view_has_its_effects_wherever_it_is_named(void **state)
{
    (void)state;
    prepare();
    expect("SELECT * FROM danger", TOUCHES_TABLE | STORED_STATE);
    expect("SELECT * FROM db.Danger d", TOUCHES_TABLE | STORED_STATE);
    expect("SELECT * FROM `danger`", TOUCHES_TABLE | STORED_STATE);
    expect("SELECT * FROM t, `two words`", TOUCHES_TABLE | STORED_STATE);
    expect("SELECT * FROM dangerous", TOUCHES_TABLE);
    expect("SELECT 'danger' FROM t", TOUCHES_TABLE);
    expect("SELECT 1 /* danger */ FROM t", TOUCHES_TABLE);
    expect("SELECT @danger", USER_VARIABLE);
    expect("SELECT 1; SELECT * FROM danger; SELECT 2", STORED_STATE);
    expect("SHOW CREATE VIEW danger", NONE);
    expect("DROP VIEW danger", CHANGES_CODE);
}

static void test_a_trigger_works_when_its_table_is_written(void **state)
{
    (void)state;
    prepare();
    expect("SELECT * FROM audited", TOUCHES_TABLE);
    expect("INSERT INTO audited VALUES (1)", TOUCHES_TABLE | STORED_STATE | KNOWN_CODE);
    expect("INSERT INTO db.audited (a) VALUES (1)", TOUCHES_TABLE | STORED_STATE | KNOWN_CODE);
    expect("UPDATE t JOIN audited SET a=1", TOUCHES_TABLE | STORED_STATE | KNOWN_CODE);
    expect("LOAD DATA INFILE 'x' INTO TABLE audited", TOUCHES_TABLE | STORED_STATE | KNOWN_CODE);
    expect("SELECT * FROM audited; DELETE FROM t", TOUCHES_TABLE);
}

static void test_functions_that_are_known_are_not_unknown_code(void **state)
{
    (void)state;
    prepare();
    expect("SELECT f_clean(1)", KNOWN_CODE);
    expect("SELECT db.f_clean (1)", KNOWN_CODE);
    expect("SELECT f_clean FROM t", TOUCHES_TABLE);
    expect("SELECT f_reads()", KNOWN_CODE | STORED_READS);
    expect("SELECT f_other(f_clean())", STORED_CODE | KNOWN_CODE);
    expect("SELECT p_clean()", STORED_CODE);
    expect("SELECT pkg.anything(1)", KNOWN_CODE | STORED_READS);
    expect("SELECT db.pkg.anything(1)", KNOWN_CODE | STORED_READS);
    expect("SELECT other.anything(1)", STORED_CODE);
    expect("SELECT caf\xc3\xa9()", STORED_CODE);
}

static void test_calls_are_what_their_procedure_is(void **state)
{
    (void)state;
    const sql_effects_t known = KNOWN_CODE | KNOWN_CALL;
    prepare();
    expect("CALL p_clean()", known);
    expect("CALL p_clean", known);
    expect("CALL `db`.`P_CLEAN` (1, 'x')", known);
    expect("CALL p_state(1)", known | STORED_STATE);
    expect("CALL pkg.x()", known | STORED_READS);
    expect("CALL p_other()", known | STORED_CODE);
    expect("CALL f_clean()", known | STORED_CODE);
    expect("CALL", known | STORED_CODE);
    expect("SELECT p_clean FROM t; CALL", known | STORED_CODE);
    expect("CALL p_clean(f_other())", known | STORED_CODE);
    expect("CALL p_clean(@x)", known | SETS_VARIABLE);
    expect("CALL abs(1)", known | STORED_CODE);
    expect("CALL p_clean; CALL p_state", known | STORED_STATE);
}

static void test_names_that_cannot_be_compared_count_as_all_of_their_like(void **state)
{
    (void)state;
    prepare();
    expect("SELECT * FROM caf\xc3\xa9", TOUCHES_TABLE);
    expect("SELECT * FROM 2fa", TOUCHES_TABLE);
    names.beyond_ascii = STORED_STATE;
    names.like_numbers = STORED_READS;
    expect("SELECT * FROM caf\xc3\xa9", TOUCHES_TABLE | STORED_STATE);
    expect("SELECT * FROM `caf\xc3\xa9`", TOUCHES_TABLE | STORED_STATE);
    expect("SELECT * FROM cafe", TOUCHES_TABLE);
    expect("SELECT * FROM 2fa", TOUCHES_TABLE | STORED_READS);
    expect("SELECT * FROM db.2fa", TOUCHES_TABLE | STORED_READS);
    expect("SELECT 2 FROM t", TOUCHES_TABLE);
}

static void test_definitions_are_noticed(void **state)
{
    (void)state;
    prepare();
    expect("CREATE TABLE t (a INT)", NONE);
    expect("CREATE VIEW v AS SELECT 1", CHANGES_CODE | ODD_FOUND_ROWS);
    expect("CREATE OR REPLACE DEFINER=a@b VIEW v AS SELECT 1",
           CHANGES_CODE | SETS_VARIABLE | ODD_FOUND_ROWS);
    expect("CREATE FUNCTION f() RETURNS INT RETURN 1", CHANGES_CODE);
    expect("DROP TRIGGER x", CHANGES_CODE);
    expect("RENAME TABLE a TO b", CHANGES_CODE);
    expect("SHOW TRIGGERS", NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found_without_regard_to_case),
        cmocka_unit_test(test_a_view_has_its_effects_wherever_it_is_named),
        cmocka_unit_test(test_a_trigger_works_when_its_table_is_written),
        cmocka_unit_test(test_functions_that_are_known_are_not_unknown_code),
        cmocka_unit_test(test_calls_are_what_their_procedure_is),
        cmocka_unit_test(test_names_that_cannot_be_compared_count_as_all_of_their_like),
        cmocka_unit_test(test_definitions_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
