/* SPDX-License-Identifier: Apache-2.0
 * Reads the command line, and prints help and defaults from the same tables. */
#include "main/options.h"

#include "base/check.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The options that are no settings. */
static const struct own_option {
    const char *name;
    const char *letter;   /* "-h", or NULL */
    const char *argument; /* what --help calls its value; NULL: it has none */
    enum options_verdict verdict;
    const char *help;
} own_options[] = {
    {"config", "-c", "FILE", OPTIONS_RUN,
     "Read settings from FILE. Without it, and without a URL: ./weir.cnf, then "
     "/etc/weir/weir.cnf, if there is one."},
    {"check-config", NULL, NULL, OPTIONS_CHECK,
     "Read the configuration, say everything that is wrong with it, and end."},
    {"print-defaults", NULL, NULL, OPTIONS_PRINT_DEFAULTS,
     "Print a weir.cnf with every setting, its meaning, range and default."},
    {"help", "-h", NULL, OPTIONS_HELP, "Print this text."},
    {"version", "-V", NULL, OPTIONS_VERSION, "Print the version."},
};

#define NAME_MAX_SIZE 256

/* The arguments while they are read. */
struct parse {
    int argc;
    char *const *argv;
    int next;
    struct options *out;
    struct config_errors *errors;
    bool asked[OPTIONS_WRONG + 1]; /* which verdicts were asked for */
};

static const struct own_option *find_own(const char *name)
{
    for (size_t i = 0; i < countof(own_options); i++) {
        if (strcmp(own_options[i].name, name) == 0)
            return &own_options[i];
    }
    return NULL;
}

static void with_dashes(char *name)
{
    for (; *name != '\0'; name++)
        *name = *name == '_' ? '-' : *name;
}

/* What else could have been meant: another option, or a setting of another section. */
static void complain_unknown(struct parse *p, const char *name)
{
    const char *candidates[countof(own_options) + SETTINGS_COUNT];
    char names[SETTINGS_COUNT][NAME_MAX_SIZE];
    char word[NAME_MAX_SIZE];
    size_t count = 0;
    size_t rows;
    const struct setting *row = settings_all(&rows);
    for (size_t i = 0; i < countof(own_options); i++)
        candidates[count++] = own_options[i].name;
    for (size_t i = 0; i < rows; i++) {
        if (row[i].scope == SETTING_SCOPE_GLOBAL &&
            text_copy(names[i], sizeof(names[i]), bytes_of_text(row[i].name))) {
            with_dashes(names[i]);
            candidates[count++] = names[i];
        }
    }
    (void)!text_copy(word, sizeof(word), bytes_of_text(name));
    with_dashes(word);
    const char *nearest = text_nearest(word, candidates, count);
    if (settings_find(SETTING_SCOPE_USER, name) != NULL)
        config_errors_add(p->errors, "unknown option --%s; write --user.NAME.%s", name, name);
    else if (settings_find(SETTING_SCOPE_SERVER, name) != NULL)
        config_errors_add(p->errors, "unknown option --%s; write --server.NAME.%s", name, name);
    else if (nearest != NULL)
        config_errors_add(p->errors, "unknown option --%.60s; did you mean --%s?", name, nearest);
    else
        config_errors_add(p->errors, "unknown option --%.60s; weir --help lists all options", name);
}

/* The next argument, when it can be a value. */
static const char *take_next(struct parse *p)
{
    if (p->next >= p->argc || strncmp(p->argv[p->next], "--", 2) == 0)
        return NULL;
    return p->argv[p->next++];
}

static void take_own(struct parse *p, const struct own_option *o, const char *value)
{
    p->asked[o->verdict] = true;
    if (o->argument == NULL) {
        if (value != NULL)
            config_errors_add(p->errors, "--%s takes no value", o->name);
        return;
    }
    if (value == NULL)
        value = take_next(p);
    if (value == NULL || value[0] == '\0')
        config_errors_add(p->errors, "--%s needs a value: --%s=%s", o->name, o->name, o->argument);
    else
        p->out->source.file = value;
}

