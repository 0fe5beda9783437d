/* SPDX-License-Identifier: Apache-2.0
 * Loads, counts and compares snapshots of the configuration. */
#include "conf/config.h"

#include "base/check.h"
#include "conf/config_build.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_users(const void *a, const void *b)
{
    return strcmp(((const struct config_user *)a)->name, ((const struct config_user *)b)->name);
}

static int compare_databases(const void *a, const void *b)
{
    return strcmp(((const struct config_database *)a)->name,
                  ((const struct config_database *)b)->name);
}

/* Is it there for Weir's own errands only? */
static bool is_for_errands(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->server_count; i++)
        if (strcmp(c->servers[i].settings.auth_user, name) == 0 ||
            strcmp(c->servers[i].settings.catalogue_user, name) == 0 ||
            strcmp(c->servers[i].settings.monitor_user, name) == 0)
            return true;
    return false;
}

static bool serves_unknown_users(const struct config *c)
{
    switch (c->global.unknown_users) {
    case UNKNOWN_USERS_REFUSE:
        return false;
    case UNKNOWN_USERS_SERVE:
        return true;
    case UNKNOWN_USERS_AUTO:
        break;
    }
    for (size_t i = 0; i < c->user_count; i++)
        if (c->users[i].is_listed && !is_for_errands(c, c->users[i].name))
            return false;
    return true;
}

/* The finished configuration, or NULL when there were complaints. */
static struct config *finish(struct config_build *b, size_t errors_before)
{
    struct config *c = b->config;
    c->serves_unknown_users = serves_unknown_users(c);
    config_validate(b);
    if (b->errors->count > errors_before) {
        config_release(c);
        c = NULL;
    }
    config_build_fini(b);
    if (c != NULL && c->user_count > 0)
        qsort(c->users, c->user_count, sizeof(*c->users), compare_users);
    if (c != NULL && c->database_count > 0)
        qsort(c->databases, c->database_count, sizeof(*c->databases), compare_databases);
    return c;
}

static void load_override(struct config_build *b, const struct config_override *o)
{
    char origin[CONFIG_NAME_MAX + 80];
    (void)snprintf(origin, sizeof(origin), "--%s", o->name);
    /* The build keeps the text for as long as places point to it. */
    config_build_override(b, o, config_build_file(b, origin)->name);
}

struct config *config_load(const struct config_source *source, struct config_errors *errors,
                           struct config_errors *warnings)
{
    size_t errors_before = errors->count;
    struct config_build b = config_build_begin(NULL, errors, warnings);
    if (source->file != NULL) {
        b.config->file = strdup(source->file);
        CHECK(b.config->file != NULL);
        config_read_file(&b, source->file);
        config_read_kept(&b, source->file);
    }
    if (source->url != NULL)
        config_read_url(&b, source->url);
    for (size_t i = 0; i < source->override_count; i++)
        load_override(&b, &source->overrides[i]);
    config_read_users(&b);
    return finish(&b, errors_before);
}

/* Servers and listeners come with the files at a start only: a change to one that is not there is a
 * mistake in its name. */
static bool is_about_nothing(struct config_build *b, const char *name)
{
    struct config_ref ref;
    const struct setting *row = config_override_setting(name);
    if (row == NULL ||
        (row->scope != SETTING_SCOPE_SERVER && row->scope != SETTING_SCOPE_LISTENER) ||
        config_build_find(b, name, &ref, &row))
        return false;
    const char *kind = ref.scope == SETTING_SCOPE_SERVER ? "server" : "listener";
    const char *section = strchr(name, '.') + 1;
    config_build_error(b, (struct config_place){0},
                       "there is no section [%s %.*s]; SHOW SETTINGS LIKE '%s.%%' lists what there "
                       "is. A new one is written into the configuration file and needs a restart",
                       kind, (int)(strrchr(name, '.') - section), section, kind);
    return true;
}

struct config *config_change(const struct config *from, const struct config_override *changes,
                             size_t count, struct config_errors *errors,
                             struct config_errors *warnings)
{
    size_t errors_before = errors->count;
    struct config_build b = config_build_begin(from, errors, warnings);
    for (size_t i = 0; i < count; i++)
        if (!is_about_nothing(&b, changes[i].name))
            config_build_override(&b, &changes[i], "SET");
    if (strcmp(b.config->global.users_file, from->global.users_file) != 0) {
        config_build_forget_users_file(&b);
        config_read_users(&b);
    }
    return finish(&b, errors_before);
}

struct config *config_hold(struct config *c)
{
    CHECK(atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed) > 0);
    return c;
}

