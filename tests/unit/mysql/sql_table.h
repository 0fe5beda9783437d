/* SPDX-License-Identifier: Apache-2.0
 * What the tests of the lexer share: the names of effects as the tables of statements write them,
 * and the walk through these tables. For one .c file per program. */
#ifndef WEIR_TESTS_SQL_TABLE_H
#define WEIR_TESTS_SQL_TABLE_H

#include "mysql/sql_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The names of effects, as the table of statements writes them. */
#define SQL_EFFECT(name, text) static UNUSED const sql_effects_t name = SQL_EFFECT_BIT(name);
#include "mysql/sql_effects.def"
#undef SQL_EFFECT
static UNUSED const sql_effects_t NONE = 0;
static UNUSED const sql_effects_t SETS_VARIABLE =
    SQL_EFFECT_BIT(USER_VARIABLE) | SQL_EFFECT_BIT(SETS_USER_VARIABLE);

enum families { MYSQL = 1, MARIADB = 2, BOTH = 3 };

struct statement {
    enum families families;
    sql_effects_t effects;
    const char *text;
    size_t size;
};

static UNUSED const char *const family_names[] = {"", "MySQL", "MariaDB"};

static UNUSED void print_effects(const char *what, sql_effects_t effects)
{
    print_error("  %s:", what);
    for (unsigned i = 0; i < SQL_EFFECT_COUNT; i++)
        if ((effects >> i & 1) != 0)
            print_error(" %s", sql_effect_name((enum sql_effect)i));
    print_error("\n");
}

typedef unsigned check_function(const struct statement *row);

static UNUSED void check_table(check_function *check)
{
    unsigned failures = 0;
    unsigned rows = 0;
#define GROUP(name)
#define STATEMENT(of_families, with_effects, of_text)                                              \
    {                                                                                              \
        static const char text[] = of_text;                                                        \
        const struct statement row = {of_families, with_effects, text, sizeof(text) - 1};          \
        failures += check(&row);                                                                   \
        rows++;                                                                                    \
    }
#include "sql_chatter.def"
#include "sql_statements.def"
#undef STATEMENT
#undef GROUP
    print_message("%u statements\n", rows);
    assert_int_equal(failures, 0);
}

static UNUSED struct sql_scan scan_in(struct sql_mode mode, const char *text)
{
    struct sql_scan s;
    sql_scan_text(&s, mode, bytes_of_text(text));
    return s;
}

static UNUSED struct sql_scan scan(const char *text)
{
    return scan_in((struct sql_mode){.mariadb = true}, text);
}

static UNUSED void check_effect_in(struct sql_mode mode, const char *text, sql_effects_t effects)
{
    struct sql_scan s = scan_in(mode, text);
    if (s.effects != effects) {
        print_error("%s\n", text);
        print_effects("found", s.effects);
    }
    assert_int_equal(s.effects, effects);
}

#endif
