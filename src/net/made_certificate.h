/* SPDX-License-Identifier: Apache-2.0
 * The certificate of those who have none: made on the spot, signed by itself, and kept in a file so
 * that whoever has seen it once knows it again. */
#ifndef WEIR_NET_MADE_CERTIFICATE_H
#define WEIR_NET_MADE_CERTIFICATE_H

#include "base/attrs.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* Uses the certificate and key in `file`, or makes them, and keeps them there (mode 0600). NULL: in
 * no file. A file that cannot be written is no failure: *unkept is errno then, else 0. False:
 * OpenSSL's errors say why. */
NODISCARD bool made_certificate_use(SSL_CTX *ssl, const char *file, int *unkept);

#endif
