/* SPDX-License-Identifier: Apache-2.0
 * Logging in to a server: greeting, answer, method switch, verdict. */
#include "auth/auth_method.h"
#include "base/check.h"
#include "base/text.h"
#include "mysql/auth_packet.h"
#include "mysql/connect_attributes.h"
#include "mysql/greeting.h"
#include "mysql/login.h"
#include "net/tls.h"
#include "session/client.h"
#include "session/client_attributes.h"
#include "session/compression_setup.h"
#include "session/expired.h"
#include "session/guest.h"
#include "session/user_store.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Greetings and login replies are small; more is not a MySQL server. */
#define LOGIN_REPLY_MAX (64 * 1024)
/* Methods that an account may have, and what they say in turn. */
#define LOGIN_TURNS_MAX 32
/* The first word of every method fits the one byte of length that it has at the least. */
#define AUTH_FIRST_ANSWER_MAX 255

const char *link_user(const struct link *l)
{
    return l->guest != NULL ? l->guest->name : l->pool->user->name;
}

static capabilities_t link_dialect(const struct link *l)
{
    return l->guest != NULL ? l->guest->dialect : l->pool->dialect;
}

/* Whether the server may let it in with an expired password: that is up to its client. */
static bool knows_expired(const struct link *l)
{
    return l->guest != NULL ? l->guest->knows_expired : (l->pool->dialect & EXPIRED_DIALECT) != 0;
}

/* program_name is Weir's own there, and what begins with '_' is a driver's: the client's get names
 * that tell whose they are. What an application has added keeps its name. */
static void name_for_server(struct bytes name, char *out, size_t size)
{
    const char *begin = "";
    struct bytes rest = name;
    if (bytes_equal_text(name, "program_name"))
        rest = bytes_of_text("_program");
    else if (name.size > 7 && memcmp(name.data, "_client", 7) == 0)
        rest = bytes_of(name.data + 7, name.size - 7);
    if (rest.data[0] == '_')
        begin = "_weir_client";
    snprintf(out, size, "%s%.*s", begin, (int)rest.size, (const char *)rest.data);
}

struct link_client_says link_client_says(const struct client_attributes *a)
{
    struct link_client_says says = {0};
    struct writer w = writer_over(says.block, sizeof says.block);
    struct bytes rest = a != NULL ? bytes_of(a->block, a->size) : bytes_of(NULL, 0);
    struct bytes name, value;
    while (rest.size > 0 && login_next_attribute(&rest, &name, &value)) {
        char named[96];
        name_for_server(name, named, sizeof named);
        connect_attributes_add(&w, named, value);
    }
    says.size = (uint16_t)w.size;
    return says;
}

static void add_said(struct writer *w, const struct link_client_says *says)
{
    struct bytes rest = bytes_of(says->block, says->size);
    struct bytes name, value;
    while (rest.size > 0 && login_next_attribute(&rest, &name, &value)) {
        char named[96];
        if (text_copy(named, sizeof named, name))
            connect_attributes_add(w, named, value);
    }
}

struct bytes link_attributes(const struct link *l, uint8_t memory[CONNECT_ATTRIBUTES_MAX])
{
    char pid[24];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    struct writer w = writer_over(memory, CONNECT_ATTRIBUTES_MAX);
    connect_attributes_add(&w, "_client_name", bytes_of_text("weir"));
    connect_attributes_add(&w, "_pid", bytes_of_text(pid));
    connect_attributes_add(&w, "program_name", bytes_of_text("weir"));
    connect_attributes_add(&w, "_weir_version", bytes_of_text(l->worker->proxy->version));
    connect_attributes_add(&w, "_weir_instance", bytes_of_text(l->worker->proxy->instance));
    connect_attributes_add(&w, "_weir_user", bytes_of_text(link_user(l)));
    connect_attributes_add(&w, "_weir_client",
                           bytes_of_text(l->client != NULL ? l->client->peer : l->opened_for));
    struct link_client_says says =
        l->client != NULL ? link_client_says(l->client->attributes) : l->opened_by;
    add_said(&w, &says);
    return writer_written(&w);
}

