/* SPDX-License-Identifier: Apache-2.0
 * The functions behind the rows of commands.def, and what they are given. */
#ifndef WEIR_CONSOLE_COMMANDS_H
#define WEIR_CONSOLE_COMMANDS_H

#include "console/answer.h"
#include "console/statement.h"

struct console;
struct console_session;

/* One statement of one console client, from its text to its answer. */
struct console_run {
    struct console *console;
    struct console_session *session;
    struct statement statement;
    struct answer answer;
    bool pending; /* the answer comes later: console_run_done */
};

void command_set(struct console_run *r);
void command_use(struct console_run *r);
void command_show_columns(struct console_run *r);
void command_show_tables(struct console_run *r);
void command_select(struct console_run *r);
void command_nothing(struct console_run *r);
void command_help(struct console_run *r);
void command_reload(struct console_run *r);
void command_shutdown(struct console_run *r);

#endif
