/* SPDX-License-Identifier: Apache-2.0
 * caching_sha2_password: SHA-256 over the scramble while the server remembers the account, the
 * password itself (over a private channel, or encrypted for the server's RSA key) when it does not.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
 */
#ifndef WEIR_AUTH_CACHING_SHA2_PASSWORD_H
#define WEIR_AUTH_CACHING_SHA2_PASSWORD_H

#include "auth/auth_method.h"

extern const struct auth_method auth_caching_sha2_password;

#endif
