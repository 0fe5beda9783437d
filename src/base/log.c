/* SPDX-License-Identifier: Apache-2.0
 * Lines are made by the thread that has something to say, put into a ring of bytes under a short
 * lock, and written to stderr by a thread of their own. */
#include "base/log.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1024
#define RING_SIZE ((size_t)256 * 1024)
/* One write: whole lines, and no more than a pipe takes without splitting it (PIPE_BUF). */
#define BATCH_SIZE 4096
/* How long log_stop, and a direct write, wait for a reader of stderr that does not read. */
#define PATIENCE_MS 1000

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    size_t begin; /* counts bytes taken out since it was empty; the place is begin % RING_SIZE */
    size_t end;   /* counts bytes put in since then */
    uint64_t dropped;
    char bytes[RING_SIZE];
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static atomic_bool running;  /* the writer thread exists */
static atomic_bool stopping; /* and has been told to finish; changed under the lock */
static atomic_bool journald;
static atomic_int current_level = LOG_LEVEL_NOTE;

static const struct {
    const char *name;
    int priority; /* of syslog, which journald reads */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARNING] = {"warning", 4},
    [LOG_LEVEL_NOTE] = {"note", 5},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    CHECK((size_t)level < countof(levels));
    return levels[level].name;
}

/* systemd sets JOURNAL_STREAM to "device:inode" of the stream; it stays in the environment when
 * stderr is redirected afterwards, so the numbers decide, not the presence. */
static bool stderr_is_journald(void)
{
    const char *value = getenv("JOURNAL_STREAM");
    struct stat st;
    if (value == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    char own[64];
    int n = snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return n > 0 && strcmp(own, value) == 0;
}

struct line {
    size_t size;
    char text[LINE_SIZE];
};

/* What vsnprintf said, added to the line, which keeps room for the newline. */
static void line_grow(struct line *line, int printed)
{
    size_t room = sizeof line->text - line->size;
    if (printed < 0)
        return;
    line->size += (size_t)printed < room ? (size_t)printed : room - 1;
}

static void line_add(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);
static void line_add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line_grow(line,
              vsnprintf(line->text + line->size, sizeof line->text - line->size, format, args));
    va_end(args);
}

static void line_add_time(struct line *line)
{
    usec_t wall = clock_wall();
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm tm;
    if (localtime_r(&seconds, &tm) == NULL)
        return;
    char sign = tm.tm_gmtoff < 0 ? '-' : '+';
    long offset = labs(tm.tm_gmtoff) / 60;
    line_add(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03u%c%02ld:%02ld ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (unsigned)(wall % USEC_PER_SEC / USEC_PER_MSEC), sign, offset / 60, offset % 60);
}

/* Also the C1 controls, which UTF-8 writes as C2 80 to C2 9F and terminals obey. */
static void line_replace_controls(struct line *line)
{
    for (size_t i = 0; i < line->size; i++) {
        unsigned char c = (unsigned char)line->text[i];
        bool second = i > 0 && (unsigned char)line->text[i - 1] == 0xC2;
        if (c < 0x20 || c == 0x7F || (second && c >= 0x80 && c <= 0x9F))
            line->text[i] = '?';
    }
}

static void line_begin(struct line *line, enum log_level level, const char *who)
{
    line->size = 0;
    if (atomic_load_explicit(&journald, memory_order_relaxed)) {
        line_add(line, "<%d>", levels[level].priority);
    } else {
        line_add_time(line);
        line_add(line, "%s ", log_level_name(level));
    }
    line_add(line, "%s: ", who);
}

static void line_end(struct line *line)
{
    line_replace_controls(line);
    line->text[line->size++] = '\n';
}

/* False when nobody takes the text and there is no reason to wait for ever, or on an error: there
 * is nowhere to report it. */
