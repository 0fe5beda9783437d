/* SPDX-License-Identifier: Apache-2.0
 * Settled streams on io_uring. One multishot receive stands for each: the kernel picks a buffer of
 * ours when bytes come, so an idle stream has none, and that very buffer becomes the stream's `in`.
 * What is forwarded is only noted down (the buffer moves, no byte does), and sent by one request
 * for each stream at the end of the turn.
 *
 * Such a send does not wait (MSG_DONTWAIT), so it is over when the submission returns, and tells
 * only when it did not go through whole. Its rest is sent by a request that waits.
 *
 * Back-pressure: a stream whose owner does not take what came is not received for any more, only
 * polled for a hang-up, until its owner has taken all. */
#include "net/uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Buffers that may be waiting for their owner before the kernel is told to stop. What it receives
 * until it has stopped comes on top: as much as the socket has, and half a megabyte at most. */
#define AHEAD_MAX 4
/* A packet's beginning behind what is forwarded: so much is copied to another buffer. More is not
 * worth it: then the stream sends by itself. */
#define TAIL_MAX 4096
/* What stays of the headroom when such a beginning is put in front of the bytes that follow it. */
#define HEADROOM_KEPT 16
/* Pieces that one stream forwards before they are sent in the middle of the turn. */
#define LEAVING_MAX URING_PARTS_MAX
/* How long what a closed stream has forwarded may take to be sent. */
#define LINGER_MAX_S 60

static struct stream *stream_of(struct uring_loop *u, uint32_t slot)
{
    return container_of(u->slots[slot].io, struct stream, io);
}

static struct uring_slot *slot_of(struct stream *s)
{
    return uring_slot_of(uring_of(s->io.loop), &s->io);
}

static size_t unsent(const struct buffer *b)
{
    return b->parsed - b->sent;
}

static void append(struct buffer **list, struct buffer *b)
{
    while (*list != NULL)
        list = &(*list)->next;
    b->next = NULL;
    *list = b;
}

static struct buffer *pop(struct buffer **list)
{
    struct buffer *b = *list;
    *list = b->next;
    return b;
}

void uring_put_all(struct buffer_cache *cache, struct buffer **list)
{
    while (*list != NULL)
        buffer_put(cache, pop(list));
}

/* -------- receiving -------- */

void uring_stream_prepare_receive(struct uring_loop *u, uint32_t slot)
{
    struct io_uring_sqe *sqe = uring_request(u);
    io_uring_prep_recv_multishot(sqe, u->slots[slot].io->fd, NULL, 0, 0);
    sqe->ioprio |= IORING_RECVSEND_POLL_FIRST; /* there is seldom something already */
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = URING_BUFFER_GROUP;
    io_uring_sqe_set_data64(sqe, uring_name(URING_RECEIVE, slot));
}

static void want(struct stream *s, uint8_t what, bool yes)
{
    struct uring_slot *slot = slot_of(s);
    uint8_t wants = (uint8_t)(yes ? slot->wants | what : slot->wants & ~what);
    if (wants == slot->wants)
        return;
    slot->wants = wants;
    uring_changed(uring_of(s->io.loop), s->io.slot);
}

/* Standing receives on Unix sockets miss the end when it comes together with the last bytes (Linux
 * 6.18: the socket says that nothing is left). So these are polled for it as well. */
static void want_polls(struct stream *s, bool receives)
{
    want(s, URING_HAS_POLL, !s->io.writable);
    want(s, URING_HAS_HANG_UP, !s->io.hung_up && (!receives || s->is_local));
}

static bool is_unix_socket(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

static void uring_settle(struct stream *s)
{
    struct uring_loop *u = uring_of(s->io.loop);
    if (!uring_is_mine(u) || (u->cache == NULL && !uring_buffers_begin(u, s->cache)))
        return;
    CHECK(u->cache == s->cache);
    s->settled = true;
    s->is_local = s->is_local || (!s->knows_family && is_unix_socket(s->io.fd));
    s->knows_family = true;
    slot_of(s)->settled = true;
    want_polls(s, true);
    want(s, URING_HAS_RECEIVE, true);
    s->io.readable = false;
}

/* No more comes; `error` 0: in good order. */
static void end_receiving(struct stream *s, int error)
{
    s->ended = true;
    s->error = error != 0 ? error : s->error;
    s->io.hung_up = true;
    s->io.readable = true;
    s->io.writable = s->io.writable || error != 0;
    want(s, URING_HAS_RECEIVE, false);
    want_polls(s, false);
}

void uring_stream_received(struct uring_loop *u, uint32_t slot, const struct io_uring_cqe *cqe)
{
    struct buffer *b = NULL;
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0)
        b = uring_buffers_take(u, (unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT),
                               cqe->res > 0 ? (size_t)cqe->res : 0);
    if (!u->slots[slot].watched) {
        if (b != NULL)
            buffer_put(u->cache, b);
        return;
    }
    struct stream *s = stream_of(u, slot);
    if (cqe->res == -ECANCELED || cqe->res == -ENOBUFS)
        return; /* `ended` has seen to its being armed again, if it is wanted */
    if (b != NULL) {
        append(&s->ahead, b);
        s->io.readable = true;
        if (!u->slots[slot].fed) {
            u->slots[slot].fed = true;
            uring_list_add(&u->fed, slot);
        }
    } else {
        end_receiving(s, cqe->res > 0 ? ENOMEM : -cqe->res);
    }
    s->io.on_ready(&s->io);
}

