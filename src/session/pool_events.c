/* SPDX-License-Identifier: Apache-2.0
 * The events of the pool policy. Each function takes the server's lock, asks, collects all that was
 * decided into the worker's queue, lets go of the lock, and performs. Whoever is outermost on the
 * stack empties the queue, so decisions are performed in their order and the stack stays flat.
 *
 * Clients and links of other workers are never touched: they get a notice that names them by id,
 * and their worker asks the policy again what is true when it arrives. */
#include "session/pool_events.h"

#include "base/check.h"
#include "base/text.h"
#include "session/client.h"
#include "session/client_attributes.h"
#include "session/guest.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>

static struct client *client_of(struct pool_ticket *t)
{
    return container_of(t, struct client, ticket);
}

static struct link *link_of(struct pool_seat *s)
{
    return container_of(s, struct link, seat);
}

static struct link_pool *pool_of(struct pool *p)
{
    return container_of(p, struct link_pool, shared.policy);
}

/* -------- collecting, under the lock -------- */

static void queue_push(struct action_queue *q, struct queued_action a)
{
    if (q->head + q->count == q->capacity) {
        if (q->head > 0) {
            memmove(q->items, q->items + q->head, q->count * sizeof *q->items);
            q->head = 0;
        } else {
            size_t capacity = q->capacity == 0 ? 64 : q->capacity * 2;
            struct queued_action *items = realloc(q->items, capacity * sizeof *items);
            CHECK(items != NULL);
            q->items = items;
            q->capacity = capacity;
        }
    }
    q->items[q->head + q->count++] = a;
}

static void collect_locked(struct worker *w, struct server_group *g, usec_t now)
{
    for (;;) {
        struct queued_action q = {.action = pool_next_action(&g->shared.policy, now)};
        switch (q.action.kind) {
        case POOL_NOTHING:
            return;
        case POOL_GRANT:
        case POOL_FAIL:
            q.worker = q.action.ticket->worker;
            q.id = client_of(q.action.ticket)->id;
            client_of(q.action.ticket)->ticket_why = q.action.why;
            break;
        case POOL_RECALL:
            q.worker = q.action.seat->worker;
            q.id = link_of(q.action.seat)->id;
            break;
        case POOL_OPEN:
        case POOL_CLOSE:
            break;
        }
        queue_push(&w->actions, q);
    }
}

/* -------- performing, without the lock -------- */

/* To another worker: look at this client's ticket, or at this link. */
struct notice {
    struct mail mail;
    struct worker *to;
    uint64_t id;
};

static void ticket_decided(struct client *c)
{
    pthread_mutex_lock(&c->pool->group->lock);
    enum ticket_state state = c->ticket.state;
    pthread_mutex_unlock(&c->pool->group->lock);
    if (state == TICKET_GRANTED)
        lease_granted(c);
    else if (state == TICKET_FAILED && c->guest != NULL)
        guest_wait_failed(c);
    else if (state == TICKET_FAILED)
        lease_wait_failed(c);
}

static void link_wanted(struct link *l)
{
    pthread_mutex_lock(&l->pool->group->lock);
    bool wanted = l->seat.state == SEAT_RECALLED;
    pthread_mutex_unlock(&l->pool->group->lock);
    if (wanted && l->soft)
        lease_recall(l);
}

static void on_ticket_notice(struct mail *mail)
{
    struct notice *n = container_of(mail, struct notice, mail);
    struct client *c = hashmap_u64_get(&n->to->clients_by_id, n->id);
    free(n);
    if (c != NULL && c->pool != NULL)
        ticket_decided(c);
}

static void on_link_notice(struct mail *mail)
{
    struct notice *n = container_of(mail, struct notice, mail);
    struct link *l = hashmap_u64_get(&n->to->links_by_id, n->id);
    free(n);
    if (l != NULL && !l->side)
        link_wanted(l);
}

static void notify(struct worker *w, const struct queued_action *q,
                   void (*deliver)(struct mail *mail))
{
    struct notice *n = calloc(1, sizeof *n);
    CHECK(n != NULL);
    n->mail.deliver = deliver;
    n->to = &w->proxy->workers[q->worker];
    n->id = q->id;
    counters_add(&w->counters, COUNTER_mailbox_messages, 1);
    mailbox_post(n->to->mailbox, &n->mail);
}

