/* SPDX-License-Identifier: Apache-2.0
 * Messages between threads: none lost, none twice, in order, and without a wake-up each. */
#include "net/mailbox.h"

#include "base/thread.h"
#include "net_test.h"

#include <stdlib.h>

#define SENDERS 2
#define LETTERS 5000

struct letter {
    struct mail mail;
    int sender;
    int number;
};

static int received;
static int next_number[SENDERS];
static struct mailbox *box;

static void receive_letter(struct mail *mail)
{
    struct letter *l = container_of(mail, struct letter, mail);
    assert_false(mail->in_flight);
    assert_int_equal(l->number, next_number[l->sender]++);
    received++;
    free(l); /* the mail is its receiver's from here on */
}

static void *send_letters(void *arg)
{
    int sender = *(int *)arg;
    for (int i = 0; i < LETTERS; i++) {
        struct letter *l = calloc(1, sizeof *l);
        l->sender = sender;
        l->number = i;
        l->mail.deliver = receive_letter;
        mailbox_post(box, &l->mail);
    }
    return NULL;
}

static void test_letters_of_two_threads_all_come_in_order(void **state)
{
    (void)state;
    static int senders[SENDERS] = {0, 1};
    received = 0;
    memset(next_number, 0, sizeof next_number);
    struct loop *loop = make_loop();
    box = mailbox_create(loop);
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++)
        assert_true(thread_start(&threads[i], "sender", send_letters, &senders[i]));
    TURN_UNTIL(loop, received == SENDERS * LETTERS);
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    mailbox_destroy(box);
    loop_destroy(loop);
}

struct ball {
    struct mail mail;
    struct mailbox *from;
    struct mailbox *to;
    int flights;
    struct loop *stop;
};

static void throw_back(struct mail *mail)
{
    struct ball *b = container_of(mail, struct ball, mail);
    if (++b->flights == 1000) {
        loop_stop(b->stop);
        return;
    }
    struct mailbox *to = b->to;
    b->to = b->from;
    b->from = to;
    mailbox_post(to, mail);
}

static void *play(void *arg)
{
    loop_run(arg);
    return NULL;
}

/* One mail, posted again by each receiver, between two running loops. */
static void test_a_mail_may_be_posted_again_by_its_receiver(void **state)
{
    (void)state;
    struct loop *mine = make_loop();
    struct loop *theirs = make_loop();
    struct mailbox *my_box = mailbox_create(mine);
    struct mailbox *their_box = mailbox_create(theirs);
    /* The first catch is ours and goes to the other side: flights with even numbers end there. */
    struct ball ball = {
        .mail = {.deliver = throw_back}, .from = my_box, .to = their_box, .stop = theirs};
    pthread_t thread;
    assert_true(thread_start(&thread, "player", play, theirs));
    mailbox_post(my_box, &ball.mail);
    usec_t give_up = clock_now() + 20 * USEC_PER_SEC;
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        assert_true(clock_now() < give_up);
        loop_turn(mine, 5 * USEC_PER_MSEC);
    }
    assert_int_equal(ball.flights, 1000);
    mailbox_destroy(my_box);
    mailbox_destroy(their_box);
    loop_destroy(mine);
    loop_destroy(theirs);
}

static void count_delivery(struct mail *mail)
{
    (void)mail;
    received++;
}

static void test_destroying_delivers_what_is_left(void **state)
{
    (void)state;
    struct loop *loop = make_loop();
    box = mailbox_create(loop);
    struct mail mails[3] = {0};
    received = 0;
    for (int i = 0; i < 3; i++) {
        mails[i].deliver = count_delivery;
        mailbox_post(box, &mails[i]);
        assert_true(mails[i].in_flight);
    }
    mailbox_destroy(box);
    assert_int_equal(received, 3);
    assert_false(mails[0].in_flight);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters_of_two_threads_all_come_in_order),
        cmocka_unit_test(test_a_mail_may_be_posted_again_by_its_receiver),
        cmocka_unit_test(test_destroying_delivers_what_is_left),
    };
    return RUN_ON_EACH_ENGINE(tests, NULL, NULL);
}
