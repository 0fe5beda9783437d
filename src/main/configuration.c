/* SPDX-License-Identifier: Apache-2.0
 * Puts a new configuration in force, everywhere, in one order. */
#include "main/configuration.h"

#include "base/check.h"
#include "base/log.h"
#include "conf/persist.h"
#include "main/worker.h"
#include "session/admission.h"
#include "session/pool_registry.h"
#include "session/slow_log.h"
#include "session/tls_setup.h"
#include "session/user_store.h"

#include <string.h>
#include <strings.h>

#define WHO "weir"

void configuration_init(struct configuration *c, const struct config_source *source,
                        struct config *config, struct proxy *proxy)
{
    c->source = source;
    c->proxy = proxy;
    c->current = config_hold(config);
    CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
}

void configuration_fini(struct configuration *c)
{
    config_release(c->current);
    c->current = NULL;
    pthread_mutex_destroy(&c->lock);
}

struct config *configuration_hold(struct configuration *c)
{
    pthread_mutex_lock(&c->lock);
    struct config *held = config_hold(c->current);
    pthread_mutex_unlock(&c->lock);
    return held;
}

/* The certificates and keys that it names are read; false, and nothing has changed, when that
 * fails.
 */
static bool take_certificates(struct configuration *c, const struct config *fresh,
                              struct config_errors *errors)
{
    char error[500];
    if (tls_setup_configure(c->proxy->tls, fresh, error, sizeof error))
        return true;
    config_errors_add(errors, "%s", error);
    return false;
}

/* Under the lock. Takes the reference. */
static void put_in_force(struct configuration *c, struct config *fresh)
{
    log_set_level(fresh->global.log_level);
    slow_log_configure(c->proxy->slow_log, fresh);
    user_store_configure(c->proxy->users, fresh);
    admission_configure(c->proxy, fresh);
    pool_registry_configure(c->proxy->registry, fresh);
    for (unsigned i = 0; i < c->proxy->worker_count; i++)
        worker_send_config(&c->proxy->workers[i], fresh);
    config_release(c->current);
    c->current = fresh;
}

static void tell_restart_needs(struct configuration *c, const struct config *fresh,
                               struct config_errors *warnings)
{
    struct config_errors needs = {0};
    config_restart_needs(c->current, fresh, &needs);
    for (size_t i = 0; i < needs.count; i++) {
        log_warning(WHO, "%s", needs.lines[i]);
        config_errors_add(warnings, "%s", needs.lines[i]);
    }
    config_errors_free(&needs);
}

static bool reload(struct configuration *c, struct config_errors *errors,
                   struct config_errors *warnings)
{
    size_t first_warning = warnings->count;
    struct config *fresh = config_load(c->source, errors, warnings);
    if (fresh != NULL && !take_certificates(c, fresh, errors)) {
        config_release(fresh);
        fresh = NULL;
    }
    for (size_t i = first_warning; i < warnings->count; i++)
        log_warning(WHO, "%s", warnings->lines[i]);
    for (size_t i = 0; i < errors->count; i++)
        log_error(WHO, "%s", errors->lines[i]);
    if (fresh == NULL) {
        log_error(WHO, "the configuration was not reloaded; the old one stays in force");
        return false;
    }
    tell_restart_needs(c, fresh, warnings);
    put_in_force(c, fresh);
    log_note(WHO, "configuration reloaded");
    return true;
}

bool configuration_reload(struct configuration *c, struct config_errors *errors,
                          struct config_errors *warnings)
{
    pthread_mutex_lock(&c->lock);
    bool done = reload(c, errors, warnings);
    pthread_mutex_unlock(&c->lock);
    return done;
}

/* SET GLOBAL changes nothing that needs a restart: adding a server is such a thing. */
static bool needs_restart(const struct configuration *c, const struct config *fresh,
                          struct config_errors *errors)
{
    size_t before = errors->count;
    config_restart_needs(c->current, fresh, errors);
    return errors->count > before;
}

static bool concerns_tls(const struct config_override *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *dot = strrchr(changes[i].name, '.');
        const char *name = dot != NULL ? dot + 1 : changes[i].name;
        if (strncasecmp(name, "ssl", 3) == 0 || strncasecmp(name, "tls", 3) == 0 ||
            strcasecmp(name, "auto_generate_certs") == 0)
            return true;
    }
    return false;
}

/* What is kept counts less than a URL and options. */
static void tell_what_comes_later(const struct configuration *c,
                                  const struct config_override *changes, size_t count,
                                  struct config_errors *warnings)
{
    for (size_t i = 0; i < count; i++)
        for (size_t o = 0; o < c->source->override_count; o++)
            if (config_override_setting(changes[i].name) ==
                    config_override_setting(c->source->overrides[o].name) &&
                strchr(changes[i].name, '.') == NULL)
                config_errors_add(warnings,
                                  "--%s was given at the start; if it is given at the next one "
                                  "too, it comes after what SET PERSIST has written",
                                  changes[i].name);
}

static bool keep(struct configuration *c, const struct config_override *changes, size_t count,
                 struct config_errors *errors, struct config_errors *warnings)
{
    if (c->source->file == NULL) {
        config_errors_add(errors, "there is no configuration file to keep it beside; start Weir "
                                  "with --config=FILE, or use SET GLOBAL");
        return false;
    }
    tell_what_comes_later(c, changes, count, warnings);
    return persist_write(c->source->file, changes, count, errors);
}

static bool change(struct configuration *c, enum change_scope scope,
                   const struct config_override *changes, size_t count,
                   struct config_errors *errors, struct config_errors *warnings)
{
    if (scope == CHANGE_RESET_PERSIST)
        return keep(c, changes, count, errors, warnings);
    struct config *fresh = config_change(c->current, changes, count, errors, warnings);
    if (fresh == NULL)
        return false;
    /* A file that went bad on the disk must not stop somebody who changes something else. */
    bool only_kept = scope == CHANGE_PERSIST_ONLY;
    bool good =
        (only_kept || !needs_restart(c, fresh, errors)) &&
        (only_kept || !concerns_tls(changes, count) || take_certificates(c, fresh, errors)) &&
        (scope == CHANGE_GLOBAL || keep(c, changes, count, errors, warnings));
    if (good && !only_kept)
        put_in_force(c, fresh);
    else
        config_release(fresh);
    return good;
}

bool configuration_change(struct configuration *c, enum change_scope scope,
                          const struct config_override *changes, size_t count,
                          struct config_errors *errors, struct config_errors *warnings)
{
    pthread_mutex_lock(&c->lock);
    bool done = change(c, scope, changes, count, errors, warnings);
    pthread_mutex_unlock(&c->lock);
    return done;
}