static void take_setting(struct parse *p, const char *name, const char *value)
{
    const struct setting *row = config_override_setting(name);
    /* An unknown setting of a section is left to config_load, which knows the section. */
    if (row == NULL && strchr(name, '.') == NULL) {
        complain_unknown(p, name);
        /* What follows was meant as its value: one complaint is enough. */
        if (value == NULL && p->next < p->argc && p->argv[p->next][0] != '-' &&
            strstr(p->argv[p->next], "://") == NULL)
            p->next++;
        return;
    }
    if (row != NULL && value == NULL && row->type != SETTING_TYPE_BOOL) {
        value = take_next(p);
        if (value == NULL) {
            char range[128];
            settings_describe_range(row, range, sizeof(range));
            config_errors_add(p->errors, "--%s needs a value; allowed: %s", name, range);
            return;
        }
    }
    struct config_source *source = &p->out->source;
    char *copy = strdup(name);
    CHECK(copy != NULL);
    p->out->overrides[source->override_count++] = (struct config_override){copy, value};
}

static void take_long(struct parse *p, const char *text)
{
    const char *value = strchr(text, '=');
    size_t n = value != NULL ? (size_t)(value - text) : strlen(text);
    char name[NAME_MAX_SIZE];
    if (!text_copy(name, sizeof(name), bytes_of(text, n))) {
        config_errors_add(p->errors, "unknown option --%.60s…", text);
        return;
    }
    value = value != NULL ? value + 1 : NULL;
    const struct own_option *own = find_own(name);
    if (own != NULL)
        take_own(p, own, value);
    else
        take_setting(p, name, value);
}

static void take_letter(struct parse *p, const char *text)
{
    for (size_t i = 0; i < countof(own_options); i++) {
        if (own_options[i].letter != NULL && strcmp(own_options[i].letter, text) == 0) {
            take_own(p, &own_options[i], NULL);
            return;
        }
    }
    config_errors_add(p->errors, "unknown option %.20s; weir --help lists all options", text);
}

static void take_url(struct parse *p, const char *text)
{
    if (strstr(text, "://") == NULL)
        config_errors_add(p->errors,
                          "'%.60s' is neither an option nor a URL; a server is named as "
                          "mysql://USER:PASSWORD@HOST:PORT, a file with --config",
                          text);
    else if (p->out->source.url != NULL)
        config_errors_add(p->errors, "more than one URL; name several servers in a file");
    else
        p->out->source.url = text;
}

static enum options_verdict verdict_of(const struct parse *p)
{
    static const enum options_verdict order[] = {OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG,
                                                 OPTIONS_PRINT_DEFAULTS, OPTIONS_CHECK};
    for (size_t i = 0; i < countof(order); i++) {
        if (p->asked[order[i]])
            return order[i];
    }
    return OPTIONS_RUN;
}

enum options_verdict options_parse(int argc, char *const argv[], struct options *out,
                                   struct config_errors *errors)
{
    size_t errors_before = errors->count;
    struct parse p = {.argc = argc, .argv = argv, .next = 1, .out = out, .errors = errors};
    *out = (struct options){0};
    out->overrides = calloc((size_t)(argc > 0 ? argc : 1), sizeof(*out->overrides));
    CHECK(out->overrides != NULL);
    out->source.overrides = out->overrides;
    bool only_urls = false;
    while (p.next < argc) {
        const char *text = argv[p.next++];
        if (!only_urls && strcmp(text, "--") == 0)
            only_urls = true;
        else if (!only_urls && strncmp(text, "--", 2) == 0)
            take_long(&p, text + 2);
        else if (!only_urls && text[0] == '-')
            take_letter(&p, text);
        else
            take_url(&p, text);
    }
    p.asked[OPTIONS_WRONG] = errors->count > errors_before;
    return verdict_of(&p);
}

void options_free(struct options *o)
{
    for (size_t i = 0; i < o->source.override_count; i++)
        free((char *)(uintptr_t)o->overrides[i].name);
    free(o->overrides);
    *o = (struct options){0};
}

