/* SPDX-License-Identifier: Apache-2.0
 * Looks at every statement when it has ended: was it slow, does it belong in the slow query log, in
 * the table of digests? For the many that were not, a few comparisons are all.
 *
 * A statement's time runs from its being sent to the link until the client has its whole reply, as
 * a server counts it. What came before (waiting for a link, bringing it to the client's session) is
 * its wait. */
#ifndef WEIR_SESSION_SLOW_WATCH_H
#define WEIR_SESSION_SLOW_WATCH_H

#include "mysql/slow_entry.h"
#include "mysql/sql_digest.h"
#include "session/request_record.h"
#include "stats/digest_report.h"

/* So much of a statement is kept for the log and for its digest. */
#define SLOW_TEXT_MAX ((size_t)16 * 1024)

/* The text of a statement under way that is longer than its record keeps. */
struct slow_text {
    size_t size;
    uint8_t bytes[SLOW_TEXT_MAX];
};

/* One per worker. */
struct slow_watch {
    usec_t threshold;       /* long_query_time */
    usec_t wait_threshold;  /* the same for waits, UINT64_MAX when they do not matter */
    uint16_t status;        /* flags of a reply that bring its statement into the log */
    bool watches_all;       /* digests = all */
    bool keeps_texts;       /* longer than a record does */
    unsigned to_skip;       /* statements until the next that log_slow_rate_limit lets pass */
    struct slab long_texts; /* struct slow_text */
    struct digest_table *digests;
    struct sql_digest digest; /* scratch, as are these: */
    uint8_t redacted[SLOW_TEXT_MAX + 1024];
    uint8_t entry[SLOW_ENTRY_ROOM(SLOW_TEXT_MAX + 1024)];
};

/* NULL when out of memory. No statement may be under way when it is destroyed. */
NODISCARD struct slow_watch *slow_watch_create(const struct config *c);
void slow_watch_destroy(struct slow_watch *watch);
/* The worker has a new configuration. */
void slow_watch_configure(struct slow_watch *watch, const struct config *c);

/* The digests of all workers. Any thread. False when out of memory. */
NODISCARD bool slow_watch_report(struct proxy *p, struct digest_report *out);
void slow_watch_reset_digests(struct proxy *p);

/* The request in the client's buffer is about to be sent on its link. */
void slow_watch_keep_text(struct client *c);
static inline void slow_watch_sending(struct client *c)
{
    struct link *l = c->link;
    l->sent_at = loop_now(c->worker->loop);
    l->sent_before = c->stream.bytes_sent;
    if (UNLIKELY(request_record_of(c)->text_total > RECORD_TEXT_MAX))
        slow_watch_keep_text(c);
}

/* The client has the whole reply to its request; nothing was learnt from it yet. */
void slow_watch_look(struct client *c, usec_t time);
static inline void slow_watch_reply(struct client *c)
{
    struct link *l = c->link;
    const struct slow_watch *watch = c->worker->slow_watch;
    usec_t time = loop_now(c->worker->loop) - l->sent_at;
    if (UNLIKELY(time >= watch->threshold || watch->watches_all ||
                 c->session->long_query_time != UINT64_MAX ||
                 (l->reply.summary.status & watch->status) != 0 || l->kept_text != NULL ||
                 watch->wait_threshold != UINT64_MAX))
        slow_watch_look(c, time);
    l->sent_at = 0;
}

/* The client's next request begins, or the lease ends: what its last statement held is over. */
void slow_watch_end_hold(struct link *l);
static inline void slow_watch_next(struct link *l)
{
    if (UNLIKELY(l->digest.epoch != 0))
        slow_watch_end_hold(l);
}
/* The lease ends, perhaps in the middle of a request. */
void slow_watch_part(struct link *l);
static inline void slow_watch_parting(struct link *l)
{
    if (UNLIKELY(l->sent_at != 0 || l->digest.epoch != 0))
        slow_watch_part(l);
}

#endif
