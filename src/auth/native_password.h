/* SPDX-License-Identifier: Apache-2.0
 * mysql_native_password: SHA-1 over the scramble, in both roles.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html
 */
#ifndef WEIR_AUTH_NATIVE_PASSWORD_H
#define WEIR_AUTH_NATIVE_PASSWORD_H

#include "auth/auth_method.h"

extern const struct auth_method auth_native_password;

/* stage1 = SHA1(password), stage2 = SHA1(stage1). */
void native_password_hash(struct bytes password, uint8_t stage1[AUTH_HASH_SIZE],
                          uint8_t stage2[AUTH_HASH_SIZE]);

#endif
