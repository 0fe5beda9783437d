/* SPDX-License-Identifier: Apache-2.0
 * A console client's birth, packets and death. */
#include "console/console_client.h"

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "net/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The worker of the ids of console clients: there is none of that number. */
#define CONSOLE_WORKER  0x7f
#define LOGIN_TIMEOUT   (10 * USEC_PER_SEC)
#define CLOSING_TIMEOUT (2 * USEC_PER_SEC)
/* How long workers may take to say what they know. */
#define PENDING_TIMEOUT (10 * USEC_PER_SEC)

const char *console_session_who(const struct console_session *s)
{
    static _Thread_local char who[192];
    (void)snprintf(who, sizeof who, "console %u %.64s@%s", s->id,
                   s->user[0] != '\0' ? s->user : "(not logged in)", s->host);
    return who;
}

static void on_dying(struct loop_task *task)
{
    struct console_client *c = container_of(task, struct console_client, dying);
    console_run_abandon(&c->run);
    answer_fini(&c->run.answer);
    free(c->text);
    console_session_fini(&c->session);
    free(c);
}

void console_client_close(struct console_client *c)
{
    if (c->state == CONSOLE_CLIENT_CLOSED)
        return;
    c->state = CONSOLE_CLIENT_CLOSED;
    console_run_abandon(&c->run);
    loop_timer_cancel(c->console->loop, &c->timer);
    stream_close(&c->stream);
    list_remove(&c->console->clients, &c->node);
    loop_defer(c->console->loop, &c->dying);
}

struct console_client *console_client_find(struct console *c, uint32_t id)
{
    list_for_each (&c->clients, node) {
        struct console_client *client = container_of(node, struct console_client, node);
        if (client->session.id == id)
            return client;
    }
    return NULL;
}

static bool in_login(const struct console_client *c)
{
    return c->state == CONSOLE_CLIENT_LOGIN || c->state == CONSOLE_CLIENT_TLS ||
           c->state == CONSOLE_CLIENT_PROVING || c->state == CONSOLE_CLIENT_DELAYED;
}

/* -------- timeouts -------- */

static usec_t idle_timeout(const struct console_client *c)
{
    if (c->session.wait_timeout != 0)
        return c->session.wait_timeout * USEC_PER_SEC;
    struct config *config = c->console->orders.hold_config(c->console->orders.context);
    usec_t timeout =
        c->session.interactive ? config->global.interactive_timeout : config->global.wait_timeout;
    config_release(config);
    return timeout;
}

static void set_timer(struct console_client *c)
{
    usec_t timeout = 0;
    switch (c->state) {
    case CONSOLE_CLIENT_LOGIN:
    case CONSOLE_CLIENT_TLS:
    case CONSOLE_CLIENT_PROVING:
        timeout = LOGIN_TIMEOUT;
        break;
    case CONSOLE_CLIENT_IDLE:
        timeout = idle_timeout(c);
        break;
    case CONSOLE_CLIENT_CLOSING:
        timeout = CLOSING_TIMEOUT;
        break;
    case CONSOLE_CLIENT_PENDING:
        timeout = PENDING_TIMEOUT;
        break;
    case CONSOLE_CLIENT_DELAYED:
        timeout = c->verdict.delay;
        c->verdict.delay = 0;
        break;
    case CONSOLE_CLIENT_CLOSED:
        break;
    }
    bool begins = c->state == CONSOLE_CLIENT_DELAYED ? timeout > 0 : !loop_timer_is_set(&c->timer);
    if (in_login(c) && !begins) /* what trickles in does not prolong a login */
        return;
    if (timeout > 0)
        loop_timer_set(c->console->loop, &c->timer, timeout);
    else
        loop_timer_cancel(c->console->loop, &c->timer);
}

static void advance(struct console_client *c);

