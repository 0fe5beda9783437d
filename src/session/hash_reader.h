/* SPDX-License-Identifier: Apache-2.0
 * Reads what a server stores of guests' passwords, with the account that auth_user names, over the
 * side link: one guest after the other, on the guest's own worker. Only hashes of
 * mysql_native_password are of use: who knows one and hears a login knows enough to log in. */
#ifndef WEIR_SESSION_HASH_READER_H
#define WEIR_SESSION_HASH_READER_H

#include "session/guest.h"

struct hash_reader;

/* Guests of this client's server are looked up there. */
NODISCARD bool hash_reader_is_wanted(const struct client *c);

/* Puts the guest in the queue; guest_hashes_read follows, whatever happens. False: out of memory.
 */
NODISCARD bool hash_reader_ask(struct client *c);
/* The guest waits no more. */
void hash_reader_forget(struct guest *g);

/* All of a server's readers on this worker: nothing may be set on its loop any more. */
void hash_reader_stop(struct hash_reader *r);
void hash_reader_destroy(struct hash_reader *r);

/* -------- the link that reads -------- */
void hash_reader_link_ready(struct link *l);
/* An answer to CHORE_READ_HASHES; empty when the server refused. */
void hash_reader_read_reply(struct link *l, struct bytes reply);
void hash_reader_link_done(struct link *l);
void hash_reader_link_failed(struct link *l, const char *text);

#endif
