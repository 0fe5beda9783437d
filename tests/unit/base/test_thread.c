/* SPDX-License-Identifier: Apache-2.0
 * Threads take no signals, and leave the creator's mask alone. */
#include "base/thread.h"

#include <signal.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static sigset_t mask_inside;
static char name_inside[16];

static void *look_around(void *arg)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask_inside);
    (void)pthread_getname_np(pthread_self(), name_inside, sizeof name_inside);
    /* The name is given by the creator and may come a moment later. */
    for (int i = 0; i < 1000 && strcmp(name_inside, "weir-test") != 0; i++) {
        (void)sched_yield();
        (void)pthread_getname_np(pthread_self(), name_inside, sizeof name_inside);
    }
    return arg;
}

static void test_a_thread_has_a_name_and_takes_no_signals(void **state)
{
    (void)state;
    pthread_t thread;
    sigset_t before;
    sigset_t after;
    int token;
    void *returned = NULL;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_true(thread_start(&thread, "weir-test", look_around, &token));
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(pthread_join(thread, &returned), 0);
    assert_ptr_equal(returned, &token);
    assert_string_equal(name_inside, "weir-test");
    assert_int_equal(sigismember(&mask_inside, SIGTERM), 1);
    assert_int_equal(sigismember(&mask_inside, SIGPIPE), 1);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread_has_a_name_and_takes_no_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
