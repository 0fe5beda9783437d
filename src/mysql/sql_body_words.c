/* SPDX-License-Identifier: Apache-2.0
 * What the words of a body begin, change or set. */
#include "mysql/sql_body_scan.h"

static void add_state(struct sql_body *b)
{
    b->effects |= SQL_EFFECT_BIT(STORED_STATE);
}

static void add_unknown(struct sql_body *b)
{
    b->effects |= SQL_EFFECT_BIT(STORED_CODE);
}

/* -------- local and system variables -------- */

static void declare(struct sql_body *b, struct bytes text)
{
    if (b->local_count < LOCALS_MAX)
        b->locals[b->local_count++] = sql_name_hash(text);
}

bool sql_body_is_local(const struct sql_body *b, struct bytes text)
{
    uint32_t hash = sql_name_hash(text);
    for (unsigned i = 0; i < b->local_count; i++)
        if (b->locals[i] == hash)
            return true;
    return false;
}

/* A variable is assigned, of the session if it is not local. */
void sql_body_assign(struct sql_body *b, struct bytes text)
{
    const struct sql_variable_info *variable = sql_variable_find(text);
    if ((variable != NULL && variable->on_set != 0) || sql_variable_is_accented(text))
        add_state(b);
    else
        b->effects |= SQL_EFFECT_BIT(STORED_SETS);
}

static void set_word(struct sql_body *b, enum sql_word word, struct bytes text)
{
    b->place = PLACE_SET_TARGET;
    switch ((unsigned)word) {
    case SQL_WORD_GLOBAL:
    case SQL_WORD_PERSIST:
    case SQL_WORD_PERSIST_ONLY:
        return;
    case SQL_WORD_SESSION:
    case SQL_WORD_LOCAL:
        b->place = PLACE_SET_SCOPED;
        return;
    case SQL_WORD_NAMES:
    case SQL_WORD_CHARACTER:
    case SQL_WORD_CHARSET:
    case SQL_WORD_TRANSACTION:
    case SQL_WORD_STATEMENT:
        add_state(b);
        return;
    case SQL_WORD_ROLE:
    case SQL_WORD_PASSWORD:
    case SQL_WORD_RESOURCE:
    case SQL_WORD_DEFAULT:
        add_unknown(b);
        return;
    default:
        break;
    }
    if (!sql_body_is_local(b, text) && !sql_text_is(text, "NEW"))
        sql_body_assign(b, text);
}

/* Behind @@. */
static void system_word(struct sql_body *b, enum sql_word word)
{
    b->place = PLACE_SET_TARGET;
    if (word == SQL_WORD_SESSION || word == SQL_WORD_LOCAL)
        b->place = PLACE_SET_SYSTEM;
    else if (word != SQL_WORD_GLOBAL && word != SQL_WORD_PERSIST && word != SQL_WORD_PERSIST_ONLY)
        add_state(b); /* SET @@x: MariaDB's tracker does not report it */
}

/* The name behind @ or @@ that is read. */
void sql_body_read_variable(struct sql_body *b, struct bytes text)
{
    sql_body_add(b, sql_variable_on_read(text));
}

/* -------- statements -------- */

void sql_body_begin_statement(struct sql_body *b)
{
    sql_body_end_call(b);
    b->place = PLACE_START;
    b->assigns = false;
}

/* Words behind which a statement begins, or may. */
bool sql_body_opens_statement(const struct sql_body *b, enum sql_word word, struct bytes text)
{
    if (b->place >= PLACE_SET && b->place <= PLACE_SET_VALUE)
        return false; /* of CASE in a value */
    switch ((unsigned)word) {
    case SQL_WORD_THEN:
    case SQL_WORD_ELSE:
    case SQL_WORD_DO:
    case SQL_WORD_BEGIN:
    case SQL_WORD_LOOP:
    case SQL_WORD_REPEAT:
    case SQL_WORD_ROW:
        return true;
    default:
        return word == SQL_NO_WORD && sql_text_is(text, "ATOMIC");
    }
}

/* The first word of a statement. */
static void first_word(struct sql_body *b, enum sql_word word)
{
    switch ((unsigned)word) {
    case SQL_WORD_XA:
    case SQL_WORD_BINLOG:
        add_unknown(b);
        break;
    case SQL_WORD_SHOW:
        b->effects |= SQL_EFFECT_BIT(STORED_READS) | SQL_EFFECT_BIT(PROFILING);
        break;
    case SQL_WORD_DECLARE:
        b->place = PLACE_DECLARE;
        return;
    default:
        break;
    }
    b->place = PLACE_IN;
}

/* SET of variables, not of columns. */
static void begin_set(struct sql_body *b)
{
    if (b->assigns || b->last_word == SQL_WORD_CHARACTER || b->last_word == SQL_WORD_CHAR)
        return;
    b->place = PLACE_SET;
    b->set_depth = b->depth;
}

