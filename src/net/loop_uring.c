/* SPDX-License-Identifier: Apache-2.0
 * The engine on io_uring. A turn is one io_uring_enter: it submits what the last turn has led to
 * (new receivers, sends, cancellations) and waits for completions.
 *
 * Descriptors are polled, with one multishot request each; streams that have settled are received
 * for instead (uring_stream.c). What the owner wants and what the kernel has are two sets of bits;
 * where they differ at the end of a turn, requests are made. So a descriptor that comes and goes
 * within a turn costs nothing, and one that moves to another worker nothing but a cancellation. */
#include "net/uring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define POLL_FOR (POLLIN | POLLOUT | POLLRDHUP)
/* How long, in µs, a turn keeps what it is to send, so that much goes by one call. */
#define HELD_BACK_MAX 200
/* Requests that a changed wish makes, and takes back. */
#define STANDING (URING_HAS_POLL | URING_HAS_HANG_UP | URING_HAS_RECEIVE)

/* -------- lists and slots -------- */

void uring_list_add(struct uring_list *l, uint32_t slot)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity == 0 ? 64 : l->capacity * 2;
        uint32_t *items = realloc(l->items, capacity * sizeof *items);
        CHECK(items != NULL);
        l->items = items;
        l->capacity = capacity;
    }
    l->items[l->count++] = slot;
}

static bool more_slots(struct uring_loop *u)
{
    uint32_t capacity = u->slot_capacity == 0 ? 64 : u->slot_capacity * 2;
    struct uring_slot *slots = realloc(u->slots, capacity * sizeof *slots);
    if (slots == NULL)
        return false;
    u->slots = slots;
    u->slot_capacity = capacity;
    return true;
}

static uint32_t take_slot(struct uring_loop *u)
{
    uint32_t slot = u->first_free;
    if (slot != URING_NO_SLOT) {
        u->first_free = u->slots[slot].next_free;
        return slot;
    }
    if (u->slot_count == u->slot_capacity && !more_slots(u))
        return URING_NO_SLOT;
    return u->slot_count++;
}

/* Nobody watches it, and the kernel has nothing of it: it may be used again. */
static void free_if_over(struct uring_loop *u, uint32_t slot)
{
    struct uring_slot *s = &u->slots[slot];
    if (s->watched || s->has != 0 || s->dirty || s->fed || s->queued)
        return;
    uring_put_all(u->cache, &s->leaving);
    s->next_free = u->first_free;
    u->first_free = slot;
}

void uring_changed(struct uring_loop *u, uint32_t slot)
{
    if (u->slots[slot].dirty)
        return;
    u->slots[slot].dirty = true;
    uring_list_add(&u->dirty, slot);
}

static bool uring_watch(struct loop *loop, struct loop_fd *io)
{
    struct uring_loop *u = uring_of(loop);
    uint32_t slot = take_slot(u);
    if (slot == URING_NO_SLOT) {
        errno = ENOMEM;
        return false;
    }
    u->slots[slot] = (struct uring_slot){.io = io, .wants = URING_HAS_POLL, .watched = true};
    io->slot = slot;
    uring_changed(u, slot);
    return true;
}

static void uring_unwatch(struct loop *loop, struct loop_fd *io)
{
    struct uring_loop *u = uring_of(loop);
    struct uring_slot *s = uring_slot_of(u, io);
    CHECK(s->watched && s->io == io);
    s->watched = false;
    s->wants &= URING_HAS_REST | URING_HAS_LINGER; /* see uring_close */
    uring_changed(u, io->slot);
}

/* -------- requests -------- */

void uring_note(struct uring_loop *u, const struct io_uring_cqe *cqe)
{
    if (u->event_count == u->event_capacity) {
        size_t capacity = u->event_capacity == 0 ? 256 : u->event_capacity * 2;
        struct io_uring_cqe *events = realloc(u->events, capacity * sizeof *events);
        CHECK(events != NULL);
        u->events = events;
        u->event_capacity = capacity;
    }
    memcpy(&u->events[u->event_count++], cqe, sizeof *cqe);
}

