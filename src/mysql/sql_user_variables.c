/* SPDX-License-Identifier: Apache-2.0
 * Names of user variables, read where the lexer has found an @. */
#include "mysql/sql_user_variables.h"

#include "mysql/sql_judge.h"
#include "mysql/sql_words.h"

/* What follows the name decides only in a SELECT or DO; there, INTO and := say so. */
void sql_user_variables_judge(struct sql_scan *s)
{
    bool reads = s->statement_verb == SQL_VERB_SELECT || s->statement_verb == SQL_VERB_DO;
    sql_add_effect(s, SQL_EFFECT_BIT(USER_VARIABLE));
    if (!reads || s->has_executable_comment)
        sql_add_effect(s, SQL_EFFECT_BIT(SETS_USER_VARIABLE));
}

bool sql_user_variable_is_plain(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] < ' ' || name.data[i] > '~' || strchr("'\"`\\", name.data[i]) != NULL)
            return false;
    return name.size > 0 && name.size <= SQL_NAME_MAX && name.data[name.size - 1] != ' ';
}

static bool ends_bare_name(uint8_t c)
{
    return c != '.' && sql_word_fold[c] == 0;
}

/* The name at the beginning of `rest`; empty when it is not to be read. */
static struct bytes name_of(struct bytes rest)
{
    size_t size = 0;
    if (rest.size > 0 && strchr("'\"`", rest.data[0]) != NULL && rest.data[0] != 0) {
        const uint8_t *end = memchr(rest.data + 1, rest.data[0], rest.size - 1);
        size_t quoted = end != NULL ? (size_t)(end - rest.data) - 1 : 0;
        bool doubled = end != NULL && quoted + 2 < rest.size && end[1] == rest.data[0];
        return bytes_of(rest.data + 1, doubled ? 0 : quoted);
    }
    while (size < rest.size && !ends_bare_name(rest.data[size]))
        size++;
    return bytes_of(rest.data, size);
}

void sql_user_variables_note(struct sql_user_variables *out, struct bytes rest)
{
    struct bytes name = name_of(rest);
    if (!sql_user_variable_is_plain(name) || out->count == SQL_USER_VARIABLES_MAX)
        out->all = false;
    else
        out->names[out->count++] = name;
}

void sql_user_variables_find(struct sql_user_variables *out, struct sql_mode mode,
                             struct bytes text)
{
    struct sql_scan s;
    out->count = 0;
    out->all = true;
    sql_scan_begin(&s, mode);
    s.user_variables = out;
    sql_scan_feed(&s, text);
    sql_scan_end(&s);
    sql_effects_t doubts = SQL_EFFECT_BIT(UNKNOWN_VERB) | SQL_EFFECT_BIT(UNTERMINATED);
    if ((s.effects & doubts) != 0)
        out->all = false;
}
