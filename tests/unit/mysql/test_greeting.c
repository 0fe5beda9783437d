/* SPDX-License-Identifier: Apache-2.0
 * The greeting, read and written. */
#include "mysql/greeting.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The greeting of a MariaDB 10.11, without the frame's header. */
#define MARIADB                                                                                    \
    "0a 352e352e352d31302e31312e31392d4d617269614442 00 2a000000 0102030405060708 00 fef7 2d "     \
    "0200 ff81 15 000000000000 1d000000 090a0b0c0d0e0f1011121314 00 "                              \
    "6d7973716c5f6e61746976655f70617373776f7264 00"
#define MYSQL                                                                                      \
    "0a 392e372e34 00 2a000000 0102030405060708 00 ffff ff 0200 ffdf 15 00000000000000000000 "     \
    "090a0b0c0d0e0f1011121314 00 63616368696e675f736861325f70617373776f7264 00"

static struct bytes payload_of(const struct writer *w)
{
    return bytes_of(w->data + FRAME_HEADER_SIZE, w->size - FRAME_HEADER_SIZE);
}

static void test_a_mariadb_greeting_is_read(void **state)
{
    (void)state;
    struct greeting g;
    assert_true(greeting_decode(hex(MARIADB), &g));
    assert_true(bytes_equal_text(g.server_version, "5.5.5-10.11.19-MariaDB"));
    assert_int_equal(g.thread_id, 42);
    assert_true(g.capabilities == UINT64_C(0x1d81fff7fe));
    assert_int_equal(g.collation, 45);
    assert_int_equal(g.status, 2);
    for (uint8_t i = 0; i < SCRAMBLE_SIZE; i++)
        assert_int_equal(g.scramble[i], i + 1);
    assert_true(bytes_equal_text(g.auth_method, "mysql_native_password"));
    assert_true(greeting_is_mariadb(&g));
}

static void test_a_mysql_greeting_is_read(void **state)
{
    (void)state;
    struct greeting g;
    assert_true(greeting_decode(hex(MYSQL), &g));
    assert_true(g.capabilities == UINT64_C(0xdfffffff));
    assert_int_equal(g.collation, 255);
    assert_true(bytes_equal_text(g.auth_method, "caching_sha2_password"));
    assert_false(greeting_is_mariadb(&g));
}

static void test_what_is_written_is_what_the_server_wrote(void **state)
{
    (void)state;
    const char *const greetings[] = {MARIADB, MYSQL};
    for (size_t i = 0; i < countof(greetings); i++) {
        struct greeting g;
        uint8_t memory[256];
        struct writer w = writer_over(memory, sizeof(memory));
        assert_true(greeting_decode(hex(greetings[i]), &g));
        greeting_encode(&w, &g);
        assert_int_equal(memory[3], 0);
        assert_true(bytes_equal(payload_of(&w), hex(greetings[i])));
    }
}

static void test_a_greeting_may_name_no_method(void **state)
{
    (void)state;
    struct greeting g, read;
    assert_true(greeting_decode(hex(MYSQL), &g));
    g.capabilities &= ~CAP(PLUGIN_AUTH);
    g.auth_method = bytes_of(NULL, 0);
    uint8_t memory[256];
    struct writer w = writer_over(memory, sizeof(memory));
    greeting_encode(&w, &g);
    assert_true(greeting_decode(payload_of(&w), &read));
    assert_int_equal(read.auth_method.size, 0);
    assert_memory_equal(read.scramble, g.scramble, SCRAMBLE_SIZE);
}

/* MySQL leaves the bytes empty that MariaDB uses; should it ever use them, not for those bits. */
static void test_a_mysql_has_no_mariadb_bits(void **state)
{
    (void)state;
    uint8_t copy[256];
    struct bytes payload = hex(MYSQL);
    memcpy(copy, payload.data, payload.size);
    memset(copy + 1 + 6 + 4 + 9 + 7 + 1 + 6, 0xff, 4);
    struct greeting g;
    assert_true(greeting_decode(bytes_of(copy, payload.size), &g));
    assert_true(g.capabilities == UINT64_C(0xdfffffff));
    assert_true(bytes_equal_text(g.auth_method, "caching_sha2_password"));
}

static void test_a_method_may_be_named_without_the_scrambles_length(void **state)
{
    (void)state;
    uint8_t copy[256];
    struct bytes payload = hex(MYSQL);
    memcpy(copy, payload.data, payload.size);
    copy[1 + 6 + 4 + 9 + 7] = 0;
    struct greeting g;
    assert_true(greeting_decode(bytes_of(copy, payload.size), &g));
    assert_true(bytes_equal_text(g.auth_method, "caching_sha2_password"));
}

static void test_a_mariadb_by_its_name_alone_is_one(void **state)
{
    (void)state;
    struct greeting g = {.server_version = bytes_of_text("11.4.2-MariaDB"),
                         .capabilities = CAP(LONG_PASSWORD)};
    assert_true(greeting_is_mariadb(&g));
    g.server_version = bytes_of_text("8.0.39-MariaD");
    assert_false(greeting_is_mariadb(&g));
}

static bool decodes(struct bytes in)
{
    struct greeting g;
    return greeting_decode(in, &g);
}

static void test_a_cut_greeting_is_refused(void **state)
{
    (void)state;
    /* From the scramble's end on, only the name is cut, which some servers do not end. */
    size_t name = sizeof("mysql_native_password");
    assert_int_equal(decode_prefixes(hex(MARIADB), decodes), name);
}

static void test_other_protocols_are_refused(void **state)
{
    (void)state;
    uint8_t copy[256];
    struct bytes g = hex(MARIADB);
    memcpy(copy, g.data, g.size);
    copy[0] = 9;
    assert_false(decodes(bytes_of(copy, g.size)));
    memcpy(copy, g.data, g.size);
    size_t capabilities_at = 1 + 23 + 4 + 8 + 1;
    copy[capabilities_at + 1] &= 0x7f; /* SECURE_CONNECTION */
    assert_false(decodes(bytes_of(copy, g.size)));
    memcpy(copy, g.data, g.size);
    copy[capabilities_at + 1] &= 0xfd; /* PROTOCOL_41 */
    assert_false(decodes(bytes_of(copy, g.size)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mariadb_greeting_is_read),
        cmocka_unit_test(test_a_mysql_greeting_is_read),
        cmocka_unit_test(test_what_is_written_is_what_the_server_wrote),
        cmocka_unit_test(test_a_greeting_may_name_no_method),
        cmocka_unit_test(test_a_mysql_has_no_mariadb_bits),
        cmocka_unit_test(test_a_method_may_be_named_without_the_scrambles_length),
        cmocka_unit_test(test_a_mariadb_by_its_name_alone_is_one),
        cmocka_unit_test(test_a_cut_greeting_is_refused),
        cmocka_unit_test(test_other_protocols_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
