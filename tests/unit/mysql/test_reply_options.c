/* SPDX-License-Identifier: Apache-2.0
 * Replies in rarer dialects: progress reports in between, definitions that are left out. Fed whole
 * and cut everywhere. */
#include "mysql/reply.h"

#include "reply_builder.h"

#define REPORT "ffffff 01 01 02 1a0200 11 636f707920746f20746d70207461626c65"

/* The same output and summary however the reply arrives. Inserted EOFs whose status was not known
 * yet are blanked. */
static void assert_all_ways(struct driver_input *in, struct driver_input *wanted,
                            const struct reply_summary *summary)
{
    struct driver_bytes expected = wanted->bytes;
    driver_blank_eof_status(&expected);
    for (size_t cut = 0; cut <= in->bytes.size; cut++) {
        for (int eager = 0; eager < 2; eager++) {
            struct driver_schedule schedule = {
                .cut = cut, .piece = cut == 1 ? 1 : 0, .capacity = 512, .eager = eager != 0};
            struct driver_result result = drive(in, &schedule);
            assert_int_equal(result.verdict, REPLY_ENDED);
            assert_int_equal(result.summary.error, summary->error);
            assert_int_equal(result.summary.parts, summary->parts);
            assert_int_equal(result.summary.rows, summary->rows);
            assert_int_equal(result.summary.columns, summary->columns);
            driver_blank_eof_status(&result.output);
            if (!bytes_equal(driver_view(&result.output), driver_view(&expected))) {
                driver_print("wanted", driver_view(&expected));
                driver_print("got", driver_view(&result.output));
                fail();
            }
            driver_free(&result);
        }
    }
    free(in->bytes.data);
    free(wanted->bytes.data);
}

static void test_reports_before_an_ok(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        struct driver_input in = old ? old_client(COMMAND_QUERY) : new_client(COMMAND_QUERY);
        struct driver_input wanted = {0};
        in.dialect.progress = true;
        for (uint8_t i = 1; i < 4; i++) {
            add(&in, i, REPORT);
            add(&wanted, i, REPORT);
        }
        add(&in, 4, OK_PAYLOAD);
        add(&wanted, 4, OK_PAYLOAD);
        assert_all_ways(&in, &wanted, &(struct reply_summary){.parts = 1});
    }
}

static void test_reports_among_rows_of_an_old_client(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    in.dialect.progress = true;
    const char *const sent[] = {REPORT, "01", DEFINITION, REPORT, "0131", REPORT, END_PAYLOAD};
    const char *const seen[] = {REPORT, "01",   DEFINITION, "fe00000200",
                                REPORT, "0131", REPORT,     "fe00000200"};
    for (size_t i = 0; i < countof(sent); i++)
        add(&in, (uint8_t)(i + 1), sent[i]);
    for (size_t i = 0; i < countof(seen); i++)
        add(&wanted, (uint8_t)(i + 1), seen[i]);
    assert_all_ways(&in, &wanted, &(struct reply_summary){.parts = 1, .rows = 1, .columns = 1});
}

static void test_an_error_behind_a_report_is_one(void **state)
{
    (void)state;
    struct driver_input in = old_client(COMMAND_QUERY), wanted = {0};
    in.dialect.progress = true;
    add(&in, 1, REPORT);
    add(&in, 2, "ff1504 6162");
    add(&wanted, 1, REPORT);
    add(&wanted, 2, "ff1504 6162");
    assert_all_ways(&in, &wanted, &(struct reply_summary){.parts = 1, .error = true});
}

/* As MySQL 9 sends them, to clients with DEPRECATE_EOF (as links have it) and without. */
static void test_result_sets_that_say_what_follows(void **state)
{
    (void)state;
    for (int defined = 0; defined < 2; defined++) {
        for (int old = 0; old < 2; old++) {
            struct driver_input in = old ? old_client(COMMAND_QUERY) : new_client(COMMAND_QUERY);
            struct driver_input wanted = {0};
            in.dialect.optional_metadata = true;
            uint8_t from = 1, to = 1;
            add(&in, from++, defined ? "0101" : "0100");
            add(&wanted, to++, defined ? "0101" : "0100");
            if (defined) {
                add(&in, from++, DEFINITION);
                add(&wanted, to++, DEFINITION);
            }
            if (old)
                add(&wanted, to++, "fe00000200");
            add(&in, from++, "0131");
            add(&wanted, to++, "0131");
            add(&in, from++, END_PAYLOAD);
            add(&wanted, to++, old ? "fe00000200" : END_PAYLOAD);
            assert_all_ways(&in, &wanted,
                            &(struct reply_summary){.parts = 1, .rows = 1, .columns = 1});
        }
    }
}

/* Without definitions, the EOFs behind each block of them stay. */
static void test_prepared_statements_that_say_what_follows(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        struct driver_input in =
            old ? old_client(COMMAND_STMT_PREPARE) : new_client(COMMAND_STMT_PREPARE);
        struct driver_input wanted = {0};
        in.dialect.optional_metadata = true;
        add(&in, 1, "00 02000000 0200 0100 00 0000 00");
        add(&wanted, 1, "00 02000000 0200 0100 00 0000 00");
        if (old) {
            add(&wanted, 2, "fe00000200");
            add(&wanted, 3, "fe00000200");
        }
        assert_all_ways(&in, &wanted, &(struct reply_summary){.parts = 1});

        in = old ? old_client(COMMAND_STMT_PREPARE) : new_client(COMMAND_STMT_PREPARE);
        wanted = (struct driver_input){0};
        in.dialect.optional_metadata = true;
        uint8_t to = 1;
        add(&in, 1, "00 02000000 0100 0100 00 0000 01");
        add(&wanted, to++, "00 02000000 0100 0100 00 0000 01");
        for (uint8_t i = 2; i < 4; i++) {
            add(&in, i, DEFINITION);
            add(&wanted, to++, DEFINITION);
            if (old)
                add(&wanted, to++, "fe00000200");
        }
        assert_all_ways(&in, &wanted, &(struct reply_summary){.parts = 1});
    }
}

static void test_what_follows_must_be_said_and_only_then(void **state)
{
    (void)state;
    const char *const firsts[] = {"01", "0102", "010101", "0101"};
    for (size_t i = 0; i < countof(firsts); i++) {
        struct driver_input in = new_client(COMMAND_QUERY);
        in.dialect.optional_metadata = i < 3;
        add(&in, 1, firsts[i]);
        struct driver_result result = drive(&in, &whole);
        assert_int_equal(result.verdict, REPLY_BROKEN);
        driver_free(&result);
        free(in.bytes.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_before_an_ok),
        cmocka_unit_test(test_reports_among_rows_of_an_old_client),
        cmocka_unit_test(test_an_error_behind_a_report_is_one),
        cmocka_unit_test(test_result_sets_that_say_what_follows),
        cmocka_unit_test(test_prepared_statements_that_say_what_follows),
        cmocka_unit_test(test_what_follows_must_be_said_and_only_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
