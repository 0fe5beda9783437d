/* SPDX-License-Identifier: Apache-2.0
 * What a session has that only its owner may find: user variables and text PREPAREs. Numbered: a
 * client's number changes with everything that may change them, and a link has the number of what
 * lies on it (0: nothing). Where the two are equal, all of it is there. */
#ifndef WEIR_SESSION_PRIVATE_STATE_H
#define WEIR_SESSION_PRIVATE_STATE_H

#include "mysql/sql_scan.h"

struct client;
struct link;

/* The client's request changes the private state on its link, or Weir itself does so for it. */
void private_state_touch(struct client *c);

/* A number that nothing else has. */
uint64_t private_state_number(void);

/* A request begins. `sql` is its text, whose scan in this mode is complete; empty when it is not a
 * statement, or not seen whole. True when the results of the scan were replaced by those of the
 * text statement that it executes. */
bool private_state_see(struct client *c, struct sql_mode mode, struct bytes sql);

/* A COM_STMT_PREPARE or an execution begins, and request.scan is the scan of `sql` (empty when it
 * is not at hand). */
void private_state_see_statement(struct client *c, struct bytes sql);

/* Its reply is complete; before effects become pins. */
void private_state_learn(struct client *c);

/* Did the request change it in a way that explains a STATE_CHANGE tracker? */
NODISCARD bool private_state_explains_change(const struct client *c);

/* Must something be done on this link before the client's request? */
NODISCARD bool private_state_is_missing(const struct client *c, const struct link *l);

/* Must the link be reset before all else? Then restores what is missing; between link_chores_begin
 * and link_chores_send, behind the session state. False when that is impossible. */
NODISCARD bool private_state_needs_reset(const struct client *c, const struct link *l);
NODISCARD bool private_state_restore(struct client *c, struct link *l);

/* The link's session was reset: nothing of it is left. */
void private_state_was_reset(struct link *l);

/* As after a login. */
void private_state_forget(struct client *c);

#endif
