/* SPDX-License-Identifier: Apache-2.0
 * When a client gets, keeps and gives back a link. */
#include "base/check.h"
#include "session/catalogue.h"
#include "session/expired.h"
#include "session/guest.h"
#include "session/hash_reader.h"
#include "session/leaks.h"
#include "session/monitor.h"
#include "session/own_trackers.h"
#include "session/pins_track.h"
#include "session/private_state.h"
#include "session/request_record.h"
#include "session/slow_watch.h"
#include "session/statement.h"
#include "session/text_statements.h"
#include "session/thread_ids.h"
#include "session/user_variables.h"

#include <stdio.h>
#include <string.h>

static void begin_lease(struct client *c, struct link *l)
{
    CHECK(c->link == NULL && l->client == NULL);
    c->link = l;
    l->client = c;
    l->soft = false;
    l->recalled = false;
    l->transaction_since = l->stalled_since = l->killed_at = 0;
    l->overdue = false;
    l->leased_at = loop_now(c->worker->loop);
    if (l->residue_of != c->id) {
        counters_add(&c->worker->counters, COUNTER_link_handovers, 1);
        old_globals_take(c);
    }
    residue_begin_lease(c, l);
    link_set_state(l, LINK_LEASED);
    stream_settle(&l->stream);
}

static struct link *end_lease(struct client *c)
{
    struct link *l = c->link;
    CHECK(l != NULL && l->client == c);
    slow_watch_parting(l);
    leaks_lease_ended(c, l);
    c->link = NULL;
    l->client = NULL;
    l->soft = false;
    l->must_reset = l->must_reset || l->soiled;
    l->soiled = false;
    if (c->state == CLIENT_IDLE)
        request_record_end(c);
    return l;
}

/* -------- getting a link -------- */

void lease_acquire_again(struct client *c)
{
    client_set_state(c, CLIENT_WAITING);
    lease_acquire(c);
}

void lease_drop(struct client *c, enum close_reason why)
{
    link_close(end_lease(c), why);
}

bool lease_is_firm(const struct client *c, const struct link *l)
{
    return c->pins != 0 || l->kills_pending > 0 || (l->status_known && link_in_transaction(l));
}

/* False when it cannot be done on this link. */
static bool plan_restore(struct client *c, struct link *l, enum statement_place place,
                         bool force_schema)
{
    if (place == STATEMENT_FIRST)
        statement_plan(c, l, l->session);
    if (statement_wants_status(c, l))
        link_chore_add_sure(l, CHORE_PING, COMMAND_PING, bytes_of(NULL, 0));
    bool planned = link_restore_plan(l, c->session, force_schema) && private_state_restore(c, l);
    if (old_globals_wanted(c))
        old_globals_ask(c, l);
    if (place != STATEMENT_FIRST)
        statement_plan(c, l, c->session);
    if (track_shows_own(c))
        track_show_own(c, l);
    residue_disturbed(l);
    sql_effects_t reads = residue_missing(c, l);
    if (planned && reads != 0)
        planned = residue_prime(c, l, reads);
    l->residue_true |= reads;
    return planned;
}

static bool is_restored(const struct client *c, const struct link *l)
{
    return residue_missing(c, l) == 0 && l->session == c->session && !l->needs_trackers &&
           !l->must_reset && !old_globals_wanted(c) && !private_state_is_missing(c, l) &&
           !statement_wants_status(c, l) && !track_shows_own(c);
}

static void park_or_release(struct link *l);

/* What only the link knows, and what is to be done there would change. */
static bool must_be_read(const struct client *c, const struct link *l, enum statement_place place)
{
    bool elsewhere = place != STATEMENT_HERE;
    if ((elsewhere && !track_is_known(c)) || residue_must_be_read(c, l))
        return true;
    return residue_must_be_read_for_set(c) &&
           (elsewhere || l->session != c->session || l->needs_trackers || track_shows_own(c));
}

static void release(struct link *l);

