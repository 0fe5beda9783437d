/* SPDX-License-Identifier: Apache-2.0
 * What a reply teaches about the session: trackers become the client's session state, effects
 * become pins, counts become residue. */
#include "base/check.h"
#include "mysql/sql_facts.h"
#include "session/catalogue.h"
#include "session/client.h"
#include "session/pins_track.h"
#include "session/private_state.h"
#include "session/session_vars.h"
#include "session/statement.h"

#include <string.h>

/* Without the tracker, what it said last would stand for ever; status flags still tell. */
static void learn_blindness(struct link *l, struct bytes value)
{
    l->blind_to_transactions = bytes_equal_text(value, "OFF");
    if (l->blind_to_transactions)
        memcpy(l->transaction_state, "________", sizeof l->transaction_state);
}

void learn_link_trackers(struct link *l, struct bytes trackers)
{
    struct session_track_reader r = session_track_over(trackers);
    struct session_change change;
    while (session_track_next(&r, &change))
        if (change.type == SESSION_TRACK_TRANSACTION_STATE &&
            change.value.size == sizeof l->transaction_state)
            memcpy(l->transaction_state, change.value.data, sizeof l->transaction_state);
        else if (change.type == SESSION_TRACK_SYSTEM_VARIABLE &&
                 bytes_equal_text(change.name, "session_track_transaction_info"))
            learn_blindness(l, change.value);
}

void learn_login_schema(struct link *l, struct bytes trackers)
{
    struct client *c = l->client;
    if (c == NULL || c->login_schema == NULL)
        return;
    struct session_track_reader r = session_track_over(trackers);
    struct session_change change;
    while (session_track_next(&r, &change)) {
        if (change.type != SESSION_TRACK_SCHEMA)
            continue;
        struct session_state *s = session_state_with_schema(c->session, change.value);
        if (s != NULL)
            c->session = s;
    }
}

/* Takes the new state, or pins when it cannot be kept. */
static void session_becomes(struct client *c, struct session_state *s, pins_t otherwise)
{
    if (s == NULL) {
        track_pin(c, otherwise);
        return;
    }
    c->session = s;
}

static bool tells_transactions(const struct client *c)
{
    return server_has(c->facts->server, SERVER_ABILITY_TELLS_TRANSACTIONS);
}

void learn_default_tracking(struct client *c)
{
    own_trackers_forget(c);
    c->tracks = SESSION_TRACK_FILTER_DEFAULT;
    c->tracks.transaction_explicit = tells_transactions(c);
    c->told_transaction = false;
}

/* The client arranges its own trackers; it is pinned for it, so its list is the link's. */
static void learn_tracking(struct client *c, const struct session_change *change)
{
    struct session_track_filter *t = &c->tracks;
    bool on = bytes_equal_text(change->value, "ON") || bytes_equal_text(change->value, "1");
    if (bytes_equal_text(change->name, "session_track_system_variables"))
        t->all_variables = true;
    else if (bytes_equal_text(change->name, "session_track_schema"))
        t->schema = on;
    else if (bytes_equal_text(change->name, "session_track_state_change"))
        t->state_change = on;
    else if (bytes_equal_text(change->name, "session_track_transaction_info")) {
        t->transaction_characteristics = bytes_equal_text(change->value, "CHARACTERISTICS");
        t->transaction_state =
            t->transaction_characteristics || bytes_equal_text(change->value, "STATE");
        t->transaction_explicit = !t->transaction_state && tells_transactions(c);
    }
}

/* Stored code that ends puts the character sets of the client and of the connection back, with
 * their collations. MySQL tells of the character sets then. */
static bool was_put_back(const struct client *c, const struct session_change *change)
{
    const struct request *r = &c->request;
    return r->scanned && r->scan->statements == 1 && r->scan->verb != SQL_VERB_SET &&
           r->scan->verb != SQL_VERB_EXECUTE &&
           bytes_equal_text(change->name, "character_set_connection") &&
           bytes_equal_text(change->value, c->session->character_set_connection);
}

