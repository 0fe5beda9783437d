/* SPDX-License-Identifier: Apache-2.0
 * A ring of records under a short lock, and the thread that empties it. */
#include "base/log_file.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING_SIZE  ((size_t)1024 * 1024)
#define BATCH_SIZE LOG_FILE_RECORD_MAX
/* How often the same trouble is told, and how soon a file that could not be opened is tried again.
 */
#define AGAIN_AFTER (10 * USEC_PER_SEC)

/* In front of each record in the ring. */
typedef uint32_t record_size_t;

struct log_file {
    const char *what;
    const char *thread_name;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running; /* the thread exists; changed by log_file_set_path and _destroy alone */
    bool stopping;
    bool reopen;
    size_t reopen_at;    /* what was queued before goes to the old file */
    char path[PATH_MAX]; /* from reopen_at on, while an order is pending */
    uint8_t *ring;
    size_t begin; /* counts all bytes ever taken out; the place is begin % RING_SIZE */
    size_t end;   /* counts all bytes ever put in */
    /* The thread's own. */
    int fd;
    bool lost; /* records have been lost since the trouble was told */
    usec_t told_at;
    usec_t tried_at;
    char open_path[PATH_MAX]; /* "" none */
    uint8_t batch[BATCH_SIZE];
};

struct log_file *log_file_create(const char *what, const char *thread_name)
{
    struct log_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->what = what;
    f->thread_name = thread_name;
    f->fd = -1;
    CHECK(pthread_mutex_init(&f->lock, NULL) == 0);
    CHECK(pthread_cond_init(&f->wake, NULL) == 0);
    return f;
}

/* -------- the ring -------- */

static void copy_in(struct log_file *f, size_t at, const void *data, size_t size)
{
    at %= RING_SIZE;
    size_t first = size < RING_SIZE - at ? size : RING_SIZE - at;
    memcpy(f->ring + at, data, first);
    if (size > first)
        memcpy(f->ring, (const uint8_t *)data + first, size - first);
}

static void copy_out(const struct log_file *f, size_t at, void *data, size_t size)
{
    at %= RING_SIZE;
    size_t first = size < RING_SIZE - at ? size : RING_SIZE - at;
    memcpy(data, f->ring + at, first);
    if (size > first)
        memcpy((uint8_t *)data + first, f->ring, size - first);
}

bool log_file_put(struct log_file *f, struct bytes record)
{
    record_size_t size = (record_size_t)record.size;
    if (record.size == 0 || record.size > LOG_FILE_RECORD_MAX)
        return record.size == 0;
    CHECK(pthread_mutex_lock(&f->lock) == 0);
    bool fits = f->ring != NULL && f->path[0] != '\0' &&
                sizeof size + record.size <= RING_SIZE - (f->end - f->begin);
    bool was_empty = f->begin == f->end;
    if (fits) {
        copy_in(f, f->end, &size, sizeof size);
        copy_in(f, f->end + sizeof size, record.data, record.size);
        f->end += sizeof size + record.size;
    }
    CHECK(pthread_mutex_unlock(&f->lock) == 0);
    if (fits && was_empty)
        CHECK(pthread_cond_signal(&f->wake) == 0);
    return fits;
}

/* As many whole records as a batch holds. */
static size_t take_batch_locked(struct log_file *f)
{
    size_t n = 0;
    size_t end = f->reopen ? f->reopen_at : f->end;
    while (f->begin != end) {
        record_size_t size;
        copy_out(f, f->begin, &size, sizeof size);
        if (size > BATCH_SIZE - n)
            break;
        copy_out(f, f->begin + sizeof size, f->batch + n, size);
        f->begin += sizeof size + size;
        n += size;
    }
    return n;
}

/* -------- the file -------- */

/* Once in a while, however often it happens. */
static void tell(struct log_file *f, const char *doing, int error)
{
    usec_t now = clock_now();
    f->lost = true;
    if (f->told_at != 0 && now - f->told_at < AGAIN_AFTER)
        return;
    f->told_at = now;
    log_error(f->what,
              "cannot %s '%s': %s; entries are lost. Make room or name another file, then say "
              "FLUSH LOGS or send SIGHUP",
              doing, f->open_path, strerror(error));
}

