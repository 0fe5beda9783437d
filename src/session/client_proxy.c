/* SPDX-License-Identifier: Apache-2.0
 * A client behind a proxy: the header that its connection may begin with. As with a MariaDB server,
 * the greeting goes out without waiting for it, and it is taken from trusted networks only. */
#include "base/check.h"
#include "base/text.h"
#include "net/proxy_header.h"
#include "session/access.h"

#include <stdio.h>

static void refuse(struct client *c)
{
    char text[120];
    char host[CLIENT_PEER_SIZE];
    client_host(c, host);
    snprintf(text, sizeof text, "Proxy header is not accepted from %s", host);
    counters_add(&c->worker->counters, COUNTER_refused_proxy_headers, 1);
    log_write(LOG_LEVEL_WARNING, client_who(c),
              "refused: it sent a header of the PROXY protocol and is not in "
              "proxy_protocol_networks");
    client_send_error(c, 1, ER_HOST_NOT_PRIVILEGED, "HY000", bytes_of_text(text));
    client_close(c, CLOSE_CLIENT_NETWORK);
}

static void become(struct client *c, const struct address *source)
{
    char text[ADDRESS_TEXT_SIZE];
    address_format(source, text);
    log_write(LOG_LEVEL_DEBUG, client_who(c), "speaks for %s", text);
    (void)!text_copy(c->peer, sizeof c->peer, bytes_of_text(text));
    /* The way from the client to the proxy is not known to be secure. */
    c->peer_is_local = c->peer_is_local && address_is_unix(source);
}

/* A whole header is at the front of the buffer. */
static bool take(struct client *c, const struct proxy_header *h)
{
    struct buffer *b = c->stream.in;
    CHECK(b != NULL);
    if (!access_trusts_header(c)) {
        refuse(c);
        return false;
    }
    counters_add(&c->worker->counters, COUNTER_proxy_headers, 1);
    b->parsed += h->size;
    b->sent = b->parsed;
    stream_trim(&c->stream);
    if (h->has_source)
        become(c, &h->source);
    return true;
}

/* More of it. False: wait, or the client is closed. */
static bool receive(struct client *c)
{
    switch (stream_fill(&c->stream)) {
    case STREAM_OK:
        return true;
    case STREAM_AGAIN:
        return false;
    case STREAM_FULL:
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    client_close(c, CLOSE_CLIENT_GONE_IN_LOGIN);
    return false;
}

bool client_take_header(struct client *c)
{
    while (!c->has_begun) {
        struct proxy_header h;
        struct bytes in = c->stream.in != NULL ? buffer_unparsed(c->stream.in) : bytes_of(NULL, 0);
        switch (proxy_header_read(in, &h)) {
        case PROXY_HEADER_MORE:
            if (!receive(c))
                return false;
            break;
        case PROXY_HEADER_COMPLETE:
            c->has_begun = true;
            return take(c, &h);
        case PROXY_HEADER_NONE:
            c->has_begun = true;
            break;
        case PROXY_HEADER_BROKEN:
            client_close(c, CLOSE_CLIENT_PROXY_HEADER);
            return false;
        }
    }
    return true;
}
