/* SPDX-License-Identifier: Apache-2.0
 * The time-outs of clients. */
#include "session/client_timeouts.h"
#include "net/compression.h"

#include "base/check.h"
#include "base/text.h"
#include "session/admission.h"
#include "session/client_auth.h"
#include "session/user_store.h"

#include <string.h>

/* How long a client that we part from may take for our last words. */
#define FLUSH_TIMEOUT (2 * USEC_PER_SEC)
/* The largest that servers take for wait_timeout. */
#define IDLE_SECONDS_MAX 31536000
/* A KILL that did not end a statement is sent again after this. */
#define KILL_AGAIN (5 * USEC_PER_SEC)
/* The server's clock for an idle session starts a little earlier than Weir's. */
#define IDLE_MARGIN USEC_PER_SEC

/* -------- what counts for a client -------- */

void client_take_timeouts(struct client *c)
{
    client_drop_timeouts(c);
    c->timeouts = user_timeouts_hold(c->worker->proxy->users, c->user);
}

void client_drop_timeouts(struct client *c)
{
    if (c->timeouts != NULL)
        user_timeouts_release(c->timeouts);
    c->timeouts = NULL;
}

/* What the client has set on its session counts, as on a server. 0: never. */
static usec_t idle_timeout_of(const struct client *c)
{
    uint64_t seconds;
    const char *own = c->session != NULL && c->session->variable_count > 0
                          ? session_state_get(c->session, "wait_timeout")
                          : NULL;
    if (own != NULL && text_parse_u64(own, &seconds) && seconds > 0 && seconds <= IDLE_SECONDS_MAX)
        return seconds * USEC_PER_SEC;
    if (c->timeouts == NULL)
        return 0;
    return (c->capabilities & CAP(INTERACTIVE)) != 0 ? c->timeouts->interactive : c->timeouts->wait;
}

/* -------- what runs -------- */

/* Whom a stream waits for. */
enum stall { STALL_NONE, STALL_READ, STALL_WRITE };

static enum stall stall_of(const struct client *c)
{
    const struct stream *s = &c->stream;
    switch (c->state) {
    case CLIENT_IDLE:
        return (s->out != NULL || stream_has_unsent(s)) && !s->io.writable ? STALL_WRITE
                                                                           : STALL_NONE;
    case CLIENT_REPLY:
        return s->io.writable ? STALL_NONE : STALL_WRITE;
    case CLIENT_REQUEST:
    case CLIENT_INFILE:
        if (!s->io.writable)
            return STALL_WRITE;
        return c->link != NULL && c->link->stream.io.writable && !s->io.readable ? STALL_READ
                                                                                 : STALL_NONE;
    case CLIENT_GREETING:
    case CLIENT_TLS:
    case CLIENT_LOGIN:
    case CLIENT_AUTHENTICATING:
    case CLIENT_PROVING:
    case CLIENT_DELAYED:
    case CLIENT_WAITING:
    case CLIENT_RESTORING:
    case CLIENT_KILLING:
    case CLIENT_CLOSING:
    case CLIENT_CLOSED:
    case CLIENT_STATE_COUNT:
        break;
    }
    return STALL_NONE;
}

static usec_t stall_timeout(const struct client *c)
{
    const struct global_settings *g = &c->worker->config->global;
    return stall_of(c) == STALL_READ ? g->net_read_timeout : g->net_write_timeout;
}

static void lower(usec_t *end, usec_t since, usec_t timeout)
{
    if (since != 0 && timeout != 0 && (*end == 0 || since + timeout < *end))
        *end = since + timeout;
}

/* Of a client between requests: its last answer came from Weir, and is small. */
static usec_t deaf_since(const struct client *c)
{
    return stall_of(c) == STALL_WRITE ? c->state_since : 0;
}

static usec_t transaction_since(const struct client *c)
{
    return c->link != NULL ? c->link->transaction_since : 0;
}

static usec_t end_of_idleness(const struct client *c)
{
    usec_t end = 0;
    lower(&end, c->state_since, idle_timeout_of(c));
    if (transaction_since(c) != 0 && c->timeouts != NULL) {
        lower(&end, c->state_since, c->timeouts->idle_transaction);
        lower(&end, transaction_since(c), c->timeouts->max_transaction);
    }
    lower(&end, deaf_since(c), c->worker->config->global.net_write_timeout);
    return end;
}

static bool is_select(const struct client *c)
{
    const struct request *r = &c->request;
    return r->scanned && r->scan->verb == SQL_VERB_SELECT && r->scan->statements <= 1;
}

