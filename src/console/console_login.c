/* SPDX-License-Identifier: Apache-2.0
 * How a client of the console logs in: by the system's word that it is root or the account of Weir,
 * or by the password. */
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "console/console_client.h"
#include "mysql/auth_packet.h"
#include "mysql/login.h"
#include "mysql/status_flags.h"
#include "session/login_guard.h"

#include <stdio.h>

#define COLLATION_UTF8MB4 45

static void send_frame(struct console_client *c, const struct writer *w)
{
    uint8_t *out = w->overflow ? NULL : stream_out_reserve(&c->stream, w->size);
    if (out == NULL) {
        console_client_close(c);
        return;
    }
    memcpy(out, w->data, w->size);
    stream_out_commit(&c->stream, w->size);
}

static void new_challenge(struct console_client *c)
{
    uint8_t random[AUTH_CHALLENGE_MAX];
    random_bytes(random, sizeof random);
    auth_check_renew(&c->check, random);
}

void console_client_greet(struct console_client *c)
{
    new_challenge(c);
    c->offered = CONSOLE_CAPABILITIES | (console_offers_tls(c) ? CAP(SSL) : 0);
    struct greeting greeting = {
        .server_version = bytes_of_text(c->console->version),
        .thread_id = c->session.id,
        .capabilities = c->offered,
        .collation = COLLATION_UTF8MB4,
        .status = STATUS_AUTOCOMMIT,
        .auth_method = bytes_of_text(auth_method_default()->name),
    };
    memcpy(greeting.scramble, c->check.challenge, SCRAMBLE_SIZE);
    uint8_t frame[256];
    struct writer w = writer_over(frame, sizeof frame);
    greeting_encode(&w, &greeting);
    send_frame(c, &w);
}

static void deny(struct console_client *c, bool with_password)
{
    char text[256];
    const struct mysql_error_row *row = mysql_error_find(ER_ACCESS_DENIED_ERROR);
    log_warning(console_session_who(&c->session), "access denied (using password: %s)",
                with_password ? "YES" : "NO");
    (void)snprintf(text, sizeof text, "Access denied for user '%s'@'%s' (using password: %s)",
                   c->session.user, c->session.host, with_password ? "YES" : "NO");
    console_send_error(c, row->code, text);
    c->state = CONSOLE_CLIENT_CLOSING;
}

static void welcome(struct console_client *c)
{
    log_debug(console_session_who(&c->session), "has logged in");
    console_send_ok(c);
    c->state = CONSOLE_CLIENT_IDLE;
}

/* False when nobody may log in by password, or this is not the user who may: then the secret is any
 * one, so that nobody learns which it is. */
static bool find_secret(struct console_client *c, struct auth_secret *secret)
{
    struct config *config = c->console->orders.hold_config(c->console->orders.context);
    const struct global_settings *g = &config->global;
    bool found = g->console_password[0] != '\0' && strcmp(g->console_user, c->session.user) == 0 &&
                 auth_secret_from_setting(g->console_password, secret);
    config_release(config);
    if (!found)
        (void)!auth_secret_from_setting("?", secret);
    return found;
}

/* As a client of Weir's, whose failures are counted in the same table; the console's are apart. */
static usec_t delay_of(const struct console_client *c, bool proved)
{
    char host[sizeof c->session.host + 16];
    struct config *config = c->console->orders.hold_config(c->console->orders.context);
    (void)snprintf(host, sizeof host, "console %s", c->session.host);
    usec_t delay =
        login_guard_note(c->console->proxy->guard, &config->global, bytes_of_text(c->session.user),
                         bytes_of_text(host), proved, loop_now(c->console->loop));
    config_release(config);
    return delay;
}

static void say_more(struct console_client *c, struct bytes said)
{
    uint8_t frame[AUTH_ANSWER_MAX + 8];
    struct writer w = writer_over(frame, sizeof frame);
    auth_more_encode(&w, c->sequence++, said);
    send_frame(c, &w);
}

