/* SPDX-License-Identifier: Apache-2.0
 * From definitions to names with effects. */
#include "session/catalogue_build.h"

#include "base/check.h"
#include "mysql/sql_body.h"
#include "mysql/sql_words.h"

#include <stdlib.h>

#define OBJECTS_MAX 100000
#define TEXTS_MAX   (16U << 20)
#define USES_MAX    (1U << 20)
/* Effects go from an object to those that mention it, in both directions of the list by turns;
 * longer chains than this are nobody's. */
#define PASSES_MAX 64

/* Everything of one name. The first two nodes stand for all names that cannot be told apart. */
enum { NODE_BEYOND_ASCII, NODE_LIKE_NUMBERS, NODE_FIRST };
struct node {
    uint64_t key;
    uint32_t text; /* offset */
    uint16_t size;
    uint8_t kinds;
    sql_effects_t effects[SQL_USE_COUNT];
};

struct object {
    enum catalogue_kind kind;
    bool oracle;
    uint32_t node;
    uint32_t uses;
    uint32_t uses_end;
    sql_effects_t effects; /* of its own body */
};

/* A name that a body mentions. */
struct use {
    uint64_t key;
    uint64_t qualifier; /* 0 none */
    enum sql_use how;
    uint32_t node; /* once all names are known; 0: of none */
};

struct catalogue_builder {
    bool mariadb;
    bool failed;
    struct node *nodes;
    size_t node_count, node_capacity;
    struct object *objects;
    size_t object_count, object_capacity;
    struct use *uses;
    size_t use_count, use_capacity;
    uint8_t *texts;
    size_t text_size, text_capacity;
    uint32_t *slots; /* of nodes, by key */
    unsigned slot_bits;
    size_t hidden;
    uint64_t digest;
    uint64_t recent[256]; /* names that the body at hand was seen to mention */
};

/* -------- memory -------- */

static bool reserve(void **items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t larger = *capacity == 0 ? 256 : *capacity;
    while (larger < needed)
        larger *= 2;
    void *moved = realloc(*items, larger * size);
    if (moved == NULL)
        return false;
    *items = moved;
    *capacity = larger;
    return true;
}
#define RESERVE(items, capacity, needed)                                                           \
    reserve((void **)&(items), &(capacity), (needed), sizeof *(items))

void catalogue_build_abandon(struct catalogue_builder *b)
{
    free(b->nodes);
    free(b->objects);
    free(b->uses);
    free(b->texts);
    free(b->slots);
    free(b);
}

struct catalogue *catalogue_hold(struct catalogue *c)
{
    atomic_fetch_add(&c->references, 1);
    return c;
}

void catalogue_release(struct catalogue *c)
{
    if (atomic_fetch_sub(&c->references, 1) != 1)
        return;
    free(c->rows);
    free(c->slots);
    free(c->texts);
    free(c);
}

/* -------- names -------- */

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static uint64_t hash_more(uint64_t hash, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool is_beyond_ascii(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] >= 0x80)
            return true;
    return name.size > SQL_NAME_MAX;
}

/* Never 0. Equal for names that sql_name_equal takes for the same. */
static uint64_t key_of(struct bytes name)
{
    uint64_t hash = HASH_BEGIN;
    for (size_t i = 0; i < name.size; i++)
        hash = hash_more(hash, &sql_word_fold[name.data[i]], 1);
    return hash | 1;
}

static size_t home_of(const struct catalogue_builder *b, uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - b->slot_bits));
}

static uint32_t *slot_of(const struct catalogue_builder *b, uint64_t key)
{
    size_t at = home_of(b, key);
    while (b->slots[at] != 0 && b->nodes[b->slots[at]].key != key)
        at = (at + 1) & (((size_t)1 << b->slot_bits) - 1);
    return &b->slots[at];
}

static bool grow_slots(struct catalogue_builder *b)
{
    if (b->slots != NULL && b->node_count * 2 < (size_t)1 << b->slot_bits)
        return true;
    free(b->slots);
    b->slot_bits = b->slots == NULL ? 10 : b->slot_bits + 1;
    b->slots = calloc((size_t)1 << b->slot_bits, sizeof *b->slots);
    if (b->slots == NULL)
        return false;
    for (size_t i = NODE_FIRST; i < b->node_count; i++)
        *slot_of(b, b->nodes[i].key) = (uint32_t)i;
    return true;
}

