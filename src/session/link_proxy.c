/* SPDX-License-Identifier: Apache-2.0
 * The header of the PROXY protocol that a link begins with: the client that it is opened for, and
 * nobody when it is opened for none. */
#include "base/text.h"
#include "net/proxy_header.h"
#include "session/link.h"

#include <stdio.h>

/* What address_format wrote; false for a Unix socket, and for nobody. */
static bool read_address(const char *text, struct address *out)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    char host[CLIENT_PEER_SIZE];
    return colon != NULL && text[0] != '/' && text_parse_u64(colon + 1, &port) &&
           port <= UINT16_MAX && text_copy(host, sizeof host, address_text_host(text)) &&
           host[0] != '\0' && address_from_ip(out, host, (uint16_t)port);
}

bool server_sees_clients(const struct worker *w, const struct server_group *g)
{
    const struct config_server *s = config_find_server(w->config, g->name);
    return s != NULL && s->settings.proxy_protocol != PROXY_PROTOCOL_OFF;
}

bool link_sends_header(const struct link *l)
{
    return server_sees_clients(l->worker, l->pool->group);
}

bool link_send_header(struct link *l)
{
    const struct server_group *g = l->pool->group;
    const struct config_server *s = config_find_server(l->worker->config, g->name);
    if (s == NULL || !link_sends_header(l))
        return true;
    struct address source, destination;
    bool is_somebodys = read_address(l->opened_for, &source);
    if (!address_from_ip(&destination, g->host, g->port))
        destination = (struct address){0};
    unsigned version = s->settings.proxy_protocol == PROXY_PROTOCOL_V1 ? 1 : 2;
    uint8_t *out = stream_out_reserve(&l->stream, PROXY_HEADER_WRITE_MAX);
    if (out == NULL)
        return false;
    stream_out_commit(&l->stream, proxy_header_write(version, is_somebodys ? &source : NULL,
                                                     &destination, out));
    return stream_send(&l->stream, NULL) != STREAM_FAILED;
}
