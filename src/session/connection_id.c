/* SPDX-License-Identifier: Apache-2.0
 * SELECT CONNECTION_ID() by itself: the id of the greeting, which KILL understands, and which stays
 * true on any link. */
#include "mysql/result_set.h"
#include "mysql/sql_facts.h"
#include "session/client.h"

#include <string.h>

/* Pins that say nothing about what the session would answer, nor count its statements. */
#define INDIFFERENT                                                                                \
    (PIN_BIT(USER_VARIABLE) | PIN_BIT(TEMPORARY_TABLE) | PIN_BIT(NAMED_LOCK) |                     \
     PIN_BIT(TABLE_LOCK) | PIN_BIT(BACKUP_LOCK) | PIN_BIT(HANDLER) | PIN_BIT(XA) |                 \
     PIN_BIT(POOL_MODE))

static bool may_answer(const struct client *c)
{
    const struct sql_scan *s = c->request.scan;
    const char *results = c->session->character_set_results;
    bool ascii = strcmp(results, "ucs2") != 0 && strncmp(results, "utf16", 5) != 0 &&
                 strcmp(results, "utf32") != 0;
    bool status_known = c->link == NULL || c->link->status_known;
    return ascii && status_known && s->statements == 1 &&
           s->effects == SQL_EFFECT_BIT(CONNECTION_ID) && (c->pins & ~INDIFFERENT) == 0 &&
           (!c->tracks.transaction_state || c->tracks.transaction_explicit) &&
           session_state_get(c->session, "sql_select_limit") == NULL;
}

/* It has sent one row and touched no table. */
static void leave_residue(struct client *c)
{
    sql_effects_t changed = SQL_EFFECT_BIT(READS_ROW_COUNT) | SQL_EFFECT_BIT(READS_FOUND_ROWS);
    c->residue.row_count = -1;
    c->residue.found_rows = 1;
    c->residue.found_rows_known = true;
    if (!c->facts->server.mariadb) {
        residue_set_diagnostics(&c->residue, DIAGNOSTICS_EMPTY);
        changed |= SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    }
    if (c->link != NULL)
        c->link->residue_true &= ~changed;
}

bool client_answer_connection_id(struct client *c, struct bytes text)
{
    enum { LONG = 3, LONGLONG = 8, NOT_NULL_UNSIGNED_BINARY = 0xa1, UNSIGNED_BINARY = 0xa0 };
    struct sql_facts facts;
    if (!may_answer(c))
        return false;
    sql_facts_read(&facts, c->request.scan->mode, text);
    if (facts.kind != SQL_FACT_CONNECTION_ID)
        return false;
    bool is_long = c->facts->server.mariadb && !facts.is_variable;
    const char *metadata = session_state_get(c->session, "resultset_metadata");
    uint8_t memory[512];
    struct writer w = writer_over(memory, sizeof memory);
    const struct result_set_number number = {
        .column = facts.text,
        .type = is_long ? LONG : LONGLONG,
        .length = is_long ? 10 : 21,
        .flags = facts.is_variable ? UNSIGNED_BINARY : NOT_NULL_UNSIGNED_BINARY,
        .value = c->id,
        .status = c->status & (uint16_t)~STATUS_OF_ONE_STATEMENT,
        .deprecate_eof = (c->capabilities & CAP(DEPRECATE_EOF)) != 0,
        .extended_metadata = (c->capabilities & CAP(MARIADB_EXTENDED_METADATA)) != 0,
        .optional_metadata = (c->capabilities & CAP(OPTIONAL_METADATA)) != 0,
        .no_definitions = metadata != NULL && strcmp(metadata, "NONE") == 0,
    };
    result_set_write_number(&w, &number);
    client_send_frame(c, &w);
    leave_residue(c);
    return true;
}
