/* SPDX-License-Identifier: Apache-2.0
 * Settled streams, on both engines: the same must come out whether the loop receives ahead and
 * sends later, or the stream does both itself. */
#include "net/stream.h"

#include "base/random.h"
#include "net_test.h"

#include <errno.h>

struct side {
    struct stream stream;
    int peer;
    int calls;
};

static struct loop *loop;
static struct buffer_cache *cache;

static void on_ready(struct loop_fd *io)
{
    struct stream *s = container_of(io, struct stream, io);
    container_of(s, struct side, stream)->calls++;
}

static int set_up(void **state)
{
    (void)state;
    loop = make_loop();
    cache = buffer_cache_create(4);
    return cache != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    size_t in_use = buffer_cache_in_use(cache);
    loop_destroy(loop);
    buffer_cache_destroy(cache);
    return in_use == 0 ? 0 : -1;
}

static void open_on(struct side *side, const int fds[2])
{
    stream_init(&side->stream, on_ready);
    assert_true(stream_attach(&side->stream, loop, cache, fds[0]));
    loop_turn(loop, 0);
    stream_settle(&side->stream);
    side->peer = fds[1];
    side->calls = 0;
}

static void open_side(struct side *side)
{
    int fds[2];
    make_pair(fds);
    open_on(side, fds);
}

static void close_side(struct side *side)
{
    stream_close(&side->stream);
    if (side->peer >= 0)
        (void)close(side->peer);
    side->peer = -1;
    turn_quietly(loop);
}

static void peer_says(const struct side *side, const char *text)
{
    assert_int_equal(write(side->peer, text, strlen(text)), strlen(text));
}

static void assert_peer_hears(const struct side *side, const char *text)
{
    char got[256] = {0};
    assert_int_equal(read(side->peer, got, sizeof got - 1), strlen(text));
    assert_string_equal(got, text);
}

static void say(struct stream *s, const char *text)
{
    struct bytes b = bytes_of_text(text);
    uint8_t *room = stream_out_reserve(s, b.size);
    assert_non_null(room);
    memcpy(room, b.data, b.size);
    stream_out_commit(s, b.size);
}

static void fill_with(struct side *side, const char *text)
{
    peer_says(side, text);
    TURN_UNTIL(loop, side->stream.io.readable);
    assert_int_equal(stream_fill(&side->stream), STREAM_OK);
    assert_true(bytes_equal_text(buffer_unparsed(side->stream.in), text));
}

static void test_it_receives_when_something_comes_and_holds_nothing_before(void **state)
{
    (void)state;
    struct side a;
    open_side(&a);
    turn_quietly(loop);
    assert_int_equal(stream_fill(&a.stream), STREAM_AGAIN);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    fill_with(&a, "first");
    assert_false(a.stream.io.readable);
    a.stream.in->sent = a.stream.in->parsed = a.stream.in->received;
    stream_trim(&a.stream);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    fill_with(&a, "second");
    assert_int_equal(a.stream.bytes_received, 11);
    close_side(&a);
}

static void test_a_packet_in_pieces_comes_together(void **state)
{
    (void)state;
    struct side a;
    open_side(&a);
    fill_with(&a, "ab");
    a.stream.in->parsed += 1; /* one byte is looked at, and not sent yet */
    peer_says(&a, "cd");
    TURN_UNTIL(loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_true(bytes_equal_text(buffer_unsent(a.stream.in), "a"));
    assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "bcd"));
    assert_true(stream_hold(&a.stream, 100000));
    peer_says(&a, "ef");
    TURN_UNTIL(loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "bcdef"));
    assert_true(buffer_room(a.stream.in) > 90000);
    close_side(&a);
}

static void test_the_end_comes_behind_the_last_bytes(void **state)
{
    (void)state;
    struct side a;
    open_side(&a);
    peer_says(&a, "bye");
    assert_int_equal(shutdown(a.peer, SHUT_WR), 0);
    TURN_UNTIL(loop, a.stream.io.hung_up);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "bye"));
    a.stream.in->sent = a.stream.in->parsed = a.stream.in->received;
    TURN_UNTIL(loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_EOF);
    assert_int_equal(stream_fill(&a.stream), STREAM_EOF);
    assert_null(a.stream.in);
    say(&a.stream, "we may still answer");
    assert_int_equal(stream_forward(&a.stream, NULL), STREAM_OK);
    turn_quietly(loop);
    assert_peer_hears(&a, "we may still answer");
    close_side(&a);
}