/* The client has no schema and the link has one: only another login takes it away. */
static void unselect(struct client *c, struct link *l)
{
    if (user_is_relayed(c->user)) {
        release(l);
        guest_send_away(c, "No link is left without a selected schema, and Weir cannot log in for "
                           "this user; log in again, or name a schema");
        return;
    }
    link_chores_begin(l, PURPOSE_UNSELECT);
    link_unselect_plan(l);
    link_chores_send(l);
}

/* The text that the request prepares or executes is a variable's value: true while the link is
 * asked for it. */
static bool asks_for_text(struct client *c)
{
    if (!text_statements_wait(c))
        return false;
    if (user_variables_are_known(c)) {
        client_scan_again(c);
        return false;
    }
    text_statements_asking(c);
    client_set_state(c, CLIENT_WAITING);
    park_or_release(c->link);
    return true;
}

/* That the server let the link in is all that a login without a schema asks. */
static bool ends_login(struct client *c)
{
    if (c->login_schema == NULL || c->login_schema[0] != '\0')
        return false;
    lease_ready(c);
    return true;
}

/* The link is this client's: make it look like its session. */
static void prepare(struct client *c)
{
    struct link *l = c->link;
    if (expired_request(c) || ends_login(c))
        return;
    client_take_baseline(c);
    if (!catalogue_ready(c) || !thread_ids_ready(c) || kept_conditions_serve(c) || asks_for_text(c))
        return;
    l->must_reset = l->must_reset || private_state_needs_reset(c, l);
    enum statement_place place = statement_look(c, l, lease_is_firm(c, l));
    if (place == STATEMENT_IMPOSSIBLE) {
        statement_refuse_prepare(c);
        return;
    }
    if (must_be_read(c, l, place)) {
        client_set_state(c, CLIENT_WAITING);
        park_or_release(l);
        return;
    }
    bool force_schema = c->login_schema != NULL;
    if (!force_schema && place == STATEMENT_HERE && is_restored(c, l)) {
        if (kept_conditions_wait(c))
            lease_look(c);
        else
            lease_ready(c);
        return;
    }
    client_set_state(c, CLIENT_RESTORING);
    bool stuck = link_is_stuck(l, c->session);
    if (place == STATEMENT_UNSELECT ||
        (!stuck && c->session->schema[0] == '\0' && l->session->schema[0] != '\0')) {
        unselect(c, l);
        return;
    }
    counters_add(&c->worker->counters, COUNTER_restores, 1);
    link_chores_begin(l, PURPOSE_RESTORE);
    if (!plan_restore(c, l, place, force_schema)) {
        l->purpose = PURPOSE_NONE;
        lease_drop(c, CLOSE_LINK_UNKNOWN_STATE);
        if (!stuck && ++c->restore_failures > RESTORE_FAILURES_MAX)
            client_fail_request(c, ER_UNKNOWN_ERROR, "HY000",
                                bytes_of_text("Weir cannot restore this session on another link; "
                                              "reconnect"));
        else
            lease_acquire_again(c);
        return;
    }
    bool follows = !force_schema && c->request.command->reply != REPLY_SHAPE_NONE;
    if (follows && link_chores_may_lead(l) && !kept_conditions_wait(c)) {
        link_session_becomes(l, c->session);
        link_chores_lead(l);
        lease_ready(c);
    } else {
        link_chores_send(l);
    }
}

void lease_continue(struct client *c)
{
    CHECK(c->link != NULL);
    prepare(c);
}

void lease_ready(struct client *c)
{
    c->restore_failures = 0;
    c->link->request_begun = false;
    if (c->login_schema != NULL)
        client_login_restored(c, NULL);
    else
        client_set_state(c, CLIENT_REQUEST);
    client_advance(c);
}

