/* SPDX-License-Identifier: Apache-2.0
 * Feeds a reply through the tracker as a link would, cut into pieces of any size, and collects what
 * the client would receive and everything that was reported on the way. */
#ifndef WEIR_TESTS_REPLY_DRIVER_H
#define WEIR_TESTS_REPLY_DRIVER_H

#include "mysql/reply.h"

#include <stdio.h>
#include <stdlib.h>

#define DRIVER_HEADROOM 64
#define DRIVER_FILES    4

/* Bytes in malloc'ed memory that grows. */
struct driver_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

static inline void driver_append(struct driver_bytes *b, const void *data, size_t n)
{
    if (b->size + n > b->capacity) {
        b->capacity = (b->size + n) * 2;
        b->data = realloc(b->data, b->capacity);
        if (b->data == NULL)
            abort();
    }
    if (n > 0)
        memcpy(b->data + b->size, data, n);
    b->size += n;
}

/* A reply as a server sends it, with the places where it waits for the client's file. */
struct driver_input {
    enum command command;
    struct reply_dialect dialect;
    uint16_t previous_status;
    struct driver_bytes bytes;
    size_t files;
    uint8_t file_packets[DRIVER_FILES]; /* packets that the client sends at each */
};

/* How the reply arrives and leaves. */
struct driver_schedule {
    size_t piece;    /* bytes per receive; 0: all that fits */
    size_t cut;      /* if not 0, the first receive has this many bytes */
    size_t capacity; /* of the window, at first; it grows when a packet is held */
    bool eager;      /* send what is ready after every step */
};

struct driver_result {
    enum reply_verdict verdict;
    struct reply_summary summary;
    struct driver_bytes output;
    struct driver_bytes reports; /* status, warnings and trackers of every REPLY_STATUS */
    size_t files;
    size_t steps;
    uint8_t next_sequence;
};

static inline void driver_free(struct driver_result *result)
{
    free(result->output.data);
    free(result->reports.data);
}

static inline void driver_send(struct reply_window *w, struct driver_bytes *output)
{
    driver_append(output, w->data + w->out, w->parsed - w->out);
    w->out = w->parsed;
}

/* Makes room for at least `room` bytes, as buffer_reserve does. */
static inline void driver_reserve(struct reply_window *w, size_t *capacity, size_t room)
{
    size_t size = w->end - w->out;
    memmove(w->data + DRIVER_HEADROOM, w->data + w->out, size);
    w->parsed = w->parsed - w->out + DRIVER_HEADROOM;
    w->out = DRIVER_HEADROOM;
    w->end = w->out + size;
    if (*capacity - w->end >= room)
        return;
    *capacity = w->end + room;
    w->data = realloc(w->data, *capacity);
    if (w->data == NULL)
        abort();
}

static inline void driver_report(const struct reply *r, struct driver_result *result)
{
    uint16_t numbers[3] = {r->summary.status, r->summary.warnings, (uint16_t)r->trackers.size};
    driver_append(&result->reports, numbers, sizeof(numbers));
    driver_append(&result->reports, r->trackers.data, r->trackers.size);
}

static inline size_t driver_next_piece(const struct driver_schedule *schedule, size_t fed,
                                       size_t left)
{
    size_t piece = schedule->piece == 0 ? left : schedule->piece;
    if (schedule->cut > fed)
        piece = schedule->cut - fed;
    return piece < left ? piece : left;
}

static inline struct driver_result drive(const struct driver_input *in,
                                         const struct driver_schedule *schedule)
{
    struct driver_result result = {0};
    struct reply r;
    size_t capacity = DRIVER_HEADROOM + schedule->capacity;
    struct reply_window w = {.data = malloc(capacity),
                             .out = DRIVER_HEADROOM,
                             .parsed = DRIVER_HEADROOM,
                             .end = DRIVER_HEADROOM};
    if (w.data == NULL)
        abort();
    size_t fed = 0;
    reply_begin(&r, in->command, in->dialect, in->previous_status);
    for (;;) {
        result.steps++;
        result.verdict = reply_step(&r, &w);
        if (schedule->eager && result.verdict != REPLY_BROKEN)
            driver_send(&w, &result.output);
        switch (result.verdict) {
        case REPLY_STATUS:
            driver_report(&r, &result);
            continue;
        case REPLY_FLUSH:
            driver_send(&w, &result.output);
            continue;
        case REPLY_INFILE:
            if (result.files == in->files)
                break;
            reply_infile_done(&r, (uint8_t)(r.last_sequence + in->file_packets[result.files++]));
            continue;
        case REPLY_MORE:
            if (fed < in->bytes.size) {
                size_t piece = driver_next_piece(schedule, fed, in->bytes.size - fed);
                size_t room = capacity - w.end;
                if (room == 0 || r.need > capacity - w.parsed) {
                    driver_send(&w, &result.output);
                    driver_reserve(&w, &capacity, r.need > 0 ? r.need : 1);
                    room = capacity - w.end;
                }
                piece = piece < room ? piece : room;
                memcpy(w.data + w.end, in->bytes.data + fed, piece);
                fed += piece;
                w.end += piece;
                continue;
            }
            break;
        case REPLY_ENDED:
        case REPLY_BROKEN:
            break;
        }
        break;
    }
    driver_send(&w, &result.output);
    result.summary = r.summary;
    result.next_sequence = (uint8_t)(r.last_sequence + 1);
    free(w.data);
    return result;
}

/* The status of an inserted EOF depends on what was still in the window; this makes two outputs
 * comparable when it was not. */
static inline void driver_blank_eof_status(struct driver_bytes *output)
{
    for (size_t at = 0; at + FRAME_HEADER_SIZE <= output->size;) {
        struct frame_header header = frame_header_read(output->data + at);
        at += FRAME_HEADER_SIZE;
        if (header.size == 5 && at + 5 <= output->size && output->data[at] == 0xfe)
            memset(output->data + at + 3, 0, 2);
        at += header.size;
    }
}

static inline struct bytes driver_view(const struct driver_bytes *b)
{
    return bytes_of(b->data, b->size);
}

static inline void driver_print(const char *title, struct bytes b)
{
    fprintf(stderr, "%s:", title);
    for (size_t i = 0; i < b.size && i < 4000; i++)
        fprintf(stderr, "%s%02x", i % 40 == 0 ? "\n  " : "", b.data[i]);
    fprintf(stderr, "\n");
}

#endif
