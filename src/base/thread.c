/* SPDX-License-Identifier: Apache-2.0
 * Threads that take no signals and have a name. */
#include "base/thread.h"

#include "base/check.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg)
{
    CHECK(strlen(name) < 16);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    /* Blocked around the creation because a new thread inherits the mask of its creator. */
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int rc = pthread_create(thread, NULL, run, arg);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (rc != 0) {
        errno = rc;
        return false;
    }
    (void)pthread_setname_np(*thread, name);
    return true;
}
