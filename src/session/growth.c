/* SPDX-License-Identifier: Apache-2.0
 * Three windows on end, and what they must have in common. */
#include "session/growth.h"

#include "base/check.h"

#include <string.h>

/* Of those that were there a window ago, so many percent must be silent. */
#define SILENT_PERCENT 80
/* Of those that were silent, so many percent must have remained so. */
#define REMAINED_PERCENT 95

static const struct growth_sample *latest(const struct growth_scale *s)
{
    return &s->samples[s->count - 1];
}

static void push(struct growth_scale *s, struct growth_sample sample)
{
    if (s->count == GROWTH_WINDOWS + 1) {
        memmove(&s->samples[0], &s->samples[1], GROWTH_WINDOWS * sizeof s->samples[0]);
        s->count--;
    }
    s->samples[s->count++] = sample;
}

/* Did the number grow between the two, while what was there lay unused? */
static bool grows(const struct growth_sample *before, const struct growth_sample *after)
{
    return after->open > before->open &&
           (uint64_t)after->silent * 100 >= (uint64_t)before->open * SILENT_PERCENT &&
           (uint64_t)after->remained * 100 >= (uint64_t)before->silent * REMAINED_PERCENT;
}

static bool grows_throughout(const struct growth_scale *s)
{
    if (s->count < GROWTH_WINDOWS + 1 || latest(s)->open < s->samples[0].open + GROWTH_LEAST)
        return false;
    for (unsigned i = 1; i < s->count; i++)
        if (!grows(&s->samples[i - 1], &s->samples[i]))
            return false;
    return true;
}

enum growth_verdict growth_add(struct growth *g, unsigned scale, struct growth_sample sample)
{
    CHECK(scale < GROWTH_SCALES);
    struct growth_scale *s = &g->scales[scale];
    push(s, sample);
    if (g->growing != 0 && g->growing != scale + 1)
        return GROWTH_NONE; /* another scale has said it */
    bool growing = grows_throughout(s);
    bool was = g->growing != 0;
    g->growing = growing ? scale + 1 : 0;
    if (growing)
        return was ? GROWTH_GOES_ON : GROWTH_BEGINS;
    return was ? GROWTH_ENDS : GROWTH_NONE;
}

struct growth_evidence growth_evidence(const struct growth *g)
{
    CHECK(g->growing != 0);
    const struct growth_scale *s = &g->scales[g->growing - 1];
    const struct growth_sample *first = &s->samples[0];
    const struct growth_sample *last = latest(s);
    usec_t time = last->at > first->at ? last->at - first->at : 1;
    struct growth_evidence e = {
        .from = first->open,
        .to = last->open,
        .silent = last->silent,
        .since = first->at,
        .window = time / GROWTH_WINDOWS,
    };
    uint64_t per_hour = (uint64_t)(e.to - e.from) * 3600 * USEC_PER_SEC / time;
    e.per_hour = per_hour < UINT32_MAX ? (unsigned)per_hour : UINT32_MAX;
    return e;
}

usec_t growth_time_left(const struct growth_evidence *e, unsigned room)
{
    return (usec_t)room * e->window * GROWTH_WINDOWS / (e->to - e->from) / USEC_PER_SEC;
}
