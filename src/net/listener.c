/* SPDX-License-Identifier: Apache-2.0
 * Accepts in slices, so that a storm of new clients does not stop those that are there. */
#include "net/listener.h"

#include "net/socket.h"

#include <errno.h>

#define ACCEPTS_PER_TURN 16
#define BACK_OFF         (100 * USEC_PER_MSEC)

enum outcome { ACCEPT_AGAIN, ACCEPT_MORE, ACCEPT_TROUBLE };

/* Linux reports through accept also what is wrong with the connection that just came: it is gone,
 * the next one may be fine. The rest is about us, and trying again at once cannot help. */
static enum outcome judge(int error)
{
    switch (error) {
    case EAGAIN:
        return ACCEPT_AGAIN;
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
        return ACCEPT_MORE;
    default:
        return ACCEPT_TROUBLE;
    }
}

static void back_off(struct listener *l, int error)
{
    l->accept_failures++;
    loop_timer_set(l->loop, &l->back_off, BACK_OFF);
    l->on_trouble(l, error);
}

/* False when there is nothing more to be had now. */
static bool accept_one(struct listener *l)
{
    struct address peer;
    int fd = socket_accept(l->io.fd, &peer);
    if (fd >= 0) {
        l->accept_failures = 0;
        l->on_accept(l, fd, &peer);
        return true;
    }
    int error = errno;
    enum outcome outcome = judge(error);
    if (outcome == ACCEPT_AGAIN)
        l->io.readable = false;
    if (outcome == ACCEPT_TROUBLE)
        back_off(l, error);
    return outcome == ACCEPT_MORE;
}

static void accept_slice(struct listener *l)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        if (!accept_one(l))
            return;
        if (l->io.loop == NULL) /* on_accept has stopped us */
            return;
    }
    loop_defer(l->loop, &l->more);
}

static void listener_ready(struct loop_fd *io)
{
    struct listener *l = container_of(io, struct listener, io);
    if (!loop_timer_is_set(&l->back_off) && !list_node_linked(&l->more.node))
        accept_slice(l);
}

static void listener_more(struct loop_task *task)
{
    accept_slice(container_of(task, struct listener, more));
}

static void listener_retry(struct loop_timer *timer)
{
    accept_slice(container_of(timer, struct listener, back_off));
}

bool listener_start(struct listener *l, struct loop *loop, int listen_fd)
{
    CHECK(l->io.loop == NULL);
    CHECK(l->on_accept != NULL && l->on_trouble != NULL);
    l->io = (struct loop_fd){.fd = listen_fd, .on_ready = listener_ready};
    l->back_off = (struct loop_timer){.on_fire = listener_retry};
    l->more = (struct loop_task){.run = listener_more};
    l->accept_failures = 0;
    l->loop = loop;
    return loop_watch(loop, &l->io);
}

void listener_stop(struct listener *l)
{
    if (l->io.loop == NULL)
        return;
    loop_unwatch(&l->io);
    loop_timer_cancel(l->loop, &l->back_off);
    loop_task_cancel(l->loop, &l->more);
    l->io.fd = -1;
}
