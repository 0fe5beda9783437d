/* SPDX-License-Identifier: Apache-2.0
 * A file that records are appended to by a thread of its own: whoever has one to write never waits
 * for the disk. What does not fit into the queue is dropped, and its caller knows. Each record is
 * in one file whole, however files are rotated. */
#ifndef WEIR_BASE_LOG_FILE_H
#define WEIR_BASE_LOG_FILE_H

#include "base/attrs.h"
#include "base/bytes.h"

struct log_file;

/* The longest record. */
#define LOG_FILE_RECORD_MAX ((size_t)64 * 1024)

/* `what` ("slow query log") names it in messages of the main log, `thread_name` its thread; both
 * must live as long. No thread and no queue until it has a path. NULL when out of memory. */
NODISCARD struct log_file *log_file_create(const char *what, const char *thread_name);

/* Where records go from now on; "" nowhere: what is queued is still written. The file is opened
 * (made, if need be, for its owner and group) by the thread; trouble is told to the main log. False
 * when the system has no thread for it. Any thread, one at a time. */
NODISCARD bool log_file_set_path(struct log_file *f, const char *path);

/* Queues a record; false when it was dropped. Any thread. */
NODISCARD bool log_file_put(struct log_file *f, struct bytes record);

/* What is queued from now on goes to a file that is opened anew: the old one has been moved away.
 * Any thread. */
void log_file_reopen(struct log_file *f);

/* Writes what is queued, then frees. NULL does nothing. */
void log_file_destroy(struct log_file *f);

#endif
