/* SPDX-License-Identifier: Apache-2.0
 * Looks at the rules. They are those of the configuration at this moment: a reload counts for
 * whoever comes next. */
#include "session/access.h"

#include "base/network.h"
#include "base/text.h"
#include "net/tls.h"

#include <stdio.h>

/* Longer names are in no [user] section. */
#define USER_NAME_ROOM 160

static const struct config_listener *listener_of(const struct client *c)
{
    const char *name = c->worker->proxy->entrances[c->entrance];
    return name != NULL ? config_find_listener(c->worker->config, name) : NULL;
}

/* Its section was taken away, but its socket is open until the next start: it has no rules any
 * more, which must not mean that everybody may come. */
static bool has_lost_its_rules(const struct client *c)
{
    return c->worker->proxy->entrances[c->entrance] != NULL && listener_of(c) == NULL;
}

static struct network_peer peer_of(const struct client *c)
{
    char host[CLIENT_PEER_SIZE];
    struct network_peer peer;
    client_host(c, host);
    if (!network_peer_parse(&peer, bytes_of_text(host)))
        peer = (struct network_peer){0}; /* in no network but those of all */
    return peer;
}

static void tell(const struct client *c, enum counter counter, const char *what, const char *rule,
                 const char *kind, const char *name)
{
    counters_add(&c->worker->counters, counter, 1);
    log_write(LOG_LEVEL_NOTE, client_who(c), "refused: %s by %s of [%s%s%s]", what, rule, kind,
              name[0] != '\0' ? " " : "", name);
}

/* -------- networks -------- */

static const char *broken_network_rule(const char *allow, const char *deny,
                                       const struct network_peer *peer)
{
    if (network_list_has(deny, peer))
        return "deny_networks";
    return allow[0] == '\0' || network_list_has(allow, peer) ? NULL : "allow_networks";
}

static bool network_is_allowed(const struct client *c)
{
    const struct global_settings *g = &c->worker->config->global;
    const struct config_listener *l = listener_of(c);
    if (c->entrance == 0 && g->allow_networks[0] == '\0' && g->deny_networks[0] == '\0')
        return true;
    const struct network_peer peer = peer_of(c);
    const char *rule = broken_network_rule(g->allow_networks, g->deny_networks, &peer);
    if (rule != NULL) {
        tell(c, COUNTER_refused_networks, "its address", rule, "weir", "");
        return false;
    }
    if (has_lost_its_rules(c)) {
        tell(c, COUNTER_refused_networks, "everybody", "a section that is gone", "listener",
             c->worker->proxy->entrances[c->entrance]);
        return false;
    }
    if (l == NULL)
        return true;
    rule = broken_network_rule(l->settings.allow_networks, l->settings.deny_networks, &peer);
    if (rule != NULL)
        tell(c, COUNTER_refused_networks, "its address", rule, "listener", l->name);
    return rule == NULL;
}

bool access_trusts_header(const struct client *c)
{
    const char *general = c->worker->config->global.proxy_protocol_networks;
    const struct config_listener *l = listener_of(c);
    const char *own = l != NULL ? l->settings.proxy_protocol_networks : "";
    if (general[0] == '\0' && own[0] == '\0')
        return false;
    const struct network_peer peer = peer_of(c);
    return network_list_has(general, &peer) || network_list_has(own, &peer);
}

static const char *family_of(const struct client *c)
{
    const struct server_facts *facts = c->facts;
    if (facts == NULL)
        facts = atomic_load(&pool_registry_group(c->worker->proxy->registry, NULL)->facts);
    return facts != NULL && !facts->server.mariadb ? "MySQL" : "MariaDB";
}

static void word(char *text, size_t size, enum mysql_error code, ...)
{
    va_list args;
    va_start(args, code);
    (void)client_word_error(text, size, code, args);
    va_end(args);
}

bool access_let_in(struct client *c)
{
    if (access_trusts_header(c))
        return true;
    c->network_is_judged = true;
    if (network_is_allowed(c))
        return true;
    /* Before the greeting an ERR has no SQLSTATE. */
    char host[CLIENT_PEER_SIZE];
    char text[200];
    uint8_t frame[240];
    struct writer w = writer_over(frame, sizeof frame);
    client_host(c, host);
    word(text, sizeof text, ER_HOST_NOT_PRIVILEGED, host, family_of(c));
    err_packet_encode(&w, 0, ER_HOST_NOT_PRIVILEGED, NULL, bytes_of_text(text));
    client_send_frame(c, &w);
    client_close(c, CLOSE_CLIENT_NETWORK);
    return false;
}

