/* SPDX-License-Identifier: Apache-2.0
 * Reading a catalogue: when, over a side link, and what is asked. */
#include "base/check.h"
#include "mysql/lenenc.h"
#include "session/catalogue_reader.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another errand has the side connection: look again after this. */
#define SIDE_RETRY (2 * USEC_PER_MSEC)
/* A reading takes at most about one part in this many of the time, unless somebody waits. */
#define REST_FACTOR 4
/* A failed reading is tried again after this at the earliest. */
#define FAILURE_PAUSE USEC_PER_SEC
/* Readings that nobody has made use of, before they end. */
#define UNUSED_MAX 10
/* Receives per turn of the loop. */
#define TURNS 16

/* Kind, name, body (NULL: hidden, or not in SQL), sql_mode. CAST: as the server keeps it, whatever
 * the character set of the link. The schema sys, which few sessions touch, has much of what leaves
 * traces: naming it is enough to count as unknown code (CATALOGUE_UNKNOWN_SCHEMA). Names and
 * columns as in every version from MySQL 5.7 and MariaDB 10.2 on. */
static const char *const queries[] = {
    "SELECT routine_type,CAST(routine_name AS BINARY),"
    "IF(routine_body='SQL',CAST(routine_definition AS BINARY),NULL),sql_mode "
    "FROM information_schema.routines WHERE routine_type<>'PACKAGE' AND routine_schema<>'sys' "
    "LIMIT 100001",
    "SELECT 'VIEW',CAST(table_name AS BINARY),"
    "CAST(NULLIF(view_definition,'') AS BINARY),'' "
    "FROM information_schema.views WHERE table_schema<>'sys' LIMIT 100001",
    "SELECT 'TRIGGER',CAST(event_object_table AS BINARY),"
    "CAST(NULLIF(action_statement,'') AS BINARY),sql_mode "
    "FROM information_schema.triggers WHERE event_object_schema<>'sys' LIMIT 100001",
};

static const char *who(const struct catalogue_reader *r)
{
    static _Thread_local char text[160];
    snprintf(text, sizeof text, "catalogue of %.60s for %.60s", r->group->name, r->user->name);
    return text;
}

static usec_t interval(const struct catalogue_reader *r)
{
    usec_t wanted = r->home->config->global.catalogue_refresh;
    usec_t least = r->reading.took * 100;
    return wanted > least ? wanted : least;
}

static void arm(struct catalogue_reader *r, usec_t due)
{
    usec_t now = loop_now(r->home->loop);
    r->reading.due = due;
    loop_timer_set(r->home->loop, &r->reading.timer, due > now ? due - now : 0);
}

/* -------- the end of a reading -------- */

static void plan_next(struct catalogue_reader *r, bool failed)
{
    usec_t now = loop_now(r->home->loop);
    if (r->home->draining || r->home->config->global.catalogue_refresh == 0)
        return;
    usec_t due = now + interval(r);
    bool known = atomic_load(&r->state) == CATALOGUE_LOADED;
    if (failed && !known && due > now + 10 * FAILURE_PAUSE)
        due = now + 10 * FAILURE_PAUSE;
    if (!failed && atomic_load(&r->stale))
        due = now + (atomic_load(&r->waiting) > 0 ? 0 : REST_FACTOR * r->reading.took);
    arm(r, due);
}

static void end_reading(struct catalogue_reader *r)
{
    r->reading.ended_at = loop_now(r->home->loop);
    r->reading.took = r->reading.ended_at - r->reading.began_at;
    if (r->reading.builder != NULL)
        catalogue_build_abandon(r->reading.builder);
    r->reading.builder = NULL;
    r->reading.link = NULL;
}

static void fail(struct catalogue_reader *r, const char *text)
{
    end_reading(r);
    if (strncmp(r->reading.told, text, sizeof r->reading.told - 1) != 0) {
        snprintf(r->reading.told, sizeof r->reading.told, "%s", text);
        log_warning(who(r),
                    "views, triggers and routines could not be read: %s. Clients that call "
                    "routines keep their links, and what views and triggers leave in a session "
                    "is not noticed. Give the account SHOW VIEW, TRIGGER and EXECUTE, or name "
                    "one that has them in catalogue_user",
                    text);
    }
    catalogue_publish(r, NULL, false);
    plan_next(r, true);
}

