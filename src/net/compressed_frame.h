/* SPDX-License-Identifier: Apache-2.0
 * Frames of the compressed protocol: 3 bytes length as sent, 1 byte sequence id, 3 bytes length
 * before compression (0: it was not compressed), then the bytes. What they carry is a stream of
 * ordinary packets, cut anywhere. */
#ifndef WEIR_NET_COMPRESSED_FRAME_H
#define WEIR_NET_COMPRESSED_FRAME_H

#include "net/compression.h"

#define COMPRESSED_HEADER_SIZE 7
/* Servers do not try it with less. */
#define COMPRESSED_SIZE_MIN 50
/* What is put into one frame at most. */
#define COMPRESSED_PIECE_MAX ((size_t)(64 * 1024))

struct compression_workspace;

/* What unpacks a stream of frames. */
struct unpacker {
    enum compression algorithm;
    uint8_t header[COMPRESSED_HEADER_SIZE];
    uint8_t header_size; /* bytes of it that are there; all of them while a frame is under way */
    uint8_t sequence;    /* of the frame under way */
    bool stored;         /* it is not compressed */
    uint32_t packed_left;
    uint32_t plain_left;
    struct inflater *inflater; /* while a compressed frame is under way, else NULL */
};

enum unpack_result {
    UNPACK_MORE,      /* all input is used up */
    UNPACK_HEADER,    /* a header was read: see `sequence`; call again */
    UNPACK_FULL,      /* no room for what comes next */
    UNPACK_FRAME,     /* the frame is complete; call again for the next one */
    UNPACK_BROKEN,    /* no compressed frame, or it lies about its length */
    UNPACK_NO_MEMORY, /* nothing is lost, but the connection is */
};

/* Takes from `in` what it uses, writes at most `room` bytes; *made says how many. */
NODISCARD enum unpack_result unpacker_step(struct unpacker *u, struct bytes *in, uint8_t *out,
                                           size_t room, size_t *made);

/* Between two frames, with nothing of the next one. */
NODISCARD static inline bool unpacker_at_rest(const struct unpacker *u)
{
    return u->header_size == 0;
}

/* Gives back what a frame under way holds. */
void unpacker_fini(struct unpacker *u);

/* Writes one frame; returns its size. `plain` has 1 to COMPRESSED_PIECE_MAX bytes, `out` room for
 * COMPRESSED_HEADER_SIZE more. */
size_t frame_pack(struct compression_workspace *w, enum compression algorithm, unsigned level,
                  struct bytes plain, uint8_t sequence, uint8_t *out);

#endif
