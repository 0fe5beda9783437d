/* SPDX-License-Identifier: Apache-2.0
 * The status variables: MySQL's where they exist, with MySQL's names, and Weir's own. One row each
 * in status.def, counters.def and the tables of pins and reasons; what shows them (console, log,
 * metrics) reads names and values here and knows none of them. */
#ifndef WEIR_SESSION_STATUS_H
#define WEIR_SESSION_STATUS_H

#include "session/proxy.h"

enum status_kind {
    STATUS_COUNTER, /* only grows */
    STATUS_GAUGE,   /* a number of the moment */
    STATUS_TIME,    /* seconds since 1970, 0 never; MySQL shows "2026-11-23 01:17:12" */
};

#define STATUS_NAME_MAX 64

struct status_value {
    char name[STATUS_NAME_MAX]; /* "Threads_connected" */
    const char *help;
    enum status_kind kind;
    uint64_t value;
};

/* At most so many are there. */
#define STATUS_VALUES_MAX 512

/* Reads all of them, sorted by name as SHOW STATUS is (case-insensitively); returns how many. Any
 * thread; takes each server's lock for a moment. `out` holds STATUS_VALUES_MAX. */
size_t status_read(struct proxy *p, struct status_value *out);

/* The value as SHOW STATUS writes it. */
#define STATUS_TEXT_MAX 32
void status_text(const struct status_value *v, char out[STATUS_TEXT_MAX]);

/* What FLUSH STATUS and Uptime begin from; NULL when out of memory. */
struct status_baseline;
struct status_baseline *status_baseline_create(void);
void status_baseline_destroy(struct status_baseline *b);

/* FLUSH STATUS: what a server sets to zero counts from now on, Max_used_connections from what it is
 * now. Any thread. */
void status_flush(struct proxy *p);

#endif
