/* SPDX-License-Identifier: Apache-2.0
 * Conditions that a client may ask for and no link has. */
#include "session/kept_conditions.h"

#include "base/check.h"
#include "mysql/conditions.h"
#include "mysql/sql_facts.h"
#include "mysql/sql_names.h"
#include "session/catalogue.h"
#include "session/client.h"
#include "session/statement.h"
#include "session/text_statements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct kept_conditions {
    uint16_t count;
    char character_set[40]; /* of the messages, character_set_results at the time */
    size_t size;
    uint8_t reply[]; /* to SHOW WARNINGS, in link dialect */
};

void kept_conditions_free(struct kept_conditions *k)
{
    free(k);
}

unsigned kept_conditions_count(const struct kept_conditions *k)
{
    return k != NULL ? k->count : 0;
}

static struct bytes reply_of(const struct kept_conditions *k)
{
    return k != NULL ? bytes_of(k->reply, k->size) : bytes_of(NULL, 0);
}

/* -------- keeping -------- */

static bool is_in_character_set(const struct client *c, const struct kept_conditions *k)
{
    CHECK(k != NULL);
    return strcmp(k->character_set, c->session->character_set_results) == 0;
}

/* Stored code that asks for conditions could only be given stand-ins. */
bool kept_conditions_asked_unseen(struct client *c)
{
    const struct sql_names *names = client_sql_mode(c).names;
    return names == NULL || (names->anywhere & SQL_EFFECT_BIT(STORED_CONDITIONS)) != 0;
}

static bool can_stand_in(struct bytes reply)
{
    char text[CONDITIONS_TEXT_SIZE];
    struct writer w = writer_over(text, sizeof text);
    return conditions_write_stand_ins(&w, reply);
}

static bool keep(struct client *c, struct bytes fresh, struct bytes before)
{
    size_t room = fresh.size + before.size + CONDITIONS_END_SIZE;
    struct kept_conditions *k = malloc(sizeof *k + room);
    if (k == NULL)
        return false;
    struct writer w = writer_over(k->reply, room);
    unsigned count;
    unsigned errors;
    conditions_merge(&w, fresh, before);
    bool ok = !w.overflow && w.size <= KEPT_CONDITIONS_SIZE_MAX &&
              conditions_count(writer_written(&w), &count, &errors) && count > 0 &&
              can_stand_in(writer_written(&w)) &&
              strlen(c->session->character_set_results) < sizeof k->character_set;
    if (!ok) {
        free(k);
        return false;
    }
    k->count = (uint16_t)count;
    k->size = w.size;
    snprintf(k->character_set, sizeof k->character_set, "%s", c->session->character_set_results);
    residue_set_diagnostics(&c->residue, DIAGNOSTICS_EMPTY);
    c->residue.kept = k;
    c->residue.diagnostics = DIAGNOSTICS_KEPT;
    return true;
}

bool kept_conditions_stand(const struct client *c, struct bytes reply)
{
    const struct kept_conditions *k = c->residue.kept;
    unsigned count;
    unsigned errors;
    if (k == NULL || !conditions_count(reply, &count, &errors))
        return false;
    return conditions_standing(reply, reply_of(k)) > 0;
}

bool kept_conditions_take(struct client *c, struct bytes reply, unsigned counted)
{
    const struct kept_conditions *k = c->residue.kept;
    unsigned count;
    unsigned errors;
    if (!conditions_count(reply, &count, &errors))
        return false;
    unsigned standing = conditions_standing(reply, reply_of(k));
    if (standing > 0) {
        if (!is_in_character_set(c, k) && !conditions_are_ascii(reply_of(k)))
            return false;
        /* With room for few conditions, fewer are shown than stand in. */
        if (standing == count && counted == k->count && count < counted) {
            c->residue.diagnostics = DIAGNOSTICS_KEPT;
            return true;
        }
        if (standing != k->count)
            return false;
    } else if (kept_conditions_asked_unseen(c)) {
        return false;
    }
    return count == counted && keep(c, reply, standing > 0 ? reply_of(k) : reply);
}

/* -------- on another link -------- */

