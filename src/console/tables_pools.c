/* SPDX-License-Identifier: Apache-2.0
 * Tables about pools, servers, ends of connections and memory. */
#include "console/console_client.h"
#include "session/client.h"
#include "session/snapshot.h"
#include "session/tallies.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

/* -------- pools -------- */

static void add_pool_links(struct row_sink *rows, const struct snapshot_pool *p)
{
    row_integer(rows, p->links);
    row_integer(rows, p->idle);
    row_integer(rows, p->firm);
    row_integer(rows, p->soft);
    row_integer(rows, p->recalled);
    row_integer(rows, p->opening);
    row_integer(rows, p->doomed);
    row_integer(rows, p->limits.size);
    row_integer(rows, p->limits.max_size);
    row_number_or_null(rows, p->limit_observed);
}

static void add_pool_counters(struct row_sink *rows, const struct pool_counters *c)
{
    row_unsigned(rows, c->granted);
    row_unsigned(rows, c->waited);
    row_msec(rows, c->waited_usec);
    row_unsigned(rows, c->refused_full);
    row_unsigned(rows, c->refused_late);
    row_unsigned(rows, c->refused_failed);
    row_unsigned(rows, c->waiters_max);
    row_unsigned(rows, c->links_max);
    row_unsigned(rows, c->opened);
    row_unsigned(rows, c->open_failures);
    row_unsigned(rows, c->closed);
    row_unsigned(rows, c->recalls);
}

void table_fill_pools(struct row_sink *rows, const struct console_facts *f)
{
    for (size_t i = 0; i < f->snapshot->pool_count; i++) {
        const struct snapshot_pool *p = &f->snapshot->pools[i];
        row_text(rows, p->server);
        row_text(rows, p->user);
        row_text(rows, p->dialect_text);
        row_integer(rows, p->paused);
        row_integer(rows, p->clients);
        row_integer(rows, p->waiting);
        row_msec(rows, p->oldest_wait);
        add_pool_links(rows, p);
        add_pool_counters(rows, &p->counters);
        row_text_or_null(rows, p->error);
    }
}

/* -------- servers -------- */

static const char *state_of(const struct snapshot_server *s)
{
    if (s->draining)
        return "draining";
    if (s->down || s->monitor.state == MONITOR_DOWN)
        return "down";
    return s->version[0] != '\0' ? "up" : "not reached yet";
}

static void add_number(struct row_sink *rows, uint64_t number)
{
    if (number == SERVER_NUMBER_UNKNOWN)
        row_null(rows);
    else
        row_unsigned(rows, number);
}

static void add_room(struct row_sink *rows, const struct monitor_view *m)
{
    add_number(rows, m->known ? m->room.others : SERVER_NUMBER_UNKNOWN);
    add_number(rows, m->known ? m->room.left : SERVER_NUMBER_UNKNOWN);
    add_number(rows, m->known ? m->room.wanted : SERVER_NUMBER_UNKNOWN);
    add_number(rows, m->known ? m->instances : SERVER_NUMBER_UNKNOWN);
    add_number(rows, m->known ? m->other_weirs : SERVER_NUMBER_UNKNOWN);
}

static void add_monitor(struct row_sink *rows, const struct monitor_view *m, bool mariadb)
{
    struct server_numbers numbers = m->numbers;
    const struct server_numbers *n = &numbers;
    if (!m->known)
        server_numbers_init(&numbers);
    row_text(rows, monitor_state_text(m->state));
    row_text_or_null(rows, m->error);
    if (m->known)
        row_sec(rows, clock_now() - m->read_at);
    else
        row_null(rows);
    add_number(rows, n->max_connections);
    add_number(rows, n->threads_connected);
    add_number(rows, n->threads_running);
    add_number(rows, n->max_used_connections);
    add_room(rows, m);
    add_number(rows, server_numbers_refused(n, mariadb));
    add_number(rows, n->accept_errors);
    add_number(rows, n->aborted_connects);
    add_number(rows, n->aborted_clients);
    add_number(rows, n->max_user_connections);
    add_number(rows, n->wait_timeout);
    add_number(rows, n->open_files_limit);
    add_number(rows, n->uptime);
    row_text_or_null(rows, m->advice);
}

void table_fill_servers(struct row_sink *rows, const struct console_facts *f)
{
    for (size_t i = 0; i < f->snapshot->server_count; i++) {
        const struct snapshot_server *s = &f->snapshot->servers[i];
        bool tcp = s->socket[0] == '\0';
        row_text(rows, s->name);
        row_text(rows, tcp ? s->host : s->socket);
        row_number_or_null(rows, tcp ? s->port : 0);
        row_text_or_null(rows, s->version);
        row_text(rows, state_of(s));
        row_integer(rows, s->pools);
        row_integer(rows, s->links);
        row_integer(rows, s->opening);
        row_integer(rows, s->side_links);
        row_integer(rows, s->ceiling);
        row_number_or_null(rows, s->ceiling_observed);
        row_integer(rows, s->waiting);
        add_monitor(rows, &s->monitor, s->mariadb);
        row_number_or_null(rows, s->error_code);
        row_text_or_null(rows, s->error);
    }
}

/* -------- errors -------- */

static const char *fault_text(enum close_fault fault)
{
    switch (fault) {
    case CLOSE_FAULT_CLIENT:
        return "client";
    case CLOSE_FAULT_SERVER:
        return "server";
    case CLOSE_FAULT_OPERATOR:
        return "operator";
    case CLOSE_FAULT_WEIR:
        return "weir";
    case CLOSE_FAULT_NOBODY:
        break;
    }
    return "nobody";
}

void table_fill_errors(struct row_sink *rows, const struct console_facts *f)
{
    const struct proxy *p = f->console->proxy;
    for (enum close_reason why = 0; why < CLOSE_REASON_COUNT; why++) {
        const struct close_reason_row *row = close_reason_row(why);
        uint64_t count = 0;
        for (unsigned i = 0; i < p->worker_count; i++)
            count +=
                atomic_load_explicit(&p->workers[i].tallies->closes[why], memory_order_relaxed);
        row_text(rows, row->name);
        row_text(rows, fault_text(row->fault));
        row_number_or_null(rows, row->code);
        row_unsigned(rows, count);
        row_text(rows, row->text);
    }
}

/* -------- memory -------- */

static void add_memory(struct row_sink *rows, const char *what, uint64_t bytes, const char *help)
{
    row_text(rows, what);
    row_unsigned(rows, bytes);
    row_text(rows, help);
}

/* 0 when the kernel does not say. */
static uint64_t resident_bytes(void)
{
    unsigned long all = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    (void)fclose(file);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void table_fill_memory(struct row_sink *rows, const struct console_facts *f)
{
    struct proxy *p = f->console->proxy;
    struct mallinfo2 m = mallinfo2();
    uint64_t links = pool_registry_links(p->registry);
    add_memory(rows, "resident", resident_bytes(), "what the process has in memory, its code too");
    add_memory(rows, "heap in use", m.uordblks + m.hblkhd, "allocated and not freed");
    add_memory(rows, "heap", m.arena + m.hblkhd, "what the allocator has got from the system");
    add_memory(rows, "clients", (uint64_t)atomic_load(&p->live_clients) * sizeof(struct client),
               "the clients themselves, without what the busy ones need");
    add_memory(rows, "links", links * sizeof(struct link),
               "the links themselves, without buffers and what is prepared on them");
    add_memory(rows, "one client", sizeof(struct client), "an idle one, apart from the kernel's");
}
