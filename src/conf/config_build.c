/* SPDX-License-Identifier: Apache-2.0
 * Puts values where they belong and complains about those that do not fit. */
#include "conf/config_build.h"

#include "base/check.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words of sections by scope; that of [weir] is not written in overrides. */
static const char *const kinds[] = {"weir", "server", "user", "database", "listener"};

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    CHECK(copy != NULL);
    return copy;
}

/* Room for one more than `count`, zeroed. Arrays have a power of two of places. */
static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0)
        array = realloc(array, (count > 0 ? 2 * count : 1) * size);
    CHECK(array != NULL);
    memset((char *)array + count * size, 0, size);
    return array;
}

/* A new section at its defaults, or as `from`; text is copied. */
static void add_server(struct config_build *b, const char *name, const struct server_settings *from)
{
    struct config *c = b->config;
    c->servers = grow(c->servers, c->server_count, sizeof(*c->servers));
    b->servers = grow(b->servers, c->server_count, sizeof(*b->servers));
    struct config_server *s = &c->servers[c->server_count++];
    s->name = copy_text(name);
    if (from != NULL)
        settings_copy(SETTING_SCOPE_SERVER, &s->settings, from);
    else
        settings_init(SETTING_SCOPE_SERVER, &s->settings);
}

static void add_user(struct config_build *b, const char *name, const struct user_settings *from)
{
    struct config *c = b->config;
    c->users = grow(c->users, c->user_count, sizeof(*c->users));
    b->users = grow(b->users, c->user_count, sizeof(*b->users));
    struct config_user *u = &c->users[c->user_count++];
    u->name = copy_text(name);
    if (from != NULL)
        settings_copy(SETTING_SCOPE_USER, &u->settings, from);
    else
        settings_init(SETTING_SCOPE_USER, &u->settings);
}

static void add_database(struct config_build *b, const char *name,
                         const struct database_settings *from)
{
    struct config *c = b->config;
    c->databases = grow(c->databases, c->database_count, sizeof(*c->databases));
    b->databases = grow(b->databases, c->database_count, sizeof(*b->databases));
    struct config_database *d = &c->databases[c->database_count++];
    d->name = copy_text(name);
    if (from != NULL)
        settings_copy(SETTING_SCOPE_DATABASE, &d->settings, from);
    else
        settings_init(SETTING_SCOPE_DATABASE, &d->settings);
}

static void add_listener(struct config_build *b, const char *name,
                         const struct listener_settings *from)
{
    struct config *c = b->config;
    c->listeners = grow(c->listeners, c->listener_count, sizeof(*c->listeners));
    b->listeners = grow(b->listeners, c->listener_count, sizeof(*b->listeners));
    struct config_listener *l = &c->listeners[c->listener_count++];
    l->name = copy_text(name);
    if (from != NULL)
        settings_copy(SETTING_SCOPE_LISTENER, &l->settings, from);
    else
        settings_init(SETTING_SCOPE_LISTENER, &l->settings);
}

static void copy_sections(struct config_build *b, const struct config *from)
{
    struct config *c = b->config;
    settings_copy(SETTING_SCOPE_GLOBAL, &c->global, &from->global);
    c->file = from->file != NULL ? copy_text(from->file) : NULL;
    for (size_t i = 0; i < from->server_count; i++)
        add_server(b, from->servers[i].name, &from->servers[i].settings);
    for (size_t i = 0; i < from->user_count; i++) {
        add_user(b, from->users[i].name, &from->users[i].settings);
        c->users[i].of_users_file = from->users[i].of_users_file;
        c->users[i].is_listed = from->users[i].is_listed;
    }
    for (size_t i = 0; i < from->database_count; i++)
        add_database(b, from->databases[i].name, &from->databases[i].settings);
    for (size_t i = 0; i < from->listener_count; i++)
        add_listener(b, from->listeners[i].name, &from->listeners[i].settings);
}

