/* SPDX-License-Identifier: Apache-2.0
 * The key is made by a thread of its own: no event loop may stand still for it. */
#include "session/login_guard.h"

#include "auth/failed_logins.h"
#include "base/check.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define WHO          "weir"
#define KEY_FILE_MAX 65536

enum key_state { KEY_NONE, KEY_IN_THE_MAKING, KEY_READY };

struct login_guard {
    struct rsa_key key;
    _Atomic(enum key_state) state; /* the key may be read when it is KEY_READY */
    pthread_t maker;
    bool has_maker;       /* under the lock */
    pthread_mutex_t lock; /* of the table */
    struct failed_logins failed;
};

static bool read_key_file(const char *path, struct rsa_key *out, char *error, size_t error_size)
{
    uint8_t *text = malloc(KEY_FILE_MAX);
    FILE *f = fopen(path, "re");
    size_t size = f != NULL && text != NULL ? fread(text, 1, KEY_FILE_MAX, f) : 0;
    const char *reason = f == NULL ? strerror(errno)
                                   : "it holds no private RSA key of 2048 to 4096 bits in PEM "
                                     "without a pass phrase";
    bool ok = size > 0 && rsa_key_read(bytes_of(text, size), out);
    if (!ok)
        snprintf(error, error_size, "[weir]: caching_sha2_password_private_key_path '%s': %s", path,
                 reason);
    if (f != NULL)
        (void)fclose(f);
    if (text != NULL)
        OPENSSL_cleanse(text, KEY_FILE_MAX);
    free(text);
    return ok;
}

struct login_guard *login_guard_create(const struct config *c, char *error, size_t error_size)
{
    const char *path = c->global.caching_sha2_password_private_key_path;
    struct login_guard *g = calloc(1, sizeof *g);
    if (g == NULL) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    CHECK(pthread_mutex_init(&g->lock, NULL) == 0);
    random_bytes(g->failed.key, sizeof g->failed.key);
    if (path[0] == '\0')
        return g;
    if (!read_key_file(path, &g->key, error, error_size)) {
        login_guard_destroy(g);
        return NULL;
    }
    atomic_store(&g->state, KEY_READY);
    return g;
}

void login_guard_destroy(struct login_guard *g)
{
    if (g->has_maker)
        pthread_join(g->maker, NULL);
    rsa_key_fini(&g->key);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

const struct rsa_key *login_guard_key(const struct login_guard *g)
{
    return &g->key;
}

static void *make_key(void *arg)
{
    struct login_guard *g = arg;
    CHECK(rsa_key_generate(&g->key));
    atomic_store(&g->state, KEY_READY);
    log_debug(WHO, "an RSA key was made, for passwords of clients without TLS");
    return NULL;
}

bool login_guard_key_is_ready(struct login_guard *g)
{
    enum key_state expected = KEY_NONE;
    if (atomic_load(&g->state) == KEY_READY)
        return true;
    if (!atomic_compare_exchange_strong(&g->state, &expected, KEY_IN_THE_MAKING))
        return false;
    pthread_mutex_lock(&g->lock);
    g->has_maker = thread_start(&g->maker, "weir-rsa", make_key, g);
    if (!g->has_maker)
        atomic_store(&g->state, KEY_NONE);
    pthread_mutex_unlock(&g->lock);
    return false;
}

usec_t login_guard_note(struct login_guard *g, const struct global_settings *settings,
                        struct bytes user, struct bytes host, bool proved, usec_t now)
{
    const struct failed_logins_rule rule = {
        .threshold = settings->failed_connections_threshold,
        .min_delay = settings->min_connection_delay,
        .max_delay = settings->max_connection_delay,
    };
    pthread_mutex_lock(&g->lock);
    usec_t delay = failed_logins_note(&g->failed, &rule, user, host, proved, now);
    pthread_mutex_unlock(&g->lock);
    return delay;
}
