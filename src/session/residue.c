/* SPDX-License-Identifier: Apache-2.0
 * Residue: asking for it, keeping it, making it true elsewhere. */
#include "session/residue.h"

#include "base/check.h"
#include "session/client.h"
#include "session/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Statements whose own text does not tell what they ask. */
#define OPAQUE                                                                                     \
    (SQL_EFFECT_BIT(STORED_CODE) | SQL_EFFECT_BIT(STORED_READS) | SQL_EFFECT_BIT(TEXT_PREPARE) |   \
     SQL_EFFECT_BIT(UNKNOWN_VERB) | SQL_EFFECT_BIT(UNTERMINATED))

void residue_init(struct residue *r)
{
    residue_fini(r);
    *r = (struct residue){.found_rows = 1, .found_rows_known = true, .last_insert_id_known = true};
}

void residue_reset(struct residue *r)
{
    uint64_t found_rows = r->found_rows_known ? r->found_rows : 1;
    residue_init(r);
    r->found_rows = found_rows;
}

void residue_fini(struct residue *r)
{
    free(r->condition);
    kept_conditions_free(r->kept);
    r->condition = NULL;
    r->kept = NULL;
}

void residue_set_diagnostics(struct residue *r, enum diagnostics d)
{
    r->diagnostics = d;
    if (d == DIAGNOSTICS_EMPTY || d == DIAGNOSTICS_ON_LINK)
        residue_fini(r);
    if (d == DIAGNOSTICS_EMPTY)
        r->signals = false;
}

void residue_of_error(struct client *c, uint16_t code, const char *sqlstate, struct bytes message)
{
    struct residue *r = &c->residue;
    r->row_count = -1;
    memcpy(r->error_sqlstate, sqlstate, sizeof r->error_sqlstate);
    if (!residue_save_condition(c, code, sqlstate, false, message))
        residue_set_diagnostics(r, DIAGNOSTICS_EMPTY);
    if (c->link != NULL)
        c->link->residue_true &=
            ~(SQL_EFFECT_BIT(READS_ROW_COUNT) | SQL_EFFECT_BIT(READS_DIAGNOSTICS));
}

/* -------- whose is it -------- */

enum { LEFT_ROW_COUNT, LEFT_FOUND_ROWS, LEFT_LAST_INSERT_ID, LEFT_DIAGNOSTICS };
static const sql_effects_t aspects[] = {
    [LEFT_ROW_COUNT] = SQL_EFFECT_BIT(READS_ROW_COUNT),
    [LEFT_FOUND_ROWS] = SQL_EFFECT_BIT(READS_FOUND_ROWS),
    [LEFT_LAST_INSERT_ID] = SQL_EFFECT_BIT(READS_LAST_INSERT_ID),
    [LEFT_DIAGNOSTICS] = SQL_EFFECT_BIT(READS_DIAGNOSTICS),
};

void residue_left_init(struct residue_left *left)
{
    *left =
        (struct residue_left){.known = {[LEFT_LAST_INSERT_ID] = true, [LEFT_DIAGNOSTICS] = true}};
}

void residue_begin_lease(struct client *c, struct link *l)
{
    const struct residue *r = &c->residue;
    const struct residue_left *left = &l->residue_left;
    bool same[] = {
        [LEFT_ROW_COUNT] = left->row_count == r->row_count,
        [LEFT_FOUND_ROWS] = left->found_rows == r->found_rows,
        [LEFT_LAST_INSERT_ID] = left->last_insert_id == r->last_insert_id,
        [LEFT_DIAGNOSTICS] = r->diagnostics == DIAGNOSTICS_EMPTY,
    };
    l->residue_of = c->id;
    l->residue_true = 0;
    for (size_t i = 0; i < countof(aspects); i++)
        if (left->known[i] && same[i])
            l->residue_true |= aspects[i];
}

void residue_end_lease(const struct client *c, struct link *l)
{
    const struct residue *r = &c->residue;
    struct residue_left *left = &l->residue_left;
    bool known[] = {
        [LEFT_ROW_COUNT] = true,
        [LEFT_FOUND_ROWS] = r->found_rows_known,
        [LEFT_LAST_INSERT_ID] = r->last_insert_id_known,
        [LEFT_DIAGNOSTICS] = r->diagnostics == DIAGNOSTICS_EMPTY,
    };
    left->row_count = r->row_count;
    left->found_rows = r->found_rows;
    left->last_insert_id = r->last_insert_id;
    for (size_t i = 0; i < countof(aspects); i++)
        left->known[i] = known[i] && (l->residue_true & aspects[i]) != 0;
}

