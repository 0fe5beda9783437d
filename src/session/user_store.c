/* SPDX-License-Identifier: Apache-2.0
 * Users and their secrets, under one lock that is taken at logins only. */
#include "session/user_store.h"

#include "auth/digest.h"
#include "base/check.h"
#include "base/random.h"
#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>

struct user_store {
    pthread_mutex_t lock;
    struct user *first;                  /* in the order of the configuration */
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
    while (s->first != NULL) {
        struct user *u = s->first;
        s->first = u->next;
        auth_secret_wipe(&u->shared.secret);
        if (u->shared.timeouts != NULL)
            user_timeouts_release(u->shared.timeouts);
        free((void *)(uintptr_t)u->name);
        free(u);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static struct user *find_locked(struct user_store *s, struct bytes name)
{
    for (struct user *u = s->first; u != NULL; u = u->next)
        if (bytes_equal_text(name, u->name))
            return u;
    return NULL;
}

static struct user *add_locked(struct user_store *s, const char *name)
{
    struct user *u = calloc(1, sizeof *u);
    CHECK(u != NULL);
    u->name = strdup(name);
    CHECK(u->name != NULL);
    struct user **at = &s->first;
    while (*at != NULL)
        at = &(*at)->next;
    *at = u;
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

/* A password that did not change keeps what was learnt about it. */
static void set_secret_locked(struct user *u, const char *setting)
{
    uint8_t hash[AUTH_SHA256_SIZE];
    struct auth_secret secret;
    bool valid = auth_secret_from_setting(setting, &secret);
    digest_sha256(bytes_of_text(setting), hash);
    u->shared.removed = !valid; /* the configuration was checked; never let in on a bad one */
    if (valid && !digest_equal(hash, u->shared.setting, sizeof hash)) {
        u->shared.secret = secret;
        u->shared.version++;
        memcpy(u->shared.setting, hash, sizeof hash);
    }
    auth_secret_wipe(&secret);
}

void user_store_configure(struct user_store *s, const struct config *c)
{
    pthread_mutex_lock(&s->lock);
    for (struct user *u = s->first; u != NULL; u = u->next)
        u->shared.removed = true;
    for (size_t i = 0; i < c->user_count; i++) {
        const struct config_user *from = &c->users[i];
        struct user *u = find_locked(s, bytes_of_text(from->name));
        if (u == NULL)
            u = add_locked(s, from->name);
        set_timeouts_locked(u, &c->global, &from->settings);
        set_secret_locked(u, from->settings.password);
        if (!text_copy(u->shared.server, sizeof u->shared.server,
                       bytes_of_text(from->settings.server)))
            u->shared.removed = true;
    }
    pthread_mutex_unlock(&s->lock);
}

struct user *user_store_find(struct user_store *s, struct bytes name)
{
    pthread_mutex_lock(&s->lock);
    struct user *u = find_locked(s, name);
    if (u != NULL && u->shared.removed)
        u = NULL;
    pthread_mutex_unlock(&s->lock);
    return u;
}

struct user *user_store_any(struct user_store *s, const char *server)
{
    pthread_mutex_lock(&s->lock);
    struct user *u = s->first;
    while (u != NULL && (u->shared.removed || !auth_secret_can_log_in(&u->shared.secret) ||
                         (u->shared.server[0] != '\0' && strcmp(u->shared.server, server) != 0)))
        u = u->next;
    pthread_mutex_unlock(&s->lock);
    return u;
}

void user_secret_copy(struct user_store *s, const struct user *u, struct auth_secret *out,
                      char server[65])
{
    pthread_mutex_lock(&s->lock);
    *out = u->shared.secret;
    memcpy(server, u->shared.server, sizeof u->shared.server);
    pthread_mutex_unlock(&s->lock);
}

size_t user_secrets_copy(struct user_store *s, const struct user *u,
                         struct auth_secret out[AUTH_SECRETS_MAX], unsigned *version)
{
    pthread_mutex_lock(&s->lock);
    out[0] = u->shared.secret;
    *version = u->shared.version;
    pthread_mutex_unlock(&s->lock);
    return 1;
}

bool user_confirm_login(struct user_store *s, struct user *u, unsigned version, size_t which,
                        const struct auth_secret *learnt)
{
    (void)which;
    pthread_mutex_lock(&s->lock);
    bool ok = !u->shared.removed && u->shared.version == version;
    if (ok)
        auth_secret_merge(&u->shared.secret, learnt);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* The facts known of the user that a number picks. */
static unsigned facts_of_some_locked(const struct user_store *s, uint64_t number)
{
    size_t count = 0;
    for (const struct user *u = s->first; u != NULL; u = u->next)
        count += u->shared.removed ? 0 : 1;
    if (count == 0)
        return 0;
    number %= count;
    for (const struct user *u = s->first; u != NULL; u = u->next)
        if (!u->shared.removed && number-- == 0)
            return u->shared.secret.known;
    return 0;
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
