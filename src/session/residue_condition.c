/* SPDX-License-Identifier: Apache-2.0
 * Residue: the only condition that a statement has left, kept and raised again elsewhere. */
#include "base/check.h"
#include "mysql/conditions.h"
#include "session/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every server takes as MESSAGE_TEXT of a SIGNAL. */
#define SHORT_SIGNAL_TEXT 128

bool residue_can_be_said(struct bytes message, struct server_version server)
{
    size_t max = server_has(server, SERVER_ABILITY_LONG_SIGNAL_TEXT) ? CONDITION_TEXT_MAX
                                                                     : SHORT_SIGNAL_TEXT;
    if (message.size > max)
        return false;
    for (size_t i = 0; i < message.size; i++)
        if (message.data[i] < 0x20 || message.data[i] > 0x7e || message.data[i] == '\\')
            return false;
    return true;
}

bool residue_has_blocks(const struct client *c)
{
    const char *mode = session_state_get(c->session, "sql_mode");
    return c->facts->server.mariadb && (mode == NULL || strstr(mode, "ORACLE") == NULL);
}

/* SIGNAL raises warnings in class 01 only. A handler may give a warning that the server raises
 * itself other words and another number, and it keeps its SQLSTATE: expressions that warn in any
 * sql_mode, with no table. */
static const struct {
    char sqlstate[6];
    const char *expression;
} warners[] = {
    {"22003", "CAST(100 AS DECIMAL(1,0))"},
    {"22007", "CAST('x' AS SIGNED)"},
    {"HY000", "UNCOMPRESS('x')"},
};

static const char *warner_of(const struct client *c, const char *sqlstate)
{
    /* With room for fewer conditions, that of the expression would take the place. */
    if (!residue_has_blocks(c) || session_state_get(c->session, "max_error_count") != NULL)
        return NULL;
    for (size_t i = 0; i < countof(warners); i++)
        if (strcmp(warners[i].sqlstate, sqlstate) == 0)
            return warners[i].expression;
    return NULL;
}

static bool is_plain(const char *sqlstate, bool warning)
{
    return !warning || memcmp(sqlstate, "01", 2) == 0;
}

bool residue_can_be_raised(const struct client *c, const char *sqlstate, bool warning)
{
    return is_plain(sqlstate, warning) || warner_of(c, sqlstate) != NULL;
}

bool residue_save_condition(struct client *c, uint16_t code, const char *sqlstate, bool warning,
                            struct bytes message)
{
    struct residue *r = &c->residue;
    struct condition *condition =
        residue_can_be_said(message, c->facts->server) ? calloc(1, sizeof *condition) : NULL;
    if (condition == NULL)
        return false;
    condition->code = code;
    condition->warning = warning;
    memcpy(condition->sqlstate, sqlstate, sizeof condition->sqlstate);
    memcpy(condition->message, message.data, message.size);
    residue_set_diagnostics(r, DIAGNOSTICS_EMPTY);
    r->condition = condition;
    r->diagnostics = DIAGNOSTICS_SAVED;
    return true;
}

/* Number and text, behind SIGNAL or RESIGNAL. */
static void write_items(struct writer *w, const struct condition *condition)
{
    char number[48];
    snprintf(number, sizeof number, " SET MYSQL_ERRNO=%u,MESSAGE_TEXT='", condition->code);
    writer_text(w, number);
    for (const char *p = condition->message; *p != '\0'; p++) {
        if (*p == '\'')
            writer_u8(w, '\'');
        writer_u8(w, (uint8_t)*p);
    }
    writer_u8(w, '\'');
}

void residue_prime_condition(const struct client *c, struct link *l,
                             const struct condition *condition)
{
    char text[2 * CONDITION_TEXT_MAX + 200];
    struct writer w = writer_over(text, sizeof text);
    bool plain = is_plain(condition->sqlstate, condition->warning);
    const char *expression = plain ? NULL : warner_of(c, condition->sqlstate);
    if (expression != NULL) {
        writer_text(&w, "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLWARNING RESIGNAL");
        write_items(&w, condition);
        writer_text(&w, ";DO ");
        writer_text(&w, expression);
        writer_text(&w, ";END");
    } else {
        writer_text(&w, "SIGNAL SQLSTATE '");
        writer_text(&w, plain ? condition->sqlstate : "01000");
        writer_u8(&w, '\'');
        write_items(&w, condition);
    }
    CHECK(!w.overflow);
    link_chore_add_sure(l, CHORE_SIGNAL, COMMAND_QUERY, writer_written(&w));
}