/* Words that mean something behind another. */
static void pair(struct sql_body *b, enum sql_word word)
{
    uint16_t before = b->last_word;
    bool lock = before == SQL_WORD_LOCK && (word == SQL_WORD_INSTANCE || word == SQL_WORD_TABLES);
    bool backup = before == SQL_WORD_BACKUP && (word == SQL_WORD_STAGE || word == SQL_WORD_LOCK);
    bool sequence =
        word == SQL_WORD_VALUE && (before == SQL_WORD_NEXT || before == SQL_WORD_PREVIOUS);
    if (lock || backup || sequence)
        add_state(b);
}

static void ask_conditions(struct sql_body *b, enum sql_word word)
{
    uint16_t before = b->last_word;
    bool shows = before == SQL_WORD_SHOW && (word == SQL_WORD_WARNINGS || word == SQL_WORD_ERRORS);
    bool gets = before == SQL_WORD_DIAGNOSTICS && word == SQL_WORD_CONDITION;
    if ((shows || gets) && b->handler == HANDLER_NONE)
        b->effects |= SQL_EFFECT_BIT(STORED_CONDITIONS);
    if (word == SQL_WORD_HANDLER)
        b->handler = HANDLER_DECLARED;
    else if (word == SQL_WORD_BEGIN && b->handler == HANDLER_DECLARED)
        b->handler = HANDLER_BLOCK;
    else if (word == SQL_WORD_END && b->handler == HANDLER_BLOCK)
        b->handler = HANDLER_NONE;
}

/* Words that matter wherever they stand. */
static void any_word(struct sql_body *b, enum sql_word word, bool at_start)
{
    switch ((unsigned)word) {
    case SQL_WORD_TEMPORARY:
    case SQL_WORD_FLUSH:
        add_state(b);
        break;
    case SQL_WORD_PREPARE:
    case SQL_WORD_EXECUTE:
    case SQL_WORD_DEALLOCATE:
        add_unknown(b);
        break;
    case SQL_WORD_DIAGNOSTICS:
    case SQL_WORD_RESIGNAL:
        b->effects |= SQL_EFFECT_BIT(STORED_READS);
        break;
    case SQL_WORD_RELEASE: /* of a savepoint, or COMMIT RELEASE, which ends the session */
        if (!at_start && b->last_word != SQL_WORD_NO)
            add_unknown(b);
        break;
    case SQL_WORD_VIEW:
    case SQL_WORD_TRIGGER:
        b->effects |= SQL_EFFECT_BIT(CHANGES_CODE);
        break;
    case SQL_WORD_FUNCTION:
    case SQL_WORD_PROCEDURE:
    case SQL_WORD_PACKAGE:
        if (b->is_definition)
            b->effects |= SQL_EFFECT_BIT(CHANGES_CODE);
        break;
    case SQL_WORD_CALL:
        sql_body_end_call(b);
        b->calls = true;
        b->name = bytes_of(NULL, 0);
        break;
    case SQL_WORD_UPDATE:
    case SQL_WORD_INSERT:
    case SQL_WORD_REPLACE:
    case SQL_WORD_LOAD:
    case SQL_WORD_SIGNAL:
    case SQL_WORD_ALTER:
        b->assigns = true;
        break;
    case SQL_WORD_SET:
        begin_set(b);
        break;
    default:
        break;
    }
}

void sql_body_keyword(struct sql_body *b, enum sql_word word)
{
    bool at_start = b->place == PLACE_START;
    if (at_start)
        first_word(b, word);
    pair(b, word);
    ask_conditions(b, word);
    any_word(b, word, at_start);
}

/* True when the word was taken for the name of a variable. */
bool sql_body_takes_word(struct sql_body *b, enum sql_word word, struct bytes text)
{
    switch (b->place) {
    case PLACE_SET:
        set_word(b, word, text);
        return true;
    case PLACE_SET_SCOPED:
        if (word == SQL_WORD_TRANSACTION)
            add_state(b);
        else
            sql_body_assign(b, text);
        b->place = PLACE_SET_TARGET;
        return true;
    case PLACE_SET_SYSTEM:
        if (b->last == SQL_LAST_DOT || b->last == SQL_LAST_MEMBER) {
            sql_body_assign(b, text);
            b->place = PLACE_SET_TARGET;
        } else {
            system_word(b, word);
        }
        return true;
    case PLACE_DECLARE:
        declare(b, text);
        b->place = PLACE_DECLARE_MORE;
        return true;
    case PLACE_START:
    case PLACE_IN:
    case PLACE_SET_TARGET:
    case PLACE_SET_VALUE:
    case PLACE_DECLARE_MORE:
        break;
    }
    return false;
}
