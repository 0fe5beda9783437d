/* SPDX-License-Identifier: Apache-2.0
 * User variables: names, questions, answers. */
#include "session/user_variables.h"

#include "base/check.h"
#include "mysql/result_set.h"
#include "mysql/sql_user_variables.h"
#include "mysql/user_variable.h"
#include "session/client.h"
#include "session/private_state.h"

#include <stdlib.h>
#include <string.h>

struct variable {
    uint8_t size;
    char name[SQL_NAME_MAX]; /* lower case */
    enum user_variable_type type;
};

struct user_variables {
    bool known;          /* `text` is what they are */
    bool unseen;         /* there may be others than these */
    bool will_be_unseen; /* by the request that waits */
    bool cannot_ask;     /* … and no way to find out */
    unsigned count;
    unsigned capacity;
    char *text; /* the SET statement that makes them, NULL for none */
    size_t text_size;
    struct variable *list;
};

/* -------- names -------- */

static struct user_variables *get(struct client *c)
{
    if (c->user_variables == NULL) {
        c->user_variables = calloc(1, sizeof *c->user_variables);
        if (c->user_variables == NULL)
            c->pins |= PIN_BIT(SESSION_CHANGE);
        else
            c->user_variables->known = true;
    }
    return c->user_variables;
}

void user_variables_forget(struct client *c)
{
    struct user_variables *v = c->user_variables;
    if (v == NULL)
        return;
    free(v->text);
    free(v->list);
    free(v);
    c->user_variables = NULL;
}

static struct bytes name_of(const struct variable *v)
{
    return bytes_of(v->name, v->size);
}

static bool grow(struct user_variables *v)
{
    unsigned capacity = v->capacity == 0 ? 4 : v->capacity * 2;
    if (v->count == USER_VARIABLES_MAX)
        return false;
    struct variable *list = realloc(v->list, capacity * sizeof *list);
    if (list == NULL)
        return false;
    v->list = list;
    v->capacity = capacity;
    return true;
}

static void add_name(struct user_variables *v, struct bytes name)
{
    struct variable new = {.size = (uint8_t)name.size};
    if (!sql_user_variable_is_plain(name)) {
        v->cannot_ask = true;
        return;
    }
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        new.name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    for (unsigned i = 0; i < v->count; i++)
        if (bytes_equal(name_of(&v->list[i]), name_of(&new)))
            return;
    if (v->count == v->capacity && !grow(v))
        v->cannot_ask = true;
    else
        v->list[v->count++] = new;
}

void user_variables_see(struct client *c, struct sql_mode mode, struct bytes sql)
{
    struct user_variables *v = get(c);
    struct sql_user_variables found;
    if (v == NULL)
        return;
    sql_user_variables_find(&found, mode, sql);
    for (size_t i = 0; i < found.count; i++)
        add_name(v, found.names[i]);
    if (!found.all || sql.size == 0)
        v->will_be_unseen = true;
}

void user_variables_learn(struct client *c)
{
    struct user_variables *v = get(c);
    private_state_touch(c);
    if (v == NULL)
        return;
    if (!c->request.whole || v->will_be_unseen)
        v->unseen = true;
    v->will_be_unseen = false;
    v->known = false;
}

/* -------- questions -------- */

bool user_variables_are_known(const struct client *c)
{
    return c->user_variables == NULL || c->user_variables->known;
}

/* Each takes up to 440 bytes of question. */
#define QUESTION_MAX (USER_VARIABLES_MAX * 450 + 100)

static void ask_types_and_values(const struct user_variables *v, struct link *l)
{
    uint8_t *text = malloc(QUESTION_MAX);
    if (text == NULL) {
        l->chore_failed = true;
        return;
    }
    /* LIMIT overrules the client's sql_select_limit. */
    for (int values = 0; values <= 1; values++) {
        struct writer w = writer_over(text, QUESTION_MAX);
        for (unsigned i = 0; i < v->count; i++) {
            writer_text(&w, i == 0 ? "SELECT " : ",");
            if (values)
                user_variable_ask_value(&w, name_of(&v->list[i]));
            else
                user_variable_write_name(&w, name_of(&v->list[i]));
        }
        writer_text(&w, values ? " LIMIT 1" : " LIMIT 0");
        CHECK(!w.overflow);
        link_chore_add(l, values ? CHORE_READ_USER_VALUES : CHORE_READ_USER_TYPES, COMMAND_QUERY,
                       writer_written(&w));
    }
    free(text);
}

static void cannot_carry(struct client *c)
{
    c->pins |= PIN_BIT(USER_VARIABLE);
}

static void becomes_known(struct user_variables *v, char *text, size_t size)
{
    free(v->text);
    v->text = text;
    v->text_size = size;
    v->known = true;
}

void user_variables_ask(struct client *c, struct link *l)
{
    struct user_variables *v = c->user_variables;
    CHECK(v != NULL && !v->known);
    if (v->cannot_ask || (v->unseen && !c->facts->server.mariadb)) {
        cannot_carry(c);
    } else if (v->unseen) {
        link_chore_add(l, CHORE_READ_USER_NAMES, COMMAND_QUERY,
                       bytes_of_text("SELECT HEX(variable_name) FROM "
                                     "information_schema.user_variables LIMIT 1000"));
        l->residue_true &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    } else if (v->count == 0) {
        becomes_known(v, NULL, 0);
    } else {
        ask_types_and_values(v, l);
    }
}

/* -------- answers -------- */

