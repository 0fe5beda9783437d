/* SPDX-License-Identifier: Apache-2.0
 * Counts connections by who opened them: user, host, program and process; and once more without the
 * process, for applications that begin a process for each connection. */
#ifndef WEIR_SESSION_GROWTH_CENSUS_H
#define WEIR_SESSION_GROWTH_CENSUS_H

#include "base/bytes.h"
#include "base/hashmap.h"
#include "session/growth.h"

/* Groups at most; three quarters of them with a process. Further ones are not counted. */
#define GROWTH_GROUPS_MAX 2048

/* All texts are cut to fit. */
struct growth_key {
    char user[65];
    char host[48]; /* without its port */
    char program[65];
    char pid[21]; /* "" of all processes */
};

struct growth_count {
    uint64_t hash; /* of the key */
    struct growth_key key;
    unsigned open;
    unsigned silent[GROWTH_SCALES];
    unsigned remained[GROWTH_SCALES];
};

/* Who is silent: idle for so long; and who has been at the last sample too: for so long. */
struct growth_limits {
    usec_t silent[GROWTH_SCALES];
    usec_t remained[GROWTH_SCALES];
};

/* Zeroed: empty. */
struct growth_census {
    struct growth_limits limits;
    struct growth_count *counts;
    size_t count;
    size_t capacity;
    size_t processes;         /* counts with a pid */
    struct hashmap_u64 index; /* hash to the place in `counts`, from 1 */
};

void growth_census_fini(struct growth_census *c);
/* Empty, with room kept. */
void growth_census_begin(struct growth_census *c, const struct growth_limits *limits);

/* One connection; `idle` 0: it is not idle. */
void growth_census_add(struct growth_census *c, const struct growth_key *key, usec_t idle);

/* All that another one has counted. */
void growth_census_join(struct growth_census *to, const struct growth_census *from);

#endif