/* SHOW WARNINGS and SHOW ERRORS send rows and leave FOUND_ROWS; SHOW COUNT(*) sets it. */
bool residue_is_left(const struct sql_scan *s)
{
    return s->statements == 1 && s->verb == SQL_VERB_SHOW &&
           sql_scan_has(s, SQL_EFFECT_READS_CONDITIONS);
}

static bool is_count_of_conditions(const struct sql_scan *s)
{
    return s->statements == 1 && s->verb == SQL_VERB_SHOW &&
           sql_scan_has(s, SQL_EFFECT_READS_DIAGNOSTICS) && !residue_is_left(s);
}

/* Statements of which it is certain what they do to FOUND_ROWS: a plain SELECT sets it to the rows
 * it sends, the others leave it. */
static bool found_rows_is_certain(const struct sql_scan *s)
{
    static const uint64_t leave_it =
        UINT64_C(1) << SQL_VERB_INSERT | UINT64_C(1) << SQL_VERB_REPLACE |
        UINT64_C(1) << SQL_VERB_UPDATE | UINT64_C(1) << SQL_VERB_DELETE |
        UINT64_C(1) << SQL_VERB_TRUNCATE | UINT64_C(1) << SQL_VERB_DO |
        UINT64_C(1) << SQL_VERB_BEGIN | UINT64_C(1) << SQL_VERB_START |
        UINT64_C(1) << SQL_VERB_COMMIT | UINT64_C(1) << SQL_VERB_ROLLBACK |
        UINT64_C(1) << SQL_VERB_SAVEPOINT | UINT64_C(1) << SQL_VERB_RELEASE |
        UINT64_C(1) << SQL_VERB_SET | UINT64_C(1) << SQL_VERB_USE | UINT64_C(1) << SQL_VERB_CREATE |
        UINT64_C(1) << SQL_VERB_ALTER | UINT64_C(1) << SQL_VERB_DROP |
        UINT64_C(1) << SQL_VERB_SELECT | UINT64_C(1) << SQL_VERB_GET;
    _Static_assert(SQL_VERB_COUNT <= 64, "verbs are a set of 64");
    if (is_count_of_conditions(s))
        return true;
    if (s->statements != 1 || sql_scan_has(s, SQL_EFFECT_ODD_FOUND_ROWS) || s->aggregates)
        return false;
    if (!s->mode.mariadb && s->verb == SQL_VERB_DELETE)
        return false; /* of several tables it sets FOUND_ROWS there, of one it does not */
    return (leave_it >> s->verb & 1) != 0 || residue_is_left(s);
}

/* Statements that may generate an id, or may leave LAST_INSERT_ID although their OK names one. */
static bool may_insert(const struct sql_scan *s)
{
    /* CREATE TABLE … SELECT into a column with AUTO_INCREMENT. */
    if (s->verb == SQL_VERB_CREATE && sql_scan_has(s, SQL_EFFECT_ODD_FOUND_ROWS))
        return true;
    return s->statements != 1 || s->verb == SQL_VERB_INSERT || s->verb == SQL_VERB_REPLACE ||
           s->verb == SQL_VERB_LOAD || s->verb == SQL_VERB_ANALYZE ||
           sql_scan_has(s, SQL_EFFECT_SETS_LAST_INSERT_ID);
}

bool residue_clears_diagnostics(const struct client *c)
{
    const struct request *r = &c->request;
    const struct sql_scan *scan = r->scan;
    if (r->command->command == COMMAND_STMT_PREPARE) /* does as its text does */
        scan = statement_prepared_scan(c);
    else if (!r->scanned)
        return false;
    return sql_scan_has(scan, SQL_EFFECT_TOUCHES_TABLE) ||
           (!server_has(c->facts->server, SERVER_ABILITY_KEEPS_DIAGNOSTICS) &&
            !sql_scan_has(scan, SQL_EFFECT_READS_DIAGNOSTICS));
}

