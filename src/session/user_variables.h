/* SPDX-License-Identifier: Apache-2.0
 * The user variables (@x) of a client: names are learnt from its statements, values are read back
 * from the link when somebody else wants it, and assigned again on the next link. Exists only for
 * clients that have set any. */
#ifndef WEIR_SESSION_USER_VARIABLES_H
#define WEIR_SESSION_USER_VARIABLES_H

#include "session/link.h"

/* A client with more variables, or with longer values, is pinned. */
#define USER_VARIABLES_MAX      64
#define USER_VARIABLES_TEXT_MAX ((size_t)64 * 1024)

/* A statement that may set variables, before it is sent: learns their names. An empty text is one
 * that is not at hand. */
void user_variables_see(struct client *c, struct sql_mode mode, struct bytes sql);

/* It was executed: the values are not known any more. */
void user_variables_learn(struct client *c);

/* Can the link be lent to somebody else without a question? */
NODISCARD bool user_variables_are_known(const struct client *c);

/* Adds the chores that ask the link for what is not known yet; call until it is known or the client
 * is pinned. The answers come to user_variables_read. */
void user_variables_ask(struct client *c, struct link *l);
void user_variables_read(struct client *c, enum chore chore, struct bytes reply);

/* Appends the value of one. False when it is not known, no string, empty, or not the same text in
 * this character set. */
NODISCARD bool user_variables_value(const struct client *c, struct bytes name, struct writer *out);

/* Adds the chore that assigns them. */
NODISCARD bool user_variables_restore(const struct client *c, struct link *l);

void user_variables_forget(struct client *c);

#endif