static bool is_ahead_too_far(const struct stream *s)
{
    size_t n = 0;
    for (const struct buffer *b = s->ahead; b != NULL; b = b->next)
        n++;
    return n >= AHEAD_MAX || (n > 0 && s->ahead->received == s->ahead->capacity);
}

void uring_streams_hold_back(struct uring_loop *u)
{
    for (size_t i = 0; i < u->fed.count; i++) {
        uint32_t slot = u->fed.items[i];
        u->slots[slot].fed = false;
        if (!u->slots[slot].watched) {
            uring_changed(u, slot);
            continue;
        }
        struct stream *s = stream_of(u, slot);
        if (s->settled && is_ahead_too_far(s) && !s->ended) {
            want(s, URING_HAS_RECEIVE, false);
            want_polls(s, false);
        }
    }
    u->fed.count = 0;
}

/* Everything was taken. */
static void resume(struct stream *s)
{
    s->io.readable = s->ended;
    if (s->ended)
        return;
    want(s, URING_HAS_RECEIVE, true);
    want_polls(s, true);
}

/* A new receiver sees the end that the one that stands may have missed. */
static void renew(struct uring_loop *u, uint32_t slot)
{
    u->slots[slot].renew = true;
    uring_changed(u, slot);
}

void uring_stream_polled(struct uring_loop *u, uint32_t slot, bool hung_up, bool writable)
{
    struct stream *s = stream_of(u, slot);
    bool news = (hung_up && !s->io.hung_up) || (writable && !s->io.writable);
    if (hung_up && !s->ended && (u->slots[slot].has & URING_HAS_RECEIVE) != 0)
        renew(u, slot);
    s->io.hung_up = s->io.hung_up || hung_up;
    s->io.writable = s->io.writable || (writable && !s->has_unsent);
    want_polls(s, (u->slots[slot].wants & URING_HAS_RECEIVE) != 0);
    if (news)
        s->io.on_ready(&s->io);
}

/* What `in` has moves in front of the next buffer, when it is a packet's first bytes; or the next
 * buffer's bytes move behind what `in` has. False: no room. */
static bool take_ahead(struct stream *s)
{
    struct buffer *in = s->in;
    struct buffer *b = s->ahead;
    size_t live = in != NULL ? in->received - in->sent : 0;
    bool plain = in == NULL || in->capacity == BUFFER_STANDARD;
    if (plain && live + HEADROOM_KEPT <= b->sent) {
        (void)pop(&s->ahead);
        stream_count_received(s, b->received - b->sent);
        if (live > 0) {
            size_t parsed = unsent(in);
            b->sent -= live;
            b->parsed = b->sent + parsed;
            memcpy(b->data + b->sent, in->data + in->sent, live);
        }
        if (in != NULL)
            buffer_put(s->cache, in);
        s->in = b;
        return true;
    }
    CHECK(in != NULL); /* every filled buffer has its headroom */
    stream_make_room(in);
    size_t size = b->received - b->sent;
    size_t n = buffer_room(in) < size ? buffer_room(in) : size;
    if (n == 0)
        return false;
    memcpy(in->data + in->received, b->data + b->sent, n);
    in->received += n;
    stream_count_received(s, n);
    b->sent = b->parsed = b->sent + n;
    if (buffer_empty(b))
        buffer_put(s->cache, pop(&s->ahead));
    return true;
}

static enum stream_result uring_fill(struct stream *s)
{
    if (s->ahead == NULL) {
        stream_trim(s);
        resume(s);
        if (!s->ended)
            return STREAM_AGAIN;
        return s->error != 0 ? STREAM_FAILED : STREAM_EOF;
    }
    if (!take_ahead(s))
        return STREAM_FULL;
    if (s->ahead == NULL)
        resume(s);
    return STREAM_OK;
}

