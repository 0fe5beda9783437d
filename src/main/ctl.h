/* SPDX-License-Identifier: Apache-2.0
 * weir ctl: one statement for the console of a running Weir, over its Unix socket. */
#ifndef WEIR_MAIN_CTL_H
#define WEIR_MAIN_CTL_H

#include "main/options.h"

/* `argv[0]` is "ctl". Prints the answer as a table, an error to stderr. */
enum exit_code ctl_run(int argc, char *const argv[]);

#endif