void console_client_judge(struct console_client *c)
{
    const struct console_verdict *v = &c->verdict;
    if (v->proved && v->last_word != 0)
        say_more(c, bytes_of(&v->last_word, 1));
    if (v->proved)
        welcome(c);
    else
        deny(c, v->with_password);
}

static void end_dialog(struct console_client *c, bool proved, bool with_password,
                       struct bytes last_word)
{
    c->verdict = (struct console_verdict){
        .proved = proved,
        .with_password = with_password,
        .last_word = last_word.size == 1 ? last_word.data[0] : 0,
        .delay = delay_of(c, proved),
    };
    if (c->verdict.delay > 0)
        c->state = CONSOLE_CLIENT_DELAYED;
    else
        console_client_judge(c);
}

static void hear(struct console_client *c, struct bytes said)
{
    struct auth_secret secret;
    uint8_t memory[AUTH_ANSWER_MAX];
    struct writer out = writer_over(memory, sizeof memory);
    bool exists = find_secret(c, &secret);
    enum auth_step step = c->check.method->hear(&c->check, said, &secret, &out);
    auth_secret_wipe(&secret);
    if (step == AUTH_SEND) {
        c->state = CONSOLE_CLIENT_PROVING;
        say_more(c, writer_written(&out));
        return;
    }
    end_dialog(c, exists && step == AUTH_OK && !c->wrong_certificate,
               said.size > 1 || c->check.stage > 1, writer_written(&out));
}

static void ask_again(struct console_client *c)
{
    uint8_t frame[AUTH_CHALLENGE_MAX + 64];
    struct writer w = writer_over(frame, sizeof frame);
    new_challenge(c);
    auth_switch_encode(&w, c->sequence, c->check.method->name,
                       bytes_of(c->check.challenge, c->check.method->challenge_size));
    c->state = CONSOLE_CLIENT_PROVING;
    send_frame(c, &w);
}

/* True when the login's answer is one to the method already. */
static bool pick_method(struct console_client *c, const struct login *l)
{
    struct auth_secret secret;
    bool names = (c->capabilities & CAP(PLUGIN_AUTH)) != 0 && l->auth_method.size > 0;
    const struct auth_method *greeted = auth_method_default();
    const struct auth_method *wanted = names ? auth_method_find(l->auth_method) : greeted;
    (void)!find_secret(c, &secret);
    c->check.method = auth_check_choose(&c->check, &secret, wanted, greeted);
    auth_secret_wipe(&secret);
    return c->check.method == wanted && (!names || wanted == greeted);
}

static void take_names(struct console_client *c, const struct login *l)
{
    struct console_session *s = &c->session;
    (void)!text_copy(s->user, sizeof s->user, l->user);
    (void)!text_copy(s->schema, sizeof s->schema, l->schema);
    s->interactive = (l->capabilities & CAP(INTERACTIVE)) != 0;
}

/* Before it is known who it is. */
static void refuse(struct console_client *c, enum mysql_error code)
{
    console_send_error(c, code, mysql_error_find(code)->text);
    c->state = CONSOLE_CLIENT_CLOSING;
}

void console_client_login(struct console_client *c, struct bytes payload)
{
    struct login l;
    if (!login_decode(payload, c->offered, &l)) {
        refuse(c, ER_HANDSHAKE_ERROR);
        return;
    }
    if (!console_is_secure_enough(c)) {
        refuse(c, ER_SECURE_TRANSPORT_REQUIRED);
        return;
    }
    c->wrong_certificate = !console_certificate_is_right(c, l.user);
    c->capabilities = l.capabilities;
    take_names(c, &l);
    if (c->trusted)
        welcome(c);
    else if (pick_method(c, &l))
        hear(c, l.auth_response);
    else
        ask_again(c);
}

void console_client_prove(struct console_client *c, struct bytes payload)
{
    hear(c, payload);
}