/* The node of a name, made when there is none; 0 when that is impossible. */
static uint32_t node_of(struct catalogue_builder *b, struct bytes name)
{
    uint64_t key = key_of(name);
    uint32_t *slot = slot_of(b, key);
    if (*slot != 0)
        return *slot;
    if (!grow_slots(b) || !RESERVE(b->nodes, b->node_capacity, b->node_count + 1) ||
        b->text_size + name.size > TEXTS_MAX ||
        !RESERVE(b->texts, b->text_capacity, b->text_size + name.size + 1)) {
        b->failed = true;
        return 0;
    }
    struct node *n = &b->nodes[b->node_count];
    *n = (struct node){.key = key, .text = (uint32_t)b->text_size, .size = (uint16_t)name.size};
    if (name.size > 0)
        memcpy(b->texts + b->text_size, name.data, name.size);
    b->text_size += name.size;
    *slot_of(b, key) = (uint32_t)b->node_count;
    return (uint32_t)b->node_count++;
}

struct catalogue_builder *catalogue_build_begin(bool mariadb)
{
    struct catalogue_builder *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->mariadb = mariadb;
    if (!RESERVE(b->nodes, b->node_capacity, NODE_FIRST) || !grow_slots(b)) {
        catalogue_build_abandon(b);
        return NULL;
    }
    memset(b->nodes, 0, NODE_FIRST * sizeof *b->nodes);
    b->node_count = NODE_FIRST;
    return b;
}

/* -------- bodies -------- */

/* Of names that cannot be told apart; those of others are odd. */
enum { KEY_BEYOND_ASCII = 0, KEY_LIKE_NUMBERS = 2 };

static uint64_t key_of_use(struct bytes name)
{
    if (is_beyond_ascii(name))
        return KEY_BEYOND_ASCII;
    return bytes_equal_text(name, "0") ? KEY_LIKE_NUMBERS : key_of(name);
}

static void on_use(void *context, struct bytes name, struct bytes qualifier, enum sql_use how)
{
    struct catalogue_builder *b = context;
    uint64_t key = key_of_use(name);
    if (how == SQL_USE_NAMED) {
        uint64_t *seen = &b->recent[key >> 56];
        if (*seen == ~key)
            return;
        *seen = ~key;
    }
    if (b->use_count >= USES_MAX || !RESERVE(b->uses, b->use_capacity, b->use_count + 1)) {
        b->failed = true;
        return;
    }
    b->uses[b->use_count++] = (struct use){
        .key = key, .qualifier = qualifier.size > 0 ? key_of(qualifier) : 0, .how = how};
}

