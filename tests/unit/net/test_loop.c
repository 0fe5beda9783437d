/* SPDX-License-Identifier: Apache-2.0
 * The loop on real descriptors: edges, what callbacks may do, tasks, timers, waiting. */
#include "net/loop.h"

#include "net_test.h"

#include <errno.h>

struct watcher {
    struct loop_fd io;
    int calls;
    struct watcher *other;
    int turn_fd;
};

static void count_call(struct loop_fd *io)
{
    container_of(io, struct watcher, io)->calls++;
}

static void unwatch_other(struct loop_fd *io)
{
    struct watcher *w = container_of(io, struct watcher, io);
    w->calls++;
    loop_unwatch(&w->other->io);
}

static void watch(struct loop *loop, struct watcher *w, int fd, void (*on_ready)(struct loop_fd *))
{
    w->io = (struct loop_fd){.fd = fd, .on_ready = on_ready};
    assert_true(loop_watch(loop, &w->io));
}

static void test_flags_follow_the_descriptor(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct watcher w = {0};
    int fds[2];
    make_pair(fds);
    watch(loop, &w, fds[0], count_call);
    assert_false(w.io.readable);
    assert_true(w.io.writable);
    turn_quietly(loop);
    assert_false(w.io.readable);
    assert_int_equal(write(fds[1], "x", 1), 1);
    TURN_UNTIL(loop, w.io.readable);
    assert_false(w.io.hung_up);
    int calls = w.calls;
    turn_quietly(loop);
    assert_int_equal(w.calls, calls); /* an edge is reported once */
    assert_int_equal(close(fds[1]), 0);
    TURN_UNTIL(loop, w.io.hung_up);
    assert_true(w.calls > calls);
    loop_unwatch(&w.io);
    loop_unwatch(&w.io);
    assert_null(w.io.loop);
    (void)close(fds[0]);
    loop_destroy(loop);
}

static void test_half_a_hang_up_is_seen(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct watcher w = {0};
    int fds[2];
    make_pair(fds);
    watch(loop, &w, fds[0], count_call);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    TURN_UNTIL(loop, w.io.hung_up);
    assert_true(w.io.readable);
    loop_unwatch(&w.io);
    (void)close(fds[0]);
    (void)close(fds[1]);
    loop_destroy(loop);
}

static void test_what_was_there_before_is_reported(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct watcher w = {0};
    int fds[2];
    make_pair(fds);
    assert_int_equal(write(fds[1], "x", 1), 1);
    watch(loop, &w, fds[0], count_call);
    TURN_UNTIL(loop, w.io.readable);
    loop_unwatch(&w.io);
    (void)close(fds[0]);
    (void)close(fds[1]);
    loop_destroy(loop);
}

/* Both are ready in one turn: whoever is called first takes the other away, which then must not be
 * called, nor its flags be touched. */
static void test_unwatching_drops_the_events_of_this_turn(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    int a[2];
    int b[2];
    make_pair(a);
    make_pair(b);
    struct watcher one = {0};
    struct watcher two = {0};
    one.other = &two;
    two.other = &one;
    assert_int_equal(write(a[1], "x", 1), 1);
    assert_int_equal(write(b[1], "x", 1), 1);
    watch(loop, &one, a[0], unwatch_other);
    watch(loop, &two, b[0], unwatch_other);
    loop_turn(loop, USEC_PER_SEC);
    assert_int_equal(one.calls + two.calls, 1);
    struct watcher *gone = one.calls == 0 ? &one : &two;
    assert_false(gone->io.readable);
    assert_null(gone->io.loop);
    turn_quietly(loop);
    assert_int_equal(gone->calls, 0);
    loop_unwatch(&gone->other->io);
    for (int i = 0; i < 2; i++) {
        (void)close(a[i]);
        (void)close(b[i]);
    }
    loop_destroy(loop);
}

