/* SPDX-License-Identifier: Apache-2.0
 * Buffers that are lent to the kernel: none is lost, none is two's. */
#include "net/uring.h"

#include "net_test.h"

static void test_a_filled_buffer_is_exchanged_for_another(void **state)
{
    (void)state;
    if (!engine_can_be_tested(LOOP_URING))
        return;
    test_engine = LOOP_URING;
    struct loop *loop = make_loop();
    struct uring_loop *u = uring_of(loop);
    struct buffer_cache *cache = buffer_cache_create(2);
    assert_true(uring_buffers_begin(u, cache));
    assert_int_equal(buffer_cache_in_use(cache), 0);
    struct buffer *first = u->buffers[3];
    assert_null(uring_buffers_take(u, 3, 0)); /* nothing in it: it stays the kernel's */
    assert_ptr_equal(u->buffers[3], first);
    struct buffer *b = uring_buffers_take(u, 3, 100);
    assert_ptr_equal(b, first);
    assert_ptr_not_equal(u->buffers[3], first);
    assert_int_equal(b->sent, BUFFER_HEADROOM);
    assert_int_equal(buffer_unparsed(b).size, 100);
    assert_int_equal(buffer_cache_in_use(cache), 1);
    for (unsigned short i = 0; i < URING_BUFFERS; i++)
        assert_ptr_not_equal(u->buffers[i], b);
    buffer_put(cache, b);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    loop_destroy(loop);
    buffer_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_filled_buffer_is_exchanged_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
