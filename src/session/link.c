/* SPDX-License-Identifier: Apache-2.0
 * A link's birth, states and death. */
#include "session/link.h"

#include "base/check.h"
#include "base/text.h"
#include "mysql/result_set.h"
#include "net/socket.h"
#include "session/catalogue.h"
#include "session/guest.h"
#include "session/hash_reader.h"
#include "session/monitor.h"
#include "session/statement.h"
#include "session/tallies.h"
#include "session/user_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How long a server may take to close a link that we are done with. */
#define FAREWELL_TIMEOUT USEC_PER_SEC
/* How often the log says that a server cannot be reached. */
#define FAILURE_TOLD_EVERY (30 * USEC_PER_SEC)

enum link_timeout { LINK_TIMEOUT_NONE, LINK_TIMEOUT_CONNECT, LINK_TIMEOUT_FAREWELL };

static const struct {
    enum link_timeout timeout;
    const char *text;
} states[] = {
#define LINK_STATE(name, timeout, text) {(timeout), (text)},
#include "session/link_states.def"
#undef LINK_STATE
};

const char *link_state_text(enum link_state state)
{
    CHECK(state < LINK_STATE_COUNT);
    return states[state].text;
}

static void link_free(struct loop_task *task)
{
    struct link *l = container_of(task, struct link, dying);
    if (l->session != NULL)
        session_state_release(l->session);
    if (l->login_session != NULL)
        session_state_release(l->login_session);
    user_let_go(l->pool->user);
    if (l->side)
        free(l->pool);
    statement_link_free(l);
    link_forget_login(l);
    free(l);
}

void link_set_state(struct link *l, enum link_state state)
{
    l->state = state;
    if (l->worker == NULL)
        return;
    switch (states[state].timeout) {
    case LINK_TIMEOUT_CONNECT:
        loop_timer_set(l->worker->loop, &l->timer, l->worker->config->global.connect_timeout);
        break;
    case LINK_TIMEOUT_FAREWELL:
        loop_timer_set(l->worker->loop, &l->timer, FAREWELL_TIMEOUT);
        break;
    case LINK_TIMEOUT_NONE:
        loop_timer_cancel(l->worker->loop, &l->timer);
        break;
    }
}

static void link_end(struct link *l);

static void link_on_timeout(struct loop_timer *timer)
{
    struct link *l = container_of(timer, struct link, timer);
    if (l->state == LINK_LEAVING) {
        link_end(l);
        return;
    }
    if (l->guest != NULL && guest_link_timed_out(l))
        return;
    if (l->purpose != PURPOSE_NONE && l->purpose != PURPOSE_OPEN) {
        lease_link_lost(l, CLOSE_LINK_CHORE_FAILED);
        return;
    }
    char text[160];
    snprintf(text, sizeof text, "no answer within connect_timeout while %s", states[l->state].text);
    link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text(text));
}

static void link_on_connected(struct link *l)
{
    int error = socket_error(l->stream.io.fd);
    if (error != 0) {
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text(strerror(error)));
        return;
    }
    if (!link_send_header(l)) {
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text("the connection broke"));
        return;
    }
    link_set_state(l, LINK_GREETING);
    link_login_continue(l);
}

/* Bytes or an end of stream on a link that nobody has asked anything. */
static void link_on_unasked(struct link *l)
{
    enum stream_result r = stream_fill(&l->stream);
    if (r == STREAM_AGAIN)
        return;
    lease_link_lost(l, CLOSE_LINK_CLOSED_BY_SERVER);
}

static void link_on_leased(struct link *l)
{
    CHECK(l->client != NULL);
    switch (l->client->state) {
    case CLIENT_REQUEST:
    case CLIENT_REPLY:
    case CLIENT_INFILE:
        client_advance(l->client);
        break;
    case CLIENT_GREETING:
    case CLIENT_TLS:
    case CLIENT_LOGIN:
    case CLIENT_AUTHENTICATING:
    case CLIENT_PROVING:
    case CLIENT_DELAYED:
    case CLIENT_IDLE:
    case CLIENT_WAITING:
    case CLIENT_RESTORING:
    case CLIENT_KILLING:
    case CLIENT_CLOSING:
    case CLIENT_CLOSED:
    case CLIENT_STATE_COUNT:
        if (l->stream.io.readable)
            link_on_unasked(l);
        break;
    }
}

