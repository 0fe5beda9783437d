/* SPDX-License-Identifier: Apache-2.0
 * Does io_uring do here all that the engine asks of it? Kernels differ, and containers and service
 * managers forbid some or all of it; so a small ring of our own tries each thing once. */
#include "net/uring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct trial {
    struct io_uring ring;
    int pair[2];
    void *buffer_ring;
    uint8_t room[64];
};

#define BUFFER_RING_SIZE sizeof(struct io_uring_buf)

static int begin(struct trial *t)
{
    struct io_uring_params params = {.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL};
    return io_uring_queue_init_params(8, &t->ring, &params);
}

static int offer_buffer(struct trial *t)
{
    t->buffer_ring =
        mmap(NULL, BUFFER_RING_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (t->buffer_ring == MAP_FAILED)
        return -errno;
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)t->buffer_ring,
                                   .ring_entries = 1,
                                   .bgid = URING_BUFFER_GROUP};
    int rc = io_uring_register_buf_ring(&t->ring, &reg, 0);
    if (rc != 0)
        return rc;
    io_uring_buf_ring_init(t->buffer_ring);
    io_uring_buf_ring_add(t->buffer_ring, t->room, sizeof t->room, 0, 0, 0);
    io_uring_buf_ring_advance(t->buffer_ring, 1);
    return 0;
}

/* What the next completion says, within a second. */
static int next_result(struct trial *t, uint64_t name, unsigned flags)
{
    struct io_uring_cqe *cqe = NULL;
    struct __kernel_timespec second = {.tv_sec = 1};
    int rc = io_uring_submit_and_wait_timeout(&t->ring, &cqe, 1, &second, NULL);
    if (rc < 0 || cqe == NULL)
        return rc < 0 ? rc : -ETIME;
    rc = cqe->user_data == name && (cqe->res < 0 || (cqe->flags & flags) == flags) ? cqe->res
                                                                                   : -EPROTO;
    io_uring_cqe_seen(&t->ring, cqe);
    return rc;
}

/* A receiver that stands, a send that says nothing, and the end of the receiver. */
static int converse(struct trial *t)
{
    struct io_uring_sqe *receive = io_uring_get_sqe(&t->ring);
    struct io_uring_sqe *send = io_uring_get_sqe(&t->ring);
    if (receive == NULL || send == NULL)
        return -ENOMEM;
    io_uring_prep_recv_multishot(receive, t->pair[0], NULL, 0, 0);
    receive->ioprio |= IORING_RECVSEND_POLL_FIRST;
    receive->flags |= IOSQE_BUFFER_SELECT;
    receive->buf_group = URING_BUFFER_GROUP;
    io_uring_sqe_set_data64(receive, URING_RECEIVE);
    io_uring_prep_send(send, t->pair[1], "weir", 4, MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    send->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(send, URING_SEND);
    int rc = next_result(t, URING_RECEIVE, IORING_CQE_F_MORE | IORING_CQE_F_BUFFER);
    if (rc != 4 || memcmp(t->room, "weir", 4) != 0)
        return rc < 0 ? rc : -EPROTO;
    struct io_uring_sync_cancel_reg which = {.addr = URING_RECEIVE, .timeout = {.tv_sec = 1}};
    rc = io_uring_register_sync_cancel(&t->ring, &which);
    if (rc != 0)
        return rc;
    rc = next_result(t, URING_RECEIVE, 0);
    return rc == -ECANCELED ? 0 : -EPROTO;
}

static int try_all(struct trial *t)
{
    int rc = io_uring_register((unsigned)t->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    if (rc == 0)
        rc = offer_buffer(t);
    if (rc == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, t->pair) != 0)
        rc = -errno;
    return rc == 0 ? converse(t) : rc;
}

static const char *explain(int error)
{
    switch (error) {
    case ENOSYS:
        return "this kernel has no io_uring";
    case EPERM:
    case EACCES:
        return "it is forbidden here (a seccomp filter, or kernel.io_uring_disabled)";
    case EINVAL:
        return "this kernel is too old for it (Linux 6.1 or later is needed)";
    case ENOMEM:
        return "there is not enough memory for it (RLIMIT_MEMLOCK)";
    default:
        return strerror(error);
    }
}

bool loop_uring_works(char *why, size_t why_size)
{
    struct trial t = {.pair = {-1, -1}, .buffer_ring = MAP_FAILED};
    int rc = begin(&t);
    if (rc == 0) {
        rc = try_all(&t);
        io_uring_queue_exit(&t.ring);
    }
    for (int i = 0; i < 2; i++) {
        if (t.pair[i] >= 0)
            (void)close(t.pair[i]);
    }
    if (t.buffer_ring != MAP_FAILED)
        (void)munmap(t.buffer_ring, BUFFER_RING_SIZE);
    (void)snprintf(why, why_size, "%s", rc != 0 ? explain(-rc) : "");
    return rc == 0;
}