struct config_build config_build_begin(const struct config *from, struct config_errors *errors,
                                       struct config_errors *warnings)
{
    struct config_build b = {.errors = errors, .warnings = warnings};
    b.config = calloc(1, sizeof(*b.config));
    CHECK(b.config != NULL);
    b.global = calloc(1, sizeof(*b.global));
    CHECK(b.global != NULL);
    b.config->references = 1;
    if (from != NULL)
        copy_sections(&b, from);
    else
        settings_init(SETTING_SCOPE_GLOBAL, &b.config->global);
    return b;
}

void config_build_fini(struct config_build *b)
{
    for (size_t i = 0; i < b->file_count; i++) {
        free(b->files[i]->name);
        free(b->files[i]);
    }
    free(b->files);
    free(b->global);
    free(b->servers);
    free(b->users);
    free(b->databases);
    free(b->listeners);
}

struct config_file *config_build_file(struct config_build *b, const char *name)
{
    b->files = grow(b->files, b->file_count, sizeof(struct config_file *));
    struct config_file *file = calloc(1, sizeof(*file));
    CHECK(file != NULL);
    file->name = copy_text(name);
    b->files[b->file_count++] = file;
    return file;
}

PRINTF_LIKE(3, 0)
static void complain(struct config_errors *to, struct config_place place, const char *format,
                     va_list arguments)
{
    char *text;
    CHECK(vasprintf(&text, format, arguments) >= 0);
    if (place.file != NULL && place.line > 0)
        config_errors_add(to, "%s:%u: %s", place.file->name, place.line, text);
    else if (place.file != NULL || place.origin != NULL)
        config_errors_add(to, "%s: %s", place.file != NULL ? place.file->name : place.origin, text);
    else
        config_errors_add(to, "%s", text);
    free(text);
}

void config_build_error(struct config_build *b, struct config_place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(b->errors, place, format, arguments);
    va_end(arguments);
}

