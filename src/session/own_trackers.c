/* SPDX-License-Identifier: Apache-2.0
 * A client's own session_track_… variables. */
#include "session/own_trackers.h"

#include "base/check.h"
#include "mysql/result_set.h"
#include "mysql/sql_words.h"
#include "session/client.h"
#include "session/pins_track.h"

#include <stdlib.h>
#include <string.h>

/* A longer list is not carried. */
#define OWN_LIST_MAX 2000
/* No name of a variable. */
#define LIST_IS_NULL "?"

static const char *const carried[] = {"SESSION_TRACK_SYSTEM_VARIABLES", "SESSION_TRACK_SCHEMA",
                                      "SESSION_TRACK_STATE_CHANGE"};

/* The client is pinned for them, and the link has them. */
static bool has_own_trackers(const struct client *c)
{
    static const char *const names[] = {"session_track_system_variables", "session_track_schema",
                                        "session_track_state_change",
                                        "session_track_transaction_info"};
    if (c->tracks.all_variables)
        return true;
    for (size_t i = 0; i < countof(names); i++)
        if (track_pins_variable(c, names[i]))
            return true;
    return false;
}

/* -------- setting them -------- */

static bool is_carried(struct bytes name)
{
    for (size_t i = 0; i < countof(carried); i++)
        if (sql_text_is(name, carried[i]))
            return true;
    return false;
}

/* A variable that is asked for behind the SET, since nothing reports it. */
static bool can_be_read(const struct sql_fact_element *e)
{
    char lower[SQL_NAME_MAX + 1];
    const struct sql_variable_info *special = sql_variable_find(e->name);
    if (e->scope == SQL_FACT_SCOPE_GLOBAL)
        return true;
    if (special != NULL && (special->on_set != 0 || e->scope != SQL_FACT_SCOPE_SESSION))
        return false;
    if (!track_lower_name(e->name, lower))
        return false;
    enum session_variable_treatment t =
        session_variable_treatment(bytes_of_text(lower), bytes_of(NULL, 0));
    return t == SESSION_VARIABLE_CARRY || t == SESSION_VARIABLE_NULL || t == SESSION_VARIABLE_TEXT;
}

bool own_trackers_may_be_set(const struct sql_facts *f)
{
    bool any = false;
    if (f->kind != SQL_FACT_SET || f->has_charset)
        return false;
    for (unsigned i = 0; i < f->element_count; i++) {
        const struct sql_fact_element *e = &f->elements[i];
        bool own = is_carried(e->name) && e->scope != SQL_FACT_SCOPE_GLOBAL;
        if (!own && !can_be_read(e))
            return false;
        any = any || own;
    }
    return any;
}

void own_trackers_were_set(struct client *c)
{
    const struct sql_facts *f = track_facts(c);
    c->track->own_in_place = true;
    for (unsigned i = 0; i < f->element_count; i++) {
        char lower[SQL_NAME_MAX + 1];
        const struct sql_fact_element *e = &f->elements[i];
        if (e->scope != SQL_FACT_SCOPE_GLOBAL && !is_carried(e->name) &&
            track_lower_name(e->name, lower))
            track_unread(c, lower);
    }
}

/* -------- having them in place -------- */

static bool has_no_transaction(const struct link *l)
{
    return l->status_known && !link_in_transaction(l);
}

/* Nothing happens meanwhile that only Weir's trackers would tell. */
static bool may_do_without_trackers(const struct client *c)
{
    static const sql_effects_t plain =
        SQL_EFFECT_BIT(READS_TRACKERS) | SQL_EFFECT_BIT(READS_LAST_INSERT_ID) |
        SQL_EFFECT_BIT(READS_DIAGNOSTICS) | SQL_EFFECT_BIT(READS_ROW_COUNT) |
        SQL_EFFECT_BIT(READS_FOUND_ROWS) | SQL_EFFECT_BIT(TOUCHES_TABLE) |
        SQL_EFFECT_BIT(ODD_FOUND_ROWS) | SQL_EFFECT_BIT(SKIPS_ROWS) | SQL_EFFECT_BIT(USER_VARIABLE);
    return (c->request.scan->effects & ~plain) == 0 && track_is_known(c) &&
           has_no_transaction(c->link) && (c->link->status & STATUS_AUTOCOMMIT) != 0;
}