void lease_acquire(struct client *c)
{
    struct link *l = c->link;
    if (l != NULL) {
        slow_watch_next(l);
        if (l->purpose != PURPOSE_NONE) { /* being parked: its end decides */
            client_set_state(c, CLIENT_WAITING);
            return;
        }
        if (l->soft && l->stream.io.readable && stream_fill(&l->stream) != STREAM_AGAIN) {
            client_set_state(c, CLIENT_WAITING);
            lease_link_lost(l, CLOSE_LINK_CLOSED_BY_SERVER);
            return;
        }
        if (l->soft && (!registry_resume(l) || l->pool != c->pool)) {
            client_set_state(c, CLIENT_WAITING);
            l->soft = false;
            l->recalled = true;
            park_or_release(l);
            return;
        }
        l->soft = false;
        counters_add(&c->worker->counters, COUNTER_leases_resumed, 1);
        prepare(c);
        return;
    }
    if (!guest_is_still_welcome(c))
        return;
    switch (registry_checkout(c, &l)) {
    case CHECKOUT_LENT:
        begin_lease(c, l);
        prepare(c);
        break;
    case CHECKOUT_QUEUED:
        client_set_state(c, CLIENT_WAITING);
        registry_perform(c->worker);
        break;
    case CHECKOUT_REFUSED: {
        char text[400];
        registry_explain_refusal(c, text, sizeof text);
        client_fail_request(c, ER_CON_COUNT_ERROR, "08004", bytes_of_text(text));
        registry_perform(c->worker);
        break;
    }
    }
}

void lease_granted(struct client *c)
{
    struct link *l = registry_take(c);
    if (l == NULL)
        return;
    if (l->worker == NULL && !link_adopt(c->worker, l, false)) {
        lease_acquire_again(c);
        return;
    }
    if (registry_is_outdated(c, l)) {
        link_close(l, CLOSE_LINK_OUTDATED);
        lease_acquire_again(c);
        return;
    }
    if (!guest_is_still_welcome(c)) {
        registry_give_back(l);
        return;
    }
    begin_lease(c, l);
    prepare(c);
}

/* -------- giving it back -------- */

static void release(struct link *l)
{
    struct client *c = l->client;
    residue_end_lease(c, l);
    (void)end_lease(c);
    bool wants_more = c->state == CLIENT_WAITING;
    if (c->worker->config->global.debug_link_switching && !l->never_reset &&
        !user_is_relayed(l->pool->user))
        link_soil(l);
    else
        registry_give_back(l);
    if (wants_more && c->state == CLIENT_WAITING && c->link == NULL)
        lease_acquire(c);
}

/* The lease is to end: first ask what only this link can tell. */
static void park_or_release(struct link *l)
{
    struct client *c = l->client;
    bool known = residue_is_known(c);
    bool variables_known = user_variables_are_known(c);
    if (l->status_known && known && variables_known && track_is_known(c)) {
        release(l);
        return;
    }
    counters_add(&c->worker->counters, COUNTER_parks, 1);
    link_chores_begin(l, PURPOSE_PARK);
    if (!known)
        residue_ask(c, l);
    if (!track_is_known(c) && (!own_trackers_wait(c) || !residue_is_in_doubt(&c->residue)))
        track_ask(c, l);
    /* Conditions that turn out to be the link's alone must not be lost over variables. */
    if (!variables_known && !residue_is_in_doubt(&c->residue))
        user_variables_ask(c, l);
    if (!l->status_known)
        link_chore_add(l, CHORE_PING, COMMAND_PING, bytes_of(NULL, 0));
    /* Asking changes the counts; what was there is known from now on. */
    residue_asked(c, l);
    link_chores_send(l);
}

static void clean(struct link *l)
{
    if (l->never_reset) {
        link_close(l, CLOSE_LINK_UNKNOWN_STATE);
        return;
    }
    link_chores_begin(l, PURPOSE_CLEAN);
    link_add_reset(l);
    l->residue_of = 0;
    residue_left_init(&l->residue_left);
    link_chores_send(l);
}

