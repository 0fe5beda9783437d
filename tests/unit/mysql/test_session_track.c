/* SPDX-License-Identifier: Apache-2.0
 * Session-track blocks are read and filtered. */
#include "mysql/session_track.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define AUTOCOMMIT   "00 0e 0a 6175746f636f6d6d6974 02 4f4e "
#define WAIT_TIMEOUT "00 10 0c 776169745f74696d656f7574 02 3737 "
#define SCHEMA       "01 06 05 6d7973716c "
#define STATE_CHANGE "02 01 31 "
#define GTIDS        "03 05 00 03 613a31 "
#define CHARACTERS   "04 02 01 58 "
#define TRANSACTION  "05 09 08 545f525f5f5f535f "
/* autocommit and wait_timeout in one block */
#define TWO_VARIABLES "00 1e 0a 6175746f636f6d6d6974 02 4f4e 0c 776169745f74696d656f7574 02 3737 "

static void assert_change(struct session_track_reader *r, enum session_track_type type,
                          const char *name, const char *value)
{
    struct session_change change;
    assert_true(session_track_next(r, &change));
    assert_int_equal(change.type, type);
    assert_true(bytes_equal_text(change.name, name));
    assert_true(bytes_equal_text(change.value, value));
}

static void assert_end(struct session_track_reader *r, bool malformed)
{
    struct session_change change;
    assert_false(session_track_next(r, &change));
    assert_int_equal(r->malformed, malformed);
}

static void test_every_type_is_read(void **state)
{
    (void)state;
    struct session_track_reader r = session_track_over(
        hex(AUTOCOMMIT SCHEMA STATE_CHANGE GTIDS CHARACTERS TRANSACTION "2a 02 6162"));
    assert_change(&r, SESSION_TRACK_SYSTEM_VARIABLE, "autocommit", "ON");
    assert_change(&r, SESSION_TRACK_SCHEMA, "", "mysql");
    assert_change(&r, SESSION_TRACK_STATE_CHANGE, "", "1");
    assert_change(&r, SESSION_TRACK_GTIDS, "", "a:1");
    assert_change(&r, SESSION_TRACK_TRANSACTION_CHARACTERISTICS, "", "X");
    assert_change(&r, SESSION_TRACK_TRANSACTION_STATE, "", "T_R___S_");
    assert_change(&r, SESSION_TRACK_OTHER, "", "ab");
    assert_end(&r, false);
}

static void test_several_variables_of_one_block_are_several_changes(void **state)
{
    (void)state;
    struct session_track_reader r = session_track_over(hex("00 00 " TWO_VARIABLES SCHEMA));
    assert_change(&r, SESSION_TRACK_SYSTEM_VARIABLE, "autocommit", "ON");
    assert_change(&r, SESSION_TRACK_SYSTEM_VARIABLE, "wait_timeout", "77");
    assert_change(&r, SESSION_TRACK_SCHEMA, "", "mysql");
    assert_end(&r, false);
}

static void test_no_trackers_are_no_changes(void **state)
{
    (void)state;
    struct session_track_reader r = session_track_over(bytes_of(NULL, 0));
    assert_end(&r, false);
}

static void test_malformed_blocks_are_told_from_the_end(void **state)
{
    (void)state;
    const char *const bad[] = {"01",    "01 05 6d",    "01 02 05 6d",       "01 03 01 6d 00",
                               "03 00", "00 02 0a 61", "00 04 01 61 05 61", "05 00"};
    for (size_t i = 0; i < countof(bad); i++) {
        struct session_track_reader r = session_track_over(hex(bad[i]));
        assert_end(&r, true);
        assert_end(&r, true);
    }
}

/* Reads to the end; the filter must cope with the same bytes. */
static bool reads_to_the_end(struct bytes in)
{
    uint8_t memory[256];
    struct session_track_filter filter = SESSION_TRACK_FILTER_DEFAULT;
    struct writer w = writer_over(memory, sizeof(memory));
    session_track_filter(in, &filter, &w);
    assert_true(w.size <= in.size);
    struct session_track_reader r = session_track_over(in);
    struct session_change change;
    while (session_track_next(&r, &change))
        assert_true(change.value.size <= in.size);
    return !r.malformed;
}

static void test_a_cut_is_malformed_but_between_blocks(void **state)
{
    (void)state;
    assert_int_equal(
        decode_prefixes(hex(TWO_VARIABLES SCHEMA STATE_CHANGE GTIDS), reads_to_the_end), 4);
}

