/* SPDX-License-Identifier: Apache-2.0
 * SET: settings for all (GLOBAL, PERSIST), values of the session for itself. Everything is read and
 * checked before anything is changed. */
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "console/console_client.h"

#include <stdio.h>
#include <stdlib.h>

#define ASSIGNMENTS_MAX 64
#define NAME_SIZE       280
#define VALUE_SIZE      1024

enum set_scope { SET_SESSION, SET_GLOBAL, SET_PERSIST, SET_PERSIST_ONLY };

struct assignment {
    enum set_scope scope;
    char name[NAME_SIZE];
    char value[VALUE_SIZE];
    bool is_default;
    bool is_string; /* it was written in quotes */
    const struct setting *row;
};

struct set_list {
    struct assignment *items;
    size_t count;
};

/* -------- reading -------- */

static bool scope_of_word(const struct sql_tokens *t, enum set_scope *scope)
{
    static const struct {
        const char *word;
        enum set_scope scope;
    } words[] = {{"GLOBAL", SET_GLOBAL},
                 {"PERSIST", SET_PERSIST},
                 {"PERSIST_ONLY", SET_PERSIST_ONLY},
                 {"SESSION", SET_SESSION},
                 {"LOCAL", SET_SESSION}};
    for (size_t i = 0; i < countof(words); i++) {
        if (sql_token_is_word(t, words[i].word)) {
            *scope = words[i].scope;
            return true;
        }
    }
    return false;
}

/* "GLOBAL x", which counts for the assignments behind it too, as on the servers, "@@GLOBAL.x" or
 * "@@x", which count for this one only. Nothing: the last word counts. */
static enum set_scope take_scope(struct sql_tokens *t, enum set_scope *last_word)
{
    bool dotted = false;
    if (sql_token_is_byte(t, '@')) {
        sql_tokens_next(t);
        dotted = sql_tokens_take_byte(t, '@');
    }
    enum set_scope here = dotted ? SET_SESSION : *last_word;
    struct sql_tokens next = *t;
    enum set_scope found;
    if (!scope_of_word(t, &found))
        return here;
    sql_tokens_next(&next);
    if (dotted && !sql_tokens_take_byte(&next, '.'))
        return here;
    if (!dotted)
        *last_word = found;
    *t = next;
    return found;
}

/* x, server.NAME.x */
static bool take_name(struct sql_tokens *t, char *out)
{
    struct bytes part;
    size_t n = 0;
    do {
        if (!sql_tokens_take_name(t, &part) || n + part.size + 2 > NAME_SIZE)
            return false;
        if (n > 0)
            out[n++] = '.';
        memcpy(out + n, part.data, part.size);
        n += part.size;
        out[n] = '\0';
    } while (sql_tokens_take_byte(t, '.'));
    return true;
}

static bool take_value(struct sql_tokens *t, struct assignment *a)
{
    size_t size;
    bool negative = sql_tokens_take_byte(t, '-');
    size_t n = negative ? 1 : 0;
    a->value[0] = '-';
    if (t->token.kind == SQL_TOKEN_STRING && !negative) {
        a->is_string = true;
        if (!statement_unquote(&t->token, a->value, sizeof a->value, &size))
            return false;
    } else if (t->token.kind == SQL_TOKEN_NUMBER ||
               (t->token.kind == SQL_TOKEN_WORD && !negative)) {
        a->is_default = sql_token_is_word(t, "DEFAULT");
        if (!text_copy(a->value + n, sizeof a->value - n, t->token.text))
            return false;
    } else {
        return false;
    }
    sql_tokens_next(t);
    return true;
}

/* SET NAMES x [COLLATE y], SET CHARACTER SET x, SET [SESSION|GLOBAL] TRANSACTION …: for clients. */
static bool take_other_form(struct console_run *r)
{
    static const char *const names[] = {"character_set_client", "character_set_connection",
                                        "character_set_results"};
    struct sql_tokens t = r->statement.rest;
    enum set_scope scope;
    if (scope_of_word(&t, &scope))
        sql_tokens_next(&t);
    if (sql_tokens_take_word(&t, "TRANSACTION")) {
        answer_ok(&r->answer, 0, "%s", "");
        return true;
    }
    t = r->statement.rest;
    bool charset = sql_tokens_take_word(&t, "CHARSET") ||
                   (sql_tokens_take_word(&t, "CHARACTER") && sql_tokens_take_word(&t, "SET"));
    if (!charset && !sql_tokens_take_word(&t, "NAMES"))
        return false;
    struct assignment a = {0};
    if (!take_value(&t, &a)) {
        statement_wrong(&r->statement, &r->answer);
        return true;
    }
    for (size_t i = 0; i < countof(names); i++)
        (void)!console_session_set(r->session, bytes_of_text(names[i]),
                                   a.is_default ? "utf8mb4" : a.value);
    answer_ok(&r->answer, 0, "%s", "");
    return true;
}

