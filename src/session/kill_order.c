/* SPDX-License-Identifier: Apache-2.0
 * There and back as one message. */
#include "session/kill_order.h"

#include "session/client.h"

#include <stdlib.h>

struct kill_order {
    struct mail mail;
    struct worker *worker; /* of the target */
    struct mailbox *reply_to;
    uint64_t id;
    bool query_only;
    bool found;
    void (*done)(void *context, bool found); /* NULL: abandoned; the asking thread's own */
    void *context;
};

static void on_answered(struct mail *mail)
{
    struct kill_order *o = container_of(mail, struct kill_order, mail);
    if (o->done != NULL)
        o->done(o->context, o->found);
    free(o);
}

static void on_ordered(struct mail *mail)
{
    struct kill_order *o = container_of(mail, struct kill_order, mail);
    o->found = kill_by_order(o->worker, o->id, o->query_only);
    o->mail.deliver = on_answered;
    mailbox_post(o->reply_to, &o->mail);
}

struct kill_order *kill_order_send(struct proxy *p, uint64_t id, bool query_only,
                                   struct mailbox *reply_to,
                                   void (*done)(void *context, bool found), void *context)
{
    bool ours = client_id_is_ours(id) && client_id_worker(id) < p->worker_count;
    struct kill_order *o = ours ? calloc(1, sizeof *o) : NULL;
    if (o == NULL)
        return NULL;
    *o = (struct kill_order){
        .mail = {.deliver = on_ordered},
        .worker = &p->workers[client_id_worker(id)],
        .reply_to = reply_to,
        .id = id,
        .query_only = query_only,
        .done = done,
        .context = context,
    };
    mailbox_post(o->worker->mailbox, &o->mail);
    return o;
}

void kill_order_abandon(struct kill_order *o)
{
    o->done = NULL;
}