/* A request that stands was not found: either it has just ended, and its completion says so; or the
 * kernel had it in hand, between two receptions, and it goes on. */
static void end_again(struct uring_loop *u, uint32_t slot)
{
    if (u->slots[slot].has == 0)
        return; /* the slot may be free by now */
    u->slots[slot].ending = 0;
    uring_changed(u, slot);
}

/* Sends that did not go through are seen to at once. */
static void note(struct uring_loop *u, const struct io_uring_cqe *cqe)
{
    enum uring_kind kind = (enum uring_kind)(cqe->user_data >> 56);
    if (kind == URING_SEND)
        uring_stream_fell_short(u, (uint32_t)cqe->user_data, cqe->res);
    else if (kind != URING_IGNORED)
        uring_note(u, cqe);
    else if (cqe->res == -ENOENT)
        end_again(u, (uint32_t)cqe->user_data);
}

static void collect(struct uring_loop *u)
{
    for (;;) {
        unsigned head;
        unsigned n = 0;
        struct io_uring_cqe *cqe;
        io_uring_for_each_cqe(&u->ring, head, cqe)
        {
            note(u, cqe);
            n++;
        }
        io_uring_cq_advance(&u->ring, n);
        if (LIKELY(!io_uring_cq_has_overflow(&u->ring)))
            return;
        (void)io_uring_get_events(&u->ring);
    }
}

/* The kernel has said `rc`; whatever was submitted has been begun, and completed where it could be
 * at once. */
static void after_submit(struct uring_loop *u, int rc)
{
    CHECK(rc >= 0 || rc == -EINTR || rc == -ETIME || rc == -EAGAIN || rc == -EBUSY);
    collect(u);
    if (io_uring_sq_ready(&u->ring) > 0)
        return; /* no memory, or no room for completions: once more, soon */
    u->message_count = 0;
    uring_streams_settle(u);
}

void uring_submit(struct uring_loop *u)
{
    CHECK(uring_is_mine(u));
    /* The kernel takes fewer when it is short of memory; after as many attempts it is broken. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        after_submit(u, io_uring_submit(&u->ring));
        if (io_uring_sq_ready(&u->ring) == 0)
            return;
    }
    CHECK(false);
}

bool uring_end_now(struct uring_loop *u, uint64_t name)
{
    if (io_uring_sq_ready(&u->ring) > 0)
        uring_submit(u); /* it may be among them */
    struct io_uring_sync_cancel_reg which = {.addr = name, .timeout = {.tv_sec = 1}};
    int rc = io_uring_register_sync_cancel(&u->ring, &which);
    collect(u);
    return rc == 0 || rc == -ENOENT;
}

struct io_uring_sqe *uring_request(struct uring_loop *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    /* Once more: as many sends that fell short may have left their rests. */
    for (int attempt = 0; sqe == NULL && attempt < 2; attempt++) {
        uring_submit(u);
        sqe = io_uring_get_sqe(&u->ring);
    }
    CHECK(sqe != NULL);
    return sqe;
}

