/* SPDX-License-Identifier: Apache-2.0
 * Keeps a client's connection attributes. */
#include "session/client_attributes.h"

#include "mysql/connect_attributes.h"
#include "session/client.h"

#include <stdlib.h>

void client_attributes_set(struct client *c, struct bytes all)
{
    uint8_t memory[CONNECT_ATTRIBUTES_MAX];
    struct writer w = writer_over(memory, sizeof memory);
    client_attributes_forget(c);
    connect_attributes_pack(all, &w);
    if (w.size == 0)
        return;
    c->attributes = malloc(sizeof *c->attributes + w.size);
    if (c->attributes == NULL)
        return;
    c->attributes->size = (uint16_t)w.size;
    memcpy(c->attributes->block, memory, w.size);
    struct bytes program = client_attribute(c, "program_name");
    c->attributes->program_size = (uint16_t)program.size;
    c->attributes->program_at =
        program.size > 0 ? (uint16_t)(program.data - c->attributes->block) : 0;
}

void client_attributes_forget(struct client *c)
{
    free(c->attributes);
    c->attributes = NULL;
}

struct bytes client_attribute(const struct client *c, const char *name)
{
    if (c->attributes == NULL)
        return bytes_of(NULL, 0);
    return connect_attributes_find(bytes_of(c->attributes->block, c->attributes->size), name);
}