/* Such as are not the link's own. */
static bool has_conditions(const struct client *c)
{
    enum diagnostics d = c->residue.diagnostics;
    return d == DIAGNOSTICS_SAVED || d == DIAGNOSTICS_KEPT || d == DIAGNOSTICS_STANDING;
}

static bool keeps_diagnostics(const struct client *c)
{
    return server_has(c->facts->server, SERVER_ABILITY_KEEPS_DIAGNOSTICS);
}

/* What the statement surely clears before any code that it runs could ask. */
static sql_effects_t forgotten_first(const struct client *c)
{
    const struct request *r = &c->request;
    bool known = !r->feeding && r->scan->statements == 1 && r->scan->verb != SQL_VERB_EXECUTE &&
                 !sql_scan_has(r->scan, SQL_EFFECT_UNKNOWN_VERB);
    return known && !keeps_diagnostics(c) ? SQL_EFFECT_BIT(READS_DIAGNOSTICS) : 0;
}

static sql_effects_t reads_of(const struct client *c)
{
    const struct request *r = &c->request;
    if (c->login_schema != NULL)
        return 0;
    /* Priming a count of several rows takes a temporary table, which not everybody may create; what
     * does not ask for it by name goes without. */
    sql_effects_t anything =
        c->residue.row_count > 1 ? RESIDUE_ALL & ~SQL_EFFECT_BIT(READS_ROW_COUNT) : RESIDUE_ALL;
    /* Conditions that were saved may outlive the statement, or not: only where they are, the server
     * decides. */
    bool counts = r->scanned && sql_scan_has(r->scan, SQL_EFFECT_READS_ROW_COUNT) &&
                  c->residue.row_count >= 1; /* which a SIGNAL would undo */
    sql_effects_t saved = has_conditions(c) && !counts && !residue_clears_diagnostics(c)
                              ? SQL_EFFECT_BIT(READS_DIAGNOSTICS)
                              : 0;
    if (!r->scanned)
        return saved | (server_has(c->facts->server, SERVER_ABILITY_PING_COUNTS_WARNINGS) &&
                                r->command->command != COMMAND_STMT_PREPARE
                            ? SQL_EFFECT_BIT(READS_DIAGNOSTICS)
                            : 0);
    if (r->feeding || (r->scan->effects & OPAQUE) != 0)
        return (anything & ~forgotten_first(c)) | (r->scan->effects & RESIDUE_ALL);
    sql_effects_t reads = (r->scan->effects & RESIDUE_ALL) | saved;
    /* Known stored code may leave them as they are: then they are the client's own. */
    if (sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CALL))
        reads |= server_has(c->facts->server, SERVER_ABILITY_CALL_COUNTS_ROWS_BEFORE)
                     ? anything & ~forgotten_first(c)
                     : RESIDUE_ALL & ~SQL_EFFECT_BIT(READS_ROW_COUNT);
    if (sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CODE) &&
        !sql_scan_has(r->scan, SQL_EFFECT_TOUCHES_TABLE))
        reads |= SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    if (!found_rows_is_certain(r->scan))
        reads |= SQL_EFFECT_BIT(READS_FOUND_ROWS);
    if (may_insert(r->scan))
        reads |= SQL_EFFECT_BIT(READS_LAST_INSERT_ID);
    return reads;
}

/* Rows without a table leave the diagnostics area alone, so as many rows as can be come that way.
 */
#define PRIME_UNION_MAX 500

/* Does priming these clear the diagnostics area? Statements that have a table do it everywhere. */
static bool primes_clear_diagnostics(const struct client *c, sql_effects_t missing)
{
    const struct residue *r = &c->residue;
    if (!keeps_diagnostics(c))
        return missing != 0;
    bool row_count = (missing & SQL_EFFECT_BIT(READS_ROW_COUNT)) != 0;
    bool found_rows = (missing & SQL_EFFECT_BIT(READS_FOUND_ROWS)) != 0;
    return (row_count && r->row_count > 1) || (found_rows && r->found_rows > PRIME_UNION_MAX) ||
           (row_count && found_rows && r->row_count == 1);
}

