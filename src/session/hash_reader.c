/* SPDX-License-Identifier: Apache-2.0
 * When the side link is taken for reading hashes, and what is asked. */
#include "session/hash_reader.h"

#include "auth/native_password.h"
#include "base/check.h"
#include "base/text.h"
#include "mysql/result_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another errand has the side link: look again after this. */
#define SIDE_RETRY (2 * USEC_PER_MSEC)

struct hash_reader {
    struct server_group *group;
    struct worker *worker;
    struct list waiting;  /* guests */
    struct guest *asking; /* of them: whom the questions under way are about; NULL it has left */
    struct link *link;    /* NULL none */
    struct loop_timer timer;
    usec_t asked_at;  /* when it began to wait for the side link */
    unsigned answers; /* of the questions about the first guest */
    bool stopped;
    char told[200]; /* the last complaint in the log */
};

static struct guest *first_guest(const struct hash_reader *r)
{
    struct list_node *n = list_first(&r->waiting);
    return n != NULL ? container_of(n, struct guest, node) : NULL;
}

static struct user *account_of(const struct client *c)
{
    const struct config_server *s = config_find_server(c->worker->config, c->group->name);
    const char *name = s != NULL ? s->settings.auth_user : "";
    return name[0] != '\0' ? user_store_find(c->worker->proxy->users, bytes_of_text(name)) : NULL;
}

bool hash_reader_is_wanted(const struct client *c)
{
    return account_of(c) != NULL;
}

/* -------- the queue -------- */

static void begin(struct hash_reader *r);

static void on_timer(struct loop_timer *timer)
{
    begin(container_of(timer, struct hash_reader, timer));
}

/* Of this worker and server; NULL when out of memory. */
static struct hash_reader *reader_of(const struct client *c)
{
    struct server_group *g = c->group;
    struct worker *w = c->worker;
    pthread_mutex_lock(&g->lock);
    if (g->shared.hash_readers == NULL)
        g->shared.hash_readers = calloc(w->proxy->worker_count, sizeof(struct hash_reader *));
    struct hash_reader **at =
        g->shared.hash_readers != NULL ? &g->shared.hash_readers[w->index] : NULL;
    if (at != NULL && *at == NULL)
        *at = calloc(1, sizeof **at);
    struct hash_reader *r = at != NULL ? *at : NULL;
    pthread_mutex_unlock(&g->lock);
    if (r != NULL && r->worker == NULL) {
        list_init(&r->waiting);
        r->group = g;
        r->timer.on_fire = on_timer;
        r->worker = w;
    }
    return r;
}

/* The guest goes on, with what was found. */
static void serve(struct hash_reader *r, struct guest *g)
{
    list_remove(&r->waiting, &g->node);
    g->hash_reader = NULL;
    if (r->asking == g)
        r->asking = NULL;
    guest_hashes_read(g->client);
}

static void give_up(struct hash_reader *r, const char *text)
{
    r->link = NULL;
    r->asked_at = 0;
    if (strncmp(r->told, text, sizeof r->told - 1) != 0) {
        snprintf(r->told, sizeof r->told, "%s", text);
        log_warning("auth_user",
                    "the hashes of server '%s' could not be read: %s. Unknown users log in all the "
                    "same, but their passwords are not learnt from mysql_native_password. The "
                    "account needs SELECT on mysql.user (MariaDB: on mysql.global_priv)",
                    r->group->name, text);
    }
    /* Those who come while these go on are another round. */
    for (size_t left = r->waiting.count; left > 0 && !list_empty(&r->waiting); left--)
        serve(r, first_guest(r));
}

static void begin(struct hash_reader *r)
{
    struct worker *w = r->worker;
    usec_t now = loop_now(w->loop);
    struct guest *g = first_guest(r);
    if (g == NULL || r->link != NULL || r->stopped)
        return;
    struct user *account = account_of(g->client);
    if (account == NULL) {
        give_up(r, "the configuration has changed");
        return;
    }
    if (r->asked_at == 0)
        r->asked_at = now;
    if (!server_group_take_side(r->group, false)) {
        if (now - r->asked_at < w->config->global.connect_timeout)
            loop_timer_set(w->loop, &r->timer, SIDE_RETRY);
        else
            give_up(r, "the side link was busy for connect_timeout");
        return;
    }
    r->asked_at = 0;
    if (!link_open_hashes(w, r->group, account, r, &r->link)) {
        server_group_end_side(r->group);
        give_up(r, "out of memory");
    }
}

