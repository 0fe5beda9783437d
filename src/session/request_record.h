/* SPDX-License-Identifier: Apache-2.0
 * What is kept of a client's latest request while it is served, and as long as the client has a
 * link: what its text does, and the beginning of the text, for whoever asks who holds what. A
 * client that is idle without a link has none: most clients are. */
#ifndef WEIR_SESSION_REQUEST_RECORD_H
#define WEIR_SESSION_REQUEST_RECORD_H

#include "session/tallies.h"

/* Of a statement's text. */
#define RECORD_TEXT_MAX 1024
/* Of the texts before it: how many, and how much of each. */
#define RECORD_EARLIER          3
#define RECORD_EARLIER_TEXT_MAX 96

struct request_record {
    struct sql_scan scan;
    usec_t begun_at;     /* loop_now when the command began */
    bool under_way;      /* the command has not ended yet */
    uint64_t text_total; /* bytes of the statement */
    uint16_t text_size;  /* of them, here */
    char text[RECORD_TEXT_MAX];
    uint8_t earlier_next; /* the next of `earlier` to be overwritten: the oldest */
    uint8_t earlier_size[RECORD_EARLIER];
    char earlier[RECORD_EARLIER][RECORD_EARLIER_TEXT_MAX];
    struct thread_question *asks_threads; /* under way, NULL none; see thread_ids.c */
    bool knows_threads;
};

/* Read by whoever looks at the scan of a client that has no record; nobody writes to it. */
extern const struct sql_scan request_no_scan;

/* The same as for a client that has just come: it has no record. */
void request_record_none(struct client *c);

/* NULL when the client has none. */
static inline struct request_record *request_record_of(const struct client *c)
{
    if (c->request.scan == &request_no_scan)
        return NULL;
    return container_of(c->request.scan, struct request_record, scan);
}

/* A request begins: request.scan is the client's own. False when out of memory. */
NODISCARD bool request_record_begin(struct client *c);

/* The statement that the request is about; `total` bytes of which `text` is the beginning. */
void request_record_note(struct client *c, struct bytes text, uint64_t total);

/* No request of it is under way any more. */
static inline void request_record_done(struct client *c)
{
    struct request_record *r = request_record_of(c);
    if (r == NULL || !r->under_way)
        return;
    r->under_way = false;
    tally_add(&c->worker->tallies->commands_done, 1);
}

/* The client has neither a request nor a link, or is gone. */
void request_record_end(struct client *c);

#endif