/* Does priming these send statements that set FOUND_ROWS? */
static bool primes_find_rows(const struct client *c, sql_effects_t missing)
{
    bool row_count = (missing & SQL_EFFECT_BIT(READS_ROW_COUNT)) != 0 && c->residue.row_count >= 1;
    bool diagnostics = (missing & SQL_EFFECT_BIT(READS_DIAGNOSTICS)) != 0 &&
                       c->residue.diagnostics != DIAGNOSTICS_SAVED && keeps_diagnostics(c);
    return row_count || diagnostics;
}

/* What the statement does not name it goes without when priming it would show: conditions that
 * nobody but this link knows do not survive where every statement clears them, and a client that
 * follows the state of its transaction is told that a result set was sent. */
static bool would_show(const struct client *c, const struct link *l, sql_effects_t reads)
{
    if (c->tracks.transaction_state && !c->tracks.transaction_explicit && link_in_transaction(l))
        return true;
    return !keeps_diagnostics(c) && residue_is_in_doubt(&c->residue) &&
           (reads & l->residue_true & SQL_EFFECT_BIT(READS_DIAGNOSTICS)) != 0;
}

sql_effects_t residue_missing(const struct client *c, const struct link *l)
{
    CHECK(l->residue_of == c->id);
    sql_effects_t reads = reads_of(c);
    if (would_show(c, l, reads))
        reads &= l->residue_true | (c->request.scanned ? c->request.scan->effects : 0);
    sql_effects_t missing = reads & ~l->residue_true;
    if (c->request.condition != 0)
        missing |= SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    /* What priming one of them disturbs is missing then, too. */
    if (primes_find_rows(c, missing))
        missing |= reads & SQL_EFFECT_BIT(READS_FOUND_ROWS);
    if (missing != 0)
        missing |= reads & SQL_EFFECT_BIT(READS_ROW_COUNT);
    if (primes_find_rows(c, missing))
        missing |= reads & SQL_EFFECT_BIT(READS_FOUND_ROWS);
    if (primes_clear_diagnostics(c, missing))
        missing |= reads & SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    return missing;
}

static bool may_be_lost(const struct client *c)
{
    return residue_is_in_doubt(&c->residue) && (c->pins & PIN_BIT(WARNINGS)) == 0 &&
           !residue_clears_diagnostics(c);
}

/* Numbers that the link alone knows, where priming another aspect would change them. */
static bool needs_unknown_number(const struct client *c, sql_effects_t missing)
{
    const struct residue *r = &c->residue;
    bool found_rows = !r->found_rows_known && (missing & SQL_EFFECT_BIT(READS_FOUND_ROWS)) != 0;
    bool last_insert_id =
        !r->last_insert_id_known && (missing & SQL_EFFECT_BIT(READS_LAST_INSERT_ID)) != 0;
    return (found_rows || last_insert_id) && (c->pins & PIN_BIT(WARNINGS)) == 0;
}

bool residue_must_be_read(const struct client *c, const struct link *l)
{
    bool numbers_known = c->residue.found_rows_known && c->residue.last_insert_id_known;
    bool doubted = may_be_lost(c);
    if (LIKELY(numbers_known && !doubted))
        return false;
    sql_effects_t missing = residue_missing(c, l);
    return needs_unknown_number(c, missing) || (doubted && primes_clear_diagnostics(c, missing));
}

bool residue_must_be_read_for_set(const struct client *c)
{
    return may_be_lost(c) && !keeps_diagnostics(c);
}

/* -------- priming -------- */

static void prime(struct link *l, const char *text)
{
    link_chore_add_sure(l, CHORE_PRIME, COMMAND_QUERY, bytes_of_text(text));
}

/* The longest number of rows that can be primed has so many digits: that costs the server seconds.
 */
#define PRIME_DIGITS_MAX 7

