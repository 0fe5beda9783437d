/* SPDX-License-Identifier: Apache-2.0
 * TLS of a client of the console: with the certificate of all clients, since a password is asked
 * for on its port. */
#include "base/log.h"
#include "console/console_client.h"
#include "mysql/login.h"
#include "net/tls.h"
#include "session/tls_setup.h"

static enum client_ssl console_ssl(const struct console_client *c, bool *secure_only)
{
    struct config *config = c->console->orders.hold_config(c->console->orders.context);
    enum client_ssl ssl = config->global.console_ssl;
    *secure_only = config->global.require_secure_transport || ssl >= CLIENT_SSL_REQUIRED;
    config_release(config);
    return ssl;
}

bool console_offers_tls(const struct console_client *c)
{
    bool secure_only;
    if (console_ssl(c, &secure_only) == CLIENT_SSL_OFF)
        return false;
    struct tls_context *t = tls_setup_for_clients(c->console->proxy->tls);
    tls_context_release(t);
    return t != NULL;
}

bool console_client_wants_tls(const struct console_client *c, struct bytes payload)
{
    return c->state == CONSOLE_CLIENT_LOGIN && (c->offered & CAP(SSL)) != 0 &&
           !tls_is_on(&c->stream) && login_is_ssl_request(payload);
}

void console_client_begin_tls(struct console_client *c)
{
    struct tls_context *t = tls_setup_for_clients(c->console->proxy->tls);
    /* NULL: switched off since the greeting. */
    bool started = t != NULL && tls_start(&c->stream, t, NULL);
    tls_context_release(t);
    if (started)
        c->state = CONSOLE_CLIENT_TLS;
    else
        console_client_close(c);
}

bool console_client_step_tls(struct console_client *c)
{
    char error[TLS_ERROR_SIZE];
    switch (tls_handshake(&c->stream, error, sizeof error)) {
    case STREAM_OK:
        c->check.private_channel = true;
        c->state = CONSOLE_CLIENT_LOGIN;
        return true;
    case STREAM_AGAIN:
        return false;
    case STREAM_FULL:
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    log_note(console_session_who(&c->session), "TLS handshake failed: %s", error);
    console_client_close(c);
    return false;
}

bool console_is_secure_enough(const struct console_client *c)
{
    bool secure_only;
    (void)console_ssl(c, &secure_only);
    return !secure_only || c->is_local || tls_is_on(&c->stream);
}

bool console_certificate_is_right(const struct console_client *c, struct bytes user)
{
    bool secure_only;
    switch (console_ssl(c, &secure_only)) {
    case CLIENT_SSL_OFF:
    case CLIENT_SSL_PREFERRED:
    case CLIENT_SSL_REQUIRED:
        return true;
    case CLIENT_SSL_VERIFY_CA:
        return c->is_local || tls_peer_is_certified(&c->stream);
    case CLIENT_SSL_VERIFY_IDENTITY:
        return c->is_local || tls_peer_is_named(&c->stream, user);
    }
    return false;
}
