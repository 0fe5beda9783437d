/* SPDX-License-Identifier: Apache-2.0
 * What a server's stored code does to sessions, as far as an account may see: read by Weir itself
 * over a side link, before the first statement of a pool is sent, then every catalogue_refresh, and
 * after every definition that passes by. Shared by the pools of a user, safe from any worker. */
#ifndef WEIR_SESSION_CATALOGUE_H
#define WEIR_SESSION_CATALOGUE_H

#include "session/link.h"

struct catalogue_reader;

/* Makes one that reads with this account, on this worker's loop. NULL when out of memory. */
struct catalogue_reader *catalogue_reader_create(struct worker *w, struct server_group *group,
                                                 struct user *user);
void catalogue_reader_destroy(struct catalogue_reader *r);

/* The worker stops: no timer of the reader may be left on its loop. */
void catalogue_reader_stop(struct catalogue_reader *r, const struct worker *w);

/* What a statement of this client is to be scanned with; NULL when nothing is known, or nothing
 * needs to be. Valid until the next call on this worker; whoever needs it longer holds it by
 * catalogue_keep. */
const struct sql_names *catalogue_names(struct client *c);

/* The request in the buffer may be sent as it was scanned, or was scanned again. False: the client
 * waits (WAITING, with its link) for the catalogue, and lease_continue will be called. */
NODISCARD bool catalogue_ready(struct client *c);

/* A long request is scanned while it passes: its names are kept up to catalogue_request_done. */
void catalogue_keep(struct client *c);
void catalogue_keep_no_more(struct client *c);

/* The request has ended, in whatever way. Also before the next one begins. */
void catalogue_request_done(struct client *c);

/* Names became dangerous while the request was on its way: it may have used them. */
NODISCARD bool catalogue_has_raced(const struct client *c);

/* -------- the link that reads -------- */
void catalogue_link_ready(struct link *l);
void catalogue_link_continue(struct link *l);
void catalogue_link_failed(struct link *l, const struct open_error *error);

#endif
