/* SPDX-License-Identifier: Apache-2.0
 * What no single value can tell: settings that contradict each other, or that are missing. */
#include "base/network.h"
#include "base/text.h"
#include "conf/compression_list.h"
#include "conf/config_build.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PASSWORD_MAX       255 /* what a login can carry in one length byte */
#define SERVER_VERSION_MAX 60  /* MySQL's own limit */

static const struct config_ref global = {.scope = SETTING_SCOPE_GLOBAL};

static struct config_ref server_ref(size_t i)
{
    return (struct config_ref){.scope = SETTING_SCOPE_SERVER, .index = i};
}

static struct config_ref user_ref(size_t i)
{
    return (struct config_ref){.scope = SETTING_SCOPE_USER, .index = i};
}

static void check_socket_path(struct config_build *b, struct config_ref ref, const char *path)
{
    const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (strlen(path) > room)
        config_build_error(b, config_build_place(b, ref, "socket"),
                           "socket: the path is longer than %zu bytes, which the kernel allows",
                           room);
}

static void check_networks(struct config_build *b, struct config_ref ref, const char *setting,
                           const char *list)
{
    struct bytes wrong;
    if (!network_list_check(list, &wrong))
        config_build_error(b, config_build_place(b, ref, setting),
                           "%s: '%.*s' is not an address or network like 10.0.0.0/8, fd00::/8, "
                           "localhost or *",
                           setting, (int)(wrong.size < 60 ? wrong.size : 60),
                           (const char *)wrong.data);
}

static void check_socket_mode(struct config_build *b, struct config_ref ref, const char *mode)
{
    if (mode[strspn(mode, "01234567")] != '\0' || strlen(mode) < 3 || strlen(mode) > 4)
        config_build_error(b, config_build_place(b, ref, "socket_mode"),
                           "socket_mode: '%.20s' is not an octal mode like 0777 or 660", mode);
}

/* Without an authority no certificate is asked for. */
static void check_certificates(struct config_build *b, struct config_ref ref, const char *setting,
                               enum client_ssl ssl)
{
    if (ssl >= CLIENT_SSL_VERIFY_CA && b->config->global.ssl_ca[0] == '\0')
        config_build_error(b, config_build_place(b, ref, setting),
                           "%s = %s needs ssl_ca in [weir]: the authority of the certificates that "
                           "clients show",
                           setting, ssl == CLIENT_SSL_VERIFY_CA ? "verify_ca" : "verify_identity");
}

static void check_listening(struct config_build *b)
{
    const struct global_settings *g = &b->config->global;
    if (g->port == 0 && g->socket[0] == '\0')
        config_build_error(b, config_build_place(b, global, "port"),
                           "there is nothing to listen on: set port, or socket, in [weir]");
    if (g->port != 0 && g->bind_address[0] == '\0')
        config_build_error(b, config_build_place(b, global, "bind_address"),
                           "bind_address is empty; use 127.0.0.1 for this machine only, * for all "
                           "IPv4 interfaces, or :: for all");
    check_socket_path(b, global, g->socket);
    check_socket_mode(b, global, g->socket_mode);
    check_networks(b, global, "allow_networks", g->allow_networks);
    check_networks(b, global, "deny_networks", g->deny_networks);
    check_networks(b, global, "proxy_protocol_networks", g->proxy_protocol_networks);
    if (strlen(g->console_password) > PASSWORD_MAX)
        config_build_error(b, config_build_place(b, global, "console_password"),
                           "console_password is longer than %d bytes", PASSWORD_MAX);
    check_certificates(b, global, "console_ssl", g->console_ssl);
    if (strlen(g->server_version) > SERVER_VERSION_MAX)
        config_build_error(b, config_build_place(b, global, "server_version"),
                           "server_version is longer than %d bytes", SERVER_VERSION_MAX);
}

#define LISTENERS_MAX 32

