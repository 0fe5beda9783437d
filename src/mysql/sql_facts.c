/* SPDX-License-Identifier: Apache-2.0
 * Recognizes single statements exactly; SET is in sql_facts_set.c. */
#include "mysql/sql_facts.h"

#include "mysql/sql_tokens.h"
#include "mysql/sql_words.h"

/* [schema.]name */
static bool take_qualified(struct sql_tokens *t, struct sql_fact_name *n)
{
    *n = (struct sql_fact_name){.schema = bytes_of(NULL, 0)};
    if (!sql_tokens_take_name(t, &n->name))
        return false;
    if (!sql_tokens_take_byte(t, '.'))
        return true;
    n->schema = n->name;
    return sql_tokens_take_name(t, &n->name);
}

static bool take_table_or_sequence(struct sql_facts *f, struct sql_tokens *t)
{
    f->is_sequence = sql_tokens_take_word(t, "SEQUENCE");
    return f->is_sequence || sql_tokens_take_word(t, "TABLE");
}

static void read_create(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_tokens_take_word(t, "OR") && !sql_tokens_take_word(t, "REPLACE"))
        return;
    if (!sql_tokens_take_word(t, "TEMPORARY"))
        return;
    if (!take_table_or_sequence(f, t))
        return;
    if (sql_tokens_take_word(t, "IF") &&
        !(sql_tokens_take_word(t, "NOT") && sql_tokens_take_word(t, "EXISTS")))
        return;
    if (take_qualified(t, &f->names[0])) {
        f->name_count = 1;
        f->kind = SQL_FACT_CREATE_TEMPORARY;
    }
}

static void read_drop(struct sql_facts *f, struct sql_tokens *t)
{
    (void)sql_tokens_take_word(t, "TEMPORARY");
    if (!take_table_or_sequence(f, t) && !sql_tokens_take_word(t, "TABLES"))
        return;
    if (sql_tokens_take_word(t, "IF") && !sql_tokens_take_word(t, "EXISTS"))
        return;
    do {
        if (f->name_count == SQL_FACT_NAMES_MAX || !take_qualified(t, &f->names[f->name_count]))
            return;
        f->name_count++;
    } while (sql_tokens_take_byte(t, ','));
    if (!sql_tokens_take_word(t, "RESTRICT"))
        (void)sql_tokens_take_word(t, "CASCADE");
    if (sql_tokens_at_end(t))
        f->kind = SQL_FACT_DROP;
}

/* ('name') */
static bool take_lock_name(struct sql_facts *f, struct sql_tokens *t)
{
    if (t->token.kind != SQL_TOKEN_STRING || !t->token.plain)
        return false;
    f->names[0] = (struct sql_fact_name){.name = t->token.text};
    f->name_count = 1;
    sql_tokens_next(t);
    return true;
}

static bool take_timeout(struct sql_tokens *t)
{
    if (!sql_tokens_take_byte(t, ','))
        return false;
    (void)sql_tokens_take_byte(t, '-');
    if (t->token.kind != SQL_TOKEN_NUMBER)
        return false;
    sql_tokens_next(t);
    return true;
}

/* Any alias behind the only column; sets *alias when it is one that needs no second thought. */
static bool take_alias(struct sql_tokens *t, struct bytes *alias)
{
    bool as = sql_tokens_take_word(t, "AS");
    if (t->token.kind == SQL_TOKEN_END && !as)
        return true;
    bool quoted = t->token.kind == SQL_TOKEN_NAME || (t->token.kind == SQL_TOKEN_STRING && as);
    size_t size = t->token.text.size;
    if (quoted && t->token.plain && size > 0 && size <= SQL_NAME_MAX &&
        t->token.text.data[0] != ' ' && t->token.text.data[size - 1] != ' ') {
        *alias = t->token.text;
        sql_tokens_next(t);
        return true;
    }
    /* No reserved word ends so. */
    bool is_id = t->token.kind == SQL_TOKEN_WORD && size >= 2 && size <= SQL_NAME_MAX &&
                 sql_text_is(bytes_of(t->token.text.data + size - 2, 2), "ID");
    if (is_id) {
        *alias = t->token.text;
        sql_tokens_next(t);
        return true;
    }
    return !as;
}

static bool take_limit(struct sql_tokens *t)
{
    if (!sql_tokens_take_word(t, "LIMIT"))
        return true;
    bool one = t->token.kind == SQL_TOKEN_NUMBER && bytes_equal_text(t->token.text, "1");
    sql_tokens_next(t);
    return one;
}

static enum sql_fact lock_function(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_tokens_take_word(t, "GET_LOCK")) {
        bool ok = sql_tokens_take_byte(t, '(') && take_lock_name(f, t) && take_timeout(t);
        return ok ? SQL_FACT_GET_LOCK : SQL_FACT_NONE;
    }
    if (sql_tokens_take_word(t, "RELEASE_LOCK")) {
        bool ok = sql_tokens_take_byte(t, '(') && take_lock_name(f, t);
        return ok ? SQL_FACT_RELEASE_LOCK : SQL_FACT_NONE;
    }
    if (sql_tokens_take_word(t, "RELEASE_ALL_LOCKS"))
        return sql_tokens_take_byte(t, '(') ? SQL_FACT_RELEASE_ALL_LOCKS : SQL_FACT_NONE;
    return SQL_FACT_NONE;
}

