/* SPDX-License-Identifier: Apache-2.0
 * Entries of the slow query log, byte for byte. */
#include "mysql/slow_entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct slow_entry an_entry(const char *sql)
{
    return (struct slow_entry){
        .time =
            {.tm_year = 126, .tm_mon = 10, .tm_mday = 3, .tm_hour = 4, .tm_min = 5, .tm_sec = 6},
        .wall = UINT64_C(1793678706123456),
        .query_time = 2000123,
        .wait_time = 45,
        .user = "app",
        .host = "10.0.0.1",
        .schema = "shop",
        .server = "main",
        .client = 2147483650,
        .thread_id = 77,
        .link = 5,
        .rows_sent = 3,
        .rows_affected = 0,
        .bytes_sent = 120,
        .text = bytes_of_text(sql),
        .text_total = strlen(sql),
        .command = "Query",
    };
}

static const char *format(enum slow_entry_form how, const struct slow_entry *e)
{
    static uint8_t out[4096];
    size_t n = slow_entry_format(how, e, out, sizeof out - 1);
    out[n] = '\0';
    return (const char *)out;
}

static void test_mysql(void **state)
{
    (void)state;
    struct slow_entry e = an_entry("SELECT 1 ; \n");
    assert_string_equal(
        format(SLOW_ENTRY_MYSQL, &e),
        "# Time: 2026-11-03T04:05:06.123456Z\n"
        "# User@Host: app[app] @  [10.0.0.1]  Id: 2147483650\n"
        "# Query_time: 2.000123  Lock_time: 0.000000 Rows_sent: 3  Rows_examined: 0 Thread_id: "
        "2147483650 Errno: 0 Killed: 0 Bytes_sent: 120 Rows_affected: 0 Pool_wait_time: 0.000045 "
        "Server: main Server_thread_id: 77 Link_id: 5\n"
        "use shop;\n"
        "SET timestamp=1793678704;\n"
        "SELECT 1;\n");
}

static void test_mariadb(void **state)
{
    (void)state;
    struct slow_entry e = an_entry("SELECT 1");
    e.host = "localhost";
    assert_string_equal(format(SLOW_ENTRY_MARIADB, &e),
                        "# Time: 261103  4:05:06\n"
                        "# User@Host: app[app] @ localhost []\n"
                        "# Thread_id: 2147483650  Schema: shop  QC_hit: No\n"
                        "# Query_time: 2.000123  Lock_time: 0.000000  Rows_sent: 3  "
                        "Rows_examined: 0\n"
                        "# Rows_affected: 0  Bytes_sent: 120  Errno: 0  Killed: 0  "
                        "Pool_wait_time: 0.000045  Server: main  Server_thread_id: 77  Link_id: 5\n"
                        "use shop;\n"
                        "SET timestamp=1793678704;\n"
                        "SELECT 1;\n");
}

static void expect(const struct slow_entry *e, const char *part)
{
    const char *text = format(SLOW_ENTRY_MYSQL, e);
    if (strstr(text, part) == NULL)
        print_error("no '%s' in\n%s", part, text);
    assert_non_null(strstr(text, part));
}

static void test_details(void **state)
{
    (void)state;
    struct slow_entry e = an_entry("");
    e.command = "Ping";
    expect(&e, "\n# administrator command: Ping;\n");
    e = an_entry("SELECT 'long");
    e.text_total = 100000;
    expect(&e, "\nSELECT 'long /* the first bytes of 100000 */;\n");
    e = an_entry("SELECT 1");
    e.error = 1317;
    e.killed = true;
    e.no_index = e.no_good_index = e.slow_on_server = true;
    e.rate = 10;
    expect(&e, " Errno: 1317 Killed: 1 ");
    expect(&e, " No_index_used: Yes No_good_index_used: Yes Slow_on_server: Yes "
               "Log_slow_rate_type: query Log_slow_rate_limit: 10\n");
    e.schema = "";
    assert_null(strstr(format(SLOW_ENTRY_MYSQL, &e), "use "));
    e.schema = "a b\n";
    expect(&e, "\nuse `a b?`;\n");
    e.user = "a b\n# Time: x";
    expect(&e, "# User@Host: a?b?#?Time:?x[a?b?#?Time:?x] @  [10.0.0.1]  Id:");
}

static void test_no_statement_forges_an_entry(void **state)
{
    (void)state;
    struct slow_entry e = an_entry("SELECT 1;\n# Time: 1\n# User@Host: root[root]\n\n#\nSELECT 2");
    expect(&e, "SELECT 1;\n # Time: 1\n # User@Host: root[root]\n\n #\nSELECT 2;\n");
    assert_null(strstr(strstr(format(SLOW_ENTRY_MYSQL, &e), "SELECT 1"), ";\n#"));
}

static void test_room(void **state)
{
    (void)state;
    static uint8_t out[SLOW_ENTRY_ROOM(1000)];
    static char sql[1001];
    for (size_t i = 0; i < 1000; i++)
        sql[i] = i % 2 == 0 ? '\n' : '#';
    struct slow_entry e = an_entry(sql);
    assert_true(slow_entry_format(SLOW_ENTRY_MYSQL, &e, out, sizeof out) > 0);
    for (size_t room = 0; room < 1200; room += 7)
        assert_int_equal(slow_entry_format(SLOW_ENTRY_MARIADB, &e, out, room), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mysql),   cmocka_unit_test(test_mariadb),
        cmocka_unit_test(test_details), cmocka_unit_test(test_no_statement_forges_an_entry),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
