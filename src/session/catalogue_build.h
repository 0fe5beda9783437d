/* SPDX-License-Identifier: Apache-2.0
 * Makes a catalogue of what a server's views, triggers and routines say: which of them concern the
 * session of whoever uses them. Effects follow names: what mentions an object has its effects. */
#ifndef WEIR_SESSION_CATALOGUE_BUILD_H
#define WEIR_SESSION_CATALOGUE_BUILD_H

#include "mysql/sql_names.h"

#include <stdatomic.h>

/* A finished catalogue: immutable and counted, safe from any thread. */
struct catalogue {
    atomic_uint references;
    struct sql_names names;
    struct sql_name *rows;
    size_t row_count;
    uint32_t *slots;
    uint8_t *texts;
    uint64_t digest; /* equal for equal definitions */
};

struct catalogue *catalogue_hold(struct catalogue *c);
void catalogue_release(struct catalogue *c);

enum catalogue_kind {
    CATALOGUE_VIEW,
    CATALOGUE_TRIGGER, /* under the name of its table */
    CATALOGUE_FUNCTION,
    CATALOGUE_PROCEDURE,
    CATALOGUE_PACKAGE, /* its body; what it declares is not code */
};

struct catalogue_builder;

/* NULL when out of memory. */
struct catalogue_builder *catalogue_build_begin(bool mariadb);
void catalogue_build_abandon(struct catalogue_builder *b);

/* `body.data` NULL: it may not be seen, and so counts as unknown code. False when there is more
 * than a catalogue may hold, or memory is out. */
NODISCARD bool catalogue_build_add(struct catalogue_builder *b, enum catalogue_kind kind,
                                   struct bytes name, struct bytes body, struct bytes sql_mode);

/* Objects so far, and those of them that may not be seen. */
size_t catalogue_build_count(const struct catalogue_builder *b);
size_t catalogue_build_hidden(const struct catalogue_builder *b);
uint64_t catalogue_build_digest(const struct catalogue_builder *b);

/* Frees the builder. NULL when memory is out or the objects are too entangled. */
NODISCARD struct catalogue *catalogue_build_end(struct catalogue_builder *b);

/* A copy of `base` (NULL: an empty one) in which these names, NUL-terminated and one behind the
 * other, stand for unknown code. NULL when out of memory. */
NODISCARD struct catalogue *catalogue_with_unknown(const struct catalogue *base,
                                                   struct bytes names);

#endif
