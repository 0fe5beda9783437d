/* SPDX-License-Identifier: Apache-2.0
 * What SELECT CONNECTION_ID() answers by itself is the id of the greeting, which KILL understands.
 * Who looks for it in information_schema.processlist and the like finds its link there. */
#include "session/thread_ids.h"

#include "mysql/sql_tokens.h"
#include "session/client.h"
#include "session/request_record.h"
#include "session/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX   8
#define ID_DIGITS 10

/* Goes from worker to worker, and home. */
struct thread_question {
    struct mail mail;
    struct worker *home;
    struct worker *at; /* that it is on its way to */
    uint32_t asker;    /* a client's id */
    unsigned count;
    unsigned asked;          /* of them, answered already */
    uint32_t ids[IDS_MAX];   /* of clients */
    size_t places[IDS_MAX];  /* in the statement's text */
    uint32_t links[IDS_MAX]; /* thread ids, 0 none */
};

static struct worker *worker_of(const struct thread_question *q, uint32_t id)
{
    struct proxy *p = q->home->proxy;
    unsigned index = client_id_worker(id);
    return index < p->worker_count ? &p->workers[index] : NULL;
}

static uint32_t id_of(struct bytes digits)
{
    uint64_t id = 0;
    if (digits.size != ID_DIGITS)
        return 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return 0;
        id = id * 10 + (uint64_t)(digits.data[i] - '0');
    }
    return client_id_is_ours(id) ? (uint32_t)id : 0;
}

static void find_ids(struct thread_question *q, struct sql_mode mode, struct bytes text)
{
    struct sql_tokens t;
    sql_tokens_begin(&t, mode, text);
    while (t.token.kind != SQL_TOKEN_END && t.token.kind != SQL_TOKEN_ODD && q->count < IDS_MAX) {
        uint32_t id = t.token.kind == SQL_TOKEN_NUMBER ? id_of(t.token.text) : 0;
        if (id != 0) {
            q->places[q->count] = t.token.begin;
            q->ids[q->count++] = id;
        }
        sql_tokens_next(&t);
    }
}

/* What this worker can answer, up to the first that it cannot. */
static void look_here(struct thread_question *q, const struct worker *w)
{
    for (; q->asked < q->count; q->asked++) {
        const struct worker *of = worker_of(q, q->ids[q->asked]);
        if (of != NULL && of != w)
            return;
        const struct client *c =
            of != NULL ? hashmap_u64_get(&w->clients_by_id, q->ids[q->asked]) : NULL;
        q->links[q->asked] = c != NULL && c->link != NULL ? c->link->thread_id : 0;
    }
}

static void write_links(struct client *c, const struct thread_question *q)
{
    struct bytes text = client_request_sql(c, statement_payload(c));
    struct buffer *b = c->stream.in;
    char digits[ID_DIGITS + 1];
    for (unsigned i = 0; i < q->count; i++) {
        if (q->links[i] == 0)
            continue;
        snprintf(digits, sizeof digits, "%0*u", ID_DIGITS, (unsigned)q->links[i]);
        memcpy(b->data + (text.data - b->data) + q->places[i], digits, ID_DIGITS);
    }
}

static void come_home(struct thread_question *q)
{
    struct client *c = hashmap_u64_get(&q->home->clients_by_id, q->asker);
    struct request_record *r = c != NULL ? request_record_of(c) : NULL;
    if (r == NULL || r->asks_threads != q)
        return;
    r->asks_threads = NULL;
    if (c->state != CLIENT_WAITING || c->link == NULL || c->link->purpose != PURPOSE_NONE)
        return; /* it has lost its link: it asks again */
    r->knows_threads = true;
    write_links(c, q);
    lease_continue(c);
}

static void go_on(struct thread_question *q);

static void on_mail(struct mail *mail)
{
    struct thread_question *q = container_of(mail, struct thread_question, mail);
    if (q->asked == q->count) {
        come_home(q);
        free(q);
        return;
    }
    look_here(q, q->at);
    go_on(q);
}

static void go_on(struct thread_question *q)
{
    q->at = q->asked < q->count ? worker_of(q, q->ids[q->asked]) : q->home;
    q->mail.deliver = on_mail;
    mailbox_post(q->at->mailbox, &q->mail);
}

static bool ask(struct client *c, struct request_record *r, const struct thread_question *q)
{
    struct thread_question *sent = malloc(sizeof *sent);
    if (sent == NULL)
        return true; /* it finds nothing */
    *sent = *q;
    r->asks_threads = sent;
    client_set_state(c, CLIENT_WAITING);
    go_on(sent);
    return false;
}

static bool look_at(struct client *c, struct request_record *r)
{
    struct thread_question q = {.home = c->worker, .asker = c->id};
    find_ids(&q, c->request.scan->mode, client_request_sql(c, statement_payload(c)));
    look_here(&q, c->worker);
    if (q.asked < q.count)
        return ask(c, r, &q);
    r->knows_threads = true;
    write_links(c, &q);
    return true;
}

bool thread_ids_ready(struct client *c)
{
    const struct request *q = &c->request;
    struct request_record *r = request_record_of(c);
    if (!q->scanned || !sql_scan_has(q->scan, SQL_EFFECT_READS_THREADS) || r == NULL)
        return true;
    if (r->knows_threads || !q->whole || q->command->command != COMMAND_QUERY)
        return true;
    if (r->asks_threads != NULL) {
        client_set_state(c, CLIENT_WAITING);
        return false;
    }
    return look_at(c, r);
}
