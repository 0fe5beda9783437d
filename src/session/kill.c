/* SPDX-License-Identifier: Apache-2.0
 * KILL of an id that Weir gave out. The errand goes to the worker of the target, which says what
 * the target is doing, and back; when a statement runs on a server, a side connection with the
 * killer's own account sends the KILL with the server's thread id, so that the server judges the
 * killer's rights. The target keeps its link until the KILL is through, so that nobody else is hit.
 *
 * When nothing of the target runs, and it is another user's, the server judges as well: a stand-in,
 * a connection of the target's account, is killed in its place. */
#include "base/check.h"
#include "session/client.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another KILL has the side connection: look again after this, at most so often. */
#define SIDE_RETRY       (10 * USEC_PER_MSEC)
#define SIDE_RETRIES_MAX 1000

struct kill_job {
    struct mail mail;
    struct loop_timer retry;
    struct list_node waiting; /* home->kills, while the timer runs */
    unsigned retries;
    struct worker *home;   /* of the killer */
    struct client *killer; /* NULL when it has left; only touched at home */
    struct user *user;     /* the killer's, held */
    uint64_t target;       /* the id to be killed */
    bool query_only;
    bool request_sent; /* to the server, which did not know the id: nothing is in the buffer */
    /* what the target's worker found */
    bool found;
    bool allowed;       /* same user: no server needs to be asked */
    struct user *owner; /* the target's user, held, when it needs a stand-in; NULL */
    uint64_t stand_in;  /* that link, 0 none (yet) */
    uint32_t thread_id; /* on the server, 0: nothing runs there */
    uint64_t link_id;   /* its link, kept from changing hands; 0 none */
    struct server_group *group;
};

static void job_free(struct kill_job *job)
{
    user_let_go(job->user);
    user_let_go(job->owner);
    free(job);
}

static struct worker *worker_of_target(const struct kill_job *job)
{
    struct proxy *p = job->home->proxy;
    unsigned index = client_id_worker(job->target);
    return index < p->worker_count ? &p->workers[index] : NULL;
}

static void post(struct kill_job *job, struct worker *to, void (*deliver)(struct mail *mail))
{
    job->mail.deliver = deliver;
    mailbox_post(to->mailbox, &job->mail);
}

/* -------- at home again, with the end of it -------- */

static void finish(struct client *c, bool request_sent)
{
    if (request_sent)
        client_finish_answered(c);
    else
        client_finish_local(c);
    if (client_flush(c))
        client_advance(c);
}

/* The server speaks of its thread, the client has asked for another number. */
static void word_for_client(const struct kill_job *job, const char *text, char *out, size_t size)
{
    char number[16];
    int length = snprintf(number, sizeof number, "%u", job->thread_id);
    const char *at = job->thread_id != 0 ? strstr(text, number) : NULL;
    if (at == NULL)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s%llu%s", (int)(at - text), text, (unsigned long long)job->target,
                 at + length);
}

static void answer(struct kill_job *job, const struct open_error *error)
{
    char text[sizeof error->text + 16] = "";
    struct client *c = job->killer;
    if (c == NULL)
        return;
    if (error != NULL)
        word_for_client(job, error->text, text, sizeof text);
    c->kill = NULL;
    job->killer = NULL;
    if (error == NULL)
        client_answer_ok(c);
    else if (error->code == ER_NO_SUCH_THREAD)
        client_answer_mysql_error(c, ER_NO_SUCH_THREAD, (unsigned long long)job->target);
    else
        client_answer_error(c, error->code, error->sqlstate, bytes_of_text(text));
    finish(c, job->request_sent);
}

/* At the target's worker: its link may change hands again. */
static void on_released(struct mail *mail)
{
    struct kill_job *job = container_of(mail, struct kill_job, mail);
    struct worker *w = worker_of_target(job);
    struct link *l = hashmap_u64_get(&w->links_by_id, job->link_id);
    bool query_only = job->query_only;
    job_free(job);
    if (l == NULL || l->kills_pending == 0)
        return;
    struct client *c = l->client;
    l->kills_pending--;
    bool awaited = l->awaits_kill;
    l->awaits_kill = false;
    if (l->client != NULL && !query_only)
        l->client->kills_of_connection--;
    if (l->client != NULL && l->client->state == CLIENT_IDLE && !l->soft &&
        l->purpose == PURPOSE_NONE)
        lease_after_request(l->client);
    if (c != NULL && awaited)
        client_advance(c); /* its next request may lie there, read or not */
}

static void dismiss_stand_in(struct kill_job *job)
{
    struct link *l = hashmap_u64_get(&job->home->links_by_id, job->stand_in);
    if (job->stand_in != 0 && l != NULL)
        link_close(l, CLOSE_LINK_SIDE_DONE);
    job->stand_in = 0;
}

static void end_job(struct kill_job *job, const struct open_error *error)
{
    dismiss_stand_in(job);
    loop_timer_cancel(job->home->loop, &job->retry);
    answer(job, error);
    if (job->link_id != 0)
        post(job, worker_of_target(job), on_released);
    else
        job_free(job);
}

