/* SPDX-License-Identifier: Apache-2.0
 * Short lists of names. */
#include "session/pins_track.h"

#include <stdlib.h>
#include <string.h>

bool track_names_add(struct track_names *n, const char *name)
{
    if (n->count == TRACK_NAMES_MAX)
        return false;
    if ((n->count & (n->count - 1)) == 0) { /* grows by doubling */
        size_t capacity = n->count == 0 ? 1 : (size_t)n->count * 2;
        char **items = realloc(n->items, capacity * sizeof *items);
        if (items == NULL)
            return false;
        n->items = items;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return false;
    n->items[n->count++] = copy;
    return true;
}

bool track_names_has(const struct track_names *n, const char *name)
{
    for (unsigned i = 0; i < n->count; i++)
        if (strcmp(n->items[i], name) == 0)
            return true;
    return false;
}

void track_names_remove(struct track_names *n, const char *name)
{
    for (unsigned i = 0; i < n->count; i++) {
        if (strcmp(n->items[i], name) != 0)
            continue;
        free(n->items[i]);
        n->items[i] = n->items[--n->count];
        break;
    }
    if (n->count == 0)
        track_names_clear(n);
}

void track_names_clear(struct track_names *n)
{
    for (unsigned i = 0; i < n->count; i++)
        free(n->items[i]);
    free(n->items);
    *n = (struct track_names){.items = NULL};
}

bool track_key(char key[TRACK_KEY_MAX], char kind, struct bytes schema, struct bytes name)
{
    /* Neither part holds a line feed, so no two pairs have the same key. */
    if (schema.size + name.size + 3 > TRACK_KEY_MAX)
        return false;
    char *p = key;
    *p++ = kind;
    if (schema.size > 0)
        memcpy(p, schema.data, schema.size);
    p += schema.size;
    *p++ = '\n';
    if (name.size > 0)
        memcpy(p, name.data, name.size);
    p[name.size] = '\0';
    return true;
}