static void close_self(struct loop_fd *io)
{
    struct watcher *w = container_of(io, struct watcher, io);
    w->calls++;
    loop_unwatch(io);
    (void)close(io->fd);
    /* The number of the closed descriptor is used again at once, by another object. */
    w->other->io.fd = dup(w->turn_fd);
    assert_int_equal(w->other->io.fd, io->fd);
    io->fd = -1;
    w->other->io.on_ready = count_call;
    assert_true(loop_watch(w->other->other->io.loop, &w->other->io));
}

static void test_a_number_used_again_belongs_to_the_new_object(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    int a[2];
    int b[2];
    make_pair(a);
    make_pair(b);
    struct watcher anchor = {0};
    struct watcher next = {.other = &anchor};
    struct watcher old = {.other = &next, .turn_fd = b[0]};
    watch(loop, &anchor, b[1], count_call);
    turn_quietly(loop);
    assert_int_equal(write(a[1], "x", 1), 1);
    watch(loop, &old, a[0], close_self);
    TURN_UNTIL(loop, old.calls == 1);
    turn_quietly(loop);
    assert_int_equal(old.calls, 1);
    assert_false(next.io.readable);
    assert_int_equal(write(b[1], "x", 1), 1);
    TURN_UNTIL(loop, next.io.readable);
    loop_unwatch(&next.io);
    loop_unwatch(&anchor.io);
    (void)close(next.io.fd);
    (void)close(a[1]);
    (void)close(b[0]);
    (void)close(b[1]);
    loop_destroy(loop);
}

/* epoll says so at once; io_uring when it is told, and who receives then meets the error. */
static void test_watching_nonsense_is_noticed(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct watcher w = {.io = {.fd = 999999, .on_ready = count_call}};
    if (loop_watch(loop, &w.io)) {
        TURN_UNTIL(loop, w.calls > 0);
        assert_true(w.io.readable && w.io.writable && w.io.hung_up);
        turn_quietly(loop);
        assert_int_equal(w.calls, 1);
        loop_unwatch(&w.io);
    } else {
        assert_int_equal(errno, EBADF);
        assert_null(w.io.loop);
    }
    loop_destroy(loop);
}

static void test_more_descriptors_than_one_turn_takes_all_get_their_call(void **state)
{
    (void)state;
    enum { N = 400 };
    static struct watcher w[N];
    static int fds[N][2];
    struct loop *loop = make_loop();
    for (int i = 0; i < N; i++) {
        make_pair(fds[i]);
        w[i] = (struct watcher){0};
        watch(loop, &w[i], fds[i][0], count_call);
        assert_int_equal(write(fds[i][1], "x", 1), 1);
    }
    for (int i = 0; i < N; i++)
        TURN_UNTIL(loop, w[i].calls >= 1); /* io_uring takes few at a time */
    for (int i = 0; i < N; i++) {
        assert_true(w[i].io.readable);
        loop_unwatch(&w[i].io);
        (void)close(fds[i][0]);
        (void)close(fds[i][1]);
    }
    loop_destroy(loop);
}

struct job {
    struct loop_task task;
    struct loop *loop;
    struct job *next;
    int runs;
};

static void run_job(struct loop_task *task)
{
    struct job *j = container_of(task, struct job, task);
    j->runs++;
    if (j->next != NULL)
        loop_defer(j->loop, &j->next->task);
}

static void test_tasks_run_at_the_end_of_the_turn_and_those_of_tasks_in_the_next(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct job self = {.task = {.run = run_job}, .loop = loop};
    self.next = &self;
    struct job once = {.task = {.run = run_job}, .loop = loop};
    struct job starter = {.task = {.run = run_job}, .loop = loop, .next = &once};
    loop_defer(loop, &starter.task);
    loop_defer(loop, &self.task);
    loop_defer(loop, &self.task);
    loop_turn(loop, 0);
    assert_int_equal(starter.runs, 1);
    assert_int_equal(self.runs, 1);
    assert_int_equal(once.runs, 0);
    usec_t begin = clock_now();
    loop_turn(loop, 30 * USEC_PER_SEC); /* must not wait: there are tasks */
    assert_true(clock_now() - begin < 10 * USEC_PER_SEC);
    assert_int_equal(once.runs, 1);
    assert_int_equal(self.runs, 2);
    loop_task_cancel(loop, &self.task);
    loop_task_cancel(loop, &self.task);
    loop_turn(loop, 0);
    assert_int_equal(self.runs, 2);
    loop_destroy(loop);
}

