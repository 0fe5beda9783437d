/* SPDX-License-Identifier: Apache-2.0
 * Adds up what the workers and the pools count. */
#include "session/status.h"

#include "session/tallies.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define ROW_PLAIN_COUNT (sizeof(plain_rows) / sizeof plain_rows[0])

struct facts {
#define STATUS(fact, name, kind, help) uint64_t fact;
#include "session/status.def"
#undef STATUS
};

static const struct {
    const char *name;
    enum status_kind kind;
    const char *help;
} plain_rows[] = {
#define STATUS(fact, name, kind, help) {(name), STATUS_##kind, (help)},
#include "session/status.def"
#undef STATUS
};

struct status_baseline {
    usec_t started_wall;
    _Atomic usec_t flushed_at;
    usec_t started_at;
    _Atomic uint64_t counters[COUNTER_COUNT]; /* what FLUSH STATUS has found */
};

struct status_baseline *status_baseline_create(void)
{
    struct status_baseline *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->started_at = clock_now();
    atomic_store(&b->flushed_at, b->started_at);
    b->started_wall = clock_wall();
    return b;
}

void status_baseline_destroy(struct status_baseline *b)
{
    free(b);
}

/* FLUSH STATUS sets these to zero on MariaDB (10.11), but for Aborted_connects on MySQL too (9.7);
 * whatever else is there goes on. */
static bool is_flushed(enum counter which)
{
    return which == COUNTER_aborted_clients || which == COUNTER_aborted_connects;
}

/* -------- adding up -------- */

static uint64_t counter_sum(const struct proxy *p, enum counter which)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->worker_count; i++)
        sum += counters_get(&p->workers[i].counters, which);
    return sum;
}

/* Of one number of all workers' tallies, given where it is in the first one's. */
static uint64_t tally_sum(const struct proxy *p, const _Atomic uint64_t *first)
{
    size_t offset = (size_t)((const char *)first - (const char *)p->workers[0].tallies);
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->worker_count; i++) {
        const void *at = (const char *)p->workers[i].tallies + offset;
        sum += atomic_load_explicit((const _Atomic uint64_t *)at, memory_order_relaxed);
    }
    /* A client that was met before and after it moved: one worker's numbers are always right, but
     * they are not read at one instant. */
    return sum <= INT64_MAX ? sum : 0;
}

static void read_clients(struct facts *f, const struct proxy *p)
{
    f->threads_connected = atomic_load(&p->admitted);
    f->clients_max_connections = atomic_load(&p->logged_in);
    f->max_used = atomic_load(&p->max_logged_in);
    f->max_used_at = atomic_load(&p->max_logged_in_at);
    const struct tallies *t = p->workers[0].tallies;
    uint64_t begun = counter_sum(p, COUNTER_queries);
    uint64_t done = tally_sum(p, &t->commands_done);
    f->threads_running = begun > done ? begun - done : 0;
    f->clients_waiting = tally_sum(p, &t->waiting);
    for (unsigned i = 0; i < p->worker_count; i++) {
        f->bytes_received += atomic_load(&p->workers[i].client_bytes.received);
        f->bytes_sent += atomic_load(&p->workers[i].client_bytes.sent);
    }
    f->clients_pinned = tally_sum(p, &t->clients_pinned);
}

static void read_waits(struct facts *f, const struct proxy *p)
{
    const struct tallies *t = p->workers[0].tallies;
    f->waited_usec = tally_sum(p, &t->waited_usec);
    uint64_t *classes[WAIT_CLASS_COUNT] = {&f->wait_1ms, &f->wait_10ms, &f->wait_100ms,
                                           &f->wait_1s,  &f->wait_10s,  &f->wait_longer};
    for (size_t i = 0; i < WAIT_CLASS_COUNT; i++)
        *classes[i] = tally_sum(p, &t->waits[i]);
}

static void add_counters(struct facts *f, const struct pool_counters *n)
{
    if (n->waiters_max > f->waiters_max)
        f->waiters_max = n->waiters_max;
    f->leases += n->granted;
    f->leases_late += n->granted_late;
    f->refused_full += n->refused_full;
    f->refused_late += n->refused_late;
    f->refused_failed += n->refused_failed;
    f->refused_draining += n->refused_draining;
    f->recalls += n->recalls;
    f->recalls_refused += n->recalls_refused;
}

static void read_pool_locked(struct facts *f, const struct pool *p)
{
    f->links_opening += p->opening.count + p->reserved;
    f->links_idle += p->idle.count;
    f->links_firm += p->firm.count;
    f->links_soft += p->soft.count;
    f->links_recalled += p->recalled.count;
    f->links_doomed += p->doomed.count;
    f->waiters += p->waiting.count;
    add_counters(f, &p->counters);
}