void config_build_warning(struct config_build *b, struct config_place place, const char *format,
                          ...)
{
    if (b->warnings == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    complain(b->warnings, place, format, arguments);
    va_end(arguments);
}

static struct config_section *known(const struct config_build *b, struct config_ref ref)
{
    switch (ref.scope) {
    case SETTING_SCOPE_GLOBAL:
        return b->global;
    case SETTING_SCOPE_SERVER:
        return &b->servers[ref.index];
    case SETTING_SCOPE_USER:
        return &b->users[ref.index];
    case SETTING_SCOPE_DATABASE:
        return &b->databases[ref.index];
    case SETTING_SCOPE_LISTENER:
        return &b->listeners[ref.index];
    }
    return NULL;
}

void *config_build_settings(const struct config_build *b, struct config_ref ref)
{
    switch (ref.scope) {
    case SETTING_SCOPE_GLOBAL:
        return &b->config->global;
    case SETTING_SCOPE_SERVER:
        return &b->config->servers[ref.index].settings;
    case SETTING_SCOPE_USER:
        return &b->config->users[ref.index].settings;
    case SETTING_SCOPE_DATABASE:
        return &b->config->databases[ref.index].settings;
    case SETTING_SCOPE_LISTENER:
        return &b->config->listeners[ref.index].settings;
    }
    return NULL;
}

/* "[weir]", "[server db1]": how the section's header looks. */
static void section_header(const struct config_build *b, struct config_ref ref, char *out,
                           size_t out_size)
{
    switch (ref.scope) {
    case SETTING_SCOPE_GLOBAL:
        (void)snprintf(out, out_size, "[weir]");
        return;
    case SETTING_SCOPE_SERVER:
        (void)snprintf(out, out_size, "[server %s]", b->config->servers[ref.index].name);
        return;
    case SETTING_SCOPE_USER:
        (void)snprintf(out, out_size, "[user %s]", b->config->users[ref.index].name);
        return;
    case SETTING_SCOPE_DATABASE:
        (void)snprintf(out, out_size, "[database %s]", b->config->databases[ref.index].name);
        return;
    case SETTING_SCOPE_LISTENER:
        (void)snprintf(out, out_size, "[listener %s]", b->config->listeners[ref.index].name);
        return;
    }
}

static size_t row_number(const struct setting *row)
{
    size_t count;
    return (size_t)(row - settings_all(&count));
}

static bool is_somewhere(struct config_place place)
{
    return place.file != NULL || place.origin != NULL;
}

static struct config_place value_place(const struct config_build *b, struct config_ref ref,
                                       const char *setting)
{
    const struct setting *row = settings_find(ref.scope, setting);
    CHECK(row != NULL);
    return known(b, ref)->values[row_number(row)];
}

bool config_build_was_set(const struct config_build *b, struct config_ref ref, const char *setting)
{
    return is_somewhere(value_place(b, ref, setting));
}

struct config_place config_build_place(const struct config_build *b, struct config_ref ref,
                                       const char *setting)
{
    struct config_place place = value_place(b, ref, setting);
    return is_somewhere(place) ? place : known(b, ref)->place;
}

static size_t section_count(const struct config *c, enum setting_scope scope)
{
    switch (scope) {
    case SETTING_SCOPE_GLOBAL:
        return 1;
    case SETTING_SCOPE_SERVER:
        return c->server_count;
    case SETTING_SCOPE_USER:
        return c->user_count;
    case SETTING_SCOPE_DATABASE:
        return c->database_count;
    case SETTING_SCOPE_LISTENER:
        return c->listener_count;
    }
    return 0;
}

static const char *section_name(const struct config *c, enum setting_scope scope, size_t i)
{
    switch (scope) {
    case SETTING_SCOPE_GLOBAL:
        return "";
    case SETTING_SCOPE_SERVER:
        return c->servers[i].name;
    case SETTING_SCOPE_USER:
        return c->users[i].name;
    case SETTING_SCOPE_DATABASE:
        return c->databases[i].name;
    case SETTING_SCOPE_LISTENER:
        return c->listeners[i].name;
    }
    return "";
}

/* Index of the section, or the count when there is none. */
static size_t find_section(const struct config *c, enum setting_scope scope, const char *name)
{
    size_t i = 0;
    while (i < section_count(c, scope) && strcmp(section_name(c, scope, i), name) != 0)
        i++;
    return i;
}

static void add_section(struct config_build *b, enum setting_scope scope, const char *name)
{
    switch (scope) {
    case SETTING_SCOPE_GLOBAL:
        return;
    case SETTING_SCOPE_SERVER:
        add_server(b, name, NULL);
        return;
    case SETTING_SCOPE_USER:
        add_user(b, name, NULL);
        return;
    case SETTING_SCOPE_DATABASE:
        add_database(b, name, NULL);
        return;
    case SETTING_SCOPE_LISTENER:
        add_listener(b, name, NULL);
        return;
    }
}

static bool name_is_good(struct config_build *b, enum setting_scope scope, const char *name,
                         struct config_place place)
{
    const char *kind = kinds[scope];
    if (name[0] == '\0') {
        config_build_error(b, place, "a [%s] section needs a name: write [%s NAME]", kind, kind);
        return false;
    }
    if (strlen(name) > CONFIG_NAME_MAX) {
        config_build_error(b, place, "the name of this [%s] is longer than %d bytes", kind,
                           CONFIG_NAME_MAX);
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            config_build_error(b, place, "the name of this [%s] has a control character", kind);
            return false;
        }
    }
    return true;
}

bool config_build_section(struct config_build *b, enum setting_scope scope, const char *name,
                          struct config_place place, struct config_ref *out)
{
    *out = (struct config_ref){.scope = scope};
    bool is_new = b->global->place.file == NULL;
    if (scope != SETTING_SCOPE_GLOBAL) {
        if (!name_is_good(b, scope, name, place))
            return false;
        out->index = find_section(b->config, scope, name);
        is_new = out->index == section_count(b->config, scope);
        if (is_new && out->index == CONFIG_SECTIONS_MAX) {
            config_build_error(b, place, "more than %d sections of this kind", CONFIG_SECTIONS_MAX);
            return false;
        }
        if (is_new)
            add_section(b, scope, name);
    }
    struct config_section *section = known(b, *out);
    if (!is_new && place.file != NULL && section->place.file == place.file) {
        char header[CONFIG_NAME_MAX + 16];
        section_header(b, *out, header, sizeof(header));
        config_build_warning(b, place, "%s is there twice, here and in line %u; they are merged",
                             header, section->place.line);
    }
    if (is_new)
        section->place = place;
    return true;
}

