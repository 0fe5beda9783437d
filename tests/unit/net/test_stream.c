/* SPDX-License-Identifier: Apache-2.0
 * Streams on real sockets and on a transport that moves one byte at a time. */
#include "net/stream.h"

#include "base/random.h"
#include "net_test.h"

#include <errno.h>

/* A loop, a cache, and streams whose far ends (`peer`) the test holds. */
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
    return loop != NULL && cache != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    size_t in_use = buffer_cache_in_use(cache);
    if (in_use > 0)
        return -1;
    buffer_cache_destroy(cache);
    loop_destroy(loop);
    return 0;
}

static void side_open_on(struct side *side, const int fds[2])
{
    stream_init(&side->stream, on_ready);
    assert_false(stream_is_open(&side->stream));
    assert_true(stream_attach(&side->stream, loop, cache, fds[0]));
    assert_true(stream_is_open(&side->stream));
    side->peer = fds[1];
    side->calls = 0;
}

static void side_open(struct side *side)
{
    int fds[2];
    make_pair(fds);
    side_open_on(side, fds);
}

static void side_close(struct side *side)
{
    stream_close(&side->stream);
    stream_close(&side->stream);
    assert_false(stream_is_open(&side->stream));
    if (side->peer >= 0)
        (void)close(side->peer);
    side->peer = -1;
}

static void peer_says(struct side *side, const char *text)
{
    assert_int_equal(write(side->peer, text, strlen(text)), strlen(text));
}

static void assert_peer_hears(struct side *side, const char *text)
{
    char got[256] = {0};
    assert_int_equal(read(side->peer, got, sizeof got - 1), strlen(text));
    assert_string_equal(got, text);
}

static void say(struct stream *s, const char *text)
{
    struct bytes b = bytes_of_text(text);
    uint8_t *room = stream_out_reserve(s, b.size + 10);
    assert_non_null(room);
    memcpy(room, b.data, b.size);
    stream_out_commit(s, b.size);
}

static void parse_all(struct stream *s)
{
    s->in->parsed = s->in->received;
}

/* One byte per call; with pauses, every third call finds nothing. */
static int trickle_calls;
static bool trickle_pauses;

static ssize_t trickle_receive(int fd, void *state, void *data, size_t size)
{
    (void)size;
    if (++trickle_calls % 3 == 0 && trickle_pauses) {
        errno = EAGAIN;
        return -1;
    }
    return transport_plain.receive(fd, state, data, 1);
}

static ssize_t trickle_send(int fd, void *state, const struct iovec *parts, int count)
{
    assert_true(count >= 1 && parts[0].iov_len > 0);
    if (++trickle_calls % 3 == 0 && trickle_pauses) {
        errno = EAGAIN;
        return -1;
    }
    struct iovec one = {.iov_base = parts[0].iov_base, .iov_len = 1};
    return transport_plain.send(fd, state, &one, 1);
}

static void trickle_close(int fd, void *state)
{
    transport_plain.close(fd, state);
}

static const struct transport trickle = {
    .name = "trickle",
    .receive = trickle_receive,
    .send = trickle_send,
    .close = trickle_close,
};

static void test_an_idle_stream_holds_no_buffer(void **state)
{
    (void)state;
    struct side a;
    side_open(&a);
    turn_quietly(loop);
    assert_int_equal(stream_fill(&a.stream), STREAM_AGAIN);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    peer_says(&a, "x");
    TURN_UNTIL(loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_int_equal(buffer_cache_in_use(cache), 1);
    a.stream.in->sent = a.stream.in->parsed = a.stream.in->received;
    stream_trim(&a.stream);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    /* Readable by rumour only: the buffer that was got in vain does not stay. */
    a.stream.io.readable = true;
    assert_int_equal(stream_fill(&a.stream), STREAM_AGAIN);
    assert_false(a.stream.io.readable);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    assert_int_equal(a.stream.bytes_received, 1);
    side_close(&a);
}

static void test_a_short_read_means_drained_unless_hung_up(void **state)
{
    (void)state;
    struct side a;
    side_open(&a);
    peer_says(&a, "abc");
    TURN_UNTIL(loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "abc"));
    assert_false(a.stream.io.readable);
    peer_says(&a, "de");
    assert_int_equal(shutdown(a.peer, SHUT_WR), 0);
    TURN_UNTIL(loop, a.stream.io.hung_up);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_true(bytes_equal_text(buffer_unparsed(a.stream.in), "abcde"));
    assert_true(a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_EOF);
    /* Half closed: we may still answer. */
    say(&a.stream, "bye");
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_OK);
    assert_peer_hears(&a, "bye");
    side_close(&a);
}

