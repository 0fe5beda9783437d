/* SPDX-License-Identifier: Apache-2.0
 * A catalogue as clients and their requests meet it. */
#include "session/catalogue.h"

#include "base/check.h"
#include "mysql/sql_body.h"
#include "session/catalogue_reader.h"
#include "session/statement.h"
#include "session/statement_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names that are in doubt until the next reading; beyond that all calls are. */
#define DOUBTS_MAX (1U << 20)

/* -------- birth and death -------- */

/* Readings that somebody waits for although new definitions pass by all the time. */
#define ROUNDS_MAX 3

static void on_wake(struct mail *mail);

struct catalogue_reader *catalogue_reader_create(struct worker *w, struct server_group *group,
                                                 struct user *user)
{
    struct catalogue_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->view_count = w->proxy->worker_count;
    r->views = calloc(r->view_count, sizeof *r->views);
    if (r->views == NULL) {
        free(r);
        return NULL;
    }
    for (unsigned i = 0; i < r->view_count; i++) {
        r->views[i].reader = r;
        r->views[i].worker = &w->proxy->workers[i];
        r->views[i].wake.deliver = on_wake;
    }
    r->group = group;
    r->user = user;
    r->home = w;
    r->ask.deliver = catalogue_on_ask;
    r->reading.timer.on_fire = catalogue_on_timer;
    r->reading.more.run = catalogue_on_more;
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    return r;
}

void catalogue_reader_destroy(struct catalogue_reader *r)
{
    for (unsigned i = 0; i < r->view_count; i++)
        if (r->views[i].catalogue != NULL)
            catalogue_release(r->views[i].catalogue);
    if (r->shared.base != NULL)
        catalogue_release(r->shared.base);
    if (r->shared.current != NULL)
        catalogue_release(r->shared.current);
    if (r->reading.builder != NULL)
        catalogue_build_abandon(r->reading.builder);
    pthread_mutex_destroy(&r->lock);
    free(r->shared.doubts);
    free(r->views);
    free(r);
}

void catalogue_reader_stop(struct catalogue_reader *r, const struct worker *w)
{
    if (r->home != w)
        return;
    loop_timer_cancel(w->loop, &r->reading.timer);
    loop_task_cancel(w->loop, &r->reading.more);
}

/* -------- publishing -------- */

/* Under the lock: what is known now. */
static void renew_locked(struct catalogue_reader *r)
{
    struct catalogue *old = r->shared.current;
    struct catalogue *base = r->shared.base;
    struct bytes doubts = bytes_of(r->shared.doubts, r->shared.doubts_size);
    if (base == NULL)
        r->shared.current = NULL;
    else if (doubts.size == 0)
        r->shared.current = catalogue_hold(base);
    else /* out of memory: nothing is known, so calls are unknown code */
        r->shared.current = catalogue_with_unknown(base, doubts);
    if (old != NULL)
        catalogue_release(old);
    atomic_fetch_add(&r->version, 1);
}

static bool has_new_danger(const struct catalogue *from, const struct catalogue *to)
{
    if ((to->names.beyond_ascii & ~from->names.beyond_ascii) != 0 ||
        (to->names.like_numbers & ~from->names.like_numbers) != 0)
        return true;
    for (size_t i = 0; i < to->row_count; i++) {
        const struct sql_name *row = &to->rows[i];
        const struct sql_name *old =
            sql_names_find(&from->names, row->hash, bytes_of(row->text, row->size));
        for (size_t use = 0; use < SQL_USE_COUNT; use++)
            if ((row->effects[use] & ~(old != NULL ? old->effects[use] : 0)) != 0)
                return true;
    }
    return false;
}

static void wake(struct catalogue_reader *r)
{
    for (unsigned i = 0; i < r->view_count; i++)
        if (!atomic_exchange(&r->views[i].waking, true))
            mailbox_post(r->views[i].worker->mailbox, &r->views[i].wake);
}