bool kept_conditions_aimed(const struct client *c, struct condition *condition)
{
    const struct residue *r = &c->residue;
    bool mariadb = c->facts->server.mariadb;
    struct condition_view v;
    if (r->condition != NULL) { /* as an error it has any SQLSTATE */
        *condition = *r->condition;
        condition->warning = false;
        return true;
    }
    if (r->kept == NULL || !conditions_find(reply_of(r->kept), c->request.condition - 1U, &v) ||
        !residue_can_be_said(v.message, c->facts->server))
        return false;
    bool failed = bytes_equal_text(v.level, "Error") && r->error_sqlstate[0] != '\0';
    *condition = (struct condition){.code = v.code};
    memcpy(condition->sqlstate, failed ? r->error_sqlstate : conditions_sqlstate(v.code, mariadb),
           6);
    memcpy(condition->message, v.message.data, v.message.size);
    return true;
}

bool kept_conditions_prime(struct client *c, struct link *l)
{
    char text[CONDITIONS_TEXT_SIZE];
    struct writer w = writer_over(text, sizeof text);
    if (!conditions_write_stand_ins(&w, reply_of(c->residue.kept)))
        return false;
    link_chore_add_sure(l, CHORE_SIGNAL, COMMAND_QUERY, writer_written(&w));
    return true;
}

/* -------- telling -------- */

static bool asks(const struct client *c)
{
    const struct request *r = &c->request;
    const sql_effects_t conditions =
        SQL_EFFECT_BIT(READS_CONDITIONS) | SQL_EFFECT_BIT(STORED_CONDITIONS);
    return c->login_schema == NULL && r->scanned && (r->scan->effects & conditions) != 0 &&
           r->condition == 0 && !residue_clears_diagnostics(c);
}

/* What they are is not on the link, or may not be. */
static bool has_kept(const struct client *c)
{
    return c->residue.diagnostics == DIAGNOSTICS_KEPT ||
           c->residue.diagnostics == DIAGNOSTICS_STANDING;
}

/* The statement that is executed, with nothing around it. */
static struct bytes text_of(struct client *c)
{
    const struct request *r = &c->request;
    if (!r->whole || r->scan->statements != 1)
        return bytes_of(NULL, 0);
    if (r->statement != NULL)
        return r->statement->text->shared ? statement_text_sql(r->statement->text)
                                          : bytes_of(NULL, 0);
    if (r->scan->verb != SQL_VERB_SHOW && r->scan->verb != SQL_VERB_GET)
        return bytes_of(NULL, 0);
    struct bytes executed = text_statements_executed(c);
    return executed.data != NULL ? executed : client_request_sql(c, statement_payload(c));
}

static bool read_facts(struct client *c, struct sql_facts *f)
{
    struct bytes text = text_of(c);
    struct sql_mode mode = c->request.scan->mode;
    *f = (struct sql_facts){.kind = SQL_FACT_NONE};
    if (text.data != NULL)
        sql_facts_read(f, mode, text);
    return f->kind == SQL_FACT_SHOW_CONDITIONS || f->kind == SQL_FACT_GET_CONDITION;
}

bool kept_conditions_wait(const struct client *c)
{
    if (!asks(c) || !has_kept(c))
        return false;
    return c->residue.diagnostics == DIAGNOSTICS_STANDING || !c->link->status_known ||
           !is_in_character_set(c, c->residue.kept);
}

/* Everything goes through the client's dialect, as if the server had said it. */
static bool send_translated(struct client *c, uint8_t *data, size_t headroom, size_t size)
{
    struct reply reply;
    reply_begin(&reply, c->request.command->command, client_reply_dialect(c), c->status);
    struct reply_window w = {data, 0, headroom, headroom, headroom + size};
    enum reply_verdict v;
    do {
        v = reply_step(&reply, &w);
    } while (v == REPLY_STATUS);
    if (v != REPLY_ENDED)
        return false;
    struct writer written = {.data = data + w.out, .size = w.parsed - w.out};
    client_send_frame(c, &written);
    return true;
}

static bool tell(struct client *c, const struct sql_facts *f)
{
    enum { HEADROOM = 64 };
    const struct kept_conditions *k = c->residue.kept;
    size_t room =
        HEADROOM + k->size + (size_t)k->count * CONDITIONS_ROW_EXTRA + CONDITIONS_END_SIZE;
    uint8_t *data = malloc(room);
    if (data == NULL)
        return false;
    struct writer w = writer_over(data + HEADROOM, room - HEADROOM);
    const struct conditions_choice choice = {
        .errors_only = f->errors_only,
        .binary = c->request.command->command == COMMAND_STMT_EXECUTE,
        .offset = f->offset,
        .limit = f->limit,
        .status = c->status & (uint16_t)~STATUS_OF_ONE_STATEMENT,
    };
    conditions_write(&w, reply_of(k), &choice);
    bool ok = !w.overflow && send_translated(c, data, HEADROOM, w.size);
    free(data);
    return ok;
}

