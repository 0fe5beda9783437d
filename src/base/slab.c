/* SPDX-License-Identifier: Apache-2.0
 * Caches of free objects, linked through their own first bytes. */
#include "base/slab.h"

#include "base/check.h"
#include "base/poison.h"

#include <stdlib.h>
#include <string.h>

struct free_object {
    struct free_object *next;
};

void slab_init(struct slab *s, const char *name, size_t object_size, size_t keep_free)
{
    CHECK(object_size > 0);
    if (object_size < sizeof(struct free_object))
        object_size = sizeof(struct free_object);
    *s = (struct slab){.name = name, .object_size = object_size, .keep_free = keep_free};
}

static void *take_free(struct slab *s)
{
    struct free_object *object = s->free_list;
    memory_unpoison(object, s->object_size);
    s->free_list = object->next;
    s->free_count--;
    return object;
}

void *slab_get_raw(struct slab *s)
{
    void *object = s->free_list != NULL ? take_free(s) : malloc(s->object_size);
    if (object != NULL)
        s->used_count++;
    return object;
}

void *slab_get(struct slab *s)
{
    void *object = slab_get_raw(s);
    if (object != NULL)
        memset(object, 0, s->object_size);
    return object;
}

void slab_put(struct slab *s, void *object)
{
    CHECK(object != NULL);
    CHECK(s->used_count > 0);
    s->used_count--;
    if (s->free_count >= s->keep_free) {
        free(object);
        return;
    }
    struct free_object *f = object;
    f->next = s->free_list;
    s->free_list = f;
    s->free_count++;
    memory_poison(object, s->object_size);
}

void slab_close(struct slab *s)
{
    CHECK(s->used_count == 0);
    while (s->free_list != NULL)
        free(take_free(s));
    CHECK(s->free_count == 0);
}