void catalogue_publish(struct catalogue_reader *r, struct catalogue *fresh, bool read)
{
    pthread_mutex_lock(&r->lock);
    bool settled = read && r->reading.quiet && r->shared.notes == r->reading.notes;
    bool wanted = atomic_load(&r->waiting) > 0;
    bool had_doubts = r->shared.doubts_size > 0;
    if (settled) {
        r->shared.doubts_size = 0;
        atomic_store(&r->stale, false);
    }
    if (fresh != NULL) {
        struct catalogue *old = r->shared.base;
        if (old != NULL && has_new_danger(old, fresh))
            atomic_fetch_add(&r->danger, 1);
        r->shared.base = fresh;
        if (old != NULL)
            catalogue_release(old);
    }
    if (fresh != NULL || (settled && had_doubts))
        renew_locked(r);
    bool known = r->shared.base != NULL;
    atomic_store(&r->state, known ? CATALOGUE_LOADED : CATALOGUE_REFUSED);
    pthread_mutex_unlock(&r->lock);
    if (wanted && read && !settled && r->reading.rounds++ < ROUNDS_MAX)
        return; /* plan_next has it read again */
    r->reading.rounds = 0;
    if (wanted)
        wake(r);
}

void catalogue_forget(struct catalogue_reader *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->shared.base != NULL)
        catalogue_release(r->shared.base);
    r->shared.base = NULL;
    renew_locked(r);
    atomic_store(&r->state, CATALOGUE_UNREAD);
    pthread_mutex_unlock(&r->lock);
}

void catalogue_ask(struct catalogue_reader *r)
{
    if (!atomic_exchange(&r->asking, true))
        mailbox_post(r->home->mailbox, &r->ask);
}

/* -------- what a statement is scanned with -------- */

static struct catalogue_reader *reader_of(const struct client *c)
{
    const struct global_settings *g = &c->worker->config->global;
    if (c->pool == NULL || g->pool_mode == POOL_MODE_SESSION || g->catalogue_refresh == 0)
        return NULL;
    return c->pool->catalogue;
}

static struct catalogue_view *view_of(struct catalogue_reader *r, const struct worker *w)
{
    struct catalogue_view *v = &r->views[w->index];
    if (LIKELY(v->version == atomic_load(&r->version)))
        return v;
    pthread_mutex_lock(&r->lock);
    struct catalogue *old = v->catalogue;
    v->catalogue = r->shared.current != NULL ? catalogue_hold(r->shared.current) : NULL;
    v->version = atomic_load(&r->version);
    pthread_mutex_unlock(&r->lock);
    if (old != NULL)
        catalogue_release(old);
    return v;
}

const struct sql_names *catalogue_names(struct client *c)
{
    struct catalogue_reader *r = reader_of(c);
    if (r == NULL)
        return NULL;
    struct catalogue_view *v = view_of(r, c->worker);
    if (!atomic_load_explicit(&r->used, memory_order_relaxed))
        atomic_store_explicit(&r->used, true, memory_order_relaxed);
    c->request.catalogue_version = v->version;
    return v->catalogue != NULL ? &v->catalogue->names : NULL;
}

void catalogue_keep(struct client *c)
{
    struct catalogue_reader *r = reader_of(c);
    struct catalogue *known = r != NULL ? view_of(r, c->worker)->catalogue : NULL;
    if (known != NULL && c->request.catalogue == NULL)
        c->request.catalogue = catalogue_hold(known);
}

void catalogue_keep_no_more(struct client *c)
{
    if (c->request.catalogue != NULL)
        catalogue_release(c->request.catalogue);
    c->request.catalogue = NULL;
}

/* -------- definitions that pass by -------- */

