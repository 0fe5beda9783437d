/* SPDX-License-Identifier: Apache-2.0
 * The server's name for Weir's host. */
#include "session/own_host.h"

#include "base/text.h"
#include "net/socket.h"
#include "session/link.h"
#include "session/pool_registry.h"

#include <stdlib.h>
#include <string.h>

void own_host_learn(const struct link *l, struct bytes user)
{
    struct server_group *g = l->pool->group;
    struct own_host *none = NULL;
    struct address local;
    const uint8_t *at = user.size > 0 ? memrchr(user.data, '@', user.size) : NULL;
    if (at == NULL || atomic_load(&g->own_host) != NULL || g->socket[0] != '\0' ||
        link_sends_header(l) || !socket_local_address(l->stream.io.fd, &local))
        return;
    struct own_host *own = calloc(1, sizeof *own);
    if (own == NULL)
        return;
    address_format_host(&local, own->address);
    struct bytes name = bytes_of(at + 1, (size_t)(user.data + user.size - at - 1));
    if (name.size == 0 || !text_copy(own->name, sizeof own->name, name) ||
        !atomic_compare_exchange_strong(&g->own_host, &none, own))
        free(own);
}

const char *own_host_name(const struct own_host *own, const char *host)
{
    return own != NULL && strcmp(host, own->address) == 0 ? own->name : host;
}