/* -------- sending -------- */

static enum stream_result uring_flush(struct stream *s)
{
    struct uring_loop *u = uring_of(s->io.loop);
    if (slot_of(s)->queued && uring_is_mine(u)) {
        uring_streams_prepare(u);
        uring_submit(u);
    }
    if (s->has_unsent)
        return STREAM_AGAIN;
    return s->ended && s->error != 0 ? STREAM_FAILED : STREAM_OK;
}

static void uring_want_room(struct stream *s)
{
    want(s, URING_HAS_POLL, true);
}

/* The part of `in` that may be forwarded, as a buffer of its own. NULL: it is not worth it, or
 * there is no memory. */
static struct buffer *detach_parsed(struct stream *source)
{
    struct buffer *b = source->in;
    size_t tail = b->received - b->parsed;
    if (tail > TAIL_MAX)
        return NULL;
    struct buffer *rest = NULL;
    if (tail > 0) {
        rest = buffer_get(source->cache);
        if (rest == NULL)
            return NULL;
        memcpy(rest->data + rest->received, b->data + b->parsed, tail);
        rest->received += tail;
        b->received = b->parsed;
    }
    source->in = rest;
    return b;
}

static size_t pieces(const struct uring_slot *slot)
{
    size_t n = 0;
    for (const struct buffer *b = slot->leaving; b != NULL; b = b->next)
        n++;
    return n;
}

static void leave(struct stream *s, struct buffer *b)
{
    stream_count_sent(s, unsent(b));
    struct uring_slot *slot = slot_of(s);
    append(&slot->leaving, b);
    s->has_unsent = true;
    if (slot->queued)
        return;
    slot->queued = true;
    uring_list_add(&uring_of(s->io.loop)->queued, s->io.slot);
}

static enum stream_result uring_forward(struct stream *s, struct stream *source)
{
    if (s->ended && s->error != 0)
        return STREAM_FAILED;
    bool own = s->out != NULL && unsent(s->out) > 0;
    bool other = source != NULL && source->in != NULL && unsent(source->in) > 0;
    if (!own && !other) {
        if (source != NULL)
            stream_trim(source);
        return STREAM_OK;
    }
    if (!s->io.writable || (s->has_unsent && !slot_of(s)->queued))
        return STREAM_AGAIN;
    if (pieces(slot_of(s)) + 2 > LEAVING_MAX) {
        enum stream_result r = uring_flush(s);
        if (r != STREAM_OK)
            return r;
    }
    struct buffer *theirs = other ? detach_parsed(source) : NULL;
    if (other && theirs == NULL)
        return stream_send(s, source);
    if (own) {
        leave(s, s->out);
        s->out = NULL;
    }
    if (theirs != NULL)
        leave(s, theirs);
    if (source != NULL)
        stream_trim(source);
    return STREAM_OK;
}

#define SEND_FLAGS (MSG_NOSIGNAL | MSG_WAITALL)

static void prepare_message(struct uring_loop *u, struct io_uring_sqe *sqe, uint32_t slot,
                            unsigned flags)
{
    struct msghdr *m = &u->messages[u->message_count];
    struct iovec *parts = u->parts[u->message_count];
    u->message_count++;
    size_t n = 0;
    for (struct buffer *b = u->slots[slot].leaving; b != NULL; b = b->next, n++) {
        CHECK(n < URING_PARTS_MAX);
        parts[n] = (struct iovec){.iov_base = b->data + b->sent, .iov_len = unsent(b)};
    }
    *m = (struct msghdr){.msg_iov = parts, .msg_iovlen = n};
    io_uring_prep_sendmsg(sqe, u->slots[slot].io->fd, m, flags);
}

static void prepare_send(struct uring_loop *u, uint32_t slot)
{
    struct io_uring_sqe *sqe = uring_request(u);
    int fd = u->slots[slot].io->fd;
    struct buffer *b = u->slots[slot].leaving;
    if (b->next == NULL)
        io_uring_prep_send(sqe, fd, b->data + b->sent, unsent(b), SEND_FLAGS | MSG_DONTWAIT);
    else
        prepare_message(u, sqe, slot, SEND_FLAGS | MSG_DONTWAIT);
    io_uring_sqe_set_data64(sqe, uring_name(URING_SEND, slot));
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    uring_list_add(&u->sent, slot);
}

void uring_streams_prepare(struct uring_loop *u)
{
    for (size_t i = 0; i < u->queued.count; i++)
        prepare_send(u, u->queued.items[i]);
    u->queued.count = 0;
}