static void learn_variable(struct client *c, const struct session_change *change)
{
    if (was_put_back(c, change))
        return;
    switch (track_variable(c, change->name, change->value)) {
    case SESSION_VARIABLE_IGNORE:
        break;
    case SESSION_VARIABLE_RESIDUE:
        c->request.changed_variable = true;
        c->residue.last_insert_id_known = false;
        c->link->residue_true |= SQL_EFFECT_BIT(READS_LAST_INSERT_ID);
        break;
    case SESSION_VARIABLE_UNSET:
        c->request.changed_variable = true;
        session_becomes(c, session_state_without_variable(c->session, change->name),
                        PIN_BIT(SESSION_CHANGE));
        break;
    case SESSION_VARIABLE_PIN:
        c->request.changed_variable = true;
        c->pins |= bytes_equal_text(change->name, "profiling") ? PIN_BIT(PROFILES) : 0;
        c->link->needs_trackers |= bytes_equal_text(change->name, "query_cache_type");
        learn_tracking(c, change);
        break;
    case SESSION_VARIABLE_CARRY:
    case SESSION_VARIABLE_NULL:
    case SESSION_VARIABLE_TEXT:
        c->request.changed_variable = true;
        session_becomes(c, session_state_with_variable(c->session, change->name, change->value),
                        PIN_BIT(SESSION_VARIABLE));
        break;
    }
}

/* Statements to be sent again on another link, until the transaction begins. In it, and in a branch
 * of XA, the text is another one, and the link stays. */
static void learn_next_transaction(struct client *c, struct bytes text)
{
    static const char set[] = "SET TRANSACTION ";
    bool to_come = text.size >= sizeof set - 1 && memcmp(text.data, set, sizeof set - 1) == 0 &&
                   memmem(text.data, text.size, "START TRANSACTION", 17) == NULL;
    track_next_transaction(c);
    session_becomes(
        c, session_state_with_next_transaction(c->session, to_come ? text : bytes_of(NULL, 0)),
        PIN_BIT(SESSION_CHANGE));
}

/* Some servers tell a client that has tracking off when an explicit transaction begins and ends.
 * The link's tracker says more, and more often: what the client is to see of it is decided here. */
static void learn_transaction(struct client *c, struct bytes state)
{
    if (!c->tracks.transaction_explicit || state.size == 0)
        return;
    bool open = state.data[0] == 'T';
    c->tracks.transaction_state = open != c->told_transaction;
    c->told_transaction = open;
}

static void learn_change(struct client *c, const struct session_change *change)
{
    switch (change->type) {
    case SESSION_TRACK_SYSTEM_VARIABLE:
        learn_variable(c, change);
        break;
    case SESSION_TRACK_SCHEMA:
        c->request.changed_variable = true;
        c->request.schema_came_back = bytes_equal_text(change->value, c->session->schema);
        session_becomes(c, session_state_with_schema(c->session, change->value),
                        PIN_BIT(SESSION_CHANGE));
        c->session = session_state_with_schema_charset(c->session);
        break;
    case SESSION_TRACK_STATE_CHANGE:
        c->request.state_changes++;
        break;
    case SESSION_TRACK_TRANSACTION_CHARACTERISTICS:
        learn_next_transaction(c, change->value);
        break;
    case SESSION_TRACK_TRANSACTION_STATE:
        learn_transaction(c, change->value);
        break;
    case SESSION_TRACK_GTIDS:
    case SESSION_TRACK_OTHER:
        break;
    }
}

/* The collation comes last: the character set of the same statement resets it. */
static void learn_pass(struct client *c, struct bytes trackers, bool collation)
{
    struct session_track_reader r = session_track_over(trackers);
    struct session_change change;
    while (session_track_next(&r, &change)) {
        bool is_collation = change.type == SESSION_TRACK_SYSTEM_VARIABLE &&
                            bytes_equal_text(change.name, "collation_connection");
        if (is_collation == collation)
            learn_change(c, &change);
    }
}

void learn_trackers(struct client *c, struct bytes trackers)
{
    if (trackers.size == 0)
        return;
    struct session_state *before = c->session;
    learn_pass(c, trackers, false);
    learn_pass(c, trackers, true);
    if (c->session == before)
        return;
    link_session_becomes(c->link, c->session);
}

/* The default of a character set is what it always is. */
static bool has_plain_defaults(const struct client *c)
{
    return session_state_get(c->session, "character_set_collations") == NULL &&
           !track_pins_variable(c, "default_collation_for_utf8mb4");
}

