/* SPDX-License-Identifier: Apache-2.0
 * A configuration in the making: remembers where each value came from, so that complaints can name
 * the place. Private to conf. */
#ifndef WEIR_CONF_CONFIG_BUILD_H
#define WEIR_CONF_CONFIG_BUILD_H

#include "conf/config.h"

/* Sections of one kind, and length of a name: far above need, so that nothing grows without end. */
#define CONFIG_SECTIONS_MAX 10000
#define CONFIG_NAME_MAX     128

struct config_file {
    char *name;
    bool world_readable;
};

/* Where a value was written. `file` NULL and `origin` NULL: nowhere, it is the default. */
struct config_place {
    const struct config_file *file;
    unsigned line;
    const char
        *origin; /* when it was no file: "--pool-max-size", "the URL"; static or outlives us */
};

/* What is known of a section beside its values. */
struct config_section {
    struct config_place place;
    struct config_place values[SETTINGS_COUNT]; /* by row number */
};

/* A section: `index` is its number among those of its kind, 0 for [weir]. */
struct config_ref {
    enum setting_scope scope;
    size_t index;
};

struct config_build {
    struct config *config;
    struct config_section *global;
    struct config_section *servers; /* parallel to config->servers */
    struct config_section *users;
    struct config_section *databases;
    struct config_section *listeners;
    struct config_file **files;
    size_t file_count;
    bool broken_section; /* a section header was wrong: do not complain that it is missing */
    struct config_errors *errors;
    struct config_errors *warnings;
};

/* Starts from the defaults, or from a copy of `from` when it is not NULL. */
NODISCARD struct config_build config_build_begin(const struct config *from,
                                                 struct config_errors *errors,
                                                 struct config_errors *warnings);

/* Frees all but the configuration. */
void config_build_fini(struct config_build *b);

/* Owned by the build; valid as long as it. */
struct config_file *config_build_file(struct config_build *b, const char *name);

/* The section of that name, added when it is not there. A second header for it in the same file is
 * a warning. False, with a complaint, when the name cannot be. */
NODISCARD bool config_build_section(struct config_build *b, enum setting_scope scope,
                                    const char *name, struct config_place place,
                                    struct config_ref *out);

/* Sets a value; complains about unknown names and wrong values. `value` NULL: none was written. */
void config_build_set(struct config_build *b, struct config_ref ref, const char *name,
                      const char *value, struct config_place place);

/* One override, "name" or "server.NAME.name"; `origin` stands before complaints and outlives the
 * build. */
void config_build_override(struct config_build *b, const struct config_override *o,
                           const char *origin);

/* The section and setting that an override of this name is about; false when either is missing. */
NODISCARD bool config_build_find(struct config_build *b, const char *name, struct config_ref *ref,
                                 const struct setting **row);
/* Is there such a section? [weir] always is. */
NODISCARD bool config_build_has_section(const struct config_build *b, enum setting_scope scope,
                                        const char *name);
/* The value counts as never set (it stays what it is). */
void config_build_unset(struct config_build *b, struct config_ref ref, const struct setting *row);

/* Is it more than a default? */
NODISCARD bool config_build_was_set(const struct config_build *b, struct config_ref ref,
                                    const char *setting);

/* The settings struct of that section, which lives as long as the configuration. */
void *config_build_settings(const struct config_build *b, struct config_ref ref);

/* Where the value of that row was written; the section's own place when it is a default. */
struct config_place config_build_place(const struct config_build *b, struct config_ref ref,
                                       const char *setting);

/* "weir.cnf:12: …" to the errors, or to the warnings. */
void config_build_error(struct config_build *b, struct config_place place, const char *format, ...)
    PRINTF_LIKE(3, 4);
void config_build_warning(struct config_build *b, struct config_place place, const char *format,
                          ...) PRINTF_LIKE(3, 4);

/* ini.c: reads a file of my.cnf syntax. */
void config_read_file(struct config_build *b, const char *path);

/* persist.c: what SET PERSIST has kept for a configuration in `file`, if anything. */
void config_read_kept(struct config_build *b, const char *file);

/* users_file.c: adds the users of users_file, if there is one. */
void config_read_users(struct config_build *b);
/* The user of that name, or NULL. */
struct config_user *config_build_user(const struct config_build *b, const char *name);
/* Forgets what the lines of that file have said. */
void config_build_forget_users_file(struct config_build *b);

/* url.c: reads mysql://user:password@host:port. */
void config_read_url(struct config_build *b, const char *url);

/* validate.c: what no single value can tell. */
void config_validate(struct config_build *b);

#endif
