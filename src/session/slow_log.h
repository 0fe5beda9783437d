/* SPDX-License-Identifier: Apache-2.0
 * The slow query log of the whole process: a file with a thread of its own (base/log_file.h) that
 * all workers put their entries into. What is looked at, and when, is in slow_watch.h. */
#ifndef WEIR_SESSION_SLOW_LOG_H
#define WEIR_SESSION_SLOW_LOG_H

#include "session/proxy.h"

/* NULL when out of memory. Destroying writes what is queued; NULL does nothing. */
NODISCARD struct log_file *slow_log_create(void);

/* Opens, closes or changes the file as the configuration says. */
void slow_log_configure(struct log_file *f, const struct config *c);

/* FLUSH LOGS, SIGHUP: the file has been moved away. Any thread, returns at once. */
void slow_log_flush(struct proxy *p);

/* What one statement leaves in the log, apart from its text. The client's link is still its own. */
struct slow_facts {
    usec_t time;   /* on the server */
    usec_t wait;   /* before it was sent */
    uint64_t wall; /* when it ended, µs since 1970 */
    uint64_t bytes_sent;
    const struct reply_summary *summary; /* NULL: it never ended */
    uint16_t status;                     /* flags of its reply */
};

struct client;

/* Puts an entry into the log; `text` is without secrets, `total` the statement's size. */
void slow_log_put(struct client *c, const struct slow_facts *facts, struct bytes text,
                  uint64_t total);

#endif