static void prepare_end(struct uring_loop *u, uint32_t slot, enum uring_kind kind)
{
    struct io_uring_sqe *sqe = uring_request(u);
    io_uring_prep_cancel64(sqe, uring_name(kind, slot), 0);
    io_uring_sqe_set_data64(sqe, uring_name(URING_IGNORED, slot));
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void prepare_poll(struct uring_loop *u, uint32_t slot, enum uring_kind kind, unsigned what)
{
    struct io_uring_sqe *sqe = uring_request(u);
    io_uring_prep_poll_multishot(sqe, u->slots[slot].io->fd, what);
    io_uring_sqe_set_data64(sqe, uring_name(kind, slot));
}

/* Makes the kernel have what the slot wants. What is ending must end before it can begin anew; its
 * last completion makes the slot dirty again. */
static void reconcile(struct uring_loop *u, uint32_t slot)
{
    uint8_t wants = u->slots[slot].wants;
    uint8_t has = u->slots[slot].has;
    uint8_t keep = wants;
    if (u->slots[slot].renew)
        keep &= (uint8_t)~URING_HAS_RECEIVE;
    u->slots[slot].renew = false;
    uint8_t end = (uint8_t)(has & ~keep & ~u->slots[slot].ending);
    uint8_t begin = (uint8_t)(wants & ~has);
    u->slots[slot].has |= begin & STANDING;
    u->slots[slot].ending |= end;
    if ((end & URING_HAS_POLL) != 0)
        prepare_end(u, slot, URING_POLL);
    if ((end & URING_HAS_HANG_UP) != 0)
        prepare_end(u, slot, URING_HANG_UP);
    if ((end & URING_HAS_RECEIVE) != 0)
        prepare_end(u, slot, URING_RECEIVE);
    if ((end & URING_HAS_REST) != 0)
        prepare_end(u, slot, URING_REST);
    if ((begin & URING_HAS_POLL) != 0)
        prepare_poll(u, slot, URING_POLL, POLL_FOR);
    if ((begin & URING_HAS_HANG_UP) != 0)
        prepare_poll(u, slot, URING_HANG_UP, POLLRDHUP);
    if ((begin & URING_HAS_RECEIVE) != 0)
        uring_stream_prepare_receive(u, slot);
}

static void reconcile_all(struct uring_loop *u)
{
    /* The list may grow meanwhile: a submission in between may have completed something. */
    for (size_t i = 0; i < u->dirty.count; i++) {
        uint32_t slot = u->dirty.items[i];
        u->slots[slot].dirty = false;
        reconcile(u, slot);
        free_if_over(u, slot);
    }
    u->dirty.count = 0;
}

/* -------- the turn -------- */

static void wait_for_events(struct uring_loop *u, usec_t max_wait)
{
    if (u->event_count > 0)
        max_wait = 0; /* noted down by a submission of the last turn */
    if (max_wait == 0) {
        after_submit(u, io_uring_submit_and_get_events(&u->ring));
        return;
    }
    struct io_uring_cqe *cqe;
    struct __kernel_timespec until = {
        .tv_sec = (int64_t)(max_wait / USEC_PER_SEC),
        .tv_nsec = (int64_t)(max_wait % USEC_PER_SEC * 1000),
    };
    after_submit(u, io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1,
                                                     max_wait == UINT64_MAX ? NULL : &until, NULL));
}