/* "head FROM (0 to 9) t0, (0 to 9) t1 … WHERE the number they make < rows tail". */
static bool prime_rows(struct link *l, const char *head, uint64_t rows, const char *tail)
{
    static const char digits[] = "(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL "
                                 "SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL "
                                 "SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL "
                                 "SELECT 9)";
    char text[2400];
    struct writer w = writer_over(text, sizeof text);
    char part[48];
    char sum[PRIME_DIGITS_MAX * 24 + 1] = "0";
    size_t sum_size = 1;
    writer_text(&w, head);
    unsigned i = 0;
    for (uint64_t power = 1; power <= rows || i == 0; power *= 10, i++) {
        if (i == PRIME_DIGITS_MAX)
            return false;
        writer_text(&w, i == 0 ? " FROM " : ",");
        writer_text(&w, digits);
        snprintf(part, sizeof part, " t%u", i);
        writer_text(&w, part);
        sum_size += (size_t)snprintf(sum + sum_size, sizeof sum - sum_size, "+%llu*t%u.n",
                                     (unsigned long long)power, i);
    }
    writer_text(&w, " WHERE ");
    writer_text(&w, sum);
    snprintf(part, sizeof part, "<%llu", (unsigned long long)rows);
    writer_text(&w, part);
    writer_text(&w, tail);
    CHECK(!w.overflow);
    link_chore_add(l, CHORE_PRIME, COMMAND_QUERY, writer_written(&w));
    return true;
}

/* The conditions, or what stands in for them. */
static bool prime_diagnostics(struct client *c, struct link *l)
{
    struct condition aimed;
    if (c->request.condition == 0 && c->residue.diagnostics != DIAGNOSTICS_SAVED)
        return kept_conditions_prime(c, l);
    if (c->request.condition == 0)
        residue_prime_condition(c, l, c->residue.condition);
    else if (kept_conditions_aimed(c, &aimed))
        residue_prime_condition(c, l, &aimed);
    else
        return false;
    return true;
}

static void prime_union(struct link *l, uint64_t rows, const char *head, const char *tail)
{
    char text[PRIME_UNION_MAX * 20 + 120];
    struct writer w = writer_over(text, sizeof text);
    writer_text(&w, head);
    writer_text(&w, rows == 0 ? "SELECT 1 LIMIT 0" : "SELECT 1");
    for (uint64_t i = 1; i < rows; i++)
        writer_text(&w, " UNION ALL SELECT 1");
    writer_text(&w, tail);
    CHECK(!w.overflow);
    link_chore_add_sure(l, CHORE_PRIME, COMMAND_QUERY, writer_written(&w));
}

static bool prime_found_rows(struct link *l, uint64_t rows)
{
    if (rows > PRIME_UNION_MAX)
        return prime_rows(l, "SELECT SQL_CALC_FOUND_ROWS 1", rows, " LIMIT 0");
    /* Whatever sql_select_limit is. */
    prime_union(l, rows, "", rows > 0 ? " LIMIT 18446744073709551615" : "");
    return true;
}

/* In a block, a row can go into a variable that is nobody's. */
#define BLOCK "BEGIN NOT ATOMIC DECLARE x INT; "

/* One row counted and several found, in one statement: each alone would undo the other. */
static bool prime_both(const struct client *c, struct link *l)
{
    const struct residue *r = &c->residue;
    bool finds_none = r->found_rows == 0 && residue_has_blocks(c);
    if (r->row_count != 1 || r->found_rows > PRIME_UNION_MAX || (r->found_rows == 0 && !finds_none))
        return false;
    if (finds_none) { /* MariaDB finds nothing where there is no table */
        prime(l, BLOCK "SELECT 1 INTO x LIMIT 1; END");
    } else if (residue_has_blocks(c)) {
        prime_union(l, r->found_rows, BLOCK "SELECT SQL_CALC_FOUND_ROWS 1 INTO x FROM (",
                    ") weir LIMIT 1; END");
    } else if (r->found_rows == 1) { /* the other way leaves a warning */
        prime(l, "SELECT 1 INTO @weir_row_count LIMIT 1");
        l->soiled = true;
    } else {
        prime_union(l, r->found_rows, "SELECT SQL_CALC_FOUND_ROWS 1 INTO @weir_row_count FROM (",
                    ") weir LIMIT 1");
        l->soiled = true;
    }
    return true;
}

