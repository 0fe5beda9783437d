/* SPDX-License-Identifier: Apache-2.0
 * From settings to TLS contexts. */
#include "session/tls_setup.h"

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHO "tls"
/* Before the end of a certificate. */
#define WARN_DAYS 14
/* "weir.cnf" → "weir.cnf.tls": an ending that !includedir passes over. */
#define MADE_ENDING    ".tls"
#define MADE_PATH_ROOM 4096

struct server_tls {
    char *name;
    enum ssl_mode mode;
    struct tls_context *context; /* NULL: SSL_MODE_DISABLED */
};

/* Made from one configuration. */
struct contexts {
    struct tls_context *clients; /* NULL: off */
    struct server_tls *servers;
    size_t server_count;
};

struct tls_setup {
    pthread_mutex_t lock;
    struct contexts now; /* under the lock */
};

static void contexts_free(struct contexts *all)
{
    tls_context_release(all->clients);
    for (size_t i = 0; i < all->server_count; i++) {
        free(all->servers[i].name);
        tls_context_release(all->servers[i].context);
    }
    free(all->servers);
    *all = (struct contexts){0};
}

static const struct server_tls *find_server(const struct contexts *all, const char *name)
{
    for (size_t i = 0; i < all->server_count; i++)
        if (strcmp(all->servers[i].name, name) == 0)
            return &all->servers[i];
    return NULL;
}

static enum tls_verify verify_of(enum ssl_mode mode)
{
    switch (mode) {
    case SSL_MODE_DISABLED:
    case SSL_MODE_PREFERRED:
    case SSL_MODE_REQUIRED:
        break;
    case SSL_MODE_VERIFY_CA:
        return TLS_VERIFY_CA;
    case SSL_MODE_VERIFY_IDENTITY:
        return TLS_VERIFY_IDENTITY;
    }
    return TLS_VERIFY_NOTHING;
}

/* "[server main]: ssl_ca '/x': no such file" */
static bool fail(char *error, size_t error_size, const char *kind, const char *name,
                 const char *reason)
{
    snprintf(error, error_size, "[%s%s%s]: %s", kind, name[0] != '\0' ? " " : "", name, reason);
    return false;
}

/* Nobody else notices before clients or servers refuse it. */
static void warn_of_end(const char *kind, const char *name, const char *certificate,
                        const struct tls_context *t)
{
    int days;
    if (certificate[0] == '\0' || !tls_context_days_left(t, &days) || days > WARN_DAYS)
        return;
    if (days < 0)
        log_warning(WHO, "[%s%s%s]: ssl_cert '%s' has expired: whoever verifies it refuses it",
                    kind, name[0] != '\0' ? " " : "", name, certificate);
    else
        log_warning(WHO, "[%s%s%s]: ssl_cert '%s' expires in %d day%s", kind,
                    name[0] != '\0' ? " " : "", name, certificate, days,
                    text_plural((uint64_t)days));
}

/* Where the certificate that is made for clients is kept; "" nowhere. */
static void find_place(const struct config *c, char *path, size_t size)
{
    path[0] = '\0';
    if (!c->global.auto_generate_certs || c->file == NULL)
        return;
    int n = snprintf(path, size, "%s" MADE_ENDING, c->file);
    if (n < 0 || (size_t)n >= size)
        path[0] = '\0';
}

static bool make_for_clients(struct contexts *all, const struct config *c, const char *made,
                             char *error, size_t error_size)
{
    const struct global_settings *g = &c->global;
    if (!g->ssl)
        return true;
    struct tls_options o = {
        .certificate = g->ssl_cert,
        .made = made,
        .key = g->ssl_key,
        .ca = g->ssl_ca,
        .crl = g->ssl_crl,
        .versions = g->tls_version,
        .ciphers = g->ssl_cipher,
        .ciphersuites = g->tls_ciphersuites,
    };
    char reason[400];
    all->clients = tls_context_accepting(&o, reason, sizeof reason);
    if (all->clients == NULL)
        return fail(error, error_size, "weir", "", reason);
    warn_of_end("weir", "", g->ssl_cert, all->clients);
    int unkept = tls_context_unkept(all->clients);
    if (unkept != 0)
        log_note(WHO,
                 "the certificate for clients cannot be kept in '%s' (%s): the next start makes "
                 "another one",
                 made, strerror(unkept));
    return true;
}