/* CONNECTION_ID(), its variable, or ROW_COUNT(). */
static bool take_number(struct sql_facts *f, struct sql_tokens *t, size_t *end)
{
    if (sql_tokens_take_byte(t, '@')) {
        if (!sql_token_is_byte(t, '@') || t->token.gap)
            return false;
        sql_tokens_next(t);
        f->is_variable = true;
        bool scoped = sql_token_is_word(t, "SESSION") || sql_token_is_word(t, "LOCAL");
        if (scoped) {
            sql_tokens_next(t);
            if (!sql_token_is_byte(t, '.') || t->token.gap)
                return false;
            sql_tokens_next(t);
        }
        *end = t->token.end;
        return !t->token.gap && sql_tokens_take_word(t, "PSEUDO_THREAD_ID");
    }
    f->is_row_count = sql_tokens_take_word(t, "ROW_COUNT");
    if (!f->is_row_count && !sql_tokens_take_word(t, "CONNECTION_ID"))
        return false;
    if (!sql_tokens_take_byte(t, '('))
        return false;
    *end = t->token.end;
    return sql_tokens_take_byte(t, ')');
}

static bool has_comment(struct bytes text)
{
    return memchr(text.data, '/', text.size) != NULL || memchr(text.data, '#', text.size) != NULL ||
           memchr(text.data, '-', text.size) != NULL;
}

static void read_number(struct sql_facts *f, struct sql_tokens *t)
{
    size_t begin = t->token.begin;
    size_t end = begin;
    if (!take_number(f, t, &end))
        return;
    f->text = bytes_of(t->text.data + begin, end - begin);
    bool plain = f->text.size <= SQL_NAME_MAX && !has_comment(f->text);
    if (plain && take_alias(t, &f->text) && take_limit(t) && sql_tokens_at_end(t))
        f->kind = f->is_row_count ? SQL_FACT_ROW_COUNT : SQL_FACT_CONNECTION_ID;
}

static void read_call(struct sql_facts *f, struct sql_tokens *t, bool has_row)
{
    enum sql_fact kind = lock_function(f, t);
    if (kind == SQL_FACT_NONE || !sql_tokens_take_byte(t, ')'))
        return;
    struct bytes alias;
    if (has_row) {
        if (sql_tokens_take_word(t, "AS") || t->token.kind == SQL_TOKEN_WORD ||
            t->token.kind == SQL_TOKEN_NAME || t->token.kind == SQL_TOKEN_STRING) {
            alias = t->token.text;
            bool clause = sql_token_is_word(t, "FROM") || sql_token_is_word(t, "INTO") ||
                          sql_token_is_word(t, "UNION") || sql_token_is_word(t, "WHERE");
            if (clause || alias.size == 0)
                return;
            if (!sql_token_is_word(t, "LIMIT"))
                sql_tokens_next(t);
        }
        if (!take_limit(t))
            return;
    }
    if (!sql_tokens_at_end(t))
        return;
    f->kind = kind;
    f->has_row = has_row;
}

static void read_select(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_token_is_word(t, "CONNECTION_ID") || sql_token_is_word(t, "ROW_COUNT") ||
        sql_token_is_byte(t, '@'))
        read_number(f, t);
    else
        read_call(f, t, true);
}

static void read_handler(struct sql_facts *f, struct sql_tokens *t)
{
    struct sql_fact_name n;
    if (!take_qualified(t, &n))
        return;
    f->names[0] = (struct sql_fact_name){.name = n.name};
    f->name_count = 1;
    if (sql_tokens_take_word(t, "READ")) {
        f->kind = SQL_FACT_HANDLER_READ;
    } else if (sql_tokens_take_word(t, "CLOSE")) {
        if (n.schema.size == 0 && sql_tokens_at_end(t))
            f->kind = SQL_FACT_HANDLER_CLOSE;
    } else if (sql_tokens_take_word(t, "OPEN")) {
        (void)sql_tokens_take_word(t, "AS");
        bool ok = sql_tokens_at_end(t) ||
                  (sql_tokens_take_name(t, &f->names[0].name) && sql_tokens_at_end(t));
        f->kind = ok ? SQL_FACT_HANDLER_OPEN : SQL_FACT_NONE;
    }
}

static void read_xa(struct sql_facts *f, struct sql_tokens *t)
{
    static const struct {
        const char *word;
        enum sql_fact kind;
    } words[] = {
        {"START", SQL_FACT_XA_BEGIN},     {"BEGIN", SQL_FACT_XA_BEGIN},
        {"END", SQL_FACT_XA_MIDDLE},      {"PREPARE", SQL_FACT_XA_FINISH},
        {"COMMIT", SQL_FACT_XA_FINISH},   {"ROLLBACK", SQL_FACT_XA_FINISH},
        {"RECOVER", SQL_FACT_XA_RECOVER},
    };
    for (size_t i = 0; i < countof(words); i++)
        if (sql_token_is_word(t, words[i].word))
            f->kind = words[i].kind;
}

