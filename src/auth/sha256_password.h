/* SPDX-License-Identifier: Apache-2.0
 * sha256_password: the password itself, over a private channel or encrypted for the server's RSA
 * key.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_sha256_password_authentication.html
 */
#ifndef WEIR_AUTH_SHA256_PASSWORD_H
#define WEIR_AUTH_SHA256_PASSWORD_H

#include "auth/auth_method.h"

extern const struct auth_method auth_sha256_password;

#endif
