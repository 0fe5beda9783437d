/* SPDX-License-Identifier: Apache-2.0
 * Starts Weir, reloads it, drains it, stops it. */
#ifndef WEIR_MAIN_SUPERVISOR_H
#define WEIR_MAIN_SUPERVISOR_H

#include "main/options.h"

/* Runs until a signal ends it. SIGHUP reloads the configuration from `source`, SIGTERM and SIGINT
 * drain and stop (a second one stops at once), SIGUSR1 writes the counters to the log. */
enum exit_code supervisor_run(const struct config_source *source, struct config *config);

#endif