static bool make_for_server(struct server_tls *made, const struct config *c,
                            const struct config_server *s, char *error, size_t error_size)
{
    made->name = strdup(s->name);
    if (made->name == NULL)
        return fail(error, error_size, "server", s->name, "out of memory");
    made->mode = s->settings.ssl_mode;
    if (made->mode == SSL_MODE_DISABLED)
        return true;
    struct tls_options o = {
        .certificate = s->settings.ssl_cert,
        .key = s->settings.ssl_key,
        .ca = s->settings.ssl_ca,
        .crl = s->settings.ssl_crl,
        .versions = c->global.tls_version,
        .ciphers = c->global.ssl_cipher,
        .ciphersuites = c->global.tls_ciphersuites,
        .verify = verify_of(made->mode),
    };
    char reason[400];
    made->context = tls_context_connecting(&o, reason, sizeof reason);
    if (made->context == NULL)
        return fail(error, error_size, "server", s->name, reason);
    warn_of_end("server", s->name, s->settings.ssl_cert, made->context);
    return true;
}

static bool contexts_make(struct contexts *all, const struct config *c, char *error,
                          size_t error_size)
{
    *all = (struct contexts){0};
    all->servers = calloc(c->server_count, sizeof *all->servers);
    if (all->servers == NULL)
        return fail(error, error_size, "weir", "", "out of memory");
    all->server_count = c->server_count;
    char made[MADE_PATH_ROOM];
    find_place(c, made, sizeof made);
    bool done = make_for_clients(all, c, made, error, error_size);
    for (size_t i = 0; done && i < c->server_count; i++)
        done = make_for_server(&all->servers[i], c, &c->servers[i], error, error_size);
    if (!done)
        contexts_free(all);
    return done;
}

struct tls_setup *tls_setup_create(const struct config *c, char *error, size_t error_size)
{
    struct tls_setup *t = calloc(1, sizeof *t);
    if (t == NULL) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    if (!contexts_make(&t->now, c, error, error_size)) {
        free(t);
        return NULL;
    }
    CHECK(pthread_mutex_init(&t->lock, NULL) == 0);
    return t;
}

void tls_setup_check(const struct config *c, struct config_errors *errors)
{
    char error[500];
    struct contexts clients = {0};
    if (!make_for_clients(&clients, c, "", error, sizeof error))
        config_errors_add(errors, "%s", error);
    contexts_free(&clients);
    for (size_t i = 0; i < c->server_count; i++) {
        struct server_tls server = {0};
        if (!make_for_server(&server, c, &c->servers[i], error, sizeof error))
            config_errors_add(errors, "%s", error);
        free(server.name);
        tls_context_release(server.context);
    }
}

void tls_setup_destroy(struct tls_setup *t)
{
    contexts_free(&t->now);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* Links to a server that a configuration leaves out are opened until the next start: with TLS as
 * before. */
static bool keep_left_out(struct contexts *fresh, const struct contexts *before)
{
    struct server_tls *all = realloc(fresh->servers, (fresh->server_count + before->server_count) *
                                                         sizeof *fresh->servers);
    if (all == NULL)
        return false;
    fresh->servers = all;
    for (size_t i = 0; i < before->server_count; i++) {
        struct server_tls kept = before->servers[i];
        if (find_server(fresh, kept.name) != NULL)
            continue;
        kept.name = strdup(kept.name);
        if (kept.name == NULL)
            return false;
        if (kept.context != NULL)
            kept.context = tls_context_hold(kept.context);
        all[fresh->server_count++] = kept;
    }
    return true;
}

bool tls_setup_configure(struct tls_setup *t, const struct config *c, char *error,
                         size_t error_size)
{
    struct contexts fresh;
    if (!contexts_make(&fresh, c, error, error_size))
        return false;
    pthread_mutex_lock(&t->lock);
    struct contexts old = t->now;
    bool done = keep_left_out(&fresh, &old);
    if (done)
        t->now = fresh;
    pthread_mutex_unlock(&t->lock);
    contexts_free(done ? &old : &fresh);
    return done || fail(error, error_size, "weir", "", "out of memory");
}

struct tls_context *tls_setup_for_clients(struct tls_setup *t)
{
    pthread_mutex_lock(&t->lock);
    struct tls_context *context = t->now.clients;
    if (context != NULL)
        (void)tls_context_hold(context);
    pthread_mutex_unlock(&t->lock);
    return context;
}

struct tls_context *tls_setup_for_server(struct tls_setup *t, const char *name, enum ssl_mode *mode)
{
    struct tls_context *context = NULL;
    *mode = SSL_MODE_DISABLED;
    pthread_mutex_lock(&t->lock);
    const struct server_tls *s = find_server(&t->now, name);
    if (s != NULL) {
        context = s->context;
        *mode = s->mode;
    }
    if (context != NULL)
        (void)tls_context_hold(context);
    pthread_mutex_unlock(&t->lock);
    return context;
}
