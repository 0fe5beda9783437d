/* SPDX-License-Identifier: Apache-2.0
 * KILL: of clients of Weir, and of clients of the console. */
#include "base/log.h"
#include "base/text.h"
#include "console/console_client.h"
#include "session/kill_order.h"

#include <stdio.h>

static void complain_unknown(struct console_run *r, uint64_t id)
{
    answer_error(&r->answer, ER_NO_SUCH_THREAD,
                 "Unknown thread id: %llu; SHOW PROCESSLIST lists the clients",
                 (unsigned long long)id);
}

static void on_done(void *context, bool found)
{
    struct console_run *r = context;
    r->kill = NULL;
    if (found)
        answer_ok(&r->answer, 0, "%s", "");
    else
        complain_unknown(r, r->kill_id);
    console_run_done(r);
}

/* A client of the console itself; its own statement is this one. */
static bool kill_console_client(struct console_run *r, uint64_t id, bool query_only)
{
    struct console_client *target =
        id <= UINT32_MAX ? console_client_find(r->console, (uint32_t)id) : NULL;
    if (target == NULL)
        return false;
    if (&target->session == r->session) {
        answer_error(&r->answer, ER_QUERY_INTERRUPTED, "Query execution was interrupted");
        r->last = !query_only;
        return true;
    }
    if (!query_only)
        console_client_close(target);
    answer_ok(&r->answer, 0, "%s", "");
    return true;
}

void command_kill(struct console_run *r)
{
    struct sql_tokens *t = &r->statement.rest;
    bool query_only = statement_has(&r->statement, "QUERY");
    char number[24];
    uint64_t id;
    if (t->token.kind != SQL_TOKEN_NUMBER || !text_copy(number, sizeof number, t->token.text) ||
        !text_parse_u64(number, &id)) {
        statement_wrong(&r->statement, &r->answer);
        return;
    }
    sql_tokens_next(t);
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    log_note(console_session_who(r->session), "KILL %s %llu", query_only ? "QUERY" : "CONNECTION",
             (unsigned long long)id);
    if (kill_console_client(r, id, query_only))
        return;
    r->kill_id = id;
    r->kill = kill_order_send(r->console->proxy, id, query_only, r->console->mailbox, on_done, r);
    if (r->kill == NULL)
        complain_unknown(r, id);
    else
        console_run_wait(r);
}
