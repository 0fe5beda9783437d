/* SPDX-License-Identifier: Apache-2.0
 * What the session knows of a statement, as an entry. */
#include "session/slow_log.h"

#include "base/log_file.h"
#include "mysql/slow_entry.h"
#include "session/client.h"
#include "session/slow_watch.h"
#include "session/user_store.h"

struct log_file *slow_log_create(void)
{
    return log_file_create("slow query log", "weir-slow");
}

void slow_log_configure(struct log_file *f, const struct config *c)
{
    const char *path = c->global.slow_query_log ? c->global.slow_query_log_file : "";
    if (!log_file_set_path(f, path))
        log_error("slow query log", "there is no thread to write it; nothing is logged");
}

void slow_log_flush(struct proxy *p)
{
    log_file_reopen(p->slow_log);
}

static void set_time(struct slow_entry *e, enum slow_entry_form form, uint64_t wall)
{
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm *filled = NULL;
    switch (form) {
    case SLOW_ENTRY_MYSQL:
        filled = gmtime_r(&seconds, &e->time);
        break;
    case SLOW_ENTRY_MARIADB:
        filled = localtime_r(&seconds, &e->time);
        break;
    }
    if (filled == NULL)
        e->time = (struct tm){.tm_mday = 1};
    e->wall = wall;
}

static void set_result(struct slow_entry *e, const struct slow_facts *f)
{
    e->no_index = (f->status & STATUS_NO_INDEX) != 0;
    e->no_good_index = (f->status & STATUS_NO_GOOD_INDEX) != 0;
    e->slow_on_server = (f->status & STATUS_SLOW) != 0;
    e->killed = f->summary == NULL || f->summary->error_code == ER_QUERY_INTERRUPTED;
    if (f->summary == NULL)
        return;
    e->error = f->summary->error ? f->summary->error_code : 0;
    e->rows_sent = f->summary->result_set ? f->summary->rows : 0;
    e->rows_affected = f->summary->result_set ? 0 : f->summary->affected_rows;
}

void slow_log_put(struct client *c, const struct slow_facts *f, struct bytes text, uint64_t total)
{
    const struct global_settings *g = &c->worker->config->global;
    struct slow_watch *watch = c->worker->slow_watch;
    char host[CLIENT_PEER_SIZE];
    client_host(c, host);
    struct slow_entry e = {
        .query_time = f->time,
        .wait_time = f->wait,
        .user = c->user != NULL ? c->user->name : "",
        .host = host,
        .schema = c->session->schema,
        .server = c->group->name,
        .client = c->id,
        .thread_id = c->link->thread_id,
        .link = c->link->id,
        .bytes_sent = f->bytes_sent,
        .rate = g->log_slow_rate_limit,
        .text = text,
        .text_total = total,
        .command = c->request.command->text,
    };
    enum slow_entry_form form =
        g->slow_log_format == SLOW_LOG_FORMAT_MARIADB ? SLOW_ENTRY_MARIADB : SLOW_ENTRY_MYSQL;
    set_time(&e, form, f->wall);
    set_result(&e, f);
    size_t size = slow_entry_format(form, &e, watch->entry, sizeof watch->entry);
    bool put = size > 0 && log_file_put(c->worker->proxy->slow_log, bytes_of(watch->entry, size));
    counters_add(&c->worker->counters, put ? COUNTER_slow_log_entries : COUNTER_slow_log_dropped,
                 1);
}
