/* SPDX-License-Identifier: Apache-2.0
 * Exact facts about single statements that begin or end session state: which temporary table, which
 * lock, which variables. The lexer (sql_scan.h) tells that something may have happened, this says
 * what, or gives up (SQL_FACT_NONE): then the state lasts as long as the session.
 *
 * Names are compared byte for byte by whoever uses them, although servers fold case: a name that is
 * not recognized again only keeps state that is gone, it never ends state that is there. */
#ifndef WEIR_MYSQL_SQL_FACTS_H
#define WEIR_MYSQL_SQL_FACTS_H

#include "mysql/sql_scan.h"

#define SQL_FACT_NAMES_MAX    16
#define SQL_FACT_ELEMENTS_MAX 32

enum sql_fact {
    SQL_FACT_NONE,             /* not understood */
    SQL_FACT_CREATE_TEMPORARY, /* names[0]: a table or sequence */
    SQL_FACT_DROP,             /* names: tables or sequences, temporary or not */
    SQL_FACT_GET_LOCK,         /* names[0].name */
    SQL_FACT_RELEASE_LOCK,     /* names[0].name */
    SQL_FACT_RELEASE_ALL_LOCKS,
    SQL_FACT_HANDLER_OPEN,  /* names[0].name: its alias */
    SQL_FACT_HANDLER_CLOSE, /* names[0].name */
    SQL_FACT_HANDLER_READ,
    SQL_FACT_XA_BEGIN,
    SQL_FACT_XA_MIDDLE, /* END */
    SQL_FACT_XA_FINISH, /* PREPARE, COMMIT, ROLLBACK */
    SQL_FACT_XA_RECOVER,
    SQL_FACT_BACKUP_STAGE, /* every stage but END */
    SQL_FACT_BACKUP_STAGE_END,
    SQL_FACT_BACKUP_LOCK,
    SQL_FACT_BACKUP_UNLOCK,
    SQL_FACT_LOCK_INSTANCE,
    SQL_FACT_UNLOCK_INSTANCE,
    SQL_FACT_LOCK_TABLES,
    SQL_FACT_UNLOCK_TABLES,
    SQL_FACT_SET,           /* elements */
    SQL_FACT_SET_STATEMENT, /* elements: only for the statement behind FOR */
    SQL_FACT_SET_ROLE,      /* text: what it is set to, as written */
    SQL_FACT_SET_DEFAULT_ROLE,
    SQL_FACT_SHOW_CONDITIONS, /* SHOW WARNINGS or (errors_only) ERRORS; offset, limit */
    SQL_FACT_GET_CONDITION,   /* GET DIAGNOSTICS CONDITION number …; text: the number */
    SQL_FACT_CONNECTION_ID,   /* SELECT CONNECTION_ID() or @@pseudo_thread_id; text: the column */
    SQL_FACT_ROW_COUNT        /* SELECT ROW_COUNT(); text: the column */
};

struct sql_fact_name {
    struct bytes schema; /* empty: the current one */
    struct bytes name;
};

enum sql_fact_scope {
    SQL_FACT_SCOPE_SESSION,
    SQL_FACT_SCOPE_UNSCOPED, /* @@x */
    SQL_FACT_SCOPE_GLOBAL
};

enum sql_fact_value {
    SQL_FACT_VALUE_OTHER,
    SQL_FACT_VALUE_NUMBER,
    SQL_FACT_VALUE_ZERO,
    SQL_FACT_VALUE_DEFAULT
};

/* An assignment to a system variable. Those to user variables, NAMES and CHARACTER SET are left
 * out. */
struct sql_fact_element {
    struct bytes name;
    enum sql_fact_scope scope;
    enum sql_fact_value value;
};

struct sql_facts {
    enum sql_fact kind;
    unsigned name_count;
    unsigned element_count;
    struct sql_fact_name names[SQL_FACT_NAMES_MAX];
    struct sql_fact_element elements[SQL_FACT_ELEMENTS_MAX];
    struct bytes text;
    bool has_row;     /* the reply's only row holds the function's value */
    bool only_reads;  /* SET_STATEMENT: what follows changes nothing by itself */
    bool is_variable; /* CONNECTION_ID: by @@pseudo_thread_id */
    bool is_row_count;
    bool is_sequence; /* CREATE_TEMPORARY, DROP */
    bool errors_only; /* SHOW_CONDITIONS */
    uint64_t offset;  /* SHOW_CONDITIONS */
    uint64_t limit;   /* SHOW_CONDITIONS */
    uint64_t number;  /* GET_CONDITION */
    bool has_charset; /* SET: among the elements is NAMES or CHARACTER SET */
};

/* Of a text that is at hand whole. The views point into it. */
void sql_facts_read(struct sql_facts *f, struct sql_mode mode, struct bytes text);

/* Is this word anywhere in it, outside of strings and names? True also when that cannot be told. */
NODISCARD bool sql_facts_mentions(struct sql_mode mode, struct bytes text, const char *upper);

/* sql_facts_set.c: behind SET. */
struct sql_tokens;
void sql_facts_read_set(struct sql_facts *f, struct sql_tokens *t);

#endif
