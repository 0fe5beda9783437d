/* SPDX-License-Identifier: Apache-2.0
 * What a loop's engine does for settled streams, and what it needs of net/stream.c for that. */
#ifndef WEIR_NET_STREAM_INTERNAL_H
#define WEIR_NET_STREAM_INTERNAL_H

#include "net/stream.h"

struct stream_engine {
    /* From now on `settled`. */
    void (*settle)(struct stream *s);
    /* As stream_fill and stream_forward. */
    enum stream_result (*fill)(struct stream *s);
    enum stream_result (*forward)(struct stream *s, struct stream *source);
    /* Sends what was forwarded now. STREAM_OK: it is gone, STREAM_AGAIN: the rest follows, and
     * on_ready when it is gone. */
    enum stream_result (*flush)(struct stream *s);
    /* Have on_ready called when there is room to send (!io.writable). */
    void (*want_room)(struct stream *s);
    /* Receives nothing from now on; false: something has come already, and nothing has changed. */
    bool (*leave)(struct stream *s);
    /* Before it is closed: gives back what it has for it. */
    void (*close)(struct stream *s);
};

void stream_count_received(struct stream *s, size_t n);
void stream_count_sent(struct stream *s, size_t n);

/* Sets `error`; STREAM_FAILED. */
enum stream_result stream_fail(struct stream *s, int error);

/* Makes room for a receive without copying much: few live bytes are moved down; many only when
 * nothing of them can be sent on, for then nobody else makes room. */
void stream_make_room(struct buffer *b);

#endif
