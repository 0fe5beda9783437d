/* SPDX-License-Identifier: Apache-2.0
 * The link on which a guest logs in. */
#include "auth/account_text.h"
#include "auth/client_ed25519.h"
#include "auth/digest.h"
#include "auth/parsec.h"
#include "base/check.h"
#include "mysql/auth_packet.h"
#include "mysql/result_set.h"
#include "net/tls.h"
#include "session/guest.h"
#include "session/guest_forget.h"
#include "session/pool_events.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEAKS_OUT_OF_TURN "the server spoke while it was to be answered"

void guest_open_link(struct link_pool *logins)
{
    struct client *c = registry_next_login(logins);
    if (c == NULL)
        registry_login_declined(logins);
    else
        link_open_for_guest(logins->logins_of, logins, c->guest);
}

/* The two part; what is left of the login goes with its client, or at once. */
static void release(struct link *l)
{
    struct guest *g = l->guest;
    l->guest = NULL;
    g->link = NULL;
    if (g->client == NULL) {
        OPENSSL_cleanse(g, sizeof *g);
        free(g);
    }
}

/* -------- questions and answers -------- */

static void refuse(struct link *l, uint16_t code, const char *sqlstate, const char *text)
{
    link_fail_open(l, POOL_LOGIN_FAILED, code, sqlstate, bytes_of_text(text));
}

/* What a method's words give away to who listens on the link. */
enum relay_risk {
    RELAY_PROVES,   /* nothing: they are answers to a challenge */
    RELAY_TELLS,    /* the password itself */
    RELAY_UNKNOWN,  /* maybe as much as the client says where nobody can listen */
    RELAY_IS_WEAK,  /* the password, after a little work */
    RELAY_IS_WEIRS, /* the kernel would be asked who is there: it is Weir */
};

static enum relay_risk risk_of(struct bytes method)
{
    static const struct {
        const char *method;
        enum relay_risk risk;
    } known[] = {
        {"mysql_native_password", RELAY_PROVES},
        {"client_ed25519", RELAY_PROVES},
        {"parsec", RELAY_PROVES},
        {"auth_gssapi_client", RELAY_PROVES},
        {"authentication_kerberos_client", RELAY_PROVES},
        {"authentication_ldap_sasl_client", RELAY_PROVES},
        {"authentication_webauthn_client", RELAY_PROVES},
        {"dialog", RELAY_TELLS},
        {"mysql_clear_password", RELAY_TELLS},
        {"authentication_openid_connect_client", RELAY_TELLS},
        {"mysql_old_password", RELAY_IS_WEAK},
        {"auth_socket", RELAY_IS_WEIRS},
        {"unix_socket", RELAY_IS_WEIRS},
    };
    for (size_t i = 0; i < countof(known); i++)
        if (bytes_equal_text(method, known[i].method))
            return known[i].risk;
    return RELAY_UNKNOWN;
}

static bool is_by_socket(const struct link *l)
{
    return l->pool->group->socket[0] != '\0';
}

static bool link_is_private(const struct link *l)
{
    return is_by_socket(l) || tls_is_on(&l->stream);
}

