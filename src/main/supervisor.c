/* SPDX-License-Identifier: Apache-2.0
 * The main thread: everything starts, is told of signals, and ends here, in this order. */
#include "main/supervisor.h"

#include "base/check.h"
#include "base/log_file.h"
#include "base/poison.h"
#include "base/random.h"
#include "base/text.h"
#include "base/thread.h"
#include "console/console.h"
#include "main/configuration.h"
#include "main/worker.h"
#include "net/socket.h"
#include "session/admission.h"
#include "session/client.h"
#include "session/growth_watch.h"
#include "session/leak_book.h"
#include "session/login_guard.h"
#include "session/slow_log.h"
#include "session/status.h"
#include "session/tls_setup.h"
#include "session/user_store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define WHO "weir"
/* How often a drain looks whether it is done. */
#define DRAIN_LOOK (20 * USEC_PER_MSEC)
/* How long idle links may take to close at the end. */
#define LINKS_CLOSE_TIMEOUT (2 * USEC_PER_SEC)

/* One for TCP and one for a Unix socket at each entrance. */
#define LISTENERS_MAX (2 * ENTRANCES_MAX)

struct supervisor {
    struct config *config; /* that it started with, one reference */
    struct configuration configuration;
    struct proxy proxy;
    struct console *console;
    pthread_t threads[64];
    unsigned threads_running;
    struct listening {
        struct listener listener;
        struct supervisor *supervisor;
        int fd;
        uint8_t entrance;
        char text[ADDRESS_TEXT_SIZE];
    } listening[LISTENERS_MAX];
    unsigned listening_count;
    bool stop_listening_sent;
};

/* -------- listening -------- */

static void on_accept(struct listener *l, int fd, const struct address *peer)
{
    struct listening *on = container_of(l, struct listening, listener);
    worker_place(&on->supervisor->proxy.workers[0], fd, peer, on->entrance);
}

static void on_trouble(struct listener *l, int error)
{
    struct listening *on = container_of(l, struct listening, listener);
    counters_add(&on->supervisor->proxy.workers[0].counters, COUNTER_errors_accept, 1);
    log_error(WHO,
              "cannot accept clients on %s: %s; clients wait. Raise the limit of open files "
              "(LimitNOFILE, ulimit -n) or lower max_connections",
              on->text, strerror(error));
}

static bool listen_on(struct supervisor *s, const struct address *a, unsigned mode,
                      uint8_t entrance)
{
    CHECK(s->listening_count < LISTENERS_MAX);
    struct listening *on = &s->listening[s->listening_count];
    address_format(a, on->text);
    on->supervisor = s;
    on->entrance = entrance;
    on->fd = socket_listen(a, (int)s->config->global.back_log, mode);
    if (on->fd < 0) {
        log_error(WHO, "cannot listen on %s: %s%s", on->text, strerror(errno),
                  errno == EADDRINUSE ? "; is Weir running already? Choose another port" : "");
        return false;
    }
    on->listener = (struct listener){.on_accept = on_accept, .on_trouble = on_trouble};
    s->listening_count++;
    return true;
}

/* What [weir] and [listener] sections say of where to listen. */
struct place {
    const char *bind_address;
    unsigned port;
    const char *socket;
    const char *socket_mode;
};

static bool open_place(struct supervisor *s, const struct place *p, uint8_t entrance)
{
    struct address a;
    if (p->port != 0) {
        if (!address_from_ip(&a, p->bind_address, (uint16_t)p->port)) {
            log_error(WHO, "bind_address '%s' is not an IP address; use one of this host, * or ::",
                      p->bind_address);
            return false;
        }
        if (!listen_on(s, &a, 0, entrance))
            return false;
    }
    if (p->socket[0] != '\0') {
        if (!address_from_path(&a, p->socket)) {
            log_error(WHO, "the path of the socket '%s' is too long", p->socket);
            return false;
        }
        if (!listen_on(s, &a, (unsigned)strtoul(p->socket_mode, NULL, 8), entrance))
            return false;
    }
    return true;
}

