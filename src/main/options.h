/* SPDX-License-Identifier: Apache-2.0
 * The command line: what was asked for, and the texts that explain it. */
#ifndef WEIR_MAIN_OPTIONS_H
#define WEIR_MAIN_OPTIONS_H

#include "base/attrs.h"
#include "conf/config.h"

#include <stdio.h>

#ifndef WEIR_VERSION
#define WEIR_VERSION "0.1.0-dev"
#endif

/* EXIT_CODE(name, code, meaning): what the process says at its end; --help lists them. */
#define EXIT_CODES(EXIT_CODE)                                                                      \
    EXIT_CODE(CLEAN, 0, "stopped as asked, or nothing was wrong")                                  \
    EXIT_CODE(FAILURE, 1, "could not start, or failed while running")                              \
    EXIT_CODE(USAGE, 2, "wrong option or configuration")

enum exit_code {
#define EXIT_CODE_VALUE(name, code, meaning) EXIT_CODE_##name = code,
    EXIT_CODES(EXIT_CODE_VALUE)
#undef EXIT_CODE_VALUE
};

enum options_verdict {
    OPTIONS_RUN,
    OPTIONS_CHECK, /* read the configuration, say what is wrong, end */
    OPTIONS_PRINT_DEFAULTS,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_WRONG, /* the errors say why */
};

struct options {
    struct config_source source; /* for config_load; borrows from argv and from below */
    struct config_override *overrides;
};

/* Reads the arguments; touches nothing but its own memory. All mistakes go to `errors`. `argv` must
 * outlive `out`, which options_free frees whatever the verdict is. */
NODISCARD enum options_verdict options_parse(int argc, char *const argv[], struct options *out,
                                             struct config_errors *errors);
void options_free(struct options *o);

/* When neither file nor URL was given: the first of ./weir.cnf and /etc/weir/weir.cnf that exists
 * becomes the file, if any does. */
void options_find_file(struct options *o);

/* At most 80 columns wide. */
void options_print_help(FILE *out);

/* A whole weir.cnf, every setting explained and commented out at its default. Loads as it is. */
void options_print_defaults(FILE *out);

void options_print_version(FILE *out);

#endif
