/* SPDX-License-Identifier: Apache-2.0
 * Buffers keep their bytes and cursors when they are moved, and are counted. */
#include "net/buffer.h"

#include "base/poison.h"
#include "net_test.h"

static void append(struct buffer *b, const char *text)
{
    size_t n = strlen(text);
    assert_true(buffer_room(b) >= n);
    memcpy(b->data + b->received, text, n);
    b->received += n;
}

static void test_a_new_buffer_is_empty_behind_its_headroom(void **state)
{
    (void)state;
    struct buffer_cache *cache = buffer_cache_create(2);
    struct buffer *b = buffer_get(cache);
    assert_true(buffer_empty(b));
    assert_int_equal(b->capacity, BUFFER_STANDARD);
    assert_int_equal(b->sent, BUFFER_HEADROOM);
    assert_int_equal(buffer_room(b), 16384);
    assert_int_equal(buffer_cache_in_use(cache), 1);
    buffer_put(cache, b);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    buffer_cache_destroy(cache);
}

static void test_a_buffer_at_rest_is_used_again_and_poisoned_meanwhile(void **state)
{
    (void)state;
    struct buffer_cache *cache = buffer_cache_create(2);
    struct buffer *b = buffer_get(cache);
    append(b, "old");
    buffer_put(cache, b);
#ifdef WEIR_ASAN
    assert_int_equal(__asan_address_is_poisoned(b->data + BUFFER_HEADROOM), 1);
#endif
    struct buffer *again = buffer_get(cache);
    assert_ptr_equal(again, b);
    assert_true(buffer_empty(again));
    buffer_put(cache, again);
    buffer_cache_destroy(cache);
}

static void test_reserve_moves_bytes_down_when_that_is_enough(void **state)
{
    (void)state;
    struct buffer_cache *cache = buffer_cache_create(2);
    struct buffer *b = buffer_get(cache);
    b->received = b->capacity - 6;
    append(b, "abcdef");
    b->sent = b->capacity - 5;
    b->parsed = b->capacity - 2;
    struct buffer *same = buffer_reserve(cache, b, 16000);
    assert_ptr_equal(same, b);
    assert_int_equal(b->sent, BUFFER_HEADROOM);
    assert_true(bytes_equal_text(buffer_unsent(b), "bcd"));
    assert_true(bytes_equal_text(buffer_unparsed(b), "ef"));
    assert_true(buffer_room(b) >= 16000);
    buffer_put(cache, b);
    buffer_cache_destroy(cache);
}

static void test_reserve_grows_and_restores_the_headroom(void **state)
{
    (void)state;
    struct buffer_cache *cache = buffer_cache_create(2);
    struct buffer *b = buffer_get(cache);
    append(b, "abcdef");
    b->parsed = b->received - 1;
    b->sent -= 10; /* the headroom was used */
    memcpy(b->data + b->sent, "0123456789", 10);
    b = buffer_reserve(cache, b, 100000);
    assert_non_null(b);
    assert_true(buffer_room(b) >= 100000);
    assert_int_equal(b->sent, BUFFER_HEADROOM);
    assert_true(bytes_equal_text(buffer_unsent(b), "0123456789abcde"));
    assert_true(bytes_equal_text(buffer_unparsed(b), "f"));
    assert_int_equal(buffer_cache_in_use(cache), 1);
    buffer_put(cache, b);
    assert_int_equal(buffer_cache_in_use(cache), 0);
    buffer_cache_destroy(cache);
}

static void test_nothing_grows_beyond_the_limit(void **state)
{
    (void)state;
    struct buffer_cache *cache = buffer_cache_create(2);
    struct buffer *b = buffer_get(cache);
    append(b, "x");
    assert_null(buffer_reserve(cache, b, BUFFER_MAX - BUFFER_HEADROOM));
    assert_null(buffer_reserve(cache, b, SIZE_MAX));
    assert_int_equal(buffer_unparsed(b).size, 1);
    b = buffer_reserve(cache, b, BUFFER_MAX - BUFFER_HEADROOM - 1);
    assert_non_null(b);
    assert_int_equal(b->capacity, BUFFER_MAX);
    buffer_put(cache, b);
    buffer_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_buffer_is_empty_behind_its_headroom),
        cmocka_unit_test(test_a_buffer_at_rest_is_used_again_and_poisoned_meanwhile),
        cmocka_unit_test(test_reserve_moves_bytes_down_when_that_is_enough),
        cmocka_unit_test(test_reserve_grows_and_restores_the_headroom),
        cmocka_unit_test(test_nothing_grows_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
