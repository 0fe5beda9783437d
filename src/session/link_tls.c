/* SPDX-License-Identifier: Apache-2.0
 * TLS of a link, between the server's greeting and Weir's login. */
#include "session/link.h"
#include "session/tls_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What MySQL's clients say of such a failure; servers have no number for it. */
#define CR_SSL_CONNECTION_ERROR 2026

/* The login packet, kept until the handshake is done: it may hold a password in clear text. */
struct link_login_kept {
    size_t size;
    uint8_t frame[];
};

bool link_may_use_tls(struct link *l, capabilities_t server, bool *use)
{
    enum ssl_mode mode;
    struct server_group *g = l->pool->group;
    *use = false;
    if (g->socket[0] !=
        '\0') /* where it is, not where a reload would have it: that needs a restart */
        return true;
    struct tls_context *t = tls_setup_for_server(g->proxy->tls, g->name, &mode);
    bool offered = (server & CAP(SSL)) != 0;
    *use = t != NULL && offered;
    if (mode == SSL_MODE_DISABLED || mode == SSL_MODE_PREFERRED || offered) {
        l->tls_context = *use ? t : NULL;
        if (!*use)
            tls_context_release(t);
        return true;
    }
    tls_context_release(t);
    link_fail_open(
        l, POOL_LOGIN_FAILED, CR_SSL_CONNECTION_ERROR, NULL,
        bytes_of_text(
            "TLS/SSL error: the server does not offer TLS, which ssl_mode of its [server] "
            "section asks for"));
    return false;
}

bool link_begin_tls(struct link *l, struct bytes login, struct bytes request)
{
    l->login_kept = malloc(sizeof *l->login_kept + login.size);
    uint8_t *out = stream_out_reserve(&l->stream, request.size);
    if (l->login_kept == NULL || out == NULL) {
        link_fail_open(l, POOL_NO_RESOURCES, 0, NULL, bytes_of_text("out of memory"));
        return false;
    }
    l->login_kept->size = login.size;
    memcpy(l->login_kept->frame, login.data, login.size);
    memcpy(out, request.data, request.size);
    stream_out_commit(&l->stream, request.size);
    link_set_state(l, LINK_TLS);
    return true;
}

void link_forget_login(struct link *l)
{
    tls_context_release(l->tls_context);
    l->tls_context = NULL;
    if (l->login_kept == NULL)
        return;
    explicit_bzero(l->login_kept->frame, l->login_kept->size);
    free(l->login_kept);
    l->login_kept = NULL;
}

/* A server that merely went away may come back; one whose certificate or rules do not fit will not,
 * and whoever waits for it should know at once. */
static void fail(struct link *l, const char *reason)
{
    bool hopeless = l->stream.error == EPROTO;
    char text[TLS_ERROR_SIZE + 16];
    snprintf(text, sizeof text, "TLS/SSL error: %s", reason);
    link_fail_open(l, hopeless ? POOL_LOGIN_FAILED : POOL_SERVER_DOWN,
                   hopeless ? CR_SSL_CONNECTION_ERROR : 0, NULL, bytes_of_text(text));
}

static void send_login(struct link *l)
{
    struct link_login_kept *kept = l->login_kept;
    uint8_t *out = stream_out_reserve(&l->stream, kept->size);
    if (out == NULL) {
        link_fail_open(l, POOL_NO_RESOURCES, 0, NULL, bytes_of_text("out of memory"));
        return;
    }
    memcpy(out, kept->frame, kept->size);
    stream_out_commit(&l->stream, kept->size);
    link_forget_login(l);
    link_set_state(l, LINK_LOGIN);
    if (stream_send(&l->stream, NULL) == STREAM_FAILED)
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text("the connection broke"));
    else
        link_login_continue(l);
}

void link_tls_continue(struct link *l)
{
    const struct server_group *g = l->pool->group;
    if (!tls_is_on(&l->stream)) {
        switch (stream_send(&l->stream, NULL)) {
        case STREAM_AGAIN:
            return;
        case STREAM_OK:
            break;
        case STREAM_FULL:
        case STREAM_EOF:
        case STREAM_FAILED:
            fail(l, "the connection broke");
            return;
        }
        if (!tls_start(&l->stream, l->tls_context, g->host)) {
            fail(l, "out of memory");
            return;
        }
    }
    char error[TLS_ERROR_SIZE];
    switch (tls_handshake(&l->stream, error, sizeof error)) {
    case STREAM_OK:
        counters_add(&l->worker->counters, COUNTER_tls_connects, 1);
        if (tls_was_resumed(&l->stream))
            counters_add(&l->worker->counters, COUNTER_tls_connects_resumed, 1);
        send_login(l);
        return;
    case STREAM_AGAIN:
        return;
    case STREAM_FULL:
    case STREAM_EOF:
    case STREAM_FAILED:
        fail(l, error);
        return;
    }
}