bool hash_reader_ask(struct client *c)
{
    struct hash_reader *r = reader_of(c);
    if (r == NULL)
        return false;
    list_push_back(&r->waiting, &c->guest->node);
    c->guest->hash_reader = r;
    begin(r);
    return true;
}

void hash_reader_forget(struct guest *g)
{
    struct hash_reader *r = g->hash_reader;
    if (r == NULL)
        return;
    list_remove(&r->waiting, &g->node);
    if (r->asking == g)
        r->asking = NULL;
    g->hash_reader = NULL;
}

void hash_reader_stop(struct hash_reader *r)
{
    if (r->worker == NULL)
        return;
    r->stopped = true;
    loop_timer_cancel(r->worker->loop, &r->timer);
}

void hash_reader_destroy(struct hash_reader *r)
{
    free(r);
}

/* -------- questions -------- */

/* The name in hexadecimal digits: no quote, and no character set but ASCII, is in it. */
static void add_question(struct link *l, const char *before, const char *name)
{
    char text[200 + 2 * GUEST_NAME_MAX];
    char hex[2 * GUEST_NAME_MAX + 1];
    text_format_hex((const uint8_t *)name, strlen(name), hex);
    snprintf(text, sizeof text, "%s WHERE User=CONVERT(x'%s' USING utf8) LIMIT 16", before, hex);
    link_chore_add(l, CHORE_READ_HASHES, COMMAND_QUERY, bytes_of_text(text));
}

/* Not every server has every table or column, and not every account may read them all. */
static void ask(struct hash_reader *r)
{
    struct link *l = r->link;
    const struct server_facts *facts = atomic_load(&r->group->facts);
    r->asking = first_guest(r);
    const char *name = r->asking->name;
    bool mariadb = facts != NULL && facts->server.mariadb;
    r->answers = 0;
    link_chores_begin(l, PURPOSE_HASHES);
    add_question(l, "SELECT authentication_string FROM mysql.user", name);
    add_question(l,
                 mariadb ? "SELECT Priv FROM mysql.global_priv"
                         : "SELECT User_attributes FROM mysql.user",
                 name);
    link_chores_send(l);
}

void hash_reader_link_ready(struct link *l)
{
    struct hash_reader *r = l->hash_reader;
    if (first_guest(r) != NULL) {
        ask(r);
        return;
    }
    hash_reader_link_done(l);
}

void hash_reader_read_reply(struct link *l, struct bytes reply)
{
    struct hash_reader *r = l->hash_reader;
    struct guest *g = r != NULL ? r->asking : NULL;
    struct result_set_reader rows;
    struct bytes ignored;
    struct bytes cell;
    if (g == NULL || !result_set_open(&rows, reply))
        return;
    r->answers++;
    for (uint64_t i = 0; i < rows.definitions; i++)
        if (!result_set_next_definition(&rows, &ignored))
            return;
    while (result_set_next_row(&rows, &cell, 1))
        if (cell.data != NULL)
            guest_find_hashes(g, cell);
}

void hash_reader_link_done(struct link *l)
{
    struct hash_reader *r = l->hash_reader;
    if (l->chore_failed || (r->answers == 0 && r->asking != NULL)) {
        hash_reader_link_failed(l, l->chore_error.text);
        link_close(l, CLOSE_LINK_SIDE_DONE);
        return;
    }
    if (r->asking != NULL)
        serve(r, r->asking);
    if (first_guest(r) != NULL) {
        ask(r);
        return;
    }
    l->hash_reader = NULL;
    r->link = NULL;
    link_close(l, CLOSE_LINK_SIDE_DONE);
}

void hash_reader_link_failed(struct link *l, const char *text)
{
    struct hash_reader *r = l->hash_reader;
    l->hash_reader = NULL;
    give_up(r, text);
}
