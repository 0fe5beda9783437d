/* SPDX-License-Identifier: Apache-2.0
 * Names and literals, without a network: localhost, addresses, and a name that cannot exist. */
#include "net/resolver.h"

#include "net_test.h"

#include <netdb.h>
#include <stdio.h>

struct question {
    struct resolve_request request;
    int answers;
};

static void on_answer(struct mail *mail)
{
    struct resolve_request *r = container_of(mail, struct resolve_request, mail);
    container_of(r, struct question, request)->answers++;
}

static void prepare(struct question *q, struct mailbox *box, const char *host, uint16_t port)
{
    memset(q, 0, sizeof *q);
    q->request.mail.deliver = on_answer;
    q->request.reply_to = box;
    (void)snprintf(q->request.host, sizeof q->request.host, "%s", host);
    q->request.port = port;
}

struct desk {
    struct loop *loop;
    struct mailbox *box;
    struct resolver *resolver;
};

static struct desk desk_open(void)
{
    struct desk d = {.loop = make_loop()};
    d.box = mailbox_create(d.loop);
    d.resolver = resolver_create();
    assert_non_null(d.resolver);
    return d;
}

static void desk_close(struct desk *d)
{
    if (d->resolver != NULL)
        resolver_destroy(d->resolver);
    mailbox_destroy(d->box);
    loop_destroy(d->loop);
}

static void test_a_literal_is_answered_with_itself(void **state)
{
    (void)state;
    struct desk d = desk_open();
    struct question q;
    char text[ADDRESS_TEXT_SIZE];
    prepare(&q, d.box, "192.0.2.7", 3306);
    resolver_ask(d.resolver, &q.request);
    assert_int_equal(q.answers, 0); /* never before resolver_ask returns */
    TURN_UNTIL(d.loop, q.answers > 0);
    assert_int_equal(q.request.count, 1);
    assert_null(q.request.error);
    address_format(&q.request.addresses[0], text);
    assert_string_equal(text, "192.0.2.7:3306");
    desk_close(&d);
}

static bool machine_knows_localhost(void)
{
    struct addrinfo *found = NULL;
    if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
        return false;
    freeaddrinfo(found);
    return true;
}

static void test_localhost_has_an_address_with_the_port_each_time(void **state)
{
    (void)state;
    if (!machine_knows_localhost()) {
        print_message("this machine does not know localhost\n");
        skip();
    }
    struct desk d = desk_open();
    for (int round = 0; round < 3; round++) {
        struct question q;
        char text[ADDRESS_TEXT_SIZE];
        prepare(&q, d.box, "localhost", 3307);
        resolver_ask(d.resolver, &q.request);
        TURN_UNTIL(d.loop, q.answers > 0);
        assert_int_equal(q.answers, 1);
        assert_in_range(q.request.count, 1, RESOLVER_MAX_ADDRESSES);
        assert_null(q.request.error);
        address_format(&q.request.addresses[0], text);
        assert_non_null(strstr(text, ":3307"));
    }
    desk_close(&d);
}

static void test_a_name_that_cannot_be_fails_with_a_reason(void **state)
{
    (void)state;
    struct desk d = desk_open();
    /* A label beyond 63 characters is refused without asking any name server. */
    static char too_long[200];
    memset(too_long, 'n', sizeof too_long - 1);
    const char *const bad[] = {too_long, "", "*"};
    for (size_t i = 0; i < countof(bad); i++) {
        struct question q;
        prepare(&q, d.box, bad[i], 3306);
        resolver_ask(d.resolver, &q.request);
        TURN_UNTIL(d.loop, q.answers > 0);
        assert_int_equal(q.request.count, 0);
        assert_non_null(q.request.error);
    }
    desk_close(&d);
}

/* More questions than the queue takes, and an end before they are looked up: each is answered. */
static void test_every_question_is_answered_once_whatever_happens(void **state)
{
    (void)state;
    enum { N = 1500 };
    static struct question questions[N];
    struct desk d = desk_open();
    for (int i = 0; i < N; i++) {
        prepare(&questions[i], d.box, "localhost", (uint16_t)i);
        resolver_ask(d.resolver, &questions[i].request);
    }
    resolver_destroy(d.resolver);
    d.resolver = NULL;
    TURN_UNTIL(d.loop, questions[N - 1].answers > 0);
    turn_quietly(d.loop);
    for (int i = 0; i < N; i++) {
        assert_int_equal(questions[i].answers, 1);
        assert_true((questions[i].request.count > 0) == (questions[i].request.error == NULL));
    }
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_literal_is_answered_with_itself),
        cmocka_unit_test(test_localhost_has_an_address_with_the_port_each_time),
        cmocka_unit_test(test_a_name_that_cannot_be_fails_with_a_reason),
        cmocka_unit_test(test_every_question_is_answered_once_whatever_happens),
    };
    return RUN_ON_EACH_ENGINE(tests, NULL, NULL);
}
