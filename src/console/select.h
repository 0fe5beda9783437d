/* SPDX-License-Identifier: Apache-2.0
 * SELECTs over the console's tables, run by SQLite: one virtual-table module for all of them,
 * nothing but reading allowed, bounded in time, memory and rows. One thread only. */
#ifndef WEIR_CONSOLE_SELECT_H
#define WEIR_CONSOLE_SELECT_H

#include "console/answer.h"
#include "console/tables.h"

struct select_engine;

/* What the functions of SQL ask of the session. Text is copied out at once; NULL is SQL NULL. */
struct select_environment {
    void *context;
    const char *(*schema)(void *context);
    const char *(*user)(void *context);
    const char *(*version)(void *context);
    uint64_t (*connection_id)(void *context);
    /* The value of @@NAME, "global." and "session." included; a number when it looks like one.
     * False when there is no such variable. */
    bool (*variable)(void *context, struct bytes name, char *out, size_t out_size);
};

/* NULL when out of memory. */
struct select_engine *select_engine_create(void);
void select_engine_destroy(struct select_engine *e);

/* A statement that was understood: what must be asked of the workers before select_run. False with
 * the error in `answer`. Ends with select_run or select_cancel. */
NODISCARD bool select_prepare(struct select_engine *e, const char *sql,
                              const struct select_environment *environment, struct answer *answer,
                              unsigned *needs);
void select_run(struct select_engine *e, const struct console_facts *facts, struct answer *answer);
void select_cancel(struct select_engine *e);

#endif