/* @x, which the console has no use for: nobody is told OK for it. */
static bool is_user_variable(const struct sql_tokens *t)
{
    struct sql_tokens next = *t;
    return sql_tokens_take_byte(&next, '@') && !sql_token_is_byte(&next, '@');
}

static bool take_assignments(struct console_run *r, struct set_list *list)
{
    struct sql_tokens *t = &r->statement.rest;
    enum set_scope last_word = SET_SESSION;
    do {
        if (list->count == ASSIGNMENTS_MAX || is_user_variable(t))
            return false;
        struct assignment *a = &list->items[list->count];
        a->scope = take_scope(t, &last_word);
        if (!take_name(t, a->name))
            return false;
        (void)sql_tokens_take_byte(t, ':');
        if (!sql_tokens_take_byte(t, '=') || !take_value(t, a))
            return false;
        list->count++;
    } while (sql_tokens_take_byte(t, ','));
    return sql_tokens_at_end(t);
}

/* -------- checking -------- */

static void complain_unknown(struct console_run *r, const char *name)
{
    const char *nearest = settings_nearest(SETTING_SCOPE_GLOBAL, name);
    const char *last = strrchr(name, '.');
    if (last != NULL)
        answer_error(&r->answer, ER_UNKNOWN_SYSTEM_VARIABLE,
                     "Unknown system variable '%s'; settings of sections are written "
                     "server.NAME.setting and user.NAME.setting, and SHOW SETTINGS lists them",
                     name);
    else if (nearest != NULL)
        answer_error(&r->answer, ER_UNKNOWN_SYSTEM_VARIABLE,
                     "Unknown system variable '%s'; did you mean '%s'?", name, nearest);
    else
        answer_error(&r->answer, ER_UNKNOWN_SYSTEM_VARIABLE,
                     "Unknown system variable '%s'; SHOW VARIABLES lists all", name);
}

/* Numbers want numbers; what a value looks like is the business of conf. */
static bool has_right_type(const struct assignment *a)
{
    if (!a->is_string || a->is_default)
        return true;
    switch (a->row->type) {
    case SETTING_TYPE_UINT:
    case SETTING_TYPE_SECONDS:
    case SETTING_TYPE_MSECONDS:
    case SETTING_TYPE_SIZE:
        return a->value[0] >= '0' && a->value[0] <= '9';
    case SETTING_TYPE_BOOL:
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_SECRET:
    case SETTING_TYPE_ENUM:
        break;
    }
    return true;
}

static bool check_global(struct console_run *r, struct assignment *a)
{
    bool settable;
    a->row = config_override_setting(a->name);
    if (a->row == NULL) {
        if (!console_session_has(bytes_of_text(a->name), &settable))
            complain_unknown(r, a->name);
        else if (settable)
            answer_error(&r->answer, ER_LOCAL_VARIABLE,
                         "Variable '%s' is a SESSION variable and can't be used with SET GLOBAL",
                         a->name);
        else
            answer_error(&r->answer, ER_INCORRECT_GLOBAL_LOCAL_VAR,
                         "Variable '%s' is a read only variable", a->name);
        return false;
    }
    if (a->row->when == SETTING_WHEN_RESTART && a->scope != SET_PERSIST_ONLY) {
        answer_error(&r->answer, ER_INCORRECT_GLOBAL_LOCAL_VAR,
                     "Variable '%s' is a read only variable: a change needs a restart. SET "
                     "PERSIST_ONLY %s = … makes it from the next start on",
                     a->name, a->name);
        return false;
    }
    if (!has_right_type(a)) {
        char range[128];
        settings_describe_range(a->row, range, sizeof range);
        answer_error(&r->answer, ER_WRONG_TYPE_FOR_VAR,
                     "Incorrect argument type to variable '%s'; allowed: %s", a->name, range);
        return false;
    }
    if (a->is_default)
        (void)!text_copy(a->value, sizeof a->value, bytes_of_text(a->row->default_text));
    return true;
}

