/* SPDX-License-Identifier: Apache-2.0
 * The books on pins: temporary tables, locks, handlers, XA; variables are in pins_variables.c. */
#include "session/pins_track.h"

#include "base/check.h"
#include "mysql/sql_facts.h"
#include "session/client.h"

#include <stdlib.h>
#include <string.h>

/* A request under way. */
struct track_request {
    struct sql_facts facts; /* with views into text */
    bool renames;           /* may rename a temporary table */
    bool sets_own;          /* trackers, with the client's own in place */
    char text[];
};

/* Pins that these books begin and end. */
#define TRACKED                                                                                    \
    (PIN_BIT(TEMPORARY_TABLE) | PIN_BIT(NAMED_LOCK) | PIN_BIT(TABLE_LOCK) | PIN_BIT(BACKUP_LOCK) | \
     PIN_BIT(HANDLER) | PIN_BIT(NEXT_TRANSACTION) | PIN_BIT(XA) | PIN_BIT(SET_UNTRACKED) |         \
     PIN_BIT(SESSION_VARIABLE))

/* Effects of statements whose facts matter. */
#define INTERESTING                                                                                \
    (SQL_EFFECT_BIT(TEMPORARY_TABLE) | SQL_EFFECT_BIT(NAMED_LOCK) | SQL_EFFECT_BIT(TABLE_LOCK) |   \
     SQL_EFFECT_BIT(BACKUP_LOCK) | SQL_EFFECT_BIT(UNLOCK) | SQL_EFFECT_BIT(HANDLER) |              \
     SQL_EFFECT_BIT(XA) | SQL_EFFECT_BIT(SET_UNTRACKED))

enum { BACKUP_STAGE = 1, BACKUP_TABLE = 2, BACKUP_INSTANCE = 4 };

struct pin_track *track_open(struct client *c)
{
    if (c->track == NULL)
        c->track = calloc(1, sizeof *c->track);
    return c->track;
}

const struct sql_facts *track_facts(const struct client *c)
{
    return c->track != NULL && c->track->now != NULL ? &c->track->now->facts : NULL;
}

static void end_request(struct pin_track *t)
{
    free(t->now);
    t->now = NULL;
}

void track_forget(struct client *c)
{
    struct pin_track *t = c->track;
    if (t == NULL)
        return;
    end_request(t);
    track_names_clear(&t->tables);
    track_names_clear(&t->locks);
    track_names_clear(&t->handlers);
    track_names_clear(&t->variables);
    track_names_clear(&t->unread);
    free(t);
    c->track = NULL;
}

void track_pin(struct client *c, pins_t pins)
{
    c->pins |= pins;
    if (c->track != NULL)
        c->track->forever |= pins & TRACKED;
}

/* -------- a request begins -------- */

static bool has_tables(const struct client *c)
{
    return c->track != NULL && c->track->tables.count > 0;
}

/* A statement that can drop or rename what is on the books without an effect of its own. */
static bool may_touch_tables(const struct client *c)
{
    const struct sql_scan *s = c->request.scan;
    return has_tables(c) && (s->statements != 1 || s->verb == SQL_VERB_DROP ||
                             s->verb == SQL_VERB_ALTER || s->verb == SQL_VERB_RENAME);
}

void track_begin(struct client *c)
{
    if (c->track != NULL)
        end_request(c->track);
}

void track_request(struct client *c, struct bytes text)
{
    const struct sql_scan *s = c->request.scan;
    track_begin(c);
    if ((s->effects & INTERESTING) == 0 && !may_touch_tables(c))
        return;
    /* Names of tables are of the schema that a statement was prepared in. */
    bool prepared = c->request.statement != NULL;
    if (prepared && (may_touch_tables(c) || sql_scan_has(s, SQL_EFFECT_TEMPORARY_TABLE)))
        return;
    struct track_request *now = malloc(sizeof *now + text.size + 1);
    if (now == NULL || track_open(c) == NULL) {
        free(now);
        return;
    }
    memcpy(now->text, text.data, text.size);
    struct bytes copy = bytes_of(now->text, text.size);
    sql_facts_read(&now->facts, s->mode, copy);
    now->sets_own = false;
    now->renames = may_touch_tables(c) && sql_facts_mentions(s->mode, copy, "RENAME");
    c->track->now = now;
}

