/* SPDX-License-Identifier: Apache-2.0
 * Text statements: learnt from PREPARE, prepared again before EXECUTE. */
#include "session/text_statements.h"

#include "base/check.h"
#include "mysql/sql_text_statement.h"
#include "mysql/user_variable.h"
#include "session/client.h"
#include "session/private_state.h"
#include "session/statement.h"
#include "session/user_variables.h"

#include <stdlib.h>
#include <string.h>

/* Those that were prepared without a schema are prepared again on every link, for once the client
 * has one there is no way back. */
#define WITHOUT_SCHEMA_MAX 8

struct text_statement {
    char name[SQL_NAME_MAX + 1]; /* lower case */
    bool carried;                /* the rest is known */
    struct sql_mode mode;        /* in which `text` is to be read */
    struct session_state *state; /* session_state_at_prepare of its PREPARE */
    char *prepare;               /* the PREPARE as the client wrote it */
    size_t prepare_size;
    char *text; /* what was prepared */
    size_t text_size;
    uint64_t session; /* of the link that has it (link.session_number) */
};

struct text_statements {
    struct text_statement list[TEXT_STATEMENTS_MAX];
    unsigned count;
    bool lost;   /* something was prepared or executed unseen */
    size_t size; /* of all texts */
    /* of the request */
    bool served;
    bool wants_value;   /* of a user variable, which only the link knows */
    uint8_t asks;       /* how often it was asked for that */
    bool any_arguments; /* EXECUTE: not served, but its statement is needed */
    enum sql_text_statement_kind kind;
    struct text_statement asked; /* its name; of a PREPARE, what it prepares */
};

static void release(struct text_statement *s)
{
    if (s->state != NULL)
        session_state_release(s->state);
    free(s->prepare);
    free(s->text);
    *s = (struct text_statement){.carried = false};
}

void text_statements_forget(struct client *c)
{
    struct text_statements *t = c->text_statements;
    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->count; i++)
        release(&t->list[i]);
    release(&t->asked);
    free(t);
    c->text_statements = NULL;
}

static struct text_statement *find(const struct text_statements *t)
{
    for (unsigned i = 0; i < t->count; i++)
        if (strcmp(t->list[i].name, t->asked.name) == 0)
            return (struct text_statement *)&t->list[i];
    return NULL;
}

static void drop(struct text_statements *t)
{
    struct text_statement *s = find(t);
    if (s == NULL)
        return;
    t->size -= s->prepare_size + s->text_size;
    release(s);
    *s = t->list[--t->count];
}

/* -------- what a request is about -------- */

/* Between a literal and what the server prepares, both character sets lie: only where ASCII stays
 * ASCII do we know the statement. */
static bool is_legible(const struct session_state *s)
{
    static const char *const charsets[] = {"utf8mb4", "utf8mb3", "utf8",
                                           "latin1",  "ascii",   "binary"};
    for (size_t i = 0; i < countof(charsets); i++)
        if (strcmp(s->character_set_connection, charsets[i]) == 0)
            return true;
    return false;
}

static char *copy(struct bytes b)
{
    char *text = malloc(b.size + 1);
    if (text != NULL) {
        if (b.size > 0)
            memcpy(text, b.data, b.size);
        text[b.size] = '\0';
    }
    return text;
}

static void see_prepare(struct client *c, struct sql_mode mode, struct bytes sql, struct bytes text)
{
    struct text_statements *t = c->text_statements;
    struct text_statement *s = &t->asked;
    if (!is_legible(c->session) || t->size + sql.size + text.size > TEXT_STATEMENTS_SIZE_MAX)
        return;
    s->prepare = copy(sql);
    s->text = copy(text);
    if (s->prepare == NULL || s->text == NULL)
        return;
    s->prepare_size = sql.size;
    s->text_size = text.size;
    s->mode = mode;
    s->mode.names = NULL; /* not ours to keep */
    s->state = session_state_at_prepare(c->session);
    s->carried = s->state != NULL;
}