static bool write_all(const char *text, size_t size)
{
    while (size > 0) {
        struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
        int ready = poll(&p, 1, PATIENCE_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0 && atomic_load(&running) && !atomic_load(&stopping))
            continue;
        if (ready <= 0)
            return false;
        ssize_t n = write(STDERR_FILENO, text, size);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
    return true;
}

static bool put_locked(const struct line *line)
{
    if (line->size > RING_SIZE - (ring.end - ring.begin))
        return false;
    size_t at = ring.end % RING_SIZE;
    size_t first = line->size < RING_SIZE - at ? line->size : RING_SIZE - at;
    memcpy(ring.bytes + at, line->text, first);
    memcpy(ring.bytes, line->text + first, line->size - first);
    ring.end += line->size;
    return true;
}

/* The report stands where the lines are missing: nothing is put before it. */
static bool report_dropped_locked(void)
{
    if (ring.dropped == 0)
        return true;
    struct line line;
    line_begin(&line, LOG_LEVEL_WARNING, "weir");
    line_add(&line,
             "dropped %ju log line%s, which stderr did not take fast enough; look at who reads it, "
             "or lower log_level",
             (uintmax_t)ring.dropped, text_plural(ring.dropped));
    line_end(&line);
    if (!put_locked(&line))
        return false;
    ring.dropped = 0;
    return true;
}

static void enqueue(const struct line *line)
{
    CHECK(pthread_mutex_lock(&ring.lock) == 0);
    bool was_empty = ring.begin == ring.end;
    if (!report_dropped_locked() || !put_locked(line))
        ring.dropped++;
    CHECK(pthread_mutex_unlock(&ring.lock) == 0);
    if (was_empty)
        CHECK(pthread_cond_signal(&ring.wake) == 0);
}

/* Copies as many whole lines as one write takes and removes them from the ring. */
static size_t take_batch_locked(char batch[BATCH_SIZE])
{
    size_t n = ring.end - ring.begin < BATCH_SIZE ? ring.end - ring.begin : BATCH_SIZE;
    size_t at = ring.begin % RING_SIZE;
    size_t first = n < RING_SIZE - at ? n : RING_SIZE - at;
    memcpy(batch, ring.bytes + at, first);
    memcpy(batch + first, ring.bytes, n - first);
    const char *newline = memrchr(batch, '\n', n);
    CHECK(newline != NULL);
    n = (size_t)(newline - batch) + 1;
    ring.begin += n;
    if (ring.begin == ring.end)
        ring.begin = ring.end = 0; /* pages that were never needed stay untouched */
    return n;
}

static void *writer_run(void *unused)
{
    (void)unused;
    char batch[BATCH_SIZE];
    bool written = true;
    CHECK(pthread_mutex_lock(&ring.lock) == 0);
    for (;;) {
        while (ring.begin == ring.end && !atomic_load(&stopping))
            CHECK(pthread_cond_wait(&ring.wake, &ring.lock) == 0);
        if (ring.begin == ring.end || (atomic_load(&stopping) && !written))
            break;
        size_t n = take_batch_locked(batch);
        (void)report_dropped_locked();
        CHECK(pthread_mutex_unlock(&ring.lock) == 0);
        written = write_all(batch, n);
        CHECK(pthread_mutex_lock(&ring.lock) == 0);
    }
    ring.begin = ring.end;
    CHECK(pthread_mutex_unlock(&ring.lock) == 0);
    return NULL;
}

void log_start(void)
{
    CHECK(!atomic_load(&running));
    tzset();
    atomic_store(&journald, stderr_is_journald());
    atomic_store(&stopping, false);
    atomic_store(&running, true);
    if (!thread_start(&ring.thread, "weir-log", writer_run, NULL))
        atomic_store(&running, false);
}

void log_stop(void)
{
    if (!atomic_load(&running))
        return;
    CHECK(pthread_mutex_lock(&ring.lock) == 0);
    atomic_store(&stopping, true);
    CHECK(pthread_cond_signal(&ring.wake) == 0);
    CHECK(pthread_mutex_unlock(&ring.lock) == 0);
    CHECK(pthread_join(ring.thread, NULL) == 0);
    atomic_store(&running, false);
}

void log_write(enum log_level level, const char *who, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    int saved_errno = errno;
    struct line line;
    line_begin(&line, level, who);
    va_list args;
    va_start(args, format);
    line_grow(&line, vsnprintf(line.text + line.size, sizeof line.text - line.size, format, args));
    va_end(args);
    line_end(&line);
    if (atomic_load_explicit(&running, memory_order_acquire))
        enqueue(&line);
    else
        (void)write_all(line.text, line.size);
    errno = saved_errno;
}
