/* SPDX-License-Identifier: Apache-2.0
 * The console's thread: listens, and ends. */
#include "console/console.h"

#include "base/check.h"
#include "base/log.h"
#include "base/thread.h"
#include "console/console_client.h"
#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHO     "console"
#define BACKLOG 64
/* Free buffers that are kept. */
#define KEEP_BUFFERS 4

/* -------- listening -------- */

static void on_accept(struct listener *l, int fd, const struct address *peer)
{
    struct console_listener *on = container_of(l, struct console_listener, listener);
    console_client_accept(on->console, fd, peer, on->is_unix);
}

static void on_trouble(struct listener *l, int error)
{
    struct console_listener *on = container_of(l, struct console_listener, listener);
    log_error(WHO, "cannot accept on %s: %s", on->text, strerror(error));
}

static void listen_on(struct console *c, struct console_listener *on, const struct address *a,
                      unsigned mode)
{
    address_format(a, on->text);
    on->fd = socket_listen(a, BACKLOG, mode);
    if (on->fd < 0) {
        log_warning(WHO, "cannot listen on %s: %s; clients are served nevertheless. %s", on->text,
                    strerror(errno),
                    on->is_unix ? "Choose another console_socket" : "Choose another console_port");
        return;
    }
    on->listener = (struct listener){.on_accept = on_accept, .on_trouble = on_trouble};
    if (!listener_start(&on->listener, c->loop, on->fd)) {
        log_warning(WHO, "cannot watch %s: %s", on->text, strerror(errno));
        return;
    }
    log_note(WHO, "ready on %s", on->text);
}

static void open_port(struct console *c, const struct global_settings *g)
{
    struct address a;
    if (g->console_port == 0)
        return;
    if (g->console_password[0] == '\0') {
        log_note(WHO, "port %u stays closed: console_password is not set, and there is no default",
                 g->console_port);
        return;
    }
    if (!address_from_ip(&a, g->console_bind_address, (uint16_t)g->console_port)) {
        log_warning(WHO, "console_bind_address '%s' is not an IP address", g->console_bind_address);
        return;
    }
    listen_on(c, &c->listeners[0], &a, 0);
}

/* The folder of the default socket is made when it is missing. */
static void make_folder(const char *path)
{
    char folder[128];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof folder)
        return;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    (void)mkdir(folder, 0755);
}

static void open_socket(struct console *c, const struct global_settings *g)
{
    struct address a;
    struct console_listener *on = &c->listeners[1];
    on->is_unix = true;
    if (g->console_socket[0] == '\0')
        return;
    if (!address_from_path(&a, g->console_socket)) {
        log_warning(WHO, "the path of console_socket is too long");
        return;
    }
    make_folder(g->console_socket);
    listen_on(c, on, &a, (unsigned)strtoul(g->console_socket_mode, NULL, 8));
}

static void close_listeners(struct console *c)
{
    for (size_t i = 0; i < countof(c->listeners); i++) {
        struct console_listener *on = &c->listeners[i];
        if (on->fd < 0)
            continue;
        listener_stop(&on->listener);
        socket_close(on->fd);
        if (on->is_unix)
            (void)unlink(on->text);
        on->fd = -1;
    }
}

/* -------- the thread -------- */

static void close_clients(struct console *c)
{
    struct list_node *first;
    while ((first = list_first(&c->clients)) != NULL)
        console_client_close(container_of(first, struct console_client, node));
}

static void on_stop(struct mail *mail)
{
    struct console *c = container_of(mail, struct console, stop);
    close_listeners(c);
    close_clients(c);
    loop_stop(c->loop);
}

static void *run(void *arg)
{
    struct console *c = arg;
    loop_run(c->loop);
    return NULL;
}

void console_destroy(struct console *c)
{
    if (c == NULL)
        return;
    close_listeners(c);
    close_clients(c);
    if (c->mailbox != NULL)
        mailbox_destroy(c->mailbox);
    if (c->loop != NULL)
        loop_turn(c->loop, 0); /* frees what was closed last */
    select_engine_destroy(c->engine);
    if (c->loop != NULL)
        loop_destroy(c->loop);
    if (c->buffers != NULL)
        buffer_cache_destroy(c->buffers);
    free(c);
}

static bool set_up(struct console *c)
{
    c->loop = loop_create(LOOP_EPOLL); /* its few clients gain nothing by another */
    if (c->loop == NULL)
        return false;
    c->mailbox = mailbox_create(c->loop);
    c->buffers = buffer_cache_create(KEEP_BUFFERS);
    c->engine = select_engine_create();
    return c->mailbox != NULL && c->buffers != NULL && c->engine != NULL;
}

struct console *console_start(struct proxy *proxy, const struct console_orders *orders,
                              const char *version)
{
    struct console *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->proxy = proxy;
    c->orders = *orders;
    c->started = clock_now();
    list_init(&c->clients);
    (void)snprintf(c->version, sizeof c->version, "8.0.40-Weir-%s", version);
    for (size_t i = 0; i < countof(c->listeners); i++)
        c->listeners[i] = (struct console_listener){.console = c, .fd = -1};
    if (!set_up(c)) {
        log_error(WHO, "cannot start: %s", strerror(errno));
        console_destroy(c);
        return NULL;
    }
    struct config *config = c->orders.hold_config(c->orders.context);
    open_port(c, &config->global);
    open_socket(c, &config->global);
    config_release(config);
    if (!thread_start(&c->thread, "console", run, c)) {
        log_error(WHO, "cannot start its thread: %s", strerror(errno));
        console_destroy(c);
        return NULL;
    }
    return c;
}

void console_stop(struct console *c)
{
    if (c == NULL)
        return;
    c->stop.deliver = on_stop;
    mailbox_post(c->mailbox, &c->stop);
    pthread_join(c->thread, NULL);
}
