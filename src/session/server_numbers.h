/* SPDX-License-Identifier: Apache-2.0
 * What a server says of itself in numbers, and how they are asked for. Pure. */
#ifndef WEIR_SESSION_SERVER_NUMBERS_H
#define WEIR_SESSION_SERVER_NUMBERS_H

#include "base/attrs.h"
#include "base/bytes.h"

/* Of a number that the server does not have, or that was not read yet. */
#define SERVER_NUMBER_UNKNOWN UINT64_MAX

struct server_numbers {
#define SERVER_NUMBER(member, source, variable) uint64_t member;
#include "session/server_numbers.def"
#undef SERVER_NUMBER
};

/* All are unknown. */
void server_numbers_init(struct server_numbers *n);

/* The questions, SQL text: one for the variables, one for the status. */
extern const char *const server_numbers_questions[2];

/* Takes over what the reply to either question says; what it does not name stays as it is. False:
 * it is no such reply. */
NODISCARD bool server_numbers_read(struct server_numbers *n, struct bytes reply);

/* Connections that the server has refused for want of a place since it started. MySQL counts them.
 * MariaDB counts only those that it refuses before their login, and all others among those that
 * were aborted (10.11): the most that it may be. */
uint64_t server_numbers_refused(const struct server_numbers *n, bool mariadb);

/* A number that is another one after statements about accounts, privileges or roles were executed
 * on the server, whoever sent them; FLUSH counts as one, since tables may have been written to. */
uint64_t server_numbers_account_changes(const struct server_numbers *n);

#endif
