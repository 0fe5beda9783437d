/* SPDX-License-Identifier: Apache-2.0
 * Headers of the PROXY protocol, read in every cut, and both roles against each other. */
#include "net/proxy_header.h"

#include "net_test.h"

static enum proxy_header_result read_all(struct bytes in, struct proxy_header *out)
{
    /* Until its last byte is there, no prefix is more than "perhaps". */
    enum proxy_header_result whole = proxy_header_read(in, out);
    size_t end = whole == PROXY_HEADER_COMPLETE ? out->size : 0;
    for (size_t n = 0; n < end; n++) {
        struct proxy_header part;
        assert_int_equal(proxy_header_read(bytes_of(in.data, n), &part), PROXY_HEADER_MORE);
    }
    return whole;
}

static void assert_source(const char *line, const char *expected)
{
    struct proxy_header h;
    assert_int_equal(read_all(bytes_of_text(line), &h), PROXY_HEADER_COMPLETE);
    assert_int_equal(h.size, strlen(line));
    assert_int_equal(h.has_source, expected != NULL);
    if (expected == NULL)
        return;
    char text[ADDRESS_TEXT_SIZE];
    address_format(&h.source, text);
    assert_string_equal(text, expected);
}

static void test_lines_of_version_1(void **state)
{
    (void)state;
    assert_source("PROXY TCP4 192.0.2.1 192.0.2.2 56324 3306\r\n", "192.0.2.1:56324");
    assert_source("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
                  "255.255.255.255:65535");
    assert_source("PROXY TCP6 2001:db8::1 ::1 0 3306\r\n", "[2001:db8::1]:0");
    assert_source("PROXY TCP6 ::ffff:10.0.0.7 ::1 7 3306\r\n", "10.0.0.7:7");
    assert_source("PROXY UNKNOWN\r\n", NULL);
    assert_source("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", NULL);
}

static void test_what_follows_is_not_looked_at(void **state)
{
    (void)state;
    struct proxy_header h;
    const char *line = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nPROXY";
    assert_int_equal(proxy_header_read(bytes_of_text(line), &h), PROXY_HEADER_COMPLETE);
    assert_int_equal(h.size, strlen(line) - 5);
}

static void test_lines_that_are_none(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "PROXY \r\n",
        "PROXY UNKNOWNX\r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
        "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 000002\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4 ::1 192.0.2.2 1 2\r\n",
        "PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
        "PROXY TCP4 * 192.0.2.2 1 2\r\n",
        "PROXY TCP4  192.0.2.2 1 2 3\r\n",
        ("PROXY UNKNOWN "
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxxxxxxxxxxxxxx\r\n"),
    };
    struct proxy_header h;
    for (size_t i = 0; i < countof(broken); i++)
        assert_int_equal(proxy_header_read(bytes_of_text(broken[i]), &h), PROXY_HEADER_BROKEN);
    static const char *const none[] = {"QUIT", "PROXX ", "proxy ", "P\1", "\r\nX"};
    for (size_t i = 0; i < countof(none); i++)
        assert_int_equal(proxy_header_read(bytes_of_text(none[i]), &h), PROXY_HEADER_NONE);
}

/* Both versions: what one side writes, the other reads. */
static void test_both_roles(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        uint16_t port;
        const char *to;
        const char *read;
        const char *line;
    } rows[] = {
        {"10.0.0.7", 4242, "192.0.2.2", "10.0.0.7:4242",
         "PROXY TCP4 10.0.0.7 192.0.2.2 4242 3306\r\n"},
        {"2001:db8::7", 1, "::1", "[2001:db8::7]:1", "PROXY TCP6 2001:db8::7 ::1 1 3306\r\n"},
        {"::ffff:10.0.0.7", 9, "192.0.2.2", "10.0.0.7:9",
         "PROXY TCP4 10.0.0.7 192.0.2.2 9 3306\r\n"},
        {"10.0.0.7", 9, "::1", "10.0.0.7:9", "PROXY TCP4 10.0.0.7 0.0.0.0 9 3306\r\n"},
        {"2001:db8::7", 9, "192.0.2.2", "[2001:db8::7]:9",
         "PROXY TCP6 2001:db8::7 ::ffff:192.0.2.2 9 3306\r\n"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct address from, to;
        assert_true(address_from_ip(&from, rows[i].from, rows[i].port));
        assert_true(address_from_ip(&to, rows[i].to, 3306));
        for (unsigned version = 1; version <= 2; version++) {
            uint8_t out[PROXY_HEADER_WRITE_MAX];
            struct bytes header = bytes_of(out, proxy_header_write(version, &from, &to, out));
            struct proxy_header h;
            char text[ADDRESS_TEXT_SIZE];
            if (version == 1)
                assert_true(bytes_equal(header, bytes_of_text(rows[i].line)));
            assert_int_equal(read_all(header, &h), PROXY_HEADER_COMPLETE);
            assert_int_equal(h.size, header.size);
            assert_true(h.has_source);
            address_format(&h.source, text);
            assert_string_equal(text, rows[i].read);
        }
    }
}