static void tell_of_hidden(struct catalogue_reader *r, size_t hidden)
{
    if (hidden == 0 || r->reading.told_of_hidden)
        return;
    r->reading.told_of_hidden = true;
    log_note(who(r),
             "views, triggers and routines that do not show their definition to this account: %zu. "
             "Who uses one keeps his link. Grant it SHOW VIEW and, on mysql.proc, SELECT (MySQL: "
             "SHOW_ROUTINE), or name an account that may see them in catalogue_user",
             hidden);
}

static void succeed(struct catalogue_reader *r)
{
    struct catalogue_builder *b = r->reading.builder;
    size_t count = catalogue_build_count(b) - 1;
    struct catalogue *fresh = NULL;
    tell_of_hidden(r, catalogue_build_hidden(b) - 1); /* without the schema sys */
    pthread_mutex_lock(&r->lock);
    bool same = r->shared.base != NULL && r->shared.base->digest == catalogue_build_digest(b);
    pthread_mutex_unlock(&r->lock);
    if (!same) {
        fresh = catalogue_build_end(b);
        r->reading.builder = NULL;
        if (fresh == NULL) {
            fail(r, "out of memory, or they mention each other in longer chains than 64");
            return;
        }
    }
    end_reading(r);
    log_debug(who(r), "views, triggers and routines read: %zu in %llu us%s", count,
              (unsigned long long)r->reading.took, same ? ": as before" : "");
    r->reading.told[0] = '\0';
    catalogue_publish(r, fresh, true);
    plan_next(r, false);
}

/* The link is done for, with all that was read. */
static void give_up(struct link *l, const char *text)
{
    struct catalogue_reader *r = l->reader;
    l->reader = NULL;
    fail(r, text);
    link_close(l, CLOSE_LINK_SIDE_DONE);
}

void catalogue_link_failed(struct link *l, const struct open_error *error)
{
    struct catalogue_reader *r = l->reader;
    l->reader = NULL;
    fail(r, error->text);
}

/* -------- replies -------- */

static bool read_cell(struct reader *from, struct bytes *cell)
{
    if (from->left > 0 && from->data[0] == 0xfb) {
        *cell = bytes_of(NULL, 0);
        return reader_skip(from, 1);
    }
    return lenenc_read_text(from, cell);
}