static void on_parked(struct link *l)
{
    struct client *c = l->client;
    if (c == NULL) {
        if (l->chore_failed || !l->status_known || link_in_transaction(l) || l->private_state != 0)
            clean(l);
        else
            registry_give_back(l);
        return;
    }
    bool asks_again =
        residue_asks_again(c) || (own_trackers_wait(c) && !residue_is_in_doubt(&c->residue));
    if (!l->chore_failed && asks_again) {
        l->purpose = PURPOSE_NONE;
        park_or_release(l);
        return;
    }
    if (l->chore_failed || !residue_is_known(c)) {
        /* What it left behind cannot be carried: it keeps the link until its next statement. */
        c->pins |= PIN_BIT(WARNINGS);
        tally_pins(c);
    }
    if (!track_is_known(c))
        track_ask_failed(c);
    link_set_state(l, LINK_LEASED);
    if (lease_is_firm(c, l)) {
        if (l->recalled)
            registry_recall_refused(l);
        l->recalled = false;
        if (c->state == CLIENT_WAITING)
            prepare(c);
        return;
    }
    park_or_release(l); /* one answer may lead to another question */
}

void lease_after_request(struct client *c)
{
    struct link *l = c->link;
    if (own_trackers_wait(c)) {
        park_or_release(l);
        return;
    }
    if (lease_is_firm(c, l)) {
        log_debug(client_who(c), "keeps thread %u: %s", l->thread_id,
                  c->pins != 0 ? pins_first_text(c->pins) : "a transaction, or a KILL under way");
        return;
    }
    leaks_lease_ended(c, l);
    if (c->worker->config->global.debug_link_switching) {
        park_or_release(l);
    } else if (registry_rest(l)) {
        l->soft = true;
    } else {
        l->recalled = true;
        park_or_release(l);
    }
}

void lease_recall(struct link *l)
{
    CHECK(l->client != NULL && l->soft);
    l->soft = false;
    l->recalled = true;
    park_or_release(l);
}

void lease_leave(struct client *c, bool mid_request)
{
    if (c->link == NULL)
        return;
    residue_end_lease(c, c->link);
    struct link *l = end_lease(c);
    enum pin_cure cure = pins_cure(c->pins);
    l->must_reset = l->must_reset || !track_is_known(c);
    if (l->purpose == PURPOSE_PARK && !mid_request)
        return; /* on_parked sees that the client is gone */
    bool busy = mid_request || l->purpose != PURPOSE_NONE || l->kills_pending > 0;
    if (busy || cure == PIN_CURE_CLOSE) {
        if (mid_request && l->reply_active && l->request_done)
            kill_running(l);
        link_close(l, busy ? CLOSE_LINK_CLIENT_LEFT : CLOSE_LINK_UNKNOWN_STATE);
    } else if (cure == PIN_CURE_RESET || !l->status_known || link_in_transaction(l) ||
               l->private_state != 0) {
        clean(l);
    } else {
        registry_give_back(l);
    }
}

/* -------- what became of chores -------- */

/* The request is on its way already, or has been executed. */
static void on_led(struct link *l)
{
    struct client *c = l->client;
    l->request_follows = false;
    if (l->chore_failed) {
        log_write(LOG_LEVEL_ERROR, client_who(c),
                  "the server refused to restore its session, which it must not: %s",
                  l->chore_error.text);
        l->purpose = PURPOSE_RESTORE;
        l->request_follows = true;
        lease_link_lost(l, CLOSE_LINK_CHORE_FAILED);
        return;
    }
    link_set_state(l, LINK_LEASED);
    if (l->request_begun)
        client_expect_reply(c);
}

