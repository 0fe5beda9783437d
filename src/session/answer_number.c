/* SPDX-License-Identifier: Apache-2.0
 * SELECT CONNECTION_ID() by itself: the id of the greeting, which KILL understands, and which stays
 * true on any link. SELECT ROW_COUNT() by itself, when the link knows it no longer: to make a count
 * of several rows true there takes a table. */
#include "mysql/result_set.h"
#include "mysql/sql_facts.h"
#include "session/client.h"

#include <string.h>

/* Pins that say nothing about what the session would answer, nor count its statements. */
#define INDIFFERENT                                                                                \
    (PIN_BIT(USER_VARIABLE) | PIN_BIT(TEMPORARY_TABLE) | PIN_BIT(NAMED_LOCK) |                     \
     PIN_BIT(TABLE_LOCK) | PIN_BIT(BACKUP_LOCK) | PIN_BIT(HANDLER) | PIN_BIT(XA) |                 \
     PIN_BIT(POOL_MODE))

static bool link_knows_row_count(const struct client *c)
{
    return c->link != NULL && c->link->residue_of == c->id &&
           (c->link->residue_true & SQL_EFFECT_BIT(READS_ROW_COUNT)) != 0;
}

static bool may_answer(const struct client *c)
{
    const struct sql_scan *s = c->request.scan;
    const char *results = c->session->character_set_results;
    bool ascii = strcmp(results, "ucs2") != 0 && strncmp(results, "utf16", 5) != 0 &&
                 strcmp(results, "utf32") != 0;
    bool status_known = c->link == NULL || c->link->status_known;
    bool asks = s->effects == SQL_EFFECT_BIT(CONNECTION_ID) ||
                (s->effects == SQL_EFFECT_BIT(READS_ROW_COUNT) && !link_knows_row_count(c));
    return asks && ascii && status_known && s->statements == 1 && (c->pins & ~INDIFFERENT) == 0 &&
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

/* What servers say of the column. */
static struct result_set_number column_of(const struct client *c, const struct sql_facts *f)
{
    enum {
        LONG = 3,
        LONGLONG = 8,
        NOT_NULL_BINARY = 0x81,
        UNSIGNED = 0x20,
        NULLABLE_BINARY = 0x80
    };
    bool is_long = c->facts->server.mariadb && f->kind == SQL_FACT_CONNECTION_ID && !f->is_variable;
    unsigned flags = f->is_variable ? NULLABLE_BINARY : NOT_NULL_BINARY;
    bool is_signed = f->kind == SQL_FACT_ROW_COUNT;
    return (struct result_set_number){
        .column = f->text,
        .type = is_long ? LONG : LONGLONG,
        .length = is_long ? 10 : 21,
        .flags = (uint16_t)(flags | (is_signed ? 0 : UNSIGNED)),
        .value = is_signed ? c->residue.row_count : c->id,
    };
}

bool client_answer_number(struct client *c, struct bytes text)
{
    struct sql_facts facts;
    if (!may_answer(c))
        return false;
    sql_facts_read(&facts, c->request.scan->mode, text);
    if (facts.kind != SQL_FACT_CONNECTION_ID && facts.kind != SQL_FACT_ROW_COUNT)
        return false;
    const char *metadata = session_state_get(c->session, "resultset_metadata");
    uint8_t memory[512];
    struct writer w = writer_over(memory, sizeof memory);
    struct result_set_number number = column_of(c, &facts);
    uint16_t status = c->link != NULL ? c->link->status : c->status;
    number.status = status & (uint16_t)~STATUS_OF_ONE_STATEMENT;
    number.deprecate_eof = (c->capabilities & CAP(DEPRECATE_EOF)) != 0;
    number.extended_metadata = (c->capabilities & CAP(MARIADB_EXTENDED_METADATA)) != 0;
    number.optional_metadata = (c->capabilities & CAP(OPTIONAL_METADATA)) != 0;
    number.no_definitions = metadata != NULL && strcmp(metadata, "NONE") == 0;
    result_set_write_number(&w, &number);
    client_send_frame(c, &w);
    leave_residue(c);
    return true;
}