void track_sets_own(struct client *c)
{
    CHECK(c->track != NULL && c->track->now != NULL);
    c->track->now->sets_own = true;
}

bool track_has_set_own(const struct client *c)
{
    return c->track != NULL && c->track->now != NULL && c->track->now->sets_own;
}

bool track_explains_change(const struct client *c)
{
    const struct sql_facts *f = track_facts(c);
    if (f == NULL)
        return false;
    return f->kind == SQL_FACT_CREATE_TEMPORARY || f->kind == SQL_FACT_DROP ||
           f->kind == SQL_FACT_SET_ROLE || track_has_set_own(c) ||
           (f->kind == SQL_FACT_SET_STATEMENT && track_set_statement(f, false));
}

/* -------- its reply is complete: each returns the pins that the books answer for -------- */

static bool table_key(const struct client *c, const struct sql_facts *f, unsigned i,
                      char key[TRACK_KEY_MAX])
{
    const struct sql_fact_name *n = &f->names[i];
    struct bytes schema = n->schema.size > 0 ? n->schema : bytes_of_text(c->session->schema);
    return track_key(key, f->is_sequence ? 's' : 't', schema, n->name);
}

static pins_t create_temporary(struct client *c, const struct sql_facts *f, bool error)
{
    char key[TRACK_KEY_MAX];
    struct track_names *tables = &c->track->tables;
    if (error)
        return PIN_BIT(TEMPORARY_TABLE);
    if (!table_key(c, f, 0, key))
        return 0;
    bool there = track_names_has(tables, key) || track_names_add(tables, key);
    return there ? PIN_BIT(TEMPORARY_TABLE) : 0;
}

static pins_t drop_tables(struct client *c, const struct sql_facts *f, bool error)
{
    char key[TRACK_KEY_MAX];
    for (unsigned i = 0; !error && i < f->name_count; i++)
        if (table_key(c, f, i, key))
            track_names_remove(&c->track->tables, key);
    return PIN_BIT(TEMPORARY_TABLE);
}

/* GET_LOCK said 0 or NULL. */
static bool was_refused(const struct sql_facts *f, const struct reply_summary *s)
{
    if (!f->has_row || s->rows != 1)
        return false;
    bool zero = s->first_row_size == 2 && s->first_row[0] == 1 && s->first_row[1] == '0';
    return zero || (s->first_row_size == 1 && s->first_row[0] == 0xfb);
}

static pins_t named_lock(struct client *c, const struct sql_facts *f, const struct reply_summary *s)
{
    char key[TRACK_KEY_MAX];
    struct pin_track *t = c->track;
    if (f->kind == SQL_FACT_RELEASE_ALL_LOCKS && !s->error) {
        track_names_clear(&t->locks);
        t->forever &= ~PIN_BIT(NAMED_LOCK);
    }
    if (s->error || f->kind == SQL_FACT_RELEASE_ALL_LOCKS)
        return PIN_BIT(NAMED_LOCK);
    if (!track_key(key, 'l', bytes_of(NULL, 0), f->names[0].name))
        return 0;
    if (f->kind == SQL_FACT_RELEASE_LOCK)
        track_names_remove(&t->locks, key);
    else if (!was_refused(f, s) && !track_names_add(&t->locks, key))
        return 0;
    return PIN_BIT(NAMED_LOCK);
}

