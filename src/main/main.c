/* SPDX-License-Identifier: Apache-2.0
 * weir: read the command line, do what it asks. */
#include "main/ctl.h"
#include "main/options.h"
#include "main/supervisor.h"
#include "session/login_guard.h"
#include "session/tls_setup.h"

#include <stdio.h>
#include <string.h>

static void print_lines(const struct config_errors *lines, const char *kind)
{
    for (size_t i = 0; i < lines->count; i++)
        fprintf(stderr, "weir: %s: %s\n", kind, lines->lines[i]);
}

/* The files that the start reads besides. */
static void check_files(const struct config *config, struct config_errors *errors)
{
    char error[500];
    tls_setup_check(config, errors);
    struct login_guard *guard = login_guard_create(config, error, sizeof error);
    if (guard == NULL)
        config_errors_add(errors, "%s", error);
    else
        login_guard_destroy(guard);
}

static enum exit_code run(struct options *o, bool check_only)
{
    struct config_errors errors = {0};
    struct config_errors warnings = {0};
    options_find_file(o);
    struct config *config = config_load(&o->source, &errors, &warnings);
    if (config != NULL && check_only)
        check_files(config, &errors);
    print_lines(&warnings, "warning");
    print_lines(&errors, "error");
    bool is_good = config != NULL && errors.count == 0;
    config_errors_free(&warnings);
    config_errors_free(&errors);
    if (!is_good) {
        config_release(config);
        return EXIT_CODE_USAGE;
    }
    enum exit_code code = EXIT_CODE_CLEAN;
    if (check_only)
        fprintf(stderr, "weir: the configuration is good%s%s\n", config->file != NULL ? ": " : "",
                config->file != NULL ? config->file : "");
    else
        code = supervisor_run(&o->source, config);
    config_release(config);
    return code;
}

int main(int argc, char *argv[])
{
    struct options o;
    struct config_errors errors = {0};
    enum exit_code code = EXIT_CODE_CLEAN;
    if (argc > 1 && strcmp(argv[1], "ctl") == 0)
        return (int)ctl_run(argc - 1, argv + 1);
    switch (options_parse(argc, argv, &o, &errors)) {
    case OPTIONS_RUN:
        code = run(&o, false);
        break;
    case OPTIONS_CHECK:
        code = run(&o, true);
        break;
    case OPTIONS_PRINT_DEFAULTS:
        options_print_defaults(stdout);
        break;
    case OPTIONS_HELP:
        options_print_help(stdout);
        break;
    case OPTIONS_VERSION:
        options_print_version(stdout);
        break;
    case OPTIONS_WRONG:
        print_lines(&errors, "error");
        fprintf(stderr, "weir: see weir --help\n");
        code = EXIT_CODE_USAGE;
        break;
    }
    config_errors_free(&errors);
    options_free(&o);
    return (int)code;
}