static void on_timeout(struct loop_timer *timer)
{
    struct console_client *c = container_of(timer, struct console_client, timer);
    if (c->state == CONSOLE_CLIENT_DELAYED) {
        console_client_judge(c);
        advance(c);
        return;
    }
    if (c->state != CONSOLE_CLIENT_PENDING) {
        console_client_close(c);
        return;
    }
    answer_error(&c->run.answer, ER_QUERY_TIMEOUT,
                 "Query execution was interrupted: a worker has not answered within %u s",
                 (unsigned)(PENDING_TIMEOUT / USEC_PER_SEC));
    console_run_done(&c->run);
}

/* -------- packets -------- */

/* The next packet, whole; false when more must come, or the client is gone. */
static bool next_packet(struct console_client *c, struct bytes *payload)
{
    for (;;) {
        struct frame_header header;
        struct bytes in = c->stream.in != NULL ? buffer_unparsed(c->stream.in) : bytes_of(NULL, 0);
        switch (frame_peek(in, CONSOLE_STATEMENT_MAX, &header, payload)) {
        case FRAME_COMPLETE:
            c->sequence = (uint8_t)(header.sequence + 1);
            return true;
        case FRAME_TOO_LARGE:
            c->sequence = 1;
            console_send_error(c, ER_NET_PACKET_TOO_LARGE,
                               "Got a packet bigger than 'max_allowed_packet' bytes");
            c->state = CONSOLE_CLIENT_CLOSING;
            return false;
        case FRAME_NEED_MORE:
            break;
        }
        switch (stream_fill(&c->stream)) {
        case STREAM_OK:
            break;
        case STREAM_AGAIN:
            return false;
        case STREAM_FULL:
            if (stream_hold(&c->stream, CONSOLE_STATEMENT_MAX + FRAME_HEADER_SIZE))
                break;
            FALLTHROUGH;
        case STREAM_EOF:
        case STREAM_FAILED:
            console_client_close(c);
            return false;
        }
    }
}

static void consume(struct console_client *c, size_t size)
{
    struct buffer *b = c->stream.in;
    b->parsed += size;
    b->sent = b->parsed;
    stream_trim(&c->stream);
}

static void take_packet(struct console_client *c, struct bytes payload)
{
    switch (c->state) {
    case CONSOLE_CLIENT_LOGIN:
        console_client_login(c, payload);
        break;
    case CONSOLE_CLIENT_PROVING:
        console_client_prove(c, payload);
        break;
    case CONSOLE_CLIENT_IDLE:
        console_client_command(c, payload);
        break;
    case CONSOLE_CLIENT_DELAYED:
    case CONSOLE_CLIENT_TLS:
    case CONSOLE_CLIENT_PENDING:
    case CONSOLE_CLIENT_CLOSING:
    case CONSOLE_CLIENT_CLOSED:
        break;
    }
}

/* True when all is sent; the client may be closed by it. */
static bool flush(struct console_client *c)
{
    switch (stream_send(&c->stream, NULL)) {
    case STREAM_OK:
        if (c->state == CONSOLE_CLIENT_CLOSING)
            console_client_close(c);
        return true;
    case STREAM_AGAIN:
        return false;
    case STREAM_FULL:
    case STREAM_EOF:
    case STREAM_FAILED:
        break;
    }
    console_client_close(c);
    return false;
}

static bool takes_packets(struct console_client *c)
{
    if (c->state == CONSOLE_CLIENT_TLS && !console_client_step_tls(c))
        return false;
    return c->state == CONSOLE_CLIENT_LOGIN || c->state == CONSOLE_CLIENT_PROVING ||
           c->state == CONSOLE_CLIENT_IDLE;
}