static bool read_names(struct user_variables *v, struct bytes reply)
{
    struct result_set_reader r;
    struct bytes definition;
    struct bytes cell;
    if (!result_set_open(&r, reply) || r.columns != 1 ||
        !result_set_next_definition(&r, &definition))
        return false;
    while (result_set_next_row(&r, &cell, 1)) {
        uint8_t name[SQL_NAME_MAX];
        struct writer w = writer_over(name, sizeof name);
        if (!user_variable_unhex(cell, &w))
            return false;
        add_name(v, writer_written(&w));
    }
    v->unseen = false;
    return true;
}

static bool read_types(struct user_variables *v, struct bytes reply)
{
    struct result_set_reader r;
    struct bytes definition;
    if (!result_set_open(&r, reply) || r.columns != v->count)
        return false;
    for (unsigned i = 0; i < v->count; i++) {
        if (!result_set_next_definition(&r, &definition))
            return false;
        v->list[i].type = user_variable_type_of(definition);
    }
    return true;
}

static bool write_assignments(const struct user_variables *v, const struct bytes *cells,
                              struct writer *w)
{
    for (unsigned i = 0; i < v->count; i++) {
        const struct variable *x = &v->list[i];
        if (x->type == USER_VARIABLE_UNSET)
            continue;
        writer_text(w, w->size == 0 ? "SET " : ",");
        if (!user_variable_assign(w, name_of(x), x->type, cells + i * USER_VARIABLE_CELLS))
            return false;
    }
    return !w->overflow;
}

static void drop_unset(struct user_variables *v)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < v->count; i++)
        if (v->list[i].type != USER_VARIABLE_UNSET)
            v->list[kept++] = v->list[i];
    v->count = kept;
}

static bool read_values(const struct client *c, struct bytes reply)
{
    struct user_variables *v = c->user_variables;
    struct bytes cells[USER_VARIABLES_MAX * USER_VARIABLE_CELLS];
    if (result_set_first_row(reply, cells, countof(cells)) != v->count * USER_VARIABLE_CELLS)
        return false;
    char *text = malloc(USER_VARIABLES_TEXT_MAX);
    if (text == NULL)
        return false;
    struct writer w = writer_over(text, USER_VARIABLES_TEXT_MAX);
    if (!write_assignments(v, cells, &w)) {
        free(text);
        return false;
    }
    /* Neither what text statements name nor what the request that waits is about to set. */
    if (c->text_statements == NULL && !c->request.begun)
        drop_unset(v);
    char *fitting = w.size > 0 ? realloc(text, w.size) : NULL;
    if (fitting == NULL)
        free(text);
    if (fitting == NULL && w.size > 0)
        return false;
    becomes_known(v, fitting, w.size);
    return true;
}

void user_variables_read(struct client *c, enum chore chore, struct bytes reply)
{
    struct user_variables *v = c->user_variables;
    CHECK(v != NULL && !v->known);
    bool ok = chore == CHORE_READ_USER_NAMES   ? read_names(v, reply)
              : chore == CHORE_READ_USER_TYPES ? read_types(v, reply)
                                               : read_values(c, reply);
    if (!ok)
        cannot_carry(c);
}

bool user_variables_restore(const struct client *c, struct link *l)
{
    const struct user_variables *v = c->user_variables;
    if (v == NULL || (v->known && v->text == NULL))
        return true;
    if (!v->known)
        return false;
    link_chore_add(l, CHORE_SET_USER_VARIABLES, COMMAND_QUERY, bytes_of(v->text, v->text_size));
    return true;
}

/* -------- values as texts -------- */

/* The digits of its assignment, as user_variable_assign writes it. */
static bool find_digits(const struct user_variables *v, struct bytes name, bool utf8,
                        struct bytes *digits)
{
    char begin[SQL_NAME_MAX + 8];
    struct writer w = writer_over(begin, sizeof begin);
    user_variable_write_name(&w, name);
    writer_text(&w, "=_");
    const uint8_t *text = memmem(v->text, v->text_size, begin, w.size);
    if (w.overflow || text == NULL)
        return false;
    struct bytes rest =
        bytes_of(text + w.size, v->text_size - w.size - (size_t)((const char *)text - v->text));
    bool is_utf8 = rest.size > 4 && memcmp(rest.data, "utf8", 4) == 0;
    const uint8_t *quote = memchr(rest.data, '\'', rest.size);
    if (quote == NULL)
        return false;
    const uint8_t *end = memchr(quote + 1, '\'', rest.size - (size_t)(quote + 1 - rest.data));
    if (end == NULL)
        return false;
    *digits = bytes_of(quote + 1, (size_t)(end - quote - 1));
    for (size_t i = 0; i < digits->size; i += 2)
        if (digits->data[i] >= '8' && !(utf8 && is_utf8))
            return false;
    return digits->size > 0;
}

bool user_variables_value(const struct client *c, struct bytes name, struct writer *out)
{
    const struct user_variables *v = c->user_variables;
    const struct session_state *s = c->session;
    bool utf8 = strcmp(s->character_set_client, "utf8mb4") == 0 &&
                strcmp(s->character_set_connection, "utf8mb4") == 0;
    struct variable wanted = {.size = (uint8_t)name.size};
    struct bytes digits;
    if (v == NULL || !v->known || v->text == NULL || name.size > SQL_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t b = name.data[i];
        wanted.name[i] = (char)(b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
    }
    return find_digits(v, name_of(&wanted), utf8, &digits) && user_variable_unhex(digits, out);
}
