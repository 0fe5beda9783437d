/* SPDX-License-Identifier: Apache-2.0
 * The pool policy under simulated life: families of scenarios, each run from many seeds.
 * sim_pool [seeds] [events] [first seed]; WEIR_SIM_SEEDS, WEIR_SIM_EVENTS and WEIR_SIM_SEED do the
 * same; WEIR_SIM_FAMILY=name runs one family, WEIR_SIM_TRACE=1 tells every action. */
#include "pool_world.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static unsigned long seeds = 40;
static unsigned long events = 3000;
static unsigned long first_seed = 1;

/* Something small in which everybody can be served. */
static struct scenario calm(void)
{
    struct scenario sc = {
        .pools = 2,
        .clients = 24,
        .server = {.ceiling = 8,
                   .max_opening = 4,
                   .retry_min = 50 * USEC_PER_MSEC,
                   .retry_max = 1 * USEC_PER_SEC,
                   .claim_after = 20 * USEC_PER_MSEC},
        .think = 30 * USEC_PER_MSEC,
        .work = 4 * USEC_PER_MSEC,
        .park = 300,
        .message = 100,
        .connect = 3 * USEC_PER_MSEC,
        .dies = 20,
        .gives_back = 100,
        .refuses = 20,
        .stays = 100,
        .closes = 300,
    };
    for (unsigned i = 0; i < WORLD_POOLS; i++) {
        sc.weight[i] = 1;
        sc.pool[i] = (struct pool_limits){
            .max_size = 8, .wait_timeout = 5 * USEC_PER_SEC, .max_waiters = WORLD_CLIENTS};
    }
    return sc;
}

/* Varies what a family leaves open. */
static void vary(struct scenario *sc, unsigned long seed)
{
    sc->pools = 1 + (unsigned)(seed % WORLD_POOLS);
    sc->clients = sc->pools + (unsigned)(seed * 7 % (WORLD_CLIENTS - WORLD_POOLS));
    sc->server.ceiling = 1 + (unsigned)(seed * 5 % 20);
    sc->server.max_opening = 1 + (unsigned)(seed * 3 % 6);
    for (unsigned i = 0; i < WORLD_POOLS; i++) {
        sc->weight[i] = 1 + (unsigned)((seed + i) % 5) * 3;
        sc->pool[i].max_size = 1 + (unsigned)((seed * 11 + i * 5) % 16);
        sc->pool[i].size = (unsigned)((seed + i) % 3);
        sc->pool[i].idle_timeout = (seed + i) % 4 != 0 ? 40 * USEC_PER_MSEC : 0;
        sc->pool[i].lifetime = (seed + i) % 5 != 0 ? 700 * USEC_PER_MSEC : 0;
        sc->pool[i].max_waiters = 4 + (unsigned)(seed * 13 % WORLD_CLIENTS);
    }
}

static void add(struct world_totals *sum, const struct world_totals *one)
{
    sum->events += one->events;
    sum->lent += one->lent;
    sum->granted += one->granted;
    sum->failed += one->failed;
    sum->refused += one->refused;
    sum->opened += one->opened;
    sum->open_failures += one->open_failures;
    sum->recalls += one->recalls;
    sum->closes += one->closes;
    sum->room += one->room;
    sum->cancelled += one->cancelled;
    sum->requeued += one->requeued;
    sum->resumed += one->resumed;
    if (one->longest_wait > sum->longest_wait)
        sum->longest_wait = one->longest_wait;
}

static void tell(const char *family, const struct world_totals *t)
{
    printf("# %-12s seeds %lu-%lu events %llu: lent %llu resumed %llu granted %llu failed %llu "
           "refused %llu cancelled %llu requeued %llu; opened %llu failures %llu recalls %llu "
           "closes %llu (room %llu); longest wait %.1f ms\n",
           family, first_seed, first_seed + seeds - 1, (unsigned long long)t->events,
           (unsigned long long)t->lent, (unsigned long long)t->resumed,
           (unsigned long long)t->granted, (unsigned long long)t->failed,
           (unsigned long long)t->refused, (unsigned long long)t->cancelled,
           (unsigned long long)t->requeued, (unsigned long long)t->opened,
           (unsigned long long)t->open_failures, (unsigned long long)t->recalls,
           (unsigned long long)t->closes, (unsigned long long)t->room,
           (double)t->longest_wait / 1000.0);
}

