/* SPDX-License-Identifier: Apache-2.0
 * The loop on epoll, edge-triggered: each descriptor is registered once, for everything. */
#include "net/loop.h"

#include "net/timer_wheel.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_TURN 256

struct loop {
    int epoll_fd;
    bool stopped;
    usec_t now;
    size_t watched;
    struct list tasks;
    struct list_node tasks_end; /* while tasks run: those behind it belong to the next turn */
    struct timer_wheel timers;
    /* Of this turn; entries below `next_event` were dispatched, dropped ones have no pointer. */
    int next_event;
    int event_count;
    struct epoll_event events[EVENTS_PER_TURN];
};

struct loop *loop_create(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        free(loop);
        return NULL;
    }
    loop->now = clock_now();
    list_init(&loop->tasks);
    timer_wheel_init(&loop->timers, loop->now);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    CHECK(loop->watched == 0);
    CHECK(list_empty(&loop->tasks));
    CHECK(loop->timers.count == 0);
    (void)close(loop->epoll_fd);
    free(loop);
}

usec_t loop_now(const struct loop *loop)
{
    return loop->now;
}

bool loop_watch(struct loop *loop, struct loop_fd *io)
{
    CHECK(io->loop == NULL);
    CHECK(io->fd >= 0);
    CHECK(io->on_ready != NULL);
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data = {.ptr = io},
    };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, io->fd, &event) != 0)
        return false;
    io->loop = loop;
    io->readable = false;
    io->writable = true;
    io->hung_up = false;
    loop->watched++;
    return true;
}

void loop_unwatch(struct loop_fd *io)
{
    struct loop *loop = io->loop;
    if (loop == NULL)
        return;
    CHECK(loop->watched > 0);
    /* Fails only when the descriptor was closed first: by then its number may be another's. */
    int rc = epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    CHECK(rc == 0);
    for (int i = loop->next_event; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == io)
            loop->events[i].data.ptr = NULL;
    }
    loop->watched--;
    io->loop = NULL;
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

static void dispatch_all(struct loop *loop)
{
    while (loop->next_event < loop->event_count) {
        struct epoll_event *event = &loop->events[loop->next_event++];
        if (event->data.ptr != NULL)
            dispatch(event->data.ptr, event->events);
    }
    loop->next_event = loop->event_count = 0;
}

static void run_tasks(struct loop *loop)
{
    if (list_empty(&loop->tasks))
        return;
    list_push_back(&loop->tasks, &loop->tasks_end);
    for (;;) {
        struct list_node *node = list_pop_front(&loop->tasks);
        if (node == &loop->tasks_end)
            return;
        struct loop_task *task = container_of(node, struct loop_task, node);
        task->run(task);
    }
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
    if (list_node_linked(&task->node))
        return;
    list_push_back(&loop->tasks, &task->node);
}

void loop_task_cancel(struct loop *loop, struct loop_task *task)
{
    if (list_node_linked(&task->node))
        list_remove(&loop->tasks, &task->node);
}

/* What epoll_wait takes: milliseconds, rounded up so that no timer is met too early, -1 for ever.
 */
static int wait_ms(struct loop *loop, usec_t max_wait)
{
    if (!list_empty(&loop->tasks))
        return 0;
    usec_t wait = max_wait;
    usec_t next = timer_wheel_next(&loop->timers);
    if (next != 0) {
        usec_t until = next > loop->now ? next - loop->now : 0;
        wait = until < wait ? until : wait;
    }
    if (wait == UINT64_MAX)
        return -1;
    usec_t ms = wait / USEC_PER_MSEC + (wait % USEC_PER_MSEC > 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

void loop_turn(struct loop *loop, usec_t max_wait)
{
    CHECK(loop->event_count == 0);
    int n = epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_TURN, wait_ms(loop, max_wait));
    CHECK(n >= 0 || errno == EINTR);
    loop->now = clock_now();
    loop->event_count = n > 0 ? n : 0;
    dispatch_all(loop);
    timer_wheel_advance(&loop->timers, loop->now);
    run_tasks(loop);
}

void loop_run(struct loop *loop)
{
    while (!loop->stopped)
        loop_turn(loop, UINT64_MAX);
    loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, usec_t delay)
{
    CHECK(timer->on_fire != NULL);
    usec_t deadline;
    if (__builtin_add_overflow(loop->now, delay, &deadline))
        deadline = UINT64_MAX;
    timer_wheel_set(&loop->timers, timer, deadline);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    timer_wheel_cancel(&loop->timers, timer);
}