static void close_file(struct log_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static void open_file(struct log_file *f, bool now)
{
    usec_t time = clock_now();
    if (f->open_path[0] == '\0' || (!now && f->tried_at != 0 && time - f->tried_at < AGAIN_AFTER))
        return;
    f->tried_at = time;
    f->fd = open(f->open_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (f->fd < 0)
        tell(f, "open", errno);
}

static void write_batch(struct log_file *f, size_t size)
{
    const uint8_t *at = f->batch;
    if (f->fd < 0)
        open_file(f, false);
    if (f->fd < 0) {
        f->lost = f->lost || size > 0;
        return;
    }
    while (size > 0) {
        ssize_t n = write(f->fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            tell(f, "write to", n < 0 ? errno : ENOSPC);
            return;
        }
        at += n;
        size -= (size_t)n;
    }
    if (f->lost)
        log_note(f->what, "'%s' is written again; entries before this are missing", f->open_path);
    f->lost = false;
}

static void *writer_run(void *arg)
{
    struct log_file *f = arg;
    char path[PATH_MAX];
    CHECK(pthread_mutex_lock(&f->lock) == 0);
    for (;;) {
        while (f->begin == f->end && !f->reopen && !f->stopping)
            CHECK(pthread_cond_wait(&f->wake, &f->lock) == 0);
        if (f->begin == f->end && !f->reopen)
            break;
        size_t n = take_batch_locked(f);
        bool reopen = f->reopen && f->begin == f->reopen_at;
        f->reopen = f->reopen && !reopen;
        if (reopen)
            memcpy(path, f->path, sizeof path);
        CHECK(pthread_mutex_unlock(&f->lock) == 0);
        if (n > 0)
            write_batch(f, n);
        if (reopen) {
            close_file(f);
            memcpy(f->open_path, path, sizeof path);
            open_file(f, true);
        }
        CHECK(pthread_mutex_lock(&f->lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&f->lock) == 0);
    close_file(f);
    return NULL;
}

/* -------- orders -------- */

static bool start(struct log_file *f)
{
    if (f->running)
        return true;
    f->ring = malloc(RING_SIZE);
    f->running = f->ring != NULL && thread_start(&f->thread, f->thread_name, writer_run, f);
    return f->running;
}

/* An order that is pending still stands where it was given. */
static void order_reopen_locked(struct log_file *f)
{
    if (!f->reopen)
        f->reopen_at = f->end;
    f->reopen = f->running;
}

bool log_file_set_path(struct log_file *f, const char *path)
{
    if (strlen(path) >= sizeof f->path) {
        log_error(f->what, "the path '%.100s…' is too long; nothing is written", path);
        path = "";
    }
    if (strcmp(path, f->path) == 0)
        return true;
    CHECK(pthread_mutex_lock(&f->lock) == 0);
    bool works = path[0] == '\0' || start(f);
    if (works) {
        (void)!text_copy(f->path, sizeof f->path, bytes_of_text(path));
        order_reopen_locked(f);
    }
    CHECK(pthread_mutex_unlock(&f->lock) == 0);
    CHECK(pthread_cond_signal(&f->wake) == 0);
    return works;
}

void log_file_reopen(struct log_file *f)
{
    CHECK(pthread_mutex_lock(&f->lock) == 0);
    order_reopen_locked(f);
    CHECK(pthread_mutex_unlock(&f->lock) == 0);
    CHECK(pthread_cond_signal(&f->wake) == 0);
}

void log_file_destroy(struct log_file *f)
{
    if (f == NULL)
        return;
    if (f->running) {
        CHECK(pthread_mutex_lock(&f->lock) == 0);
        f->stopping = true;
        CHECK(pthread_mutex_unlock(&f->lock) == 0);
        CHECK(pthread_cond_signal(&f->wake) == 0);
        CHECK(pthread_join(f->thread, NULL) == 0);
    }
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f->ring);
    free(f);
}