static void assert_filtered(const struct session_track_filter *filter, const char *in,
                            const char *out)
{
    uint8_t memory[256];
    struct writer w = writer_over(memory, sizeof(memory));
    writer_u8(&w, 'x');
    session_track_filter(hex(in), filter, &w);
    assert_false(w.overflow);
    assert_true(bytes_equal(bytes_of(memory + 1, w.size - 1), hex(out)));
}

static void test_by_default_a_client_sees_schema_and_default_variables(void **state)
{
    (void)state;
    struct session_track_filter filter = SESSION_TRACK_FILTER_DEFAULT;
    assert_filtered(&filter,
                    WAIT_TIMEOUT AUTOCOMMIT STATE_CHANGE GTIDS SCHEMA CHARACTERS TRANSACTION,
                    AUTOCOMMIT SCHEMA);
    assert_filtered(&filter, TWO_VARIABLES STATE_CHANGE, AUTOCOMMIT);
    assert_filtered(&filter, WAIT_TIMEOUT STATE_CHANGE, "");
}

static void test_a_filter_lets_pass_what_it_names(void **state)
{
    (void)state;
    struct session_track_filter filter = {.state_change = true};
    assert_filtered(&filter, AUTOCOMMIT SCHEMA STATE_CHANGE, STATE_CHANGE);
    filter = (struct session_track_filter){.all_variables = true};
    assert_filtered(&filter, TWO_VARIABLES SCHEMA STATE_CHANGE, TWO_VARIABLES);
    filter = (struct session_track_filter){.everything = true};
    assert_filtered(&filter, TWO_VARIABLES SCHEMA STATE_CHANGE GTIDS "2a 02 6162",
                    TWO_VARIABLES SCHEMA STATE_CHANGE GTIDS "2a 02 6162");
    filter = (struct session_track_filter){0};
    assert_filtered(&filter, TWO_VARIABLES SCHEMA STATE_CHANGE GTIDS, "");
}

static void test_a_client_sees_what_its_own_list_names(void **state)
{
    (void)state;
    static const char *const with_autocommit[] = {"autocommit", "x, AutoCommit ",
                                                  "Time_Zone,autocommit", "autocommit,,y"};
    static const char *const without[] = {
        "", "?", " , ", "auto", "autocommits,autocommi", "x.autocommit"};
    struct session_track_filter filter = {.schema = true, .default_variables = true};
    for (size_t i = 0; i < sizeof(with_autocommit) / sizeof(with_autocommit[0]); i++) {
        filter.own_variables = with_autocommit[i];
        assert_filtered(&filter, TWO_VARIABLES SCHEMA STATE_CHANGE, AUTOCOMMIT SCHEMA);
    }
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        filter.own_variables = without[i];
        assert_filtered(&filter, TWO_VARIABLES SCHEMA STATE_CHANGE, SCHEMA);
    }
    filter.own_variables = "y,*";
    assert_filtered(&filter, TWO_VARIABLES SCHEMA, TWO_VARIABLES SCHEMA);
}

/* A block whose length takes three bytes may shrink to one. */
static void test_a_long_block_shrinks(void **state)
{
    (void)state;
    uint8_t block[600], kept[600];
    struct writer w = writer_over(block, sizeof(block));
    writer_bytes(&w, "\x00\xfc\x0b\x01\x01y\xfa", 7);
    writer_zeros(&w, 250);
    writer_bytes(&w,
                 "\x0a"
                 "autocommit"
                 "\x02"
                 "ON",
                 14);
    struct session_track_filter filter = SESSION_TRACK_FILTER_DEFAULT;
    struct writer out = writer_over(kept, sizeof(kept));
    session_track_filter(writer_written(&w), &filter, &out);
    assert_true(bytes_equal(writer_written(&out), hex(AUTOCOMMIT)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_read),
        cmocka_unit_test(test_several_variables_of_one_block_are_several_changes),
        cmocka_unit_test(test_no_trackers_are_no_changes),
        cmocka_unit_test(test_malformed_blocks_are_told_from_the_end),
        cmocka_unit_test(test_a_cut_is_malformed_but_between_blocks),
        cmocka_unit_test(test_by_default_a_client_sees_schema_and_default_variables),
        cmocka_unit_test(test_a_filter_lets_pass_what_it_names),
        cmocka_unit_test(test_a_client_sees_what_its_own_list_names),
        cmocka_unit_test(test_a_long_block_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
