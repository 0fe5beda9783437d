/* SPDX-License-Identifier: Apache-2.0
 * Reads files of my.cnf syntax. inih splits the lines; what is special to MySQL happens here:
 * comments behind values, quotes and escapes, !include, and section headers, which inih neither
 * announces nor keeps beyond 50 bytes. */
#include "base/check.h"
#include "base/text.h"
#include "conf/config_build.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_SIZE 4096
#define INCLUDE_DEPTH 8
#define INCLUDE_FILES 256

/* One file that is being read. */
struct ini_file {
    struct config_build *build;
    FILE *stream;
    struct config_place place; /* the line that is being read */
    bool in_section;           /* keys belong to `section` */
    bool section_is_wrong;     /* keys are passed over: the header had its complaint */
    struct config_ref section;
    unsigned depth;
};

static void read_file(struct config_build *b, const char *path, unsigned depth);

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char *trim(char *text)
{
    while (is_space(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && is_space(text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

/* Cuts a comment: '#' outside quotes, wherever it stands, as MySQL does. True when it stood right
 * behind a character of the value, where it may be meant as part of it. */
static bool cut_comment(char *line)
{
    char quote = '\0';
    bool escaped = false;
    for (char *c = line; *c != '\0'; c++) {
        if ((*c == '\'' || *c == '"') && !escaped)
            quote = quote == '\0' ? *c : quote == *c ? '\0' : quote;
        if (quote == '\0' && *c == '#') {
            *c = '\0';
            return c > line && !is_space(c[-1]);
        }
        escaped = quote != '\0' && *c == '\\' && !escaped;
    }
    return false;
}

/* Takes the quotes around a value off, in place. */
static char *unquote(char *value)
{
    size_t n = strlen(value);
    if (n >= 2 && (value[0] == '\'' || value[0] == '"') && value[n - 1] == value[0]) {
        value[n - 1] = '\0';
        value++;
    }
    return value;
}

/* The escapes of option files; any other backslash stays as it is. */
static void unescape(char *value)
{
    static const char escapes[][2] = {{'n', '\n'}, {'t', '\t'},  {'r', '\r'}, {'b', '\b'},
                                      {'s', ' '},  {'\\', '\\'}, {'"', '"'},  {'\'', '\''}};
    char *out = value;
    for (const char *in = value; *in != '\0'; in++) {
        char c = *in;
        for (size_t i = 0; c == '\\' && i < countof(escapes); i++) {
            if (in[1] == escapes[i][0]) {
                c = escapes[i][1];
                in++;
                break;
            }
        }
        *out++ = c;
    }
    *out = '\0';
}

/* "weir", "server db1", "user 'a b'"; false when it is none of ours. */
static bool parse_header(char *header, enum setting_scope *scope, char **name)
{
    static const char *const kinds[] = {"weir", "server", "user", "database", "listener"};
    size_t n = strcspn(header, " \t\"'");
    struct bytes kind = bytes_of(header, n);
    for (enum setting_scope s = SETTING_SCOPE_GLOBAL; s <= SETTING_SCOPE_LAST; s++) {
        if (!text_equal_nocase(kind, kinds[s]))
            continue;
        *scope = s;
        *name = unquote(trim(header + n));
        return s != SETTING_SCOPE_GLOBAL || (*name)[0] == '\0';
    }
    return false;
}

static void begin_section(struct ini_file *f, char *line)
{
    size_t n = strlen(line);
    enum setting_scope scope;
    char *name;
    f->in_section = false;
    f->section_is_wrong = true;
    if (line[n - 1] != ']') {
        config_build_error(f->build, f->place, "a section header ends with ']': %.80s", line);
    } else {
        line[n - 1] = '\0';
        char *header = trim(line + 1);
        if (!parse_header(header, &scope, &name))
            config_build_error(f->build, f->place,
                               "unknown section [%.80s]; there are [weir], [server NAME] and "
                               "[user NAME]",
                               header);
        else
            f->in_section = config_build_section(f->build, scope, name, f->place, &f->section);
    }
    f->section_is_wrong = !f->in_section;
    f->build->broken_section |= f->section_is_wrong;
}

/* A path in an !include is seen from the file that it stands in. */
static char *resolve(const struct ini_file *f, const char *path)
{
    char *full;
    const char *here = f->place.file->name;
    const char *slash = strrchr(here, '/');
    int folder = path[0] == '/' || slash == NULL ? 0 : (int)(slash - here + 1);
    CHECK(asprintf(&full, "%.*s%s", folder, here, path) >= 0);
    return full;
}

static int is_option_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 4 && strcmp(entry->d_name + n - 4, ".cnf") == 0;
}

static void include_folder(struct ini_file *f, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_option_file, alphasort);
    if (count < 0) {
        config_build_error(f->build, f->place, "cannot read the folder %s: %s", folder,
                           strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char *path;
        CHECK(asprintf(&path, "%s/%s", folder, entries[i]->d_name) >= 0);
        read_file(f->build, path, f->depth + 1);
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void include(struct ini_file *f, const char *line)
{
    bool is_folder = strncmp(line, "!includedir", 11) == 0;
    size_t n = is_folder ? 11 : 8;
    if (strncmp(line, "!include", 8) != 0 || !is_space(line[n])) {
        config_build_error(f->build, f->place,
                           "unknown directive; there are !include FILE and "
                           "!includedir FOLDER");
        return;
    }
    if (f->depth + 1 >= INCLUDE_DEPTH || f->build->file_count >= INCLUDE_FILES) {
        config_build_error(f->build, f->place, "too many files include each other");
        return;
    }
    while (is_space(line[n]))
        n++;
    char *path = resolve(f, line + n);
    if (is_folder)
        include_folder(f, path);
    else
        read_file(f->build, path, f->depth + 1);
    free(path);
}

/* Looks at a line before inih does. True when it is one for inih: "name = value". */
static bool prepare_line(struct ini_file *f, char *line)
{
    if (line[0] == '\0' || line[0] == ';' || line[0] == '#')
        return false;
    if (line[0] == '!') {
        include(f, line);
        return false;
    }
    bool doubtful = cut_comment(line);
    char *end = trim(line);
    if (end[0] == '[') {
        begin_section(f, end);
        return false;
    }
    if (f->section_is_wrong)
        return false;
    if (!f->in_section) {
        config_build_error(f->build, f->place,
                           "this stands before the first section; put it "
                           "under [weir]");
        return false;
    }
    if (end[strcspn(end, "=:")] == ':') {
        config_build_error(f->build, f->place, "':' does not separate; write name = value");
        return false;
    }
    if (doubtful)
        config_build_warning(f->build, f->place,
                             "'#' begins a comment here; when it belongs to the value, put the "
                             "value in quotes");
    return true;
}

/* Reads one line without its end. False when there is none left. */
static bool next_line(struct ini_file *f, char *line, size_t size)
{
    size_t n = 0;
    bool too_long = false;
    bool has_nul = false;
    int c = fgetc(f->stream);
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = fgetc(f->stream)) {
        has_nul |= c == '\0';
        too_long |= n + 1 == size;
        if (!too_long)
            line[n++] = (char)c;
    }
    line[n] = '\0';
    f->place.line++;
    if (too_long)
        config_build_error(f->build, f->place, "the line is longer than %zu bytes", size - 1);
    else if (has_nul)
        config_build_error(f->build, f->place, "the line has a NUL byte: is this a text file?");
    if (too_long || has_nul)
        line[0] = '\0';
    return true;
}

/* Editors on Windows put a mark in front of UTF-8 text. */
static char *without_bom(char *text)
{
    static const char bom[] = "\xef\xbb\xbf";
    for (size_t i = 0; i < sizeof(bom) - 1; i++) {
        if (text[i] != bom[i])
            return text;
    }
    return text + sizeof(bom) - 1;
}

/* The reader that inih calls: gives it only lines that hold a setting. */
static char *read_line(char *out, int out_size, void *context)
{
    struct ini_file *f = context;
    char line[LINE_MAX_SIZE];
    while (next_line(f, line, sizeof(line))) {
        char *text = trim(f->place.line == 1 ? without_bom(line) : line);
        if (!prepare_line(f, text))
            continue;
        int n = snprintf(out, (size_t)out_size, "%s\n", trim(text));
        CHECK(n > 0 && n < out_size);
        return out;
    }
    return NULL;
}

static int take_setting(void *context, const char *section, const char *name, const char *value)
{
    (void)section;
    struct ini_file *f = context;
    if (name == NULL)
        return 1;
    if (value == NULL) {
        config_build_set(f->build, f->section, name, NULL, f->place);
        return 1;
    }
    char copy[LINE_MAX_SIZE];
    if (!text_copy(copy, sizeof(copy), bytes_of_text(value)))
        return 0;
    char *text = unquote(copy);
    unescape(text);
    config_build_set(f->build, f->section, name, text, f->place);
    explicit_bzero(copy, sizeof(copy));
    return 1;
}

/* inih's options are variables of the library. */
static void set_up_inih(void)
{
    ini_allow_inline_comments = false;
    ini_allow_no_value = true;
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_initial_alloc = LINE_MAX_SIZE + 8;
    ini_max_line = LINE_MAX_SIZE + 8;
}

static void read_file(struct config_build *b, const char *path, unsigned depth)
{
    struct ini_file f = {.build = b, .depth = depth};
    struct config_file *file = config_build_file(b, path);
    f.place.file = file;
    f.stream = fopen(path, "re");
    if (f.stream == NULL) {
        config_build_error(b, f.place, "cannot be opened: %s", strerror(errno));
        b->broken_section = true;
        return;
    }
    struct stat status;
    if (fstat(fileno(f.stream), &status) == 0 && S_ISREG(status.st_mode))
        file->world_readable = (status.st_mode & S_IROTH) != 0;
    set_up_inih();
    int result = ini_parse_stream(read_line, &f, take_setting, &f);
    f.place.line = 0;
    if (result != 0 || ferror(f.stream))
        config_build_error(b, f.place, "cannot be read: %s", strerror(errno));
    b->broken_section |= ferror(f.stream) != 0;
    (void)fclose(f.stream);
}

void config_read_file(struct config_build *b, const char *path)
{
    read_file(b, path, 0);
}
