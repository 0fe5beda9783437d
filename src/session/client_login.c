/* SPDX-License-Identifier: Apache-2.0
 * A client's login: greeting, proof, admission, schema. And COM_CHANGE_USER, which is one more. */
#include "auth/auth_method.h"
#include "base/check.h"
#include "base/text.h"
#include "mysql/auth_packet.h"
#include "mysql/lenenc.h"
#include "mysql/status_flags.h"
#include "net/compression.h"
#include "net/tls.h"
#include "session/access.h"
#include "session/admission.h"
#include "session/client_attributes.h"
#include "session/client_auth.h"
#include "session/client_timeouts.h"
#include "session/compression_setup.h"
#include "session/expired.h"
#include "session/former.h"
#include "session/guest.h"
#include "session/own_host.h"
#include "session/private_state.h"
#include "session/session_vars.h"
#include "session/statement.h"
#include "session/user_store.h"

#include <stdlib.h>
#include <string.h>

/* What greetings say while the server has never been reached. */
static const struct server_facts unknown_server = {
    .version = "5.5.5-10.11.0-MariaDB",
    .capabilities = UINT64_C(0x1d81fff7fe),
    .collation = 8,
    .status = STATUS_AUTOCOMMIT,
    .server = {.mariadb = true, .number = 101100},
};
/* How long a client is kept waiting for the first word of the server's greeting. */
#define FACTS_TIMEOUT USEC_PER_SEC

static void send_frame(struct client *c, const struct writer *w)
{
    client_send_frame(c, w);
    (void)!client_flush(c);
}

/* Users may live on different servers, but a greeting comes before the name: the first server
 * speaks for all. */
