/* SPDX-License-Identifier: Apache-2.0
 * Residue: asking a link for it, and reading what it says. */
#include "mysql/conditions.h"
#include "mysql/result_set.h"
#include "session/client.h"

/* Of conditions. */
#define NOT_COUNTED UINT16_MAX

bool residue_is_in_doubt(const struct residue *r)
{
    return r->diagnostics == DIAGNOSTICS_ON_LINK || r->diagnostics == DIAGNOSTICS_STANDING;
}

bool residue_is_known(const struct client *c)
{
    const struct residue *r = &c->residue;
    return r->found_rows_known && r->last_insert_id_known && !residue_is_in_doubt(r);
}

void residue_ask_diagnostics(struct client *c, struct link *l)
{
    c->residue.counted = NOT_COUNTED;
    if (c->residue.found_rows_known) /* it sets them */
        link_chore_add(l, CHORE_READ_CONDITION_COUNT, COMMAND_QUERY,
                       bytes_of_text("SHOW COUNT(*) WARNINGS"));
    link_chore_add(l, CHORE_READ_DIAGNOSTICS, COMMAND_QUERY, bytes_of_text("SHOW WARNINGS"));
}

void residue_ask(struct client *c, struct link *l)
{
    const struct residue *r = &c->residue;
    /* First, for it leaves the other two alone. The other way round it is not so on every server:
     * then what may not fit into `residue` must still be there when that is known. */
    bool keeps = server_has(c->facts->server, SERVER_ABILITY_KEEPS_DIAGNOSTICS);
    if (residue_is_in_doubt(r)) {
        residue_ask_diagnostics(c, l);
        if (!keeps)
            return;
    }
    if (!r->found_rows_known || !r->last_insert_id_known)
        link_chore_add(l, CHORE_READ_BACK, COMMAND_QUERY,
                       bytes_of_text("SELECT FOUND_ROWS(),LAST_INSERT_ID() LIMIT 1"));
}

void residue_asked(const struct client *c, struct link *l)
{
    bool keeps = server_has(c->facts->server, SERVER_ABILITY_KEEPS_DIAGNOSTICS);
    sql_effects_t left = SQL_EFFECT_BIT(READS_FOUND_ROWS) | SQL_EFFECT_BIT(READS_LAST_INSERT_ID) |
                         SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    for (unsigned i = 0; i < l->chore_count; i++) {
        if (l->chores[i] == CHORE_READ_DIAGNOSTICS || l->chores[i] == CHORE_PING)
            continue;
        left &= ~SQL_EFFECT_BIT(READS_FOUND_ROWS);
        if (!keeps && l->chores[i] != CHORE_READ_CONDITION_COUNT)
            left &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    }
    l->residue_true &= left;
}

bool residue_asks_again(const struct client *c)
{
    return !residue_is_known(c) && !residue_is_in_doubt(&c->residue);
}

