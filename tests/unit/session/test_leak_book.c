/* SPDX-License-Identifier: Apache-2.0
 * Which cases stay in the book, and in what order they are read. */
#include "session/leak_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t add(struct leak_book *b, uint32_t client)
{
    struct leak leak = {.client = client, .action = "reported"};
    uint64_t number = leak_book_add(b, &leak);
    assert_int_equal(leak.number, number);
    return number;
}

static void open_cases_come_first(void **state)
{
    (void)state;
    struct leak_book *b = leak_book_create();
    assert_non_null(b);
    uint64_t first = add(b, 1);
    uint64_t second = add(b, 2);
    uint64_t third = add(b, 3);
    leak_book_end(b, third, LEAK_CLIENT_LEFT, 30);
    leak_book_end(b, first, LEAK_RELEASED, 10);
    leak_book_end(b, 4711, LEAK_RELEASED, 10);
    struct leak out[8];
    assert_int_equal(leak_book_read(b, out, 8), 3);
    assert_int_equal(out[0].number, second);
    assert_int_equal(out[0].end, LEAK_OPEN);
    assert_int_equal(out[1].number, third);
    assert_int_equal(out[1].end, LEAK_CLIENT_LEFT);
    assert_int_equal(out[1].over_at, 30);
    assert_int_equal(out[2].number, first);
    assert_int_equal(leak_book_read(b, out, 1), 1);
    assert_int_equal(out[0].number, second);
    leak_book_destroy(b);
}

/* The open case is the oldest, and stays while those that are over make room. */
static void what_is_over_makes_room(void **state)
{
    (void)state;
    struct leak_book *b = leak_book_create();
    assert_non_null(b);
    uint64_t open = add(b, 1);
    for (uint32_t i = 0; i < 3 * LEAK_BOOK_SIZE; i++)
        leak_book_end(b, add(b, 100 + i), LEAK_RELEASED, 1);
    struct leak *out = calloc(2 * LEAK_BOOK_SIZE, sizeof *out);
    assert_non_null(out);
    assert_int_equal(leak_book_read(b, out, 2 * LEAK_BOOK_SIZE), LEAK_BOOK_SIZE);
    assert_int_equal(out[0].number, open);
    assert_int_equal(out[1].client, 100 + 3 * LEAK_BOOK_SIZE - 1);
    assert_int_equal(out[LEAK_BOOK_SIZE - 1].client, 100 + 2 * LEAK_BOOK_SIZE + 1);
    free(out);
    leak_book_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_cases_come_first),
        cmocka_unit_test(what_is_over_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
