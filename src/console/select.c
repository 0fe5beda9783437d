/* SPDX-License-Identifier: Apache-2.0
 * The database in which nothing is stored. */
#include "console/select.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "conf/settings.h"
#include "console/rewrite.h"
#include "console/select_functions.h"
#include "console/table_module.h"

#include <stdio.h>
#include <stdlib.h>

/* How long a statement may compute; other clients of the console wait meanwhile. */
#define RUN_TIMEOUT (2 * USEC_PER_SEC)
/* Virtual instructions between looks at the clock. */
#define LOOK_EVERY 20000
/* Of one value, and of the statement itself. */
#define VALUE_SIZE_MAX (1024 * 1024)

/* Of SQLite, over all: sorting and grouping. */
#define HEAP_MAX ((sqlite3_int64)256 * 1024 * 1024)

struct select_engine {
    sqlite3 *db;
    sqlite3_stmt *statement; /* prepared and not run yet, NULL none */
    struct table_cache cache;
    const struct select_environment *environment; /* of the statement under way */
    unsigned needs;
    usec_t deadline;
    bool late;
};

/* -------- what is allowed -------- */

static int on_authorize(void *context, int action, const char *a, const char *b, const char *schema,
                        const char *trigger)
{
    struct select_engine *e = context;
    struct console_table t;
    (void)b, (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        /* What has no schema is a part of the statement itself. */
        if (schema == NULL || a == NULL)
            return SQLITE_OK;
        if (!console_table_find(bytes_of_text(schema), bytes_of_text(a), &t))
            return SQLITE_DENY;
        e->needs |= t.needs;
        return SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

static int on_progress(void *context)
{
    struct select_engine *e = context;
    e->late = e->late || (e->deadline != 0 && clock_now() > e->deadline);
    return e->late;
}

static bool open_database(struct select_engine *e)
{
    static const char *const set_up[] = {
        "PRAGMA temp_store = MEMORY",
        "ATTACH ':memory:' AS weir",
        "ATTACH ':memory:' AS information_schema",
        "ATTACH ':memory:' AS performance_schema",
    };
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &e->db, flags, NULL) != SQLITE_OK)
        return false;
    for (size_t i = 0; i < countof(set_up); i++)
        if (sqlite3_exec(e->db, set_up[i], NULL, NULL, NULL) != SQLITE_OK)
            return false;
    if (!table_module_install(e->db, &e->cache) ||
        !select_functions_install(e->db, &e->environment))
        return false;
    (void)sqlite3_limit(e->db, SQLITE_LIMIT_LENGTH, VALUE_SIZE_MAX);
    (void)sqlite3_limit(e->db, SQLITE_LIMIT_SQL_LENGTH, VALUE_SIZE_MAX);
    (void)sqlite3_limit(e->db, SQLITE_LIMIT_COLUMN, ANSWER_COLUMNS_MAX);
    (void)sqlite3_limit(e->db, SQLITE_LIMIT_EXPR_DEPTH, 200);
    (void)sqlite3_limit(e->db, SQLITE_LIMIT_COMPOUND_SELECT, 50);
    (void)sqlite3_limit(e->db, SQLITE_LIMIT_ATTACHED, 3);
    (void)sqlite3_hard_heap_limit64(HEAP_MAX);
    sqlite3_progress_handler(e->db, LOOK_EVERY, on_progress, e);
    return sqlite3_set_authorizer(e->db, on_authorize, e) == SQLITE_OK;
}

struct select_engine *select_engine_create(void)
{
    struct select_engine *e = calloc(1, sizeof *e);
    if (e != NULL && !open_database(e)) {
        select_engine_destroy(e);
        return NULL;
    }
    return e;
}

void select_engine_destroy(struct select_engine *e)
{
    if (e == NULL)
        return;
    select_cancel(e);
    (void)sqlite3_close(e->db);
    table_cache_fini(&e->cache);
    free(e);
}

/* -------- errors, in MySQL's words -------- */

/* The message behind `start`, or NULL. */
static const char *behind(const char *message, const char *start)
{
    size_t n = strlen(start);
    return strncmp(message, start, n) == 0 ? message + n : NULL;
}

static void complain_variable(const char *name, struct answer *answer)
{
    const char *bare = strrchr(name, '.');
    const char *nearest = settings_nearest(SETTING_SCOPE_GLOBAL, bare != NULL ? bare + 1 : name);
    if (nearest != NULL)
        answer_error(answer, ER_UNKNOWN_SYSTEM_VARIABLE,
                     "Unknown system variable '%s'; did you mean '%s'?", name, nearest);
    else
        answer_error(answer, ER_UNKNOWN_SYSTEM_VARIABLE,
                     "Unknown system variable '%s'; SHOW VARIABLES lists all", name);
}

