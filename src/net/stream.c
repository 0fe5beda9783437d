/* SPDX-License-Identifier: Apache-2.0
 * Moves bytes between descriptors and relay buffers. */
#include "net/stream.h"

#include "net/loop_internal.h"
#include "net/stream_internal.h"

#include <errno.h>

void stream_init(struct stream *s, void (*on_ready)(struct loop_fd *io))
{
    *s = (struct stream){
        .io = {.fd = -1, .on_ready = on_ready},
        .transport = &transport_plain,
    };
}

bool stream_attach(struct stream *s, struct loop *loop, struct buffer_cache *cache, int fd)
{
    CHECK(fd >= 0);
    CHECK(s->io.loop == NULL);
    CHECK(s->io.fd < 0 || s->io.fd == fd);
    CHECK(s->in == NULL && s->out == NULL);
    int previous_fd = s->io.fd;
    s->io.fd = fd;
    if (!loop_watch(loop, &s->io)) {
        s->io.fd = previous_fd;
        return false;
    }
    s->cache = cache;
    return true;
}

static void add_total(_Atomic uint64_t *total, uint64_t n)
{
    uint64_t v = atomic_load_explicit(total, memory_order_relaxed);
    atomic_store_explicit(total, v + n, memory_order_relaxed);
}

void stream_count_received(struct stream *s, size_t n)
{
    s->bytes_received += n;
    if (s->totals != NULL)
        add_total(&s->totals->received, n);
}

void stream_count_sent(struct stream *s, size_t n)
{
    s->bytes_sent += n;
    if (s->totals != NULL)
        add_total(&s->totals->sent, n);
}

/* Of a settled stream. */
static const struct stream_engine *engine_of(const struct stream *s)
{
    return s->io.loop->operations->streams;
}

void stream_settle(struct stream *s)
{
    CHECK(s->io.loop != NULL);
    if (!s->settled && engine_of(s) != NULL && s->transport == &transport_plain)
        engine_of(s)->settle(s);
}

static void drop(struct stream *s, struct buffer **b)
{
    if (*b != NULL)
        buffer_put(s->cache, *b);
    *b = NULL;
}

bool stream_detach(struct stream *s)
{
    CHECK(stream_is_open(s));
    CHECK(s->in == NULL || buffer_empty(s->in));
    CHECK(s->out == NULL || buffer_empty(s->out));
    if (s->settled && !engine_of(s)->leave(s))
        return false;
    drop(s, &s->in);
    drop(s, &s->out);
    s->cache = NULL;
    loop_unwatch(&s->io);
    return true;
}

void stream_close(struct stream *s)
{
    if (!stream_is_open(s))
        return;
    if (s->settled)
        engine_of(s)->close(s);
    loop_unwatch(&s->io);
    s->transport->close(s->io.fd, s->transport_state);
    s->transport = &transport_plain;
    s->transport_state = NULL;
    s->io.fd = -1;
    drop(s, &s->in);
    drop(s, &s->out);
    s->cache = NULL;
}

enum stream_result stream_fail(struct stream *s, int error)
{
    s->error = error;
    return STREAM_FAILED;
}

void stream_make_room(struct buffer *b)
{
    if (buffer_empty(b))
        buffer_compact(b);
    if (b->sent <= BUFFER_HEADROOM || buffer_room(b) >= b->capacity / 4)
        return;
    size_t live = b->received - b->sent;
    bool stuck = buffer_room(b) == 0 && b->sent == b->parsed;
    if (live <= b->capacity / 2 || stuck)
        buffer_compact(b);
}

enum stream_result stream_fill(struct stream *s)
{
    CHECK(stream_is_open(s));
    if (!s->io.readable)
        return STREAM_AGAIN;
    if (s->settled)
        return engine_of(s)->fill(s);
    if (s->in == NULL && (s->in = buffer_get(s->cache)) == NULL)
        return stream_fail(s, ENOMEM);
    struct buffer *b = s->in;
    stream_make_room(b);
    size_t room = buffer_room(b);
    if (room == 0)
        return STREAM_FULL;
    ssize_t n = s->transport->receive(s->io.fd, s->transport_state, b->data + b->received, room);
    int error = errno;
    if (n > 0) {
        CHECK((size_t)n <= room);
        b->received += (size_t)n;
        stream_count_received(s, (size_t)n);
        if ((size_t)n < room && s->transport->short_means_again && !s->io.hung_up)
            s->io.readable = false;
        return STREAM_OK;
    }
    stream_trim(s);
    if (n == 0)
        return STREAM_EOF;
    if (error != EAGAIN)
        return stream_fail(s, error);
    s->io.readable = false;
    return STREAM_AGAIN;
}

