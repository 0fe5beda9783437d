/* SPDX-License-Identifier: Apache-2.0
 * What compressing takes of memory, once for each thread: no connection owns any of it between two
 * calls, but for the state of a frame that has come in part. */
#ifndef WEIR_NET_COMPRESSION_WORKSPACE_H
#define WEIR_NET_COMPRESSION_WORKSPACE_H

#include "net/compressed_frame.h"

/* Input is only read. */
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#define COMPRESSION_INPUT_SIZE ((size_t)(16 * 1024))

/* The state of one compressed frame that is being read. */
struct inflater {
    enum compression algorithm;
    z_stream zlib;
    ZSTD_DCtx *zstd;
};

struct compression_workspace {
    bool deflate_ready;
    z_stream deflate;
    ZSTD_CCtx *zstd;
    struct inflater *spare[COMPRESSION_ZSTD + 1]; /* by algorithm, NULL none */
    uint8_t piece[COMPRESSED_PIECE_MAX];
    uint8_t packed[COMPRESSED_HEADER_SIZE + COMPRESSED_PIECE_MAX];
    uint8_t input[COMPRESSION_INPUT_SIZE];
};

/* This thread's; lives as long as the thread. NULL when out of memory. */
struct compression_workspace *compression_workspace(void);

/* Ready for the first byte of a frame; NULL when out of memory. It may be given back on another
 * thread. */
struct inflater *inflater_get(enum compression algorithm);
void inflater_put(struct inflater *i);

#endif
