/* SPDX-License-Identifier: Apache-2.0
 * PAUSE, RESUME, DRAIN: orders about pools. */
#include "base/log.h"
#include "base/text.h"
#include "console/console_client.h"
#include "session/pool_orders.h"

#include <stdio.h>

#define NAME_SIZE 130

/* The pools that a statement is about. */
struct chosen {
    char server[NAME_SIZE]; /* "" any */
    char user[NAME_SIZE];
    char bare[NAME_SIZE]; /* a name that may be either */
};

static bool take_word_or_string(struct sql_tokens *t, char *out)
{
    struct bytes name;
    size_t size;
    if (t->token.kind != SQL_TOKEN_STRING)
        return sql_tokens_take_name(t, &name) && text_copy(out, NAME_SIZE, name);
    if (!statement_unquote(&t->token, out, NAME_SIZE, &size))
        return false;
    sql_tokens_next(t);
    return true;
}

/* [ALL | name | SERVER name] [USER name] */
static bool take_choice(struct sql_tokens *t, struct chosen *c)
{
    bool good = true;
    if (sql_tokens_take_word(t, "SERVER"))
        good = take_word_or_string(t, c->server);
    else if (!sql_tokens_at_end(t) && !sql_token_is_word(t, "USER") &&
             !sql_tokens_take_word(t, "ALL"))
        good = take_word_or_string(t, c->bare);
    if (good && sql_tokens_take_word(t, "USER"))
        good = take_word_or_string(t, c->user);
    return good && sql_tokens_at_end(t);
}

static struct pool_choice choice_of(const struct chosen *c)
{
    return (struct pool_choice){.server = c->server[0] != '\0' ? c->server : NULL,
                                .user = c->user[0] != '\0' ? c->user : NULL};
}

/* A bare name is a server's, if there is one of that name, or a user is named beside it. */
static void place_bare_name(const struct console_run *r, struct chosen *c)
{
    struct config *config = r->console->orders.hold_config(r->console->orders.context);
    bool server = c->user[0] != '\0' || config_find_server(config, c->bare) != NULL;
    (void)!text_copy(server ? c->server : c->user, NAME_SIZE, bytes_of_text(c->bare));
    config_release(config);
}

static void tell(struct console_run *r, const char *what, struct pool_choice which, int pools)
{
    if (pools == POOL_CHOICE_UNKNOWN) {
        answer_error(&r->answer, ER_UNKNOWN_ERROR,
                     "There is no such server or user; SHOW SERVERS and SHOW USERS list them");
        return;
    }
    struct pool_progress p = proxy_progress(r->console->proxy, which);
    answer_ok(&r->answer, (uint64_t)pools,
              "%s: %d pool%s. Paused: %u of %u. Links that clients hold: %u; from before the last "
              "DRAIN: %u. Clients waiting: %u",
              what, pools, text_plural((uint64_t)pools), p.paused, p.pools, p.busy, p.draining,
              p.waiting);
}

static void order(struct console_run *r, const char *what,
                  int (*give)(struct proxy *p, struct pool_choice which))
{
    struct chosen chosen = {0};
    if (!take_choice(&r->statement.rest, &chosen)) {
        statement_wrong(&r->statement, &r->answer);
        return;
    }
    if (chosen.bare[0] != '\0')
        place_bare_name(r, &chosen);
    struct pool_choice which = choice_of(&chosen);
    log_note(console_session_who(r->session), "%s server %s user %s", what,
             which.server != NULL ? which.server : "(any)",
             which.user != NULL ? which.user : "(any)");
    tell(r, what, which, give(r->console->proxy, which));
}

void command_pause(struct console_run *r)
{
    order(r, "PAUSE", proxy_pause);
}

void command_resume(struct console_run *r)
{
    order(r, "RESUME", proxy_resume);
}

void command_drain(struct console_run *r)
{
    order(r, "DRAIN", proxy_drain);
}
