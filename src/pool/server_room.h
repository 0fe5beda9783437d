/* SPDX-License-Identifier: Apache-2.0
 * Do the links that Weir may open fit into what a server has left beside others? Pure: numbers in,
 * a verdict and the words for it out. */
#ifndef WEIR_POOL_SERVER_ROOM_H
#define WEIR_POOL_SERVER_ROOM_H

#include "base/attrs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of the server and of all Weirs in front of it. */
struct room_facts {
    const char *server; /* name of its section */
    uint64_t max_connections;
    uint64_t threads_connected;
    uint64_t open_files_limit;     /* of the server's process; 0: not known */
    uint64_t max_user_connections; /* 0: no limit */
    unsigned ours;                 /* connections of this Weir, of whatever kind */
    unsigned other_weirs;          /* connections of other Weirs, as far as they can be seen */
    unsigned instances;            /* Weirs, this one included; at least 1 */
    unsigned ceiling;              /* max_connections of the [server] */
    unsigned pools_may;            /* the sum of pool_max_size of its pools, and what is kept for
                                      KILL and the monitor */
    const char *user;              /* whose pools may grow the largest, "" none */
    unsigned user_may;             /* the sum of their pool_max_size */
};

enum room_verdict {
    ROOM_FITS,
    ROOM_TOO_SMALL, /* the Weirs may open more links than there is room for */
    ROOM_FEW_FILES, /* the same, and it is the server's open files that end first */
    ROOM_USER,      /* the server allows a user fewer connections than his pools may open */
};

struct room {
    enum room_verdict verdict;
    unsigned wanted; /* links that this Weir may open */
    unsigned others; /* connections on the server that are no Weir's */
    unsigned left;   /* room for all Weirs together */
};

/* Rooms of the last readings: what others hold goes up and down, and the most of late counts. */
#define ROOM_MEMORY 6
struct room_memory {
    unsigned others[ROOM_MEMORY];
    unsigned next;
};

struct room room_judge(const struct room_facts *f, struct room_memory *memory);

/* What is wrong and what to do, "" when nothing. */
void room_advise(const struct room_facts *f, const struct room *r, char *text, size_t size);

#endif
