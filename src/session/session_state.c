/* SPDX-License-Identifier: Apache-2.0
 * Interned session states: one table for the process, under a lock that is taken only when a
 * session changes, never on the query path. */
#include "session/session_state.h"

#include "base/check.h"
#include "base/text.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned id;
    const char *character_set;
    const char *collation;
} collations[] = {
#define COLLATION(id, character_set, name) {(id), (character_set), (name)},
#include "session/collations.def"
#undef COLLATION
};

bool collation_find(unsigned id, const char **character_set, const char **collation)
{
    for (size_t i = 0; i < countof(collations); i++) {
        if (collations[i].id == id) {
            *character_set = collations[i].character_set;
            *collation = collations[i].collation;
            return true;
        }
    }
    return false;
}

unsigned collation_id(const char *collation)
{
    for (size_t i = 0; i < countof(collations); i++)
        if (strcmp(collations[i].collation, collation) == 0)
            return collations[i].id;
    return 0;
}

#define TABLE_SIZE 1024
static struct {
    pthread_mutex_t lock;
    struct session_state *buckets[TABLE_SIZE];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum {
    TEXT_CLIENT,
    TEXT_CONNECTION,
    TEXT_RESULTS,
    TEXT_COLLATION,
    TEXT_COLLATION_RESULTS,
    TEXT_ROLE,
    TEXT_NEXT_TRANSACTION,
    TEXT_COUNT
};

/* A state under construction: views into other memory. */
struct draft {
    struct bytes schema;
    bool multi_statements;
    struct bytes texts[TEXT_COUNT];
    struct bytes names[SESSION_VARIABLES_MAX];
    struct bytes values[SESSION_VARIABLES_MAX];
    size_t count;
};

static const size_t text_offsets[TEXT_COUNT] = {
    [TEXT_CLIENT] = offsetof(struct session_state, character_set_client),
    [TEXT_CONNECTION] = offsetof(struct session_state, character_set_connection),
    [TEXT_RESULTS] = offsetof(struct session_state, character_set_results),
    [TEXT_COLLATION] = offsetof(struct session_state, collation_connection),
    [TEXT_COLLATION_RESULTS] = offsetof(struct session_state, collation_results),
    [TEXT_ROLE] = offsetof(struct session_state, role),
    [TEXT_NEXT_TRANSACTION] = offsetof(struct session_state, next_transaction),
};

static const char *text_of(const struct session_state *s, size_t i)
{
    const void *at = (const char *)s + text_offsets[i];
    return *(const char *const *)at;
}

static void set_text(struct session_state *s, size_t i, const char *text)
{
    void *at = (char *)s + text_offsets[i];
    *(const char **)at = text;
}

static uint64_t hash_more(uint64_t h, struct bytes b)
{
    for (size_t i = 0; i < b.size; i++)
        h = (h ^ b.data[i]) * UINT64_C(1099511628211);
    return (h ^ 0xff) * UINT64_C(1099511628211);
}

static uint64_t draft_hash(const struct draft *d)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (d->multi_statements ? 1 : 0);
    h = hash_more(h, d->schema);
    for (size_t i = 0; i < countof(d->texts); i++)
        h = hash_more(h, d->texts[i]);
    for (size_t i = 0; i < d->count; i++)
        h = hash_more(hash_more(h, d->names[i]), d->values[i]);
    return h;
}

static bool draft_equals(const struct draft *d, const struct session_state *s)
{
    if (d->multi_statements != s->multi_statements || d->count != s->variable_count ||
        !bytes_equal_text(d->schema, s->schema))
        return false;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (!bytes_equal_text(d->texts[i], text_of(s, i)))
            return false;
    for (size_t i = 0; i < d->count; i++)
        if (!bytes_equal_text(d->names[i], s->variables[i].name) ||
            !bytes_equal_text(d->values[i], s->variables[i].value))
            return false;
    return true;
}

static void draft_from(struct draft *d, const struct session_state *s)
{
    d->schema = bytes_of_text(s->schema);
    d->multi_statements = s->multi_statements;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        d->texts[i] = bytes_of_text(text_of(s, i));
    d->count = s->variable_count;
    for (size_t i = 0; i < d->count; i++) {
        d->names[i] = bytes_of_text(s->variables[i].name);
        d->values[i] = bytes_of_text(s->variables[i].value);
    }
}

static const char *copy_text(char **at, struct bytes text)
{
    char *start = *at;
    if (text.size > 0)
        memcpy(start, text.data, text.size);
    start[text.size] = '\0';
    *at += text.size + 1;
    return start;
}

static uint64_t long_query_time_of(const struct session_state *s)
{
    usec_t t;
    const char *value = session_state_get(s, "long_query_time");
    return value != NULL && text_parse_duration(value, USEC_PER_SEC, &t) ? t : UINT64_MAX;
}

static bool has_multi_byte_trail(const char *character_set)
{
    static const char *const sets[] = {"sjis", "cp932", "gbk", "gb18030", "big5"};
    for (size_t i = 0; i < countof(sets); i++)
        if (strcmp(character_set, sets[i]) == 0)
            return true;
    return false;
}