/* A variable that a statement assigns exists from its PREPARE on, with the type it will have. */
static void see_assignments(struct client *c, struct sql_mode mode, struct bytes text)
{
    struct sql_scan scan;
    sql_scan_text(&scan, mode, text);
    if (!sql_scan_has(&scan, SQL_EFFECT_SETS_USER_VARIABLE))
        return;
    c->request.scan->effects |= SQL_EFFECT_BIT(USER_VARIABLE) | SQL_EFFECT_BIT(SETS_USER_VARIABLE);
    user_variables_see(c, mode, text);
}

/* The request does what this text does. */
static void see_execute(struct client *c, struct sql_mode mode, struct bytes text)
{
    struct sql_scan *scan = c->request.scan;
    bool variables = sql_scan_has(scan, SQL_EFFECT_USER_VARIABLE); /* USING */
    struct sql_mode now = scan->mode;
    sql_scan_text(scan, mode, text);
    scan->mode = now;
    scan->kill = SQL_KILL_NONE;
    scan->only_ping = false;
    scan->effects &= ~SQL_EFFECT_BIT(TOUCHES_TABLE);
    if (variables)
        scan->effects |= SQL_EFFECT_BIT(USER_VARIABLE);
    if (variables && scan->verb == SQL_VERB_CALL) /* it may be OUT */
        scan->effects |= SQL_EFFECT_BIT(SETS_USER_VARIABLE);
    if (sql_scan_has(scan, SQL_EFFECT_SETS_USER_VARIABLE))
        user_variables_see(c, mode, text);
    c->text_statements->served = true;
}

static void set_name(struct text_statement *s, struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        s->name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    s->name[name.size] = '\0';
}

/* How the text was read, with what is known of stored code now. */
static struct sql_mode mode_then(const struct text_statement *s, struct sql_mode now)
{
    struct sql_mode mode = s->mode;
    mode.names = now.names;
    return mode;
}

/* The PREPARE that the client could have written. */
static bool write_prepare(struct writer *w, struct sql_mode mode, struct bytes name,
                          struct bytes text)
{
    writer_text(w, "PREPARE `");
    writer_view(w, name);
    writer_text(w, "` FROM '");
    for (size_t i = 0; i < text.size; i++) {
        uint8_t b = text.data[i];
        if (b < ' ' && b != '\t' && b != '\n' && b != '\r')
            return false;
        if (b == '\'' || (b == '\\' && !mode.no_backslash_escapes))
            writer_u8(w, b);
        writer_u8(w, b);
    }
    writer_u8(w, '\'');
    return !w->overflow;
}

static void see_value(struct client *c, struct sql_mode mode, const struct sql_text_statement *read,
                      struct bytes text)
{
    struct sql_scan *scan = c->request.scan;
    sql_effects_t sets = scan->effects & SQL_EFFECT_BIT(SETS_USER_VARIABLE);
    size_t room = 2 * text.size + SQL_NAME_MAX + 32;
    uint8_t *prepare = malloc(room);
    struct writer w = writer_over(prepare, prepare != NULL ? room : 0);
    bool ok = is_legible(c->session) && write_prepare(&w, mode, read->name, text);
    scan->effects &= ~sets; /* naming it here is no assignment */
    if (ok && read->kind == SQL_TEXT_EXECUTE_IMMEDIATE) {
        see_execute(c, mode, text);
    } else if (ok) {
        see_prepare(c, mode, writer_written(&w), text);
        see_assignments(c, mode, text);
        scan->effects &= ~SQL_EFFECT_BIT(TEXT_PREPARE);
        c->text_statements->served = true;
    } else {
        scan->effects |= sets;
    }
    free(prepare);
}

