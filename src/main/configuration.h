/* SPDX-License-Identifier: Apache-2.0
 * The configuration in force: held here, and changed here only, whoever asks for it (SIGHUP,
 * RELOAD, SET GLOBAL). Any thread. */
#ifndef WEIR_MAIN_CONFIGURATION_H
#define WEIR_MAIN_CONFIGURATION_H

#include "console/console.h"
#include "session/proxy.h"

#include <pthread.h>

struct configuration {
    const struct config_source *source;
    struct proxy *proxy;
    pthread_mutex_t lock;   /* of the one who changes it: `current` and all that follows from it */
    struct config *current; /* one reference */
};

/* Holds the configuration. */
void configuration_init(struct configuration *c, const struct config_source *source,
                        struct config *config, struct proxy *proxy);
void configuration_fini(struct configuration *c);

/* One reference to what is in force. */
struct config *configuration_hold(struct configuration *c);

/* Reads the source again and puts it in force; everything is logged, and told as well. False when
 * the old one stays. */
bool configuration_reload(struct configuration *c, struct config_errors *errors,
                          struct config_errors *warnings);

/* See struct console_orders. */
NODISCARD bool configuration_change(struct configuration *c, enum change_scope scope,
                                    const struct config_override *changes, size_t count,
                                    struct config_errors *errors, struct config_errors *warnings);

#endif