static void test_a_reset_is_a_failure_with_its_errno(void **state)
{
    (void)state;
    struct side a;
    int fds[2];
    make_tcp_pair(fds);
    open_on(&a, fds);
    struct linger at_once = {.l_onoff = 1};
    assert_int_equal(setsockopt(a.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    (void)close(a.peer);
    a.peer = -1;
    TURN_UNTIL(loop, a.stream.io.hung_up && a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_FAILED);
    assert_int_equal(a.stream.error, ECONNRESET);
    close_side(&a);
}

static void test_what_is_forwarded_is_gone_after_the_turn_in_order(void **state)
{
    (void)state;
    struct side from;
    struct side to;
    open_side(&from);
    open_side(&to);
    fill_with(&from, "one|rest");
    from.stream.in->parsed += 4;
    say(&to.stream, "own|");
    assert_int_equal(stream_forward(&to.stream, &from.stream), STREAM_OK);
    assert_null(to.stream.out);
    assert_true(bytes_equal_text(buffer_unparsed(from.stream.in), "rest"));
    from.stream.in->parsed += 4;
    assert_int_equal(stream_forward(&to.stream, &from.stream), STREAM_OK);
    assert_null(from.stream.in);
    turn_quietly(loop);
    assert_false(stream_has_unsent(&to.stream));
    assert_peer_hears(&to, "own|one|rest");
    assert_int_equal(to.stream.bytes_sent, 12);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    close_side(&from);
    close_side(&to);
}

static void test_send_waits_for_what_was_forwarded_before(void **state)
{
    (void)state;
    struct side from;
    struct side to;
    open_side(&from);
    open_side(&to);
    for (int i = 0; i < 30; i++) { /* more pieces than wait for the end of a turn */
        fill_with(&from, "0123456");
        from.stream.in->parsed = from.stream.in->received;
        assert_int_equal(stream_forward(&to.stream, &from.stream), STREAM_OK);
    }
    say(&to.stream, "!");
    assert_int_equal(stream_send(&to.stream, NULL), STREAM_OK);
    assert_false(stream_has_unsent(&to.stream));
    char got[256] = {0};
    assert_int_equal(read(to.peer, got, sizeof got), 211);
    assert_memory_equal(got, "01234560123456", 14);
    assert_int_equal(got[210], '!');
    close_side(&from);
    close_side(&to);
}

static void test_closing_sends_what_was_forwarded(void **state)
{
    (void)state;
    struct side from;
    struct side to;
    open_side(&from);
    open_side(&to);
    fill_with(&from, "last words");
    from.stream.in->parsed = from.stream.in->received;
    assert_int_equal(stream_forward(&to.stream, &from.stream), STREAM_OK);
    stream_close(&to.stream);
    assert_peer_hears(&to, "last words");
    close_side(&from);
    close_side(&to);
}

static void test_sending_to_nobody_fails_in_the_end(void **state)
{
    (void)state;
    struct side from;
    struct side to;
    open_side(&from);
    open_side(&to);
    fill_with(&from, "to nobody");
    from.stream.in->parsed = from.stream.in->received;
    (void)close(to.peer);
    to.peer = -1;
    (void)!stream_forward(&to.stream, &from.stream);
    TURN_UNTIL(loop, to.stream.io.hung_up && to.calls > 0);
    say(&to.stream, "more");
    assert_int_equal(stream_send(&to.stream, NULL), STREAM_FAILED);
    close_side(&from);
    close_side(&to);
}

static void test_a_quiet_stream_moves_and_loses_nothing(void **state)
{
    (void)state;
    struct loop *other_loop = make_loop();
    struct buffer_cache *other_cache = buffer_cache_create(1);
    struct side a;
    open_side(&a);
    for (int i = 0; i < 5; i++) {
        fill_with(&a, "here");
        a.stream.in->sent = a.stream.in->parsed = a.stream.in->received;
        turn_quietly(loop);
        assert_true(stream_detach(&a.stream));
        peer_says(&a, "there");
        turn_quietly(loop); /* nobody receives for it here any more */
        assert_true(stream_attach(&a.stream, other_loop, other_cache, a.stream.io.fd));
        loop_turn(other_loop, 0);
        stream_settle(&a.stream);
        TURN_UNTIL(other_loop, a.stream.io.readable);
        assert_int_equal(stream_fill(&a.stream), STREAM_OK);
        assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "there"));
        a.stream.in->sent = a.stream.in->parsed = a.stream.in->received;
        assert_true(stream_detach(&a.stream));
        assert_int_equal(buffer_cache_in_use(other_cache), 0);
        assert_true(stream_attach(&a.stream, loop, cache, a.stream.io.fd));
        stream_settle(&a.stream);
    }
    close_side(&a);
    loop_destroy(other_loop);
    buffer_cache_destroy(other_cache);
}