/* At the target's worker: nothing of the target runs on a server. */
static void kill_here(struct client *target, bool query_only)
{
    if (!query_only) {
        client_close(target, CLOSE_KILLED);
    } else if (target->state == CLIENT_WAITING && target->link == NULL) {
        const struct mysql_error_row *row = mysql_error_find(ER_QUERY_INTERRUPTED);
        registry_cancel(target);
        client_fail_request(target, ER_QUERY_INTERRUPTED, row->sqlstate, bytes_of_text(row->text));
    }
}

static bool is_running(const struct client *c)
{
    return c->link != NULL &&
           (c->state == CLIENT_REQUEST || c->state == CLIENT_REPLY || c->state == CLIENT_INFILE);
}

/* -------- the server has let the killer kill a stand-in -------- */

static void on_executed(struct mail *mail)
{
    end_job(container_of(mail, struct kill_job, mail), NULL);
}

static void on_allowed(struct mail *mail)
{
    struct kill_job *job = container_of(mail, struct kill_job, mail);
    struct client *target = hashmap_u64_get(&worker_of_target(job)->clients_by_id, job->target);
    if (target != NULL && !job->query_only) /* what runs by now was not meant */
        kill_here(target, false);
    post(job, job->home, on_executed);
}

static void execute(struct kill_job *job)
{
    dismiss_stand_in(job);
    post(job, worker_of_target(job), on_allowed);
}

/* -------- the side connection -------- */

static void open_side(struct kill_job *job)
{
    struct open_error error = {.code = ER_UNKNOWN_ERROR, .sqlstate = "HY000"};
    bool as_owner = job->owner != NULL && job->stand_in == 0;
    if (!server_group_take_side(job->group, job->stand_in != 0)) {
        if (++job->retries <= SIDE_RETRIES_MAX) {
            list_push_back(&job->home->kills, &job->waiting);
            loop_timer_set(job->home->loop, &job->retry, SIDE_RETRY);
            return;
        }
        snprintf(error.text, sizeof error.text, "other KILL statements are under way; try again");
        end_job(job, &error);
        return;
    }
    if (link_open_side(job->home, job->group, as_owner ? job->owner : job->user, job))
        return;
    server_group_end_side(job->group);
    snprintf(error.text, sizeof error.text, "out of memory");
    end_job(job, &error);
}

static void on_retry(struct loop_timer *timer)
{
    struct kill_job *job = container_of(timer, struct kill_job, retry);
    list_remove(&job->home->kills, &job->waiting);
    open_side(job);
}

void kill_forget_waiting(struct worker *w)
{
    for (size_t left = w->kills.count; left > 0; left--) {
        struct kill_job *job = container_of(list_pop_front(&w->kills), struct kill_job, waiting);
        loop_timer_cancel(w->loop, &job->retry);
        job_free(job);
    }
}

/* It waits for what the server makes of it. */
static void take_stand_in(struct link *l)
{
    struct kill_job *job = l->kill;
    l->kill = NULL;
    job->stand_in = l->id;
    job->thread_id = l->thread_id;
    link_set_state(l, LINK_WATCHING);
    open_side(job);
}

void kill_side_open(struct link *l)
{
    char text[64];
    if (l->kill->thread_id == 0) {
        take_stand_in(l);
        return;
    }
    snprintf(text, sizeof text, "KILL %s %u", l->kill->query_only ? "QUERY" : "CONNECTION",
             l->kill->thread_id);
    link_chores_begin(l, PURPOSE_KILL);
    link_chore_add(l, CHORE_KILL, COMMAND_QUERY, bytes_of_text(text));
    link_chores_send(l);
}

void kill_side_done(struct link *l, const struct open_error *error)
{
    static const struct open_error unknown = {.code = ER_NO_SUCH_THREAD, .sqlstate = "HY000"};
    struct kill_job *job = l->kill;
    l->kill = NULL;
    if (job == NULL)
        return;
    if (job->thread_id == 0) /* the stand-in's login has failed: nobody can tell */
        end_job(job, &unknown);
    else if (job->stand_in != 0 && error == NULL)
        execute(job);
    else
        end_job(job, error);
}

/* -------- there and back -------- */

static void on_found(struct mail *mail)
{
    struct kill_job *job = container_of(mail, struct kill_job, mail);
    struct open_error unknown = {.code = ER_NO_SUCH_THREAD, .sqlstate = "HY000"};
    bool has_stand_in =
        job->owner != NULL && server_group_has_room(job->group, loop_now(job->home->loop));
    if (job->thread_id != 0 || has_stand_in)
        open_side(job);
    else
        end_job(job, job->allowed ? NULL : &unknown);
}

