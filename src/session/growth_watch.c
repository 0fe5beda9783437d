/* SPDX-License-Identifier: Apache-2.0
 * The walk over the clients of all workers, and the groups of applications that are remembered from
 * one walk to the next. */
#include "session/growth_watch.h"

#include "base/text.h"
#include "session/admission.h"
#include "session/client_attributes.h"
#include "session/growth_census.h"
#include "session/leak_book.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>

/* Clients in a turn of the loop: less than a tenth of a millisecond. */
#define CLIENTS_PER_TURN 128

/* What one worker counts. */
struct growth_part {
    struct mail mail;
    struct loop_task task;
    struct worker *worker;
    struct growth_watch *watch;
    struct list_node *next; /* NULL: no more */
    struct growth_census census;
};

/* An application that was there at the last walk. */
struct growth_group {
    uint64_t hash;
    uint64_t walk; /* number of the last walk that met it */
    struct growth growth;
    struct growth_key key;
    uint64_t leak; /* number of its case in the book of leaks, 0 none */
};

/* Of the first worker alone; the parts are their workers' while they are counting. */
struct growth_watch {
    struct worker *home;
    struct loop_timer timer;
    usec_t window; /* in force, 0 none */
    bool stopped;
    unsigned unanswered;
    uint64_t walks;
    usec_t sampled_at[GROWTH_SCALES]; /* 0 not yet */
    bool due[GROWTH_SCALES];          /* by the walk under way */
    usec_t began_at;
    struct growth_census sums;
    struct growth_group *groups; /* GROWTH_GROUPS_MAX of them */
    size_t group_count;
    unsigned part_count;
    struct growth_part parts[];
};

static void on_timer(struct loop_timer *timer);

struct growth_watch *growth_watch_create(struct proxy *p)
{
    struct growth_watch *g = calloc(1, sizeof *g + p->worker_count * sizeof g->parts[0]);
    if (g == NULL)
        return NULL;
    g->groups = calloc(GROWTH_GROUPS_MAX, sizeof *g->groups);
    if (g->groups == NULL) {
        free(g);
        return NULL;
    }
    g->timer.on_fire = on_timer;
    g->part_count = p->worker_count;
    for (unsigned i = 0; i < g->part_count; i++) {
        g->parts[i].worker = &p->workers[i];
        g->parts[i].watch = g;
    }
    return g;
}

void growth_watch_destroy(struct growth_watch *g)
{
    if (g == NULL)
        return;
    for (unsigned i = 0; i < g->part_count; i++)
        growth_census_fini(&g->parts[i].census);
    growth_census_fini(&g->sums);
    free(g->groups);
    free(g);
}

/* -------- a worker counts -------- */

static void copy(char *out, size_t size, struct bytes text)
{
    (void)!text_copy(out, size, bytes_of(text.data, text.size < size ? text.size : size - 1));
}

static void count(struct growth_part *p, const struct client *c)
{
    struct growth_key key;
    char host[CLIENT_PEER_SIZE];
    usec_t now = loop_now(p->worker->loop);
    bool idle = c->state == CLIENT_IDLE && now > c->state_since;
    if (!c->logged_in)
        return;
    client_host(c, host);
    copy(key.user, sizeof key.user, bytes_of_text(c->user->name));
    copy(key.host, sizeof key.host, bytes_of_text(host));
    copy(key.program, sizeof key.program, client_attribute(c, "program_name"));
    copy(key.pid, sizeof key.pid, client_attribute(c, "_pid"));
    growth_census_add(&p->census, &key, idle ? now - c->state_since : 0);
}

static void on_counted(struct mail *mail);

static void on_turn(struct loop_task *task)
{
    struct growth_part *p = container_of(task, struct growth_part, task);
    if (p->watch->stopped)
        return;
    for (unsigned i = 0; i < CLIENTS_PER_TURN && p->next != NULL; i++) {
        const struct client *c = container_of(p->next, struct client, node);
        p->next = list_next(&p->worker->clients, p->next);
        count(p, c);
    }
    if (p->next != NULL) {
        loop_defer(p->worker->loop, &p->task);
        return;
    }
    p->mail.deliver = on_counted;
    mailbox_post(p->watch->home->mailbox, &p->mail);
}

static void on_asked(struct mail *mail)
{
    struct growth_part *p = container_of(mail, struct growth_part, mail);
    if (p->watch->stopped)
        return;
    p->task.run = on_turn;
    p->next = list_first(&p->worker->clients);
    loop_defer(p->worker->loop, &p->task);
}

