/* SPDX-License-Identifier: Apache-2.0
 * What is slow, and what becomes of it. */
#include "session/slow_watch.h"

#include "base/check.h"
#include "mysql/sql_redact.h"
#include "session/request_record.h"
#include "session/slow_log.h"
#include "session/statement.h"

#include <stdlib.h>

/* Free texts that a worker keeps. */
#define KEEP_TEXTS 16

void slow_watch_configure(struct slow_watch *watch, const struct config *c)
{
    const struct global_settings *g = &c->global;
    bool log = g->slow_query_log;
    watch->threshold = g->long_query_time;
    watch->wait_threshold = log && g->log_slow_waits ? g->long_query_time : UINT64_MAX;
    watch->status =
        log && g->log_queries_not_using_indexes ? STATUS_NO_INDEX | STATUS_NO_GOOD_INDEX : 0;
    if (log && g->log_slow_on_server)
        watch->status |= STATUS_SLOW;
    watch->watches_all = g->digests == DIGESTS_ALL;
    watch->keeps_texts = log || g->digests != DIGESTS_OFF;
    digest_table_resize(watch->digests, g->digests == DIGESTS_OFF ? 0 : g->digests_size);
}

struct slow_watch *slow_watch_create(const struct config *c)
{
    struct slow_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->digests = digest_table_create(0);
    if (watch->digests == NULL) {
        free(watch);
        return NULL;
    }
    slab_init(&watch->long_texts, "statement", sizeof(struct slow_text), KEEP_TEXTS);
    slow_watch_configure(watch, c);
    return watch;
}

void slow_watch_destroy(struct slow_watch *watch)
{
    if (watch == NULL)
        return;
    slab_close(&watch->long_texts);
    digest_table_destroy(watch->digests);
    free(watch);
}

bool slow_watch_report(struct proxy *p, struct digest_report *out)
{
    struct digest_table **tables = calloc(p->worker_count, sizeof(struct digest_table *));
    if (tables == NULL)
        return false;
    for (unsigned i = 0; i < p->worker_count; i++)
        tables[i] = p->workers[i].slow_watch->digests;
    bool made = digest_report_make(out, tables, p->worker_count);
    free(tables);
    return made;
}

void slow_watch_reset_digests(struct proxy *p)
{
    for (unsigned i = 0; i < p->worker_count; i++)
        digest_table_reset(p->workers[i].slow_watch->digests);
}

/* -------- texts -------- */

void slow_watch_keep_text(struct client *c)
{
    struct slow_watch *watch = c->worker->slow_watch;
    const struct request_record *r = request_record_of(c);
    struct link *l = c->link;
    if (r->text_total <= RECORD_TEXT_MAX || !watch->keeps_texts || c->request.statement != NULL)
        return;
    struct bytes text = statement_payload(c);
    if (text.size < c->request.sql_at || l->kept_text != NULL)
        return;
    text = bytes_of(text.data + c->request.sql_at, text.size - c->request.sql_at);
    l->kept_text = slab_get_raw(&watch->long_texts);
    if (l->kept_text == NULL)
        return;
    l->kept_text->size = text.size < SLOW_TEXT_MAX ? text.size : SLOW_TEXT_MAX;
    memcpy(l->kept_text->bytes, text.data, l->kept_text->size);
}

static void forget_text(struct link *l)
{
    if (l->kept_text == NULL)
        return;
    slab_put(&l->client->worker->slow_watch->long_texts, l->kept_text);
    l->kept_text = NULL;
}

static bool is_statement(enum command command)
{
    return command == COMMAND_QUERY || command == COMMAND_STMT_PREPARE ||
           command == COMMAND_STMT_EXECUTE || command == COMMAND_STMT_BULK_EXECUTE ||
           command == COMMAND_STMT_FETCH;
}

/* Of a statement: preparing it and fetching its rows would make it count more than once. */
static bool executes(enum command command)
{
    return command == COMMAND_QUERY || command == COMMAND_STMT_EXECUTE ||
           command == COMMAND_STMT_BULK_EXECUTE;
}

/* What is known of the request's text. */
static struct bytes text_of(const struct client *c, const struct request_record *r)
{
    const struct statement *s = c->request.statement;
    if (!is_statement(c->request.command->command))
        return bytes_of(NULL, 0);
    if (c->link->kept_text != NULL)
        return bytes_of(c->link->kept_text->bytes, c->link->kept_text->size);
    if (s == NULL || !s->text->shared || s->text->size <= RECORD_TEXT_MAX)
        return bytes_of(r->text, r->text_size);
    struct bytes text = statement_text_sql(s->text);
    return bytes_of(text.data, text.size < SLOW_TEXT_MAX ? text.size : SLOW_TEXT_MAX);
}