/* Bytes that came before the stream left: either it does not leave, or they are still there. */
static void test_bytes_that_were_there_are_not_lost_by_moving(void **state)
{
    (void)state;
    for (int turns = 0; turns < 3; turns++) {
        struct side a;
        open_side(&a);
        turn_quietly(loop);
        peer_says(&a, "unasked");
        for (int i = 0; i < turns; i++)
            loop_turn(loop, 0);
        int fd = a.stream.io.fd;
        if (stream_detach(&a.stream)) {
            char got[16] = {0};
            assert_int_equal(stream_peek(&a.stream), SOCKET_HAS_BYTES);
            assert_int_equal(read(fd, got, sizeof got), 7);
            assert_true(test_engine == LOOP_EPOLL || turns == 0);
        } else {
            TURN_UNTIL(loop, a.stream.io.readable);
            assert_int_equal(stream_fill(&a.stream), STREAM_OK);
            assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "unasked"));
        }
        close_side(&a);
    }
}

/* -------- back-pressure -------- */

#define MANY ((size_t)4 * 1024 * 1024)

static void test_who_does_not_take_what_came_is_not_received_for(void **state)
{
    (void)state;
    static uint8_t block[65536];
    struct side a;
    int fds[2];
    make_tcp_pair(fds);
    open_on(&a, fds);
    size_t written = 0;
    usec_t quiet_since = clock_now();
    while (clock_now() < quiet_since + 300 * USEC_PER_MSEC) {
        ssize_t n = write(a.peer, block, sizeof block);
        if (n > 0) {
            written += (size_t)n;
            quiet_since = clock_now();
            assert_true(written < (size_t)64 * 1024 * 1024);
        }
        loop_turn(loop, USEC_PER_MSEC);
    }
    size_t most = test_engine == LOOP_EPOLL ? 0 : 64;
    assert_true(buffer_cache_in_use(cache) <= most);
    assert_false(a.stream.io.hung_up);
    size_t taken = 0;
    while (taken < written) {
        TURN_UNTIL(loop, a.stream.io.readable);
        if (stream_fill(&a.stream) != STREAM_OK)
            continue;
        taken += buffer_unparsed(a.stream.in).size;
        a.stream.in->sent = a.stream.in->parsed = a.stream.in->received;
        stream_trim(&a.stream);
    }
    assert_int_equal(taken, written);
    /* Held back or not, an end is noticed. */
    (void)!write(a.peer, block, sizeof block);
    turn_quietly(loop);
    (void)close(a.peer);
    a.peer = -1;
    TURN_UNTIL(loop, a.stream.io.hung_up);
    close_side(&a);
}

struct relay {
    struct side from;
    struct side to;
    size_t most_buffers;
    bool ended;
    struct loop_task more;
};
static struct relay relay;

static void relay_some(struct loop_task *task)
{
    for (int i = 0; i < 16; i++) {
        enum stream_result r = stream_fill(&relay.from.stream);
        assert_int_not_equal(r, STREAM_FAILED);
        relay.ended = relay.ended || r == STREAM_EOF;
        struct buffer *in = relay.from.stream.in;
        if (in != NULL) /* at times a few bytes are not looked at yet */
            in->parsed = r != STREAM_EOF && in->received - in->parsed > 100 && i % 2 == 0
                             ? in->received - 3
                             : in->received;
        if (buffer_cache_in_use(cache) > relay.most_buffers)
            relay.most_buffers = buffer_cache_in_use(cache);
        enum stream_result sent = stream_forward(&relay.to.stream, &relay.from.stream);
        assert_int_not_equal(sent, STREAM_FAILED);
        if (sent == STREAM_AGAIN || r == STREAM_AGAIN || r == STREAM_EOF)
            return;
    }
    loop_defer(loop, task);
}

static void relay_ready(struct loop_fd *io)
{
    (void)io;
    relay_some(&relay.more);
}

