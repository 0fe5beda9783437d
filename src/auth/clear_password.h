/* SPDX-License-Identifier: Apache-2.0
 * mysql_clear_password: the password itself, for servers that ask somebody else about it (PAM,
 * LDAP). Only over a private channel, in both roles.
 * Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_clear_text_password.html
 */
#ifndef WEIR_AUTH_CLEAR_PASSWORD_H
#define WEIR_AUTH_CLEAR_PASSWORD_H

#include "auth/auth_method.h"

extern const struct auth_method auth_clear_password;

#endif