/* -------- one statement -------- */

static void count_digest(struct client *c, const struct slow_facts *f, struct bytes text,
                         uint64_t total, bool slow)
{
    struct slow_watch *watch = c->worker->slow_watch;
    struct sql_mode mode = c->request.scan->mode;
    const struct reply_summary *s = f->summary;
    bool wants_sample;
    sql_digest_make(&watch->digest, mode, text, total > text.size);
    struct digest_event e = {
        .id = watch->digest.id,
        .schema = bytes_of_text(c->session->schema),
        .text = bytes_of(watch->digest.text, watch->digest.size),
        .time = f->time,
        .wait = f->wait,
        .wall = f->wall,
        .bytes_sent = f->bytes_sent,
        .rows_sent = s != NULL && s->result_set ? s->rows : 0,
        .rows_affected = s != NULL && !s->result_set ? s->affected_rows : 0,
        .error = s == NULL || s->error,
        .slow = slow,
        .no_index = (f->status & (STATUS_NO_INDEX | STATUS_NO_GOOD_INDEX)) != 0,
    };
    c->link->digest = digest_table_add(watch->digests, &e, &wants_sample);
    c->link->digest_at = loop_now(c->worker->loop);
    if (!wants_sample)
        return;
    if (text.size > DIGEST_SAMPLE_MAX)
        text.size = DIGEST_SAMPLE_MAX;
    digest_table_sample(watch->digests, c->link->digest,
                        sql_redact(mode, text, watch->redacted, DIGEST_SAMPLE_MAX), f->time);
}

static bool passes_rate(struct slow_watch *watch, unsigned limit)
{
    if (watch->to_skip > 0) {
        watch->to_skip--;
        return false;
    }
    watch->to_skip = limit - 1;
    return true;
}

static void take_note(struct client *c, const struct slow_facts *f)
{
    struct slow_watch *watch = c->worker->slow_watch;
    const struct global_settings *g = &c->worker->config->global;
    const struct request_record *r = request_record_of(c);
    usec_t own = c->session->long_query_time;
    bool slow = f->time >= (own != UINT64_MAX ? own : watch->threshold);
    bool logged = slow || f->wait >= watch->wait_threshold || (f->status & watch->status) != 0;
    struct bytes text = text_of(c, r);
    if (slow)
        counters_add(&c->worker->counters, COUNTER_slow_queries, 1);
    if (g->digests == DIGESTS_ALL || (g->digests == DIGESTS_SLOW && slow))
        if (text.size > 0 && executes(c->request.command->command))
            count_digest(c, f, text, r->text_total, slow);
    if (!logged || !g->slow_query_log || !passes_rate(watch, g->log_slow_rate_limit))
        return;
    bool cut = r->text_total > text.size;
    text = sql_redact(c->request.scan->mode, text, watch->redacted, sizeof watch->redacted);
    slow_log_put(c, f, text, cut ? r->text_total : text.size);
}

static void look(struct client *c, usec_t time, const struct reply_summary *summary)
{
    struct link *l = c->link;
    const struct request_record *r = request_record_of(c);
    struct slow_facts f = {
        .time = time,
        .wait = l->sent_at - r->begun_at,
        .wall = clock_wall(),
        .bytes_sent = c->stream.bytes_sent - l->sent_before,
        .summary = summary,
        .status = summary != NULL && summary->status_known ? summary->status : 0,
    };
    take_note(c, &f);
    forget_text(l);
}

void slow_watch_look(struct client *c, usec_t time)
{
    look(c, time, &c->link->reply.summary);
}

/* -------- what comes after it -------- */

void slow_watch_end_hold(struct link *l)
{
    struct worker *w = l->client->worker;
    if (!l->soft && !l->recalled)
        digest_table_add_link(w->slow_watch->digests, l->digest, loop_now(w->loop) - l->digest_at);
    l->digest = (struct digest_place){0};
}

void slow_watch_part(struct link *l)
{
    struct client *c = l->client;
    if (l->digest.epoch != 0)
        slow_watch_end_hold(l);
    if (l->sent_at == 0)
        return;
    usec_t time = loop_now(c->worker->loop) - l->sent_at;
    usec_t own = c->session->long_query_time;
    bool slow = time >= (own != UINT64_MAX ? own : c->worker->slow_watch->threshold);
    if (slow && request_record_of(c) != NULL)
        look(c, time, NULL);
    forget_text(l);
    l->sent_at = 0;
}
