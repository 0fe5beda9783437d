/* SPDX-License-Identifier: Apache-2.0
 * Users and their secrets, under one lock that is taken at logins only. */
#include "session/user_store.h"

#include "auth/digest.h"
#include "base/check.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

struct user_store {
    pthread_mutex_t lock;
    struct user_passwords_page *passwords;
    uint32_t last_key;
    struct user_index users;  /* in the order of the configuration, then guests */
    struct user **configured; /* those of them that may log in, to pick from */
    size_t configured_count;
    unsigned guests;
    uint8_t decoy_key[AUTH_SHA256_SIZE]; /* so that nobody can tell what an unknown user's bytes are
                                          */
};

struct user_store *user_store_create(void)
{
    struct user_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
    random_bytes(s->decoy_key, sizeof s->decoy_key);
    return s;
}

void user_store_destroy(struct user_store *s)
{
    struct user *next;
    for (struct user *u = s->users.first; u != NULL; u = next) {
        next = u->next;
        user_free(u);
    }
    user_passwords_free(s->passwords);
    user_index_fini(&s->users);
    free(s->configured);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void tell_if_swappable(bool locked)
{
    static atomic_bool told;
    if (!locked && !atomic_exchange(&told, true))
        log_note("users", "the kernel does not lock the memory of passwords, so they may be "
                          "swapped out: raise LimitMEMLOCK (ulimit -l)");
}

/* Of users that were never configured nothing is known. */
static const struct user_password *passwords_of(const struct user *u)
{
    static const struct user_password none[USER_PASSWORDS_MAX];
    return u->shared.passwords != NULL ? u->shared.passwords : none;
}

/* To be written to. */
static struct user_password *own_passwords_locked(struct user_store *s, struct user *u)
{
    bool locked = true;
    if (u->shared.passwords == NULL)
        u->shared.passwords = user_passwords_get(&s->passwords, &locked);
    tell_if_swappable(locked);
    return u->shared.passwords;
}

static void wipe_passwords(struct user *u)
{
    if (u->shared.passwords != NULL)
        OPENSSL_cleanse(u->shared.passwords, USER_PASSWORDS_MAX * sizeof *u->shared.passwords);
    u->shared.password_count = 0;
}

void user_free(struct user *u)
{
    user_keys_destroy(u->shared.keys);
    if (u->shared.timeouts != NULL)
        user_timeouts_release(u->shared.timeouts);
    free((void *)(uintptr_t)u->name);
    free(u);
}

static struct user *add_locked(struct user_store *s, const char *name)
{
    struct user *u = calloc(1, sizeof *u);
    CHECK(u != NULL);
    u->name = strdup(name);
    CHECK(u->name != NULL);
    user_index_add(&s->users, u);
    return u;
}

const struct user_timeouts *user_timeouts_hold(struct user_store *s, const struct user *u)
{
    pthread_mutex_lock(&s->lock);
    struct user_timeouts *t = u->shared.timeouts;
    atomic_fetch_add(&t->references, 1);
    pthread_mutex_unlock(&s->lock);
    return t;
}

void user_timeouts_release(const struct user_timeouts *t)
{
    struct user_timeouts *counted = (struct user_timeouts *)(uintptr_t)t;
    if (atomic_fetch_sub(&counted->references, 1) == 1)
        free(counted);
}

static void set_timeouts_locked(struct user *u, const struct global_settings *g,
                                const struct user_settings *own)
{
    struct user_timeouts *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->wait = settings_duration(own->wait_timeout, g->wait_timeout);
    t->interactive = settings_duration(own->interactive_timeout, g->interactive_timeout);
    t->idle_transaction =
        settings_duration(own->idle_transaction_timeout, g->idle_transaction_timeout);
    t->max_transaction = settings_duration(own->max_transaction_time, g->max_transaction_time);
    t->max_execution = settings_duration(own->max_execution_time, g->max_execution_time);
    atomic_init(&t->references, 1);
    if (u->shared.timeouts != NULL)
        user_timeouts_release(u->shared.timeouts);
    u->shared.timeouts = t;
}

/* A password that did not change keeps what was learnt about it, wherever it stood before. False:
 * it is none. */
static bool make_password_locked(const struct user *u, const char *setting,
                                 struct user_password *out)
{
    if (!auth_secret_from_setting(setting, &out->secret))
        return false;
    digest_sha256(bytes_of_text(setting), out->setting);
    for (unsigned i = 0; i < u->shared.password_count; i++)
        if (digest_equal(out->setting, passwords_of(u)[i].setting, sizeof out->setting))
            *out = passwords_of(u)[i];
    return true;
}

static void set_passwords_locked(struct user_store *s, struct user *u,
                                 const struct user_settings *from)
{
    struct user_password fresh[USER_PASSWORDS_MAX] = {0};
    unsigned count = 0;
    u->shared.removed = !make_password_locked(u, from->password, &fresh[0]);
    if (u->shared.removed) /* never let in on a bad one */
        log_warning(u->name, "nobody can log in: its password begins like what a server stores, "
                             "and is none; if it is clear text, write plain: before it");
    else
        count = 1;
    if (count > 0 && from->secondary_password[0] != '\0' &&
        make_password_locked(u, from->secondary_password, &fresh[1]))
        count = 2;
    bool same = count == u->shared.password_count &&
                digest_equal(fresh[0].setting, passwords_of(u)[0].setting, AUTH_SHA256_SIZE) &&
                digest_equal(fresh[1].setting, passwords_of(u)[1].setting, AUTH_SHA256_SIZE);
    if (count > 0 && !same) {
        memcpy(own_passwords_locked(s, u), fresh, sizeof fresh);
        u->shared.password_count = count;
        u->shared.version++;
        u->shared.in_use = 0;
        u->shared.other_refused = false;
    }
    OPENSSL_cleanse(fresh, sizeof fresh);
}

/* The number of the password that Weir logs in with: the one in use, unless only the other one
 * suffices for that. */
static unsigned password_to_use_locked(const struct user *u)
{
    unsigned use = u->shared.in_use;
    bool suffices = auth_secret_can_log_in(&passwords_of(u)[use].secret);
    bool other =
        u->shared.password_count > 1 && auth_secret_can_log_in(&passwords_of(u)[1 - use].secret);
    return !suffices && other ? 1 - use : use;
}

static bool can_log_in_locked(const struct user *u)
{
    return auth_secret_can_log_in(&passwords_of(u)[password_to_use_locked(u)].secret);
}

/* A guest may have a section, which says no password. */
static void configure_guest_locked(struct user *u, const struct config *c)
{
    struct user_settings nothing;
    const struct config_user *section = config_find_user(c, u->name);
    settings_init(SETTING_SCOPE_USER, &nothing);
    const struct user_settings *own = section != NULL ? &section->settings : &nothing;
    set_timeouts_locked(u, &c->global, own);
    if (!text_copy(u->shared.server, sizeof u->shared.server, bytes_of_text(own->server)))
        u->shared.server[0] = '\0'; /* longer than one that is served */
    settings_fini(SETTING_SCOPE_USER, &nothing);
}

/* Who is configured and may log in; and how many guests are left. */
static void count_locked(struct user_store *s, size_t room)
{
    free(s->configured);
    s->configured = calloc(room + 1, sizeof(struct user *));
    CHECK(s->configured != NULL);
    s->configured_count = 0;
    s->guests = 0;
    for (struct user *u = s->users.first; u != NULL; u = u->next) {
        s->guests += u->source == USER_OF_SERVER ? 1 : 0;
        if (!u->shared.removed && u->source != USER_OF_SERVER && s->configured_count < room)
            s->configured[s->configured_count++] = u;
    }
}

void user_store_configure(struct user_store *s, const struct config *c)
{
    pthread_mutex_lock(&s->lock);
    for (struct user *u = s->users.first; u != NULL; u = u->next)
        if (u->source != USER_OF_SERVER)
            u->shared.removed = true;
        else
            configure_guest_locked(u, c);
    for (size_t i = 0; i < c->user_count; i++) {
        const struct config_user *from = &c->users[i];
        if (!from->is_listed)
            continue;
        struct user *u = user_index_find(&s->users, bytes_of_text(from->name));
        if (u == NULL)
            u = add_locked(s, from->name);
        u->source = from->of_users_file ? USER_OF_FILE : USER_OF_SECTION;
        u->shared.lasting = true;
        set_timeouts_locked(u, &c->global, &from->settings);
        set_passwords_locked(s, u, &from->settings);
        if (!text_copy(u->shared.server, sizeof u->shared.server,
                       bytes_of_text(from->settings.server)))
            u->shared.removed = true;
    }
    count_locked(s, c->user_count);
    pthread_mutex_unlock(&s->lock);
}

struct user *user_store_find(struct user_store *s, struct bytes name)
{
    pthread_mutex_lock(&s->lock);
    struct user *u = user_index_find(&s->users, name);
    if (u != NULL && (u->shared.removed || u->source == USER_OF_SERVER))
        u = NULL;
    pthread_mutex_unlock(&s->lock);
    return u;
}

struct user *user_store_find_any(struct user_store *s, struct bytes name)
{
    pthread_mutex_lock(&s->lock);
    struct user *u = user_index_find(&s->users, name);
    if (u != NULL && u->shared.removed)
        u = NULL;
    if (u != NULL)
        user_hold(u);
    pthread_mutex_unlock(&s->lock);
    return u;
}

struct user *user_store_any(struct user_store *s, const char *server)
{
    pthread_mutex_lock(&s->lock);
    struct user *u = s->users.first;
    while (u != NULL && (u->shared.removed || !can_log_in_locked(u) ||
                         (u->shared.server[0] != '\0' && strcmp(u->shared.server, server) != 0)))
        u = u->next;
    pthread_mutex_unlock(&s->lock);
    return u;
}

void user_server_copy(struct user_store *s, const struct user *u, char server[65])
{
    pthread_mutex_lock(&s->lock);
    memcpy(server, u->shared.server, sizeof u->shared.server);
    pthread_mutex_unlock(&s->lock);
}

unsigned user_secrets_for_login(struct user_store *s, const struct user *u,
                                struct auth_secret out[USER_PASSWORDS_MAX], unsigned *version)
{
    pthread_mutex_lock(&s->lock);
    unsigned count = u->shared.password_count;
    for (unsigned i = 0; i < count; i++)
        out[i] = passwords_of(u)[i].secret;
    *version = u->shared.version;
    pthread_mutex_unlock(&s->lock);
    return count;
}

bool user_confirm_login(struct user_store *s, struct user *u, unsigned version, unsigned which,
                        const struct auth_secret *learnt, bool *taught)
{
    pthread_mutex_lock(&s->lock);
    bool ok = !u->shared.removed && u->shared.version == version;
    *taught = ok && (learnt->known & ~passwords_of(u)[which].secret.known) != 0;
    if (ok)
        auth_secret_merge(&own_passwords_locked(s, u)[which].secret, learnt);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool user_refuse_password(struct user_store *s, struct user *u, uint32_t number)
{
    pthread_mutex_lock(&s->lock);
    bool had_two = u->source != USER_OF_SERVER && u->shared.password_count > 1;
    bool other = had_two && (number != u->shared.in_use || !u->shared.other_refused);
    if (had_two && number == u->shared.in_use) {
        u->shared.in_use = 1 - number;
        u->shared.other_refused = other; /* when both are refused, it begins anew */
    }
    other = other && can_log_in_locked(u) && password_to_use_locked(u) != number;
    pthread_mutex_unlock(&s->lock);
    return other;
}

void user_password_is_good(struct user_store *s, struct user *u)
{
    pthread_mutex_lock(&s->lock);
    u->shared.other_refused = false;
    pthread_mutex_unlock(&s->lock);
}

/* The facts known of the user that a number picks. */
static unsigned facts_of_some_locked(const struct user_store *s, uint64_t number)
{
    if (s->configured_count == 0)
        return 0;
    return passwords_of(s->configured[number % s->configured_count])[0].secret.known;
}

void user_store_decoy(struct user_store *s, struct bytes name, struct auth_secret *out)
{
    uint8_t text[sizeof s->decoy_key + 256];
    uint8_t seed[AUTH_SHA256_SIZE];
    uint64_t number;
    if (name.size > 256)
        name.size = 256;
    memcpy(text, s->decoy_key, sizeof s->decoy_key);
    if (name.size > 0)
        memcpy(text + sizeof s->decoy_key, name.data, name.size);
    digest_sha256(bytes_of(text, sizeof s->decoy_key + name.size), seed);
    memcpy(&number, seed, sizeof number);
    pthread_mutex_lock(&s->lock);
    unsigned known = facts_of_some_locked(s, number);
    pthread_mutex_unlock(&s->lock);
    auth_secret_make_decoy(out, known, seed);
}

/* -------- guests -------- */

static const char *const source_texts[] = {
    [USER_OF_SECTION] = "section",
    [USER_OF_FILE] = "users_file",
    [USER_OF_SERVER] = "server",
    [USER_OF_NOBODY] = "nobody",
};

static const char *const way_texts[] = {
    [LOGIN_NONE] = "",
    [LOGIN_BY_PASSWORD] = "password",
    [LOGIN_BY_KEY] = "cache",
    [LOGIN_BY_HASH] = "auth_user",
    [LOGIN_BY_LEARNING] = "learning",
    [LOGIN_BY_RELAY] = "relay",
};

const char *user_source_text(enum user_source source)
{
    return source_texts[source];
}

const char *login_way_text(enum login_way way)
{
    return way_texts[way];
}

struct user *user_store_find_guest(struct user_store *s, struct bytes name)
{
    pthread_mutex_lock(&s->lock);
    struct user *u = user_index_find(&s->users, name);
    if (u != NULL && u->source != USER_OF_SERVER)
        u = NULL;
    if (u != NULL)
        user_hold(u);
    pthread_mutex_unlock(&s->lock);
    return u;
}

/* A new one, or one that is configured no longer. */
static void become_guest_locked(struct user_store *s, struct user *u, const struct config *c)
{
    u->source = USER_OF_SERVER;
    u->shared.removed = false;
    wipe_passwords(u);
    configure_guest_locked(u, c);
    s->guests++;
}

struct user *user_store_make_guest(struct user_store *s, struct bytes name, const struct config *c)
{
    char text[GUEST_NAME_MAX + 1];
    if (!text_copy(text, sizeof text, name))
        return NULL;
    pthread_mutex_lock(&s->lock);
    struct user *u = user_index_find(&s->users, name);
    bool may_grow = s->guests < c->global.max_unknown_users;
    if (u == NULL && may_grow)
        become_guest_locked(s, u = add_locked(s, text), c);
    else if (u != NULL && u->shared.removed && may_grow)
        become_guest_locked(s, u, c);
    if (u != NULL && (u->shared.removed || u->source != USER_OF_SERVER))
        u = NULL; /* it has got a section meanwhile */
    if (u != NULL)
        user_hold(u);
    pthread_mutex_unlock(&s->lock);
    return u;
}

struct user *user_store_unused_guest(struct user_store *s, usec_t before)
{
    struct user *found = NULL;
    pthread_mutex_lock(&s->lock);
    for (struct user *u = s->users.first; u != NULL; u = u->next) {
        bool unused = u->source == USER_OF_SERVER && !u->shared.lasting && u->holds == 0;
        if (unused && u->unused_since <= before &&
            (found == NULL || u->unused_since < found->unused_since))
            found = u;
    }
    if (found != NULL)
        user_hold(found);
    pthread_mutex_unlock(&s->lock);
    return found;
}

bool user_store_take_out(struct user_store *s, struct user *u)
{
    pthread_mutex_lock(&s->lock);
    bool free_to_go =
        u->source == USER_OF_SERVER && !u->shared.lasting && u->holds == 1 && u->pools == 0;
    if (free_to_go) {
        user_index_remove(&s->users, u);
        s->guests--;
    } else {
        atomic_fetch_sub(&u->holds, 1); /* it has been unused as long as before */
    }
    pthread_mutex_unlock(&s->lock);
    return free_to_go;
}

unsigned user_copy_keys(struct user_store *s, const struct user *u,
                        struct user_key out[AUTH_SECRETS_MAX])
{
    unsigned count = 0;
    pthread_mutex_lock(&s->lock);
    const struct user_keys *k = u->shared.keys;
    if (k != NULL) {
        count = k->count;
        memcpy(out, k->keys, count * sizeof *out);
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

static struct user_keys *keys_of_locked(struct user *u)
{
    bool locked = true;
    if (u->shared.keys == NULL)
        u->shared.keys = user_keys_create(&locked);
    tell_if_swappable(locked);
    return u->shared.keys;
}

/* Those that suffice to log in. */
static void count_keys_locked(struct user *u)
{
    unsigned count = 0;
    for (unsigned i = 0; u->shared.keys != NULL && i < u->shared.keys->count; i++)
        count += auth_secret_can_log_in(&u->shared.keys->keys[i].secret) ? 1 : 0;
    u->keys_known = count;
}

uint32_t user_prove_key(struct user_store *s, struct user *u, const struct auth_secret *secret,
                        usec_t now, unsigned epoch, bool *is_new)
{
    uint32_t id = 0;
    pthread_mutex_lock(&s->lock);
    struct user_keys *k = keys_of_locked(u);
    uint32_t fresh = ++s->last_key != 0 ? s->last_key : ++s->last_key;
    if (k != NULL)
        id = user_keys_prove(k, secret, fresh, now, epoch);
    *is_new = id == fresh;
    count_keys_locked(u);
    if (*is_new)
        u->keys_changed++;
    pthread_mutex_unlock(&s->lock);
    return id;
}

bool user_refuse_key(struct user_store *s, struct user *u, uint32_t id)
{
    pthread_mutex_lock(&s->lock);
    struct user_keys *k = u->shared.keys;
    bool was_there = k != NULL && user_keys_refuse(k, id);
    if (was_there) {
        count_keys_locked(u);
        u->keys_changed++;
    }
    pthread_mutex_unlock(&s->lock);
    return was_there;
}

bool user_key_is_good(struct user_store *s, struct user *u, uint32_t id)
{
    if (id == 0 || u->source != USER_OF_SERVER)
        return true;
    pthread_mutex_lock(&s->lock);
    const struct user_key *key = u->shared.keys != NULL ? user_keys_find(u->shared.keys, id) : NULL;
    bool good = key != NULL && !key->in_doubt;
    pthread_mutex_unlock(&s->lock);
    return good;
}

static const struct user_key *key_to_use_locked(const struct user *u)
{
    const struct user_keys *k = u->shared.keys;
    for (unsigned i = 0; k != NULL && i < k->count; i++)
        if (auth_secret_can_log_in(&k->keys[i].secret))
            return &k->keys[i];
    return NULL;
}

uint32_t user_login_secret(struct user_store *s, const struct user *u, struct auth_secret *out)
{
    uint32_t id = 0;
    pthread_mutex_lock(&s->lock);
    *out = (struct auth_secret){0};
    const struct user_key *key = u->source == USER_OF_SERVER ? key_to_use_locked(u) : NULL;
    if (key != NULL) {
        *out = key->secret;
        id = key->id;
    } else if (u->source != USER_OF_SERVER) {
        id = password_to_use_locked(u);
        *out = passwords_of(u)[id].secret;
    }
    pthread_mutex_unlock(&s->lock);
    return id;
}

/* -------- for the console -------- */

static int compare_views(const void *a, const void *b)
{
    return strcmp(((const struct user_view *)a)->name, ((const struct user_view *)b)->name);
}

static void view_locked(const struct user *u, struct user_view *v)
{
    (void)!text_copy(v->name, sizeof v->name, bytes_of_text(u->name));
    memcpy(v->server, u->shared.server, sizeof v->server);
    v->source = u->source;
    v->way = u->way;
    v->learnt = u->keys_known;
    v->clients = u->clients;
}

struct user_view *user_store_view(struct user_store *s, size_t *count)
{
    size_t room = 0;
    *count = 0;
    pthread_mutex_lock(&s->lock);
    for (const struct user *u = s->users.first; u != NULL; u = u->next)
        room++;
    struct user_view *views = calloc(room + 1, sizeof *views);
    CHECK(views != NULL);
    for (const struct user *u = s->users.first; u != NULL; u = u->next)
        if (!u->shared.removed)
            view_locked(u, &views[(*count)++]);
    pthread_mutex_unlock(&s->lock);
    qsort(views, *count, sizeof *views, compare_views);
    return views;
}