static void answer_with_candidate(struct link *l, const struct auth_packet *p, uint8_t sequence)
{
    uint8_t frame[LINK_AUTH_FRAME_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    l->guest->stage = GUEST_IS_JUDGED;
    if (p->kind == AUTH_PACKET_SWITCH)
        l->login_in_vain = false;
    if (!link_auth_answer(l, p, sequence, &w, &l->chore_error))
        link_answer_in_vain(l, sequence, &w);
    if (w.size > 0)
        link_send_login(l, &w);
    OPENSSL_cleanse(frame, sizeof frame);
}

void guest_answer_server(struct guest *g)
{
    struct auth_packet p = {
        .kind = AUTH_PACKET_SWITCH,
        .method = bytes_of_text(g->method->name),
        .data = bytes_of(g->challenge, g->challenge_size),
    };
    answer_with_candidate(g->link, &p, g->link_sequence);
}

/* How long a word of zeros is that the server understands, and refuses. */
static size_t blank_size(const struct guest *g, const struct auth_method *m)
{
    bool is_empty = m == NULL || (m == &auth_parsec_method && !g->is_further);
    return is_empty ? 0 : m->blank_size;
}

static const uint8_t zeros[AUTH_CHALLENGE_MAX * 4];

/* Servers count a word of the wrong size against this host, until they refuse it, and so everybody
 * here: they hear one of the right size, which is wrong as well. What other methods say is not
 * known.
 */
static struct bytes in_form(const struct guest *g, struct bytes said)
{
    size_t size = blank_size(g, g->method);
    bool is_no_password = g->method == auth_method_default() && said.size == 0;
    CHECK(size <= sizeof zeros);
    return g->method == NULL || said.size == size || is_no_password ? said : bytes_of(zeros, size);
}

void guest_pass_on(struct guest *g, struct bytes word)
{
    const struct bytes said = in_form(g, word);
    uint8_t frame[FRAME_HEADER_SIZE + AUTH_SAID_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    if (g->stage == GUEST_SPEAKS && said.size <= sizeof g->answer) {
        if (said.size > 0)
            memcpy(g->answer, said.data, said.size); /* to be understood if it was right */
        g->answer_size = said.size;
        g->spoke = true;
    }
    g->stage = GUEST_IS_JUDGED;
    auth_answer_encode(&w, (uint8_t)(g->link_sequence + 1), said);
    link_send_login(g->link, &w);
    OPENSSL_cleanse(frame, sizeof frame);
}

/* A server that is left in the middle of a login counts that against this host, too. */
static void say_blank(struct guest *g, const struct auth_method *m)
{
    g->method = m;
    guest_pass_on(g, bytes_of(zeros, blank_size(g, m)));
}

void guest_end_alone(struct guest *g)
{
    struct link *l = g->link;
    bool waits_for_us = g->stage == GUEST_IS_ASKED || g->stage == GUEST_SPEAKS;
    if (g->stage == GUEST_IS_SETTLING || l->state != LINK_LOGIN || !waits_for_us)
        return;
    link_set_state(l, LINK_LOGIN);
    say_blank(g, g->method);
}

/* This method will not do; the account may have another. */
static void decline(struct link *l, const char *text)
{
    uint8_t frame[LINK_AUTH_FRAME_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    l->guest->stage = GUEST_IS_JUDGED;
    l->chore_error = (struct open_error){.code = ER_NOT_SUPPORTED_AUTH_MODE, .sqlstate = "08004"};
    snprintf(l->chore_error.text, sizeof l->chore_error.text, "%s", text);
    link_answer_in_vain(l, l->guest->link_sequence, &w);
    link_send_login(l, &w);
}

static bool is_learnt(const struct auth_method *m)
{
    return m != NULL && m->takes_clear_text;
}

/* Why the client may not be asked by this method; NULL: it may. */
static const char *objection_to(const struct link *l, const struct auth_method *m,
                                struct bytes method)
{
    bool from_private = client_is_secure(l->guest->client);
    bool to_private = link_is_private(l);
    enum relay_risk risk = risk_of(method);
    if (risk == RELAY_UNKNOWN && is_learnt(m)) /* the words to the server are Weir's own */
        return NULL;
    switch (risk) {
    case RELAY_PROVES:
        return NULL;
    case RELAY_TELLS:
        if (from_private && to_private)
            return NULL;
        return "the account's method sends the password in clear text: client and server must both "
               "be connected by TLS";
    case RELAY_UNKNOWN:
        if (to_private || !from_private)
            return NULL;
        return "Weir does not know the account's method, and what the client says over TLS goes "
               "nowhere else: the server must be connected by TLS, too";
    case RELAY_IS_WEAK:
        return "the account uses mysql_old_password, which Weir refuses";
    case RELAY_IS_WEIRS:
        break;
    }
    return "the account is proved by its Unix socket, which does not lead through Weir";
}

/* The account's method is known. */
static void begin_method(struct link *l, struct bytes payload, const struct auth_packet *p)
{
    struct guest *g = l->guest;
    const struct auth_method *m = auth_method_find(p->method);
    const char *why_not = objection_to(l, m, p->method);
    l->login_in_vain = false;
    if (why_not != NULL) {
        decline(l, why_not);
        return;
    }
    if (is_learnt(m) && p->data.size > sizeof g->challenge) {
        refuse(l, ER_HANDSHAKE_ERROR, "08S01", "the server's challenge is longer than any");
        return;
    }
    g->method = m;
    g->challenge_size = p->data.size <= sizeof g->challenge ? p->data.size : 0;
    if (g->challenge_size > 0)
        memcpy(g->challenge, p->data.data, p->data.size);
    g->answer_size = is_learnt(m) ? g->answer_size : 0;
    if (is_learnt(m))
        guest_ask_password(g->client);
    else
        guest_show(g->client, payload);
}

void guest_server_asks(struct link *l, struct bytes payload, const struct auth_packet *p,
                       uint8_t sequence)
{
    struct guest *g = l->guest;
    if (!g->link_answered) {
        g->link_answered = true;
        registry_login_answered(l, g->client);
    }
    g->link_sequence = sequence;
    g->is_further = p->kind == AUTH_PACKET_MORE;
    /* More of what it has not begun: the client would hear it as of the method that it has named,
     * and might say its password to whoever listens on the link. */
    bool has_not_begun = g->is_further && g->switches == 0;
    if (g->client != NULL && (g->stage == GUEST_IS_ASKED || has_not_begun)) {
        refuse(l, ER_HANDSHAKE_ERROR, "08S01", SPEAKS_OUT_OF_TURN);
        return;
    }
    if (p->kind == AUTH_PACKET_SWITCH && ++g->switches > GUEST_SWITCHES_MAX) {
        refuse(l, ER_NOT_SUPPORTED_AUTH_MODE, "08004",
               "the server asks for one method after another");
        return;
    }
    if (g->client == NULL)
        say_blank(g, p->kind == AUTH_PACKET_SWITCH ? auth_method_find(p->method) : g->method);
    else if (g->has_candidate)
        answer_with_candidate(l, p, sequence);
    else if (p->kind == AUTH_PACKET_SWITCH)
        begin_method(l, payload, p);
    else
        guest_show(g->client, payload);
}

/* -------- the verdict -------- */

/* A proof of mysql_native_password that the server has accepted, and the hash: that is enough to
 * log in. No proof at all is the empty password. */
static bool understands_proof(struct guest *g)
{
    if (g->has_candidate || g->method != auth_method_default())
        return false;
    if (g->spoke && g->answer_size == 0) {
        g->has_candidate = auth_secret_from_password(bytes_of(NULL, 0), &g->candidate);
        return g->has_candidate;
    }
    return g->challenge_size >= SCRAMBLE_SIZE &&
           guest_fits_hash(g, g->challenge, bytes_of(g->answer, g->answer_size));
}

void guest_ask_account(struct link *l)
{
    link_chore_add(l, CHORE_READ_ACCOUNT, COMMAND_QUERY,
                   bytes_of_text("SHOW CREATE USER CURRENT_USER()"));
}

/* The client's last word is a signature by the holder of this key. */
static bool signs_with(const struct guest *g, struct auth_secret *key)
{
    struct auth_check check = {.method = &auth_client_ed25519};
    struct writer none = writer_over(NULL, 0);
    if (!g->spoke || g->method != check.method || g->challenge_size != check.method->challenge_size)
        return false;
    memcpy(check.challenge, g->challenge, g->challenge_size);
    return check.method->hear(&check, bytes_of(g->answer, g->answer_size), key, &none) == AUTH_OK;
}

/* What the client has shown to know, now or before, is what the account itself has. */
static bool fits_account(struct guest *g, struct bytes text)
{
    uint8_t hashes[GUEST_HASHES_MAX][AUTH_HASH_SIZE];
    size_t count = account_text_hashes(text, hashes, GUEST_HASHES_MAX);
    struct auth_secret key;
    bool fits = false;
    for (size_t i = 0; i < count; i++)
        fits = fits ||
               (g->has_candidate && auth_secret_knows(&g->candidate, AUTH_KNOWS_NATIVE_STAGE2) &&
                digest_equal(hashes[i], g->candidate.stage2, AUTH_HASH_SIZE));
    if (!fits && account_text_public_key(text, &key))
        fits = g->has_candidate ? auth_secret_knows(&g->candidate, AUTH_KNOWS_ED25519_PUBLIC) &&
                                      digest_equal(key.ed25519_public, g->candidate.ed25519_public,
                                                   sizeof key.ed25519_public)
                                : signs_with(g, &key);
    return fits;
}

void guest_read_account(struct link *l, struct bytes reply)
{
    struct guest *g = l->guest;
    struct bytes cell;
    if (g == NULL || result_set_first_row(reply, &cell, 1) != 1 || cell.data == NULL)
        return;
    g->wants = account_text_transport(cell);
    g->is_read = true;
    if (!g->has_candidate) {
        guest_find_hashes(g, cell);
        (void)understands_proof(g); /* its word was passed on: the way was a relay all the same */
    }
    g->is_proved = g->is_proved || !account_text_asks_kernel(cell) || fits_account(g, cell);
    if (g->is_proved && !g->has_candidate)
        g->has_candidate = account_text_public_key(cell, &g->candidate);
}

/* What an account may have asked of the link before it let it in: as much as the link has. */
static enum account_transport shown_by(const struct link *l)
{
    uint8_t certificate[TLS_FINGERPRINT_SIZE];
    if (!tls_is_on(&l->stream))
        return ACCOUNT_WANTS_NOTHING;
    return tls_own_fingerprint(&l->stream, certificate) ? ACCOUNT_WANTS_NAMES : ACCOUNT_WANTS_TLS;
}

/* The link belongs to its user from now on. */
static bool join(struct link *l, struct user *user)
{
    struct guest *g = l->guest;
    struct worker *w = l->worker;
    struct link_pool *pool = pool_registry_pool(w, l->pool->group, user, g->dialect);
    if (pool == NULL)
        return false;
    if (understands_proof(g))
        g->way = LOGIN_BY_HASH;
    counters_add(&w->counters, COUNTER_links_opened, 1);
    registry_login_joins(l, pool);
    pool_registry_review(w, pool);
    snprintf(l->who, sizeof l->who, "link to %.40s for %.40s", pool->group->name, user->name);
    return true;
}

bool guest_link_logged_in(struct link *l)
{
    struct guest *g = l->guest;
    struct worker *w = l->worker;
    if (g->client != NULL && g->stage == GUEST_IS_ASKED) {
        refuse(l, ER_HANDSHAKE_ERROR, "08S01", SPEAKS_OUT_OF_TURN);
        return false;
    }
    if (g->switches == 0) {
        refuse(l, ER_ACCESS_DENIED_ERROR, "28000",
               "the server let Weir in without asking for a proof");
        return false;
    }
    if (g->client == NULL) {
        link_close(l, CLOSE_LINK_CLIENT_LEFT);
        return false;
    }
    g->is_proved = !is_by_socket(l); /* else when the account was read */
    g->wants = shown_by(l);          /* if it cannot be read */
    struct user *user = user_store_make_guest(w->proxy->users, bytes_of_text(g->name), w->config);
    if (user == NULL && guest_forget_one(w))
        user = user_store_make_guest(w->proxy->users, bytes_of_text(g->name), w->config);
    if (user == NULL) {
        refuse(l, ER_CON_COUNT_ERROR, "08004",
               "Too many connections: Weir serves max_unknown_users different users already");
        return false;
    }
    bool joined = join(l, user);
    user_let_go(user);
    if (!joined) {
        refuse(l, ER_CON_COUNT_ERROR, "08004", "out of memory");
        return false;
    }
    g->stage = GUEST_IS_SETTLING;
    return true;
}

/* Others may log in with its password from now on, so what the account requires is known before. A
 * login that has told nothing of its password is a key, too: should the name turn out to have a
 * password that is known, it may be somebody else's since. */
static void remember(struct link *l, struct user *user)
{
    struct guest *g = l->guest;
    bool is_new;
    if (!g->is_read && g->wants != ACCOUNT_WANTS_NOTHING)
        log_note(l->who, "what its account requires of connections could not be read: clients need "
                         "what this link has");
    user->wants = g->wants;
    if (!g->has_candidate)
        g->candidate = (struct auth_secret){0};
    g->key = user_prove_key(l->worker->proxy->users, user, &g->candidate, loop_now(l->worker->loop),
                            l->login_epoch, &is_new);
    l->key = g->key;
    if (is_new) { /* links of before may be of an account that is no more */
        registry_renew_user(l->worker, user);
        registry_login_is_new(l);
    }
    pool_registry_review(l->worker, l->pool);
}

void guest_link_ready(struct link *l)
{
    struct client *c = l->guest->client;
    if (!l->guest->is_proved) {
        refuse(l, ER_ACCESS_DENIED_ERROR, "28000",
               "the server may have let it in for the account that Weir runs under");
        return;
    }
    struct user *user = user_hold(l->pool->user); /* the link may soon be somewhere else */
    remember(l, user);
    uint32_t key = l->guest->key;
    release(l);
    /* Its verdict may be delayed, and others may wait: so it asks for a link as they do. */
    registry_give_back(l);
    if (c != NULL)
        guest_accept(c, user, key);
    user_let_go(user);
}

/* It was accepted before, and is not any more. */
static void forget_key(struct link *l)
{
    struct guest *g = l->guest;
    struct worker *w = l->worker;
    struct user *u = user_store_find_guest(w->proxy->users, bytes_of_text(g->name));
    if (u != NULL && user_refuse_key(w->proxy->users, u, g->key))
        registry_renew_user(w, u);
    user_let_go(u);
}

/* Trouble of the server's, which may pass: the client has not said anything yet that another link
 * could not be told. */
static bool may_try_again(const struct guest *g, enum pool_open_failure why)
{
    bool passes = why == POOL_SERVER_DOWN || why == POOL_SERVER_FULL || why == POOL_NO_RESOURCES;
    return passes && !g->link_answered;
}

/* Servers count connections when they know who it is. Another link can be answered as well, if need
 * be later, when what answers is known here. */
static bool may_wait_again(const struct guest *g, enum pool_open_failure why)
{
    return why == POOL_SERVER_FULL && g->link_answered && g->has_candidate && g->client != NULL;
}

void guest_link_failed(struct link *l, enum pool_open_failure why, const struct open_error *error)
{
    struct guest *g = l->guest;
    struct client *c = g->client;
    if (g->stage != GUEST_IS_SETTLING && may_try_again(g, why)) {
        release(l);
        registry_open_failed(l, why, error);
        return;
    }
    if (g->stage == GUEST_IS_JUDGED && may_wait_again(g, why)) {
        registry_login_found_full(l, error);
        release(l);
        guest_wait_again(c);
        return;
    }
    if (!g->link_answered)
        registry_login_answered(l, c);
    if (mysql_error_denies(error->code) && g->key != 0)
        forget_key(l);
    release(l);
    if (c == NULL)
        return;
    if (error->code != 0)
        guest_refuse(c, error->code, error->sqlstate, error->text);
    else
        guest_refuse(c, ER_HANDSHAKE_ERROR, "08S01",
                     "the server ended the connection during the login");
}

void guest_link_gone(struct link *l)
{
    struct client *c = l->guest->client;
    release(l);
    if (c != NULL)
        client_close(c, CLOSE_LINK_LOST);
}

bool guest_link_timed_out(struct link *l)
{
    struct guest *g = l->guest;
    if (g->client == NULL || (g->stage != GUEST_IS_ASKED && g->stage != GUEST_SPEAKS))
        return false;
    client_close(g->client, CLOSE_CLIENT_LOGIN_TIMEOUT);
    return true;
}
