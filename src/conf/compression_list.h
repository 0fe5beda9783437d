/* SPDX-License-Identifier: Apache-2.0
 * The values of protocol_compression_algorithms: what a connection may be compressed with. */
#ifndef WEIR_CONF_COMPRESSION_LIST_H
#define WEIR_CONF_COMPRESSION_LIST_H

#include "base/attrs.h"

#include <stdbool.h>

enum compression_choice {
    COMPRESSION_CHOICE_ZLIB,
    COMPRESSION_CHOICE_ZSTD,
    COMPRESSION_CHOICE_UNCOMPRESSED,
    COMPRESSION_CHOICE_COUNT,
};

struct compression_list {
    enum compression_choice choices[COMPRESSION_CHOICE_COUNT]; /* as they were written */
    unsigned count;
};

/* "zlib,zstd,uncompressed" in any order, with spaces and in any case, none twice, at least one.
 * False when it is not such a list. */
NODISCARD bool compression_list_parse(struct compression_list *out, const char *text);

NODISCARD bool compression_list_has(const struct compression_list *l, enum compression_choice c);

#endif