static bool sets_own(const struct client *c)
{
    const struct sql_facts *f = track_facts(c);
    return f != NULL && own_trackers_may_be_set(f) && has_no_transaction(c->link);
}

bool track_shows_own(const struct client *c)
{
    const struct request *r = &c->request;
    if (c->login_schema != NULL || !r->scanned || r->scan->statements != 1 || has_own_trackers(c))
        return false;
    if (r->scan->verb == SQL_VERB_SET)
        return sets_own(c);
    if (!sql_scan_has(r->scan, SQL_EFFECT_READS_TRACKERS))
        return false;
    return r->scan->verb == SQL_VERB_SELECT ||
           (r->scan->verb == SQL_VERB_SHOW && may_do_without_trackers(c));
}

bool track_misses_trackers(const struct client *c)
{
    return track_shows_own(c) && c->request.scan->verb != SQL_VERB_SET &&
           !may_do_without_trackers(c);
}

static const char *flag(const struct client *c, bool on)
{
    return c->tracks.own_variables == NULL ? "DEFAULT" : on ? "1" : "0";
}

/* For this statement: the next one finds Weir's again. */
void track_show_own(struct client *c, struct link *l)
{
    char text[OWN_LIST_MAX + 200];
    struct writer w = writer_over(text, sizeof text);
    const struct session_track_filter *t = &c->tracks;
    writer_text(&w, "SET session_track_system_variables=");
    if (t->own_variables == NULL || strcmp(t->own_variables, LIST_IS_NULL) == 0) {
        writer_text(&w, t->own_variables == NULL ? "DEFAULT" : "NULL");
    } else {
        writer_u8(&w, '\'');
        writer_text(&w, t->own_variables);
        writer_u8(&w, '\'');
    }
    writer_text(&w, ",session_track_schema=");
    writer_text(&w, flag(c, t->schema));
    writer_text(&w, ",session_track_state_change=");
    writer_text(&w, flag(c, t->state_change));
    writer_text(&w, ",session_track_transaction_info=DEFAULT");
    CHECK(!w.overflow);
    link_chore_add_sure(l, CHORE_TRACKERS, COMMAND_QUERY, writer_written(&w));
    l->needs_trackers = true;
    if (c->request.scan->verb != SQL_VERB_SET)
        return;
    track_sets_own(c);
    c->tracks.everything = true; /* the server itself says what the client is to see */
}

/* -------- reading them -------- */

bool own_trackers_wait(const struct client *c)
{
    return c->track != NULL && c->track->own_in_place;
}

void own_trackers_ask(struct client *c, struct link *l)
{
    link_chore_add(l, CHORE_READ_TRACKERS, COMMAND_QUERY,
                   bytes_of_text("SELECT @@SESSION.session_track_system_variables,"
                                 "@@SESSION.session_track_schema,"
                                 "@@SESSION.session_track_state_change LIMIT 1"));
    link_add_trackers(l);
    l->needs_trackers = false;
    c->track->own_in_place = false;
}

static bool is_plain_list(struct bytes list)
{
    for (size_t i = 0; i < list.size; i++) {
        uint8_t b = list.data[i];
        bool word = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
        if (!word && (b == 0 || strchr("_., *", b) == NULL))
            return false;
    }
    return list.size <= OWN_LIST_MAX;
}

bool own_trackers_read(struct client *c, struct bytes reply)
{
    struct bytes cells[3];
    if (result_set_first_row(reply, cells, countof(cells)) != countof(cells) ||
        cells[1].data == NULL || cells[2].data == NULL || !is_plain_list(cells[0]))
        return false;
    struct bytes value = cells[0].data != NULL ? cells[0] : bytes_of_text(LIST_IS_NULL);
    char *list = malloc(value.size + 1);
    if (list == NULL)
        return false;
    memcpy(list, value.data, value.size);
    list[value.size] = '\0';
    own_trackers_forget(c);
    c->tracks.everything = false;
    c->tracks.own_variables = list;
    c->tracks.schema = bytes_equal_text(cells[1], "1");
    c->tracks.state_change = bytes_equal_text(cells[2], "1");
    return true;
}

void own_trackers_forget(struct client *c)
{
    free((void *)(uintptr_t)c->tracks.own_variables);
    c->tracks.own_variables = NULL;
}
