/* SPDX-License-Identifier: Apache-2.0
 * The threads' memory for compression. */
#include "net/compression_workspace.h"

#include <pthread.h>
#include <stdlib.h>

/* A window of zstd's may be as large as what a frame may hold. */
#define ZSTD_WINDOW_LOG_MAX 24
/* One that has grown beyond this is not kept. */
#define SPARE_SIZE_MAX ((size_t)(512 * 1024))

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool key_made;

static void inflater_free(struct inflater *i)
{
    if (i == NULL)
        return;
    if (i->algorithm == COMPRESSION_ZLIB)
        (void)inflateEnd(&i->zlib);
    (void)ZSTD_freeDCtx(i->zstd);
    free(i);
}

static void workspace_free(void *memory)
{
    struct compression_workspace *w = memory;
    if (w->deflate_ready)
        (void)deflateEnd(&w->deflate);
    (void)ZSTD_freeCCtx(w->zstd);
    for (size_t i = 0; i < countof(w->spare); i++)
        inflater_free(w->spare[i]);
    free(w);
}

static void make_key(void)
{
    key_made = pthread_key_create(&key, workspace_free) == 0;
}

struct compression_workspace *compression_workspace(void)
{
    (void)pthread_once(&key_once, make_key);
    if (!key_made)
        return NULL;
    struct compression_workspace *w = pthread_getspecific(key);
    if (w != NULL)
        return w;
    w = calloc(1, sizeof *w);
    if (w != NULL && pthread_setspecific(key, w) != 0) {
        free(w);
        w = NULL;
    }
    return w;
}

static struct inflater *inflater_create(enum compression algorithm)
{
    struct inflater *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->algorithm = algorithm;
    bool ready;
    if (algorithm == COMPRESSION_ZLIB) {
        ready = inflateInit(&i->zlib) == Z_OK;
    } else {
        i->zstd = ZSTD_createDCtx();
        ready = i->zstd != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(
                                       i->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
    }
    if (ready)
        return i;
    (void)ZSTD_freeDCtx(i->zstd);
    free(i);
    return NULL;
}

struct inflater *inflater_get(enum compression algorithm)
{
    struct compression_workspace *w = compression_workspace();
    if (w == NULL)
        return NULL;
    struct inflater *i = w->spare[algorithm];
    w->spare[algorithm] = NULL;
    return i != NULL ? i : inflater_create(algorithm);
}

/* False when it is not worth keeping, or in a state that it cannot leave. */
static bool begin_anew(struct inflater *i)
{
    if (i->algorithm == COMPRESSION_ZLIB)
        return inflateReset(&i->zlib) == Z_OK;
    return ZSTD_sizeof_DCtx(i->zstd) <= SPARE_SIZE_MAX &&
           !ZSTD_isError(ZSTD_DCtx_reset(i->zstd, ZSTD_reset_session_only));
}

void inflater_put(struct inflater *i)
{
    struct compression_workspace *w = compression_workspace();
    if (w == NULL || w->spare[i->algorithm] != NULL || !begin_anew(i))
        inflater_free(i);
    else
        w->spare[i->algorithm] = i;
}
