/* SPDX-License-Identifier: Apache-2.0
 * The limits on clients. */
#include "session/admission.h"

#include "base/check.h"
#include "base/text.h"
#include "net/socket.h"
#include "session/client.h"
#include "session/tallies.h"
#include "session/user_store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WHO "weir"
/* Descriptors that are neither clients nor links: listeners, log, event loops, and those that the
 * console must be able to open when everything else is full. */
#define FILES_RESERVED         64
#define FILES_OF_WORKER        4
#define DATABASE_BUCKETS       256
#define REFUSAL_FRAME_MAX      64
#define LOGINS_GREETED_AT_ONCE 64

/* A database that clients have named at their logins. */
struct database {
    struct database *next;
    unsigned bucket;
    unsigned clients;
    char name[];
};

struct admission {
    pthread_mutex_t lock;
    struct database *buckets[DATABASE_BUCKETS]; /* under the lock */
};

struct admission *admission_create(void)
{
    struct admission *a = calloc(1, sizeof *a);
    if (a != NULL)
        CHECK(pthread_mutex_init(&a->lock, NULL) == 0);
    return a;
}

void admission_destroy(struct admission *a)
{
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* -------- sockets -------- */

static unsigned files_for_clients(const struct proxy *p, const struct config *c)
{
    struct rlimit limit;
    uint64_t others = FILES_RESERVED + (uint64_t)FILES_OF_WORKER * p->worker_count;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT32_MAX;
    for (size_t i = 0; i < c->server_count; i++)
        others += c->servers[i].settings.max_connections;
    uint64_t least = limit.rlim_cur / 4; /* whatever the servers' limits add up to */
    uint64_t left = limit.rlim_cur > others ? limit.rlim_cur - others : 0;
    left = left > least ? left : least;
    return left < UINT32_MAX ? (unsigned)left : UINT32_MAX;
}

void admission_configure(struct proxy *p, const struct config *c)
{
    unsigned files = files_for_clients(p, c);
    unsigned wanted = c->global.max_connections;
    unsigned ceiling = wanted < files ? wanted : files;
    if (atomic_exchange(&p->client_ceiling, ceiling) != ceiling && ceiling < wanted)
        log_warning(WHO,
                    "max_connections: %u clients are let in, not %u: no more files may be open. "
                    "Raise LimitNOFILE (ulimit -n)",
                    ceiling, wanted);
}

unsigned admission_ceiling(const struct proxy *p)
{
    return atomic_load(&p->client_ceiling);
}

static bool take_place(struct proxy *p)
{
    unsigned admitted = atomic_load(&p->admitted);
    do {
        if (admitted >= admission_ceiling(p) + 1)
            return false;
    } while (!atomic_compare_exchange_weak(&p->admitted, &admitted, admitted + 1));
    return true;
}

static struct writer refusal(uint8_t frame[REFUSAL_FRAME_MAX])
{
    struct writer w = writer_over(frame, REFUSAL_FRAME_MAX);
    err_packet_encode(&w, 0, ER_CON_COUNT_ERROR, NULL,
                      bytes_of_text(mysql_error_find(ER_CON_COUNT_ERROR)->text));
    return w;
}

bool admission_take_socket(struct worker *w, int fd, const struct address *peer)
{
    if (take_place(w->proxy))
        return true;
    counters_add(&w->counters, COUNTER_connections, 1);
    counters_add(&w->counters, COUNTER_aborted_connects, 1);
    counters_add(&w->counters, COUNTER_refused_max_connections, 1);
    tally_link_closed(w, CLOSE_TOO_MANY_CLIENTS);
    char text[ADDRESS_TEXT_SIZE];
    address_format(peer, text);
    log_debug(text, "%s", close_reason_row(CLOSE_TOO_MANY_CLIENTS)->text);
    uint8_t frame[REFUSAL_FRAME_MAX];
    struct writer out = refusal(frame);
    socket_say_last(fd, out.data, out.size);
    close(fd);
    return false;
}

/* -------- logins -------- */

static unsigned logins_of_worker(const struct worker *w)
{
    unsigned share = w->config->global.max_logins / w->proxy->worker_count;
    return share > 0 ? share : 1;
}

bool admission_begin_login(struct client *c)
{
    struct worker *w = c->worker;
    if (c->in_login)
        return true;
    if (w->logins >= logins_of_worker(w)) {
        if (!list_node_linked(&c->greeting_node))
            list_push_back(&w->held, &c->greeting_node);
        loop_timer_set(w->loop, &c->timer, w->config->global.connect_timeout);
        c->held = true;
        return false;
    }
    c->held = false;
    c->in_login = true;
    w->logins++;
    return true;
}

void admission_end_login(struct client *c)
{
    struct worker *w = c->worker;
    if (!c->in_login)
        return;
    c->in_login = false;
    w->logins--;
    if (!list_empty(&w->held))
        loop_defer(w->loop, &w->greet_held);
}

void admission_on_logins(struct loop_task *task)
{
    struct worker *w = container_of(task, struct worker, greet_held);
    for (int i = 0; i < LOGINS_GREETED_AT_ONCE; i++) {
        if (list_empty(&w->held) || w->logins >= logins_of_worker(w))
            return;
        client_greet(container_of(list_pop_front(&w->held), struct client, greeting_node));
    }
    loop_defer(w->loop, task);
}

void admission_refuse_login(struct client *c)
{
    uint8_t frame[REFUSAL_FRAME_MAX];
    struct writer out = refusal(frame);
    client_send_frame(c, &out);
    client_close(c, CLOSE_TOO_MANY_LOGINS);
}

/* -------- users and databases -------- */

static unsigned bucket_of(const char *name)
{
    unsigned hash = 5381;
    for (const char *at = name; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    return hash % DATABASE_BUCKETS;
}

static struct database *find_locked(struct admission *a, const char *name, unsigned bucket)
{
    struct database *d = a->buckets[bucket];
    while (d != NULL && strcmp(d->name, name) != 0)
        d = d->next;
    if (d != NULL)
        return d;
    d = calloc(1, sizeof *d + strlen(name) + 1);
    if (d == NULL)
        return NULL;
    memcpy(d->name, name, strlen(name) + 1);
    d->bucket = bucket;
    d->next = a->buckets[bucket];
    a->buckets[bucket] = d;
    return d;
}

static void forget_unused_locked(struct admission *a, struct database *d)
{
    struct database **at = &a->buckets[d->bucket];
    if (d->clients > 0)
        return;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    free(d);
}

/* False when `limit` (0: none) is reached. */
static bool enter_database(struct client *c, const char *name, unsigned limit)
{
    struct admission *a = c->worker->proxy->admission;
    pthread_mutex_lock(&a->lock);
    struct database *d = find_locked(a, name, bucket_of(name));
    bool fits = d != NULL && (limit == 0 || d->clients < limit);
    if (fits) {
        d->clients++;
        c->database = d;
    } else if (d != NULL) {
        forget_unused_locked(a, d);
    }
    pthread_mutex_unlock(&a->lock);
    return fits;
}

static void leave_database(struct client *c)
{
    struct admission *a = c->worker->proxy->admission;
    pthread_mutex_lock(&a->lock);
    c->database->clients--;
    forget_unused_locked(a, c->database);
    pthread_mutex_unlock(&a->lock);
    c->database = NULL;
}

static bool admit_to_database(struct client *c)
{
    const char *name = c->login_schema;
    if (name == NULL || name[0] == '\0')
        return true;
    const struct config *config = c->worker->config;
    const struct config_database *own = config_find_database(config, name);
    unsigned limit = config->global.max_database_connections;
    if (own != NULL)
        limit = settings_uint(own->settings.max_database_connections, limit);
    if (enter_database(c, name, limit))
        return true;
    client_send_mysql_error(c, c->login_sequence, ER_USER_LIMIT_REACHED, c->user->name,
                            "max_database_connections", (long)limit);
    client_close(c, CLOSE_TOO_MANY_OF_DATABASE);
    return false;
}

static bool take_place_of_user(struct user *u, unsigned limit)
{
    unsigned n = atomic_load(&u->clients);
    do {
        if (limit != 0 && n >= limit)
            return false;
    } while (!atomic_compare_exchange_weak(&u->clients, &n, n + 1));
    return true;
}

static bool admit_user(struct client *c)
{
    const struct config *config = c->worker->config;
    const struct config_user *section = config_find_user(config, c->user->name);
    unsigned general = config->global.max_user_connections;
    unsigned own = section != NULL ? section->settings.max_user_connections : SETTING_UNSET_UINT;
    unsigned limit = settings_uint(own, general);
    c->counted_for_user = take_place_of_user(c->user, limit);
    if (c->counted_for_user)
        return true;
    if (own == SETTING_UNSET_UINT)
        client_send_mysql_error(c, c->login_sequence, ER_TOO_MANY_USER_CONNECTIONS, c->user->name);
    else
        client_send_mysql_error(c, c->login_sequence, ER_USER_LIMIT_REACHED, c->user->name,
                                "max_user_connections", (long)limit);
    client_close(c, CLOSE_TOO_MANY_OF_USER);
    return false;
}

/* The same sum as a server's: the reserve slot lets a client in to be refused politely. */
static bool admit_client(struct client *c)
{
    if (c->counted)
        return true;
    struct proxy *p = c->worker->proxy;
    unsigned n = atomic_load(&p->logged_in);
    do {
        if (n >= admission_ceiling(p)) {
            counters_add(&c->worker->counters, COUNTER_refused_max_connections, 1);
            client_send_mysql_error(c, c->login_sequence, ER_CON_COUNT_ERROR);
            client_close(c, CLOSE_TOO_MANY_CLIENTS);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&p->logged_in, &n, n + 1));
    c->counted = true;
    unsigned max = atomic_load(&p->max_logged_in);
    while (n + 1 > max && !atomic_compare_exchange_weak(&p->max_logged_in, &max, n + 1))
        ;
    if (n + 1 > max)
        atomic_store(&p->max_logged_in_at, clock_wall() / USEC_PER_SEC);
    return true;
}

bool admission_admit(struct client *c)
{
    return admit_client(c) && admit_user(c) && admit_to_database(c);
}

void admission_leave_account(struct client *c)
{
    if (c->counted_for_user)
        atomic_fetch_sub(&c->user->clients, 1);
    c->counted_for_user = false;
    if (c->database != NULL)
        leave_database(c);
}

struct admission_place admission_place(const struct client *c)
{
    struct admission_place place = {.of_user = c->counted_for_user};
    if (c->database != NULL)
        (void)!text_copy(place.database, sizeof place.database, bytes_of_text(c->database->name));
    return place;
}

void admission_take_back(struct client *c, const struct admission_place *place)
{
    c->counted_for_user = place->of_user && take_place_of_user(c->user, 0);
    if (place->database[0] != '\0')
        (void)!enter_database(c, place->database, 0);
}

void admission_leave(struct client *c)
{
    struct proxy *p = c->worker->proxy;
    admission_leave_account(c);
    if (c->counted)
        atomic_fetch_sub(&p->logged_in, 1);
    c->counted = false;
    atomic_fetch_sub(&p->admitted, 1);
    admission_end_login(c);
}