void config_release(struct config *c)
{
    if (c == NULL)
        return;
    unsigned before = atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before > 1)
        return;
    settings_fini(SETTING_SCOPE_GLOBAL, &c->global);
    for (size_t i = 0; i < c->server_count; i++) {
        settings_fini(SETTING_SCOPE_SERVER, &c->servers[i].settings);
        free(c->servers[i].name);
    }
    for (size_t i = 0; i < c->user_count; i++) {
        settings_fini(SETTING_SCOPE_USER, &c->users[i].settings);
        free(c->users[i].name);
    }
    for (size_t i = 0; i < c->database_count; i++) {
        settings_fini(SETTING_SCOPE_DATABASE, &c->databases[i].settings);
        free(c->databases[i].name);
    }
    for (size_t i = 0; i < c->listener_count; i++) {
        settings_fini(SETTING_SCOPE_LISTENER, &c->listeners[i].settings);
        free(c->listeners[i].name);
    }
    free(c->servers);
    free(c->users);
    free(c->databases);
    free(c->listeners);
    free(c->file);
    free(c);
}

const struct config_user *config_find_user(const struct config *c, const char *name)
{
    const struct config_user key = {.name = (char *)(uintptr_t)name};
    if (c->user_count == 0)
        return NULL;
    return bsearch(&key, c->users, c->user_count, sizeof(*c->users), compare_users);
}

const struct config_database *config_find_database(const struct config *c, const char *name)
{
    const struct config_database key = {.name = (char *)(uintptr_t)name};
    if (c->database_count == 0)
        return NULL;
    return bsearch(&key, c->databases, c->database_count, sizeof(*c->databases), compare_databases);
}

const struct config_listener *config_find_listener(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->listener_count; i++) {
        if (strcmp(c->listeners[i].name, name) == 0)
            return &c->listeners[i];
    }
    return NULL;
}

const struct config_server *config_find_server(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->server_count; i++) {
        if (strcmp(c->servers[i].name, name) == 0)
            return &c->servers[i];
    }
    return NULL;
}

/* The RESTART rows of a scope whose values differ; `section` is "" or "[server NAME] ". */
static void compare_rows(enum setting_scope scope, const char *section, const void *from,
                         const void *to, struct config_errors *out)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != scope || rows[i].when != SETTING_WHEN_RESTART ||
            settings_equal(&rows[i], from, to))
            continue;
        char before[256];
        char after[256];
        (void)!settings_format(&rows[i], from, before, sizeof(before));
        (void)!settings_format(&rows[i], to, after, sizeof(after));
        config_errors_add(out, "%s%s: %s → %s needs a restart", section, rows[i].name,
                          before[0] != '\0' ? before : "(empty)",
                          after[0] != '\0' ? after : "(empty)");
    }
}

static void compare_servers(const struct config *from, const struct config *to,
                            struct config_errors *out)
{
    for (size_t i = 0; i < from->server_count; i++) {
        const struct config_server *before = &from->servers[i];
        const struct config_server *after = config_find_server(to, before->name);
        char section[CONFIG_NAME_MAX + 16];
        (void)snprintf(section, sizeof(section), "[server %s] ", before->name);
        if (after == NULL)
            config_errors_add(out, "[server %s]: taking it away needs a restart", before->name);
        else
            compare_rows(SETTING_SCOPE_SERVER, section, &before->settings, &after->settings, out);
    }
    for (size_t i = 0; i < to->server_count; i++) {
        if (config_find_server(from, to->servers[i].name) == NULL)
            config_errors_add(out, "[server %s]: adding it needs a restart", to->servers[i].name);
    }
}

static void compare_listeners(const struct config *from, const struct config *to,
                              struct config_errors *out)
{
    for (size_t i = 0; i < from->listener_count; i++) {
        const struct config_listener *before = &from->listeners[i];
        const struct config_listener *after = config_find_listener(to, before->name);
        char section[CONFIG_NAME_MAX + 16];
        (void)snprintf(section, sizeof(section), "[listener %s] ", before->name);
        if (after == NULL)
            config_errors_add(out, "[listener %s]: taking it away needs a restart", before->name);
        else
            compare_rows(SETTING_SCOPE_LISTENER, section, &before->settings, &after->settings, out);
    }
    for (size_t i = 0; i < to->listener_count; i++) {
        if (config_find_listener(from, to->listeners[i].name) == NULL)
            config_errors_add(out, "[listener %s]: adding it needs a restart",
                              to->listeners[i].name);
    }
}

void config_restart_needs(const struct config *from, const struct config *to,
                          struct config_errors *out)
{
    compare_rows(SETTING_SCOPE_GLOBAL, "", &from->global, &to->global, out);
    compare_servers(from, to, out);
    compare_listeners(from, to, out);
}
