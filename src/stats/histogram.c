/* SPDX-License-Identifier: Apache-2.0
 * The first eight buckets are single microseconds; from there on, the two bits behind the highest
 * one choose a bucket. */
#include "stats/histogram.h"

#include "base/attrs.h"

#define SINGLE 8

static unsigned bucket_of(usec_t t)
{
    if (t < SINGLE)
        return (unsigned)t;
    unsigned high = 63U - (unsigned)__builtin_clzll(t);
    unsigned bucket = SINGLE + (high - 3) * 4 + (unsigned)(t >> (high - 2) & 3);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static usec_t upper_end(unsigned bucket)
{
    if (bucket < SINGLE)
        return bucket;
    unsigned high = (bucket - SINGLE) / 4 + 3;
    usec_t quarter = (bucket - SINGLE) % 4;
    return ((quarter + 5) << (high - 2)) - 1;
}

void histogram_add(struct histogram *h, usec_t t)
{
    uint32_t *n = &h->buckets[bucket_of(t)];
    if (*n < UINT32_MAX)
        (*n)++;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (__builtin_add_overflow(h->buckets[i], other->buckets[i], &h->buckets[i]))
            h->buckets[i] = UINT32_MAX;
}

usec_t histogram_quantile(const struct histogram *h, unsigned per_mille)
{
    uint64_t all = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        all += h->buckets[i];
    if (all == 0)
        return 0;
    uint64_t wanted = (all * per_mille + 999) / 1000;
    uint64_t seen = 0;
    unsigned i = 0;
    for (; i < HISTOGRAM_BUCKETS - 1; i++) {
        seen += h->buckets[i];
        if (seen >= wanted && seen > 0)
            break;
    }
    return upper_end(i);
}
