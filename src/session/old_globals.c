/* SPDX-License-Identifier: Apache-2.0
 * Values of global variables before they were changed. */
#include "session/old_globals.h"

#include "mysql/result_set.h"
#include "mysql/sql_facts.h"
#include "session/client.h"
#include "session/session_vars.h"
#include "session/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SIZE 64

/* In lower case, as sessions name it; false when it is none that can be carried. */
static bool name_of(struct bytes text, char name[NAME_MAX_SIZE + 1])
{
    if (text.size == 0 || text.size > NAME_MAX_SIZE)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        name[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    name[text.size] = '\0';
    return session_variable_is_sure(name);
}

static bool sets_globals(const struct request *r)
{
    return r->scanned && r->whole && r->statement == NULL && r->scan->verb == SQL_VERB_SET &&
           r->scan->statements == 1 && sql_scan_has(r->scan, SQL_EFFECT_CHANGES_LOGINS);
}

/* What only the link knows would be lost by asking. */
bool old_globals_wanted(const struct client *c)
{
    return c->login_schema == NULL && sets_globals(&c->request) && residue_is_known(c) &&
           atomic_load(&c->group->old_globals.count) < OLD_GLOBALS_MAX;
}

void old_globals_ask(struct client *c, struct link *l)
{
    struct sql_facts facts;
    struct bytes payload = statement_payload(c);
    if (payload.size < 2)
        return;
    sql_facts_read(&facts, c->request.scan->mode, client_request_sql(c, payload));
    if (facts.kind != SQL_FACT_SET)
        return;
    for (unsigned i = 0; i < facts.element_count && l->chore_count < LINK_CHORES_MAX / 2; i++) {
        char name[NAME_MAX_SIZE + 1];
        char text[2 * NAME_MAX_SIZE + 40];
        if (facts.elements[i].scope != SQL_FACT_SCOPE_GLOBAL ||
            !name_of(facts.elements[i].name, name))
            continue;
        snprintf(text, sizeof text, "SELECT '%s',@@global.%s LIMIT 1", name, name);
        link_chore_add(l, CHORE_READ_GLOBAL, COMMAND_QUERY, bytes_of_text(text));
    }
}

static const char *copy_of(struct bytes text)
{
    return strndup((const char *)text.data, text.size);
}

void old_globals_read(struct link *l, struct bytes reply)
{
    struct bytes cells[2];
    struct server_group *g = l->pool->group;
    struct old_globals *old = &g->old_globals;
    if (result_set_first_row(reply, cells, countof(cells)) != countof(cells) ||
        cells[1].data == NULL ||
        session_variable_treatment(cells[0], cells[1]) == SESSION_VARIABLE_PIN)
        return;
    const char *name = copy_of(cells[0]);
    const char *value = copy_of(cells[1]);
    pthread_mutex_lock(&g->lock);
    unsigned n = atomic_load(&old->count);
    if (name != NULL && value != NULL && n < OLD_GLOBALS_MAX) {
        old->entries[n].epoch = atomic_load(&g->login_epoch);
        old->entries[n].name = name;
        old->entries[n].value = value;
        atomic_store(&old->count, n + 1);
        name = value = NULL; /* kept for as long as Weir runs */
    }
    pthread_mutex_unlock(&g->lock);
    free((void *)(uintptr_t)name);
    free((void *)(uintptr_t)value);
}

void old_globals_fini(struct old_globals *old)
{
    for (unsigned i = 0; i < atomic_load(&old->count); i++) {
        free((void *)(uintptr_t)old->entries[i].name);
        free((void *)(uintptr_t)old->entries[i].value);
    }
}

void old_globals_take(struct client *c)
{
    struct old_globals *old = &c->group->old_globals;
    unsigned count = atomic_load(&old->count);
    for (; c->old_globals_seen < count; c->old_globals_seen++) {
        unsigned i = c->old_globals_seen;
        const char *name = old->entries[i].name;
        if ((int)(old->entries[i].epoch - c->login_epoch) < 0 ||
            session_state_get(c->session, name) != NULL)
            continue;
        struct session_state *s = session_state_with_variable(c->session, bytes_of_text(name),
                                                              bytes_of_text(old->entries[i].value));
        if (s != NULL)
            c->session = s;
    }
}
