/* SPDX-License-Identifier: Apache-2.0
 * Looking for leaks: few links, once a second; clients are never walked over. */
#include "session/leaks.h"

#include "base/check.h"
#include "base/text.h"
#include "mysql/sql_redact.h"
#include "session/client.h"
#include "session/client_attributes.h"
#include "session/request_record.h"
#include "session/user_store.h"

#include <stdio.h>
#include <string.h>

#define LOOK_EVERY USEC_PER_SEC
/* Cases reported in one look; the others a second later. */
#define REPORTS_AT_A_TIME 16

static void copy(char *out, size_t size, struct bytes text)
{
    (void)!text_copy(out, size, bytes_of(text.data, text.size < size ? text.size : size - 1));
}

/* -------- the report -------- */

static void describe_why(const struct client *c, const struct link *l, char *out, size_t size)
{
    bool transaction = l->status_known && link_in_transaction(l);
    size_t n = (size_t)snprintf(out, size, "%s", transaction ? "in transaction" : "");
    for (unsigned i = 0; i < PIN_COUNT && n < size; i++)
        if ((c->pins >> i & 1) != 0)
            n += (size_t)snprintf(out + n, size - n, "%spinned by %s", n > 0 ? ", " : "",
                                  pin_name((enum pin)i));
}

static void describe_statement(const struct client *c, char *out, size_t size)
{
    const struct request_record *r = request_record_of(c);
    out[0] = '\0';
    if (r == NULL || r->text_size == 0)
        return;
    uint8_t memory[RECORD_TEXT_MAX];
    copy(out, size,
         sql_redact(r->scan.mode, bytes_of(r->text, r->text_size), memory, sizeof memory));
}

static void describe_earlier(const struct client *c, char *out, size_t size)
{
    const struct request_record *r = request_record_of(c);
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 1; r != NULL && i <= RECORD_EARLIER && used < size; i++) {
        unsigned at = (r->earlier_next + RECORD_EARLIER - i) % RECORD_EARLIER;
        if (r->earlier_size[at] == 0)
            return;
        uint8_t memory[RECORD_EARLIER_TEXT_MAX];
        struct bytes text = sql_redact(r->scan.mode, bytes_of(r->earlier[at], r->earlier_size[at]),
                                       memory, sizeof memory);
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", used > 0 ? "; " : "",
                                 (int)text.size, (const char *)text.data);
    }
}

static struct leak describe(const struct client *c, const struct link *l)
{
    usec_t now = clock_now();
    usec_t silent = loop_now(c->worker->loop) - c->state_since;
    struct leak leak = {
        .client = c->id,
        .thread_id = l->thread_id,
        .since = now - silent,
        .leased_at = now - (loop_now(c->worker->loop) - l->leased_at),
        .wall = clock_wall() - silent,
    };
    copy(leak.user, sizeof leak.user, bytes_of_text(c->user->name));
    copy(leak.host, sizeof leak.host, bytes_of_text(c->peer));
    copy(leak.server, sizeof leak.server, bytes_of_text(c->group->name));
    if (c->attributes != NULL) {
        copy(leak.program, sizeof leak.program, client_attribute(c, "program_name"));
        copy(leak.pid, sizeof leak.pid, client_attribute(c, "_pid"));
        copy(leak.version, sizeof leak.version, client_attribute(c, "_client_version"));
    }
    describe_why(c, l, leak.why, sizeof leak.why);
    describe_statement(c, leak.statement, sizeof leak.statement);
    describe_earlier(c, leak.earlier, sizeof leak.earlier);
    return leak;
}

/* -------- what is done about it -------- */

/* A transaction alone can be ended without taking anything else from the client. */
static bool can_roll_back(const struct client *c, const struct link *l)
{
    return c->pins == 0 && l->status_known && link_in_transaction(l) && l->purpose == PURPOSE_NONE;
}

static const char *words_of(enum leak_action action)
{
    switch (action) {
    case LEAK_ACTION_REPORT:
        break;
    case LEAK_ACTION_ROLLBACK:
        return "rolled back";
    case LEAK_ACTION_KILL:
        return "killed";
    }
    return "reported";
}

/* From now on a statement would run outside of the transaction that the client believes in: what it
 * sends while the ROLLBACK is under way gets the error as well. */
static void roll_back(struct client *c, struct link *l)
{
    c->transaction_lost = true;
    c->status &= (uint16_t) ~(STATUS_IN_TRANS | STATUS_IN_TRANS_READONLY);
    c->told_transaction = false;
    link_chores_begin(l, PURPOSE_ROLLBACK);
    link_chore_add(l, CHORE_ROLLBACK, COMMAND_QUERY, bytes_of_text("ROLLBACK"));
    link_chores_send(l);
}

