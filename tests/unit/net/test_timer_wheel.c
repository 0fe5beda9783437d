/* SPDX-License-Identifier: Apache-2.0
 * The wheel on a clock of our own: never early, never later than a tick, nothing forgotten. */
#include "net/timer_wheel.h"

#include "base/random.h"
#include "net_test.h"

#define TICK (UINT64_C(1) << TIMER_TICK_BITS)

struct probe {
    struct loop_timer timer;
    int fired;
};

static struct timer_wheel wheel;
static usec_t now;
static usec_t lateness_max;

static void on_fire(struct loop_timer *timer)
{
    struct probe *p = container_of(timer, struct probe, timer);
    assert_false(loop_timer_is_set(timer));
    assert_true(timer->deadline <= now);
    if (now - timer->deadline > lateness_max)
        lateness_max = now - timer->deadline;
    p->fired++;
}

static void begin_at(usec_t start)
{
    now = start;
    lateness_max = 0;
    timer_wheel_init(&wheel, now);
}

static void probe_set(struct probe *p, usec_t delay)
{
    p->timer.on_fire = on_fire;
    timer_wheel_set(&wheel, &p->timer, now + delay);
}

/* Sleeps as the loop does, until `end`; counts the wake-ups. */
static int run_until(usec_t end)
{
    int wake_ups = 0;
    for (;;) {
        usec_t next = timer_wheel_next(&wheel);
        if (next == 0 || next > end)
            break;
        assert_true(next > now);
        now = next;
        timer_wheel_advance(&wheel, now);
        wake_ups++;
    }
    now = end;
    timer_wheel_advance(&wheel, now);
    return wake_ups;
}

static void test_a_timer_fires_once_and_within_a_tick(void **state)
{
    (void)state;
    static const usec_t delays[] = {
        0,
        1,
        TICK - 1,
        TICK,
        TICK + 1,
        255 * TICK,
        256 * TICK,
        257 * TICK,
        65535 * TICK,
        65536 * TICK,
        65537 * TICK,
        8 * 3600 * USEC_PER_SEC,
        30 * UINT64_C(86400) * USEC_PER_SEC,
    };
    static const usec_t starts[] = {1, 255 * TICK + 5, 256 * TICK, 65536 * TICK - 1,
                                    UINT64_C(1) << 52};
    for (size_t s = 0; s < countof(starts); s++) {
        for (size_t i = 0; i < countof(delays); i++) {
            struct probe p = {0};
            begin_at(starts[s]);
            probe_set(&p, delays[i]);
            assert_true(loop_timer_is_set(&p.timer));
            run_until(starts[s] + delays[i] + 2 * TICK);
            assert_int_equal(p.fired, 1);
            assert_true(lateness_max <= 2 * TICK);
            assert_int_equal(wheel.count, 0);
            assert_int_equal(timer_wheel_next(&wheel), 0);
        }
    }
}

static void test_a_cancelled_timer_never_fires(void **state)
{
    (void)state;
    struct probe p = {0};
    struct probe unset = {0};
    begin_at(12345);
    timer_wheel_cancel(&wheel, &unset.timer);
    for (usec_t delay = 1; delay < 40000 * USEC_PER_SEC; delay *= 3) {
        probe_set(&p, delay);
        timer_wheel_cancel(&wheel, &p.timer);
        timer_wheel_cancel(&wheel, &p.timer);
        assert_int_equal(wheel.count, 0);
        assert_int_equal(timer_wheel_next(&wheel), 0);
    }
    run_until(now + 80000 * USEC_PER_SEC);
    assert_int_equal(p.fired, 0);
}

static void test_setting_again_moves_the_deadline(void **state)
{
    (void)state;
    struct probe p = {0};
    begin_at(1);
    probe_set(&p, 100 * USEC_PER_SEC);
    probe_set(&p, 10 * USEC_PER_MSEC);
    assert_int_equal(wheel.count, 1);
    run_until(20 * USEC_PER_MSEC);
    assert_int_equal(p.fired, 1);
    probe_set(&p, 10 * USEC_PER_MSEC);
    probe_set(&p, 100 * USEC_PER_SEC);
    run_until(now + 99 * USEC_PER_SEC);
    assert_int_equal(p.fired, 1);
    run_until(now + 2 * USEC_PER_SEC);
    assert_int_equal(p.fired, 2);
}

static struct probe *victim;
static int rearmed;

static void cancel_victim(struct loop_timer *timer)
{
    (void)timer;
    timer_wheel_cancel(&wheel, &victim->timer);
}

static void rearm_at_once(struct loop_timer *timer)
{
    rearmed++;
    timer_wheel_set(&wheel, timer, now);
}

