/* SPDX-License-Identifier: Apache-2.0
 * TLS of a client: what begins with its SSLRequest, and who may do without.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_ssl_request.html
 */
#include "mysql/login.h"
#include "session/client.h"
#include "session/tls_setup.h"

bool client_wants_tls(const struct client *c, struct bytes payload)
{
    return (c->offered & CAP(SSL)) != 0 && login_is_ssl_request(payload);
}

bool client_begin_tls(struct client *c)
{
    struct tls_context *t = tls_setup_for_clients(c->worker->proxy->tls);
    if (t == NULL) { /* switched off since the greeting */
        client_close(c, CLOSE_CLIENT_LOGIN_FORMAT);
        return false;
    }
    bool started = tls_start(&c->stream, t, NULL);
    tls_context_release(t);
    if (!started) {
        client_close(c, CLOSE_NO_MEMORY);
        return false;
    }
    client_set_state(c, CLIENT_TLS);
    return true;
}

bool client_step_tls(struct client *c)
{
    char error[TLS_ERROR_SIZE];
    switch (tls_handshake(&c->stream, error, sizeof error)) {
    case STREAM_OK:
        counters_add(&c->worker->counters, COUNTER_tls_accepts, 1);
        if (tls_was_resumed(&c->stream))
            counters_add(&c->worker->counters, COUNTER_tls_accepts_resumed, 1);
        client_set_state(c, CLIENT_LOGIN);
        return true;
    case STREAM_AGAIN:
        return false;
    case STREAM_FULL:
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    log_write(LOG_LEVEL_NOTE, client_who(c), "TLS handshake failed: %s", error);
    counters_add(&c->worker->counters, COUNTER_tls_failures, 1);
    client_close(c, CLOSE_CLIENT_TLS);
    return false;
}

bool client_is_secure(const struct client *c)
{
    return tls_is_on(&c->stream) || c->peer_is_local;
}
