/* SPDX-License-Identifier: Apache-2.0
 * A connection's bytes: a descriptor, what was received (`in`), what we have to say ourselves
 * (`out`). The only caller of recv and send. Knows nothing of MySQL.
 *
 * Relaying copies nothing: what one stream received is sent by the other straight from the
 * receiver's buffer (stream_forward with the source's unsent bytes). When the other side does not
 * take it, the bytes stay where they are and nobody reads more: back-pressure is the buffer.
 *
 * On a loop that completes instead of telling readiness (io_uring), a settled stream has the kernel
 * receive for it before it is asked (`ahead`), and what it forwards leaves at the end of the turn,
 * with that of all others. Who calls fill and forward does not see the difference. */
#ifndef WEIR_NET_STREAM_H
#define WEIR_NET_STREAM_H

#include "net/buffer.h"
#include "net/loop.h"
#include "net/socket.h"

#include <stdatomic.h>
#include <sys/types.h>
#include <sys/uio.h>

/* What a stream does its I/O with: plain sockets, TLS (tls.h), compression on top of either
 * (compression.h). Same results as recv(2) and
 * sendmsg(2): -1 with errno, 0 from receive at end of stream. */
struct transport {
    const char *name;
    /* Fewer bytes moved than asked for means that there is nothing more (receive) or no more room
     * (send) now: true for sockets, false where bytes rest inside the transport. */
    bool short_means_again;
    ssize_t (*receive)(int fd, void *state, void *data, size_t size);
    ssize_t (*send)(int fd, void *state, const struct iovec *parts, int count);
    /* Received bytes that rest inside; NULL: never. */
    bool (*has_bytes)(void *state);
    void (*close)(int fd, void *state);
    /* The transport that this one lies on, and its state; NULL: on the socket itself. */
    const struct transport *(*below)(void *state, void **below_state);
};
extern const struct transport transport_plain;

enum stream_result {
    STREAM_OK,     /* some bytes moved */
    STREAM_AGAIN,  /* nothing more for now; on_ready will be called */
    STREAM_FULL,   /* fill: no room in the buffer until something is sent on */
    STREAM_EOF,    /* fill: the other side has closed, all its bytes were received */
    STREAM_FAILED, /* see error */
};

/* Bytes of all streams that count here. Written by one thread, read by any. */
struct stream_totals {
    _Atomic uint64_t received;
    _Atomic uint64_t sent;
};

struct stream {
    struct loop_fd io; /* io.on_ready is the owner's function */
    const struct transport *transport;
    void *transport_state;
    struct buffer_cache *cache; /* of the worker that the stream lives on */
    struct buffer *in;          /* NULL when nothing is in flight */
    struct buffer *out;         /* own bytes, sent before forwarded ones; NULL when none */
    struct buffer *ahead;       /* settled: received, not filled in yet; oldest first */
    int error;                  /* errno of the failure, 0 */
    bool settled;               /* the loop receives and forwards for it */
    bool ended;                 /* settled: behind `ahead` comes the end, or `error` */
    bool has_unsent;            /* settled: something forwarded is not known to be sent */
    bool is_local : 1;          /* settled: a Unix socket */
    bool knows_family : 1;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    struct stream_totals *totals; /* set by the owner, NULL none */
};

/* `on_ready` finds its owner with container_of. No descriptor yet. */
void stream_init(struct stream *s, void (*on_ready)(struct loop_fd *io));

/* Takes a non-blocking descriptor and watches it; on failure returns false, the fd stays the
 * caller's. Also how a stream that was detached arrives on another worker (fd = s->io.fd). */
NODISCARD bool stream_attach(struct stream *s, struct loop *loop, struct buffer_cache *cache,
                             int fd);

/* The dialogue of its beginning (TLS, compression, login) is over: from now on bytes are only
 * relayed, and the transport stays what it is. The loop may have the kernel receive ahead and send
 * later. Ends with stream_detach. Nothing, when the loop or the transport cannot. */
void stream_settle(struct stream *s);

/* Stops watching and keeps the descriptor, to be attached elsewhere. Both buffers must be empty
 * (they are given back), and nothing forwarded may be left (stream_has_unsent). False: the other
 * side has said something, or has closed; the stream stays attached, and is to be closed. */
NODISCARD bool stream_detach(struct stream *s);

/* Unwatches, closes the descriptor, gives the buffers back. Idempotent. */
void stream_close(struct stream *s);

NODISCARD static inline bool stream_is_open(const struct stream *s)
{
    return s->io.fd >= 0;
}

/* Receives once into `in` (which appears when needed and disappears when it stays empty). At most
 * one recv, none when !io.readable. STREAM_OK = new bytes at the end of [parsed, received); whoever
 * stops while io.readable is still set must come back unasked (loop_defer): no edge will call. The
 * bytes may have moved within the buffer, so positions are kept relative to in->parsed. */
NODISCARD enum stream_result stream_fill(struct stream *s);

/* Makes sure that a packet of `size` bytes that starts at in->parsed can be held whole; false when
 * it would exceed BUFFER_MAX or memory is out. */
NODISCARD bool stream_hold(struct stream *s, size_t size);

/* Room to append `size` own bytes to `out`; commit them with stream_out_commit. NULL when out of
 * memory or beyond BUFFER_MAX. */
NODISCARD uint8_t *stream_out_reserve(struct stream *s, size_t size);
void stream_out_commit(struct stream *s, size_t size);

/* Sends `out`, then, when `out` is empty, the bytes [sent, parsed) of `source->in` (source may be
 * NULL), in as few calls as possible (one sendmsg with both when both exist), and advances
 * source->in->sent; an emptied buffer is given back. STREAM_OK: all of it is gone, or
 * there was nothing.
 * STREAM_AGAIN: something is left, on_ready comes when there is room. */
NODISCARD enum stream_result stream_send(struct stream *s, struct stream *source);

/* The same for bytes that are only passed on: STREAM_OK may also mean that the loop has taken them,
 * to be sent at the end of this turn with those of others, or as soon as there is room. What is
 * sent later on this stream comes behind them. Who must know that they are gone says stream_send
 * instead (also afterwards, with nothing to send). */
NODISCARD enum stream_result stream_forward(struct stream *s, struct stream *source);

/* Some of what was forwarded has not been taken by the kernel yet. */
NODISCARD static inline bool stream_has_unsent(const struct stream *s)
{
    return s->has_unsent;
}

/* Asks without waiting whether there is nothing to receive: a connection that rests should be
 * SOCKET_QUIET. Attached or not. */
NODISCARD enum socket_quiet stream_peek(const struct stream *s);

/* Gives `in` back when everything in it was sent on. */
void stream_trim(struct stream *s);

/* The state of the transport of this kind among those that lie on each other; NULL when it is not
 * there. */
void *stream_layer(const struct stream *s, const struct transport *kind);

#endif