/* Two places on one port are found when they are opened. */
static void check_listener(struct config_build *b, size_t i)
{
    const struct config_listener *l = &b->config->listeners[i];
    const struct listener_settings *s = &l->settings;
    struct config_ref ref = {.scope = SETTING_SCOPE_LISTENER, .index = i};
    if (i == LISTENERS_MAX)
        config_build_error(b, config_build_place(b, ref, "port"),
                           "there are more than %d [listener] sections", LISTENERS_MAX);
    check_socket_path(b, ref, s->socket);
    check_socket_mode(b, ref, s->socket_mode);
    check_networks(b, ref, "allow_networks", s->allow_networks);
    check_networks(b, ref, "deny_networks", s->deny_networks);
    check_networks(b, ref, "proxy_protocol_networks", s->proxy_protocol_networks);
    check_certificates(b, ref, "ssl", s->ssl);
    bool secure = s->ssl >= CLIENT_SSL_REQUIRED || b->config->global.require_secure_transport;
    if (secure && s->port != 0 && (s->ssl == CLIENT_SSL_OFF || !b->config->global.ssl))
        config_build_warning(b, config_build_place(b, ref, "ssl"),
                             "nobody can log in at the port of [listener %s]: TLS is required and "
                             "not offered",
                             l->name);
}

static void check_compression(struct config_build *b, struct config_ref ref, const char *value)
{
    struct compression_list list;
    if (!compression_list_parse(&list, value))
        config_build_error(b, config_build_place(b, ref, "protocol_compression_algorithms"),
                           "protocol_compression_algorithms: '%.60s' is not a list of zlib, zstd "
                           "and uncompressed, separated by commas",
                           value);
}

static void check_pool(struct config_build *b)
{
    const struct global_settings *g = &b->config->global;
    if (g->pool_size > g->pool_max_size)
        config_build_error(b, config_build_place(b, global, "pool_size"),
                           "pool_size (%u) is above pool_max_size (%u)", g->pool_size,
                           g->pool_max_size);
}

