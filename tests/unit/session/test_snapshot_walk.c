/* SPDX-License-Identifier: Apache-2.0
 * Snapshots of clients that come and go while the picture is taken: two workers and an asker, whose
 * loops all run on this thread. */
#include "session/snapshot_walk.h"

#include "session/client.h"
#include "session/request_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORKERS          2
#define CLIENTS_MAX      2000
#define ROWS_OF_ONE_TURN 128

struct scene {
    struct proxy proxy;
    struct worker workers[WORKERS];
    struct loop *asker;
    struct mailbox *mailbox;
    struct client *clients[CLIENTS_MAX];
    struct snapshot *answer;
    unsigned answers;
};

static struct client *come(struct scene *s, unsigned n)
{
    struct worker *w = &s->workers[n % WORKERS];
    struct client *c = calloc(1, sizeof *c);
    assert_non_null(c);
    stream_init(&c->stream, NULL);
    c->worker = w;
    c->id = n;
    c->state = CLIENT_IDLE;
    c->logged_in = true;
    snprintf(c->peer, sizeof c->peer, "10.0.0.1:%u", n);
    request_record_none(c);
    list_push_back(&w->clients, &c->node);
    s->clients[n] = c;
    return c;
}

static void go(struct scene *s, unsigned n)
{
    struct client *c = s->clients[n];
    snapshot_client_goes(c);
    list_remove(&c->worker->clients, &c->node);
    free(c);
    s->clients[n] = NULL;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->proxy.workers = s->workers;
    s->proxy.worker_count = WORKERS;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *w = &s->workers[i];
        w->index = i;
        w->proxy = &s->proxy;
        w->loop = loop_create(LOOP_EPOLL);
        assert_non_null(w->loop);
        w->mailbox = mailbox_create(w->loop);
        assert_non_null(w->mailbox);
        list_init(&w->clients);
        list_init(&w->snapshot_walks);
    }
    s->asker = loop_create(LOOP_EPOLL);
    assert_non_null(s->asker);
    s->mailbox = mailbox_create(s->asker);
    assert_non_null(s->mailbox);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    for (unsigned n = 0; n < CLIENTS_MAX; n++)
        if (s->clients[n] != NULL)
            go(s, n);
    for (unsigned i = 0; i < WORKERS; i++) {
        mailbox_destroy(s->workers[i].mailbox);
        loop_destroy(s->workers[i].loop);
    }
    mailbox_destroy(s->mailbox);
    loop_destroy(s->asker);
    snapshot_free(s->answer);
    free(s);
    return 0;
}

static void on_answer(void *context, struct snapshot *answer)
{
    struct scene *s = context;
    s->answer = answer;
    s->answers++;
}

static void turn(struct scene *s)
{
    for (unsigned i = 0; i < WORKERS; i++)
        loop_turn(s->workers[i].loop, 0);
    loop_turn(s->asker, 0);
}

static struct snapshot_job *ask(struct scene *s)
{
    struct snapshot_job *job = snapshot_ask(&s->proxy, SNAPSHOT_CLIENTS, s->mailbox, on_answer, s);
    assert_non_null(job);
    return job;
}

static bool is_shown(const struct snapshot *s, unsigned id)
{
    for (size_t i = 0; i < s->client_count; i++)
        if (s->clients[i].id == id)
            return true;
    return false;
}

static void test_nobody(void **state)
{
    struct scene *s = *state;
    (void)ask(s);
    turn(s);
    turn(s);
    assert_int_equal(s->answers, 1);
    assert_int_equal(s->answer->client_count, 0);
    assert_false(s->answer->incomplete);
}

static void test_rows_come_in_order_a_slice_a_turn(void **state)
{
    struct scene *s = *state;
    for (unsigned n = 0; n < 1000; n++)
        (void)come(s, n);
    (void)ask(s);
    unsigned turns = 0;
    while (s->answers == 0) {
        assert_true(++turns < 20);
        turn(s);
    }
    assert_true(turns >= 1000 / WORKERS / ROWS_OF_ONE_TURN);
    assert_int_equal(s->answer->client_count, 1000);
    for (unsigned n = 0; n < 1000; n++) {
        const struct snapshot_client *row = &s->answer->clients[n];
        char peer[CLIENT_PEER_SIZE];
        snprintf(peer, sizeof peer, "10.0.0.1:%u", n);
        assert_int_equal(row->id, n);
        assert_string_equal(row->host, peer);
        assert_string_equal(row->command, "Sleep");
        assert_string_equal(row->user, "unauthenticated user");
    }
}

/* Among them, again and again, the very client that is next. */
static void test_clients_leave_between_the_slices(void **state)
{
    struct scene *s = *state;
    for (unsigned n = 0; n < 1000; n++)
        (void)come(s, n);
    (void)ask(s);
    unsigned newcomer = 1000;
    while (s->answers == 0) {
        turn(s);
        for (unsigned i = 0; i < WORKERS; i++) {
            struct list_node *walk = list_first(&s->workers[i].snapshot_walks);
            if (walk == NULL)
                continue;
            const struct snapshot_part *p = container_of(walk, struct snapshot_part, node);
            for (int left = 3; left > 0 && p->next_client != NULL; left--)
                go(s, container_of(p->next_client, struct client, node)->id);
            (void)come(s, newcomer++);
        }
    }
    for (unsigned n = 0; n < 1000; n++)
        assert_true(s->clients[n] == NULL || is_shown(s->answer, n));
    for (size_t i = 1; i < s->answer->client_count; i++)
        assert_true(s->answer->clients[i - 1].id < s->answer->clients[i].id);
}

static void test_everybody_leaves(void **state)
{
    struct scene *s = *state;
    for (unsigned n = 0; n < 600; n++)
        (void)come(s, n);
    (void)ask(s);
    turn(s);
    for (unsigned n = 0; n < 600; n++)
        go(s, n);
    turn(s);
    turn(s);
    assert_int_equal(s->answers, 1);
    assert_int_equal(s->answer->client_count, WORKERS * ROWS_OF_ONE_TURN);
}

static void test_an_abandoned_one_is_not_answered(void **state)
{
    struct scene *s = *state;
    for (unsigned n = 0; n < 600; n++)
        (void)come(s, n);
    struct snapshot_job *job = ask(s);
    turn(s);
    snapshot_abandon(job);
    for (int i = 0; i < 10; i++)
        turn(s);
    assert_int_equal(s->answers, 0);
    (void)ask(s);
    for (int i = 0; i < 10; i++)
        turn(s);
    assert_int_equal(s->answers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_come_in_order_a_slice_a_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clients_leave_between_the_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everybody_leaves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_abandoned_one_is_not_answered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
