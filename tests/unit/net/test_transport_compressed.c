/* SPDX-License-Identifier: Apache-2.0
 * Both roles of the compressed protocol against each other, over sockets with small buffers and
 * over TLS; and the numbers that servers and clients look at. */
#include "net/compression.h"

#include "base/random.h"
#include "net/compressed_frame.h"
#include "net/compression_workspace.h"
#include "net/tls.h"
#include "net_test.h"

#include <errno.h>
#include <stdlib.h>

#define LONG_TEXT ((size_t)(3 * 1024 * 1024))

static struct loop *loop;
static struct buffer_cache *cache;
static struct stream server;
static struct stream client;

static void on_ready(struct loop_fd *io)
{
    (void)io;
}

static void open_pair(void)
{
    int fds[2];
    make_pair(fds);
    for (int i = 0; i < 2; i++)
        shrink_socket(fds[i]);
    stream_init(&server, on_ready);
    stream_init(&client, on_ready);
    assert_true(stream_attach(&server, loop, cache, fds[0]));
    assert_true(stream_attach(&client, loop, cache, fds[1]));
}

static void start(enum compression a)
{
    assert_true(compression_start(&server, a, 3, COMPRESSION_TO_CLIENT));
    assert_true(compression_start(&client, a, 3, COMPRESSION_TO_SERVER));
    assert_int_equal(compression_of(&server), a);
}

static void close_pair(void)
{
    stream_close(&server);
    stream_close(&client);
    assert_int_equal(buffer_cache_in_use(cache), 0);
}

static int set_up(void **state)
{
    (void)state;
    loop = make_loop();
    cache = buffer_cache_create(4);
    return loop != NULL && cache != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_cache_destroy(cache);
    loop_destroy(loop);
    return 0;
}

static void say(struct stream *s, const void *data, size_t size)
{
    uint8_t *room = stream_out_reserve(s, size);
    assert_non_null(room);
    memcpy(room, data, size);
    stream_out_commit(s, size);
}

/* A packet: header, then `size` bytes that compress well or not at all. */
static size_t make_packet(uint8_t *out, size_t size, uint8_t sequence, bool noise)
{
    for (unsigned i = 0; i < 3; i++)
        out[i] = (uint8_t)(size >> 8 * i);
    out[3] = sequence;
    if (noise)
        random_bytes(out + 4, size);
    else
        memset(out + 4, 'x', size);
    return size + 4;
}

static void assert_arrives(struct stream *from, struct stream *to, const uint8_t *data, size_t size)
{
    size_t got = 0;
    for (int turn = 0; turn < 100000 && got < size; turn++) {
        assert_int_not_equal(stream_send(from, NULL), STREAM_FAILED);
        enum stream_result r = stream_fill(to);
        assert_int_not_equal(r, STREAM_FAILED);
        if (r == STREAM_OK) {
            struct bytes b = buffer_unparsed(to->in);
            assert_true(b.size <= size - got);
            assert_memory_equal(b.data, data + got, b.size);
            got += b.size;
            to->in->sent = to->in->parsed = to->in->received;
            stream_trim(to);
        } else {
            loop_turn(loop, 1000);
        }
    }
    assert_int_equal(got, size);
}

/* One frame that the test itself reads from the other end. */
struct frame {
    uint8_t sequence;
    size_t size;
    size_t plain;
};