/* SET NAMES … COLLATE x: no tracker reports x. */
static void learn_collation(struct client *c)
{
    const struct sql_scan *scan = c->request.scan;
    if (!sql_scan_has(scan, SQL_EFFECT_SET_CHARSET))
        return;
    if (strcmp(scan->collation, SQL_COLLATION_UNKNOWN) == 0 ||
        (scan->collation[0] == '\0' && !has_plain_defaults(c)))
        track_unread(c, "collation_connection");
    if (scan->collation[0] == '\0' || strcmp(scan->collation, SQL_COLLATION_UNKNOWN) == 0)
        return;
    static const char *const both[] = {"collation_connection", "collation_results"};
    for (size_t i = 0; i < countof(both); i++)
        session_becomes(c,
                        session_state_with_variable(c->session, bytes_of_text(both[i]),
                                                    bytes_of_text(scan->collation)),
                        PIN_BIT(SESSION_CHANGE));
    link_session_becomes(c->link, c->session);
}

/* Several statements: each SET and USE reports one change, and these did all that there are. (What
 * a SET changes is variables, or has effects of its own.) */
static bool explained_by_sets(const struct request *r)
{
    return r->scanned && r->scan->statements > 1 && r->state_changes <= r->scan->sets;
}

/* A change of state that came with no variable or schema, or from a statement that is not there to
 * change them (a trigger, a function), may hide more than the trackers tell. */
static bool hides_a_change(const struct client *c)
{
    const struct request *r = &c->request;
    if (r->state_changes == 0 || track_explains_change(c) || explained_by_sets(r) ||
        (r->scanned && private_state_explains_change(c)))
        return false;
    if (r->command->command == COMMAND_INIT_DB)
        return false;
    /* The server selects the schema of the PREPARE while it executes; a SELECT fires no trigger. */
    if (r->statement != NULL && r->scanned && r->scan->verb == SQL_VERB_SELECT &&
        r->statement->text->shared &&
        strcmp(r->statement->text->mode->schema, c->session->schema) != 0)
        return false;
    if (r->scanned && r->schema_came_back && r->scan->verb == SQL_VERB_SELECT)
        return false;
    if (!r->scanned || !r->changed_variable)
        return true;
    /* What known code does besides setting variables has effects of its own; a routine of another
     * schema selects that and comes back. */
    if (sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CODE))
        return false;
    return r->scan->verb != SQL_VERB_SET && r->scan->verb != SQL_VERB_USE &&
           r->scan->verb != SQL_VERB_DROP;
}

/* What effects alone do not tell of stored code. */
static void learn_stored(struct client *c, const struct reply_summary *s)
{
    const struct request *r = &c->request;
    if (!r->scanned)
        return;
    /* An ERR says nothing of the variables that were set before it. */
    if (s->error && sql_scan_has(r->scan, SQL_EFFECT_STORED_SETS))
        c->pins |= PIN_BIT(SESSION_CHANGE);
    bool may_use =
        (r->scan->effects & (SQL_EFFECT_BIT(TOUCHES_TABLE) | SQL_EFFECT_BIT(KNOWN_CODE))) != 0;
    if (may_use && catalogue_has_raced(c))
        c->pins |= PIN_BIT(STORED_CODE);
}

static pins_t command_pins(const struct command_row *row)
{
    return row->policy == COMMAND_PIN ? PIN_BIT(COMMAND) : 0;
}

static void now_true(struct client *c, sql_effects_t reads)
{
    c->link->residue_true |= reads;
}

static void found_rows_are(struct client *c, bool known, uint64_t rows)
{
    c->residue.found_rows_known = known;
    if (known)
        c->residue.found_rows = rows;
    now_true(c, SQL_EFFECT_BIT(READS_FOUND_ROWS));
}

/* A SELECT may fail before it runs, which leaves them, or while it runs, which sets them to what it
 * had counted. */
static bool failed_while_running(const struct client *c, const struct reply_summary *s)
{
    /* lock wait timeout, deadlock, killed, time limit (MariaDB, MySQL) */
    static const uint16_t codes[] = {1205, 1213, 1317, 1969, 3024};
    if ((c->link->residue_true & SQL_EFFECT_BIT(READS_FOUND_ROWS)) != 0)
        return c->request.scan->verb == SQL_VERB_SELECT; /* either way, the link knows */
    for (size_t i = 0; i < countof(codes); i++)
        if (s->error_code == codes[i])
            return true;
    return false;
}