static bool cell_number(struct bytes cell, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (cell.size == 0 || cell.size > 20)
        return false;
    for (size_t i = 0; i < cell.size; i++) {
        if (cell.data[i] < '0' || cell.data[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(cell.data[i] - '0');
    }
    *out = v;
    return v <= max;
}

bool residue_read_numbers(struct residue *r, struct bytes reply)
{
    struct bytes cells[2];
    uint64_t found_rows;
    uint64_t last_insert_id;
    if (result_set_first_row(reply, cells, countof(cells)) != 2 ||
        !cell_number(cells[0], UINT64_MAX, &found_rows) ||
        !cell_number(cells[1], UINT64_MAX, &last_insert_id))
        return false;
    /* Asked for both, but what a reply told before is the better news. */
    if (!r->found_rows_known)
        r->found_rows = found_rows;
    if (!r->last_insert_id_known)
        r->last_insert_id = last_insert_id;
    r->found_rows_known = r->last_insert_id_known = true;
    return true;
}

bool residue_read_count(struct residue *r, struct bytes reply)
{
    struct bytes cells[1];
    uint64_t counted;
    if (result_set_first_row(reply, cells, countof(cells)) != 1 ||
        !cell_number(cells[0], UINT16_MAX, &counted))
        return false;
    r->counted = (uint16_t)counted;
    return true;
}

/* One condition that can be raised again, if only for who does not ask for its SQLSTATE. (MySQL's
 * stored code cannot ask: the CALL clears it.) */
static bool save_the_only(struct client *c, struct bytes reply)
{
    const struct residue *r = &c->residue;
    struct condition_view v;
    if (!conditions_find(reply, 0, &v))
        return false;
    bool warning = bytes_equal_text(v.level, "Warning");
    bool is_error = bytes_equal_text(v.level, "Error");
    if (is_error ? r->error_sqlstate[0] == '\0' : !warning)
        return false;
    bool mariadb = c->facts->server.mariadb;
    const char *sqlstate = is_error ? r->error_sqlstate : conditions_sqlstate(v.code, mariadb);
    if (mariadb && !residue_can_be_raised(c, sqlstate, warning) && kept_conditions_asked_unseen(c))
        return false;
    return residue_save_condition(c, v.code, sqlstate, warning, v.message);
}

/* Only the server knows their SQLSTATE, and SHOW WARNINGS does not tell it. */
static bool may_be_signalled(const struct client *c, struct bytes reply)
{
    struct condition_view v;
    for (unsigned i = 0; c->residue.signals && conditions_find(reply, i, &v); i++)
        if (bytes_equal_text(v.level, "Warning"))
            return true;
    return false;
}

/* Without having counted: with room for few conditions, there were perhaps more than are shown. */
static bool guess_count(struct client *c, uint64_t rows)
{
    c->residue.counted = (uint16_t)rows;
    return rows <= CONDITIONS_MAX && session_state_get(c->session, "max_error_count") == NULL;
}

bool residue_read_diagnostics(struct client *c, struct bytes reply, uint64_t rows)
{
    struct residue *r = &c->residue;
    if (r->counted == NOT_COUNTED && !guess_count(c, rows))
        return false;
    if (!residue_is_in_doubt(r))
        return true; /* an error of Weir's own came meanwhile, and is the later one */
    if (rows == 0 && r->counted == 0) {
        residue_set_diagnostics(r, DIAGNOSTICS_EMPTY);
        return true;
    }
    if (may_be_signalled(c, reply))
        return false;
    bool single = rows == 1 && r->counted == 1 && !kept_conditions_stand(c, reply);
    return (single && save_the_only(c, reply)) || kept_conditions_take(c, reply, r->counted);
}

void residue_looked(struct client *c)
{
    sql_effects_t disturbed = SQL_EFFECT_BIT(READS_ROW_COUNT);
    if (c->residue.found_rows_known)
        disturbed |= SQL_EFFECT_BIT(READS_FOUND_ROWS);
    c->link->residue_true &= ~disturbed;
    if (c->residue.diagnostics != DIAGNOSTICS_KEPT)
        c->link->residue_true |= SQL_EFFECT_BIT(READS_DIAGNOSTICS);
}

/* What the chores that were planned so far do to residue: a reset empties it, all but a
 * COM_STMT_PREPARE count their rows, only SELECTs find some, and what sets or prepares may warn. */
void residue_disturbed(struct link *l)
{
    bool reset = l->chore_count > 0 && l->chores[0] == CHORE_RESET;
    if (reset) {
        residue_left_init(&l->residue_left);
        l->residue_of = 0;
        residue_begin_lease(l->client, l);
    }
    bool only_prepares = true;
    bool selects = false;
    bool warns = false;
    for (unsigned i = 0; i < l->chore_count; i++) {
        enum chore chore = l->chores[i];
        only_prepares = only_prepares && chore == CHORE_PREPARE;
        selects = selects || chore == CHORE_READ_GLOBAL || chore == CHORE_SET_USER_VARIABLES;
        warns = warns || chore == CHORE_SET || chore == CHORE_TEXT_PREPARE ||
                chore == CHORE_TEXT_PREPARE_AHEAD;
    }
    if (!only_prepares)
        l->residue_true &= ~SQL_EFFECT_BIT(READS_ROW_COUNT);
    if (selects)
        l->residue_true &= ~SQL_EFFECT_BIT(READS_FOUND_ROWS);
    if (warns && !residue_is_in_doubt(&l->client->residue))
        l->residue_true &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
}
