/* SPDX-License-Identifier: Apache-2.0
 * One thread that waits for DNS so that nobody else has to. */
#include "net/resolver.h"

#include "base/thread.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More names than a configuration has servers never wait at once. */
#define QUEUE_MAX 1024

struct resolver {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct resolve_request *first;
    struct resolve_request **end;
    size_t waiting;
    bool stopping;
};

static void answer(struct resolve_request *request, const char *error)
{
    request->error = error;
    mailbox_post(request->reply_to, &request->mail);
}

static void add_address(struct resolve_request *request, const struct addrinfo *info)
{
    if (request->count == RESOLVER_MAX_ADDRESSES ||
        info->ai_addrlen > sizeof(struct sockaddr_storage))
        return;
    struct address *a = &request->addresses[request->count++];
    *a = (struct address){.size = info->ai_addrlen};
    memcpy(&a->storage, info->ai_addr, info->ai_addrlen);
}

static void look_up(struct resolve_request *request)
{
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)request->port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG,
    };
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(request->host, port, &hints, &found);
    if (rc != 0) {
        answer(request, gai_strerror(rc));
        return;
    }
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next)
        add_address(request, info);
    freeaddrinfo(found);
    answer(request, request->count > 0 ? NULL : "the name has no address");
}

/* NULL when the queue is empty. */
static struct resolve_request *take_locked(struct resolver *r)
{
    struct resolve_request *request = r->first;
    if (request == NULL)
        return NULL;
    r->first = request->next;
    if (r->first == NULL)
        r->end = &r->first;
    r->waiting--;
    return request;
}

static void *resolver_run(void *arg)
{
    struct resolver *r = arg;
    CHECK(pthread_mutex_lock(&r->lock) == 0);
    while (!r->stopping) {
        struct resolve_request *request = take_locked(r);
        if (request == NULL) {
            CHECK(pthread_cond_wait(&r->wake, &r->lock) == 0);
            continue;
        }
        CHECK(pthread_mutex_unlock(&r->lock) == 0);
        look_up(request);
        CHECK(pthread_mutex_lock(&r->lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
    return NULL;
}

struct resolver *resolver_create(void)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->end = &r->first;
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    CHECK(pthread_cond_init(&r->wake, NULL) == 0);
    if (thread_start(&r->thread, "weir-resolver", resolver_run, r))
        return r;
    free(r);
    return NULL;
}

void resolver_destroy(struct resolver *r)
{
    CHECK(pthread_mutex_lock(&r->lock) == 0);
    r->stopping = true;
    CHECK(pthread_cond_signal(&r->wake) == 0);
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
    CHECK(pthread_join(r->thread, NULL) == 0);
    struct resolve_request *request;
    while ((request = take_locked(r)) != NULL)
        answer(request, "the process is stopping");
    CHECK(pthread_cond_destroy(&r->wake) == 0);
    CHECK(pthread_mutex_destroy(&r->lock) == 0);
    free(r);
}

/* "" and "*" are addresses to listen on; the C library knows them too, as something to connect to,
 * but whoever asks for them has made a mistake. */
static bool is_name(const char *host)
{
    return host[0] != '\0' && strcmp(host, "*") != 0;
}

void resolver_ask(struct resolver *r, struct resolve_request *request)
{
    CHECK(request->reply_to != NULL);
    request->count = 0;
    request->error = NULL;
    request->next = NULL;
    if (!is_name(request->host)) {
        answer(request, "this is no host name");
        return;
    }
    if (address_from_ip(&request->addresses[0], request->host, request->port)) {
        request->count = 1;
        answer(request, NULL);
        return;
    }
    CHECK(pthread_mutex_lock(&r->lock) == 0);
    bool full = r->waiting >= QUEUE_MAX;
    if (!full) {
        *r->end = request;
        r->end = &request->next;
        r->waiting++;
        CHECK(pthread_cond_signal(&r->wake) == 0);
    }
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
    if (full)
        answer(request, "too many names are waiting to be resolved");
}
