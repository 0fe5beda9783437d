/* SPDX-License-Identifier: Apache-2.0
 * Asking all workers, and making one picture of their answers. */
#include "session/snapshot.h"

#include "session/snapshot_walk.h"

#include <stdlib.h>

/* -------- texts -------- */

#define CHUNK_SIZE ((size_t)32 * 1024)

struct snapshot_chunk {
    struct snapshot_chunk *next;
    size_t used;
    size_t capacity;
    char data[];
};

static char *reserve(struct snapshot_texts *t, size_t size)
{
    struct snapshot_chunk *c = t->chunks;
    if (c == NULL || c->capacity - c->used < size) {
        size_t capacity = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        c = malloc(sizeof *c + capacity);
        if (c == NULL)
            return NULL;
        *c = (struct snapshot_chunk){.next = t->chunks, .capacity = capacity};
        t->chunks = c;
    }
    char *at = c->data + c->used;
    c->used += size;
    return at;
}

const char *snapshot_text(struct snapshot_texts *t, struct bytes text)
{
    if (text.size == 0)
        return "";
    char *copy = reserve(t, text.size + 1);
    if (copy == NULL) {
        t->short_of_memory = true;
        return "";
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

void snapshot_texts_join(struct snapshot_texts *to, struct snapshot_texts *from)
{
    struct snapshot_chunk **end = &to->chunks;
    while (*end != NULL)
        end = &(*end)->next;
    *end = from->chunks;
    from->chunks = NULL;
    to->short_of_memory = to->short_of_memory || from->short_of_memory;
}

void snapshot_texts_free(struct snapshot_texts *t)
{
    while (t->chunks != NULL) {
        struct snapshot_chunk *c = t->chunks;
        t->chunks = c->next;
        free(c);
    }
}

/* -------- one picture -------- */

struct snapshot_job {
    void (*done)(void *context, struct snapshot *s);
    void *context;
    struct pool_registry *registry;
    struct snapshot *snapshot;
    unsigned what;
    bool abandoned;
    unsigned unanswered;
    unsigned part_count;
    struct job_part {
        struct snapshot_part part;
        struct snapshot_job *job;
    } parts[];
};

static int by_client_id(const void *a, const void *b)
{
    const struct snapshot_client *x = a;
    const struct snapshot_client *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* Of the same link, first the row that says who has it, then where it is leased. */
static int by_link_id(const void *a, const void *b)
{
    const struct snapshot_link *x = a;
    const struct snapshot_link *y = b;
    if (x->id != y->id)
        return (x->id > y->id) - (x->id < y->id);
    if ((x->client != 0) != (y->client != 0))
        return y->client != 0 ? 1 : -1;
    return (x->worker < y->worker) - (x->worker > y->worker);
}

/* Room for the rows of all parts. Without it they are left out. */
static bool make_room(struct snapshot_job *job)
{
    struct snapshot *s = job->snapshot;
    size_t clients = 0;
    size_t links = s->link_count;
    for (unsigned i = 0; i < job->part_count; i++) {
        clients += job->parts[i].part.client_count;
        links += job->parts[i].part.link_count;
    }
    s->clients = malloc((clients + 1) * sizeof *s->clients);
    struct snapshot_link *more = realloc(s->links, (links + 1) * sizeof *s->links);
    if (more != NULL)
        s->links = more;
    return s->clients != NULL && more != NULL;
}

static void add_part(struct snapshot *s, const struct snapshot_part *p)
{
    if (p->client_count > 0)
        memcpy(s->clients + s->client_count, p->clients, p->client_count * sizeof *s->clients);
    if (p->link_count > 0)
        memcpy(s->links + s->link_count, p->links, p->link_count * sizeof *s->links);
    s->client_count += p->client_count;
    s->link_count += p->link_count;
}

/* A link that changed hands while the picture was taken was perhaps met twice. */
static void drop_doubles(struct snapshot *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->link_count; i++)
        if (kept == 0 || s->links[kept - 1].id != s->links[i].id)
            s->links[kept++] = s->links[i];
    s->link_count = kept;
}

static void assemble(struct snapshot_job *job)
{
    struct snapshot *s = job->snapshot;
    bool room = make_room(job);
    for (unsigned i = 0; i < job->part_count; i++) {
        struct snapshot_part *p = &job->parts[i].part;
        if (room)
            add_part(s, p);
        snapshot_texts_join(&s->texts, &p->texts);
    }
    if (s->client_count > 0)
        qsort(s->clients, s->client_count, sizeof *s->clients, by_client_id);
    if (s->link_count > 0)
        qsort(s->links, s->link_count, sizeof *s->links, by_link_id);
    drop_doubles(s);
    s->incomplete = s->texts.short_of_memory || !room;
}

static void job_free(struct snapshot_job *job)
{
    for (unsigned i = 0; i < job->part_count; i++) {
        free(job->parts[i].part.clients);
        free(job->parts[i].part.links);
        snapshot_texts_free(&job->parts[i].part.texts);
    }
    free(job);
}

static void on_part(struct snapshot_part *part)
{
    struct snapshot_job *job = container_of(part, struct job_part, part)->job;
    if (--job->unanswered > 0)
        return;
    struct snapshot *s = job->snapshot;
    if (job->abandoned) {
        snapshot_free(s);
        job_free(job);
        return;
    }
    if ((job->what & SNAPSHOT_LINKS) != 0)
        snapshot_add_resting(s, job->registry);
    if ((job->what & SNAPSHOT_POOLS) != 0)
        snapshot_add_pools(s, job->registry);
    assemble(job);
    void (*done)(void *context, struct snapshot *s) = job->done;
    void *context = job->context;
    job_free(job);
    done(context, s);
}

struct snapshot_job *snapshot_ask(struct proxy *p, unsigned what, struct mailbox *reply_to,
                                  void (*done)(void *context, struct snapshot *s), void *context)
{
    struct snapshot_job *job = calloc(1, sizeof *job + p->worker_count * sizeof(struct job_part));
    struct snapshot *s = calloc(1, sizeof *s);
    if (job == NULL || s == NULL) {
        free(job);
        free(s);
        return NULL;
    }
    s->taken_at = clock_now();
    job->done = done;
    job->context = context;
    job->registry = p->registry;
    job->snapshot = s;
    job->what = what;
    job->unanswered = job->part_count = p->worker_count;
    for (unsigned i = 0; i < job->part_count; i++) {
        job->parts[i].job = job;
        job->parts[i].part = (struct snapshot_part){
            .worker = &p->workers[i],
            .what = what,
            .reply_to = reply_to,
            .done = on_part,
        };
        snapshot_part_send(&job->parts[i].part);
    }
    return job;
}

void snapshot_abandon(struct snapshot_job *job)
{
    job->abandoned = true;
}

void snapshot_free(struct snapshot *s)
{
    if (s == NULL)
        return;
    free(s->clients);
    free(s->links);
    free(s->pools);
    free(s->servers);
    snapshot_texts_free(&s->texts);
    free(s);
}
