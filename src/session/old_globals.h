/* SPDX-License-Identifier: Apache-2.0
 * A session keeps the values that global variables had at its login. A link that is opened or reset
 * later has newer ones. So before a SET GLOBAL goes out, Weir asks for the values that it will
 * replace, and clients that logged in before it take them along as if they had set them.
 * Only variables whose assignment cannot fail (session_vars_sure.def), and only changes that pass
 * through Weir. */
#ifndef WEIR_SESSION_OLD_GLOBALS_H
#define WEIR_SESSION_OLD_GLOBALS_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>

struct client;
struct link;

/* The latest changes of a server's global variables. Zero is empty. */
#define OLD_GLOBALS_MAX 64
struct old_globals {
    atomic_uint count; /* entries below it never change again, but under the group's lock */
    struct {
        unsigned epoch; /* the clients of this login epoch and of earlier ones had this value */
        const char *name;
        const char *value;
    } entries[OLD_GLOBALS_MAX];
};

/* Frees what it holds; nobody may use it any more. */
void old_globals_fini(struct old_globals *old);

/* Does the client's request set global variables whose values are to be asked for? */
NODISCARD bool old_globals_wanted(const struct client *c);

/* Adds the chores that ask, for a request that wants it. */
void old_globals_ask(struct client *c, struct link *l);

/* A reply to CHORE_READ_GLOBAL that is no ERR. */
void old_globals_read(struct link *l, struct bytes reply);

/* A lease of another link begins: the client's session gets what was changed since its login. */
void old_globals_take(struct client *c);

#endif