/* What concerns sessions: a definition with any of these puts its names in doubt. */
#define DANGEROUS                                                                                  \
    (SQL_EFFECT_BIT(STORED_CODE) | SQL_EFFECT_BIT(STORED_STATE) | SQL_EFFECT_BIT(STORED_SETS) |    \
     SQL_EFFECT_BIT(STORED_READS) | SQL_EFFECT_BIT(STORED_CONDITIONS) | SQL_EFFECT_BIT(SIGNALS) |  \
     SQL_EFFECT_BIT(CONNECTION_ID) | SQL_EFFECT_BIT(PROFILING))

struct definition {
    const struct sql_names *known;
    sql_effects_t effects;
    uint8_t names[16384];
    size_t size;
};

static void on_name(void *context, struct bytes text, struct bytes qualifier, enum sql_use how)
{
    struct definition *d = context;
    const struct sql_name *row =
        d->known != NULL ? sql_names_find(d->known, sql_name_hash(text), text) : NULL;
    (void)qualifier;
    if (row != NULL)
        for (size_t use = 0; use < SQL_USE_COUNT; use++)
            d->effects |= row->effects[use];
    else if (how != SQL_USE_NAMED)
        d->effects |= SQL_EFFECT_BIT(STORED_CODE);
    if (how != SQL_USE_NAMED || text.size + 1 > sizeof d->names - d->size ||
        memchr(text.data, 0, text.size) != NULL)
        return;
    memcpy(d->names + d->size, text.data, text.size);
    d->size += text.size;
    d->names[d->size++] = 0;
}

static struct bytes text_of_request(const struct client *c)
{
    const struct statement *statement = c->request.statement;
    if (statement != NULL)
        return statement->text != NULL ? statement_text_sql(statement->text) : bytes_of(NULL, 0);
    struct bytes in = buffer_unparsed(c->stream.in);
    size_t before = FRAME_HEADER_SIZE + (size_t)c->request.sql_at;
    size_t end = FRAME_HEADER_SIZE + (size_t)c->request.frame_left;
    size_t size = in.size < end ? in.size : end;
    return bytes_of(in.data + before, size - before);
}

/* A request that is not there whole yet: its first word is. */
static bool begins_definition(const struct client *c)
{
    struct sql_scan scan;
    sql_scan_begin(&scan, c->request.scan->mode);
    sql_scan_feed(&scan, text_of_request(c));
    return scan.verb == SQL_VERB_CREATE || scan.verb == SQL_VERB_ALTER ||
           scan.verb == SQL_VERB_RENAME;
}

static void doubt_locked(struct catalogue_reader *r, const struct definition *d)
{
    size_t size = r->shared.doubts_size + d->size;
    uint8_t *doubts = size <= DOUBTS_MAX ? realloc(r->shared.doubts, size + 1) : NULL;
    if (doubts == NULL) { /* nothing is known then */
        if (r->shared.base != NULL)
            catalogue_release(r->shared.base);
        r->shared.base = NULL;
        r->shared.doubts_size = 0;
    } else {
        r->shared.doubts = doubts;
        memcpy(doubts + r->shared.doubts_size, d->names, d->size);
        r->shared.doubts_size = size;
    }
    renew_locked(r);
    atomic_fetch_add(&r->danger, 1);
}