static void see_variable(struct client *c, struct sql_mode mode,
                         const struct sql_text_statement *read)
{
    uint8_t *value = malloc(USER_VARIABLE_SIZE_MAX);
    struct writer w = writer_over(value, value != NULL ? USER_VARIABLE_SIZE_MAX : 0);
    if (!user_variables_are_known(c))
        c->text_statements->wants_value = true;
    else if (user_variables_value(c, read->variable, &w))
        see_value(c, mode, read, writer_written(&w));
    free(value);
}

static void see_kind(struct client *c, struct sql_mode mode, struct bytes sql,
                     const struct sql_text_statement *read, struct bytes text)
{
    struct text_statements *t = c->text_statements;
    struct sql_scan *scan = c->request.scan;
    const struct text_statement *known;
    t->kind = read->kind;
    set_name(&t->asked, read->name);
    switch (read->kind) {
    case SQL_TEXT_PREPARE:
        if (read->is_literal) {
            see_prepare(c, mode, sql, text);
            see_assignments(c, mode, text);
        } else if (read->variable.size > 0) {
            see_variable(c, mode, read);
            break;
        }
        FALLTHROUGH;
    case SQL_TEXT_DEALLOCATE:
        scan->effects &= ~SQL_EFFECT_BIT(TEXT_PREPARE);
        t->served = true;
        break;
    case SQL_TEXT_EXECUTE:
        known = find(t);
        t->any_arguments = read->any_arguments;
        if (known != NULL && known->carried && !read->any_arguments)
            see_execute(c, mode_then(known, mode), bytes_of(known->text, known->text_size));
        break;
    case SQL_TEXT_EXECUTE_IMMEDIATE:
        if (read->is_literal && is_legible(c->session))
            see_execute(c, mode, text);
        else if (read->variable.size > 0)
            see_variable(c, mode, read);
        break;
    }
}

/* A statement whose text is known. */
static bool executes(const struct text_statements *t)
{
    return t != NULL && t->served &&
           (t->kind == SQL_TEXT_EXECUTE || t->kind == SQL_TEXT_EXECUTE_IMMEDIATE);
}

bool text_statements_see(struct client *c, struct sql_mode mode, struct bytes sql)
{
    const struct sql_scan *scan = c->request.scan;
    sql_effects_t doubts = SQL_EFFECT_BIT(UNKNOWN_VERB) | SQL_EFFECT_BIT(UNTERMINATED);
    if (c->text_statements != NULL) {
        c->text_statements->served = c->text_statements->any_arguments = false;
        c->text_statements->wants_value = false;
        release(&c->text_statements->asked);
    }
    if (sql.size == 0 || !sql_scan_has(scan, SQL_EFFECT_TEXT_PREPARE) || scan->statements != 1 ||
        (scan->effects & doubts) != 0)
        return false;
    if (c->text_statements == NULL) {
        c->text_statements = calloc(1, sizeof *c->text_statements);
        if (c->text_statements != NULL)
            c->text_statements->lost = (c->pins & PIN_BIT(TEXT_PREPARE)) != 0;
    }
    uint8_t *value = malloc(sql.size);
    struct writer w = writer_over(value, value != NULL ? sql.size : 0);
    struct sql_text_statement read;
    if (c->text_statements != NULL && value != NULL &&
        sql_text_statement_read(sql, mode, &read, &w))
        see_kind(c, mode, sql, &read, writer_written(&w));
    free(value);
    return executes(c->text_statements);
}

/* More often than this helps nothing. */
#define ASKS_MAX 3

bool text_statements_wait(const struct client *c)
{
    const struct text_statements *t = c->text_statements;
    return t != NULL && t->wants_value && t->asks < ASKS_MAX &&
           (c->pins & PIN_BIT(USER_VARIABLE)) == 0;
}

void text_statements_asking(struct client *c)
{
    c->text_statements->asks++;
}

struct bytes text_statements_executed(const struct client *c)
{
    const struct text_statements *t = c->text_statements;
    if (!executes(t))
        return bytes_of(NULL, 0);
    const struct text_statement *known = t->kind == SQL_TEXT_EXECUTE ? find(t) : NULL;
    return known != NULL ? bytes_of(known->text, known->text_size) : bytes_of_text("");
}