/* -------- logins -------- */

static bool must_be_secure(const struct client *c)
{
    const struct config_listener *l = listener_of(c);
    return c->worker->config->global.require_secure_transport ||
           (l != NULL && l->settings.ssl >= CLIENT_SSL_REQUIRED);
}

bool access_offers_tls(const struct client *c)
{
    const struct config_listener *l = listener_of(c);
    return c->worker->config->global.ssl && (l == NULL || l->settings.ssl != CLIENT_SSL_OFF);
}

bool access_let_log_in(struct client *c)
{
    if (!c->network_is_judged && !network_is_allowed(c)) {
        char host[CLIENT_PEER_SIZE];
        client_host(c, host);
        client_send_mysql_error(c, c->login_sequence, ER_HOST_NOT_PRIVILEGED, host, family_of(c));
        client_close(c, CLOSE_CLIENT_NETWORK);
        return false;
    }
    c->network_is_judged = true;
    if (client_is_secure(c) || !must_be_secure(c))
        return true;
    /* As a server says it, before it looks at who it is. */
    client_send_mysql_error(c, c->login_sequence, ER_SECURE_TRANSPORT_REQUIRED);
    client_close(c, CLOSE_CLIENT_INSECURE);
    return false;
}

/* -------- users -------- */

static const char *broken_name_rule(const char *allow, const char *deny, struct bytes name)
{
    if (name_list_has(deny, name))
        return "deny_users";
    return allow[0] == '\0' || name_list_has(allow, name) ? NULL : "allow_users";
}

/* What is asked of how a client comes, beyond TLS itself, where its user decides or is known; NULL
 * when it is so. */
static const char *broken_ssl_rule(const struct client *c, enum client_ssl ssl, struct bytes name)
{
    switch (ssl) {
    case CLIENT_SSL_OFF:
        return tls_is_on(&c->stream) ? "ssl = off" : NULL;
    case CLIENT_SSL_PREFERRED:
        return NULL;
    case CLIENT_SSL_REQUIRED:
        return client_is_secure(c) ? NULL : "ssl = required";
    case CLIENT_SSL_VERIFY_CA:
        return tls_peer_is_certified(&c->stream) ? NULL : "ssl = verify_ca";
    case CLIENT_SSL_VERIFY_IDENTITY:
        return tls_peer_is_named(&c->stream, name) ? NULL : "ssl = verify_identity";
    }
    return "ssl";
}

static bool name_is_allowed(const struct client *c, struct bytes name)
{
    const struct global_settings *g = &c->worker->config->global;
    const struct config_listener *l = listener_of(c);
    const char *rule = broken_name_rule(g->allow_users, g->deny_users, name);
    bool of_listener = rule == NULL && l != NULL;
    if (of_listener)
        rule = broken_name_rule(l->settings.allow_users, l->settings.deny_users, name);
    if (of_listener && rule == NULL)
        rule = broken_ssl_rule(c, l->settings.ssl, name);
    if (rule == NULL)
        return true;
    char what[100];
    snprintf(what, sizeof what, "user '%.*s'", (int)(name.size < 64 ? name.size : 64),
             (const char *)name.data);
    tell(c, COUNTER_refused_users, what, rule, of_listener ? "listener" : "weir",
         of_listener ? l->name : "");
    return false;
}

bool access_allows_user(const struct client *c, struct bytes name)
{
    char text[USER_NAME_ROOM];
    if (!name_is_allowed(c, name))
        return false;
    const struct config_user *u =
        text_copy(text, sizeof text, name) ? config_find_user(c->worker->config, text) : NULL;
    if (u == NULL ||
        (u->settings.allow_networks[0] == '\0' && !u->settings.require_secure_transport &&
         u->settings.ssl == CLIENT_SSL_PREFERRED))
        return true;
    const struct network_peer peer = peer_of(c);
    const char *rule = broken_network_rule(u->settings.allow_networks, "", &peer);
    if (rule == NULL && u->settings.require_secure_transport && !client_is_secure(c))
        rule = "require_secure_transport";
    if (rule == NULL)
        rule = broken_ssl_rule(c, u->settings.ssl, name);
    if (rule != NULL)
        tell(c, COUNTER_refused_users, "its way", rule, "user", u->name);
    return rule == NULL;
}
