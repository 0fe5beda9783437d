/* SPDX-License-Identifier: Apache-2.0
 * Warnings, notes and errors of a client's last statement that Weir keeps when the link changes
 * hands and no SIGNAL can make them again (docs/decisions/0011). Weir tells them itself; for what
 * only counts them, or leaves them for later, others stand in for them on the next link. */
#ifndef WEIR_SESSION_KEPT_CONDITIONS_H
#define WEIR_SESSION_KEPT_CONDITIONS_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct client;
struct condition;
struct link;

/* Of one client, at the most. */
#define KEPT_CONDITIONS_SIZE_MAX 16384

struct kept_conditions; /* NULL none */

void kept_conditions_free(struct kept_conditions *k);

/* How many there are; 0 for NULL. */
NODISCARD unsigned kept_conditions_count(const struct kept_conditions *k);

/* Takes in a complete reply to SHOW WARNINGS of the client's link, whose server counts `counted`
 * conditions: what the client is to see, with what it had kept before where others stand in for it.
 * False when that cannot be known, or not be kept: then nothing has changed. */
NODISCARD bool kept_conditions_take(struct client *c, struct bytes reply, unsigned counted);

/* May stored code that the client calls ask for conditions themselves? */
NODISCARD bool kept_conditions_asked_unseen(struct client *c);

/* Is anything in this reply that stands in for what the client has kept? */
NODISCARD bool kept_conditions_stand(const struct client *c, struct bytes reply);

/* Adds the chore that puts stand-ins on the link, or, for a GET DIAGNOSTICS CONDITION that the
 * client's request is, the condition that it asks for. False when that cannot be. */
NODISCARD bool kept_conditions_prime(struct client *c, struct link *l);

/* The condition that the request is about, as SIGNAL is to raise it. */
NODISCARD bool kept_conditions_aimed(const struct client *c, struct condition *condition);

/* Deals with a request for conditions that only Weir can tell. True: it was answered. False: it may
 * go to the server, once kept_conditions_wait is false. */
NODISCARD bool kept_conditions_serve(struct client *c);

/* The request cannot be answered: it gets an error. */
void kept_conditions_refuse(struct client *c);

/* Must the link be asked first what is left there? */
NODISCARD bool kept_conditions_wait(const struct client *c);

#endif
