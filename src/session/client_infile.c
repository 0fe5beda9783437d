/* SPDX-License-Identifier: Apache-2.0
 * The file of LOAD DATA LOCAL, from the client to its link. */
#include "net/compression.h"
#include "session/client.h"

/* Renumbers and claims the client's packets, until the empty one, the last, is claimed. */
static void claim_file(struct client *c)
{
    struct request *r = &c->request;
    struct buffer *b = c->stream.in;
    uint8_t shift = reply_infile_shift(&c->link->reply);
    while (b != NULL && !r->file_ended) {
        if (r->frame_left > 0) {
            size_t there = b->received - b->parsed;
            size_t n = r->frame_left < there ? r->frame_left : there;
            b->parsed += n;
            r->frame_left -= (uint32_t)n;
            if (r->frame_left > 0)
                return;
        }
        if (b->received - b->parsed < FRAME_HEADER_SIZE)
            return;
        uint8_t *at = b->data + b->parsed;
        struct frame_header header = frame_header_read(at);
        bool continues = r->frame_full;
        if (compression_of(&c->stream) != COMPRESSION_NONE)
            header.sequence = (uint8_t)(c->link->reply.last_sequence + 1);
        c->link->reply.last_sequence = header.sequence;
        frame_header_write(at, header.size, (uint8_t)(header.sequence - shift));
        b->parsed += FRAME_HEADER_SIZE;
        r->frame_left = header.size;
        r->frame_full = header.size == FRAME_PAYLOAD_MAX;
        /* An empty one behind full frames only ends their packet. */
        r->file_ended = header.size == 0 && !continues;
    }
}

bool client_step_infile(struct client *c)
{
    struct link *l = c->link;
    if (l->stream.in != NULL) { /* the request for the file has not left yet */
        enum stream_result r = stream_send(&c->stream, &l->stream);
        if (r == STREAM_FAILED)
            client_close(c, CLOSE_CLIENT_IO);
        if (r != STREAM_OK)
            return false;
    }
    for (int turn = 0; turn < 16; turn++) {
        claim_file(c);
        if (!client_push(c))
            return false; /* with the end, perhaps: it counts when it was passed on */
        if (c->request.file_ended) {
            c->request.file_ended = false;
            reply_infile_done(&c->link->reply, c->link->reply.last_sequence);
            client_set_state(c, CLIENT_REPLY);
            return true;
        }
        if (!client_receive_more(c))
            return false;
    }
    return true;
}
