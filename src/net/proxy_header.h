/* SPDX-License-Identifier: Apache-2.0
 * Headers of the PROXY protocol, versions 1 and 2, with which a proxy says whose connection it
 * passes on. Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt */
#ifndef WEIR_NET_PROXY_HEADER_H
#define WEIR_NET_PROXY_HEADER_H

#include "net/address.h"

/* What a header may have of further facts (version 2) is skipped, up to this size of it all. */
#define PROXY_HEADER_MAX 1024
/* The longest that is written: version 1. */
#define PROXY_HEADER_WRITE_MAX 107

enum proxy_header_result {
    PROXY_HEADER_NONE,     /* the connection begins with something else */
    PROXY_HEADER_MORE,     /* it may be one, more bytes must come */
    PROXY_HEADER_COMPLETE, /* `size` bytes of it */
    PROXY_HEADER_BROKEN,
};

struct proxy_header {
    size_t size;
    /* False: the proxy speaks for itself (a health check), or does not know. */
    bool has_source;
    struct address source;
};

NODISCARD enum proxy_header_result proxy_header_read(struct bytes in, struct proxy_header *out);

/* Writes a header of version 1 or 2; `source` NULL: the sender speaks for itself. When source and
 * destination are of different families, the destination is "any" of the source's. Returns its
 * size. */
size_t proxy_header_write(unsigned version, const struct address *source,
                          const struct address *destination, uint8_t out[PROXY_HEADER_WRITE_MAX]);

#endif
