/* SPDX-License-Identifier: Apache-2.0
 * The transport that compresses, on top of the one that the stream had before.
 *
 * Numbers: a frame has the number after that of the last one in either direction, and a request
 * begins again with 0. The packets inside have numbers too, which servers and their clients do not
 * look at, and which servers set to those of the frames now and then: who passes packets on must
 * number them anew. A server reads a frame's number when it needs the bytes, so each request must
 * begin a frame of its own, or its answer would be numbered as if it belonged to the one before. */
#include "base/check.h"
#include "net/compression_workspace.h"

#include <errno.h>
#include <stdlib.h>

#define PACKET_HEADER_SIZE 4
#define PACKET_FULL        UINT32_C(0xffffff)
/* Of a piece that was packed and has not left yet: enough to see that it is offered again. */
#define MARK_SIZE 16

struct compressed {
    const struct transport *lower;
    void *lower_state;
    enum compression algorithm;
    enum compression_role role;
    unsigned level;
    uint8_t next;       /* number of the next frame: towards a client, whoever sends it */
    uint8_t heard_next; /* towards a server: the number after the last one received */
    struct unpacker unpacker;
    uint8_t *rest; /* received, not unpacked yet; NULL nothing */
    size_t rest_at;
    size_t rest_size;
    uint8_t *packed; /* of the stuck piece; NULL none */
    size_t packed_at;
    size_t packed_size;
    size_t stuck; /* bytes of it as they were offered; they must come again */
    uint8_t stuck_mark[MARK_SIZE];
    /* Of what we ask: where its packets begin. */
    uint32_t packet_left;
    uint8_t packet_sequence;
    bool packet_full; /* the last one is a full one, which the next continues */
    bool heard;       /* something was received since we last began a packet */
};

extern const struct transport transport_compressed;

/* -------- receiving -------- */

/* Of a client. The answers of servers have numbers by how many frames each request took, of which
 * several may be under way: reading them tells of no mistake. */
static bool take_number(struct compressed *c)
{
    uint8_t n = c->unpacker.sequence;
    if (c->role == COMPRESSION_TO_SERVER) {
        c->heard = true;
        c->heard_next = (uint8_t)(n + 1);
        return true;
    }
    bool expected = n == c->next || n == 0;
    c->next = (uint8_t)(n + 1);
    return expected;
}

/* Unpacks into `data` until there is something, at most to the end of one frame: what follows may
 * be another request, and its number is to be read when its answer is due. -1 with errno 0: the
 * input is used up. */
static ssize_t unpack(struct compressed *c, struct bytes *in, uint8_t *data, size_t size)
{
    for (;;) {
        size_t made;
        switch (unpacker_step(&c->unpacker, in, data, size, &made)) {
        case UNPACK_HEADER:
            if (take_number(c))
                break;
            errno = EBADMSG;
            return -1;
        case UNPACK_FRAME:
        case UNPACK_FULL:
            if (made > 0)
                return (ssize_t)made;
            break;
        case UNPACK_MORE:
            if (made > 0)
                return (ssize_t)made;
            errno = 0;
            return -1;
        case UNPACK_BROKEN:
            errno = EBADMSG;
            return -1;
        case UNPACK_NO_MEMORY:
            errno = ENOMEM;
            return -1;
        }
    }
}

static void drop_rest(struct compressed *c)
{
    free(c->rest);
    c->rest = NULL;
    c->rest_at = c->rest_size = 0;
}

/* From what had been received before. */
static ssize_t unpack_rest(struct compressed *c, uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(c->rest + c->rest_at, c->rest_size - c->rest_at);
    ssize_t n = unpack(c, &in, data, size);
    int error = errno;
    c->rest_at = c->rest_size - in.size;
    if (in.size == 0)
        drop_rest(c);
    errno = error;
    return n;
}

static bool keep_rest(struct compressed *c, struct bytes in)
{
    if (in.size == 0)
        return true;
    c->rest = malloc(in.size);
    if (c->rest == NULL)
        return false;
    memcpy(c->rest, in.data, in.size);
    c->rest_at = 0;
    c->rest_size = in.size;
    return true;
}

/* The library may have more of a frame whose last byte it has already taken. */
static bool has_output(const struct compressed *c)
{
    return c->unpacker.inflater != NULL;
}

