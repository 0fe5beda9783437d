/* SPDX-License-Identifier: Apache-2.0
 * The slices of a worker's part. Clients may come and go between two of them: who comes later is
 * not waited for, and who leaves passes the walk's place on to the next one. */
#include "session/snapshot_walk.h"

#include "session/client.h"

#include <stdlib.h>

/* Rows in a turn of the loop: a tenth of a millisecond. */
#define ROWS_PER_TURN 128

static bool walk_clients(struct snapshot_part *p, unsigned *rows)
{
    struct worker *w = p->worker;
    while (p->next_client != NULL && p->client_count<p->client_room && * rows> 0) {
        struct client *c = container_of(p->next_client, struct client, node);
        snapshot_client_row(&p->clients[p->client_count++], &p->texts, c);
        p->next_client = list_next(&w->clients, p->next_client);
        --*rows;
    }
    return p->next_client == NULL || p->client_count == p->client_room;
}

static bool walk_links(struct snapshot_part *p, unsigned *rows)
{
    while (p->link_at<p->link_ids_count && * rows> 0) {
        const struct link *l = hashmap_u64_get(&p->worker->links_by_id, p->link_ids[p->link_at++]);
        if (l != NULL)
            snapshot_link_row(&p->links[p->link_count++], &p->texts, l);
        --*rows;
    }
    return p->link_at == p->link_ids_count;
}

static void on_done(struct mail *mail)
{
    struct snapshot_part *p = container_of(mail, struct snapshot_part, mail);
    p->done(p);
}

static void walk(struct snapshot_part *p)
{
    unsigned rows = ROWS_PER_TURN;
    if (!walk_clients(p, &rows) || !walk_links(p, &rows)) {
        loop_defer(p->worker->loop, &p->task);
        return;
    }
    list_remove(&p->worker->snapshot_walks, &p->node);
    free(p->link_ids);
    p->link_ids = NULL;
    p->mail.deliver = on_done;
    mailbox_post(p->reply_to, &p->mail);
}

static void on_turn(struct loop_task *task)
{
    walk(container_of(task, struct snapshot_part, task));
}

static void begin_clients(struct snapshot_part *p)
{
    struct list *clients = &p->worker->clients;
    if ((p->what & SNAPSHOT_CLIENTS) == 0 || list_empty(clients))
        return;
    p->clients = malloc(clients->count * sizeof *p->clients);
    if (p->clients == NULL) {
        p->texts.short_of_memory = true;
        return;
    }
    p->client_room = clients->count;
    p->next_client = list_first(clients);
}

/* The map may not be walked over several turns, so the ids are taken down first. */
static void begin_links(struct snapshot_part *p)
{
    const struct hashmap_u64 *links = &p->worker->links_by_id;
    size_t count = hashmap_u64_count(links);
    if ((p->what & SNAPSHOT_LINKS) == 0 || count == 0)
        return;
    p->links = malloc(count * sizeof *p->links);
    p->link_ids = malloc(count * sizeof *p->link_ids);
    if (p->links == NULL || p->link_ids == NULL) {
        p->texts.short_of_memory = true;
        return;
    }
    size_t cursor = 0;
    uint64_t id;
    while (hashmap_u64_next(links, &cursor, &id) != NULL)
        p->link_ids[p->link_ids_count++] = id;
}

static void on_asked(struct mail *mail)
{
    struct snapshot_part *p = container_of(mail, struct snapshot_part, mail);
    p->task.run = on_turn;
    list_push_back(&p->worker->snapshot_walks, &p->node);
    begin_clients(p);
    begin_links(p);
    loop_defer(p->worker->loop, &p->task);
}

void snapshot_part_send(struct snapshot_part *part)
{
    part->mail.deliver = on_asked;
    mailbox_post(part->worker->mailbox, &part->mail);
}

void snapshot_client_goes(struct client *c)
{
    struct worker *w = c->worker;
    list_for_each (&w->snapshot_walks, node) {
        struct snapshot_part *p = container_of(node, struct snapshot_part, node);
        if (p->next_client == &c->node)
            p->next_client = list_next(&w->clients, &c->node);
    }
}