static void test_end_of_stream_without_bytes_leaves_no_buffer(void **state)
{
    (void)state;
    struct side a;
    side_open(&a);
    (void)close(a.peer);
    a.peer = -1;
    TURN_UNTIL(loop, a.stream.io.hung_up);
    assert_int_equal(stream_fill(&a.stream), STREAM_EOF);
    assert_int_equal(stream_fill(&a.stream), STREAM_EOF);
    assert_null(a.stream.in);
    say(&a.stream, "to nobody");
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_FAILED);
    assert_int_equal(a.stream.error, EPIPE);
    side_close(&a);
}

static void test_a_reset_is_a_failure_with_its_errno(void **state)
{
    (void)state;
    struct side a;
    int fds[2];
    make_tcp_pair(fds);
    side_open_on(&a, fds);
    struct linger at_once = {.l_onoff = 1};
    assert_int_equal(setsockopt(a.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    (void)close(a.peer);
    a.peer = -1;
    TURN_UNTIL(loop, a.stream.io.hung_up);
    assert_int_equal(stream_fill(&a.stream), STREAM_FAILED);
    assert_int_equal(a.stream.error, ECONNRESET);
    assert_null(a.stream.in);
    side_close(&a);
}

static void test_own_bytes_go_before_forwarded_ones(void **state)
{
    (void)state;
    struct side from;
    struct side to;
    side_open(&from);
    side_open(&to);
    assert_int_equal(stream_send(&to.stream, NULL), STREAM_OK);
    assert_int_equal(stream_send(&to.stream, &from.stream), STREAM_OK);
    peer_says(&from, "forwarded|rest");
    TURN_UNTIL(loop, from.stream.io.readable);
    assert_int_equal(stream_fill(&from.stream), STREAM_OK);
    from.stream.in->parsed += strlen("forwarded|");
    say(&to.stream, "own ");
    say(&to.stream, "bytes|");
    assert_int_equal(stream_send(&to.stream, &from.stream), STREAM_OK);
    assert_peer_hears(&to, "own bytes|forwarded|");
    assert_null(to.stream.out);
    assert_non_null(from.stream.in); /* the rest is not looked at yet */
    assert_true(bytes_equal_text(buffer_unparsed(from.stream.in), "rest"));
    parse_all(&from.stream);
    assert_int_equal(stream_send(&to.stream, &from.stream), STREAM_OK);
    assert_peer_hears(&to, "rest");
    assert_null(from.stream.in);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    assert_int_equal(to.stream.bytes_sent, 24);
    side_close(&from);
    side_close(&to);
}

static void test_a_full_buffer_says_so_and_sending_makes_room(void **state)
{
    (void)state;
    static char block[40000];
    struct side from;
    struct side to;
    side_open(&from);
    side_open(&to);
    memset(block, 'b', sizeof block);
    assert_int_equal(write(from.peer, block, sizeof block), sizeof block);
    TURN_UNTIL(loop, from.stream.io.readable);
    assert_int_equal(stream_fill(&from.stream), STREAM_OK);
    assert_int_equal(stream_fill(&from.stream), STREAM_FULL);
    assert_true(from.stream.io.readable);
    parse_all(&from.stream);
    assert_int_equal(stream_send(&to.stream, &from.stream), STREAM_OK);
    assert_int_equal(stream_fill(&from.stream), STREAM_OK);
    assert_int_equal(buffer_cache_in_use(cache), 1);
    side_close(&from);
    side_close(&to);
}

/* sent > headroom, a packet that began: it must not stop for want of room that compaction makes. */
static void test_a_packet_at_the_end_of_the_buffer_is_moved_down(void **state)
{
    (void)state;
    static char block[40000];
    struct side a;
    side_open(&a);
    memset(block, 'b', sizeof block);
    assert_int_equal(write(a.peer, block, sizeof block), sizeof block);
    TURN_UNTIL(loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    struct buffer *b = a.stream.in;
    b->sent = b->parsed = b->received - 15000; /* most of it is one packet, not whole yet */
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_int_equal(buffer_unparsed(b).size, 16384);
    assert_int_equal(b->sent, BUFFER_HEADROOM);
    assert_int_equal(stream_fill(&a.stream), STREAM_FULL);
    assert_true(stream_hold(&a.stream, 30000));
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_true(buffer_unparsed(a.stream.in).size >= 30000);
    assert_false(stream_hold(&a.stream, BUFFER_MAX + 1));
    side_close(&a);
    assert_int_equal(buffer_cache_in_use(cache), 0);
}

static void test_holding_grows_before_the_first_byte_too(void **state)
{
    (void)state;
    struct side a;
    side_open(&a);
    assert_true(stream_hold(&a.stream, 100000));
    assert_true(buffer_room(a.stream.in) >= 100000);
    stream_trim(&a.stream);
    assert_null(a.stream.in);
    side_close(&a);
}

static void test_own_output_of_any_size_is_sent_in_the_end(void **state)
{
    (void)state;
    static uint8_t got[300000];
    struct side a;
    side_open(&a);
    shrink_socket(a.stream.io.fd);
    for (size_t i = 0; i < sizeof got; i += 100) {
        uint8_t *room = stream_out_reserve(&a.stream, 100);
        assert_non_null(room);
        for (size_t j = 0; j < 100; j++)
            room[j] = (uint8_t)((i + j) * 7);
        stream_out_commit(&a.stream, 100);
    }
    assert_null(stream_out_reserve(&a.stream, BUFFER_MAX));
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_AGAIN);
    assert_false(a.stream.io.writable);
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_AGAIN);
    size_t n = 0;
    while (n < sizeof got) {
        ssize_t r = read(a.peer, got + n, sizeof got - n);
        n += r > 0 ? (size_t)r : 0;
        loop_turn(loop, USEC_PER_MSEC);
        assert_int_not_equal(stream_send(&a.stream, NULL), STREAM_FAILED);
    }
    for (size_t i = 0; i < sizeof got; i++)
        assert_int_equal(got[i], (uint8_t)(i * 7));
    assert_null(a.stream.out);
    assert_int_equal(a.stream.bytes_sent, sizeof got);
    side_close(&a);
}

static void test_one_byte_at_a_time_loses_and_doubles_nothing(void **state)
{
    (void)state;
    const char *words = "0123456789 abcdefghij";
    struct side from;
    struct side to;
    char got[64] = {0};
    size_t n = 0;
    side_open(&from);
    side_open(&to);
    from.stream.transport = &trickle;
    to.stream.transport = &trickle;
    trickle_pauses = true;
    say(&to.stream, "own: ");
    peer_says(&from, words);
    turn_quietly(loop);
    for (int i = 0; i < 1000 && n < strlen(words) + 5; i++) {
        /* What the kernel would report again: this transport hides edges. */
        from.stream.io.readable = true;
        to.stream.io.writable = true;
        if (stream_fill(&from.stream) == STREAM_OK)
            parse_all(&from.stream);
        assert_int_not_equal(stream_send(&to.stream, &from.stream), STREAM_FAILED);
        ssize_t r = read(to.peer, got + n, sizeof got - n);
        n += r > 0 ? (size_t)r : 0;
    }
    assert_string_equal(got, "own: 0123456789 abcdefghij");
    assert_int_equal(buffer_cache_in_use(cache), 0);
    side_close(&from);
    side_close(&to);
}

static void test_without_a_pause_one_call_sends_all_and_a_pause_is_remembered(void **state)
{
    (void)state;
    struct side a;
    side_open(&a);
    a.stream.transport = &trickle;
    trickle_pauses = false;
    say(&a.stream, "seven..");
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_OK);
    assert_true(a.stream.io.writable);
    assert_peer_hears(&a, "seven..");
    trickle_pauses = true;
    trickle_calls = 0;
    say(&a.stream, "seven..");
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_AGAIN);
    assert_false(a.stream.io.writable);
    assert_peer_hears(&a, "se");
    assert_int_equal(stream_send(&a.stream, NULL), STREAM_AGAIN);
    assert_int_equal(trickle_calls, 3); /* who is not writable is not asked */
    side_close(&a);
}

