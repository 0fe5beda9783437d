/* SPDX-License-Identifier: Apache-2.0
 * A client's birth, states, own packets and death. */
#include "session/client.h"

#include "base/check.h"
#include "base/text.h"
#include "net/compression.h"
#include "session/access.h"
#include "session/admission.h"
#include "session/catalogue.h"
#include "session/client_attributes.h"
#include "session/client_auth.h"
#include "session/client_timeouts.h"
#include "session/former.h"
#include "session/growth_watch.h"
#include "session/guest.h"
#include "session/own_trackers.h"
#include "session/private_state.h"
#include "session/request_record.h"
#include "session/snapshot_walk.h"
#include "session/statement.h"
#include "session/tallies.h"
#include "session/user_store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Steps per wake-up: a client that pipelines must not keep the others waiting. */
#define STEPS_PER_TURN 64

/* Clients that do nothing are most of what there is: with what their drivers say of themselves they
 * are to cost less than 1 kB. What few clients need is allocated when they need it. */
_Static_assert(sizeof(struct client) <= 808, "an idle client has become too large");

static const struct {
    enum client_timeout timeout;
    const char *text;
} states[] = {
#define CLIENT_STATE(name, timeout, text) {(timeout), (text)},
#include "session/client_states.def"
#undef CLIENT_STATE
};

const char *client_state_text(enum client_state state)
{
    CHECK(state < CLIENT_STATE_COUNT);
    return states[state].text;
}

const char *client_who(const struct client *c)
{
    static _Thread_local char who[160];
    snprintf(who, sizeof who, "client %u %.64s@%s", c->id,
             c->user != NULL ? c->user->name : "(not logged in)", c->peer);
    return who;
}

void client_becomes(struct client *c, struct user *user)
{
    struct user *before = c->user;
    c->user = user != NULL ? user_hold(user) : NULL;
    user_let_go(before);
}

void client_host(const struct client *c, char out[CLIENT_PEER_SIZE])
{
    struct bytes host = address_text_host(c->peer);
    (void)!text_copy(out, CLIENT_PEER_SIZE, host);
}

enum client_timeout client_state_timeout(enum client_state state)
{
    return states[state].timeout;
}

/* The place where requests end. */
static void begin_to_idle(struct client *c)
{
    tally_pins(c);
    request_record_done(c);
    if (c->link == NULL)
        request_record_end(c);
}

void client_set_state(struct client *c, enum client_state state)
{
    enum client_state before = c->state;
    if (before == CLIENT_WAITING && state != CLIENT_WAITING)
        tally_wait_ends(c);
    c->state = state;
    if (state == CLIENT_IDLE)
        begin_to_idle(c);
    else if (state == CLIENT_WAITING && before != CLIENT_WAITING)
        tally_wait_begins(c);
    client_timeouts_enter(c, before);
}

/* Whether an ERR would be understood now: between packets, and by somebody who waits for one. */
static bool may_be_told(const struct client *c)
{
    if (!stream_is_open(&c->stream))
        return false;
    switch (c->state) {
    case CLIENT_LOGIN:
    case CLIENT_AUTHENTICATING:
    case CLIENT_PROVING:
    case CLIENT_DELAYED:
    case CLIENT_IDLE:
    case CLIENT_WAITING:
    case CLIENT_RESTORING:
    case CLIENT_KILLING:
        return true;
    case CLIENT_REQUEST: /* lease_link_lost knows what has been sent */
    case CLIENT_REPLY:
    case CLIENT_INFILE:
    case CLIENT_GREETING:
    case CLIENT_TLS:
    case CLIENT_CLOSING:
    case CLIENT_CLOSED:
    case CLIENT_STATE_COUNT:
        break;
    }
    return false;
}

/* -------- birth -------- */

static void client_free(struct loop_task *task)
{
    struct client *c = container_of(task, struct client, dying);
    struct worker *w = c->worker;
    if (c->session != NULL)
        session_state_release(c->session);
    if (c->login_session != NULL)
        session_state_release(c->login_session);
    free(c->login_schema);
    residue_fini(&c->residue);
    statement_forget_all(c);
    track_forget(c);
    own_trackers_forget(c);
    private_state_forget(c);
    request_record_end(c);
    client_attributes_forget(c);
    client_drop_timeouts(c);
    client_auth_end(c);
    client_becomes(c, NULL);
    former_forget(c);
    slab_put(&w->client_slab, c);
    atomic_fetch_sub(&w->client_count, 1);
    atomic_fetch_sub(&w->proxy->live_clients, 1);
}

static bool is_served_by_others(enum client_state s)
{
    return s == CLIENT_PROVING || s == CLIENT_DELAYED || s == CLIENT_WAITING ||
           s == CLIENT_RESTORING || s == CLIENT_KILLING || s == CLIENT_REPLY;
}

static void client_on_ready(struct loop_fd *io)
{
    struct client *c = container_of(io, struct client, stream.io);
    if (io->hung_up && is_served_by_others(c->state)) {
        client_close(c, CLOSE_CLIENT_GONE);
        return;
    }
    client_advance(c);
}

