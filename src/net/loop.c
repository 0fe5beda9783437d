/* SPDX-License-Identifier: Apache-2.0
 * What loops of both engines have in common: tasks, timers, the order of a turn. */
#include "net/loop.h"

#include "net/loop_internal.h"

#include <stdio.h>

bool loop_engine_works(enum loop_engine engine, char *why, size_t why_size)
{
    switch (engine) {
    case LOOP_EPOLL:
        (void)snprintf(why, why_size, "%s", "");
        return true;
    case LOOP_URING:
        return loop_uring_works(why, why_size);
    }
    return false;
}

const char *loop_engine_name(enum loop_engine engine)
{
    return engine == LOOP_URING ? "io_uring" : "epoll";
}

struct loop *loop_create(enum loop_engine engine)
{
    struct loop *loop = engine == LOOP_URING ? loop_uring_create() : loop_epoll_create();
    if (loop == NULL)
        return NULL;
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
    loop->operations->destroy(loop);
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
    if (!loop->operations->watch(loop, io))
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
    loop->operations->unwatch(loop, io);
    loop->watched--;
    io->loop = NULL;
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

static usec_t time_to_wait(struct loop *loop, usec_t max_wait)
{
    if (!list_empty(&loop->tasks))
        return 0;
    usec_t next = timer_wheel_next(&loop->timers);
    if (next == 0)
        return max_wait;
    usec_t until = next > loop->now ? next - loop->now : 0;
    return until < max_wait ? until : max_wait;
}

void loop_turn(struct loop *loop, usec_t max_wait)
{
    loop->operations->wait(loop, time_to_wait(loop, max_wait));
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