static pins_t handler(struct client *c, const struct sql_facts *f, bool error)
{
    char key[TRACK_KEY_MAX];
    if (error || f->kind == SQL_FACT_HANDLER_READ)
        return PIN_BIT(HANDLER);
    if (!track_key(key, 'h', bytes_of(NULL, 0), f->names[0].name))
        return 0;
    if (f->kind == SQL_FACT_HANDLER_CLOSE)
        track_names_remove(&c->track->handlers, key);
    else if (!track_names_add(&c->track->handlers, key))
        return 0;
    return PIN_BIT(HANDLER);
}

/* A branch whose transaction the server has rolled back is still the session's, although no flag
 * says so: it ends with a statement of its own. */
static pins_t xa(struct client *c, const struct sql_facts *f, bool error)
{
    if (f->kind == SQL_FACT_XA_BEGIN && !error)
        c->track->xa = true;
    if (f->kind == SQL_FACT_XA_FINISH && !error && !link_in_transaction(c->link))
        c->track->xa = false;
    return PIN_BIT(XA);
}

static pins_t backup(struct client *c, unsigned kind, bool begins, bool error)
{
    if (begins)
        c->track->backup |= kind;
    else if (!error)
        c->track->backup &= ~kind;
    return PIN_BIT(BACKUP_LOCK);
}

/* FLUSH TABLES WITH READ LOCK is ended by it too; LOCK TABLES has a tracker. */
static pins_t lock_tables(struct client *c, const struct sql_facts *f, bool error)
{
    bool reported = c->link->transaction_state[7] == 'L';
    if (f->kind == SQL_FACT_LOCK_TABLES)
        return error || reported ? PIN_BIT(TABLE_LOCK) : 0;
    if (!error)
        c->track->forever &= ~PIN_BIT(TABLE_LOCK);
    return PIN_BIT(TABLE_LOCK);
}

/* A role survives a reset, so the session state has it. */
static pins_t set_role(struct client *c, const struct sql_facts *f, bool error)
{
    if (error)
        return PIN_BIT(SET_UNTRACKED);
    struct session_state *s = session_state_with_role(c->session, f->text);
    if (s == NULL)
        return 0;
    c->session = s;
    link_session_becomes(c->link, s);
    return PIN_BIT(SET_UNTRACKED);
}

static pins_t account(struct client *c, const struct sql_facts *f, const struct reply_summary *s)
{
    bool error = s->error;
    switch (f->kind) {
    case SQL_FACT_NONE:
    case SQL_FACT_CONNECTION_ID:
    case SQL_FACT_ROW_COUNT:
    case SQL_FACT_SHOW_CONDITIONS:
    case SQL_FACT_GET_CONDITION:
        return 0;
    case SQL_FACT_CREATE_TEMPORARY:
        return create_temporary(c, f, error);
    case SQL_FACT_DROP:
        return drop_tables(c, f, error);
    case SQL_FACT_GET_LOCK:
    case SQL_FACT_RELEASE_LOCK:
    case SQL_FACT_RELEASE_ALL_LOCKS:
        return named_lock(c, f, s);
    case SQL_FACT_HANDLER_OPEN:
    case SQL_FACT_HANDLER_CLOSE:
    case SQL_FACT_HANDLER_READ:
        return handler(c, f, error);
    case SQL_FACT_XA_BEGIN:
    case SQL_FACT_XA_MIDDLE:
    case SQL_FACT_XA_FINISH:
    case SQL_FACT_XA_RECOVER:
        return xa(c, f, error);
    case SQL_FACT_BACKUP_STAGE:
        return backup(c, BACKUP_STAGE, true, error);
    case SQL_FACT_BACKUP_STAGE_END:
        return backup(c, BACKUP_STAGE, false, error);
    case SQL_FACT_BACKUP_LOCK:
        return backup(c, BACKUP_TABLE, true, error);
    case SQL_FACT_BACKUP_UNLOCK:
        return backup(c, BACKUP_TABLE, false, error);
    case SQL_FACT_LOCK_INSTANCE:
        return backup(c, BACKUP_INSTANCE, true, error);
    case SQL_FACT_UNLOCK_INSTANCE:
        return backup(c, BACKUP_INSTANCE, false, error);
    case SQL_FACT_LOCK_TABLES:
    case SQL_FACT_UNLOCK_TABLES:
        return lock_tables(c, f, error);
    case SQL_FACT_SET:
        if (track_has_set_own(c)) {
            own_trackers_were_set(c);
            return PIN_BIT(SET_UNTRACKED);
        }
        return track_set(c, f, error) ? PIN_BIT(SET_UNTRACKED) : 0;
    case SQL_FACT_SET_STATEMENT:
        return track_set_statement(f, error) ? PIN_BIT(SET_UNTRACKED) : 0;
    case SQL_FACT_SET_ROLE:
        return set_role(c, f, error);
    case SQL_FACT_SET_DEFAULT_ROLE:
        return PIN_BIT(SET_UNTRACKED);
    }
    return 0;
}

