/* SPDX-License-Identifier: Apache-2.0
 * Binary prepared statements. A client's ids are Weir's own; its statements are prepared on
 * whatever link executes them, once, and stay there for everybody who prepares the same text in the
 * same mode. Only data in pieces, an open cursor and texts that are too long to keep pin.
 * docs/decisions/0010-prepared-statements.md says how and why. */
#ifndef WEIR_SESSION_STATEMENT_H
#define WEIR_SESSION_STATEMENT_H

#include "mysql/execute_packet.h"
#include "session/client.h"
#include "session/statement_cache.h"

/* -------- statement.c: the client's side -------- */

/* How many bytes of a payload of `size` must be in the buffer before it can be served, when `there`
 * is. */
size_t statement_bytes_wanted(const struct client *c, struct bytes there, size_t size);

/* A COM_STMT_ command begins. False when out of memory. */
NODISCARD bool statement_begin(struct client *c, struct bytes payload);

/* What the request's statement does is looked up, or its text is scanned again, with what is known
 * now of stored code. */
void statement_scan(struct client *c);

/* True when the command was dealt with here. */
NODISCARD bool statement_serve_locally(struct client *c, struct bytes payload);

/* How the client writes the execution that is its request. */
enum execute_form statement_execute_form(const struct client *c);

/* What is in the buffer of the request's payload, when it has not begun to be sent. */
struct bytes statement_payload(const struct client *c);

/* What a reply (or the end of a request without one) means for the client's statements. */
void statement_learn(struct client *c, const struct reply_summary *summary);

/* The client's session begins anew, or ends. */
void statement_forget_all(struct client *c);

/* What the text does that is being prepared. */
const struct sql_scan *statement_prepared_scan(const struct client *c);

/* Was the request's statement prepared by the sql_mode that its client has now? */
NODISCARD bool statement_is_in_its_mode(const struct client *c);

/* Columns that the client expects of its request's result, 0: it expects nothing. */
uint16_t statement_told_columns(const struct client *c);

/* -------- statement_link.c: the link's side -------- */

enum statement_place {
    STATEMENT_HERE,       /* or none is needed */
    STATEMENT_MISSING,    /* to be prepared once the session is restored */
    STATEMENT_FIRST,      /* to be prepared before a schema is selected */
    STATEMENT_UNSELECT,   /* only a link without a schema can prepare it */
    STATEMENT_IMPOSSIBLE, /* cannot be prepared on this link */
};

/* Is what the request needs on this link? Makes room for what will be prepared. `firm`: the link
 * must stay as it is. */
enum statement_place statement_look(struct client *c, struct link *l, bool firm);

/* The reply to a PREPARE has no status where EOFs are deprecated. For a client that wants some, it
 * is the one before; after an ERR, that must be asked first. */
NODISCARD bool statement_wants_status(const struct client *c, const struct link *l);

/* Adds the chores that prepare the request's statement on a link that will then have the session
 * `from`, and leave it there. Nothing when it is there. */
void statement_plan(struct client *c, struct link *l, const struct session_state *from);

/* Adds the chores that lead from one mode of preparing to another; both are
 * session_state_at_prepare. */
NODISCARD bool statement_add_mode(struct link *l, const struct session_state *have,
                                  const struct session_state *want);

/* The reply to CHORE_PREPARE, whole. */
void statement_prepared(struct link *l, const struct reply_summary *summary, struct bytes reply);

/* The chores are done. */
enum statement_outcome {
    STATEMENT_READY,
    STATEMENT_AGAIN,  /* there is room now: plan again */
    STATEMENT_REFUSED /* the client was told; the request is over */
};
NODISCARD enum statement_outcome statement_after_chores(struct client *c);

/* Tells the client that its statement is IMPOSSIBLE. */
void statement_refuse_prepare(struct client *c);

/* -------- statement_send.c -------- */

enum statement_sending {
    STATEMENT_TO_BE_SENT, /* from its header on */
    STATEMENT_HEAD_SENT,  /* header and some of the payload are on their way already */
    STATEMENT_NOT_SENT,   /* out of memory */
};

/* Right before a request is sent from its buffer: puts the server's id in. */
NODISCARD enum statement_sending statement_begin_sending(struct client *c);

enum statement_claim { STATEMENT_CLAIM_MORE, STATEMENT_CLAIM_LAST, STATEMENT_CLAIM_FAILED };

/* For a request whose frames must end elsewhere (request.reframing): moves `parsed` over what may
 * be sent, with new headers in between. MORE: when more of it has come. */
NODISCARD enum statement_claim statement_claim(struct client *c);

/* -------- statement_link.c: replies, and the link's life -------- */

/* The server has answered COM_STMT_PREPARE: the reply's first packet is read, but not passed on.
 * False: the link does not work. */
NODISCARD bool statement_answered(struct link *l);

/* The one that the client's statement is on its link, NULL when it is not there. */
struct link_statement *statement_on_link(const struct client *c, const struct statement *s);

/* It holds something of the client, or no longer. */
void statement_settle(struct client *c, struct statement *s);

/* What waits to be closed is closed now; for a link that is not in use. */
void statement_close_now(struct link *l);

/* The link's server has forgotten everything. */
void statement_link_reset(struct link *l);
void statement_link_free(struct link *l);

/* The reply to CHORE_READ_LIMITS, whole. */

#endif