/* Whatever still comes is nobody's; the end of it is what we wait for. */
static void link_on_farewell(struct link *l)
{
    for (int turn = 0; turn < 16; turn++) {
        enum stream_result r = stream_fill(&l->stream);
        if (r == STREAM_AGAIN)
            return;
        if (r == STREAM_EOF || r == STREAM_FAILED)
            break;
        l->stream.in->sent = l->stream.in->parsed = l->stream.in->received;
        stream_trim(&l->stream);
    }
    link_end(l);
}

static void link_on_ready(struct loop_fd *io)
{
    struct link *l = container_of(io, struct link, stream.io);
    switch (l->state) {
    case LINK_CONNECTING:
        if (io->writable || io->hung_up)
            link_on_connected(l);
        break;
    case LINK_GREETING:
    case LINK_LOGIN:
        link_login_continue(l);
        break;
    case LINK_TLS:
        link_tls_continue(l);
        break;
    case LINK_CHORES:
        if (l->request_follows)
            client_advance(l->client);
        else
            link_chores_continue(l);
        break;
    case LINK_READING:
        catalogue_link_continue(l);
        break;
    case LINK_WATCHING:
        if (l->stream.io.readable || l->stream.io.hung_up)
            link_on_unasked(l);
        break;
    case LINK_LEASED:
        link_on_leased(l);
        break;
    case LINK_LEAVING:
        link_on_farewell(l);
        break;
    case LINK_IDLE:
    case LINK_RESOLVING:
    case LINK_CLOSED:
    case LINK_STATE_COUNT:
        break;
    }
}

struct link *link_create(struct worker *w, struct link_pool *pool)
{
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->id = atomic_fetch_add(&w->proxy->next_link_id, 1);
    if (!hashmap_u64_put(&w->links_by_id, l->id, l)) {
        free(l);
        return NULL;
    }
    stream_init(&l->stream, link_on_ready);
    l->worker = w;
    l->pool = pool;
    user_hold(pool->user);
    l->login_epoch = atomic_load(&pool->group->login_epoch);
    l->timer.on_fire = link_on_timeout;
    l->dying.run = link_free;
    l->opened_at = loop_now(w->loop);
    memcpy(l->transaction_state, "________", sizeof l->transaction_state);
    snprintf(l->who, sizeof l->who, "link to %.40s for %.40s", pool->group->name, pool->user->name);
    return l;
}

static void link_connect(struct link *l, const struct address *a)
{
    int fd = socket_connect(a);
    if (fd < 0) {
        enum pool_open_failure why =
            errno == EMFILE || errno == ENFILE ? POOL_NO_RESOURCES : POOL_SERVER_DOWN;
        link_fail_open(l, why, 0, NULL, bytes_of_text(strerror(errno)));
        return;
    }
    if (!stream_attach(&l->stream, l->worker->loop, l->worker->buffers, fd)) {
        close(fd);
        link_fail_open(l, POOL_NO_RESOURCES, 0, NULL, bytes_of_text(strerror(errno)));
        return;
    }
    link_set_state(l, LINK_CONNECTING);
}

/* A name lookup under way; outlives a link that is closed meanwhile. */
struct link_resolution {
    struct resolve_request request;
    struct link *link; /* NULL: nobody waits any more */
};

static void link_on_resolved(struct mail *mail)
{
    struct link_resolution *r = container_of(mail, struct link_resolution, request.mail);
    struct link *l = r->link;
    if (l != NULL) {
        l->resolving = NULL;
        if (r->request.count == 0) {
            char text[400];
            snprintf(text, sizeof text, "cannot resolve '%s': %s", r->request.host,
                     r->request.error);
            link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text(text));
        } else {
            link_connect(l, &r->request.addresses[0]);
        }
    }
    free(r);
}

void link_resolve(struct link *l)
{
    const struct server_group *g = l->pool->group;
    struct address a;
    if (g->socket[0] != '\0') {
        if (address_from_path(&a, g->socket))
            link_connect(l, &a);
        else
            link_fail_open(l, POOL_SERVER_DOWN, 0, NULL,
                           bytes_of_text("the path of its socket is too long"));
        return;
    }
    if (address_from_ip(&a, g->host, g->port)) {
        link_connect(l, &a);
        return;
    }
    struct link_resolution *r = calloc(1, sizeof *r);
    if (r == NULL) {
        link_fail_open(l, POOL_NO_RESOURCES, 0, NULL, bytes_of_text("out of memory"));
        return;
    }
    r->request.mail.deliver = link_on_resolved;
    r->request.reply_to = l->worker->mailbox;
    memcpy(r->request.host, g->host, sizeof g->host);
    r->request.port = g->port;
    r->link = l;
    l->resolving = r;
    link_set_state(l, LINK_RESOLVING);
    resolver_ask(l->worker->proxy->resolver, &r->request);
}

