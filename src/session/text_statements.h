/* SPDX-License-Identifier: Apache-2.0
 * The statements that a client has prepared as text (PREPARE name FROM '…'): kept as the client
 * wrote them and prepared again on another link when it asks for one. Exists only for clients that
 * have any. */
#ifndef WEIR_SESSION_TEXT_STATEMENTS_H
#define WEIR_SESSION_TEXT_STATEMENTS_H

#include "session/link.h"

struct text_statements;

/* A client with more of them, or longer ones, is pinned. */
#define TEXT_STATEMENTS_MAX      32
#define TEXT_STATEMENTS_SIZE_MAX ((size_t)64 * 1024)

/* A request begins; `sql` is empty when it is no statement or not seen whole. When it executes a
 * statement that is known, the results of its scan become those of that statement: true. */
bool text_statements_see(struct client *c, struct sql_mode mode, struct bytes sql);

/* It prepares or executes the value of a user variable, which is asked for first: then it is to be
 * scanned again. */
NODISCARD bool text_statements_wait(const struct client *c);
/* The variables are being asked for. */
void text_statements_asking(struct client *c);

/* The text that the request executes by its name; data NULL when it does not. */
NODISCARD struct bytes text_statements_executed(const struct client *c);

/* Its reply is complete. */
void text_statements_learn(struct client *c);

/* Is the request about text statements, and nothing else? */
NODISCARD bool text_statements_is_served(const struct client *c);

/* Does the request ask for a statement that is not on this link? */
NODISCARD bool text_statements_is_missing(const struct client *c, const struct link *l);

/* Adds the chores that prepare it there, where the session state is the client's already. */
NODISCARD bool text_statements_restore(struct client *c, struct link *l);

unsigned text_statements_count(const struct text_statements *t);

void text_statements_forget(struct client *c);

#endif
