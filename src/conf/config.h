/* SPDX-License-Identifier: Apache-2.0
 * The configuration: an immutable, counted snapshot made from the defaults, weir.cnf, what
 * SET PERSIST has kept, an optional URL and the options of the command line, in that order of
 * precedence (later wins). Settings are the rows of settings.def; the members of the settings
 * structs follow from them. */
#ifndef WEIR_CONF_CONFIG_H
#define WEIR_CONF_CONFIG_H

#include "base/attrs.h"
#include "base/clock.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_server {
    char *name;
    struct server_settings settings;
};

struct config_user {
    char *name;
    bool of_users_file; /* its password stands in a line of it */
    /* Its password is written down, if only as the empty one. Else the section says something about
     * a user whom only the server knows (a guest), and nobody logs in by it. */
    bool is_listed;
    struct user_settings settings;
};

struct config_database {
    char *name;
    struct database_settings settings;
};

struct config_listener {
    char *name;
    struct listener_settings settings;
};

struct config {
    struct global_settings global;
    struct config_server *servers; /* in the order of the file: the first is the default */
    size_t server_count;
    struct config_user *users; /* by name */
    size_t user_count;
    struct config_database *databases; /* by name */
    size_t database_count;
    struct config_listener *listeners; /* in the order of the file */
    size_t listener_count;
    bool serves_unknown_users; /* what unknown_users comes to */
    char *file;                /* where it was read from, NULL when none */
    /* private */
    _Atomic unsigned references;
};

/* What was wrong, all of it, one line each: "weir.cnf:12: unknown setting 'pool_sze' in [weir]; did
 * you mean 'pool_size'?" */
struct config_errors {
    char **lines;
    size_t count;
};
/* Adds a line. After CONFIG_ERRORS_MAX lines, the last one says that there is more. */
#define CONFIG_ERRORS_MAX 100
void config_errors_add(struct config_errors *errors, const char *format, ...) PRINTF_LIKE(2, 3);

/* Frees the lines; the struct is empty and usable again. */
void config_errors_free(struct config_errors *errors);

/* One "--name=value" of the command line, or of a test. `name` is a setting of [weir], or
 * "server.NAME.setting", "user.NAME.setting" or "database.NAME.setting"; a section that is not
 * there yet is added. */
struct config_override {
    const char *name;
    const char *value; /* NULL: a flag without value, ON for booleans, else a mistake */
};

struct config_source {
    const char *file; /* NULL: none */
    /* "mysql://user:password@host:port", NULL: none. Names the server "main", the user, and sends
     * the user to it. Parts are percent-decoded; "?socket=/path" names a Unix socket. */
    const char *url;
    const struct config_override *overrides;
    size_t override_count;
};

/* Reads and checks everything; NULL with at least one error line when anything is wrong. Warnings
 * (settings that look wrong but work) go to `warnings`, which may be NULL. The caller owns one
 * reference. */
NODISCARD struct config *config_load(const struct config_source *source,
                                     struct config_errors *errors, struct config_errors *warnings);

/* The setting that an override of this name would set, or NULL. */
const struct setting *config_override_setting(const char *name);

/* A new snapshot that differs from `from` in some settings, for SET GLOBAL; NULL as config_load. */
NODISCARD struct config *config_change(const struct config *from,
                                       const struct config_override *changes, size_t count,
                                       struct config_errors *errors,
                                       struct config_errors *warnings);

/* Another reference; and one less: the last one frees. Any thread. */
struct config *config_hold(struct config *c);
void config_release(struct config *c);

/* The section of this name, or NULL. That of a user need not be listed. */
const struct config_user *config_find_user(const struct config *c, const char *name);
const struct config_server *config_find_server(const struct config *c, const char *name);
const struct config_database *config_find_database(const struct config *c, const char *name);
const struct config_listener *config_find_listener(const struct config *c, const char *name);

/* What differs in a way that needs a restart: lines for the log, e.g. "port: 6033 → 6034 needs a
 * restart". */
void config_restart_needs(const struct config *from, const struct config *to,
                          struct config_errors *out);

#endif