static bool contains(struct bytes text, const char *word)
{
    return text.size > 0 && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

static uint8_t kind_bit(enum catalogue_kind kind)
{
    switch (kind) {
    case CATALOGUE_FUNCTION:
        return SQL_NAME_FUNCTION;
    case CATALOGUE_PROCEDURE:
        return SQL_NAME_PROCEDURE;
    case CATALOGUE_PACKAGE:
        return SQL_NAME_PACKAGE;
    case CATALOGUE_VIEW:
    case CATALOGUE_TRIGGER:
        break;
    }
    return 0;
}

static void add_object(struct catalogue_builder *b, struct object o, uint32_t node)
{
    if (b->object_count >= OBJECTS_MAX ||
        !RESERVE(b->objects, b->object_capacity, b->object_count + 1)) {
        b->failed = true;
        return;
    }
    o.node = node;
    b->nodes[node].kinds |= kind_bit(o.kind);
    b->objects[b->object_count++] = o;
}

/* Under every name that the lexer may see for it: it takes a doubled quote for the end of a name,
 * and has no text of unquoted names that begin with a digit. */
static void add_names(struct catalogue_builder *b, struct object o, struct bytes name)
{
    static const char quotes[] = {'`', '"'};
    if (is_beyond_ascii(name)) {
        o.kind = o.kind == CATALOGUE_TRIGGER ? CATALOGUE_TRIGGER : CATALOGUE_VIEW;
        add_object(b, o, NODE_BEYOND_ASCII);
        return;
    }
    uint32_t node = node_of(b, name);
    if (node != 0)
        add_object(b, o, node);
    if (o.kind != CATALOGUE_TRIGGER)
        o.kind = CATALOGUE_VIEW;
    if (name.size > 0 && name.data[0] >= '0' && name.data[0] <= '9')
        add_object(b, o, NODE_LIKE_NUMBERS);
    for (size_t i = 0; i < countof(quotes); i++) {
        const uint8_t *end = name.size > 0 ? memchr(name.data, quotes[i], name.size) : NULL;
        if (end == NULL)
            continue;
        node = node_of(b, bytes_of(name.data, (size_t)(end - name.data)));
        if (node != 0)
            add_object(b, o, node);
    }
}

bool catalogue_build_add(struct catalogue_builder *b, enum catalogue_kind kind, struct bytes name,
                         struct bytes body, struct bytes sql_mode)
{
    struct sql_body_listener listener = {.name = on_use, .context = b};
    struct object o = {.kind = kind,
                       .oracle = contains(sql_mode, "ORACLE"),
                       .uses = (uint32_t)b->use_count,
                       .effects = SQL_EFFECT_BIT(STORED_CODE)};
    struct sql_mode mode = {
        .ansi_quotes = contains(sql_mode, "ANSI_QUOTES"),
        .no_backslash_escapes = contains(sql_mode, "NO_BACKSLASH_ESCAPES"),
        .mariadb = b->mariadb,
    };
    memset(b->recent, 0, sizeof b->recent);
    if (body.data != NULL)
        o.effects = sql_body_scan(mode, o.oracle, body, &listener);
    else
        b->hidden++;
    o.uses_end = (uint32_t)b->use_count;
    add_names(b, o, name);
    uint64_t hash = hash_more(HASH_BEGIN + kind, name.data, name.size);
    hash = body.data != NULL ? hash_more(hash * 3, body.data, body.size) : ~hash;
    b->digest += hash_more(hash, sql_mode.data, sql_mode.size); /* in any order */
    return !b->failed;
}

size_t catalogue_build_count(const struct catalogue_builder *b)
{
    return b->object_count;
}

size_t catalogue_build_hidden(const struct catalogue_builder *b)
{
    return b->hidden;
}

uint64_t catalogue_build_digest(const struct catalogue_builder *b)
{
    return b->digest;
}

/* -------- effects follow names -------- */

static uint32_t find(const struct catalogue_builder *b, uint64_t key)
{
    if (key == KEY_LIKE_NUMBERS)
        return NODE_LIKE_NUMBERS;
    return key == KEY_BEYOND_ASCII ? NODE_BEYOND_ASCII : *slot_of(b, key);
}

/* Uses of names that no object has are forgotten; calls of such routines are unknown code. */
static void resolve(struct catalogue_builder *b, struct object *o)
{
    uint32_t kept = o->uses;
    for (uint32_t i = o->uses; i < o->uses_end; i++) {
        struct use u = b->uses[i];
        u.node = find(b, u.key);
        bool is_object = u.node != 0 || u.key == KEY_BEYOND_ASCII;
        unsigned kinds = is_object ? b->nodes[u.node].kinds : 0;
        unsigned of_qualifier = u.qualifier != 0 ? b->nodes[find(b, u.qualifier)].kinds : 0;
        bool known = (kinds & (SQL_NAME_FUNCTION | SQL_NAME_PROCEDURE)) != 0 ||
                     (of_qualifier & SQL_NAME_PACKAGE) != 0;
        if (u.how != SQL_USE_NAMED && !known)
            o->effects |= SQL_EFFECT_BIT(STORED_CODE);
        else if (is_object)
            b->uses[kept++] = u;
        else if (u.how != SQL_USE_NAMED)
            o->effects |= SQL_EFFECT_BIT(KNOWN_CODE); /* a routine of a package that is named */
    }
    o->uses_end = kept;
}

static bool merge(sql_effects_t *to, sql_effects_t effects)
{
    sql_effects_t before = *to;
    *to |= effects;
    return *to != before;
}

static bool spread_from(struct catalogue_builder *b, const struct object *o)
{
    /* Functions, views and triggers give back what a procedure leaves of counts and ids. */
    const sql_effects_t kept = ~SQL_EFFECT_BIT(KNOWN_CALL);
    sql_effects_t all = o->effects;
    sql_effects_t written = 0;
    for (uint32_t i = o->uses; i < o->uses_end; i++) {
        const struct use *u = &b->uses[i];
        const sql_effects_t *effects = b->nodes[u->node].effects;
        all |= effects[SQL_USE_NAMED];
        written |= effects[SQL_USE_WRITTEN];
        if (u->how != SQL_USE_NAMED)
            all |=
                effects[SQL_USE_FUNCTION] | effects[SQL_USE_PROCEDURE] | SQL_EFFECT_BIT(KNOWN_CODE);
        else if (o->oracle) /* calls need no keyword there, nor parentheses */
            all |= effects[SQL_USE_PROCEDURE];
    }
    sql_effects_t *to = b->nodes[o->node].effects;
    switch (o->kind) {
    case CATALOGUE_VIEW: {
        bool named = merge(&to[SQL_USE_NAMED], all & kept);
        return merge(&to[SQL_USE_WRITTEN], written & kept) || named;
    }
    case CATALOGUE_TRIGGER:
        return merge(&to[SQL_USE_WRITTEN], ((all | written) & kept) | SQL_EFFECT_BIT(KNOWN_CODE));
    case CATALOGUE_FUNCTION:
        return merge(&to[SQL_USE_FUNCTION], ((all | written) & kept) | SQL_EFFECT_BIT(KNOWN_CODE));
    case CATALOGUE_PROCEDURE:
        return merge(&to[SQL_USE_PROCEDURE],
                     all | written | SQL_EFFECT_BIT(KNOWN_CODE) | SQL_EFFECT_BIT(KNOWN_CALL));
    case CATALOGUE_PACKAGE:
        return merge(&to[SQL_USE_NAMED], (all | written) & kept);
    }
    return false;
}

/* False when effects still spread after all passes. */
static bool spread(struct catalogue_builder *b)
{
    for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
        bool changed = false;
        for (size_t i = 0; i < b->object_count; i++) {
            size_t at = pass % 2 == 0 ? i : b->object_count - 1 - i;
            changed = spread_from(b, &b->objects[at]) || changed;
        }
        if (!changed)
            return true;
    }
    return false;
}

