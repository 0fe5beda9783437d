/* SPDX-License-Identifier: Apache-2.0
 * The server role of the authentication methods. Whoever is unknown goes through the same packets
 * as somebody with a wrong password. */
#include "session/client_auth.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "mysql/auth_packet.h"
#include "net/tls.h"
#include "session/admission.h"
#include "session/guest.h"
#include "session/login_guard.h"
#include "session/user_store.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* How often it is looked whether Weir's RSA key has been made, or it is somebody's turn. */
#define LOOK_AGAIN (20 * USEC_PER_MSEC)
/* Checks that take milliseconds get one part in so many of a worker's time: strangers can ask for
 * them, and nobody else is served meanwhile. */
#define DEAR_SHARE 5

bool client_auth_start(struct client *c)
{
    uint8_t random[AUTH_CHALLENGE_MAX];
    if (c->auth == NULL)
        c->auth = calloc(1, sizeof *c->auth);
    if (c->auth == NULL)
        return false;
    random_bytes(random, sizeof random);
    auth_check_renew(&c->auth->check, random);
    return true;
}

void client_auth_wipe_said(struct auth_said *said)
{
    OPENSSL_cleanse(said->data, said->size);
}

static void forget_said(struct client_auth *a)
{
    if (a->said != NULL)
        client_auth_wipe_said(a->said);
    free(a->said);
    a->said = NULL;
}

static void forget_secrets(struct client_auth *a)
{
    for (unsigned i = 0; i < USER_PASSWORDS_MAX; i++)
        auth_secret_wipe(&a->secrets[i]);
    auth_check_wipe(&a->check);
    forget_said(a);
}

void client_auth_end(struct client *c)
{
    if (c->auth == NULL)
        return;
    forget_secrets(c->auth);
    free(c->auth);
    c->auth = NULL;
}

void client_auth_name(struct client *c, struct bytes name, struct user *user, bool may_come)
{
    struct client_auth *a = c->auth;
    struct user_store *users = c->worker->proxy->users;
    (void)!text_copy(a->user, sizeof a->user, name);
    a->hopeless = user == NULL || !may_come;
    if (user != NULL) {
        a->secret_count = user_secrets_for_login(users, user, a->secrets, &a->secret_version);
        return;
    }
    user_store_decoy(users, name, &a->secrets[0]);
    a->secret_count = 1;
}

void client_auth_ask(struct client *c)
{
    uint8_t frame[AUTH_CHALLENGE_MAX + 64];
    struct writer w = writer_over(frame, sizeof frame);
    struct auth_check *check = &c->auth->check;
    CHECK(client_auth_start(c));
    auth_switch_encode(&w, c->login_sequence, check->method->name,
                       bytes_of(check->challenge, check->method->challenge_size));
    c->login_sequence = (uint8_t)(c->login_sequence + 2);
    client_set_state(c, CLIENT_AUTHENTICATING);
    client_send_frame(c, &w);
    (void)!client_flush(c);
}

struct auth_wish client_auth_wish(const struct client *c, const struct login *l)
{
    bool named = (c->capabilities & CAP(PLUGIN_AUTH)) != 0 && l->auth_method.size > 0;
    /* A client that knows of no methods speaks the oldest, whatever the greeting named. */
    return (struct auth_wish){
        .method = named ? auth_method_find(l->auth_method) : auth_method_default(),
        .named = named,
    };
}

const struct auth_method *client_auth_usual(const struct client *c)
{
    return c->facts->auth_method != NULL ? c->facts->auth_method : auth_method_default();
}

void client_auth_begin(struct client *c, struct auth_wish wish, const struct auth_method *greeted,
                       struct bytes answer)
{
    struct auth_check *check = &c->auth->check;
    if (c->guest != NULL) {
        guest_begin(c, wish, greeted, answer);
        return;
    }
    check->private_channel = client_is_secure(c);
    check->key = login_guard_key(c->worker->proxy->guard);
    check->method = auth_check_choose(check, &c->auth->secrets[0], wish.method,
                                      greeted != NULL ? greeted : client_auth_usual(c));
    /* One that names another method than the greeting's had no challenge for it yet; some need
     * none. */
    bool answered = greeted != NULL && check->method == wish.method &&
                    (!wish.named || wish.method == greeted || wish.method->challenge_size == 0);
    if (answered)
        client_auth_hear(c, answer);
    else
        client_auth_ask(c);
}

void client_auth_say_more(struct client *c, struct bytes said)
{
    uint8_t frame[AUTH_ANSWER_MAX + 8];
    struct writer w = writer_over(frame, sizeof frame);
    auth_more_encode(&w, c->login_sequence++, said);
    client_send_frame(c, &w);
}

void client_auth_go_on(struct client *c, struct bytes said)
{
    client_auth_say_more(c, said);
    c->login_sequence++;
    client_set_state(c, CLIENT_AUTHENTICATING);
    (void)!client_flush(c);
}

/* -------- delays -------- */

static void pause_login(struct client *c, usec_t delay, enum auth_sequel sequel)
{
    c->auth->delay = delay;
    c->auth->sequel = sequel;
    client_set_state(c, CLIENT_DELAYED);
}

bool client_auth_delay_verdict(struct client *c, bool proved)
{
    struct worker *w = c->worker;
    struct client_auth *a = c->auth;
    char host[CLIENT_PEER_SIZE];
    if (a->judged)
        return false;
    a->judged = true;
    client_host(c, host);
    usec_t delay = login_guard_note(w->proxy->guard, &w->config->global, bytes_of_text(a->user),
                                    bytes_of_text(host), proved, loop_now(w->loop));
    if (delay == 0)
        return false;
    counters_add(&w->counters, COUNTER_delayed_logins, 1);
    admission_end_login(c);
    pause_login(c, delay, proved ? AUTH_THEN_WELCOME : AUTH_THEN_DENY);
    return true;
}