static bool prime_row_count(const struct client *c, struct link *l, int64_t count)
{
    /* From now on it is pinned for: not everybody may create tables. */
    if (count > 1)
        atomic_store(&c->pool->reads_row_count, true);
    if (count == -1) {
        prime(l, "SHOW WARNINGS LIMIT 0"); /* leaves all but this one as it is */
    } else if (count == 0) {
        /* Leaves everything else, on every server. */
        link_chore_add_sure(l, CHORE_PING, COMMAND_PING, bytes_of(NULL, 0));
    } else if (count == 1 && residue_has_blocks(c)) {
        prime(l, BLOCK "SELECT 1 INTO x LIMIT 1; END");
    } else if (count == 1) {
        prime(l, "SELECT 1 INTO @weir_row_count LIMIT 1");
        l->soiled = true;
    } else {
        /* Nothing that touches no table changes two rows or more. */
        char head[80];
        snprintf(head, sizeof head, "CREATE TEMPORARY TABLE weir_row_count_%u SELECT 1",
                 l->tables_made++);
        l->soiled = true;
        return prime_rows(l, head, (uint64_t)count, "");
    }
    return true;
}

/* Rows counted and others found: an INSERT of values leaves what was found. False when they are too
 * many: each of the other ways would undo the other. */
#define PRIME_VALUES_MAX 2000

static bool prime_values(const struct residue *r, struct link *l)
{
    if (r->row_count > PRIME_VALUES_MAX)
        return false;
    char text[PRIME_VALUES_MAX * 4 + 80];
    struct writer w = writer_over(text, sizeof text);
    char head[80];
    snprintf(head, sizeof head, "CREATE TEMPORARY TABLE weir_row_count_%u (a INT)", l->tables_made);
    link_chore_add(l, CHORE_PRIME, COMMAND_QUERY, bytes_of_text(head));
    bool ok = prime_found_rows(l, r->found_rows);
    snprintf(head, sizeof head, "INSERT INTO weir_row_count_%u VALUES (1)", l->tables_made++);
    writer_text(&w, head);
    for (int64_t i = 1; i < r->row_count; i++)
        writer_text(&w, ",(1)");
    CHECK(!w.overflow);
    link_chore_add(l, CHORE_PRIME, COMMAND_QUERY, writer_written(&w));
    l->soiled = true;
    return ok;
}

bool residue_prime(struct client *c, struct link *l, sql_effects_t reads)
{
    const struct residue *r = &c->residue;
    bool diagnostics = (reads & SQL_EFFECT_BIT(READS_DIAGNOSTICS)) != 0;
    bool saved = has_conditions(c);
    if (primes_find_rows(c, reads))
        l->residue_true &= ~SQL_EFFECT_BIT(READS_FOUND_ROWS);
    if (saved && primes_clear_diagnostics(c, reads))
        l->residue_true &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
    l->residue_true &= ~SQL_EFFECT_BIT(READS_ROW_COUNT);
    bool empty = diagnostics && !saved;
    if (empty && keeps_diagnostics(c)) {
        /* A statement with a (derived) table clears what another client has left. */
        link_chore_add(l, CHORE_PRIME, COMMAND_QUERY,
                       bytes_of_text("DO (SELECT 1 FROM (SELECT 1 UNION SELECT 2) weir LIMIT 1)"));
    }
    bool row_count = (reads & SQL_EFFECT_BIT(READS_ROW_COUNT)) != 0;
    bool ok = true;
    if ((reads & SQL_EFFECT_BIT(READS_LAST_INSERT_ID)) != 0) {
        char text[64];
        snprintf(text, sizeof text, "SET last_insert_id=%llu",
                 (unsigned long long)r->last_insert_id);
        prime(l, text);
    }
    /* What also sets FOUND_ROWS comes before it, what does not, after it; what also clears the
     * diagnostics comes before the condition, which sets the row count, too. */
    bool found_rows = (reads & SQL_EFFECT_BIT(READS_FOUND_ROWS)) != 0;
    bool counts = row_count;
    if (row_count && found_rows && r->row_count >= 1) {
        ok = prime_both(c, l) || prime_values(r, l);
        row_count = found_rows = false;
    }
    bool first = row_count && r->row_count > 1;
    bool counted = counts && (first || !row_count);
    if (first)
        ok = prime_row_count(c, l, r->row_count);
    if (found_rows)
        ok = prime_found_rows(l, r->found_rows) && ok;
    /* Any statement clears them there, as those for the row count did; this one touches nothing
     * else but that count. */
    if (empty && !counted && !keeps_diagnostics(c))
        prime(l, "SET last_insert_id=@@last_insert_id");
    if (diagnostics && saved)
        ok = prime_diagnostics(c, l) && ok;
    if (row_count && !first)
        ok = prime_row_count(c, l, r->row_count) && ok;
    return ok;
}