void options_find_file(struct options *o)
{
    static const char *const places[] = {"weir.cnf", "/etc/weir/weir.cnf"};
    if (o->source.file != NULL || o->source.url != NULL)
        return;
    for (size_t i = 0; i < countof(places); i++) {
        /* One that is there but may not be read is taken too, so that config_load complains. */
        if (access(places[i], F_OK) == 0) {
            o->source.file = places[i];
            return;
        }
    }
}

/* Prints words, each line beginning with `indent` and at most 80 columns wide. */
static void print_wrapped(FILE *out, const char *indent, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (column > 0 && column + 1 + n > 80) {
            (void)fputc('\n', out);
            column = 0;
        }
        int written = fprintf(out, "%s%.*s", column == 0 ? indent : " ", (int)n, text);
        column += written > 0 ? (size_t)written : 0;
        text += n + strspn(text + n, " ");
    }
    (void)fputc('\n', out);
}

/* "Allowed: 1 to 3600 seconds. Default: 10. Takes effect …" */
static void describe(const struct setting *row, char *out, size_t out_size)
{
    static const char *const when[] = {
        [SETTING_WHEN_LIVE] = "A reload changes it.",
        [SETTING_WHEN_NEW] = "A reload changes it for new connections.",
        [SETTING_WHEN_RESTART] = "A change needs a restart.",
    };
    char range[128];
    settings_describe_range(row, range, sizeof(range));
    bool is_text = row->type == SETTING_TYPE_TEXT || row->type == SETTING_TYPE_SECRET;
    bool has_default = row->default_text[0] != '\0';
    (void)snprintf(out, out_size, "%s%s%s%s%s%s%s",
                   is_text ? "" : "Allowed: ", is_text ? "" : range, is_text ? "" : ". ",
                   has_default ? "Default: " : "", row->default_text, has_default ? ". " : "",
                   when[row->when]);
}

static const char *value_name(const struct setting *row)
{
    switch (row->type) {
    case SETTING_TYPE_UINT:
        return "=NUMBER";
    case SETTING_TYPE_SECONDS:
    case SETTING_TYPE_MSECONDS:
        return "=TIME";
    case SETTING_TYPE_SIZE:
        return "=SIZE";
    case SETTING_TYPE_BOOL:
        return "[=ON|OFF]";
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_SECRET:
        return "=TEXT";
    case SETTING_TYPE_ENUM:
        return "=WORD";
    }
    return "";
}

static void print_setting_help(FILE *out, const char *prefix, const struct setting *row)
{
    char name[NAME_MAX_SIZE];
    char facts[512];
    CHECK(text_copy(name, sizeof(name), bytes_of_text(row->name)));
    with_dashes(name);
    (void)fprintf(out, "  --%s%s%s\n", prefix, name, value_name(row));
    print_wrapped(out, "      ", row->help);
    describe(row, facts, sizeof(facts));
    print_wrapped(out, "      ", facts);
}

static void print_settings_help(FILE *out, const char *title, enum setting_scope scope,
                                const char *prefix)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    (void)fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope == scope)
            print_setting_help(out, prefix, &rows[i]);
    }
}

static void print_own_help(FILE *out)
{
    (void)fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < countof(own_options); i++) {
        const struct own_option *o = &own_options[i];
        (void)fprintf(out, "  %s%s--%s%s%s\n", o->letter != NULL ? o->letter : "",
                      o->letter != NULL ? ", " : "", o->name, o->argument != NULL ? "=" : "",
                      o->argument != NULL ? o->argument : "");
        print_wrapped(out, "      ", o->help);
    }
}

static void print_ending(FILE *out)
{
    (void)fputs("\nSignals:\n"
                "  SIGHUP            read the configuration again\n"
                "  SIGTERM, SIGINT   let transactions finish (drain_timeout), then stop\n"
                "\nExit codes:\n",
                out);
#define PRINT_EXIT_CODE(name, code, meaning) (void)fprintf(out, "  %d   %s\n", code, meaning);
    EXIT_CODES(PRINT_EXIT_CODE)
#undef PRINT_EXIT_CODE
}