static bool open_listeners(struct supervisor *s)
{
    const struct config *c = s->config;
    const struct global_settings *g = &c->global;
    const struct place own = {g->bind_address, g->port, g->socket, g->socket_mode};
    if (!open_place(s, &own, 0))
        return false;
    for (size_t i = 0; i < c->listener_count; i++) {
        const struct listener_settings *l = &c->listeners[i].settings;
        const struct place place = {l->bind_address, l->port, l->socket, l->socket_mode};
        s->proxy.entrances[i + 1] = c->listeners[i].name; /* of a snapshot that we keep */
        if (place.port == 0 && place.socket[0] == '\0')
            log_warning(WHO, "[listener %s] has neither port nor socket: nobody can come in there",
                        c->listeners[i].name);
        if (!open_place(s, &place, (uint8_t)(i + 1)))
            return false;
    }
    return true;
}

/* To worker 0, where the listeners live. */
struct order {
    struct mail mail;
    struct supervisor *from;
};

static struct supervisor *take_order(struct mail *mail)
{
    struct order *o = container_of(mail, struct order, mail);
    struct supervisor *s = o->from;
    free(o);
    return s;
}

static void start_listening(struct mail *mail)
{
    struct supervisor *s = take_order(mail);
    for (unsigned i = 0; i < s->listening_count; i++)
        if (!listener_start(&s->listening[i].listener, s->proxy.workers[0].loop,
                            s->listening[i].fd))
            log_error(WHO, "cannot watch %s: %s", s->listening[i].text, strerror(errno));
}

static void close_listeners(struct supervisor *s)
{
    for (unsigned i = 0; i < s->listening_count; i++) {
        close(s->listening[i].fd);
        if (s->listening[i].text[0] == '/')
            unlink(s->listening[i].text);
    }
    s->listening_count = 0;
}

static void stop_listening(struct mail *mail)
{
    struct supervisor *s = take_order(mail);
    for (unsigned i = 0; i < s->listening_count; i++)
        listener_stop(&s->listening[i].listener);
    close_listeners(s); /* whoever comes now is refused at once, not left in the kernel's queue */
}

static void tell_listeners(struct supervisor *s, void (*deliver)(struct mail *mail))
{
    struct order *o = calloc(1, sizeof *o);
    CHECK(o != NULL);
    o->mail.deliver = deliver;
    o->from = s;
    mailbox_post(s->proxy.workers[0].mailbox, &o->mail);
}

/* -------- orders of the console -------- */

static struct config *on_hold_config(void *context)
{
    struct supervisor *s = context;
    return configuration_hold(&s->configuration);
}

static bool on_reload(void *context, struct config_errors *errors, struct config_errors *warnings)
{
    struct supervisor *s = context;
    return configuration_reload(&s->configuration, errors, warnings);
}

static bool on_change(void *context, enum change_scope scope, const struct config_override *changes,
                      size_t count, struct config_errors *errors, struct config_errors *warnings)
{
    struct supervisor *s = context;
    return configuration_change(&s->configuration, scope, changes, count, errors, warnings);
}

static void on_shutdown(void *context)
{
    (void)context;
    (void)kill(getpid(), SIGTERM);
}

static void on_flush_logs(void *context)
{
    struct supervisor *s = context;
    slow_log_flush(&s->proxy);
}

static void start_console(struct supervisor *s)
{
    const struct console_orders orders = {
        .context = s,
        .hold_config = on_hold_config,
        .reload = on_reload,
        .change = on_change,
        .shutdown = on_shutdown,
        .flush_logs = on_flush_logs,
    };
    s->console = console_start(&s->proxy, &orders, WEIR_VERSION);
}

/* -------- starting -------- */

/* Every client and every link is a descriptor. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* What Weir knows of passwords stays its own: no core file that may be copied anywhere, no debugger
 * and no /proc/PID/mem for other processes of its account. */
static void keep_memory_private(const struct config *c)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = c->global.core_file ? limit.rlim_max : 0;
        (void)setrlimit(RLIMIT_CORE, &limit);
    }
#ifndef WEIR_ASAN /* its search for leaks is a debugger */
    if (!c->global.core_file && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        log_warning(WHO, "the memory of Weir is not hidden from debuggers and core files: %s",
                    strerror(errno));
#endif
}

static unsigned worker_count(const struct config *c)
{
    unsigned n = c->global.workers;
    if (n == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        n = cores > 0 ? (unsigned)cores : 1;
    }
    return n < countof(((struct supervisor *)NULL)->threads)
               ? n
               : countof(((struct supervisor *)NULL)->threads);
}

