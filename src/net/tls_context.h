/* SPDX-License-Identifier: Apache-2.0
 * What the transport needs of a TLS context; the public part is in tls.h. */
#ifndef WEIR_NET_TLS_CONTEXT_H
#define WEIR_NET_TLS_CONTEXT_H

#include "net/tls.h"

#include <openssl/ssl.h>

/* The BIO of a connection: its data is the transport's state. Made once; transport_tls.c. */
BIO_METHOD *tls_bio_method(void);

/* A connection that has not begun its handshake, over a BIO with this data; NULL when out of memory
 * or when the host name cannot be verified. */
SSL *tls_context_connection(struct tls_context *t, void *bio_data, const char *host);

/* Says for a person why the handshake of this connection failed: by OpenSSL's errors of this
 * thread, by the verdict on the certificate, or by errno of the socket (0 none). */
void tls_failure_describe(const SSL *ssl, int socket_error, char *error, size_t error_size);

/* The reason of OpenSSL's last error but those it led to, "" none. Empties its queue. */
const char *tls_failure_of_file(void);

#endif
