/* SPDX-License-Identifier: Apache-2.0
 * Compression of a stream, on top of what it speaks already (plain or TLS): MySQL's compressed
 * protocol, by zlib or zstd. Frames are packed and unpacked by themselves, piece by piece, so a
 * connection at rest has no buffers for it and no frame is ever held whole, whatever length it
 * declares. Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression_packet.html */
#ifndef WEIR_NET_COMPRESSION_H
#define WEIR_NET_COMPRESSION_H

#include "net/stream.h"

enum compression { COMPRESSION_NONE, COMPRESSION_ZLIB, COMPRESSION_ZSTD };

/* Who we are in the conversation: it decides how frames are numbered. */
enum compression_role {
    COMPRESSION_TO_CLIENT, /* we answer */
    COMPRESSION_TO_SERVER, /* we ask: packet headers must be offered whole to stream_send */
};

/* zstd does the work of levels above it at the price of milliseconds for each piece, during which
 * nobody else is served; what they gain on pieces of this size is next to nothing. */
#define COMPRESSION_ZSTD_LEVEL_MAX     9
#define COMPRESSION_ZSTD_LEVEL_DEFAULT 3

/* From now on the stream is compressed. `level` is zstd's (1 to 22; 0 the default), of what we
 * send. What was received and not parsed yet is taken for compressed; `out` must be empty. False
 * when out of memory. */
NODISCARD bool compression_start(struct stream *s, enum compression algorithm, unsigned level,
                                 enum compression_role role);

/* COMPRESSION_NONE when it is not compressed. */
enum compression compression_of(const struct stream *s);
/* "", "zlib", "zstd", as MySQL calls them. */
const char *compression_name(enum compression algorithm);

/* The next frame goes out with this number: for what is said unasked. Nothing on a stream that is
 * not compressed. */
void compression_set_sequence(struct stream *s, uint8_t sequence);

#endif