static void consume(struct uring_loop *u, uint32_t slot, size_t n)
{
    struct buffer **leaving = &u->slots[slot].leaving;
    while (n > 0) {
        CHECK(*leaving != NULL);
        size_t size = unsent(*leaving);
        size_t taken = n < size ? n : size;
        (*leaving)->sent += taken;
        n -= taken;
        if (taken == size)
            buffer_put(u->cache, pop(leaving));
    }
}

/* What the kernel has said of a send: bytes, or an error. */
static void sent(struct uring_loop *u, uint32_t slot, int result)
{
    struct stream *s = stream_of(u, slot);
    if (result > 0)
        consume(u, slot, (size_t)result);
    if (result < 0 && result != -EAGAIN) {
        uring_put_all(u->cache, &u->slots[slot].leaving);
        end_receiving(s, -result);
    }
    s->has_unsent = u->slots[slot].leaving != NULL;
}

void uring_stream_fell_short(struct uring_loop *u, uint32_t slot, int result)
{
    CHECK(u->slots[slot].watched && u->slots[slot].queued);
    u->slots[slot].is_short = true;
    sent(u, slot, result);
}

/* By a request that waits until there is room for all of it. */
static void send_rest(struct uring_loop *u, uint32_t slot)
{
    struct io_uring_sqe *sqe = uring_request(u);
    u->slots[slot].io->writable = false;
    u->slots[slot].wants |= URING_HAS_REST;
    u->slots[slot].has |= URING_HAS_REST;
    prepare_message(u, sqe, slot, SEND_FLAGS);
    io_uring_sqe_set_data64(sqe, uring_name(URING_REST, slot));
}

void uring_streams_settle(struct uring_loop *u)
{
    /* What begins meanwhile belongs to the next submission. */
    size_t count = u->sent.count;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = u->sent.items[i];
        u->slots[slot].queued = false;
        if (!u->slots[slot].is_short) {
            uring_put_all(u->cache, &u->slots[slot].leaving);
            stream_of(u, slot)->has_unsent = false;
            continue;
        }
        u->slots[slot].is_short = false;
        if (u->slots[slot].leaving != NULL)
            send_rest(u, slot);
        uring_note(u, &(struct io_uring_cqe){.user_data = uring_name(URING_STUCK, slot),
                                             .flags = IORING_CQE_F_MORE});
    }
    u->sent.count = 0;
}

void uring_stream_sent_rest(struct uring_loop *u, uint32_t slot, int result)
{
    if (!u->slots[slot].watched) {
        uring_put_all(u->cache, &u->slots[slot].leaving);
        return;
    }
    struct stream *s = stream_of(u, slot);
    u->slots[slot].wants &= (uint8_t)~URING_HAS_REST;
    sent(u, slot, result);
    if (s->has_unsent) {
        send_rest(u, slot);
        return;
    }
    s->io.writable = true;
    s->io.on_ready(&s->io);
}

/* -------- the end -------- */

/* Something of this slot is among the completions that were not dispatched yet. */
static bool has_come(const struct uring_loop *u, uint32_t slot)
{
    for (size_t i = u->next_event; i < u->event_count; i++) {
        const struct io_uring_cqe *cqe = &u->events[i];
        if (cqe->user_data == uring_name(URING_RECEIVE, slot) && cqe->res != -ECANCELED &&
            cqe->res != -ENOBUFS)
            return true;
    }
    return false;
}

static bool uring_leave(struct stream *s)
{
    struct uring_loop *u = uring_of(s->io.loop);
    if (uring_is_mine(u)) {
        if (uring_flush(s) != STREAM_OK || s->ahead != NULL || s->ended)
            return false;
        struct uring_slot *slot = slot_of(s);
        if ((slot->has & URING_HAS_RECEIVE) != 0) {
            slot->ending |= URING_HAS_RECEIVE;
            if (!uring_end_now(u, uring_name(URING_RECEIVE, s->io.slot)) || has_come(u, s->io.slot))
                return false;
        }
    }
    s->settled = false;
    return true;
}

static void uring_close(struct stream *s)
{
    if (s->has_unsent)
        (void)uring_flush(s);
    uring_put_all(s->cache, &s->ahead);
    s->settled = s->ended = s->has_unsent = false;
}

const struct stream_engine uring_streams = {
    .settle = uring_settle,
    .fill = uring_fill,
    .forward = uring_forward,
    .flush = uring_flush,
    .want_room = uring_want_room,
    .leave = uring_leave,
    .close = uring_close,
};
