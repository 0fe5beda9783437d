/* SPDX-License-Identifier: Apache-2.0
 * A folder of our own to write option files into, and a configuration loaded from one. */
#ifndef WEIR_TESTS_CONF_FIXTURE_H
#define WEIR_TESTS_CONF_FIXTURE_H

#include "conf/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct loaded {
    struct config *config; /* NULL when there were errors */
    struct config_errors errors;
    struct config_errors warnings;
};

/* Group setup and teardown: a temporary folder, which is the current one meanwhile. */
int fixture_enter(void **state);
int fixture_leave(void **state);

/* Writes a file with mode 0600. */
void fixture_write(const char *name, const char *text);

/* Loads `text` as weir.cnf; or any source. */
struct loaded fixture_load_text(const char *text);
struct loaded fixture_load(const struct config_source *source);
void fixture_unload(struct loaded *l);

/* All lines, with '\n' behind each, are exactly these. */
void fixture_expect(const struct config_errors *lines, const char *expected);

/* Loads weir.cnf made of `text` behind "[server main]\n[user app]\n[weir]\n" (so that it begins in
 * line 4), app having the empty password, expects these errors and warnings, and unloads. */
void fixture_expect_text(const char *text, const char *errors, const char *warnings);

#endif