static const char *remedy(enum leak_action action)
{
    switch (action) {
    case LEAK_ACTION_REPORT:
        break;
    case LEAK_ACTION_ROLLBACK:
        return "The transaction is rolled back (leak_action)";
    case LEAK_ACTION_KILL:
        return "It is disconnected (leak_action)";
    }
    return "End the transaction, or what pins it, in the application; KILL it on the console; "
           "leak_action can do that by itself";
}

static void report(struct client *c, struct link *l, const struct config *config)
{
    enum leak_action action = config->global.leak_action;
    if (action == LEAK_ACTION_ROLLBACK && !can_roll_back(c, l))
        action = LEAK_ACTION_REPORT;
    struct leak leak = describe(c, l);
    leak.action = words_of(action);
    snprintf(leak.remedy, sizeof leak.remedy, "%s", remedy(action));
    counters_add(&c->worker->counters, COUNTER_leaks, 1);
    l->leak = leak_book_add(c->worker->proxy->leaks, &leak);
    log_write(LOG_LEVEL_WARNING, client_who(c),
              "has held thread %u of %s for %llu s and done nothing for %llu s: %s (program '%s', "
              "pid %s). Last statement: %s; before it: %s. %s",
              l->thread_id, leak.server,
              (unsigned long long)((clock_now() - leak.leased_at) / USEC_PER_SEC),
              (unsigned long long)((clock_now() - leak.since) / USEC_PER_SEC), leak.why,
              leak.program, leak.pid[0] != '\0' ? leak.pid : "unknown",
              leak.statement[0] != '\0' ? leak.statement : "not known",
              leak.earlier[0] != '\0' ? leak.earlier : "none", leak.remedy);
    if (action == LEAK_ACTION_KILL)
        client_close(c, CLOSE_CLIENT_LEAK);
    else if (action == LEAK_ACTION_ROLLBACK)
        roll_back(c, l);
}

/* -------- looking -------- */

static bool is_leak(const struct link *l, usec_t now, usec_t threshold)
{
    const struct client *c = l->client;
    return l->state == LINK_LEASED && l->leak == 0 && c != NULL && c->state == CLIENT_IDLE &&
           !l->soft && now - c->state_since >= threshold;
}

static void look(struct worker *w)
{
    usec_t threshold = w->config->global.leak_threshold;
    usec_t now = loop_now(w->loop);
    struct link *found[REPORTS_AT_A_TIME];
    size_t count = 0;
    size_t cursor = 0;
    struct link *l;
    while (threshold > 0 && count < REPORTS_AT_A_TIME &&
           (l = hashmap_u64_next(&w->links_by_id, &cursor, NULL)) != NULL)
        if (is_leak(l, now, threshold))
            found[count++] = l;
    for (size_t i = 0; i < count; i++)
        if (found[i]->client != NULL)
            report(found[i]->client, found[i], w->config);
}

static void on_look(struct loop_timer *timer)
{
    struct worker *w = container_of(timer, struct worker, leak_timer);
    loop_timer_set(w->loop, timer, LOOK_EVERY);
    look(w);
}

void leaks_watch(struct worker *w)
{
    w->leak_timer.on_fire = on_look;
    loop_timer_set(w->loop, &w->leak_timer, LOOK_EVERY);
}

void leaks_stop(struct worker *w)
{
    loop_timer_cancel(w->loop, &w->leak_timer);
}

void leaks_lease_ended(struct client *c, struct link *l)
{
    if (l->leak == 0)
        return;
    leak_book_end(c->worker->proxy->leaks, l->leak,
                  c->state == CLIENT_CLOSED ? LEAK_CLIENT_LEFT : LEAK_RELEASED, clock_now());
    l->leak = 0;
}

/* -------- ROLLBACK -------- */

void leaks_rolled_back(struct link *l)
{
    struct client *c = l->client;
    CHECK(c != NULL); /* one that leaves meanwhile takes the link with it */
    leaks_lease_ended(c, l);
    link_set_state(l, LINK_LEASED);
    if (c->state == CLIENT_WAITING)
        lease_acquire(c);
    else
        lease_after_request(c);
}

bool leaks_tell_rollback(struct client *c)
{
    if (!c->transaction_lost)
        return false;
    enum command command = c->request.command->command;
    /* The others neither belong to the transaction nor have an answer that could say it. */
    if (command != COMMAND_QUERY && command != COMMAND_STMT_PREPARE &&
        command != COMMAND_STMT_EXECUTE && command != COMMAND_STMT_BULK_EXECUTE)
        return false;
    c->transaction_lost = false;
    const struct mysql_error_row *row = mysql_error_find(ER_TRANSACTION_ROLLED_BACK);
    client_fail_request(c, ER_TRANSACTION_ROLLED_BACK, row->sqlstate, bytes_of_text(row->text));
    return true;
}
