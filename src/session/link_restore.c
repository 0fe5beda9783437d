/* SPDX-License-Identifier: Apache-2.0
 * Brings a link from the session state it has to the one its next client must find. */
#include "base/check.h"
#include "mysql/lenenc.h"
#include "session/client.h"
#include "session/private_state.h"
#include "session/session_vars.h"
#include "session/statement.h"
#include "session/user_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session of SESSION_VARIABLES_MAX variables with long values still fits. */
#define SET_TEXT_MAX (SESSION_VARIABLES_MAX * (SESSION_TEXT_MAX + 80))

#define TRACKERS                                                                                   \
    "SET session_track_system_variables='*',session_track_schema=1,session_track_state_change=1,"  \
    "session_track_transaction_info="

/* MariaDB does not use its query cache for sessions that track transactions (10.11: Query_cache's
 * store_query and send_result_to_client). Where the cache is on it is worth more than the tracker:
 * what that would tell is then pinned for (`blind_to_transactions`). */
void link_add_trackers(struct link *l)
{
    static const char any[] = TRACKERS "'CHARACTERISTICS'";
    static const char mariadb[] =
        TRACKERS "IF(@@global.query_cache_type='OFF','CHARACTERISTICS','OFF')";
    const struct server_facts *facts = atomic_load(&l->pool->group->facts);
    const char *text = facts != NULL && facts->server.mariadb ? mariadb : any;
    link_chore_add_sure(l, CHORE_TRACKERS, COMMAND_QUERY, bytes_of_text(text));
}

static bool is_ascii(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p > 0x7f)
            return false;
    return true;
}

static void add_client_charset(struct link *l, const char *charset)
{
    char text[80];
    snprintf(text, sizeof text, "SET character_set_client=%.40s", charset);
    link_chore_add_sure(l, CHORE_SET, COMMAND_QUERY, bytes_of_text(text));
}

/* COM_INIT_DB takes the name in the session's character_set_client, which is `now`, while `schema`
 * is in `charset`: that of trackers is utf8mb4, that of a login the client's own. */
static void add_init_db(struct link *l, enum chore chore, const char *schema, const char *charset,
                        const char *now)
{
    bool translate = !is_ascii(schema) && strcmp(charset, now) != 0;
    if (translate)
        add_client_charset(l, charset);
    if (chore == CHORE_INIT_DB_AGAIN)
        link_chore_add_sure(l, chore, COMMAND_INIT_DB, bytes_of_text(schema));
    else
        link_chore_add(l, chore, COMMAND_INIT_DB, bytes_of_text(schema));
    if (translate)
        add_client_charset(l, now);
}