static void read_backup(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_tokens_take_word(t, "STAGE"))
        f->kind = sql_token_is_word(t, "END") ? SQL_FACT_BACKUP_STAGE_END : SQL_FACT_BACKUP_STAGE;
    else if (sql_tokens_take_word(t, "UNLOCK"))
        f->kind = SQL_FACT_BACKUP_UNLOCK;
    else if (sql_tokens_take_word(t, "LOCK"))
        f->kind = SQL_FACT_BACKUP_LOCK;
}

static void read_lock(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_tokens_take_word(t, "INSTANCE"))
        f->kind = SQL_FACT_LOCK_INSTANCE;
    else if (sql_tokens_take_word(t, "TABLES") || sql_tokens_take_word(t, "TABLE"))
        f->kind = SQL_FACT_LOCK_TABLES;
}

static void read_unlock(struct sql_facts *f, struct sql_tokens *t)
{
    if (sql_tokens_take_word(t, "INSTANCE"))
        f->kind = SQL_FACT_UNLOCK_INSTANCE;
    else if (sql_tokens_take_word(t, "TABLES") || sql_tokens_take_word(t, "TABLE"))
        f->kind = SQL_FACT_UNLOCK_TABLES;
    if (!sql_tokens_at_end(t))
        f->kind = SQL_FACT_NONE;
}

static void read_do(struct sql_facts *f, struct sql_tokens *t)
{
    read_call(f, t, false);
}

static bool take_plain_number(struct sql_tokens *t, uint64_t *number)
{
    enum { DIGITS_MAX = 18 };
    struct bytes text = t->token.text;
    *number = 0;
    if (t->token.kind != SQL_TOKEN_NUMBER || text.size > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(text.data[i] - '0');
    }
    sql_tokens_next(t);
    return true;
}

/* WARNINGS or ERRORS, [LIMIT [offset,] limit | LIMIT limit OFFSET offset] */
static void read_show(struct sql_facts *f, struct sql_tokens *t)
{
    f->errors_only = sql_token_is_word(t, "ERRORS");
    if (!sql_tokens_take_word(t, "ERRORS") && !sql_tokens_take_word(t, "WARNINGS"))
        return;
    f->limit = UINT64_MAX;
    if (sql_tokens_take_word(t, "LIMIT")) {
        if (!take_plain_number(t, &f->limit))
            return;
        if (sql_tokens_take_byte(t, ',')) {
            f->offset = f->limit;
            if (!take_plain_number(t, &f->limit))
                return;
        } else if (sql_tokens_take_word(t, "OFFSET") && !take_plain_number(t, &f->offset)) {
            return;
        }
    }
    if (sql_tokens_at_end(t))
        f->kind = SQL_FACT_SHOW_CONDITIONS;
}

static void read_get(struct sql_facts *f, struct sql_tokens *t)
{
    (void)sql_tokens_take_word(t, "CURRENT");
    if (!sql_tokens_take_word(t, "DIAGNOSTICS") || !sql_tokens_take_word(t, "CONDITION"))
        return;
    f->text = t->token.text;
    if (take_plain_number(t, &f->number))
        f->kind = SQL_FACT_GET_CONDITION;
}

static const struct {
    const char *verb;
    void (*read)(struct sql_facts *f, struct sql_tokens *t);
} readers[] = {
    {"SELECT", read_select}, {"DO", read_do},         {"SET", sql_facts_read_set},
    {"CREATE", read_create}, {"DROP", read_drop},     {"HANDLER", read_handler},
    {"XA", read_xa},         {"BACKUP", read_backup}, {"LOCK", read_lock},
    {"UNLOCK", read_unlock}, {"SHOW", read_show},     {"GET", read_get},
};

/* Is there nothing but one statement, readable to its end? */
static bool is_readable(struct sql_mode mode, struct bytes text)
{
    struct sql_tokens t;
    sql_tokens_begin(&t, mode, text);
    while (t.token.kind != SQL_TOKEN_END && t.token.kind != SQL_TOKEN_ODD)
        sql_tokens_next(&t);
    return t.token.kind == SQL_TOKEN_END;
}

void sql_facts_read(struct sql_facts *f, struct sql_mode mode, struct bytes text)
{
    struct sql_tokens t;
    memset(f, 0, sizeof *f);
    if (!is_readable(mode, text))
        return;
    sql_tokens_begin(&t, mode, text);
    for (size_t i = 0; i < countof(readers); i++) {
        if (sql_tokens_take_word(&t, readers[i].verb)) {
            readers[i].read(f, &t);
            return;
        }
    }
}

bool sql_facts_mentions(struct sql_mode mode, struct bytes text, const char *upper)
{
    struct sql_tokens t;
    sql_tokens_begin(&t, mode, text);
    while (t.token.kind != SQL_TOKEN_END && t.token.kind != SQL_TOKEN_ODD) {
        if (sql_token_is_word(&t, upper))
            return true;
        sql_tokens_next(&t);
    }
    return t.token.kind == SQL_TOKEN_ODD;
}
