/* SPDX-License-Identifier: Apache-2.0
 * The monitor of a server: a connection of Weir's own, outside the pools, that is kept open to read
 * the server's numbers every monitor_interval. It works on the first worker's loop. What it reads
 * is judged (pool/server_room.h), shown in SHOW SERVERS, and told in the log when it changes. */
#ifndef WEIR_SESSION_MONITOR_H
#define WEIR_SESSION_MONITOR_H

#include "pool/server_room.h"
#include "session/link.h"
#include "session/server_numbers.h"

enum monitor_state {
    MONITOR_OFF,        /* monitor_interval is 0, or it has not begun yet */
    MONITOR_NO_ACCOUNT, /* no password is known that would let Weir log in */
    MONITOR_CONNECTING, /* connecting, logging in */
    MONITOR_ON,         /* its connection stands, or did for the last reading */
    MONITOR_FULL,       /* the server, or the account, has no place for it: it tries again */
    MONITOR_REFUSED,    /* the server refuses the account, or the questions */
    MONITOR_DOWN,       /* the server cannot be reached */
};

/* What anybody may see of it; under the group's lock. */
struct monitor_view {
    enum monitor_state state;
    bool known; /* the numbers were read at least once */
    usec_t read_at;
    struct server_numbers numbers;
    struct room room;
    unsigned instances;   /* Weirs that are reckoned with, this one included */
    unsigned other_weirs; /* connections of the others, as far as they can be seen */
    char error[200];      /* while it is neither ON nor OFF */
    char advice[512];     /* what an operator should change, "" nothing */
};

/* NULL when out of memory. */
struct monitor *monitor_create(struct server_group *group);
void monitor_destroy(struct monitor *m); /* NULL: nothing */

/* With fewer links than this, no place is kept for it: it uses the one that is kept for KILL, for
 * as long as a reading takes. */
#define MONITOR_STANDS_FROM 10
/* Is a place kept for it, by the configuration? */
bool monitor_keeps_place(const struct config *c, const struct config_server *s);

/* On the first worker. The settings may have changed: looks at once. */
void monitors_configure(struct worker *w);
/* The worker ends, or Weir does: closes the connection, and does nothing any more. */
void monitor_stop(struct monitor *m, const struct worker *w);

struct monitor_view monitor_look(struct server_group *g);
const char *monitor_state_text(enum monitor_state state);

/* What happens to its connection. */
void monitor_link_ready(struct link *l);
void monitor_link_failed(struct link *l, enum pool_open_failure why,
                         const struct open_error *error);
void monitor_link_lost(struct link *l, enum close_reason why);
void monitor_read_reply(struct link *l, enum chore chore, struct bytes reply);
void monitor_link_done(struct link *l);

#endif
