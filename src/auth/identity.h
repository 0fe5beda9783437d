/* SPDX-License-Identifier: Apache-2.0
 * How a server whose certificate nobody vouches for shows that it is the one that knows the
 * password: in the OK of a login over TLS, as servers of MariaDB do from 11.4 on. Somebody in the
 * middle has another certificate, and does not know what the server stores. Source:
 * https://mariadb.com/kb/en/ok_packet/, https://jira.mariadb.org/browse/MDEV-31855 */
#ifndef WEIR_AUTH_IDENTITY_H
#define WEIR_AUTH_IDENTITY_H

#include "auth/auth_method.h"

/* 1 (for SHA-256), 64 hex digits, and a NUL. */
#define AUTH_IDENTITY_SIZE 66

/* `greeted`: the challenge of the greeting; `fingerprint`: SHA-256 of the certificate that the
 * client was shown. False: the method has no such proof, or not enough is known of the password. */
NODISCARD bool auth_identity_write(const struct auth_method *m, const struct auth_secret *secret,
                                   const uint8_t greeted[SCRAMBLE_SIZE],
                                   const uint8_t fingerprint[AUTH_SHA256_SIZE],
                                   char out[AUTH_IDENTITY_SIZE]);

#endif