static void test_a_detached_stream_goes_on_on_another_loop(void **state)
{
    (void)state;
    struct loop *other_loop = make_loop();
    struct buffer_cache *other_cache = buffer_cache_create(1);
    struct side a;
    side_open(&a);
    turn_quietly(loop);
    int fd = a.stream.io.fd;
    assert_true(stream_detach(&a.stream));
    assert_null(a.stream.io.loop);
    assert_true(stream_is_open(&a.stream));
    peer_says(&a, "while nobody watched");
    assert_true(stream_attach(&a.stream, other_loop, other_cache, fd));
    TURN_UNTIL(other_loop, a.stream.io.readable);
    assert_int_equal(stream_fill(&a.stream), STREAM_OK);
    assert_int_equal(buffer_cache_in_use(other_cache), 1);
    parse_all(&a.stream);
    a.stream.in->sent = a.stream.in->received;
    assert_true(stream_detach(&a.stream));
    assert_int_equal(buffer_cache_in_use(other_cache), 0);
    side_close(&a); /* also while detached */
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    buffer_cache_destroy(other_cache);
    loop_destroy(other_loop);
}

static void test_a_failed_attach_leaves_the_descriptor_to_the_caller(void **state)
{
    (void)state;
    struct stream s;
    if (test_engine != LOOP_EPOLL)
        return; /* refuses nothing */
    stream_init(&s, on_ready);
    assert_false(stream_attach(&s, loop, cache, 999999));
    assert_int_equal(errno, EBADF);
    assert_false(stream_is_open(&s));
    stream_close(&s);
}