static enum loop_engine choose_engine(const struct config *c)
{
    char why[160];
    if (c->global.io_engine == IO_ENGINE_EPOLL)
        return LOOP_EPOLL;
    if (loop_engine_works(LOOP_URING, why, sizeof why))
        return LOOP_URING;
    log_write(c->global.io_engine == IO_ENGINE_URING ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTE, WHO,
              "io_uring cannot be used, epoll serves instead: %s", why);
    return LOOP_EPOLL;
}

static bool start_workers(struct supervisor *s)
{
    struct proxy *p = &s->proxy;
    p->worker_count = worker_count(s->config);
    p->io_engine = choose_engine(s->config);
    p->workers = calloc(p->worker_count, sizeof *p->workers);
    if (p->workers == NULL)
        return false;
    for (unsigned i = 0; i < p->worker_count; i++)
        if (!worker_init(&p->workers[i], i, p, s->config))
            return false;
    p->growth = growth_watch_create(p);
    if (p->growth == NULL)
        return false;
    for (unsigned i = 0; i < p->worker_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "weir-%u", i & 0xff);
        if (!thread_start(&s->threads[i], name, worker_run, &p->workers[i]))
            return false;
        s->threads_running++;
    }
    return true;
}

static bool start(struct supervisor *s)
{
    struct proxy *p = &s->proxy;
    atomic_store(&p->next_link_id, 1);
    p->version = WEIR_VERSION;
    uint8_t instance[8];
    random_bytes(instance, sizeof instance);
    text_format_hex(instance, sizeof instance, p->instance);
    raise_file_limit();
    keep_memory_private(s->config);
    if (!open_listeners(s))
        return false;
    char error[500];
    p->tls = tls_setup_create(s->config, error, sizeof error);
    if (p->tls == NULL) {
        log_error(WHO, "%s", error);
        return false;
    }
    p->guard = login_guard_create(s->config, error, sizeof error);
    if (p->guard == NULL) {
        log_error(WHO, "%s", error);
        return false;
    }
    p->users = user_store_create();
    p->admission = admission_create();
    p->baseline = status_baseline_create();
    p->resolver = resolver_create();
    p->slow_log = slow_log_create();
    p->leaks = leak_book_create();
    p->registry = pool_registry_create(p, s->config);
    if (p->users == NULL || p->admission == NULL || p->baseline == NULL || p->resolver == NULL ||
        p->slow_log == NULL || p->leaks == NULL || p->registry == NULL || !start_workers(s)) {
        log_error(WHO, "cannot start: %s", strerror(errno));
        return false;
    }
    user_store_configure(p->users, s->config);
    slow_log_configure(p->slow_log, s->config);
    admission_configure(p, s->config);
    worker_send_probe(&p->workers[0]);
    start_console(s);
    tell_listeners(s, start_listening);
    for (unsigned i = 0; i < s->listening_count; i++)
        log_note(WHO, "ready for clients on %s, %u worker%s (%s), %zu server%s, pid %ld",
                 s->listening[i].text, p->worker_count, text_plural(p->worker_count),
                 loop_engine_name(p->io_engine), s->config->server_count,
                 text_plural(s->config->server_count), (long)getpid());
    return true;
}

/* -------- signals -------- */

static void reload(struct supervisor *s)
{
    struct config_errors errors = {0};
    struct config_errors warnings = {0};
    (void)configuration_reload(&s->configuration, &errors, &warnings);
    slow_log_flush(&s->proxy);
    config_errors_free(&errors);
    config_errors_free(&warnings);
}

static void log_status(struct supervisor *s)
{
    static struct status_value values[STATUS_VALUES_MAX];
    size_t count = status_read(&s->proxy, values);
    for (size_t i = 0; i < count; i++) {
        char text[STATUS_TEXT_MAX];
        status_text(&values[i], text);
        log_note(WHO, "%s %s", values[i].name, text);
    }
    log_note(WHO, "%zu status variables", count);
}

/* Waits for a signal at most so long; 0 when none came. */
static int wait_signal(const sigset_t *set, usec_t timeout)
{
    struct timespec t = {.tv_sec = (time_t)(timeout / USEC_PER_SEC),
                         .tv_nsec = (long)(timeout % USEC_PER_SEC) * 1000};
    int signal = timeout == 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &t);
    return signal > 0 ? signal : 0;
}

