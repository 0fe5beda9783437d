/* SPDX-License-Identifier: Apache-2.0
 * The login of a guest, as its client meets it. */
#include "session/guest.h"

#include "auth/account_text.h"
#include "base/check.h"
#include "base/text.h"
#include "mysql/auth_packet.h"
#include "net/tls.h"
#include "session/hash_reader.h"
#include "session/login_guard.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes the well-formed character at `p` has that utf8mb3 knows, 0 when it is none. */
static size_t utf8mb3_size(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] < 0xe0)
        return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    bool is_three =
        p[0] >= 0xe0 && p[0] < 0xf0 && left >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80;
    bool is_odd = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0);
    return is_three && !is_odd ? 3 : 0;
}

static bool is_utf8mb3(struct bytes name)
{
    for (size_t at = 0; at < name.size;) {
        size_t size = utf8mb3_size(name.data + at, name.size - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

/* A server takes a name in the character set of the login, and links may log in with another one
 * than the client does: those of names that are not ASCII log in with utf8mb4. Only names that the
 * server reads as they stand, for Weir's rules are about the name that it was told. */
static bool is_legible(struct bytes name, unsigned collation)
{
    const char *charset;
    const char *unused;
    if (name.size == 0 || name.size > GUEST_NAME_MAX || memchr(name.data, 0, name.size) != NULL ||
        !bytes_equal(name, login_bare_name(name)))
        return false;
    return text_is_ascii(name) || (collation_find(collation, &charset, &unused) &&
                                   strncmp(charset, "utf8", 4) == 0 && is_utf8mb3(name));
}

bool guest_may_come(const struct client *c, struct bytes name, unsigned collation)
{
    return c->worker->config->serves_unknown_users && !c->worker->draining &&
           is_legible(name, collation);
}

bool guest_prepare(struct client *c, struct bytes name)
{
    struct guest *g = calloc(1, sizeof *g);
    if (g == NULL)
        return false;
    (void)!text_copy(g->name, sizeof g->name, name);
    g->client = c;
    g->dialect = capabilities_dialect(c->capabilities);
    g->multi = (c->capabilities & CAP(MULTI_STATEMENTS)) != 0;
    g->knows_expired = (c->capabilities & CAP(CAN_HANDLE_EXPIRED)) != 0;
    c->guest = g;
    return true;
}

static void guest_free(struct guest *g)
{
    OPENSSL_cleanse(g, sizeof *g);
    free(g);
}

/* The client needs it no longer. */
static void part(struct client *c)
{
    struct guest *g = c->guest;
    c->guest = NULL;
    g->client = NULL;
    if (g->link == NULL)
        guest_free(g);
}

void guest_forget(struct client *c)
{
    struct guest *g = c->guest;
    hash_reader_forget(g);
    c->guest = NULL;
    g->client = NULL;
    if (g->link == NULL)
        guest_free(g);
    else
        guest_end_alone(g);
}

/* -------- the verdict -------- */

static void leave_queue(struct client *c)
{
    if (c->pool == NULL)
        return;
    registry_cancel(c);
    registry_client_gone(c);
}

void guest_give_up(struct client *c)
{
    leave_queue(c);
    guest_forget(c);
}

void guest_refuse(struct client *c, uint16_t code, const char *sqlstate, const char *text)
{
    if (c->guest->may_speak)
        c->login_sequence--; /* the server spoke twice */
    if (mysql_error_denies(code)) {
        c->auth->not_by_password = code == ER_ACCESS_DENIED_NO_PASSWORD_ERROR;
        client_login_deny(c);
        return;
    }
    client_login_refuse(c, code, sqlstate, bytes_of_text(text), CLOSE_LOGIN_REFUSED);
}

const char *guest_lack(const struct client *c, enum account_transport wants)
{
    switch (wants) {
    case ACCOUNT_WANTS_NOTHING:
        return NULL;
    case ACCOUNT_WANTS_TLS:
        return tls_is_on(&c->stream) ? NULL : "REQUIRE SSL, and the client has no TLS";
    case ACCOUNT_WANTS_CERTIFICATE:
        return tls_peer_is_certified(&c->stream) ? NULL
                                                 : "REQUIRE X509, and the client has shown no "
                                                   "certificate that ssl_ca vouches for";
    case ACCOUNT_WANTS_NAMES:
        break;
    }
    return "REQUIRE SUBJECT, ISSUER or CIPHER, which Weir does not compare with the client's: give "
           "it a [user] section, or REQUIRE X509";
}

void guest_accept(struct client *c, struct user *user, uint32_t key)
{
    struct guest *g = c->guest;
    struct worker *w = c->worker;
    const char *lack = guest_lack(c, user->wants);
    if (lack != NULL) {
        log_note(client_who(c), "refused: the account of '%s' has %s", g->name, lack);
        client_login_deny(c);
        return;
    }
    leave_queue(c);
    if (g->may_speak)
        c->login_sequence--;
    client_becomes(c, user);
    c->key = key;
    c->login_way = (uint8_t)g->way;
    c->pool = pool_registry_pool(w, c->group, user, g->dialect);
    if (c->pool == NULL) {
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    registry_client_came(c);
    client_auth_set_last_word(c, bytes_of(g->last_word, g->last_word_size));
    if (g->has_candidate)
        client_auth_identify(c, g->greeted, &g->candidate);
    part(c);
    client_login_proved(c);
}

void guest_send_away(struct client *c, const char *text)
{
    uint8_t sequence = c->login_schema != NULL ? c->login_sequence : 1;
    client_send_error(c, sequence, ER_CONNECTION_KILLED, "70100", bytes_of_text(text));
    log_note(client_who(c), "%s", text);
    client_close(c, CLOSE_LOGIN_OVER);
}

/* The password that it has logged in with has been refused since, or another one has come up: the
 * name may be somebody else's now. Whoever is meant can log in. */
bool guest_is_still_welcome(struct client *c)
{
    static const char text[] = "The server no longer accepts the password that you have logged in "
                               "with, or others have logged in with another one; log in again";
    if (user_key_is_good(c->worker->proxy->users, c->user, c->key))
        return true;
    guest_send_away(c, text);
    return false;
}

/* -------- waiting for a link -------- */

bool guest_needs_link(const struct client *c)
{
    return c->guest != NULL && c->guest->link == NULL;
}

static void queue(struct client *c)
{
    struct link *none;
    c->guest->stage = GUEST_WAITS;
    client_set_state(c, CLIENT_PROVING);
    if (c->pool == NULL) {
        c->pool = pool_registry_logins(c->worker, c->group);
        if (c->pool == NULL) {
            client_close(c, CLOSE_NO_MEMORY);
            return;
        }
        registry_client_came(c);
    }
    switch (registry_checkout(c, &none)) {
    case CHECKOUT_LENT: /* links of logins are never idle */
        CHECK(false);
        break;
    case CHECKOUT_QUEUED:
        registry_perform(c->worker);
        break;
    case CHECKOUT_REFUSED:
        guest_refuse(c, ER_CON_COUNT_ERROR, "08004",
                     "Too many connections: max_logins clients wait to log in already");
        registry_perform(c->worker);
        break;
    }
}

void guest_wait_again(struct client *c)
{
    struct guest *g = c->guest;
    leave_queue(c);
    g->link_answered = false;
    g->switches = 0;
    queue(c);
}

void guest_wait_failed(struct client *c)
{
    char text[800];
    struct err_packet err;
    registry_explain_wait(c, c->ticket_why, &err, text, sizeof text);
    registry_cancel(c);
    log_write(LOG_LEVEL_WARNING, client_who(c), "got no link to log in '%s': %s", c->guest->name,
              text);
    /* Nobody knows yet who this is: where servers are, how busy they are and with whom, is none of
     * its business. */
    bool tells = err.code == ER_CON_COUNT_ERROR;
    guest_refuse(c, err.code, err.sqlstate,
                 tells
                     ? "Too many connections: no link was to be had to log in on; Weir's log says "
                       "why"
                     : text);
}

/* -------- what the client says -------- */

/* Does its first word fit one of these passwords? Which one is then the candidate. */
static bool fits(struct client *c, struct auth_secret *secrets, size_t count, size_t *which)
{
    struct guest *g = c->guest;
    uint8_t memory[AUTH_ANSWER_MAX];
    struct writer out = writer_over(memory, sizeof memory);
    if (!g->answered || count == 0)
        return false;
    struct auth_check trial = c->auth->check;
    trial.method = g->greeted;
    bool right = auth_check_hear(&trial, bytes_of(g->answer, g->answer_size), secrets, count, &out,
                                 which) == AUTH_OK;
    auth_check_wipe(&trial);
    if (!right)
        return false;
    g->candidate = secrets[*which];
    g->has_candidate = true;
    g->last_word_size = out.size < sizeof g->last_word ? out.size : 0;
    memcpy(g->last_word, memory, g->last_word_size);
    return true;
}

static bool is_fresh(const struct client *c, const struct user_key *k)
{
    usec_t life = c->worker->config->global.password_cache_time;
    return !k->in_doubt && k->epoch == atomic_load(&c->group->login_epoch) &&
           loop_now(c->worker->loop) < k->proved_at + life;
}

/* With a password that the server has accepted before. True: the login is over. A server that sees
 * the client's address may accept it of one host and refuse it of another: it is always asked, and
 * its "no" is to this client only. */
static bool try_keys(struct client *c)
{
    struct guest *g = c->guest;
    struct user_key keys[AUTH_SECRETS_MAX];
    struct auth_secret secrets[AUTH_SECRETS_MAX];
    struct user_store *users = c->worker->proxy->users;
    struct user *u = user_store_find_guest(users, bytes_of_text(g->name));
    if (u == NULL)
        return false;
    bool for_all = !server_sees_clients(c->worker, c->group);
    size_t which;
    unsigned count = user_copy_keys(users, u, keys);
    for (unsigned i = 0; i < count; i++)
        secrets[i] = keys[i].secret;
    bool known = fits(c, secrets, count, &which);
    bool fresh = known && for_all && is_fresh(c, &keys[which]);
    if (known) {
        g->key = for_all ? keys[which].id : 0;
        g->way = LOGIN_BY_KEY;
    }
    OPENSSL_cleanse(keys, sizeof keys);
    OPENSSL_cleanse(secrets, sizeof secrets);
    if (fresh)
        guest_accept(c, u, g->key);
    user_let_go(u);
    return fresh;
}

static void keep_answer(struct client *c, struct auth_wish wish, const struct auth_method *greeted,
                        struct bytes answer)
{
    struct guest *g = c->guest;
    g->greeted = greeted;
    g->answered = greeted != NULL && wish.method == greeted && answer.size <= sizeof g->answer;
    c->auth->with_password = answer.size > 1 || (answer.size == 1 && answer.data[0] != 0);
    if (!g->answered)
        return;
    if (answer.size > 0)
        memcpy(g->answer, answer.data, answer.size);
    g->answer_size = answer.size;
}

void guest_find_hashes(struct guest *g, struct bytes text)
{
    g->hash_count += (unsigned)account_text_hashes(text, &g->hashes[g->hash_count],
                                                   GUEST_HASHES_MAX - g->hash_count);
}

bool guest_fits_hash(struct guest *g, const uint8_t *challenge, struct bytes proof)
{
    struct auth_check check = {.method = auth_method_default()};
    memcpy(check.challenge, challenge, SCRAMBLE_SIZE);
    for (unsigned i = 0; i < g->hash_count && !g->has_candidate; i++) {
        uint8_t memory[AUTH_ANSWER_MAX];
        struct writer out = writer_over(memory, sizeof memory);
        struct auth_secret secret = {.known = AUTH_KNOWS_NATIVE_STAGE2};
        struct auth_check trial = check;
        size_t which;
        memcpy(secret.stage2, g->hashes[i], AUTH_HASH_SIZE);
        g->has_candidate = auth_check_hear(&trial, proof, &secret, 1, &out, &which) == AUTH_OK;
        if (g->has_candidate)
            g->candidate = secret;
        OPENSSL_cleanse(&secret, sizeof secret);
    }
    return g->has_candidate;
}

void guest_hashes_read(struct client *c)
{
    struct guest *g = c->guest;
    if (!g->has_candidate && g->answered && g->greeted == auth_method_default() &&
        guest_fits_hash(g, c->auth->check.challenge, bytes_of(g->answer, g->answer_size)))
        g->way = LOGIN_BY_HASH;
    queue(c);
}

void guest_begin(struct client *c, struct auth_wish wish, const struct auth_method *greeted,
                 struct bytes answer)
{
    keep_answer(c, wish, greeted, answer);
    c->auth->check.private_channel = client_is_secure(c);
    c->auth->check.key = login_guard_key(c->worker->proxy->guard);
    if (try_keys(c))
        return;
    client_set_state(c, CLIENT_PROVING);
    if (c->guest->has_candidate || !hash_reader_is_wanted(c) || !hash_reader_ask(c))
        queue(c);
}

/* The client has said its password. */
static void take_claim(struct client *c)
{
    struct guest *g = c->guest;
    const char *claim = c->auth->check.claim;
    g->has_candidate = auth_secret_from_password(bytes_of_text(claim), &g->candidate);
    c->auth->with_password = c->auth->with_password || claim[0] != '\0';
    auth_check_wipe(&c->auth->check);
    g->way = LOGIN_BY_LEARNING;
    if (!g->has_candidate || g->link == NULL) {
        client_login_deny(c);
        return;
    }
    client_set_state(c, CLIENT_PROVING);
    guest_answer_server(g);
}

static void hear_claim(struct client *c, struct bytes said)
{
    uint8_t memory[AUTH_ANSWER_MAX];
    struct writer out = writer_over(memory, sizeof memory);
    struct auth_secret nothing = {0};
    size_t which;
    switch (auth_check_hear(&c->auth->check, said, &nothing, 1, &out, &which)) {
    case AUTH_SEND:
        client_auth_go_on(c, writer_written(&out));
        return;
    case AUTH_OK:
    case AUTH_CLAIM:
        take_claim(c);
        return;
    case AUTH_WAIT:
    case AUTH_FAIL:
        client_login_deny(c);
        return;
    }
}

void guest_hear(struct client *c, struct bytes said)
{
    struct guest *g = c->guest;
    if (g->stage == GUEST_IS_ASKED) {
        hear_claim(c, said);
        return;
    }
    if (g->stage != GUEST_SPEAKS || g->link == NULL) {
        client_close(c, CLOSE_CLIENT_LOGIN_FORMAT);
        return;
    }
    if (said.size > 1 || (said.size == 1 && said.data[0] != 0))
        c->auth->with_password = true;
    g->may_speak = false;
    client_set_state(c, CLIENT_PROVING);
    guest_pass_on(g, said);
}

/* -------- what the server asks, see guest_link.c -------- */

void guest_ask_password(struct client *c)
{
    struct guest *g = c->guest;
    struct auth_check *check = &c->auth->check;
    g->stage = GUEST_IS_ASKED;
    check->method = g->method;
    check->wants_claim = true;
    /* sha256_password may want the key at once, which client_auth_hear waits for. */
    if (g->answered && g->method == g->greeted &&
        (check->private_channel || g->method->can_prove != NULL))
        hear_claim(c, bytes_of(g->answer, g->answer_size));
    else
        client_auth_ask(c);
}

void guest_show(struct client *c, struct bytes payload)
{
    struct guest *g = c->guest;
    uint8_t header[FRAME_HEADER_SIZE];
    uint8_t sequence = g->may_speak ? (uint8_t)(c->login_sequence - 1) : c->login_sequence;
    uint8_t *out = stream_out_reserve(&c->stream, FRAME_HEADER_SIZE + payload.size);
    if (out == NULL) {
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    frame_header_write(header, (uint32_t)payload.size, sequence);
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, payload.data, payload.size);
    stream_out_commit(&c->stream, FRAME_HEADER_SIZE + payload.size);
    c->login_sequence = (uint8_t)(sequence + 2);
    g->may_speak = true;
    g->stage = GUEST_SPEAKS;
    g->way = LOGIN_BY_RELAY;
    client_set_state(c, CLIENT_AUTHENTICATING);
    (void)!client_flush(c);
}