/* -------- the sum -------- */

static pins_t pins_of_books(const struct client *c)
{
    const struct pin_track *t = c->track;
    pins_t pins = t->forever & TRACKED;
    if (t->tables.count > 0)
        pins |= PIN_BIT(TEMPORARY_TABLE);
    if (t->locks.count > 0)
        pins |= PIN_BIT(NAMED_LOCK);
    if (t->handlers.count > 0)
        pins |= PIN_BIT(HANDLER);
    if (t->variables.count > 0)
        pins |= PIN_BIT(SESSION_VARIABLE);
    if (t->backup != 0)
        pins |= PIN_BIT(BACKUP_LOCK);
    if (t->xa)
        pins |= PIN_BIT(XA);
    if (t->next_transaction_in_doubt && c->session->next_transaction[0] != '\0')
        pins |= PIN_BIT(NEXT_TRANSACTION);
    return pins;
}

/* An error carries no tracker: the failed statement may have used up what was set for the next
 * transaction, which must not be set again on another link then. */
static void doubt_next_transaction(struct client *c, bool error)
{
    if (error && c->session->next_transaction[0] != '\0' && track_open(c) != NULL)
        c->track->next_transaction_in_doubt = true;
}

/* Also a text that could not be read again. */
static bool renames_unseen(const struct client *c)
{
    const struct track_request *now = c->track->now;
    return now != NULL ? now->renames : c->request.scanned && may_touch_tables(c);
}

static bool is_empty(const struct pin_track *t)
{
    return t->forever == 0 && t->tables.count == 0 && t->locks.count == 0 &&
           t->handlers.count == 0 && t->variables.count == 0 && t->unread.count == 0 &&
           t->backup == 0 && !t->own_in_place && !t->xa && !t->next_transaction_in_doubt;
}

void track_reply(struct client *c, const struct reply_summary *s)
{
    const struct request *r = &c->request;
    pins_t begun = r->scanned ? pins_of_effects(r->scan->effects) : 0;
    if (track_misses_trackers(c))
        begun |= PIN_BIT(SET_UNTRACKED);
    if (c->link->blind_to_transactions)
        begun |= c->session->next_transaction[0] != '\0' ? PIN_BIT(NEXT_TRANSACTION) : 0;
    else
        begun &= ~PIN_BIT(NEXT_TRANSACTION); /* its tracker tells, whatever sets it */
    doubt_next_transaction(c, s->error);
    struct pin_track *t = c->track;
    if (t == NULL) {
        c->pins |= begun;
        return;
    }
    t->forever |= c->pins & TRACKED & ~pins_of_books(c); /* begun elsewhere */
    if (renames_unseen(c))
        t->forever |= PIN_BIT(TEMPORARY_TABLE);
    if (t->now != NULL)
        begun &= ~account(c, &t->now->facts, s);
    t->forever |= begun & TRACKED;
    c->pins = (c->pins & ~TRACKED) | (begun & ~TRACKED) | pins_of_books(c);
    end_request(t);
    if (is_empty(t))
        track_forget(c);
}

void track_next_transaction(struct client *c)
{
    if (c->track != NULL)
        c->track->next_transaction_in_doubt = false;
}