static bool kind_of(struct bytes text, enum catalogue_kind *kind)
{
    static const struct {
        const char *text;
        enum catalogue_kind kind;
    } kinds[] = {
        {"VIEW", CATALOGUE_VIEW},
        {"TRIGGER", CATALOGUE_TRIGGER},
        {"FUNCTION", CATALOGUE_FUNCTION},
        {"PROCEDURE", CATALOGUE_PROCEDURE},
        {"PACKAGE BODY", CATALOGUE_PACKAGE},
    };
    for (size_t i = 0; i < countof(kinds); i++) {
        if (bytes_equal_text(text, kinds[i].text)) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* False: more than a catalogue may hold, or not a row. Kinds that are no SQL code (MySQL's
 * libraries) are passed over. */
static bool on_row(struct catalogue_reader *r, struct bytes payload)
{
    struct reader from = reader_over(payload);
    struct bytes cells[4];
    enum catalogue_kind kind;
    for (size_t i = 0; i < countof(cells); i++)
        if (!read_cell(&from, &cells[i]))
            return false;
    return !kind_of(cells[0], &kind) ||
           catalogue_build_add(r->reading.builder, kind, cells[1], cells[2], cells[3]);
}

enum verdict { GO_ON, DONE, OVER };

/* OVER: the link is given up. */
static enum verdict on_packet(struct link *l, struct bytes payload)
{
    struct catalogue_reader *r = l->reader;
    if (payload.size > 0 && payload.data[0] == 0xff) {
        struct err_packet err = {0};
        char text[300] = "the server refused";
        if (err_packet_decode(payload, &err))
            snprintf(text, sizeof text, "%.*s", (int)err.message.size,
                     (const char *)err.message.data);
        give_up(l, text);
        return OVER;
    }
    if (r->reading.in_rows && payload.size > 0 && payload.data[0] == 0xfe && payload.size < 9) {
        r->reading.in_rows = false;
        return ++r->reading.query == countof(queries) ? DONE : GO_ON;
    }
    if (r->reading.in_rows) {
        if (on_row(r, payload))
            return GO_ON;
        give_up(l, "they are more than Weir keeps (100,000 objects)");
        return OVER;
    }
    if (r->reading.definitions_left > 0) {
        r->reading.in_rows = --r->reading.definitions_left == 0;
        return GO_ON;
    }
    struct reader from = reader_over(payload);
    if (lenenc_read(&from, &r->reading.definitions_left) && r->reading.definitions_left == 4)
        return GO_ON;
    give_up(l, "the server's answer was none to the question");
    return OVER;
}

/* All whole packets that are there. */
static enum verdict take_packets(struct link *l)
{
    while (l->stream.in != NULL) {
        struct frame_header header;
        struct bytes payload;
        struct buffer *b = l->stream.in;
        enum frame_result f =
            frame_peek(buffer_unparsed(b), FRAME_PAYLOAD_MAX - 1, &header, &payload);
        if (f == FRAME_TOO_LARGE) {
            give_up(l, "one of them is larger than 16 MiB");
            return OVER;
        }
        if (f == FRAME_NEED_MORE) {
            struct bytes in = buffer_unparsed(b);
            size_t size = in.size < FRAME_HEADER_SIZE
                              ? FRAME_HEADER_SIZE
                              : FRAME_HEADER_SIZE + (size_t)frame_header_read(in.data).size;
            if (stream_hold(&l->stream, size))
                return GO_ON;
            give_up(l, "out of memory");
            return OVER;
        }
        enum verdict v = on_packet(l, payload);
        if (v == OVER)
            return OVER;
        b->parsed += FRAME_HEADER_SIZE + payload.size;
        b->sent = b->parsed;
        stream_trim(&l->stream);
        if (v == DONE)
            return DONE;
    }
    return GO_ON;
}

void catalogue_link_continue(struct link *l)
{
    if (l->stream.out != NULL && l->stream.io.writable &&
        stream_send(&l->stream, NULL) == STREAM_FAILED) {
        give_up(l, "the link broke");
        return;
    }
    for (int turn = 0; turn < TURNS; turn++) {
        switch (stream_fill(&l->stream)) {
        case STREAM_OK:
        case STREAM_FULL:
            break;
        case STREAM_AGAIN:
            return;
        case STREAM_EOF:
        case STREAM_FAILED:
            give_up(l, "the link broke");
            return;
        }
        enum verdict v = take_packets(l);
        if (v == OVER)
            return;
        if (v == DONE) {
            struct catalogue_reader *r = l->reader;
            l->reader = NULL;
            link_close(l, CLOSE_LINK_SIDE_DONE);
            succeed(r);
            return;
        }
    }
    loop_defer(l->worker->loop, &l->reader->reading.more);
}

void catalogue_on_more(struct loop_task *task)
{
    struct catalogue_reader *r = container_of(task, struct catalogue_reader, reading.more);
    if (r->reading.link != NULL && r->reading.link->state == LINK_READING)
        catalogue_link_continue(r->reading.link);
}

void catalogue_link_ready(struct link *l)
{
    struct catalogue_reader *r = l->reader;
    const struct server_facts *facts = atomic_load(&r->group->facts);
    r->reading.builder = catalogue_build_begin(facts != NULL && facts->server.mariadb);
    if (r->reading.builder == NULL || !catalogue_build_add(r->reading.builder, CATALOGUE_VIEW,
                                                           bytes_of_text(CATALOGUE_UNKNOWN_SCHEMA),
                                                           bytes_of(NULL, 0), bytes_of(NULL, 0))) {
        give_up(l, "out of memory");
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->reading.quiet = r->shared.running == 0;
    r->reading.notes = r->shared.notes;
    pthread_mutex_unlock(&r->lock);
    r->reading.query = 0;
    r->reading.definitions_left = 0;
    r->reading.in_rows = false;
    link_set_state(l, LINK_READING);
    for (size_t i = 0; i < countof(queries); i++) {
        size_t size = FRAME_HEADER_SIZE + 1 + strlen(queries[i]);
        uint8_t *out = stream_out_reserve(&l->stream, size);
        if (out == NULL) {
            give_up(l, "out of memory");
            return;
        }
        frame_header_write(out, (uint32_t)(size - FRAME_HEADER_SIZE), 0);
        out[FRAME_HEADER_SIZE] = COMMAND_QUERY;
        memcpy(out + FRAME_HEADER_SIZE + 1, queries[i], strlen(queries[i]));
        stream_out_commit(&l->stream, size);
    }
    if (stream_send(&l->stream, NULL) == STREAM_FAILED)
        give_up(l, "the link broke");
}

/* -------- when -------- */

/* Its user must not go while it reads. False: it is gone. */
static bool hold_user(struct catalogue_reader *r)
{
    pthread_mutex_lock(&r->group->lock);
    bool retired = r->retired;
    if (!retired)
        user_hold(r->user);
    pthread_mutex_unlock(&r->group->lock);
    return !retired;
}

static void begin_held(struct catalogue_reader *r)
{
    struct worker *w = r->home;
    usec_t now = loop_now(w->loop);
    if (r->reading.asked_at == 0)
        r->reading.asked_at = now;
    if (w->draining) {
        end_reading(r);
        catalogue_publish(r, NULL, false);
        return;
    }
    if (user_is_relayed(r->user)) {
        r->reading.asked_at = 0;
        fail(r, "Weir relays the logins of this user and does not know its password");
        return;
    }
    if (!server_group_take_side(r->group, false)) {
        if (now - r->reading.asked_at < w->config->global.connect_timeout) {
            arm(r, now + SIDE_RETRY);
            return;
        }
        r->reading.asked_at = 0;
        fail(r, "the side connection was busy for connect_timeout");
        return;
    }
    r->reading.asked_at = 0;
    r->reading.began_at = now;
    atomic_store(&r->used, false);
    counters_add(&w->counters, COUNTER_catalogue_readings, 1);
    if (!link_open_reading(w, r->group, r->user, r, &r->reading.link)) {
        server_group_end_side(r->group);
        fail(r, "out of memory");
    }
}

static void begin(struct catalogue_reader *r)
{
    struct user *user = r->user;
    if (!hold_user(r))
        return;
    begin_held(r);
    user_let_go(user);
}

void catalogue_on_timer(struct loop_timer *timer)
{
    struct catalogue_reader *r = container_of(timer, struct catalogue_reader, reading.timer);
    bool wanted =
        atomic_load(&r->waiting) > 0 || atomic_load(&r->stale) || r->reading.asked_at != 0;
    if (r->reading.link != NULL || r->home->draining)
        return;
    r->reading.unused_readings = atomic_load(&r->used) ? 0 : r->reading.unused_readings + 1;
    if (!wanted && r->reading.unused_readings > UNUSED_MAX) {
        catalogue_forget(r);
        return;
    }
    begin(r);
}

void catalogue_on_ask(struct mail *mail)
{
    struct catalogue_reader *r = container_of(mail, struct catalogue_reader, ask);
    atomic_store(&r->asking, false);
    if (r->reading.link != NULL)
        return; /* plan_next looks again when it ends */
    usec_t now = loop_now(r->home->loop);
    usec_t rest = r->reading.ended_at + REST_FACTOR * r->reading.took;
    if (atomic_load(&r->waiting) > 0)
        begin(r);
    else if (!loop_timer_is_set(&r->reading.timer) || r->reading.due > (rest > now ? rest : now))
        arm(r, rest > now ? rest : now);
}
