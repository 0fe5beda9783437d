/* SPDX-License-Identifier: Apache-2.0
 * The users file: one user in a line, "NAME HASH [SERVER]", as a script can write it from
 * mysql.user. Each line is as good as a [user] section with a password and a server; a section of
 * the same name counts instead of it. A second line of a user is its secondary_password. */
#include "base/check.h"
#include "base/text.h"
#include "conf/config_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_SIZE 1024

struct users_file {
    struct config_build *build;
    struct config_place place; /* the line that is being read */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts the next word off, with its quotes; NULL at the end of the line, or when a quote is left
 * open (*rest is NULL then). */
static char *next_word(char **rest)
{
    char *at = *rest;
    while (is_blank(*at))
        at++;
    if (*at == '\0' || *at == '#') {
        *rest = at + strlen(at);
        return NULL;
    }
    char quote = *at == '"' || *at == '\'' ? *at : '\0';
    char *word = quote != '\0' ? ++at : at;
    while (*at != '\0' && (quote != '\0' ? *at != quote : !is_blank(*at)))
        at++;
    if (quote != '\0' && *at == '\0') {
        *rest = NULL;
        return NULL;
    }
    if (*at != '\0')
        *at++ = '\0';
    *rest = at;
    return word;
}

/* A word that no server stores for a password is one: it does not belong in this file. */
static bool looks_like_hash(const char *text)
{
    static const char *const beginnings[] = {"$A$", "$5$", "0x", "P0:"};
    uint8_t hash[20];
    if (text[0] == '*')
        return text_parse_hex(bytes_of_text(text + 1), hash, sizeof hash);
    for (size_t i = 0; i < countof(beginnings); i++)
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return strlen(text) == 43 && strspn(text, base64) == 43; /* a public key of ed25519 */
}

static void add_line(struct users_file *f, const char *name, const char *hash, const char *server)
{
    struct config_build *b = f->build;
    struct config_ref ref;
    const struct config_user *known = config_build_user(b, name);
    bool second = known != NULL && known->is_listed;
    if (second && !known->of_users_file)
        return; /* the password of its [user] section counts */
    if (second && known->settings.secondary_password[0] != '\0') {
        config_build_error(b, f->place, "user '%.128s' is there three times", name);
        return;
    }
    struct config_place place = f->place;
    if (known != NULL)
        place.file = NULL; /* a line is no second section */
    if (!config_build_section(b, SETTING_SCOPE_USER, name, place, &ref))
        return;
    b->config->users[ref.index].of_users_file = true;
    config_build_set(b, ref, second ? "secondary_password" : "password", hash, f->place);
    if (server != NULL)
        config_build_set(b, ref, "server", server, f->place);
}

static void read_line(struct users_file *f, char *line)
{
    char *rest = line;
    char *name = next_word(&rest);
    if (name == NULL && rest != NULL)
        return; /* nothing, or a comment */
    char *hash = rest != NULL ? next_word(&rest) : NULL;
    char *server = rest != NULL && hash != NULL ? next_word(&rest) : NULL;
    bool more = rest != NULL && server != NULL && next_word(&rest) != NULL;
    if (rest == NULL)
        config_build_error(f->build, f->place, "a quote is not closed");
    else if (hash == NULL || more)
        config_build_error(f->build, f->place, "a line of the users file is NAME HASH [SERVER]");
    else if (!looks_like_hash(hash))
        config_build_error(f->build, f->place,
                           "the second word is no hash as a server stores it, like '*' and 40 hex "
                           "digits; a password in clear text belongs in a [user] section");
    else
        add_line(f, name, hash, server);
}

/* False, with a complaint, when accounts that have no business with it can read or write it. */
static bool is_private(struct users_file *f, FILE *stream)
{
    struct stat status;
    if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode)) {
        config_build_error(f->build, f->place, "is not a file");
        return false;
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        config_build_error(f->build, f->place,
                           "every account of this machine can write into it, and so log in as "
                           "anybody; chmod o-w %s",
                           f->place.file->name);
        return false;
    }
    if ((status.st_mode & S_IROTH) == 0)
        return true;
    config_build_error(
        f->build, f->place,
        "every account of this machine can read the hashes in it, and who has a hash "
        "and listens to a login can log in; chmod o-r %s",
        f->place.file->name);
    return false;
}

void config_read_users(struct config_build *b)
{
    const char *path = b->config->global.users_file;
    if (path[0] == '\0')
        return;
    struct config_ref global = {.scope = SETTING_SCOPE_GLOBAL};
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        config_build_error(b, config_build_place(b, global, "users_file"),
                           "cannot read the users file %s: %s", path, strerror(errno));
        return;
    }
    struct users_file f = {.build = b, .place.file = config_build_file(b, path)};
    char line[LINE_MAX_SIZE];
    bool readable = is_private(&f, stream);
    while (readable && fgets(line, sizeof line, stream) != NULL) {
        f.place.line++;
        if (strchr(line, '\n') == NULL && !feof(stream)) {
            config_build_error(b, f.place, "a line is longer than %d bytes", LINE_MAX_SIZE - 2);
            break;
        }
        read_line(&f, line);
    }
    explicit_bzero(line, sizeof line);
    (void)fclose(stream);
}