/* Bytes from `from` to `to`, as a session moves them, with the largest use of memory seen. */
struct relay {
    struct side from;
    struct side to;
    size_t most_buffers;
    size_t most_capacity;
    bool ended;
    struct loop_task more; /* the slice was used up; no edge will come for what is known already */
};
static struct relay relay;

static void relay_some(struct loop_task *task)
{
    for (int i = 0; i < 16; i++) {
        enum stream_result r = stream_fill(&relay.from.stream);
        assert_int_not_equal(r, STREAM_FAILED);
        relay.ended = relay.ended || r == STREAM_EOF;
        if (relay.from.stream.in != NULL) {
            parse_all(&relay.from.stream);
            if (relay.from.stream.in->capacity > relay.most_capacity)
                relay.most_capacity = relay.from.stream.in->capacity;
        }
        if (buffer_cache_in_use(cache) > relay.most_buffers)
            relay.most_buffers = buffer_cache_in_use(cache);
        enum stream_result sent = stream_send(&relay.to.stream, &relay.from.stream);
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

#define RELAYED ((size_t)1024 * 1024)

/* The reader takes a little now and then; the writer pushes as much as the kernel takes. */
static void relay_through(const int from[2], const int to[2])
{
    static uint8_t sent[RELAYED];
    static uint8_t got[RELAYED];
    uint64_t seed = 11;
    for (size_t i = 0; i < RELAYED; i++)
        sent[i] = (uint8_t)random_next(&seed);
    memset(&relay, 0, sizeof relay);
    relay.more.run = relay_some;
    side_open_on(&relay.from, from);
    side_open_on(&relay.to, to);
    relay.from.stream.io.on_ready = relay_ready;
    relay.to.stream.io.on_ready = relay_ready;
    size_t written = 0;
    size_t read_so_far = 0;
    usec_t too_late = clock_now() + 30 * USEC_PER_SEC;
    while (read_so_far < RELAYED) {
        assert_true(clock_now() < too_late);
        ssize_t w =
            written < RELAYED ? write(relay.from.peer, sent + written, RELAYED - written) : 0;
        written += w > 0 ? (size_t)w : 0;
        if (written == RELAYED)
            (void)shutdown(relay.from.peer, SHUT_WR);
        loop_turn(loop, 0);
        size_t some = 1 + (size_t)random_below(&seed, 9000);
        size_t left = RELAYED - read_so_far;
        ssize_t r = read(relay.to.peer, got + read_so_far, some < left ? some : left);
        read_so_far += r > 0 ? (size_t)r : 0;
    }
    TURN_UNTIL(loop, relay.ended);
    loop_task_cancel(loop, &relay.more);
    assert_memory_equal(got, sent, RELAYED);
    assert_int_equal(relay.most_buffers, 1);
    assert_int_equal(relay.most_capacity, BUFFER_STANDARD);
    assert_int_equal(relay.from.stream.bytes_received, RELAYED);
    assert_int_equal(relay.to.stream.bytes_sent, RELAYED);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    side_close(&relay.from);
    side_close(&relay.to);
}

static void test_a_mebibyte_passes_a_slow_reader_in_one_buffer(void **state)
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
    relay_through(from, to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_idle_stream_holds_no_buffer),
        cmocka_unit_test(test_a_short_read_means_drained_unless_hung_up),
        cmocka_unit_test(test_end_of_stream_without_bytes_leaves_no_buffer),
        cmocka_unit_test(test_a_reset_is_a_failure_with_its_errno),
        cmocka_unit_test(test_own_bytes_go_before_forwarded_ones),
        cmocka_unit_test(test_a_full_buffer_says_so_and_sending_makes_room),
        cmocka_unit_test(test_a_packet_at_the_end_of_the_buffer_is_moved_down),
        cmocka_unit_test(test_holding_grows_before_the_first_byte_too),
        cmocka_unit_test(test_own_output_of_any_size_is_sent_in_the_end),
        cmocka_unit_test(test_one_byte_at_a_time_loses_and_doubles_nothing),
        cmocka_unit_test(test_without_a_pause_one_call_sends_all_and_a_pause_is_remembered),
        cmocka_unit_test(test_a_detached_stream_goes_on_on_another_loop),
        cmocka_unit_test(test_a_failed_attach_leaves_the_descriptor_to_the_caller),
        cmocka_unit_test(test_a_mebibyte_passes_a_slow_reader_in_one_buffer),
    };
    return RUN_ON_EACH_ENGINE(tests, set_up, tear_down);
}