void client_greet(struct client *c)
{
    struct worker *w = c->worker;
    struct server_group *g = pool_registry_group(w->proxy->registry, NULL);
    const struct server_facts *facts = atomic_load(&g->facts);
    if (facts == NULL && !list_node_linked(&c->greeting_node)) {
        list_push_back(&w->greeting, &c->greeting_node);
        loop_timer_set(w->loop, &c->timer, FACTS_TIMEOUT);
        return;
    }
    if (!c->held && list_node_linked(&c->greeting_node))
        list_remove(&w->greeting, &c->greeting_node);
    if (!admission_begin_login(c))
        return;
    c->facts = facts != NULL ? facts : &unknown_server;
    c->offered = capabilities_offer(c->facts->capabilities);
    if (access_offers_tls(c))
        c->offered |= CAP(SSL);
    c->offered |= compression_offered(w->config);
    c->status = c->facts->status;
    if (!client_auth_start(c)) {
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    const char *version = w->config->global.server_version;
    struct greeting greeting = {
        .server_version = bytes_of_text(version[0] != '\0' ? version : c->facts->version),
        .thread_id = c->id,
        .capabilities = c->offered,
        .collation = c->facts->collation,
        .status = c->facts->status,
        .auth_method = bytes_of_text(client_auth_usual(c)->name),
    };
    memcpy(greeting.scramble, c->auth->check.challenge, SCRAMBLE_SIZE);
    memcpy(c->auth->greeted, greeting.scramble, SCRAMBLE_SIZE);
    c->auth->is_greeted = true;
    uint8_t frame[512];
    struct writer out = writer_over(frame, sizeof frame);
    greeting_encode(&out, &greeting);
    client_set_state(c, CLIENT_LOGIN);
    c->login_sequence = 2;
    send_frame(c, &out);
    client_advance(c);
}

/* The next packet of the login, whole: true, or false when more must come (or the client is gone).
 */
static bool login_packet(struct client *c, struct bytes *payload, uint8_t *sequence)
{
    for (;;) {
        struct frame_header header;
        struct bytes in = c->stream.in != NULL ? buffer_unparsed(c->stream.in) : bytes_of(NULL, 0);
        switch (frame_peek(in, LOGIN_SIZE_MAX, &header, payload)) {
        case FRAME_COMPLETE:
            *sequence = header.sequence;
            return true;
        case FRAME_TOO_LARGE:
            client_close(c, CLOSE_CLIENT_LOGIN_FORMAT);
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
            if (stream_hold(&c->stream, LOGIN_SIZE_MAX))
                break;
            client_close(c, CLOSE_NO_MEMORY);
            return false;
        case STREAM_EOF:
        case STREAM_FAILED:
            client_close(c, CLOSE_CLIENT_GONE_IN_LOGIN);
            return false;
        }
    }
}

static void consume(struct client *c, size_t size)
{
    struct buffer *b = c->stream.in;
    b->parsed += size;
    b->sent = b->parsed;
    stream_trim(&c->stream);
}

/* -------- the verdict -------- */

void client_login_refuse(struct client *c, uint16_t code, const char *sqlstate, struct bytes text,
                         enum close_reason why)
{
    client_send_error(c, c->login_sequence, code, sqlstate, text);
    if (!former_return(c)) {
        client_close(c, why);
        return;
    }
    residue_of_error(c, code, sqlstate, text);
    if (client_flush(c))
        client_advance(c);
}

static void refuse_as_server(struct client *c, enum close_reason why, enum mysql_error code, ...)
{
    char text[600];
    va_list args;
    va_start(args, code);
    const struct mysql_error_row *row = client_word_error(text, sizeof text, code, args);
    va_end(args);
    client_login_refuse(c, (uint16_t)row->code, row->sqlstate, bytes_of_text(text), why);
}

void client_login_deny(struct client *c)
{
    if (c->guest != NULL)
        guest_give_up(c);
    if (client_auth_delay_verdict(c, false))
        return;
    counters_add(&c->worker->counters, COUNTER_access_denied, 1);
    char host[CLIENT_PEER_SIZE];
    client_host(c, host);
    /* Who is unknown has no server: the words are the first one's for all, as the greeting. */
    const struct server_group *first = pool_registry_group(c->worker->proxy->registry, NULL);
    const char *name = own_host_name(atomic_load(&first->own_host), host);
    if (c->auth->not_by_password)
        refuse_as_server(c, CLOSE_CLIENT_ACCESS_DENIED, ER_ACCESS_DENIED_NO_PASSWORD_ERROR,
                         c->auth->user, name);
    else
        refuse_as_server(c, CLOSE_CLIENT_ACCESS_DENIED, ER_ACCESS_DENIED_ERROR, c->auth->user, name,
                         c->auth->with_password ? "YES" : "NO");
}

/* The OK of a COM_CHANGE_USER with a schema reports it; that of a login does not (MariaDB 10.11).
 */
static void send_login_ok(struct client *c)
{
    const char *schema = c->session->schema;
    uint8_t trackers[300];
    struct writer t = writer_over(trackers, sizeof trackers);
    if (schema[0] != '\0') {
        size_t size = strlen(schema) < 250 ? strlen(schema) : 250;
        writer_u8(&t, SESSION_TRACK_SCHEMA);
        lenenc_write(&t, size + 1);
        lenenc_write_text(&t, bytes_of(schema, size));
    }
    struct ok_packet ok = {
        .status = c->status & (uint16_t)~STATUS_OF_ONE_STATEMENT,
        .info = bytes_of_text(c->auth != NULL ? c->auth->identity : ""),
        .trackers = writer_written(&t),
    };
    uint8_t frame[340 + AUTH_IDENTITY_SIZE];
    struct writer w = writer_over(frame, sizeof frame);
    ok_packet_encode(&w, c->login_sequence, &ok, (c->capabilities & CAP(SESSION_TRACK)) != 0);
    client_send_frame(c, &w);
    client_auth_end(c);
}

static void welcome(struct client *c)
{
    c->logged_in = true;
    former_forget(c);
    send_login_ok(c);
    client_set_state(c, CLIENT_IDLE);
    if (!client_flush(c))
        return;
    if (c->compression_due == COMPRESSION_NONE)
        stream_settle(&c->stream);
    client_advance(c);
}

void client_login_proved(struct client *c)
{
    c->user->way = (enum login_way)c->login_way;
    if (client_auth_delay_verdict(c, true))
        return;
    client_auth_finish(c);
    admission_end_login(c);
    if (!admission_admit(c))
        return;
    client_take_timeouts(c);
    c->status = c->facts->status;
    if (c->login_schema == NULL && !registry_must_prove_login(c) && !client_is_expired(c)) {
        welcome(c);
        return;
    }
    /* Only the server knows whether the user may log in at all (asked once, and again when accounts
     * were changed), whether the schema exists and may be used. */
    if (c->login_schema == NULL) {
        c->login_schema = strdup("");
        if (c->login_schema == NULL)
            client_close(c, CLOSE_NO_MEMORY);
        else
            lease_acquire(c);
        return;
    }
    struct session_state *s = session_state_with_schema(c->session, bytes_of_text(c->login_schema));
    if (s == NULL) {
        client_close(c, CLOSE_CLIENT_LOGIN_FORMAT);
        return;
    }
    c->session = s;
    lease_acquire(c);
}

void client_login_restored(struct client *c, const struct open_error *error)
{
    bool only_asks = c->login_schema[0] == '\0';
    free(c->login_schema);
    c->login_schema = NULL;
    if (error != NULL && only_asks && error->code == ER_CON_COUNT_ERROR) {
        /* No link could be had, so the server was not asked: the first request will be. */
        welcome(c);
        return;
    }
    if (error != NULL) {
        client_login_refuse(c, error->code, error->sqlstate, bytes_of_text(error->text),
                            CLOSE_LOGIN_REFUSED);
        return;
    }
    client_set_state(c, CLIENT_IDLE); /* it waits for no link any more */
    if (c->link != NULL) {
        c->residue.row_count = 0;
        lease_after_request(c);
    }
    if (c->state != CLIENT_CLOSED)
        welcome(c);
}

/* -------- who is it -------- */

/* Capabilities that stand for variables. On MariaDB a reset or a change of user forgets them, on
 * MySQL a reset does not (measured on 10.11 and 9.7). */
static struct session_state *add_login_effects(struct session_state *s, capabilities_t capabilities)
{
    static const struct {
        capabilities_t capability;
        const char *name;
        const char *value;
    } effects[] = {
        {CAP(IGNORE_SPACE), "sql_mode",
         SESSION_VALUE_EXPRESSION "CONCAT(@@global.sql_mode,',IGNORE_SPACE')"},
        {CAP(INTERACTIVE), "wait_timeout", SESSION_VALUE_EXPRESSION "@@global.interactive_timeout"},
    };
    for (size_t i = 0; i < countof(effects) && s != NULL; i++) {
        if ((capabilities & effects[i].capability) == 0)
            continue;
        struct session_state *changed = session_state_with_variable(
            s, bytes_of_text(effects[i].name), bytes_of_text(effects[i].value));
        if (changed == NULL)
            session_state_release(s);
        s = changed;
    }
    return s;
}

/* As it is right after the login, and as COM_RESET_CONNECTION makes it, which on MySQL means the
 * server's character set, whatever the login's was. */
static bool set_up_states(struct client *c, unsigned collation)
{
    const struct server_facts *f = c->facts;
    bool multi = (c->capabilities & CAP(MULTI_STATEMENTS)) != 0;
    struct session_state *s =
        session_state_login(collation, f->collation, f->server.mariadb, multi);
    if (f->server.mariadb)
        c->login_session = s != NULL ? session_state_hold(s) : NULL;
    else
        c->login_session = add_login_effects(
            session_state_login(f->collation, f->collation, false, multi), c->capabilities);
    bool forgotten = f->server.mariadb && c->logged_in;
    c->session = forgotten ? s : add_login_effects(s, c->capabilities);
    return c->session != NULL && c->login_session != NULL;
}

/* A guest gets its pool when it is let in. */
static bool find_pool(struct client *c)
{
    struct worker *w = c->worker;
    char server[65] = "";
    const struct config_user *section =
        c->guest != NULL ? config_find_user(w->config, c->guest->name) : NULL;
    if (c->user != NULL)
        user_server_copy(w->proxy->users, c->user, server);
    else if (section != NULL)
        (void)!text_copy(server, sizeof server, bytes_of_text(section->settings.server));
    c->group = pool_registry_group(w->proxy->registry, server);
    if (c->group == NULL)
        c->group = pool_registry_group(w->proxy->registry, NULL);
    if (c->user == NULL)
        return true;
    c->pool = pool_registry_pool(w, c->group, c->user, capabilities_dialect(c->capabilities));
    if (c->pool != NULL)
        registry_client_came(c);
    return c->pool != NULL;
}

static bool set_up_session(struct client *c, const struct login *l, unsigned collation)
{
    if (!find_pool(c) || !set_up_states(c, collation))
        return false;
    c->login_epoch = atomic_load(&c->group->login_epoch);
    residue_reset(&c->residue);
    learn_default_tracking(c);
    client_attributes_set(c, l->attributes);
    if (l->schema.size > 0) {
        c->login_schema = strndup((const char *)l->schema.data, l->schema.size);
        return c->login_schema != NULL;
    }
    return true;
}

/* False: the client is closed. */
static bool find_user(struct client *c, const struct login *l, unsigned collation)
{
    client_becomes(c, user_store_find(c->worker->proxy->users, l->user));
    c->key = 0;
    c->login_way = LOGIN_BY_PASSWORD;
    bool allowed = access_allows_user(c, l->user);
    client_auth_name(c, l->user, c->user, c->user != NULL && allowed);
    bool is_guest = c->user == NULL && allowed && guest_may_come(c, l->user, collation);
    if (c->user == NULL && !is_guest)
        return true;
    if ((!is_guest || guest_prepare(c, l->user)) && set_up_session(c, l, collation))
        return true;
    client_close(c, CLOSE_NO_MEMORY);
    return false;
}

/* False: the client is closed. */
static bool is_in_order(struct client *c, uint8_t sequence)
{
    if (sequence == (uint8_t)(c->login_sequence - 1))
        return true;
    client_close(c, CLOSE_CLIENT_SEQUENCE);
    return false;
}

bool client_step_login(struct client *c)
{
    struct bytes payload;
    uint8_t sequence;
    if (!client_take_header(c) || !login_packet(c, &payload, &sequence))
        return false;
    if (sequence == 1 && !tls_is_on(&c->stream) && client_wants_tls(c, payload)) {
        consume(c, FRAME_HEADER_SIZE + payload.size);
        c->login_sequence = 3;
        return client_begin_tls(c);
    }
    struct login l;
    struct auth_said said;
    if (!is_in_order(c, sequence))
        return false;
    if (!login_decode(payload, c->offered, &l) || !client_auth_keep(&said, l.auth_response)) {
        client_close(c, CLOSE_CLIENT_LOGIN_FORMAT);
        return false;
    }
    c->capabilities = l.capabilities & c->offered;
    l.user = login_bare_name(l.user);
    if (!access_let_log_in(c) || !client_choose_compression(c, l.zstd_level) ||
        !find_user(c, &l, l.collation))
        return false;
    struct auth_wish wish = client_auth_wish(c, &l);
    consume(c, FRAME_HEADER_SIZE + payload.size);
    client_auth_begin(c, wish, client_auth_usual(c), bytes_of(said.data, said.size));
    client_auth_wipe_said(&said);
    return c->state != CLIENT_CLOSED;
}

bool client_step_authenticating(struct client *c)
{
    struct bytes payload;
    struct auth_said said;
    uint8_t sequence;
    if (!login_packet(c, &payload, &sequence))
        return false;
    if (!is_in_order(c, sequence))
        return false;
    if (!client_auth_keep(&said, payload)) {
        client_close(c, CLOSE_CLIENT_LOGIN_FORMAT);
        return false;
    }
    consume(c, FRAME_HEADER_SIZE + payload.size);
    client_auth_hear(c, bytes_of(said.data, said.size));
    client_auth_wipe_said(&said);
    return c->state != CLIENT_CLOSED;
}

void client_change_user(struct client *c, struct bytes payload, uint8_t sequence)
{
    struct login l;
    if (!change_user_decode(payload, c->capabilities, &l)) {
        client_close(c, CLOSE_CLIENT_CHANGE_USER_FORMAT);
        return;
    }
    if (!client_auth_start(c) || !former_keep(c)) {
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    lease_leave(c, false);
    admission_leave_account(c);
    c->pins = 0;
    statement_forget_all(c);
    track_forget(c);
    private_state_forget(c);
    c->transaction_lost = false;
    session_state_release(c->session);
    session_state_release(c->login_session);
    c->session = c->login_session = NULL;
    registry_client_gone(c);
    c->has_baseline = false;
    c->login_sequence = (uint8_t)(sequence + 1);
    if (former_is_spent(c)) {
        refuse_as_server(c, CLOSE_LOGIN_REFUSED, ER_UNKNOWN_COM_ERROR);
        return;
    }
    if (!find_user(c, &l, l.collation_wide))
        return;
    c->auth->with_password = l.auth_response.size > 0;
    client_auth_begin(c, client_auth_wish(c, &l), NULL, bytes_of(NULL, 0));
}
