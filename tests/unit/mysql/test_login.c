/* SPDX-License-Identifier: Apache-2.0
 * Logins and COM_CHANGE_USER, read and written. */
#include "mysql/login.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALL_FIELDS                                                                                 \
    (CAP(PROTOCOL_41) | CAP(SECURE_CONNECTION) | CAP(CONNECT_WITH_DB) | CAP(PLUGIN_AUTH) |         \
     CAP(PLUGIN_AUTH_LENENC) | CAP(CONNECT_ATTRS))
#define EVERYTHING UINT64_MAX

static struct login full_login(void)
{
    static uint8_t response[300];
    return (struct login){
        .capabilities = ALL_FIELDS | CAP(LONG_PASSWORD),
        .packet_size_max = 0x1000000,
        .collation = 45,
        .collation_wide = 45,
        .user = bytes_of_text("app"),
        .auth_response = bytes_of(response, sizeof(response)),
        .schema = bytes_of_text("shop"),
        .auth_method = bytes_of_text("mysql_native_password"),
        .attributes = hex("03 5f6f73 05 4c696e7578 01 61 00"),
    };
}

static struct bytes encoded(const struct login *l)
{
    static uint8_t memory[1024];
    struct writer w = writer_over(memory, sizeof(memory));
    login_encode(&w, 1, l);
    assert_false(w.overflow);
    assert_int_equal(memory[3], 1);
    return bytes_of(memory + FRAME_HEADER_SIZE, w.size - FRAME_HEADER_SIZE);
}

static void assert_same(const struct login *a, const struct login *b)
{
    assert_true(a->capabilities == b->capabilities);
    assert_int_equal(a->packet_size_max, b->packet_size_max);
    assert_int_equal(a->collation, b->collation);
    assert_int_equal(a->collation_wide, b->collation_wide);
    assert_true(bytes_equal(a->user, b->user));
    assert_true(bytes_equal(a->auth_response, b->auth_response));
    assert_true(bytes_equal(a->schema, b->schema));
    assert_true(bytes_equal(a->auth_method, b->auth_method));
    assert_true(bytes_equal(a->attributes, b->attributes));
}

static void test_every_field_of_a_login_survives(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    assert_true(login_decode(encoded(&l), EVERYTHING, &read));
    assert_same(&l, &read);
}

/* Behind everything else, and not at all from a client that says nothing of it. */
static void test_the_level_of_zstd_comes_last(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    l.capabilities |= CAP(ZSTD);
    l.zstd_level = 7;
    struct bytes packet = encoded(&l);
    assert_true(login_decode(packet, EVERYTHING, &read));
    assert_same(&l, &read);
    assert_int_equal(read.zstd_level, 7);
    assert_true(login_decode(packet, EVERYTHING & ~CAP(ZSTD), &read));
    assert_int_equal(read.zstd_level, 0);
    packet.size--;
    assert_true(login_decode(packet, EVERYTHING, &read));
    assert_int_equal(read.zstd_level, 0);
}

static void test_fields_follow_the_capabilities(void **state)
{
    (void)state;
    const capabilities_t without[] = {CAP(CONNECT_WITH_DB), CAP(PLUGIN_AUTH), CAP(CONNECT_ATTRS),
                                      CAP(PLUGIN_AUTH_LENENC)};
    for (unsigned set = 0; set < 16; set++) {
        struct login l = full_login(), read;
        l.auth_response.size = 20;
        for (unsigned i = 0; i < 4; i++)
            l.capabilities &= (set >> i & 1) != 0 ? ~without[i] : EVERYTHING;
        if ((l.capabilities & CAP(CONNECT_WITH_DB)) == 0)
            l.schema.size = 0;
        if ((l.capabilities & CAP(PLUGIN_AUTH)) == 0)
            l.auth_method.size = 0;
        if ((l.capabilities & CAP(CONNECT_ATTRS)) == 0)
            l.attributes.size = 0;
        assert_true(login_decode(encoded(&l), EVERYTHING, &read));
        assert_same(&l, &read);
    }
}

static void test_mariadb_bits_travel_without_the_first_bit(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    l.capabilities |= CAP(MARIADB_STMT_BULK) | CAP(MARIADB_EXTENDED_METADATA);
    assert_true(login_decode(encoded(&l), EVERYTHING, &read));
    l.capabilities &= ~CAP(LONG_PASSWORD);
    assert_same(&l, &read);
}

static void test_mysql_clients_have_no_mariadb_bits(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    struct bytes payload = encoded(&l);
    uint8_t copy[1024];
    memcpy(copy, payload.data, payload.size);
    memset(copy + 28, 0xff, 4);
    assert_true(login_decode(bytes_of(copy, payload.size), EVERYTHING, &read));
    assert_int_equal(read.capabilities & CAP_MARIADB_BITS, 0);
}

static void test_bits_that_were_not_offered_do_not_count(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    l.capabilities |= CAP(FOUND_ROWS) | CAP(QUERY_ATTRIBUTES) | CAP(MARIADB_CACHE_METADATA);
    assert_true(login_decode(encoded(&l), ALL_FIELDS | CAP(FOUND_ROWS), &read));
    assert_true(read.capabilities == (ALL_FIELDS | CAP(FOUND_ROWS)));
}

/* The login of node's mysql 2.18: no method, a one-byte length. */
static void test_a_client_that_knows_no_methods(void **state)
{
    (void)state;
    struct login read;
    struct bytes payload =
        hex("cff30600 00000000 21 00000000000000000000000000000000000000 00000000"
            "726f6f7400 02 0a0b 7465737400");
    assert_true(login_decode(payload, EVERYTHING, &read));
    assert_true(read.capabilities == 0x6f3cf);
    assert_true(bytes_equal_text(read.user, "root"));
    assert_true(bytes_equal(read.auth_response, hex("0a0b")));
    assert_true(bytes_equal_text(read.schema, "test"));
    assert_int_equal(read.auth_method.size, 0);
}