static bool has_ansi_quotes(const struct session_state *s)
{
    const char *sql_mode = session_state_get(s, "sql_mode");
    return sql_mode != NULL && strstr(sql_mode, "ANSI_QUOTES") != NULL;
}

static struct session_state *state_build(const struct draft *d, uint64_t hash)
{
    size_t texts = d->schema.size + 1;
    for (size_t i = 0; i < countof(d->texts); i++)
        texts += d->texts[i].size + 1;
    for (size_t i = 0; i < d->count; i++)
        texts += d->names[i].size + d->values[i].size + 2;
    size_t variables = d->count * sizeof(struct session_variable);
    size_t size = sizeof(struct session_state) + variables + texts;
    struct session_state *s = calloc(1, size);
    if (s == NULL)
        return NULL;
    struct session_variable *v = (struct session_variable *)(void *)(s + 1);
    char *at = (char *)(v + d->count);
    s->schema = copy_text(&at, d->schema);
    s->multi_statements = d->multi_statements;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        set_text(s, i, copy_text(&at, d->texts[i]));
    for (size_t i = 0; i < d->count; i++) {
        v[i].name = copy_text(&at, d->names[i]);
        v[i].value = copy_text(&at, d->values[i]);
    }
    CHECK((size_t)(at - (char *)s) == size);
    s->variables = v;
    s->variable_count = d->count;
    s->long_query_time = long_query_time_of(s);
    s->ansi_quotes = has_ansi_quotes(s);
    s->multi_byte_trail = has_multi_byte_trail(s->character_set_client);
    s->hash = hash;
    s->size = size;
    atomic_init(&s->references, 1);
    return s;
}

static struct session_state *intern(const struct draft *d)
{
    uint64_t hash = draft_hash(d);
    struct session_state **bucket = &table.buckets[hash % TABLE_SIZE];
    pthread_mutex_lock(&table.lock);
    struct session_state *s = *bucket;
    while (s != NULL && (s->hash != hash || !draft_equals(d, s)))
        s = s->next;
    if (s != NULL) {
        atomic_fetch_add(&s->references, 1);
    } else {
        s = state_build(d, hash);
        if (s != NULL) {
            s->next = *bucket;
            *bucket = s;
        }
    }
    pthread_mutex_unlock(&table.lock);
    return s;
}

/* Interns `d` and lets go of the state that it was made from. */
static struct session_state *replace(struct session_state *old, const struct draft *d)
{
    struct session_state *s = intern(d);
    if (s != NULL)
        session_state_release(old);
    return s;
}

struct session_state *session_state_hold(struct session_state *s)
{
    CHECK(s != NULL);
    atomic_fetch_add(&s->references, 1);
    return s;
}

void session_state_release(struct session_state *s)
{
    /* Under the lock only for the last reference: nobody can find the state while it goes. */
    unsigned n = atomic_load(&s->references);
    while (n > 1)
        if (atomic_compare_exchange_weak(&s->references, &n, n - 1))
            return;
    pthread_mutex_lock(&table.lock);
    if (atomic_fetch_sub(&s->references, 1) == 1) {
        struct session_state **at = &table.buckets[s->hash % TABLE_SIZE];
        while (*at != s)
            at = &(*at)->next;
        *at = s->next;
        free(s);
    }
    pthread_mutex_unlock(&table.lock);
}

struct session_state *session_state_login(unsigned collation, unsigned fallback, bool mariadb,
                                          bool multi_statements)
{
    const char *character_set = NULL;
    const char *name = NULL;
    bool mysql_only = (collation >= 248 && collation <= 250) || collation == 255;
    if ((mariadb && mysql_only) || !collation_find(collation, &character_set, &name))
        if (!collation_find(fallback, &character_set, &name))
            CHECK(collation_find(8, &character_set, &name)); /* latin1, the oldest default */
    struct draft d = {.schema = bytes_of(NULL, 0), .multi_statements = multi_statements};
    d.texts[TEXT_CLIENT] = bytes_of_text(character_set);
    d.texts[TEXT_CONNECTION] = bytes_of_text(character_set);
    d.texts[TEXT_RESULTS] = bytes_of_text(character_set);
    d.texts[TEXT_COLLATION] = bytes_of_text(name);
    d.texts[TEXT_COLLATION_RESULTS] = bytes_of_text(name);
    return intern(&d);
}

static bool has_nul(struct bytes text)
{
    return text.size > 0 && text.data != NULL && memchr(text.data, 0, text.size) != NULL;
}

struct session_state *session_state_with_schema(struct session_state *s, struct bytes schema)
{
    if (schema.size > SESSION_TEXT_MAX || has_nul(schema))
        return NULL;
    if (bytes_equal_text(schema, s->schema))
        return s;
    struct draft d;
    draft_from(&d, s);
    d.schema = schema;
    return replace(s, &d);
}

struct session_state *session_state_with_multi_statements(struct session_state *s, bool on)
{
    if (s->multi_statements == on)
        return s;
    struct draft d;
    draft_from(&d, s);
    d.multi_statements = on;
    return replace(s, &d);
}

