/* SPDX-License-Identifier: Apache-2.0
 * The pool's world: its clock and events, one run from a seed to the last closed link. */
#include "pool_world.h"

#include "base/random.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* A run in which this many events do not settle everything has lost somebody. */
#define EVENTS_TO_FINISH 100000

static const char *current_family;
static uint64_t current_seed;

void world_trace(const struct world *w, const char *format, ...)
{
    static int enabled = -1;
    va_list args;

    if (enabled < 0)
        enabled = getenv("WEIR_SIM_TRACE") != NULL;
    if (!enabled)
        return;
    fprintf(stderr, "%12llu ", (unsigned long long)w->now);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void world_stop(const struct world *w, const char *what, const char *file, int line)
{
    fprintf(stderr, "simulation: %s seed %llu event %llu time %llu: %s:%d: not so: %s\n",
            current_family, (unsigned long long)current_seed, (unsigned long long)w->totals.events,
            (unsigned long long)w->now, file, line, what);
    fail();
}

void world_report_abort(void)
{
    fprintf(stderr, "simulation: in %s, seed %llu\n", current_family,
            (unsigned long long)current_seed);
}

/* -------- chance and time -------- */

usec_t world_delay(struct world *w, usec_t longest)
{
    return 1 + random_below(&w->random, longest > 0 ? longest : 1);
}

bool world_chance(struct world *w, unsigned permille)
{
    return random_below(&w->random, 1000) < permille;
}

usec_t world_clock(struct world *w)
{
    if (!w->scenario.skewed_clocks || world_chance(w, 700))
        return w->now;
    return w->now - world_delay(w, WORLD_SKEW);
}

/* -------- the heap of events -------- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void swap(struct event *a, struct event *b)
{
    struct event kept = *a;
    *a = *b;
    *b = kept;
}

void world_post(struct world *w, usec_t delay, enum event_kind kind, unsigned who, uint64_t life)
{
    unsigned i = w->event_count++;

    WORLD_CHECK(w, i < WORLD_EVENTS);
    w->events[i] = (struct event){w->now + delay, ++w->event_number, kind, who, life};
    while (i > 0 && is_before(&w->events[i], &w->events[(i - 1) / 2])) {
        swap(&w->events[i], &w->events[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void pop_event(struct world *w, struct event *event)
{
    unsigned i = 0;

    *event = w->events[0];
    w->events[0] = w->events[--w->event_count];
    for (;;) {
        unsigned first = i;
        for (unsigned child = 2 * i + 1; child <= 2 * i + 2; child++) {
            if (child < w->event_count && is_before(&w->events[child], &w->events[first]))
                first = child;
        }
        if (first == i)
            return;
        swap(&w->events[i], &w->events[first]);
        i = first;
    }
}

/* -------- one event -------- */

static void handle_link(struct world *w, const struct event *event)
{
    struct world_link *l = &w->links[event->who];

    if (l->life != event->life || l->state == LINK_FREE)
        return;
    if (event->kind == EVENT_CONNECT)
        world_connect_ends(w, l);
    else if (event->kind == EVENT_CLOSE)
        world_close(w, l);
    else if (event->kind == EVENT_CLOSED)
        world_link_closed(w, l);
    else if (l->seat.state == SEAT_RECALLED) /* else it was overtaken */
        world_client_recalled(w, &w->clients[l->holder]);
}

static void handle_client(struct world *w, const struct event *event)
{
    struct world_client *c = &w->clients[event->who];

    if (event->kind == EVENT_CLIENT) {
        if (event->life == c->epoch)
            world_client_timer(w, c);
    } else if (event->life == c->life) {
        if (event->kind == EVENT_GRANT)
            world_client_granted(w, c);
        else
            world_client_failed(w, c);
    }
}

static void again(struct world *w, usec_t mean, enum event_kind kind)
{
    if (mean != 0 && !w->finishing)
        world_post(w, world_delay(w, 2 * mean), kind, 0, 0);
}

static void handle(struct world *w, const struct event *event)
{
    switch (event->kind) {
    case EVENT_CLIENT:
    case EVENT_GRANT:
    case EVENT_FAIL:
        handle_client(w, event);
        break;
    case EVENT_RECALL:
    case EVENT_CLOSE:
    case EVENT_CLOSED:
    case EVENT_CONNECT:
        handle_link(w, event);
        break;
    case EVENT_OPEN:
        world_open(w, event->who, event->life != 0);
        break;
    case EVENT_BREAK:
        world_break(w);
        again(w, w->scenario.break_every, EVENT_BREAK);
        break;
    case EVENT_FAULT:
        world_fault(w);
        again(w, w->scenario.fault_every, EVENT_FAULT);
        break;
    }
}

/* Before its deadline, time alone must not give the policy anything to do, nor must an event that
 * is said to need no follow-up: who relies on that would be late. */
static void check_nothing_is_due(struct world *w)
{
    pool_sweep(&w->server, w->now);
    WORLD_CHECK(w, pool_next_action(&w->server, w->now).kind == POOL_NOTHING);
}

/* The next event, or what the policy wanted to be reminded of. False: nothing will ever happen. */
static bool step(struct world *w)
{
    struct event event;

    if (w->armed != 0 && (w->event_count == 0 || w->armed <= w->events[0].at)) {
        w->now = w->armed > w->now ? w->armed : w->now;
        w->armed = 0;
        pool_sweep(&w->server, w->now);
        world_take_actions(w);
        WORLD_CHECK(w, w->armed == 0 || w->armed > w->now);
    } else if (w->event_count > 0) {
        pop_event(w, &event);
        w->now = event.at;
        check_nothing_is_due(w);
        w->quiet = false;
        handle(w, &event);
        if (w->quiet)
            check_nothing_is_due(w);
        else
            world_take_actions(w);
    } else {
        return false;
    }
    w->totals.events++;
    world_check(w);
    return true;
}

/* -------- one run -------- */

static unsigned choose_pool(struct world *w)
{
    unsigned sum = 0;
    unsigned i = 0;

    for (unsigned k = 0; k < w->scenario.pools; k++)
        sum += w->scenario.weight[k];
    for (uint64_t at = random_below(&w->random, sum); at >= w->scenario.weight[i]; i++)
        at -= w->scenario.weight[i];
    return i;
}

static void begin(struct world *w, const struct scenario *scenario, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->scenario = *scenario;
    w->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    w->now = USEC_PER_SEC;
    w->up = true;
    w->server_max = WORLD_LINKS;
    pool_server_init(&w->server, scenario->server, seed);
    for (unsigned i = 0; i < scenario->pools; i++) {
        pool_init(&w->pools[i], &w->server, scenario->pool[i]);
        w->login_ok[i] = true;
        w->user_max[i] = WORLD_LINKS;
    }
    for (unsigned i = 0; i < scenario->clients; i++) {
        struct world_client *c = &w->clients[i];
        /* One of each pool first, so that no pool is without. */
        c->pool = i < scenario->pools ? i : choose_pool(w);
        c->link = -1;
        c->ticket.worker = (unsigned)world_delay(w, 4);
        world_client_set(w, c, CLIENT_THINKING, scenario->think);
    }
    again(w, scenario->break_every, EVENT_BREAK);
    again(w, scenario->fault_every, EVENT_FAULT);
}

static bool has_settled(const struct world *w)
{
    for (unsigned i = 0; i < w->scenario.clients; i++) {
        const struct world_client *c = &w->clients[i];
        if (c->state != CLIENT_THINKING || c->link != -1 || c->ticket.state != TICKET_NONE)
            return false;
    }
    return w->event_count == 0;
}

/* The server is well again, everybody goes home. */
static void finish(struct world *w)
{
    w->finishing = true;
    w->up = true;
    w->server_max = WORLD_LINKS;
    pool_server_configure(&w->server, w->scenario.server);
    for (unsigned i = 0; i < w->scenario.pools; i++) {
        w->login_ok[i] = true;
        w->user_max[i] = WORLD_LINKS;
        pool_configure(&w->pools[i], w->scenario.pool[i]);
        world_unpause(w, i);
    }
    world_take_actions(w);
    for (unsigned i = 0; !has_settled(w); i++) {
        WORLD_CHECK(w, i < EVENTS_TO_FINISH);
        WORLD_CHECK(w, step(w));
    }
}

static void end(struct world *w)
{
    pool_server_drain(&w->server, w->now);
    world_take_actions(w);
    world_check(w);
    for (unsigned i = 0; w->event_count > 0; i++) {
        WORLD_CHECK(w, i < EVENTS_TO_FINISH);
        WORLD_CHECK(w, step(w));
    }
    WORLD_CHECK(w, w->server.links == 0 && w->server.opening == 0 && w->server.doomed == 0);
    WORLD_CHECK(w, list_empty(&w->server.granting) && list_empty(&w->server.failing));
    WORLD_CHECK(w, list_empty(&w->server.orders) && pool_next_deadline(&w->server) == 0);
    for (unsigned i = 0; i < w->scenario.pools; i++) {
        WORLD_CHECK(w, w->pools[i].counters.opened == w->pools[i].counters.closed);
        pool_fini(&w->pools[i]);
    }
    WORLD_CHECK(w, list_empty(&w->server.pools));
    for (unsigned i = 0; i < WORLD_LINKS; i++)
        WORLD_CHECK(w, w->links[i].state == LINK_FREE && w->links[i].seat.pool == NULL);
}

void world_run(struct world *w, const char *family, const struct scenario *scenario, uint64_t seed,
               unsigned events)
{
    current_family = family;
    current_seed = seed;
    begin(w, scenario, seed);
    world_take_actions(w);
    while (w->totals.events < events)
        WORLD_CHECK(w, step(w));
    finish(w);
    end(w);
}
