/* SPDX-License-Identifier: Apache-2.0
 * What a server calls the host that Weir connects from. A server that looks up names says
 * 'app'@'localhost' to a client that it sees at 127.0.0.1; to clients from Weir's own address Weir
 * says the same. */
#ifndef WEIR_SESSION_OWN_HOST_H
#define WEIR_SESSION_OWN_HOST_H

#include "base/bytes.h"
#include "net/address.h"

struct link;

struct own_host {
    char address[ADDRESS_TEXT_SIZE]; /* of a link, as Weir sees it */
    char name[256];                  /* as the server sees it */
};

/* A link has asked for USER(): "app@localhost". The first answer counts. */
void own_host_learn(const struct link *l, struct bytes user);

/* The name of a client's host in the server's words: `host` itself when it is not Weir's own. */
const char *own_host_name(const struct own_host *own, const char *host);

#endif