void link_send_login(struct link *l, const struct writer *w)
{
    CHECK(!w->overflow);
    uint8_t *out = stream_out_reserve(&l->stream, w->size);
    if (out == NULL) {
        link_fail_open(l, POOL_NO_RESOURCES, 0, NULL, bytes_of_text("out of memory"));
        return;
    }
    memcpy(out, w->data, w->size);
    stream_out_commit(&l->stream, w->size);
    if (stream_send(&l->stream, NULL) == STREAM_FAILED)
        link_fail_open(l, POOL_SERVER_DOWN, 0, NULL, bytes_of_text("the connection broke"));
}

/* The dialog's next word, from the secret of the pool's user. */
static enum auth_step answer_with_secret(struct link *l, struct bytes said, struct writer *out)
{
    struct auth_secret secret;
    if (l->guest != NULL)
        secret = l->guest->candidate;
    else
        l->key = user_login_secret(l->worker->proxy->users, l->pool->user, &secret);
    enum auth_step step = l->auth.method->answer(&l->auth, said, &secret, out);
    auth_secret_wipe(&secret);
    return step;
}

static void begin_dialog(struct link *l, const struct auth_method *method)
{
    l->auth = (struct auth_dialog){
        .method = method,
        .private_channel =
            l->pool->group->socket[0] != '\0' || l->tls_context != NULL || tls_is_on(&l->stream),
    };
}

