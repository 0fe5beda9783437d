/* SPDX-License-Identifier: Apache-2.0
 * The inside of a catalogue reader; only for the catalogue*.c files. */
#ifndef WEIR_SESSION_CATALOGUE_READER_H
#define WEIR_SESSION_CATALOGUE_READER_H

#include "session/catalogue.h"
#include "session/catalogue_build.h"
#include "session/client.h"

/* Its objects are not read: whoever names or selects it runs unknown code. */
#define CATALOGUE_UNKNOWN_SCHEMA "sys"

enum catalogue_state {
    CATALOGUE_UNREAD, /* never, or nobody has used it for long: requests wait for a reading */
    CATALOGUE_LOADED,
    CATALOGUE_REFUSED, /* it could not be read; tried again later, nobody waits */
};

/* A worker's own reference, and the way to it. */
struct catalogue_view {
    struct mail wake;
    atomic_bool waking; /* `wake` is on its way */
    struct catalogue_reader *reader;
    struct worker *worker;
    unsigned version;
    struct catalogue *catalogue; /* NULL: nothing is known */
    unsigned waiting;            /* clients of the worker */
};

struct catalogue_reader {
    struct catalogue_reader *next; /* of the group; under the group's lock */
    struct server_group *group;
    struct user *user;
    bool retired;        /* taken out of the list, under the group's lock: it reads no more */
    struct worker *home; /* reads */
    struct catalogue_view *views;
    unsigned view_count;
    struct mail ask;
    atomic_bool asking;  /* `ask` is on its way */
    atomic_uint version; /* of shared.current */
    atomic_uint danger;  /* counts the times that names became dangerous */
    atomic_int state;    /* enum catalogue_state; as in shared, for a look without the lock */
    atomic_bool stale;   /* something may have been defined since the last reading */
    atomic_bool used;    /* since the last reading */
    atomic_uint waiting; /* clients that wait, of all workers */
    pthread_mutex_t lock;
    struct {
        struct catalogue *base;    /* as it was read, NULL none */
        struct catalogue *current; /* with what is in doubt since */
        uint8_t *doubts;           /* names, NUL-terminated, one behind the other */
        size_t doubts_size;
        uint64_t notes;   /* definitions that were noted, and their ends */
        unsigned running; /* definitions under way */
    } shared;
    struct { /* of the home worker alone */
        struct loop_timer timer;
        struct loop_task more;
        struct link *link;
        struct catalogue_builder *builder;
        usec_t due; /* of the next reading, 0 none */
        usec_t asked_at;
        usec_t began_at;
        usec_t took;
        usec_t ended_at;
        uint64_t notes; /* when it began */
        bool quiet;     /* no definition was under way then */
        unsigned query;
        uint64_t definitions_left;
        bool in_rows;
        unsigned unused_readings;
        unsigned rounds; /* in a row that found new definitions under way */
        bool told_of_hidden;
        char told[200]; /* the last complaint in the log */
    } reading;
};

/* Any worker: the home worker is to look whether it should read. */
void catalogue_ask(struct catalogue_reader *r);
/* On the home worker. */
void catalogue_on_ask(struct mail *mail);
void catalogue_on_timer(struct loop_timer *timer);
void catalogue_on_more(struct loop_task *task);

/* After a reading, taking `fresh` (NULL: it failed, or found the same as before). */
void catalogue_publish(struct catalogue_reader *r, struct catalogue *fresh, bool read);
/* Nobody has used it for long. */
void catalogue_forget(struct catalogue_reader *r);

#endif