bool text_statements_is_served(const struct client *c)
{
    const struct text_statements *t = c->text_statements;
    return t != NULL && t->served &&
           (t->kind == SQL_TEXT_PREPARE || t->kind == SQL_TEXT_DEALLOCATE);
}

/* -------- what became of it -------- */

static void keep(struct text_statements *t, struct link *l)
{
    if (t->count == TEXT_STATEMENTS_MAX) {
        t->lost = true;
        return;
    }
    if (l->session_number == 0)
        l->session_number = private_state_number();
    t->asked.session = l->session_number;
    t->size += t->asked.prepare_size + t->asked.text_size;
    t->list[t->count++] = t->asked;
    t->asked = (struct text_statement){.carried = false};
}

static void learn_served(struct client *c, bool error)
{
    struct text_statements *t = c->text_statements;
    switch (t->kind) {
    case SQL_TEXT_PREPARE: /* one that fails drops the old one, too */
        drop(t);
        if (!error)
            keep(t, c->link);
        private_state_touch(c);
        break;
    case SQL_TEXT_DEALLOCATE:
        if (!error)
            drop(t);
        break;
    case SQL_TEXT_EXECUTE:
    case SQL_TEXT_EXECUTE_IMMEDIATE:
        break;
    }
}

/* Going back to where a statement was prepared takes a schema that can be selected. */
static bool can_go_back(const struct session_state *now, const struct session_state *then)
{
    return (now->schema[0] == '\0') == (then->schema[0] == '\0');
}

static bool is_carried(const struct client *c)
{
    const struct text_statements *t = c->text_statements;
    unsigned without_schema = 0;
    for (unsigned i = 0; i < t->count; i++) {
        const struct text_statement *s = &t->list[i];
        if (!s->carried || !can_go_back(c->session, s->state))
            return false;
        without_schema += s->state->schema[0] == '\0';
    }
    return !t->lost && without_schema <= WITHOUT_SCHEMA_MAX;
}

/* Whatever its text was: one of that name is there no more, and no other. */
static bool failed_to_prepare(const struct text_statements *t, const struct reply_summary *s)
{
    return t != NULL && s->error && t->kind == SQL_TEXT_PREPARE && t->asked.name[0] != '\0';
}

static void learn_failed(struct client *c)
{
    drop(c->text_statements);
    private_state_touch(c);
    c->request.scan->effects &= ~SQL_EFFECT_BIT(TEXT_PREPARE);
}

void text_statements_learn(struct client *c)
{
    struct text_statements *t = c->text_statements;
    struct request *r = &c->request;
    const struct reply_summary *s = &c->link->reply.summary;
    bool unserved = r->scanned && sql_scan_has(r->scan, SQL_EFFECT_TEXT_PREPARE);
    if (t != NULL)
        t->asks = 0;
    bool unknown = s->error && s->error_code == ER_UNKNOWN_STMT_HANDLER && r->scan->statements == 1;
    if (t != NULL && t->served)
        learn_served(c, s->error);
    else if (unserved && unknown)
        r->scan->effects &= ~(SQL_EFFECT_BIT(TEXT_PREPARE) | SQL_EFFECT_BIT(STORED_CODE));
    else if (unserved && failed_to_prepare(t, s))
        learn_failed(c);
    else if (unserved && t != NULL)
        t->lost = true;
    if (t == NULL)
        return;
    if (is_carried(c))
        c->pins &= ~PIN_BIT(TEXT_PREPARE);
    else
        c->pins |= PIN_BIT(TEXT_PREPARE);
}

/* -------- on another link -------- */

static bool is_needed(const struct text_statements *t)
{
    return t != NULL && (t->any_arguments || (t->served && (t->kind == SQL_TEXT_EXECUTE ||
                                                            t->kind == SQL_TEXT_DEALLOCATE)));
}