/* The same for a section with words of its own. */
static void check_own_pool(struct config_build *b, struct config_ref ref, const char *section,
                           uint32_t size, uint32_t max_size)
{
    if (size > max_size)
        config_build_error(b, config_build_place(b, ref, "pool_size"),
                           "%s: pool_size (%u) is above pool_max_size (%u)", section, size,
                           max_size);
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

static bool is_any_address(const char *host)
{
    return strcmp(host, "*") == 0 || strcmp(host, "::") == 0 || strcmp(host, "0.0.0.0") == 0;
}

/* Does the server's address lead back to our own listener? */
static bool is_weir_itself(const struct config *c, const struct server_settings *s)
{
    const char *ours = c->global.bind_address;
    if (s->socket[0] != '\0')
        return strcmp(s->socket, c->global.socket) == 0;
    if (c->global.port != s->port)
        return false;
    return strcmp(s->host, ours) == 0 || (is_any_address(ours) && is_loopback(s->host)) ||
           (is_loopback(ours) && strcmp(s->host, "localhost") == 0);
}

static void check_server(struct config_build *b, size_t i)
{
    const struct config_server *s = &b->config->servers[i];
    const struct global_settings *g = &b->config->global;
    if (s->settings.host[0] == '\0' && s->settings.socket[0] == '\0')
        config_build_error(b, config_build_place(b, server_ref(i), "host"),
                           "[server %s] has neither host nor socket", s->name);
    check_socket_path(b, server_ref(i), s->settings.socket);
    check_compression(b, server_ref(i), s->settings.protocol_compression_algorithms);
    check_own_pool(b, server_ref(i), s->name, settings_uint(s->settings.pool_size, 0),
                   settings_uint(s->settings.pool_max_size, g->pool_max_size));
    if (is_weir_itself(b->config, &s->settings))
        config_build_error(b, config_build_place(b, server_ref(i), "port"),
                           "[server %s] is the address that Weir itself listens on; name the "
                           "MySQL server there, usually port 3306",
                           s->name);
    if (g->pool_max_size > s->settings.max_connections &&
        config_build_was_set(b, global, "pool_max_size"))
        config_build_warning(b, config_build_place(b, server_ref(i), "max_connections"),
                             "pool_max_size (%u) is never reached: [server %s] max_connections "
                             "allows %u link%s over all pools",
                             g->pool_max_size, s->name, s->settings.max_connections,
                             text_plural(s->settings.max_connections));
}

/* An address that others than this machine reach; NULL none. */
static const char *open_address(const struct config *c)
{
    if (c->global.port != 0 && !is_loopback(c->global.bind_address))
        return c->global.bind_address;
    for (size_t i = 0; i < c->listener_count; i++) {
        const struct listener_settings *l = &c->listeners[i].settings;
        if (l->port != 0 && !is_loopback(l->bind_address))
            return l->bind_address;
    }
    return NULL;
}

/* Whoever reaches Weir is then a local one to the server. */
static void check_locality(struct config_build *b)
{
    const struct config *c = b->config;
    const char *address = open_address(c);
    if (c->server_count == 0 || !c->serves_unknown_users || address == NULL)
        return;
    const struct server_settings *first = &c->servers[0].settings;
    if (first->proxy_protocol != PROXY_PROTOCOL_OFF)
        return;
    if (first->socket[0] != '\0' || is_loopback(first->host))
        config_build_warning(b, config_build_place(b, global, "unknown_users"),
                             "the server sees all clients come from its own machine, so accounts "
                             "of 'localhost' are open to everybody who reaches %s; unknown_users = "
                             "refuse lets in only those that are configured",
                             address);
}

/* An account for Weir's own errands has its password in its section. */
static void check_errand(struct config_build *b, size_t i, const char *setting, const char *name)
{
    if (name[0] == '\0' || b->broken_section)
        return;
    const struct config_user *u = config_build_user(b, name);
    struct config_place place = config_build_place(b, server_ref(i), setting);
    if (u == NULL)
        config_build_error(b, place, "there is no [user %.60s]; add it, with its password", name);
    else if (!u->is_listed)
        config_build_error(b, place, "[user %.60s] has no password; add it", name);
}

static void check_errands(struct config_build *b, size_t i)
{
    const struct server_settings *s = &b->config->servers[i].settings;
    check_errand(b, i, "auth_user", s->auth_user);
    check_errand(b, i, "catalogue_user", s->catalogue_user);
    check_errand(b, i, "monitor_user", s->monitor_user);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What servers store for caching_sha2_password and sha256_password is recognized by how it begins;
 * the length that it has then, 0: it is no such thing. */
static size_t stored_length(const char *password)
{
    if (starts_with(password, "$A$") && strlen(password) > 6 && password[6] == '$')
        return 70;
    if (starts_with(password, "$5$") && strlen(password) > 40)
        return 67;
    if (starts_with(password, "0x244124"))
        return 2 + 2 * 70;
    return starts_with(password, "0x243524") ? 2 + 2 * 67 : 0;
}

static bool is_stored_hash(const char *password)
{
    uint8_t hash[20];
    return stored_length(password) != 0 ||
           (password[0] == '*' && text_parse_hex(bytes_of_text(password + 1), hash, sizeof(hash)));
}

static void check_stored_hash(struct config_build *b, size_t i, const char *setting,
                              const char *password)
{
    const struct config_user *u = &b->config->users[i];
    size_t length = stored_length(password);
    if (length == 0 || strlen(password) == length)
        return;
    config_build_error(b, config_build_place(b, user_ref(i), setting),
                       "the password of '%s' begins like what a server stores, but has %zu "
                       "characters instead of %zu (salts may hold any byte: SET "
                       "print_identified_with_as_hex = 1; SHOW CREATE USER shows it as 0x…). If it "
                       "is clear text, write plain: before it",
                       u->name, strlen(password), length);
}

/* Clear text in a file that every account of the machine can read. */
static void check_secrecy(struct config_build *b, size_t i, const char *setting,
                          const char *password)
{
    const struct config_user *u = &b->config->users[i];
    struct config_place place = config_build_place(b, user_ref(i), setting);
    bool is_hash = is_stored_hash(password);
    if (password[0] == '\0' || is_hash || place.file == NULL || !place.file->world_readable)
        return;
    config_build_warning(b, place,
                         "every account of this machine can read the password of '%s'; chmod o-r "
                         "the file",
                         u->name);
}

static void check_password(struct config_build *b, size_t i, const char *setting,
                           const char *password)
{
    if (strlen(password) > PASSWORD_MAX)
        config_build_error(b, config_build_place(b, user_ref(i), setting),
                           "%s is longer than %d bytes", setting, PASSWORD_MAX);
    check_stored_hash(b, i, setting, password);
    check_secrecy(b, i, setting, password);
}

static bool is_somebody_listed(const struct config *c)
{
    for (size_t i = 0; i < c->user_count; i++)
        if (c->users[i].is_listed)
            return true;
    return false;
}

static void check_user(struct config_build *b, size_t i)
{
    const struct config_user *u = &b->config->users[i];
    const char *wanted = u->settings.server;
    if (!u->is_listed && !b->config->serves_unknown_users)
        config_build_warning(b, config_build_place(b, user_ref(i), "password"),
                             "[user %s]: without a password it is about somebody whom only the "
                             "server knows, and such users are not served; add password = … "
                             "(with nothing behind it: the empty one), set unknown_users = serve "
                             "in [weir], or take it away (RESET PERSIST, if that wrote it)",
                             u->name);
    check_password(b, i, "password", u->settings.password);
    check_password(b, i, "secondary_password", u->settings.secondary_password);
    check_networks(b, user_ref(i), "allow_networks", u->settings.allow_networks);
    check_certificates(b, user_ref(i), "ssl", u->settings.ssl);
    /* Its server is not looked at: what it says may change without the user's section. */
    check_own_pool(b, user_ref(i), u->name, settings_uint(u->settings.pool_size, 0),
                   settings_uint(u->settings.pool_max_size, SETTING_UNSET_UINT));
    if (wanted[0] == '\0' || config_find_server(b->config, wanted) != NULL)
        return;
    const char **names = calloc(b->config->server_count + 1, sizeof(*names));
    const char *nearest = NULL;
    for (size_t s = 0; names != NULL && s < b->config->server_count; s++)
        names[s] = b->config->servers[s].name;
    if (names != NULL)
        nearest = text_nearest(wanted, names, b->config->server_count);
    struct config_place place = config_build_place(b, user_ref(i), "server");
    if (nearest != NULL)
        config_build_error(b, place, "[user %s]: there is no [server %.60s]; did you mean '%s'?",
                           u->name, wanted, nearest);
    else if (!b->broken_section)
        config_build_error(b, place, "[user %s]: there is no [server %.60s]; add it", u->name,
                           wanted);
    free(names);
}

void config_validate(struct config_build *b)
{
    const struct config *c = b->config;
    struct config_place file = {.file = c->file != NULL && b->file_count > 0 ? b->files[0] : NULL};
    check_listening(b);
    check_compression(b, global, c->global.protocol_compression_algorithms);
    check_pool(b);
    for (size_t i = 0; i < c->server_count; i++) {
        check_server(b, i);
        check_errands(b, i);
    }
    check_locality(b);
    for (size_t i = 0; i < c->listener_count; i++)
        check_listener(b, i);
    for (size_t i = 0; i < c->user_count; i++)
        check_user(b, i);
    if (c->server_count == 0 && !b->broken_section)
        config_build_error(b, file,
                           "no server is named: add a section [server main] with host = NAME, or "
                           "start with weir mysql://USER:PASSWORD@HOST:PORT");
    if (!is_somebody_listed(c) && !c->serves_unknown_users && !b->broken_section)
        config_build_warning(b, file,
                             "nobody can log in: add a section [user NAME] with password = …, or "
                             "unknown_users = serve");
}