typedef void shape_fn(struct scenario *sc, unsigned long seed);

static struct world_totals run(const char *family, shape_fn *shape)
{
    static struct world world;
    struct world_totals sum = {0};

    for (unsigned long seed = first_seed; seed < first_seed + seeds; seed++) {
        struct scenario sc = calm();
        shape(&sc, seed);
        world_run(&world, family, &sc, seed, (unsigned)events);
        add(&sum, &world.totals);
    }
    tell(family, &sum);
    return sum;
}

/* -------- families -------- */

static void shape_healthy(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->must_serve = true;
    for (unsigned i = 0; i < WORLD_POOLS; i++)
        sc->pool[i].max_waiters = WORLD_CLIENTS;
    sc->server.ceiling += sc->pools; /* else two pools trade one place all the time */
    sc->wait_bound = 500 * USEC_PER_MSEC;
}

static void test_with_a_healthy_server_everybody_is_served_in_time(void **state)
{
    (void)state;
    struct world_totals t = run("healthy", shape_healthy);
    assert_true(t.lent > 0 && t.granted > 0 && t.recalls > 0 && t.resumed > 0);
}

static void shape_cancelling(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->cancels = 500;
    sc->dies = 300;
    sc->message = 3 * USEC_PER_MSEC; /* so that they race with grants and recalls */
    sc->break_every = 5 * USEC_PER_MSEC;
    sc->skewed_clocks = true;
}

static void test_cancels_deaths_and_broken_links_race_with_messages(void **state)
{
    (void)state;
    struct world_totals t = run("cancelling", shape_cancelling);
    assert_true(t.cancelled > 0 && t.requeued > 0);
}

static void shape_server_trouble(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->faults_down = seed % 3 != 0;
    sc->faults_full = seed % 3 != 1;
    sc->fault_every = 150 * USEC_PER_MSEC;
    sc->break_every = 20 * USEC_PER_MSEC;
}

static void test_server_goes_down_and_is_full(void **state)
{
    (void)state;
    struct world_totals t = run("server", shape_server_trouble);
    assert_true(t.open_failures > 0);
}

static void shape_user_trouble(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->faults_login = seed % 3 != 0;
    sc->faults_user_full = seed % 3 != 1;
    sc->fault_every = 300 * USEC_PER_MSEC;
    sc->break_every = 20 * USEC_PER_MSEC;
}

static void test_user_is_refused_and_full(void **state)
{
    (void)state;
    struct world_totals t = run("user", shape_user_trouble);
    assert_true(t.open_failures > 0 && t.failed > 0);
}

static void shape_limits(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->faults_limits = true;
    sc->fault_every = 30 * USEC_PER_MSEC;
}

static void test_limits_change_live(void **state)
{
    (void)state;
    struct world_totals t = run("limits", shape_limits);
    assert_true(t.closes > 0);
}

static void shape_draining(struct scenario *sc, unsigned long seed)
{
    shape_cancelling(sc, seed);
    sc->drains = true;
    sc->fault_every = 100 * USEC_PER_MSEC;
}

static void test_server_is_drained_in_the_middle_of_work(void **state)
{
    (void)state;
    struct world_totals t = run("draining", shape_draining);
    assert_true(t.failed > 0);
}

static void shape_orders(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->orders = true;
    sc->refuses = 100;
    sc->fault_every = 20 * USEC_PER_MSEC;
    if (seed % 2 != 0)
        sc->break_every = 20 * USEC_PER_MSEC;
}

static void test_pools_are_paused_and_renewed(void **state)
{
    (void)state;
    struct world_totals t = run("orders", shape_orders);
    assert_true(t.granted > 0 && t.recalls > 0 && t.closes > 0);
}

static void shape_bucket(struct scenario *sc, unsigned long seed)
{
    vary(sc, seed);
    sc->server.open_interval = (1 + seed % 5) * 10 * USEC_PER_MSEC;
    sc->server.open_burst = 1 + (unsigned)(seed % 4);
    sc->break_every = 10 * USEC_PER_MSEC;
}

static void test_links_are_opened_no_faster_than_allowed(void **state)
{
    (void)state;
    struct world_totals t = run("bucket", shape_bucket);
    assert_true(t.opened > 0 && t.granted > 0);
}

