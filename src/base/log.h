/* SPDX-License-Identifier: Apache-2.0
 * The log: one line per event on stderr, written by a thread of its own so that a slow terminal or
 * a full pipe never stops an event loop. */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H

#include "base/attrs.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTE, LOG_LEVEL_DEBUG };

/* Starts the writer thread. Before it, and after log_stop, lines are written directly. When stderr
 * is a journald stream, lines carry the <N> priority prefix instead of a time. */
void log_start(void);

/* Writes what is queued and ends the thread. */
void log_stop(void);

void log_set_level(enum log_level level);
NODISCARD bool log_enabled(enum log_level level);

/* "error", "warning", "note", "debug". */
const char *log_level_name(enum log_level level);

/* One event. `who` names the object ("client 2147483650 app@10.0.0.7:4242", "link 12 db1 app",
 * "weir"), `format` says what happened while doing what and, where a person must act, the remedy.
 * Never blocks: when the queue is full the line is dropped and the number of dropped lines is
 * reported when there is room again. Never pass a password. Lines are cut at 1,024 bytes; control
 * characters are replaced by '?' so that a hostile name cannot forge a line. */
void log_write(enum log_level level, const char *who, const char *format, ...) PRINTF_LIKE(3, 4);

#define log_error(who, ...)   log_write(LOG_LEVEL_ERROR, (who), __VA_ARGS__)
#define log_warning(who, ...) log_write(LOG_LEVEL_WARNING, (who), __VA_ARGS__)
#define log_note(who, ...)    log_write(LOG_LEVEL_NOTE, (who), __VA_ARGS__)
#define log_debug(who, ...)                                                                        \
    do {                                                                                           \
        if (UNLIKELY(log_enabled(LOG_LEVEL_DEBUG)))                                                \
            log_write(LOG_LEVEL_DEBUG, (who), __VA_ARGS__);                                        \
    } while (0)

#endif