void growth_client_goes(struct client *c)
{
    struct worker *w = c->worker;
    struct growth_watch *g = w->proxy->growth;
    struct growth_part *p = &g->parts[w->index];
    if (p->next == &c->node)
        p->next = list_next(&w->clients, &c->node);
}

/* -------- the words -------- */

static void say_time(usec_t seconds, char *text, size_t size)
{
    if (seconds < 120)
        snprintf(text, size, "%u s", (unsigned)seconds);
    else if (seconds < 7200)
        snprintf(text, size, "%u min", (unsigned)(seconds / 60));
    else
        snprintf(text, size, "%llu h %u min", (unsigned long long)(seconds / 3600),
                 (unsigned)(seconds / 60 % 60));
}

static void say_why(const struct growth_watch *g, const struct growth_evidence *e, char *text,
                    size_t size)
{
    const struct proxy *p = g->home->proxy;
    unsigned ceiling = admission_ceiling(p);
    unsigned admitted = atomic_load(&p->admitted);
    char left[32];
    char window[32];
    say_time(growth_time_left(e, ceiling > admitted ? ceiling - admitted : 0), left, sizeof left);
    say_time(e->window / USEC_PER_SEC, window, sizeof window);
    snprintf(text, size,
             "opens connections and does not use them again: %u, then %u after %d times %s, %u of "
             "them silent; %u more an hour, max_connections is reached in %s",
             e->from, e->to, GROWTH_WINDOWS, window, e->silent, e->per_hour, left);
}

static void say_remedy(const struct growth_key *key, char *text, size_t size)
{
    snprintf(
        text, size,
        "Close each connection in the application, on every path, or have its pool give it out "
        "again. Until then: SET GLOBAL user.%s.wait_timeout = 300 closes those that come from "
        "now on when they are idle, SET GLOBAL user.%s.max_user_connections keeps places for "
        "others, KILL ends one",
        key->user, key->user);
}

/* -------- what is found -------- */

static struct leak describe(const struct growth_watch *g, const struct growth_group *group)
{
    struct growth_evidence e = growth_evidence(&group->growth);
    usec_t now = clock_now();
    usec_t ago = loop_now(g->home->loop) - e.since;
    struct leak leak = {
        .kind = LEAK_OF_CONNECTIONS,
        .since = now - ago,
        .wall = clock_wall() - ago,
        .action = "reported",
    };
    copy(leak.user, sizeof leak.user, bytes_of_text(group->key.user));
    copy(leak.host, sizeof leak.host, bytes_of_text(group->key.host));
    copy(leak.program, sizeof leak.program, bytes_of_text(group->key.program));
    copy(leak.pid, sizeof leak.pid, bytes_of_text(group->key.pid));
    say_why(g, &e, leak.why, sizeof leak.why);
    say_remedy(&group->key, leak.remedy, sizeof leak.remedy);
    return leak;
}

static void begins(struct growth_watch *g, struct growth_group *group)
{
    struct leak leak = describe(g, group);
    char who[160];
    snprintf(who, sizeof who, "%s@%s", leak.user, leak.host);
    counters_add(&g->home->counters, COUNTER_growths, 1);
    group->leak = leak_book_add(g->home->proxy->leaks, &leak);
    log_warning(who, "program '%s', pid %s: it %s. %s", leak.program,
                leak.pid[0] != '\0' ? leak.pid : "of several processes, or unknown", leak.why,
                leak.remedy);
}

static void goes_on(struct growth_watch *g, const struct growth_group *group)
{
    struct growth_evidence e = growth_evidence(&group->growth);
    char why[sizeof((struct leak *)NULL)->why];
    say_why(g, &e, why, sizeof why);
    leak_book_update(g->home->proxy->leaks, group->leak, why);
}

static void ends(struct growth_watch *g, struct growth_group *group)
{
    if (group->leak != 0)
        leak_book_end(g->home->proxy->leaks, group->leak, LEAK_RELEASED, clock_now());
    group->leak = 0;
}

/* One of its processes was reported: that says more than the group of all of them. */
static bool is_known_by_process(const struct growth_watch *g, const struct growth_key *key)
{
    if (key->pid[0] != '\0')
        return false;
    for (size_t i = 0; i < g->group_count; i++) {
        const struct growth_group *other = &g->groups[i];
        if (other->leak != 0 && other->key.pid[0] != '\0' &&
            strcmp(other->key.user, key->user) == 0 && strcmp(other->key.host, key->host) == 0 &&
            strcmp(other->key.program, key->program) == 0)
            return true;
    }
    return false;
}