static void on_restored(struct link *l)
{
    struct client *c = l->client;
    struct open_error error = l->chore_error;
    if (l->request_follows) {
        on_led(l);
        return;
    }
    if (!l->chore_failed) {
        link_session_becomes(l, c->session);
        link_set_state(l, LINK_LEASED);
        switch (statement_after_chores(c)) {
        case STATEMENT_READY:
            if (!kept_conditions_wait(c)) {
                lease_ready(c);
                break;
            }
            FALLTHROUGH;
        case STATEMENT_AGAIN:
            prepare(c);
            break;
        case STATEMENT_REFUSED:
            break;
        }
        return;
    }
    log_write(LOG_LEVEL_NOTE, client_who(c), "the server refused to restore its session: %s",
              error.text);
    lease_drop(c, CLOSE_LINK_CHORE_FAILED);
    if (c->login_schema != NULL)
        client_login_restored(c, &error);
    else if (!lease_leaves_gone_schema(c, &error))
        client_fail_request(c, error.code, error.sqlstate, bytes_of_text(error.text));
}

/* The link is as after its login, but for the trackers and multi-statements. */
static void on_unselected(struct link *l)
{
    struct client *c = l->client;
    bool multi = l->session->multi_statements;
    if (!l->chore_failed) {
        struct session_state *s = session_state_hold(l->login_session);
        struct session_state *exact = session_state_with_multi_statements(s, multi);
        s = exact != NULL ? exact : s;
        /* Servers differ in whether the role is still there. */
        exact = l->session->role[0] != '\0' ? session_state_with_role(s, bytes_of_text("?")) : s;
        session_state_release(l->session);
        l->session = exact != NULL ? exact : s;
        l->needs_trackers = true;
        l->residue_of = 0;
        residue_left_init(&l->residue_left);
        residue_begin_lease(c, l);
        private_state_was_reset(l);
        link_set_state(l, LINK_LEASED);
        prepare(c);
        return;
    }
    lease_drop(c, CLOSE_LINK_CHORE_FAILED);
    if (++c->restore_failures <= RESTORE_FAILURES_MAX)
        lease_acquire_again(c);
    else
        client_fail_request(c, l->chore_error.code, l->chore_error.sqlstate,
                            bytes_of_text(l->chore_error.text));
}

static void on_cleaned(struct link *l)
{
    struct session_state *after =
        l->chore_failed ? NULL : session_state_after_reset(l->session, l->login_session);
    if (after == NULL) {
        link_close(l, CLOSE_LINK_CHORE_FAILED);
        return;
    }
    l->session = after;
    memcpy(l->transaction_state, "________", sizeof l->transaction_state);
    registry_give_back(l);
}

void link_chores_done(struct link *l)
{
    enum chore_purpose purpose = l->purpose;
    l->purpose = PURPOSE_NONE;
    switch (purpose) {
    case PURPOSE_NONE:
        break;
    case PURPOSE_OPEN:
        if (l->chore_failed && !expired_link_serves(l))
            link_fail_open(l, POOL_LOGIN_FAILED, l->chore_error.code, l->chore_error.sqlstate,
                           bytes_of_text(l->chore_error.text));
        else if (l->guest != NULL)
            guest_link_ready(l);
        else
            registry_opened(l);
        break;
    case PURPOSE_UNSELECT:
        on_unselected(l);
        break;
    case PURPOSE_RESTORE:
        on_restored(l);
        break;
    case PURPOSE_PARK:
        on_parked(l);
        break;
    case PURPOSE_LOOK:
        lease_looked(l);
        break;
    case PURPOSE_CLEAN:
        on_cleaned(l);
        break;
    case PURPOSE_SOIL:
        link_soiled(l);
        break;
    case PURPOSE_ROLLBACK:
        if (l->chore_failed)
            lease_link_lost(l, CLOSE_LINK_CHORE_FAILED);
        else
            leaks_rolled_back(l);
        break;
    case PURPOSE_HASHES:
        hash_reader_link_done(l);
        break;
    case PURPOSE_MONITOR:
        monitor_link_done(l);
        break;
    case PURPOSE_KILL:
        kill_side_done(l, l->chore_failed ? &l->chore_error : NULL);
        link_close(l, CLOSE_LINK_SIDE_DONE);
        break;
    }
}
