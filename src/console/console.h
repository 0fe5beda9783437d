/* SPDX-License-Identifier: Apache-2.0
 * The console: Weir's own SQL endpoint, a thread with a loop of its own. Its clients do not count
 * under max_connections; what they ask never delays a worker. */
#ifndef WEIR_CONSOLE_CONSOLE_H
#define WEIR_CONSOLE_CONSOLE_H

#include "base/attrs.h"
#include "conf/config.h"

#include <stdbool.h>

struct console;
struct proxy;

enum change_scope {
    CHANGE_GLOBAL,       /* now, until the next reload */
    CHANGE_PERSIST,      /* now and for good */
    CHANGE_PERSIST_ONLY, /* from the next start on */
    CHANGE_RESET_PERSIST /* no longer for good; values NULL. No changes: all of them */
};

/* What the console may order; all run on the console's thread, all but hold_config may be NULL, and
 * the console then says that it cannot. */
struct console_orders {
    void *context;
    /* One reference to the configuration in force. */
    struct config *(*hold_config)(void *context);
    /* Reads the files again. False, with the reasons, when nothing was changed. */
    bool (*reload)(void *context, struct config_errors *errors, struct config_errors *warnings);
    /* All changes or none. */
    bool (*change)(void *context, enum change_scope scope, const struct config_override *changes,
                   size_t count, struct config_errors *errors, struct config_errors *warnings);
    /* Stops Weir as SIGTERM does. */
    void (*shutdown)(void *context);
    /* Opens log files again. */
    void (*flush_logs)(void *context);
};

/* Opens what the configuration wants (what cannot be opened is logged and left out) and starts the
 * thread. `orders` is copied. NULL when the system refuses; Weir does well without. */
struct console *console_start(struct proxy *proxy, const struct console_orders *orders,
                              const char *version);

/* Closes everything and ends the thread. Before the workers end. NULL is well. */
void console_stop(struct console *c);
/* After the workers have ended: their answers come until then. */
void console_destroy(struct console *c);

#endif