static enum close_reason close_reason_of(enum pool_why why)
{
    switch (why) {
    case POOL_WHY_IDLE:
        return CLOSE_LINK_IDLE;
    case POOL_WHY_OLD:
        return CLOSE_LINK_OLD;
    case POOL_WHY_ROOM:
        return CLOSE_LINK_ROOM;
    case POOL_WHY_SHRUNK:
        return CLOSE_LINK_SHRUNK;
    case POOL_WHY_RENEWED:
        return CLOSE_LINK_RENEWED;
    case POOL_WHY_RESTED:
        return CLOSE_LINK_RESTED;
    case POOL_WHY_DRAINING:
    case POOL_WHY_PAUSED:
    case POOL_WHY_NONE:
    case POOL_WHY_WAITED_TOO_LONG:
    case POOL_WHY_LOGIN_FAILED:
        break;
    }
    return CLOSE_SHUTDOWN;
}

/* Of the oldest waiter. */
static struct link_hint hint_of(struct link_pool *p)
{
    struct link_hint hint = {0};
    pthread_mutex_lock(&p->group->lock);
    struct list_node *first = list_first(&p->shared.policy.waiting);
    if (first != NULL) {
        struct pool_ticket *t = container_of(first, struct pool_ticket, node);
        hint.session = session_state_hold(client_of(t)->session);
        memcpy(hint.client, client_of(t)->peer, sizeof hint.client);
        hint.says = link_client_says(client_of(t)->attributes);
    }
    pthread_mutex_unlock(&p->group->lock);
    return hint;
}

/* To the worker of a pool of logins: open a link there. */
struct login_notice {
    struct mail mail;
    struct link_pool *logins;
};

static void on_login_notice(struct mail *mail)
{
    struct login_notice *n = container_of(mail, struct login_notice, mail);
    struct link_pool *logins = n->logins;
    free(n);
    guest_open_link(logins);
}

static void open_login(struct worker *w, struct link_pool *logins)
{
    if (logins->logins_of == w) {
        guest_open_link(logins);
        return;
    }
    struct login_notice *n = calloc(1, sizeof *n);
    CHECK(n != NULL);
    n->mail.deliver = on_login_notice;
    n->logins = logins;
    counters_add(&w->counters, COUNTER_mailbox_messages, 1);
    mailbox_post(logins->logins_of->mailbox, &n->mail);
}

static void perform(struct worker *w, const struct queued_action *q)
{
    const struct pool_action *a = &q->action;
    switch (a->kind) {
    case POOL_NOTHING:
        break;
    case POOL_GRANT:
    case POOL_FAIL:
        if (q->worker != w->index) {
            if (a->kind == POOL_GRANT)
                counters_add(&w->counters, COUNTER_link_migrations, 1);
            notify(w, q, on_ticket_notice);
        } else {
            ticket_decided(client_of(a->ticket));
        }
        break;
    case POOL_OPEN:
        if (pool_of(a->pool)->logins_of != NULL) {
            open_login(w, pool_of(a->pool));
            break;
        }
        link_open(w, pool_of(a->pool), hint_of(pool_of(a->pool)));
        break;
    case POOL_RECALL:
        if (q->worker != w->index)
            notify(w, q, on_link_notice);
        else
            link_wanted(link_of(a->seat));
        break;
    case POOL_CLOSE: {
        struct link *l = link_of(a->seat);
        if (l->worker != NULL)
            link_close(l, close_reason_of(a->why));
        else
            link_close_idle(w, l, close_reason_of(a->why));
        break;
    }
    }
}

static void perform_all(struct worker *w)
{
    struct action_queue *q = &w->actions;
    if (q->performing)
        return;
    q->performing = true;
    while (q->count > 0) {
        struct queued_action a = q->items[q->head];
        q->head++;
        q->count--;
        if (q->count == 0)
            q->head = 0;
        perform(w, &a);
    }
    q->performing = false;
}

/* -------- events -------- */

usec_t pool_events_lock(struct worker *w, struct server_group *g)
{
    pthread_mutex_lock(&g->lock);
    return loop_now(w->loop);
}

/* Collects, unlocks. `arm`: something may have begun to wait for time to pass. */
static void unlock_group(struct worker *w, struct server_group *g, bool arm)
{
    usec_t now = loop_now(w->loop);
    collect_locked(w, g, now);
    usec_t deadline = arm ? pool_next_deadline(&g->shared.policy) : 0;
    pthread_mutex_unlock(&g->lock);
    if (deadline != 0 && (w->sweep_at == 0 || deadline < w->sweep_at)) {
        w->sweep_at = deadline;
        loop_timer_set(w->loop, &w->sweep_timer, deadline > now ? deadline - now : 0);
    }
}

void pool_events_finish(struct worker *w, struct server_group *g, bool arm)
{
    unlock_group(w, g, arm);
    perform_all(w);
}

void pool_events_note_holder(struct link *l, const struct client *c)
{
    if (l->holder.client == c->id)
        return;
    l->holder.client = c->id;
    (void)!text_copy(l->holder.peer, sizeof l->holder.peer, bytes_of_text(c->peer));
    (void)!text_copy(l->holder.program, sizeof l->holder.program, client_program(c->attributes));
}

