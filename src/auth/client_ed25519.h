/* SPDX-License-Identifier: Apache-2.0
 * client_ed25519: MariaDB's ed25519 plugin. The answer is a signature of the challenge with a key
 * made from the password; the server keeps the public half.
 * Source: https://mariadb.com/kb/en/authentication-plugin-ed25519/ */
#ifndef WEIR_AUTH_CLIENT_ED25519_H
#define WEIR_AUTH_CLIENT_ED25519_H

#include "auth/auth_method.h"

extern const struct auth_method auth_client_ed25519;

#endif