static bool is_on(const struct text_statement *s, const struct link *l)
{
    return l->session_number != 0 && s->session == l->session_number;
}

/* A request that may execute any of them, out of sight: then all are there before it. */
static bool is_opaque(const struct client *c)
{
    static const sql_effects_t effects =
        SQL_EFFECT_BIT(TEXT_PREPARE) | SQL_EFFECT_BIT(STORED_CODE) | SQL_EFFECT_BIT(STORED_STATE) |
        SQL_EFFECT_BIT(UNKNOWN_VERB) | SQL_EFFECT_BIT(UNTERMINATED);
    const struct request *r = &c->request;
    return c->login_schema == NULL && r->scanned &&
           (r->feeding || (r->scan->effects & effects) != 0);
}

/* Must be there before the request, although that does not ask for it. */
static bool is_precaution(const struct client *c, const struct text_statement *s)
{
    return s->carried && s->state->schema[0] == '\0' && c->session->schema[0] == '\0';
}

bool text_statements_is_missing(const struct client *c, const struct link *l)
{
    const struct text_statements *t = c->text_statements;
    const struct text_statement *s = is_needed(t) ? find(t) : NULL;
    if (t == NULL)
        return false;
    bool opaque = is_opaque(c);
    for (unsigned i = 0; i < t->count; i++) {
        const struct text_statement *one = &t->list[i];
        bool wanted = one == s || is_precaution(c, one) || (opaque && one->carried);
        if (wanted && !is_on(one, l))
            return true;
    }
    return false;
}

/* To be dropped, any statement of that name will do. */
static void prepare_to_drop(const struct text_statement *s, struct link *l)
{
    char text[SQL_NAME_MAX + 40];
    struct writer w = writer_over(text, sizeof text);
    writer_text(&w, "PREPARE `");
    writer_text(&w, s->name);
    writer_text(&w, "` FROM 'DO 0'");
    link_chore_add(l, CHORE_TEXT_PREPARE, COMMAND_QUERY, writer_written(&w));
}

static bool prepare_again(const struct client *c, const struct text_statement *s, struct link *l,
                          enum chore chore)
{
    struct session_state *now = s->carried ? session_state_at_prepare(c->session) : NULL;
    if (now == NULL)
        return false;
    bool ok = statement_add_mode(l, now, s->state);
    link_chore_add(l, chore, COMMAND_QUERY, bytes_of(s->prepare, s->prepare_size));
    ok = ok && statement_add_mode(l, s->state, now);
    session_state_release(now);
    return ok;
}

bool text_statements_restore(struct client *c, struct link *l)
{
    struct text_statements *t = c->text_statements;
    struct text_statement *asked = is_needed(t) ? find(t) : NULL;
    bool opaque = is_opaque(c);
    bool ok = true;
    if (l->session_number == 0)
        l->session_number = private_state_number();
    for (unsigned i = 0; i < t->count; i++) {
        struct text_statement *s = &t->list[i];
        bool ahead = opaque && s != asked && s->carried;
        if (is_on(s, l) || (s != asked && !is_precaution(c, s) && !ahead))
            continue;
        s->session = l->session_number;
        if (s == asked && t->kind == SQL_TEXT_DEALLOCATE)
            prepare_to_drop(s, l);
        else if (s == asked)
            ok = prepare_again(c, s, l, CHORE_TEXT_PREPARE) && ok;
        else if (ahead && !is_precaution(c, s))
            ok = prepare_again(c, s, l, CHORE_TEXT_PREPARE_AHEAD) && ok;
        else
            link_chore_add(l, CHORE_TEXT_PREPARE_AHEAD, COMMAND_QUERY,
                           bytes_of(s->prepare, s->prepare_size));
    }
    return ok;
}

unsigned text_statements_count(const struct text_statements *t)
{
    return t->count;
}