/* -------- the catalogue -------- */

static bool is_worth_a_row(const struct node *n)
{
    sql_effects_t any = 0;
    for (size_t i = 0; i < SQL_USE_COUNT; i++)
        any |= n->effects[i];
    return n->kinds != 0 || any != 0;
}

static struct catalogue *allocate(size_t rows, size_t text_size)
{
    struct catalogue *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    atomic_store(&c->references, 1);
    c->names.slot_bits = sql_names_slot_bits(rows);
    c->rows = calloc(rows + 1, sizeof *c->rows);
    c->slots = calloc((size_t)1 << c->names.slot_bits, sizeof *c->slots);
    c->texts = malloc(text_size + 1);
    if (c->rows == NULL || c->slots == NULL || c->texts == NULL) {
        catalogue_release(c);
        return NULL;
    }
    return c;
}

static void seal(struct catalogue *c)
{
    sql_names_index(c->rows, c->row_count, c->slots, c->names.slot_bits);
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t use = 0; use < SQL_USE_COUNT; use++)
            c->names.anywhere |= c->rows[i].effects[use];
    c->names.anywhere |= c->names.beyond_ascii | c->names.like_numbers;
    c->names.rows = c->rows;
    c->names.slots = c->slots;
}

static sql_effects_t any_effect_of(const struct node *n)
{
    return n->effects[SQL_USE_NAMED] | n->effects[SQL_USE_WRITTEN];
}