void options_print_help(FILE *out)
{
    (void)fputs("Usage: weir [OPTIONS] [mysql://USER:PASSWORD@HOST:PORT]\n"
                "       weir ctl [--config=FILE | --socket=PATH] STATEMENT\n\n",
                out);
    print_wrapped(out, "",
                  "Weir lets many clients share few connections to a MySQL or MariaDB "
                  "server.");
    (void)fputs("\nExamples:\n"
                "  weir mysql://app:secret@db.example.com:3306\n"
                "      One server and one user, no file. Clients connect to port 6033.\n"
                "  weir --print-defaults > weir.cnf\n"
                "      A file to start from, with every setting explained.\n"
                "  weir --config=weir.cnf --pool-max-size=50\n"
                "      What the file says, but for one setting.\n"
                "  weir ctl SHOW PROCESSLIST\n"
                "      A statement for the console of the Weir that runs; HELP lists them.\n"
                "  weir --config=weir.cnf --check-config\n"
                "      Is the file right?\n",
                out);
    print_own_help(out);
    (void)fputc('\n', out);
    print_wrapped(out, "",
                  "Every setting of the file is an option too, written with - or _, its value "
                  "behind = or as the next argument. TIME is a number in the unit given, or has "
                  "one: 500ms, 30s, 5m, 2h, 1d.");
    print_settings_help(out, "Settings of [weir]:", SETTING_SCOPE_GLOBAL, "");
    print_settings_help(out, "Settings of a [server NAME]:", SETTING_SCOPE_SERVER, "server.NAME.");
    print_settings_help(out, "Settings of a [user NAME]:", SETTING_SCOPE_USER, "user.NAME.");
    print_settings_help(out, "Settings of a [database NAME]:", SETTING_SCOPE_DATABASE,
                        "database.NAME.");
    print_settings_help(out, "Settings of a [listener NAME]:", SETTING_SCOPE_LISTENER,
                        "listener.NAME.");
    print_ending(out);
}

static void print_section(FILE *out, const char *header, const char *about,
                          enum setting_scope scope)
{
    size_t count;
    const struct setting *rows = settings_all(&count);
    (void)fputc('\n', out);
    print_wrapped(out, "# ", about);
    (void)fprintf(out, "%s\n", header);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != scope)
            continue;
        char facts[512];
        describe(&rows[i], facts, sizeof(facts));
        (void)fputc('\n', out);
        print_wrapped(out, "# ", rows[i].help);
        print_wrapped(out, "# ", facts);
        (void)fprintf(out, "#%s =%s%s\n", rows[i].name, rows[i].default_text[0] != '\0' ? " " : "",
                      rows[i].default_text);
    }
}

void options_print_defaults(FILE *out)
{
    (void)fputs("# weir.cnf, written by weir --print-defaults: every setting, at its default.\n"
                "# Take the # off a line to change it. Durations may have a unit: 500ms, 30s,\n"
                "# 5m, 2h, 1d. Values with a # or spaces at their ends stand in quotes.\n",
                out);
    print_section(out, "[weir]", "Weir itself.", SETTING_SCOPE_GLOBAL);
    print_section(out, "[server main]",
                  "A server that clients are sent to. There may be several, each with its name.",
                  SETTING_SCOPE_SERVER);
    print_section(out, "[user app]",
                  "A user that may log in to Weir, and with whose name and password Weir logs in "
                  "to the server. One section for each.",
                  SETTING_SCOPE_USER);
    print_section(out, "[database shop]", "Limits of a database; no section is needed for one.",
                  SETTING_SCOPE_DATABASE);
    print_section(
        out, "[listener intern]",
        "Another place where clients come in, with rules of its own beside those of [weir].",
        SETTING_SCOPE_LISTENER);
}

void options_print_version(FILE *out)
{
    (void)fputs("weir " WEIR_VERSION "\n", out);
}
