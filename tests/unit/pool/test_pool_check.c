/* SPDX-License-Identifier: Apache-2.0
 * The check of the invariants finds what it is there to find. */
#include "pool_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void break_fn(struct fixture *f);

/* The check must abort after `damage`, in a process of its own. */
static void assert_found(struct fixture *f, break_fn *damage)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        signal(SIGABRT, SIG_DFL);
        damage(f);
        pool_server_check(&f->server);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* One link of each kind, and a waiter in the other pool. */
static void busy_server(struct fixture *f)
{
    fixture_init(f);
    struct pool_server_limits limits = fixture_server_limits();
    limits.ceiling = 5;
    pool_server_configure(&f->server, limits);
    (void)lease(f, &f->a);
    (void)soft_lease(f, &f->a);
    (void)soft_lease(f, &f->b);
    (void)idle_link(f, &f->a);
    struct pool_ticket *ticket;
    (void)attempt(f, &f->b, &ticket);
    pool_server_check(&f->server);
}

static void lose_a_link(struct fixture *f)
{
    f->server.links--;
}

static void lose_an_attempt(struct fixture *f)
{
    f->server.opening--;
}

static void count_a_reservation(struct fixture *f)
{
    f->b.reserved++;
}

static void confuse_a_state(struct fixture *f)
{
    seat_of(list_first(&f->a.soft))->state = SEAT_FIRM;
}

static void confuse_a_pool(struct fixture *f)
{
    seat_of(list_first(&f->a.idle))->pool = &f->b;
}

static void promise_twice(struct fixture *f)
{
    f->b.promised++;
}

static void miscount(struct fixture *f)
{
    f->a.counters.opened++;
}

static void forget_a_waiter(struct fixture *f)
{
    list_remove(&f->b.waiting, list_first(&f->b.waiting));
}

static void wait_beside_an_idle_link(struct fixture *f)
{
    struct pool_ticket *ticket = wait_in(f, &f->b);
    seat_set_state(seat_of(list_first(&f->b.soft)), SEAT_IDLE, f->now);
    (void)ticket;
}

static void overtake(struct fixture *f)
{
    struct pool_ticket *last = wait_in(f, &f->b);
    list_remove(&f->b.waiting, &last->node);
    list_push_front(&f->b.waiting, &last->node);
}

static void grant_without_a_ticket(struct fixture *f)
{
    seat_of(list_first(&f->a.firm))->ticket = pool_oldest_waiter(&f->b);
}

static void tear_a_list(struct fixture *f)
{
    f->a.firm.count++;
}

static void test_each_damage_is_found(void **state)
{
    break_fn *const damages[] = {
        lose_a_link,     lose_an_attempt,        count_a_reservation,
        confuse_a_state, confuse_a_pool,         promise_twice,
        miscount,        forget_a_waiter,        wait_beside_an_idle_link,
        overtake,        grant_without_a_ticket, tear_a_list,
    };
    struct fixture f;
    (void)state;
    for (unsigned i = 0; i < countof(damages); i++) {
        busy_server(&f);
        assert_found(&f, damages[i]);
    }
}

static void test_a_new_server_passes(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    pool_server_check(&f.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_damage_is_found),
        cmocka_unit_test(test_a_new_server_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