static bool draft_set_charset(struct draft *d, struct bytes name, struct bytes value)
{
    static const char *const members[] = {"character_set_client", "character_set_connection",
                                          "character_set_results", "collation_connection",
                                          "collation_results"};
    for (size_t i = 0; i < countof(members); i++) {
        if (!bytes_equal_text(name, members[i]))
            continue;
        d->texts[i] = value;
        if (i == TEXT_CONNECTION)
            d->texts[TEXT_COLLATION] = bytes_of(NULL, 0);
        if (i == TEXT_RESULTS)
            d->texts[TEXT_COLLATION_RESULTS] = bytes_of(NULL, 0);
        return true;
    }
    return false;
}

static int compare(struct bytes a, struct bytes b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n > 0 ? memcmp(a.data, b.data, n) : 0;
    return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

struct session_state *session_state_with_variable(struct session_state *s, struct bytes name,
                                                  struct bytes value)
{
    if (name.size == 0 || name.size > 64 || value.size > SESSION_TEXT_MAX || has_nul(name) ||
        has_nul(value))
        return NULL;
    struct draft d;
    draft_from(&d, s);
    if (!draft_set_charset(&d, name, value)) {
        size_t at = 0;
        while (at < d.count && compare(d.names[at], name) < 0)
            at++;
        bool exists = at < d.count && bytes_equal(d.names[at], name);
        if (!exists) {
            if (d.count == SESSION_VARIABLES_MAX)
                return NULL;
            memmove(d.names + at + 1, d.names + at, (d.count - at) * sizeof(d.names[0]));
            memmove(d.values + at + 1, d.values + at, (d.count - at) * sizeof(d.values[0]));
            d.names[at] = name;
            d.count++;
        }
        d.values[at] = value;
    }
    return draft_equals(&d, s) ? s : replace(s, &d);
}

static struct session_state *with_text(struct session_state *s, size_t i, struct bytes text)
{
    if (text.size > SESSION_TEXT_MAX || has_nul(text))
        return NULL;
    if (bytes_equal_text(text, text_of(s, i)))
        return s;
    struct draft d;
    draft_from(&d, s);
    d.texts[i] = text;
    return replace(s, &d);
}

struct session_state *session_state_with_role(struct session_state *s, struct bytes role)
{
    return with_text(s, TEXT_ROLE, role);
}

struct session_state *session_state_with_next_transaction(struct session_state *s,
                                                          struct bytes text)
{
    return with_text(s, TEXT_NEXT_TRANSACTION, text);
}

struct session_state *session_state_without_variable(struct session_state *s, struct bytes name)
{
    struct draft d;
    draft_from(&d, s);
    size_t at = 0;
    while (at < d.count && !bytes_equal(d.names[at], name))
        at++;
    if (at == d.count)
        return s;
    d.count--;
    memmove(d.names + at, d.names + at + 1, (d.count - at) * sizeof(d.names[0]));
    memmove(d.values + at, d.values + at + 1, (d.count - at) * sizeof(d.values[0]));
    return replace(s, &d);
}

struct session_state *session_state_with_schema_charset(struct session_state *s)
{
    static const char *const names[] = {"character_set_database", "collation_database"};
    for (size_t i = 0; i < countof(names); i++) {
        struct session_state *without = session_state_without_variable(s, bytes_of_text(names[i]));
        s = without != NULL ? without : s;
    }
    return s;
}

struct session_state *session_state_after_reset(struct session_state *s,
                                                const struct session_state *login)
{
    struct draft d;
    draft_from(&d, login);
    d.schema = bytes_of_text(s->schema);
    d.texts[TEXT_ROLE] = bytes_of_text(s->role);
    d.multi_statements = s->multi_statements;
    return draft_equals(&d, s) ? s : replace(s, &d);
}

static bool matters_at_prepare(const char *name)
{
    static const char *const independent[] = {
#define STATEMENT_INDEPENDENT(name) #name,
#include "session/statement_vars.def"
#undef STATEMENT_INDEPENDENT
    };
    for (size_t i = 0; i < countof(independent); i++)
        if (strcmp(independent[i], name) == 0)
            return false;
    return true;
}

struct session_state *session_state_at_prepare(const struct session_state *s)
{
    struct draft d = {.schema = bytes_of_text(s->schema)};
    d.texts[TEXT_CLIENT] = bytes_of_text(s->character_set_client);
    d.texts[TEXT_CONNECTION] = bytes_of_text(s->character_set_connection);
    d.texts[TEXT_COLLATION] = bytes_of_text(s->collation_connection);
    for (size_t i = 0; i < s->variable_count; i++) {
        if (!matters_at_prepare(s->variables[i].name))
            continue;
        d.names[d.count] = bytes_of_text(s->variables[i].name);
        d.values[d.count++] = bytes_of_text(s->variables[i].value);
    }
    return intern(&d);
}

const char *session_state_get(const struct session_state *s, const char *name)
{
    for (size_t i = 0; i < s->variable_count; i++)
        if (strcmp(s->variables[i].name, name) == 0)
            return s->variables[i].value;
    return NULL;
}