static void run_cancel(struct loop_task *task)
{
    struct job *j = container_of(task, struct job, task);
    j->runs++;
    loop_task_cancel(j->loop, &j->next->task);
}

static void test_a_task_may_cancel_the_one_behind_it(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct job last = {.task = {.run = run_job}, .loop = loop};
    struct job late = {.task = {.run = run_job}, .loop = loop};
    struct job victim = {.task = {.run = run_job}, .loop = loop};
    struct job first = {.task = {.run = run_cancel}, .loop = loop, .next = &victim};
    struct job defers = {.task = {.run = run_job}, .loop = loop, .next = &late};
    loop_defer(loop, &first.task);
    loop_defer(loop, &victim.task);
    loop_defer(loop, &defers.task);
    loop_defer(loop, &last.task);
    loop_turn(loop, 0);
    assert_int_equal(victim.runs, 0);
    assert_int_equal(last.runs, 1);
    assert_int_equal(late.runs, 0);
    loop_turn(loop, 0);
    assert_int_equal(late.runs, 1);
    loop_destroy(loop);
}

struct alarm {
    struct loop_timer timer;
    struct loop *loop;
    usec_t fired_at;
};

static void ring(struct loop_timer *timer)
{
    struct alarm *a = container_of(timer, struct alarm, timer);
    a->fired_at = clock_now();
    loop_stop(a->loop);
}

static void test_a_timer_ends_the_wait_and_is_not_early(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    loop_turn(loop, 0);
    struct alarm a = {.timer = {.on_fire = ring}, .loop = loop};
    usec_t begin = loop_now(loop);
    loop_timer_set(loop, &a.timer, 30 * USEC_PER_MSEC);
    loop_run(loop);
    assert_true(a.fired_at - begin >= 30 * USEC_PER_MSEC);
    assert_true(a.fired_at - begin < 5 * USEC_PER_SEC);
    assert_false(loop_timer_is_set(&a.timer));
    assert_true(loop_now(loop) >= a.timer.deadline);
    loop_destroy(loop);
}

static void test_far_timers_do_not_wake_a_short_wait(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    struct alarm a = {.timer = {.on_fire = ring}, .loop = loop};
    loop_timer_set(loop, &a.timer, UINT64_MAX);
    loop_timer_set(loop, &a.timer, 3600 * USEC_PER_SEC);
    usec_t begin = clock_now();
    loop_turn(loop, 20 * USEC_PER_MSEC);
    assert_true(clock_now() - begin >= 19 * USEC_PER_MSEC);
    assert_int_equal(a.fired_at, 0);
    loop_timer_cancel(loop, &a.timer);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_follow_the_descriptor),
        cmocka_unit_test(test_half_a_hang_up_is_seen),
        cmocka_unit_test(test_what_was_there_before_is_reported),
        cmocka_unit_test(test_unwatching_drops_the_events_of_this_turn),
        cmocka_unit_test(test_a_number_used_again_belongs_to_the_new_object),
        cmocka_unit_test(test_watching_nonsense_is_noticed),
        cmocka_unit_test(test_more_descriptors_than_one_turn_takes_all_get_their_call),
        cmocka_unit_test(test_tasks_run_at_the_end_of_the_turn_and_those_of_tasks_in_the_next),
        cmocka_unit_test(test_a_task_may_cancel_the_one_behind_it),
        cmocka_unit_test(test_a_timer_ends_the_wait_and_is_not_early),
        cmocka_unit_test(test_far_timers_do_not_wake_a_short_wait),
    };
    return RUN_ON_EACH_ENGINE(tests, NULL, NULL);
}
