/* SPDX-License-Identifier: Apache-2.0
 * Commands that are orders to Weir as a whole. */
#include "base/log.h"
#include "base/text.h"
#include "console/console_client.h"
#include "session/slow_watch.h"
#include "session/status.h"

static void tell(struct console_run *r, bool done, struct config_errors *errors)
{
    if (done)
        answer_ok(&r->answer, 0, "%s", "");
    else
        answer_error(&r->answer, ER_UNKNOWN_ERROR, "%s%s",
                     errors->count > 0 ? errors->lines[0] : "it could not be done",
                     errors->count > 1 ? " (and more: see the log)" : "");
    config_errors_free(errors);
}

void command_reload(struct console_run *r)
{
    const struct console_orders *o = &r->console->orders;
    struct config_errors errors = {0};
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    log_note(console_session_who(r->session), "RELOAD");
    tell(r, o->reload != NULL && o->reload(o->context, &errors, &r->session->warnings), &errors);
}

void command_shutdown(struct console_run *r)
{
    const struct console_orders *o = &r->console->orders;
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    log_note(console_session_who(r->session), "SHUTDOWN");
    if (o->shutdown != NULL)
        o->shutdown(o->context);
    answer_ok(&r->answer, 0, "%s", "");
}

void command_flush_logs(struct console_run *r)
{
    const struct console_orders *o = &r->console->orders;
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    if (o->flush_logs != NULL)
        o->flush_logs(o->context);
    answer_ok(&r->answer, 0, "%s", "");
}

void command_reset_digests(struct console_run *r)
{
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    log_note(console_session_who(r->session), "RESET DIGESTS");
    slow_watch_reset_digests(r->console->proxy);
    answer_ok(&r->answer, 0, "%s", "");
}

void command_truncate(struct console_run *r)
{
    struct sql_tokens *t = &r->statement.rest;
    struct bytes schema = bytes_of_text("weir");
    struct bytes table;
    bool named = sql_tokens_take_name(t, &table);
    if (named && sql_tokens_take_byte(t, '.')) {
        schema = table;
        named = sql_tokens_take_name(t, &table);
    }
    if (named && text_equal_nocase(schema, "weir") && text_equal_nocase(table, "digests"))
        command_reset_digests(r);
    else
        answer_error(&r->answer, ER_UNKNOWN_ERROR, "%s",
                     "only weir.digests can be emptied: TRUNCATE TABLE weir.digests");
}

void command_flush_status(struct console_run *r)
{
    if (!statement_is_over(&r->statement, &r->answer))
        return;
    log_note(console_session_who(r->session), "FLUSH STATUS");
    status_flush(r->console->proxy);
    answer_ok(&r->answer, 0, "%s", "");
}

void command_reset_persist(struct console_run *r)
{
    const struct console_orders *o = &r->console->orders;
    struct sql_tokens *t = &r->statement.rest;
    struct config_errors errors = {0};
    char name[280];
    size_t from = t->token.begin;
    size_t size = t->text.size - (from < t->text.size ? from : t->text.size);
    while (size > 0 &&
           (t->text.data[from + size - 1] <= ' ' || t->text.data[from + size - 1] == ';'))
        size--;
    struct config_override change = {.name = name, .value = NULL};
    if (!text_copy(name, sizeof name, bytes_of(t->text.data + from, size)) ||
        (size > 0 && config_override_setting(name) == NULL)) {
        answer_error(&r->answer, ER_UNKNOWN_SYSTEM_VARIABLE,
                     "Unknown system variable '%.64s'; SHOW SETTINGS lists all", name);
        return;
    }
    log_note(console_session_who(r->session), "RESET PERSIST %s", name);
    tell(r,
         o->change != NULL && o->change(o->context, CHANGE_RESET_PERSIST, &change, size > 0,
                                        &errors, &r->session->warnings),
         &errors);
}
