/* SPDX-License-Identifier: Apache-2.0
 * The inside of the io_uring engine: loop_uring.c has the ring, the slots and the turn,
 * uring_buffers.c what the kernel receives into, uring_stream.c what settled streams receive and
 * forward, uring_probe.c whether all this works
 * here. */
#ifndef WEIR_NET_URING_H
#define WEIR_NET_URING_H

#include "net/loop_internal.h"
#include "net/stream_internal.h"

#include <liburing.h>
#include <pthread.h>

/* Requests that are collected before they must be submitted. */
#define URING_REQUESTS 256
/* Completions that the kernel can note down between two turns without a detour. */
#define URING_COMPLETIONS 2048
/* Buffers that the kernel may receive into: as many messages as may come in one turn before some
 * receivers must be armed again. A power of two. */
#define URING_BUFFERS      64
#define URING_BUFFER_GROUP 0

/* What a request is, in the top byte of its user_data; the slot is in the low half. */
enum uring_kind {
    URING_IGNORED, /* its completion tells nothing */
    URING_POLL,
    URING_HANG_UP, /* a poll for nothing else */
    URING_RECEIVE,
    URING_SEND,   /* with completion only when it fails or is short */
    URING_REST,   /* what did not fit at once */
    URING_LINGER, /* the rest of a closed stream has had its time */
    URING_STUCK,  /* of our own: a send did not go through, its owner is to know */
};

/* Standing requests; a slot wants some and has some. */
enum {
    URING_HAS_POLL = 1,
    URING_HAS_RECEIVE = 2,
    URING_HAS_REST = 4,
    URING_HAS_LINGER = 8,
    URING_HAS_HANG_UP = 16,
};

/* What the kernel knows of a watched descriptor. It outlives the watching until the kernel has
 * ended the last request, and is not used for another before. */
struct uring_slot {
    union {
        struct loop_fd *io; /* while watched */
        uint32_t next_free; /* while nobody's */
    };
    struct buffer *leaving; /* forwarded, not known to be sent; oldest first. The kernel may still
                               be reading from it when the stream is gone */
    uint8_t wants;          /* URING_HAS_…, as the owner would have it */
    uint8_t has;            /* … as the kernel has it */
    uint8_t ending;         /* of `has`: told to end */
    bool watched : 1;
    bool dirty : 1;    /* is in `dirty`: wants and has may differ */
    bool fed : 1;      /* is in `fed` */
    bool queued : 1;   /* is in `queued`, or in `sent` */
    bool is_short : 1; /* its send in `sent` did not go through */
    bool settled : 1;  /* `io` is that of a settled stream */
    bool renew : 1;    /* its receiver is to end, though it is wanted, and to begin anew */
};

/* Numbers of slots. */
struct uring_list {
    uint32_t *items;
    size_t count;
    size_t capacity;
};

struct uring_loop {
    struct loop loop;
    struct io_uring ring;
    bool running; /* its thread has turned it once */
    pthread_t owner;
    struct uring_slot *slots;
    uint32_t slot_count;
    uint32_t slot_capacity;
    uint32_t first_free; /* URING_NO_SLOT: none */
    struct uring_list dirty;
    struct uring_list queued; /* streams that have something to send */
    struct uring_list sent;   /* those whose sends were submitted, or are about to be */
    struct uring_list fed;    /* streams that received in this turn */
    /* Completions of this turn; those below `next_event` were dispatched. */
    struct io_uring_cqe *events;
    size_t event_count;
    size_t event_capacity;
    size_t next_event;
    /* Where the kernel receives to. */
    struct buffer_cache *cache; /* of all settled streams; NULL: there was none yet */
    struct io_uring_buf_ring *buffer_ring;
    struct buffer *buffers[URING_BUFFERS];
    /* What sends of several pieces are made of, until they are submitted. */
    size_t message_count;
    struct msghdr messages[URING_REQUESTS];
    struct iovec parts[URING_REQUESTS][8];
};
#define URING_NO_SLOT   UINT32_MAX
#define URING_PARTS_MAX 8

static inline struct uring_loop *uring_of(struct loop *loop)
{
    return container_of(loop, struct uring_loop, loop);
}

static inline struct uring_slot *uring_slot_of(struct uring_loop *u, const struct loop_fd *io)
{
    CHECK(io->slot < u->slot_count);
    return &u->slots[io->slot];
}

/* Only the thread that turns the loop may ask the kernel; before and after its life nobody does. */
static inline bool uring_is_mine(const struct uring_loop *u)
{
    return u->running && pthread_equal(u->owner, pthread_self()) != 0;
}

static inline uint64_t uring_name(enum uring_kind kind, uint32_t slot)
{
    return (uint64_t)kind << 56 | slot;
}

/* -------- loop_uring.c -------- */

void uring_list_add(struct uring_list *l, uint32_t slot);

/* `wants` has changed: the kernel hears of it at the end of the turn. */
void uring_changed(struct uring_loop *u, uint32_t slot);

/* A request to fill in; submits what is there when there is no room. */
struct io_uring_sqe *uring_request(struct uring_loop *u);

/* As if the kernel had completed something. */
void uring_note(struct uring_loop *u, const struct io_uring_cqe *cqe);

/* Submits all requests without waiting. */
void uring_submit(struct uring_loop *u);

/* Ends a request at once: what it completes from now on is only that. All that it completed before
 * is among the events. False: that cannot be said. */
NODISCARD bool uring_end_now(struct uring_loop *u, uint64_t name);

/* -------- uring_stream.c -------- */

extern const struct stream_engine uring_streams;

/* A completion of a receive, or of a REST. */
void uring_stream_received(struct uring_loop *u, uint32_t slot, const struct io_uring_cqe *cqe);
void uring_stream_sent_rest(struct uring_loop *u, uint32_t slot, int result);

/* A send in `sent` did not go through; the completion is noted at once, before anything settles. */
void uring_stream_fell_short(struct uring_loop *u, uint32_t slot, int result);

/* A poll of a settled stream has found this. */
void uring_stream_polled(struct uring_loop *u, uint32_t slot, bool hung_up, bool writable);

/* Makes requests of what is queued. */
void uring_streams_prepare(struct uring_loop *u);
/* Everything in `sent` was submitted, and what failed was noted. */
void uring_streams_settle(struct uring_loop *u);
/* At the end of the dispatching: who has not taken what came is not received for any more. */
void uring_streams_hold_back(struct uring_loop *u);

/* Arms the receiver of `slot`. */
void uring_stream_prepare_receive(struct uring_loop *u, uint32_t slot);

void uring_put_all(struct buffer_cache *cache, struct buffer **list);

/* -------- uring_buffers.c -------- */

/* Gives the kernel its buffers; false when out of memory. Takes them back. */
NODISCARD bool uring_buffers_begin(struct uring_loop *u, struct buffer_cache *cache);
void uring_buffers_end(struct uring_loop *u);

/* The buffer that the kernel has filled with `size` bytes; another takes its place. NULL: there is
 * no memory for another, or no byte in it: the kernel gets the same one again. */
struct buffer *uring_buffers_take(struct uring_loop *u, unsigned short id, size_t size);

#endif