static void test_a_login_may_end_before_its_attributes(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    l.auth_response.size = 20;
    struct bytes whole = encoded(&l);
    size_t attributes = 1 + l.attributes.size;
    size_t method = l.auth_method.size + 1;
    assert_true(login_decode(bytes_of(whole.data, whole.size - attributes), EVERYTHING, &read));
    assert_int_equal(read.attributes.size, 0);
    /* As servers, which take neither a name without its NUL nor a missing one. */
    assert_false(
        login_decode(bytes_of(whole.data, whole.size - attributes - 1), EVERYTHING, &read));
    assert_false(
        login_decode(bytes_of(whole.data, whole.size - attributes - method), EVERYTHING, &read));
}

static bool decodes(struct bytes in)
{
    struct login l;
    return login_decode(in, EVERYTHING, &l);
}

static void test_a_cut_inside_a_field_is_refused(void **state)
{
    (void)state;
    struct login l = full_login();
    l.auth_response.size = 20;
    struct bytes whole = encoded(&l);
    /* Accepted: without the attributes. */
    assert_int_equal(decode_prefixes(whole, decodes), 1);
}

static void test_malformed_attributes_are_refused(void **state)
{
    (void)state;
    struct login l = full_login();
    l.attributes = hex("03 5f6f73 05 4c69");
    assert_false(decodes(encoded(&l)));
    l.attributes = hex("03 5f6f73");
    assert_false(decodes(encoded(&l)));
}

static void test_old_protocols_are_refused(void **state)
{
    (void)state;
    struct login l = full_login();
    l.capabilities &= ~CAP(PROTOCOL_41);
    assert_false(decodes(encoded(&l)));
    l = full_login();
    l.capabilities &= ~CAP(SECURE_CONNECTION);
    assert_false(decodes(encoded(&l)));
}

static void test_attributes_are_read_one_by_one(void **state)
{
    (void)state;
    struct login l = full_login();
    struct bytes rest = l.attributes, key, value;
    assert_true(login_next_attribute(&rest, &key, &value));
    assert_true(bytes_equal_text(key, "_os"));
    assert_true(bytes_equal_text(value, "Linux"));
    assert_true(login_next_attribute(&rest, &key, &value));
    assert_true(bytes_equal_text(key, "a"));
    assert_true(bytes_equal_text(value, ""));
    assert_false(login_next_attribute(&rest, &key, &value));
}

static struct bytes encoded_change(const struct login *l)
{
    static uint8_t memory[1024];
    struct writer w = writer_over(memory, sizeof(memory));
    change_user_encode(&w, l);
    assert_int_equal(memory[3], 0);
    return bytes_of(memory + FRAME_HEADER_SIZE, w.size - FRAME_HEADER_SIZE);
}

static void test_every_field_of_a_change_of_user_survives(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    l.packet_size_max = 0;
    l.auth_response.size = 20;
    l.collation_wide = 0x12d;
    l.collation = 0x2d;
    assert_true(change_user_decode(encoded_change(&l), l.capabilities, &read));
    assert_same(&l, &read);
    l.capabilities &= ~(CAP(CONNECT_ATTRS) | CAP(PLUGIN_AUTH));
    l.auth_method.size = 0;
    l.attributes.size = 0;
    assert_true(change_user_decode(encoded_change(&l), l.capabilities, &read));
    assert_same(&l, &read);
}

static bool change_decodes(struct bytes in)
{
    struct login l;
    return change_user_decode(in, ALL_FIELDS, &l);
}

static void test_a_change_of_user_may_end_after_its_schema(void **state)
{
    (void)state;
    struct login l = full_login(), read;
    l.auth_response.size = 20;
    struct bytes whole = encoded_change(&l);
    size_t tail = 2 + l.auth_method.size + 1 + 1 + l.attributes.size;
    struct bytes until_schema = bytes_of(whole.data, whole.size - tail);
    assert_false(change_decodes(until_schema)); /* the name of a method was agreed */
    capabilities_t fewer = ALL_FIELDS & ~CAP(PLUGIN_AUTH);
    assert_true(change_user_decode(until_schema, fewer, &read));
    assert_true(bytes_equal(read.schema, l.schema));
    assert_int_equal(read.collation_wide, 0);
    /* Accepted: without the attributes. */
    assert_int_equal(decode_prefixes(whole, change_decodes), 1);
    assert_false(change_decodes(hex("03 6100 00 00")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_of_a_login_survives),
        cmocka_unit_test(test_the_level_of_zstd_comes_last),
        cmocka_unit_test(test_fields_follow_the_capabilities),
        cmocka_unit_test(test_mariadb_bits_travel_without_the_first_bit),
        cmocka_unit_test(test_mysql_clients_have_no_mariadb_bits),
        cmocka_unit_test(test_bits_that_were_not_offered_do_not_count),
        cmocka_unit_test(test_a_client_that_knows_no_methods),
        cmocka_unit_test(test_a_login_may_end_before_its_attributes),
        cmocka_unit_test(test_a_cut_inside_a_field_is_refused),
        cmocka_unit_test(test_malformed_attributes_are_refused),
        cmocka_unit_test(test_old_protocols_are_refused),
        cmocka_unit_test(test_attributes_are_read_one_by_one),
        cmocka_unit_test(test_every_field_of_a_change_of_user_survives),
        cmocka_unit_test(test_a_change_of_user_may_end_after_its_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