static void test_nobodys(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= 2; version++) {
        uint8_t out[PROXY_HEADER_WRITE_MAX];
        struct bytes header = bytes_of(out, proxy_header_write(version, NULL, NULL, out));
        struct proxy_header h;
        assert_int_equal(read_all(header, &h), PROXY_HEADER_COMPLETE);
        assert_false(h.has_source);
    }
}

static size_t make_v2(uint8_t *out, uint8_t command, uint8_t family, size_t size)
{
    static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                          0x0a, 'Q',  'U',  'I',  'T',  0x0a};
    memcpy(out, signature, sizeof signature);
    out[12] = command;
    out[13] = family;
    out[14] = (uint8_t)(size >> 8);
    out[15] = (uint8_t)size;
    memset(out + 16, 7, size);
    return 16 + size;
}

static void test_version_2_with_more_facts(void **state)
{
    (void)state;
    static const struct {
        uint8_t command;
        uint8_t family;
        size_t size;
        enum proxy_header_result result;
        const char *source;
    } rows[] = {
        {0x21, 0x11, 12, PROXY_HEADER_COMPLETE, "7.7.7.7:1799"},
        {0x21, 0x11, 500, PROXY_HEADER_COMPLETE, "7.7.7.7:1799"},
        {0x21, 0x21, 36, PROXY_HEADER_COMPLETE, "[707:707:707:707:707:707:707:707]:1799"},
        {0x21, 0x31, 216, PROXY_HEADER_COMPLETE, "unix socket"},
        {0x20, 0x11, 12, PROXY_HEADER_COMPLETE, NULL},
        {0x20, 0x00, 0, PROXY_HEADER_COMPLETE, NULL},
        {0x21, 0x00, 100, PROXY_HEADER_COMPLETE, NULL},
        {0x21, 0x11, 11, PROXY_HEADER_BROKEN, NULL},
        {0x21, 0x21, 35, PROXY_HEADER_BROKEN, NULL},
        {0x21, 0x31, 215, PROXY_HEADER_BROKEN, NULL},
        {0x21, 0x12, 12, PROXY_HEADER_BROKEN, NULL}, /* UDP */
        {0x22, 0x11, 12, PROXY_HEADER_BROKEN, NULL},
        {0x11, 0x11, 12, PROXY_HEADER_BROKEN, NULL},
        {0x21, 0x11, PROXY_HEADER_MAX, PROXY_HEADER_BROKEN, NULL},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        uint8_t in[PROXY_HEADER_MAX + 16];
        size_t size = make_v2(in, rows[i].command, rows[i].family, rows[i].size);
        struct proxy_header h;
        char text[ADDRESS_TEXT_SIZE];
        assert_int_equal(read_all(bytes_of(in, size), &h), rows[i].result);
        if (rows[i].result != PROXY_HEADER_COMPLETE)
            continue;
        assert_int_equal(h.size, size);
        assert_int_equal(h.has_source, rows[i].source != NULL);
        if (rows[i].source == NULL)
            continue;
        address_format(&h.source, text);
        assert_string_equal(text, rows[i].source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_version_1),
        cmocka_unit_test(test_what_follows_is_not_looked_at),
        cmocka_unit_test(test_lines_that_are_none),
        cmocka_unit_test(test_both_roles),
        cmocka_unit_test(test_nobodys),
        cmocka_unit_test(test_version_2_with_more_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
