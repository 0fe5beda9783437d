/* SPDX-License-Identifier: Apache-2.0
 * The threads' memory for compression: kept while the thread lives, and for all threads its own. */
#include "net/compression_workspace.h"

#include "net_test.h"

#include <pthread.h>

static void test_what_was_given_back_is_used_again(void **state)
{
    (void)state;
    for (unsigned a = COMPRESSION_ZLIB; a <= COMPRESSION_ZSTD; a++) {
        struct inflater *first = inflater_get((enum compression)a);
        struct inflater *second = inflater_get((enum compression)a);
        assert_non_null(first);
        assert_non_null(second);
        assert_ptr_not_equal(first, second);
        inflater_put(first);
        inflater_put(second); /* one is enough */
        assert_ptr_equal(inflater_get((enum compression)a), first);
        inflater_put(first);
    }
}

static void *other_thread(void *arg)
{
    struct inflater *i = arg;
    struct compression_workspace *w = compression_workspace();
    inflater_put(i);
    return w != NULL && w->spare[COMPRESSION_ZSTD] == i ? w : NULL;
}

static void test_a_frame_may_end_on_another_thread(void **state)
{
    (void)state;
    struct inflater *i = inflater_get(COMPRESSION_ZSTD);
    pthread_t thread;
    void *theirs;
    assert_int_equal(pthread_create(&thread, NULL, other_thread, i), 0);
    assert_int_equal(pthread_join(thread, &theirs), 0);
    assert_non_null(theirs);
    assert_ptr_not_equal(theirs, compression_workspace());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_given_back_is_used_again),
        cmocka_unit_test(test_a_frame_may_end_on_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
