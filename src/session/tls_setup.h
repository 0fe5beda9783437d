/* SPDX-License-Identifier: Apache-2.0
 * The TLS contexts that follow from a configuration: one for clients, one for each server. They are
 * replaced at a reload; connections keep the one that they began with. Any thread. */
#ifndef WEIR_SESSION_TLS_SETUP_H
#define WEIR_SESSION_TLS_SETUP_H

#include "conf/config.h"
#include "net/tls.h"

struct tls_setup;

/* Reads all certificates and keys. NULL: `error` names the section, the setting, and what is wrong
 * with its file. */
NODISCARD struct tls_setup *tls_setup_create(const struct config *c, char *error,
                                             size_t error_size);
void tls_setup_destroy(struct tls_setup *t);

/* Only tries it: a line for each section whose files are of no use. Nothing is written. */
void tls_setup_check(const struct config *c, struct config_errors *errors);

/* The same again for a new configuration, or for files that have changed. False: as above, and the
 * old ones stay in force. */
NODISCARD bool tls_setup_configure(struct tls_setup *t, const struct config *c, char *error,
                                   size_t error_size);

/* A reference of the caller's; NULL: clients are not offered TLS. */
struct tls_context *tls_setup_for_clients(struct tls_setup *t);
/* NULL: TLS is not wanted, *mode is SSL_MODE_DISABLED. `name`: of the [server]. */
struct tls_context *tls_setup_for_server(struct tls_setup *t, const char *name,
                                         enum ssl_mode *mode);

#endif
