/* SPDX-License-Identifier: Apache-2.0
 * Both roles of TLS against each other, over a pair of sockets whose buffers are small. */
#include "net/tls.h"

#include "base/random.h"
#include "net_test.h"

#include <stdlib.h>
#include <sys/socket.h>

#define LONG_TEXT (3 * 1024 * 1024)

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
    int small = 4096;
    for (int i = 0; i < 2; i++)
        assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    stream_init(&server, on_ready);
    stream_init(&client, on_ready);
    assert_true(stream_attach(&server, loop, cache, fds[0]));
    assert_true(stream_attach(&client, loop, cache, fds[1]));
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

static struct tls_context *context(bool accepting, const struct tls_options *o)
{
    char error[200] = "";
    struct tls_context *t = accepting ? tls_context_accepting(o, error, sizeof error)
                                      : tls_context_connecting(o, error, sizeof error);
    if (t == NULL)
        fail_msg("%s", error);
    return t;
}

static void start(struct tls_context *accepting, struct tls_context *connecting, const char *host)
{
    assert_true(tls_start(&server, accepting, NULL));
    assert_true(tls_start(&client, connecting, host));
}

/* Both handshakes until they end; the verdict of the client's, its words in `error`. */
static enum stream_result shake(char error[200])
{
    enum stream_result s = STREAM_AGAIN;
    enum stream_result c = STREAM_AGAIN;
    char servers[200] = "";
    for (int turn = 0; turn < 200 && (s == STREAM_AGAIN || c == STREAM_AGAIN); turn++) {
        if (c == STREAM_AGAIN)
            c = tls_handshake(&client, error, 200);
        if (s == STREAM_AGAIN)
            s = tls_handshake(&server, servers, 200);
        if (c == STREAM_FAILED)
            return c;
        loop_turn(loop, 1000);
    }
    assert_int_equal(s, STREAM_OK);
    return c;
}

static void say(struct stream *s, const void *data, size_t size)
{
    uint8_t *room = stream_out_reserve(s, size);
    assert_non_null(room);
    memcpy(room, data, size);
    stream_out_commit(s, size);
}

/* Everything that `from` has to say reaches `to`, however little the socket takes at a time. */
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

static void bytes_pass_both_ways(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    struct tls_context *a = context(true, &none);
    struct tls_context *c = context(false, &none);
    uint8_t *data = malloc(LONG_TEXT);
    assert_non_null(data);
    random_bytes(data, LONG_TEXT);
    open_pair();
    start(a, c, "example.test");
    char error[200];
    assert_int_equal(shake(error), STREAM_OK);
    assert_string_equal(tls_version(&client), "TLSv1.3");
    assert_string_equal(tls_cipher(&client), tls_cipher(&server));
    say(&client, data, LONG_TEXT);
    assert_arrives(&client, &server, data, LONG_TEXT);
    say(&server, data, LONG_TEXT);
    assert_arrives(&server, &client, data, LONG_TEXT);
    assert_int_equal(stream_peek(&server), SOCKET_QUIET);
    close_pair();
    free(data);
    tls_context_release(a);
    tls_context_release(c);
}

static void a_session_is_resumed(void **state)
{
    (void)state;
    const char *versions[] = {"TLSv1.2", "TLSv1.3"};
    for (size_t i = 0; i < countof(versions); i++) {
        const struct tls_options o = {.versions = versions[i]};
        struct tls_context *a = context(true, &o);
        struct tls_context *c = context(false, &o);
        for (int n = 0; n < 2; n++) {
            open_pair();
            start(a, c, "example.test");
            char error[200];
            assert_int_equal(shake(error), STREAM_OK);
            say(&server, "hello", 5); /* tickets come before it */
            assert_arrives(&server, &client, (const uint8_t *)"hello", 5);
            assert_string_equal(tls_version(&server), versions[i]);
            assert_int_equal(tls_was_resumed(&client), n == 1);
            assert_int_equal(tls_was_resumed(&server), n == 1);
            close_pair();
        }
        tls_context_release(a);
        tls_context_release(c);
    }
}

/* A reload replaces contexts while handshakes are under way, and tickets come later still. */
static void connections_outlive_their_context(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    struct tls_context *a = context(true, &none);
    struct tls_context *c = context(false, &none);
    open_pair();
    start(a, c, "example.test");
    tls_context_release(a);
    tls_context_release(c);
    char error[200];
    assert_int_equal(shake(error), STREAM_OK);
    say(&server, "hello", 5); /* tickets come before it */
    assert_arrives(&server, &client, (const uint8_t *)"hello", 5);
    close_pair();
}

