/* SPDX-License-Identifier: Apache-2.0
 * A locked list of messages and an eventfd that wakes the loop. */
#include "net/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    struct loop_fd io;
    pthread_mutex_t lock;
    struct mail *first;
    struct mail **end; /* where the next one is linked */
};

/* Takes all mails out, then delivers them; what is posted meanwhile waits for its own wake-up. */
static void deliver_all(struct mailbox *box)
{
    CHECK(pthread_mutex_lock(&box->lock) == 0);
    struct mail *mail = box->first;
    box->first = NULL;
    box->end = &box->first;
    CHECK(pthread_mutex_unlock(&box->lock) == 0);
    while (mail != NULL) {
        /* From deliver on the mail is its owner's again, who may free it or post it. */
        struct mail *next = mail->next;
        mail->next = NULL;
        mail->in_flight = false;
        mail->deliver(mail);
        mail = next;
    }
}

/* The counter of the eventfd is never read back: with edges, every write wakes again, and a 64-bit
 * counter of wake-ups does not fill up. */
static void box_ready(struct loop_fd *io)
{
    io->readable = false;
    deliver_all(container_of(io, struct mailbox, io));
}

struct mailbox *mailbox_create(struct loop *loop)
{
    struct mailbox *box = calloc(1, sizeof *box);
    if (box == NULL)
        return NULL;
    box->end = &box->first;
    box->io.on_ready = box_ready;
    box->io.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (box->io.fd >= 0 && loop_watch(loop, &box->io)) {
        CHECK(pthread_mutex_init(&box->lock, NULL) == 0);
        return box;
    }
    if (box->io.fd >= 0)
        (void)close(box->io.fd);
    free(box);
    return NULL;
}

void mailbox_destroy(struct mailbox *box)
{
    while (box->first != NULL)
        deliver_all(box);
    loop_unwatch(&box->io);
    (void)close(box->io.fd);
    CHECK(pthread_mutex_destroy(&box->lock) == 0);
    free(box);
}

void mailbox_post(struct mailbox *box, struct mail *mail)
{
    CHECK(mail->deliver != NULL);
    CHECK(pthread_mutex_lock(&box->lock) == 0);
    CHECK(!mail->in_flight);
    mail->in_flight = true;
    mail->next = NULL;
    bool was_empty = box->first == NULL;
    *box->end = mail;
    box->end = &mail->next;
    CHECK(pthread_mutex_unlock(&box->lock) == 0);
    if (!was_empty)
        return;
    const uint64_t one = 1;
    ssize_t n;
    do
        n = write(box->io.fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    CHECK(n == (ssize_t)sizeof one);
}
