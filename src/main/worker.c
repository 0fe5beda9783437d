/* SPDX-License-Identifier: Apache-2.0
 * Workers: threads with one event loop each. */
#include "main/worker.h"

#include "base/check.h"
#include "session/admission.h"
#include "session/client.h"
#include "session/client_timeouts.h"
#include "session/growth_watch.h"
#include "session/guest_forget.h"
#include "session/leaks.h"
#include "session/monitor.h"
#include "session/pool_events.h"
#include "session/slow_watch.h"
#include "session/tallies.h"

#include <stdlib.h>
#include <unistd.h>

/* Free objects that a worker keeps instead of giving them back to malloc. */
#define KEEP_CLIENTS 1024
#define KEEP_BUFFERS 256
#define KEEP_RECORDS 256

bool worker_init(struct worker *w, unsigned index, struct proxy *proxy, struct config *config)
{
    w->index = index;
    w->proxy = proxy;
    w->loop = loop_create(proxy->io_engine);
    if (w->loop == NULL)
        return false;
    w->mailbox = mailbox_create(w->loop);
    w->buffers = buffer_cache_create(KEEP_BUFFERS);
    if (w->mailbox == NULL || w->buffers == NULL)
        return false;
    w->slow_watch = slow_watch_create(config);
    w->tallies = calloc(1, sizeof *w->tallies);
    if (w->tallies == NULL || w->slow_watch == NULL)
        return false;
    list_init(&w->snapshot_walks);
    w->config = config_hold(config);
    slab_init(&w->client_slab, "client", sizeof(struct client), KEEP_CLIENTS);
    slab_init(&w->record_slab, "request", sizeof(struct request_record), KEEP_RECORDS);
    hashmap_u64_init(&w->clients_by_id);
    hashmap_u64_init(&w->links_by_id);
    list_init(&w->clients);
    list_init(&w->greeting);
    list_init(&w->held);
    w->greet_held.run = admission_on_logins;
    list_init(&w->kills);
    w->sweep_timer.on_fire = pool_events_on_sweep_timer;
    leaks_watch(w);
    guest_forget_watch(w);
    w->probe_timer.on_fire = pool_registry_on_probe_timer;
    return true;
}

void worker_fini(struct worker *w)
{
    loop_timer_cancel(w->loop, &w->sweep_timer);
    leaks_stop(w);
    guest_forget_stop(w);
    loop_timer_cancel(w->loop, &w->probe_timer);
    kill_forget_waiting(w);
    pool_registry_stop(w->proxy->registry, w);
    growth_watch_stop(w);
    mailbox_destroy(w->mailbox);
    loop_turn(w->loop, 0); /* frees what was closed last */
    loop_destroy(w->loop);
    buffer_cache_destroy(w->buffers);
    slab_close(&w->client_slab);
    slab_close(&w->record_slab);
    hashmap_u64_fini(&w->clients_by_id);
    hashmap_u64_fini(&w->links_by_id);
    config_release(w->config);
    free(w->actions.items);
    free(w->tallies);
    slow_watch_destroy(w->slow_watch);
}

void *worker_run(void *arg)
{
    struct worker *w = arg;
    loop_run(w->loop);
    return NULL;
}

/* -------- messages -------- */

struct message {
    struct mail mail;
    struct worker *to;
    struct config *config;
    int fd;
    struct address peer;
    uint8_t entrance;
};

static void send_message(struct worker *to, struct message content,
                         void (*deliver)(struct mail *mail))
{
    struct message *m = malloc(sizeof *m);
    CHECK(m != NULL);
    *m = content;
    m->to = to;
    m->mail = (struct mail){.deliver = deliver};
    mailbox_post(to->mailbox, &m->mail);
}

static struct message take(struct mail *mail)
{
    struct message *m = container_of(mail, struct message, mail);
    struct message copy = *m;
    free(m);
    return copy;
}

static void on_socket(struct mail *mail)
{
    struct message m = take(mail);
    if (!m.to->draining) {
        client_accept(m.to, m.fd, &m.peer, m.entrance);
        return;
    }
    close(m.fd);
    atomic_fetch_sub(&m.to->client_count, 1);
    atomic_fetch_sub(&m.to->proxy->admitted, 1);
}

void worker_place(struct worker *accepted_on, int fd, const struct address *peer, uint8_t entrance)
{
    struct proxy *p = accepted_on->proxy;
    if (!admission_take_socket(accepted_on, fd, peer))
        return;
    struct worker *best = accepted_on;
    for (unsigned i = 0; i < p->worker_count; i++)
        if (atomic_load(&p->workers[i].client_count) < atomic_load(&best->client_count))
            best = &p->workers[i];
    atomic_fetch_add(&best->client_count, 1);
    if (best == accepted_on)
        client_accept(best, fd, peer, entrance);
    else
        send_message(best, (struct message){.fd = fd, .peer = *peer, .entrance = entrance},
                     on_socket);
}

/* What the first worker does for all of them. */
static void watches_configure(struct worker *w)
{
    monitors_configure(w);
    growth_watch_configure(w);
}

static void on_config(struct mail *mail)
{
    struct message m = take(mail);
    config_release(m.to->config);
    m.to->config = m.config;
    slow_watch_configure(m.to->slow_watch, m.config);
    client_timeouts_configure(m.to);
    pool_registry_sweep_all(m.to); /* lowered limits act now */
    if (m.to->index == 0)
        watches_configure(m.to);
}

void worker_send_config(struct worker *w, struct config *config)
{
    send_message(w, (struct message){.config = config_hold(config)}, on_config);
}

static void on_probe(struct mail *mail)
{
    struct message m = take(mail);
    pool_registry_probe(m.to);
    watches_configure(m.to);
}

void worker_send_probe(struct worker *w)
{
    send_message(w, (struct message){0}, on_probe);
}

static void on_drain(struct mail *mail)
{
    struct message m = take(mail);
    m.to->draining = true;
    list_for_each (&m.to->clients, node) {
        struct client *c = container_of(node, struct client, node);
        loop_defer(m.to->loop, &c->more); /* it looks at `draining`; closing now may close others */
    }
}

void worker_send_drain(struct worker *w)
{
    send_message(w, (struct message){0}, on_drain);
}

static void on_close_all(struct mail *mail)
{
    struct message m = take(mail);
    m.to->draining = true;
    struct list_node *first;
    while ((first = list_first(&m.to->clients)) != NULL)
        client_close(container_of(first, struct client, node), CLOSE_SHUTDOWN_FORCED);
}

void worker_send_close_all(struct worker *w)
{
    send_message(w, (struct message){0}, on_close_all);
}

static void on_drain_pools(struct mail *mail)
{
    struct message m = take(mail);
    pool_registry_drain(m.to->proxy->registry, m.to);
}

void worker_send_drain_pools(struct worker *w)
{
    send_message(w, (struct message){0}, on_drain_pools);
}

static void on_give_up(struct mail *mail)
{
    struct message m = take(mail);
    for (;;) {
        size_t cursor = 0;
        struct link *l = hashmap_u64_next(&m.to->links_by_id, &cursor, NULL);
        if (l == NULL)
            return;
        link_give_up(l);
    }
}

void worker_send_give_up(struct worker *w)
{
    send_message(w, (struct message){0}, on_give_up);
}

static void on_stop(struct mail *mail)
{
    struct message m = take(mail);
    loop_stop(m.to->loop);
}

void worker_send_stop(struct worker *w)
{
    send_message(w, (struct message){0}, on_stop);
}
