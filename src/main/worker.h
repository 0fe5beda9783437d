/* SPDX-License-Identifier: Apache-2.0
 * A worker's life: its loop, caches and lists, and the messages that the supervisor sends it. */
#ifndef WEIR_MAIN_WORKER_H
#define WEIR_MAIN_WORKER_H

#include "session/proxy.h"

/* Makes everything that worker `w` owns; its thread is not started. `config` is held. False with
 * errno when the system refuses. */
NODISCARD bool worker_init(struct worker *w, unsigned index, struct proxy *proxy,
                           struct config *config);

/* After its thread has ended. */
void worker_fini(struct worker *w);

/* The thread's function; `arg` is the worker. */
void *worker_run(void *arg);

/* A descriptor accepted on some worker, at this one of proxy->entrances, goes to the one with the
 * fewest clients. */
void worker_place(struct worker *accepted_on, int fd, const struct address *peer, uint8_t entrance);

/* Messages; any thread. */
void worker_send_config(struct worker *w, struct config *config);
void worker_send_probe(struct worker *w);
/* No new requests: idle clients go now, others after their transaction. */
void worker_send_drain(struct worker *w);
/* Everybody goes now. */
void worker_send_close_all(struct worker *w);
/* Idle links go. */
void worker_send_drain_pools(struct worker *w);
/* Links that are still there, of servers that do not answer, are closed. */
void worker_send_give_up(struct worker *w);
void worker_send_stop(struct worker *w);

#endif