/* Statements without rows for the client that find some nevertheless. */
static bool finds_rows_silently(const struct client *c)
{
    static const uint64_t verbs = UINT64_C(1) << SQL_VERB_UPDATE | UINT64_C(1) << SQL_VERB_DELETE |
                                  UINT64_C(1) << SQL_VERB_DO;
    return !server_has(c->facts->server, SERVER_ABILITY_ONLY_SELECT_FINDS_ROWS) &&
           (verbs >> c->request.scan->verb & 1) != 0;
}

static void learn_found_rows(struct client *c, const struct reply_summary *s)
{
    const struct request *r = &c->request;
    bool called = sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CALL);
    if (residue_is_left(r->scan))
        return;
    if (s->error && r->scan->statements <= 1 && !called) {
        if (failed_while_running(c, s))
            found_rows_are(c, false, 0);
        return;
    }
    bool odd = called || sql_scan_has(r->scan, SQL_EFFECT_ODD_FOUND_ROWS) ||
               sql_scan_has(r->scan, SQL_EFFECT_SKIPS_ROWS) || r->scan->statements != 1 ||
               finds_rows_silently(c);
    bool cursor = (s->status & STATUS_CURSOR_EXISTS) != 0; /* its rows come later */
    /* An aggregate that needs no table read leaves them (MariaDB: "no matching row"), any other
     * sets them to the one row. */
    bool was_same = c->residue.found_rows_known && c->residue.found_rows == s->rows;
    bool doubtful = r->scan->aggregates && s->rows <= 1 && !was_same;
    bool selects = r->scan->verb == SQL_VERB_SELECT || r->scan->verb == SQL_VERB_TABLE;
    if (s->result_set && selects && !odd && !cursor)
        found_rows_are(c, !doubtful, s->rows);
    else if (s->result_set || selects || odd) /* INTO: no rows for the client */
        found_rows_are(c, false, 0);
}

static void learn_last_insert_id(struct client *c, const struct reply_summary *s)
{
    const struct request *r = &c->request;
    bool may_have_set =
        s->last_insert_id != 0 || r->scan->statements != 1 || r->scan->verb == SQL_VERB_LOAD ||
        (r->scan->verb == SQL_VERB_CREATE && sql_scan_has(r->scan, SQL_EFFECT_ODD_FOUND_ROWS)) ||
        sql_scan_has(r->scan, SQL_EFFECT_SETS_LAST_INSERT_ID) ||
        sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CALL) || r->scan->verb == SQL_VERB_ANALYZE ||
        ((s->error || s->result_set) && /* INSERT … RETURNING does not name the id */
         (r->scan->verb == SQL_VERB_INSERT || r->scan->verb == SQL_VERB_REPLACE));
    if (may_have_set) {
        c->residue.last_insert_id_known = false;
        now_true(c, SQL_EFFECT_BIT(READS_LAST_INSERT_ID));
    }
}

/* GET DIAGNOSTICS leaves the row count, but for a number beyond the last condition, which is an
 * error that comes as an OK with a warning. */
static bool is_get_diagnostics(const struct request *r)
{
    return r->scanned && r->scan->statements == 1 && r->scan->verb == SQL_VERB_GET;
}

/* Commands that leave the row count as it was, unless they fail. */
static bool leaves_row_count(enum command command)
{
    return command == COMMAND_STATISTICS || command == COMMAND_STMT_PREPARE ||
           command == COMMAND_STMT_SEND_LONG_DATA;
}

static void learn_row_count(struct client *c, const struct reply_summary *s)
{
    bool negative =
        s->error || s->result_set || (is_get_diagnostics(&c->request) && s->any_warnings);
    if (negative)
        c->residue.row_count = -1;
    else if (!is_get_diagnostics(&c->request))
        c->residue.row_count = (int64_t)s->affected_rows;
}