/* They send rows and leave all but the count as it was. */
static void leave_residue(struct client *c)
{
    c->residue.row_count = -1;
    if (c->link != NULL)
        c->link->residue_true &= ~SQL_EFFECT_BIT(READS_ROW_COUNT);
}

/* GET DIAGNOSTICS CONDITION n finds this condition alone on the link, as the first. */
static void aim(struct client *c, const struct sql_facts *f)
{
    struct buffer *b = c->stream.in;
    uint8_t *at = b->data + (f->text.data - b->data);
    memset(at, ' ', f->text.size);
    at[0] = '1';
    c->request.condition = (uint16_t)f->number;
}

/* Rather once too often: only the name of GET DIAGNOSTICS CONDITION is looked for. */
static bool may_ask_for_sqlstate(struct client *c)
{
    static const char word[] = "condition";
    struct bytes text = text_of(c);
    if (!c->request.whole || sql_scan_has(c->request.scan, SQL_EFFECT_STORED_CONDITIONS))
        return true;
    if (text.data == NULL)
        text = client_request_sql(c, statement_payload(c));
    for (size_t i = 0; i + sizeof word - 1 <= text.size; i++)
        if (strncasecmp((const char *)text.data + i, word, sizeof word - 1) == 0)
            return true;
    return false;
}

/* The answer has been queued. */
static void finish(struct client *c)
{
    catalogue_request_done(c);
    client_finish_local(c);
    if (client_flush(c))
        client_advance(c);
}

void kept_conditions_refuse(struct client *c)
{
    struct bytes text =
        bytes_of_text("Weir tells the warnings of the statement before only to SHOW WARNINGS and "
                      "GET DIAGNOSTICS CONDITION n, each sent alone");
    if (!c->request.whole) {
        client_fail_request(c, ER_UNKNOWN_ERROR, "HY000", text);
        return;
    }
    client_answer_error(c, ER_UNKNOWN_ERROR, "HY000", text);
    finish(c);
}

/* The single condition may be a warning that only an error's SIGNAL gives its SQLSTATE. */
static bool serve_saved(struct client *c)
{
    const struct request *r = &c->request;
    const struct condition *saved = c->residue.condition;
    struct sql_facts f;
    bool here = c->link != NULL && (c->link->residue_true & SQL_EFFECT_BIT(READS_DIAGNOSTICS)) != 0;
    if (here || residue_can_be_raised(c, saved->sqlstate, saved->warning) ||
        !may_ask_for_sqlstate(c))
        return false;
    bool alone = r->command->command == COMMAND_QUERY && text_statements_executed(c).data == NULL &&
                 r->scan->verb == SQL_VERB_GET && read_facts(c, &f) &&
                 f.kind == SQL_FACT_GET_CONDITION;
    if (!alone) {
        kept_conditions_refuse(c);
        return true;
    }
    if (f.number == 1)
        aim(c, &f);
    return false;
}

bool kept_conditions_serve(struct client *c)
{
    const struct residue *r = &c->residue;
    struct sql_facts f;
    if (!asks(c))
        return false;
    if (r->diagnostics == DIAGNOSTICS_SAVED)
        return serve_saved(c);
    if (r->diagnostics != DIAGNOSTICS_KEPT)
        return false;
    if (!is_in_character_set(c, r->kept) || (c->link != NULL && !c->link->status_known))
        return false; /* the link is asked first */
    bool known = read_facts(c, &f);
    bool by_itself = known && c->request.command->command == COMMAND_QUERY &&
                     text_statements_executed(c).data == NULL;
    if (known && f.kind == SQL_FACT_SHOW_CONDITIONS && tell(c, &f)) {
        leave_residue(c);
        finish(c);
        return true;
    }
    struct condition ignored;
    if (by_itself && f.kind == SQL_FACT_GET_CONDITION && f.number > kept_conditions_count(r->kept))
        return false; /* that there are fewer, the server says */
    if (by_itself && f.kind == SQL_FACT_GET_CONDITION && f.number > 0) {
        c->request.condition = (uint16_t)f.number;
        bool can = kept_conditions_aimed(c, &ignored);
        c->request.condition = 0;
        if (can) {
            aim(c, &f);
            return false;
        }
    }
    kept_conditions_refuse(c);
    return true;
}
