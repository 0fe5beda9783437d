/* SPDX-License-Identifier: Apache-2.0
 * Accepting: in slices, until there is nothing left, with a pause when descriptors are out. */
#include "net/listener.h"

#include "net_test.h"

#include <errno.h>
#include <sys/resource.h>

#define CLIENTS_MAX 400

struct house {
    struct listener listener;
    int accepted[CLIENTS_MAX];
    int count;
    int troubles;
    int last_error;
    bool stop_at_once;
};

static void on_accept(struct listener *l, int fd, const struct address *peer)
{
    struct house *h = container_of(l, struct house, listener);
    char host[ADDRESS_TEXT_SIZE];
    address_format_host(peer, host);
    assert_string_equal(host, "127.0.0.1");
    assert_true(h->count < CLIENTS_MAX);
    h->accepted[h->count++] = fd;
    if (h->stop_at_once)
        listener_stop(l);
}

static void on_trouble(struct listener *l, int error)
{
    struct house *h = container_of(l, struct house, listener);
    h->troubles++;
    h->last_error = error;
}

static void open_house(struct house *h, struct loop *loop, int listen_fd)
{
    *h = (struct house){.listener = {.on_accept = on_accept, .on_trouble = on_trouble}};
    assert_true(listener_start(&h->listener, loop, listen_fd));
}

static void close_house(struct house *h)
{
    listener_stop(&h->listener);
    listener_stop(&h->listener);
    for (int i = 0; i < h->count; i++)
        (void)close(h->accepted[i]);
}

static void connect_many(const struct address *a, int *fds, int n)
{
    for (int i = 0; i < n; i++) {
        fds[i] = socket_connect(a);
        assert_true(fds[i] >= 0);
    }
}

static void close_many(const int *fds, int n)
{
    for (int i = 0; i < n; i++)
        (void)close(fds[i]);
}

static struct house house;
static struct house second_house;
static int clients[CLIENTS_MAX];

static void test_a_storm_is_taken_in_slices_until_all_are_in(void **state)
{
    (void)state;
    struct address a;
    struct loop *loop = make_loop();
    int listen_fd = listen_anywhere("127.0.0.1", &a);
    connect_many(&a, clients, 300);
    open_house(&house, loop, listen_fd);
    loop_turn(loop, USEC_PER_SEC);
    assert_in_range(house.count, 1, 128);
    TURN_UNTIL(loop, house.count == 300);
    turn_quietly(loop);
    connect_many(&a, clients + 300, 1);
    TURN_UNTIL(loop, house.count == 301);
    assert_int_equal(house.troubles, 0);
    close_house(&house);
    close_many(clients, 301);
    (void)close(listen_fd);
    loop_destroy(loop);
}

static void test_stopping_inside_on_accept_leaves_the_rest_waiting(void **state)
{
    (void)state;
    struct address a;
    struct loop *loop = make_loop();
    int listen_fd = listen_anywhere("127.0.0.1", &a);
    connect_many(&a, clients, 3);
    open_house(&house, loop, listen_fd);
    house.stop_at_once = true;
    TURN_UNTIL(loop, house.count > 0);
    turn_quietly(loop);
    assert_int_equal(house.count, 1);
    house.stop_at_once = false;
    assert_true(listener_start(&house.listener, loop, listen_fd));
    TURN_UNTIL(loop, house.count == 3);
    close_house(&house);
    close_many(clients, 3);
    (void)close(listen_fd);
    loop_destroy(loop);
}

static void test_two_loops_share_a_socket(void **state)
{
    (void)state;
    struct address a;
    struct loop *one = make_loop();
    struct loop *two = make_loop();
    int listen_fd = listen_anywhere("127.0.0.1", &a);
    open_house(&house, one, listen_fd);
    open_house(&second_house, two, listen_fd);
    connect_many(&a, clients, 100);
    usec_t give_up = clock_now() + 10 * USEC_PER_SEC;
    while (house.count + second_house.count < 100) {
        assert_true(clock_now() < give_up);
        loop_turn(one, USEC_PER_MSEC);
        loop_turn(two, USEC_PER_MSEC);
    }
    close_house(&house);
    close_house(&second_house);
    close_many(clients, 100);
    (void)close(listen_fd);
    loop_destroy(one);
    loop_destroy(two);
}

/* The limit of descriptors is set to what is open: accept fails, once, and again after a pause. */
static void test_without_descriptors_it_pauses_and_then_goes_on(void **state)
{
    (void)state;
    struct address a;
    struct rlimit saved;
    struct loop *loop = make_loop();
    int listen_fd = listen_anywhere("127.0.0.1", &a);
    open_house(&house, loop, listen_fd);
    connect_many(&a, clients, 2);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
    struct rlimit tight = {.rlim_cur = (rlim_t)clients[1] + 1, .rlim_max = saved.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    TURN_UNTIL(loop, house.troubles > 0);
    usec_t begin = clock_now();
    assert_int_equal(house.last_error, EMFILE);
    int turns = 0;
    while (house.troubles == 1) {
        loop_turn(loop, USEC_PER_SEC);
        turns++;
        assert_true(turns < 20); /* no spinning */
    }
    usec_t pause = clock_now() - begin;
    assert_true(pause >= 80 * USEC_PER_MSEC);
    assert_true(house.listener.accept_failures >= 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
    assert_int_equal(house.count, 0);
    TURN_UNTIL(loop, house.count == 2);
    assert_int_equal(house.listener.accept_failures, 0);
    close_house(&house);
    close_many(clients, 2);
    (void)close(listen_fd);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_storm_is_taken_in_slices_until_all_are_in),
        cmocka_unit_test(test_stopping_inside_on_accept_leaves_the_rest_waiting),
        cmocka_unit_test(test_two_loops_share_a_socket),
        cmocka_unit_test(test_without_descriptors_it_pauses_and_then_goes_on),
    };
    return RUN_ON_EACH_ENGINE(tests, NULL, NULL);
}