/* True when a second signal asks for haste. */
static bool wait_until_gone(struct supervisor *s, const sigset_t *set, usec_t timeout)
{
    usec_t end = clock_now() + timeout;
    while (atomic_load(&s->proxy.live_clients) > 0 && clock_now() < end) {
        int signal = wait_signal(set, DRAIN_LOOK);
        if (signal == SIGTERM || signal == SIGINT)
            return true;
    }
    return false;
}

static void wait_for_links(struct supervisor *s, const sigset_t *set)
{
    usec_t end = clock_now() + LINKS_CLOSE_TIMEOUT;
    while (pool_registry_links(s->proxy.registry) > 0 && clock_now() < end)
        (void)wait_signal(set, DRAIN_LOOK);
}

static void drain(struct supervisor *s, const sigset_t *set)
{
    struct proxy *p = &s->proxy;
    struct config *config = configuration_hold(&s->configuration);
    usec_t timeout = config->global.drain_timeout;
    config_release(config);
    log_note(WHO, "stopping: no new clients; transactions have %llu s to finish (drain_timeout)",
             (unsigned long long)(timeout / USEC_PER_SEC));
    tell_listeners(s, stop_listening);
    for (unsigned i = 0; i < p->worker_count; i++)
        worker_send_drain(&p->workers[i]);
    (void)wait_until_gone(s, set, timeout);
    for (unsigned i = 0; i < p->worker_count; i++)
        worker_send_close_all(&p->workers[i]);
    (void)wait_until_gone(s, set, LINKS_CLOSE_TIMEOUT);
    worker_send_drain_pools(&p->workers[0]);
    wait_for_links(s, set);
    for (unsigned i = 0; i < p->worker_count && pool_registry_links(p->registry) > 0; i++)
        worker_send_give_up(&p->workers[i]);
    wait_for_links(s, set);
}

static void serve(struct supervisor *s, const sigset_t *set)
{
    for (;;) {
        int signal = wait_signal(set, 0);
        switch (signal) {
        case SIGHUP:
            reload(s);
            break;
        case SIGUSR1:
            log_status(s);
            break;
        case SIGTERM:
        case SIGINT:
            drain(s, set);
            return;
        default:
            break;
        }
    }
}

static void stop(struct supervisor *s)
{
    struct proxy *p = &s->proxy;
    console_stop(s->console);
    for (unsigned i = 0; i < s->threads_running; i++)
        worker_send_stop(&p->workers[i]);
    for (unsigned i = 0; i < s->threads_running; i++)
        pthread_join(s->threads[i], NULL);
    log_file_destroy(p->slow_log);
    close_listeners(s);
    bool clean = s->threads_running > 0 && pool_registry_links(p->registry) == 0 &&
                 atomic_load(&p->live_clients) == 0;
    if (clean) {
        resolver_destroy(p->resolver);
        for (unsigned i = 0; i < p->worker_count; i++)
            worker_fini(&p->workers[i]);
        console_destroy(s->console);
        pool_registry_destroy(p->registry);
        user_store_destroy(p->users);
        login_guard_destroy(p->guard);
        status_baseline_destroy(p->baseline);
        leak_book_destroy(p->leaks);
        growth_watch_destroy(p->growth);
        tls_setup_destroy(p->tls);
        admission_destroy(p->admission);
        free(p->workers);
    }
    if (s->threads_running > 0 && !clean) {
        unsigned links = pool_registry_links(p->registry);
        unsigned clients = atomic_load(&p->live_clients);
        log_warning(WHO, "%u link%s and %u client%s did not end in time", links, text_plural(links),
                    clients, text_plural(clients));
    }
    if (s->threads_running > 0)
        log_note(WHO, "stopped");
}

enum exit_code supervisor_run(const struct config_source *source, struct config *config)
{
    static struct supervisor s; /* large, and there is one */
    s.config = config_hold(config);
    configuration_init(&s.configuration, source, config, &s.proxy);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    log_set_level(config->global.log_level);
    log_start();
    bool started = start(&s);
    if (started)
        serve(&s, &set);
    stop(&s);
    configuration_fini(&s.configuration);
    config_release(s.config);
    log_stop();
    return started ? EXIT_CODE_CLEAN : EXIT_CODE_FAILURE;
}