bool stream_hold(struct stream *s, size_t size)
{
    CHECK(stream_is_open(s));
    if (s->in == NULL && (s->in = buffer_get(s->cache)) == NULL)
        return false;
    size_t there = s->in->received - s->in->parsed;
    if (size <= there)
        return true;
    struct buffer *b = buffer_reserve(s->cache, s->in, size - there);
    if (b == NULL)
        return false;
    s->in = b;
    return true;
}

uint8_t *stream_out_reserve(struct stream *s, size_t size)
{
    CHECK(stream_is_open(s));
    if (s->out == NULL && (s->out = buffer_get(s->cache)) == NULL)
        return NULL;
    struct buffer *b = buffer_reserve(s->cache, s->out, size);
    if (b == NULL)
        return NULL;
    s->out = b;
    return b->data + b->received;
}

void stream_out_commit(struct stream *s, size_t size)
{
    CHECK(s->out != NULL);
    CHECK(size <= buffer_room(s->out));
    s->out->received += size;
    s->out->parsed = s->out->received;
}

static size_t add_part(struct iovec *part, const struct buffer *b)
{
    if (b == NULL || b->parsed == b->sent)
        return 0;
    struct bytes unsent = buffer_unsent(b);
    /* iovec has one type for both directions; sending does not write. */
    *part = (struct iovec){.iov_base = (void *)(uintptr_t)unsent.data, .iov_len = unsent.size};
    return unsent.size;
}

/* Advances `sent` over at most *n bytes and takes them from *n. */
static void consume(struct buffer *b, size_t *n)
{
    if (b == NULL)
        return;
    size_t unsent = b->parsed - b->sent;
    size_t taken = *n < unsent ? *n : unsent;
    b->sent += taken;
    *n -= taken;
}

/* One call. STREAM_OK: some bytes went, STREAM_AGAIN: no more now. */
static enum stream_result send_once(struct stream *s, struct buffer *in, size_t *left)
{
    struct iovec parts[2];
    int count = 0;
    size_t out_size = add_part(&parts[count], s->out);
    count += out_size > 0;
    size_t in_size = add_part(&parts[count], in);
    count += in_size > 0;
    size_t total = out_size + in_size;
    *left = total;
    if (total == 0)
        return STREAM_OK;
    if (!s->io.writable)
        return STREAM_AGAIN;
    ssize_t n = s->transport->send(s->io.fd, s->transport_state, parts, count);
    if (n < 0) {
        if (errno != EAGAIN)
            return stream_fail(s, errno);
        s->io.writable = false;
        return STREAM_AGAIN;
    }
    size_t moved = (size_t)n;
    CHECK(moved <= total);
    consume(s->out, &moved);
    consume(in, &moved);
    stream_count_sent(s, (size_t)n);
    *left = total - (size_t)n;
    if (*left == 0 || !s->transport->short_means_again)
        return STREAM_OK;
    s->io.writable = false;
    return STREAM_AGAIN;
}

enum stream_result stream_send(struct stream *s, struct stream *source)
{
    CHECK(stream_is_open(s));
    if (s->has_unsent) {
        enum stream_result r = engine_of(s)->flush(s);
        if (r != STREAM_OK)
            return r;
    }
    struct buffer *in = source != NULL ? source->in : NULL;
    size_t left;
    enum stream_result result;
    do
        result = send_once(s, in, &left);
    while (result == STREAM_OK && left > 0);
    if (s->out != NULL && buffer_empty(s->out))
        drop(s, &s->out);
    if (source != NULL)
        stream_trim(source);
    if (result == STREAM_AGAIN && s->settled)
        engine_of(s)->want_room(s);
    return result;
}

enum stream_result stream_forward(struct stream *s, struct stream *source)
{
    CHECK(stream_is_open(s));
    return s->settled ? engine_of(s)->forward(s, source) : stream_send(s, source);
}

enum socket_quiet stream_peek(const struct stream *s)
{
    if (s->transport->has_bytes != NULL && s->transport->has_bytes(s->transport_state))
        return SOCKET_HAS_BYTES;
    return socket_peek(s->io.fd);
}

void stream_trim(struct stream *s)
{
    if (s->in != NULL && buffer_empty(s->in))
        drop(s, &s->in);
}

void *stream_layer(const struct stream *s, const struct transport *kind)
{
    const struct transport *t = s->transport;
    void *state = s->transport_state;
    while (t != kind && t->below != NULL)
        t = t->below(state, &state);
    return t == kind ? state : NULL;
}
