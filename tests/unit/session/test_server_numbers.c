/* SPDX-License-Identifier: Apache-2.0
 * Reading SHOW VARIABLES and SHOW STATUS. */
#include "session/server_numbers.h"

#include "mysql/frame.h"
#include "mysql/lenenc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct reply {
    uint8_t memory[4096];
    struct writer w;
    uint8_t sequence;
};

static void add(struct reply *r, const struct writer *payload)
{
    writer_uint(&r->w, 3, payload->size);
    writer_u8(&r->w, ++r->sequence);
    writer_view(&r->w, writer_written(payload));
}

static void add_cells(struct reply *r, const char *name, const char *value)
{
    uint8_t memory[256];
    struct writer p = writer_over(memory, sizeof memory);
    lenenc_write_text(&p, bytes_of_text(name));
    lenenc_write_text(&p, bytes_of_text(value));
    add(r, &p);
}

static void add_raw(struct reply *r, const char *bytes, size_t size)
{
    uint8_t memory[64];
    struct writer p = writer_over(memory, sizeof memory);
    writer_view(&p, bytes_of(bytes, size));
    add(r, &p);
}

static void begin(struct reply *r)
{
    r->w = writer_over(r->memory, sizeof r->memory);
    r->sequence = 0;
    add_raw(r, "\2", 1);
    add_raw(r, "definition", 10);
    add_raw(r, "definition", 10);
}

static struct bytes end(struct reply *r)
{
    add_raw(r, "\xfe\0\0\2\0\0\0", 7);
    assert_false(r->w.overflow);
    return writer_written(&r->w);
}

static void test_numbers_are_found_by_name(void **state)
{
    struct server_numbers n;
    struct reply r;
    (void)state;
    server_numbers_init(&n);
    begin(&r);
    add_cells(&r, "max_connections", "151");
    add_cells(&r, "Something_else", "7");
    add_cells(&r, "WAIT_TIMEOUT", "28800");
    add_cells(&r, "open_files_limit", "");
    assert_true(server_numbers_read(&n, end(&r)));
    assert_int_equal(n.max_connections, 151);
    assert_int_equal(n.wait_timeout, 28800);
    assert_true(n.open_files_limit == SERVER_NUMBER_UNKNOWN);
    begin(&r);
    add_cells(&r, "Threads_connected", "12");
    assert_true(server_numbers_read(&n, end(&r)));
    assert_int_equal(n.threads_connected, 12);
    assert_int_equal(n.max_connections, 151);
}

static void test_any_statement_about_accounts_changes_their_number(void **state)
{
    static const char *const counted[] = {"Com_grant", "Com_drop_user", "Com_set_password",
                                          "Com_revoke_role", "Com_flush"};
    struct server_numbers n;
    (void)state;
    server_numbers_init(&n);
    for (size_t i = 0; i < countof(counted); i++) {
        struct reply r;
        uint64_t before = server_numbers_account_changes(&n);
        begin(&r);
        add_cells(&r, "Com_select", "77");
        add_cells(&r, counted[i], "3");
        assert_true(server_numbers_read(&n, end(&r)));
        assert_int_equal(server_numbers_account_changes(&n), before + 3);
    }
}

static void test_what_is_no_such_reply_is_refused(void **state)
{
    struct server_numbers n;
    struct reply r;
    (void)state;
    server_numbers_init(&n);
    assert_false(server_numbers_read(&n, bytes_of(NULL, 0)));
    r.w = writer_over(r.memory, sizeof r.memory);
    r.sequence = 0;
    add_raw(&r, "\1", 1);
    add_raw(&r, "definition", 10);
    assert_false(server_numbers_read(&n, end(&r)));
}

static void test_each_is_asked_for_where_it_is(void **state)
{
    (void)state;
    assert_non_null(strstr(server_numbers_questions[0], "VARIABLES"));
    assert_non_null(strstr(server_numbers_questions[0], "'max_connections'"));
    assert_null(strstr(server_numbers_questions[0], "'Threads_connected'"));
    assert_non_null(strstr(server_numbers_questions[1], "'Threads_connected'"));
    assert_null(strstr(server_numbers_questions[1], "'wait_timeout'"));
}

static void test_what_was_refused_is_counted_in_two_ways(void **state)
{
    struct server_numbers n;
    (void)state;
    server_numbers_init(&n);
    assert_true(server_numbers_refused(&n, false) == SERVER_NUMBER_UNKNOWN);
    n.refused_full = 5;
    n.aborted_connects = 60;
    n.access_denied = 3;
    n.aborted_preauth = 2;
    assert_int_equal(server_numbers_refused(&n, false), 5);
    assert_int_equal(server_numbers_refused(&n, true), 55);
    n.aborted_connects = 4;
    assert_int_equal(server_numbers_refused(&n, true), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_found_by_name),
        cmocka_unit_test(test_any_statement_about_accounts_changes_their_number),
        cmocka_unit_test(test_what_is_no_such_reply_is_refused),
        cmocka_unit_test(test_each_is_asked_for_where_it_is),
        cmocka_unit_test(test_what_was_refused_is_counted_in_two_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