static bool no_such_method(struct link *l, struct open_error *error, struct bytes name)
{
    l->auth.method = NULL;
    error->code = ER_NOT_SUPPORTED_AUTH_MODE;
    memcpy(error->sqlstate, "08004", sizeof error->sqlstate);
    snprintf(error->text, sizeof error->text,
             "the account uses the authentication method '%.*s', which Weir does not speak; give "
             "it caching_sha2_password, mysql_native_password or ed25519",
             (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
    return false;
}

static bool no_answer(struct open_error *error, const struct link *l)
{
    const struct auth_method *m = l->auth.method;
    const char *user = link_user(l);
    error->code = ER_ACCESS_DENIED_ERROR;
    memcpy(error->sqlstate, "28000", sizeof error->sqlstate);
    if (user_is_relayed(l->pool->user))
        snprintf(error->text, sizeof error->text,
                 "Weir relays the logins of '%.64s' and does not know its password: it cannot log "
                 "in for it",
                 user);
    else if (m == auth_method_default())
        snprintf(error->text, sizeof error->text,
                 "Weir knows only the hash of the password of '%.64s'; it can log in to the server "
                 "once a client has logged in with the right password",
                 user);
    else if (m->only_private && !l->auth.private_channel)
        snprintf(error->text, sizeof error->text,
                 "the server wants the password of '%.64s' as it is (%s), which Weir sends over "
                 "TLS or a Unix socket only: see ssl_mode and socket of its [server] section",
                 user, m->name);
    else
        snprintf(error->text, sizeof error->text,
                 "Weir cannot answer the server's authentication of '%.64s' with %s: it needs the "
                 "password itself in the configuration, not its hash",
                 user, m->name);
    return false;
}

bool link_auth_answer(struct link *l, const struct auth_packet *p, uint8_t sequence,
                      struct writer *out, struct open_error *error)
{
    if (p->kind == AUTH_PACKET_SWITCH) {
        const struct auth_method *method = auth_method_find(p->method);
        if (method == NULL)
            return no_such_method(l, error, p->method);
        begin_dialog(l, method);
    }
    uint8_t memory[AUTH_ANSWER_MAX];
    struct writer answer = writer_over(memory, sizeof memory);
    enum auth_step step =
        l->auth.method != NULL ? answer_with_secret(l, p->data, &answer) : AUTH_FAIL;
    if (step == AUTH_SEND)
        auth_answer_encode(out, (uint8_t)(sequence + 1), writer_written(&answer));
    OPENSSL_cleanse(memory, sizeof memory);
    if (step == AUTH_FAIL)
        return l->auth.method != NULL && no_answer(error, l);
    return true;
}

/* Of no account: whatever a guest's has, the server has to ask for it. */
static const struct auth_method no_method = {.name = "weir_asks"};

/* The first word: the greeting's method when Weir can answer it, else the default one. The account
 * may have another than the greeting says; then the server switches. */
static void answer_greeting(struct link *l, const struct greeting *g, struct writer *out)
{
    if (l->guest != NULL) {
        begin_dialog(l, &no_method);
        return;
    }
    const struct bytes scramble = bytes_of(g->scramble, sizeof g->scramble);
    const struct auth_method *greeted = auth_method_find(g->auth_method);
    if (greeted != NULL) {
        begin_dialog(l, greeted);
        if (answer_with_secret(l, scramble, out) != AUTH_FAIL)
            return;
    }
    begin_dialog(l, auth_method_default());
    l->login_in_vain = answer_with_secret(l, scramble, out) == AUTH_FAIL;
    if (l->login_in_vain)
        (void)no_answer(&l->chore_error, l);
}

/* The server says that it lets nobody in from this address any more. */
static void explain_blocked(const struct err_packet *e, char *text, size_t size)
{
    snprintf(text, size,
             "%.*s. On the server: FLUSH HOSTS, or TRUNCATE TABLE performance_schema.host_cache. "
             "Weir ends every login that it begins; look for health checks or port scans that do "
             "not, from this address",
             (int)(e->message.size < 250 ? e->message.size : 250), (const char *)e->message.data);
}

/* What the server has accepted before, it does not any more. True: another password may do. Of a
 * link that names no client's address that is no wonder where servers see addresses. */
static bool learn_refusal(const struct link *l, const struct err_packet *e)
{
    struct user_store *users = l->worker->proxy->users;
    struct user *user = l->pool->user;
    bool is_nobodys = l->side && link_sends_header(l);
    if (!mysql_error_denies(e->code) || l->guest != NULL || is_nobodys)
        return false;
    if (user->source != USER_OF_SERVER)
        return !l->side && user_refuse_password(users, user, l->key);
    if (l->key != 0 && user_refuse_key(users, user, l->key))
        registry_renew_user(l->worker, user);
    return false;
}

static void fail_from_err(struct link *l, const struct err_packet *e)
{
    if (learn_refusal(l, e)) { /* who waits goes on waiting */
        link_fail_open(l, POOL_NO_RESOURCES, e->code, e->sqlstate, e->message);
        return;
    }
    enum pool_open_failure why = POOL_LOGIN_FAILED;
    char text[500];
    const struct open_error *reason = &l->chore_error;
    if (l->login_in_vain && mysql_error_denies(e->code)) {
        link_fail_open(l, why, reason->code, reason->sqlstate, bytes_of_text(reason->text));
        return;
    }
    switch (e->code) {
    case 1040: /* ER_CON_COUNT_ERROR */
    case 1135: /* ER_CANT_CREATE_THREAD */
    case 1041: /* ER_OUT_OF_RESOURCES */
        why = POOL_SERVER_FULL;
        break;
    case 1203: /* ER_TOO_MANY_USER_CONNECTIONS */
    case 1226: /* ER_USER_LIMIT_REACHED */
        why = POOL_USER_FULL;
        break;
    case 1129: /* ER_HOST_IS_BLOCKED */
        explain_blocked(e, text, sizeof text);
        link_fail_open(l, POOL_SERVER_DOWN, e->code, e->sqlstate, bytes_of_text(text));
        return;
    case 1053: /* ER_SERVER_SHUTDOWN */
    case 3032: /* ER_SERVER_OFFLINE_MODE */
    case 1158: /* ER_NET_READ_ERROR */
    case 1159: /* ER_NET_READ_INTERRUPTED */
        why = POOL_SERVER_DOWN;
        break;
    default:
        break;
    }
    link_fail_open(l, why, e->code, e->sqlstate, e->message);
}

static void on_malformed(struct link *l)
{
    link_fail_open(l, POOL_SERVER_DOWN, 0, NULL,
                   bytes_of_text("it does not speak the MySQL protocol; is the port right?"));
}

static void publish_facts(struct link *l, const struct greeting *g)
{
    struct server_facts facts = {
        .capabilities = g->capabilities,
        .collation = g->collation,
        .status = g->status,
        .server = server_version_read(g->server_version, greeting_is_mariadb(g)),
        .auth_method = auth_method_find(g->auth_method),
    };
    if (facts.auth_method == NULL || facts.auth_method->challenge_size != SCRAMBLE_SIZE)
        facts.auth_method = auth_method_default();
    snprintf(facts.version, sizeof facts.version, "%.*s", (int)g->server_version.size,
             (const char *)g->server_version.data);
    server_group_learn(l->worker, l->pool->group, &facts);
}

static void begin_tls(struct link *l, const struct login *login, uint8_t sequence,
                      struct bytes login_frame)
{
    uint8_t frame[64];
    struct writer w = writer_over(frame, sizeof frame);
    ssl_request_encode(&w, sequence, login);
    CHECK(!w.overflow);
    (void)!link_begin_tls(l, login_frame, writer_written(&w));
}

/* How requests are written was agreed on with the pool's clients. */
static bool can_still_ask(struct link *l, const struct greeting *g)
{
    if ((link_dialect(l) & CAP_OF_REQUESTS & ~g->capabilities) == 0)
        return true;
    link_fail_open(l, POOL_LOGIN_FAILED, 0, NULL,
                   bytes_of_text("the server no longer has QUERY_ATTRIBUTES, which this client "
                                 "was offered: it must connect again"));
    return false;
}

static void on_greeting(struct link *l, struct bytes payload, uint8_t sequence)
{
    struct err_packet err;
    struct greeting g;
    if (payload.size > 0 && payload.data[0] == 0xff && err_packet_decode(payload, &err)) {
        fail_from_err(l, &err);
        return;
    }
    if (!greeting_decode(payload, &g)) {
        on_malformed(l);
        return;
    }
    if ((g.capabilities & CAP_REQUIRED_OF_SERVERS) != CAP_REQUIRED_OF_SERVERS) {
        link_fail_open(l, POOL_LOGIN_FAILED, 0, NULL,
                       bytes_of_text("the server is too old: Weir needs MySQL 5.7 or MariaDB 10.2 "
                                     "(SESSION_TRACK and DEPRECATE_EOF)"));
        return;
    }
    l->thread_id = g.thread_id;
    l->login_collation = link_login_collation(l, g.collation);
    publish_facts(l, &g);
    bool secure;
    capabilities_t compression;
    if (!can_still_ask(l, &g) || !link_may_use_tls(l, g.capabilities, &secure) ||
        !link_choose_compression(l, g.capabilities, &compression))
        return;
    bool multi = l->want_multi;
    /* A hint names character sets, not an id; the restore chores do the rest. */
    l->login_session =
        session_state_login(l->login_collation, g.collation, greeting_is_mariadb(&g), multi);
    uint8_t attributes[CONNECT_ATTRIBUTES_MAX];
    uint8_t auth[AUTH_FIRST_ANSWER_MAX];
    struct writer answer = writer_over(auth, sizeof auth);
    answer_greeting(l, &g, &answer);
    l->capabilities = capabilities_ask(g.capabilities, link_dialect(l)) |
                      (multi ? CAP(MULTI_STATEMENTS) : 0) | (secure ? CAP(SSL) : 0) | compression |
                      (knows_expired(l) ? CAP(CAN_HANDLE_EXPIRED) & g.capabilities : 0);
    struct login login = {
        .capabilities = l->capabilities,
        .packet_size_max = 1024 * 1024 * 1024,
        .collation = l->login_collation,
        .user = bytes_of_text(link_user(l)),
        .auth_response = writer_written(&answer),
        .auth_method = bytes_of_text(l->auth.method->name),
        .attributes = link_attributes(l, attributes),
        .zstd_level = link_zstd_level(l),
    };
    uint8_t frame[1024 + CONNECT_ATTRIBUTES_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    login_encode(&w, (uint8_t)(sequence + (secure ? 2 : 1)), &login);
    if (secure) {
        begin_tls(l, &login, (uint8_t)(sequence + 1), writer_written(&w));
        return;
    }
    link_set_state(l, LINK_LOGIN);
    link_send_login(l, &w);
}

/* A login that ends in the middle counts against max_connect_errors, until the server refuses this
 * address: so when there is no answer, it gets a wrong one. An account may have other methods, too,
 * that the server goes on to. */
void link_answer_in_vain(struct link *l, uint8_t sequence, struct writer *out)
{
    struct frame_mark mark = frame_begin(out, (uint8_t)(sequence + 1));
    if (l->auth.method != NULL)
        writer_zeros(out, l->auth.method->blank_size);
    frame_end(out, mark);
    l->login_in_vain = true;
}

/* The server wants another proof, or more of the one under way. */
static void on_auth_packet(struct link *l, const struct auth_packet *p, uint8_t sequence)
{
    uint8_t frame[LINK_AUTH_FRAME_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    if (l->login_turns++ >= LOGIN_TURNS_MAX) {
        on_malformed(l);
        return;
    }
    if (p->kind == AUTH_PACKET_SWITCH)
        l->login_in_vain = false;
    if (!link_auth_answer(l, p, sequence, &w, &l->chore_error))
        link_answer_in_vain(l, sequence, &w);
    if (w.size > 0)
        link_send_login(l, &w);
    OPENSSL_cleanse(frame, sizeof frame);
}

static void on_login_reply(struct link *l, struct bytes payload, uint8_t sequence)
{
    struct auth_packet p = auth_packet_decode(payload);
    struct err_packet err;
    struct ok_packet ok;
    switch (p.kind) {
    case AUTH_PACKET_OK:
        if (!ok_packet_decode(payload, &ok)) {
            on_malformed(l);
            return;
        }
        if (l->login_in_vain) { /* it has another password than Weir was told, the empty one */
            link_fail_open(l, POOL_LOGIN_FAILED, l->chore_error.code, l->chore_error.sqlstate,
                           bytes_of_text(l->chore_error.text));
            return;
        }
        if (l->guest == NULL)
            user_password_is_good(l->worker->proxy->users, l->pool->user);
        l->status = ok.status & (uint16_t)~STATUS_SESSION_STATE_CHANGED;
        l->status_known = true;
        return; /* the caller goes on when the packet is out of the buffer */
    case AUTH_PACKET_ERR:
        if (err_packet_decode(payload, &err))
            fail_from_err(l, &err);
        else
            on_malformed(l);
        return;
    case AUTH_PACKET_SWITCH:
    case AUTH_PACKET_MORE:
        if (l->guest != NULL) {
            guest_server_asks(l, payload, &p, sequence);
            return;
        }
        on_auth_packet(l, &p, sequence);
        return;
    case AUTH_PACKET_OLD_SWITCH:
        link_fail_open(l, POOL_LOGIN_FAILED, ER_NOT_SUPPORTED_AUTH_MODE, "08004",
                       bytes_of_text("the account uses mysql_old_password, which Weir refuses"));
        return;
    case AUTH_PACKET_MALFORMED:
        on_malformed(l);
        return;
    }
}

static void on_packet(struct link *l, struct bytes payload, uint8_t sequence)
{
    if (l->state == LINK_GREETING)
        on_greeting(l, payload, sequence);
    else
        on_login_reply(l, payload, sequence);
}

void link_login_continue(struct link *l)
{
    while (l->state == LINK_GREETING || l->state == LINK_LOGIN) {
        struct frame_header header;
        struct bytes payload;
        struct bytes in = l->stream.in != NULL ? buffer_unparsed(l->stream.in) : bytes_of(NULL, 0);
        enum frame_result f = frame_peek(in, LOGIN_REPLY_MAX, &header, &payload);
        if (f == FRAME_TOO_LARGE) {
            on_malformed(l);
            return;
        }
        if (f == FRAME_COMPLETE) {
            on_packet(l, payload, header.sequence);
            if (l->state == LINK_CLOSED)
                return;
            CHECK(l->stream.in != NULL);
            l->stream.in->parsed += FRAME_HEADER_SIZE + payload.size;
            l->stream.in->sent = l->stream.in->parsed;
            stream_trim(&l->stream);
            if (l->status_known && l->stream.in != NULL) {
                on_malformed(l); /* nobody has asked it anything yet */
                return;
            }
            if (l->status_known) {
                if (link_begin_compression(l))
                    link_logged_in(l);
                else
                    link_fail_open(l, POOL_NO_RESOURCES, 0, NULL, bytes_of_text("out of memory"));
                return;
            }
            if (l->state == LINK_TLS) {
                link_tls_continue(l);
                return;
            }
            continue;
        }
        switch (stream_fill(&l->stream)) {
        case STREAM_OK:
            break;
        case STREAM_AGAIN:
            return;
        case STREAM_FULL:
            if (stream_hold(&l->stream, LOGIN_REPLY_MAX))
                break;
            FALLTHROUGH;
        case STREAM_EOF:
        case STREAM_FAILED:
            link_fail_open(l, POOL_SERVER_DOWN, 0, NULL,
                           bytes_of_text("the server closed the connection during the login"));
            return;
        }
    }
}
