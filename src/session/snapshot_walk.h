/* SPDX-License-Identifier: Apache-2.0
 * A worker's part of a snapshot: its clients and links are copied in slices, one in each turn. */
#ifndef WEIR_SESSION_SNAPSHOT_WALK_H
#define WEIR_SESSION_SNAPSHOT_WALK_H

#include "session/snapshot_build.h"

struct client;

/* What one worker is asked for, and its answer. Zeroed but for what its asker sets. */
struct snapshot_part {
    struct mail mail;
    struct worker *worker; /* set by the asker, like what follows */
    unsigned what;
    struct mailbox *reply_to;
    void (*done)(struct snapshot_part *part); /* on the thread of reply_to */
    /* the answer; owned by the part */
    struct snapshot_client *clients;
    size_t client_count;
    struct snapshot_link *links;
    size_t link_count;
    struct snapshot_texts texts;
    /* the walk */
    struct loop_task task;
    struct list_node node;         /* worker->snapshot_walks */
    struct list_node *next_client; /* NULL: no more */
    size_t client_room;
    uint64_t *link_ids; /* of the links that were there when it began */
    size_t link_ids_count;
    size_t link_at;
};

/* Sends it to its worker. It must stay where it is until `done`. */
void snapshot_part_send(struct snapshot_part *part);

/* The client is about to leave its worker's list. */
void snapshot_client_goes(struct client *c);

#endif
