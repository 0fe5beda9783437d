/* SPDX-License-Identifier: Apache-2.0
 * Commands that are orders to Weir as a whole. */
#include "base/log.h"
#include "base/text.h"
#include "console/console_client.h"

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