/* The first bytes of TLS may come in the segment of the SSLRequest, and lie in the buffer. */
static void early_bytes_belong_to_tls(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    struct tls_context *a = context(true, &none);
    struct tls_context *c = context(false, &none);
    open_pair();
    char error[200];
    assert_true(tls_start(&client, c, NULL));
    assert_int_equal(tls_handshake(&client, error, sizeof error), STREAM_AGAIN);
    loop_turn(loop, 100000);
    assert_int_equal(stream_fill(&server), STREAM_OK);
    assert_true(tls_start(&server, a, NULL));
    assert_int_equal(shake(error), STREAM_OK);
    close_pair();
    tls_context_release(a);
    tls_context_release(c);
}

/* The end of the handshake and what follows it may come in one piece, and be received by a call
 * that no readiness had announced. */
static void what_follows_the_handshake_is_not_forgotten(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    struct tls_context *a = context(true, &none);
    struct tls_context *c = context(false, &none);
    open_pair();
    start(a, c, NULL);
    char error[200];
    enum stream_result r = STREAM_AGAIN;
    while (r == STREAM_AGAIN) {
        r = tls_handshake(&client, error, sizeof error);
        if (r == STREAM_AGAIN)
            assert_int_equal(tls_handshake(&server, error, sizeof error), STREAM_AGAIN);
        loop_turn(loop, 1000);
    }
    assert_int_equal(r, STREAM_OK);
    say(&client, "hello", 5);
    assert_int_equal(stream_send(&client, NULL), STREAM_OK);
    loop_turn(loop, 1000);
    server.io.readable = false;
    assert_int_equal(tls_handshake(&server, error, sizeof error), STREAM_OK);
    assert_int_equal(stream_fill(&server), STREAM_OK);
    assert_int_equal(buffer_unparsed(server.in).size, 5);
    server.in->parsed = server.in->sent = server.in->received;
    close_pair();
    tls_context_release(a);
    tls_context_release(c);
}

static void a_stranger_is_not_believed(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    struct tls_context *a = context(true, &none);
    const enum tls_verify verify[] = {TLS_VERIFY_CA, TLS_VERIFY_IDENTITY};
    for (size_t i = 0; i < countof(verify); i++) {
        const struct tls_options o = {.verify = verify[i]};
        struct tls_context *c = context(false, &o);
        open_pair();
        start(a, c, "127.0.0.1");
        char error[200] = "";
        assert_int_equal(shake(error), STREAM_FAILED);
        assert_non_null(strstr(error, "certificate"));
        close_pair();
        tls_context_release(c);
    }
    tls_context_release(a);
}

static void what_is_not_tls_fails(void **state)
{
    (void)state;
    const struct tls_options none = {0};
    struct tls_context *a = context(true, &none);
    open_pair();
    assert_true(tls_start(&server, a, NULL));
    say(&client, "GET / HTTP/1.0\r\n\r\n and more", 27);
    assert_int_equal(stream_send(&client, NULL), STREAM_OK);
    char error[200] = "";
    enum stream_result r = STREAM_AGAIN;
    for (int turn = 0; turn < 100 && r == STREAM_AGAIN; turn++) {
        loop_turn(loop, 1000);
        r = tls_handshake(&server, error, sizeof error);
    }
    assert_int_equal(r, STREAM_FAILED);
    assert_true(strlen(error) > 0);
    close_pair();
    tls_context_release(a);
}

static void versions_must_agree(void **state)
{
    (void)state;
    const struct tls_options old = {.versions = "TLSv1.2"};
    const struct tls_options new = {.versions = "TLSv1.3"};
    struct tls_context *a = context(true, &old);
    struct tls_context *c = context(false, &new);
    open_pair();
    start(a, c, NULL);
    char error[200] = "";
    assert_int_not_equal(tls_handshake(&client, error, sizeof error), STREAM_FAILED);
    loop_turn(loop, 1000);
    assert_int_equal(tls_handshake(&server, error, sizeof error), STREAM_FAILED);
    close_pair();
    tls_context_release(a);
    tls_context_release(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_pass_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_session_is_resumed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_outlive_their_context, set_up, tear_down),
        cmocka_unit_test_setup_teardown(early_bytes_belong_to_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_follows_the_handshake_is_not_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stranger_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_tls_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_must_agree, set_up, tear_down),
    };
    return RUN_ON_EACH_ENGINE(tests, NULL, NULL);
}