static void client_on_more(struct loop_task *task)
{
    struct client *c = container_of(task, struct client, more);
    if (c->worker->draining)
        client_drain(c);
    if (c->state != CLIENT_CLOSED)
        client_advance(c);
}

static uint32_t next_id(struct worker *w)
{
    uint32_t id;
    do {
        w->next_client = (w->next_client + 1) & CLIENT_ID_NUMBER_MASK;
        id = CLIENT_ID_BIT | w->index << CLIENT_ID_WORKER_SHIFT | w->next_client;
    } while (hashmap_u64_get(&w->clients_by_id, id) != NULL);
    return id;
}

static struct client *client_create(struct worker *w, const struct address *peer)
{
    struct client *c = slab_get(&w->client_slab);
    if (c == NULL)
        return NULL;
    c->id = next_id(w);
    if (!hashmap_u64_put(&w->clients_by_id, c->id, c)) {
        slab_put(&w->client_slab, c);
        return NULL;
    }
    stream_init(&c->stream, client_on_ready);
    c->worker = w;
    c->peer_is_local = address_is_unix(peer);
    c->timer.on_fire = client_on_timeout;
    c->dying.run = client_free;
    c->more.run = client_on_more;
    request_record_none(c);
    char text[ADDRESS_TEXT_SIZE];
    address_format(peer, text);
    (void)!text_copy(c->peer, sizeof c->peer, bytes_of_text(text));
    list_push_back(&w->clients, &c->node);
    c->connected_at = c->state_since = loop_now(w->loop);
    c->stream.totals = &w->client_bytes;
    atomic_fetch_add(&w->proxy->live_clients, 1);
    return c;
}

void client_accept(struct worker *w, int fd, const struct address *peer, uint8_t entrance)
{
    counters_add(&w->counters, COUNTER_connections, 1);
    struct client *c = client_create(w, peer);
    if (c == NULL) {
        counters_add(&w->counters, COUNTER_errors_internal, 1);
        close(fd);
        atomic_fetch_sub(&w->client_count, 1);
        atomic_fetch_sub(&w->proxy->admitted, 1);
        return;
    }
    if (!stream_attach(&c->stream, w->loop, w->buffers, fd)) {
        close(fd);
        counters_add(&w->counters, COUNTER_errors_internal, 1);
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    c->entrance = entrance;
    client_set_state(c, CLIENT_GREETING);
    if (access_let_in(c))
        client_greet(c);
}

/* -------- own packets -------- */

void client_send_frame(struct client *c, const struct writer *w)
{
    CHECK(!w->overflow);
    uint8_t *out = stream_out_reserve(&c->stream, w->size);
    if (out == NULL)
        return; /* out of memory: the client will see the connection end */
    memcpy(out, w->data, w->size);
    stream_out_commit(&c->stream, w->size);
}

void client_send_ok_with_warnings(struct client *c, uint8_t sequence, uint16_t warnings)
{
    uint8_t frame[32];
    struct writer w = writer_over(frame, sizeof frame);
    struct ok_packet ok = {.status = c->status & (uint16_t)~STATUS_OF_ONE_STATEMENT,
                           .warnings = warnings};
    ok_packet_encode(&w, sequence, &ok, (c->capabilities & CAP(SESSION_TRACK)) != 0);
    client_send_frame(c, &w);
}

void client_send_ok(struct client *c, uint8_t sequence)
{
    client_send_ok_with_warnings(c, sequence, 0);
}

void client_send_error(struct client *c, uint8_t sequence, uint16_t code, const char *sqlstate,
                       struct bytes message)
{
    uint8_t frame[1200];
    struct writer w = writer_over(frame, sizeof frame);
    if (message.size > 1024)
        message.size = 1024;
    err_packet_encode(&w, sequence, code, sqlstate, message);
    client_send_frame(c, &w);
}

const struct mysql_error_row *client_word_error(char *text, size_t size, enum mysql_error code,
                                                va_list args)
{
    const struct mysql_error_row *row = mysql_error_find(code);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, size, row->text, args); /* the format is a row of errors.def */
#pragma GCC diagnostic pop
    return row;
}

void client_send_mysql_error(struct client *c, uint8_t sequence, enum mysql_error code, ...)
{
    char text[600];
    va_list args;
    va_start(args, code);
    const struct mysql_error_row *row = client_word_error(text, sizeof text, code, args);
    va_end(args);
    client_send_error(c, sequence, (uint16_t)row->code, row->sqlstate, bytes_of_text(text));
}

bool client_flush(struct client *c)
{
    if (stream_send(&c->stream, NULL) != STREAM_FAILED)
        return true;
    client_close(c, CLOSE_CLIENT_IO);
    return false;
}

/* -------- going on -------- */