static ssize_t compressed_receive(int fd, void *state, void *data, size_t size)
{
    struct compressed *c = state;
    struct compression_workspace *w = compression_workspace();
    if (w == NULL) {
        errno = ENOMEM;
        return -1;
    }
    if (c->rest != NULL || has_output(c)) {
        ssize_t n = unpack_rest(c, data, size);
        if (n > 0 || errno != 0)
            return n;
    }
    for (;;) {
        ssize_t got = c->lower->receive(fd, c->lower_state, w->input, sizeof w->input);
        if (got <= 0)
            return got;
        struct bytes in = bytes_of(w->input, (size_t)got);
        ssize_t n = unpack(c, &in, data, size);
        int error = errno;
        if (n > 0 && !keep_rest(c, in))
            n = -1, error = ENOMEM;
        errno = error;
        if (n > 0 || error != 0)
            return n;
    }
}

static bool compressed_has_bytes(void *state)
{
    const struct compressed *c = state;
    return c->rest != NULL || !unpacker_at_rest(&c->unpacker) ||
           (c->lower->has_bytes != NULL && c->lower->has_bytes(c->lower_state));
}

/* -------- sending -------- */

/* A packet of ours begins; is it a request, or what the server has asked for in the middle of one?
 * The packets of a file may be so many that their numbers begin again. */
static bool begins_request(const struct compressed *c, uint8_t sequence)
{
    bool counts_on = c->packet_sequence == 255 && !c->heard;
    return sequence == 0 && !counts_on;
}

static void begin_frame(struct compressed *c, uint8_t sequence)
{
    if (begins_request(c, sequence))
        c->next = 0;
    else if (c->heard && !c->packet_full)
        c->next = c->heard_next;
}

static void begin_packet(struct compressed *c, const uint8_t *header)
{
    c->packet_sequence = header[3];
    c->packet_left = (uint32_t)header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16;
    c->packet_full = c->packet_left == PACKET_FULL;
    c->heard = false;
}

/* How much of a piece may go into one frame: up to the next request, and without a packet header
 * that is cut in two. 0 when the piece begins with such a header. */
static size_t cut_at_requests(struct compressed *c, struct bytes piece)
{
    size_t at = 0;
    while (at < piece.size) {
        if (c->packet_left > 0) {
            size_t n = piece.size - at < c->packet_left ? piece.size - at : c->packet_left;
            c->packet_left -= (uint32_t)n;
            at += n;
            continue;
        }
        if (piece.size - at < PACKET_HEADER_SIZE)
            return at;
        const uint8_t *header = piece.data + at;
        if (at > 0 && begins_request(c, header[3]))
            return at;
        if (at == 0)
            begin_frame(c, header[3]);
        begin_packet(c, header);
        at += PACKET_HEADER_SIZE;
    }
    return at;
}

/* The stuck piece goes on; true when it is gone, else errno says why not. */
static bool push_packed(struct compressed *c, int fd)
{
    while (c->packed_at < c->packed_size) {
        const struct iovec part = {.iov_base = c->packed + c->packed_at,
                                   .iov_len = c->packed_size - c->packed_at};
        ssize_t n = c->lower->send(fd, c->lower_state, &part, 1);
        if (n < 0)
            return false;
        c->packed_at += (size_t)n;
    }
    free(c->packed);
    c->packed = NULL;
    return true;
}

static ssize_t send_stuck(struct compressed *c, int fd, struct bytes piece)
{
    size_t marked = c->stuck < MARK_SIZE ? c->stuck : MARK_SIZE;
    if (piece.size < c->stuck || memcmp(piece.data, c->stuck_mark, marked) != 0) {
        errno = EPROTO;
        return -1;
    }
    if (!push_packed(c, fd))
        return -1;
    size_t n = c->stuck;
    c->stuck = 0;
    return (ssize_t)n;
}

