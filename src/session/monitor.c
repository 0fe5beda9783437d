/* SPDX-License-Identifier: Apache-2.0
 * When the monitor connects, reads, and tries again. What it makes of the numbers: monitor_judge.c.
 */
#include "session/monitor.h"

#include "base/check.h"
#include "base/text.h"
#include "mysql/result_set.h"
#include "session/monitor_internal.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>

/* The connection that is kept for KILL is in use: look again after this. */
#define SIDE_RETRY (20 * USEC_PER_MSEC)
/* A connection that failed is tried again after this; one that was refused, after the longer one,
 * since servers lock out accounts and hosts that knock too often. */
#define RETRY         USEC_PER_SEC
#define REFUSED_RETRY (30 * USEC_PER_SEC)
/* Other Weirs are looked for at every so many readings: that question is not as cheap. */
#define LOOK_FOR_OTHERS 6

struct monitor *monitor_create(struct server_group *group)
{
    struct monitor *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->group = group;
    server_numbers_init(&m->numbers);
    return m;
}

void monitor_destroy(struct monitor *m)
{
    free(m);
}

bool monitor_keeps_place(const struct config *c, const struct config_server *s)
{
    return c->global.monitor_interval > 0 && s->settings.max_connections >= MONITOR_STANDS_FROM;
}

static const struct config_server *section_of(const struct monitor *m)
{
    return config_find_server(m->home->config, m->group->name);
}

static usec_t interval(const struct monitor *m)
{
    return m->home->config->global.monitor_interval;
}

static void arm(struct monitor *m, usec_t after)
{
    if (!m->stopped)
        loop_timer_set(m->home->loop, &m->timer, after);
}

static void set_state(struct monitor *m, enum monitor_state state, const char *error)
{
    m->state = state;
    pthread_mutex_lock(&m->group->lock);
    struct monitor_view *v = &m->view;
    v->state = state;
    snprintf(v->error, sizeof v->error, "%s", error);
    pthread_mutex_unlock(&m->group->lock);
}

/* -------- connecting -------- */

static struct user *account_of(struct monitor *m)
{
    const struct config_server *s = section_of(m);
    struct user_store *users = m->home->proxy->users;
    const char *name = s != NULL ? s->settings.monitor_user : "";
    return name[0] != '\0' ? user_store_find(users, bytes_of_text(name))
                           : user_store_any(users, m->group->name);
}

/* False: not now. */
static bool take_place(struct monitor *m)
{
    const struct config_server *s = section_of(m);
    m->stands = s != NULL && monitor_keeps_place(m->home->config, s);
    return m->stands ? server_group_take_monitor(m->group)
                     : server_group_take_side(m->group, false);
}

static void give_place_back(struct monitor *m)
{
    if (m->stands)
        server_group_end_monitor(m->group);
    else
        server_group_end_side(m->group);
}

static const char *who(const struct monitor *m)
{
    static _Thread_local char text[96];
    snprintf(text, sizeof text, "monitor of %.60s", m->group->name);
    return text;
}

static void begin_connecting(struct monitor *m)
{
    struct user *u = account_of(m);
    if (u == NULL) {
        static const char text[] =
            "no password is known that would let it log in: see monitor_user";
        if (m->state != MONITOR_NO_ACCOUNT)
            log_note(who(m), "%s", text);
        set_state(m, MONITOR_NO_ACCOUNT, text);
        arm(m, interval(m));
        return;
    }
    if (!take_place(m)) {
        arm(m, SIDE_RETRY);
        return;
    }
    if (m->state == MONITOR_OFF || m->state == MONITOR_NO_ACCOUNT)
        set_state(m, MONITOR_CONNECTING, "");
    if (!link_open_monitor(m->home, m->group, u, m, m->stands, &m->link)) {
        give_place_back(m);
        arm(m, RETRY);
    }
}

static enum monitor_state state_of(enum pool_open_failure why)
{
    switch (why) {
    case POOL_SERVER_FULL:
    case POOL_USER_FULL:
        return MONITOR_FULL;
    case POOL_LOGIN_FAILED:
        return MONITOR_REFUSED;
    case POOL_SERVER_DOWN:
    case POOL_NO_RESOURCES:
        break;
    }
    return MONITOR_DOWN;
}

/* Once per change. */
static void tell_trouble(const struct monitor *m, enum monitor_state now, const char *text)
{
    if (now == MONITOR_FULL)
        log_note(who(m),
                 "the server has no place for it: %s. It waits, as the links of the pools do",
                 text);
    else if (now == MONITOR_REFUSED)
        log_warning(who(m),
                    "%s. Without it Weir does not know how full the server is; name an account in "
                    "monitor_user, or set monitor_interval = 0",
                    text);
    else
        log_note(who(m), "the server cannot be reached: %s", text);
}

static void on_trouble(struct monitor *m, enum monitor_state now, const char *text)
{
    if (m->state != now)
        tell_trouble(m, now, text);
    set_state(m, now, text);
    arm(m, now == MONITOR_REFUSED ? REFUSED_RETRY : RETRY);
}

void monitor_link_failed(struct link *l, enum pool_open_failure why, const struct open_error *error)
{
    struct monitor *m = l->monitor;
    l->monitor = NULL;
    m->link = NULL;
    on_trouble(m, state_of(why), error->text);
}

