/* SPDX-License-Identifier: Apache-2.0
 * Method switch and method data. */
#include "mysql/auth_packet.h"

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_kinds_follow_the_first_byte(void **state)
{
    (void)state;
    assert_int_equal(auth_packet_decode(hex("00000002000000")).kind, AUTH_PACKET_OK);
    assert_int_equal(auth_packet_decode(hex("ff1504")).kind, AUTH_PACKET_ERR);
    assert_int_equal(auth_packet_decode(hex("fe")).kind, AUTH_PACKET_OLD_SWITCH);
    assert_int_equal(auth_packet_decode(hex("0104")).kind, AUTH_PACKET_MORE);
    assert_int_equal(auth_packet_decode(hex("02")).kind, AUTH_PACKET_MORE);
    assert_int_equal(auth_packet_decode(hex("50 00")).kind, AUTH_PACKET_MORE); /* parsec */
    assert_int_equal(auth_packet_decode(hex("")).kind, AUTH_PACKET_MALFORMED);
}

static void test_a_switch_names_a_method_and_its_challenge(void **state)
{
    (void)state;
    struct bytes challenge = hex("0102030405060708090a0b0c0d0e0f1011121314");
    uint8_t memory[128];
    struct writer w = writer_over(memory, sizeof(memory));
    auth_switch_encode(&w, 2, "mysql_native_password", challenge);
    assert_int_equal(w.size, FRAME_HEADER_SIZE + 1 + 22 + 21);
    assert_int_equal(memory[w.size - 1], 0);
    struct auth_packet p =
        auth_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, w.size - FRAME_HEADER_SIZE));
    assert_int_equal(p.kind, AUTH_PACKET_SWITCH);
    assert_true(bytes_equal_text(p.method, "mysql_native_password"));
    assert_true(bytes_equal(p.data, challenge));
}

static void test_a_challenge_of_another_length_has_no_nul(void **state)
{
    (void)state;
    uint8_t challenge[32] = {0};
    uint8_t memory[128];
    struct writer w = writer_over(memory, sizeof(memory));
    auth_switch_encode(&w, 2, "client_ed25519", bytes_of(challenge, sizeof(challenge)));
    struct auth_packet p =
        auth_packet_decode(bytes_of(memory + FRAME_HEADER_SIZE, w.size - FRAME_HEADER_SIZE));
    assert_int_equal(p.data.size, 32);
}

static void test_a_switch_without_a_name_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(auth_packet_decode(hex("fe 6162")).kind, AUTH_PACKET_MALFORMED);
    assert_int_equal(auth_packet_decode(hex("fe 00")).kind, AUTH_PACKET_MALFORMED);
}

static void test_data_and_answers_are_framed(void **state)
{
    (void)state;
    uint8_t memory[32];
    struct writer w = writer_over(memory, sizeof(memory));
    auth_more_encode(&w, 4, hex("03"));
    auth_answer_encode(&w, 5, hex(""));
    auth_answer_encode(&w, 7, hex("0a0b"));
    assert_true(bytes_equal(writer_written(&w), hex("02000004 0103 00000005 02000007 0a0b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_follow_the_first_byte),
        cmocka_unit_test(test_a_switch_names_a_method_and_its_challenge),
        cmocka_unit_test(test_a_challenge_of_another_length_has_no_nul),
        cmocka_unit_test(test_a_switch_without_a_name_is_malformed),
        cmocka_unit_test(test_data_and_answers_are_framed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