static bool check_session(struct console_run *r, struct assignment *a)
{
    switch (console_session_set(NULL, bytes_of_text(a->name), a->value)) {
    case SESSION_SET_DONE:
        return true;
    case SESSION_SET_READ_ONLY:
        answer_error(&r->answer, ER_INCORRECT_GLOBAL_LOCAL_VAR,
                     "Variable '%s' is a read only variable", a->name);
        return false;
    case SESSION_SET_WRONG:
        answer_error(&r->answer, ER_WRONG_VALUE_FOR_VAR,
                     "Variable '%s' can't be set to the value of '%s'", a->name, a->value);
        return false;
    case SESSION_SET_UNKNOWN:
        break;
    }
    if (config_override_setting(a->name) != NULL)
        answer_error(&r->answer, ER_GLOBAL_VARIABLE,
                     "Variable '%s' is a GLOBAL variable and should be set with SET GLOBAL",
                     a->name);
    else
        complain_unknown(r, a->name);
    return false;
}

/* -------- doing -------- */

/* The reason names the setting that is wrong, or says what does not go together. */
static void tell_errors(struct console_run *r, const struct assignment *const *of_scope,
                        size_t count, const struct config_errors *errors)
{
    const char *why = errors->count > 0 ? errors->lines[0] : "it was refused";
    const struct assignment *a = of_scope[count - 1];
    for (size_t i = count; i-- > 0;)
        if (strstr(why, of_scope[i]->row->name) != NULL)
            a = of_scope[i];
    bool secret = a->row->type == SETTING_TYPE_SECRET;
    static const char prefix[] = "SET: ";
    if (strncmp(why, prefix, sizeof prefix - 1) == 0)
        why += sizeof prefix - 1;
    answer_error(&r->answer, ER_WRONG_VALUE_FOR_VAR,
                 "Variable '%s' can't be set to the value of '%.80s': %s", a->name,
                 secret ? "********" : a->value, why);
}

static const char *scope_name(enum set_scope scope)
{
    static const char *const names[] = {"SESSION", "GLOBAL", "PERSIST", "PERSIST_ONLY"};
    return names[scope];
}

static void log_changes(const struct console_run *r, const struct set_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct assignment *a = &list->items[i];
        if (a->scope == SET_SESSION)
            continue;
        log_note(console_session_who(r->session), "SET %s %s = %s", scope_name(a->scope), a->name,
                 a->row->type == SETTING_TYPE_SECRET ? "********" : a->value);
    }
}

static enum change_scope change_scope_of(enum set_scope scope)
{
    return scope == SET_PERSIST        ? CHANGE_PERSIST
           : scope == SET_PERSIST_ONLY ? CHANGE_PERSIST_ONLY
                                       : CHANGE_GLOBAL;
}

/* All assignments of one scope; one scope after the other, so that each is all or nothing. */
static bool change(struct console_run *r, const struct set_list *list, enum set_scope scope)
{
    struct config_override changes[ASSIGNMENTS_MAX];
    size_t count = 0;
    const struct assignment *of_scope[ASSIGNMENTS_MAX];
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].scope != scope)
            continue;
        of_scope[count] = &list->items[i];
        changes[count++] = (struct config_override){list->items[i].name, list->items[i].value};
    }
    if (count == 0)
        return true;
    const struct console_orders *o = &r->console->orders;
    struct config_errors errors = {0};
    bool done = o->change != NULL && o->change(o->context, change_scope_of(scope), changes, count,
                                               &errors, &r->session->warnings);
    if (!done)
        tell_errors(r, of_scope, count, &errors);
    config_errors_free(&errors);
    return done;
}

static void run_list(struct console_run *r, struct set_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].scope != SET_SESSION && !check_global(r, &list->items[i]))
            return;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].scope == SET_SESSION && !check_session(r, &list->items[i]))
            return;
    if (!change(r, list, SET_GLOBAL) || !change(r, list, SET_PERSIST) ||
        !change(r, list, SET_PERSIST_ONLY))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].scope == SET_SESSION)
            (void)!console_session_set(r->session, bytes_of_text(list->items[i].name),
                                       list->items[i].value);
    log_changes(r, list);
    answer_ok(&r->answer, 0, "%s", "");
}

void command_set(struct console_run *r)
{
    if (take_other_form(r))
        return;
    if (is_user_variable(&r->statement.rest)) {
        answer_error(&r->answer, ER_NOT_SUPPORTED_YET, "The console keeps no user variables");
        return;
    }
    struct set_list list = {.items = calloc(ASSIGNMENTS_MAX, sizeof *list.items)};
    CHECK(list.items != NULL);
    if (take_assignments(r, &list))
        run_list(r, &list);
    else
        statement_wrong(&r->statement, &r->answer);
    explicit_bzero(list.items, ASSIGNMENTS_MAX * sizeof *list.items);
    free(list.items);
}
