/* SPDX-License-Identifier: Apache-2.0
 * The file is read into a configuration of its own, so that its values are known one by one. */
#include "conf/persist.h"

#include "base/check.h"
#include "conf/config_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *with_ending(const char *file, const char *ending)
{
    char *path;
    CHECK(asprintf(&path, "%s%s%s", file, PERSIST_ENDING, ending) >= 0);
    return path;
}

/* Values of the file over the defaults. */
static struct config_build read_kept(const char *path, struct config_errors *errors,
                                     struct config_errors *warnings)
{
    struct config_build b = config_build_begin(NULL, errors, warnings);
    if (access(path, F_OK) == 0)
        config_read_file(&b, path);
    return b;
}

static void forget(struct config_build *b)
{
    config_release(b->config);
    config_build_fini(b);
}

/* -------- over all values that were set -------- */

static size_t section_count(const struct config_build *b, enum setting_scope scope)
{
    switch (scope) {
    case SETTING_SCOPE_GLOBAL:
        return 1;
    case SETTING_SCOPE_SERVER:
        return b->config->server_count;
    case SETTING_SCOPE_USER:
        return b->config->user_count;
    case SETTING_SCOPE_DATABASE:
        return b->config->database_count;
    case SETTING_SCOPE_LISTENER:
        return b->config->listener_count;
    }
    return 0;
}

static const char *section_name(const struct config_build *b, struct config_ref ref)
{
    switch (ref.scope) {
    case SETTING_SCOPE_GLOBAL:
        return "";
    case SETTING_SCOPE_SERVER:
        return b->config->servers[ref.index].name;
    case SETTING_SCOPE_USER:
        return b->config->users[ref.index].name;
    case SETTING_SCOPE_DATABASE:
        return b->config->databases[ref.index].name;
    case SETTING_SCOPE_LISTENER:
        return b->config->listeners[ref.index].name;
    }
    return "";
}

/* Calls `take` for every value that is more than a default, section by section. */
static void for_each_value(const struct config_build *b,
                           void (*take)(void *context, const struct config_build *b,
                                        struct config_ref ref, const struct setting *row),
                           void *context)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (enum setting_scope scope = SETTING_SCOPE_GLOBAL; scope <= SETTING_SCOPE_LAST; scope++) {
        for (size_t section = 0; section < section_count(b, scope); section++) {
            struct config_ref ref = {.scope = scope, .index = section};
            for (size_t i = 0; i < count; i++)
                if (rows[i].scope == scope && config_build_was_set(b, ref, rows[i].name))
                    take(context, b, ref, &rows[i]);
        }
    }
}

/* As it would be written; secrets in clear. Freed by the caller. */
static char *value_text(const struct setting *row, const void *settings)
{
    char text[256];
    const char *value = text;
    if (row->type == SETTING_TYPE_TEXT || row->type == SETTING_TYPE_SECRET)
        memcpy(&value, (const char *)settings + row->offset, sizeof value);
    else
        CHECK(settings_format(row, settings, text, sizeof text));
    char *copy = strdup(value);
    CHECK(copy != NULL);
    return copy;
}

static void free_value(char *value)
{
    explicit_bzero(value, strlen(value));
    free(value);
}

/* -------- reading -------- */

struct reading {
    struct config_build *into;
    const struct config_file *file; /* known to `into` */
    struct config_ref section;      /* of the values before … */
    struct config_ref found;        /* … there, */
    bool usable;                    /* if it may have values */
    bool begun;
};

/* A section that the files do not name any more does not come back: what was meant for it would
 * make a half of it again. That of a user does, for a user needs none to have limits. */
static bool find_section(struct reading *r, const struct config_build *b, struct config_ref ref)
{
    const char *name = section_name(b, ref);
    bool exists = ref.scope == SETTING_SCOPE_GLOBAL || ref.scope == SETTING_SCOPE_DATABASE ||
                  ref.scope == SETTING_SCOPE_USER ||
                  config_build_has_section(r->into, ref.scope, name);
    struct config_place place = {.file = r->file};
    if (exists)
        return config_build_section(r->into, ref.scope, name, place, &r->found);
    config_build_warning(r->into, place,
                         "there is no [%s %s] any more; what SET PERSIST wrote for it is passed "
                         "over (RESET PERSIST forgets it)",
                         ref.scope == SETTING_SCOPE_SERVER ? "server" : "listener", name);
    return false;
}