static void obey(struct growth_watch *g, struct growth_group *group, enum growth_verdict verdict)
{
    switch (verdict) {
    case GROWTH_NONE:
        break;
    case GROWTH_BEGINS:
    case GROWTH_GOES_ON:
        if (is_known_by_process(g, &group->key))
            ends(g, group);
        else if (group->leak == 0)
            begins(g, group);
        else
            goes_on(g, group);
        break;
    case GROWTH_ENDS:
        ends(g, group);
        break;
    }
}

/* -------- the first worker judges -------- */

static struct growth_group *group_of(struct growth_watch *g, const struct growth_count *n)
{
    for (size_t i = 0; i < g->group_count; i++)
        if (g->groups[i].hash == n->hash)
            return &g->groups[i];
    if (g->group_count == GROWTH_GROUPS_MAX)
        return NULL;
    struct growth_group *group = &g->groups[g->group_count++];
    *group = (struct growth_group){.hash = n->hash, .key = n->key};
    return group;
}

static void judge(struct growth_watch *g, const struct growth_count *n)
{
    struct growth_group *group = group_of(g, n);
    if (group == NULL)
        return;
    group->walk = g->walks;
    for (unsigned i = 0; i < GROWTH_SCALES; i++) {
        if (!g->due[i])
            continue;
        struct growth_sample sample = {g->began_at, n->open, n->silent[i], n->remained[i]};
        obey(g, group, growth_add(&group->growth, i, sample));
    }
}

static void judge_all(struct growth_watch *g, bool processes)
{
    for (size_t i = 0; i < g->sums.count; i++)
        if ((g->sums.counts[i].key.pid[0] != '\0') == processes)
            judge(g, &g->sums.counts[i]);
}

/* Those that have left for good. */
static void forget_absent(struct growth_watch *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->group_count; i++) {
        if (g->groups[i].walk == g->walks)
            g->groups[kept++] = g->groups[i];
        else
            ends(g, &g->groups[i]);
    }
    g->group_count = kept;
}

static void on_counted(struct mail *mail)
{
    struct growth_part *part = container_of(mail, struct growth_part, mail);
    struct growth_watch *g = part->watch;
    if (--g->unanswered > 0)
        return;
    growth_census_begin(&g->sums, &g->sums.limits);
    for (unsigned i = 0; i < g->part_count; i++)
        growth_census_join(&g->sums, &g->parts[i].census);
    judge_all(g, true);
    judge_all(g, false);
    forget_absent(g);
    for (unsigned i = 0; i < GROWTH_SCALES; i++)
        if (g->due[i])
            g->sampled_at[i] = g->began_at;
}

/* -------- when -------- */

static void begin_walk(struct growth_watch *g)
{
    struct growth_limits limits;
    usec_t window = g->window;
    uint64_t every = 1;
    g->began_at = loop_now(g->home->loop);
    g->walks++;
    for (unsigned i = 0; i < GROWTH_SCALES; i++) {
        g->due[i] = g->walks % every == 0;
        limits.silent[i] = window;
        limits.remained[i] = window + (g->began_at - g->sampled_at[i]);
        every *= GROWTH_SCALE_FACTOR;
        window *= GROWTH_SCALE_FACTOR;
    }
    g->unanswered = g->part_count;
    for (unsigned i = 0; i < g->part_count; i++) {
        growth_census_begin(&g->parts[i].census, &limits);
        g->parts[i].mail.deliver = on_asked;
        mailbox_post(g->parts[i].worker->mailbox, &g->parts[i].mail);
    }
}

static void on_timer(struct loop_timer *timer)
{
    struct growth_watch *g = container_of(timer, struct growth_watch, timer);
    if (g->window == 0 || g->stopped)
        return;
    loop_timer_set(g->home->loop, &g->timer, g->window);
    if (g->unanswered == 0)
        begin_walk(g);
}

static void forget_all(struct growth_watch *g)
{
    for (size_t i = 0; i < g->group_count; i++)
        ends(g, &g->groups[i]);
    g->group_count = 0;
}

void growth_watch_configure(struct worker *w)
{
    struct growth_watch *g = w->proxy->growth;
    usec_t window = w->config->global.growth_window;
    if (g->home == NULL)
        g->home = w;
    if (window == g->window)
        return;
    g->window = window;
    forget_all(g);
    loop_timer_cancel(w->loop, &g->timer);
    if (window != 0 && !g->stopped)
        loop_timer_set(w->loop, &g->timer, window);
}

void growth_watch_stop(struct worker *w)
{
    struct growth_watch *g = w->proxy->growth;
    if (g == NULL)
        return;
    loop_task_cancel(w->loop, &g->parts[w->index].task);
    if (g->home != w)
        return;
    g->stopped = true;
    loop_timer_cancel(w->loop, &g->timer);
}