static bool client_step(struct client *c)
{
    switch (c->state) {
    case CLIENT_TLS:
        return client_step_tls(c);
    case CLIENT_LOGIN:
        return client_step_login(c);
    case CLIENT_AUTHENTICATING:
        return client_step_authenticating(c);
    case CLIENT_IDLE:
        return client_step_idle(c);
    case CLIENT_REQUEST:
        return client_step_request(c);
    case CLIENT_REPLY:
        relay_reply(c->link);
        return c->state == CLIENT_IDLE || c->state == CLIENT_INFILE;
    case CLIENT_INFILE:
        return client_step_infile(c);
    case CLIENT_CLOSING:
        if (stream_send(&c->stream, NULL) != STREAM_AGAIN)
            client_close(c, CLOSE_QUIT);
        return false;
    case CLIENT_GREETING:
    case CLIENT_PROVING:
    case CLIENT_DELAYED:
    case CLIENT_WAITING:
    case CLIENT_RESTORING:
    case CLIENT_KILLING:
    case CLIENT_CLOSED:
    case CLIENT_STATE_COUNT:
        break;
    }
    return false;
}

void client_advance(struct client *c)
{
    if (c->advancing) {
        c->advance_again = true;
        return;
    }
    c->advancing = true;
    int steps = 0;
    bool go_on = true;
    while (go_on && c->state != CLIENT_CLOSED && steps < STEPS_PER_TURN) {
        c->advance_again = false;
        go_on = client_step(c) || c->advance_again;
        steps++;
    }
    c->advancing = false;
    if (go_on && c->state != CLIENT_CLOSED)
        loop_defer(c->worker->loop, &c->more);
}

/* -------- death -------- */

void client_drain(struct client *c)
{
    bool firm = c->link != NULL && (!c->link->soft || !c->link->status_known);
    if (c->state == CLIENT_GREETING || c->state == CLIENT_TLS || c->state == CLIENT_LOGIN ||
        c->state == CLIENT_AUTHENTICATING || c->state == CLIENT_PROVING ||
        c->state == CLIENT_DELAYED ||
        (c->state == CLIENT_IDLE && !firm && !stream_has_unsent(&c->stream)))
        client_close(c, CLOSE_SHUTDOWN);
}

static void leave_counts(struct client *c, enum close_reason why)
{
    struct counters *n = &c->worker->counters;
    admission_leave(c);
    if (!c->logged_in)
        counters_add(n, COUNTER_aborted_connects, 1);
    else if (why != CLOSE_QUIT)
        counters_add(n, COUNTER_aborted_clients, 1);
}

static uint8_t last_words_sequence(const struct client *c, enum close_reason why)
{
    if (why == CLOSE_CLIENT_SEQUENCE)
        return 0; /* as a server, which has lost count as well */
    return c->login_schema != NULL || c->state == CLIENT_LOGIN ||
                   c->state == CLIENT_AUTHENTICATING || c->state == CLIENT_PROVING ||
                   c->state == CLIENT_DELAYED
               ? c->login_sequence
               : 1;
}

void client_close(struct client *c, enum close_reason why)
{
    if (c->state == CLIENT_CLOSED)
        return;
    const struct close_reason_row *row = close_reason_row(why);
    struct worker *w = c->worker;
    bool mid_request = c->state == CLIENT_REQUEST || c->state == CLIENT_REPLY ||
                       c->state == CLIENT_INFILE || c->state == CLIENT_RESTORING;
    log_write(row->level, client_who(c), "disconnected%s%s: %s",
              c->state == CLIENT_IDLE || c->state == CLIENT_CLOSING ? "" : " while ",
              c->state == CLIENT_CLOSING ? "" : client_state_text(c->state), row->text);
    if (c->state == CLIENT_IDLE)
        compression_set_sequence(&c->stream, last_words_sequence(c, why));
    if (row->code != 0 && may_be_told(c))
        client_send_error(c, last_words_sequence(c, why), row->code,
                          mysql_error_find(row->code)->sqlstate, bytes_of_text(row->text));
    if (stream_is_open(&c->stream) && c->stream.out != NULL)
        (void)!stream_send(&c->stream, NULL); /* best effort: it is going anyway */
    tally_client_gone(c, why);
    c->state = CLIENT_CLOSED;
    loop_timer_cancel(w->loop, &c->timer);
    loop_task_cancel(w->loop, &c->more);
    stream_close(&c->stream);
    (void)hashmap_u64_remove(&w->clients_by_id, c->id);
    snapshot_client_goes(c);
    growth_client_goes(c);
    list_remove(&w->clients, &c->node);
    if (list_node_linked(&c->greeting_node))
        list_remove(c->held ? &w->held : &w->greeting, &c->greeting_node);
    leave_counts(c, why);
    if (c->kill != NULL)
        kill_abandon(c->kill);
    if (c->pool != NULL && c->link == NULL)
        registry_cancel(c);
    if (c->guest != NULL)
        guest_forget(c);
    catalogue_request_done(c);
    lease_leave(c, mid_request);
    if (c->pool != NULL)
        registry_client_gone(c);
    loop_defer(w->loop, &c->dying);
}
