/* SPDX-License-Identifier: Apache-2.0
 * The functions behind the rows of commands.def, and what they are given. */
#ifndef WEIR_CONSOLE_COMMANDS_H
#define WEIR_CONSOLE_COMMANDS_H

#include "console/answer.h"
#include "console/statement.h"

struct console;
struct console_session;
struct kill_order;
struct snapshot;
struct snapshot_job;

/* One statement of one console client, from its text to its answer. Zeroed = none. */
struct console_run {
    struct console *console;
    struct console_session *session;
    struct statement statement;
    struct answer answer;
    bool pending; /* the answer comes later: console_run_done */
    bool last;    /* the client goes after it */
    /* while it is pending: */
    char *sql; /* the SELECT that waits for facts, NULL none */
    struct snapshot_job *job;
    struct kill_order *kill;
    uint64_t kill_id;
    struct snapshot *snapshot; /* the facts that came, NULL none */
};

/* The answer comes later, from another thread: console_run_done. */
void console_run_wait(struct console_run *r);
/* The answer is there. */
void console_run_done(struct console_run *r);
/* Whatever it waits for does not concern it any more. */
void console_run_abandon(struct console_run *r);
/* A SELECT in the words of SQLite, for commands that are answered by one. */
void console_run_sql(struct console_run *r, const char *sql);

void command_set(struct console_run *r);
void command_kill(struct console_run *r);
void command_pause(struct console_run *r);
void command_resume(struct console_run *r);
void command_drain(struct console_run *r);
void command_flush_logs(struct console_run *r);
void command_reset_digests(struct console_run *r);
void command_truncate(struct console_run *r);
void command_flush_status(struct console_run *r);
void command_reset_persist(struct console_run *r);
void command_use(struct console_run *r);
void command_show_columns(struct console_run *r);
void command_show_tables(struct console_run *r);
void command_count_warnings(struct console_run *r);
void command_select(struct console_run *r);
void command_nothing(struct console_run *r);
void command_help(struct console_run *r);
void command_reload(struct console_run *r);
void command_shutdown(struct console_run *r);

#endif