static void on_poll(struct uring_loop *u, uint32_t slot, int result)
{
    struct loop_fd *io = u->slots[slot].io;
    unsigned events = result >= 0 ? (unsigned)result : POLLERR;
    if (u->slots[slot].settled) {
        uring_stream_polled(u, slot, (events & (POLLRDHUP | POLLHUP | POLLERR)) != 0,
                            (events & (POLLOUT | POLLHUP | POLLERR)) != 0);
        return;
    }
    if ((events & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
        io->hung_up = true;
    if ((events & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) != 0)
        io->readable = true;
    if ((events & (POLLOUT | POLLHUP | POLLERR)) != 0)
        io->writable = true;
    io->on_ready(io);
}

/* The kernel has ended a standing request. */
static void ended(struct uring_loop *u, uint32_t slot, uint8_t what)
{
    struct uring_slot *s = &u->slots[slot];
    s->has &= (uint8_t)~what;
    s->ending &= (uint8_t)~what;
    uring_changed(u, slot);
}

static uint8_t standing(enum uring_kind kind)
{
    switch (kind) {
    case URING_POLL:
        return URING_HAS_POLL;
    case URING_HANG_UP:
        return URING_HAS_HANG_UP;
    case URING_RECEIVE:
        return URING_HAS_RECEIVE;
    case URING_REST:
        return URING_HAS_REST;
    case URING_LINGER:
        return URING_HAS_LINGER;
    case URING_IGNORED:
    case URING_SEND:
    case URING_STUCK:
        break;
    }
    CHECK(false);
    return 0;
}

static void dispatch(struct uring_loop *u, const struct io_uring_cqe *cqe)
{
    enum uring_kind kind = (enum uring_kind)(cqe->user_data >> 56);
    uint32_t slot = (uint32_t)cqe->user_data;
    CHECK(slot < u->slot_count);
    bool more = (cqe->flags & IORING_CQE_F_MORE) != 0;
    bool is_poll = kind == URING_POLL || kind == URING_HANG_UP;
    if (is_poll && cqe->res < 0 && cqe->res != -ECANCELED)
        u->slots[slot].wants &= (uint8_t)~standing(kind); /* it would fail again */
    if (!more)
        ended(u, slot, standing(kind));
    switch (kind) {
    case URING_STUCK:
        if (u->slots[slot].watched)
            u->slots[slot].io->on_ready(u->slots[slot].io);
        break;
    case URING_RECEIVE:
        uring_stream_received(u, slot, cqe);
        break;
    case URING_REST:
        uring_stream_sent_rest(u, slot, cqe->res);
        break;
    case URING_LINGER:
        u->slots[slot].wants = 0;
        break;
    case URING_POLL:
    case URING_HANG_UP:
        if (u->slots[slot].watched && cqe->res != -ECANCELED)
            on_poll(u, slot, cqe->res);
        break;
    case URING_IGNORED:
    case URING_SEND:
        break;
    }
}

/* What is to be sent does not wait for the end of a long turn, in which many log in. */
static void send_in_time(struct uring_loop *u, usec_t *sent_at)
{
    if (u->queued.count == 0)
        return;
    usec_t now = clock_now();
    if (now - *sent_at < HELD_BACK_MAX)
        return;
    uring_streams_prepare(u);
    uring_submit(u);
    *sent_at = now;
}

static void dispatch_all(struct uring_loop *u)
{
    usec_t sent_at = u->loop.now;
    while (u->next_event < u->event_count) {
        struct io_uring_cqe cqe;
        memcpy(&cqe, &u->events[u->next_event++], sizeof cqe); /* the array may move */
        dispatch(u, &cqe);
        send_in_time(u, &sent_at);
    }
    u->next_event = u->event_count = 0;
}

/* The kernel knows from here on whose ring it is. */
static void begin(struct uring_loop *u)
{
    u->owner = pthread_self();
    u->running = true;
    CHECK(io_uring_register((unsigned)u->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0);
    (void)io_uring_register_ring_fd(&u->ring); /* saves a little of each call */
}

static void uring_turn(struct loop *loop, usec_t max_wait)
{
    struct uring_loop *u = uring_of(loop);
    if (!u->running)
        begin(u);
    if (!uring_is_mine(u)) {
        loop->now = clock_now();
        return;
    }
    reconcile_all(u);
    uring_streams_prepare(u);
    wait_for_events(u, max_wait);
    loop->now = clock_now();
    dispatch_all(u);
    uring_streams_hold_back(u);
}

/* -------- beginning and end -------- */

static void uring_destroy(struct loop *loop)
{
    struct uring_loop *u = uring_of(loop);
    io_uring_queue_exit(&u->ring);
    for (uint32_t i = 0; i < u->slot_count; i++)
        uring_put_all(u->cache, &u->slots[i].leaving);
    uring_buffers_end(u);
    free(u->slots);
    free(u->dirty.items);
    free(u->queued.items);
    free(u->sent.items);
    free(u->fed.items);
    free(u->events);
    free(u);
}

static const struct loop_operations operations = {
    .name = "io_uring",
    .watch = uring_watch,
    .unwatch = uring_unwatch,
    .wait = uring_turn,
    .destroy = uring_destroy,
    .streams = &uring_streams,
};

struct loop *loop_uring_create(void)
{
    struct uring_loop *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->loop.operations = &operations;
    u->first_free = URING_NO_SLOT;
    struct io_uring_params params = {
        .flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL,
        .cq_entries = URING_COMPLETIONS,
    };
    int rc = io_uring_queue_init_params(URING_REQUESTS, &u->ring, &params);
    if (rc == 0)
        return &u->loop;
    free(u);
    errno = -rc;
    return NULL;
}
