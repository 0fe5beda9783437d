/* SPDX-License-Identifier: Apache-2.0
 * What the body of a view, trigger or routine can do to the session of whoever uses it, and which
 * names it mentions. Errs on one side only: a body that was not understood has STORED_CODE.
 *
 * Of what a body may do, some needs no effect, for the server tells it in its replies: a change of
 * schema, of a system variable (STORED_SETS: but not behind an error), the begin of a transaction.
 */
#ifndef WEIR_MYSQL_SQL_BODY_H
#define WEIR_MYSQL_SQL_BODY_H

#include "mysql/sql_names.h"

struct sql_body_listener {
    /* Every name that is mentioned, with NAMED; besides, with FUNCTION or PROCEDURE when it is
     * called. An unquoted one that begins with a digit comes as "0". `qualifier` is the name before
     * its dot, size 0 none. */
    void (*name)(void *context, struct bytes text, struct bytes qualifier, enum sql_use use);
    void *context;
};

/* `body` whole, `mode` as it was when the object was created (its names are not used); `oracle`:
 * sql_mode had ORACLE, where assignments and calls need no keyword. Effects: STORED_CODE,
 * STORED_STATE, STORED_SETS, STORED_READS, STORED_CONDITIONS, CHANGES_CODE, CONNECTION_ID,
 * PROFILING. Those of the
 * names that it mentions are not among them. */
NODISCARD sql_effects_t sql_body_scan(struct sql_mode mode, bool oracle, struct bytes body,
                                      const struct sql_body_listener *listener);

/* The names in `text` that may be those of the objects that it creates, alters or renames: not
 * plain keywords. The same listener, NAMED only. Returns the effects of what it creates, as above.
 * The text may end anywhere. */
NODISCARD sql_effects_t sql_body_scan_definition(struct sql_mode mode, struct bytes text,
                                                 const struct sql_body_listener *listener);

#endif