static void complain_unknown(struct config_build *b, struct config_ref ref, const char *name,
                             struct config_place place)
{
    char header[CONFIG_NAME_MAX + 16];
    section_header(b, ref, header, sizeof(header));
    const char *nearest = settings_nearest(ref.scope, name);
    if (nearest != NULL) {
        config_build_error(b, place, "unknown setting '%.60s' in %s; did you mean '%s'?", name,
                           header, nearest);
        return;
    }
    static const char *const places[] = {"[weir]", "a [server NAME]", "a [user NAME]",
                                         "a [database NAME]", "a [listener NAME]"};
    for (enum setting_scope s = SETTING_SCOPE_GLOBAL; s <= SETTING_SCOPE_LAST; s++) {
        if (settings_find(s, name) != NULL) {
            config_build_error(b, place, "'%.60s' does not belong in %s; it is a setting of %s",
                               name, header, places[s]);
            return;
        }
    }
    config_build_error(b, place,
                       "unknown setting '%.60s' in %s; weir --print-defaults lists all settings",
                       name, header);
}

/* "loose-x": like x, but not a mistake when there is no x. */
static const char *without_loose(const char *name, bool *loose)
{
    *loose = strncmp(name, "loose-", 6) == 0 || strncmp(name, "loose_", 6) == 0;
    return *loose ? name + 6 : name;
}

/* Of those that make a user a listed one. */
static bool is_password(const struct setting *row)
{
    return strcmp(row->name, "password") == 0 || strcmp(row->name, "secondary_password") == 0;
}

void config_build_set(struct config_build *b, struct config_ref ref, const char *name,
                      const char *value, struct config_place place)
{
    bool loose;
    name = without_loose(name, &loose);
    const struct setting *row = settings_find(ref.scope, name);
    if (row == NULL) {
        if (loose)
            config_build_warning(b, place, "unknown setting '%.60s' is passed over", name);
        else
            complain_unknown(b, ref, name, place);
        return;
    }
    if (value == NULL && row->type != SETTING_TYPE_BOOL) {
        char range[128];
        settings_describe_range(row, range, sizeof(range));
        config_build_error(b, place, "%s needs a value; allowed: %s", row->name, range);
        return;
    }
    char error[SETTING_ERROR_SIZE];
    if (!settings_parse(row, config_build_settings(b, ref), value != NULL ? value : "ON", error)) {
        config_build_error(b, place, "%s: %s", row->name, error);
        return;
    }
    struct config_place *before = &known(b, ref)->values[row_number(row)];
    if (before->file != NULL && before->file == place.file)
        config_build_warning(b, place, "%s is set twice, here and in line %u; the last one counts",
                             row->name, before->line);
    *before = place;
    if (ref.scope == SETTING_SCOPE_USER && is_password(row))
        b->config->users[ref.index].is_listed = true;
}

/* Splits "server.NAME.setting"; a name without point belongs to [weir]. `section` has room for
 * CONFIG_NAME_MAX + 1 bytes. NULL when it is neither, or the name is too long. */
static const char *split_override(const char *name, enum setting_scope *scope, char *section)
{
    *scope = SETTING_SCOPE_GLOBAL;
    section[0] = '\0';
    const char *first = strchr(name, '.');
    if (first == NULL)
        return name;
    struct bytes kind = bytes_of(name, (size_t)(first - name));
    enum setting_scope s = SETTING_SCOPE_SERVER;
    while (s <= SETTING_SCOPE_LAST && !text_equal_nocase(kind, kinds[s]))
        s++;
    if (s > SETTING_SCOPE_LAST)
        return NULL;
    *scope = s;
    const char *last = strrchr(name, '.');
    struct bytes middle = bytes_of(first + 1, last > first ? (size_t)(last - first - 1) : 0);
    if (middle.size == 0 || !text_copy(section, CONFIG_NAME_MAX + 1, middle))
        return NULL;
    return last + 1;
}