static usec_t end_of_request(const struct client *c)
{
    usec_t end = 0;
    const struct user_timeouts *t = c->timeouts;
    const struct link *l = c->link;
    if (l == NULL || t == NULL)
        return 0;
    if (t->max_execution != 0 && c->state == CLIENT_REPLY && is_select(c))
        lower(&end, c->state_since, t->max_execution);
    lower(&end, l->transaction_since, t->max_transaction);
    if (l->killed_at != 0 && end != 0)
        end = l->killed_at + KILL_AGAIN;
    if (l->stalled_since != 0)
        lower(&end, l->stalled_since, stall_timeout(c));
    return end;
}

/* When the timer has something to do next, 0 never. */
static usec_t next_end(const struct client *c)
{
    const struct global_settings *g = &c->worker->config->global;
    usec_t end = 0;
    switch (client_state_timeout(c->state)) {
    case CLIENT_TIMEOUT_NONE:
        break;
    case CLIENT_TIMEOUT_LOGIN:
        lower(&end, c->state_since, g->connect_timeout);
        break;
    case CLIENT_TIMEOUT_DELAY:
        lower(&end, c->state_since, c->auth->delay);
        break;
    case CLIENT_TIMEOUT_IDLE:
        return end_of_idleness(c);
    case CLIENT_TIMEOUT_REQUEST:
        return end_of_request(c);
    case CLIENT_TIMEOUT_WAIT:
        lower(&end, c->state_since, g->pool_wait_timeout);
        break;
    case CLIENT_TIMEOUT_FLUSH:
        lower(&end, c->state_since, FLUSH_TIMEOUT);
        break;
    }
    return end;
}

static void arm(struct client *c)
{
    struct loop *loop = c->worker->loop;
    usec_t end = next_end(c);
    if (end == 0)
        loop_timer_cancel(loop, &c->timer);
    else
        loop_timer_set(loop, &c->timer, end > loop_now(loop) ? end - loop_now(loop) : 0);
}

void client_timeouts_enter(struct client *c, enum client_state before)
{
    struct link *l = c->link;
    if (c->state != CLIENT_WAITING || before != CLIENT_WAITING)
        c->state_since = loop_now(c->worker->loop);
    if (l != NULL) {
        l->stalled_since = 0;
        l->killed_at = 0;
    }
    if (l != NULL && c->state == CLIENT_IDLE) {
        if (!link_in_transaction(l))
            l->transaction_since = 0;
        else if (l->transaction_since == 0)
            l->transaction_since = c->state_since;
    }
    arm(c);
}

void client_stalled(struct client *c)
{
    struct link *l = c->link;
    uint32_t moved = (uint32_t)(c->stream.bytes_received + c->stream.bytes_sent);
    if (l != NULL && (l->stalled_since == 0 || moved != l->moved)) {
        l->moved = moved;
        l->stalled_since = loop_now(c->worker->loop);
    }
    arm(c);
}

bool client_is_overdue(const struct client *c)
{
    usec_t timeout = idle_timeout_of(c);
    usec_t margin = timeout / 2 < IDLE_MARGIN ? timeout / 2 : IDLE_MARGIN;
    return c->state == CLIENT_IDLE && timeout != 0 &&
           loop_now(c->worker->loop) + margin >= c->state_since + timeout;
}

/* -------- what has ended -------- */

/* Servers that say why they close an idle connection do so unasked, with sequence number 0. */
static void say_why(struct client *c, const char *text)
{
    compression_set_sequence(&c->stream, 0);
    if (server_has(c->facts->server, SERVER_ABILITY_SAYS_WHY_IT_CLOSES))
        client_send_error(c, 0, ER_CLIENT_INTERACTION_TIMEOUT, "HY000", bytes_of_text(text));
}

void client_end_idle(struct client *c)
{
    say_why(c, mysql_error_find(ER_CLIENT_INTERACTION_TIMEOUT)->text);
    client_close(c, CLOSE_CLIENT_IDLE);
}

static bool is_over(const struct client *c, usec_t since, usec_t timeout)
{
    return since != 0 && timeout != 0 && loop_now(c->worker->loop) >= since + timeout;
}

/* True when the client was closed. */
static bool end_stall(struct client *c, usec_t since)
{
    enum stall stall = stall_of(c);
    if (stall == STALL_NONE || !is_over(c, since, stall_timeout(c)))
        return false;
    client_close(c, stall == STALL_READ ? CLOSE_CLIENT_MUTE : CLOSE_CLIENT_DEAF);
    return true;
}