static void test_a_timer_may_cancel_one_that_is_due_with_it(void **state)
{
    (void)state;
    struct probe first = {.timer = {.on_fire = cancel_victim}};
    struct probe second = {0};
    victim = &second;
    begin_at(1);
    timer_wheel_set(&wheel, &first.timer, now + TICK);
    probe_set(&second, TICK);
    run_until(now + 10 * TICK);
    assert_int_equal(second.fired, 0);
    assert_int_equal(wheel.count, 0);
}

static void test_a_timer_that_rearms_itself_does_not_stop_the_others(void **state)
{
    (void)state;
    struct loop_timer again = {.on_fire = rearm_at_once};
    rearmed = 0;
    begin_at(1);
    timer_wheel_set(&wheel, &again, now + 1);
    /* Long asleep: it fires once per call all the same, not once for each tick missed. */
    now += 1000 * TICK;
    timer_wheel_advance(&wheel, now);
    assert_int_equal(rearmed, 1);
    now += TICK;
    timer_wheel_advance(&wheel, now);
    assert_int_equal(rearmed, 2);
    timer_wheel_cancel(&wheel, &again);
}

static void test_time_that_stands_still_or_jumps_loses_nothing(void **state)
{
    (void)state;
    static struct probe probes[1000];
    uint64_t seed = 99;
    memset(probes, 0, sizeof probes);
    begin_at(777);
    for (size_t i = 0; i < countof(probes); i++)
        probe_set(&probes[i], random_below(&seed, 200000 * USEC_PER_SEC));
    for (int i = 0; i < 300; i++) {
        timer_wheel_advance(&wheel, now);
        timer_wheel_advance(&wheel, now);
        now += random_below(&seed, 2) ? random_below(&seed, TICK * 3)
                                      : random_below(&seed, 2000 * USEC_PER_SEC);
    }
    now = 777 + 200001 * USEC_PER_SEC;
    timer_wheel_advance(&wheel, now);
    for (size_t i = 0; i < countof(probes); i++)
        assert_int_equal(probes[i].fired, 1);
    assert_int_equal(wheel.count, 0);
}

static void test_random_changes_agree_with_a_plain_array(void **state)
{
    (void)state;
    static struct probe probes[200];
    uint64_t seed = 7;
    memset(probes, 0, sizeof probes);
    begin_at(UINT64_C(1) << 40);
    for (int step = 0; step < 20000; step++) {
        struct probe *p = &probes[random_below(&seed, countof(probes))];
        uint64_t magnitude = random_below(&seed, 38);
        if (random_below(&seed, 4) == 0) {
            timer_wheel_cancel(&wheel, &p->timer);
        } else {
            probe_set(p, random_next(&seed) & ((UINT64_C(1) << magnitude) - 1));
        }
        now += random_below(&seed, 5 * TICK);
        timer_wheel_advance(&wheel, now);
        size_t set = 0;
        for (size_t i = 0; i < countof(probes); i++) {
            bool is_set = loop_timer_is_set(&probes[i].timer);
            assert_false(is_set && probes[i].timer.deadline + TICK < now);
            set += is_set;
        }
        assert_int_equal(set, wheel.count);
    }
    for (size_t i = 0; i < countof(probes); i++)
        timer_wheel_cancel(&wheel, &probes[i].timer);
}

/* 10,000 idle clients with the usual eight hours: a wake-up a second at most. */
static void test_far_timers_wake_at_most_once_a_second(void **state)
{
    (void)state;
    static struct probe probes[10000];
    uint64_t seed = 3;
    memset(probes, 0, sizeof probes);
    begin_at(555);
    for (size_t i = 0; i < countof(probes); i++)
        probe_set(&probes[i], 8 * 3600 * USEC_PER_SEC + random_below(&seed, 600 * USEC_PER_SEC));
    int wake_ups = run_until(now + 8 * 3600 * USEC_PER_SEC - USEC_PER_SEC);
    assert_true(wake_ups <= 8 * 3600);
    struct probe one = {0};
    begin_at(555);
    memset(probes, 0, sizeof probes);
    probe_set(&one, 8 * 3600 * USEC_PER_SEC);
    assert_true(run_until(now + 9 * 3600 * USEC_PER_SEC) <= 3);
    assert_int_equal(one.fired, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_timer_fires_once_and_within_a_tick),
        cmocka_unit_test(test_a_cancelled_timer_never_fires),
        cmocka_unit_test(test_setting_again_moves_the_deadline),
        cmocka_unit_test(test_a_timer_may_cancel_one_that_is_due_with_it),
        cmocka_unit_test(test_a_timer_that_rearms_itself_does_not_stop_the_others),
        cmocka_unit_test(test_time_that_stands_still_or_jumps_loses_nothing),
        cmocka_unit_test(test_random_changes_agree_with_a_plain_array),
        cmocka_unit_test(test_far_timers_wake_at_most_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
