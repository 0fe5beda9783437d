/* SPDX-License-Identifier: Apache-2.0
 * Reads mysql://user:password@host:port?socket=/path: a whole configuration in one word. Complaints
 * never quote the URL, because of the password in it. */
#include "base/check.h"
#include "base/text.h"
#include "conf/config_build.h"

#include <stdlib.h>
#include <string.h>

#define URL_SERVER   "main"
#define URL_MAX_SIZE 2048

static const struct config_place url_place = {.origin = "the URL"};

/* The parts, cut out of one buffer; still percent-encoded; NULL where there is none. */
struct url_parts {
    char *user;
    char *password;
    char *host;
    char *port;
    char *database;
    char *query;
};

/* Cuts `text` at the first `separator`; returns what is behind it, or NULL. */
static char *cut(char *text, char separator)
{
    char *at = strchr(text, separator);
    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + 1;
}

/* In place. False when a % is not followed by two hex digits, or stands for a NUL. */
static bool percent_decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        uint8_t byte = (uint8_t)*in;
        if (*in == '%') {
            if (in[1] == '\0' || !text_parse_hex(bytes_of(in + 1, 2), &byte, 1) || byte == 0)
                return false;
            in += 2;
        }
        *out++ = (char)byte;
    }
    *out = '\0';
    return true;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static bool split_host(char *text, struct url_parts *out)
{
    out->host = text;
    if (text[0] != '[') {
        out->port = cut(text, ':');
        return out->port == NULL || strchr(out->port, ':') == NULL;
    }
    out->host = text + 1;
    char *rest = cut(text + 1, ']');
    if (rest == NULL || (rest[0] != '\0' && rest[0] != ':'))
        return false;
    out->port = rest[0] == ':' ? rest + 1 : NULL;
    return true;
}

static bool split(struct config_build *b, char *text, struct url_parts *out)
{
    *out = (struct url_parts){0};
    out->query = cut(text, '?');
    out->database = cut(text, '/');
    if (strchr(text, '@') == NULL && ((out->database != NULL && strchr(out->database, '@')) ||
                                      (out->query != NULL && strchr(out->query, '@')))) {
        config_build_error(b, url_place,
                           "there is an '@' behind a '/' or '?'; write these as %%2F and %%3F in "
                           "a user or password");
        return false;
    }
    char *host = text;
    char *at = strrchr(text, '@');
    if (at != NULL) {
        *at = '\0';
        host = at + 1;
        out->user = text;
        out->password = cut(text, ':');
    }
    if (!split_host(host, out)) {
        config_build_error(b, url_place,
                           "the host is wrong; write HOST, HOST:PORT or, for IPv6, [ADDRESS]:PORT");
        return false;
    }
    return true;
}

static bool decode(struct config_build *b, const struct url_parts *p)
{
    char *const parts[] = {p->user, p->password, p->host};
    for (size_t i = 0; i < countof(parts); i++) {
        if (parts[i] != NULL && !percent_decode(parts[i])) {
            config_build_error(b, url_place,
                               "a '%%' is followed by two hex digits; a '%%' itself is %%25");
            return false;
        }
    }
    return true;
}

/* "socket=/path"; others, which drivers know, mean nothing to a pooler. */
static void read_query(struct config_build *b, struct config_ref server, char *query)
{
    for (char *next = query; next != NULL;) {
        char *item = next;
        next = cut(item, '&');
        char *value = cut(item, '=');
        if (item[0] == '\0')
            continue;
        if (value == NULL || strcmp(item, "socket") != 0)
            config_build_warning(b, url_place, "'%.60s' is not used; only ?socket=/PATH is", item);
        else if (!percent_decode(value))
            config_build_error(b, url_place, "the socket has a '%%' without two hex digits");
        else
            config_build_set(b, server, "socket", value, url_place);
    }
}

static void read_user(struct config_build *b, const struct url_parts *p)
{
    struct config_ref user;
    if (p->user == NULL || p->user[0] == '\0')
        return;
    if (!config_build_section(b, SETTING_SCOPE_USER, p->user, url_place, &user))
        return;
    /* Whom a URL names it lists: one without a password has the empty one, or that of the file. */
    if (p->password != NULL || !b->config->users[user.index].is_listed)
        config_build_set(b, user, "password", p->password != NULL ? p->password : "", url_place);
    config_build_set(b, user, "server", URL_SERVER, url_place);
}

static void read_parts(struct config_build *b, const struct url_parts *p)
{
    struct config_ref server;
    if (!config_build_section(b, SETTING_SCOPE_SERVER, URL_SERVER, url_place, &server))
        return;
    if (p->host[0] != '\0')
        config_build_set(b, server, "host", p->host, url_place);
    if (p->port != NULL)
        config_build_set(b, server, "port", p->port, url_place);
    if (p->database != NULL && p->database[0] != '\0')
        config_build_warning(b, url_place,
                             "the database '%.60s' is not used: each client names its own",
                             p->database);
    if (p->query != NULL)
        read_query(b, server, p->query);
    read_user(b, p);
}

void config_read_url(struct config_build *b, const char *url)
{
    static const char *const schemes[] = {"mysql://", "mariadb://"};
    const char *rest = NULL;
    for (size_t i = 0; i < countof(schemes); i++) {
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            rest = url + strlen(schemes[i]);
    }
    char text[URL_MAX_SIZE];
    struct url_parts parts;
    if (rest == NULL)
        config_build_error(b, url_place,
                           "it must begin with mysql://, then USER:PASSWORD@HOST:PORT");
    else if (!text_copy(text, sizeof(text), bytes_of_text(rest)))
        config_build_error(b, url_place, "it is longer than %d bytes", URL_MAX_SIZE - 1);
    else if (split(b, text, &parts) && decode(b, &parts)) {
        read_parts(b, &parts);
        explicit_bzero(text, sizeof(text));
        return;
    }
    explicit_bzero(text, sizeof(text));
    b->broken_section = true;
}
