/* SPDX-License-Identifier: Apache-2.0
 * What a client's driver said of itself at the login, kept in one small block: none when it said
 * nothing. */
#ifndef WEIR_SESSION_CLIENT_ATTRIBUTES_H
#define WEIR_SESSION_CLIENT_ATTRIBUTES_H

#include "base/bytes.h"

struct client;

struct client_attributes {
    uint16_t size;
    uint16_t program_at; /* program_name in the block, for who must be quick */
    uint16_t program_size;
    uint8_t block[]; /* see mysql/connect_attributes.h */
};

/* Replaces what was known by the block of a login or COM_CHANGE_USER. Out of memory counts as
 * nothing said. */
void client_attributes_set(struct client *c, struct bytes all);
void client_attributes_forget(struct client *c);

/* "program_name", "_pid", "_client_version" …; empty when it was not sent. Points into the block.
 */
struct bytes client_attribute(const struct client *c, const char *name);

static inline struct bytes client_program(const struct client_attributes *a)
{
    return a != NULL ? bytes_of(a->block + a->program_at, a->program_size) : bytes_of(NULL, 0);
}

#endif