static void add_row(struct catalogue *c, const struct node *n)
{
    struct bytes text = bytes_of(c->texts + n->text, n->size);
    struct sql_name *row = &c->rows[c->row_count++];
    *row = (struct sql_name){
        .text = text.data, .size = n->size, .kinds = n->kinds, .hash = sql_name_hash(text)};
    memcpy(row->effects, n->effects, sizeof row->effects);
}

static struct catalogue *finish(const struct catalogue_builder *b)
{
    struct catalogue *c = allocate(b->node_count, b->text_size);
    if (c == NULL)
        return NULL;
    if (b->text_size > 0)
        memcpy(c->texts, b->texts, b->text_size);
    for (size_t i = NODE_FIRST; i < b->node_count; i++)
        if (is_worth_a_row(&b->nodes[i]))
            add_row(c, &b->nodes[i]);
    c->names.beyond_ascii = any_effect_of(&b->nodes[NODE_BEYOND_ASCII]);
    c->names.like_numbers = any_effect_of(&b->nodes[NODE_LIKE_NUMBERS]);
    c->digest = b->digest;
    seal(c);
    return c;
}

struct catalogue *catalogue_build_end(struct catalogue_builder *b)
{
    struct catalogue *c = NULL;
    for (size_t i = 0; i < b->object_count; i++)
        resolve(b, &b->objects[i]);
    if (!b->failed && spread(b))
        c = finish(b);
    catalogue_build_abandon(b);
    return c;
}

/* -------- names that are in doubt until the next reading -------- */

static struct sql_name *row_of(struct catalogue *c, size_t base_rows, struct bytes name)
{
    for (size_t i = base_rows; i < c->row_count; i++)
        if (sql_name_equal(bytes_of(c->rows[i].text, c->rows[i].size), name))
            return &c->rows[i];
    return NULL;
}

static void add_unknown(struct catalogue *c, const struct catalogue *base, struct bytes name)
{
    struct sql_name *row = NULL;
    if (is_beyond_ascii(name)) {
        c->names.beyond_ascii |= SQL_EFFECT_BIT(STORED_CODE);
        return;
    }
    if (name.size > 0 && name.data[0] >= '0' && name.data[0] <= '9')
        c->names.like_numbers |= SQL_EFFECT_BIT(STORED_CODE);
    const struct sql_name *known =
        base != NULL ? sql_names_find(&base->names, sql_name_hash(name), name) : NULL;
    if (known != NULL)
        row = &c->rows[known - base->rows];
    else
        row = row_of(c, base != NULL ? base->row_count : 0, name);
    if (row == NULL) {
        row = &c->rows[c->row_count++];
        row->text = name.data;
        row->size = (uint16_t)name.size;
        row->hash = sql_name_hash(name);
    }
    row->effects[SQL_USE_NAMED] |= SQL_EFFECT_BIT(STORED_CODE);
}

static size_t count_names(struct bytes names)
{
    size_t count = 0;
    for (size_t i = 0; i < names.size; i++)
        count += names.data[i] == 0;
    return count;
}

struct catalogue *catalogue_with_unknown(const struct catalogue *base, struct bytes names)
{
    size_t rows = base != NULL ? base->row_count : 0;
    size_t base_texts = 0;
    for (size_t i = 0; i < rows; i++)
        base_texts += base->rows[i].size;
    struct catalogue *c = allocate(rows + count_names(names), base_texts + names.size);
    if (c == NULL)
        return NULL;
    uint8_t *at = c->texts;
    for (size_t i = 0; i < rows; i++) {
        c->rows[i] = base->rows[i];
        if (base->rows[i].size > 0)
            memcpy(at, base->rows[i].text, base->rows[i].size);
        c->rows[i].text = at;
        at += base->rows[i].size;
    }
    c->row_count = rows;
    if (base != NULL) {
        c->names.beyond_ascii = base->names.beyond_ascii;
        c->names.like_numbers = base->names.like_numbers;
        c->digest = base->digest;
    }
    if (names.size > 0)
        memcpy(at, names.data, names.size);
    for (size_t from = 0; from < names.size;) {
        size_t size = strlen((const char *)at + from);
        add_unknown(c, base, bytes_of(at + from, size));
        from += size + 1;
    }
    seal(c);
    return c;
}