void monitor_link_lost(struct link *l, enum close_reason why)
{
    struct monitor *m = l->monitor;
    l->monitor = NULL;
    m->link = NULL;
    link_close(l, why);
    if (m->state == MONITOR_ON) /* perhaps somebody killed it: the next attempt tells */
        arm(m, 0);
    else
        arm(m, RETRY);
}

/* -------- reading -------- */

static void ask_for_others(struct link *l)
{
    char text[256];
    snprintf(text, sizeof text,
             "SELECT COUNT(DISTINCT ATTR_VALUE),COUNT(*),COALESCE(SUM(ATTR_VALUE='%s'),0) "
             "FROM performance_schema.session_connect_attrs WHERE ATTR_NAME='_weir_instance'",
             l->worker->proxy->instance);
    link_chore_add(l, CHORE_READ_WEIRS, COMMAND_QUERY, bytes_of_text(text));
}

static void begin_reading(struct monitor *m)
{
    struct link *l = m->link;
    link_chores_begin(l, PURPOSE_MONITOR);
    for (size_t i = 0; i < countof(server_numbers_questions); i++)
        link_chore_add(l, CHORE_READ_NUMBERS, COMMAND_QUERY,
                       bytes_of_text(server_numbers_questions[i]));
    if (m->readings++ % LOOK_FOR_OTHERS == 0)
        ask_for_others(l);
    link_chores_send(l);
}

void monitor_link_ready(struct link *l)
{
    struct monitor *m = l->monitor;
    if (m->state == MONITOR_DOWN || m->state == MONITOR_FULL)
        log_note(who(m), "the server lets it in again");
    registry_server_answers(m->home, m->group, false);
    begin_reading(m);
}

static void read_weirs(struct monitor *m, struct bytes reply)
{
    struct bytes cells[3];
    uint64_t n[3];
    m->weirs = 0;
    m->other_weirs = 0;
    if (result_set_first_row(reply, cells, countof(cells)) != countof(cells))
        return;
    for (size_t i = 0; i < countof(cells); i++)
        if (!text_read_u64(cells[i], &n[i]) || n[i] > 1000000)
            return;
    m->weirs = (unsigned)n[0];
    m->other_weirs = n[1] > n[2] ? (unsigned)(n[1] - n[2]) : 0;
}

void monitor_read_reply(struct link *l, enum chore chore, struct bytes reply)
{
    struct monitor *m = l->monitor;
    if (m == NULL)
        return;
    if (chore == CHORE_READ_WEIRS)
        read_weirs(m, reply);
    else if (!server_numbers_read(&m->numbers, reply))
        l->chore_failed = true;
}

/* Accounts may be changed on the server itself, where Weir does not see the statement: who logs in
 * from now on is asked about again, and gets links that are opened from now on. */
static void note_account_changes(struct monitor *m)
{
    uint64_t changes = server_numbers_account_changes(&m->numbers);
    if (m->knows_account_changes && changes != m->account_changes) {
        log_debug(who(m), "accounts were changed on the server");
        atomic_fetch_add(&m->group->login_epoch, 1);
    }
    m->knows_account_changes = true;
    m->account_changes = changes;
}

void monitor_link_done(struct link *l)
{
    struct monitor *m = l->monitor;
    if (m == NULL) /* it was stopped meanwhile */
        return;
    if (l->chore_failed) {
        l->monitor = NULL;
        m->link = NULL;
        link_close(l, CLOSE_LINK_SIDE_DONE);
        on_trouble(m, MONITOR_REFUSED, l->chore_error.text);
        return;
    }
    set_state(m, MONITOR_ON, "");
    note_account_changes(m);
    if (m->stands) {
        link_set_state(l, LINK_WATCHING);
    } else {
        l->monitor = NULL;
        m->link = NULL;
        link_close(l, CLOSE_LINK_SIDE_DONE);
    }
    monitor_judge(m);
    arm(m, interval(m));
}

/* -------- when -------- */

static void close_link(struct monitor *m)
{
    struct link *l = m->link;
    m->link = NULL;
    if (l == NULL)
        return;
    l->monitor = NULL;
    link_close(l, CLOSE_LINK_SIDE_DONE);
}

static void on_timer(struct loop_timer *timer)
{
    struct monitor *m = container_of(timer, struct monitor, timer);
    if (interval(m) == 0) {
        close_link(m);
        monitor_forget(m);
        set_state(m, MONITOR_OFF, "");
    } else if (m->link == NULL) {
        begin_connecting(m);
    } else if (m->link->state == LINK_WATCHING) {
        begin_reading(m);
    }
}

/* Its account, or whether a place is kept for it, has changed. */
static bool is_outdated(struct monitor *m)
{
    const struct config_server *s = section_of(m);
    return m->link != NULL && m->link->state == LINK_WATCHING &&
           (account_of(m) != m->link->pool->user ||
            (s != NULL && monitor_keeps_place(m->home->config, s) != m->stands));
}

void monitors_configure(struct worker *w)
{
    struct pool_registry *r = w->proxy->registry;
    for (size_t i = 0; i < pool_registry_group_count(r); i++) {
        struct monitor *m = pool_registry_group_at(r, i)->monitor;
        m->home = w;
        m->timer.on_fire = on_timer;
        if (is_outdated(m))
            close_link(m);
        if (!w->draining)
            arm(m, 0);
    }
}

void monitor_stop(struct monitor *m, const struct worker *w)
{
    if (m->home != w)
        return;
    m->stopped = true;
    loop_timer_cancel(w->loop, &m->timer);
    close_link(m);
}
