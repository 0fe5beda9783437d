/* SPDX-License-Identifier: Apache-2.0
 * Which capabilities are offered, asked for, and part of a dialect. */
#include "mysql/capabilities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARIADB_10_11 UINT64_C(0x1d81fff7fe)
#define MYSQL_9       UINT64_C(0xdfffffff)

static void test_a_mariadb_is_offered_as_a_mariadb(void **state)
{
    (void)state;
    capabilities_t offer = capabilities_offer(MARIADB_10_11);
    assert_false(offer & CAP(LONG_PASSWORD));
    assert_true(offer & CAP(MARIADB_STMT_BULK));
    assert_true(offer & CAP(MARIADB_EXTENDED_METADATA));
    assert_false(offer & CAP(MARIADB_CACHE_METADATA));
    assert_true(offer & CAP(MARIADB_PROGRESS));
    assert_false(offer & (CAP(MARIADB_BULK_UNIT_RESULTS) | CAP(QUERY_ATTRIBUTES)));
    assert_true(capabilities_offer(MARIADB_10_11 | CAP(MARIADB_BULK_UNIT_RESULTS)) &
                CAP(MARIADB_BULK_UNIT_RESULTS));
}

static void test_a_mysql_is_offered_without_mariadb_bits(void **state)
{
    (void)state;
    capabilities_t offer = capabilities_offer(MYSQL_9);
    assert_true(offer & CAP(LONG_PASSWORD));
    assert_false(offer & CAP_MARIADB_BITS);
    assert_true(offer & CAP(QUERY_ATTRIBUTES));
    assert_true(offer & CAP(OPTIONAL_METADATA));
}

static void test_what_weir_cannot_do_is_never_offered(void **state)
{
    (void)state;
    capabilities_t offer = capabilities_offer(~UINT64_C(0));
    assert_false(offer & (CAP(COMPRESS) | CAP(ZSTD) | CAP(SSL) | CAP(MULTI_FACTOR_AUTH) |
                          CAP(PROGRESS_OLD) | CAP(MARIADB_CACHE_METADATA)));
    assert_int_equal(offer & CAP_REQUIRED_OF_CLIENTS, CAP_REQUIRED_OF_CLIENTS);
}

static void test_a_dialect_bit_is_offered_only_if_the_server_has_it(void **state)
{
    (void)state;
    capabilities_t server = MARIADB_10_11 & ~CAP(LOCAL_FILES);
    assert_false(capabilities_offer(server) & CAP(LOCAL_FILES));
    assert_true(capabilities_offer(server) & CAP(FOUND_ROWS));
}

static void test_translated_bits_are_offered_to_every_client(void **state)
{
    (void)state;
    capabilities_t offer = capabilities_offer(0);
    assert_true(offer & CAP(DEPRECATE_EOF));
    assert_true(offer & CAP(SESSION_TRACK));
    assert_true(offer & CAP(MULTI_STATEMENTS));
}

static void test_a_server_is_asked_for_what_links_need(void **state)
{
    (void)state;
    capabilities_t ask = capabilities_ask(MARIADB_10_11, 0);
    assert_int_equal(ask & CAP_REQUIRED_OF_SERVERS, CAP_REQUIRED_OF_SERVERS);
    assert_false(ask & CAP(FOUND_ROWS));
    assert_false(ask & CAP(CONNECT_WITH_DB));
    assert_false(ask & CAP(LONG_PASSWORD));
    assert_false(ask & ~MARIADB_10_11);
}

static void test_a_pool_asks_for_its_dialect(void **state)
{
    (void)state;
    capabilities_t dialect = CAP(FOUND_ROWS) | CAP(MARIADB_EXTENDED_METADATA);
    assert_int_equal(capabilities_ask(MARIADB_10_11, dialect) & dialect, dialect);
    assert_int_equal(capabilities_ask(MYSQL_9, dialect) & dialect, CAP(FOUND_ROWS));
}

static void test_several_statements_imply_several_results(void **state)
{
    (void)state;
    capabilities_t results = CAP(MULTI_RESULTS) | CAP(LOCAL_FILES);
    assert_int_equal(capabilities_dialect(CAP(MULTI_STATEMENTS)), results);
    assert_int_equal(capabilities_dialect(CAP(MULTI_STATEMENTS) | CAP(MULTI_RESULTS)), results);
}

static void test_a_dialect_has_no_other_bits(void **state)
{
    (void)state;
    capabilities_t all = ~UINT64_C(0);
    assert_int_equal(capabilities_dialect(all),
                     CAP(FOUND_ROWS) | CAP(NO_SCHEMA) | CAP(LOCAL_FILES) | CAP(MULTI_RESULTS) |
                         CAP(PS_MULTI_RESULTS) | CAP(MARIADB_EXTENDED_METADATA) |
                         CAP(OPTIONAL_METADATA) | CAP(QUERY_ATTRIBUTES) | CAP(MARIADB_PROGRESS) |
                         CAP(MARIADB_BULK_UNIT_RESULTS));
    assert_int_equal(capabilities_dialect(CAP(FOUND_ROWS) | CAP(ODBC)),
                     CAP(FOUND_ROWS) | CAP(LOCAL_FILES));
}

static void test_bits_have_names(void **state)
{
    (void)state;
    assert_string_equal(capability_name(1), "FOUND_ROWS");
    assert_string_equal(capability_name(37), "MARIADB_BULK_UNIT_RESULTS");
    assert_null(capability_name(63));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mariadb_is_offered_as_a_mariadb),
        cmocka_unit_test(test_a_mysql_is_offered_without_mariadb_bits),
        cmocka_unit_test(test_what_weir_cannot_do_is_never_offered),
        cmocka_unit_test(test_a_dialect_bit_is_offered_only_if_the_server_has_it),
        cmocka_unit_test(test_translated_bits_are_offered_to_every_client),
        cmocka_unit_test(test_a_server_is_asked_for_what_links_need),
        cmocka_unit_test(test_a_pool_asks_for_its_dialect),
        cmocka_unit_test(test_several_statements_imply_several_results),
        cmocka_unit_test(test_a_dialect_has_no_other_bits),
        cmocka_unit_test(test_bits_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