static enum registry_checkout checkout_once(struct client *c, struct pool_seat **seat)
{
    struct worker *w = c->worker;
    struct server_group *g = c->pool->group;
    usec_t now = pool_events_lock(w, g);
    c->ticket.worker = w->index;
    c->ticket.tag = c->session;
    if (c->has_taught || (int)(c->login_epoch - c->pool->shared.refused_epoch) > 0)
        pool_forget_refusal(&c->pool->shared.policy);
    c->has_taught = false;
    enum pool_checkout verdict = pool_checkout(&c->pool->shared.policy, &c->ticket, now, seat);
    if (verdict == POOL_LEND)
        pool_events_note_holder(link_of(*seat), c);
    unlock_group(w, g, verdict == POOL_WAIT);
    switch (verdict) {
    case POOL_LEND:
        return CHECKOUT_LENT;
    case POOL_WAIT:
        return CHECKOUT_QUEUED;
    case POOL_REFUSE:
        return CHECKOUT_REFUSED;
    }
    return CHECKOUT_REFUSED;
}

enum registry_checkout registry_checkout(struct client *c, struct link **link)
{
    for (;;) {
        struct pool_seat *seat = NULL;
        enum registry_checkout r = checkout_once(c, &seat);
        if (r != CHECKOUT_LENT)
            return r; /* the caller sets its state, then has the actions performed */
        *link = link_of(seat);
        /* Each turn that fails removes one link: dead on the shelf, or outdated. */
        if (!link_adopt(c->worker, *link, true))
            continue;
        if (registry_is_outdated(c, *link)) {
            link_close(*link, CLOSE_LINK_OUTDATED);
            continue;
        }
        perform_all(c->worker);
        return CHECKOUT_LENT;
    }
}

bool registry_is_outdated(const struct client *c, const struct link *l)
{
    return (int)(c->login_epoch - l->login_epoch) > 0;
}

void registry_logins_changed(struct client *c)
{
    atomic_fetch_add(&c->group->login_epoch, 1);
}

bool registry_must_prove_login(struct client *c)
{
    struct server_group *g = c->pool->group;
    if (atomic_load(&g->facts) == NULL ||
        (int)(atomic_load(&c->pool->login_proved) - c->login_epoch) > 0)
        return false;
    (void)pool_events_lock(c->worker, g);
    bool down = g->shared.policy.down_retry_at != 0;
    pthread_mutex_unlock(&g->lock);
    return !down;
}

void pool_events_note_proof(const struct link *l)
{
    unsigned known = atomic_load(&l->pool->login_proved);
    unsigned proved = l->login_epoch + 1;
    while ((int)(proved - known) > 0 &&
           !atomic_compare_exchange_weak(&l->pool->login_proved, &known, proved))
        ;
}

void registry_perform(struct worker *w)
{
    perform_all(w);
}

bool registry_resume(struct link *l)
{
    struct worker *w = l->worker;
    usec_t now = pool_events_lock(w, l->pool->group);
    bool ours = pool_resume(&l->seat, now);
    pthread_mutex_unlock(&l->pool->group->lock);
    return ours;
}

bool registry_rest(struct link *l)
{
    struct worker *w = l->worker;
    usec_t now = pool_events_lock(w, l->pool->group);
    l->seat.rest_max = link_rest_max(l);
    bool keep = pool_rest(&l->seat, now);
    pthread_mutex_unlock(&l->pool->group->lock);
    return keep;
}

/* A link may stay on this loop only when it goes straight to a client of this worker: on the shelf
 * (where a paused pool puts it though clients wait), or granted to somebody elsewhere, another
 * thread may take it at any moment. True: the lock is taken. False: the server has said something
 * unasked, or has closed. */
static bool lock_for_return(struct link *l, usec_t *now)
{
    struct worker *w = l->worker;
    struct server_group *g = l->pool->group;
    *now = pool_events_lock(w, g);
    const struct pool *p = &l->pool->shared.policy;
    const struct pool_ticket *next = p->paused ? NULL : pool_next_waiter(p, w->index, *now);
    if (next == NULL || next->worker != w->index) {
        pthread_mutex_unlock(&g->lock);
        if (!link_detach(l))
            return false;
        *now = pool_events_lock(w, g);
    }
    l->soft = false;
    l->recalled = false;
    l->seat.tag = l->session;
    l->seat.rest_max = link_rest_max(l);
    l->state = LINK_IDLE;
    return true;
}