/* What the layer below has not taken of a frame is kept, and the piece counts as not sent. */
static ssize_t keep_packed(struct compressed *c, struct bytes piece, struct bytes left)
{
    c->packed = malloc(left.size);
    if (c->packed == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(c->packed, left.data, left.size);
    c->packed_at = 0;
    c->packed_size = left.size;
    c->stuck = piece.size;
    memcpy(c->stuck_mark, piece.data, piece.size < MARK_SIZE ? piece.size : MARK_SIZE);
    errno = EAGAIN;
    return -1;
}

static ssize_t send_piece(struct compressed *c, struct compression_workspace *w, int fd,
                          struct bytes piece)
{
    if (c->role == COMPRESSION_TO_SERVER)
        piece.size = cut_at_requests(c, piece);
    if (piece.size == 0) {
        errno = EPROTO;
        return -1;
    }
    size_t size = frame_pack(w, c->algorithm, c->level, piece, c->next++, w->packed);
    size_t at = 0;
    while (at < size) {
        const struct iovec part = {.iov_base = w->packed + at, .iov_len = size - at};
        ssize_t n = c->lower->send(fd, c->lower_state, &part, 1);
        if (n < 0)
            return errno == EAGAIN ? keep_packed(c, piece, bytes_of(w->packed + at, size - at))
                                   : -1;
        at += (size_t)n;
    }
    return (ssize_t)piece.size;
}

/* The parts as one piece: small packets compress better together. */
static struct bytes gather(struct compression_workspace *w, const struct iovec *parts, int count)
{
    size_t size = parts[0].iov_len < COMPRESSED_PIECE_MAX ? parts[0].iov_len : COMPRESSED_PIECE_MAX;
    if (count == 1 || size == COMPRESSED_PIECE_MAX)
        return bytes_of(parts[0].iov_base, size);
    size_t more = COMPRESSED_PIECE_MAX - size;
    more = parts[1].iov_len < more ? parts[1].iov_len : more;
    memcpy(w->piece, parts[0].iov_base, size);
    memcpy(w->piece + size, parts[1].iov_base, more);
    return bytes_of(w->piece, size + more);
}

static ssize_t compressed_send(int fd, void *state, const struct iovec *parts, int count)
{
    struct compressed *c = state;
    struct compression_workspace *w = compression_workspace();
    if (w == NULL) {
        errno = ENOMEM;
        return -1;
    }
    struct bytes piece = gather(w, parts, count);
    return c->stuck > 0 ? send_stuck(c, fd, piece) : send_piece(c, w, fd, piece);
}

static void compressed_close(int fd, void *state)
{
    struct compressed *c = state;
    c->lower->close(fd, c->lower_state);
    unpacker_fini(&c->unpacker);
    free(c->rest);
    free(c->packed);
    free(c);
}

static const struct transport *compressed_below(void *state, void **below_state)
{
    const struct compressed *c = state;
    *below_state = c->lower_state;
    return c->lower;
}

const struct transport transport_compressed = {
    .name = "compressed",
    .short_means_again = false,
    .receive = compressed_receive,
    .send = compressed_send,
    .has_bytes = compressed_has_bytes,
    .close = compressed_close,
    .below = compressed_below,
};

/* -------- beginning -------- */

static bool take_early(struct compressed *c, struct stream *s)
{
    if (s->in == NULL)
        return true;
    if (!keep_rest(c, buffer_unparsed(s->in)))
        return false;
    s->in->sent = s->in->parsed = s->in->received;
    stream_trim(s);
    return true;
}

bool compression_start(struct stream *s, enum compression algorithm, unsigned level,
                       enum compression_role role)
{
    CHECK(stream_is_open(s) && s->out == NULL && algorithm != COMPRESSION_NONE);
    CHECK(s->transport != &transport_compressed);
    struct compressed *c = calloc(1, sizeof *c);
    if (c == NULL)
        return false;
    level = level == 0 ? COMPRESSION_ZSTD_LEVEL_DEFAULT : level;
    *c = (struct compressed){
        .lower = s->transport,
        .lower_state = s->transport_state,
        .algorithm = algorithm,
        .role = role,
        .level = level < COMPRESSION_ZSTD_LEVEL_MAX ? level : COMPRESSION_ZSTD_LEVEL_MAX,
        .unpacker = {.algorithm = algorithm},
    };
    if (!take_early(c, s)) {
        free(c);
        return false;
    }
    s->transport = &transport_compressed;
    s->transport_state = c;
    s->io.readable = s->io.readable || c->rest != NULL;
    return true;
}

static struct compressed *layer_of(const struct stream *s)
{
    return s->transport == &transport_compressed ? s->transport_state : NULL;
}

enum compression compression_of(const struct stream *s)
{
    const struct compressed *c = layer_of(s);
    return c != NULL ? c->algorithm : COMPRESSION_NONE;
}

const char *compression_name(enum compression algorithm)
{
    static const char *const names[] = {"", "zlib", "zstd"};
    return names[algorithm];
}

void compression_set_sequence(struct stream *s, uint8_t sequence)
{
    struct compressed *c = layer_of(s);
    if (c != NULL)
        c->next = sequence;
}