void link_add_reset(struct link *l)
{
    link_chore_add_sure(l, CHORE_RESET, COMMAND_RESET_CONNECTION, bytes_of(NULL, 0));
    statement_link_reset(l);
    l->must_reset = false;
    link_add_trackers(l);
    /* The schema outlives a reset, but its character set as the session's default does not. */
    if (l->session->schema[0] != '\0')
        add_init_db(l, CHORE_INIT_DB_AGAIN, l->session->schema, "utf8mb4",
                    l->login_session->character_set_client);
    private_state_was_reset(l);
    counters_add(&l->worker->counters, COUNTER_resets, 1);
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool has_more_transaction(const struct session_state *have, const struct session_state *want)
{
    return have->next_transaction[0] != '\0' &&
           !same(have->next_transaction, want->next_transaction);
}

/* Does the link have a variable set that the target has not? */
static bool has_more(const struct session_state *have, const struct session_state *want)
{
    if (has_more_transaction(have, want))
        return true;
    for (size_t i = 0; i < have->variable_count; i++)
        if (session_state_get(want, have->variables[i].name) == NULL)
            return true;
    return false;
}

/* SET x=DEFAULT gives a session the global value, as a reset does, and leaves the rest of it alone,
 * its prepared statements above all. (Measured on MariaDB 10.11 for all of these.) */
static bool has_default(const struct link *l, const char *name)
{
    return (session_variable_is_sure(name) || strcmp(name, "time_zone") == 0) &&
           session_state_get(l->login_session, name) == NULL;
}

bool link_restore_resets(const struct link *l, const struct session_state *target)
{
    const struct session_state *have = l->session;
    if (have == target || l->must_reset)
        return l->must_reset;
    if (has_more_transaction(have, target))
        return true;
    for (size_t i = 0; i < have->variable_count; i++)
        if (session_state_get(target, have->variables[i].name) == NULL &&
            !has_default(l, have->variables[i].name))
            return true;
    return false;
}

static void add_assignment(struct writer *w, const char *name, const char *value)
{
    writer_text(w, w->size == 0 ? "SET " : ",");
    session_variable_assign(w, name, value);
}

static bool same_charsets(const struct session_state *a, const struct session_state *b)
{
    return same(a->character_set_client, b->character_set_client) &&
           same(a->character_set_connection, b->character_set_connection) &&
           same(a->character_set_results, b->character_set_results) &&
           same(a->collation_connection, b->collation_connection) &&
           same(a->collation_results, b->collation_results);
}

/* The collation of results shows in their metadata; only its id can be assigned. */
static void add_results(struct writer *w, const struct session_state *want)
{
    unsigned id = collation_id(want->collation_results);
    if (want->collation_results[0] == '\0' || id == 0) {
        add_assignment(w, "character_set_results", want->character_set_results);
        return;
    }
    char text[48];
    snprintf(text, sizeof text, "%scharacter_set_results=%u", w->size == 0 ? "SET " : ",", id);
    writer_text(w, text);
}

static void add_charsets(struct writer *w, const struct session_state *have,
                         const struct session_state *want)
{
    if (same_charsets(have, want))
        return;
    if (same(want->character_set_client, want->character_set_connection) &&
        same(want->character_set_client, want->character_set_results) &&
        same(want->collation_connection, want->collation_results)) {
        writer_text(w, "SET NAMES ");
        writer_text(w, want->character_set_client);
        if (want->collation_connection[0] != '\0') {
            writer_text(w, " COLLATE ");
            writer_text(w, want->collation_connection);
        }
        return;
    }
    add_assignment(w, "character_set_client", want->character_set_client);
    add_results(w, want);
    /* Setting the collation sets the character set with it, and the other way round. */
    if (want->collation_connection[0] != '\0')
        add_assignment(w, "collation_connection", want->collation_connection);
    else
        add_assignment(w, "character_set_connection", want->character_set_connection);
}

static void add_default(struct writer *w, const char *name)
{
    writer_text(w, w->size == 0 ? "SET " : ",");
    writer_text(w, name);
    writer_text(w, "=DEFAULT");
}

/* True when none of the assignments can fail. autocommit last: whatever comes before it must not
 * begin a transaction that stays open. */
static bool add_variables(struct writer *w, const struct session_state *have,
                          const struct session_state *want)
{
    bool sure = true;
    const char *autocommit = NULL;
    bool autocommit_is_more = false;
    for (size_t i = 0; i < have->variable_count; i++) {
        const char *name = have->variables[i].name;
        if (session_state_get(want, name) != NULL)
            continue;
        if (strcmp(name, "autocommit") == 0)
            autocommit_is_more = true;
        else
            add_default(w, name);
    }
    for (size_t i = 0; i < want->variable_count; i++) {
        const struct session_variable *v = &want->variables[i];
        const char *now = session_state_get(have, v->name);
        if (now != NULL && strcmp(now, v->value) == 0)
            continue;
        sure = sure && session_variable_is_sure(v->name);
        if (strcmp(v->name, "autocommit") == 0)
            autocommit = v->value;
        else
            add_assignment(w, v->name, v->value);
    }
    if (autocommit != NULL)
        add_assignment(w, "autocommit", autocommit);
    else if (autocommit_is_more)
        add_default(w, "autocommit");
    return sure;
}

static bool add_set(struct link *l, const struct session_state *have,
                    const struct session_state *want)
{
    uint8_t *text = malloc(SET_TEXT_MAX);
    if (text == NULL)
        return false;
    struct writer w = writer_over(text, SET_TEXT_MAX);
    add_charsets(&w, have, want);
    bool sure = add_variables(&w, have, want);
    bool fits = !w.overflow;
    if (fits && w.size > 0 && sure)
        link_chore_add_sure(l, CHORE_SET, COMMAND_QUERY, writer_written(&w));
    else if (fits && w.size > 0)
        link_chore_add(l, CHORE_SET, COMMAND_QUERY, writer_written(&w));
    free(text);
    return fits;
}

static void add_role(struct link *l, const struct session_state *have,
                     const struct session_state *want)
{
    if (same(have->role, want->role))
        return;
    CHECK(want->role[0] != '\0'); /* else the link is stuck */
    char text[SESSION_TEXT_MAX + 16];
    snprintf(text, sizeof text, "SET ROLE %s", want->role);
    link_chore_add(l, CHORE_SET, COMMAND_QUERY, bytes_of_text(text));
}

/* Each statement on its own: the link may not take several at once. Behind everything else that
 * could begin a transaction. */
static void add_next_transaction(struct link *l, const struct session_state *have,
                                 const struct session_state *want)
{
    if (same(have->next_transaction, want->next_transaction))
        return;
    const char *p = want->next_transaction;
    while (*p != '\0') {
        size_t size = strcspn(p, ";");
        link_chore_add(l, CHORE_SET, COMMAND_QUERY, bytes_of(p, size));
        p += size;
        p += strspn(p, "; ");
    }
}

bool link_is_stuck(const struct link *l, const struct session_state *target)
{
    const struct session_state *have = l->session;
    bool unselect = target->schema[0] == '\0' && have->schema[0] != '\0';
    if (have->role[0] != '\0' && (unselect || target->role[0] == '\0'))
        return true;
    return l->never_reset && (unselect || l->must_reset || has_more(have, target));
}

void link_unselect_plan(struct link *l)
{
    /* A method that no account has makes the server ask for the proof with a fresh challenge. */
    uint8_t text[400 + CONNECT_ATTRIBUTES_MAX];
    uint8_t attributes[CONNECT_ATTRIBUTES_MAX];
    struct writer w = writer_over(text, sizeof text);
    writer_text(&w, l->pool->user->name);
    writer_u8(&w, 0);
    writer_u8(&w, 0); /* no proof yet */
    writer_u8(&w, 0); /* no schema */
    writer_uint(&w, 2, l->login_collation);
    writer_text(&w, "weir_ask_again");
    writer_u8(&w, 0);
    if ((l->capabilities & CAP(CONNECT_ATTRS)) != 0)
        lenenc_write_text(&w, link_attributes(l, attributes));
    else
        writer_u8(&w, 0);
    CHECK(!w.overflow);
    link_chore_add(l, CHORE_CHANGE_USER, COMMAND_CHANGE_USER, writer_written(&w));
    statement_link_reset(l);
    l->must_reset = false;
}

bool link_restore_plan(struct link *l, struct session_state *target, bool force_schema)
{
    if (l->needs_trackers) {
        link_add_trackers(l);
        l->needs_trackers = false;
    }
    if (l->session == target && !force_schema && !l->must_reset)
        return true;
    struct session_state *have = session_state_hold(l->session);
    bool ok = !link_is_stuck(l, target);
    if (ok && link_restore_resets(l, target)) {
        link_add_reset(l);
        struct session_state *after = session_state_after_reset(have, l->login_session);
        ok = after != NULL;
        have = after != NULL ? after : have;
    }
    if (have->multi_statements != target->multi_statements) {
        const uint8_t option[2] = {target->multi_statements ? 0 : 1, 0};
        link_chore_add_sure(l, CHORE_SET_OPTION, COMMAND_SET_OPTION, bytes_of(option, 2));
    }
    if (ok && (strcmp(have->schema, target->schema) != 0 || force_schema)) {
        CHECK(target->schema[0] != '\0'); /* link_unselect_plan came first */
        add_init_db(l, CHORE_INIT_DB, target->schema,
                    force_schema ? target->character_set_client : "utf8mb4",
                    have->character_set_client);
        have = session_state_with_schema_charset(have);
    }
    ok = ok && add_set(l, have, target);
    if (ok) {
        add_role(l, have, target);
        add_next_transaction(l, have, target);
    }
    session_state_release(have);
    return ok;
}
