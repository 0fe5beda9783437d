/* SPDX-License-Identifier: Apache-2.0
 * The book of leaks: clients that held a link for long and did nothing with it, and applications
 * that open connections and do not use them again. The latest ones, the open cases first of all;
 * any thread writes, any thread reads. */
#ifndef WEIR_SESSION_LEAK_BOOK_H
#define WEIR_SESSION_LEAK_BOOK_H

#include "base/attrs.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cases that are kept; the oldest that is over makes room for a new one. */
#define LEAK_BOOK_SIZE 256

enum leak_kind {
    LEAK_OF_LINK,        /* a client holds one */
    LEAK_OF_CONNECTIONS, /* growth without reuse, see growth.h */
};

enum leak_end {
    LEAK_OPEN,        /* it still holds the link; the number still grows */
    LEAK_RELEASED,    /* the link became free: the client went on, or ROLLBACK of Weir's; the number
                         grows no more */
    LEAK_CLIENT_LEFT, /* the client was closed, by itself or by Weir */
};

struct leak {
    uint64_t number; /* from 1, in the order of their discovery */
    enum leak_kind kind;
    uint32_t client; /* 0: an application */
    char user[65];
    char host[48]; /* with its port, when it is one client */
    char program[65];
    char pid[21];
    char version[33]; /* of its driver */
    char server[65];
    uint32_t thread_id; /* on the server */
    char why[240];      /* it holds the link: "in transaction", "pinned by TEMPORARY_TABLE" …; or
                           what was counted */
    char remedy[420];
    char statement[256];
    char earlier[320];  /* the beginnings of those before it, the latest first */
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

/* There is more to say about an open case. */
void leak_book_update(struct leak_book *b, uint64_t number, const char *why);

/* The case is over; nothing happens when it is not in the book any more. */
void leak_book_end(struct leak_book *b, uint64_t number, enum leak_end end, usec_t now);

/* Copies at most `room` cases, open ones first, then the latest; returns how many. */
size_t leak_book_read(struct leak_book *b, struct leak *out, size_t room);

#endif
