/* SPDX-License-Identifier: Apache-2.0
 * The book of leaks: clients that held a link for long and did nothing with it. The latest ones,
 * the open cases first of all; any thread writes, any thread reads. */
#ifndef WEIR_SESSION_LEAK_BOOK_H
#define WEIR_SESSION_LEAK_BOOK_H

#include "base/attrs.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cases that are kept; the oldest that is over makes room for a new one. */
#define LEAK_BOOK_SIZE 256

enum leak_end {
    LEAK_OPEN,        /* it still holds the link */
    LEAK_RELEASED,    /* the link became free: the client went on, or ROLLBACK of Weir's */
    LEAK_CLIENT_LEFT, /* the client was closed, by itself or by Weir */
};

struct leak {
    uint64_t number; /* from 1, in the order of their discovery */
    uint32_t client;
    char user[65];
    char host[48]; /* with its port */
    char program[65];
    char pid[21];
    char version[33]; /* of its driver */
    char server[65];
    uint32_t thread_id; /* on the server */
    char why[200];      /* it holds the link: "in transaction", "pinned by TEMPORARY_TABLE" … */
    char statement[256];
    const char *action; /* what Weir did: a constant text */
    usec_t since;       /* clock_now() when the client fell silent */
    usec_t leased_at;   /* clock_now() when it got the link */
    uint64_t wall;      /* when it fell silent, µs since 1970 */
    usec_t over_at;     /* clock_now(), 0 while LEAK_OPEN */
    enum leak_end end;
};

struct leak_book;

/* NULL when out of memory. */
struct leak_book *leak_book_create(void);
void leak_book_destroy(struct leak_book *b); /* NULL: nothing */

/* Copies a case into the book; its number, also in *leak. */
uint64_t leak_book_add(struct leak_book *b, struct leak *leak);

/* The case is over; nothing happens when it is not in the book any more. */
void leak_book_end(struct leak_book *b, uint64_t number, enum leak_end end, usec_t now);

/* Copies at most `room` cases, open ones first, then the latest; returns how many. */
size_t leak_book_read(struct leak_book *b, struct leak *out, size_t room);

#endif