const struct setting *config_override_setting(const char *name)
{
    enum setting_scope scope;
    char section[CONFIG_NAME_MAX + 1];
    const char *setting = split_override(name, &scope, section);
    return setting != NULL ? settings_find(scope, setting) : NULL;
}

void config_build_override(struct config_build *b, const struct config_override *o,
                           const char *origin)
{
    struct config_place place = {.origin = origin};
    struct config_ref ref;
    enum setting_scope scope;
    char section[CONFIG_NAME_MAX + 1];
    const char *setting = split_override(o->name, &scope, section);
    if (setting == NULL) {
        config_build_error(b, place,
                           "is no setting; write --SETTING, --server.NAME.SETTING, "
                           "--user.NAME.SETTING, --database.NAME.SETTING or "
                           "--listener.NAME.SETTING");
        return;
    }
    if (config_build_section(b, scope, section, place, &ref))
        config_build_set(b, ref, setting, o->value, place);
}

bool config_build_has_section(const struct config_build *b, enum setting_scope scope,
                              const char *name)
{
    return scope == SETTING_SCOPE_GLOBAL ||
           find_section(b->config, scope, name) < section_count(b->config, scope);
}

struct config_user *config_build_user(const struct config_build *b, const char *name)
{
    size_t i = find_section(b->config, SETTING_SCOPE_USER, name);
    return i < b->config->user_count ? &b->config->users[i] : NULL;
}

/* Is something said of it beside what a line of the users file can say? */
static bool has_more_than_a_line(const struct config_user *u)
{
    struct user_settings defaults;
    settings_init(SETTING_SCOPE_USER, &defaults);
    size_t count;
    bool more = false;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++)
        more = more || (rows[i].scope == SETTING_SCOPE_USER && !is_password(&rows[i]) &&
                        strcmp(rows[i].name, "server") != 0 &&
                        !settings_equal(&rows[i], &u->settings, &defaults));
    settings_fini(SETTING_SCOPE_USER, &defaults);
    return more;
}

/* Its limits stay, for a guest of this name. */
static void forget_line(struct config_user *u)
{
    static const char *const of_a_line[] = {"password", "secondary_password", "server"};
    char error[SETTING_ERROR_SIZE];
    for (size_t i = 0; i < countof(of_a_line); i++)
        CHECK(settings_parse(settings_find(SETTING_SCOPE_USER, of_a_line[i]), &u->settings, "",
                             error));
    u->of_users_file = false;
    u->is_listed = false;
}

void config_build_forget_users_file(struct config_build *b)
{
    struct config *c = b->config;
    size_t kept = 0;
    for (size_t i = 0; i < c->user_count; i++) {
        bool of_file = c->users[i].of_users_file;
        if (of_file && has_more_than_a_line(&c->users[i])) {
            forget_line(&c->users[i]);
        } else if (of_file) {
            settings_fini(SETTING_SCOPE_USER, &c->users[i].settings);
            free(c->users[i].name);
            continue;
        }
        c->users[kept] = c->users[i];
        b->users[kept++] = b->users[i];
    }
    c->user_count = kept;
}

bool config_build_find(struct config_build *b, const char *name, struct config_ref *ref,
                       const struct setting **row)
{
    char section[CONFIG_NAME_MAX + 1];
    *ref = (struct config_ref){0};
    const char *setting = split_override(name, &ref->scope, section);
    *row = setting != NULL ? settings_find(ref->scope, setting) : NULL;
    if (*row == NULL || !config_build_has_section(b, ref->scope, section))
        return false;
    if (ref->scope != SETTING_SCOPE_GLOBAL)
        ref->index = find_section(b->config, ref->scope, section);
    return true;
}

void config_build_unset(struct config_build *b, struct config_ref ref, const struct setting *row)
{
    known(b, ref)->values[row_number(row)] = (struct config_place){0};
}