static void shape_chaos(struct scenario *sc, unsigned long seed)
{
    shape_cancelling(sc, seed);
    sc->faults_down = sc->faults_full = sc->faults_user_full = true;
    sc->faults_login = sc->faults_limits = true;
    sc->orders = true;
    sc->fault_every = 50 * USEC_PER_MSEC;
    sc->refuses = 200;
    sc->pool[0].wait_timeout = 30 * USEC_PER_MSEC;
}

static void test_everything_at_once(void **state)
{
    (void)state;
    struct world_totals t = run("chaos", shape_chaos);
    assert_true(t.failed > 0 && t.requeued > 0 && t.recalls > 0);
}

/* One pool with all the load, others with a client that comes rarely. */
static void shape_alone(struct scenario *sc, unsigned long seed)
{
    (void)seed;
    sc->pools = 1;
    sc->clients = 40;
    sc->must_serve = true;
    sc->think = 1 * USEC_PER_MSEC;
    sc->closes = 0;
    for (unsigned i = 0; i < WORLD_POOLS; i++)
        sc->pool[i].max_size = 20;
}

static void test_a_pool_that_is_busy_alone_keeps_its_links(void **state)
{
    (void)state;
    struct world_totals t = run("alone", shape_alone);
    assert_int_equal(t.room, 0);
    assert_int_equal(t.opened, 8 * seeds); /* the ceiling: each link once */
}

/* Two pools, each with more work than all links together can do. */
static void shape_rivals(struct scenario *sc, unsigned long seed)
{
    shape_alone(sc, seed);
    sc->pools = 2;
    sc->clients = 60;
    sc->wait_bound = 150 * USEC_PER_MSEC;
}

static void test_two_busy_pools_share_without_trading_places_all_the_time(void **state)
{
    (void)state;
    struct world_totals t = run("rivals", shape_rivals);
    assert_true(t.room * 20 < t.granted);
}

/* A pool that is never without waiters, and others with a client each. */
static void shape_small_neighbours(struct scenario *sc, unsigned long seed)
{
    shape_alone(sc, seed);
    sc->pools = 4;
    sc->clients = 50;
    sc->weight[0] = 1000;
    sc->weight[1] = sc->weight[2] = sc->weight[3] = 1;
    sc->wait_bound = 60 * USEC_PER_MSEC; /* claim_after, and a moment */
}

static void test_no_pool_starves_beside_a_busy_one(void **state)
{
    (void)state;
    struct world_totals t = run("neighbours", shape_small_neighbours);
    assert_true(t.room > 0);
}

/* -------- main -------- */

static void on_abort(int signal_number)
{
    (void)signal_number;
    /* The process is dying by its own CHECK; the seed is all that matters now. */
    world_report_abort(); /* NOLINT(bugprone-signal-handler) */
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
}

static unsigned long number(int argc, char **argv, int i, const char *name, unsigned long otherwise)
{
    const char *text = argc > i ? argv[i] : getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_a_healthy_server_everybody_is_served_in_time),
        cmocka_unit_test(test_cancels_deaths_and_broken_links_race_with_messages),
        cmocka_unit_test(test_server_goes_down_and_is_full),
        cmocka_unit_test(test_user_is_refused_and_full),
        cmocka_unit_test(test_limits_change_live),
        cmocka_unit_test(test_server_is_drained_in_the_middle_of_work),
        cmocka_unit_test(test_pools_are_paused_and_renewed),
        cmocka_unit_test(test_links_are_opened_no_faster_than_allowed),
        cmocka_unit_test(test_everything_at_once),
        cmocka_unit_test(test_a_pool_that_is_busy_alone_keeps_its_links),
        cmocka_unit_test(test_two_busy_pools_share_without_trading_places_all_the_time),
        cmocka_unit_test(test_no_pool_starves_beside_a_busy_one),
    };
    seeds = number(argc, argv, 1, "WEIR_SIM_SEEDS", seeds);
    events = number(argc, argv, 2, "WEIR_SIM_EVENTS", events);
    first_seed = number(argc, argv, 3, "WEIR_SIM_SEED", first_seed);
    signal(SIGABRT, on_abort);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getenv("WEIR_SIM_FAMILY") != NULL)
        cmocka_set_test_filter(getenv("WEIR_SIM_FAMILY"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