static void on_asked(struct mail *mail)
{
    struct kill_job *job = container_of(mail, struct kill_job, mail);
    struct worker *w = worker_of_target(job);
    struct client *target = hashmap_u64_get(&w->clients_by_id, job->target);
    if (target != NULL && target->logged_in) {
        job->found = true;
        job->allowed = target->user == job->user;
        job->group = target->group;
        if (is_running(target)) {
            job->thread_id = target->link->thread_id;
            job->link_id = target->link->id;
            target->link->kills_pending++;
            target->kills_of_connection += job->query_only ? 0 : 1;
        } else if (job->allowed) {
            kill_here(target, job->query_only);
        } else if (!user_is_relayed(target->user)) {
            job->owner = user_hold(target->user);
        }
    }
    post(job, job->home, on_found);
}

/* One's own statement is this one. A client that kills its connection is told so. */
static void kill_self(struct client *c, bool query_only, bool request_sent)
{
    enum mysql_error code =
        c->facts->server.mariadb && !query_only ? ER_CONNECTION_KILLED : ER_QUERY_INTERRUPTED;
    client_answer_mysql_error(c, code);
    if (!query_only) {
        client_close(c, CLOSE_KILLED);
        return;
    }
    finish(c, request_sent);
}

static void begin(struct client *c, uint64_t id, bool query_only, bool request_sent)
{
    if (id == c->id) {
        kill_self(c, query_only, request_sent);
        return;
    }
    counters_add(&c->worker->counters, COUNTER_kills, 1);
    struct kill_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        client_close(c, CLOSE_NO_MEMORY);
        return;
    }
    job->home = c->worker;
    job->killer = c;
    job->user = user_hold(c->user);
    job->target = id;
    job->query_only = query_only;
    job->request_sent = request_sent;
    job->retry.on_fire = on_retry;
    client_set_state(c, CLIENT_KILLING);
    c->kill = job;
    struct worker *target = worker_of_target(job);
    if (target != NULL) {
        post(job, target, on_asked);
        return;
    }
    struct open_error unknown = {.code = ER_NO_SUCH_THREAD, .sqlstate = "HY000"};
    end_job(job, &unknown);
}

void kill_begin(struct client *c, uint64_t id, bool query_only)
{
    begin(c, id, query_only, false);
}

/* The number at the end of "Unknown thread id: 2147483649", 0 when there is none. */
static uint64_t id_of_error(struct bytes message)
{
    uint64_t id = 0;
    uint64_t power = 1;
    for (size_t i = message.size; i > 0 && power <= UINT32_MAX; i--, power *= 10) {
        uint8_t digit = (uint8_t)(message.data[i - 1] - '0');
        if (digit > 9)
            break;
        id += digit * power;
    }
    return id;
}

bool kill_takes_over(struct link *l, struct bytes reply)
{
    struct client *c = l->client;
    const struct request *r = &c->request;
    struct err_packet err;
    bool is_kill = r->scanned && r->scan->verb == SQL_VERB_KILL && r->scan->statements == 1;
    if (!is_kill || l->reply.summary.parts != 1 || reply.size <= FRAME_HEADER_SIZE ||
        !err_packet_decode(bytes_of(reply.data + FRAME_HEADER_SIZE, reply.size - FRAME_HEADER_SIZE),
                           &err))
        return false;
    uint64_t id = id_of_error(err.message);
    if (!client_id_is_ours(id))
        return false;
    learn_reply(c, &l->reply.summary);
    residue_set_diagnostics(&c->residue, DIAGNOSTICS_EMPTY);
    l->residue_true &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    begin(c, id, r->scan->kill_kind == SQL_KILL_QUERY, true);
    return true;
}

/* A KILL that no client waits for, with the account of the link itself. */
static struct kill_job *job_about(struct link *l)
{
    struct kill_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->home = l->worker;
    job->user = user_hold(l->pool->user);
    job->group = l->pool->group;
    job->thread_id = l->thread_id;
    job->retry.on_fire = on_retry;
    return job;
}

void kill_running(struct link *l)
{
    struct kill_job *job = job_about(l);
    if (job != NULL)
        open_side(job);
}

/* The link is kept until the KILL is through, so that nobody else is hit. */
static bool interrupt(struct client *target)
{
    struct kill_job *job = job_about(target->link);
    if (job == NULL)
        return false;
    job->target = target->id;
    job->query_only = true;
    job->link_id = target->link->id;
    target->link->kills_pending++;
    open_side(job);
    return true;
}

void kill_overdue(struct client *c)
{
    struct link *l = c->link;
    bool awaits = l->awaits_kill;
    l->awaits_kill = true; /* before: the end of the job takes it back */
    if (!awaits && !interrupt(c))
        l->awaits_kill = false;
}

bool kill_by_order(struct worker *w, uint64_t id, bool query_only)
{
    struct client *target = hashmap_u64_get(&w->clients_by_id, id);
    if (target == NULL)
        return false;
    counters_add(&w->counters, COUNTER_kills, 1);
    if (query_only && is_running(target))
        (void)!interrupt(target);
    else
        kill_here(target, query_only);
    return true;
}

void kill_abandon(struct kill_job *job)
{
    job->killer = NULL;
}