static void end_idleness(struct client *c)
{
    const struct user_timeouts *t = c->timeouts;
    usec_t open = transaction_since(c);
    if (end_stall(c, deaf_since(c)))
        return;
    if (t != NULL && is_over(c, open, t->max_transaction)) {
        say_why(c, "The client was disconnected by Weir because its transaction was open for too "
                   "long. See max_transaction_time for configuring this behavior.");
        client_close(c, CLOSE_TRANSACTION_LONG);
    } else if (t != NULL && open != 0 && is_over(c, c->state_since, t->idle_transaction)) {
        say_why(c, "The client was disconnected by Weir because its transaction was idle. See "
                   "idle_transaction_timeout for configuring this behavior.");
        client_close(c, CLOSE_TRANSACTION_IDLE);
    } else if (is_over(c, c->state_since, idle_timeout_of(c))) {
        client_end_idle(c);
    } else {
        arm(c);
    }
}

static void kill_for_time(struct client *c, bool long_select)
{
    struct link *l = c->link;
    log_write(LOG_LEVEL_NOTE, client_who(c), "its statement is killed: it ran longer than %s",
              long_select ? "max_execution_time" : "max_transaction_time allows");
    if (long_select && !l->overdue)
        counters_add(&c->worker->counters, COUNTER_max_execution_time_exceeded, 1);
    l->overdue = long_select;
    l->killed_at = loop_now(c->worker->loop);
    kill_overdue(c);
}

static void end_request(struct client *c)
{
    const struct user_timeouts *t = c->timeouts;
    struct link *l = c->link;
    if (l == NULL || t == NULL || end_stall(c, l->stalled_since))
        return;
    if (stall_of(c) == STALL_NONE)
        l->stalled_since = 0;
    bool may_kill = l->killed_at == 0 || is_over(c, l->killed_at, KILL_AGAIN);
    bool long_select =
        c->state == CLIENT_REPLY && is_select(c) && is_over(c, c->state_since, t->max_execution);
    bool long_transaction = is_over(c, l->transaction_since, t->max_transaction);
    if (may_kill && (long_select || long_transaction))
        kill_for_time(c, long_select);
    arm(c);
}

void client_on_timeout(struct loop_timer *timer)
{
    struct client *c = container_of(timer, struct client, timer);
    switch (client_state_timeout(c->state)) {
    case CLIENT_TIMEOUT_LOGIN:
        if (c->held)
            admission_refuse_login(c);
        else if (c->state == CLIENT_GREETING && c->facts == NULL)
            client_greet(c); /* the server is not known: better a greeting of our own than none */
        else
            client_close(c, CLOSE_CLIENT_LOGIN_TIMEOUT);
        break;
    case CLIENT_TIMEOUT_DELAY:
        client_auth_end_delay(c);
        break;
    case CLIENT_TIMEOUT_IDLE:
        end_idleness(c);
        break;
    case CLIENT_TIMEOUT_REQUEST:
        end_request(c);
        break;
    case CLIENT_TIMEOUT_WAIT:
        /* The policy keeps the time of its tickets; waiting on other things goes on. */
        registry_sweep(c->worker, c->pool->group);
        break;
    case CLIENT_TIMEOUT_FLUSH:
        client_close(c, CLOSE_CLIENT_IO);
        break;
    case CLIENT_TIMEOUT_NONE:
        break;
    }
}

void client_timeouts_configure(struct worker *w)
{
    if (w->config->global.timeouts_apply_to != TIMEOUTS_APPLY_TO_ALL)
        return;
    list_for_each (&w->clients, node) {
        struct client *c = container_of(node, struct client, node);
        if (c->timeouts == NULL)
            continue;
        client_take_timeouts(c);
        arm(c);
    }
}

/* -------- the error of an overdue SELECT -------- */

bool client_explain_overdue(struct client *c)
{
    struct link *l = c->link;
    struct buffer *b = l->stream.in;
    size_t size = l->reply.error_size;
    if (!l->overdue || l->reply.summary.error_code != ER_QUERY_INTERRUPTED || size == 0 ||
        b->parsed != b->received || b->parsed - b->sent < size)
        return false;
    const struct mysql_error_row *row =
        mysql_error_find(c->facts->server.mariadb ? ER_STATEMENT_TIMEOUT : ER_QUERY_TIMEOUT);
    uint8_t sequence = b->data[b->parsed - size + 3];
    uint8_t frame[160];
    struct writer w = writer_over(frame, sizeof frame);
    err_packet_encode(&w, sequence, (uint16_t)row->code, row->sqlstate, bytes_of_text(row->text));
    CHECK(!w.overflow);
    if (b->parsed - size + w.size > b->capacity)
        return false;
    memcpy(b->data + b->parsed - size, w.data, w.size);
    b->parsed = b->received = b->parsed - size + w.size;
    l->reply.summary.error_code = (uint16_t)row->code;
    memcpy(l->reply.summary.error_sqlstate, row->sqlstate, sizeof l->reply.summary.error_sqlstate);
    return true;
}
