/* SPDX-License-Identifier: Apache-2.0
 * User variables and text PREPAREs together. */
#include "session/private_state.h"

#include "session/client.h"
#include "session/text_statements.h"
#include "session/user_variables.h"

#include <stdatomic.h>

uint64_t private_state_number(void)
{
    static atomic_uint_least64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

void private_state_touch(struct client *c)
{
    c->private_state = c->link->private_state = private_state_number();
}

bool private_state_see(struct client *c, struct sql_mode mode, struct bytes sql)
{
    if (sql.size > 0 && sql_scan_has(c->request.scan, SQL_EFFECT_SETS_USER_VARIABLE))
        user_variables_see(c, mode, sql);
    return text_statements_see(c, mode, sql);
}

void private_state_see_statement(struct client *c, struct bytes sql)
{
    const struct sql_scan *s = c->request.scan;
    if (!sql_scan_has(s, SQL_EFFECT_SETS_USER_VARIABLE))
        return;
    struct sql_mode mode = s->mode;
    mode.names = NULL;
    user_variables_see(c, mode, sql);
}

void private_state_learn(struct client *c)
{
    text_statements_learn(c);
    const struct request *r = &c->request;
    /* Preparing an assignment is enough for the variable to exist. */
    bool judged = r->scanned || r->command->command == COMMAND_STMT_PREPARE;
    if (judged && sql_scan_has(c->request.scan, SQL_EFFECT_SETS_USER_VARIABLE))
        user_variables_learn(c);
}

bool private_state_explains_change(const struct client *c)
{
    const struct sql_scan *s = c->request.scan;
    bool sets = s->verb == SQL_VERB_SET && sql_scan_has(s, SQL_EFFECT_SETS_USER_VARIABLE);
    return s->statements == 1 && (sets || text_statements_is_served(c));
}

bool private_state_needs_reset(const struct client *c, const struct link *l)
{
    return l->private_state != 0 && l->private_state != c->private_state;
}

bool private_state_is_missing(const struct client *c, const struct link *l)
{
    return l->private_state != c->private_state || text_statements_is_missing(c, l);
}

bool private_state_restore(struct client *c, struct link *l)
{
    bool ok = true;
    if (l->private_state != c->private_state)
        ok = user_variables_restore(c, l);
    if (text_statements_is_missing(c, l))
        ok = text_statements_restore(c, l) && ok;
    l->private_state = c->private_state;
    return ok;
}

void private_state_was_reset(struct link *l)
{
    l->private_state = 0;
    l->session_number = 0;
}

void private_state_forget(struct client *c)
{
    c->private_state = 0;
    user_variables_forget(c);
    text_statements_forget(c);
}
