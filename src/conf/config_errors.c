/* SPDX-License-Identifier: Apache-2.0
 * A list of complaints. */
#include "base/check.h"
#include "conf/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct config_errors *errors, char *line)
{
    char **lines = realloc(errors->lines, (errors->count + 1) * sizeof(*lines));
    CHECK(lines != NULL);
    lines[errors->count++] = line;
    errors->lines = lines;
}

void config_errors_add(struct config_errors *errors, const char *format, ...)
{
    if (errors->count > CONFIG_ERRORS_MAX)
        return;
    char *line;
    if (errors->count == CONFIG_ERRORS_MAX) {
        line = strdup("… and more");
        CHECK(line != NULL);
    } else {
        va_list arguments;
        va_start(arguments, format);
        CHECK(vasprintf(&line, format, arguments) >= 0);
        va_end(arguments);
    }
    append(errors, line);
}

void config_errors_free(struct config_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        free(errors->lines[i]);
    free(errors->lines);
    *errors = (struct config_errors){0};
}