static void note_definition(struct client *c, struct catalogue_reader *r)
{
    struct request *q = &c->request;
    if (!q->scanned || q->defines)
        return;
    if (!q->feeding ? !sql_scan_has(q->scan, SQL_EFFECT_CHANGES_CODE) : !begins_definition(c))
        return;
    struct definition *d = malloc(sizeof *d);
    if (d == NULL)
        return;
    *d = (struct definition){.known = q->scan->mode.names};
    struct sql_body_listener listener = {.name = on_name, .context = d};
    d->effects |= sql_body_scan_definition(q->scan->mode, text_of_request(c), &listener);
    bool kept = q->statement == NULL || q->statement->text->shared;
    bool dangerous = q->feeding || !kept || (d->effects & DANGEROUS) != 0;
    if (!dangerous && (d->effects & SQL_EFFECT_BIT(CHANGES_CODE)) == 0) {
        free(d); /* of a table without anything */
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->shared.running++;
    r->shared.notes++;
    atomic_store(&r->stale, true);
    if (dangerous)
        doubt_locked(r, d);
    pthread_mutex_unlock(&r->lock);
    free(d);
    q->defines = true;
}

static void end_definition(struct catalogue_reader *r)
{
    pthread_mutex_lock(&r->lock);
    r->shared.running--;
    r->shared.notes++;
    pthread_mutex_unlock(&r->lock);
    catalogue_ask(r);
}

/* -------- waiting -------- */

static void await(struct client *c, struct catalogue_reader *r)
{
    c->request.awaits_catalogue = c->request.awaited_catalogue = true;
    r->views[c->worker->index].waiting++;
    atomic_fetch_add(&r->waiting, 1);
    client_set_state(c, CLIENT_WAITING);
    catalogue_ask(r);
}

static void await_no_more(struct client *c, struct catalogue_reader *r)
{
    c->request.awaits_catalogue = false;
    r->views[c->worker->index].waiting--;
    atomic_fetch_sub(&r->waiting, 1);
}

/* Clients may come and go while one of them goes on, so each time the search begins anew; there are
 * never more of them than links. */
static struct client *first_waiting(struct worker *w, const struct catalogue_reader *r)
{
    list_for_each (&w->clients, node) {
        struct client *c = container_of(node, struct client, node);
        if (c->request.awaits_catalogue && c->pool->catalogue == r)
            return c;
    }
    return NULL;
}

static void on_wake(struct mail *mail)
{
    struct catalogue_view *v = container_of(mail, struct catalogue_view, wake);
    atomic_store(&v->waking, false);
    for (unsigned left = v->waiting; left > 0; left--) {
        struct client *c = first_waiting(v->worker, v->reader);
        if (c == NULL)
            return;
        await_no_more(c, v->reader);
        if (c->state == CLIENT_WAITING && c->link != NULL && c->link->purpose == PURPOSE_NONE)
            lease_continue(c);
    }
}

/* Worth waiting for: nothing was read yet, or the text names what nobody knows while somebody has
 * just defined something. */
static bool is_worth_waiting(const struct client *c, const struct catalogue_reader *r)
{
    const struct request *q = &c->request;
    if (q->awaited_catalogue || c->worker->draining)
        return false;
    if (atomic_load(&r->state) == CATALOGUE_UNREAD)
        return true;
    return c->pins == 0 && atomic_load(&r->stale) && q->scanned && q->whole &&
           sql_scan_has(q->scan, SQL_EFFECT_STORED_CODE);
}

bool catalogue_ready(struct client *c)
{
    struct request *q = &c->request;
    struct catalogue_reader *r = reader_of(c);
    if (r == NULL || c->login_schema != NULL)
        return true;
    if (q->scanned && q->catalogue_version != atomic_load(&r->version))
        client_scan_again(c);
    if (q->scanned && strcasecmp(c->session->schema, CATALOGUE_UNKNOWN_SCHEMA) == 0)
        q->scan->effects |= SQL_EFFECT_BIT(STORED_CODE);
    if (is_worth_waiting(c, r)) {
        await(c, r);
        return false;
    }
    note_definition(c, r);
    q->catalogue_danger = atomic_load(&r->danger);
    return true;
}

void catalogue_request_done(struct client *c)
{
    struct request *q = &c->request;
    struct catalogue_reader *r = c->pool != NULL ? c->pool->catalogue : NULL;
    if (r != NULL && q->awaits_catalogue)
        await_no_more(c, r);
    if (r != NULL && q->defines)
        end_definition(r);
    catalogue_keep_no_more(c);
    q->defines = q->awaited_catalogue = false;
}

bool catalogue_has_raced(const struct client *c)
{
    const struct catalogue_reader *r = reader_of(c);
    return r != NULL && c->request.catalogue_danger != atomic_load(&r->danger);
}
