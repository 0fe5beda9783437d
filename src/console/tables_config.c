/* SPDX-License-Identifier: Apache-2.0
 * Tables about the configuration and the counters. */
#include "base/check.h"
#include "console/console_client.h"
#include "session/status.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>

#define VALUE_SIZE 1024

static void add_variable(struct row_sink *rows, const struct console_facts *f, const char *name)
{
    char value[VALUE_SIZE];
    row_text(rows, name);
    if (console_variable(f->session, f->config, f->console->version, bytes_of_text(name), false,
                         value, sizeof value))
        row_value(rows, value);
    else
        row_text(rows, "");
}

void table_fill_variables(struct row_sink *rows, const struct console_facts *f)
{
    size_t count;
    const struct setting *all = settings_all(&count);
    for (size_t i = 0; i < count; i++)
        if (all[i].scope == SETTING_SCOPE_GLOBAL)
            add_variable(rows, f, all[i].name);
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++)
        if (settings_find(SETTING_SCOPE_GLOBAL, session_value_name(i)) == NULL)
            add_variable(rows, f, session_value_name(i));
    add_variable(rows, f, "version");
}

void table_fill_global_variables(struct row_sink *rows, const struct console_facts *f)
{
    table_fill_variables(rows, f);
}

void table_fill_performance_variables(struct row_sink *rows, const struct console_facts *f)
{
    table_fill_variables(rows, f);
}

static const char *when_text(const struct setting *row)
{
    switch (row->when) {
    case SETTING_WHEN_LIVE:
        return "live";
    case SETTING_WHEN_NEW:
        return "new connections";
    case SETTING_WHEN_RESTART:
        break;
    }
    return "restart";
}

static void add_settings(struct row_sink *rows, enum setting_scope scope, const char *kind,
                         const char *name, const void *settings)
{
    char section[160];
    char dotted[300];
    char value[VALUE_SIZE];
    char allowed[128];
    size_t count;
    const struct setting *all = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].scope != scope)
            continue;
        bool global = scope == SETTING_SCOPE_GLOBAL;
        (void)snprintf(section, sizeof section, "[%s%s%s]", kind, global ? "" : " ", name);
        (void)snprintf(dotted, sizeof dotted, "%s%s%s%s%s", global ? "" : kind, global ? "" : ".",
                       name, global ? "" : ".", all[i].name);
        (void)!settings_format(&all[i], settings, value, sizeof value);
        settings_describe_range(&all[i], allowed, sizeof allowed);
        row_text(rows, section);
        row_text(rows, dotted);
        row_text(rows, value);
        row_text(rows, all[i].default_text);
        row_text(rows, allowed);
        row_text(rows, when_text(&all[i]));
        row_text(rows, all[i].help);
    }
}

void table_fill_settings(struct row_sink *rows, const struct console_facts *f)
{
    const struct config *c = f->config;
    add_settings(rows, SETTING_SCOPE_GLOBAL, "weir", "", &c->global);
    for (size_t i = 0; i < c->server_count; i++)
        add_settings(rows, SETTING_SCOPE_SERVER, "server", c->servers[i].name,
                     &c->servers[i].settings);
    for (size_t i = 0; i < c->user_count; i++)
        add_settings(rows, SETTING_SCOPE_USER, "user", c->users[i].name, &c->users[i].settings);
    for (size_t i = 0; i < c->database_count; i++)
        add_settings(rows, SETTING_SCOPE_DATABASE, "database", c->databases[i].name,
                     &c->databases[i].settings);
    for (size_t i = 0; i < c->listener_count; i++)
        add_settings(rows, SETTING_SCOPE_LISTENER, "listener", c->listeners[i].name,
                     &c->listeners[i].settings);
}

void table_fill_users(struct row_sink *rows, const struct console_facts *f)
{
    const struct config *c = f->config;
    const char *first = c->server_count > 0 ? c->servers[0].name : "";
    size_t count;
    struct user_view *users = user_store_view(f->console->proxy->users, &count);
    for (size_t i = 0; i < count; i++) {
        const struct user_view *u = &users[i];
        const struct config_user *section = config_find_user(c, u->name);
        row_text(rows, u->name);
        row_text(rows, u->server[0] != '\0' ? u->server : first);
        row_integer(rows, section != NULL && section->settings.password[0] != '\0');
        row_text(rows, user_source_text(u->source));
        row_text_or_null(rows, login_way_text(u->way));
        row_integer(rows, u->learnt);
        row_integer(rows, u->clients);
    }
    free(users);
}

void table_fill_warnings(struct row_sink *rows, const struct console_facts *f)
{
    for (size_t i = 0; i < f->session->warnings.count; i++) {
        row_text(rows, "Warning");
        row_integer(rows, ER_UNKNOWN_ERROR);
        row_text(rows, f->session->warnings.lines[i]);
    }
}

static void add_status(struct row_sink *rows, const struct console_facts *f, bool with_help)
{
    struct status_value *values = calloc(STATUS_VALUES_MAX, sizeof *values);
    CHECK(values != NULL);
    size_t count = status_read(f->console->proxy, values);
    for (size_t i = 0; i < count; i++) {
        char text[STATUS_TEXT_MAX];
        status_text(&values[i], text);
        row_text(rows, values[i].name);
        row_value(rows, text);
        if (with_help)
            row_text(rows, values[i].help);
    }
    free(values);
}

void table_fill_status(struct row_sink *rows, const struct console_facts *f)
{
    add_status(rows, f, true);
}

void table_fill_global_status(struct row_sink *rows, const struct console_facts *f)
{
    add_status(rows, f, false);
}

void table_fill_performance_status(struct row_sink *rows, const struct console_facts *f)
{
    add_status(rows, f, false);
}
