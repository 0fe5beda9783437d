/* SPDX-License-Identifier: Apache-2.0
 * The engine on epoll, edge-triggered: each descriptor is registered once, for everything. Streams
 * receive and send by themselves. */
#include "net/loop_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_TURN 256

struct epoll_loop {
    struct loop loop;
    int epoll_fd;
    /* Of this turn; entries below `next_event` were dispatched, dropped ones have no pointer. */
    int next_event;
    int event_count;
    struct epoll_event events[EVENTS_PER_TURN];
};

static struct epoll_loop *epoll_of(struct loop *loop)
{
    return container_of(loop, struct epoll_loop, loop);
}

static bool epoll_watch(struct loop *loop, struct loop_fd *io)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data = {.ptr = io},
    };
    return epoll_ctl(epoll_of(loop)->epoll_fd, EPOLL_CTL_ADD, io->fd, &event) == 0;
}

static void epoll_unwatch(struct loop *loop, struct loop_fd *io)
{
    struct epoll_loop *e = epoll_of(loop);
    /* Fails only when the descriptor was closed first: by then its number may be another's. */
    int rc = epoll_ctl(e->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    CHECK(rc == 0);
    for (int i = e->next_event; i < e->event_count; i++) {
        if (e->events[i].data.ptr == io)
            e->events[i].data.ptr = NULL;
    }
}

static void dispatch(struct loop_fd *io, uint32_t events)
{
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        io->hung_up = true;
    /* An error is met by whoever receives or sends next, so it raises both. */
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        io->readable = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        io->writable = true;
    io->on_ready(io);
}

static void dispatch_all(struct epoll_loop *e)
{
    while (e->next_event < e->event_count) {
        struct epoll_event *event = &e->events[e->next_event++];
        if (event->data.ptr != NULL)
            dispatch(event->data.ptr, event->events);
    }
    e->next_event = e->event_count = 0;
}

/* What epoll_wait takes: milliseconds, rounded up so that no timer is met too early, -1 for ever.
 */
static int milliseconds(usec_t wait)
{
    if (wait == UINT64_MAX)
        return -1;
    usec_t ms = wait / USEC_PER_MSEC + (wait % USEC_PER_MSEC > 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void epoll_turn(struct loop *loop, usec_t max_wait)
{
    struct epoll_loop *e = epoll_of(loop);
    CHECK(e->event_count == 0);
    int n = epoll_wait(e->epoll_fd, e->events, EVENTS_PER_TURN, milliseconds(max_wait));
    CHECK(n >= 0 || errno == EINTR);
    loop->now = clock_now();
    e->event_count = n > 0 ? n : 0;
    dispatch_all(e);
}

static void epoll_destroy(struct loop *loop)
{
    struct epoll_loop *e = epoll_of(loop);
    (void)close(e->epoll_fd);
    free(e);
}

static const struct loop_operations operations = {
    .name = "epoll",
    .watch = epoll_watch,
    .unwatch = epoll_unwatch,
    .wait = epoll_turn,
    .destroy = epoll_destroy,
};

struct loop *loop_epoll_create(void)
{
    struct epoll_loop *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->loop.operations = &operations;
    e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->epoll_fd >= 0)
        return &e->loop;
    free(e);
    return NULL;
}