static void apply(void *context, const struct config_build *b, struct config_ref ref,
                  const struct setting *row)
{
    struct reading *r = context;
    if (!r->begun || r->section.scope != ref.scope || r->section.index != ref.index) {
        r->begun = true;
        r->section = ref;
        r->usable = find_section(r, b, ref);
    }
    if (!r->usable)
        return;
    struct config_place place = {.file = r->file,
                                 .line = config_build_place(b, ref, row->name).line};
    char *value = value_text(row, config_build_settings(b, ref));
    config_build_set(r->into, r->found, row->name, value, place);
    free_value(value);
}

void config_read_kept(struct config_build *b, const char *file)
{
    char *path = with_ending(file, "");
    struct config_build kept = read_kept(path, b->errors, b->warnings);
    struct reading r = {.into = b};
    if (kept.file_count > 0) {
        struct config_file *known = config_build_file(b, path);
        known->world_readable = kept.files[0]->world_readable;
        r.file = known;
        for_each_value(&kept, apply, &r);
    }
    forget(&kept);
    free(path);
}

/* -------- writing -------- */

struct writing {
    FILE *out;
    struct config_ref section;
    bool begun;
    size_t values;
};

static void write_quoted(FILE *out, const char *text)
{
    static const char escapes[][2] = {{'\n', 'n'}, {'\t', 't'},  {'\r', 'r'},
                                      {'\b', 'b'}, {'\\', '\\'}, {'"', '"'}};
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        char c = *text;
        for (size_t i = 0; i < countof(escapes); i++) {
            if (escapes[i][0] == *text) {
                (void)fputc('\\', out);
                c = escapes[i][1];
            }
        }
        (void)fputc(c, out);
    }
    (void)fputc('"', out);
}

static void write_value(void *context, const struct config_build *b, struct config_ref ref,
                        const struct setting *row)
{
    static const char *const kinds[] = {"weir", "server", "user", "database", "listener"};
    struct writing *w = context;
    if (!w->begun || w->section.scope != ref.scope || w->section.index != ref.index) {
        w->begun = true;
        w->section = ref;
        bool global = ref.scope == SETTING_SCOPE_GLOBAL;
        (void)fprintf(w->out, "\n[%s%s%s%s]\n", kinds[ref.scope], global ? "" : " \"",
                      section_name(b, ref), global ? "" : "\"");
    }
    char *value = value_text(row, config_build_settings(b, ref));
    (void)fprintf(w->out, "%s = ", row->name);
    write_quoted(w->out, value);
    (void)fputc('\n', w->out);
    free_value(value);
    w->values++;
}

/* The folder, so that the new name survives a crash of the machine. */
static void sync_folder(const char *path)
{
    char *folder = strdup(path);
    CHECK(folder != NULL);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[1] = '\0';
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(folder);
}

static bool write_new(const char *path, const struct config_build *kept, size_t *values)
{
    (void)unlink(path); /* it would keep its permissions, and a link may lead anywhere */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    struct writing w = {.out = out};
    (void)fputs("# Written by SET PERSIST and RESET PERSIST; read after the file whose name it "
                "has.\n",
                out);
    for_each_value(kept, write_value, &w);
    *values = w.values;
    bool good = fflush(out) == 0 && fsync(fd) == 0;
    return fclose(out) == 0 && good;
}

static bool replace_file(const char *file, const struct config_build *kept)
{
    char *path = with_ending(file, "");
    char *new_path = with_ending(file, ".new");
    size_t values = 0;
    bool good = write_new(new_path, kept, &values);
    if (good && values > 0)
        good = rename(new_path, path) == 0;
    else if (good)
        good = (unlink(path) == 0 || errno == ENOENT) && unlink(new_path) == 0;
    int saved_errno = errno;
    if (good)
        sync_folder(path);
    else
        (void)unlink(new_path);
    free(path);
    free(new_path);
    errno = saved_errno;
    return good;
}

static void change(struct config_build *kept, const struct config_override *c)
{
    struct config_ref ref;
    const struct setting *row;
    if (c->value != NULL)
        config_build_override(kept, c, "SET PERSIST");
    else if (config_build_find(kept, c->name, &ref, &row))
        config_build_unset(kept, ref, row);
}

bool persist_write(const char *file, const struct config_override *changes, size_t count,
                   struct config_errors *errors)
{
    size_t errors_before = errors->count;
    char *path = with_ending(file, "");
    struct config_build kept =
        count > 0 ? read_kept(path, errors, NULL) : config_build_begin(NULL, errors, NULL);
    for (size_t i = 0; i < count; i++)
        change(&kept, &changes[i]);
    bool good = errors->count == errors_before;
    if (good && !replace_file(file, &kept)) {
        config_errors_add(errors, "%s cannot be written: %s", path, strerror(errno));
        good = false;
    }
    forget(&kept);
    free(path);
    return good;
}