static void learn_residue(struct client *c, const struct reply_summary *s)
{
    enum command command = c->request.command->command;
    if (leaves_row_count(command) && !s->error)
        return;
    if (c->request.scanned) {
        learn_found_rows(c, s);
        learn_last_insert_id(c, s);
        learn_row_count(c, s);
    } else if (command == COMMAND_INIT_DB || command == COMMAND_PING) {
        c->residue.row_count = s->error ? -1 : 0;
    } else if (command == COMMAND_SET_OPTION || s->error || command == COMMAND_STMT_FETCH) {
        c->residue.row_count = -1;
    } else if (command == COMMAND_STMT_RESET) {
        c->residue.row_count = 0;
    } else {
        c->pins |= PIN_BIT(RESIDUE);
    }
    if (!is_get_diagnostics(&c->request) || c->residue.row_count == -1)
        now_true(c, SQL_EFFECT_BIT(READS_ROW_COUNT));
    struct link_pool *pool = c->pool;
    if (c->request.scanned && sql_scan_has(c->request.scan, SQL_EFFECT_READS_ROW_COUNT))
        atomic_store(&pool->reads_row_count, true);
    if (c->residue.row_count >= 1 && atomic_load(&pool->reads_row_count))
        c->pins |= PIN_BIT(ROW_COUNT);
}

/* Statements that may add a condition to those before. Of several, where each clears what it does
 * not read, the first has done so. */
static bool may_add_conditions(const struct client *c)
{
    static const sql_effects_t reads = SQL_EFFECT_BIT(READS_DIAGNOSTICS) |
                                       SQL_EFFECT_BIT(TEXT_PREPARE) | SQL_EFFECT_BIT(STORED_CODE);
    const struct request *r = &c->request;
    if (!r->scanned || r->scan->verb == SQL_VERB_GET ||
        sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CODE))
        return true;
    return r->scan->statements != 1 &&
           (server_has(c->facts->server, SERVER_ABILITY_KEEPS_DIAGNOSTICS) ||
            (r->scan->effects & reads) != 0);
}

/* Others stand in on the link for what Weir has kept: true when that is all that can be said. */
static bool learn_kept_conditions(struct client *c, const struct reply_summary *s, bool unsure)
{
    struct residue *d = &c->residue;
    const struct request *r = &c->request;
    bool stood = (c->link->residue_true & SQL_EFFECT_BIT(READS_DIAGNOSTICS)) != 0;
    if (r->condition != 0 && !s->error) { /* there is one condition there, for this once */
        c->link->residue_true &= ~SQL_EFFECT_BIT(READS_DIAGNOSTICS);
        return true;
    }
    bool has = d->diagnostics == DIAGNOSTICS_KEPT || d->diagnostics == DIAGNOSTICS_STANDING;
    bool news = s->error || s->any_warnings;
    if (!has || !stood || (news && !may_add_conditions(c)) ||
        (!news && !unsure && residue_clears_diagnostics(c)))
        return false;
    d->diagnostics = DIAGNOSTICS_STANDING;
    return true;
}

static void learn_diagnostics(struct client *c, const struct reply_summary *s)
{
    if (s->error)
        memcpy(c->residue.error_sqlstate, s->error_sqlstate, sizeof s->error_sqlstate);
    bool signals = c->request.scanned && sql_scan_has(c->request.scan, SQL_EFFECT_SIGNALS);
    c->residue.signals = signals || (c->residue.signals && !residue_clears_diagnostics(c));
    /* Known code may have left warnings, or cleared older ones. */
    bool unsure = c->request.scanned && sql_scan_has(c->request.scan, SQL_EFFECT_KNOWN_CODE) &&
                  !residue_clears_diagnostics(c);
    if (learn_kept_conditions(c, s, unsure))
        return;
    if (s->error || s->any_warnings || unsure) {
        residue_set_diagnostics(&c->residue, DIAGNOSTICS_ON_LINK);
        now_true(c, SQL_EFFECT_BIT(READS_DIAGNOSTICS));
    } else if (residue_clears_diagnostics(c)) {
        residue_set_diagnostics(&c->residue, DIAGNOSTICS_EMPTY);
        now_true(c, SQL_EFFECT_BIT(READS_DIAGNOSTICS));
        c->pins &= ~pins_until(c->pins, PIN_UNTIL_TABLE);
    } else if (c->residue.diagnostics == DIAGNOSTICS_SAVED &&
               (c->link->residue_true & SQL_EFFECT_BIT(READS_DIAGNOSTICS)) != 0) {
        residue_set_diagnostics(&c->residue, DIAGNOSTICS_ON_LINK); /* primed there */
    }
}