void registry_give_back(struct link *l)
{
    struct worker *w = l->worker;
    struct server_group *g = l->pool->group;
    CHECK(l->client == NULL);
    usec_t now;
    if (!lock_for_return(l, &now)) {
        link_close(l, CLOSE_LINK_CLOSED_BY_SERVER);
        return;
    }
    pool_give_back(&l->seat, now);
    pool_events_finish(w, g, true);
}

void registry_recall_refused(struct link *l)
{
    struct worker *w = l->worker;
    usec_t now = pool_events_lock(w, l->pool->group);
    pool_recall_refused(&l->seat, now);
    pool_events_finish(w, l->pool->group, false);
}

void registry_attach(struct link *l)
{
    struct worker *w = l->worker;
    usec_t now = pool_events_lock(w, l->pool->group);
    pool_attach(&l->pool->shared.policy, &l->seat, w->index, now);
    pthread_mutex_unlock(&l->pool->group->lock);
}

void registry_open_unbegun(struct worker *w, struct link_pool *pool)
{
    usec_t now = pool_events_lock(w, pool->group);
    pool_open_failed(&pool->shared.policy, NULL, POOL_NO_RESOURCES, now);
    pool_events_finish(w, pool->group, true);
}

void registry_opened(struct link *l)
{
    struct worker *w = l->worker;
    struct server_group *g = l->pool->group;
    counters_add(&w->counters, COUNTER_links_opened, 1);
    pool_events_note_proof(l);
    usec_t now;
    if (!lock_for_return(l, &now)) {
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text("the server has closed it"));
        return;
    }
    pool_opened(&l->seat, now);
    pool_events_finish(w, g, true);
}

void registry_open_failed(struct link *l, enum pool_open_failure why,
                          const struct open_error *error)
{
    struct worker *w = l->worker;
    struct link_pool *p = l->pool;
    counters_add(&w->counters, COUNTER_link_failures, 1);
    usec_t now = pool_events_lock(w, p->group);
    p->group->shared.last_error = *error;
    p->shared.last_error = *error;
    p->shared.refused_epoch = l->login_epoch;
    pool_open_failed(&p->shared.policy, &l->seat, why, now);
    pool_events_finish(w, p->group, true);
}

void registry_closed(struct link *l)
{
    struct worker *w = l->worker;
    counters_add(&w->counters, COUNTER_links_closed, 1);
    usec_t now = pool_events_lock(w, l->pool->group);
    if (l->seat.state != SEAT_CLOSED) /* a failed attempt has given its place back already */
        pool_closed(&l->seat, now);
    pool_events_finish(w, l->pool->group, true);
}

void registry_cancel(struct client *c)
{
    struct worker *w = c->worker;
    struct server_group *g = c->pool->group;
    usec_t now = pool_events_lock(w, g);
    if (c->ticket.state == TICKET_GRANTED) {
        struct link *l = link_of(pool_take(&c->ticket));
        pthread_mutex_unlock(&g->lock);
        if (l->worker != NULL || link_adopt(w, l, false))
            registry_give_back(l);
        return;
    }
    pool_cancel(&c->ticket, now);
    pool_events_finish(w, g, true);
}

struct link *registry_take(struct client *c)
{
    struct worker *w = c->worker;
    struct pool_seat *seat = NULL;
    (void)pool_events_lock(w, c->pool->group);
    if (c->ticket.state == TICKET_GRANTED)
        seat = pool_take(&c->ticket);
    if (seat != NULL)
        pool_events_note_holder(link_of(seat), c);
    pthread_mutex_unlock(&c->pool->group->lock);
    return seat != NULL ? link_of(seat) : NULL;
}

void registry_server_answers(struct worker *w, struct server_group *g, bool takes_more)
{
    (void)pool_events_lock(w, g);
    pool_server_answers(&g->shared.policy);
    if (takes_more)
        pool_server_forget_full(&g->shared.policy);
    pool_events_finish(w, g, true);
}

void registry_client_came(struct client *c)
{
    pthread_mutex_lock(&c->pool->group->lock);
    pool_client_came(&c->pool->shared.policy);
    pthread_mutex_unlock(&c->pool->group->lock);
}

void registry_client_gone(struct client *c)
{
    struct server_group *g = c->pool->group;
    (void)pool_events_lock(c->worker, g);
    pool_client_gone(&c->pool->shared.policy);
    c->pool = NULL;
    pool_events_finish(c->worker, g, true);
}

void registry_sweep(struct worker *w, struct server_group *g)
{
    usec_t now = pool_events_lock(w, g);
    pool_sweep(&g->shared.policy, now);
    pool_events_finish(w, g, true);
}

void pool_events_on_sweep_timer(struct loop_timer *timer)
{
    struct worker *w = container_of(timer, struct worker, sweep_timer);
    w->sweep_at = 0;
    pool_registry_sweep_all(w);
}