/* A server that is down is tried again and again: the log need not say so every second. */
static enum log_level failure_level(struct link *l, enum pool_open_failure why)
{
    if ((why == POOL_LOGIN_FAILED || why == POOL_USER_FULL) &&
        (l->guest != NULL || l->pool->user->source == USER_OF_SERVER ||
         l->pool->user->source == USER_OF_NOBODY))
        return LOG_LEVEL_DEBUG; /* its client is told */
    if (l->monitor != NULL)
        return LOG_LEVEL_DEBUG; /* it tells by itself, once */
    if (why == POOL_LOGIN_FAILED)
        return LOG_LEVEL_ERROR;
    struct server_group *g = l->pool->group;
    usec_t now = loop_now(l->worker->loop);
    usec_t told = atomic_load(&g->failure_told_at);
    if (told != 0 && now - told < FAILURE_TOLD_EVERY)
        return LOG_LEVEL_DEBUG;
    atomic_store(&g->failure_told_at, now);
    return LOG_LEVEL_WARNING;
}

void link_fail_open(struct link *l, enum pool_open_failure why, uint16_t code, const char *sqlstate,
                    struct bytes text)
{
    struct open_error error = {.code = code};
    snprintf(error.sqlstate, sizeof error.sqlstate, "%s", sqlstate != NULL ? sqlstate : "HY000");
    snprintf(error.text, sizeof error.text, "%.*s", (int)text.size, (const char *)text.data);
    char number[32] = "";
    if (code != 0)
        snprintf(number, sizeof number, " (error %u)", code);
    log_write(failure_level(l, why), l->who, "could not be opened while %s: %s%s",
              states[l->state].text, error.text, number);
    if (l->guest != NULL)
        guest_link_failed(l, why, &error);
    else if (l->reader != NULL)
        catalogue_link_failed(l, &error);
    else if (l->monitor != NULL)
        monitor_link_failed(l, why, &error);
    else if (l->hash_reader != NULL)
        hash_reader_link_failed(l, error.text);
    else if (l->side)
        kill_side_done(l, &error);
    else
        registry_open_failed(l, why, &error);
    link_close(l, CLOSE_LINK_OPEN_FAILED);
}

void link_give_up(struct link *l)
{
    bool opening = l->state == LINK_RESOLVING || l->state == LINK_CONNECTING ||
                   l->state == LINK_GREETING || l->state == LINK_TLS || l->state == LINK_LOGIN ||
                   l->purpose == PURPOSE_OPEN;
    if (l->state != LINK_LEAVING && (opening || l->side))
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text("Weir does not wait for it"));
    else
        link_close(l, CLOSE_SHUTDOWN);
    if (l->state == LINK_LEAVING)
        link_end(l);
}

void link_logged_in(struct link *l)
{
    l->opened_at = loop_now(l->worker->loop);
    atomic_store(&l->pool->group->failure_told_at, 0);
    l->session = session_state_hold(l->login_session);
    residue_left_init(&l->residue_left);
    if (l->kill != NULL) {
        kill_side_open(l);
        return;
    }
    if (l->reader != NULL) {
        catalogue_link_ready(l);
        return;
    }
    if (l->monitor != NULL) {
        monitor_link_ready(l);
        return;
    }
    if (l->hash_reader != NULL) {
        hash_reader_link_ready(l);
        return;
    }
    if (l->side) { /* a probe: the greeting was all it was about */
        link_close(l, CLOSE_LINK_SIDE_DONE);
        return;
    }
    if (l->guest != NULL && !guest_link_logged_in(l))
        return;
    link_chores_begin(l, PURPOSE_OPEN);
    link_add_trackers(l);
    link_ask_baseline(l);
    link_chore_add(l, CHORE_READ_LIMITS, COMMAND_QUERY,
                   bytes_of_text("SELECT @@max_prepared_stmt_count,@@wait_timeout,"
                                 "@@global.interactive_timeout LIMIT 1"));
    if (l->guest != NULL)
        guest_ask_account(l);
    link_chores_send(l);
}

static void link_end(struct link *l)
{
    struct worker *w = l->worker;
    if (l->resolving != NULL)
        l->resolving->link = NULL;
    if (l->guest != NULL)
        guest_link_gone(l);
    loop_timer_cancel(w->loop, &l->timer);
    stream_close(&l->stream);
    l->state = LINK_CLOSED;
    (void)hashmap_u64_remove(&w->links_by_id, l->id);
    loop_defer(w->loop, &l->dying);
    if (l->keeps_place)
        server_group_end_monitor(l->pool->group);
    else if (l->side)
        server_group_end_side(l->pool->group);
    else
        registry_closed(l);
}