static struct frame read_frame(int fd)
{
    uint8_t h[COMPRESSED_HEADER_SIZE];
    for (size_t at = 0; at < sizeof h;) {
        ssize_t n = read(fd, h + at, sizeof h - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    struct frame f = {.sequence = h[3],
                      .size = (size_t)(h[0] | h[1] << 8 | h[2] << 16),
                      .plain = (size_t)(h[4] | h[5] << 8 | h[6] << 16)};
    for (size_t left = f.size; left > 0;) {
        uint8_t rest[4096];
        ssize_t n = read(fd, rest, left < sizeof rest ? left : sizeof rest);
        assert_true(n > 0);
        left -= (size_t)n;
    }
    return f;
}

static void test_bytes_pass_both_ways(void **state)
{
    (void)state;
    uint8_t *data = malloc(LONG_TEXT + 4);
    assert_non_null(data);
    for (unsigned a = COMPRESSION_ZLIB; a <= COMPRESSION_ZSTD; a++)
        for (unsigned noise = 0; noise < 2; noise++) {
            open_pair();
            start((enum compression)a);
            size_t size = make_packet(data, LONG_TEXT, 0, noise == 1);
            say(&client, data, size);
            assert_arrives(&client, &server, data, size);
            size = make_packet(data, LONG_TEXT, 1, noise == 1);
            say(&server, data, size);
            assert_arrives(&server, &client, data, size);
            assert_int_equal(stream_peek(&client), SOCKET_QUIET);
            assert_int_equal(stream_peek(&server), SOCKET_QUIET);
            assert_int_equal(buffer_cache_in_use(cache), 0);
            close_pair();
        }
    free(data);
}

static void shake(void)
{
    char error[200];
    enum stream_result s = STREAM_AGAIN;
    enum stream_result c = STREAM_AGAIN;
    for (int turn = 0; turn < 1000 && (s == STREAM_AGAIN || c == STREAM_AGAIN); turn++) {
        if (c == STREAM_AGAIN)
            c = tls_handshake(&client, error, sizeof error);
        if (s == STREAM_AGAIN)
            s = tls_handshake(&server, error, sizeof error);
        loop_turn(loop, 1000);
    }
    assert_int_equal(s, STREAM_OK);
    assert_int_equal(c, STREAM_OK);
}

static void test_on_top_of_tls(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    char error[200] = "";
    struct tls_context *accepting = tls_context_accepting(&none, error, sizeof error);
    struct tls_context *connecting = tls_context_connecting(&none, error, sizeof error);
    uint8_t *data = malloc(LONG_TEXT + 4);
    assert_true(accepting != NULL && connecting != NULL && data != NULL);
    open_pair();
    assert_true(tls_start(&server, accepting, NULL));
    assert_true(tls_start(&client, connecting, NULL));
    shake();
    start(COMPRESSION_ZLIB);
    assert_true(tls_is_on(&server));
    assert_string_equal(tls_version(&client), "TLSv1.3");
    for (unsigned noise = 0; noise < 2; noise++) {
        size_t size = make_packet(data, LONG_TEXT, 0, noise == 1);
        say(&client, data, size);
        assert_arrives(&client, &server, data, size);
        size = make_packet(data, LONG_TEXT, 1, noise == 1);
        say(&server, data, size);
        assert_arrives(&server, &client, data, size);
    }
    close_pair();
    tls_context_release(accepting);
    tls_context_release(connecting);
    free(data);
}

/* A server reads a frame's number when it needs its bytes: two requests in one would be answered as
 * one. */
static void test_requests_begin_frames(void **state)
{
    (void)state;
    int fds[2];
    make_pair(fds);
    stream_init(&client, on_ready);
    assert_true(stream_attach(&client, loop, cache, fds[0]));
    assert_true(compression_start(&client, COMPRESSION_ZLIB, 0, COMPRESSION_TO_SERVER));
    static uint8_t out[200000];
    size_t size = make_packet(out, 10, 0, false);
    size += make_packet(out + size, 20, 0, false);
    size += make_packet(out + size, 100000, 0, true); /* needs two frames */
    size += make_packet(out + size, 5, 0, false);
    say(&client, out, size);
    assert_int_equal(stream_send(&client, NULL), STREAM_OK);
    static const struct frame expected[] = {
        {0, 14, 0}, {0, 24, 0}, {0, 65498, 0}, {1, 34506, 0}, {0, 9, 0}};
    size_t got = 0;
    for (size_t i = 0; i < countof(expected); i++) {
        struct frame f = read_frame(fds[1]);
        assert_int_equal(f.sequence, expected[i].sequence);
        got += f.size;
        if (i < 2)
            assert_int_equal(f.size, expected[i].size);
    }
    assert_int_equal(got, size);
    stream_close(&client);
    (void)close(fds[1]);
}

/* The packets of a file go on where the server's wish for it has ended, and their numbers may come
 * to 0 again without being a request. */
static void test_a_file_is_no_request(void **state)
{
    (void)state;
    int fds[2];
    make_pair(fds);
    stream_init(&client, on_ready);
    assert_true(stream_attach(&client, loop, cache, fds[0]));
    assert_true(compression_start(&client, COMPRESSION_ZLIB, 0, COMPRESSION_TO_SERVER));
    uint8_t packet[32];
    say(&client, packet, make_packet(packet, 10, 0, false));
    assert_int_equal(stream_send(&client, NULL), STREAM_OK);
    assert_int_equal(read_frame(fds[1]).sequence, 0);
    const uint8_t wish[] = {5, 0, 0, 7, 0, 0, 0, 1, 0, 0, 1, 0xfb};
    assert_int_equal(write(fds[1], wish, sizeof wish), sizeof wish);
    TURN_UNTIL(loop, stream_fill(&client) == STREAM_OK);
    assert_int_equal(client.in->received - client.in->parsed, 5);
    client.in->sent = client.in->parsed = client.in->received;
    stream_trim(&client);
    for (unsigned i = 0; i < 600; i++) {
        say(&client, packet, make_packet(packet, 10, (uint8_t)(2 + i), false));
        assert_int_equal(stream_send(&client, NULL), STREAM_OK);
        assert_int_equal(read_frame(fds[1]).sequence, (uint8_t)(8 + i));
    }
    stream_close(&client);
    (void)close(fds[1]);
}

static void test_answers_go_on_where_requests_ended(void **state)
{
    (void)state;
    int fds[2];
    make_pair(fds);
    stream_init(&server, on_ready);
    assert_true(stream_attach(&server, loop, cache, fds[0]));
    assert_true(compression_start(&server, COMPRESSION_ZLIB, 0, COMPRESSION_TO_CLIENT));
    const uint8_t requests[] = {1, 0, 0, 0,   0, 0, 0, 'a', 1, 0, 0, 1,
                                0, 0, 0, 'b', 1, 0, 0, 0,   0, 0, 0, 'c'};
    assert_int_equal(write(fds[1], requests, sizeof requests), sizeof requests);
    TURN_UNTIL(loop, server.io.readable);
    assert_int_equal(stream_fill(&server), STREAM_OK);
    assert_int_equal(stream_fill(&server), STREAM_OK);
    assert_int_equal(server.in->received - server.in->parsed, 2);
    assert_int_equal(stream_peek(&server), SOCKET_HAS_BYTES);
    for (uint8_t i = 2; i < 5; i++) {
        say(&server, "ok", 2);
        assert_int_equal(stream_send(&server, NULL), STREAM_OK);
        assert_int_equal(read_frame(fds[1]).sequence, i);
    }
    assert_int_equal(stream_fill(&server), STREAM_OK);
    say(&server, "ok", 2);
    assert_int_equal(stream_send(&server, NULL), STREAM_OK);
    assert_int_equal(read_frame(fds[1]).sequence, 1);
    compression_set_sequence(&server, 0);
    say(&server, "unasked", 7);
    assert_int_equal(stream_send(&server, NULL), STREAM_OK);
    assert_int_equal(read_frame(fds[1]).sequence, 0);
    const uint8_t late[] = {1, 0, 0, 7, 0, 0, 0, 'd'};
    assert_int_equal(write(fds[1], late, sizeof late), sizeof late);
    TURN_UNTIL(loop, server.io.readable && stream_fill(&server) == STREAM_FAILED);
    assert_int_equal(server.error, EBADMSG);
    stream_close(&server);
    (void)close(fds[1]);
}

static void test_what_came_early_is_compressed(void **state)
{
    (void)state;
    int fds[2];
    make_pair(fds);
    stream_init(&server, on_ready);
    assert_true(stream_attach(&server, loop, cache, fds[0]));
    const uint8_t both[] = {'l', 'o', 'g', 'i', 'n', 1, 0, 0, 0, 0, 0, 0, 'a'};
    assert_int_equal(write(fds[1], both, sizeof both), sizeof both);
    TURN_UNTIL(loop, server.io.readable);
    assert_int_equal(stream_fill(&server), STREAM_OK);
    server.in->sent = server.in->parsed = server.in->parsed + 5;
    assert_true(compression_start(&server, COMPRESSION_ZSTD, 22, COMPRESSION_TO_CLIENT));
    assert_int_equal(stream_fill(&server), STREAM_OK);
    assert_int_equal(server.in->received - server.in->parsed, 1);
    assert_int_equal(server.in->data[server.in->parsed], 'a');
    stream_close(&server);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_pass_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_on_top_of_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_requests_begin_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_is_no_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers_go_on_where_requests_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_came_early_is_compressed, set_up, tear_down),
    };
    return RUN_ON_EACH_ENGINE(tests, NULL, NULL);
}