static void read_pools(struct facts *f, struct pool_registry *r)
{
    for (size_t i = 0; i < pool_registry_group_count(r); i++) {
        struct server_group *g = pool_registry_group_at(r, i);
        pthread_mutex_lock(&g->lock);
        unsigned side = g->shared.side_links + g->shared.monitor_links;
        f->links += g->shared.policy.links + side;
        f->links_side += side;
        add_counters(f, &g->shared.gone);
        for (const struct link_pool *p = g->shared.pools; p != NULL; p = p->next)
            read_pool_locked(f, &p->shared.policy);
        pthread_mutex_unlock(&g->lock);
    }
}

static void read_facts(struct facts *f, struct proxy *p)
{
    *f = (struct facts){0};
    usec_t now = clock_now();
    f->uptime = (now - p->baseline->started_at) / USEC_PER_SEC;
    f->uptime_flush = (now - atomic_load(&p->baseline->flushed_at)) / USEC_PER_SEC;
    read_clients(f, p);
    read_waits(f, p);
    read_pools(f, p->registry);
    f->threads_created = counter_sum(p, COUNTER_links_opened);
    f->threads_cached = f->links_idle;
}

/* -------- rows -------- */

struct output {
    struct status_value *rows;
    size_t count;
};

static void put(struct output *o, const char *name, const char *help, enum status_kind kind,
                uint64_t value)
{
    CHECK(o->count < STATUS_VALUES_MAX);
    struct status_value *row = &o->rows[o->count++];
    row->help = help;
    row->kind = kind;
    row->value = value;
    int n = snprintf(row->name, sizeof row->name, "%s", name);
    CHECK(n > 0 && (size_t)n < sizeof row->name);
}

static void put_plain(struct output *o, struct proxy *p)
{
    struct facts f;
    read_facts(&f, p);
    const uint64_t *values = (const uint64_t *)&f;
    _Static_assert(sizeof f == ROW_PLAIN_COUNT * sizeof *values, "facts are numbers only");
    for (size_t i = 0; i < ROW_PLAIN_COUNT; i++)
        put(o, plain_rows[i].name, plain_rows[i].help, plain_rows[i].kind, values[i]);
}

static void put_counters(struct output *o, const struct proxy *p)
{
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        enum counter which = (enum counter)i;
        put(o, counter_variable(which), counter_help(which), STATUS_COUNTER,
            counter_sum(p, which) - atomic_load(&p->baseline->counters[i]));
    }
}

/* "Weir_pins_TEMPORARY_TABLE" becomes "Weir_pins_temporary_table". */
static void put_named(struct output *o, const char *prefix, const char *name, const char *help,
                      enum status_kind kind, uint64_t value)
{
    char text[STATUS_NAME_MAX];
    int n = snprintf(text, sizeof text, "%s%s", prefix, name);
    CHECK(n > 0 && (size_t)n < sizeof text);
    for (char *c = text + strlen(prefix); *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    put(o, text, help, kind, value);
}

static void put_reasons(struct output *o, const struct proxy *p)
{
    const struct tallies *t = p->workers[0].tallies;
    for (unsigned i = 0; i < PIN_COUNT; i++) {
        put_named(o, "Weir_pins_", pin_name((enum pin)i), pin_text((enum pin)i), STATUS_COUNTER,
                  tally_sum(p, &t->pins[i]));
        put_named(o, "Weir_pinned_", pin_name((enum pin)i), pin_text((enum pin)i), STATUS_GAUGE,
                  tally_sum(p, &t->pins_now[i]));
    }
    for (unsigned i = 0; i < CLOSE_REASON_COUNT; i++) {
        const struct close_reason_row *row = close_reason_row((enum close_reason)i);
        put_named(o, "Weir_closes_", row->name, row->text, STATUS_COUNTER,
                  tally_sum(p, &t->closes[i]));
    }
}

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct status_value *)a)->name,
                      ((const struct status_value *)b)->name);
}

size_t status_read(struct proxy *p, struct status_value *out)
{
    struct output o = {.rows = out};
    put_plain(&o, p);
    put_counters(&o, p);
    put_reasons(&o, p);
    qsort(out, o.count, sizeof *out, by_name);
    return o.count;
}

void status_text(const struct status_value *v, char out[STATUS_TEXT_MAX])
{
    struct tm t;
    time_t seconds = (time_t)v->value;
    if (v->kind == STATUS_TIME && v->value == 0)
        out[0] = '\0';
    else if (v->kind == STATUS_TIME && localtime_r(&seconds, &t) != NULL)
        (void)!strftime(out, STATUS_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &t);
    else
        (void)snprintf(out, STATUS_TEXT_MAX, "%llu", (unsigned long long)v->value);
}

void status_flush(struct proxy *p)
{
    struct status_baseline *b = p->baseline;
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        if (is_flushed((enum counter)i))
            atomic_store(&b->counters[i], counter_sum(p, (enum counter)i));
    atomic_store(&p->max_logged_in, atomic_load(&p->logged_in));
    atomic_store(&p->max_logged_in_at, clock_wall() / USEC_PER_SEC);
    atomic_store(&b->flushed_at, clock_now());
}