static void hear_again(struct client *c)
{
    struct auth_said *said = c->auth->said;
    c->auth->said = NULL;
    client_set_state(c, CLIENT_AUTHENTICATING);
    client_auth_hear(c, bytes_of(said->data, said->size));
    client_auth_wipe_said(said);
    free(said);
}

void client_auth_end_delay(struct client *c)
{
    switch (c->auth->sequel) {
    case AUTH_THEN_HEAR:
        hear_again(c);
        if (c->state != CLIENT_CLOSED)
            client_advance(c);
        break;
    case AUTH_THEN_WELCOME:
        client_login_proved(c);
        break;
    case AUTH_THEN_DENY:
        client_login_deny(c);
        break;
    }
}

/* Does the method need Weir's key now, and is it not there yet? */
static bool waits_for_key(struct client *c)
{
    const struct auth_check *check = &c->auth->check;
    return check->method != NULL && !check->private_channel && check->method->takes_clear_text &&
           (check->stage > 0 || check->method->can_prove == NULL) &&
           !login_guard_key_is_ready(c->worker->proxy->guard);
}

/* Is the password itself said now, and slow to check? */
static bool is_dear(const struct client *c)
{
    const struct client_auth *a = c->auth;
    const struct auth_check *check = &a->check;
    bool dear = false;
    for (unsigned i = 0; i < a->secret_count; i++)
        dear = dear || auth_secret_check_is_dear(&a->secrets[i]);
    return dear && c->guest == NULL && check->method != NULL && check->method->takes_clear_text &&
           (check->stage > 0 || check->method->can_prove == NULL);
}

/* Its word is heard a little later. */
static void wait_to_hear(struct client *c, struct bytes said)
{
    usec_t now = loop_now(c->worker->loop);
    if (c->auth->waits_since == 0)
        c->auth->waits_since = now;
    if (now - c->auth->waits_since > c->worker->config->global.connect_timeout) {
        client_close(c, CLOSE_CLIENT_LOGIN_TIMEOUT);
        return;
    }
    c->auth->said = malloc(sizeof *c->auth->said);
    if (c->auth->said == NULL) {
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    CHECK(client_auth_keep(c->auth->said, said));
    pause_login(c, LOOK_AGAIN, AUTH_THEN_HEAR);
}

/* -------- the dialog -------- */

void client_auth_set_last_word(struct client *c, struct bytes word)
{
    struct client_auth *a = c->auth;
    CHECK(word.size <= sizeof a->last_word);
    if (word.size > 0)
        memcpy(a->last_word, word.data, word.size);
    a->last_word_size = word.size;
}

/* A change of user is over a connection that the client trusts already. Clients of MySQL do not
 * look for it. */
void client_auth_identify(struct client *c, const struct auth_method *m,
                          const struct auth_secret *secret)
{
    struct client_auth *a = c->auth;
    uint8_t fingerprint[TLS_FINGERPRINT_SIZE];
    if (a->is_greeted && c->facts->server.mariadb && tls_own_fingerprint(&c->stream, fingerprint) &&
        !auth_identity_write(m, secret, a->greeted, fingerprint, a->identity))
        a->identity[0] = '\0';
}

static void proved(struct client *c, unsigned which, struct bytes last_word)
{
    struct client_auth *a = c->auth;
    client_auth_set_last_word(c, last_word);
    if (!a->hopeless && user_confirm_login(c->worker->proxy->users, c->user, a->secret_version,
                                           which, &a->secrets[which], &c->has_taught)) {
        client_auth_identify(c, a->check.method, &a->secrets[which]);
        client_login_proved(c);
    } else {
        client_login_deny(c);
    }
}

void client_auth_finish(struct client *c)
{
    if (c->auth->last_word_size > 0)
        client_auth_say_more(c, bytes_of(c->auth->last_word, c->auth->last_word_size));
    forget_secrets(c->auth);
}

bool client_auth_keep(struct auth_said *said, struct bytes from)
{
    if (from.size > sizeof said->data)
        return false;
    if (from.size > 0)
        memcpy(said->data, from.data, from.size);
    said->size = from.size;
    return true;
}

void client_auth_hear(struct client *c, struct bytes said)
{
    struct client_auth *a = c->auth;
    bool dear = is_dear(c);
    usec_t begun = dear ? clock_now() : 0;
    if (waits_for_key(c) || (dear && begun < c->worker->dear_again_at)) {
        wait_to_hear(c, said);
        return;
    }
    if (c->guest != NULL) {
        guest_hear(c, said);
        return;
    }
    uint8_t memory[AUTH_ANSWER_MAX];
    struct writer out = writer_over(memory, sizeof memory);
    size_t which;
    if (said.size > 1 || (said.size == 1 && said.data[0] != 0))
        a->with_password = true;
    enum auth_step step =
        auth_check_hear(&a->check, said, a->secrets, a->secret_count, &out, &which);
    if (dear)
        c->worker->dear_again_at = clock_now() + (clock_now() - begun) * (DEAR_SHARE - 1);
    switch (step) {
    case AUTH_OK:
        proved(c, (unsigned)which, writer_written(&out));
        return;
    case AUTH_SEND:
        client_auth_go_on(c, writer_written(&out));
        return;
    case AUTH_WAIT:
    case AUTH_CLAIM:
    case AUTH_FAIL:
        client_login_deny(c);
        return;
    }
}
