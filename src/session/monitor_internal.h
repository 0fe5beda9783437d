/* SPDX-License-Identifier: Apache-2.0
 * The inside of a monitor; only for the monitor*.c files. */
#ifndef WEIR_SESSION_MONITOR_INTERNAL_H
#define WEIR_SESSION_MONITOR_INTERNAL_H

#include "session/monitor.h"

/* Of the first worker alone, but for `view`. */
struct monitor {
    struct server_group *group;
    struct worker *home; /* NULL until it is configured for the first time */
    struct loop_timer timer;
    struct link *link; /* NULL: none */
    enum monitor_state state;
    bool stands; /* the link has a place of its own */
    bool stopped;
    unsigned readings;
    struct server_numbers numbers;
    bool knows_account_changes;
    uint64_t account_changes; /* at the last reading */
    unsigned weirs;           /* that the server sees, 0: it cannot be asked */
    unsigned other_weirs;     /* connections of the others */
    struct room_memory memory;
    enum room_verdict told;   /* the last verdict in the log */
    uint64_t max_connections; /* of the server at the last reading, 0 none yet */
    struct monitor_view view; /* under the group's lock */
};

/* After a reading: publishes it, and tells what has changed. */
void monitor_judge(struct monitor *m);
/* It is off: nothing is known. */
void monitor_forget(struct monitor *m);

#endif