/* The reader takes a little now and then; the writer pushes as much as the kernel takes. */
static void relay_through(const int from[2], const int to[2])
{
    static uint8_t sent[MANY];
    static uint8_t got[MANY];
    uint64_t seed = 12;
    for (size_t i = 0; i < MANY; i++)
        sent[i] = (uint8_t)random_next(&seed);
    memset(&relay, 0, sizeof relay);
    relay.more.run = relay_some;
    open_on(&relay.from, from);
    open_on(&relay.to, to);
    relay.from.stream.io.on_ready = relay_ready;
    relay.to.stream.io.on_ready = relay_ready;
    size_t written = 0;
    size_t read_so_far = 0;
    usec_t too_late = clock_now() + 60 * USEC_PER_SEC;
    while (read_so_far < MANY) {
        assert_true(clock_now() < too_late);
        ssize_t w = written < MANY ? write(relay.from.peer, sent + written, MANY - written) : 0;
        written += w > 0 ? (size_t)w : 0;
        if (written == MANY)
            (void)shutdown(relay.from.peer, SHUT_WR);
        loop_turn(loop, 0);
        size_t some = 1 + (size_t)random_below(&seed, 40000);
        size_t left = MANY - read_so_far;
        ssize_t r = read(relay.to.peer, got + read_so_far, some < left ? some : left);
        read_so_far += r > 0 ? (size_t)r : 0;
    }
    TURN_UNTIL(loop, relay.ended);
    loop_task_cancel(loop, &relay.more);
    assert_memory_equal(got, sent, MANY);
    assert_true(relay.most_buffers <= 80);
    assert_int_equal(relay.from.stream.bytes_received, MANY);
    assert_int_equal(relay.to.stream.bytes_sent, MANY);
    close_side(&relay.from);
    close_side(&relay.to);
    assert_int_equal(buffer_cache_in_use(cache), 0);
}

static void test_many_bytes_pass_a_slow_reader_in_little_memory(void **state)
{
    (void)state;
    int from[2];
    int to[2];
    make_pair(from);
    make_pair(to);
    shrink_socket(to[0]);
    shrink_socket(to[1]);
    relay_through(from, to);
    make_tcp_pair(from);
    make_tcp_pair(to);
    shrink_socket(to[0]);
    relay_through(from, to);
}

static void test_closing_does_not_lose_what_is_being_sent(void **state)
{
    (void)state;
    static uint8_t block[200000];
    struct side from;
    struct side to;
    open_side(&from);
    open_side(&to);
    shrink_socket(to.stream.io.fd);
    shrink_socket(to.peer);
    size_t written = 0;
    for (int i = 0; i < 200 && to.stream.io.writable; i++) {
        if (written < sizeof block) {
            ssize_t n = write(from.peer, block + written, sizeof block - written);
            written += n > 0 ? (size_t)n : 0;
        }
        loop_turn(loop, USEC_PER_MSEC);
        if (stream_fill(&from.stream) == STREAM_OK)
            from.stream.in->parsed = from.stream.in->received;
        assert_int_not_equal(stream_forward(&to.stream, &from.stream), STREAM_FAILED);
    }
    assert_false(to.stream.io.writable);
    turn_quietly(loop);
    uint64_t promised = to.stream.bytes_sent;
    stream_close(&to.stream);
    uint64_t got = 0;
    ssize_t n;
    usec_t too_late = clock_now() + 20 * USEC_PER_SEC;
    while ((n = read(to.peer, block, sizeof block)) != 0) {
        assert_true(clock_now() < too_late);
        got += n > 0 ? (uint64_t)n : 0;
        loop_turn(loop, n > 0 ? 0 : USEC_PER_MSEC);
    }
    assert_int_equal(got, promised);
    close_side(&from);
    close_side(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_receives_when_something_comes_and_holds_nothing_before),
        cmocka_unit_test(test_a_packet_in_pieces_comes_together),
        cmocka_unit_test(test_the_end_comes_behind_the_last_bytes),
        cmocka_unit_test(test_a_reset_is_a_failure_with_its_errno),
        cmocka_unit_test(test_what_is_forwarded_is_gone_after_the_turn_in_order),
        cmocka_unit_test(test_send_waits_for_what_was_forwarded_before),
        cmocka_unit_test(test_closing_sends_what_was_forwarded),
        cmocka_unit_test(test_sending_to_nobody_fails_in_the_end),
        cmocka_unit_test(test_a_quiet_stream_moves_and_loses_nothing),
        cmocka_unit_test(test_bytes_that_were_there_are_not_lost_by_moving),
        cmocka_unit_test(test_who_does_not_take_what_came_is_not_received_for),
        cmocka_unit_test(test_many_bytes_pass_a_slow_reader_in_little_memory),
        cmocka_unit_test(test_closing_does_not_lose_what_is_being_sent),
    };
    return RUN_ON_EACH_ENGINE(tests, set_up, tear_down);
}
