/* SPDX-License-Identifier: Apache-2.0
 * Growth without reuse: an application that opens one connection after the other and never uses one
 * again. Pure: counts at the ends of windows in, a verdict out.
 *
 * What tells it from an application with a large pool, or with more to do than before: the number
 * of its connections grows in each of three windows on end; nearly all that were there a window ago
 * are silent; and hardly one of those that had been silent has been used, or closed, since. A flat
 * number is no leak, however old the sleepers. Slow leaks are seen in longer windows. */
#ifndef WEIR_SESSION_GROWTH_H
#define WEIR_SESSION_GROWTH_H

#include "base/attrs.h"
#include "base/clock.h"

#include <stdbool.h>

/* Windows of one, ten and a hundred times growth_window. */
#define GROWTH_SCALES       3
#define GROWTH_SCALE_FACTOR 10
/* Windows on end, each of which must show growth. */
#define GROWTH_WINDOWS 3
/* Connections that must have been added in them at the least: fewer prove nothing. */
#define GROWTH_LEAST 5

/* A group of connections at one moment. */
struct growth_sample {
    usec_t at;
    unsigned open;
    unsigned silent;   /* idle for a window or longer */
    unsigned remained; /* of those that were silent at the sample before: still are */
};

struct growth_scale {
    struct growth_sample samples[GROWTH_WINDOWS + 1]; /* the latest last */
    unsigned count;
};

/* The history of a group; zeroed: nothing is known. */
struct growth {
    struct growth_scale scales[GROWTH_SCALES];
    unsigned growing; /* the scale that shows it, counted from 1; 0 none */
};

enum growth_verdict {
    GROWTH_NONE,
    GROWTH_BEGINS, /* to be reported */
    GROWTH_GOES_ON,
    GROWTH_ENDS, /* the number grows no more, or they are used */
};

/* The next sample of a scale. With those of several scales at a moment: the shortest first. */
enum growth_verdict growth_add(struct growth *g, unsigned scale, struct growth_sample sample);

/* What the scale that shows it has seen; only while it grows. */
struct growth_evidence {
    unsigned from, to; /* connections */
    unsigned silent;
    usec_t since;  /* begin of the first window */
    usec_t window; /* the length of one, about */
    unsigned per_hour;
};
struct growth_evidence growth_evidence(const struct growth *g);

/* Seconds until `room` more are open at that pace. */
usec_t growth_time_left(const struct growth_evidence *e, unsigned room);

#endif