/* A link that works and has no half-sent request on it can be parted from politely. */
static bool may_say_goodbye(const struct link *l, enum close_reason why)
{
    const struct close_reason_row *row = close_reason_row(why);
    return row->fault != CLOSE_FAULT_SERVER && l->session != NULL && stream_is_open(&l->stream) &&
           !l->stream.io.hung_up;
}

static void say_goodbye(struct link *l, bool mid_request)
{
    static const uint8_t quit[] = {1, 0, 0, 0, COMMAND_QUIT};
    link_set_state(l, LINK_LEAVING);
    uint8_t *out = mid_request ? NULL : stream_out_reserve(&l->stream, sizeof quit);
    if (out != NULL) {
        memcpy(out, quit, sizeof quit);
        stream_out_commit(&l->stream, sizeof quit);
        (void)!stream_send(&l->stream, NULL);
    }
    link_on_farewell(l);
}

void link_close(struct link *l, enum close_reason why)
{
    CHECK(l->client == NULL);
    if (l->state == LINK_CLOSED || l->state == LINK_LEAVING)
        return;
    const struct close_reason_row *row = close_reason_row(why);
    log_write(row->level, l->who, "thread %u closed: %s", l->thread_id, row->text);
    tally_link_closed(l->worker, why);
    l->purpose = PURPOSE_NONE;
    l->reply_active = false;
    if (may_say_goodbye(l, why))
        say_goodbye(l, why == CLOSE_LINK_CLIENT_LEFT);
    else
        link_end(l);
}

void link_read_limits(struct link *l, struct bytes reply)
{
    struct bytes cells[3];
    uint64_t numbers[3];
    if (result_set_first_row(reply, cells, countof(cells)) != countof(cells))
        return;
    for (size_t i = 0; i < countof(cells); i++)
        if (!text_read_u64(cells[i], &numbers[i]) || numbers[i] > UINT32_MAX)
            return;
    atomic_store(&l->pool->group->max_prepared_stmt_count, (unsigned)numbers[0]);
    l->wait_timeout = (uint32_t)numbers[1];
    l->interactive_timeout = (uint32_t)numbers[2];
}

/* A link is closed so long before its server would do it: a tenth of the time, between these. */
#define REST_MARGIN_MIN (USEC_PER_SEC / 2)
#define REST_MARGIN_MAX (60 * USEC_PER_SEC)

static usec_t less_margin(uint64_t timeout)
{
    if (timeout == 0)
        return 0;
    usec_t all = timeout * USEC_PER_SEC;
    usec_t margin = all / 10 < REST_MARGIN_MIN ? REST_MARGIN_MIN : all / 10;
    return all - (margin < REST_MARGIN_MAX ? margin : REST_MARGIN_MAX);
}

usec_t link_rest_max(const struct link *l)
{
    const char *own = session_state_get(l->session, "wait_timeout");
    uint64_t timeout = l->wait_timeout;
    if (own != NULL && !text_parse_u64(own, &timeout) && l->interactive_timeout < timeout)
        timeout = l->interactive_timeout; /* what the login of an interactive client sets */
    return less_margin(timeout);
}

void link_close_idle(struct worker *w, struct link *l, enum close_reason why)
{
    CHECK(l->worker == NULL);
    l->worker = w;
    bool attached = hashmap_u64_put(&w->links_by_id, l->id, l) &&
                    stream_attach(&l->stream, w->loop, w->buffers, l->stream.io.fd);
    if (attached)
        link_close(l, why);
    else
        link_end(l);
}

bool link_adopt(struct worker *w, struct link *l, bool rested)
{
    CHECK(l->worker == NULL);
    l->worker = w;
    if (!hashmap_u64_put(&w->links_by_id, l->id, l) ||
        (rested && stream_peek(&l->stream) != SOCKET_QUIET) ||
        !stream_attach(&l->stream, w->loop, w->buffers, l->stream.io.fd)) {
        link_close(l, CLOSE_LINK_CLOSED_BY_SERVER);
        return false;
    }
    return true;
}

bool link_detach(struct link *l)
{
    CHECK(l->worker != NULL);
    if (!stream_detach(&l->stream))
        return false;
    loop_timer_cancel(l->worker->loop, &l->timer);
    (void)hashmap_u64_remove(&l->worker->links_by_id, l->id);
    l->worker = NULL;
    return true;
}