static void learn_status(struct client *c, const struct reply_summary *s)
{
    struct link *l = c->link;
    const struct request *r = &c->request;
    if (s->status_known) {
        uint16_t not_kept = STATUS_SESSION_STATE_CHANGED | STATUS_MORE_RESULTS;
        uint16_t of_mode = STATUS_ANSI_QUOTES | STATUS_NO_BACKSLASH_ESCAPES;
        const struct sql_facts *facts = track_facts(c);
        uint16_t old = l->status;
        l->status = s->status & (uint16_t)~not_kept;
        if (facts != NULL && facts->kind == SQL_FACT_SET_STATEMENT) /* sql_mode is back already */
            l->status = (uint16_t)((l->status & ~of_mode) | (old & of_mode));
        l->status_known = true;
        c->status = l->status;
    } else if (s->error) {
        /* An ERR carries no status. A lone plain statement outside a transaction with autocommit
         * cannot have begun one. */
        bool plain = (l->status & STATUS_AUTOCOMMIT) != 0 && !link_in_transaction(l) &&
                     (!r->scanned ||
                      (r->scan->statements <= 1 && !sql_scan_has(r->scan, SQL_EFFECT_KNOWN_CALL)));
        if (!plain)
            l->status_known = false;
    }
}

/* The server may have read the text by other rules than the lexer: somebody has changed the global
 * sql_mode, and it is the session's first statement. */
static bool was_read_otherwise(const struct client *c, const struct reply_summary *s)
{
    const struct request *r = &c->request;
    if (!r->scanned || !s->status_known || r->scan->sets_mode)
        return false;
    if (r->statement != NULL && !statement_is_in_its_mode(c))
        return false; /* it keeps the rules that it was prepared by */
    const struct sql_mode *m = &r->scan->mode;
    bool no_escapes = (s->status & STATUS_NO_BACKSLASH_ESCAPES) != 0;
    bool ansi = (s->status & STATUS_ANSI_QUOTES) != 0;
    return no_escapes != m->no_backslash_escapes || (m->mariadb && ansi != m->ansi_quotes);
}

/* A savepoint outside of a transaction is forgotten at once, but with autocommit off the server has
 * begun one without saying so. */
static void learn_savepoint(struct client *c, const struct reply_summary *s)
{
    const struct request *r = &c->request;
    const struct link *l = c->link;
    bool autocommit = (l->status & STATUS_AUTOCOMMIT) != 0;
    if (link_in_transaction(l) || autocommit ||
        (r->scanned && !s->error && r->scan->verb == SQL_VERB_COMMIT))
        c->pins &= ~PIN_BIT(SAVEPOINT);
    else if (r->scanned && sql_scan_has(r->scan, SQL_EFFECT_SAVEPOINT))
        c->pins |= PIN_BIT(SAVEPOINT);
}

void learn_reply(struct client *c, const struct reply_summary *s)
{
    struct request *r = &c->request;
    pins_t before = c->pins;
    learn_status(c, s);
    c->pins |= command_pins(r->command);
    statement_learn(c, s);
    private_state_learn(c);
    if (r->scanned) {
        if (was_read_otherwise(c, s))
            c->pins |= PIN_BIT(UNKNOWN_STATEMENT);
        if (!s->error)
            learn_collation(c);
        else if (r->scan->statements > 1 && sql_scan_has(r->scan, SQL_EFFECT_SET_CHARSET))
            c->pins |= PIN_BIT(SESSION_CHANGE); /* which of the statements failed? */
    }
    if (hides_a_change(c))
        c->pins |= PIN_BIT(SESSION_CHANGE);
    learn_stored(c, s);
    track_reply(c, s);
    if (r->command->command == COMMAND_SET_OPTION && !s->error) {
        session_becomes(c, session_state_with_multi_statements(c->session, r->set_option_on),
                        PIN_BIT(SESSION_CHANGE));
        link_session_becomes(c->link, c->session);
    }
    learn_savepoint(c, s);
    learn_residue(c, s);
    learn_diagnostics(c, s);
    /* No statement has several rows and any condition that one likes. */
    if (c->residue.row_count > 1 && s->any_warnings)
        c->pins |= PIN_BIT(ROW_COUNT);
    if (c->worker->config->global.pool_mode == POOL_MODE_SESSION)
        c->pins |= PIN_BIT(POOL_MODE);
    if (before == 0 && c->pins != 0)
        counters_add(&c->worker->counters, COUNTER_pins, 1);
}