static void complain(struct select_engine *e, struct answer *answer)
{
    const char *message = sqlite3_errmsg(e->db);
    const char *name;
    if (e->late)
        answer_error(answer, ER_QUERY_TIMEOUT,
                     "Query execution was interrupted, maximum statement execution time exceeded: "
                     "the console computes 2 s at most; ask for fewer rows");
    else if ((name = behind(message, "no such column: ")) != NULL)
        answer_error(answer, ER_BAD_FIELD_ERROR,
                     "Unknown column '%s'; DESCRIBE table lists a table's columns", name);
    else if ((name = behind(message, "no such table: ")) != NULL)
        answer_error(answer, ER_NO_SUCH_TABLE,
                     "Table '%s' doesn't exist; SHOW TABLES FROM weir lists what there is", name);
    else if ((name = behind(message, "no such function: ")) != NULL)
        answer_error(answer, ER_SP_DOES_NOT_EXIST,
                     "FUNCTION %s does not exist; the console knows those of SQLite", name);
    else if ((name = behind(message, "Unknown system variable ")) != NULL)
        complain_variable(name, answer);
    else
        answer_error(answer, ER_PARSE_ERROR,
                     "You have an error in your SQL syntax: %s. HELP SELECT says what the console "
                     "reads",
                     message);
}

/* -------- a statement -------- */

static void forget_statement(struct select_engine *e)
{
    (void)sqlite3_finalize(e->statement);
    e->statement = NULL;
}

bool select_prepare(struct select_engine *e, const char *sql,
                    const struct select_environment *environment, struct answer *answer,
                    unsigned *needs)
{
    CHECK(e->statement == NULL);
    const char *tail = NULL;
    e->environment = environment;
    e->needs = 0;
    e->late = false;
    e->deadline = 0;
    if (sqlite3_prepare_v2(e->db, sql, -1, &e->statement, &tail) != SQLITE_OK) {
        complain(e, answer);
        forget_statement(e);
        return false;
    }
    if (e->statement == NULL || (tail != NULL && tail[strspn(tail, " ;\n\t\r")] != '\0')) {
        answer_error(answer, ER_PARSE_ERROR, "The console takes one statement at a time");
        forget_statement(e);
        return false;
    }
    *needs = e->needs;
    return true;
}

static void add_columns(sqlite3_stmt *statement, struct answer *answer)
{
    int count = sqlite3_column_count(statement);
    for (int i = 0; i < count; i++) {
        const char *given = sqlite3_column_name(statement, i);
        char *name = strdup(given != NULL ? given : "?");
        CHECK(name != NULL);
        rewrite_column_name(name);
        answer_column(answer, bytes_of_text(name));
        free(name);
    }
}

static void add_cell(sqlite3_stmt *statement, int i, struct answer *answer)
{
    switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER:
        answer_integer(answer, sqlite3_column_int64(statement, i));
        break;
    case SQLITE_FLOAT:
        answer_real(answer, sqlite3_column_double(statement, i));
        break;
    case SQLITE_NULL:
        answer_null(answer);
        break;
    default: {
        const void *text = sqlite3_column_text(statement, i);
        answer_text(answer, bytes_of(text, (size_t)sqlite3_column_bytes(statement, i)));
        break;
    }
    }
}

static int add_rows(struct select_engine *e, struct answer *answer)
{
    int result;
    while ((result = sqlite3_step(e->statement)) == SQLITE_ROW && !answer->too_large) {
        answer_row_begin(answer);
        for (int i = 0; i < (int)answer->column_count; i++)
            add_cell(e->statement, i, answer);
        answer_row_end(answer);
    }
    return result;
}

void select_run(struct select_engine *e, const struct console_facts *facts, struct answer *answer)
{
    CHECK(e->statement != NULL);
    e->deadline = clock_now() + RUN_TIMEOUT;
    table_cache_begin(&e->cache, facts);
    add_columns(e->statement, answer);
    int result = add_rows(e, answer);
    if (result != SQLITE_DONE && result != SQLITE_ROW)
        complain(e, answer);
    else if (table_cache_too_large(&e->cache))
        answer_error(answer, ER_TOO_BIG_SELECT, "A table has more rows than the console can hold");
    else
        answer_close(answer);
    select_cancel(e);
    table_cache_end(&e->cache);
}

void select_cancel(struct select_engine *e)
{
    forget_statement(e);
    e->environment = NULL;
    e->deadline = 0;
}
