/* SPDX-License-Identifier: Apache-2.0
 * The books on pins: system variables. */
#include "base/check.h"
#include "mysql/sql_facts.h"
#include "mysql/sql_words.h"
#include "session/client.h"
#include "session/pins_track.h"

#include <string.h>

bool track_lower_name(struct bytes name, char out[SQL_NAME_MAX + 1])
{
    if (name.size > SQL_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out[name.size] = '\0';
    return true;
}

/* -------- reports -------- */

/* The last assignment to it in the request's SET, NULL when there is none. */
static const struct sql_fact_element *assignment(const struct sql_facts *f, struct bytes name)
{
    const struct sql_fact_element *last = NULL;
    char lower[SQL_NAME_MAX + 1];
    for (unsigned i = 0; f != NULL && i < f->element_count; i++)
        if (f->elements[i].scope != SQL_FACT_SCOPE_GLOBAL &&
            track_lower_name(f->elements[i].name, lower) && bytes_equal_text(name, lower))
            last = &f->elements[i];
    return last;
}

/* The clock cannot be told from a stopped one by its report. */
static enum session_variable_treatment timestamp_treatment(const struct sql_facts *f,
                                                           struct bytes name)
{
    const struct sql_fact_element *e =
        f != NULL && f->kind == SQL_FACT_SET ? assignment(f, name) : NULL;
    if (e == NULL)
        return SESSION_VARIABLE_PIN;
    switch (e->value) {
    case SQL_FACT_VALUE_NUMBER:
        return SESSION_VARIABLE_CARRY;
    case SQL_FACT_VALUE_ZERO:
    case SQL_FACT_VALUE_DEFAULT:
        return SESSION_VARIABLE_UNSET;
    case SQL_FACT_VALUE_OTHER:
        break;
    }
    return SESSION_VARIABLE_PIN;
}

static bool is_tracker(struct bytes name)
{
    static const char begin[] = "session_track_";
    return name.size > sizeof begin - 1 && memcmp(name.data, begin, sizeof begin - 1) == 0;
}

enum session_variable_treatment track_variable(struct client *c, struct bytes name,
                                               struct bytes value)
{
    const struct sql_facts *f = track_facts(c);
    char lower[SQL_NAME_MAX + 1];
    if (f != NULL && f->kind == SQL_FACT_SET_STATEMENT && assignment(f, name) != NULL)
        return SESSION_VARIABLE_IGNORE; /* it has its old value again */
    if (track_has_set_own(c) && is_tracker(name))
        return SESSION_VARIABLE_IGNORE; /* it is read behind the statement */
    enum session_variable_treatment t = session_variable_treatment(name, value);
    if (bytes_equal_text(name, "timestamp"))
        t = timestamp_treatment(f, name);
    if (t == SESSION_VARIABLE_PIN) {
        struct pin_track *track = track_open(c);
        bool listed = track != NULL && track_lower_name(name, lower) &&
                      (track_names_has(&track->variables, lower) ||
                       track_names_add(&track->variables, lower));
        if (!listed && track != NULL)
            track->forever |= PIN_BIT(SESSION_VARIABLE);
        c->pins |= PIN_BIT(SESSION_VARIABLE);
    } else if (c->track != NULL && track_lower_name(name, lower) &&
               track_names_has(&c->track->variables, lower)) {
        track_names_remove(&c->track->variables, lower);
        bool pins =
            c->track->variables.count > 0 || (c->track->forever & PIN_BIT(SESSION_VARIABLE)) != 0;
        c->pins &= pins ? ~(pins_t)0 : ~PIN_BIT(SESSION_VARIABLE);
    }
    return t;
}

bool track_pins_variable(const struct client *c, const char *name)
{
    return c->track != NULL && track_names_has(&c->track->variables, name);
}

/* -------- SET -------- */

/* SET @@x, which MariaDB does not report: it is asked for before the link changes hands. */
static bool remember_unread(struct client *c, const char *name)
{
    struct track_names *unread = &c->track->unread;
    return track_names_has(unread, name) || track_names_add(unread, name);
}

static bool account_unscoped(struct client *c, const struct sql_variable_info *special,
                             const char *name)
{
    if (special == NULL)
        return remember_unread(c, name);
    if (strcmp(name, "sql_auto_is_null") == 0)
        return remember_unread(c, name);
    return (special->on_set_unscoped & SQL_EFFECT_BIT(SET_UNTRACKED)) == 0;
}

static bool account_element(struct client *c, const struct sql_fact_element *e)
{
    char name[SQL_NAME_MAX + 1];
    if (e->scope == SQL_FACT_SCOPE_GLOBAL)
        return true;
    if (!track_lower_name(e->name, name))
        return false;
    const struct sql_variable_info *special = sql_variable_find(e->name);
    if (e->scope == SQL_FACT_SCOPE_UNSCOPED && c->facts->server.mariadb)
        return account_unscoped(c, special, name);
    if (special == NULL || (special->on_set & SQL_EFFECT_BIT(SET_UNTRACKED)) == 0)
        return true;
    /* With a list of its own, the link reports no longer what Weir needs. */
    if (strncmp(name, "session_track_", sizeof "session_track_" - 1) == 0)
        return false;
    /* The tracker tells the truth of these, and they have pins of their own. */
    return session_variable_treatment(bytes_of_text(name), bytes_of(NULL, 0)) ==
           SESSION_VARIABLE_PIN;
}

/* The link has the client's own list from now on, and does not report that it has. */
static void learn_own_list(struct client *c, const struct sql_facts *f)
{
    const struct sql_fact_element *schema = assignment(f, bytes_of_text("session_track_schema"));
    const struct sql_fact_element *state =
        assignment(f, bytes_of_text("session_track_state_change"));
    if (assignment(f, bytes_of_text("session_track_system_variables")) != NULL)
        c->tracks.all_variables = true;
    if (schema != NULL && schema->value != SQL_FACT_VALUE_OTHER)
        c->tracks.schema = schema->value != SQL_FACT_VALUE_ZERO;
    if (state != NULL && state->value != SQL_FACT_VALUE_OTHER)
        c->tracks.state_change = state->value == SQL_FACT_VALUE_NUMBER;
}

bool track_set(struct client *c, const struct sql_facts *f, bool error)
{
    if (!error)
        learn_own_list(c, f);
    if (f->has_charset) /* which says what no tracker reports, and may contradict an element */
        return false;
    if (error) /* of one assignment, it changes nothing */
        return f->element_count <= 1;
    for (unsigned i = 0; i < f->element_count; i++)
        if (!account_element(c, &f->elements[i]))
            return false;
    return true;
}

bool track_set_statement(const struct sql_facts *f, bool error)
{
    for (unsigned i = 0; i < f->element_count; i++) {
        const struct sql_fact_element *e = &f->elements[i];
        if (sql_variable_find(e->name) != NULL || sql_text_is(e->name, "SQL_MODE") ||
            sql_text_is(e->name, "CHARACTER_SET_CLIENT"))
            return false;
    }
    return (f->only_reads || error) && !f->has_charset;
}

/* -------- asking -------- */

void track_unread(struct client *c, const char *name)
{
    if (track_open(c) == NULL || !remember_unread(c, name))
        track_pin(c, PIN_BIT(SET_UNTRACKED));
}

bool track_is_known(const struct client *c)
{
    return c->track == NULL || (c->track->unread.count == 0 && !c->track->own_in_place);
}

/* Setting a variable to its own value, with a scope, makes the tracker report it. */
void track_ask(struct client *c, struct link *l)
{
    char text[TRACK_NAMES_MAX * 16];
    struct writer w = writer_over(text, sizeof text);
    const struct track_names *unread = &c->track->unread;
    if (c->track->own_in_place)
        own_trackers_ask(c, l);
    if (unread->count == 0)
        return;
    for (unsigned i = 0; i < unread->count; i++) {
        writer_text(&w, i == 0 ? "SET SESSION " : ",SESSION ");
        writer_text(&w, unread->items[i]);
        writer_text(&w, "=@@SESSION.");
        writer_text(&w, unread->items[i]);
    }
    if (w.overflow)
        track_ask_failed(c);
    else
        link_chore_add(l, CHORE_READ_VARIABLES, COMMAND_QUERY, writer_written(&w));
}

void track_read(struct client *c, struct bytes trackers)
{
    if (trackers.size == 0 || c->track == NULL)
        return;
    unsigned state_changes = c->request.state_changes;
    bool changed_variable = c->request.changed_variable;
    learn_trackers(c, trackers);
    c->request.state_changes = state_changes; /* of the statement that waits, not of this one */
    c->request.changed_variable = changed_variable;
    track_names_clear(&c->track->unread);
}

void track_ask_failed(struct client *c)
{
    c->track->own_in_place = false;
    track_names_clear(&c->track->unread);
    track_pin(c, PIN_BIT(SET_UNTRACKED));
}