static void advance(struct console_client *c)
{
    struct bytes payload;
    if (c->advancing)
        return;
    c->advancing = true;
    while (c->state != CONSOLE_CLIENT_CLOSED && flush(c) && takes_packets(c) &&
           next_packet(c, &payload)) {
        size_t size = FRAME_HEADER_SIZE + payload.size;
        if (console_client_wants_tls(c, payload)) {
            consume(c, size); /* what follows belongs to TLS */
            console_client_begin_tls(c);
            continue;
        }
        take_packet(c, payload);
        if (c->state != CONSOLE_CLIENT_CLOSED)
            consume(c, size);
    }
    c->advancing = false;
    if (c->state == CONSOLE_CLIENT_CLOSING)
        (void)flush(c);
    if (c->state != CONSOLE_CLIENT_CLOSED)
        set_timer(c);
}

void console_client_answer(struct console_client *c)
{
    c->state = c->run.last ? CONSOLE_CLIENT_CLOSING : CONSOLE_CLIENT_IDLE;
    console_send_answer(c, &c->run.answer);
    console_run_abandon(&c->run);
    answer_fini(&c->run.answer);
    free(c->text);
    c->text = NULL;
    c->session.busy = false;
    c->session.since = clock_now();
    advance(c);
}

void console_run_wait(struct console_run *r)
{
    struct console_client *c = container_of(r, struct console_client, run);
    r->pending = true;
    c->state = CONSOLE_CLIENT_PENDING;
    set_timer(c);
}

void console_run_done(struct console_run *r)
{
    struct console_client *c = container_of(r, struct console_client, run);
    r->pending = false;
    console_client_answer(c);
}

static void on_ready(struct loop_fd *io)
{
    struct console_client *c = container_of(io, struct console_client, stream.io);
    if (io->hung_up && c->state == CONSOLE_CLIENT_PENDING)
        console_client_close(c);
    else
        advance(c);
}

/* -------- birth -------- */

static uint32_t next_id(struct console *c)
{
    uint32_t id;
    do {
        c->next_id = (c->next_id + 1) & CLIENT_ID_NUMBER_MASK;
        id = CLIENT_ID_BIT | (uint32_t)CONSOLE_WORKER << CLIENT_ID_WORKER_SHIFT | c->next_id;
    } while (console_client_find(c, id) != NULL);
    return id;
}

static bool is_trusted(int fd, bool is_unix)
{
    unsigned uid;
    return is_unix && socket_peer_uid(fd, &uid) && (uid == 0 || uid == (unsigned)geteuid());
}

/* The oldest of those who have not proved anything makes place: a login takes no time, so strangers
 * who hold places keep nobody out. */
static void make_place(struct console *console)
{
    struct console_client *oldest = NULL;
    unsigned strangers = 0;
    list_for_each (&console->clients, node) {
        struct console_client *c = container_of(node, struct console_client, node);
        if (!in_login(c) || c->trusted)
            continue;
        oldest = oldest != NULL ? oldest : c;
        strangers++;
    }
    if (strangers >= CONSOLE_STRANGERS_MAX)
        console_client_close(oldest);
}

void console_client_accept(struct console *console, int fd, const struct address *peer,
                           bool is_unix)
{
    make_place(console);
    struct console_client *c =
        console->clients.count < CONSOLE_CLIENTS_MAX ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        log_warning("console", "%u clients are there already; one more is turned away",
                    CONSOLE_CLIENTS_MAX);
        socket_close(fd);
        return;
    }
    char text[ADDRESS_TEXT_SIZE];
    stream_init(&c->stream, on_ready);
    c->console = console;
    c->timer.on_fire = on_timeout;
    c->dying.run = on_dying;
    c->trusted = is_trusted(fd, is_unix);
    c->is_local = c->check.private_channel = is_unix;
    c->session.id = next_id(console);
    c->session.connected = c->session.since = loop_now(console->loop);
    address_format_host(peer, text);
    (void)!text_copy(c->session.host, sizeof c->session.host, bytes_of_text(text));
    answer_init(&c->run.answer);
    list_push_back(&console->clients, &c->node);
    if (!stream_attach(&c->stream, console->loop, console->buffers, fd)) {
        socket_close(fd);
        console_client_close(c);
        return;
    }
    console_client_greet(c);
    advance(c);
}
